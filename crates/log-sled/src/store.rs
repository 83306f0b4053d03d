use std::{
    fs::{self, File},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use tallystick_log::{Block, CommitNumber, Damage};
use thiserror::Error;

use crate::{Options, lock::patiently};

/// sled's unit of allocation, fixed when a store is created. A value above a quarter of it goes into
/// a file of its own in `blobs/`; with 2 MiB hardly a block does. Measured: 512 KiB is as fast,
/// 16 MiB halves the speed.
const SEGMENT_BYTES: usize = 2 << 20;

/// Keys that stand in the store before their blocks do, with nothing as their value.
///
/// sled splits a leaf above 16 entries, into 9 and the rest, and writes both anew; and it writes a
/// leaf anew at every tenth change. With blocks in it, each block is written three times, and as
/// sled reuses a segment only when half of it is dead, its file stays at 1.8 times the blocks in
/// it. The last leaf holds at most 17 keys. So a block that comes 17 keys behind the last one finds
/// its leaf split already, while there was nothing in it: nine blocks come, nine changes, and each
/// is written once. The file is then 1.05 times its blocks.
const KEYS_AHEAD: u64 = 17;

/// What went wrong in sled or in the files it keeps.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// sled refused.
    #[error("sled failed to {operation}")]
    Sled {
        /// What it was asked to do.
        operation: &'static str,
        /// What it said.
        #[source]
        source: sled::Error,
    },
    /// sled panicked, which it does when its file is damaged.
    #[error("sled panicked on {operation} ({message}): its folder {} is probably damaged", folder.display())]
    Panicked {
        /// What it was asked to do.
        operation: &'static str,
        /// The panic's message.
        message: String,
        /// The store's folder.
        folder: PathBuf,
    },
    /// The system refused to write or sync one of sled's files.
    #[error("{} cannot be made durable", path.display())]
    Sync {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// A key that is no commit number: something else has written here.
    #[error("the store holds a key of {length} bytes, which is not ours")]
    ForeignKey {
        /// Length of the key in bytes.
        length: usize,
    },
}

impl StoreError {
    /// What this says about the block that was being read; `None` if only the system is at fault.
    pub(crate) fn damage(&self) -> Option<Damage> {
        let reason = match self {
            // A file in `blobs/` that is gone or too short.
            Self::Sled { source: sled::Error::Io(error), .. } => match error.kind() {
                io::ErrorKind::NotFound
                | io::ErrorKind::UnexpectedEof
                | io::ErrorKind::InvalidData => error.to_string(),
                _ => return None,
            },
            Self::Sled { source, .. } => source.to_string(),
            Self::Sync { .. } => return None,
            Self::Panicked { .. } | Self::ForeignKey { .. } => self.to_string(),
        };
        Some(Damage::Unreadable { reason })
    }
}

/// sled, with its panics caught and its flush made durable.
pub(crate) struct Store {
    folder: PathBuf,
    /// `None` only while it is dropped.
    db: Option<sled::Db>,
    /// A second handle to sled's file, for the `fdatasync` that sled leaves out.
    file: File,
    blobs: Mutex<Blobs>,
    /// The last key there is, with a block or without.
    last_key: Mutex<u64>,
    #[cfg(feature = "test-faults")]
    left_out: Option<crate::Sync>,
    #[cfg(feature = "test-faults")]
    pub(crate) fail_next_flush: std::sync::atomic::AtomicBool,
}

/// What is known of the files in `blobs/`, which sled does not sync at all.
struct Blobs {
    folder: File,
    /// Files are named by ascending numbers; those up to here are durable.
    synced: Option<u64>,
}

impl Store {
    /// Opens or creates the store, with everything in it durable.
    pub(crate) fn open(folder: &Path, options: &Options) -> Result<Self, StoreError> {
        remove_unfinished_snapshots(folder)?;
        let config = sled::Config::new()
            .path(folder)
            .mode(sled::Mode::HighThroughput)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(options.cache_bytes)
            .flush_every_ms(None);
        // We hold the folder's lock already, so whoever holds sled's is about to let it go.
        let db = patiently(|| guarded(folder, "open", || config.open()), is_locked)?;
        let last_key = match guarded(folder, "read", || db.last())? {
            Some((key, _)) => number(&key)?.get(),
            None => 0,
        };
        let store = Self {
            file: open(&folder.join("db"))?,
            blobs: Mutex::new(Blobs { folder: open(&folder.join("blobs"))?, synced: None }),
            last_key: Mutex::new(last_key),
            folder: folder.to_owned(),
            db: Some(db),
            #[cfg(feature = "test-faults")]
            left_out: options.left_out,
            #[cfg(feature = "test-faults")]
            fail_next_flush: false.into(),
        };
        // What a killed process has written may still be in the system's memory only, and sled
        // shows it: it must be durable before it is anyone's head.
        store.sync_blobs()?;
        store.flush()?;
        sync(&store.folder.join("conf"), &open(&store.folder.join("conf"))?, File::sync_all)?;
        for folder in [Some(store.folder.as_path()), store.folder.parent()].into_iter().flatten() {
            sync(folder, &open(folder)?, File::sync_all)?;
        }
        Ok(store)
    }

    /// Writes a block; durable when it returns.
    pub(crate) fn put(&self, block: &Block) -> Result<(), StoreError> {
        let number = block.number().get();
        self.lay_out(number + KEYS_AHEAD)?;
        self.guarded("insert", || self.db().insert(number.to_be_bytes(), block.bytes().as_ref()))?;
        // Before the flush, so that sled's file never names a file that may not be there. Any
        // append may have made one, because sled then also moves older blocks to reuse their
        // segment. The folder is as good as empty, so looking costs some microseconds.
        self.sync_blobs()?;
        self.flush()
    }

    /// Inserts the keys up to this one that are not there yet.
    fn lay_out(&self, to: u64) -> Result<(), StoreError> {
        let mut last = self.last_key.lock().unwrap_or_else(PoisonError::into_inner);
        while *last < to {
            let key = *last + 1;
            self.guarded("insert", || self.db().insert(key.to_be_bytes(), &[]))?;
            *last = key;
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.guarded("flush", || self.db().flush())?;
        #[cfg(feature = "test-faults")]
        {
            if self.fail_next_flush.swap(false, std::sync::atomic::Ordering::Relaxed) {
                let source = Arc::new(io::Error::other("made to fail by a test"));
                return Err(StoreError::Sync { path: self.folder.join("db"), source });
            }
            if self.left_out == Some(crate::Sync::Fdatasync) {
                return Ok(());
            }
        }
        sync(&self.folder.join("db"), &self.file, File::sync_data)
    }

    fn sync_blobs(&self) -> Result<(), StoreError> {
        #[cfg(feature = "test-faults")]
        if self.left_out == Some(crate::Sync::Blobs) {
            return Ok(());
        }
        let path = self.folder.join("blobs");
        let failed =
            |source: io::Error| StoreError::Sync { path: path.clone(), source: source.into() };
        let mut blobs = self.blobs();
        let mut newest = blobs.synced;
        for entry in fs::read_dir(&path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some(number) = name.to_str().and_then(|name| name.parse::<u64>().ok()) else {
                continue;
            };
            if Some(number) <= blobs.synced {
                continue;
            }
            let blob = path.join(&name);
            match File::open(&blob) {
                Ok(file) => sync(&blob, &file, File::sync_all)?,
                // sled has removed it since: nothing refers to it any more.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
            newest = newest.max(Some(number));
        }
        if newest != blobs.synced {
            sync(&path, &blobs.folder, File::sync_all)?;
            blobs.synced = newest;
        }
        Ok(())
    }

    /// The first and the last commit there are.
    pub(crate) fn ends(&self) -> Result<Option<(CommitNumber, CommitNumber)>, StoreError> {
        let first = self.blocks(self.db().iter()).next().transpose()?;
        let last = self.blocks(self.db().iter().rev()).next().transpose()?;
        Ok(first.zip(last).map(|((first, _), (last, _))| (first, last)))
    }

    /// The stored bytes of the commits after `after`, in order, each with its number.
    pub(crate) fn after(
        &self,
        after: CommitNumber,
    ) -> impl Iterator<Item = Result<(CommitNumber, Bytes), StoreError>> + '_ {
        self.blocks(self.db().range(after.next().get().to_be_bytes()..))
    }

    /// Entries that are there, without the keys that still wait for their block.
    fn blocks<'a>(
        &'a self,
        mut entries: impl Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>> + 'a,
    ) -> impl Iterator<Item = Result<(CommitNumber, Bytes), StoreError>> + 'a {
        std::iter::from_fn(move || self.guarded("read", || entries.next().transpose()).transpose())
            .filter(|entry| !matches!(entry, Ok((_, value)) if value.is_empty()))
            // Each value is an allocation of its own, so this shares it and holds nothing else.
            .map(|entry| {
                entry.and_then(|(key, value)| Ok((number(&key)?, Bytes::from_owner(value))))
            })
    }

    /// Bytes free on the file system for this process.
    pub(crate) fn free_bytes(&self) -> Result<u64, StoreError> {
        let room = rustix::fs::fstatvfs(&self.file).map_err(|error| StoreError::Sync {
            path: self.folder.clone(),
            source: Arc::new(error.into()),
        })?;
        Ok(room.f_bavail * room.f_frsize)
    }

    #[cfg(feature = "test-faults")]
    pub(crate) fn flip_bit(&self, commit: CommitNumber) {
        let key = commit.get().to_be_bytes();
        let mut block = self.db().get(key).expect("readable").expect("there").to_vec();
        *block.last_mut().expect("not empty") ^= 1;
        self.db().insert(key, block).expect("writable");
    }

    fn db(&self) -> &sled::Db {
        self.db.as_ref().expect("open until it is dropped")
    }

    fn blobs(&self) -> std::sync::MutexGuard<'_, Blobs> {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn guarded<T>(
        &self,
        operation: &'static str,
        call: impl FnOnce() -> sled::Result<T>,
    ) -> Result<T, StoreError> {
        guarded(&self.folder, operation, call)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let db = self.db.take();
        // Closing flushes, which may panic on a damaged store; everything acknowledged is durable
        // already, so there is nothing to tell.
        let _ = guarded(&self.folder, "close", || {
            drop(db);
            Ok(())
        });
    }
}

