//! The snapshot that everybody reads, and the word that there is a newer one.

use std::sync::Arc;

use parking_lot::RwLock;
use tallystick_domain::Position;
use tallystick_views::Snapshot;
use tokio::sync::watch;

/// The latest snapshot. Readers hold its lock only to clone a pointer.
pub(crate) struct Published {
    snapshot: RwLock<Arc<Snapshot>>,
    moved: watch::Sender<Position>,
}

impl Published {
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> Self {
        let moved = watch::Sender::new(snapshot.position());
        Self { snapshot: RwLock::new(snapshot), moved }
    }

    pub(crate) fn get(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read())
    }

    /// Shows a newer snapshot, and then says so. Gives back the one that was shown before.
    pub(crate) fn show(&self, snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
        let position = snapshot.position();
        let old = std::mem::replace(&mut *self.snapshot.write(), snapshot);
        self.moved.send_replace(position);
        old
    }

    /// The position as it moves. The receiver sees the latest, not every one.
    pub(crate) fn moves(&self) -> watch::Receiver<Position> {
        self.moved.subscribe()
    }
}
