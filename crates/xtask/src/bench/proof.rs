//! What it costs an auditor: to verify a ledger, and to be shown that a record is in it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tallystick_tally::{Edge, Entry, InclusionProof, LeafIndex, TILE_BYTES, Tile, TreeSize};

use super::figure::{Figure, Sample, Target};
use super::node::as_f64;

/// `tallystick verify` of a ledger of a million events, from its start to its end.
pub(super) const VERIFY: Figure = Figure::new("verify_events_per_s", "1/s", |bench| {
    let binary = bench.binary()?;
    let stock = bench.stock()?;
    let folder = bench.folder("verified")?;
    stock.copy_to(&folder)?;
    bench.rounds(|| {
        let started = Instant::now();
        let status = Command::new(&binary)
            .args(["verify", "--key", &stock.verifier_key, "--data"])
            .arg(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .context("cannot start the binary")?;
        ensure!(status.success(), "the ledger does not verify: {status}");
        Ok(Sample::new(as_f64(stock.position) / started.elapsed().as_secs_f64()))
    })
})
.target(Target::AtLeast(500_000.0));

/// Leaves of the tree that proofs are made from.
const LEAVES: u64 = 10_000_000;
/// Proofs in a round.
const PROOFS: u64 = 2_000;

/// One proof that a record is among ten million, from tiles in memory; checked as well.
pub(super) const INCLUSION: Figure = Figure::new("inclusion_proof_us", "us", |bench| {
    let (mut edge, mut full) = (Edge::new(), HashMap::new());
    for index in 0..LEAVES {
        edge.append(leaf(index), |tile, bytes| drop(full.insert(tile, bytes.to_vec())));
    }
    let (size, head) = (TreeSize::new(LEAVES), edge.head());
    let tile_bytes = as_f64((full.len() * TILE_BYTES) as u64) / as_f64(LEAVES);
    let tile = |tile: Tile| -> Result<&[u8], Infallible> {
        let stored = full.get(&tile.full()).map(Vec::as_slice);
        Ok(stored.or_else(|| edge.tile(tile)).unwrap_or_default())
    };
    bench.rounds(|| {
        let started = Instant::now();
        for number in 0..PROOFS {
            let index = LeafIndex::new(number * (LEAVES / PROOFS) + number);
            let proof = InclusionProof::build(index, size, tile).context("no proof")?;
            proof.verify(leaf(index.get()), index, &head).context("a wrong proof")?;
            black_box(proof);
        }
        let each = started.elapsed().as_secs_f64() * 1e6 / as_f64(PROOFS);
        Ok(Sample::new(each).beside("tile_bytes_per_event", tile_bytes))
    })
})
.target(Target::Below(200.0));

/// Leaves that differ: how they came about is not measured.
fn leaf(index: u64) -> tallystick_tally::Hash {
    let mut digest = [7; 32];
    digest[..8].copy_from_slice(&index.to_be_bytes());
    Entry::of_digests(digest, digest).leaf()
}
