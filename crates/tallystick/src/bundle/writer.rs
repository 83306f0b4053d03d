//! Writing a bundle.

use super::archive::{self, Packing};
use super::{WITHHELD, framed, records_path};
use anyhow::{Context as _, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use tallystick_log::Record;
use tallystick_tally::{Bundle as Place, Checkpoint, Edge, Entry, Tile};

/// Pages that explain a bundle, the same in each.
const PAGES: [(&str, &str); 4] = [
    ("HOW-TO-VERIFY.md", include_str!("how-to-verify.md")),
    ("verify.mjs", include_str!("verify.mjs")),
    ("schema/log-format.md", include_str!("../../../../schema/log-format.md")),
    ("schema/events.md", include_str!("../../../../schema/events.md")),
];

/// A bundle that is being written, record by record, up to what a checkpoint covers.
pub(crate) struct Writer {
    target: Target,
    checkpoint: Checkpoint,
    edge: Edge,
    /// The records that are in no file yet, and their entries.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// Where it is written to.
enum Target {
    Folder(PathBuf),
    Archive(Packing),
}

impl Writer {
    /// Makes the folder, which must be empty if it is there; or one file, if it is named like one.
    pub(crate) fn create(path: &Path, checkpoint: Checkpoint) -> anyhow::Result<Self> {
        let target = if archive::is_named(path) {
            Target::Archive(Packing::create(path)?)
        } else {
            fs::create_dir_all(path)
                .with_context(|| format!("cannot make the folder {}", path.display()))?;
            ensure!(fs::read_dir(path)?.next().is_none(), "{} is not empty", path.display());
            Target::Folder(path.to_owned())
        };
        let edge = Edge::new();
        Ok(Self { target, checkpoint, edge, bytes: Vec::new(), entries: Vec::new() })
    }

    /// Whether it has all that the checkpoint covers.
    pub(crate) fn is_full(&self) -> bool {
        self.edge.size() >= self.checkpoint.head().size
    }

    /// Adds the next record.
    pub(crate) fn take(&mut self, record: &Record<'_>) -> anyhow::Result<()> {
        self.bytes.append(&mut framed(record.header, record.body)?);
        self.append(Entry::of(record.header, record.body))
    }

    /// Adds the digests of the next record, and nothing else of it.
    pub(crate) fn withhold(&mut self, record: &Record<'_>) -> anyhow::Result<()> {
        self.bytes.extend_from_slice(&WITHHELD);
        self.append(Entry::of(record.header, record.body))
    }

    fn append(&mut self, entry: Entry) -> anyhow::Result<()> {
        let mut full = Vec::new();
        self.edge.append(entry.leaf(), |tile, bytes| full.push((tile, bytes.to_vec())));
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
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
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
            let bytes = self.edge.tile(tile).context("a tile at the edge is there")?.to_vec();
            self.write(&tile.to_string(), &bytes)?;
        }
        for (path, text) in PAGES {
            self.write(path, text.as_bytes())?;
        }
        self.write("schema/schema.graphql", tallystick_api::sdl().as_bytes())?;
        // The last: without it, there is no bundle.
        let checkpoint = self.checkpoint.to_string();
        self.write("checkpoint", checkpoint.as_bytes())?;
        match self.target {
            Target::Folder(_) => Ok(()),
            Target::Archive(packing) => packing.finish(),
        }
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let written = match &mut self.target {
            Target::Folder(folder) => {
                let to = folder.join(path);
                let made = fs::create_dir_all(to.parent().unwrap_or(folder));
                made.and_then(|()| fs::write(&to, bytes))
            }
            Target::Archive(packing) => packing.add(path, bytes),
        };
        written.with_context(|| format!("cannot write {path}"))
    }
}
