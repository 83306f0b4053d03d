//! What is verified: a stopped ledger's folder or a copy of one, or a bundle.

use crate::bundle::{Bundle, Held, RecordFile, Unfit};
use crate::replay;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tallystick_log::{
    Block, CommitNumber, Corrupt, Damage, Head, Log, ReadBudget, ReadError, Records, wait,
};
use tallystick_tally::{Bundle as Place, TILE_BYTES, Tile, TreeSize};

/// Bytes of blocks read at once.
const STEP: ReadBudget = ReadBudget { bytes: 1 << 20, blocks: 1_024 };

/// Records, and what lies beside them.
pub(crate) enum Source {
    Data { folder: PathBuf, log: Arc<dyn Log> },
    Bundle { bundle: Bundle, size: TreeSize },
}

/// Why reading ended before the end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What should be at a position is not, or is not sound.
    Bad { position: u64, what: String },
    /// It is not known whether anything is wrong.
    Unreadable(String),
}

/// Some records that follow one another. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Run {
    Block(Records),
    File(Arc<RecordFile>),
}

impl Source {
    /// A ledger's folder. What is wrong with it may be known before a record is read.
    pub(crate) fn data(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self::Data { folder: folder.to_owned(), log: replay::open(folder)? })
    }

    pub(crate) fn bundle(bundle: Bundle) -> anyhow::Result<Self> {
        let size = bundle.checkpoint()?.head().size;
        Ok(Self::Bundle { bundle, size })
    }

    /// The records as a log that can be folded.
    pub(crate) fn log(&self) -> anyhow::Result<Arc<dyn Log>> {
        match self {
            Self::Data { log, .. } => Ok(Arc::clone(log)),
            Self::Bundle { bundle, .. } => replay::pack_bundle(bundle),
        }
    }

    /// Its own checkpoint, if it has one, and where that is.
    pub(crate) fn checkpoint(&self) -> (String, io::Result<Vec<u8>>) {
        match self {
            Self::Data { folder, .. } => {
                let path = folder.join("checkpoint");
                (path.display().to_string(), std::fs::read(&path))
            }
            Self::Bundle { bundle, .. } => {
                (bundle.checkpoint_name().to_owned(), bundle.checkpoint_bytes())
            }
        }
    }

    /// The last checkpoint that a witness cosigned, where it is kept beside the last one.
    pub(crate) fn cosigned(&self) -> Option<(PathBuf, Vec<u8>)> {
        let Self::Data { folder, .. } = self else { return None };
        let path = folder.join("checkpoint.cosigned");
        std::fs::read(&path).ok().map(|bytes| (path, bytes))
    }

    /// Number of records that there should be.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Data { log, .. } => log.head().borrow().last_position,
            Self::Bundle { size, .. } => size.get(),
        }
    }

    /// Gives all records, in order, to `take`, until it says that it wants no more.
    ///
    /// # Errors
    /// [`Stop`]: what came before was given.
    pub(crate) fn read(&self, mut take: impl FnMut(Run) -> bool) -> Result<(), Stop> {
        match self {
            Self::Data { log, .. } => read_log(&**log, &mut take),
            Self::Bundle { bundle, size } => read_bundle(bundle, *size, &mut take),
        }
    }

    /// The stored bytes of a tile, if there are any. A folder has full ones, a bundle all.
    pub(crate) fn tile(&self, tile: Tile) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Data { folder, .. } if tile.is_full() => {
                let path = folder.join("tiles").join(tile.level().to_string());
                let read = || {
                    let mut bytes = vec![0; TILE_BYTES];
                    File::open(&path)?
                        .read_exact_at(&mut bytes, tile.index() * TILE_BYTES as u64)?;
                    Ok(bytes)
                };
                let absent = |error: &io::Error| {
                    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof)
                };
                match read() {
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(error) if absent(&error) => Ok(None),
                    Err(error) => Err(error),
                }
            }
            Self::Data { .. } => Ok(None),
            Self::Bundle { bundle, .. } => bundle.stored(&tile.to_string()),
        }
    }

    /// The stored digests of up to 256 records, which only a bundle has.
    pub(crate) fn entries(&self, place: Place) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Data { .. } => Ok(None),
            Self::Bundle { bundle, .. } => bundle.stored(&place.to_string()),
        }
    }

    /// Whether it is a running node, seen from outside.
    pub(crate) fn is_node(&self) -> bool {
        matches!(self, Self::Bundle { bundle, .. } if bundle.is_node())
    }

    /// Whether all tiles and digests have to be there.
    pub(crate) fn is_bundle(&self) -> bool {
        matches!(self, Self::Bundle { .. })
    }
}

