//! Opening a ledger.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rand::{SeedableRng as _, rngs::StdRng, rngs::SysRng};
use tallystick_domain::{CaseKey, Cases as _, Position, id::PersonId};
use tallystick_log::{Log, LogIdentity, MemoryLog};
use tallystick_vault::{KeyPurpose, SubjectId, Vault, VaultError};
use tallystick_views::Snapshot;
use thiserror::Error;

use crate::archive::{Archive, ReadError};
use crate::as_of::Historian;
use crate::checkpoints::{CheckpointFault, Checkpoints, Signing};
use crate::clock::Clock;
use crate::desk::{Desk, Tools};
use crate::flusher::Flusher;
use crate::folding::{self, Progress};
use crate::health::Status;
use crate::ledger::{Inner, Ledger};
use crate::messenger::Messenger;
use crate::metrics::Metrics;
use crate::published::Published;
use crate::queue::Queue;
use crate::savepoint::{self, Savepoint};
use crate::saver::Saver;
use crate::scribe::Scribe;
use crate::scrub::{Scrub, Scrutiny};
use crate::settings::Settings;
use crate::tree::Tree;
use crate::writer::Writer;

/// What a ledger is made of.
pub struct Parts {
    /// The log, open.
    pub log: Arc<dyn Log>,
    /// The keys of the people in it.
    pub vault: Vault,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Folder for what is folded from the log (`savepoint`, `tiles/`); without one every start
    /// folds the whole log, and the tiles stay in memory.
    pub folds: Option<PathBuf>,
    /// Whether everything is folded from the log, whatever was saved: to see that it is still the
    /// same.
    pub from_the_log: bool,
    /// How checkpoints are signed, and where those are that were; without it, none are.
    pub signing: Option<Signing>,
    /// Limits.
    pub settings: Settings,
}

impl Parts {
    /// A ledger that keeps nothing beyond its process, and the log of it, which can be told to
    /// fail: for tests and rehearsals of what stands on a ledger.
    ///
    /// # Errors
    /// [`VaultError`] if the system gives no random bytes.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Result<(Self, Arc<MemoryLog>), VaultError> {
        let log = Arc::new(MemoryLog::new(LogIdentity::new([1; 32])));
        let parts = Self {
            log: Arc::clone(&log) as Arc<dyn Log>,
            vault: Vault::in_memory()?,
            clock,
            folds: None,
            from_the_log: false,
            signing: None,
            settings: Settings::default(),
        };
        Ok((parts, log))
    }
}

/// Why a ledger could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The log is damaged or cannot be read. Restore it from a backup.
    #[error("the log cannot be folded")]
    Reading(#[source] ReadError),
    /// The vault could not drop the keys of people who are not in the log.
    #[error("keys left over in the vault cannot be dropped")]
    Vault(#[source] VaultError),
    /// The vault is not the one that belongs to this log, or a part of it is lost. Restore it from
    /// a backup; without those keys what they sealed cannot be read again.
    #[error(
        "the vault lacks keys of {people} people of whom something sealed is in the log: restore it from a backup"
    )]
    KeysMissing {
        /// How many people.
        people: usize,
    },
    /// The log is not what was signed.
    #[error("the log is not what was signed")]
    Checkpoint(#[source] CheckpointFault),
    /// A thread could not be started.
    #[error("a thread cannot be started")]
    Thread(#[source] std::io::Error),
    /// The system gave no random bytes.
    #[error("no random bytes from the system")]
    NoRandomness,
}

impl Ledger {
    /// Folds the log and starts the writer. A record that this version cannot read or fold does
    /// not keep a ledger from opening: everything before it is served, nothing is written, and
    /// [`Self::health`] names it.
    ///
    /// Blocks for as long as folding takes; `progress` hears of it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(parts: Parts, mut progress: impl FnMut(Progress)) -> Result<Self, OpenError> {
        let Parts { log, mut vault, clock, folds, from_the_log, signing, settings } = parts;
        let status = Arc::new(Status::default());
        let file = folds.as_ref().map(|folder| folder.join("savepoint"));
        let tiles = folds.map(|folder| folder.join("tiles"));
        let before = file.as_ref().filter(|_| !from_the_log).and_then(|file| usable(file, &log));
        let saved_at = before.as_ref().map_or(Position::ZERO, |it| it.snapshot.position());
        let saved_tree = before.as_ref().map(Savepoint::tree);
        let (tree, folded) = thread::scope(|scope| {
            let tree = scope.spawn(|| Tree::open(tiles, &*log, saved_tree));
            let folded = fold(&log, before, &settings, &status, &mut progress);
            (tree.join(), folded)
        });
        let (archive, snapshot) = folded?;
        let tree = tree.unwrap_or_else(|panic| resume_unwind(panic)).map_err(OpenError::Reading)?;
        keys_present(&vault, &snapshot)?;
        drop_orphans(&mut vault, &snapshot, &status)?;
        let salts = StdRng::try_from_rng(&mut SysRng).map_err(|_| OpenError::NoRandomness)?;
        let (snapshot, archive, vault) = (Arc::new(snapshot), Arc::new(archive), Arc::new(vault));
        let tree = Arc::new(tree);
        let head = *log.head().borrow();
        let writer = Writer::new(Arc::clone(&snapshot), head, Arc::clone(&vault), salts);
        let saver = Saver::start(
            file,
            Arc::clone(&archive),
            Arc::clone(&tree),
            settings.savepoint_every,
            saved_at,
        )
        .map_err(OpenError::Thread)?;
        saver.offer(&snapshot);
        let published = Arc::new(Published::new(snapshot));
        let checkpoints = signing
            .map(|signing| Checkpoints::open(signing, Arc::clone(&tree), Arc::clone(&published)))
            .transpose()
            .map_err(OpenError::Checkpoint)?;
        let queue = Arc::new(Queue::new(&settings));
        let metrics = Arc::new(Metrics::default());
        let messenger = Arc::new(Messenger::default());
        let tools = Tools {
            archive: Arc::clone(&archive),
            published: Arc::clone(&published),
            status: Arc::clone(&status),
            metrics: Arc::clone(&metrics),
            saver: Arc::clone(&saver),
            tree: Arc::clone(&tree),
        };
        let nudged = Arc::clone(&queue);
        let flusher = Flusher::start(log, Arc::clone(&vault), move || nudged.nudge())
            .map_err(OpenError::Thread)?;
        let desk = Desk::new(writer, tools, flusher, settings.doubt);
        let scribe = Scribe::start(
            desk,
            Arc::clone(&queue),
            Arc::clone(&messenger),
            Arc::clone(&clock),
            Arc::clone(&status),
            Arc::clone(&published),
        )
        .map_err(OpenError::Thread)?;
        let historian =
            Historian::start(Arc::clone(&archive), Arc::clone(&published), settings.as_of_kept)
                .map_err(OpenError::Thread)?;
        if let Some(checkpoints) = &checkpoints {
            checkpoints.start().map_err(OpenError::Thread)?;
        }
        let scrutiny = Scrutiny {
            archive: Arc::clone(&archive),
            tree: Arc::clone(&tree),
            checkpoints: checkpoints.clone(),
            status: Arc::clone(&status),
        };
        let scrub = Scrub::start(scrutiny, settings.scrub_every).map_err(OpenError::Thread)?;
        Ok(Self(Arc::new(Inner {
            archive,
            published,
            vault,
            clock,
            queue,
            messenger,
            status,
            metrics,
            scribe,
            historian,
            saver,
            tree,
            checkpoints,
            scrub,
            settings,
        })))
    }
}

