//! When rows change.

use crate::case::{About, Case};
use crate::date::Date;
use crate::sentence::SentenceState;
use alloc::vec::Vec;

/// The days from `from` to `until` on which rows of a case may differ from the day before,
/// `from` among them.
pub(crate) fn turning_days(case: &Case, from: Date, until: Date) -> Vec<Date> {
    let mut days = alloc::vec![from];
    let every = |days: &mut Vec<Date>, first: Date, last: Date| {
        let first = first.max(from);
        let last = last.min(until);
        days.extend((0..=last.days_since(first)).map(|day| first.plus_days(day)));
    };
    match &case.about {
        About::Person(person) => {
            for sentence in &person.sentences {
                let imposed = sentence.imposed_on;
                let end = match sentence.state {
                    SentenceState::Active => until,
                    SentenceState::Ended { on, .. } => on,
                };
                // Each day without an offender manager is one more; each year makes one older.
                let managed = sentence.managed_from.map_or(end, |it| it.from.min(end));
                every(&mut days, imposed, managed);
                days.push(end);
                days.extend(sentence.settings.iter().map(|it| it.from));
                let years = until.years_since(imposed);
                days.extend((1..=years).map(|year| {
                    imposed.plus_months(12 * i32::try_from(year).unwrap_or(i32::MAX / 12))
                }));
                let steps = sentence.breaches.iter().flat_map(|breach| &breach.steps);
                days.extend(steps.map(|step| step.on));
                days.extend(sentence.variations.iter().map(|it| it.on));
            }
            for placement in &person.placements {
                days.push(placement.booked_on);
                days.extend(placement.start().map(|start| start.on));
                days.extend(placement.ended_on());
                days.extend(placement.sessions.iter().map(|it| it.on));
                days.extend(placement.awards.iter().map(|it| it.on));
            }
        }
        // Few, and capacity may change on any day.
        About::Agreement(_) | About::Agency(_) => every(&mut days, from, until),
        About::Ledger(_) | About::Measure(_) | About::Plan(_) => {}
    }
    days.retain(|day| from <= *day && *day <= until);
    days.sort_unstable();
    days.dedup();
    days
}
