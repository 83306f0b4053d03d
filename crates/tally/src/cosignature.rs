use std::fmt;

use zeroize::Zeroizing;

use crate::checkpoint::Checkpoint;
use crate::key::{InvalidKey, KeyName, SecretKey, SignatureType, VerifierKey};
use crate::note::Signature;

/// When a checkpoint was cosigned, in seconds since 1970 (POSIX), 1 to 2^63 − 1 (tlog-cosignature,
/// "Format"; 0 would say that there is no time, which a cosigned checkpoint must have).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// `None` for 0 and from 2^63 on.
    pub const fn new(seconds: u64) -> Option<Self> {
        if seconds == 0 || seconds > i64::MAX.unsigned_abs() { None } else { Some(Self(seconds)) }
    }

    /// Seconds since 1970.
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// What a witness signs: a header line, the time, the whole text of the checkpoint
    /// (tlog-cosignature, "Ed25519 signed message").
    pub(crate) fn cosigned_message(self, text: &str) -> String {
        format!("cosignature/v1\ntime {self}\n{text}")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A witness's secret key, which cosigns checkpoints that were [accepted](crate::Accepted) and
/// nothing else. Wiped when dropped; `Debug` shows the name only.
#[derive(Debug)]
pub struct Cosigner(SecretKey);

impl Cosigner {
    /// The key that follows from 32 random bytes. No other witness may have the same: the name is
    /// not signed (tlog-cosignature, "Ed25519 signed message").
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        Self(SecretKey::from_seed(name, SignatureType::Cosignature, seed))
    }

    /// Reads what [`to_secret_text`](Self::to_secret_text) wrote.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        SecretKey::parse(text, SignatureType::Cosignature).map(Self)
    }

    /// The secret key as text, `PRIVATE+KEY+…`, for its file.
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        self.0.to_text()
    }

    /// The public key.
    pub const fn verifier_key(&self) -> &VerifierKey {
        self.0.public()
    }

    /// "As of this time, the largest tree of that log that I have seen, consistent with all that I
    /// saw before, has this root." 8 bytes of time, then the Ed25519 signature.
    pub(crate) fn cosign(&self, checkpoint: &Checkpoint, at: Timestamp) -> Signature {
        let message = at.cosigned_message(checkpoint.note().text());
        let signature = self.0.sign(message.as_bytes());
        Signature::new(self.0.public(), [&at.0.to_be_bytes()[..], &signature].concat())
    }
}
