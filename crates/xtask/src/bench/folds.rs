//! How fast a log of a million events is read on one core: scanned, decoded, folded, and opened.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tallystick_domain::Record;
use tallystick_ledger::replay;
use tallystick_log::{Head, Log, ReadBudget, wait};
use tallystick_log_sled::bench::scan_per_s;

use super::figure::{Figure, Sample, Target};
use super::node::{Node, as_f64, open_log};

/// Every block read, its checksum checked, inflated, every record looked at.
pub(super) const SCAN: Figure = Figure::new("scan_events_per_s", "1/s", |bench| {
    let log = open_log(&bench.stock()?.folder)?;
    bench.rounds(|| Ok(Sample::new(scan_per_s(&log))))
})
.target(Target::AtLeast(1_500_000.0));

/// The same with the chain of digests checked and every record read into its event.
pub(super) const DECODE: Figure = Figure::new("decode_events_per_s", "1/s", |bench| {
    let log = open_log(&bench.stock()?.folder)?;
    bench.rounds(|| Ok(Sample::new(decode_per_s(&log)?)))
})
.target(Target::AtLeast(500_000.0));

/// All folds, from nothing.
pub(super) const REPLAY: Figure = Figure::new("replay_events_per_s", "1/s", |bench| {
    let log: Arc<dyn Log> = Arc::new(open_log(&bench.stock()?.folder)?);
    bench.rounds(|| {
        let started = Instant::now();
        let snapshot = replay(&log, None, |_| {})?;
        Ok(Sample::new(as_f64(snapshot.position().0) / started.elapsed().as_secs_f64()))
    })
})
.target(Target::AtLeast(250_000.0));

/// From a closed folder to a ledger that takes commands.
pub(super) const START: Figure = Figure::new("start_savepoint_s", "s", |bench| {
    let stock = bench.stock()?;
    let start = |from_savepoint| {
        let started = Instant::now();
        let node = Node::open(&stock.folder, from_savepoint)?;
        let elapsed = started.elapsed().as_secs_f64();
        ensure!(node.ledger.snapshot().position().0 == stock.position, "it lost events");
        node.leave()?;
        anyhow::Ok(elapsed)
    };
    bench.rounds(|| Ok(Sample::new(start(true)?).beside("without_savepoint_s", start(false)?)))
})
.target(Target::Below(0.7))
.beside(&[("without_savepoint_s", Target::Below(5.0))]);

fn decode_per_s(log: &impl Log) -> Result<f64> {
    let started = Instant::now();
    let mut buffer = Vec::new();
    let mut events = 0;
    let mut head = Head::empty(log.identity());
    loop {
        let blocks = wait(log.read(head.commit, ReadBudget::default()))?;
        if blocks.is_empty() {
            return Ok(as_f64(events) / started.elapsed().as_secs_f64());
        }
        for block in &blocks {
            head.admits(block).context("the chain is broken")?;
            head = Head::of(block);
            for stored in block.scan(&mut buffer)? {
                black_box(Record::decode(stored.header, stored.body)?);
                events += 1;
            }
        }
    }
}
