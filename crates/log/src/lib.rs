//! The log of the ledger: a sequence of commits 1, 2, 3 …, each one block of bytes, appended
//! whole or not at all and durable before anyone hears of it.
//!
//! This crate says what a [`Block`] is, byte for byte (`schema/log-format.md`), and what a
//! [`Log`] promises. It brings two logs that keep nothing: [`MemoryLog`], which is merely
//! obedient, and [`FaultyLog`], which goes wrong in every way a real one may. The suite that
//! every log must pass is behind the feature `conformance`.
//!
//! It does not know what a record means: headers and bodies are opaque here. It has no clock, no
//! files and no threads of its own.

mod block;
mod damage;
mod digest;
mod error;
mod faulty;
mod log;
mod memory;
mod number;
mod wait;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use block::{
    BLOCK_HEADER_BYTES, Block, BlockBuilder, Codec, MAX_BLOCK_BYTES, MAX_BLOCK_RECORDS,
    MAX_RECORD_BYTES, PushError, Record, Records, RecordsIter,
};
pub use damage::Damage;
pub use digest::Digest;
pub use error::{AppendError, Corrupt, ReadError, Source};
pub use faulty::{Faults, FaultyLog};
pub use log::{BoxFuture, Head, Log, LogIdentity, ReadBudget};
pub use memory::MemoryLog;
pub use number::CommitNumber;
pub use wait::wait;
