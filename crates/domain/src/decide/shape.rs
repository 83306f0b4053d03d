//! What no state of the ledger would make right: limits, order of dates, repetitions.

use crate::codes::{AssessmentTool, PaymentBasis, PlanItemKind, RegisterKind, Relation};
use crate::date::{Date, Occurred};
use crate::event::{Assessed, Circumstance, Event, PaymentRecorded, PlanItemSet, RegisterSet};
use crate::measure::Written;
use crate::refusal::{Problem, Refusal};
use alloc::vec::Vec;

/// Longest list that a payload may have.
const LIST_LIMIT: usize = 50;
/// Identifiers that a person may be registered with.
const IDENTIFIERS_LIMIT: usize = 10;
/// Longest checkpoint of a predecessor, in bytes: room for the signatures of many witnesses.
const PREDECESSOR_LIMIT_BYTES: usize = 16 * 1024;
/// Longest session, in minutes.
const SESSION_LIMIT_MINUTES: u16 = 24 * 60;
/// Events that a payment may cite: those of a busy month.
const EVIDENCE_LIMIT: usize = 500;
/// Highest severity of a need, and highest motivation.
const SCALE_END: usize = 3;
/// Longest time over which anybody predicts.
const REOFFEND_LIMIT_MONTHS: usize = 60;
/// Parts of a whole.
const MILLION: usize = 1_000_000;
/// Hours that a week has.
const WEEK_HOURS: usize = 7 * 24;

fn invalid(field: &'static str, problem: Problem) -> Refusal {
    Refusal::InvalidInput { field, problem }
}

pub(super) fn within(
    field: &'static str,
    found: usize,
    least: usize,
    most: usize,
) -> Result<(), Refusal> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    let number = |count| i64::try_from(count).unwrap_or(i64::MAX);
    let (found, least, most) = (number(found), number(least), number(most));
    Err(invalid(field, Problem::OutOfRange { found, least, most }))
}

fn in_order(field: &'static str, from: Date, to: Date) -> Result<(), Refusal> {
    if from <= to { Ok(()) } else { Err(invalid(field, Problem::DatesOutOfOrder)) }
}

fn distinct<T: Ord>(field: &'static str, values: impl Iterator<Item = T>) -> Result<(), Refusal> {
    let mut values: Vec<T> = values.collect();
    within(field, values.len(), 0, LIST_LIMIT)?;
    values.sort_unstable();
    if values.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(invalid(field, Problem::Repeated));
    }
    Ok(())
}

