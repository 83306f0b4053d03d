//! The scrub of the tree: in the background the Merkle tree is made once more of all that the log
//! holds, and held against the stored tiles, against every checkpoint that is known, and against the
//! tree in memory. The log's own scrub sees that blocks are whole and chained to each other; this one,
//! that their records are those that were signed.
//!
//! If the roots agree and a stored tile does not, the tile is damaged, and is made anew. If a root
//! does not agree, the log is not what was signed: nothing is written or signed any more, nothing is
//! read from the first such record on, and the node is no longer ready.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use tallystick_domain::Position;
use tallystick_log::{CommitNumber, ReadBudget};
use tallystick_tally::{Edge, Hash, TILE_WIDTH, Tile, TreeHead, TreeSize};

use crate::archive::{Archive, ReadError, damaged};
use crate::as_of::lower_priority;
use crate::checkpoints::Checkpoints;
use crate::health::Status;
use crate::receipt::ReadOnly;
use crate::tree::{self, Tree};

/// Blocks read without a pause: 128 KiB, some 500 events, a millisecond. With [`PAUSE`] that is
/// 5 MB/s, the pace of the log's own scrub: 5 GB in 17 minutes, for 3 % of one core meanwhile.
const SLICE: ReadBudget = ReadBudget { bytes: 128 << 10, blocks: 1_024 };
const PAUSE: Duration = Duration::from_millis(25);

/// Damaged tiles made anew in one round: 32 MiB of them. The next round finds the others.
const MENDED: usize = 4_096;

/// What the scrub has found since the ledger was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// How far it has come in its present round.
    pub position: Position,
    /// Rounds that are finished.
    pub rounds: u64,
    /// Stored tiles that were damaged, and were made anew.
    pub mended: u64,
    /// The first record that it found damaged, or to be another than was signed.
    pub damage: Option<Position>,
}

/// Makes the tree again and again, a little at a time, until it is closed.
pub(crate) struct Scrub {
    found: Arc<Found>,
    thread: Mutex<Option<Thread>>,
}

struct Thread {
    /// Dropped, it tells the thread to stop.
    going: mpsc::Sender<()>,
    handle: JoinHandle<()>,
}

#[derive(Default)]
struct Found {
    position: AtomicU64,
    rounds: AtomicU64,
    mended: AtomicU64,
    damage: OnceLock<Position>,
}

/// What the scrub reads, and whom it tells.
pub(crate) struct Scrutiny {
    pub(crate) archive: Arc<Archive>,
    pub(crate) tree: Arc<Tree>,
    pub(crate) checkpoints: Option<Arc<Checkpoints>>,
    pub(crate) status: Arc<Status>,
}

impl Scrub {
    /// Starts the thread, which rests so long between two rounds.
    ///
    /// # Errors
    /// What the system said.
    pub(crate) fn start(scrutiny: Scrutiny, rest: Duration) -> io::Result<Self> {
        let found = Arc::<Found>::default();
        let (going, stopped) = mpsc::channel();
        let seen = Arc::clone(&found);
        let work = move || {
            lower_priority();
            let pause = |time| stopped.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
            while scrutiny.round(&seen, || pause(PAUSE)) && pause(rest) {}
        };
        let handle = thread::Builder::new().name("ledger-scrub".to_owned()).spawn(work)?;
        Ok(Self { found, thread: Mutex::new(Some(Thread { going, handle })) })
    }

    pub(crate) fn scrubbed(&self) -> Scrubbed {
        let Found { position, rounds, mended, damage } = &*self.found;
        Scrubbed {
            position: Position(position.load(Relaxed)),
            rounds: rounds.load(Relaxed),
            mended: mended.load(Relaxed),
            damage: damage.get().copied(),
        }
    }

    /// Ends the thread.
    pub(crate) fn close(&self) {
        if let Some(Thread { going, handle }) = self.thread.lock().take() {
            drop(going);
            if handle.join().is_err() {
                tracing::error!("the scrub of the tree ended with a panic");
            }
        }
    }
}

impl Scrutiny {
    /// Goes through the log once; false when told to stop, or when there is no use in another round.
    fn round(&self, found: &Found, mut goes_on: impl FnMut() -> bool) -> bool {
        let mut round = Round::new(&self.tree, self.heads());
        let mut after = CommitNumber::ZERO;
        while !round.is_over() {
            let taken = self.slice(&mut after, &mut round);
            found.position.store(round.edge.size().get(), Relaxed);
            match taken {
                Ok(()) => {}
                Err(Stop::Changed(changed)) => {
                    let _ = found.damage.set(changed.first);
                    self.condemn(changed);
                    return false;
                }
                Err(Stop::Unread(error)) => {
                    if let ReadError::Log(tallystick_log::ReadError::Corrupt(corrupt)) = &error {
                        let _ = found.damage.set(Position(corrupt.position));
                    }
                    tracing::error!(%error, "the tree cannot be made of the log again");
                    return true;
                }
            }
            if !goes_on() {
                return false;
            }
        }
        found.mended.fetch_add(round.mended, Relaxed);
        found.rounds.fetch_add(1, Relaxed);
        true
    }

