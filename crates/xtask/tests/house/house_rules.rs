//! Rules that the compiler does not know. Each is a function from text to the lines that break
//! it, so that a test can show it at work on a made-up offence.

mod arrows;
mod crates;
mod dependencies;
mod lock_files;
mod manifest;
mod text;
mod tree;

/// Fails with all offences at once.
#[track_caller]
fn none(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}