/// What no state of the ledger would make right.
pub(super) fn shape(event: &Event, occurred: Occurred) -> Result<(), Refusal> {
    match event {
        Event::LedgerOpened(opened) => {
            let text = opened.predecessor.as_deref().unwrap_or_default();
            within("predecessor", text.len(), 0, PREDECESSOR_LIMIT_BYTES)
        }
        Event::SettingChanged(_)
        | Event::WorkerAllocated(_)
        | Event::SentenceEnded(_)
        | Event::ReferralDecided(_)
        | Event::ReferralWithdrawn(_)
        | Event::PlacementStarted(_)
        | Event::QualificationAwarded(_)
        | Event::Corrected(_) => Ok(()),
        Event::AgencyDescribed(described) => {
            distinct("areas", described.areas.iter())?;
            distinct("tags", described.tags.iter())
        }
        Event::AgreementSet(set) => {
            in_order("term", set.term.from, set.term.to)?;
            distinct("subs", set.subs.iter())?;
            distinct("value", set.value.iter().map(|value| value.fy))?;
            distinct("prices", set.prices.iter().map(|price| price.unit))?;
            distinct("continues", set.continues.iter())?;
            distinct("measures", set.measures.iter().map(|it| (&it.measure, it.version)))?;
            let amounts =
                set.value.iter().map(|it| it.pence).chain(set.prices.iter().map(|it| it.pence));
            for pence in amounts {
                if pence < 0 {
                    let problem = Problem::OutOfRange { found: pence, least: 0, most: i64::MAX };
                    return Err(invalid("pence", problem));
                }
            }
            Ok(())
        }
        Event::PaymentRecorded(paid) => payment(paid, occurred),
        Event::ServiceDescribed(described) => {
            within("sites", described.sites.len(), 1, LIST_LIMIT)?;
            distinct("sites", described.sites.iter().map(|site| &site.id))?;
            distinct("needs", described.needs.iter())?;
            distinct("requirementTypes", described.requirement_types.iter())?;
            distinct("awardsOffered", described.awards_offered.iter().map(|award| &award.title))
        }
        Event::TargetSet(set) => match (set.relation, set.baseline) {
            (Relation::RelativeToBaseline, None) => Err(invalid("baseline", Problem::Missing)),
            _ => Ok(()),
        },
        Event::PlanItemSet(set) => plan_item(set),
        Event::MeasureDefined(defined) => {
            let bytes = defined.definition.canonical_bytes().len();
            within("definition", bytes, 1, Written::LIMIT)
        }
        Event::CapacitySet(set) => in_order("to", set.from, set.to.unwrap_or(set.from)),
        Event::PersonRegistered(registered) => {
            within("identifiers", registered.identifiers.len(), 1, IDENTIFIERS_LIMIT)
        }
        Event::CircumstanceRecorded(recorded) => circumstance(&recorded.circumstance, occurred),
        Event::OffenceProven(proven) => in_order("offenceOn", proven.offence_on, occurred.date),
        Event::RegisterSet(set) => register(set),
        Event::Assessed(assessed) => assessment(assessed, occurred),
        Event::SentenceImposed(imposed) => {
            in_order("expiresOn", occurred.date, imposed.expires_on)?;
            within("age", usize::from(imposed.age), 10, 120)?;
            distinct("requirements", imposed.requirements.iter().map(|it| &it.id))
        }
        Event::SentenceVaried(varied) => {
            distinct("add", varied.add.iter().map(|requirement| &requirement.id))?;
            distinct("drop", varied.drop.iter())?;
            in_order("expiresOn", occurred.date, varied.expires_on.unwrap_or(occurred.date))
        }
        Event::BreachRecorded(recorded) => distinct("grounds", recorded.grounds.iter()),
        Event::ReferralMade(made) => {
            distinct("needs", made.needs.iter())?;
            distinct("outcomesWanted", made.outcomes_wanted.iter())?;
            distinct("share.groups", made.share.groups.iter())?;
            distinct("meets", made.meets.iter())?;
            if made.requirement.is_some() && made.sentence.is_none() {
                return Err(invalid("sentence", Problem::Missing));
            }
            in_order("completeBy", occurred.date, made.complete_by.unwrap_or(occurred.date))
        }
        Event::PlacementBooked(booked) => in_order("to", booked.from, booked.to),
        Event::AttendanceRecorded(recorded) => {
            within("planned", usize::from(recorded.planned), 0, usize::from(SESSION_LIMIT_MINUTES))
        }
        Event::PlacementCompleted(completed) => {
            distinct("outcomes", completed.outcomes.iter().map(|outcome| &outcome.code))
        }
        Event::PlacementEndedEarly(ended) => {
            distinct("outcomes", ended.outcomes.iter().map(|outcome| &outcome.code))
        }
    }
}

fn plan_item(set: &PlanItemSet) -> Result<(), Refusal> {
    let risk = set.kind == PlanItemKind::Risk;
    for (field, score) in [("impact", set.impact), ("likelihood", set.likelihood)] {
        match score {
            Some(_) if !risk => return Err(invalid(field, Problem::NotAllowed)),
            score => within(field, usize::from(score.unwrap_or(0)), 0, 5)?,
        }
    }
    distinct("owners", set.owners.iter())
}

