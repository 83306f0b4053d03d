//! The Merkle tree over the records (RFC 6962 §2.1), a fold of the log like any other: the
//! record at position *p* is leaf *p* − 1, and a tree of size *p* ends with it.
//!
//! Its right edge is in memory. Full tiles (256 hashes, for ever the same) are in files beside the
//! log, one a level and one tile after the other: 32.1 bytes an event. They are written behind the
//! log and synced with savepoints only; what is missing or wrong is made anew from the log.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tallystick_log::{Block, CommitNumber, Damage, Log, ReadBudget, wait};
use tallystick_tally::{
    ConsistencyProof, Edge, Entry, Hash, InclusionProof, LeafIndex, ProofError, TILE_BYTES,
    TILE_WIDTH, Tile, TreeHead, TreeSize, root,
};
use thiserror::Error;

use crate::archive::{ReadError, damaged};

/// Heads kept, of the latest commits: what is asked for nearly always.
const RECENT: usize = 1_024;

/// Bytes of blocks read at once while the tree catches up.
const STEP: ReadBudget = ReadBudget { bytes: 1 << 20, blocks: 1_024 };

/// Why the tree gives no answer.
#[derive(Clone, Debug, Error)]
pub enum TreeError {
    /// The tree has no such leaf, or is not that large.
    #[error("the tree has {size} leaves, {asked} was asked for")]
    Beyond {
        /// Number of leaves.
        size: TreeSize,
        /// Index of the leaf, or size of the tree.
        asked: u64,
    },
    /// A tile that was stored cannot be read.
    #[error("a stored tile cannot be read")]
    Stored(#[source] Arc<io::Error>),
    /// A stored tile is not what it was: a proof made of it did not hold, and was not given out.
    /// Open the ledger without its `tiles` folder, and it is made anew from the log.
    #[error("the stored tiles are damaged: a proof from them does not hold")]
    Damaged,
    /// The records could not be read.
    #[error(transparent)]
    Reading(#[from] ReadError),
}

/// The tree, shared by the writer, who appends to it, and everyone who asks for proofs.
pub(crate) struct Tree {
    state: RwLock<State>,
    recent: RwLock<VecDeque<TreeHead>>,
    folder: Option<PathBuf>,
    /// Held while tiles are written: by the writer, or by the thread of savepoints. Both would make
    /// the file of a new level, each its own.
    saving: Mutex<()>,
}

/// The tree at a savepoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Saved {
    pub(crate) head: TreeHead,
    /// The savepoint's commit.
    pub(crate) commit: CommitNumber,
    /// The commit before the one with the first leaf that is in no full tile.
    pub(crate) tail: CommitNumber,
}

#[derive(Default)]
struct State {
    edge: Edge,
    /// Full tiles that are not in the files: all of them, if there is no folder.
    unsaved: BTreeMap<Tile, Vec<u8>>,
    /// A file for each level that has a full tile.
    files: Vec<Arc<File>>,
}

impl Tree {
    /// The tree without leaves, with its tiles in a folder, or in memory.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        let recent = RwLock::new(VecDeque::from([TreeHead::empty()]));
        Self { state: RwLock::default(), recent, folder, saving: Mutex::default() }
    }

    /// The tree of all that a log holds: on from a savepoint if the stored tiles are those that it
    /// speaks of, else from the first record.
    ///
    /// # Errors
    /// [`ReadError`] if the log is damaged or cannot be read.
    pub(crate) fn open(
        folder: Option<PathBuf>,
        log: &dyn Log,
        saved: Option<Saved>,
    ) -> Result<Self, ReadError> {
        if let (Some(folder), Some(saved)) = (&folder, saved) {
            if let Some(tree) = Self::at(folder, log, saved) {
                tree.follow(log, saved.commit, u64::MAX)?;
                return Ok(tree);
            }
            tracing::warn!(folder = %folder.display(), "the stored tiles are made anew");
        }
        let tree = Self::new(folder);
        tree.follow(log, CommitNumber::ZERO, u64::MAX)?;
        Ok(tree)
    }

    /// The tree as it was at a savepoint, from its stored tiles and the records after them (255 at
    /// most); `None` if that is not the tree that the savepoint speaks of.
    fn at(folder: &Path, log: &dyn Log, Saved { head: saved, tail, .. }: Saved) -> Option<Self> {
        let full_tiles = saved.size.get() / u64::from(TILE_WIDTH);
        let mut files: Vec<Arc<File>> = Vec::new();
        let stored = full_tiles * u64::from(TILE_WIDTH);
        while Tile::in_tree(level(files.len()), 0, TreeSize::new(stored)).is_some_and(Tile::is_full)
        {
            files.push(Arc::new(open(folder, files.len(), false).ok()?));
        }
        let edge = Edge::from_full_tiles(full_tiles, |tile| read(&files, tile)).ok()?;
        let state = State { edge, files, ..State::default() };
        let recent = RwLock::new(VecDeque::from([state.edge.head()]));
        let (state, folder) = (RwLock::new(state), Some(folder.to_owned()));
        let tree = Self { state, recent, folder, saving: Mutex::default() };
        tree.follow(log, tail, saved.size.get()).ok()?;
        (tree.head() == saved).then_some(tree)
    }

