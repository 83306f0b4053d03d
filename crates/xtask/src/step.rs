//! Steps: each runs if what it needs has passed, all are run, and the end tells how each went.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::count::Count;
use crate::world::World;

/// One thing that must pass.
pub(crate) struct Step {
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    /// The heading.
    pub(crate) what: &'static str,
    /// How long it may take from nothing on two cores. It is printed beside the time taken, never
    /// enforced: a slow machine is not a wrong program.
    pub(crate) budget: Duration,
    /// Steps without which this one cannot run.
    pub(crate) needs: &'static [&'static str],
    pub(crate) run: fn(&World) -> Result<Count>,
}

/// How a step ended.
enum Outcome {
    Ran {
        count: Count,
        took: Duration,
    },
    /// It broke before it could count anything.
    Broke {
        why: String,
        took: Duration,
    },
    /// It needs a step that failed.
    Held {
        by: &'static str,
    },
}

impl Outcome {
    fn passed(&self) -> bool {
        matches!(self, Self::Ran { count, .. } if count.failed == 0)
    }

    fn count(&self) -> Count {
        match self {
            Self::Ran { count, .. } => count.clone(),
            Self::Broke { .. } => Count::one(false),
            Self::Held { by } => Count::skip(format!("a step: {by} did not pass")),
        }
    }
}

/// Runs the steps, or those that are named, and ends with the closing line.
///
/// # Errors
/// When a name is not that of a step, or nobody takes the words.
pub(crate) fn run(
    world: &World,
    steps: &[Step],
    only: &[String],
    out: &mut dyn Write,
) -> Result<ExitCode> {
    if let Some(unknown) = only.iter().find(|name| steps.iter().all(|step| step.name != **name)) {
        let names: Vec<_> = steps.iter().map(|step| step.name).collect();
        bail!("no step is called {unknown}; there are {}", names.join(", "));
    }
    if !world.nextest {
        writeln!(out, "cargo-nextest is not installed: `cargo test` runs the tests instead")?;
    }

    let mut outcomes: Vec<(&Step, Outcome)> = Vec::new();
    for step in steps.iter().filter(|s| only.is_empty() || only.iter().any(|o| o == s.name)) {
        let missing = outcomes
            .iter()
            .find(|(before, outcome)| step.needs.contains(&before.name) && !outcome.passed());
        let outcome = match missing {
            Some((before, _)) => Outcome::Held { by: before.name },
            None => one(world, step, out)?,
        };
        outcomes.push((step, outcome));
    }
    close(&outcomes, out)
}

fn one(world: &World, step: &Step, out: &mut dyn Write) -> Result<Outcome> {
    writeln!(out, "\n── {}: {} (budget {} s)", step.name, step.what, step.budget.as_secs())?;
    let started = Instant::now();
    let ran = (step.run)(world);
    let took = started.elapsed();
    Ok(match ran {
        Ok(count) => {
            for skip in &count.skipped {
                writeln!(out, "SKIPPED: {skip}")?;
            }
            let count = if world.ci { count.without_skips() } else { count };
            writeln!(out, "── {}: {count} in {:.1} s", step.name, took.as_secs_f64())?;
            Outcome::Ran { count, took }
        }
        Err(error) => {
            writeln!(out, "── {}: {error:#}", step.name)?;
            Outcome::Broke { why: format!("{error:#}"), took }
        }
    })
}

fn close(outcomes: &[(&Step, Outcome)], out: &mut dyn Write) -> Result<ExitCode> {
    let mut total = Count::default();
    writeln!(out, "\n── summary")?;
    for (step, outcome) in outcomes {
        let (verdict, took) = match outcome {
            Outcome::Ran { count, took } if count.failed == 0 => (format!("ok: {count}"), took),
            Outcome::Ran { count, took } => (format!("FAILED: {count}"), took),
            Outcome::Broke { why, took } => (format!("FAILED: {why}"), took),
            Outcome::Held { by } => (format!("NOT RUN: needs {by}"), &Duration::ZERO),
        };
        let over = if *took > step.budget { ", over budget" } else { "" };
        let seconds = took.as_secs_f64();
        let budget = step.budget.as_secs();
        writeln!(out, "{:<9} {verdict} ({seconds:.1} s of {budget} s{over})", step.name)?;
        total.add(outcome.count());
    }
    for skip in &total.skipped {
        writeln!(out, "SKIPPED: {skip}")?;
    }
    writeln!(out, "{total}")?;
    let passed = outcomes.iter().all(|(_, outcome)| outcome.passed());
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Amount;

    fn world(ci: bool) -> World {
        let folder = std::path::PathBuf::from(".");
        World { root: folder.clone(), target: folder, nextest: true, ci, amount: Amount::Test }
    }

    fn step(name: &'static str, needs: &'static [&str], run: Run) -> Step {
        Step { name, what: "made up", budget: Duration::from_secs(1), needs, run }
    }

    type Run = fn(&World) -> Result<Count>;
    const PASSES: Run = |_| Ok(Count::one(true));
    const FAILS: Run = |_| Ok(Count::one(false));
    const BREAKS: Run = |_| bail!("no such tool");
    const SKIPS: Run = |_| Ok(Count::skip("web: node is not installed"));
    const MUST_NOT_RUN: Run = |_| panic!("what this step needs did not pass");

    /// What the steps said, and whether they all passed.
    fn said(ci: bool, steps: &[Step], only: &[&str]) -> (String, bool) {
        let only: Vec<_> = only.iter().map(|&name| name.to_owned()).collect();
        let mut out = Vec::new();
        let code = run(&world(ci), steps, &only, &mut out).expect("the names are those of steps");
        (String::from_utf8(out).expect("it is text"), code == ExitCode::SUCCESS)
    }

    #[track_caller]
    fn ends(ci: bool, steps: &[Step], only: &[&str], closing: &str, passed: bool) {
        let (text, well) = said(ci, steps, only);
        assert_eq!((text.lines().last(), well), (Some(closing), passed), "{text}");
    }

    #[test]
    fn one_failing_step_fails_the_whole_and_the_others_still_run() {
        let after = || step("b", &[], PASSES);
        ends(false, &[step("a", &[], PASSES), after()], &[], "2 passed, 0 failed, 0 skipped", true);
        ends(false, &[step("a", &[], FAILS), after()], &[], "1 passed, 1 failed, 0 skipped", false);
        ends(
            false,
            &[step("a", &[], BREAKS), after()],
            &[],
            "1 passed, 1 failed, 0 skipped",
            false,
        );
    }

    #[test]
    fn a_step_whose_need_failed_is_not_run_and_fails_the_whole() {
        let steps = [step("a", &[], FAILS), step("b", &["a"], MUST_NOT_RUN)];
        ends(false, &steps, &[], "0 passed, 1 failed, 1 skipped", false);
    }

    #[test]
    fn only_the_named_steps_run() {
        let steps = [step("a", &[], FAILS), step("b", &["a"], PASSES)];
        ends(false, &steps, &["b"], "1 passed, 0 failed, 0 skipped", true);
        let refused = run(&world(false), &steps, &["c".to_owned()], &mut Vec::new()).unwrap_err();
        assert_eq!(refused.to_string(), "no step is called c; there are a, b");
    }

    #[test]
    fn a_skip_is_loud_and_in_ci_a_failure() {
        let steps = [step("a", &[], SKIPS)];
        assert!(said(false, &steps, &[]).0.contains("\nSKIPPED: web: node is not installed\n"));
        ends(false, &steps, &[], "0 passed, 0 failed, 1 skipped", true);
        ends(true, &steps, &[], "0 passed, 1 failed, 0 skipped", false);
    }
}
