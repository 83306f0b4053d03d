//! Signed tree heads: what was signed last, and the thread that signs.
//!
//! | file, beside the head file | what |
//! |---|---|
//! | `checkpoint` | the last signed checkpoint, with the cosignatures that came for it |
//! | `checkpoint.cosigned` | the last one that a witness cosigned: what receipts are made of |
//! | `checkpoint.next` | what is being signed at this moment, see `intent` |
//!
//! Sign after durable: what is published is durable; its size and root are written to
//! `checkpoint.next` and synced; only then is it signed, and only when `checkpoint` is synced too is
//! it shown, and `checkpoint.next` removed. So whatever may have been signed is found on disk after any crash, and held against
//! the log before anything is served.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tallystick_domain::{CaseKey, Cases as _, Position, event::LedgerOpened};
use tallystick_tally::{
    Checkpoint, CheckpointError, InvalidKey, KeyName, NoteError, Signer, TreeHead, TreeSize,
    VerifierKey,
};
use thiserror::Error;
use tokio::sync::watch;

use crate::durably;
use crate::intent;
use crate::published::Published;
use crate::tree::{Tree, TreeError};

/// Checkpoints for which cosignatures are still taken: a minute of them, as a witness needs time to
/// look at tiles before it answers.
const COSIGNABLE: usize = 64;

/// At most one checkpoint in this time, unless somebody waits for one.
const EVERY: Duration = Duration::from_secs(1);

/// How a ledger signs, and what it knows to have been signed.
pub struct Signing {
    /// The key; its name is the host's, `<host>` of the origin `<host>/<ledger>#<incarnation>`.
    /// Without one nothing is signed, but what was signed is held against the log all the same.
    pub signer: Option<Signer>,
    /// Folder of the two files.
    pub folder: PathBuf,
    /// Checkpoints of this ledger that came from elsewhere, a witness or an older backup.
    pub known: Vec<Checkpoint>,
}

