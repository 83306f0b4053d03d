//! How the ledger is, for operators and for the writer itself.

use parking_lot::Mutex;
use tallystick_domain::Position;

use crate::receipt::ReadOnly;
use crate::scrub::Scrubbed;

/// How a ledger is.
#[derive(Clone, Debug)]
pub struct Health {
    /// Position of the snapshot that is read.
    pub position: Position,
    /// Commit of that snapshot.
    pub commit: u64,
    /// Durable events that the snapshot does not hold yet.
    pub fold_lag: u64,
    /// Why nothing is written, if that is so.
    pub read_only: Option<ReadOnly>,
    /// Whether the log has not said what became of the block sent last.
    pub in_doubt: bool,
    /// Commands waiting.
    pub queued: usize,
    /// Position of the last savepoint of this run; 0 if there is none.
    pub savepoint: Position,
    /// What the scrub of the tree has found.
    pub scrubbed: Scrubbed,
}

/// What stands in the way of writing.
#[derive(Default)]
pub(crate) struct Status(Mutex<State>);

#[derive(Default)]
struct State {
    /// For as long as the ledger is open.
    stopped: Option<ReadOnly>,
    /// Until an append succeeds.
    full: Option<ReadOnly>,
    in_doubt: bool,
}

impl Status {
    /// Stops all writing; the first reason stays.
    pub(crate) fn stop(&self, reason: ReadOnly) {
        tracing::error!(error = %reason, "the ledger stops writing");
        self.0.lock().stopped.get_or_insert(reason);
    }

    pub(crate) fn stopped(&self) -> Option<ReadOnly> {
        self.0.lock().stopped.clone()
    }

    pub(crate) fn full(&self, reason: ReadOnly) {
        self.0.lock().full = Some(reason);
    }

    pub(crate) fn in_doubt(&self) {
        self.0.lock().in_doubt = true;
    }

    pub(crate) fn committed(&self) {
        let mut state = self.0.lock();
        state.full = None;
        state.in_doubt = false;
    }

    pub(crate) fn read_only(&self) -> Option<ReadOnly> {
        let state = self.0.lock();
        state.stopped.clone().or_else(|| state.full.clone())
    }

    pub(crate) fn is_in_doubt(&self) -> bool {
        self.0.lock().in_doubt
    }
}
