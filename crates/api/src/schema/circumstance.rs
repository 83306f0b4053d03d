//! How people live: accommodation, employment, education, and what is for few to know.

use async_graphql::Object;
use tallystick_domain::{event, person::Recorded};

use super::{
    agency::Agency,
    code,
    context::At,
    scalar::{Code, Date},
    sensitive::SensitiveText,
};

/// A circumstance of a person since a day.
pub(crate) struct Circumstance<'a> {
    at: &'a At,
    it: &'a Recorded<event::CircumstanceRecorded>,
}

impl<'a> Circumstance<'a> {
    pub(crate) fn new(at: &'a At, it: &'a Recorded<event::CircumstanceRecorded>) -> Self {
        Self { at, it }
    }
}

/// How a person lives in one respect, from a day on.
#[Object]
impl<'a> Circumstance<'a> {
    /// In which respect.
    fn kind(&self) -> code::CircumstanceKind {
        self.it.facts.circumstance.kind().into()
    }

    /// Since when.
    fn since(&self) -> Date {
        Date(self.it.on)
    }

    /// Where the person lives.
    fn accommodation(&self) -> Option<code::AccommodationType> {
        accommodation(&self.it.facts)
    }

    /// Whether and how the person works.
    fn employment(&self) -> Option<Employment<'a>> {
        Employment::of(self.at, &self.it.facts)
    }

    /// Whether and where the person learns.
    fn education(&self) -> Option<Education> {
        Education::of(&self.it.facts)
    }

    /// What the person owes or takes, or how the person is: sealed, and opened for few.
    fn confidential(&self) -> Option<SensitiveText> {
        self.at.open_circumstance(self.it).map(SensitiveText::from)
    }

    /// Whether somebody has seen proof of it.
    fn verified(&self) -> bool {
        self.it.facts.verified
    }

    /// Who says so.
    fn source(&self) -> Option<Code> {
        self.it.facts.source.clone().map(Code)
    }

    /// Who recorded it.
    fn recorded_by(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.by)
    }
}

/// Where the person lives, if that is what was recorded.
pub(crate) fn accommodation(
    recorded: &event::CircumstanceRecorded,
) -> Option<code::AccommodationType> {
    match &recorded.circumstance {
        event::Circumstance::Accommodation { r#type } => Some((*r#type).into()),
        _ => None,
    }
}

/// Whether and how a person works.
pub(crate) struct Employment<'a> {
    at: &'a At,
    status: code::EmploymentStatus,
    hours_week: Option<u8>,
    employer: Option<tallystick_domain::id::AgencyId>,
    started: Option<tallystick_domain::Date>,
}

impl<'a> Employment<'a> {
    /// The employment, if that is what was recorded.
    pub(crate) fn of(at: &'a At, recorded: &event::CircumstanceRecorded) -> Option<Self> {
        match &recorded.circumstance {
            event::Circumstance::Employment { status, hours_week, employer, started } => {
                let (status, hours_week) = ((*status).into(), *hours_week);
                Some(Self { at, status, hours_week, employer: *employer, started: *started })
            }
            _ => None,
        }
    }
}

/// Whether and how a person works.
#[Object]
impl<'a> Employment<'a> {
    /// How.
    fn status(&self) -> code::EmploymentStatus {
        self.status
    }

    /// Hours a week.
    fn hours_week(&self) -> Option<u32> {
        self.hours_week.map(u32::from)
    }

    /// For whom, where that is an agency of the ledger.
    fn employer(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.employer?)
    }

    /// First day of the job.
    fn started(&self) -> Option<Date> {
        self.started.map(Date)
    }
}

/// Whether and where a person learns.
#[derive(async_graphql::SimpleObject)]
pub(crate) struct Education {
    /// Where.
    status: code::EducationStatus,
    /// Towards which level.
    level: Option<code::Level>,
}

impl Education {
    /// The education, if that is what was recorded.
    pub(crate) fn of(recorded: &event::CircumstanceRecorded) -> Option<Self> {
        match &recorded.circumstance {
            event::Circumstance::Education { status, level } => {
                Some(Self { status: (*status).into(), level: level.map(Into::into) })
            }
            _ => None,
        }
    }
}
