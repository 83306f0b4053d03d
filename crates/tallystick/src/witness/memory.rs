//! What a witness remembers: the last checkpoint that it cosigned, as the log signed it, in a file
//! of its own. A log's new incarnation is another log, with another file.

use anyhow::{Context as _, bail};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use tallystick_tally::{
    AddCheckpoint, Checkpoint, Cosigner, Refusal, Signature, Timestamp, TreeHead, VerifierKey,
};

/// The memory of one log, held by one process at a time.
pub(super) struct Memory {
    path: PathBuf,
    log: VerifierKey,
    last: Option<Checkpoint>,
    /// Released when the process ends.
    _lock: File,
}

/// Why a checkpoint was not cosigned.
#[derive(Debug, thiserror::Error)]
pub(super) enum Declined {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be remembered, so it may not be cosigned.
    #[error("what was seen cannot be written down")]
    Io(#[from] io::Error),
}

impl Memory {
    /// Takes the memory for this process; empty if there is no such file.
    pub(super) fn open(path: &Path, log: VerifierKey) -> anyhow::Result<Self> {
        let lock_path = beside(path, ".lock");
        let named = || format!("cannot use {}", lock_path.display());
        let lock = OpenOptions::new().create(true).append(true).open(&lock_path);
        let lock = lock.with_context(named)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("another process witnesses with {}", path.display())
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(named),
        }
        let last = read(path)?;
        if let Some(last) = &last {
            last.verify([&log]).with_context(|| {
                format!("{} is a checkpoint of {}, not of --log", path.display(), last.origin())
            })?;
        }
        Ok(Self { path: path.to_owned(), log, last, _lock: lock })
    }

    pub(super) fn log(&self) -> &VerifierKey {
        &self.log
    }

    /// The last tree seen.
    pub(super) fn head(&self) -> TreeHead {
        self.last.as_ref().map_or_else(TreeHead::empty, |last| *last.head())
    }

    /// Cosigns what a request asks for, if it continues what was seen; remembered before it is
    /// signed. `&mut self` is what makes check and write one step.
    ///
    /// # Errors
    /// [`Declined`]: nothing was signed.
    pub(super) fn consider(
        &mut self,
        request: &AddCheckpoint,
        cosigner: &Cosigner,
        at: Timestamp,
    ) -> Result<Signature, Declined> {
        let seen = self.head();
        let accepted = request.judge(&seen, std::slice::from_ref(&self.log))?;
        if self.last.is_none() || *accepted.head() != seen {
            write_durably(&self.path, request.checkpoint.to_string().as_bytes())?;
            self.last = Some(request.checkpoint.clone());
        }
        Ok(accepted.cosign(cosigner, at))
    }

    /// Keeps what contradicts the memory, for whoever has to look into it.
    pub(super) fn keep_evidence(&self, refused: &Checkpoint) -> io::Result<PathBuf> {
        let path = beside(&self.path, ".refused");
        write_durably(&path, refused.to_string().as_bytes())?;
        Ok(path)
    }
}

/// The checkpoint in a memory; `None` if there is no such file. One that is damaged is not taken
/// for none: the witness would start anew.
pub(super) fn read(path: &Path) -> anyhow::Result<Option<Checkpoint>> {
    match fs::read(path) {
        Ok(bytes) => Checkpoint::parse(&bytes)
            .map(Some)
            .with_context(|| format!("{} is damaged: restore it from a copy", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// In place of the older in one step, and durable when it returns.
fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = beside(path, ".part");
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
