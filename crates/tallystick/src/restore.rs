//! `tallystick restore`: a ledger's folder from a backup, checked whole before it exists.

use crate::backup::{Backup, write_durably};
use crate::cli;
use crate::observe::{self, Meter};
use crate::settings::LogFormat;
use anyhow::{Context as _, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use tallystick_log::{Log as _, wait};
use tallystick_log_sled::{Options, SledLog};
use tallystick_tally::Checkpoint;

/// Makes the folder, and says what it holds and what it lacks.
pub(crate) fn run(flags: &cli::Restore) -> anyhow::Result<()> {
    observe::start(LogFormat::Text, "warn")?;
    let cli::Restore { from, data, known_checkpoints } = flags;
    ensure!(!data.exists(), "{} exists already", data.display());
    let backup = Backup::open(from)?;
    let mut signed = Vec::new();
    if let Some(bytes) = backup.file("checkpoint")? {
        signed.push(parsed(&bytes, &from.join("checkpoint"))?);
    }
    for path in known_checkpoints {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        signed.push(parsed(&bytes, path)?);
    }

    // Under another name until it is whole: what was cut short must not look like a ledger.
    let mut part = data.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    fs::create_dir(&part).with_context(|| format!("cannot make {}", part.display()))?;
    let options = Options { scrub: None, ..Options::new(backup.identity) };
    let log = SledLog::open(&part, &options)?;
    let mut meter = Meter::new("restoring");
    let position = backup.manifest.position;
    backup.blocks(|copied, block| {
        let head = copied.tree.head();
        for checkpoint in signed.iter().filter(|it| it.head().size == head.size) {
            ensure!(
                checkpoint.head().root == head.root,
                "the backup is not what was signed: at {} records its root is {}, the checkpoint says {}",
                head.size,
                head.root,
                checkpoint.head().root
            );
        }
        let (expected, at) = (log.head().borrow().commit, block.last_position());
        wait(log.append(expected, block))?;
        meter.at(at, position);
        Ok(())
    })?;
    drop((meter, log));
    let vault = backup.file("vault")?.context("the backup has no vault")?;
    write_durably(&part.join("vault"), &vault)?;
    // The newest: while the folder lacks what was signed, it is not served.
    let newest = signed.iter().max_by_key(|it| it.head().size);
    if let Some(newest) = newest {
        write_durably(&part.join("checkpoint"), newest.to_string().as_bytes())?;
    }
    File::open(&part)?.sync_all()?;
    fs::rename(&part, data)?;
    data.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
    say(data, &backup, newest);
    Ok(())
}

fn say(data: &Path, backup: &Backup, newest: Option<&Checkpoint>) {
    let manifest = &backup.manifest;
    println!(
        "{} holds the ledger up to position {} (commit {}), root {}",
        data.display(),
        manifest.position,
        manifest.commit,
        manifest.root
    );
    match newest.map(|it| it.head().size.get()) {
        None => println!("Nothing was signed that it could be held against."),
        Some(size) if size <= manifest.position => {
            println!("It begins with the {size} records of the newest checkpoint known.");
        }
        Some(size) => {
            let first = manifest.position + 1;
            println!(
                "A checkpoint of {size} records is known: positions {first} to {size} are missing."
            );
            println!("It is not served. Find a newer backup, or, if there is none, start it once");
            println!("with --new-incarnation: what is missing is then given up, for all to see.");
        }
    }
}

fn parsed(bytes: &[u8], path: &Path) -> anyhow::Result<Checkpoint> {
    Checkpoint::parse(bytes).with_context(|| format!("{} holds no checkpoint", path.display()))
}
