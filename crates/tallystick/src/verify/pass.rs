//! One pass over all records: a thread reads and counts, another hashes them into the tree and
//! compares it with the stored tiles and digests.

use super::census::{Census, Odd};
use super::source::{Run, Source, Stop};
use crate::bundle::Held;
use crate::observe::Meter;
use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc;
use std::thread;
use tallystick_domain::Envelope;
use tallystick_domain::envelope::Unreadable;
use tallystick_tally::{
    Bundle as Place, Edge, Entry, Frontier, Hash, LeafIndex, TILE_WIDTH, Tile, TreeHead, TreeSize,
};

/// Runs of records that wait for the thread that hashes: at most some 1,000 events each.
const AHEAD: usize = 16;

/// What is asked of the pass.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Sizes of which the root is wanted, ascending.
    pub(crate) sizes: Vec<TreeSize>,
    /// Records of which the digests are wanted, ascending.
    pub(crate) leaves: Vec<LeafIndex>,
}

/// What it found.
pub(crate) struct Passed {
    /// The tree over all records that could be read.
    pub(crate) head: TreeHead,
    /// The tree at the sizes asked for, as far as there are so many records.
    pub(crate) roots: BTreeMap<TreeSize, Hash>,
    pub(crate) entries: BTreeMap<LeafIndex, Entry>,
    /// Where reading ended early.
    pub(crate) stop: Option<Stop>,
    pub(crate) numbers: Numbers,
    pub(crate) commits: u64,
    /// Records of which there are digests alone.
    pub(crate) withheld: Withheld,
    pub(crate) beside: Beside,
    /// The hashes of the leaves after the last full tile.
    loose: Vec<u8>,
}

/// What came out of counting.
pub(crate) enum Numbers {
    Sound,
    Odd(Odd),
    /// A header that this version cannot read.
    Unknown {
        position: u64,
        what: String,
    },
}

/// Records that are withheld.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Withheld {
    pub(crate) count: u64,
    /// Positions of the first and the last of them.
    pub(crate) ends: Option<(u64, u64)>,
}

impl Withheld {
    fn note(&mut self, position: u64) {
        self.count += 1;
        self.ends = Some(self.ends.map_or((position, position), |(first, _)| (first, position)));
    }
}

/// What is stored beside the records, and made from them.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Tiles and files of digests that are those of the records.
    pub(crate) equal: u64,
    pub(crate) missing: u64,
    /// The first leaf that a stored digest or tile has otherwise.
    pub(crate) other_leaf: Option<u64>,
    /// The first tile above the leaves that is another, and the first leaf below the hash in it.
    pub(crate) other_tile: Option<(Tile, u64)>,
}

/// Reads, counts and hashes everything.
///
/// # Errors
/// A file beside the records, or a temporary one, cannot be used.
pub(crate) fn run(source: &Source, asked: &Asked) -> io::Result<Passed> {
    let size = source.size();
    let mut meter = Meter::new("verifying");
    let mut counting =
        Counting { census: Some(Census::new()), numbers: Numbers::Sound, commits: 0 };
    let (stop, hashed) = thread::scope(|scope| {
        let (sender, runs) = mpsc::sync_channel::<Run>(AHEAD);
        let hashing = scope.spawn(move || {
            let mut hashing = Hashing::new(source, asked);
            runs.into_iter().try_for_each(|run| hashing.take(&run))?;
            hashing.finish()
        });
        let mut failed = None;
        let mut position = 0;
        let read = source.read(|run| {
            // It ends early only with an error, which is then returned.
            if sender.send(run.clone()).is_err() {
                return false;
            }
            let counted = counting.take(&run, &mut position);
            meter.at(position, size);
            counted.map_err(|error| failed = Some(error)).is_ok()
        });
        drop(sender);
        let hashed = hashing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match failed {
            Some(error) => Err(error),
            None => Ok((read.err(), hashed?)),
        }
    })?;
    let Hashed { head, roots, entries, withheld, beside, loose, cut } = hashed;
    let commits = counting.commits;
    let numbers = counting.finish()?;
    let stop = cut.or(stop);
    Ok(Passed { head, roots, entries, stop, numbers, commits, withheld, beside, loose })
}

