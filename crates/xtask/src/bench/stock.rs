//! The large ledger that figures are measured on: loaded once a run by 64 callers, closed in
//! order, and then only read or copied.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::Bench;
use super::node::{Lives, Node};
use super::partnership::LIFE;

/// Callers that load it.
const CALLERS: usize = 64;

/// A closed ledger.
pub(crate) struct Stock {
    pub(super) folder: PathBuf,
    /// Its last position.
    pub(super) position: u64,
    /// Numbers of the lives in it.
    pub(super) lives: std::ops::Range<u64>,
    /// Events a second while it was loaded.
    pub(super) loaded_per_s: f64,
    /// The public key of its checkpoint.
    pub(super) verifier_key: String,
}

impl Stock {
    pub(super) fn load(bench: &Bench<'_>) -> Result<Self> {
        let folder = bench.folder("stock")?;
        let node = Node::founded(&folder)?;
        let lives = bench.lives(bench.events / LIFE);
        let loaded_per_s = node.write(Lives::unprepared(lives.clone()), CALLERS, Duration::MAX)?;
        let position = node.ledger.snapshot().position().0;
        let verifier_key = node.verifier_key().context("a key to sign with")?;
        node.close()?;
        Ok(Self { folder, position, lives, loaded_per_s, verifier_key })
    }

    /// Copies it into an empty folder.
    pub(super) fn copy_to(&self, folder: &Path) -> Result<()> {
        copy(&self.folder, folder)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).context("cannot copy a file")?;
        }
    }
    Ok(())
}

/// Bytes of a file, or of all files in a folder.
pub(super) fn bytes(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).with_context(|| format!("no {}", path.display()))?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    fs::read_dir(path)?.map(|entry| bytes(&entry?.path())).sum()
}
