use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What a key of a subject is for; each purpose can be erased without the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Name, date of birth, identifiers, contact.
    Identity,
    /// Equality monitoring: sex, ethnicity, disability and the like.
    Equality,
    /// Narrative, notes, reasons.
    FreeText,
}

impl KeyPurpose {
    /// The byte that stands for the purpose in the file; never renumbered.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Identity => 1,
            Self::Equality => 2,
            Self::FreeText => 3,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Identity),
            2 => Some(Self::Equality),
            3 => Some(Self::FreeText),
            _ => None,
        }
    }
}

/// A person or worker whose keys the vault keeps: the random part of the reference by which the
/// ledger knows them. Not secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectId(pub [u8; 16]);

impl fmt::Debug for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectId({})", Hex(&self.0))
    }
}

/// Name of a key: the first 128 bits of a SHA-256 over it, so it commits to the key and tells
/// nothing about it. Not secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 16]);

impl KeyId {
    /// The first half of the id as a number. Ids are as good as random, so it serves as a hash.
    pub(crate) fn head(self) -> u64 {
        let mut head = [0; 8];
        head.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(head)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

pub(crate) struct Hex<'a>(pub(crate) &'a [u8; 16]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a key is the key of; keeps ids of different sorts of keys apart.
#[derive(Clone, Copy)]
pub(crate) enum KeySort {
    Epoch,
    Subject,
}

/// 256 secret bits. Never printed, wiped when dropped; copied only by [`Secret::clone`].
#[derive(Clone)]
pub(crate) struct Secret([u8; 32]);

impl Secret {
    pub(crate) const LEN: usize = 32;

    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut secret = Self([0; 32]);
        getrandom::fill(&mut secret.0)?;
        Ok(secret)
    }

    /// `None` if `bytes` are not exactly 32.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut secret = Self([0; 32]);
        (bytes.len() == Self::LEN).then(|| secret.0.copy_from_slice(bytes))?;
        Some(secret)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn id(&self, sort: KeySort) -> KeyId {
        let domain: &[u8] = match sort {
            KeySort::Epoch => b"tallystick/vault/v1/epoch key id\0",
            KeySort::Subject => b"tallystick/vault/v1/subject key id\0",
        };
        let digest = Sha256::new().chain_update(domain).chain_update(self.0).finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        KeyId(id)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Secret {}