/// What was signed and the log do not agree. Nothing is served.
#[derive(Debug, Error)]
pub enum CheckpointFault {
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is not a checkpoint.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: CheckpointError,
    },
    /// The file holds a checkpoint that this ledger's key did not sign.
    #[error("{} is not signed by this ledger's key", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What is wrong with the signature.
        #[source]
        source: NoteError,
    },
    /// The node stopped while it signed something, and what it was cannot be read any more. Hold the
    /// log against every checkpoint that witnesses have kept; then remove the file.
    #[error("{} is damaged: it is not known what was being signed when the node stopped", path.display())]
    IntentDamaged {
        /// The file.
        path: PathBuf,
    },
    /// The log ends before what was signed: restore it from a backup that has it, or open a new
    /// incarnation.
    #[error(
        "a checkpoint of {signed} records was signed, the log ends at position {found}: positions {} to {signed} are missing",
        found + 1
    )]
    Behind {
        /// Size that was signed.
        signed: u64,
        /// Position of the log's last record.
        found: u64,
    },
    /// The log has other records than were signed.
    #[error(
        "the first {size} records are not those that were signed: the root is {found}, the checkpoint says {signed}"
    )]
    OtherRoot {
        /// Size that was signed.
        size: u64,
        /// Root that was signed.
        signed: tallystick_tally::Hash,
        /// Root of the log.
        found: tallystick_tally::Hash,
    },
    /// The tree cannot be read.
    #[error("the tree over the records cannot be read")]
    Tree(#[source] TreeError),
    /// The key's name and the ledger's make no name of a log.
    #[error("the signing key's name cannot be used in an origin")]
    Origin(#[source] InvalidKey),
}

/// The checkpoints of an open ledger.
pub(crate) struct Checkpoints {
    signing: Signing,
    tree: Arc<Tree>,
    published: Arc<Published>,
    latest: watch::Sender<Option<Arc<Checkpoint>>>,
    /// The largest that was cosigned.
    cosigned: RwLock<Option<Arc<Checkpoint>>>,
    /// The last ones, the latest last; held while the files are written.
    recent: Mutex<VecDeque<Arc<Checkpoint>>>,
    thread: Mutex<Option<Thread>>,
    /// Nothing is signed any more: the log is not what was signed.
    stopped: AtomicBool,
}

struct Thread {
    nudge: mpsc::SyncSender<()>,
    handle: JoinHandle<()>,
}

impl Checkpoints {
    /// Holds what was signed against the log, and goes on signing from there.
    ///
    /// # Errors
    /// [`CheckpointFault`].
    pub(crate) fn open(
        signing: Signing,
        tree: Arc<Tree>,
        published: Arc<Published>,
    ) -> Result<Arc<Self>, CheckpointFault> {
        let checkpoints = Self {
            signing,
            tree,
            published,
            latest: watch::Sender::new(None),
            cosigned: RwLock::new(None),
            recent: Mutex::default(),
            thread: Mutex::new(None),
            stopped: AtomicBool::new(false),
        };
        let signed = checkpoints.check()?.map(Arc::new);
        checkpoints.recent.lock().extend(signed.clone());
        checkpoints.latest.send_replace(signed);
        Ok(Arc::new(checkpoints))
    }

    /// Starts the thread.
    ///
    /// # Errors
    /// What the system said.
    pub(crate) fn start(self: &Arc<Self>) -> io::Result<()> {
        let (nudge, nudged) = mpsc::sync_channel(1);
        let weak: Weak<Self> = Arc::downgrade(self);
        let work = move || {
            while let Ok(()) | Err(RecvTimeoutError::Timeout) = nudged.recv_timeout(EVERY) {
                let Some(checkpoints) = weak.upgrade() else { return };
                checkpoints.sign_or_say();
            }
        };
        let handle = thread::Builder::new().name("ledger-signer".to_owned()).spawn(work)?;
        *self.thread.lock() = Some(Thread { nudge, handle });
        Ok(())
    }

    /// Signs nothing any more.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// Every head that is known to have been signed of this incarnation.
    pub(crate) fn heads(&self) -> Vec<TreeHead> {
        let known = self.signing.known.iter().filter(|it| self.binds(it.origin()));
        let mut heads: Vec<_> = known.map(|it| *it.head()).collect();
        heads.extend(self.recent.lock().iter().map(|it| *it.head()));
        heads.extend(self.cosigned().map(|it| *it.head()));
        heads
    }

    /// Whether there is a key to sign with.
    pub(crate) fn signs(&self) -> bool {
        self.signing.signer.is_some()
    }

    /// The last checkpoint.
    pub(crate) fn latest(&self) -> Option<Arc<Checkpoint>> {
        self.latest.borrow().clone()
    }

    /// Follows the last checkpoint, and has one signed now if it does not cover a position.
    pub(crate) fn covering(&self, position: Position) -> watch::Receiver<Option<Arc<Checkpoint>>> {
        let latest = self.latest.subscribe();
        if !covers(latest.borrow().as_ref(), position)
            && let Some(thread) = &*self.thread.lock()
        {
            // One that is due anyway will do.
            let _ = thread.nudge.try_send(());
        }
        latest
    }

    /// The public key of this ledger's incarnation; `None` before the ledger is opened, or without
    /// a key.
    pub(crate) fn verifier_key(&self) -> Option<VerifierKey> {
        Some(self.signers().ok()?.pop()?.verifier_key().clone())
    }

    /// The largest that a witness cosigned.
    pub(crate) fn cosigned(&self) -> Option<Arc<Checkpoint>> {
        self.cosigned.read().clone()
    }

    /// The checkpoint to show somebody that a record is in the log: the largest that was cosigned,
    /// if it has the record, else the last one.
    pub(crate) fn to_show(&self, position: Position) -> Option<Arc<Checkpoint>> {
        let has_it = |it: &Arc<Checkpoint>| it.head().size.get() >= position.0;
        self.cosigned().filter(has_it).or_else(|| self.latest().filter(has_it))
    }

    /// Takes cosignatures of one of the last checkpoints; those of other keys than these are
    /// ignored. Gives the checkpoint with them, if there were any.
    ///
    /// # Errors
    /// [`NoteError`] if there is no checkpoint, or none that the lines are cosignatures of.
    pub(crate) fn add_cosignatures(
        &self,
        lines: &str,
        witnesses: &[VerifierKey],
    ) -> Result<Option<Arc<Checkpoint>>, NoteError> {
        let mut recent = self.recent.lock();
        let mut wrong = None;
        for place in (0..recent.len()).rev() {
            let mut checkpoint = Checkpoint::clone(&recent[place]);
            match checkpoint.add_cosignatures(lines, witnesses) {
                Ok(0) => return Ok(None),
                Ok(_) => {
                    let checkpoint = Arc::new(checkpoint);
                    recent[place] = Arc::clone(&checkpoint);
                    let is_latest = place + 1 == recent.len();
                    if let Err(error) = self.keep_cosigned(&checkpoint, is_latest) {
                        tracing::warn!(%error, "cosignatures are kept in memory only");
                    }
                    return Ok(Some(checkpoint));
                }
                // What is said of the latest one counts, if they are of none.
                Err(error) => drop(wrong.get_or_insert(error)),
            }
        }
        Err(wrong.unwrap_or(NoteError::Untrusted))
    }

    fn keep_cosigned(&self, checkpoint: &Arc<Checkpoint>, is_latest: bool) -> io::Result<()> {
        let larger = |it: &Arc<Checkpoint>| it.head().size > checkpoint.head().size;
        let is_largest = !self.cosigned.read().as_ref().is_some_and(larger);
        if is_largest {
            *self.cosigned.write() = Some(Arc::clone(checkpoint));
        }
        if is_latest {
            self.latest.send_replace(Some(Arc::clone(checkpoint)));
            self.write("checkpoint", checkpoint)?;
        }
        if is_largest { self.write("checkpoint.cosigned", checkpoint) } else { Ok(()) }
    }

    /// Ends the thread and signs what is published.
    pub(crate) fn close(&self) {
        if let Some(Thread { nudge, handle }) = self.thread.lock().take() {
            drop(nudge);
            // It says its own errors.
            let _ = handle.join();
            self.sign_or_say();
        }
    }

    fn sign_or_say(&self) {
        if let Err(error) = self.sign() {
            tracing::error!(error = %error, "no checkpoint was signed");
        }
    }

    /// Signs what is published, if that is more than was signed.
    fn sign(&self) -> Result<(), Unsigned> {
        let Some(signer) = self.signers()?.pop() else { return Ok(()) };
        let mut recent = self.recent.lock();
        if self.stopped.load(Relaxed) {
            return Ok(());
        }
        let size = TreeSize::new(self.published.get().position().0);
        if self.latest().is_some_and(|it| it.head().size >= size) {
            return Ok(());
        }
        let head = self.tree.head_at(size)?;
        let origin = signer.verifier_key().name().as_str();
        let intent = self.path("checkpoint.next");
        write(&intent, &intent::write(origin, &head))?;
        let checkpoint = Arc::new(signer.sign(head));
        self.write("checkpoint", &checkpoint)?;
        // Not synced: one that comes back after a crash says what `checkpoint` says.
        fs::remove_file(&intent)?;
        tracing::debug!(position = size.get(), "checkpoint signed");
        if recent.len() == COSIGNABLE {
            recent.pop_front();
        }
        recent.push_back(Arc::clone(&checkpoint));
        self.latest.send_replace(Some(checkpoint));
        Ok(())
    }

    fn write(&self, name: &str, checkpoint: &Checkpoint) -> io::Result<()> {
        write(&self.path(name), &checkpoint.to_string())
    }

    /// The key under the name of each incarnation, the present one last; none before the ledger is
    /// opened, or without a key.
    fn signers(&self) -> Result<Vec<Signer>, InvalidKey> {
        let snapshot = self.published.get();
        let ledger = snapshot.case(CaseKey::Ledger).and_then(|case| case.ledger());
        let openings = ledger.map(|ledger| ledger.openings.as_slice()).unwrap_or_default();
        let Some(signer) = &self.signing.signer else { return Ok(Vec::new()) };
        let host = signer.verifier_key().name().as_str();
        let of_incarnation = |opened: &LedgerOpened| {
            let origin = format!("{host}/{}#{}", opened.ledger, opened.incarnation);
            Ok(signer.with_origin(origin.parse::<KeyName>()?))
        };
        openings.iter().map(of_incarnation).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.signing.folder.join(name)
    }

    /// Holds all files against the log.
    fn check(&self) -> Result<Option<Checkpoint>, CheckpointFault> {
        let signed = self.signed("checkpoint")?;
        *self.cosigned.write() = self.signed("checkpoint.cosigned")?.map(Arc::new);
        let path = self.path("checkpoint.next");
        if let Some(bytes) = read(&path)? {
            let intent = intent::read(&bytes);
            let (origin, head) = intent.ok_or(CheckpointFault::IntentDamaged { path })?;
            self.agrees(origin, &head)?;
        }
        self.signing
            .known
            .iter()
            .try_for_each(|known| self.agrees(known.origin(), known.head()))?;
        Ok(signed)
    }

    /// The checkpoint in a file, if it is of this incarnation.
    fn signed(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointFault> {
        let path = self.path(name);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        let checkpoint = match Checkpoint::parse(&bytes) {
            Ok(checkpoint) => checkpoint,
            Err(source) => return Err(CheckpointFault::Damaged { path, source }),
        };
        // Size and root first: a log that was cut to before its own opening has no name under which
        // a signature could be looked at.
        self.agrees(checkpoint.origin(), checkpoint.head())?;
        let signers = self.signers().map_err(CheckpointFault::Origin)?;
        let keys: Vec<_> = signers.iter().map(Signer::verifier_key).collect();
        if !keys.is_empty()
            && let Err(source) = checkpoint.verify(keys)
        {
            return Err(CheckpointFault::NotOurs { path, source });
        }
        Ok(self.binds(checkpoint.origin()).then_some(checkpoint))
    }

    /// Whether what was signed under an origin binds this log. Not if that was an earlier
    /// incarnation: what it had signed was given up, openly, when the next one began.
    fn binds(&self, origin: &str) -> bool {
        let signed = origin.rsplit_once('#').and_then(|(_, number)| number.parse().ok());
        let snapshot = self.published.get();
        let ledger = snapshot.case(CaseKey::Ledger).and_then(|case| case.ledger());
        let opened = ledger.and_then(|ledger| ledger.openings.last());
        let present = opened.map(|opened| opened.incarnation);
        signed.zip(present).is_none_or(|(signed, present): (u32, u32)| signed >= present)
    }

    fn agrees(&self, origin: &str, signed: &TreeHead) -> Result<(), CheckpointFault> {
        if !self.binds(origin) {
            return Ok(());
        }
        let found = self.tree.head().size;
        if signed.size > found {
            return Err(CheckpointFault::Behind { signed: signed.size.get(), found: found.get() });
        }
        let head = self.tree.head_at(signed.size).map_err(CheckpointFault::Tree)?;
        if head.root != signed.root {
            let size = signed.size.get();
            return Err(CheckpointFault::OtherRoot { size, signed: signed.root, found: head.root });
        }
        Ok(())
    }
}

/// Whether a checkpoint's tree has the record at a position.
pub(crate) fn covers(checkpoint: Option<&Arc<Checkpoint>>, position: Position) -> bool {
    checkpoint.is_some_and(|it| it.head().size.get() >= position.0)
}

/// Why nothing was signed; it is tried again.
#[derive(Debug, Error)]
enum Unsigned {
    #[error("a file cannot be written")]
    Io(#[from] io::Error),
    #[error("the tree cannot be read")]
    Tree(#[from] TreeError),
    #[error("the signing key's name cannot be used in an origin")]
    Origin(#[from] InvalidKey),
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, CheckpointFault> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CheckpointFault::Io { path: path.to_owned(), source }),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    durably::replace(path, |file| file.write_all(text.as_bytes()))
}
