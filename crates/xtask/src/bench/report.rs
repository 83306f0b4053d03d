//! One line for each figure, for people or for programs.

use std::fmt;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::busy::Share;
use super::figure::{Figure, Sample, Spread, Target};

pub(super) struct Report<'a> {
    figure: &'a Figure,
    spread: Spread,
    beside: Vec<(&'static str, Spread)>,
    busy: Share,
}

impl<'a> Report<'a> {
    /// # Errors
    /// When there is nothing to report, or a value is not a number.
    pub(super) fn new(figure: &'a Figure, samples: &[Sample], busy: Share) -> Result<Self> {
        let spread = Spread::of(samples.iter().map(|sample| sample.value))
            .context("no finite value was measured")?;
        let names = samples.first().map(|sample| sample.beside.iter().map(|(name, _)| *name));
        let beside = names
            .into_iter()
            .flatten()
            .map(|name| {
                let of_name = |sample: &Sample| {
                    sample.beside.iter().find(|(other, _)| *other == name).map(|(_, v)| *v)
                };
                let spread = Spread::of(samples.iter().filter_map(of_name));
                Ok((name, spread.with_context(|| format!("{name} is not finite"))?))
            })
            .collect::<Result<_>>()?;
        Ok(Self { figure, spread, beside, busy })
    }

    fn target_beside(&self, name: &str) -> Option<Target> {
        self.figure.beside.iter().find(|(other, _)| *other == name).map(|(_, target)| *target)
    }

    /// What limits the figure, if a target is missed and it is known.
    fn limit(&self) -> Option<&'static str> {
        let missed = self.figure.target.is_some_and(|target| !target.met(self.spread.median));
        let beside = self.beside.iter().any(|(name, spread)| {
            self.target_beside(name).is_some_and(|target| !target.met(spread.median))
        });
        self.figure.limit.filter(|_| missed || beside)
    }

    pub(super) fn json(&self) -> Value {
        let target = self.figure.target.map(
            |target| json!({ "text": target.to_string(), "met": target.met(self.spread.median) }),
        );
        let beside = self.beside.iter().map(|(name, spread)| ((*name).to_owned(), numbers(spread)));
        let mut line = numbers(&self.spread);
        line["name"] = self.figure.name.into();
        line["unit"] = self.figure.unit.into();
        line["target"] = target.into();
        line["beside"] = beside.collect::<serde_json::Map<_, _>>().into();
        for (name, spread) in &self.beside {
            if let Some(target) = self.target_beside(name) {
                line["beside"][*name]["target"] =
                    json!({ "text": target.to_string(), "met": target.met(spread.median) });
            }
        }
        if let Some(limit) = self.limit() {
            line["limit"] = limit.into();
        }
        line["busy"] = json!({ "machine": self.busy.machine, "others": self.busy.others });
        line
    }
}

fn numbers(spread: &Spread) -> Value {
    json!({ "median": spread.median, "min": spread.min, "max": spread.max })
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spread { median, min, max } = self.spread;
        write!(f, "{:<28} {:>10} {:<5}", self.figure.name, short(median), self.figure.unit)?;
        write!(f, " (min {}, max {})", short(min), short(max))?;
        write!(f, "; machine busy {}", self.busy)?;
        match self.figure.target {
            None => write!(f, "; no target")?,
            Some(target) if target.met(median) => write!(f, "; target {target}: met")?,
            Some(target) => write!(f, "; target {target}: MISSED")?,
        }
        for (name, spread) in &self.beside {
            write!(f, "; {name} {}", short(spread.median))?;
            match self.target_beside(name) {
                None => {}
                Some(target) if target.met(spread.median) => write!(f, " (target {target}: met)")?,
                Some(target) => write!(f, " (target {target}: MISSED)")?,
            }
        }
        if let Some(limit) = self.limit() {
            write!(f, "; limited by {limit}")?;
        }
        Ok(())
    }
}

/// Four digits say as much as a machine shared with others can.
fn short(value: f64) -> String {
    match value.abs() {
        big if big >= 1000.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATIO: Figure = Figure::new("made_up_ratio", "ratio", |_| Ok(Vec::new()))
        .target(Target::AtLeast(0.4))
        .limited_by("the moon");
    const BUSY: Share = Share { machine: 0.97, others: 0.12 };

    fn samples(sides: [(f64, f64); 3]) -> Vec<Sample> {
        sides.map(|(over, under)| Sample::ratio(("fast", over), ("slow", under))).into()
    }

    #[test]
    fn a_line_has_the_spread_the_machine_the_target_and_both_sides() {
        let samples = samples([(1.0, 2.0), (3.0, 4.0), (2.0, 8.0)]);
        let report = Report::new(&RATIO, &samples, BUSY).unwrap();
        assert_eq!(
            report.to_string(),
            "made_up_ratio                     0.500 ratio (min 0.250, max 0.750); \
             machine busy 97 %, others 12 %; target at least 0.4: met; fast 2.000; slow 4.000"
        );
        assert_eq!(
            report.json(),
            json!({
                "name": "made_up_ratio", "unit": "ratio", "median": 0.5, "min": 0.25, "max": 0.75,
                "target": { "text": "at least 0.4", "met": true },
                "busy": { "machine": 0.97, "others": 0.12 },
                "beside": {
                    "fast": { "median": 2.0, "min": 1.0, "max": 3.0 },
                    "slow": { "median": 4.0, "min": 2.0, "max": 8.0 },
                },
            })
        );
    }

    #[test]
    fn a_value_beside_may_have_a_target_too() {
        static FIGURE: Figure = RATIO.beside(&[("slow", Target::Below(4.0))]);
        let report = Report::new(&FIGURE, &samples([(9.0, 4.0); 3]), BUSY).unwrap();
        assert!(report.to_string().contains("slow 4.000 (target below 4: MISSED)"), "{report}");
        assert_eq!(report.json()["beside"]["slow"]["target"]["met"], false);
        assert_eq!(report.json()["limit"], "the moon");
        let report = Report::new(&FIGURE, &samples([(9.0, 3.0); 3]), BUSY).unwrap();
        assert!(report.to_string().contains("slow 3.000 (target below 4: met)"), "{report}");
        assert_eq!(report.json().get("limit"), None);
    }

    #[test]
    fn a_missed_target_is_said_and_nothing_measured_is_an_error() {
        let samples = samples([(1.0, 4.0), (1.0, 4.0), (1.0, 4.0)]);
        let report = Report::new(&RATIO, &samples, BUSY).unwrap();
        assert!(report.to_string().contains("target at least 0.4: MISSED"), "{report}");
        assert!(report.to_string().ends_with("limited by the moon"), "{report}");
        assert_eq!(report.json()["limit"], "the moon");
        assert!(Report::new(&RATIO, &[], BUSY).is_err());
    }
}
