//! A bundle: one folder with everything that an auditor needs, laid out as C2SP tlog-tiles has it,
//! so that any static file server makes a log of it.
//!
//! | path | what |
//! |---|---|
//! | `checkpoint` | the signed statement: size and root of the tree |
//! | `records/<n>` | up to 256 records as stored, before each the lengths of header and body |
//! | `tile/entries/<n>` | their digests |
//! | `tile/<l>/<n>` | hashes of the tree |
//! | `schema/` | what the bytes of a record mean |
//! | `HOW-TO-VERIFY.md`, `verify.mjs` | how to check all of it without our software |
//!
//! A bundle ends where its checkpoint does, so all of it is signed.

use anyhow::{Context as _, ensure};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use tallystick_log::{MAX_RECORD_BYTES, Record};
use tallystick_tally::{Bundle as Place, Checkpoint, Edge, Entry, Tile, TreeSize};

/// Pages that explain a bundle, the same in each.
const PAGES: [(&str, &str); 4] = [
    ("HOW-TO-VERIFY.md", include_str!("bundle/how-to-verify.md")),
    ("verify.mjs", include_str!("bundle/verify.mjs")),
    ("schema/log-format.md", include_str!("../../../schema/log-format.md")),
    ("schema/events.md", include_str!("../../../schema/events.md")),
];

/// Bytes that a file of records may have: 256 of the largest, each with its two lengths.
const RECORDS_LIMIT: u64 = 256 * (MAX_RECORD_BYTES as u64 + 8);

/// Bytes that a tile or a file of digests may have: 256 entries, each with its length.
const TILE_LIMIT: u64 = 256 * (Entry::BYTES as u64 + 2);

/// A bundle in a folder.
#[derive(Debug)]
pub(crate) struct Bundle {
    folder: PathBuf,
}

impl Bundle {
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        ensure!(
            folder.join("checkpoint").is_file() && folder.join("records").is_dir(),
            "{} holds no bundle: `checkpoint` and `records` are not in it",
            folder.display()
        );
        Ok(Self { folder: folder.to_owned() })
    }

    pub(crate) fn checkpoint_path(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    /// What it says was signed; whether it was is for whoever verifies it.
    pub(crate) fn checkpoint(&self) -> anyhow::Result<Checkpoint> {
        let path = self.checkpoint_path();
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Checkpoint::parse(&bytes).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Records as they should be in a tree of a size: `None` after the last.
    ///
    /// # Errors
    /// What the system said; the file that should be there may not be.
    pub(crate) fn records(&self, index: u64, size: TreeSize) -> io::Result<Option<RecordFile>> {
        let Some(place) = Place::in_tree(index, size) else { return Ok(None) };
        let bytes = read(&self.folder.join(records_path(place)), RECORDS_LIMIT)?;
        let leaves = place.leaves();
        Ok(Some(RecordFile { bytes, positions: leaves.start + 1..leaves.end + 1 }))
    }

    /// The stored bytes of a tile or an entry bundle; `None` if there is no such file.
    pub(crate) fn stored(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        match read(&self.folder.join(path), TILE_LIMIT) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A file, or as much of it as there may be and a byte more, which makes it wrong.
fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of one file in `records/`.
#[derive(Clone, Debug)]
pub(crate) struct RecordFile {
    bytes: Vec<u8>,
    positions: Range<u64>,
}

impl RecordFile {
    /// The records, as far as the bytes are those: where they are not, the last item is an error.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<Record<'_>, Unfit>> {
        let (mut rest, mut positions) = (&self.bytes[..], self.positions.clone());
        let end = self.positions.end;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let Some(position) = positions.next() else {
                rest = &[];
                return Some(Err(Unfit::TooLong { position: end }));
            };
            let taken = split(rest);
            rest = taken.map_or(&[], |(_, _, rest)| rest);
            let record = taken.map(|(header, body, _)| Record { position, header, body });
            Some(record.ok_or(Unfit::CutShort { position }))
        })
    }
}

