//! What a figure is, and one measurement of it.

use anyhow::Result;

use super::Bench;

/// One number that the ledger is judged by.
pub(crate) struct Figure {
    /// As it is printed and named in `--only`.
    pub(crate) name: &'static str,
    /// `1/s`, `ratio`, `ms`.
    pub(crate) unit: &'static str,
    /// What its median must reach on a quiet machine; the limits of the machine have none.
    pub(crate) target: Option<Target>,
    /// What values printed beside it must reach.
    pub(crate) beside: &'static [(&'static str, Target)],
    /// What limits it, said where a target is missed.
    pub(crate) limit: Option<&'static str>,
    /// Sets up, and returns one sample a round.
    pub(crate) measure: fn(&Bench<'_>) -> Result<Vec<Sample>>,
}

impl Figure {
    /// One without a target.
    pub(crate) const fn new(
        name: &'static str,
        unit: &'static str,
        measure: fn(&Bench<'_>) -> Result<Vec<Sample>>,
    ) -> Self {
        Self { name, unit, target: None, beside: &[], limit: None, measure }
    }

    /// With what its median must reach.
    pub(crate) const fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// With what values beside it must reach.
    pub(crate) const fn beside(mut self, targets: &'static [(&'static str, Target)]) -> Self {
        self.beside = targets;
        self
    }

    /// With what is known to limit it.
    pub(crate) const fn limited_by(mut self, limit: &'static str) -> Self {
        self.limit = Some(limit);
        self
    }
}

/// What a median must reach.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    Below(f64),
}

impl Target {
    pub(super) fn met(self, median: f64) -> bool {
        match self {
            Self::AtLeast(least) => median >= least,
            Self::AtMost(most) => median <= most,
            Self::Below(bound) => median < bound,
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "at least {least}"),
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::Below(bound) => write!(f, "below {bound}"),
        }
    }
}

/// One round of one figure.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) value: f64,
    /// What is printed beside it, with its name and unit: the sides of a ratio, percentiles.
    pub(crate) beside: Vec<(&'static str, f64)>,
}

impl Sample {
    pub(crate) fn new(value: f64) -> Self {
        Self { value, beside: Vec::new() }
    }

    /// `over` ÷ `under`, both measured in this round and both printed.
    pub(crate) fn ratio(over: (&'static str, f64), under: (&'static str, f64)) -> Self {
        Self { value: over.1 / under.1, beside: vec![over, under] }
    }

    pub(crate) fn beside(mut self, name: &'static str, value: f64) -> Self {
        self.beside.push((name, value));
        self
    }
}

/// The middle and the ends of some measurements.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// `None` of no measurement at all, or where one is not a number.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        if values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Some(Self { median, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        let spread = Spread::of([9.0, 1.0, 2.0]);
        assert_eq!(spread, Some(Spread { median: 2.0, min: 1.0, max: 9.0 }));
        let spread = Spread::of([4.0, 1.0, 2.0, 9.0]);
        assert_eq!(spread, Some(Spread { median: 3.0, min: 1.0, max: 9.0 }));
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([1.0, 1.0 / 0.0]), None);
    }

    #[test]
    fn a_target_is_met_at_its_edge_unless_it_says_below() {
        assert!(Target::AtLeast(0.4).met(0.4) && !Target::AtLeast(0.4).met(0.39));
        assert!(Target::AtMost(1.5).met(1.5) && !Target::AtMost(1.5).met(1.51));
        assert!(Target::Below(20.0).met(19.9) && !Target::Below(20.0).met(20.0));
    }

    #[test]
    fn a_ratio_shows_both_its_sides() {
        let sample = Sample::ratio(("a", 3.0), ("b", 4.0)).beside("p99_ms", 7.0);
        assert_eq!(sample.beside, [("a", 3.0), ("b", 4.0), ("p99_ms", 7.0)]);
        assert_eq!(format!("{:.2}", sample.value), "0.75");
    }
}
