//! A bundle: one folder with everything that an auditor needs, laid out as C2SP tlog-tiles has it,
//! so that any static file server makes a log of it; or the same packed in one file; or what a
//! running node serves of it.
//!
//! | path | what |
//! |---|---|
//! | `checkpoint` | the signed statement: size and root of the tree |
//! | `records/<n>` | up to 256 records as stored, before each the lengths of header and body; where one is withheld, two lengths that none has |
//! | `tile/entries/<n>` | their digests |
//! | `tile/<l>/<n>` | hashes of the tree |
//! | `schema/` | what the bytes of a record mean |
//! | `HOW-TO-VERIFY.md`, `verify.mjs` | how to check all of it without our software |
//!
//! A bundle ends where its checkpoint does, so all of it is signed. One for a partner withholds the
//! records that the partner may not see: their digests stand in for them, so that the same root is
//! reached, and nobody can withhold a record by leaving it out.

mod archive;
mod node;
mod writer;

pub(crate) use writer::Writer;

use crate::remote::Remote;
use anyhow::{Context as _, ensure};
use node::Node;
use std::fs::File;
use std::io::{self, Read as _};
use std::num::TryFromIntError;
use std::ops::Range;
use std::path::{Path, PathBuf};
use tallystick_log::{MAX_RECORD_BYTES, Record};
use tallystick_tally::{Bundle as Place, Checkpoint, Entry, MAX_NOTE_BYTES, TreeSize};
use tempfile::TempDir;

/// In place of both lengths of a record that is withheld, and of the record. No length is so large.
const WITHHELD: [u8; 8] = [0xff; 8];

/// Bytes that a file of records may have: 256 of the largest, each with its two lengths.
const RECORDS_LIMIT: u64 = 256 * (MAX_RECORD_BYTES as u64 + 8);

/// Bytes that a tile or a file of digests may have: 256 entries, each with its length.
const TILE_LIMIT: u64 = 256 * (Entry::BYTES as u64 + 2);

/// A bundle, wherever its files are.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// Where its checkpoint is, for people.
    checkpoint_name: String,
    files: Files,
}

#[derive(Debug)]
enum Files {
    Folder(PathBuf),
    /// Removed with it.
    Unpacked(TempDir),
    Node(Node),
}

impl Bundle {
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let files = if path.is_file() {
            Files::Unpacked(archive::unpack(path)?)
        } else {
            Files::Folder(path.to_owned())
        };
        let there = files.folder().is_some_and(|folder| {
            folder.join("checkpoint").is_file() && folder.join("records").is_dir()
        });
        ensure!(
            there,
            "{} holds no bundle: `checkpoint` and `records` are not in it",
            path.display()
        );
        let checkpoint_name = path.join("checkpoint").display().to_string();
        Ok(Self { checkpoint_name, files })
    }

    /// What a running node serves, as it stands now.
    pub(crate) fn of_node(remote: Remote) -> anyhow::Result<Self> {
        let checkpoint_name = format!("{}/log/checkpoint", remote.url());
        Ok(Self { checkpoint_name, files: Files::Node(Node::open(remote)?) })
    }

    /// Whether it is what a running node serves.
    pub(crate) fn is_node(&self) -> bool {
        matches!(self.files, Files::Node(_))
    }

    /// Where the checkpoint is, for people.
    pub(crate) fn checkpoint_name(&self) -> &str {
        &self.checkpoint_name
    }

    /// The bytes of what it says was signed.
    pub(crate) fn checkpoint_bytes(&self) -> io::Result<Vec<u8>> {
        match &self.files {
            Files::Node(node) => Ok(node.checkpoint().to_vec()),
            files => files.read("checkpoint", MAX_NOTE_BYTES as u64),
        }
    }

    /// What it says was signed; whether it was is for whoever verifies it.
    pub(crate) fn checkpoint(&self) -> anyhow::Result<Checkpoint> {
        let name = self.checkpoint_name();
        let bytes = self.checkpoint_bytes().with_context(|| format!("cannot read {name}"))?;
        Checkpoint::parse(&bytes).with_context(|| format!("{name} is damaged"))
    }

    /// Records as they should be in a tree of a size: `None` after the last.
    ///
    /// # Errors
    /// What the system said; the file that should be there may not be.
    pub(crate) fn records(&self, index: u64, size: TreeSize) -> io::Result<Option<RecordFile>> {
        let Some(place) = Place::in_tree(index, size) else { return Ok(None) };
        let leaves = place.leaves();
        let positions = leaves.start + 1..leaves.end + 1;
        let bytes = match &self.files {
            Files::Node(node) => node.records(positions.clone())?,
            files => files.read(&records_path(place), RECORDS_LIMIT)?,
        };
        let mut file = RecordFile { bytes, positions, digests: Vec::new() };
        // Where nothing is withheld, the digests are made from the records.
        if file.iter().any(|held| matches!(held, Err(Unfit::NoDigests { .. }))) {
            match self.stored(&place.to_string())? {
                Some(stored) => file.digests = place.decode(&stored).unwrap_or_default(),
                None if self.is_node() => {
                    let from = leaves.start + 1;
                    let what =
                        format!("the node does not serve the digests from position {from} on");
                    return Err(io::Error::other(what));
                }
                None => {}
            }
        }
        Ok(Some(file))
    }

    /// The stored bytes of a tile or an entry bundle; `None` if there is no such file.
    pub(crate) fn stored(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        match self.files.read(path, TILE_LIMIT) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Files {
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Unpacked(folder) => Some(folder.path()),
            Self::Node(_) => None,
        }
    }

    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Folder(folder) => read(&folder.join(path), limit),
            Self::Unpacked(folder) => read(&folder.path().join(path), limit),
            Self::Node(node) => node.read(path, limit),
        }
    }
}

