//! The tree against two other implementations and its own definitions; notes against a third;
//! every format's bytes, for ever; and what a forger may try.
#![expect(clippy::format_collect, reason = "texts of a few lines")]

mod checkpoints;
mod edge;
mod golden;
mod keys;
mod notes;
mod policies;
mod proofs;
mod receipts;
mod roots;
mod sample;
mod threats;
mod tiles;
mod witness;
