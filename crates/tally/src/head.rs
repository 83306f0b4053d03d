use std::fmt;
use std::str::FromStr;

use crate::decimal::{self, InvalidDecimal};
use crate::hash::Hash;

/// Number of leaves of a tree. In the ledger: the position of its last record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeSize(u64);

/// Number of a leaf, from 0. In the ledger: the record's position − 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafIndex(u64);

impl TreeSize {
    /// A tree of so many leaves.
    pub const fn new(leaves: u64) -> Self {
        Self(leaves)
    }

    /// The number of leaves.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl LeafIndex {
    /// The leaf with so many before it.
    pub const fn new(index: u64) -> Self {
        Self(index)
    }

    /// Leaf of the record at a position, which are counted from 1; `None` for 0.
    pub const fn of_position(position: u64) -> Option<Self> {
        match position.checked_sub(1) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }

    /// The number of leaves before it.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// A tree in short: its size and the hash that stands for all of it (RFC 6962 §2.1, `MTH(D[n])`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: TreeSize,
    /// Merkle Tree Hash over them.
    pub root: Hash,
}

impl TreeHead {
    /// The tree without leaves, which every log begins with.
    pub fn empty() -> Self {
        Self { size: TreeSize(0), root: Hash::of_nothing() }
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TreeSize {
    type Err = InvalidDecimal;

    fn from_str(text: &str) -> Result<Self, InvalidDecimal> {
        decimal::parse(text).map(Self)
    }
}

impl FromStr for LeafIndex {
    type Err = InvalidDecimal;

    fn from_str(text: &str) -> Result<Self, InvalidDecimal> {
        decimal::parse(text).map(Self)
    }
}
