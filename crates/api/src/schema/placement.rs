//! Placements: a person's place on a service, its sessions, awards and end.

use async_graphql::{Enum, ID, Object, Result, SimpleObject};
use tallystick_domain::{
    event::OutcomeAchieved,
    id::PlacementId,
    placement::{self, PlacementState},
};
use tallystick_views::PlacementView;

use super::{
    code,
    connection::{Connection, listed},
    context::At,
    event::EventConnection,
    history, id,
    person::Person,
    referral::Referral,
    scalar::{Code, Date},
    service::Service,
    worker::Worker,
};

/// A placement that the caller holds.
pub(crate) struct Placement<'a> {
    at: &'a At,
    it: PlacementView<'a>,
}

listed! {
    Placement<'_>: "PlacementConnection", "PlacementEdge";
    Session<'_>: "SessionConnection", "SessionEdge";
}

/// How a placement stands.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum PlacementStateCode {
    /// Waiting to start.
    Booked,
    /// Going on.
    Started,
    /// Completed.
    Completed,
    /// Ended before it was complete.
    EndedEarly,
}

impl PlacementStateCode {
    pub(crate) fn of(state: &PlacementState) -> Self {
        match state {
            PlacementState::Booked => Self::Booked,
            PlacementState::Started(_) => Self::Started,
            PlacementState::Completed { .. } => Self::Completed,
            PlacementState::EndedEarly { .. } => Self::EndedEarly,
        }
    }
}

impl<'a> Placement<'a> {
    pub(crate) fn new(at: &'a At, it: PlacementView<'a>) -> Self {
        Self { at, it }
    }

    /// The placement of that identifier, if the caller holds it.
    pub(crate) fn find(at: &'a At, id: PlacementId) -> Option<Self> {
        at.view().placement(id).filter(|_| at.shows(id)).map(|it| Self::new(at, it))
    }

    fn it(&self) -> &'a placement::Placement {
        self.it.placement
    }
}

/// A placement: a person's place on a service.
#[Object]
impl<'a> Placement<'a> {
    /// Its identifier.
    pub(crate) async fn id(&self) -> ID {
        id::show(self.it().id)
    }

