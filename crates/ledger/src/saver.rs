//! The thread that writes savepoints while the ledger goes on.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;
use tallystick_domain::Position;
use tallystick_views::Snapshot;

use crate::archive::Archive;
use crate::as_of::lower_priority;
use crate::clock::Stopwatch;
use crate::savepoint;
use crate::tree::Tree;

/// Writes savepoints; without a file, none.
pub(crate) struct Saver {
    file: Option<PathBuf>,
    archive: Arc<Archive>,
    tree: Arc<Tree>,
    /// Fewest events between two.
    every: u64,
    /// Position of the last one taken on.
    taken_on: AtomicU64,
    /// Position of the last one written.
    saved: AtomicU64,
    thread: Mutex<Option<Thread>>,
}

struct Thread {
    /// Room for none: while one is written, the next is not taken on.
    due: mpsc::SyncSender<Arc<Snapshot>>,
    handle: JoinHandle<()>,
}

impl Saver {
    /// A saver to a file that holds the savepoint of a position already, or 0.
    ///
    /// # Errors
    /// What the system said when the thread was to be started.
    pub(crate) fn start(
        file: Option<PathBuf>,
        archive: Arc<Archive>,
        tree: Arc<Tree>,
        every: u64,
        written: Position,
    ) -> io::Result<Arc<Self>> {
        let saver = Arc::new(Self {
            file,
            archive,
            tree,
            every,
            taken_on: AtomicU64::new(written.0),
            saved: AtomicU64::new(written.0),
            thread: Mutex::new(None),
        });
        if saver.file.is_some() {
            let (due, snapshots) = mpsc::sync_channel::<Arc<Snapshot>>(0);
            let weak = Arc::downgrade(&saver);
            let work = move || {
                lower_priority();
                for snapshot in snapshots {
                    let Some(saver) = weak.upgrade() else { return };
                    saver.save(&snapshot);
                }
            };
            let handle = thread::Builder::new().name("ledger-savepoint".to_owned()).spawn(work)?;
            *saver.thread.lock() = Some(Thread { due, handle });
        }
        Ok(saver)
    }

    /// Takes a snapshot on if a savepoint is due and none is being written.
    pub(crate) fn offer(&self, snapshot: &Arc<Snapshot>) {
        let position = snapshot.position().0;
        // A tenth of the ledger, so that all savepoints of a long load together cost ten times
        // the last one at most.
        let due = self.taken_on.load(Relaxed) + self.every.max(position / 10);
        if position < due {
            return;
        }
        if let Some(thread) = &*self.thread.lock()
            && thread.due.try_send(Arc::clone(snapshot)).is_ok()
        {
            self.taken_on.store(position, Relaxed);
        }
    }

    /// Waits for the thread and writes a last savepoint.
    pub(crate) fn close(&self, snapshot: &Snapshot) {
        if let Some(Thread { due, handle }) = self.thread.lock().take() {
            drop(due);
            // It says its own errors.
            let _ = handle.join();
            if snapshot.position() > self.saved() {
                self.save(snapshot);
            }
        }
    }

    /// Position of the last savepoint written; 0 if there is none.
    pub(crate) fn saved(&self) -> Position {
        Position(self.saved.load(Relaxed))
    }

    fn save(&self, snapshot: &Snapshot) {
        let Some(file) = &self.file else { return };
        let watch = Stopwatch::start();
        let position = snapshot.position().0;
        match savepoint::write(file, snapshot, &self.archive, &self.tree) {
            Ok(()) => {
                self.saved.store(position, Relaxed);
                let elapsed_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(position, elapsed_ms, "savepoint written");
            }
            // Only the next start is slower.
            Err(error) => tracing::warn!(position, error = %error, "no savepoint was written"),
        }
    }
}
