//! The shell of the ledger: it takes commands in, seals what is personal, lets the rules decide at
//! the head of the log, records, folds, publishes, answers; and it reads what was recorded, by
//! position, as of a past one, and live.
//!
//! What is not here: rules (they are the domain's), who may see what (the views'), what a block or
//! a key is (the log's and the vault's), and anything of a protocol.
//!
//! The way of a command: [`Ledger::submit`] → `intake` → `queue` → `scribe` (the thread) → `desk`
//! (one attempt at one block) → `writer` (the state machine that decides) → `flusher` → log →
//! `published`.

mod archive;
mod as_of;
mod audit;
mod checkpoints;
mod clock;
mod commands;
mod desk;
mod durably;
mod feed;
mod flusher;
mod folding;
mod health;
mod intake;
mod intent;
mod ledger;
mod messenger;
mod metrics;
mod offsets;
mod open;
mod page;
mod published;
mod queue;
mod receipt;
mod savepoint;
mod saver;
mod scribe;
mod scrub;
mod sealing;
mod settings;
mod shelf;
mod tree;
mod walk;
mod writer;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod solo;
#[cfg(test)]
#[path = "../tests/it/world.rs"]
mod world;

pub use archive::ReadError;
pub use as_of::{AsOf, AsOfError, Past};
pub use audit::{Audited, NoReceipt};
pub use checkpoints::{CheckpointFault, Signing};
pub use clock::{Clock, SystemClock, VirtualClock, moment};
pub use feed::{Feed, FeedError, FeedItem};
pub use folding::{Progress, replay};
pub use health::Health;
pub use ledger::{Behind, DryRun, Ledger};
pub use metrics::{Histogram, MetricValues};
pub use open::{OpenError, Parts};
pub use page::{Direction, Page, Span};
pub use receipt::{Outcome, ReadOnly, Receipt, SubmitError};
pub use savepoint::saved;
pub use scrub::Scrubbed;
pub use sealing::{Closed, Opened};
pub use settings::{Limit, Settings};
pub use tallystick_log::MemoryLog;
pub use tallystick_tally::{
    Bundle, Checkpoint, Hash as TreeHash, NoteError, Signature, Signer, Tile, TreeSize, VerifierKey,
};
pub use tree::TreeError;
pub use walk::Walk;
