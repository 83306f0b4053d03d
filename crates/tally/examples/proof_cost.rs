//! What the proof costs: one line per figure, `name value`.
//!
//! ```text
//! cargo run --release -p tallystick-tally --example proof_cost
//! ```

#![expect(clippy::cast_precision_loss, reason = "figures of a few digits")]

use std::collections::HashMap;
use std::error::Error;
use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use tallystick_tally::{
    ConsistencyProof, Edge, Entry, Frontier, InclusionProof, LeafIndex, Signer, TILE_BYTES, Tile,
    TreeHead, TreeSize,
};

/// Records of a large ledger.
const LEAVES: u64 = 10_000_000;
/// A record as most are: 1 KiB, of which the header is 174 bytes.
const HEADER_BYTES: usize = 174;
const BODY_BYTES: usize = 850;
const PROOFS: u64 = 2_000;
const SIGNATURES: u32 = 5_000;
const RECORDS: u64 = 500_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut edge = Edge::new();
    let mut full: HashMap<Tile, Vec<u8>> = HashMap::new();
    // Entries that differ, at no cost of their own: the leaf is what is measured.
    let entry = |index: u64| {
        let mut digest = [7; 32];
        digest[..8].copy_from_slice(&index.to_be_bytes());
        Entry::of_digests(digest, digest)
    };
    let start = Instant::now();
    for index in 0..LEAVES {
        edge.append(entry(index).leaf(), |tile, bytes| drop(full.insert(tile, bytes.to_vec())));
    }
    print("append_ns_per_leaf", start.elapsed(), LEAVES, 1e9);
    let stored = full.len() * TILE_BYTES;
    println!("stored_tile_bytes_per_event {:.2}", stored as f64 / LEAVES as f64);

    let size = TreeSize::new(LEAVES);
    let tile = |tile: Tile| {
        let stored = full.get(&tile.full()).map(Vec::as_slice);
        stored.or_else(|| edge.tile(tile)).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    };
    let start = Instant::now();
    black_box(tallystick_tally::root(size, tile)?);
    print("root_from_tiles_us", start.elapsed(), 1, 1e6);
    let start = Instant::now();
    for index in spread(LEAVES) {
        black_box(InclusionProof::build(LeafIndex::new(index), size, tile)?);
    }
    print("inclusion_proof_us", start.elapsed(), PROOFS, 1e6);
    let start = Instant::now();
    for older in spread(LEAVES) {
        black_box(ConsistencyProof::build(TreeSize::new(older), size, tile)?);
    }
    print("consistency_proof_us", start.elapsed(), PROOFS, 1e6);
    let proof = InclusionProof::build(LeafIndex::new(LEAVES / 3), size, tile)?;
    let (leaf, head) = (entry(LEAVES / 3).leaf(), edge.head());
    let start = Instant::now();
    for _ in 0..PROOFS {
        proof.verify(black_box(leaf), LeafIndex::new(LEAVES / 3), &head)?;
    }
    print("verify_inclusion_us", start.elapsed(), PROOFS, 1e6);
    let start = Instant::now();
    black_box(Edge::from_full_tiles(LEAVES / 256, tile)?);
    print("edge_from_tiles_ms", start.elapsed(), 1, 1e3);

    let signer = Signer::from_seed("bench.example/log#1".parse()?, &[1; 32]);
    let start = Instant::now();
    for leaves in 0..SIGNATURES {
        let size = TreeSize::new(leaves.into());
        black_box(signer.sign(TreeHead { size, root: head.root }));
    }
    print("sign_us", start.elapsed(), SIGNATURES.into(), 1e6);
    let checkpoint = signer.sign(head);
    let start = Instant::now();
    for _ in 0..SIGNATURES {
        black_box(checkpoint.verify([signer.verifier_key()]))?;
    }
    print("verify_signature_us", start.elapsed(), SIGNATURES.into(), 1e6);

    let (header, mut body) = ([3; HEADER_BYTES], [5; BODY_BYTES]);
    let mut frontier = Frontier::new();
    let start = Instant::now();
    for index in 0..RECORDS {
        body[..8].copy_from_slice(&index.to_be_bytes());
        frontier.append(Entry::of(&header, &body).leaf());
    }
    black_box(frontier.head());
    let per_second = RECORDS as f64 / start.elapsed().as_secs_f64();
    println!("recompute_root_events_per_s_per_core {per_second:.0}");
    Ok(())
}

/// Places all over a tree, in no order.
fn spread(leaves: u64) -> impl Iterator<Item = u64> {
    (1..=PROOFS).map(move |n| n * 7_919_993 % leaves)
}

fn print(name: &str, took: Duration, times: u64, a_second: f64) {
    println!("{name} {:.3}", took.as_secs_f64() * a_second / times as f64);
}
