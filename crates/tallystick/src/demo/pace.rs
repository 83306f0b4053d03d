//! How fast people arrive, so that a scenario has about as many events as were wanted: a sample of
//! lives says how many events somebody contributes who arrives in a given month, and what has been
//! planned so far corrects the rest.

use super::calendar::{self, DAY};
use super::dice::Dice;
use super::partnership::Partnership;
use super::plan;

/// Months of the scenario.
const MONTHS: usize = 36;
/// Lives of the sample in each month.
const SAMPLE: u64 = 24;
/// Numbers of the people of the sample: nobody else has them.
const SAMPLED: u64 = 1 << 40;

/// How fast people arrive.
pub(super) struct Pace {
    dice: Dice,
    /// Events still to come of the people of the month: what somebody who arrives then contributes.
    contribution: [f64; MONTHS],
    /// Events that are still to be planned.
    left: f64,
    /// The next arrival.
    next: i64,
}

impl Pace {
    /// Arrivals for `people_events` events besides the partnership's own.
    pub(super) fn new(partnership: &Partnership, seed: u64, people_events: u64) -> Self {
        let mut contribution = [0.0; MONTHS];
        let mut number = SAMPLED;
        for (month, mean) in contribution.iter_mut().enumerate() {
            let mut events = 0;
            for _ in 0..SAMPLE {
                number += 1;
                let middle = month_start(month) + month_length() / 2;
                events += plan::life(partnership, seed, number, at_court(middle)).events();
            }
            *mean = (float(events) / float(SAMPLE)).max(1.0);
        }
        let dice = Dice::of(seed, SAMPLED);
        let mut pace = Self { dice, contribution, left: float(people_events), next: first() };
        pace.advance();
        pace
    }

    /// When the next person comes before the court; none if nobody does any more.
    pub(super) fn next(&self) -> Option<i64> {
        let open = self.next < calendar::end() - DAY && self.left > 0.0;
        open.then(|| at_court(self.next))
    }

    /// The person who was next contributes so many events.
    pub(super) fn arrived(&mut self, events: u64) {
        self.left -= float(events);
        self.advance();
    }

    /// Moves on to the next arrival: people who are still to come share what is left evenly over
    /// the time that is left.
    fn advance(&mut self) {
        let per_person_and_rate: f64 = (0..MONTHS)
            .map(|month| {
                let from = month_start(month).max(self.next);
                let to = month_start(month + 1);
                self.contribution[month] * float(u64::try_from(to - from).unwrap_or(0))
            })
            .sum();
        if self.left <= 0.0 || per_person_and_rate <= 0.0 {
            self.next = calendar::end();
            return;
        }
        let gap = per_person_and_rate / self.left;
        // Between nothing and twice the gap: even on average, never in step.
        let jitter = float(u64::from(self.dice.below(2_001))) / 1_000.0;
        self.next = (self.next + whole(gap * jitter)).min(calendar::end());
    }
}

/// Instants of arrival are continuous; courts sit in office hours of working days.
fn at_court(instant: i64) -> i64 {
    let day = calendar::day_of(instant);
    let sits = calendar::working_day(day);
    // The order of arrivals is kept: a day has nine hours in court.
    let share = if sits == day { instant - calendar::instant(day, 0) } else { 0 };
    calendar::instant(sits, 9 * 60) + share * 3 / 10
}

fn first() -> i64 {
    calendar::instant(calendar::FIRST_DAY + 1, 0)
}

fn month_start(month: usize) -> i64 {
    first() + i64::try_from(month).unwrap_or(0) * month_length()
}

fn month_length() -> i64 {
    (calendar::end() - first()) / i64::try_from(MONTHS).unwrap_or(1)
}

#[expect(clippy::cast_precision_loss, reason = "events and milliseconds stay far below 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a gap is some milliseconds of three years")]
fn whole(number: f64) -> i64 {
    number as i64
}
