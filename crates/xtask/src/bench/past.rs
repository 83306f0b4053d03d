//! What the past costs: an agency's, and what a writer notices of somebody who replays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use tallystick_domain::id::AgencyId;
use tallystick_domain::{Position, Role};
use tallystick_ledger::AsOf;
use tallystick_views::Scope;

use super::figure::{Figure, Sample, Target};
use super::node::{Node, accepted};
use super::partnership::{Life, commissioner, providers, trusts};
use super::{Bench, ROUND};

/// An agency's past in the middle of the history: of the agency in the middle by size, and of the
/// smallest and the largest of 200.
pub(super) const AS_OF_AGENCY: Figure = Figure::new("as_of_agency_ms", "ms", |bench| {
    let node = bench.node()?;
    let scope = |agency: AgencyId| Scope::new(agency, Role::Caseworker);
    let snapshot = node.ledger.snapshot();
    let mut agencies: Vec<_> = std::iter::once(commissioner())
        .chain(trusts())
        .chain(providers())
        .map(|agency| (snapshot.ever_held(scope(agency)).len(), agency))
        .collect();
    agencies.sort_unstable();
    // The results of one position are kept, so each round asks for another.
    let mut position = bench.stock()?.position / 2;
    bench.rounds(|| {
        position += 1;
        let middle = AsOf::Position(Position(position));
        let past = |at: usize| {
            let (cases, agency) = agencies[at];
            let started = Instant::now();
            node.block_on(node.ledger.as_of(scope(agency), middle))?;
            let elapsed = started.elapsed().as_secs_f64() * 1_000.0;
            anyhow::Ok((elapsed, u32::try_from(cases)?))
        };
        let (median, cases) = past(agencies.len() / 2)?;
        let (smallest, _) = past(0)?;
        let (largest, most_cases) = past(agencies.len() - 1)?;
        Ok(Sample::new(median)
            .beside("smallest_ms", smallest)
            .beside("largest_ms", largest)
            .beside("cases", cases.into())
            .beside("cases_of_largest", most_cases.into()))
    })
})
.target(Target::Below(20.0));

/// How long one caller's command takes while the whole partnership's past is folded ÷ otherwise.
pub(super) const WRITER_DURING_REPLAY: Figure =
    Figure::new("writer_p50_during_replay_ratio", "ratio", |bench| {
        let node = bench.node()?;
        let mut position = bench.stock()?.position * 3 / 4;
        bench.rounds(|| {
            let idle = writer_p50_us(bench, &node)?;
            let over = Arc::new(AtomicBool::new(false));
            let (ledger, stop) = (node.ledger.clone(), Arc::clone(&over));
            let first = position;
            position += 100;
            let replaying = node.spawn(async move {
                let auditor = Scope::new(commissioner(), Role::Auditor);
                for position in first.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    ledger.as_of(auditor, AsOf::Position(Position(position))).await?;
                }
                Ok(())
            });
            let during = writer_p50_us(bench, &node);
            over.store(true, Ordering::Relaxed);
            node.block_on(replaying).context("the replay panicked")??;
            Ok(Sample::ratio(("during_replay_us", during?), ("idle_us", idle)))
        })
    })
    .target(Target::AtMost(1.5));

/// Half of the commands of one caller take no longer, in microseconds.
fn writer_p50_us(bench: &Bench<'_>, node: &Node) -> Result<f64> {
    let mut latencies = Vec::new();
    let started = Instant::now();
    while started.elapsed() < ROUND {
        let [number] = bench.lives(1).collect::<Vec<_>>()[..] else { unreachable!("one life") };
        for command in Life::new(number).commands()? {
            let asked = Instant::now();
            node.block_on(accepted(&node.ledger, command))?;
            latencies.push(asked.elapsed());
        }
    }
    latencies.sort_unstable();
    Ok(latencies[latencies.len() / 2].as_secs_f64() * 1e6)
}
