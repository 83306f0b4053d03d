//! Tallystick, the binary: one ledger, served, replayed, exported.

mod cli;
mod demo;
mod export;
mod init;
mod key_file;
mod node;
mod observe;
mod replay;
mod serve;
mod settings;
mod stage;

use clap::Parser as _;
use cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let ended = match Cli::parse().command {
        Command::Init(init) => runtime.block_on(init::run(init)),
        Command::Serve(serve) => runtime.block_on(serve::run(serve)),
        Command::Demo(demo) => runtime.block_on(stage::run(demo)),
        Command::Replay(replay) => replay::run(&replay),
        Command::Export(export) => export::run(&export),
        Command::Schema => export::schema(),
        Command::Config(flags) => {
            export::config(&flags);
            Ok(())
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Says what went wrong, with its causes, and nothing of the machinery.
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("tallystick: {error:#}");
    ExitCode::FAILURE
}
