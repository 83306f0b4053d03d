//! The way back from the log to a snapshot: every record read, checked and folded, in order.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;

use hashbrown::HashMap;
use tallystick_domain::{
    Case, CaseKey, Cases, Event, Position, Record, StreamId, case::home_of, overlay::Batch,
};
use tallystick_log::{Block, CommitNumber, Damage, Head, Log, ReadBudget, wait};
use tallystick_views::Snapshot;

use crate::archive::{Archive, ReadError, damaged, decode};
use crate::receipt::ReadOnly;

/// How far a fold has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last position folded.
    pub position: Position,
    /// The last position there is.
    pub head: Position,
}

/// Bytes of blocks read at once: some ten thousand events, so that progress is seen.
const STEP: ReadBudget = ReadBudget { bytes: 1 << 20, blocks: 1_024 };

/// Folds a log from its beginning, up to a position or to its head, and makes the lists. A position
/// inside the events of a command is rounded down to before the command.
///
/// # Errors
/// [`ReadError`] names the first record that cannot be read.
pub fn replay(
    log: &Arc<dyn Log>,
    upto: Option<Position>,
    mut progress: impl FnMut(Progress),
) -> Result<Snapshot, ReadError> {
    let archive = Archive::new(Arc::clone(log), 1);
    let mut fold = Fold::new(Snapshot::empty(), &archive);
    let upto = upto.unwrap_or(Position(u64::MAX));
    fold.run(upto, &mut progress)?;
    let mut snapshot = fold.snapshot;
    snapshot.index();
    Ok(snapshot)
}

/// Fewer events than this are folded on one thread; with more, another one reads and decodes ahead.
const FEW: u64 = 2_000;
/// Blocks decoded ahead, at most 1,000 events each.
const AHEAD: usize = 16;
/// Events between two reports of progress.
const REPORT: u64 = 10_000;

/// A fold under way: a snapshot without lists, and an archive that knows the same commits.
pub(crate) struct Fold<'a> {
    pub(crate) snapshot: Snapshot,
    archive: &'a Archive,
}

impl<'a> Fold<'a> {
    pub(crate) fn new(snapshot: Snapshot, archive: &'a Archive) -> Self {
        Self { snapshot, archive }
    }

    /// Folds what the log has after the archive's last commit, up to a position.
    pub(crate) fn run(
        &mut self,
        upto: Position,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), ReadError> {
        let log = Arc::clone(self.archive.log());
        let head = Position(log.head().borrow().last_position);
        let after = self.archive.offsets().read().commit();
        let blocks = DecodedBlocks::new(&*log, after, upto);
        let mut reported = self.snapshot.position().0;
        let few = head.min(upto).0.saturating_sub(reported) < FEW;
        let mut take = |records: Vec<Record>| {
            self.take(&records, upto)?;
            let position = self.snapshot.position();
            if position.0 >= reported + REPORT {
                reported = position.0;
                progress(Progress { position, head });
            }
            Ok(())
        };
        if few {
            return blocks.into_iter().try_for_each(|records| take(records?));
        }
        thread::scope(|scope| {
            let (sender, decoded) = mpsc::sync_channel(AHEAD);
            scope.spawn(move || {
                for records in blocks {
                    // Whoever folds has met something that it cannot fold.
                    if sender.send(records).is_err() {
                        return;
                    }
                }
            });
            decoded.into_iter().try_for_each(|records| take(records?))
        })
    }

    /// Folds the records of the next block, or its front part up to a position.
    fn take(&mut self, records: &[Record], upto: Position) -> Result<(), ReadError> {
        let archive = self.archive;
        archive.note(records.iter());
        let mut part = records.partition_point(|it| it.envelope.position <= upto);
        // A command is there as a whole or not at all.
        while part > 0 && !records[part - 1].envelope.ends_command() {
            part -= 1;
        }
        self.snapshot.fold(&records[..part], &mut |positions| history(archive, positions))
    }
}

/// The records of a log, block by block, up to the block that holds a position. Ends after the
/// first error.
struct DecodedBlocks<'a> {
    log: &'a dyn Log,
    after: CommitNumber,
    upto: Position,
    read: VecDeque<Block>,
    buffer: Vec<u8>,
    /// The last block, to see that the next continues it.
    last: Option<Head>,
    ended: bool,
}

impl<'a> DecodedBlocks<'a> {
    fn new(log: &'a dyn Log, after: CommitNumber, upto: Position) -> Self {
        let first = after == CommitNumber::ZERO;
        Self {
            log,
            after,
            upto,
            read: VecDeque::new(),
            buffer: Vec::new(),
            last: first.then(|| Head::empty(log.identity())),
            ended: false,
        }
    }

    fn decoded(&mut self) -> Result<Option<Vec<Record>>, ReadError> {
        if self.read.is_empty() {
            self.read = wait(self.log.read(self.after, STEP))?.into();
        }
        let Some(block) = self.read.pop_front() else { return Ok(None) };
        if block.first_position() > self.upto.0 {
            return Ok(None);
        }
        if self.last.is_some_and(|last| last.admits(&block).is_err()) {
            return Err(damaged(&block, Damage::Chain));
        }
        self.last = Some(Head::of(&block));
        self.after = block.number();
        let records = block.scan(&mut self.buffer).map_err(|damage| damaged(&block, damage))?;
        records.map(|stored| decode(&stored)).collect::<Result<_, _>>().map(Some)
    }
}

