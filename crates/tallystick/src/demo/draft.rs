//! A life being planned: its dice, its deeds so far, and the numbers of its commands.

use super::calendar::{self, MINUTE};
use super::deed::{Deed, Fate, Planned};
use super::dice::Dice;
use super::life::Life;
use super::partnership::Partnership;
use tallystick_domain::Rule;

/// A life being planned.
pub(super) struct Draft<'a> {
    pub(super) life: Life,
    pub(super) dice: Dice,
    pub(super) partnership: &'a Partnership,
    pub(super) next_serial: u16,
    /// Qualifications gained so far.
    pub(super) awards: u8,
}

/// Least time between the records of a chain. Slips at the desk happen within it, so that nothing
/// of the chain comes between a record and its slip.
pub(super) const GAP: i64 = 5 * MINUTE;

/// Deeds with a note, in a thousand.
const NOTED: u32 = 30;

impl Draft<'_> {
    /// A command of one deed, and its number.
    pub(super) fn push(&mut self, at: i64, day: i32, deed: Deed) -> u16 {
        self.next_serial += 1;
        self.also(self.next_serial, at, day, deed);
        self.next_serial
    }

    /// One more deed of the command of that number, recorded at the same instant.
    pub(super) fn also(&mut self, serial: u16, at: i64, day: i32, deed: Deed) {
        let noted = deed.course().is_some() && self.dice.permille(NOTED);
        let note = if noted { 1 + u16::try_from(self.dice.below(64)).unwrap_or(0) } else { 0 };
        let planned = Planned { at, day, serial, note, fate: Fate::Accepted, deed };
        self.life.deeds.push(planned);
    }

    /// A command of one deed that the rules will refuse.
    pub(super) fn mistake(&mut self, rule: Rule, at: i64, day: i32, deed: Deed) -> u16 {
        self.next_serial += 1;
        let fate = Fate::Refused(rule);
        self.life.deeds.push(Planned { at, day, serial: self.next_serial, note: 0, fate, deed });
        self.next_serial
    }

    /// An instant in office hours from `day` on, and after `last`: what follows from something is
    /// recorded after it.
    pub(super) fn desk(&mut self, day: i32, last: i64) -> i64 {
        let at = calendar::desk(day, &mut self.dice);
        if at >= last + GAP { at } else { last + GAP + self.dice.between(0, 20 * MINUTE) }
    }

    /// `at` is when the last deed of a chain was recorded: moves it on to the record of the next.
    pub(super) fn next(&mut self, at: &mut i64, day: i32) -> i64 {
        *at = self.desk(day, *at);
        *at
    }
}

#[cfg(test)]
mod tests {
    use super::super::deed::Slot;
    use super::super::plan;
    use super::*;

    #[test]
    fn what_follows_in_a_course_leaves_time_for_a_slip() {
        let partnership = Partnership::new(60_000);
        let arrival = calendar::instant(calendar::FIRST_DAY + 100, 600);
        for number in 0..500 {
            let life = plan::life(&partnership, 1, number, arrival);
            for course in 0..life.courses.len() {
                let planned = life.deeds.iter().rev().filter(|it| {
                    let of_course = it.deed.course().map(usize::from) == Some(course);
                    of_course && it.fate == Fate::Accepted && !is_second(it.deed)
                });
                let planned: Vec<_> = planned.collect();
                for pair in planned.windows(2) {
                    let same = pair[0].serial == pair[1].serial;
                    assert!(same || pair[1].at - pair[0].at >= 5 * MINUTE);
                }
            }
        }
    }

    /// Sessions recorded twice are the slips themselves.
    fn is_second(deed: Deed) -> bool {
        matches!(deed, Deed::Attend(_, sitting) if sitting.slot == Slot::Afternoon)
    }
}
