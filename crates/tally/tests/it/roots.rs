//! The root of every size against two other implementations.

use std::collections::BTreeSet;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sha2::Sha256;
use tallystick_tally::{Frontier, Hash, TreeHead, leaf, node};
use tlog_tiles::tlog;

use crate::sample::{self, Log};

/// Stored hashes in the order of the other implementation.
pub(crate) struct Stored(Vec<tlog::Hash>);

impl tlog::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).expect("small")]).collect())
    }
}

impl Stored {
    pub(crate) fn of_size(size: u64) -> Self {
        let mut stored = Self(Vec::new());
        (0..size).for_each(|index| stored.append(index));
        stored
    }

    fn append(&mut self, index: u64) {
        let entry = sample::entry(index);
        let hashes = tlog::stored_hashes(index, entry.as_bytes(), self).expect("all are stored");
        self.0.extend(hashes);
    }

    pub(crate) fn root(&self, size: u64) -> Hash {
        Hash::new(tlog::tree_hash(size, self).expect("all are stored").0)
    }
}

#[test]
fn the_root_of_every_size_is_that_of_two_other_implementations() {
    const EVERY: u64 = 5_000;
    const LARGEST: u64 = 200_000;
    let mut random = StdRng::seed_from_u64(6962);
    let mut sizes: BTreeSet<u64> = (1..=EVERY).collect();
    while sizes.len() < 5_200 {
        sizes.insert(random.random_range(EVERY + 1..=LARGEST));
    }

    let mut log = Log::default();
    let mut stored = Stored(Vec::new());
    let mut memory = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for index in 0..*sizes.last().expect("some") {
        let entry = sample::entry(index);
        log.append(entry.leaf());
        stored.append(index);
        memory.push(entry.as_bytes().to_vec());
        let size = index + 1;
        if sizes.contains(&size) {
            let head = log.edge.head();
            assert_eq!(head.size.get(), size);
            assert_eq!(head.root, stored.root(size), "size {size}");
            assert_eq!(head.root.as_bytes()[..], memory.root().as_bytes()[..], "size {size}");
        }
    }
    // Smaller trees are read from the tiles of the large one.
    for size in sizes {
        assert_eq!(log.head(size).root, stored.root(size), "size {size}");
    }
}

/// RFC 6962 §2.1 word for word.
fn merkle_tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of_nothing(),
        [leaf] => *leaf,
        _ => {
            let k = 1 << (leaves.len() - 1).ilog2();
            node(merkle_tree_hash(&leaves[..k]), merkle_tree_hash(&leaves[k..]))
        }
    }
}

#[test]
fn the_root_follows_from_the_definition() {
    let leaves: Vec<Hash> = (0..300).map(|index| sample::entry(index).leaf()).collect();
    let mut frontier = Frontier::new();
    assert_eq!(frontier.head(), TreeHead::empty());
    for size in 1..=leaves.len() {
        frontier.append(leaves[size - 1]);
        assert_eq!(frontier.head().root, merkle_tree_hash(&leaves[..size]), "size {size}");
    }
}

/// RFC 6962 keeps leaves and nodes apart by their first byte; without it a node could be shown as
/// a leaf.
#[test]
fn a_leaf_is_never_a_node() {
    let (left, right) = (leaf(b"left"), leaf(b"right"));
    let as_entry = [left.as_bytes().as_slice(), right.as_bytes()].concat();
    assert_ne!(leaf(&as_entry), node(left, right));
    // SHA-256 of nothing, and of the single byte 0 (an empty leaf), as published test vectors have.
    assert_eq!(Hash::of_nothing().to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert_eq!(leaf(b"").to_string(), "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
}
