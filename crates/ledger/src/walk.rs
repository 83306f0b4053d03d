//! History as it is stored, block by block: for whoever passes records on byte for byte and would
//! gain nothing from having them decoded.

use std::collections::VecDeque;

use tallystick_domain::{Position, envelope::Stored};
use tallystick_log::{Block, ReadBudget};
use tallystick_views::Scope;

use crate::archive::{ReadError, damaged, undecoded};
use crate::ledger::Ledger;
use crate::page::{Direction, Span, plan};

/// Positions planned in one go, however few of them the scope sees.
const WINDOW: usize = 16_384;
/// Blocks read in one go by whoever reads them all.
const AHEAD: ReadBudget = ReadBudget { bytes: 1 << 20, blocks: 1_024 };

/// A walk through everything that a scope may see, oldest first. It comes to an end at the head, and
/// goes on from there when more is recorded.
pub struct Walk {
    ledger: Ledger,
    scope: Scope,
    /// Everything up to here has been planned.
    after: Position,
    /// Positions that may matter to the scope, not yet looked at.
    planned: VecDeque<Position>,
    /// Blocks read and not yet looked at.
    blocks: VecDeque<Block>,
    /// The records of a block, inflated.
    buffer: Vec<u8>,
}

impl Walk {
    pub(crate) fn new(ledger: Ledger, scope: Scope, after: Position) -> Self {
        let (planned, blocks) = (VecDeque::new(), VecDeque::new());
        Self { ledger, scope, after, planned, blocks, buffer: Vec::new() }
    }

    /// Shows what the scope may see, as of now, of the next block that matters to it; false at the
    /// head. Reads the log on this thread: some ten microseconds a block.
    ///
    /// # Errors
    /// [`ReadError`]. The walk is over then.
    pub fn step(&mut self, mut show: impl FnMut(Stored<'_>)) -> Result<bool, ReadError> {
        let snapshot = self.ledger.snapshot();
        if self.planned.is_empty() {
            let span = Span { after: self.after, before: None };
            self.planned = plan(&snapshot, self.scope, span, Direction::OldestFirst, WINDOW).into();
        }
        let Some(&next) = self.planned.front() else { return Ok(false) };
        let block = self.block_of(next)?;
        let records = block.scan(&mut self.buffer).map_err(|damage| damaged(&block, damage))?;
        for record in records {
            let position = Position(record.position);
            if self.planned.pop_front_if(|planned| *planned == position).is_none() {
                continue;
            }
            self.after = position;
            let stored = undecoded(&record)?;
            if snapshot.sees(self.scope, stored.envelope.stream) {
                show(stored);
            }
        }
        Ok(true)
    }

    /// The block that holds a position.
    fn block_of(&mut self, position: Position) -> Result<Block, ReadError> {
        loop {
            match self.blocks.pop_front() {
                Some(block) if block.last_position() < position.0 => {}
                Some(block) => return Ok(block),
                None => {
                    // Whoever sees little of the log would read ahead in vain.
                    let all = self.scope.reads_everything();
                    let budget = if all { AHEAD } else { ReadBudget::ONE };
                    self.blocks = self.ledger.0.archive.blocks_from(position, budget)?.into();
                }
            }
        }
    }
}
