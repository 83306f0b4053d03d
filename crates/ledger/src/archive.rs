//! The log as records: by position, by event id, in runs. Whatever was recorded lately, or read
//! lately, is at hand decoded; the rest is read from its block, each block inflated once.

use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;
use tallystick_domain::{
    EventId, Position, Record,
    envelope::{Stored, Unreadable},
};
use tallystick_log::{Block, CommitNumber, Corrupt, Damage, Log, ReadBudget, wait};
use thiserror::Error;

use crate::commands::Commands;
use crate::offsets::Offsets;
use crate::shelf::Shelf;

/// Why records could not be read.
#[derive(Clone, Debug, Error)]
pub enum ReadError {
    /// The log did not give the block.
    #[error(transparent)]
    Log(#[from] tallystick_log::ReadError),
    /// A record is of a type or schema that this version does not know, or is no record.
    #[error("record {position} cannot be read")]
    Unreadable {
        /// Its position.
        position: Position,
        /// What is wrong with it.
        #[source]
        source: Unreadable,
    },
    /// There is no such position yet.
    #[error("position {position} is beyond the head {head}")]
    Beyond {
        /// The position asked for.
        position: Position,
        /// The last one there is.
        head: Position,
    },
    /// The log's records are others than the tree was made of, which is what was signed.
    #[error("the records from position {0} on are not those that were recorded")]
    Changed(Position),
}

/// Reads records of a log, by any number of threads.
pub(crate) struct Archive {
    log: Arc<dyn Log>,
    offsets: RwLock<Offsets>,
    commands: RwLock<Commands>,
    /// The latest records.
    tail: Shelf,
    /// Older ones that somebody read.
    older: Shelf,
    /// From here on nothing is read any more.
    changed: OnceLock<Position>,
}

impl Archive {
    /// An archive of a log of which nothing is known yet; keeps so many records at hand, of the
    /// latest and of those read.
    pub(crate) fn new(log: Arc<dyn Log>, at_hand: usize) -> Self {
        Self::with(log, at_hand, Offsets::default(), Commands::default())
    }

    /// An archive that knows where everything up to a commit is.
    pub(crate) fn with(
        log: Arc<dyn Log>,
        at_hand: usize,
        offsets: Offsets,
        commands: Commands,
    ) -> Self {
        Self {
            log,
            offsets: RwLock::new(offsets),
            commands: RwLock::new(commands),
            tail: Shelf::new(at_hand),
            older: Shelf::new(at_hand),
            changed: OnceLock::new(),
        }
    }

    /// Reads nothing from a position on any more: the records are not those that were recorded.
    pub(crate) fn condemn(&self, from: Position) {
        // Where it was found first; everything after it is condemned already.
        let _ = self.changed.set(from);
    }

    pub(crate) fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    pub(crate) fn offsets(&self) -> &RwLock<Offsets> {
        &self.offsets
    }

    pub(crate) fn commands(&self) -> &RwLock<Commands> {
        &self.commands
    }

    /// Takes note of the next commit while the log is folded.
    pub(crate) fn note<'a>(&self, records: impl ExactSizeIterator<Item = &'a Record>) {
        let count = records.len();
        {
            let mut commands = self.commands.write();
            for record in records.filter(|record| record.envelope.index == 0) {
                let id = record.envelope.event_id();
                commands.insert(id.command_key(), record.envelope.position);
            }
        }
        self.offsets.write().push(count);
    }

    /// Takes note of the next commit, whose records are at hand from now on.
    pub(crate) fn note_live(&self, records: &[Arc<Record>]) {
        for record in records {
            self.tail.put(record);
        }
        self.note(records.iter().map(Arc::as_ref));
    }

