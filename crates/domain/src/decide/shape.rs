//! What no state of the ledger would make right: limits, order of dates, repetitions.

use crate::date::{Date, Occurred};
use crate::event::Event;
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
        Event::ServiceDescribed(described) => {
            within("sites", described.sites.len(), 1, LIST_LIMIT)?;
            distinct("sites", described.sites.iter().map(|site| &site.id))?;
            distinct("needs", described.needs.iter())?;
            distinct("requirementTypes", described.requirement_types.iter())?;
            distinct("awardsOffered", described.awards_offered.iter().map(|award| &award.title))
        }
        Event::MeasureDefined(defined) => {
            let bytes = defined.definition.canonical_bytes().len();
            within("definition", bytes, 1, Written::LIMIT)
        }
        Event::CapacitySet(set) => in_order("to", set.from, set.to.unwrap_or(set.from)),
        Event::PersonRegistered(registered) => {
            within("identifiers", registered.identifiers.len(), 1, IDENTIFIERS_LIMIT)
        }
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
