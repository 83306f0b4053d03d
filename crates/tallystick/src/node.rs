//! A node's ledger, opened from its folder:
//!
//! | file | what |
//! |---|---|
//! | `log/` | the log, in sled |
//! | `head` | where the log ended when it was last flushed |
//! | `lock` | held by the one process that has the folder open |
//! | `vault` | the keys of persons, wrapped by the epoch key |
//! | `savepoint` | the folds at some position, for a quick start |
//! | `tiles/` | the Merkle tree's full tiles |
//! | `checkpoint` | the last signed tree head |
//! | `checkpoint.cosigned` | the last one that a witness cosigned |
//! | `checkpoint.next` | the tree head that is being signed |
//! | `control` | the operators' door, while the folder is served |

use crate::control::Door;
use crate::observe::Meter;
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use tallystick_api::{Authenticate, Principal};
use tallystick_ledger::{Clock, Ledger, Parts, Settings, Signing};
use tallystick_log::{Log as _, LogIdentity};
use tallystick_log_sled::{Health, Options, SledLog};
use tallystick_vault::{EpochKey, Vault};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How a folder is opened.
pub(crate) struct Opening<'a> {
    pub(crate) data: &'a Path,
    pub(crate) epoch_key: &'a EpochKey,
    /// What was signed and what signs; without it, the log is held against no checkpoint.
    pub(crate) signing: Option<Signing>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: Options,
    pub(crate) verify_everything: bool,
}

/// An open ledger and the log that it stands on.
pub(crate) struct Node {
    pub(crate) ledger: Ledger,
    pub(crate) log: Arc<SledLog>,
    data: PathBuf,
}

impl Node {
    /// Opens the folder, making it if it does not exist, checks the log and folds it.
    pub(crate) fn open(opening: Opening<'_>) -> anyhow::Result<Self> {
        let Opening { data, epoch_key, signing, clock, options, verify_everything } = opening;
        std::fs::create_dir_all(data)
            .with_context(|| format!("cannot make the folder {}", data.display()))?;
        let log = Arc::new(SledLog::open(data, &options)?);
        if verify_everything {
            let mut meter = Meter::new("verifying");
            log.verify_full(|progress| meter.at(progress.commit.get(), progress.of.get()))?;
        }
        let vault = open_vault(data, epoch_key, log.head().borrow().last_position)?;
        let mut meter = Meter::new("folding");
        let parts = Parts {
            log: Arc::clone(&log) as Arc<dyn tallystick_log::Log>,
            vault,
            clock,
            folds: Some(data.to_owned()),
            from_the_log: verify_everything,
            signing,
            settings: Settings::default(),
        };
        let ledger =
            Ledger::open(parts, |progress| meter.at(progress.position.0, progress.head.0))?;
        Ok(Self { ledger, log, data: data.to_owned() })
    }
}

impl Node {
    /// Serves until told to stop, and closes.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        callers: Box<dyn Authenticate<Caller = Principal>>,
        settings: tallystick_api::Settings,
        stop: Pin<Box<dyn Future<Output = ()> + Send>>,
    ) {
        let watch = tokio::spawn(tell_damage(self.log.health()));
        let log = Arc::clone(&self.log) as Arc<dyn tallystick_log::Log>;
        // Serving does not depend on it. A folder's path may be too long for a socket's name.
        let door = Door::open(&self.data, &log);
        if let Err(error) = &door {
            tracing::warn!(error = format!("{error:#}"), "no backups can be made");
        }
        drop(log);
        tallystick_api::run(self.ledger.clone(), callers, listener, stop, settings).await;
        watch.abort();
        drop(door);
        self.close().await;
    }

    /// Finishes what was accepted, keeps a savepoint, and lets go of the folder.
    pub(crate) async fn close(self) {
        self.ledger.close().await;
        tracing::info!(position = self.ledger.snapshot().position().0, "closed");
    }
}

/// Says what the log's scrub finds, as soon as it does.
async fn tell_damage(mut health: watch::Receiver<Health>) {
    let mut told = 0;
    while health.changed().await.is_ok() {
        let damage = health.borrow_and_update().damage.clone();
        for corrupt in damage.iter().skip(told) {
            tracing::error!(%corrupt, "a commit is damaged: restore it from a backup");
        }
        told = damage.len();
    }
}

/// A new vault only for a ledger without events: beside a log, a lost vault is a loss to be told.
fn open_vault(data: &Path, epoch_key: &EpochKey, events: u64) -> anyhow::Result<Vault> {
    let path = data.join("vault");
    if path.exists() {
        return Ok(Vault::open(&path, epoch_key)?);
    }
    if events > 0 {
        bail!(
            "{} is missing, but the log holds {events} events whose personal fields only it can open: restore it from a backup",
            path.display()
        );
    }
    Ok(Vault::create(&path, epoch_key)?)
}

/// A log of its own, should the folder be new.
pub(crate) fn options_if_new() -> anyhow::Result<Options> {
    let mut identity = [0; 32];
    getrandom::fill(&mut identity).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(Options::new(LogIdentity::new(identity)))
}
