use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::OpenError;

/// How long to wait for a lock that may be about to be free: a process that is just being started
/// by another thread holds copies of all open files, and so of their locks, until it executes.
const PATIENCE: Duration = Duration::from_millis(500);

/// Tries until it succeeds, fails for another reason than a lock, or patience is at its end.
pub(crate) fn patiently<T, E>(
    mut attempt: impl FnMut() -> Result<T, E>,
    is_locked: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let end = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Err(error) if is_locked(&error) && Instant::now() < end => {
                thread::sleep(PATIENCE / 100);
            }
            answer => return answer,
        }
    }
}

/// Held for as long as the log is open; the system releases it if the process dies.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the data folder for this process.
    pub(crate) fn take(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join("lock");
        let failed = |source| OpenError::Io { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match patiently(|| file.try_lock(), |error| matches!(error, TryLockError::WouldBlock)) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let known = file.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
                return Err(OpenError::InUse {
                    folder: folder.to_owned(),
                    holder: known.then(|| holder.trim().to_owned()),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "pid {}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
