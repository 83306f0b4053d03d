//! Referrals: one agency asks another to take a person for a service.

use async_graphql::{Enum, ID, Object, Result};
use tallystick_domain::{
    id::ReferralId,
    referral::{self, ReferralState},
};
use tallystick_views::ReferralView;

use super::{
    agency::Agency,
    code,
    connection::{Connection, listed},
    context::At,
    event::EventConnection,
    history, id,
    person::Person,
    placement::Placement,
    scalar::{Code, Date},
    sentence::Sentence,
    service::Service,
    worker::Worker,
};

/// A referral that the caller holds.
pub(crate) struct Referral<'a> {
    at: &'a At,
    it: ReferralView<'a>,
}

listed! { Referral<'_>: "ReferralConnection", "ReferralEdge"; }

/// How a referral stands.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum ReferralStateCode {
    /// Nobody has decided.
    Open,
    /// More information was asked for.
    InfoRequested,
    /// On the waiting list.
    Waitlisted,
    /// Accepted, with nothing booked yet or something still going on.
    Accepted,
    /// Accepted, and every placement has ended.
    Concluded,
    /// Declined.
    Declined,
    /// Withdrawn.
    Withdrawn,
}

impl ReferralStateCode {
    pub(crate) fn of(it: ReferralView<'_>) -> Self {
        match it.referral.state {
            ReferralState::Open => Self::Open,
            ReferralState::InfoRequested { .. } => Self::InfoRequested,
            ReferralState::Waitlisted { .. } => Self::Waitlisted,
            ReferralState::Accepted { .. } if it.is_concluded() => Self::Concluded,
            ReferralState::Accepted { .. } => Self::Accepted,
            ReferralState::Declined { .. } => Self::Declined,
            ReferralState::Withdrawn { .. } => Self::Withdrawn,
        }
    }
}

impl<'a> Referral<'a> {
    pub(crate) fn new(at: &'a At, it: ReferralView<'a>) -> Self {
        Self { at, it }
    }

    /// The referral of that identifier, if the caller holds it.
    pub(crate) fn find(at: &'a At, id: ReferralId) -> Option<Self> {
        at.view().referral(id).filter(|_| at.shows(id)).map(|it| Self::new(at, it))
    }

    fn it(&self) -> &'a referral::Referral {
        self.it.referral
    }
}

/// A referral: one agency asks another to take a person for a service.
#[Object]
impl<'a> Referral<'a> {
    /// Its identifier.
    pub(crate) async fn id(&self) -> ID {
        id::show(self.it().id)
    }

    /// Who is referred.
    fn person(&self) -> Person<'a> {
        Person::new(self.at, self.it.person)
    }

    /// To what.
    fn service(&self) -> Option<Service<'a>> {
        Service::find(self.at, self.it().service)
    }

    /// Who refers.
    fn referrer(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it().referrer)
    }

    /// Who provides the service.
    fn provider(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it().provider)
    }

    /// Who leads the agreement under which it is provided.
    fn lead(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it().lead)
    }

    /// When it was made.
    fn made_on(&self) -> Date {
        Date(self.it().made_on)
    }

    /// How it stands.
    fn state(&self) -> ReferralStateCode {
        ReferralStateCode::of(self.it)
    }

    /// Since when it has stood so: the day it was made, decided, put off or withdrawn.
    fn state_since(&self) -> Date {
        Date(match self.it().state {
            ReferralState::Open => self.it().made_on,
            ReferralState::InfoRequested { on }
            | ReferralState::Waitlisted { on }
            | ReferralState::Accepted { on }
            | ReferralState::Declined { on, .. }
            | ReferralState::Withdrawn { on, .. } => on,
        })
    }

    /// Why it was declined.
    fn decline_reason(&self) -> Option<code::DeclineReason> {
        match self.it().state {
            ReferralState::Declined { reason, .. } => Some(reason.into()),
            _ => None,
        }
    }

    /// Why it was withdrawn.
    fn withdrawal_reason(&self) -> Option<code::WithdrawalReason> {
        match self.it().state {
            ReferralState::Withdrawn { reason, .. } => Some(reason.into()),
            _ => None,
        }
    }

    /// The sentence that it is made under, if the caller holds it.
    fn sentence(&self) -> Option<Sentence<'a>> {
        Sentence::find(self.at, self.it().sentence?)
    }

    /// The requirement of that sentence that it serves.
    fn requirement(&self) -> Option<Code> {
        self.it().requirement.clone().map(Code)
    }

    /// Needs.
    fn needs(&self) -> Vec<code::Need> {
        code::all(&self.it().needs)
    }

    /// Outcomes wanted.
    fn outcomes_wanted(&self) -> Vec<Code> {
        self.it().outcomes_wanted.iter().cloned().map(Code).collect()
    }

    /// The day by which it should be complete.
    fn complete_by(&self) -> Option<Date> {
        self.it().complete_by.map(Date)
    }

    /// What of the person is shared with the provider.
    fn shares(&self) -> Vec<code::FieldGroup> {
        code::all(&self.it().shares)
    }

    /// On what basis it is shared.
    fn share_basis(&self) -> code::ShareBasis {
        self.it().basis.into()
    }

    /// The referral that it goes on from.
    fn continues(&self) -> Option<Referral<'a>> {
        Referral::find(self.at, self.it().continues?)
    }

    /// Who works on it, one a role.
    fn workers(&self) -> Vec<Worker<'a>> {
        Worker::all(self.at, &self.it().workers)
    }

    /// Placements under it, in recorded order.
    fn placements(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Placement<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(page.take(self.it.placements(), |it| {
            (it.placement.at.into(), Some(Placement::new(self.at, it)))
        }))
    }

    /// Version of its stream: the number of its events. Give it as `expectedVersion`.
    fn version(&self) -> u32 {
        self.at.view().version(self.it().id.into()).unwrap_or_default()
    }

    /// Everything recorded about it and its placements, in the order in which it was recorded.
    async fn history(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only events after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only events before this place.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let page = self.at.page(first, after, last, before)?;
        let placements = self.it.placements().map(|it| it.placement.id.into());
        let streams: Vec<_> = std::iter::once(self.it().id.into()).chain(placements).collect();
        history::of_streams(self.at, &streams, self.it.person.positions(), page).await
    }
}
