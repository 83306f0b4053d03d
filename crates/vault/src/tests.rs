//! Rules of the vault as its callers see it. What concerns one module alone stands there.

mod crash;
mod golden;
mod index;
mod keeping;
mod sealing;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{EpochKey, KeyPurpose, SubjectId, Vault};

const AAD: &[u8] = b"place";
const NAME: &[u8] = "Siân Prosser-Okafor".as_bytes();

/// A subject that differs with `n`.
fn subject(n: u32) -> SubjectId {
    let mut id = *b"a subject's ....";
    id[12..].copy_from_slice(&n.to_be_bytes());
    SubjectId(id)
}

fn epoch_key() -> EpochKey {
    EpochKey::from_bytes(&[7; 32])
}

/// A folder for a vault, gone with the value.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("vault")
    }

    fn create(&self) -> Vault {
        Vault::create(self.path(), &epoch_key()).unwrap()
    }

    fn open(&self) -> Vault {
        open(&self.path()).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }
}

fn open(path: &Path) -> Result<Vault, crate::VaultError> {
    Vault::open(path, &epoch_key())
}

fn seal(vault: &Vault, n: u32) -> Vec<u8> {
    vault.seal(subject(n), KeyPurpose::Identity, AAD, NAME).unwrap()
}

fn opens(vault: &Vault, blob: &[u8]) -> bool {
    vault.open_blob(blob, AAD).is_ok_and(|clear| *clear == NAME)
}
