//! The operators' door of a node: a socket named `control` in its folder, which only those may open
//! who may write there. What it is for is what no second process can do, because the folder is
//! locked: copy it.
//!
//! A caller writes one line of JSON, [`Asked`]; lines of [`Told`] come back, the last one with the
//! end.

use crate::backup::{self, Manifest};
use crate::observe::Meter;
use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tallystick_log::Log;

/// What a node can be asked for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Folder to make, absolute.
    backup: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch_key_expires: Option<String>,
}

/// What it answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    /// So far, and how far it goes: positions.
    At(u64, u64),
    Done(Manifest),
    Failed(String),
}

/// Longest wait for a line that is due at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// The door, open until it is dropped.
pub(crate) struct Door(PathBuf);

impl Door {
    /// Opens the door of a folder whose log is open in this process.
    pub(crate) fn open(data: &Path, log: &Arc<dyn Log>) -> anyhow::Result<Self> {
        let path = data.join("control");
        // Left by a process that was killed: the folder's lock says that it is gone.
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("cannot remove {}", path.display()));
        }
        let made = UnixListener::bind(&path).and_then(|listener| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        });
        let listener = made.with_context(|| format!("cannot listen on {}", path.display()))?;
        let (data, log) = (data.to_owned(), Arc::downgrade(log));
        let work = move || {
            // One after the other: two copies at once would only be slower.
            for caller in listener.incoming() {
                let (Ok(caller), Some(log)) = (caller, log.upgrade()) else { return };
                if let Err(error) = answer(&caller, &*log, &data) {
                    tracing::warn!(%error, "an operator went away");
                }
            }
        };
        thread::Builder::new().name("control".to_owned()).spawn(work)?;
        Ok(Self(path))
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Wakes the thread, which finds that the log is being closed, or the process ends.
        let _ = UnixStream::connect(&self.0);
        let _ = std::fs::remove_file(&self.0);
    }
}

fn answer(mut caller: &UnixStream, log: &dyn Log, data: &Path) -> io::Result<()> {
    caller.set_read_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    if BufReader::new(caller).read_line(&mut line)? == 0 {
        return Ok(());
    }
    let mut tell = |told: &Told| {
        let mut line = serde_json::to_vec(told)?;
        line.push(b'\n');
        caller.write_all(&line)
    };
    let copied = serde_json::from_str(&line).map_err(anyhow::Error::from).and_then(|asked| {
        let Asked { backup, epoch_key_expires } = asked;
        tracing::info!("a backup is made");
        backup::write(log, data, &backup, epoch_key_expires.as_deref(), |at, of| {
            // Whoever has gone away is told at the end.
            let _ = tell(&Told::At(at, of));
        })
    });
    match copied {
        Ok(manifest) => {
            tracing::info!(position = manifest.position, "a backup was made");
            tell(&Told::Done(manifest))
        }
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "no backup was made");
            tell(&Told::Failed(format!("{error:#}")))
        }
    }
}

/// Asks the node that serves a folder for a backup; `None` if none does.
pub(crate) fn ask(
    data: &Path,
    out: &Path,
    epoch_key_expires: Option<&str>,
    meter: &mut Meter,
) -> anyhow::Result<Option<Manifest>> {
    let path = data.join("control");
    let node = match UnixStream::connect(&path) {
        Ok(node) => node,
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => return Ok(None),
            _ => return Err(error).with_context(|| format!("cannot open {}", path.display())),
        },
    };
    let epoch_key_expires = epoch_key_expires.map(str::to_owned);
    let mut asked = serde_json::to_vec(&Asked { backup: out.to_owned(), epoch_key_expires })?;
    asked.push(b'\n');
    (&node).write_all(&asked)?;
    for line in BufReader::new(&node).lines() {
        match serde_json::from_str(&line?)? {
            Told::At(at, of) => meter.at(at, of),
            Told::Done(manifest) => return Ok(Some(manifest)),
            Told::Failed(why) => bail!("the node made no backup: {why}"),
        }
    }
    bail!("the node went away; what it has written is beside {}", out.display())
}
