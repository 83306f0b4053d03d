//! The folds on disk, for a quick start. A savepoint is a convenience: one that is damaged, of
//! another log or of another version is deleted, and the log is folded instead.
//!
//! | bytes | what (numbers big-endian) |
//! |---|---|
//! | 4 | `TLYS` |
//! | 1 | format version, 2 |
//! | 4 | fold version of the views |
//! | 32 | identity of the log |
//! | 8 | position |
//! | 8 | commit |
//! | 32 | digest of that commit's block, which is chained to all before it |
//! | 32 | root of the Merkle tree over the records up to the position |
//! | … | three sections: the snapshot, the number of records of each commit, the commands |
//! | 4 | CRC-32 of everything before |
//!
//! A section is the length of its bytes (8), and these in pieces of at most 4 MiB: length (4),
//! length compressed (4), LZ4 block.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use tallystick_domain::Position;
use tallystick_log::{CommitNumber, Log, ReadBudget, wait};
use tallystick_tally::{Hash, TILE_WIDTH, TreeHead, TreeSize};
use tallystick_views::{FOLD_VERSION, Snapshot};
use thiserror::Error;

use crate::archive::{Archive, ReadError};
use crate::commands::Commands;
use crate::durably;
use crate::offsets::Offsets;
use crate::tree::{Saved, Tree, TreeError};

const MAGIC: &[u8; 4] = b"TLYS";
const FORMAT_VERSION: u8 = 2;
const PIECE: usize = 4 << 20;
/// Commits whose sizes are written while the writer waits.
const COMMITS: u64 = 4_096;