fn circumstance(circumstance: &Circumstance, occurred: Occurred) -> Result<(), Refusal> {
    let Circumstance::Employment { status, hours_week, employer, started } = circumstance else {
        return Ok(());
    };
    let of_work = [
        ("hoursWeek", hours_week.is_some()),
        ("employer", employer.is_some()),
        ("started", started.is_some()),
    ];
    if let Some((field, _)) = of_work.iter().find(|(_, given)| *given && !status.in_work()) {
        return Err(invalid(field, Problem::NotAllowed));
    }
    within("hoursWeek", usize::from(hours_week.unwrap_or_default()), 0, WEEK_HOURS)?;
    in_order("started", started.unwrap_or(occurred.date), occurred.date)
}

fn payment(paid: &PaymentRecorded, occurred: Occurred) -> Result<(), Refusal> {
    in_order("period", paid.period.from, paid.period.to)?;
    in_order("period", paid.period.from, occurred.date)?;
    if paid.pence < 1 {
        let problem = Problem::OutOfRange { found: paid.pence, least: 1, most: i64::MAX };
        return Err(invalid("pence", problem));
    }
    let outside = paid.basis == PaymentBasis::TradingIncome;
    if paid.payer.is_some() == outside {
        let problem = if outside { Problem::NotAllowed } else { Problem::Missing };
        return Err(invalid("payer", problem));
    }
    if paid.payer == Some(paid.payee) {
        return Err(invalid("payee", Problem::Repeated));
    }
    let mut cited = paid.evidence.clone();
    cited.sort_unstable();
    cited.dedup();
    if cited.len() < paid.evidence.len() {
        return Err(invalid("evidence", Problem::Repeated));
    }
    let each = matches!(paid.basis, PaymentBasis::Unit | PaymentBasis::Outcome);
    if each && paid.evidence.is_empty() {
        return Err(invalid("evidence", Problem::Missing));
    }
    within("evidence", paid.evidence.len(), 0, EVIDENCE_LIMIT)
}

fn register(set: &RegisterSet) -> Result<(), Refusal> {
    distinct("agreedBy", set.agreed_by.iter())?;
    for (field, number) in [("level", set.level), ("category", set.category)] {
        within(field, usize::from(number.unwrap_or(1)), 1, 3)?;
        if set.register == RegisterKind::Ppo && number.is_some() {
            return Err(invalid(field, Problem::NotAllowed));
        }
    }
    // Who agreed to an entry is who has to agree to its end.
    if set.register == RegisterKind::Ppo && set.active && set.agreed_by.is_empty() {
        return Err(invalid("agreedBy", Problem::Missing));
    }
    Ok(())
}

fn assessment(assessed: &Assessed, occurred: Occurred) -> Result<(), Refusal> {
    distinct("needs", assessed.needs.iter().map(|found| found.need))?;
    for found in &assessed.needs {
        within("severity", usize::from(found.severity), 0, SCALE_END)?;
    }
    within("motivation", usize::from(assessed.motivation.unwrap_or_default()), 0, SCALE_END)?;
    if let Some(reoffend) = &assessed.reoffend {
        within("windowMonths", usize::from(reoffend.window_months), 1, REOFFEND_LIMIT_MONTHS)?;
        within("ppm", usize::try_from(reoffend.ppm).unwrap_or(usize::MAX), 0, MILLION)?;
    }
    // The risk of serious harm is for the tool that asks about it.
    if assessed.rosh.is_some() && assessed.tool != AssessmentTool::Oasys {
        return Err(invalid("rosh", Problem::NotAllowed));
    }
    let objectives = &assessed.objectives;
    distinct("objectives", objectives.iter().map(|it| (it.need, &it.service_kind)))?;
    objectives.iter().try_for_each(|it| in_order("due", occurred.date, it.due))
}

pub(super) fn not_in_future(
    field: &'static str,
    occurred: Occurred,
    today: Date,
) -> Result<(), Refusal> {
    // Claims have days or minutes but no zone; a day's grace covers both.
    if occurred.date > today.plus_days(1) {
        return Err(invalid(field, Problem::InFuture));
    }
    Ok(())
}
