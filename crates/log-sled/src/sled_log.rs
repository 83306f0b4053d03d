use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use tallystick_log::{
    AppendError, Block, BoxFuture, CommitNumber, Corrupt, Damage, Head, Log, LogIdentity,
    ReadBudget, ReadError, Source,
};
use tokio::sync::watch;

use crate::{
    Health, OpenError, Options, Progress,
    boot::{Booted, boot},
    head_file::HeadFile,
    lock::Lock,
    scrub::Scrub,
    store::Store,
    walk::{Walk, corrupt, damage_or_unavailable},
};

/// Bytes of blocks between two reports of [`SledLog::verify_full`].
const VERIFY_STEP_BYTES: usize = 8 << 20;

/// A log in a data folder of this machine. One process at a time; dropped, it syncs what is left
/// to sync and lets the folder go.
///
/// An append runs where its future is polled and blocks that thread for the disk; a read is ready
/// at once.
pub struct SledLog {
    shared: Arc<Shared>,
    scrub: Option<Arc<Scrub>>,
    threads: Vec<JoinHandle<()>>,
    // Dropped last: the folder is free only when everything else is closed.
    _lock: Lock,
}

/// What the log's own threads see of it.
pub(crate) struct Shared {
    pub(crate) identity: LogIdentity,
    pub(crate) store: Store,
    head_file: HeadFile,
    block_limit: usize,
    min_free_bytes: u64,
    /// Held during an append: one at a time. Holds why there may be no more.
    poison: Mutex<Option<Source>>,
    head: watch::Sender<Head>,
    health: watch::Sender<Health>,
}

impl SledLog {
    /// Opens the log in the data folder `data`, creating both if they do not exist, and checks
    /// the store against the head file and the tail of the store block by block.
    ///
    /// A store that has gone on after the head file's last sync is taken as it is, if it is
    /// chained to what the head file says.
    ///
    /// # Errors
    /// Each variant of [`OpenError`] says what is wrong and what to do.
    pub fn open(data: &Path, options: &Options) -> Result<Self, OpenError> {
        fs::create_dir_all(data)
            .map_err(|source| OpenError::Io { path: data.to_owned(), source })?;
        let lock = Lock::take(data)?;
        let Booted { identity, head, store, head_file } = boot(data, options)?;
        let shared = Arc::new(Shared {
            identity,
            store,
            head_file,
            block_limit: options.block_limit,
            min_free_bytes: options.min_free_bytes,
            poison: Mutex::default(),
            head: watch::Sender::new(head),
            health: watch::Sender::new(Health::default()),
        });
        let mut log = Self { shared, scrub: None, threads: Vec::new(), _lock: lock };
        let shared = log.shared.clone();
        log.spawn("log-head", move || shared.head_file.sync_until_closed())?;
        if let Some(pace) = options.scrub {
            let scrub = Arc::new(Scrub::new(pace));
            log.scrub = Some(scrub.clone());
            let shared = log.shared.clone();
            log.spawn("log-scrub", move || scrub.run(&shared))?;
        }
        Ok(log)
    }

    /// Poison and damage, as they are found.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.shared.health.subscribe()
    }

    /// Walks the whole log up to its present head and checks every block: there, sound, its
    /// records whole, its number and positions without a gap, chained to the one before.
    /// `progress` is called every few milliseconds.
    ///
    /// # Errors
    /// The first damage, which is then reported by [`health`](Self::health) too.
    pub fn verify_full(&self, mut progress: impl FnMut(Progress)) -> Result<Head, ReadError> {
        let head = self.shared.head();
        let mut walk = Walk::from_start(self.shared.identity);
        while walk.at() < head.commit {
            walk.advance(&self.shared.store, head.commit, VERIFY_STEP_BYTES).inspect_err(
                |error| {
                    if let ReadError::Corrupt(corrupt) = error {
                        self.shared.found(corrupt.clone());
                    }
                },
            )?;
            progress(walk.progress(head.commit));
        }
        if walk.head() == Some(head) {
            return Ok(head);
        }
        let damaged = corrupt(&self.shared.store, head.commit, Damage::Chain);
        self.shared.found(damaged.clone());
        Err(damaged.into())
    }

    /// Makes the next flush fail, as a disk may.
    #[cfg(feature = "test-faults")]
    pub fn fail_next_flush(&self) {
        self.shared.store.fail_next_flush.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Changes one bit in the records of a stored block, as a disk may.
    ///
    /// # Panics
    /// If there is no such commit.
    #[cfg(feature = "test-faults")]
    pub fn flip_bit(&self, commit: CommitNumber) {
        self.shared.store.flip_bit(commit);
    }

    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(run).map_err(|source| {
            OpenError::Io { path: self.shared.head_file.path().to_owned(), source }
        })?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for SledLog {
    fn drop(&mut self) {
        if let Some(scrub) = &self.scrub {
            scrub.stop();
        }
        self.shared.head_file.close();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so; there is nothing more to close.
            let _ = thread.join();
        }
    }
}