/// A file of records is not what it should be.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("the file of records ends inside a record")]
    CutShort { position: u64 },
    #[error("the file of records goes on after its last record")]
    TooLong { position: u64 },
}

impl Unfit {
    /// The first position that cannot be vouched for.
    pub(crate) fn position(self) -> u64 {
        match self {
            Self::CutShort { position } | Self::TooLong { position } => position,
        }
    }
}

/// Header, body and what follows: two lengths of 4 bytes, big-endian, and then both.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (header, rest) = bytes.split_first_chunk()?;
    let (body, rest) = rest.split_first_chunk()?;
    let (header, rest) = rest.split_at_checked(u32::from_be_bytes(*header) as usize)?;
    let (body, rest) = rest.split_at_checked(u32::from_be_bytes(*body) as usize)?;
    Some((header, body, rest))
}

/// Where the records of an entry bundle are.
fn records_path(place: Place) -> String {
    place.to_string().replacen("tile/entries/", "records/", 1)
}

/// A bundle that is being written, record by record, up to what a checkpoint covers.
pub(crate) struct Writer {
    folder: PathBuf,
    checkpoint: Checkpoint,
    edge: Edge,
    /// The records that are in no file yet, and their entries.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl Writer {
    /// Makes the folder, which must be empty if it is there.
    pub(crate) fn create(folder: &Path, checkpoint: Checkpoint) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        ensure!(fs::read_dir(folder)?.next().is_none(), "{} is not empty", folder.display());
        let (folder, edge) = (folder.to_owned(), Edge::new());
        Ok(Self { folder, checkpoint, edge, bytes: Vec::new(), entries: Vec::new() })
    }

    /// Whether it has all that the checkpoint covers.
    pub(crate) fn is_full(&self) -> bool {
        self.edge.size() >= self.checkpoint.head().size
    }

    /// Adds the next record.
    pub(crate) fn take(&mut self, record: &Record<'_>) -> anyhow::Result<()> {
        let entry = Entry::of(record.header, record.body);
        let mut full = Vec::new();
        self.edge.append(entry.leaf(), |tile, bytes| full.push((tile, bytes.to_vec())));
        for part in [record.header, record.body] {
            self.bytes.extend_from_slice(&u32::try_from(part.len())?.to_be_bytes());
        }
        self.bytes.extend_from_slice(record.header);
        self.bytes.extend_from_slice(record.body);
        self.entries.push(entry);
        for (tile, bytes) in full {
            self.write(&tile.to_string(), &bytes)?;
        }
        if self.edge.size().get().is_multiple_of(256) || self.is_full() {
            self.end_file()?;
        }
        Ok(())
    }

    fn end_file(&mut self) -> anyhow::Result<()> {
        let size = self.edge.size();
        let place = Place::in_tree((size.get() - 1) / 256, size).context("an empty bundle")?;
        let (bytes, entries) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.entries));
        self.write(&records_path(place), &bytes)?;
        self.write(&place.to_string(), &Place::encode(entries))
    }

    /// Writes what closes the bundle, if it came to what was signed.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let (found, signed) = (self.edge.head(), *self.checkpoint.head());
        ensure!(
            found.size == signed.size,
            "the checkpoint is of {} records, the log has {}: some are missing",
            signed.size,
            found.size
        );
        ensure!(
            found.root == signed.root,
            "the first {} records are not those that were signed: `tallystick verify` says more",
            found.size
        );
        for tile in Tile::partial_in_tree(found.size) {
            let bytes = self.edge.tile(tile).context("a tile at the edge is there")?;
            self.write(&tile.to_string(), bytes)?;
        }
        for (path, text) in PAGES {
            self.write(path, text.as_bytes())?;
        }
        self.write("schema/schema.graphql", tallystick_api::sdl().as_bytes())?;
        self.write("checkpoint", self.checkpoint.to_string().as_bytes())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.folder.join(path);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
            fs::write(&path, bytes)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}
