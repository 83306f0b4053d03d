//! The forms that are filled in: payloads that need nothing but what they report.

use super::calendar;
use super::deed::{Finish, Sitting, Slot};
use super::kind::Kind;
use super::life::Requirement;
use super::partnership::code;
use tallystick_domain::Code;
use tallystick_domain::codes::{
    Achievement, AttendanceOutcome, EarlyEnd, Fault, RequirementType, Unit,
};
use tallystick_domain::event::{
    AttendanceRecorded, OutcomeAchieved, PlacementCompleted, PlacementEndedEarly,
    Requirement as Required, SentenceVaried,
};

/// A session sheet.
pub(super) fn attendance(sitting: Sitting) -> AttendanceRecorded {
    AttendanceRecorded {
        session: session_code(sitting),
        planned: sitting.planned,
        credited: sitting.credited,
        outcome: sitting.outcome,
        fault: match sitting.outcome {
            outcome if outcome.enforceable() => Fault::Person,
            AttendanceOutcome::SentHomeService | AttendanceOutcome::RescheduledService => {
                Fault::Provider
            }
            _ => Fault::None,
        },
    }
}

/// A session is named by its day, and by its half where it is one: `2009-06-01/am`.
fn session_code(sitting: Sitting) -> Code {
    let (year, month, day) = calendar::date(sitting.day).civil();
    let half = match sitting.slot {
        Slot::Whole => "",
        Slot::Morning => "/am",
        Slot::Afternoon => "/pm",
    };
    code(&format!("{year:04}-{month:02}-{day:02}{half}"))
}

/// A course come to its end.
pub(super) fn completed(kind: Kind, finish: Finish) -> PlacementCompleted {
    let result = match finish {
        Finish::Well => Achievement::Achieved,
        Finish::Partly => Achievement::Partly,
    };
    PlacementCompleted {
        outcomes: vec![OutcomeAchieved { code: code(kind.outcome()), result }],
        move_on: match (kind, finish) {
            (Kind::WorkPlacement, Finish::Well) => Some(code("employment")),
            (Kind::FarmDay | Kind::Residential, Finish::Well) => Some(code("mainstream_training")),
            _ => None,
        },
    }
}

/// A course that ended early.
pub(super) fn ended_early(kind: Kind, reason: EarlyEnd, fault: Fault) -> PlacementEndedEarly {
    let result =
        if reason == EarlyEnd::GainedEmployment { Achievement::Partly } else { Achievement::Not };
    let began = !matches!(reason, EarlyEnd::DidNotArrive | EarlyEnd::Cancelled);
    let outcome = OutcomeAchieved { code: code(kind.outcome()), result };
    PlacementEndedEarly { reason, fault, outcomes: began.then_some(outcome).into_iter().collect() }
}

/// A requirement as it is imposed.
pub(super) fn required(requirement: Requirement) -> Required {
    Required {
        id: code(requirement.kind.as_str()),
        r#type: requirement.kind,
        quantity: u32::from(requirement.quantity),
        unit: requirement.unit,
    }
}

/// A requirement added after a breach.
pub(super) fn varied(breach: u8) -> SentenceVaried {
    let id = code(&format!("activity_after_breach_{breach}"));
    let more = Required { id, r#type: RequirementType::Activity, quantity: 10, unit: Unit::Day };
    SentenceVaried {
        add: vec![more],
        drop: Vec::new(),
        expires_on: None,
        why: code("breach_proven"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_by_its_day_and_half() {
        let mut sitting = Sitting {
            day: calendar::day((2009, 6, 1)),
            slot: Slot::Whole,
            planned: 60,
            credited: 60,
            outcome: AttendanceOutcome::Complied,
        };
        assert_eq!(session_code(sitting).as_str(), "2009-06-01");
        sitting.slot = Slot::Morning;
        assert_eq!(session_code(sitting).as_str(), "2009-06-01/am");
    }

    #[test]
    fn an_end_before_the_start_has_no_outcome() {
        let outcomes = |reason| ended_early(Kind::Idap, reason, Fault::None).outcomes.len();
        assert_eq!(outcomes(EarlyEnd::DidNotArrive), 0);
        assert_eq!(outcomes(EarlyEnd::Left), 1);
    }
}