/// A file, or as much of it as there may be and a byte more, which makes it wrong.
fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a bundle has of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Held<'a> {
    Whole(Record<'a>),
    /// It is withheld from whom the bundle is for: its digests alone.
    Digests {
        position: u64,
        entry: Entry,
    },
}

/// One file in `records/`.
#[derive(Clone, Debug)]
pub(crate) struct RecordFile {
    bytes: Vec<u8>,
    positions: Range<u64>,
    /// The digests of all its records, read where some are withheld.
    digests: Vec<Entry>,
}

impl RecordFile {
    /// The records, as far as the bytes are those: where they are not, the last item is an error.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<Held<'_>, Unfit>> {
        let (mut rest, mut positions) = (Some(&self.bytes[..]), self.positions.clone());
        let mut digests = self.digests.iter();
        std::iter::from_fn(move || {
            let bytes = rest.take()?;
            let entry = digests.next().copied();
            let Some(position) = positions.next() else {
                let end = self.positions.end;
                return (!bytes.is_empty()).then_some(Err(Unfit::TooLong { position: end }));
            };
            if let Some(after) = bytes.strip_prefix(&WITHHELD) {
                let held = entry.map(|entry| Held::Digests { position, entry });
                rest = held.map(|_| after);
                return Some(held.ok_or(Unfit::NoDigests { position }));
            }
            let taken = split(bytes);
            rest = taken.map(|(_, _, after)| after);
            let record =
                taken.map(|(header, body, _)| Held::Whole(Record { position, header, body }));
            Some(record.ok_or(Unfit::CutShort { position }))
        })
    }
}

/// A file of records is not what it should be.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("the file of records ends inside a record, or before it")]
    CutShort { position: u64 },
    #[error("the file of records goes on after its last record")]
    TooLong { position: u64 },
    #[error("the record is withheld, and its digests are not there instead")]
    NoDigests { position: u64 },
}

impl Unfit {
    /// The first position that cannot be vouched for.
    pub(crate) fn position(self) -> u64 {
        match self {
            Self::CutShort { position }
            | Self::TooLong { position }
            | Self::NoDigests { position } => position,
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

/// A record as a file of records has it.
fn framed(header: &[u8], body: &[u8]) -> Result<Vec<u8>, TryFromIntError> {
    let lengths = [u32::try_from(header.len())?, u32::try_from(body.len())?];
    let lengths = lengths.map(u32::to_be_bytes);
    Ok([&lengths[0], &lengths[1], header, body].concat())
}

/// Where the records of an entry bundle are.
fn records_path(place: Place) -> String {
    place.to_string().replacen("tile/entries/", "records/", 1)
}
