//! The ledger at one position, as the caller sees it.
#![allow(
    clippy::needless_pass_by_value,
    reason = "resolvers take their arguments as the GraphQL library gives them"
)]

pub(crate) mod lists;

use std::sync::Arc;

use async_graphql::{ID, Object, Result, SimpleObject};
use tallystick_views::List;

use super::{
    agency::Agency,
    agreement::Agreement,
    code,
    connection::Connection,
    context::At,
    home::AgencyView,
    id,
    measure::{self, Measure, MeasureReadingInput, MeasureScopeInput, PeriodInput},
    person::Person,
    placement::{Placement, PlacementStateCode},
    plan::DeliveryPlan,
    quality::DataQuality,
    referral::{Referral, ReferralStateCode},
    scalar::{Code, Date, DateTime, Hash, Position},
    sentence::Sentence,
    service::{Places, Service},
};

/// The ledger at one position, as one caller sees it.
#[derive(Clone)]
pub(crate) struct Ledger {
    at: Arc<At>,
}

impl Ledger {
    pub(crate) fn new(at: Arc<At>) -> Self {
        Self { at }
    }
}

/// The ledger at one position, as the caller sees it: everything below is of that position.
#[Object]
impl Ledger {
    /// The position.
    fn position(&self) -> Position {
        Position(self.at.position)
    }

    /// When the event at that position was recorded.
    fn recorded_at(&self) -> DateTime {
        DateTime(self.at.time)
    }

    /// The day for everything that depends on one.
    fn on(&self) -> Date {
        Date(self.at.on)
    }

    /// Digest of all that the caller's scope held at that position. A replay of the log gives the
    /// same.
    async fn digest(&self) -> Result<Hash> {
        Ok(Hash(self.at.node.digest(&self.at).await?))
    }