impl Run {
    /// The records, in order; where the bytes are none, the last item says so.
    pub(crate) fn records(&self) -> Box<dyn Iterator<Item = Result<Held<'_>, Unfit>> + '_> {
        match self {
            Self::Block(records) => Box::new(records.iter().map(|it| Ok(Held::Whole(it)))),
            Self::File(file) => Box::new(file.iter()),
        }
    }
}

fn read_log(log: &dyn Log, take: &mut dyn FnMut(Run) -> bool) -> Result<(), Stop> {
    let mut last = Head::empty(log.identity());
    // Of the last block: should the next not be chained to it, it was changed since.
    let mut first_position = 1;
    let end = log.head().borrow().commit;
    while last.commit < end {
        for block in wait(log.read(last.commit, STEP)).map_err(stop)? {
            if block.previous() != last.digest {
                let what = format!(
                    "commit {} does not carry the digest of the commit before it: one of the two \
                     was changed",
                    block.number()
                );
                return Err(Stop::Bad { position: first_position, what });
            }
            first_position = block.first_position();
            last = Head::of(&block);
            let records = block.records().map_err(|damage| damaged(&block, &damage))?;
            if !take(Run::Block(records)) {
                return Ok(());
            }
        }
        debug_assert!(last.commit > CommitNumber::ZERO, "a read always moves on");
    }
    Ok(())
}

fn damaged(block: &Block, damage: &Damage) -> Stop {
    let what = format!("commit {} is damaged: {damage}", block.number());
    Stop::Bad { position: block.first_position(), what }
}

fn stop(error: ReadError) -> Stop {
    match error {
        ReadError::Corrupt(Corrupt { commit, position, damage }) => {
            Stop::Bad { position, what: format!("commit {commit} is damaged: {damage}") }
        }
        unavailable @ ReadError::Unavailable { .. } => {
            Stop::Unreadable(format!("{:#}", anyhow::Error::from(unavailable)))
        }
    }
}

fn read_bundle(
    bundle: &Bundle,
    size: TreeSize,
    take: &mut dyn FnMut(Run) -> bool,
) -> Result<(), Stop> {
    for index in 0.. {
        match bundle.records(index, size) {
            Ok(Some(file)) => {
                if !take(Run::File(Arc::new(file))) {
                    return Ok(());
                }
            }
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let what = "the file of records from there on is missing".to_owned();
                return Err(Stop::Bad { position: index * 256 + 1, what });
            }
            Err(error) => return Err(Stop::Unreadable(format!("records: {error}"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallystick_log::{AppendError, BlockBuilder, BoxFuture, Digest, LogIdentity};
    use tokio::sync::watch;

    /// A log that somebody put together from blocks that do not belong together.
    struct Patched(Vec<Block>);

    impl Log for Patched {
        fn append(&self, _: CommitNumber, _: Block) -> BoxFuture<'_, Result<Head, AppendError>> {
            Box::pin(async { Err(AppendError::Busy) })
        }

        fn read(
            &self,
            after: CommitNumber,
            _: ReadBudget,
        ) -> BoxFuture<'_, Result<Vec<Block>, ReadError>> {
            let rest = self.0.iter().filter(move |block| block.number() > after);
            let rest = rest.take(2).cloned().collect();
            Box::pin(async { Ok(rest) })
        }

        fn head(&self) -> watch::Receiver<Head> {
            watch::channel(self.0.last().map_or(Head::empty(self.identity()), Head::of)).1
        }

        fn identity(&self) -> LogIdentity {
            LogIdentity::new([7; 32])
        }
    }

    /// Five commits of two records; `spoil` may have one carry another digest.
    fn read_of(spoil: Option<u64>) -> (usize, Result<(), Stop>) {
        let mut digest = Digest::new([7; 32]);
        let mut blocks = Vec::new();
        let mut builder = BlockBuilder::new();
        for number in 1..=5 {
            for body in [b"one", b"two"] {
                builder.push(b"header", body).expect("small");
            }
            let previous = if spoil == Some(number) { Digest::of(b"another") } else { digest };
            let block = builder.finish(CommitNumber::new(number), 2 * number - 1, previous);
            digest = block.digest();
            blocks.push(block);
        }
        let mut records = 0;
        let read = read_log(&Patched(blocks), &mut |run| {
            records += run.records().count();
            true
        });
        (records, read)
    }

    #[test]
    fn a_chain_of_blocks_is_read_to_its_end() {
        let (records, read) = read_of(None);
        assert!(read.is_ok() && records == 10, "{records}: {read:?}");
    }

    #[test]
    fn a_block_that_does_not_carry_the_digest_of_the_one_before_ends_the_reading() {
        for (spoiled, position) in [(1, 1), (2, 1), (4, 5)] {
            let (records, read) = read_of(Some(spoiled));
            assert_eq!(records as u64, 2 * (spoiled - 1));
            let Err(Stop::Bad { position: found, .. }) = read else { panic!("{read:?}") };
            assert_eq!(found, position);
        }
    }
}