/// The savepoint, if there is one that fits the log.
fn usable(file: &Path, log: &Arc<dyn Log>) -> Option<Savepoint> {
    match savepoint::load(file, log) {
        Ok(saved) => saved,
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "the savepoint is deleted");
            if let Err(error) = fs::remove_file(file) {
                tracing::warn!(file = %file.display(), %error, "the savepoint stays");
            }
            None
        }
    }
}

fn fold(
    log: &Arc<dyn Log>,
    saved: Option<Savepoint>,
    settings: &Settings,
    status: &Status,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Archive, Snapshot), OpenError> {
    let folded = catch_unwind(AssertUnwindSafe(|| {
        let (before, archive) = match saved {
            Some(Savepoint { snapshot, offsets, commands, .. }) => {
                let log = Arc::clone(log);
                (snapshot, Archive::with(log, settings.at_hand, offsets, commands))
            }
            None => (Snapshot::empty(), Archive::new(Arc::clone(log), settings.at_hand)),
        };
        let position = before.position();
        let mut snapshot = folding::catch_up(before, &archive, progress)?;
        // A savepoint comes with its lists.
        if position == Position::ZERO || snapshot.position() > position {
            snapshot.index();
        }
        Ok((archive, snapshot))
    }));
    match folded {
        Ok(Ok(folded)) => Ok(folded),
        Ok(Err(error @ ReadError::Log(_))) => Err(OpenError::Reading(error)),
        Ok(Err(_)) | Err(_) => {
            let archive = Archive::new(Arc::clone(log), settings.at_hand);
            let found = folding::up_to_obstacle(&archive).map_err(OpenError::Reading)?;
            let (snapshot, reason) = found;
            status.stop(reason);
            Ok((archive, snapshot))
        }
    }
}

/// A vault that was cut looks like one that was written to when the power went; only the log knows
/// which keys must be there.
fn keys_present(vault: &Vault, snapshot: &Snapshot) -> Result<(), OpenError> {
    let complete = |(person, noted): &(PersonId, bool)| {
        let subject = SubjectId(person.0);
        vault.holds(subject, KeyPurpose::Identity)
            && (!noted || vault.holds(subject, KeyPurpose::FreeText))
    };
    match snapshot.sealed_people().filter(|it| !complete(it)).count() {
        0 => Ok(()),
        people => Err(OpenError::KeysMissing { people }),
    }
}

/// Drops keys and claims of people of whom the log knows nothing: left over from commands that
/// were refused, or that a crash cut short. Not while the log is not folded to its end.
fn drop_orphans(vault: &mut Vault, snapshot: &Snapshot, status: &Status) -> Result<(), OpenError> {
    if status.stopped().is_some() {
        return Ok(());
    }
    let in_log = |subject: SubjectId| snapshot.case(CaseKey::Person(PersonId(subject.0))).is_some();
    let dropped = vault.retain(in_log).map_err(OpenError::Vault)?;
    if dropped > 0 {
        tracing::info!(dropped, "keys of people who are not in the log were dropped");
    }
    Ok(())
}