/// Removes what an opening that was cut short has left of sled's snapshot. sled writes it under a name
/// that ends in `.generating` and renames it when it is whole; but looking for the newest one, it
/// leaves out another ending, so it would take the half of one for its newest and call it corrupt. It
/// removes the one before only after the renaming, so nothing is lost with this.
fn remove_unfinished_snapshots(folder: &Path) -> Result<(), StoreError> {
    let failed =
        |source: io::Error| StoreError::Sync { path: folder.into(), source: source.into() };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|it| it == "generating") {
            fs::remove_file(&path).map_err(failed)?;
        }
    }
    Ok(())
}

/// sled has no variant of its own for a lock that is taken.
fn is_locked(error: &StoreError) -> bool {
    matches!(error, StoreError::Sled { source: sled::Error::Io(error), .. }
        if error.to_string().contains("could not acquire lock"))
}

fn guarded<T>(
    folder: &Path,
    operation: &'static str,
    call: impl FnOnce() -> sled::Result<T>,
) -> Result<T, StoreError> {
    // After a panic the store takes no more appends, and reads are checked block by block, so a
    // half-changed state inside sled does no harm.
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|source| StoreError::Sled { operation, source }),
        Err(panic) => {
            let message = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("without a message")
                .to_owned();
            Err(StoreError::Panicked { operation, message, folder: folder.to_owned() })
        }
    }
}

fn number(key: &[u8]) -> Result<CommitNumber, StoreError> {
    let key: [u8; 8] = key.try_into().map_err(|_| StoreError::ForeignKey { length: key.len() })?;
    Ok(CommitNumber::new(u64::from_be_bytes(key)))
}

fn open(path: &Path) -> Result<File, StoreError> {
    File::open(path)
        .map_err(|source| StoreError::Sync { path: path.to_owned(), source: source.into() })
}

fn sync(
    path: &Path,
    file: &File,
    how: impl FnOnce(&File) -> io::Result<()>,
) -> Result<(), StoreError> {
    how(file).map_err(|source| StoreError::Sync { path: path.to_owned(), source: source.into() })
}
