//! Proofs against another implementation, and that nothing else is proved by them.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tallystick_tally::{
    ConsistencyProof, Hash, InclusionProof, Mismatch, ProofError, TileError, TreeHead,
};
use tlog_tiles::tlog;

use crate::roots::Stored;
use crate::sample::{Log, entry, index, size, with_bit};

fn hashes(proof: &[tlog::Hash]) -> Vec<Hash> {
    proof.iter().map(|hash| Hash::new(hash.0)).collect()
}

/// Both are built, compared and verified.
fn check_inclusion(log: &Log, stored: &Stored, leaf: u64, leaves: u64) -> InclusionProof {
    let proof = InclusionProof::build(index(leaf), size(leaves), |tile| log.tile(tile));
    let proof = proof.expect("all tiles");
    let theirs = tlog::prove_record(leaves, leaf, stored).expect("all hashes");
    assert_eq!(proof.hashes(), hashes(&theirs), "leaf {leaf} of {leaves}");
    let head = TreeHead { size: size(leaves), root: stored.root(leaves) };
    assert_eq!(proof.verify(entry(leaf).leaf(), index(leaf), &head), Ok(()));
    proof
}

fn check_consistency(log: &Log, stored: &Stored, older: u64, newer: u64) -> ConsistencyProof {
    let proof = ConsistencyProof::build(size(older), size(newer), |tile| log.tile(tile));
    let proof = proof.expect("all tiles");
    let theirs = tlog::prove_tree(newer, older, stored).expect("all hashes");
    assert_eq!(proof.hashes(), hashes(&theirs), "{older} in {newer}");
    let head = |leaves| TreeHead { size: size(leaves), root: stored.root(leaves) };
    assert_eq!(proof.verify(&head(older), &head(newer)), Ok(()), "{older} in {newer}");
    proof
}

#[test]
fn every_proof_of_small_trees_is_that_of_another_implementation() {
    let (log, stored) = (Log::of_size(300), Stored::of_size(300));
    for leaves in (1..=70).chain(255..=258) {
        for leaf in 0..leaves {
            check_inclusion(&log, &stored, leaf, leaves);
            check_consistency(&log, &stored, leaf + 1, leaves);
        }
    }
}

#[test]
fn proofs_of_large_trees_are_those_of_another_implementation() {
    const LEAVES: u64 = 150_000;
    let (log, stored) = (Log::of_size(LEAVES), Stored::of_size(LEAVES));
    let mut random = StdRng::seed_from_u64(9162);
    for _ in 0..500 {
        let leaves = random.random_range(1..=LEAVES);
        check_inclusion(&log, &stored, random.random_range(0..leaves), leaves);
        check_consistency(&log, &stored, random.random_range(1..=leaves), leaves);
    }
    for leaves in [65_535, 65_536, 65_537, 131_071, 131_072, 131_073] {
        for leaf in [0, 255, 256, 65_534, leaves - 1] {
            check_inclusion(&log, &stored, leaf, leaves);
            check_consistency(&log, &stored, leaf + 1, leaves);
        }
    }
}

#[test]
fn a_proof_shows_nothing_but_its_leaf_at_its_place() {
    let log = Log::of_size(20);
    for leaves in 1..=20 {
        let head = log.head(leaves);
        for leaf in 0..leaves {
            let proof = InclusionProof::build(index(leaf), size(leaves), |tile| log.tile(tile));
            let proof = proof.expect("all tiles");
            let hash = entry(leaf).leaf();
            for other in (0..leaves + 2).chain([leaf + 64, u64::MAX]).filter(|i| *i != leaf) {
                assert_eq!(
                    proof.verify(hash, index(other), &head),
                    Err(Mismatch),
                    "{leaf} {other}"
                );
            }
            for bit in 0..256 {
                let refused = |proof: &InclusionProof, hash, head: &TreeHead| {
                    assert_eq!(proof.verify(hash, index(leaf), head), Err(Mismatch));
                };
                refused(&proof, with_bit(hash, bit), &head);
                refused(&proof, hash, &TreeHead { root: with_bit(head.root, bit), ..head });
                for at in 0..proof.hashes().len() {
                    let mut hashes = proof.hashes().to_vec();
                    hashes[at] = with_bit(hashes[at], bit);
                    refused(&InclusionProof::new(hashes), hash, &head);
                }
            }
            for other in wrong_lengths(proof.hashes()) {
                let proof = InclusionProof::new(other);
                assert_eq!(proof.verify(hash, index(leaf), &head), Err(Mismatch));
            }
        }
    }
    let nothing = InclusionProof::new(Vec::new());
    let empty = TreeHead::empty();
    assert_eq!(nothing.verify(empty.root, index(0), &empty), Err(Mismatch), "no leaf to prove");
}

