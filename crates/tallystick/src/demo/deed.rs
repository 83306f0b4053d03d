//! What somebody does about a person, in as few bytes as it takes: a life waits in memory as a list
//! of these, and each becomes a step of a command only when its time has come.

use tallystick_domain::Rule;
use tallystick_domain::codes::{
    AccommodationType, AttendanceOutcome, BreachStep, Decision, DeclineReason, EarlyEnd,
    EmploymentStatus, Fault, OffenceClass, RegisterKind, SentenceEnd, WithdrawalReason,
};

/// A deed and when it is recorded. Deeds of one serial number at one instant are one command.
#[derive(Clone, Copy)]
pub(super) struct Planned {
    /// Instant of the record.
    pub(super) at: i64,
    /// Day on which it happened, as claimed.
    pub(super) day: i32,
    /// Number of the command within the life.
    pub(super) serial: u16,
    /// Number of a note; 0 for none.
    pub(super) note: u16,
    /// What becomes of it.
    pub(super) fate: Fate,
    /// What.
    pub(super) deed: Deed,
}

/// What becomes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is recorded.
    Accepted,
    /// It was sent before, and is answered as before.
    Replayed,
    /// It is a mistake, and this rule says so.
    Refused(Rule),
}

/// A course, by its place in the life's list.
pub(super) type CourseIndex = u8;

/// What is done.
#[derive(Clone, Copy)]
pub(super) enum Deed {
    Register,
    Impose,
    AllocateOfficer {
        officer: u8,
    },
    AllocateLinkWorker,
    /// A requirement is added after that breach.
    Vary {
        breach: u8,
    },
    Release,
    Recall,
    Refer(CourseIndex),
    /// To a service under an agreement that is only proposed.
    ReferTooSoon,
    Decide(CourseIndex, Decision, Option<DeclineReason>),
    Withdraw(CourseIndex, WithdrawalReason),
    Book(CourseIndex),
    AllocateCaseworker(CourseIndex),
    Start(CourseIndex),
    Attend(CourseIndex, Sitting),
    Award(CourseIndex, u8),
    Complete(CourseIndex, Finish),
    EndEarly(CourseIndex, EarlyEnd, Fault),
    Breach {
        number: u8,
        step: BreachStep,
        ground: Option<Session>,
    },
    Tell(Telling),
    End(SentenceEnd),
    Amend(Amendment),
}

/// What an offender manager records of a person.
#[derive(Clone, Copy)]
pub(super) enum Telling {
    Assessed {
        /// Whether the risk of serious harm is high.
        high: bool,
    },
    Housed(AccommodationType),
    Works(EmploymentStatus),
    Owes,
    Offended {
        class: OffenceClass,
        /// Days between the offence and its proof.
        before: i32,
    },
    Registered {
        register: RegisterKind,
        active: bool,
    },
}

/// A session as it is recorded.
#[derive(Clone, Copy)]
pub(super) struct Sitting {
    pub(super) day: i32,
    pub(super) slot: Slot,
    pub(super) planned: u16,
    pub(super) credited: u16,
    pub(super) outcome: AttendanceOutcome,
}

/// Which session of its day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Whole,
    Morning,
    Afternoon,
}

/// Where a session was recorded: the first event of a command of its own.
#[derive(Clone, Copy)]
pub(super) struct Session {
    pub(super) course: CourseIndex,
    pub(super) serial: u16,
}

/// How well a course ended.
#[derive(Clone, Copy)]
pub(super) enum Finish {
    Well,
    Partly,
}

/// A record put right.
#[derive(Clone, Copy)]
pub(super) enum Amendment {
    /// The name was misheard.
    Identity { registered: u16 },
    /// The session went like this.
    Session { of: Session, really: Sitting },
    /// The session was recorded twice.
    NoSession { of: Session },
    /// The course started on another day.
    StartedOn { of: Session, day: i32 },
    /// The absence had a reason after all, and the warning for it does not count.
    Pardon { absence: Session, excused: Sitting, warning: u16 },
}

impl Deed {
    /// Events that it records.
    pub(super) fn events(self) -> u64 {
        if matches!(self, Self::Amend(Amendment::Pardon { .. })) { 2 } else { 1 }
    }

    /// The course that it moves on, if it does.
    pub(super) fn course(self) -> Option<CourseIndex> {
        match self {
            Self::Refer(course)
            | Self::Decide(course, ..)
            | Self::Withdraw(course, _)
            | Self::Book(course)
            | Self::AllocateCaseworker(course)
            | Self::Start(course)
            | Self::Attend(course, _)
            | Self::Award(course, _)
            | Self::Complete(course, _)
            | Self::EndEarly(course, ..) => Some(course),
            Self::Register
            | Self::Impose
            | Self::AllocateOfficer { .. }
            | Self::AllocateLinkWorker
            | Self::Vary { .. }
            | Self::Release
            | Self::Recall
            | Self::ReferTooSoon
            | Self::Breach { .. }
            | Self::Tell(_)
            | Self::End(_)
            | Self::Amend(_) => None,
        }
    }
}
