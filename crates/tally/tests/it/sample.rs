//! A log of made-up records with all its tiles, as a store would keep them.

use std::cell::RefCell;
use std::collections::HashMap;

use tallystick_tally::{
    AddCheckpoint, Checkpoint, ConsistencyProof, Cosigner, Edge, Entry, Hash, KeyName, LeafIndex,
    Signer, Tile, Timestamp, TreeHead, TreeSize,
};

/// The entry of the record at an index.
pub(crate) fn entry(index: u64) -> Entry {
    Entry::of(format!("header {index}").as_bytes(), format!("body {index}").as_bytes())
}

#[derive(Default)]
pub(crate) struct Log {
    pub(crate) edge: Edge,
    pub(crate) full: HashMap<Tile, Vec<u8>>,
    /// Tiles that were read, in order.
    pub(crate) read: RefCell<Vec<Tile>>,
}

impl Log {
    pub(crate) fn of_size(size: u64) -> Self {
        let mut log = Self::default();
        (0..size).for_each(|index| log.append(entry(index).leaf()));
        log
    }

    pub(crate) fn append(&mut self, leaf: Hash) {
        self.edge.append(leaf, |tile, bytes| {
            assert!(self.full.insert(tile, bytes.to_vec()).is_none(), "{tile} was full before");
        });
    }

    /// What a node answers from its store and its edge: of full tiles the whole.
    pub(crate) fn tile(&self, tile: Tile) -> Result<&[u8], Tile> {
        self.read.borrow_mut().push(tile);
        let stored = self.full.get(&tile.full()).map(Vec::as_slice);
        self.edge.tile(tile).or(stored).ok_or(tile)
    }

    /// Head of the tree when it had this size, made anew.
    pub(crate) fn head(&self, size: u64) -> TreeHead {
        let size = TreeSize::new(size);
        let root = tallystick_tally::root(size, |tile| self.tile(tile)).expect("all tiles");
        TreeHead { size, root }
    }
}

pub(crate) fn size(leaves: u64) -> TreeSize {
    TreeSize::new(leaves)
}

pub(crate) fn index(index: u64) -> LeafIndex {
    LeafIndex::new(index)
}

/// The same hash with one bit turned over.
pub(crate) fn with_bit(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::new(bytes)
}

/// Origin of the made-up log.
pub(crate) const ORIGIN: &str = "ledger.example/county#1";

fn name(name: &str) -> KeyName {
    name.parse().expect("a name")
}

/// The key of the log.
pub(crate) fn signer() -> Signer {
    Signer::from_seed(name(ORIGIN), &[1; 32])
}

/// Keys of witnesses, one for each length of a name: `commissioner`, `provider-a`, `auditor`.
pub(crate) fn cosigner(who: &str) -> Cosigner {
    let seed = u8::try_from(who.len()).expect("short");
    Cosigner::from_seed(name(&format!("{who}.example/witness")), &[seed; 32])
}

/// The cosignature of a witness that had never seen the log.
pub(crate) fn cosignature(who: &str, checkpoint: &Checkpoint, seconds: u64) -> String {
    cosignature_of(&cosigner(who), checkpoint, seconds)
}

pub(crate) fn cosignature_of(who: &Cosigner, checkpoint: &Checkpoint, seconds: u64) -> String {
    let proof = ConsistencyProof::new(Vec::new());
    let request = AddCheckpoint { old: size(0), proof, checkpoint: checkpoint.clone() };
    let log = [signer().verifier_key().clone()];
    let accepted = request.judge(&TreeHead::empty(), &log).expect("the log's own");
    let at = Timestamp::new(seconds).expect("a time");
    accepted.cosign(who, at).to_string()
}

/// A checkpoint with the cosignatures of some witnesses.
pub(crate) fn cosigned(log: &Log, leaves: u64, witnesses: &[&str]) -> Checkpoint {
    let mut checkpoint = signer().sign(log.head(leaves));
    for who in witnesses {
        let line = cosignature(who, &checkpoint, 1_800_000_000);
        let added = checkpoint.add_cosignatures(&line, &[cosigner(who).verifier_key().clone()]);
        assert_eq!(added, Ok(1));
    }
    checkpoint
}

/// 2 of 3 witnesses.
pub(crate) fn policy() -> String {
    let key = |who| cosigner(who).verifier_key().to_string();
    format!(
        "log {}\nwitness commissioner {}\nwitness provider {}\nwitness auditor {}\n\
         group two 2 commissioner provider auditor\nquorum two\n",
        signer().verifier_key(),
        key("commissioner"),
        key("provider-a"),
        key("auditor"),
    )
}

/// Each text that differs from this one in a single bit; most are not even UTF-8.
pub(crate) fn with_one_bit_changed(text: &str) -> impl Iterator<Item = Vec<u8>> {
    (0..text.len() * 8).map(|bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    })
}
