//! What each command of the command line starts.

use crate::cli::Command;
use crate::{backup, export, init, key, replay, restore, serve, stage, verify, witness};
use std::process::ExitCode;
use tokio::runtime::Runtime;

/// Runs a command to its end.
pub(crate) fn run(command: Command, runtime: &Runtime) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init(init) => runtime.block_on(init::run(init))?,
        Command::Serve(serve) => runtime.block_on(serve::run(serve))?,
        Command::Demo(demo) => runtime.block_on(stage::run(demo))?,
        Command::Replay(replay) => replay::run(&replay)?,
        Command::Export(export) => export::run(&export)?,
        Command::Verify(verify) => return Ok(verify::run(&verify)),
        Command::Witness(witness) => witness::run(witness, runtime)?,
        Command::Key(key) => key::run(&key)?,
        Command::Backup(backup) => backup::run(&backup)?,
        Command::Restore(restore) => restore::run(&restore)?,
        Command::Schema => export::schema()?,
        Command::Config(flags) => export::config(&flags)?,
    }
    Ok(ExitCode::SUCCESS)
}