impl Iterator for DecodedBlocks<'_> {
    type Item = Result<Vec<Record>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let decoded = self.decoded().transpose();
        self.ended = !matches!(decoded, Some(Ok(_)));
        decoded
    }
}

/// Records of a case, for its correction.
fn history(archive: &Archive, positions: &[Position]) -> Result<Vec<Record>, ReadError> {
    let records = archive.passing(positions)?;
    Ok(records.iter().map(|record| Record::clone(record)).collect())
}

/// Folds all there is after what `snapshot` and `archive` know. A record that this version cannot
/// read or fold ends it: the snapshot is then that of everything before, and says why.
///
/// # Errors
/// [`ReadError::Log`] if the log itself is damaged or cannot be read.
pub(crate) fn catch_up(
    snapshot: Snapshot,
    archive: &Archive,
    progress: &mut dyn FnMut(Progress),
) -> Result<Snapshot, ReadError> {
    let mut fold = Fold::new(snapshot, archive);
    fold.run(Position(u64::MAX), progress)?;
    Ok(fold.snapshot)
}

/// Folds a log whose next record stands in the way of [`catch_up`], from its beginning, up to the
/// last record that can be taken in. Slow, and it is hoped never needed.
///
/// # Errors
/// [`ReadError::Log`] as before.
pub(crate) fn up_to_obstacle(archive: &Archive) -> Result<(Snapshot, ReadOnly), ReadError> {
    let mut sound = Snapshot::empty();
    let mut after = CommitNumber::ZERO;
    let mut buffer = Vec::new();
    loop {
        let blocks = wait(archive.log().read(after, STEP))?;
        for block in &blocks {
            let records = block.scan(&mut buffer).map_err(|damage| damaged(block, damage))?;
            let before = sound.clone();
            let mut noted = Vec::new();
            let mut obstacle = None;
            for stored in records {
                match decode(&stored) {
                    Ok(record) => noted.push(record),
                    Err(error) => {
                        obstacle = Some(error);
                        break;
                    }
                }
            }
            if !noted.is_empty() {
                archive.note(noted.iter());
            }
            for upto in 1..=noted.len() {
                // Each time from the state before the block, so that a fold that panics half way
                // through a record leaves nothing behind. The audience of a case is compared block
                // by block, so a block is folded as one.
                let attempt = catch_unwind(AssertUnwindSafe(|| {
                    let mut next = before.clone();
                    let mut history = |positions: &[Position]| history(archive, positions);
                    next.fold(&noted[..upto], &mut history).map(|()| next)
                }));
                match attempt {
                    Ok(next) => sound = next?,
                    Err(_) => return Ok(halted(sound, "the fold of the record panicked")),
                }
            }
            if let Some(error) = obstacle {
                return Ok(halted(sound, &error.to_string()));
            }
            after = block.number();
        }
        if blocks.is_empty() {
            return Ok(halted(sound, "the fold panicked once and not again"));
        }
    }
}

fn halted(mut snapshot: Snapshot, what: &str) -> (Snapshot, ReadOnly) {
    snapshot.index();
    let position = snapshot.position().next();
    (snapshot, ReadOnly::Halted { position, what: Arc::from(what) })
}

/// What the records of one block come to on top of a snapshot: as if they had been decided here.
///
/// # Errors
/// [`ReadError`] if an earlier record of a corrected case cannot be read.
pub(crate) fn batch(
    published: &Snapshot,
    records: Vec<Record>,
    archive: &Archive,
) -> Result<Batch, ReadError> {
    let mut on_top = OnTop { published, cases: HashMap::new(), homes: HashMap::new() };
    for (index, record) in records.iter().enumerate() {
        let envelope = &record.envelope;
        let Some(key) = home_of(&on_top, envelope.stream, &record.event) else { continue };
        let mut case = on_top.case(key).map_or_else(|| Case::empty(key), |case| Case::clone(case));
        if envelope.version == 1 {
            on_top.homes.insert(envelope.stream, key);
        }
        if let Event::Corrected(_) = record.event {
            let first = records[0].envelope.position;
            let positions = &case.trail.positions;
            let earlier = positions.partition_point(|at| *at < first);
            let mut history = history(archive, &positions[..earlier])?;
            let here = records[..=index].iter();
            history.extend(here.filter(|it| on_top.home(it.envelope.stream) == Some(key)).cloned());
            case.correct(record, &history);
        } else {
            case.apply(envelope, &record.event);
        }
        on_top.cases.insert(key, Arc::new(case));
    }
    let OnTop { cases, homes, .. } = on_top;
    Ok(Batch { records, cases, homes })
}

/// A snapshot and the cases that a block has touched so far.
struct OnTop<'a> {
    published: &'a Snapshot,
    cases: HashMap<CaseKey, Arc<Case>>,
    homes: HashMap<StreamId, CaseKey>,
}

impl Cases for OnTop<'_> {
    fn case(&self, key: CaseKey) -> Option<&Arc<Case>> {
        self.cases.get(&key).or_else(|| self.published.case(key))
    }

    fn home(&self, stream: StreamId) -> Option<CaseKey> {
        self.homes.get(&stream).copied().or_else(|| self.published.home(stream))
    }
}
