use crate::hash::{Hash, node};
use crate::head::{TreeHead, TreeSize};

/// What is needed of a tree to go on appending and to know its root: the roots of its perfect
/// subtrees, at most 64, one for each bit that is set in its size (a "compact range").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Largest subtree first.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// The frontier of a tree of a size with these peaks, largest first.
    pub(crate) fn of_peaks(size: TreeSize, peaks: Vec<Hash>) -> Self {
        debug_assert_eq!(size.get().count_ones() as usize, peaks.len());
        Self { size: size.get(), peaks }
    }

    /// Number of leaves.
    pub const fn size(&self) -> TreeSize {
        TreeSize::new(self.size)
    }

    /// Adds the next leaf.
    pub fn append(&mut self, leaf: Hash) {
        self.grow(leaf, |_, _| {});
    }

    /// Adds the next leaf and tells of each perfect subtree that it completes, from itself (height
    /// 0) upwards: its height and its root.
    pub(crate) fn grow(&mut self, leaf: Hash, mut complete: impl FnMut(u8, Hash)) {
        let mut hash = leaf;
        complete(0, hash);
        // A set bit at the end of the size is a subtree as large as the one just completed: both
        // become one. On average that is one node for each leaf.
        for height in (1..).take(self.size.trailing_ones() as usize) {
            let left = self.peaks.pop().expect("one peak for each bit of the size");
            hash = node(left, hash);
            complete(height, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Size and root. Joins the peaks from the right: a tree splits at the largest power of two
    /// below its size (RFC 6962 §2.1).
    pub fn head(&self) -> TreeHead {
        let root = self.peaks.iter().rev().copied().reduce(|right, left| node(left, right));
        TreeHead { size: self.size(), root: root.unwrap_or_else(Hash::of_nothing) }
    }
}
