use std::fmt;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::hash::{Hash, leaf};

/// What the log holds of one record: version 1 ‖ SHA-256(header) ‖ SHA-256(body).
///
/// Digests, so that the whole tree can be given to anybody without personal data, and a header be
/// proved without its body. Both carry random salt, so neither can be guessed from its digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry([u8; Entry::BYTES]);

impl Entry {
    /// Length in bytes: a version and two digests.
    pub const BYTES: usize = 1 + 2 * 32;

    /// First byte of every entry.
    const VERSION: u8 = 1;

    /// The entry of a record with this header and this body, as stored.
    pub fn of(header: &[u8], body: &[u8]) -> Self {
        Self::of_digests(Sha256::digest(header).into(), Sha256::digest(body).into())
    }

    /// The entry of a record of which only digests are known.
    pub fn of_digests(header: [u8; 32], body: [u8; 32]) -> Self {
        let mut bytes = [Self::VERSION; Self::BYTES];
        bytes[1..33].copy_from_slice(&header);
        bytes[33..].copy_from_slice(&body);
        Self(bytes)
    }

    /// An entry that was stored or received.
    ///
    /// # Errors
    /// [`InvalidEntry`] unless these are 65 bytes and the first is 1.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidEntry> {
        let bytes: [u8; Self::BYTES] = bytes.try_into().map_err(|_| InvalidEntry)?;
        if bytes[0] == Self::VERSION { Ok(Self(bytes)) } else { Err(InvalidEntry) }
    }

    /// The 65 bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// SHA-256 of the record's header, and of its body.
    pub fn digests(&self) -> ([u8; 32], [u8; 32]) {
        let half = |from: usize| std::array::from_fn(|at| self.0[from + at]);
        (half(1), half(33))
    }

    /// Whether this is the entry of a record with that header.
    pub fn has_header(&self, header: &[u8]) -> bool {
        Sha256::digest(header)[..] == self.0[1..33]
    }

    /// Whether this is the entry of a record with that body.
    pub fn has_body(&self, body: &[u8]) -> bool {
        Sha256::digest(body)[..] == self.0[33..]
    }

    /// Its hash in the tree.
    pub fn leaf(&self) -> Hash {
        leaf(&self.0)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Not an entry of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an entry is 65 bytes and begins with 01")]
pub struct InvalidEntry;