    /// The record at a position.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn record(&self, position: Position) -> Result<Arc<Record>, ReadError> {
        match self.at_hand(position) {
            Some(record) => Ok(record),
            None => Ok(self.records(&[position])?.remove(0)),
        }
    }

    /// The records at these positions, in the order asked for.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn records(&self, positions: &[Position]) -> Result<Vec<Arc<Record>>, ReadError> {
        self.read(positions, true)
    }

    /// The same for whoever walks through much and will not come back: nothing is put at hand.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn passing(&self, positions: &[Position]) -> Result<Vec<Arc<Record>>, ReadError> {
        self.read(positions, false)
    }

    fn read(&self, positions: &[Position], keep: bool) -> Result<Vec<Arc<Record>>, ReadError> {
        let mut found: Vec<Option<Arc<Record>>> =
            positions.iter().map(|position| self.at_hand(*position)).collect();
        let mut missing: Vec<_> = (0..positions.len()).filter(|i| found[*i].is_none()).collect();
        missing.sort_unstable_by_key(|index| positions[*index]);
        let mut block: Option<Block> = None;
        let mut buffer = Vec::new();
        let mut rest = missing.as_slice();
        while let Some(first) = rest.first() {
            let position = positions[*first];
            if block.as_ref().is_none_or(|block| block.last_position() < position.0) {
                block = Some(self.block_of(position)?);
            }
            let Some(block) = &block else { continue };
            let here = rest.partition_point(|it| positions[*it].0 <= block.last_position());
            let mut records = block.scan(&mut buffer).map_err(|it| damaged(block, it))?;
            let mut at = block.first_position();
            let mut last: Option<Arc<Record>> = None;
            for index in &rest[..here] {
                let position = positions[*index];
                let again = last.as_ref().filter(|it| it.envelope.position == position);
                let record = if let Some(again) = again {
                    Arc::clone(again)
                } else {
                    let skip = usize::try_from(position.0 - at).unwrap_or(usize::MAX);
                    let bytes = records.nth(skip).ok_or_else(|| self.beyond(position))?;
                    at = position.0 + 1;
                    let record = Arc::new(decode(&bytes)?);
                    if keep {
                        self.older.put(&record);
                    }
                    record
                };
                last = Some(Arc::clone(&record));
                found[*index] = Some(record);
            }
            rest = &rest[here..];
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// The record at a position, if nothing has to be read.
    pub(crate) fn at_hand(&self, position: Position) -> Option<Arc<Record>> {
        if self.changed.get().is_some_and(|from| position >= *from) {
            return None;
        }
        self.tail.get(position).or_else(|| self.older.get(position))
    }

    /// The record of an event among those up to a position.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn event(
        &self,
        id: EventId,
        upto: Position,
    ) -> Result<Option<Arc<Record>>, ReadError> {
        for first in self.candidates(id.command_key()) {
            if first > upto {
                continue;
            }
            let record = self.record(first)?;
            if record.envelope.event_id().of_command != id.of_command {
                continue;
            }
            let position = Position(first.0 + u64::from(id.index));
            if id.index >= record.envelope.of || position > upto {
                return Ok(None);
            }
            return self.record(position).map(Some);
        }
        Ok(None)
    }

    /// Where the commands with that key begin.
    pub(crate) fn candidates(&self, key: u64) -> Vec<Position> {
        self.commands.read().candidates(key)
    }

    /// Blocks from the one that holds a position on, as many as the budget allows.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn blocks_from(
        &self,
        position: Position,
        budget: ReadBudget,
    ) -> Result<Vec<Block>, ReadError> {
        let commit = self.offsets.read().commit_of(position);
        let commit = commit.ok_or_else(|| self.beyond(position))?;
        self.blocks_after(CommitNumber::new(commit.get() - 1), budget)
    }

    /// Blocks after a commit, as many as the budget allows; none only at the head.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn blocks_after(
        &self,
        after: CommitNumber,
        budget: ReadBudget,
    ) -> Result<Vec<Block>, ReadError> {
        let mut blocks = wait(self.log.read(after, budget))?;
        if let Some(from) = self.changed.get() {
            let at_head = blocks.is_empty();
            blocks.retain(|block| block.last_position() < from.0);
            if blocks.is_empty() && !at_head {
                return Err(ReadError::Changed(*from));
            }
        }
        Ok(blocks)
    }

    fn block_of(&self, position: Position) -> Result<Block, ReadError> {
        let mut blocks = self.blocks_from(position, ReadBudget::ONE)?;
        blocks.pop().ok_or_else(|| self.beyond(position))
    }

    fn beyond(&self, position: Position) -> ReadError {
        ReadError::Beyond { position, head: self.offsets.read().end() }
    }
}

/// Reads a record as it is stored, and that it stands where it says.
///
/// # Errors
/// [`ReadError::Unreadable`].
pub(crate) fn decode(stored: &tallystick_log::Record<'_>) -> Result<Record, ReadError> {
    let record = Record::decode(stored.header, stored.body);
    in_place(stored, record, |record| record.envelope.position)
}

/// The same for whoever needs only its header.
///
/// # Errors
/// [`ReadError::Unreadable`].
pub(crate) fn undecoded<'r>(stored: &tallystick_log::Record<'r>) -> Result<Stored<'r>, ReadError> {
    let read = Stored::read(stored.header, stored.body);
    in_place(stored, read, |read| read.envelope.position)
}

fn in_place<T>(
    stored: &tallystick_log::Record<'_>,
    read: Result<T, Unreadable>,
    says: impl FnOnce(&T) -> Position,
) -> Result<T, ReadError> {
    let position = Position(stored.position);
    let unreadable = |source| ReadError::Unreadable { position, source };
    let read = read.map_err(unreadable)?;
    if says(&read) == position { Ok(read) } else { Err(unreadable(Unreadable::Field("position"))) }
}

/// A block whose checksum holds and whose records do not.
pub(crate) fn damaged(block: &Block, damage: Damage) -> ReadError {
    let corrupt = Corrupt { commit: block.number(), position: block.first_position(), damage };
    ReadError::Log(corrupt.into())
}
