//! A log of made-up records with all its tiles, as a store would keep them.

use std::cell::RefCell;
use std::collections::HashMap;

use tallystick_tally::{Edge, Entry, Hash, LeafIndex, Tile, TreeHead, TreeSize};

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
