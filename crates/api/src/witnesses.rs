//! The witnesses whose cosignatures this node takes, and what each cosigned last.

use parking_lot::Mutex;
use tallystick_domain::Position;
use tallystick_ledger::{Checkpoint, VerifierKey};

/// The configured witnesses.
pub(crate) struct Witnesses {
    keys: Vec<VerifierKey>,
    /// Of each key. Checkpoints are signed anew every second, so that the last one says little
    /// about who was there: what was seen is kept for as long as this process runs.
    last: Mutex<Vec<Option<Cosigned>>>,
}

/// What a witness cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cosigned {
    /// Seconds since 1970-01-01T00:00Z, by the witness's clock.
    pub(crate) seconds: u64,
    /// Position of the last record in the tree.
    pub(crate) size: Position,
}

impl Witnesses {
    pub(crate) fn new(keys: Vec<VerifierKey>) -> Self {
        let last = Mutex::new(vec![None; keys.len()]);
        Self { keys, last }
    }

    /// Their public keys.
    pub(crate) fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }

    /// Remembers who cosigned a checkpoint.
    pub(crate) fn see(&self, checkpoint: &Checkpoint) {
        // One that nobody of these cosigned is no news.
        let Ok(verified) = checkpoint.note().verify(&self.keys) else { return };
        let size = Position(checkpoint.head().size.get());
        let mut last = self.last.lock();
        for (key, last) in self.keys.iter().zip(last.iter_mut()) {
            let by_this = verified.iter().find(|it| it.key == key).and_then(|it| it.at);
            if let Some(at) = by_this {
                let seen = Cosigned { seconds: at.seconds(), size };
                let newer =
                    last.is_none_or(|last| (last.size, last.seconds) < (seen.size, seen.seconds));
                if newer {
                    *last = Some(seen);
                }
            }
        }
    }

    /// Each with what it cosigned last, as far as this process has seen it.
    pub(crate) fn last(&self) -> Vec<(&VerifierKey, Option<Cosigned>)> {
        self.keys.iter().zip(self.last.lock().iter().copied()).collect()
    }
}
