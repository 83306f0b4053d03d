use thiserror::Error;

use crate::frontier::Frontier;
use crate::hash::Hash;
use crate::head::{TreeHead, TreeSize};
use crate::tile::{TILE_BYTES, TILE_WIDTH, Tile, TileError, hashes, root_of};

/// Levels between two levels of tiles: 2^8 = 256.
const TILE_HEIGHT: u8 = 8;

/// The right edge of a tree: its [`Frontier`] and its partial tiles, at most 255 hashes a level.
/// All other hashes are in full tiles, which it gives out once and forgets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    frontier: Frontier,
    /// The partial tile of each level, from the leaves upwards; empty where the last one is full.
    partial: Vec<Vec<u8>>,
}

impl Edge {
    /// The tree without leaves.
    pub const fn new() -> Self {
        Self { frontier: Frontier::new(), partial: Vec::new() }
    }

    /// The edge of the tree whose leaves fill so many tiles of level 0, from stored full tiles.
    /// The leaves after them (at most 255) are then appended. Reads at most 255 tiles a level.
    ///
    /// # Errors
    /// [`EdgeError`] if a tile cannot be read or is not full.
    pub fn from_full_tiles<B: AsRef<[u8]>, E>(
        full_tiles: u64,
        mut read: impl FnMut(Tile) -> Result<B, E>,
    ) -> Result<Self, EdgeError<E>> {
        let size = TreeSize::new(full_tiles * u64::from(TILE_WIDTH));
        let mut partial = Vec::new();
        // A hash of one level is the root of a full tile of the level below.
        for tile in Tile::partial_in_tree(size) {
            let below = tile.level() - 1; // there is no partial tile of leaves
            let first = tile.index() * u64::from(TILE_WIDTH);
            let mut bytes = Vec::with_capacity(TILE_BYTES);
            for index in first..first + u64::from(tile.width()) {
                let full = Tile::full_at(below, index);
                let read = read(full).map_err(EdgeError::Read)?;
                bytes.extend_from_slice(root_of(hashes(full, read.as_ref())?).as_bytes());
            }
            partial.resize(tile.level().into(), Vec::new());
            partial.push(bytes);
        }
        let frontier = Frontier::from_partial_tiles(size, &partial);
        Ok(Self { frontier, partial })
    }

    /// Adds the next leaf. `full` gets each tile that it completes, to be stored: the one of level
    /// 0 every 256 leaves, of level 1 every 65,536, and so on.
    pub fn append(&mut self, leaf: Hash, mut full: impl FnMut(Tile, &[u8])) {
        let size = self.size().get() + 1;
        let partial = &mut self.partial;
        self.frontier.grow(leaf, |height, root| {
            if !height.is_multiple_of(TILE_HEIGHT) {
                return;
            }
            let level = height / TILE_HEIGHT;
            if partial.len() <= usize::from(level) {
                partial.push(Vec::with_capacity(TILE_BYTES));
            }
            let tile = &mut partial[usize::from(level)];
            tile.extend_from_slice(root.as_bytes());
            if tile.len() == TILE_BYTES {
                let index = (size >> height) / u64::from(TILE_WIDTH) - 1;
                full(Tile::full_at(level, index), tile);
                tile.clear();
            }
        });
    }

    /// Number of leaves.
    pub const fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    /// Size and root.
    pub fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    /// The hashes of a tile if it is at the edge, that is not among the full ones. Also narrower
    /// ones, as they were in smaller trees.
    pub fn tile(&self, tile: Tile) -> Option<&[u8]> {
        let here = Tile::in_tree(tile.level(), tile.index(), self.size())?;
        if here.is_full() || here.width() < tile.width() {
            return None;
        }
        let bytes = &self.partial[usize::from(tile.level())];
        Some(&bytes[..usize::from(tile.width()) * Hash::BYTES])
    }
}

impl Frontier {
    /// The peaks are in the partial tiles: of *w* hashes of a level, each bit of *w* is one.
    fn from_partial_tiles(size: TreeSize, partial: &[Vec<u8>]) -> Self {
        let mut peaks = Vec::new();
        for tile in partial.iter().rev() {
            let (mut rest, _) = tile.as_chunks::<{ Hash::BYTES }>();
            while !rest.is_empty() {
                let (peak, after) = rest.split_at(1 << rest.len().ilog2());
                peaks.push(root_of(peak));
                rest = after;
            }
        }
        Self::of_peaks(size, peaks)
    }
}

/// Why the edge could not be made again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EdgeError<E> {
    /// The store said no.
    #[error("a stored tile could not be read")]
    Read(#[source] E),
    /// What it gave is not a full tile.
    #[error(transparent)]
    Tile(#[from] TileError),
}
