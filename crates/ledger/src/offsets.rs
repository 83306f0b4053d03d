//! Which commit holds a position: the first position of every commit, in two bytes each.

use std::ops::RangeInclusive;

use tallystick_domain::Position;
use tallystick_log::CommitNumber;

/// Commits in a chunk: 64 of at most 1,000 records span 64,000 positions, which 16 bits hold.
const CHUNK: usize = 64;

/// First positions of commits 1, 2, 3 …
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    /// First position of every 64th commit.
    bases: Vec<u64>,
    /// First position of every commit, less that of its chunk.
    within: Vec<u16>,
    /// Last position of the last commit.
    end: u64,
}

impl Offsets {
    /// Number of the last commit.
    pub(crate) fn commit(&self) -> CommitNumber {
        CommitNumber::new(self.within.len() as u64)
    }

    /// Last position of the last commit.
    pub(crate) fn end(&self) -> Position {
        Position(self.end)
    }

    /// Takes note of the next commit, of that many records.
    pub(crate) fn push(&mut self, count: usize) {
        let first = self.end + 1;
        if self.within.len().is_multiple_of(CHUNK) {
            self.bases.push(first);
        }
        let base = self.bases[self.bases.len() - 1];
        self.within.push(u16::try_from(first - base).expect("a commit has at most 1,000 records"));
        self.end += count as u64;
    }

    /// The commit that holds a position; `None` beyond the end and for 0.
    pub(crate) fn commit_of(&self, position: Position) -> Option<CommitNumber> {
        if position == Position::ZERO || position.0 > self.end {
            return None;
        }
        let chunk = self.bases.partition_point(|base| *base <= position.0) - 1;
        let within = &self.within[chunk * CHUNK..self.within.len().min((chunk + 1) * CHUNK)];
        let place = within.partition_point(|it| self.bases[chunk] + u64::from(*it) <= position.0);
        Some(CommitNumber::new((chunk * CHUNK + place) as u64))
    }

    /// First position of a commit; the position after the end for the next one.
    pub(crate) fn first_of(&self, commit: CommitNumber) -> Position {
        let index = usize::try_from(commit.get()).unwrap_or(usize::MAX).saturating_sub(1);
        match self.within.get(index) {
            Some(within) => Position(self.bases[index / CHUNK] + u64::from(*within)),
            None => Position(self.end + 1),
        }
    }

    /// Numbers of records of these commits, as big-endian 16-bit numbers.
    pub(crate) fn save(&self, commits: RangeInclusive<u64>, out: &mut Vec<u8>) {
        for number in commits {
            let first = self.first_of(CommitNumber::new(number));
            let next = self.first_of(CommitNumber::new(number + 1));
            let count = u16::try_from(next.0 - first.0).expect("at most 1,000 records");
            out.extend_from_slice(&count.to_be_bytes());
        }
    }

    /// Reads back what [`Self::save`] wrote; `None` if the bytes are something else.
    pub(crate) fn load(bytes: &[u8]) -> Option<Self> {
        let (counts, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return None;
        }
        let mut offsets = Self::default();
        offsets.within.reserve(counts.len());
        for count in counts {
            let count = usize::from(u16::from_be_bytes(*count));
            if !(1..=tallystick_log::MAX_BLOCK_RECORDS).contains(&count) {
                return None;
            }
            offsets.push(count);
        }
        Some(offsets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_position_is_found_in_its_commit(counts in prop::collection::vec(1_usize..=1_000, 0..300)) {
            let mut offsets = Offsets::default();
            let mut first = 1;
            for (number, count) in (1_u64..).zip(&counts) {
                offsets.push(*count);
                let commit = CommitNumber::new(number);
                let last = first + *count as u64 - 1;
                prop_assert_eq!(offsets.end(), Position(last));
                prop_assert_eq!(offsets.first_of(commit), Position(first));
                first = last + 1;
            }
            let mut first = 1;
            for (number, count) in (1_u64..).zip(&counts) {
                for position in [first, first + *count as u64 - 1] {
                    let found = offsets.commit_of(Position(position));
                    prop_assert_eq!(found, Some(CommitNumber::new(number)));
                }
                first += *count as u64;
            }
            prop_assert_eq!(offsets.commit_of(Position(first)), None);
            prop_assert_eq!(offsets.commit_of(Position::ZERO), None);
            let mut saved = Vec::new();
            offsets.save(1..=offsets.commit().get(), &mut saved);
            let loaded = Offsets::load(&saved).expect("as written");
            prop_assert_eq!(loaded.within, offsets.within);
            prop_assert_eq!(loaded.bases, offsets.bases);
        }
    }

    #[test]
    fn bytes_that_are_no_counts_are_not_loaded() {
        assert!(Offsets::load(&[0, 1, 0]).is_none());
        assert!(Offsets::load(&[0, 0]).is_none());
        assert!(Offsets::load(&[0xff, 0xff]).is_none());
    }
}