    /// Takes in what the log has after a commit and the tree does not have yet, up to a position with
    /// which a commit ends.
    ///
    /// # Errors
    /// [`ReadError`] if the log is damaged or cannot be read.
    pub(crate) fn follow(
        &self,
        log: &dyn Log,
        mut after: CommitNumber,
        upto: u64,
    ) -> Result<(), ReadError> {
        loop {
            let blocks = wait(log.read(after, STEP))?;
            let Some(last) = blocks.last() else { return Ok(()) };
            after = last.number();
            for block in &blocks {
                if block.last_position() > upto {
                    return Ok(());
                }
                let leaves = leaves(block).map_err(|damage| damaged(block, damage))?;
                self.append(block.first_position(), &leaves);
            }
        }
    }

    /// Adds the leaves of durable records from a position on, those that it does not have yet.
    pub(crate) fn append(&self, first: u64, leaves: &[Hash]) {
        let (head, full) = {
            let mut state = self.state.write();
            let next = state.edge.size().get() + 1;
            assert!(first <= next, "a tree of the records before {next} cannot go on at {first}");
            let known = usize::try_from(next - first).unwrap_or(usize::MAX);
            let Some(leaves @ [_, ..]) = leaves.get(known..) else { return };
            let State { edge, unsaved, .. } = &mut *state;
            for leaf in leaves {
                edge.append(*leaf, |tile, bytes| {
                    unsaved.insert(tile, bytes.to_vec());
                });
            }
            (edge.head(), !unsaved.is_empty())
        };
        {
            let mut recent = self.recent.write();
            if recent.len() == RECENT {
                recent.pop_front();
            }
            recent.push_back(head);
        }
        if full {
            self.save_or_say();
        }
    }

    /// Writes full tiles to their files.
    fn save(&self) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let _alone = self.saving.lock();
        loop {
            let next = {
                let state = self.state.read();
                state.unsaved.first_key_value().map(|(tile, bytes)| {
                    (*tile, bytes.clone(), state.files.get(usize::from(tile.level())).cloned())
                })
            };
            let Some((tile, bytes, file)) = next else { return Ok(()) };
            let file = if let Some(file) = file {
                file
            } else {
                let made = Arc::new(open(folder, tile.level().into(), true)?);
                self.state.write().files.push(Arc::clone(&made));
                made
            };
            file.write_all_at(&bytes, tile.index() * TILE_BYTES as u64)?;
            self.state.write().unsaved.remove(&tile);
        }
    }

    /// Writes full tiles anew, in place of damaged ones.
    pub(crate) fn mend(&self, tiles: BTreeMap<Tile, Vec<u8>>) {
        if tiles.is_empty() {
            return;
        }
        for tile in tiles.keys() {
            tracing::error!(%tile, "a stored tile was damaged, and is made anew from the log");
        }
        self.state.write().unsaved.extend(tiles);
        self.save_or_say();
    }

    fn save_or_say(&self) {
        if let Err(error) = self.save() {
            // They stay in memory, and are tried again with the next.
            tracing::warn!(%error, "full tiles of the tree cannot be written");
        }
    }

    /// Makes the stored tiles durable: before a savepoint says that they are there.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.save()?;
        let files = self.state.read().files.clone();
        for file in files {
            file.sync_data()?;
        }
        match &self.folder {
            Some(folder) if folder.exists() => File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    }

    /// Size and root.
    pub(crate) fn head(&self) -> TreeHead {
        *self.recent.read().back().expect("the last head is kept")
    }

    /// Root at a size, to be given out: nearly always of one of the latest commits; else from a
    /// few tiles, some hundred microseconds, and checked: the tree of now begins with it.
    ///
    /// # Errors
    /// [`TreeError`].
    pub(crate) fn root(&self, size: TreeSize) -> Result<Hash, TreeError> {
        if let Some(head) = self.recent_at(size) {
            return Ok(head.root);
        }
        self.consistency(size, self.head().size)?;
        Ok(self.head_at(size)?.root)
    }

    fn recent_at(&self, size: TreeSize) -> Option<TreeHead> {
        let recent = self.recent.read();
        let place = recent.binary_search_by_key(&size, |head| head.size).ok()?;
        Some(recent[place])
    }

    /// Size and root at a size, as the tiles have it.
    ///
    /// # Errors
    /// [`TreeError::Beyond`] and [`TreeError::Stored`].
    pub(crate) fn head_at(&self, size: TreeSize) -> Result<TreeHead, TreeError> {
        if let Some(head) = self.recent_at(size) {
            return Ok(head);
        }
        let known = self.head().size;
        if size > known {
            return Err(TreeError::Beyond { size: known, asked: size.get() });
        }
        let root = root(size, |tile| self.tile(tile))?;
        Ok(TreeHead { size, root })
    }

    /// The hashes of a tile, as wide as asked for at least.
    ///
    /// # Errors
    /// [`TreeError::Beyond`] if the tree has no such tile, [`TreeError::Stored`].
    pub(crate) fn tile(&self, tile: Tile) -> Result<Vec<u8>, TreeError> {
        let files = {
            let state = self.state.read();
            if !tile.is_in(state.edge.size()) {
                return Err(TreeError::Beyond { size: state.edge.size(), asked: tile.index() });
            }
            if let Some(bytes) = state.edge.tile(tile) {
                return Ok(bytes.to_vec());
            }
            if let Some(bytes) = state.unsaved.get(&tile.full()) {
                return Ok(bytes.clone());
            }
            state.files.clone()
        };
        read(&files, tile.full()).map_err(|error| TreeError::Stored(Arc::new(error)))
    }

    /// That a leaf is in the tree of a size. Checked before it is given out.
    ///
    /// # Errors
    /// [`TreeError`].
    pub(crate) fn inclusion(
        &self,
        leaf: Hash,
        index: LeafIndex,
        size: TreeSize,
    ) -> Result<InclusionProof, TreeError> {
        let head = self.head_at(size)?;
        let proof = InclusionProof::build(index, size, |tile| self.tile(tile))?;
        proof.verify(leaf, index, &head).map_err(|_| TreeError::Damaged)?;
        Ok(proof)
    }

    /// That the tree of a size begins with that of an older one. Checked before it is given out.
    ///
    /// # Errors
    /// [`TreeError`].
    pub(crate) fn consistency(
        &self,
        older: TreeSize,
        newer: TreeSize,
    ) -> Result<ConsistencyProof, TreeError> {
        let heads = (self.head_at(older)?, self.head_at(newer)?);
        let proof = ConsistencyProof::build(older, newer, |tile| self.tile(tile))?;
        proof.verify(&heads.0, &heads.1).map_err(|_| TreeError::Damaged)?;
        Ok(proof)
    }
}

