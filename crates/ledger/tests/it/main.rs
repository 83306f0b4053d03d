//! The ledger through its front door.

mod commands;
mod feeds;
mod house;
mod pages;
mod past;
mod proofs;
mod restart;
mod scrub;
mod sealing;
mod trouble;
mod walks;
mod world;
