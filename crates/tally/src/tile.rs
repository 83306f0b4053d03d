use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::decimal;
use crate::hash::{Hash, node};
use crate::head::TreeSize;

/// Hashes in a full tile (tlog-tiles, "Merkle Tree").
pub const TILE_WIDTH: u16 = 256;

/// Bytes of a full tile: 256 hashes of 32.
pub const TILE_BYTES: usize = 8_192;

/// Nothing is above this: a hash at level 8 would stand for 2^64 leaves.
const TOP_LEVEL: u8 = 7;

/// The place of some hashes in the tree (tlog-tiles, "Merkle Tree"): at level *l*, the *i*-th hash
/// of tile *n* is the root of the leaves from (256 *n* + *i*) · 256^*l*, 256^*l* of them. Its bytes
/// are the hashes one after the other, [`TILE_BYTES`] if it is full.
///
/// A tile only grows at its end until it is full, so one that is narrower is its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// The tile `index` of `level` as it is in a tree of a size: full, partial, or `None` if that
    /// tree has no hash of it.
    pub fn in_tree(level: u8, index: u64, size: TreeSize) -> Option<Self> {
        let width = width_at(hashes_at(level, size)?, index)?;
        Some(Self { level, index, width })
    }

    /// A full tile. The level and index must be those of one.
    pub(crate) const fn full_at(level: u8, index: u64) -> Self {
        Self { level, index, width: TILE_WIDTH }
    }

    /// All partial tiles of a tree of a size, its right edge.
    pub fn partial_in_tree(size: TreeSize) -> impl Iterator<Item = Self> {
        let last = move |level| Some((level, hashes_at(level, size)? / u64::from(TILE_WIDTH)));
        let edge = (0..=TOP_LEVEL).filter_map(last);
        edge.filter_map(move |(level, index)| Self::in_tree(level, index, size))
    }

    /// Height in tiles: 0 holds the hashes of leaves.
    pub const fn level(self) -> u8 {
        self.level
    }

    /// Number within the level, from 0.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Number of hashes, 1 to 256.
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether it has all its hashes, so that it will never change.
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The same tile with all its hashes, as it is stored once it is full.
    #[must_use]
    pub const fn full(self) -> Self {
        Self { width: TILE_WIDTH, ..self }
    }

    /// Whether a tree of a size has all of its hashes.
    pub fn is_in(self, size: TreeSize) -> bool {
        Self::in_tree(self.level, self.index, size).is_some_and(|tile| tile.width >= self.width)
    }
}

/// Hashes at a level of a tree: one for each 256^level leaves.
fn hashes_at(level: u8, size: TreeSize) -> Option<u64> {
    (level <= TOP_LEVEL).then(|| size.get() >> (8 * u32::from(level)))
}

/// Width of the `index`-th tile (or bundle) where there are `count` hashes (or entries).
pub(crate) fn width_at(count: u64, index: u64) -> Option<u16> {
    let before = index.checked_mul(TILE_WIDTH.into())?;
    let there = count.checked_sub(before)?.min(TILE_WIDTH.into());
    u16::try_from(there).ok().filter(|width| *width > 0)
}

/// The root of `2^height` hashes that stand one after the other.
pub(crate) fn root_of(hashes: &[[u8; Hash::BYTES]]) -> Hash {
    debug_assert!(hashes.len().is_power_of_two());
    if let [hash] = hashes {
        return Hash::new(*hash);
    }
    let (left, right) = hashes.split_at(hashes.len() / 2);
    node(root_of(left), root_of(right))
}

/// A tile was given with other bytes than its width says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{tile} came with {bytes} bytes", bytes = found)]
pub struct TileError {
    /// The tile that was asked for.
    pub tile: Tile,
    /// Length of what came.
    pub found: usize,
}

/// The hashes of a tile. More than were asked for will do: a wider tile begins with the narrower.
pub(crate) fn hashes(tile: Tile, bytes: &[u8]) -> Result<&[[u8; Hash::BYTES]], TileError> {
    let (hashes, over) = bytes.as_chunks::<{ Hash::BYTES }>();
    let wide_enough = hashes.len() >= tile.width.into() && hashes.len() <= TILE_WIDTH.into();
    if wide_enough && over.is_empty() {
        Ok(&hashes[..tile.width.into()])
    } else {
        Err(TileError { tile, found: bytes.len() })
    }
}

/// Not the path of a tile or of a bundle, or not its only spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a path of a tile or entry bundle")]
pub struct InvalidPath;

/// `tile/<L>/<N>[.p/<W>]`, the path below the log's prefix.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

/// Reads the one spelling that [`Display`](fmt::Display) writes; any other is refused, so that a
/// tile has one address.
impl FromStr for Tile {
    type Err = InvalidPath;

    fn from_str(path: &str) -> Result<Self, InvalidPath> {
        let rest = path.strip_prefix("tile/").ok_or(InvalidPath)?;
        let (level, place) = rest.split_once('/').ok_or(InvalidPath)?;
        let level = decimal::parse(level).map_err(|_| InvalidPath)?;
        let level = u8::try_from(level).ok().filter(|level| *level <= TOP_LEVEL);
        let (index, width) = parse_place(place)?;
        Ok(Self { level: level.ok_or(InvalidPath)?, index, width })
    }
}

/// `<N>[.p/<W>]`: the index in groups of three digits, all but the last with an `x` before them,
/// and the width where it is not full (tlog-tiles, "Merkle Tree").
pub(crate) fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut groups = vec![index % 1_000];
    let mut rest = index / 1_000;
    while rest > 0 {
        groups.push(rest % 1_000);
        rest /= 1_000;
    }
    for group in groups[1..].iter().rev() {
        write!(f, "x{group:03}/")?;
    }
    write!(f, "{:03}", groups[0])?;
    if width == TILE_WIDTH { Ok(()) } else { write!(f, ".p/{width}") }
}

/// Index and width of what [`write_place`] wrote.
pub(crate) fn parse_place(place: &str) -> Result<(u64, u16), InvalidPath> {
    let (index, width) = match place.split_once(".p/") {
        Some((index, width)) => (index, Some(width)),
        None => (place, None),
    };
    let width = match width {
        Some(width) => decimal::parse(width).ok().and_then(|width| u16::try_from(width).ok()),
        None => Some(TILE_WIDTH),
    };
    let partial = width.filter(|width| (1..=TILE_WIDTH).contains(width)).ok_or(InvalidPath)?;
    if place.contains(".p/") && partial == TILE_WIDTH {
        return Err(InvalidPath);
    }
    Ok((parse_index(index).ok_or(InvalidPath)?, partial))
}

fn parse_index(text: &str) -> Option<u64> {
    // "x000/" before other groups would be a second spelling of the same number.
    if text.starts_with("x000") {
        return None;
    }
    let (groups, last) = match text.rsplit_once('/') {
        Some((groups, last)) => (Some(groups), last),
        None => (None, text),
    };
    let groups = groups.into_iter().flat_map(|groups| groups.split('/'));
    let digits = groups.map(|group| group.strip_prefix('x')).chain([Some(last)]);
    let index = digits.into_iter().try_fold(0_u64, |index, group| {
        let group = group.filter(|g| g.len() == 3 && g.bytes().all(|b| b.is_ascii_digit()))?;
        index.checked_mul(1_000)?.checked_add(group.parse().ok()?)
    })?;
    // More tiles than 2^64 leaves have cannot be.
    (index < u64::MAX / u64::from(TILE_WIDTH)).then_some(index)
}
