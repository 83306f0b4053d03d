//! What a vault holds, in memory.

use std::hash::BuildHasher;
use std::ops::Range;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::blind::Claims;
use crate::frame::{CLAIM_LEN, KEY_LEN};
use crate::key::{KeyId, KeyPurpose, KeySort, Secret, SubjectId};

/// A key and whose it is: 57 bytes, with no padding. Of the key id only the half that the index
/// needs is kept; the rest follows from the key.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) subject: SubjectId,
    pub(crate) purpose: KeyPurpose,
    pub(crate) secret: Secret,
    head: [u8; 8],
}

impl Row {
    pub(crate) fn new(subject: SubjectId, purpose: KeyPurpose, secret: Secret) -> Self {
        let KeyId(id) = secret.id(KeySort::Subject);
        let mut head = [0; 8];
        head.copy_from_slice(&id[..8]);
        Self { subject, purpose, secret, head }
    }

    /// [`KeyId::head`] of the key's id.
    pub(crate) fn head(&self) -> u64 {
        u64::from_be_bytes(self.head)
    }
}

/// Why a row was not taken in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The subject has a key for that purpose.
    Owner,
    /// Another key's id begins with the same 64 bits: draw another. (A chance of 1 in 37 million
    /// for the *whole* life of a vault of a million keys, but then a wrong key would be looked up.)
    Head,
}

/// Keys in the order in which they were made, found by owner and by id.
#[derive(Default)]
pub(crate) struct Keys {
    /// Full to [`Keys::CHUNK`] but for the last. Chunks never grow, so no key is left behind in
    /// memory that was given back.
    chunks: Vec<Vec<Row>>,
    by_owner: HashTable<u32>,
    by_head: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Keys {
    /// 1,024 rows of 57 bytes.
    const CHUNK: usize = 1024;

    pub(crate) fn len(&self) -> usize {
        self.by_head.len()
    }

    pub(crate) fn find(&self, subject: SubjectId, purpose: KeyPurpose) -> Option<&Row> {
        self.by_owner
            .find(self.owner_hash(subject, purpose), |&place| {
                let row = self.row(place);
                row.subject == subject && row.purpose == purpose
            })
            .map(|&place| self.row(place))
    }

    /// The only key whose id begins with `head`.
    pub(crate) fn find_head(&self, head: u64) -> Option<&Row> {
        self.by_head
            .find(head, |&place| self.row(place).head() == head)
            .map(|&place| self.row(place))
    }

    pub(crate) fn insert(&mut self, row: Row) -> Result<(), Taken> {
        if self.find(row.subject, row.purpose).is_some() {
            return Err(Taken::Owner);
        }
        if self.find_head(row.head()).is_some() {
            return Err(Taken::Head);
        }
        let place = u32::try_from(self.len()).expect("fewer than 2^32 keys");
        let (owner, head) = (self.owner_hash(row.subject, row.purpose), row.head());
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < Self::CHUNK => chunk.push(row),
            _ => {
                let mut chunk = Vec::with_capacity(Self::CHUNK);
                chunk.push(row);
                self.chunks.push(chunk);
            }
        }
        let Self { chunks, by_owner, by_head, hasher } = self;
        by_owner.insert_unique(owner, place, |&place| {
            let row = row_of(chunks, place);
            owner_hash(hasher, row.subject, row.purpose)
        });
        by_head.insert_unique(head, place, |&place| row_of(chunks, place).head());
        Ok(())
    }

    /// The rows at `places`, counted from 0 in the order of making.
    pub(crate) fn rows(&self, places: Range<usize>) -> impl Iterator<Item = &Row> {
        let first = places.start / Self::CHUNK;
        self.chunks[first.min(self.chunks.len())..]
            .iter()
            .flatten()
            .skip(places.start % Self::CHUNK)
            .take(places.len())
    }

    fn row(&self, place: u32) -> &Row {
        row_of(&self.chunks, place)
    }

    fn owner_hash(&self, subject: SubjectId, purpose: KeyPurpose) -> u64 {
        owner_hash(&self.hasher, subject, purpose)
    }
}

fn owner_hash(hasher: &DefaultHashBuilder, subject: SubjectId, purpose: KeyPurpose) -> u64 {
    hasher.hash_one((subject, purpose))
}

fn row_of(chunks: &[Vec<Row>], place: u32) -> &Row {
    &chunks[place as usize / Keys::CHUNK][place as usize % Keys::CHUNK]
}

/// Keys and claims. Both only grow, so a pair of counts says what part of them is on disk.
#[derive(Default)]
pub(crate) struct Holdings {
    pub(crate) keys: Keys,
    pub(crate) claims: Claims,
}

/// How much of some [`Holdings`] is meant: that many keys and claims from the first on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) keys: usize,
    pub(crate) claims: usize,
}

impl Extent {
    /// At most so many entries in one frame, some 3 MiB.
    const FRAME: usize = 65_536;