    /// The referral that it is under.
    fn referral(&self) -> Option<Referral<'a>> {
        self.it.referral().map(|it| Referral::new(self.at, it))
    }

    /// Whose it is.
    fn person(&self) -> Person<'a> {
        Person::new(self.at, self.it.person)
    }

    /// The service.
    fn service(&self) -> Option<Service<'a>> {
        Service::find(self.at, self.it.referral()?.referral.service)
    }

    /// The site.
    fn site(&self) -> Code {
        Code(self.it().site.clone())
    }

    /// What is booked.
    fn unit(&self) -> code::Unit {
        self.it().unit.into()
    }

    /// How much is planned.
    fn quantity(&self) -> u32 {
        self.it().quantity
    }

    /// When it was booked.
    fn booked_on(&self) -> Date {
        Date(self.it().booked_on)
    }

    /// First day planned.
    fn planned_from(&self) -> Date {
        Date(self.it().from)
    }

    /// Last day planned.
    fn planned_to(&self) -> Date {
        Date(self.it().to)
    }

    /// How it stands.
    fn state(&self) -> PlacementStateCode {
        PlacementStateCode::of(&self.it().state)
    }

    /// When it started, as claimed.
    fn started_on(&self) -> Option<Date> {
        self.it().start().map(|start| Date(start.on))
    }

    /// Days between the start and its record.
    fn start_recorded_after_days(&self) -> Option<i32> {
        self.it().start().map(|start| start.recorded_after_days)
    }

    /// When it ended, as claimed.
    fn ended_on(&self) -> Option<Date> {
        self.it().ended_on().map(Date)
    }

    /// Why it ended early.
    fn end_reason(&self) -> Option<code::EarlyEnd> {
        match &self.it().state {
            PlacementState::EndedEarly { reason, .. } => Some((*reason).into()),
            _ => None,
        }
    }

    /// Whose doing it was that it ended early.
    fn end_fault(&self) -> Option<code::Fault> {
        match &self.it().state {
            PlacementState::EndedEarly { fault, .. } => Some((*fault).into()),
            _ => None,
        }
    }

    /// What came of it, once it has ended.
    fn outcomes(&self) -> Vec<Outcome> {
        match &self.it().state {
            PlacementState::Booked | PlacementState::Started(_) => Vec::new(),
            PlacementState::Completed { outcomes, .. }
            | PlacementState::EndedEarly { outcomes, .. } => {
                outcomes.iter().map(Outcome::of).collect()
            }
        }
    }

    /// Where the person moved on to.
    fn move_on(&self) -> Option<Code> {
        match &self.it().state {
            PlacementState::Completed { move_on, .. } => move_on.clone().map(Code),
            _ => None,
        }
    }

    /// Minutes credited over all sessions.
    fn credited_minutes(&self) -> u32 {
        self.it().credited_minutes()
    }

    /// Sessions, in recorded order.
    fn sessions(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Session<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        let sessions = self.it().sessions.iter();
        Ok(page.take(sessions, |it| (it.at.into(), Some(Session { it }))))
    }

    /// Qualifications gained, in recorded order.
    fn awards(&self) -> Vec<Award> {
        self.it().awards.iter().map(Award::of).collect()
    }

    /// Who works on it, one a role.
    fn workers(&self) -> Vec<Worker<'a>> {
        Worker::all(self.at, &self.it().workers)
    }

    /// Version of its stream: the number of its events. Give it as `expectedVersion`.
    fn version(&self) -> u32 {
        self.at.view().version(self.it().id.into()).unwrap_or_default()
    }

    /// Its events, in the order in which they were recorded.
    async fn history(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only events after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only events before this place.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let page = self.at.page(first, after, last, before)?;
        history::of_stream(self.at, self.it().id.into(), page).await
    }
}

/// One session of a placement.
pub(crate) struct Session<'a> {
    it: &'a placement::Session,
}

/// One session of a placement.
#[Object]
impl Session<'_> {
    /// Its code, unique in the placement.
    fn session(&self) -> Code {
        Code(self.it.session.clone())
    }

    /// When it was.
    fn on(&self) -> Date {
        Date(self.it.on)
    }

    /// Minutes planned.
    fn planned_minutes(&self) -> u32 {
        self.it.planned.into()
    }

    /// Minutes credited.
    fn credited_minutes(&self) -> u32 {
        self.it.credited.into()
    }

    /// How it went.
    fn outcome(&self) -> code::AttendanceOutcome {
        self.it.outcome.into()
    }

    /// Whether the person was there.
    fn attended(&self) -> bool {
        self.it.outcome.attended()
    }

    /// Whether it may be a ground for enforcement.
    fn enforceable(&self) -> bool {
        self.it.outcome.enforceable()
    }

    /// Whose doing it was.
    fn fault(&self) -> code::Fault {
        self.it.fault.into()
    }
}

/// A qualification gained.
#[derive(SimpleObject)]
pub(crate) struct Award {
    /// When.
    on: Date,
    /// Its title.
    title: String,
    /// The awarding body.
    body: String,
    /// Its level.
    level: code::Level,
    /// Who recognises it.
    kind: code::QualificationKind,
}

impl Award {
    fn of(award: &placement::Award) -> Self {
        Self {
            on: Date(award.on),
            title: award.title.as_str().to_owned(),
            body: award.body.as_str().to_owned(),
            level: award.level.into(),
            kind: award.kind.into(),
        }
    }
}

/// An outcome and how far it was achieved.
#[derive(SimpleObject)]
pub(crate) struct Outcome {
    /// The outcome.
    code: Code,
    /// How far.
    result: code::Achievement,
}

impl Outcome {
    pub(crate) fn of(outcome: &OutcomeAchieved) -> Self {
        Self { code: Code(outcome.code.clone()), result: outcome.result.into() }
    }
}
