//! The forms that are filled in: payloads that need nothing but what they report.

use super::calendar;
use super::deed::{Finish, Sitting, Slot};
use super::kind::Kind;
use super::life::{Life, Requirement};
use super::partnership::code;
use super::reference;
use tallystick_domain::codes::{
    Achievement, AssessmentTool, AttendanceOutcome, EarlyEnd, EmploymentStatus, Fault, Need,
    RegisterKind, RequirementType, Rosh, Unit,
};
use tallystick_domain::event::{
    Assessed, AttendanceRecorded, Circumstance, NeedFound, Objective, OutcomeAchieved,
    PlacementCompleted, PlacementEndedEarly, RegisterSet, Reoffending, Requirement as Required,
    SentenceVaried,
};
use tallystick_domain::{Code, Note};

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

/// An assessment: the needs that its requirements serve, and the plan for them.
pub(super) fn assessed(life: &Life, high: bool, day: i32) -> Assessed {
    let mut needs = vec![NeedFound { need: Need::Ete, severity: 1 }];
    let mut objectives = Vec::new();
    for requirement in &life.sentence.requirements {
        let (need, service) = match requirement.kind {
            RequirementType::DrugRehabilitation => (Need::Drugs, "residential_rehab"),
            RequirementType::AlcoholTreatment => (Need::Alcohol, "atr_one_to_one"),
            RequirementType::Programme => (Need::Attitudes, "idap"),
            _ => continue,
        };
        needs.push(NeedFound { need, severity: 2 + u8::from(high) });
        let due = calendar::date((day + 180).min(life.sentence.expires).max(day));
        objectives.push(Objective { need, service_kind: code(service), due });
    }
    let ppm = 40_000 + u32::from(life.person.unsteady) * 90_000 + u32::from(high) * 60_000;
    Assessed {
        tool: AssessmentTool::Oasys,
        needs,
        motivation: Some(if life.person.unsteady { 1 } else { 2 }),
        reoffend: Some(Reoffending { window_months: 3, ppm }),
        rosh: Some(if high { Rosh::High } else { Rosh::Medium }),
        objectives,
    }
}

/// Whether and how somebody works; of jobs, the hours.
pub(super) fn employment(status: EmploymentStatus) -> Circumstance<Note> {
    let hours_week = match status {
        EmploymentStatus::FullTime => Some(37),
        EmploymentStatus::PartTime => Some(20),
        _ => None,
    };
    Circumstance::Employment { status, hours_week, employer: None, started: None }
}

/// An entry on a register, or its end; both agreed between trust and police.
pub(super) fn registered(register: RegisterKind, active: bool) -> RegisterSet {
    let mappa = register == RegisterKind::Mappa;
    RegisterSet {
        register,
        level: (mappa && active).then_some(2),
        category: (mappa && active).then_some(2),
        scheme: (!mappa).then(|| code("acclaim")),
        active,
        agreed_by: vec![reference::WMPT, reference::agency("constabulary")],
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
