use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// A SHA-256 hash of a leaf, a node or a tree. Its text is base64 (RFC 4648 §4), as in every C2SP
/// format: 44 characters, and only one text for each hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::BYTES]);

impl Hash {
    /// Length in bytes.
    pub const BYTES: usize = 32;

    /// A hash that was stored or computed elsewhere.
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Root of the tree without leaves: the hash of nothing (RFC 6962 §2.1, `MTH({})`).
    pub fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }
}

/// Hash of a leaf: SHA-256(0x00 ‖ entry) (RFC 6962 §2.1).
pub fn leaf(entry: &[u8]) -> Hash {
    let hasher = Sha256::new().chain_update([0x00]).chain_update(entry);
    Hash(hasher.finalize().into())
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1).
pub fn node(left: Hash, right: Hash) -> Hash {
    let hasher = Sha256::new().chain_update([0x01]).chain_update(left.0).chain_update(right.0);
    Hash(hasher.finalize().into())
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Not the base64 of 32 bytes, or not the only spelling of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the base64 of a 32-byte hash")]
pub struct InvalidHash;

impl FromStr for Hash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let bytes = STANDARD.decode(text).map_err(|_| InvalidHash)?;
        bytes.try_into().map(Self).map_err(|_| InvalidHash)
    }
}
