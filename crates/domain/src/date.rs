//! Calendar time. A date is a day of the Gregorian calendar in Europe/London; no clock is read here.

use core::{fmt, str::FromStr};
use jiff::{ToSpan, civil};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A day, as the number of days since 1 January 1970. `YYYY-MM-DD` in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

const EPOCH: civil::Date = civil::date(1970, 1, 1);

impl Date {
    /// The day with this year (1 to 9999), month (1 to 12) and day of the month; `None` if there
    /// is none.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        let date = civil::Date::new(year, month, day).ok().filter(|date| date.year() >= 1)?;
        Some(Self::from_civil(date))
    }

    /// Days since 1 January 1970.
    pub fn days(self) -> i32 {
        self.0
    }

    /// The day that many days after 1 January 1970, kept within years 1 to 9999.
    pub fn from_days(days: i32) -> Self {
        Self(days.clamp(-719_162, 2_932_896))
    }

    /// This many days later (earlier, if negative).
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self::from_days(self.0.saturating_add(days))
    }

    /// The same day of the month this many months later (earlier, if negative); the last of the
    /// month where it has no such day. Kept within years 1 to 9999.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        let bound = if months < 0 { i32::MIN } else { i32::MAX };
        let span = jiff::Span::new().try_months(months);
        let moved = span.and_then(|span| self.to_civil().checked_add(span));
        moved.map_or(Self::from_days(bound), Self::from_civil)
    }

    /// Whole years from `earlier` to this one; 0 if `earlier` is later.
    pub fn years_since(self, earlier: Self) -> u32 {
        let ((year, month, day), (since, from_month, from_day)) = (self.civil(), earlier.civil());
        let short = u32::from((month, day) < (from_month, from_day));
        u32::try_from(year - since).unwrap_or(0).saturating_sub(short)
    }

    /// Days from `earlier` to this one; negative if `earlier` is later.
    pub fn days_since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// Year, month and day of the month.
    pub fn civil(self) -> (i16, i8, i8) {
        let date = self.to_civil();
        (date.year(), date.month(), date.day())
    }

    fn from_civil(date: civil::Date) -> Self {
        let days = date.since(EPOCH).map_or(0, |span| span.get_days());
        Self(days)
    }

    fn to_civil(self) -> civil::Date {
        EPOCH.checked_add(self.0.days()).unwrap_or(EPOCH)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_civil().fmt(f)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is no date, or no date and time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form YYYY-MM-DD, with or without THH:MM")]
pub struct InvalidDate;

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        // Ten characters and nothing else: the calendar library would also take a time or a zone.
        if text.len() != 10 {
            return Err(InvalidDate);
        }
        let date: civil::Date = text.parse().map_err(|_| InvalidDate)?;
        if date.year() < 1 {
            return Err(InvalidDate);
        }
        Ok(Self::from_civil(date))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = smol_str::SmolStr::deserialize(deserializer)?;
            text.parse().map_err(D::Error::custom)
        } else {
            i32::deserialize(deserializer).map(Self::from_days)
        }
    }
}

/// When something happened, as whoever reports it claims: a day, or a day and a minute, on the
/// clocks of Europe/London. A claim is never compared with the ledger's own time except to refuse
/// the far future.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Occurred {
    /// The day.
    pub date: Date,
    /// Minute of that day, 0 to 1439, if the time was given.
    pub minute: Option<u16>,
}

impl From<Date> for Occurred {
    fn from(date: Date) -> Self {
        Self { date, minute: None }
    }
}

impl fmt::Display for Occurred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.fmt(f)?;
        match self.minute {
            Some(minute) => write!(f, "T{:02}:{:02}", minute / 60, minute % 60),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Occurred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Occurred {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let Some((date, time)) = text.split_once('T') else {
            return Ok(Self { date: text.parse()?, minute: None });
        };
        let two = |digits: &str| -> Option<u16> {
            (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| digits.parse().ok())?
        };
        let minute = time
            .split_once(':')
            .and_then(|(hour, minute)| Some((two(hour)?, two(minute)?)))
            .filter(|(hour, minute)| *hour < 24 && *minute < 60)
            .map(|(hour, minute)| hour * 60 + minute)
            .ok_or(InvalidDate)?;
        Ok(Self { date: date.parse()?, minute: Some(minute) })
    }
}

impl Serialize for Occurred {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.date, self.minute).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Occurred {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = smol_str::SmolStr::deserialize(deserializer)?;
            text.parse().map_err(D::Error::custom)
        } else {
            let (date, minute) = Deserialize::deserialize(deserializer)?;
            Ok(Self { date, minute })
        }
    }
}

/// The ledger clock at a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since 1970-01-01T00:00Z; never less than that of the record before.
    pub recorded_at: i64,
    /// The same instant's day in Europe/London.
    pub today: Date,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn dates_are_days() {
        let day: Date = "2008-04-01".parse().unwrap();
        assert_eq!(day.days(), 13_970);
        assert_eq!(day.plus_days(366).to_string(), "2009-04-02");
        assert_eq!(Date::from_days(day.days()), day);
    }

    #[test]
    fn months_end_where_the_month_ends() {
        let day = |text: &str| -> Date { text.parse().unwrap() };
        assert_eq!(day("2010-01-31").plus_months(1), day("2010-02-28"));
        assert_eq!(day("2010-04-01").plus_months(-12), day("2009-04-01"));
        assert_eq!(day("9999-12-31").plus_months(1), day("9999-12-31"));
        assert_eq!(day("2010-04-01").years_since(day("1992-04-02")), 17);
        assert_eq!(day("2010-04-02").years_since(day("1992-04-02")), 18);
        assert_eq!(day("1991-04-02").years_since(day("1992-04-02")), 0);
    }

    #[test]
    fn the_first_and_the_last_day_have_a_spelling() {
        for (days, year) in [(i32::MIN, 1), (i32::MAX, 9999)] {
            let day = Date::from_days(days);
            assert_eq!(day.to_string().parse(), Ok(day));
            assert_eq!(day.civil().0, year);
        }
        assert_eq!(Date::new(0, 12, 31), None);
        assert_eq!(Date::new(1, 1, 1), Some(Date::from_days(i32::MIN)));
    }

    #[test]
    fn only_plain_dates_are_read() {
        for text in ["2008-02-30", "2008-4-01", "2008-04-01Z", "2008-04-01T10", "-001-01-01", ""] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_claim_may_have_a_minute() {
        let claim: Occurred = "2008-04-01T09:30".parse().unwrap();
        assert_eq!(claim.minute, Some(570));
        assert_eq!(claim.to_string(), "2008-04-01T09:30");
        for text in ["2008-04-01T24:00", "2008-04-01T9:30", "2008-04-01T09:30:00", "2008-04-01T"] {
            assert!(text.parse::<Occurred>().is_err(), "{text}");
        }
    }
}
