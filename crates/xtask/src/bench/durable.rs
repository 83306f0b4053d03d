//! How many commands a second become durable, alone and together, in process and over HTTP. A
//! command is one of a life (registrations among them, whose keys are durable first), so one
//! command is one event.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::Result;
use tallystick_log_sled::bench::ReadyRecords;

use super::busy::Busy;
use super::figure::{Figure, Sample, Target};
use super::limits::{fdatasync_per_s, raw_append_256_per_s};
use super::load::{Answers, Load, Script};
use super::node::{Lives, Node, as_f64, open_log};
use super::partnership::Life;
use super::request::{ACCEPTED, tell};
use super::{Bench, ROUND};

/// Lives of one caller in a round: more than a disk can flush.
const LIVES_OF_ONE: u64 = 1_000;
/// Lives of 256 callers in a round, for 200,000 commands a second.
const LIVES_OF_256: u64 = 10_000;
/// Lives of each of 64 connections in a round, for 38,000 requests a second.
const LIVES_OF_CONNECTION: u64 = 30;

/// One caller in process ÷ `fdatasync`.
pub(super) const SINGLE_RATIO: Figure =
    Figure::new("durable_single_ratio", "ratio", |bench: &Bench<'_>| {
        let node = Node::founded(&bench.folder("durable_single")?)?;
        let disk = bench.folder("fdatasync")?;
        bench.rounds(|| {
            let lives = Lives::prepared(bench.lives(LIVES_OF_ONE))?;
            let alone = node.write(lives, 1, ROUND)?;
            Ok(Sample::ratio(("alone_per_s", alone), ("fdatasync_per_s", fdatasync_per_s(&disk)?)))
        })
    })
    .target(Target::AtLeast(0.4));

/// One GraphQL client ÷ `fdatasync`.
pub(super) const HTTP_SINGLE_RATIO: Figure =
    Figure::new("http_durable_single_ratio", "ratio", |bench| {
        let mut node = Node::founded(&bench.folder("http_durable_single")?)?;
        let server = node.serve()?;
        let disk = bench.folder("fdatasync")?;
        bench.rounds(|| {
            let answers = commands(bench, server, 1, LIVES_OF_ONE)?;
            let alone = ("alone_per_s", answers.per_second());
            Ok(Sample::ratio(alone, ("fdatasync_per_s", fdatasync_per_s(&disk)?))
                .beside("p50_ms", answers.percentile_ms(50))
                .beside("p99_ms", answers.percentile_ms(99)))
        })
    })
    .target(Target::AtLeast(0.3));

/// 256 callers in process.
pub(super) const IN_PROCESS_256: Figure = Figure::new("durable_256_per_s", "1/s", |bench| {
    let node = Node::founded(&bench.folder("durable_256")?)?;
    let log = open_log(&bench.folder("raw_append")?)?;
    let ready = ReadyRecords::new(4096);
    bench.rounds(|| {
        let lives = Lives::prepared(bench.lives(LIVES_OF_256))?;
        let (before, busy) = (node.ledger.metrics(), Busy::now()?);
        let together = node.write(lives, 256, ROUND)?;
        let (after, cpu) = (node.ledger.metrics(), Busy::now()?.own_us_since(&busy));
        let commits = as_f64(after.commits - before.commits);
        let of_commit = |sum: u64| as_f64(sum) / commits;
        Ok(Sample::new(together)
            .beside("raw_append_256_per_s", raw_append_256_per_s(&log, &ready))
            .beside("cpu_us_each", cpu / as_f64(after.events - before.events))
            .beside("events_a_commit", of_commit(after.events - before.events))
            .beside("decide_us", of_commit(after.decide_us.sum - before.decide_us.sum))
            .beside("flush_us", of_commit(after.flush_us.sum - before.flush_us.sum))
            .beside("publish_us", of_commit(after.publish_us.sum - before.publish_us.sum))
            .beside("tree_us", of_commit(after.tree_us.sum - before.tree_us.sum)))
    })
})
.target(Target::AtLeast(60_000.0));

/// The time of 256 callers ÷ the same without what the tree takes of it, while checkpoints are
/// signed. The writer's thread hashes, and mostly while the disk flushes the same block, so this is
/// the most that the tree can cost, and not what it does cost.
pub(super) const TALLY_COST: Figure = Figure::new("tally_cost_ratio", "ratio", |bench| {
    let node = Node::founded(&bench.folder("tally_cost")?)?;
    bench.rounds(|| {
        let lives = Lives::prepared(bench.lives(LIVES_OF_256))?;
        let before = node.ledger.metrics();
        let started = Instant::now();
        let per_second = node.write(lives, 256, ROUND)?;
        let whole_us = started.elapsed().as_secs_f64() * 1e6;
        let after = node.ledger.metrics();
        let tree_us = as_f64(after.tree_us.sum - before.tree_us.sum);
        let events = as_f64(after.events - before.events);
        Ok(Sample::new(whole_us / (whole_us - tree_us))
            .beside("tree_us_each", tree_us / events)
            .beside("durable_256_per_s", per_second))
    })
})
.target(Target::AtMost(1.15));

/// 64 GraphQL clients.
pub(super) const HTTP_64: Figure = Figure::new("http_durable_64_per_s", "1/s", |bench| {
    let mut node = Node::founded(&bench.folder("http_durable_64")?)?;
    let server = node.serve()?;
    bench.rounds(|| {
        let answers = commands(bench, server, 64, LIVES_OF_CONNECTION)?;
        Ok(Sample::new(answers.per_second())
            .beside("cpu_us_each", answers.cpu_us_each())
            .beside("p50_ms", answers.percentile_ms(50))
            .beside("p99_ms", answers.percentile_ms(99)))
    })
})
.target(Target::AtLeast(12_000.0));

/// 64 GraphQL clients on a ledger of a million events ÷ on an empty one.
pub(super) const FLAT_RATIO: Figure = Figure::new("flat_ratio", "ratio", |bench| {
    let full = bench.node()?.serve()?;
    bench.rounds(|| {
        let mut empty = Node::founded(&bench.folder("empty")?)?;
        let server = empty.serve()?;
        let on_empty = commands(bench, server, 64, LIVES_OF_CONNECTION)?.per_second();
        empty.close()?;
        let on_full = commands(bench, full, 64, LIVES_OF_CONNECTION)?.per_second();
        Ok(Sample::ratio(("full_per_s", on_full), ("empty_per_s", on_empty)))
    })
})
.target(Target::AtLeast(0.9));

/// One round of connections that each tell lives, one command after the other.
fn commands(
    bench: &Bench<'_>,
    server: SocketAddr,
    connections: usize,
    lives_of_each: u64,
) -> Result<Answers> {
    let script = |_| {
        let lives = bench.lives(lives_of_each).map(|number| Life::new(number).commands());
        let commands = lives.collect::<Result<Vec<_>>>()?.concat();
        Ok(Script::Once(commands.iter().map(tell).collect::<Result<_>>()?))
    };
    let scripts = (0..connections).map(script).collect::<Result<_>>()?;
    Load { server, scripts, duration: ROUND, expected: ACCEPTED }.run()
}
