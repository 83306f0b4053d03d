use std::fmt;

/// The number of a commit: 1, 2, 3 … without a gap, for ever. 0 is "before everything": the head
/// of an empty log, and what to read after to read all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitNumber(u64);

impl CommitNumber {
    /// Before everything.
    pub const ZERO: Self = Self(0);

    /// The commit with this number; 0 is [`CommitNumber::ZERO`].
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The commit after this one.
    ///
    /// # Panics
    /// After commit 2⁶⁴ − 1, which a log that commits a million times a second reaches in half a
    /// million years.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.0.checked_add(1) {
            Some(next) => Self(next),
            None => panic!("the log has used every commit number"),
        }
    }
}

impl fmt::Display for CommitNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