/// Why a savepoint is of no use.
#[derive(Debug, Error)]
pub(crate) enum Unusable {
    #[error("it cannot be read")]
    Io(#[from] io::Error),
    #[error("it is damaged")]
    Damaged,
    #[error("it is of another version")]
    Version,
    #[error("it is of another log, or of another history of this one")]
    OtherHistory,
    #[error("the log cannot be read to compare")]
    Log(#[from] tallystick_log::ReadError),
}

/// Why a savepoint was not written.
#[derive(Debug, Error)]
pub(crate) enum Unwritten {
    #[error("the file cannot be written")]
    Io(#[from] io::Error),
    #[error("the log cannot be read")]
    Reading(#[from] ReadError),
    #[error("the tree cannot be read")]
    Tree(#[from] TreeError),
}

/// What a savepoint holds.
pub(crate) struct Savepoint {
    pub(crate) snapshot: Snapshot,
    pub(crate) offsets: Offsets,
    pub(crate) commands: Commands,
    /// Root of the tree over the records up to its position.
    pub(crate) root: Hash,
}

impl Savepoint {
    /// Where the tree goes on from.
    pub(crate) fn tree(&self) -> Saved {
        let size = TreeSize::new(self.snapshot.position().0);
        let first_loose = Position(size.get() / u64::from(TILE_WIDTH) * u64::from(TILE_WIDTH) + 1);
        let commit = CommitNumber::new(self.snapshot.commit());
        let tail = self.offsets.commit_of(first_loose);
        Saved {
            head: TreeHead { size, root: self.root },
            commit,
            // Beyond the end if all tiles are full.
            tail: tail.map_or(commit, |it| CommitNumber::new(it.get() - 1)),
        }
    }
}

/// The snapshot that a node would start from on this log, with its lists; `None` if the folder has no
/// savepoint or one of no use. For whoever folds the log anew and compares.
pub fn saved(folder: &Path, log: &Arc<dyn Log>) -> Option<Snapshot> {
    let mut snapshot = load(&folder.join("savepoint"), log).ok()??.snapshot;
    snapshot.index();
    Some(snapshot)
}

/// Reads the savepoint of a log; `None` if there is none.
///
/// # Errors
/// [`Unusable`]: delete it.
pub(crate) fn load(path: &Path, log: &Arc<dyn Log>) -> Result<Option<Savepoint>, Unusable> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (body, stored) = bytes.split_last_chunk::<4>().ok_or(Unusable::Damaged)?;
    let mut rest = Fields(body);
    if rest.take::<4>()? != *MAGIC {
        return Err(Unusable::Damaged);
    }
    if rest.take::<1>()? != [FORMAT_VERSION] {
        return Err(Unusable::Version);
    }
    if crc32fast::hash(body) != u32::from_be_bytes(*stored) {
        return Err(Unusable::Damaged);
    }
    if rest.take()? != FOLD_VERSION.to_be_bytes() {
        return Err(Unusable::Version);
    }
    let identity = rest.take::<32>()?;
    let position = Position(u64::from_be_bytes(rest.take()?));
    let commit = u64::from_be_bytes(rest.take()?);
    let digest = rest.take::<32>()?;
    let root = Hash::new(rest.take()?);
    if identity != *log.identity().as_bytes() || commit == 0 {
        return Err(Unusable::OtherHistory);
    }
    let block = wait(log.read(CommitNumber::new(commit - 1), ReadBudget::ONE))?.into_iter().next();
    if block.is_none_or(|it| *it.digest().as_bytes() != digest || it.last_position() != position.0)
    {
        return Err(Unusable::OtherHistory);
    }
    let (snapshot, offsets, commands) = (rest.section()?, rest.section()?, rest.section()?);
    let (snapshot, known) = thread::scope(|scope| {
        // The folds are most of it; the rest is read beside them.
        let known = scope.spawn(move || {
            let offsets = Offsets::load(&inflate(offsets)?).ok_or(Unusable::Damaged)?;
            let commands = Commands::load(&inflate(commands)?).ok_or(Unusable::Damaged)?;
            Ok::<_, Unusable>((offsets, commands))
        });
        let snapshot =
            inflate(snapshot).and_then(|it| Snapshot::load(&it).map_err(|_| Unusable::Damaged));
        (snapshot, known.join())
    });
    let (snapshot, (offsets, commands)) = (snapshot?, known.map_err(|_| Unusable::Damaged)??);
    let agree = snapshot.position() == position
        && snapshot.commit() == commit
        && offsets.end() == position
        && offsets.commit().get() == commit;
    if agree {
        Ok(Some(Savepoint { snapshot, offsets, commands, root }))
    } else {
        Err(Unusable::Damaged)
    }
}

/// Writes the savepoint of a snapshot, in place of an older one in one step.
///
/// # Errors
/// [`Unwritten`]: the older one is still there.
pub(crate) fn write(
    path: &Path,
    snapshot: &Snapshot,
    archive: &Archive,
    tree: &Tree,
) -> Result<(), Unwritten> {
    let log = archive.log();
    let blocks = archive.blocks_from(snapshot.position(), ReadBudget::ONE)?;
    let Some(block) = blocks.first() else { return Ok(()) };
    let root = tree.head_at(TreeSize::new(snapshot.position().0))?.root;
    tree.sync()?;
    durably::replace(path, |file| {
        let mut out = Checked { to: BufWriter::new(file), crc: crc32fast::Hasher::new() };
        out.put(MAGIC)?;
        out.put(&[FORMAT_VERSION])?;
        out.put(&FOLD_VERSION.to_be_bytes())?;
        out.put(log.identity().as_bytes())?;
        out.put(&snapshot.position().0.to_be_bytes())?;
        out.put(&snapshot.commit().to_be_bytes())?;
        out.put(block.digest().as_bytes())?;
        out.put(root.as_bytes())?;
        out.section(&snapshot.save())?;
        out.section(&counts(archive, snapshot.commit()))?;
        out.section(&commands(archive, snapshot.position()))?;
        let checksum = out.crc.finalize();
        out.to.write_all(&checksum.to_be_bytes())?;
        Ok(out.to.flush()?)
    })
}

/// Bit by bit, so that the writer never waits for more than a small part.
fn counts(archive: &Archive, upto: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(usize::try_from(upto).unwrap_or(0) * 2);
    let mut from = 1;
    while from <= upto {
        let to = (from + COMMITS - 1).min(upto);
        archive.offsets().read().save(from..=to, &mut bytes);
        from = to + 1;
    }
    bytes
}

fn commands(archive: &Archive, upto: Position) -> Vec<u8> {
    let mut bytes = Vec::new();
    for shard in 0..Commands::shards() {
        archive.commands().read().save_shard(shard, upto, &mut bytes);
    }
    bytes
}

/// What is written, with its checksum.
struct Checked<'a> {
    to: BufWriter<&'a mut File>,
    crc: crc32fast::Hasher,
}

impl Checked<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.to.write_all(bytes)
    }

    fn section(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.put(&(bytes.len() as u64).to_be_bytes())?;
        for piece in bytes.chunks(PIECE) {
            let compressed = lz4_flex::block::compress(piece);
            let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("a piece is small");
            self.put(&length(piece).to_be_bytes())?;
            self.put(&length(&compressed).to_be_bytes())?;
            self.put(&compressed)?;
        }
        Ok(())
    }
}

struct Fields<'a>(&'a [u8]);

/// A section's pieces, and their length inflated.
struct Section<'a> {
    length: usize,
    pieces: Vec<(usize, &'a [u8])>,
}

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unusable> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Unusable::Damaged)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn section(&mut self) -> Result<Section<'a>, Unusable> {
        let length = usize::try_from(u64::from_be_bytes(self.take()?));
        let length = length.map_err(|_| Unusable::Damaged)?;
        let (mut pieces, mut sum) = (Vec::new(), 0);
        while sum < length {
            let raw = u32::from_be_bytes(self.take()?) as usize;
            let stored = u32::from_be_bytes(self.take()?) as usize;
            let (piece, rest) = self.0.split_at_checked(stored).ok_or(Unusable::Damaged)?;
            if raw == 0 || raw > PIECE {
                return Err(Unusable::Damaged);
            }
            self.0 = rest;
            pieces.push((raw, piece));
            sum += raw;
        }
        if sum == length { Ok(Section { length, pieces }) } else { Err(Unusable::Damaged) }
    }
}

fn inflate(section: Section<'_>) -> Result<Vec<u8>, Unusable> {
    let mut bytes = vec![0; section.length];
    let mut room = bytes.as_mut_slice();
    for (raw, piece) in section.pieces {
        let (here, rest) = room.split_at_mut(raw);
        match lz4_flex::block::decompress_into(piece, here) {
            Ok(written) if written == raw => room = rest,
            _ => return Err(Unusable::Damaged),
        }
    }
    Ok(bytes)
}
