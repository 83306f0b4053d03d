use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

use tallystick_log::{CommitNumber, ReadError};

use crate::{ScrubPace, sled_log::Shared, walk::Walk};

/// Walks the whole log again and again, a little at a time, until told to stop.
pub(crate) struct Scrub {
    pace: ScrubPace,
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Scrub {
    pub(crate) fn new(pace: ScrubPace) -> Self {
        Self { pace, stopped: Mutex::new(false), changed: Condvar::new() }
    }

    /// For a thread of its own.
    pub(crate) fn run(&self, log: &Shared) {
        loop {
            let mut walk = Walk::from_start(log.identity);
            let end = log.head().commit;
            while walk.at() < end {
                match walk.advance(&log.store, end, self.pace.slice_bytes) {
                    Err(ReadError::Corrupt(corrupt)) => log.found(corrupt),
                    // What is not available is told to whoever reads it; the scrub tries again.
                    Ok(()) | Err(ReadError::Unavailable { .. }) => {}
                }
                log.scrubbed(walk.at());
                if self.pause(self.pace.pause) {
                    return;
                }
            }
            log.scrub_finished();
            if self.pause(self.pace.rest) {
                return;
            }
            log.scrubbed(CommitNumber::ZERO);
        }
    }

    pub(crate) fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits, and tells whether to stop.
    fn pause(&self, duration: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let (stopped, _) = self
            .changed
            .wait_timeout_while(stopped, duration, |stopped| !*stopped)
            .unwrap_or_else(PoisonError::into_inner);
        *stopped
    }
}