#[test]
fn a_tree_is_shown_to_begin_with_no_other() {
    let log = Log::of_size(20);
    for newer in 1..=20 {
        let new = log.head(newer);
        for older in 0..=newer {
            let old = log.head(older);
            let proof = ConsistencyProof::build(size(older), size(newer), |tile| log.tile(tile));
            let proof = proof.expect("all tiles");
            assert_eq!(proof.verify(&old, &new), Ok(()));
            assert_eq!(proof.verify(&new, &old).is_ok(), older == newer, "the other way round");
            for bit in 0..256 {
                let refused = |proof: &ConsistencyProof, old: &TreeHead, new: &TreeHead| {
                    assert_eq!(proof.verify(old, new), Err(Mismatch), "{older} in {newer}");
                };
                refused(&proof, &TreeHead { root: with_bit(old.root, bit), ..old }, &new);
                // Every tree begins with the empty one.
                if older > 0 {
                    refused(&proof, &old, &TreeHead { root: with_bit(new.root, bit), ..new });
                }
                for at in 0..proof.hashes().len() {
                    let mut hashes = proof.hashes().to_vec();
                    hashes[at] = with_bit(hashes[at], bit);
                    refused(&ConsistencyProof::new(hashes), &old, &new);
                }
            }
            for other in wrong_lengths(proof.hashes()) {
                let proof = ConsistencyProof::new(other);
                assert_eq!(proof.verify(&old, &new), Err(Mismatch), "{older} in {newer}");
            }
        }
    }
}

/// One hash less or more, at either end.
fn wrong_lengths(hashes: &[Hash]) -> Vec<Vec<Hash>> {
    let one = [Hash::of_nothing()];
    let mut wrong = vec![[hashes, &one].concat(), [&one, hashes].concat()];
    if let [first, rest @ ..] = hashes {
        wrong.push(rest.to_vec());
        wrong.push(hashes[..hashes.len() - 1].to_vec());
        wrong.push([&[*first], hashes].concat());
    }
    wrong
}

#[test]
fn what_a_tree_has_not_is_not_proved() {
    let log = Log::of_size(5);
    let beyond = |asked| ProofError::Beyond { asked, size: size(5) };
    let read = |tile| log.tile(tile);
    assert_eq!(InclusionProof::build(index(5), size(5), read), Err(beyond(5)));
    assert_eq!(ConsistencyProof::build(size(6), size(5), read), Err(beyond(6)));
    let empty = ProofError::Beyond { asked: 0, size: size(0) };
    assert_eq!(InclusionProof::build(index(0), size(0), read), Err(empty));
}

#[test]
fn each_tile_is_read_once() {
    let log = Log::of_size(140_000);
    for leaf in [0, 70_000, 139_999] {
        log.read.borrow_mut().clear();
        InclusionProof::build(index(leaf), size(140_000), |tile| log.tile(tile)).expect("tiles");
        let read = log.read.take();
        let once: BTreeSet<_> = read.iter().collect();
        assert_eq!(once.len(), read.len(), "{read:?}");
        assert!((3..=5).contains(&read.len()), "two a level at most: {read:?}");
    }
}

#[test]
fn a_tile_that_is_missing_or_cut_is_named() {
    let log = Log::of_size(300);
    let gone =
        InclusionProof::build(index(3), size(300), |tile| Err::<Vec<u8>, _>(tile.to_string()));
    assert!(matches!(gone, Err(ProofError::Read(tile)) if tile.starts_with("tile/")));
    for wrong in [&[0; 31][..], &[0; 33], &[0; 8_224], &[]] {
        let cut = InclusionProof::build(index(3), size(300), |tile| {
            if tile.is_full() { log.tile(tile) } else { Ok(wrong) }
        });
        let Err(ProofError::Tile(TileError { tile, found })) = cut else { panic!("{cut:?}") };
        assert_eq!((tile.to_string(), found), ("tile/0/001.p/44".to_owned(), wrong.len()));
    }
}
