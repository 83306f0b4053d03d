use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use crate::key::KeyId;

/// Why a vault could not be created, opened or rewritten.
#[derive(Debug, Clone, Error)]
pub enum VaultError {
    /// The file system refused.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was tried, such as "read".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// There is a file where the new vault should be; nothing was overwritten.
    #[error("vault {} exists already", path.display())]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// Another process (or another `Vault` of this one) has the file open.
    #[error("vault {} is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file does not begin like a vault.
    #[error("{} is not a vault", path.display())]
    NotAVault {
        /// The file.
        path: PathBuf,
    },
    /// Written by a newer release.
    #[error("vault {} has format version {version}, which this release cannot read", path.display())]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// The version in its header.
        version: u32,
    },
    /// The keys in the file are wrapped with another epoch key than the one given.
    #[error(
        "vault {} is wrapped with epoch key {wrapped_with}, but epoch key {given} was given",
        path.display()
    )]
    WrongEpochKey {
        /// The file.
        path: PathBuf,
        /// Id of the epoch key that opens the file.
        wrapped_with: KeyId,
        /// Id of the epoch key that was passed in.
        given: KeyId,
    },
    /// The file is not as it was written, and a crash while appending does not explain it.
    #[error("vault {} is damaged at byte {offset}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the first bad part begins, in bytes from the start of the file.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// The system gave no random bytes, so no key can be made.
    #[error("no random bytes from the system")]
    NoRandomness(#[from] getrandom::Error),
}

/// An earlier write of the vault failed, so what is on disk is unknown: nothing more is sealed, and
/// every later [`Vault::sync`](crate::Vault::sync) says the same. What is sealed can still be
/// opened. Opening the file anew is the cure.
#[derive(Debug, Clone, Error)]
#[error("vault {} accepts no more keys: a write failed", path.display())]
pub struct Poisoned {
    /// The vault's file.
    pub path: PathBuf,
    /// What the system said to the write that failed.
    #[source]
    pub source: Arc<io::Error>,
}

/// Why nothing was sealed or claimed.
#[derive(Debug, Clone, Error)]
pub enum SealError {
    /// See [`Poisoned`].
    #[error(transparent)]
    Poisoned(#[from] Poisoned),
    /// The system gave no random bytes.
    #[error("no random bytes from the system")]
    NoRandomness(#[from] getrandom::Error),
}

/// Why a sealed value stays closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The key that the blob names is not in the vault: it was erased (or the blob's key id was
    /// changed).
    #[error("no such key")]
    NoSuchKey,
    /// The blob is not as it was sealed, or it was sealed with other additional data.
    #[error("sealed value does not fit its place or was changed")]
    Tampered,
    /// The blob begins with a version that this release does not know.
    #[error("sealed value has unknown format version {version}")]
    UnknownFormat {
        /// The first byte of the blob.
        version: u8,
    },
}