struct Counting {
    /// `None` once a number was wrong: what follows would be, too.
    census: Option<Census>,
    numbers: Numbers,
    commits: u64,
}

impl Counting {
    fn take(&mut self, run: &Run, position: &mut u64) -> io::Result<()> {
        for held in run.records() {
            // What does not fit, the other thread says.
            let Ok(held) = held else { return Ok(()) };
            let record = match held {
                Held::Whole(record) => record,
                Held::Digests { position: at, .. } => {
                    *position = at;
                    self.census.iter_mut().for_each(Census::pass_over);
                    continue;
                }
            };
            *position = record.position;
            let Some(census) = &mut self.census else { continue };
            let found = match Envelope::decode(record.header) {
                Ok(envelope) => {
                    self.commits = envelope.commit;
                    census.take(record.position, &envelope)?.map_err(Numbers::Odd)
                }
                Err(error) => Err(unreadable(record.position, &error)),
            };
            if let Err(numbers) = found {
                self.numbers = numbers;
                self.census = None;
            }
        }
        Ok(())
    }

    fn finish(self) -> io::Result<Numbers> {
        let Some(census) = self.census else { return Ok(self.numbers) };
        Ok(census.finish()?.map_or(Numbers::Sound, Numbers::Odd))
    }
}

fn unreadable(position: u64, error: &Unreadable) -> Numbers {
    let what = error.to_string();
    match error {
        Unreadable::Layout(_) | Unreadable::Type(_) | Unreadable::Schema { .. } => {
            Numbers::Unknown { position, what }
        }
        _ => Numbers::Odd(Odd { position, what, only_withheld: false }),
    }
}

/// The tree that is made of the records.
struct Hashing<'a> {
    source: &'a Source,
    edge: Edge,
    sizes: &'a [TreeSize],
    leaves: &'a [LeafIndex],
    roots: BTreeMap<TreeSize, Hash>,
    entries: BTreeMap<LeafIndex, Entry>,
    /// Of the records whose file of digests is not full yet.
    bundle: Vec<Entry>,
    withheld: Withheld,
    beside: Beside,
    cut: Option<Stop>,
}

struct Hashed {
    head: TreeHead,
    roots: BTreeMap<TreeSize, Hash>,
    entries: BTreeMap<LeafIndex, Entry>,
    withheld: Withheld,
    beside: Beside,
    loose: Vec<u8>,
    cut: Option<Stop>,
}

impl<'a> Hashing<'a> {
    fn new(source: &'a Source, asked: &'a Asked) -> Self {
        let mut hashing = Self {
            source,
            edge: Edge::new(),
            sizes: &asked.sizes,
            leaves: &asked.leaves,
            roots: BTreeMap::new(),
            entries: BTreeMap::new(),
            bundle: Vec::new(),
            withheld: Withheld::default(),
            beside: Beside::default(),
            cut: None,
        };
        hashing.note_root();
        hashing
    }

    fn take(&mut self, run: &Run) -> io::Result<()> {
        for held in run.records() {
            let entry = match held {
                _ if self.cut.is_some() => return Ok(()),
                Ok(Held::Whole(record)) => Entry::of(record.header, record.body),
                Ok(Held::Digests { position, entry }) => {
                    self.withheld.note(position);
                    entry
                }
                Err(unfit) => {
                    let what = unfit.to_string();
                    self.cut = Some(Stop::Bad { position: unfit.position(), what });
                    return Ok(());
                }
            };
            let index = LeafIndex::new(self.edge.size().get());
            if self.leaves.first() == Some(&index) {
                self.entries.insert(index, entry);
                self.leaves = &self.leaves[1..];
            }
            if self.source.is_bundle() {
                self.bundle.push(entry);
            }
            let mut full = Vec::new();
            self.edge.append(entry.leaf(), |tile, bytes| full.push((tile, bytes.to_vec())));
            for (tile, bytes) in full {
                self.compare(tile, &bytes)?;
            }
            if self.bundle.len() == usize::from(TILE_WIDTH) {
                self.compare_entries()?;
            }
            self.note_root();
        }
        Ok(())
    }