    /// Roots that are known not to have come from the log just now, the largest first.
    fn heads(&self) -> Vec<TreeHead> {
        let mut heads = self.checkpoints.as_ref().map_or_else(Vec::new, |it| it.heads());
        heads.push(self.tree.head());
        heads.retain(|head| head.size > TreeSize::new(0));
        heads.sort_by_key(|head| std::cmp::Reverse(head.size));
        heads
    }

    fn slice(&self, after: &mut CommitNumber, round: &mut Round<'_>) -> Result<(), Stop> {
        let blocks = self.archive.blocks_after(*after, SLICE)?;
        if blocks.is_empty() {
            return Err(round.cut_short().into());
        }
        for block in blocks {
            let leaves = tree::leaves(&block).map_err(|it| damaged(&block, it))?;
            *after = block.number();
            round.take(&leaves)?;
        }
        Ok(())
    }

    fn condemn(&self, Changed { first, signed }: Changed) {
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.stop();
        }
        self.archive.condemn(first);
        let what = format!("the first {signed} records of the log are not those that were signed");
        tracing::error!(position = first.0, "{what}: see the runbook");
        self.status.stop(ReadOnly::Halted { position: first, what: Arc::from(what) });
    }
}

/// Why a round does not go on.
enum Stop {
    Changed(Changed),
    Unread(ReadError),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Unread(error)
    }
}

impl From<Changed> for Stop {
    fn from(changed: Changed) -> Self {
        Self::Changed(changed)
    }
}

/// The log is not what was signed.
struct Changed {
    /// The first record that is another; where that cannot be told, the first that may be.
    first: Position,
    /// Size of the tree whose root differs.
    signed: TreeSize,
}

/// One way through the log.
struct Round<'a> {
    tree: &'a Tree,
    /// The tree as the log has it.
    edge: Edge,
    /// Heads that are still to come, the largest first.
    heads: Vec<TreeHead>,
    /// Records up to here are those that were signed.
    sound: u64,
    /// The first record after them that is another than its tile says.
    differs: Option<u64>,
    /// Tiles that differ from the stored ones, since the last head.
    tiles: BTreeMap<Tile, Vec<u8>>,
    mended: u64,
}

impl<'a> Round<'a> {
    fn new(tree: &'a Tree, heads: Vec<TreeHead>) -> Self {
        let (edge, tiles) = (Edge::new(), BTreeMap::new());
        Self { tree, edge, heads, sound: 0, differs: None, tiles, mended: 0 }
    }

    fn is_over(&self) -> bool {
        self.heads.is_empty()
    }

    /// The log ends before the next head.
    fn cut_short(&self) -> Changed {
        let size = self.edge.size();
        let signed = self.heads.last().map_or(size, |head| head.size);
        Changed { first: Position(size.get() + 1), signed }
    }

    /// Takes in the next records.
    fn take(&mut self, leaves: &[Hash]) -> Result<(), Changed> {
        for leaf in leaves {
            let Self { tree, edge, heads, differs, tiles, .. } = self;
            if heads.is_empty() {
                break;
            }
            edge.append(*leaf, |tile, bytes| {
                let stored = tree.tile(tile).unwrap_or_default();
                if stored != bytes {
                    *differs = differs.or_else(|| first_difference(tile, bytes, &stored));
                    if tiles.len() < MENDED {
                        tiles.insert(tile, bytes.to_vec());
                    }
                }
            });
            let size = edge.size();
            while let Some(head) = self.heads.pop_if(|head| head.size == size) {
                self.meet(&head)?;
            }
        }
        Ok(())
    }

    /// Holds the log up to here against a root that is known.
    fn meet(&mut self, known: &TreeHead) -> Result<(), Changed> {
        if self.edge.head() == *known {
            self.sound = known.size.get();
            self.differs = None;
            self.mended += self.tiles.len() as u64;
            self.tree.mend(std::mem::take(&mut self.tiles));
            return Ok(());
        }
        let last = (known.size.get() - 1) / u64::from(TILE_WIDTH);
        let first = self.differs.or_else(|| {
            let tile = Tile::in_tree(0, last, known.size)?;
            first_difference(tile, self.edge.tile(tile)?, &self.tree.tile(tile).ok()?)
        });
        let first = Position(first.unwrap_or(self.sound + 1));
        Err(Changed { first, signed: known.size })
    }
}

/// The first record whose leaf is another in the stored tile.
fn first_difference(tile: Tile, bytes: &[u8], stored: &[u8]) -> Option<u64> {
    if tile.level() > 0 || stored.len() < bytes.len() {
        return None;
    }
    let mut leaves = bytes.chunks(Hash::BYTES).zip(stored.chunks(Hash::BYTES));
    let within = leaves.position(|(leaf, stored)| leaf != stored)? as u64;
    Some(tile.index() * u64::from(TILE_WIDTH) + within + 1)
}
