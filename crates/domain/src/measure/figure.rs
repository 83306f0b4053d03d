//! A figure: the sum of what cases add, and what it comes to.

use super::contribution::{Cell, Contribution};
use super::definition::{Definition, Polarity, Shape};
use super::suppression::Cells;
use crate::date::Date;
use crate::text::Code;
use alloc::collections::BTreeMap;
use core::cmp::Ordering;

/// An exact quotient. The denominator is above zero.
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Fraction {}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        // Counts and pence of one ledger stay below 2^63, so these products fit.
        (self.numerator * other.denominator).cmp(&(other.numerator * self.denominator))
    }
}

impl Fraction {
    /// Millionths in one.
    pub const MILLION: i128 = 1_000_000;

    /// `None` where there is nothing to divide by.
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        (denominator > 0).then_some(Self { numerator, denominator })
    }

    /// So many millionths, exactly.
    pub fn of_millionths(millionths: i64) -> Self {
        Self { numerator: millionths.into(), denominator: Self::MILLION }
    }

    /// In millionths (parts per million: 9.76 % is 97,600), to the nearest, halves away from zero.
    pub fn millionths(self) -> i64 {
        let doubled = self.numerator.abs() * Self::MILLION * 2 + self.denominator;
        let rounded = doubled / (2 * self.denominator) * self.numerator.signum();
        i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
    }

    /// `1 + self` of this many millionths, exactly.
    pub(crate) fn grown(millionths: i64, by: i64) -> Self {
        let numerator = i128::from(millionths) * (Self::MILLION + i128::from(by));
        Self { numerator, denominator: Self::MILLION * Self::MILLION }
    }
}

/// The sum of contributions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<(Option<Date>, Option<Code>), (i128, i128)>);

impl Sums {
    /// Adds what a case adds.
    pub fn add(&mut self, contribution: &Contribution) {
        self.change(contribution, 1);
    }

    /// Takes out what a case added before.
    pub fn take_out(&mut self, contribution: &Contribution) {
        self.change(contribution, -1);
    }

    fn change(&mut self, contribution: &Contribution, sign: i128) {
        for Cell { day, area, numerator, denominator } in &contribution.0 {
            let key = (*day, area.clone());
            let sum = self.0.entry(key.clone()).or_default();
            sum.0 += sign * i128::from(*numerator);
            sum.1 += sign * i128::from(*denominator);
            if *sum == (0, 0) {
                self.0.remove(&key);
            }
        }
    }
}

/// What was predicted for the denominator of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predicted {
    /// Predicted numerator in millionths: each snapshot's rate times its number.
    pub millionths: i128,
    /// The predicted rate.
    pub rate: Fraction,
}

/// What a measure comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The numerator; of the worst day, where that is what is asked.
    pub numerator: i128,
    /// The denominator, of the same day; 0 where there is none.
    pub denominator: i128,
    /// The worst day.
    pub day: Option<Date>,
    /// The plain quotient of the two, where the shape has one.
    pub actual: Option<Fraction>,
    /// What was predicted, where that is asked and known for every snapshot.
    pub predicted: Option<Predicted>,
    /// The figure in its unit; `None` where there is nothing to divide.
    pub value: Option<Fraction>,
}

impl Figure {
    /// What sums come to. `rate` gives the predicted rate, in parts per million, of an area at a
    /// snapshot.
    pub fn of(
        definition: &Definition,
        sums: &Sums,
        rate: &dyn Fn(Date, Option<&Code>) -> Option<u32>,
    ) -> Self {
        let (day, numerator, denominator) = if definition.shape == Shape::WorstDay {
            worst(sums, definition.better)
        } else {
            let all = sums.0.values();
            let (n, d) = all.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
            (None, n, d)
        };
        let mut figure =
            Self { numerator, denominator, day, actual: None, predicted: None, value: None };
        figure.value = definition.value_of(Cells { numerator, denominator });
        match definition.shape {
            Shape::Count | Shape::Difference | Shape::Growth => {}
            Shape::Ratio | Shape::WorstDay => figure.actual = figure.value,
            Shape::AgainstRate { .. } => {
                figure.actual = Fraction::new(numerator, denominator);
                figure.predicted = predicted(sums, denominator, rate);
                // (A - P) / P, with the common denominator of both left out.
                figure.value = figure.predicted.and_then(|predicted| {
                    let actual = numerator * Fraction::MILLION;
                    Fraction::new(actual - predicted.millionths, predicted.millionths)
                });
            }
        }
        figure
    }
}

impl Definition {
    /// What two counts of one group come to; `None` where there is nothing to divide, and for the
    /// shapes that need more than two counts.
    pub fn value_of(&self, cells: Cells) -> Option<Fraction> {
        let Cells { numerator, denominator } = cells;
        let scale = i128::from(self.scale);
        match self.shape {
            Shape::Count => Fraction::new(numerator, scale),
            Shape::Difference => Fraction::new(numerator - denominator, scale),
            Shape::Growth => Fraction::new(numerator - denominator, denominator),
            Shape::Ratio | Shape::WorstDay => Fraction::new(numerator, denominator),
            Shape::AgainstRate { .. } => None,
        }
    }
}

fn worst(sums: &Sums, better: Polarity) -> (Option<Date>, i128, i128) {
    let mut now = (0, 0);
    let mut worst: Option<(Option<Date>, Fraction)> = None;
    for ((day, _), change) in &sums.0 {
        now = (now.0 + change.0, now.1 + change.1);
        let Some(ratio) = Fraction::new(now.0, now.1) else { continue };
        let takes_over = worst.is_none_or(|(_, worst)| match better {
            Polarity::Higher => ratio < worst,
            Polarity::Lower => ratio > worst,
        });
        if takes_over {
            worst = Some((*day, ratio));
        }
    }
    worst.map_or((None, 0, 0), |(day, ratio)| (day, ratio.numerator, ratio.denominator))
}

fn predicted(
    sums: &Sums,
    all: i128,
    rate: &dyn Fn(Date, Option<&Code>) -> Option<u32>,
) -> Option<Predicted> {
    let mut millionths = 0;
    for ((day, area), (_, members)) in &sums.0 {
        millionths += i128::from(rate((*day)?, area.as_ref())?) * members;
    }
    let rate = Fraction::new(millionths, all * Fraction::MILLION)?;
    Some(Predicted { millionths, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millionths_are_the_nearest_and_halves_go_away_from_zero() {
        let millionths = |n, d| Fraction::new(n, d).map(Fraction::millionths);
        assert_eq!(millionths(2, 3), Some(666_667));
        assert_eq!(millionths(-2, 3), Some(-666_667));
        assert_eq!(millionths(1, 2_000_000), Some(1));
        assert_eq!(millionths(-1, 2_000_000), Some(-1));
        assert_eq!(millionths(1, 2_000_001), Some(0));
        assert_eq!(millionths(1, 0), None);
    }

    #[test]
    fn fractions_are_compared_exactly() {
        // 720,000 millionths both, when rounded; only one of them is 72 %.
        let just_below = Fraction::new(71_999_999_999, 100_000_000_000).unwrap();
        assert_eq!(just_below.millionths(), 720_000);
        assert!(just_below < Fraction::of_millionths(720_000));
        assert_eq!(Fraction::new(18, 25).unwrap(), Fraction::of_millionths(720_000));
    }
}
