use std::{
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::watch;

use crate::{
    AppendError, Block, BoxFuture, CommitNumber, Corrupt, Damage, Head, Log, LogIdentity,
    MAX_BLOCK_BYTES, ReadBudget, ReadError,
};

/// A log that keeps its blocks in memory: for tests and for trying things out.
#[derive(Debug)]
pub struct MemoryLog {
    identity: LogIdentity,
    block_limit: usize,
    state: Mutex<State>,
    head: watch::Sender<Head>,
}

#[derive(Debug, Default)]
struct State {
    /// The blocks as bytes, as a disk would hold them: reading checks them again.
    blocks: Vec<Bytes>,
    fail_next_flush: bool,
    fail_reads: bool,
    poison: Option<AppendError>,
}

impl MemoryLog {
    /// An empty log.
    pub fn new(identity: LogIdentity) -> Self {
        Self {
            identity,
            block_limit: MAX_BLOCK_BYTES,
            state: Mutex::default(),
            head: watch::Sender::new(Head::empty(identity)),
        }
    }

    /// The same log with a lower limit on the size of a block, in bytes.
    #[must_use]
    pub fn with_block_limit(mut self, bytes: usize) -> Self {
        self.block_limit = bytes;
        self
    }

    /// The log as it would be after a restart: what was acknowledged, and no poison.
    #[must_use]
    pub fn reopen(self) -> Self {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let head = watch::Sender::new(*self.head.borrow());
        let state = State { blocks: state.blocks, ..State::default() };
        Self {
            identity: self.identity,
            block_limit: self.block_limit,
            state: Mutex::new(state),
            head,
        }
    }

    /// Makes the next append fail as a disk does that cannot write: it poisons the log.
    pub fn fail_next_flush(&self) {
        self.lock().fail_next_flush = true;
    }

    /// Makes all reads fail, or succeed again: as a disk that has gone away, and come back.
    pub fn fail_reads(&self, fail: bool) {
        self.lock().fail_reads = fail;
    }

    /// Flips a bit in a stored block, as a disk may.
    ///
    /// # Panics
    /// If there is no such commit or byte.
    pub fn flip_bit(&self, commit: CommitNumber, byte: usize) {
        let mut state = self.lock();
        let block = &mut state.blocks[index(commit) - 1];
        let mut bytes = block.to_vec();
        bytes[byte] ^= 1;
        *block = bytes.into();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock with the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn append_now(
        &self,
        expected: CommitNumber,
        block: &Block,
    ) -> Result<Head, AppendError> {
        let mut state = self.lock();
        if let Some(poison) = &state.poison {
            return Err(poison.clone());
        }
        let head = *self.head.borrow();
        if expected != head.commit {
            return Err(AppendError::Conflict { head });
        }
        head.admits(block)?;
        let bytes = block.bytes().len();
        if bytes > self.block_limit {
            return Err(AppendError::TooLarge { limit: self.block_limit, bytes });
        }
        if state.fail_next_flush {
            let poison = AppendError::Poisoned { source: Arc::from(Box::from("flush failed")) };
            state.poison = Some(poison.clone());
            return Err(poison);
        }
        state.blocks.push(block.bytes().clone());
        let head = Head::of(block);
        self.head.send_replace(head);
        Ok(head)
    }

    pub(crate) fn read_now(
        &self,
        after: CommitNumber,
        budget: ReadBudget,
    ) -> Result<Vec<Block>, ReadError> {
        let state = self.lock();
        if state.fail_reads {
            let source = Arc::from(Box::from("made to fail"));
            return Err(ReadError::Unavailable { source });
        }
        let mut blocks = Vec::new();
        let mut bytes = 0;
        for stored in state.blocks.iter().skip(index(after)).take(budget.blocks.max(1)) {
            bytes += stored.len();
            if !blocks.is_empty() && bytes > budget.bytes {
                break;
            }
            match Block::parse(stored.clone()) {
                Ok(block) => blocks.push(block),
                Err(_) if !blocks.is_empty() => break,
                Err(damage) => {
                    return Err(corrupt(&state.blocks, after.next(), damage).into());
                }
            }
        }
        Ok(blocks)
    }
}

/// The position of a damaged commit follows from the last sound block before it.
fn corrupt(blocks: &[Bytes], commit: CommitNumber, damage: Damage) -> Corrupt {
    let mut before = blocks[..index(commit) - 1].iter().rev();
    let sound = before.find_map(|bytes| Block::parse(bytes.clone()).ok());
    let position = sound.map_or(0, |block| block.last_position()) + 1;
    Corrupt { commit, position, damage }
}

fn index(commit: CommitNumber) -> usize {
    usize::try_from(commit.get()).unwrap_or(usize::MAX)
}

impl Log for MemoryLog {
    fn append(
        &self,
        expected: CommitNumber,
        block: Block,
    ) -> BoxFuture<'_, Result<Head, AppendError>> {
        Box::pin(async move { self.append_now(expected, &block) })
    }

    fn read(
        &self,
        after: CommitNumber,
        budget: ReadBudget,
    ) -> BoxFuture<'_, Result<Vec<Block>, ReadError>> {
        Box::pin(ready(self.read_now(after, budget)))
    }

    fn head(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    fn identity(&self) -> LogIdentity {
        self.identity
    }
}
