//! Makes a block durable, with the keys that its values need: on the spot, or on a thread of its own
//! while the writer goes on deciding.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::TryRecvError;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use tallystick_log::{AppendError, Head, Log, wait};
use tallystick_vault::{Poisoned, Vault};

use crate::writer::Append;

/// Commands in a block from which on others are likely to come while it is on its way. Few callers
/// are all in it, and would only wait for another thread.
const MANY: usize = 8;

/// Why a block was not made durable.
pub(crate) enum NotFlushed {
    /// Its keys were not; the block was not sent.
    Vault(Poisoned),
    /// What the log says.
    Log(AppendError),
}

type Flushed = Result<Head, NotFlushed>;

/// The way into the log.
pub(crate) struct Flusher {
    log: Arc<dyn Log>,
    vault: Arc<Vault>,
    /// `None`: everything happens on the spot, one thing after the other.
    thread: Option<Thread>,
}

struct Thread {
    appends: mpsc::SyncSender<Append>,
    /// A result, or the panic of the log.
    flushed: mpsc::Receiver<thread::Result<Flushed>>,
    handle: JoinHandle<()>,
}

impl Flusher {
    /// A flusher without a thread, for simulations.
    #[cfg(test)]
    pub(crate) fn on_the_spot(log: Arc<dyn Log>, vault: Arc<Vault>) -> Self {
        Self { log, vault, thread: None }
    }

    /// A flusher with a thread, which calls `done` after each block.
    ///
    /// # Errors
    /// What the system said.
    pub(crate) fn start(
        log: Arc<dyn Log>,
        vault: Arc<Vault>,
        done: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let (appends, to_append) = mpsc::sync_channel::<Append>(1);
        let (results, flushed) = mpsc::sync_channel(1);
        let (its_log, its_vault) = (Arc::clone(&log), Arc::clone(&vault));
        let work = move || {
            for append in to_append {
                let flushed =
                    catch_unwind(AssertUnwindSafe(|| flush(&*its_log, &its_vault, append)));
                if results.send(flushed).is_err() {
                    return;
                }
                done();
            }
        };
        let handle = thread::Builder::new().name("ledger-flush".to_owned()).spawn(work)?;
        Ok(Self { log, vault, thread: Some(Thread { appends, flushed, handle }) })
    }

    /// Whether it pays to go on meanwhile with a block of so many commands.
    pub(crate) fn pays(&self, commands: usize) -> bool {
        self.thread.is_none() || commands >= MANY
    }

    /// Makes a block durable.
    pub(crate) fn flush(&self, append: Append) -> Flushed {
        flush(&*self.log, &self.vault, append)
    }

    /// Makes a block durable and works meanwhile: once at least, and again until it is durable.
    pub(crate) fn flush_beside(&self, append: Append, mut work: impl FnMut()) -> Flushed {
        let Some(thread) = &self.thread else {
            // Once to take in what comes, once to decide it.
            work();
            work();
            return self.flush(append);
        };
        thread.appends.send(append).expect("the thread lives as long as this");
        loop {
            work();
            match thread.flushed.try_recv() {
                Ok(Ok(flushed)) => return flushed,
                Ok(Err(panic)) => resume_unwind(panic),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => panic!("the thread lives as long as this"),
            }
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        if let Some(Thread { appends, flushed, handle }) = self.thread.take() {
            drop((appends, flushed));
            // It catches the log's panics and hands them on.
            let _ = handle.join();
        }
    }
}

fn flush(log: &dyn Log, vault: &Vault, append: Append) -> Flushed {
    // Keys before the values that they open: a blob whose key a crash took would be lost.
    vault.sync().map_err(NotFlushed::Vault)?;
    wait(log.append(append.expected, append.block)).map_err(NotFlushed::Log)
}
