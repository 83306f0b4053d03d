use thiserror::Error;

use crate::hash::{Hash, node};
use crate::head::{LeafIndex, TreeHead, TreeSize};
use crate::tile::{TILE_WIDTH, Tile, TileError, hashes, root_of};

/// Levels of the tree within a tile.
const TILE_HEIGHT: u32 = TILE_WIDTH.ilog2();

/// Shows that a leaf is in a tree: the siblings from the leaf up to the root (RFC 6962 §2.1.1, the
/// "Merkle audit path").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof(Vec<Hash>);

/// Shows that a tree begins with an older one (RFC 6962 §2.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof(Vec<Hash>);

/// What a proof should show does not follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the proof does not lead to the root")]
pub struct Mismatch;

/// Why a proof could not be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofError<E> {
    /// There is no such leaf, or no such older tree.
    #[error("a tree of size {size} has nothing at {asked}")]
    Beyond {
        /// Index of the leaf, or size of the older tree.
        asked: u64,
        /// Size of the tree.
        size: TreeSize,
    },
    /// The store said no.
    #[error("a stored tile could not be read")]
    Read(#[source] E),
    /// What it gave is not that tile.
    #[error(transparent)]
    Tile(#[from] TileError),
}

/// Root of the tree of a size, from its tiles.
///
/// # Errors
/// [`ProofError::Read`] and [`ProofError::Tile`].
pub fn root<B: AsRef<[u8]>, E>(
    size: TreeSize,
    read: impl FnMut(Tile) -> Result<B, E>,
) -> Result<Hash, ProofError<E>> {
    match size.get() {
        0 => Ok(Hash::of_nothing()),
        leaves => Tiles::new(size, read).root_of_leaves(0, leaves),
    }
}

/// Hashes that a proof may have: in a tree of up to 2^63 leaves, and as tlog-witness says.
const MAX_HASHES: usize = 63;

/// The hashes of a proof in a C2SP text, one a line.
pub(crate) fn parse_hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Hash>> {
    let hashes: Vec<_> =
        lines.take(MAX_HASHES + 1).map(str::parse).collect::<Result<_, _>>().ok()?;
    (hashes.len() <= MAX_HASHES).then_some(hashes)
}

impl InclusionProof {
    /// The siblings, the leaf's own first, as they came from elsewhere.
    pub const fn new(siblings: Vec<Hash>) -> Self {
        Self(siblings)
    }

    /// The siblings, the leaf's own first.
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }

    /// The path of a leaf in the tree of a size (RFC 6962 §2.1.1, `PATH(m, D[n])`). `read` is
    /// asked for each tile once, in the width it has in that tree; it may answer with a wider one.
    ///
    /// # Errors
    /// [`ProofError::Beyond`] if the tree has no such leaf; the others if a tile is not to be had.
    pub fn build<B: AsRef<[u8]>, E>(
        index: LeafIndex,
        size: TreeSize,
        read: impl FnMut(Tile) -> Result<B, E>,
    ) -> Result<Self, ProofError<E>> {
        let (mut low, mut high) = (0, size.get());
        if index.get() >= high {
            return Err(ProofError::Beyond { asked: index.get(), size });
        }
        let mut tiles = Tiles::new(size, read);
        let mut path = Vec::new();
        while high - low > 1 {
            let middle = low + split(high - low);
            if index.get() < middle {
                path.push(tiles.root_of_leaves(middle, high)?);
                high = middle;
            } else {
                path.push(tiles.root_of_leaves(low, middle)?);
                low = middle;
            }
        }
        path.reverse();
        Ok(Self(path))
    }

    /// Checks that the leaf with this hash is at that index of that tree (RFC 9162 §2.1.3.2).
    ///
    /// # Errors
    /// [`Mismatch`] if it does not follow from the proof.
    pub fn verify(&self, leaf: Hash, index: LeafIndex, head: &TreeHead) -> Result<(), Mismatch> {
        let mut at = index.get();
        let mut last = head.size.get().checked_sub(1).filter(|last| at <= *last).ok_or(Mismatch)?;
        let mut hash = leaf;
        for sibling in &self.0 {
            if last == 0 {
                return Err(Mismatch);
            }
            if is_right(&mut at, &mut last) {
                hash = node(*sibling, hash);
            } else {
                hash = node(hash, *sibling);
            }
        }
        if last == 0 && hash == head.root { Ok(()) } else { Err(Mismatch) }
    }
}

impl ConsistencyProof {
    /// The hashes in the order of RFC 6962, as they came from elsewhere.
    pub const fn new(hashes: Vec<Hash>) -> Self {
        Self(hashes)
    }