    /// Length of the entries from `self` to `end`, in bytes.
    pub(crate) fn bytes_to(self, end: Self) -> usize {
        (end.keys - self.keys) * KEY_LEN + (end.claims - self.claims) * CLAIM_LEN
    }

    pub(crate) fn count(self) -> usize {
        self.keys + self.claims
    }
}

impl Holdings {
    pub(crate) fn extent(&self) -> Extent {
        Extent { keys: self.keys.len(), claims: self.claims.made().len() }
    }

    /// Where the frame ends that begins at `from`.
    pub(crate) fn frame_end(&self, from: Extent) -> Extent {
        let all = self.extent();
        let keys = all.keys.min(from.keys + Extent::FRAME);
        let room = Extent::FRAME - (keys - from.keys);
        Extent { keys, claims: all.claims.min(from.claims + room) }
    }

    /// The frames that hold everything, as (begin, end).
    pub(crate) fn frames(&self) -> impl Iterator<Item = (Extent, Extent)> {
        let mut from = Extent::default();
        std::iter::from_fn(move || {
            let end = self.frame_end(from);
            (end != from).then(|| (std::mem::replace(&mut from, end), end))
        })
    }

    /// What `keep` wants of it; `None` if that is all.
    pub(crate) fn retained(&self, mut keep: impl FnMut(SubjectId) -> bool) -> Option<Self> {
        let rows: Vec<&Row> =
            self.keys.rows(0..self.keys.len()).filter(|row| keep(row.subject)).collect();
        let claims: Vec<_> =
            self.claims.made().iter().filter(|claim| keep(claim.subject)).collect();
        if rows.len() == self.keys.len() && claims.len() == self.claims.made().len() {
            return None;
        }
        let mut kept = Self::default();
        for row in rows {
            kept.keys.insert(row.clone()).expect("rows of one vault differ");
        }
        for claim in claims {
            kept.claims.insert(*claim);
        }
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blind::{BlindId, Claim};

    fn subject(n: usize) -> SubjectId {
        SubjectId((n as u128).to_be_bytes())
    }

    fn row(n: usize) -> Row {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&n.to_be_bytes());
        Row::new(subject(n), KeyPurpose::FreeText, Secret::from_slice(&key).unwrap())
    }

    fn holdings(keys: usize, claims: usize) -> Holdings {
        let mut holdings = Holdings::default();
        (0..keys).for_each(|n| holdings.keys.insert(row(n)).unwrap());
        for n in 0..claims {
            assert!(
                holdings.claims.insert(Claim { blind: BlindId(subject(n).0), subject: subject(n) })
            );
        }
        holdings
    }

    #[test]
    fn a_row_has_no_padding() {
        assert_eq!(size_of::<Row>(), 57);
    }

    #[test]
    fn a_key_is_found_by_owner_and_by_id() {
        let keys = holdings(3 * Keys::CHUNK, 0).keys;
        for n in 0..keys.len() {
            let found = keys.find(subject(n), KeyPurpose::FreeText).unwrap();
            assert_eq!(found.secret.bytes(), row(n).secret.bytes());
            assert_eq!(keys.find_head(row(n).head()).unwrap().subject, subject(n));
            assert!(keys.find(subject(n), KeyPurpose::Equality).is_none());
        }
        assert!(keys.find_head(row(keys.len()).head()).is_none());
    }

    #[test]
    fn neither_a_second_key_nor_an_ambiguous_id_is_taken_in() {
        let mut keys = holdings(2, 0).keys;
        let again = Row::new(subject(1), KeyPurpose::FreeText, row(9).secret);
        assert_eq!(keys.insert(again), Err(Taken::Owner));
        let mut ambiguous = row(1);
        ambiguous.subject = subject(9);
        assert_eq!(keys.insert(ambiguous), Err(Taken::Head));
        assert_eq!(keys.len(), 2);
    }

    #[test]
    fn rows_come_in_the_order_of_their_making() {
        let keys = holdings(2 * Keys::CHUNK + 5, 0).keys;
        let all = keys.len();
        for range in [0..all, 0..0, all..all, 1000..1030, 1024..1024, 1024..2048, 2047..all] {
            let rows = keys.rows(range.clone()).map(|row| row.subject);
            assert!(rows.eq(range.map(subject)));
        }
        assert_eq!(holdings(Keys::CHUNK, 0).keys.rows(Keys::CHUNK..Keys::CHUNK).count(), 0);
    }

    #[test]
    fn frames_hold_everything_once_and_none_too_much() {
        for (keys, claims) in [(0, 0), (1, 0), (0, 1), (1030, 7), (20, Extent::FRAME)] {
            let holdings = holdings(keys, claims);
            let mut at = Extent::default();
            for (from, end) in holdings.frames() {
                assert_eq!(from, at);
                assert!((1..=Extent::FRAME).contains(&(end.count() - from.count())));
                at = end;
            }
            assert_eq!(at, Extent { keys, claims });
        }
    }
}
