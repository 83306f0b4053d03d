//! The log on sled 0.34: the embedded default, for one machine.
//!
//! One tree, key = commit number (8 bytes, big-endian), value = the block. An append is one
//! insert, a sync of the files that sled may have made in `blobs/`, sled's `flush()`, and an
//! `fdatasync` of sled's file: `flush()` alone does not survive a power cut on Linux, and sled
//! never syncs what it puts into `blobs/`. The head is published only after all of it, and every
//! read stops at the published head, because sled shows what is not yet on disk.
//!
//! sled does not notice when its end is cut off, and may panic when it is damaged. So beside the
//! store lies the head file, which says what must be there ([`SledLog::open`] compares), every
//! block is checked when it is read, a background scrub walks everything, and a panic becomes an
//! error.
//!
//! A data folder holds `log/` (sled's), `head` and `lock`; anything else in it belongs to others.

mod boot;
mod head_file;
mod health;
mod lock;
mod open_error;
mod options;
mod scrub;
mod sled_log;
mod store;
mod walk;

#[cfg(feature = "bench")]
pub mod bench;

pub use health::Health;
pub use open_error::OpenError;
#[cfg(feature = "test-faults")]
pub use options::Sync;
pub use options::{Options, ScrubPace};
pub use sled_log::SledLog;
pub use store::StoreError;
pub use walk::Progress;
