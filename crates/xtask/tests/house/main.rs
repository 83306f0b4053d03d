//! The house rules as ordinary tests, and the proof that `domain` needs no standard library.
//! `cargo xtask test` runs each module as a step of its own.

mod house_rules;
mod no_std_proof;
