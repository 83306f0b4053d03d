//! The chores of the project: `cargo xtask test`, `soak`, `fix` and `bench`. Never shipped.
//!
//! What is not here: the tests themselves. Each crate has its own beside its rules, the journeys
//! through the binary are in `tests/`, and the house rules are tests of this package.

#[cfg(feature = "bench")]
mod bench;
mod count;
mod plan;
mod readme;
mod release;
mod step;
mod suite;
mod transcript;
mod web;
mod world;

use std::io;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser};

use crate::world::{Amount, World};

/// The chores of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
enum Task {
    /// Run everything that must pass.
    Test(Selection),
    /// Run the same long tests with larger numbers.
    Soak(Selection),
    /// Format, and apply what clippy can mend by itself.
    Fix,
    /// Measure the figures that the ledger is judged by.
    Bench(BenchArgs),
}

#[derive(Args)]
struct Selection {
    /// Only these steps, by name: `--only tidy,no-std`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// How to measure.
#[derive(Args)]
struct BenchArgs {
    /// One JSON object a line instead of text.
    #[arg(long)]
    json: bool,
    /// Only these figures, by name.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How often each figure is measured; the median is reported.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// A ledger of 50,000 events instead of 1,000,000: to see whether it works, not how fast it is.
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    match run(Task::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Test(selection) => {
            let world = World::find(Amount::Test)?;
            step::run(&world, plan::TEST, &selection.only, &mut io::stdout())
        }
        Task::Soak(selection) => {
            let world = World::find(Amount::Soak)?;
            step::run(&world, plan::SOAK, &selection.only, &mut io::stdout())
        }
        Task::Fix => fix(&World::find(Amount::Test)?),
        Task::Bench(args) => measure(&args),
    }
}

fn fix(world: &World) -> Result<ExitCode> {
    let mended = world
        .cargo(["clippy", "--workspace", "--all-targets", "--features", "xtask/bench"])
        .args(["--fix", "--allow-dirty", "--allow-staged"])
        .status()
        .context("cannot start cargo clippy")?;
    // Formatting comes last, because a mended line may have another width.
    let formatted = world.cargo(["fmt", "--all"]).status().context("cannot start cargo fmt")?;
    let both = mended.success() && formatted.success();
    Ok(if both { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(feature = "bench")]
fn measure(args: &BenchArgs) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        return measure_in_release();
    }
    bench::run(&World::find(Amount::Test)?, args)
}

#[cfg(not(feature = "bench"))]
fn measure(_: &BenchArgs) -> Result<ExitCode> {
    measure_in_release()
}

/// A figure of a debug build would say nothing, so the same words are said to a release build.
fn measure_in_release() -> Result<ExitCode> {
    let status = World::find(Amount::Test)?
        .cargo(["run", "--quiet", "--release", "--package", "xtask", "--features", "bench", "--"])
        .args(std::env::args_os().skip(1))
        .status()
        .context("cannot start cargo run")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