    /// What the caller's own agency holds.
    fn agency(&self) -> AgencyView<'_> {
        AgencyView { at: &self.at }
    }

    /// Agencies of the directory.
    fn agencies(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Agency<'_>>> {
        let page = self.at.page(first, after, last, before)?;
        let found = self.at.view().agencies(page.range());
        Ok(page.take(found, |(at, it)| (at.into(), Some(Agency::new(&self.at, it)))))
    }

    /// A partner agency of the directory. Its home is under `agency`, for its own people alone.
    fn partner(&self, #[graphql(desc = "Which.")] id: ID) -> Option<Agency<'_>> {
        Agency::find(&self.at, id::parse(&id)?)
    }

    /// Finds services of the directory.
    #[allow(clippy::too_many_arguments, reason = "a filter has as many as it has questions")]
    fn services(
        &self,
        #[graphql(desc = "Only those that serve this need.")] need: Option<code::Need>,
        #[graphql(desc = "Only those that can serve this type of requirement.")]
        requirement: Option<code::RequirementType>,
        #[graphql(desc = "Only those with a site in this area.")] area: Option<Code>,
        #[graphql(desc = "Only those of this kind.")] kind: Option<Code>,
        #[graphql(desc = "Only those in force on the day (true), or not (false).")] live: Option<
            bool,
        >,
        #[graphql(desc = "Only those with a place free on the day (true), or none (false).")]
        free: Option<bool>,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Service<'_>>> {
        let page = self.at.page(first, after, last, before)?;
        let (view, on) = (self.at.view(), self.at.on);
        let need = need.map(Into::into);
        let requirement = requirement.map(Into::into);
        Ok(page.take(view.services(page.range()), |(at, it)| {
            let facts = it.service.on(on);
            let wanted = need.is_none_or(|need| facts.needs.contains(&need))
                && requirement.is_none_or(|it| facts.requirement_types.contains(&it))
                && area.as_ref().is_none_or(|area| facts.sites.iter().any(|it| it.area == area.0))
                && kind.as_ref().is_none_or(|kind| facts.kind == kind.0)
                && live.is_none_or(|live| it.agreement.is_live_on(on) == live)
                && free.is_none_or(|free| {
                    view.free_places(it.service, on).iter().any(|it| it.free() > 0) == free
                });
            let service = wanted.then(|| Service::new(&self.at, it.agreement, it.service));
            (at.into(), service)
        }))
    }

    /// A service of the directory.
    fn service(&self, #[graphql(desc = "Which.")] id: ID) -> Option<Service<'_>> {
        Service::find(&self.at, id::parse(&id)?)
    }

    /// Capacity against bookings on the day, service by service.
    fn capacity(
        &self,
        #[graphql(desc = "Only what is counted in this unit.")] unit: Option<code::Unit>,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only services after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only services before this place.")] before: Option<String>,
    ) -> Result<Connection<Capacity<'_>>> {
        let page = self.at.page(first, after, last, before)?;
        let view = self.at.view();
        let unit = unit.map(tallystick_domain::codes::Unit::from);
        Ok(page.take(view.services(page.range()), |(at, it)| {
            let mut places = view.free_places(it.service, self.at.on);
            places.retain(|places| unit.is_none_or(|unit| places.unit == unit));
            let found = (!places.is_empty()).then(|| Capacity {
                service: Service::new(&self.at, it.agreement, it.service),
                places: places.into_iter().map(Places::of).collect(),
            });
            (at.into(), found)
        }))
    }

    /// Referrals that the caller holds.
    fn referrals(
        &self,
        #[graphql(desc = "Only those that stand so.")] states: Option<Vec<ReferralStateCode>>,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Referral<'_>>> {
        let page = self.at.page(first, after, last, before)?;
        let wanted = |state| states.as_ref().is_none_or(|states| states.contains(&state));
        Ok(lists::referrals(&self.at, List::Referrals, page, wanted))
    }

    /// A referral that the caller holds.
    fn referral(&self, #[graphql(desc = "Which.")] id: ID) -> Option<Referral<'_>> {
        Referral::find(&self.at, id::parse(&id)?)
    }

    /// Placements that the caller holds.
    fn placements(
        &self,
        #[graphql(desc = "Only those that stand so.")] states: Option<Vec<PlacementStateCode>>,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Placement<'_>>> {
        let page = self.at.page(first, after, last, before)?;
        let wanted = |state| states.as_ref().is_none_or(|states| states.contains(&state));
        Ok(lists::placements(&self.at, List::Placements, page, wanted))
    }

    /// A placement that the caller holds.
    fn placement(&self, #[graphql(desc = "Which.")] id: ID) -> Option<Placement<'_>> {
        Placement::find(&self.at, id::parse(&id)?)
    }

    /// A sentence that the caller holds.
    fn sentence(&self, #[graphql(desc = "Which.")] id: ID) -> Option<Sentence<'_>> {
        Sentence::find(&self.at, id::parse(&id)?)
    }

    /// People that the caller's agency holds.
    fn people(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Person<'_>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(lists::people(&self.at, page))
    }

    /// A person of whom the caller sees anything at all.
    fn person(&self, #[graphql(desc = "Which.")] id: ID) -> Option<Person<'_>> {
        Person::find(&self.at, id::parse(&id)?)
    }

    /// Agreements of which the caller's agency is or was a partner.
    fn agreements(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Agreement<'_>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(lists::agreements(&self.at, page))
    }

    /// An agreement of which the caller's agency is or was a partner.
    fn agreement(&self, #[graphql(desc = "Which.")] id: ID) -> Option<Agreement<'_>> {
        Agreement::find(&self.at, id::parse(&id)?)
    }

    /// Measures over every case: what they come to, and what explains it. For the commissioner
    /// and for auditors; of others' the list is empty.
    async fn measures(
        &self,
        #[graphql(desc = "Which, by their codes; all that are defined if left out.")] codes: Option<
            Vec<Code>,
        >,
        #[graphql(desc = "Over which rows; over all if left out.")] scope: Option<
            MeasureScopeInput,
        >,
        #[graphql(desc = "When; the financial year of the day if left out.")] period: Option<
            PeriodInput,
        >,
        #[graphql(default, desc = "Other readings, shown after the official ones.")] under: Vec<
            MeasureReadingInput,
        >,
    ) -> Result<Vec<Measure<'_>>> {
        measure::figures(&self.at, codes, scope, period, under).await
    }

    /// A delivery plan as it stands on the day: for the commissioner and for auditors.
    fn plan(&self, #[graphql(desc = "Which.")] id: ID) -> Option<DeliveryPlan<'_>> {
        DeliveryPlan::find(&self.at, id::parse(&id)?)
    }

    /// What is odd: recorded all the same, and listed while it holds.
    fn data_quality(&self) -> DataQuality<'_> {
        DataQuality { at: &self.at }
    }
}

/// Capacity against bookings of a service on the day.
#[derive(SimpleObject)]
pub(crate) struct Capacity<'a> {
    /// The service.
    service: Service<'a>,
    /// For each site and unit.
    places: Vec<Places>,
}

super::connection::listed! { Capacity<'_>: "CapacityConnection", "CapacityEdge"; }