    /// The hashes in the order of RFC 6962.
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }

    /// The proof between two sizes of a tree (RFC 6962 §2.1.2, `PROOF(m, D[n])`). Empty if they
    /// are equal, and from the tree without leaves, with which every tree begins (tlog-witness,
    /// "add-checkpoint"). `read` is asked as by [`InclusionProof::build`].
    ///
    /// # Errors
    /// [`ProofError::Beyond`] if the older is the larger; the others if a tile is not to be had.
    pub fn build<B: AsRef<[u8]>, E>(
        older: TreeSize,
        newer: TreeSize,
        read: impl FnMut(Tile) -> Result<B, E>,
    ) -> Result<Self, ProofError<E>> {
        let (mut low, mut high) = (0, newer.get());
        if older > newer {
            return Err(ProofError::Beyond { asked: older.get(), size: newer });
        }
        if older.get() == 0 {
            return Ok(Self(Vec::new()));
        }
        let mut tiles = Tiles::new(newer, read);
        let mut proof = Vec::new();
        while older.get() < high {
            let middle = low + split(high - low);
            if older.get() <= middle {
                proof.push(tiles.root_of_leaves(middle, high)?);
                high = middle;
            } else {
                proof.push(tiles.root_of_leaves(low, middle)?);
                low = middle;
            }
        }
        // The older tree's last subtree; if that is all of it, whoever verifies has its root.
        if low > 0 {
            proof.push(tiles.root_of_leaves(low, high)?);
        }
        proof.reverse();
        Ok(Self(proof))
    }

    /// Checks that the newer tree begins with the older (RFC 9162 §2.1.4.2).
    ///
    /// # Errors
    /// [`Mismatch`] if it does not follow from the proof.
    pub fn verify(&self, older: &TreeHead, newer: &TreeHead) -> Result<(), Mismatch> {
        let holds = match older.size.get() {
            _ if older.size == newer.size => self.0.is_empty() && older.root == newer.root,
            0 => self.0.is_empty() && older.root == Hash::of_nothing(),
            size if older.size < newer.size => {
                let (roots, last) = self.climb(size - 1, newer.size.get() - 1, older.root)?;
                last == 0 && roots == (older.root, newer.root)
            }
            _ => false,
        };
        if holds { Ok(()) } else { Err(Mismatch) }
    }

    /// Both roots that follow from the proof, and what is left of the way to the top.
    fn climb(&self, at: u64, last: u64, older: Hash) -> Result<((Hash, Hash), u64), Mismatch> {
        // Up to the largest perfect subtree at the end of the older tree: the proof begins there.
        let skipped = at.trailing_ones();
        let (mut at, mut last) = (at >> skipped, last >> skipped);
        let (first, rest) = match self.0.split_first() {
            // The older tree is that subtree, and its root is not said again.
            Some(_) if at == 0 => (older, &self.0[..]),
            Some((first, rest)) => (*first, rest),
            None => return Err(Mismatch),
        };
        let mut roots = (first, first);
        for hash in rest {
            if last == 0 {
                return Err(Mismatch);
            }
            if is_right(&mut at, &mut last) {
                roots = (node(*hash, roots.0), node(*hash, roots.1));
            } else {
                roots.1 = node(roots.1, *hash);
            }
        }
        Ok((roots, last))
    }
}

/// One step up from node `at` of a level whose last node is `last`: whether its sibling is to the
/// left. The last node of a level that has no sibling stands for its parents as well, so the way
/// goes on where it has one (RFC 9162 §2.1.3.2, step 4). `last` is not 0: there is a way up.
fn is_right(at: &mut u64, last: &mut u64) -> bool {
    let right = *at & 1 == 1 || at == last;
    let alone = if right { at.trailing_zeros() } else { 0 };
    *at = *at >> alone >> 1;
    *last = *last >> alone >> 1;
    right
}

/// The largest power of two below a number above 1, where a tree of that size splits (RFC 6962
/// §2.1, *k*).
const fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The tiles of a tree that one proof has read so far: at most two for each level.
struct Tiles<B, R> {
    size: TreeSize,
    read: R,
    have: Vec<(Tile, B)>,
}

impl<B: AsRef<[u8]>, E, R: FnMut(Tile) -> Result<B, E>> Tiles<B, R> {
    const fn new(size: TreeSize, read: R) -> Self {
        Self { size, read, have: Vec::new() }
    }

    /// Root of the leaves `low..high` (RFC 6962 §2.1, `MTH(D[low:high])`), which begin where a
    /// subtree of their number begins.
    fn root_of_leaves(&mut self, low: u64, high: u64) -> Result<Hash, ProofError<E>> {
        let count = high - low;
        if count.is_power_of_two() {
            return self.perfect(count.ilog2(), low);
        }
        let middle = low + split(count);
        Ok(node(self.root_of_leaves(low, middle)?, self.root_of_leaves(middle, high)?))
    }

    /// Root of `2^height` leaves from `low` on, a multiple of their number: of a few hashes that
    /// stand together in one tile.
    fn perfect(&mut self, height: u32, low: u64) -> Result<Hash, ProofError<E>> {
        let level = height / TILE_HEIGHT;
        let first = low >> (level * TILE_HEIGHT);
        let count = 1 << (height % TILE_HEIGHT);
        let (tile, bytes) = self.tile(level, first / u64::from(TILE_WIDTH))?;
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let within = (first % u64::from(TILE_WIDTH)) as usize;
        Ok(root_of(&hashes(tile, bytes)?[within..within + count]))
    }

    fn tile(&mut self, level: u32, index: u64) -> Result<(Tile, &[u8]), ProofError<E>> {
        let tile = u8::try_from(level).ok().and_then(|l| Tile::in_tree(l, index, self.size));
        let tile = tile.expect("proofs look into the tree only");
        let known = self.have.iter().position(|(have, _)| *have == tile);
        if known.is_none() {
            let bytes = (self.read)(tile).map_err(ProofError::Read)?;
            self.have.push((tile, bytes));
        }
        let at = known.unwrap_or(self.have.len() - 1);
        Ok((tile, self.have[at].1.as_ref()))
    }
}
