//! The time that a figure is about.

use crate::date::Date;
use serde::{Deserialize, Serialize};

/// From a day to a day, both within.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// Days that are no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a period's last day is not before its first, and it lasts at most {} years",
    Period::YEARS_LIMIT
)]
pub struct InvalidPeriod;

impl Period {
    /// Longest period, in years.
    pub const YEARS_LIMIT: i32 = 10;

    /// # Errors
    /// [`InvalidPeriod`].
    pub fn new(from: Date, to: Date) -> Result<Self, InvalidPeriod> {
        let limit = from.plus_months(12 * Self::YEARS_LIMIT);
        if from <= to && to < limit { Ok(Self { from, to }) } else { Err(InvalidPeriod) }
    }

    /// The financial year that starts in April of `year`.
    pub fn financial_year(year: i16) -> Option<Self> {
        let from = Date::new(year, 4, 1)?;
        Some(Self { from, to: from.plus_months(12).plus_days(-1) })
    }

    /// The financial year that a day lies in.
    pub fn financial_year_of(day: Date) -> Self {
        let (year, month, _) = day.civil();
        let year = if month < 4 { year - 1 } else { year };
        Self::financial_year(year).unwrap_or(Self { from: day, to: day })
    }

    /// Whether a day lies in it.
    pub fn holds(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// The same days that many years later.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Self {
        // Counted from the day after the end, so that February keeps its last day.
        let to = self.to.plus_days(1).plus_months(12 * years).plus_days(-1);
        Self { from: self.from.plus_months(12 * years), to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_financial_year_is_april_to_march() {
        let year = Period::financial_year(2010).unwrap();
        assert_eq!(year.from, "2010-04-01".parse().unwrap());
        assert_eq!(year.to, "2011-03-31".parse().unwrap());
        assert_eq!(Period::financial_year_of("2011-03-31".parse().unwrap()), year);
        assert_ne!(Period::financial_year_of("2011-04-01".parse().unwrap()), year);
    }

    #[test]
    fn a_shifted_period_keeps_its_last_day_of_february() {
        let to = "2007-02-28".parse().unwrap();
        let shifted = Period { from: "2006-03-01".parse().unwrap(), to }.plus_years(1);
        assert_eq!(shifted.to, "2008-02-29".parse().unwrap());
    }

    #[test]
    fn a_period_has_an_end_and_a_limit() {
        let day = |text: &str| text.parse().unwrap();
        assert!(Period::new(day("2010-04-02"), day("2010-04-01")).is_err());
        assert!(Period::new(day("2000-04-01"), day("2010-03-31")).is_ok());
        assert!(Period::new(day("2000-04-01"), day("2010-04-01")).is_err());
    }
}
