//! Tallystick, the binary: one ledger, served, replayed, exported.

mod backup;
mod bundle;
mod cli;
mod command;
mod control;
mod demo;
mod export;
mod incarnation;
mod init;
mod key;
mod key_file;
mod node;
mod observe;
mod remote;
mod replay;
mod restore;
mod serve;
mod settings;
mod stage;
mod verify;
mod witness;

use clap::Parser as _;
use cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match command::run(Cli::parse().command, &runtime) {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

/// Says what went wrong, with its causes, and nothing of the machinery.
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("tallystick: {error:#}");
    ExitCode::FAILURE
}
