//! What events about placements said.

use async_graphql::Object;
use tallystick_domain::id::PlacementId;

use super::{
    AttendanceRecorded, PlacementBooked, PlacementCompleted, PlacementEndedEarly, PlacementStarted,
    QualificationAwarded,
};
use crate::schema::{
    code,
    placement::{Outcome, Placement},
    referral::Referral,
    scalar::{Code, Date},
};

/// A placement was booked.
#[Object]
impl<'a> PlacementBooked<'a> {
    /// Under which referral.
    fn referral(&self) -> Option<Referral<'a>> {
        Referral::find(self.at, self.it.referral)
    }

    /// The site.
    fn site(&self) -> Code {
        Code(self.it.site.clone())
    }

    /// What is booked.
    fn unit(&self) -> code::Unit {
        self.it.unit.into()
    }

    /// First day.
    fn from(&self) -> Date {
        Date(self.it.from)
    }

    /// Last day planned.
    fn to(&self) -> Date {
        Date(self.it.to)
    }

    /// How much is planned.
    fn quantity(&self) -> u32 {
        self.it.quantity
    }
}

/// A placement started, on the day on which the event occurred.
#[Object]
impl<'a> PlacementStarted<'a> {
    /// The placement.
    fn placement(&self) -> Option<Placement<'a>> {
        Placement::find(self.at, PlacementId(self.stream.id))
    }
}

/// A session of a placement was recorded.
#[Object]
impl AttendanceRecorded<'_> {
    /// The session, unique in its placement.
    fn session(&self) -> Code {
        Code(self.it.session.clone())
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

    /// Whose doing it was.
    fn fault(&self) -> code::Fault {
        self.it.fault.into()
    }
}

/// A qualification was gained.
#[Object]
impl QualificationAwarded<'_> {
    /// Its title.
    fn title(&self) -> &str {
        self.it.title.as_str()
    }

    /// The awarding body.
    fn body(&self) -> &str {
        self.it.body.as_str()
    }

    /// Its level.
    fn level(&self) -> code::Level {
        self.it.level.into()
    }

    /// Who recognises it.
    fn kind(&self) -> code::QualificationKind {
        self.it.kind.into()
    }
}

/// A placement was completed.
#[Object]
impl PlacementCompleted<'_> {
    /// What came of it.
    fn outcomes(&self) -> Vec<Outcome> {
        self.it.outcomes.iter().map(Outcome::of).collect()
    }

    /// Where the person moved on to.
    fn move_on(&self) -> Option<Code> {
        self.it.move_on.clone().map(Code)
    }
}

/// A placement ended before it was complete.
#[Object]
impl PlacementEndedEarly<'_> {
    /// Why.
    fn reason(&self) -> code::EarlyEnd {
        self.it.reason.into()
    }

    /// Whose doing it was.
    fn fault(&self) -> code::Fault {
        self.it.fault.into()
    }

    /// What came of it all the same.
    fn outcomes(&self) -> Vec<Outcome> {
        self.it.outcomes.iter().map(Outcome::of).collect()
    }
}
