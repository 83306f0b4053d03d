//! The Rust tests, cut into steps, run by cargo-nextest where it is installed and by `cargo test`
//! where it is not.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::count::Count;
use crate::transcript;
use crate::world::World;

/// Names of test modules, in any crate, whose tests take long: they kill, cut power or damage
/// stores. They are the step `crashes`, run one at a time (`nextest.toml` says the same).
const LONG: &str = "test(/(^|::)(kills?|power_cuts?|damage)::/)";

/// The modules of `tests/house`, which are steps of their own.
const HOUSE_RULES: &str = "house_rules::";
const NO_STD: &str = "no_std_proof::";

/// Nothing that `cargo test` runs may take longer; nextest has a limit for each test instead.
const LIMIT: Duration = Duration::from_mins(40);

pub(crate) fn fmt(world: &World) -> Result<Count> {
    succeeds(&mut world.cargo(["fmt", "--all", "--check"]))
}

pub(crate) fn clippy(world: &World) -> Result<Count> {
    let mut command = world.cargo(["clippy", "--workspace", "--all-targets"]);
    succeeds(command.args(["--features", "xtask/bench", "--", "-D", "warnings"]))
}

pub(crate) fn tidy(world: &World) -> Result<Count> {
    house(world, HOUSE_RULES)
}

pub(crate) fn no_std(world: &World) -> Result<Count> {
    house(world, NO_STD)
}

/// Everything but the house rules, the journeys and the long tests.
pub(crate) fn tests(world: &World) -> Result<Count> {
    if world.nextest {
        let house = "package(xtask) and kind(test)";
        let rest = format!("not ({house}) and not package(tallystick) and not {LONG}");
        return nextest(world, world.workspace_tests().args(["--filterset", &rest]));
    }
    // `cargo test` cannot leave a package's integration tests out and still build with the same
    // features, so the journeys and the long tests are run here with the others.
    let mut command = world.cargo(["test", "--workspace", "--features", "xtask/bench"]);
    command.args(["--no-fail-fast", "--lib", "--bins", "--tests", "--", "--show-output"]);
    libtest(command.args(["--skip", HOUSE_RULES, "--skip", NO_STD]))
}

/// The journeys through the release binary, which finds itself in `JOURNEYS_BINARY`.
pub(crate) fn journeys(world: &World) -> Result<Count> {
    part(world, &format!("package(tallystick) and not {LONG}"))
}

/// The long tests of all crates.
pub(crate) fn crashes(world: &World) -> Result<Count> {
    part(world, LONG)
}

pub(crate) fn doc(world: &World) -> Result<Count> {
    libtest(&mut world.cargo(["test", "--workspace", "--doc", "--no-fail-fast"]))
}

/// A command that is one test by itself.
pub(crate) fn succeeds(command: &mut Command) -> Result<Count> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    Ok(Count::one(status.success()))
}

fn part(world: &World, filterset: &str) -> Result<Count> {
    if world.nextest {
        nextest(world, world.workspace_tests().args(["--filterset", filterset]))
    } else {
        println!("already run in the step `tests`, as cargo-nextest is not installed");
        Ok(Count::default())
    }
}

fn house(world: &World, module: &str) -> Result<Count> {
    let target = ["--package", "xtask", "--test", "house"];
    if world.nextest {
        let mut command = world.cargo(["nextest", "run", "--no-tests", "fail"]);
        return nextest(world, command.args(target).arg(module));
    }
    let mut command = world.cargo(["test"]);
    libtest(command.args(target).args(["--", "--show-output", module]))
}

impl World {
    /// One way to build the tests for all steps: another choice of packages or features would
    /// build most of the dependencies again.
    fn workspace_tests(&self) -> Command {
        let mut command = self.cargo(["nextest", "run", "--workspace", "--no-tests", "pass"]);
        command.args(["--features", "xtask/bench"]);
        command
    }
}

/// Runs cargo-nextest and reads its report, which also says which tests skipped themselves.
fn nextest(world: &World, command: &mut Command) -> Result<Count> {
    let profile = world.amount.profile();
    // Below the workspace even where cargo's target folder is elsewhere.
    let report = world.root.join("target/nextest").join(profile).join("junit.xml");
    // A report left from another run must not be counted if this one does not come to an end.
    fs::remove_file(&report).ok();
    let settings = world.root.join("crates/xtask/nextest.toml");
    command.args(["--profile", profile, "--config-file"]).arg(settings);
    let status = command.status().context("cannot start cargo nextest")?;
    let count = fs::read_to_string(&report).ok().as_deref().and_then(Count::from_junit);
    Ok(consistent(status.success(), count))
}

/// Runs `cargo test` and counts its closing lines.
fn libtest(command: &mut Command) -> Result<Count> {
    let (status, output) = transcript::run(command, LIMIT)?;
    Ok(consistent(status.success(), Count::from_libtest(&output)))
}

/// A run that failed without a failed test, because it did not build for one, counts as one. So
/// does a run whose count is missing: nobody knows what it ran.
pub(crate) fn consistent(success: bool, count: Option<Count>) -> Count {
    match count {
        Some(count) if success || count.failed > 0 => count,
        Some(count) => Count { failed: 1, ..count },
        None => Count::one(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_breaks_or_does_not_say_what_it_ran_fails() {
        assert_eq!(consistent(false, None), Count::one(false));
        assert_eq!(consistent(true, None), Count::one(false));
        assert_eq!(consistent(false, Some(Count::one(true))).failed, 1);
        assert_eq!(consistent(false, Some(Count::one(false))), Count::one(false));
        assert_eq!(consistent(true, Some(Count::one(true))), Count::one(true));
    }
}