impl From<ProofError<TreeError>> for TreeError {
    fn from(error: ProofError<TreeError>) -> Self {
        match error {
            ProofError::Beyond { asked, size } => Self::Beyond { size, asked },
            ProofError::Read(error) => error,
            ProofError::Tile(_) => Self::Damaged,
        }
    }
}

/// The leaves of a block's records.
///
/// # Errors
/// [`Damage`] if the records cannot be inflated.
pub(crate) fn leaves(block: &Block) -> Result<Vec<Hash>, Damage> {
    let mut buffer = Vec::new();
    let records = block.scan(&mut buffer)?;
    Ok(records.map(|record| Entry::of(record.header, record.body).leaf()).collect())
}

fn level(files: usize) -> u8 {
    u8::try_from(files).unwrap_or(u8::MAX)
}

/// The file of a level. One that is made is empty, whatever was there.
fn open(folder: &Path, level: usize, make: bool) -> io::Result<File> {
    if make {
        fs::create_dir_all(folder)?;
    }
    let path = folder.join(level.to_string());
    OpenOptions::new().read(true).write(true).create(make).truncate(make).open(path)
}

fn read(files: &[Arc<File>], full: Tile) -> io::Result<Vec<u8>> {
    let file = files.get(usize::from(full.level())).ok_or(io::ErrorKind::NotFound)?;
    let mut bytes = vec![0; TILE_BYTES];
    file.read_exact_at(&mut bytes, full.index() * TILE_BYTES as u64)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::thread;

    use tallystick_tally::leaf;

    use super::*;

    #[test]
    fn tiles_that_two_threads_write_at_once_are_in_one_file_a_level() {
        let leaves: Vec<_> = (0..TILE_WIDTH).map(|number| leaf(&number.to_be_bytes())).collect();
        for _ in 0..300 {
            let folder = tempfile::tempdir().expect("a folder");
            let tree = Tree::new(Some(folder.path().join("tiles")));
            let appended = AtomicBool::new(false);
            thread::scope(|scope| {
                // As the thread of savepoints does, just when the writer fills the first tile.
                scope.spawn(|| {
                    while !appended.load(Relaxed) {
                        tree.sync().expect("room");
                    }
                });
                tree.append(1, &leaves);
                appended.store(true, Relaxed);
            });
            assert_eq!(tree.state.read().files.len(), 1, "one level, one file");
            let size = TreeSize::new(leaves.len() as u64);
            let stored = tree.tile(Tile::in_tree(0, 0, size).expect("full")).expect("stored");
            assert_eq!(stored[..Hash::BYTES], leaves[0].as_bytes()[..]);
        }
    }
}
