use std::fmt;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::key::{Hex, SubjectId};

/// What is kept of an identifier such as a PNC number: an HMAC of it under a key that never leaves
/// the vault. Equal identifiers give equal ids; nobody without the vault can make or check one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlindId(pub [u8; 16]);

impl fmt::Debug for BlindId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlindId({})", Hex(&self.0))
    }
}

/// `subject` says that the identifier behind `blind` is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) blind: BlindId,
    pub(crate) subject: SubjectId,
}

/// The claims in the order in which they were made, each once.
#[derive(Default)]
pub(crate) struct Claims {
    made: Vec<Claim>,
    /// Places in `made`, by blind id.
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Claims {
    pub(crate) fn made(&self) -> &[Claim] {
        &self.made
    }

    /// Who claims `blind`, the first first.
    pub(crate) fn claimants(&self, blind: BlindId) -> Vec<SubjectId> {
        let mut places: Vec<_> = self.places(blind).collect();
        places.sort_unstable();
        places.into_iter().map(|place| self.made[place as usize].subject).collect()
    }

    /// `false` if that subject claims it already.
    pub(crate) fn insert(&mut self, claim: Claim) -> bool {
        if self.places(claim.blind).any(|place| self.made[place as usize] == claim) {
            return false;
        }
        let place = u32::try_from(self.made.len()).expect("fewer than 2^32 claims");
        self.made.push(claim);
        let Self { made, index, hasher } = self;
        index.insert_unique(hasher.hash_one(claim.blind), place, |&place| {
            hasher.hash_one(made[place as usize].blind)
        });
        true
    }

    fn places(&self, blind: BlindId) -> impl Iterator<Item = u32> {
        self.index
            .iter_hash(self.hasher.hash_one(blind))
            .copied()
            .filter(move |&place| self.made[place as usize].blind == blind)
    }
}