    fn note_root(&mut self) {
        while let Some((next, rest)) = self.sizes.split_first()
            && *next == self.edge.size()
        {
            self.roots.insert(*next, self.edge.head().root);
            self.sizes = rest;
        }
    }

    /// Holds a tile against the stored one.
    fn compare(&mut self, tile: Tile, bytes: &[u8]) -> io::Result<()> {
        let stored = self.source.tile(tile)?;
        let beside = &mut self.beside;
        match stored {
            None => beside.missing += 1,
            Some(stored) if stored == bytes => beside.equal += 1,
            Some(stored) => {
                let other = first_other(&stored, bytes, Hash::BYTES);
                if tile.level() == 0 {
                    beside.other_leaf(tile.index(), other);
                } else {
                    let hash = tile.index() * u64::from(TILE_WIDTH) + other;
                    let leaf = hash << (8 * u32::from(tile.level()));
                    beside.other_tile.get_or_insert((tile, leaf));
                }
            }
        }
        Ok(())
    }

    /// Holds the digests of the latest records against the stored ones.
    fn compare_entries(&mut self) -> io::Result<()> {
        let size = self.edge.size();
        let Some(place) = size
            .get()
            .checked_sub(1)
            .and_then(|last| Place::in_tree(last / u64::from(TILE_WIDTH), size))
        else {
            return Ok(());
        };
        let bytes = Place::encode(self.bundle.drain(..));
        match self.source.entries(place)? {
            None => self.beside.missing += 1,
            Some(stored) if stored == bytes => self.beside.equal += 1,
            Some(stored) => {
                let other = first_other(&stored, &bytes, 2 + Entry::BYTES);
                self.beside.other_leaf(place.index(), other);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Hashed> {
        let size = self.edge.size();
        let mut loose = Vec::new();
        for tile in Tile::partial_in_tree(size) {
            let bytes = self.edge.tile(tile).unwrap_or_default().to_vec();
            if self.source.is_bundle() {
                self.compare(tile, &bytes)?;
            }
            if tile.level() == 0 {
                loose = bytes;
            }
        }
        if !self.bundle.is_empty() {
            self.compare_entries()?;
        }
        let Self { edge, roots, entries, withheld, beside, cut, .. } = self;
        Ok(Hashed { head: edge.head(), roots, entries, withheld, beside, loose, cut })
    }
}

/// Which of the parts is the first that differs.
fn first_other(stored: &[u8], made: &[u8], part: usize) -> u64 {
    let pairs = stored.chunks(part).zip(made.chunks(part));
    pairs.take_while(|(stored, made)| stored == made).count() as u64
}

impl Beside {
    fn other_leaf(&mut self, index: u64, within: u64) {
        let leaf = index * u64::from(TILE_WIDTH) + within;
        self.other_leaf = Some(self.other_leaf.map_or(leaf, |before| before.min(leaf)));
    }
}

impl Passed {
    /// Whether reading ended where it is not known what comes.
    pub(crate) fn is_cut_short(&self) -> bool {
        matches!(self.stop, Some(Stop::Unreadable(_)))
    }

    /// The root that the stored tiles lead to at a size, where they are all there: if it is the one
    /// that was signed, the tiles are as they were, and tell which record is not.
    pub(crate) fn root_of_tiles(
        &self,
        source: &Source,
        size: TreeSize,
    ) -> io::Result<Option<Hash>> {
        let mut frontier = Frontier::new();
        let width = u64::from(TILE_WIDTH);
        for index in 0..size.get().div_ceil(width) {
            let Some(tile) = Tile::in_tree(0, index, self.head.size) else { return Ok(None) };
            let stored = match source.tile(tile)? {
                Some(stored) => stored,
                None if tile.is_full() => return Ok(None),
                None => self.loose.clone(),
            };
            let wanted = usize::try_from((size.get() - index * width).min(width)).unwrap_or(0);
            let (hashes, _) = stored.as_chunks::<{ Hash::BYTES }>();
            let Some(hashes) = hashes.get(..wanted) else { return Ok(None) };
            for hash in hashes {
                frontier.append(Hash::new(*hash));
            }
        }
        Ok(Some(frontier.head().root))
    }
}
