use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::entry::{Entry, InvalidEntry};
use crate::head::TreeSize;
use crate::tile::{InvalidPath, TILE_WIDTH, parse_place, width_at, write_place};

/// A place of up to 256 entries, those whose leaves are in the tile of level 0 with the same index
/// and width (tlog-tiles, "Log entries").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bundle {
    index: u64,
    width: u16,
}

/// Length of an entry in a bundle, before the entry.
#[expect(clippy::cast_possible_truncation, reason = "an entry has 65 bytes")]
const ENTRY_LENGTH: [u8; 2] = (Entry::BYTES as u16).to_be_bytes();

impl Bundle {
    /// The bundle `index` as it is in a tree of a size, or `None` if that tree has no entry of it.
    pub fn in_tree(index: u64, size: TreeSize) -> Option<Self> {
        width_at(size.get(), index).map(|width| Self { index, width })
    }

    /// Number from 0.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Number of entries, 1 to 256.
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether it has all its entries, so that it will never change.
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Whether a tree of a size has all of its entries.
    pub fn is_in(self, size: TreeSize) -> bool {
        Self::in_tree(self.index, size).is_some_and(|bundle| bundle.width >= self.width)
    }

    /// Indices of its leaves.
    pub fn leaves(self) -> std::ops::Range<u64> {
        let first = self.index * u64::from(TILE_WIDTH);
        first..first + u64::from(self.width)
    }

    /// Bytes of a bundle: before each entry its length (2 bytes, big-endian).
    pub fn encode(entries: impl IntoIterator<Item = Entry>) -> Vec<u8> {
        let entries = entries.into_iter();
        let mut bytes = Vec::with_capacity(entries.size_hint().0 * (2 + Entry::BYTES));
        for entry in entries {
            bytes.extend_from_slice(&ENTRY_LENGTH);
            bytes.extend_from_slice(entry.as_bytes());
        }
        bytes
    }

    /// The entries in the bytes of a bundle of this width.
    ///
    /// # Errors
    /// [`BundleError`] where the bytes are not that many entries of ours and nothing else.
    pub fn decode(self, bytes: &[u8]) -> Result<Vec<Entry>, BundleError> {
        let mut entries = Vec::with_capacity(self.width.into());
        let mut rest = bytes;
        while let Some((length, after)) = rest.split_first_chunk() {
            let entry = after.split_at_checked(u16::from_be_bytes(*length).into());
            let (entry, after) = entry.ok_or(BundleError::CutShort)?;
            entries.push(Entry::parse(entry)?);
            rest = after;
        }
        if !rest.is_empty() {
            return Err(BundleError::CutShort);
        }
        if entries.len() != usize::from(self.width) {
            return Err(BundleError::Width { expected: self.width, found: entries.len() });
        }
        Ok(entries)
    }
}

/// Why bytes are not the bundle they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BundleError {
    /// They end within an entry or its length.
    #[error("the bundle ends within an entry")]
    CutShort,
    /// There are more or fewer entries.
    #[error("the bundle has {found} entries, expected {expected}")]
    Width {
        /// As its place says.
        expected: u16,
        /// In the bytes.
        found: usize,
    },
    /// One is not an entry of ours.
    #[error(transparent)]
    Entry(#[from] InvalidEntry),
}

/// `tile/entries/<N>[.p/<W>]`, the path below the log's prefix.
impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index, self.width)
    }
}

/// Reads the one spelling that [`Display`](fmt::Display) writes.
impl FromStr for Bundle {
    type Err = InvalidPath;

    fn from_str(path: &str) -> Result<Self, InvalidPath> {
        let place = path.strip_prefix("tile/entries/").ok_or(InvalidPath)?;
        let (index, width) = parse_place(place)?;
        Ok(Self { index, width })
    }
}
