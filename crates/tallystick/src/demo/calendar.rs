//! The virtual clock: days are numbers of days since 1970, instants are milliseconds since then.
//! Offices work from Monday to Friday, bank holidays apart, on the clocks of Europe/London.

use super::dice::Dice;
use tallystick_domain::{Date, Moment};

/// 1 April 2008, the first day of the scenario.
pub(crate) const FIRST_DAY: i32 = 13_970;
/// 31 March 2011, its last day.
pub(crate) const LAST_DAY: i32 = 15_064;

/// Milliseconds of a minute.
pub(super) const MINUTE: i64 = 60_000;
/// Milliseconds of a day.
pub(super) const DAY: i64 = 24 * 60 * MINUTE;

/// First and last minute of the day at which somebody records something: 08:45 to 17:15.
const OFFICE: (i64, i64) = (8 * 60 + 45, 17 * 60 + 15);

/// Summer time: from the last Sunday of March to the last Sunday of October.
const SUMMERS: [(i32, i32); 4] =
    [(13_968, 14_178), (14_332, 14_542), (14_696, 14_913), (15_060, 15_277)];

/// Bank holidays of England from May 2008 to January 2011.
const HOLIDAYS: [i32; 22] = [
    14_004, 14_025, 14_116, 14_238, 14_239, 14_245, 14_344, 14_347, 14_368, 14_389, 14_487, 14_603,
    14_606, 14_610, 14_701, 14_704, 14_732, 14_760, 14_851, 14_970, 14_971, 14_977,
];

/// Last instant of the scenario: the midnight that ends [`LAST_DAY`].
pub(super) fn end() -> i64 {
    instant(LAST_DAY + 1, 0)
}

/// A minute of a day in London as an instant. Nobody records anything in the hour that a change of
/// the clocks skips or repeats.
pub(super) fn instant(day: i32, minute: i64) -> i64 {
    let offset = if is_summer(day) { 60 } else { 0 };
    i64::from(day) * DAY + (minute - offset) * MINUTE
}

/// An instant as the ledger's clock would tell it.
pub(super) fn moment(at: i64) -> Moment {
    Moment { recorded_at: at, today: date(day_of(at)) }
}

/// The day in London of an instant.
pub(super) fn day_of(at: i64) -> i32 {
    let utc = whole_day(at);
    let offset = if is_summer(utc) { 60 * MINUTE } else { 0 };
    whole_day(at + offset)
}

/// A day as the rules know it.
pub(super) fn date(day: i32) -> Date {
    Date::from_days(day)
}

/// Day number of a calendar date; `0` for a date that does not exist, which the table tests find.
pub(super) fn day((year, month, day): (i16, i8, i8)) -> i32 {
    Date::new(year, month, day).map_or(0, Date::days)
}

/// Some instant in office hours of the first working day from `day` on.
pub(super) fn desk(day: i32, dice: &mut Dice) -> i64 {
    let minute = dice.between(OFFICE.0, OFFICE.1);
    instant(working_day(day), minute) + dice.between(0, MINUTE - 1)
}

/// `day`, or the first working day after it.
pub(super) fn working_day(mut day: i32) -> i32 {
    while matches!(weekday(day), 0 | 6) || HOLIDAYS.binary_search(&day).is_ok() {
        day += 1;
    }
    day
}

/// Day of the week, from 0 for Sunday. 1 January 1970 was a Thursday.
fn weekday(day: i32) -> i32 {
    (day + 4).rem_euclid(7)
}

fn is_summer(day: i32) -> bool {
    SUMMERS.iter().any(|(first, end)| (*first..*end).contains(&day))
}

fn whole_day(at: i64) -> i32 {
    i32::try_from(at.div_euclid(DAY)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenario_runs_from_april_2008_to_march_2011() {
        assert_eq!(date(FIRST_DAY).to_string(), "2008-04-01");
        assert_eq!(date(LAST_DAY).to_string(), "2011-03-31");
        assert_eq!(day((2011, 3, 31)), LAST_DAY);
    }

    #[test]
    fn london_is_an_hour_ahead_in_summer_only() {
        // 08:00 on 1 April 2008 is 07:00 UTC, on 1 December 08:00 UTC.
        assert_eq!(instant(FIRST_DAY, 8 * 60) % DAY, 7 * 60 * MINUTE);
        assert_eq!(instant(day((2008, 12, 1)), 8 * 60) % DAY, 8 * 60 * MINUTE);
        for summer in SUMMERS {
            assert_eq!((weekday(summer.0), weekday(summer.1)), (0, 0));
        }
    }

    #[test]
    fn the_day_is_london_s_even_late_in_a_summer_night() {
        for day in FIRST_DAY..=LAST_DAY {
            for minute in [0, 30, 12 * 60, 23 * 60 + 59] {
                // The clocks change on Sundays at one; both neighbours of that hour are right.
                assert!(weekday(day) == 0 || day_of(instant(day, minute)) == day);
            }
        }
    }

    #[test]
    fn nobody_works_on_bank_holidays() {
        assert_eq!(date(working_day(day((2008, 12, 25)))).to_string(), "2008-12-29");
        assert_eq!(date(working_day(day((2009, 4, 10)))).to_string(), "2009-04-14");
        assert!(HOLIDAYS.is_sorted());
        assert!(HOLIDAYS.iter().all(|day| !matches!(weekday(*day), 0 | 6)));
    }
}
