//! Keys of persons, kept apart from the log: create, seal, open. And the blind index, which finds
//! a person by an identifier without keeping the identifier.
//!
//! Bytes in, bytes out: this crate knows no event, no clock and no network, and no other crate of
//! the project. One small file ([schema/vault-format.md](../../../schema/vault-format.md)), one
//! owner. Whoever holds the log but not this file holds no personal value in clear; that is what
//! makes an erasure final while the log stays as it is.
//!
//! A [`Vault`] has one random 256-bit key per subject and [`KeyPurpose`]. Sealing makes the key
//! where there is none; such a key is in memory only until [`Vault::sync`], which the ledger calls
//! before it appends the events whose fields are sealed with it.

mod blind;
mod blob;
mod cipher;
mod epoch;
mod error;
mod file;
mod frame;
mod holdings;
mod key;
mod nonce;
mod scratch;
mod vault;

pub use blind::BlindId;
pub use epoch::{EpochKey, EpochKeyError};
pub use error::{OpenError, Poisoned, SealError, VaultError};
pub use key::{KeyId, KeyPurpose, SubjectId};
pub use vault::{Vault, macs_equal};

#[cfg(test)]
mod tests;