impl Shared {
    pub(crate) fn head(&self) -> Head {
        *self.head.borrow()
    }

    /// Takes note of a damaged commit: reads of it fail from now on.
    pub(crate) fn found(&self, corrupt: Corrupt) {
        self.health.send_if_modified(|health| {
            let new = health.damage.iter().all(|known| known.commit != corrupt.commit);
            if new {
                health.damage.push(corrupt);
            }
            new
        });
    }

    pub(crate) fn scrubbed(&self, to: CommitNumber) {
        self.health.send_modify(|health| health.scrubbed_to = to);
    }

    pub(crate) fn scrub_finished(&self) {
        self.health.send_modify(|health| health.scrub_rounds += 1);
    }

    fn append(&self, expected: CommitNumber, block: &Block) -> Result<Head, AppendError> {
        // A panic while this is held is caught inside the store, so it is never left poisoned.
        let mut poison = self.poison.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = &*poison {
            return Err(AppendError::Poisoned { source: source.clone() });
        }
        let head = self.head();
        if expected != head.commit {
            return Err(AppendError::Conflict { head });
        }
        head.admits(block)?;
        let bytes = block.bytes().len();
        if bytes > self.block_limit {
            return Err(AppendError::TooLarge { limit: self.block_limit, bytes });
        }
        self.write(block).inspect_err(|error| {
            if let AppendError::Poisoned { source } = error {
                *poison = Some(source.clone());
                self.health.send_modify(|health| health.poison = Some(source.clone()));
            }
        })?;
        let head = Head::of(block);
        self.head.send_replace(head);
        Ok(head)
    }

    fn write(&self, block: &Block) -> Result<(), AppendError> {
        let free = self.store.free_bytes().map_err(poisoned)?;
        if free < self.min_free_bytes {
            return Err(AppendError::Full { free, threshold: self.min_free_bytes });
        }
        self.store.put(block).map_err(poisoned)?;
        self.head_file.write(Head::of(block)).map_err(poisoned)
    }

    fn read(&self, after: CommitNumber, budget: ReadBudget) -> Result<Vec<Block>, ReadError> {
        let head = self.head().commit;
        let mut blocks: Vec<Block> = Vec::new();
        let mut bytes = 0;
        let mut entries = self.store.after(after);
        let mut at = after;
        while at < head && blocks.len() < budget.blocks.max(1) {
            at = at.next();
            let block = match entries.next() {
                Some(Ok((number, stored))) if number == at => {
                    bytes += stored.len();
                    if !blocks.is_empty() && bytes > budget.bytes {
                        break;
                    }
                    Block::parse(stored).and_then(|block| in_place(block, at, blocks.last()))
                }
                Some(Ok(_)) | None => Err(Damage::Missing),
                Some(Err(error)) => Err(damage_or_unavailable(error)?),
            };
            match block.and_then(|block| self.not_found_damaged(block)) {
                Ok(block) => blocks.push(block),
                // What is sound before it is returned first; the next read begins with it.
                Err(_) if !blocks.is_empty() => break,
                Err(damage) => {
                    let damaged = corrupt(&self.store, at, damage);
                    self.found(damaged.clone());
                    return Err(damaged.into());
                }
            }
        }
        Ok(blocks)
    }

    /// Refuses a block that was found damaged in a way that the block alone does not show.
    fn not_found_damaged(&self, block: Block) -> Result<Block, Damage> {
        let health = self.health.borrow();
        match health.damage.iter().find(|known| known.commit == block.number()) {
            Some(known) => Err(known.damage.clone()),
            None => Ok(block),
        }
    }
}

/// Refuses a block that is sound in itself but not the one that belongs here.
pub(crate) fn in_place(
    block: Block,
    at: CommitNumber,
    before: Option<&Block>,
) -> Result<Block, Damage> {
    if block.number() != at {
        let (found, expected) = (block.number().get(), at.get());
        return Err(Damage::Misplaced { field: "commit number", found, expected });
    }
    match before {
        Some(before) if block.first_position() != before.last_position() + 1 => {
            let (found, expected) = (block.first_position(), before.last_position() + 1);
            Err(Damage::Misplaced { field: "first position", found, expected })
        }
        _ => Ok(block),
    }
}

fn poisoned(error: impl std::error::Error + Send + Sync + 'static) -> AppendError {
    AppendError::Poisoned { source: Arc::new(error) }
}

impl Log for SledLog {
    fn append(
        &self,
        expected: CommitNumber,
        block: Block,
    ) -> BoxFuture<'_, Result<Head, AppendError>> {
        Box::pin(async move { self.shared.append(expected, &block) })
    }

    fn read(
        &self,
        after: CommitNumber,
        budget: ReadBudget,
    ) -> BoxFuture<'_, Result<Vec<Block>, ReadError>> {
        Box::pin(async move { self.shared.read(after, budget) })
    }

    fn head(&self) -> watch::Receiver<Head> {
        self.shared.head.subscribe()
    }

    fn identity(&self) -> LogIdentity {
        self.shared.identity
    }
}
