//! What a figure is held against.

use super::definition::Polarity;
use super::figure::{Figure, Fraction};
use crate::codes::Relation;

/// Red, amber, green.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// No better than the baseline.
    Red,
    /// Better than the baseline, short of the target.
    Amber,
    /// The target is met.
    Green,
}

/// A target and the baseline it starts from, in millionths of the measure's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetLine {
    /// Where it starts.
    pub baseline: Option<i64>,
    /// What the value is relative to.
    pub relation: Relation,
    /// The value.
    pub value: i64,
}

impl TargetLine {
    /// How a figure stands against it, on exact fractions; `None` if the figure has no value, or
    /// the target no baseline though it is relative to one.
    pub fn state(&self, figure: &Figure, better: Polarity) -> Option<State> {
        let reached = |value: Fraction, bar: Fraction| match better {
            Polarity::Higher => value >= bar,
            Polarity::Lower => value <= bar,
        };
        let plain = figure.actual.or(figure.value);
        let (value, bar, start) = match self.relation {
            Relation::Absolute => {
                (figure.value?, Fraction::of_millionths(self.value), self.baseline)
            }
            Relation::RelativeToBaseline => {
                (plain?, Fraction::grown(self.baseline?, self.value), self.baseline)
            }
            // As predicted is where it starts.
            Relation::RelativeToPredicted => {
                figure.predicted?;
                (figure.value?, Fraction::of_millionths(self.value), Some(0))
            }
        };
        if reached(value, bar) {
            return Some(State::Green);
        }
        let moved = start.map(Fraction::of_millionths).is_some_and(|start| match better {
            Polarity::Higher => value > start,
            Polarity::Lower => value < start,
        });
        Some(if moved { State::Amber } else { State::Red })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(numerator: i128, denominator: i128, predicted: i128) -> Figure {
        let millionths = predicted * denominator;
        Figure {
            numerator,
            denominator,
            day: None,
            actual: Fraction::new(numerator, denominator),
            predicted: Fraction::new(millionths, denominator * Fraction::MILLION)
                .map(|rate| super::super::figure::Predicted { millionths, rate }),
            value: Fraction::new(numerator * Fraction::MILLION - millionths, millionths),
        }
    }

    #[test]
    fn ni18_is_met_at_9_00_percent_and_not_at_9_01() {
        // 9.76 % x (1 - 0.0777) = 9.001648 %.
        let on_baseline = TargetLine {
            baseline: Some(97_600),
            relation: Relation::RelativeToBaseline,
            value: -77_700,
        };
        let on_predicted = TargetLine { relation: Relation::RelativeToPredicted, ..on_baseline };
        for target in [on_baseline, on_predicted] {
            let state = |figure| target.state(&figure, Polarity::Lower);
            assert_eq!(state(rate(900, 10_000, 97_600)), Some(State::Green));
            assert_eq!(state(rate(901, 10_000, 97_600)), Some(State::Amber));
            assert_eq!(state(rate(976, 10_000, 97_600)), Some(State::Red));
            // To the last re-offender in a hundred million.
            assert_eq!(state(rate(9_001_648, 100_000_000, 97_600)), Some(State::Green));
            assert_eq!(state(rate(9_001_649, 100_000_000, 97_600)), Some(State::Amber));
        }
    }

    #[test]
    fn the_bar_moves_with_what_was_predicted() {
        let target =
            TargetLine { baseline: None, relation: Relation::RelativeToPredicted, value: -77_700 };
        assert_eq!(target.state(&rate(900, 10_000, 90_000), Polarity::Lower), Some(State::Red));
        assert_eq!(target.state(&rate(830, 10_000, 90_000), Polarity::Lower), Some(State::Green));
    }
}
