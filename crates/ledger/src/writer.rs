//! The writer's core: a state machine without clock, files or threads. Jobs are offered; a batch
//! of them is decided at the head and becomes one block; what the log says of the block is told to
//! the machine; the answers come out. While a block is on its way into the log, the next batch can
//! be decided on what the ledger will be with it. A simulation drives it as the real thread does.

mod batch;
mod facts;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;
use rand::rngs::StdRng;
use tallystick_domain::{
    EventId, Moment, Position, Record, Refusal, Refused, overlay::Batch, refusal::Problem,
};
use tallystick_log::{Block, BlockBuilder, CommitNumber, Head, MAX_BLOCK_BYTES, MAX_BLOCK_RECORDS};
use tallystick_vault::{Vault, macs_equal};
use tallystick_views::Snapshot;

use self::batch::{Decided, NoBlock, OpenBatch, Verdict};
use crate::archive::{Archive, ReadError, damaged, decode};
use crate::clock::moment;
use crate::folding;
use crate::intake::Submission;
use crate::receipt::{Outcome, Receipt, SubmitError};
use crate::settings::Limit;

pub(crate) use self::facts::gather;

/// How often a command is decided anew because another writer was first.
pub(crate) const CONFLICTS: u32 = 5;

/// What a caller is told: the answer, or that the command has to be sealed again.
pub(crate) enum Answer {
    Done(Result<Outcome, SubmitError>),
    Again,
}

/// Where an answer goes.
pub(crate) trait Ticket {
    /// Takes the answer.
    fn answer(self, answer: Answer);
}

/// A command and where its answer goes.
pub(crate) struct Job<T> {
    pub(crate) submission: Submission,
    pub(crate) ticket: T,
    conflicts: u32,
}

impl<T> Job<T> {
    pub(crate) fn new(submission: Submission, ticket: T) -> Self {
        Self { submission, ticket, conflicts: 0 }
    }
}

/// A block to append if the log is still where it is expected.
pub(crate) struct Append {
    pub(crate) expected: CommitNumber,
    pub(crate) block: Block,
}

/// What a durable commit came to.
pub(crate) struct Committed {
    /// The snapshot with it.
    pub(crate) snapshot: Arc<Snapshot>,
    /// Number of its records.
    pub(crate) events: usize,
}

/// A decided batch whose block has been sent.
struct Flight<T> {
    decided: Vec<Decided<T>>,
    /// Its accepted commands, by the id of their first event.
    accepted: HashMap<EventId, usize>,
    batch: Batch,
    block: Block,
    /// Bytes of its records before compression.
    bytes: usize,
    /// The ledger with it, once the next batch needs it.
    after: Option<Arc<Snapshot>>,
    /// Whether an append of it was answered with "unknown".
    in_doubt: bool,
}

/// The state machine.
pub(crate) struct Writer<T> {
    published: Arc<Snapshot>,
    head: Head,
    vault: Arc<Vault>,
    salts: StdRng,
    builder: BlockBuilder,
    /// Most bytes of records that are put into one block; lowered when the log takes less.
    block_limit: usize,
    /// Jobs not yet decided, the next first.
    backlog: VecDeque<Job<T>>,
    /// Decided and not yet sent: on `published`, or on what the flight makes of it.
    open: Option<OpenBatch<T>>,
    flight: Option<Flight<T>>,
    answers: Vec<(T, Answer)>,
}

impl<T: Ticket> Writer<T> {
    /// A writer at the head of a log whose records are all folded into `published`.
    pub(crate) fn new(
        published: Arc<Snapshot>,
        head: Head,
        vault: Arc<Vault>,
        salts: StdRng,
    ) -> Self {
        Self {
            published,
            head,
            vault,
            salts,
            builder: BlockBuilder::new(),
            block_limit: MAX_BLOCK_BYTES,
            backlog: VecDeque::new(),
            open: None,
            flight: None,
            answers: Vec::new(),
        }
    }

    /// The head as far as this writer knows.
    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        let decided_ahead = self.open.as_ref().is_some_and(|open| !open.is_empty());
        self.flight.is_none() && self.backlog.is_empty() && !decided_ahead
    }

    /// Number of commands that the block in flight answers.
    pub(crate) fn commands(&self) -> usize {
        self.flight.as_ref().map_or(0, |flight| flight.decided.len())
    }

    /// Jobs that could still be taken into the next batch.
    pub(crate) fn room(&self) -> usize {
        let taken = self.backlog.len() + self.open.as_ref().map_or(0, OpenBatch::len);
        MAX_BLOCK_RECORDS.saturating_sub(taken)
    }

    /// Takes jobs, to be decided in this order after those it has.
    pub(crate) fn offer(&mut self, jobs: impl IntoIterator<Item = Job<T>>) {
        self.backlog.extend(jobs);
    }

    /// Answers that may be given now.
    pub(crate) fn answers(&mut self) -> Vec<(T, Answer)> {
        std::mem::take(&mut self.answers)
    }

    /// The block in flight, to be sent as it is.
    pub(crate) fn in_flight(&self) -> Option<Append> {
        let flight = self.flight.as_ref()?;
        // Computed before the clone, so that the log need not compute it again.
        flight.block.digest();
        Some(Append { expected: self.head.commit, block: flight.block.clone() })
    }

    /// Whether it is not known what became of the block in flight.
    pub(crate) fn in_doubt(&self) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.in_doubt)
    }

    /// Decides as many jobs as make a block. `None` if none of them has anything to record; the
    /// answers are then ready.
    pub(crate) fn prepare(&mut self, now: Moment, archive: &Archive) -> Option<Append> {
        assert!(self.flight.is_none(), "one block at a time");
        let mut most = usize::MAX;
        loop {
            self.fill(now, archive, most);
            let open = self.open.take()?;
            let (decided, accepted, batch) = open.into_parts();
            match self.encode(&decided, batch) {
                Ok((batch, block, bytes)) => {
                    self.flight = Some(Flight {
                        decided,
                        accepted,
                        batch,
                        block,
                        bytes,
                        after: None,
                        in_doubt: false,
                    });
                    return self.in_flight();
                }
                Err(NoBlock::Empty) => {
                    self.settle(decided, &[]);
                    return None;
                }
                Err(NoBlock::Full { job, bytes, alone }) => {
                    self.take_back(decided);
                    if alone {
                        self.refuse(job, bytes, MAX_BLOCK_BYTES);
                    } else {
                        most = job;
                    }
                }
            }
        }
    }

    /// Decides jobs on what the ledger will be once the block in flight is durable. Nothing of it
    /// is told to anybody before that; if the block comes to nothing, they are decided again.
    pub(crate) fn work_ahead(&mut self, now: Moment, archive: &Archive) {
        let Some(flight) = &mut self.flight else { return };
        let (published, batch) = (&self.published, &flight.batch);
        flight.after.get_or_insert_with(|| with(published, batch));
        if !self.backlog.is_empty() {
            self.fill(now, archive, usize::MAX);
        }
    }

    /// The block in flight is durable.
    pub(crate) fn committed(&mut self, archive: &Archive) -> Committed {
        let flight = self.flight.take().expect("only a block in flight can be committed");
        let Flight { decided, batch, block, after, .. } = flight;
        let after = after.unwrap_or_else(|| with(&self.published, &batch));
        let (committed, records) = self.take_in(after, batch, &block, archive);
        self.settle(decided, &records);
        committed
    }

    /// Another writer may have been first: takes in the block that holds the number after this
    /// writer's head. If it is not the block in flight, whose outcome was in doubt, then that one's
    /// jobs are decided again.
    ///
    /// # Errors
    /// [`ReadError`] for a record that this version cannot read; nothing of the block is taken in.
    pub(crate) fn conflicted(
        &mut self,
        block: &Block,
        archive: &Archive,
    ) -> Result<Committed, ReadError> {
        if self.flight.as_ref().is_some_and(|flight| flight.in_doubt && flight.block == *block) {
            return Ok(self.committed(archive));
        }
        self.decide_again();
        let mut buffer = Vec::new();
        let records = block.scan(&mut buffer).map_err(|damage| damaged(block, damage))?;
        let records = records.map(|stored| decode(&stored)).collect::<Result<Vec<_>, _>>()?;
        let batch = folding::batch(&self.published, records, archive)?;
        let after = with(&self.published, &batch);
        Ok(self.take_in(after, batch, block, archive).0)
    }

    /// It is not known what became of the block in flight.
    pub(crate) fn unknown(&mut self) {
        if let Some(flight) = &mut self.flight {
            flight.in_doubt = true;
        }
    }

    /// The log takes no block as large as the one in flight: its jobs go into smaller ones.
    pub(crate) fn too_large(&mut self, limit: usize) {
        self.reopen();
        let Some(flight) = self.flight.take() else { return };
        let accepted = flight.decided.iter().filter(|it| it.range().is_some()).count();
        let only = flight.decided.iter().position(|it| it.range().is_some());
        self.take_back(flight.decided);
        match only {
            Some(job) if accepted == 1 => self.refuse(job, flight.block.bytes().len(), limit),
            // What compression saves differs from block to block: halve until it fits.
            _ => self.block_limit = flight.bytes / 2,
        }
    }

    /// Nothing of the block in flight was recorded, and nothing will be: says so to its callers.
    pub(crate) fn give_up(&mut self, error: &SubmitError) {
        self.reopen();
        let flight = self.flight.take();
        let jobs = flight.into_iter().flat_map(|flight| flight.decided);
        let answer = |job: Job<T>| (job.ticket, Answer::Done(Err(error.clone())));
        self.answers.extend(jobs.map(|decided| answer(decided.job)));
    }

    /// Answers every job that is not in flight.
    pub(crate) fn turn_away(&mut self, error: &SubmitError) {
        self.reopen();
        let answer = |job: Job<T>| (job.ticket, Answer::Done(Err(error.clone())));
        self.answers.extend(self.backlog.drain(..).map(answer));
    }

    /// Answers the callers of the block in flight that its outcome is unknown. The block stays in
    /// flight: nothing more is decided until it is settled.
    pub(crate) fn leave_in_doubt(&mut self) {
        let Some(flight) = &mut self.flight else { return };
        let unknown = || Answer::Done(Err(SubmitError::OutcomeUnknown));
        let tickets = flight.decided.drain(..).map(|decided| decided.job.ticket);
        self.answers.extend(tickets.map(|ticket| (ticket, unknown())));
    }

    /// Leaves the block in flight to its fate, for good.
    pub(crate) fn abandon(&mut self) {
        self.leave_in_doubt();
        self.reopen();
        self.flight = None;
    }

    /// Takes a durable batch into the snapshot and makes its records known.
    fn take_in(
        &mut self,
        after: Arc<Snapshot>,
        batch: Batch,
        block: &Block,
        archive: &Archive,
    ) -> (Committed, Vec<Arc<Record>>) {
        self.head = Head::of(block);
        self.published = after;
        let records: Vec<_> = batch.records.into_iter().map(Arc::new).collect();
        archive.note_live(&records);
        (Committed { snapshot: Arc::clone(&self.published), events: records.len() }, records)
    }

    /// Turns verdicts into answers; `records` are those of the block, now durable.
    fn settle(&mut self, decided: Vec<Decided<T>>, records: &[Arc<Record>]) {
        let receipts: Vec<_> = decided
            .iter()
            .map(|it| it.range().map(|range| Receipt::of(&records[range.start])))
            .collect();
        for (index, Decided { job, verdict }) in decided.into_iter().enumerate() {
            let receipt = |index: usize| receipts[index].clone().expect("it was accepted");
            let answer = match verdict {
                Verdict::Accepted(_) => Answer::Done(Ok(Outcome::Accepted(receipt(index)))),
                Verdict::Same { first } => Answer::Done(Ok(Outcome::Replayed(receipt(first)))),
                Verdict::Answered(answer) => Answer::Done(answer),
                Verdict::Again => Answer::Again,
            };
            self.answers.push((job.ticket, answer));
        }
    }

    /// The block in flight came to nothing, because another writer was first.
    fn decide_again(&mut self) {
        self.reopen();
        let Some(flight) = self.flight.take() else { return };
        let mut again = Vec::with_capacity(flight.decided.len());
        for mut decided in flight.decided {
            decided.job.conflicts += 1;
            if decided.job.conflicts > CONFLICTS {
                let busy = SubmitError::Busy { limit: Limit::Conflicts(CONFLICTS) };
                self.answers.push((decided.job.ticket, Answer::Done(Err(busy))));
            } else {
                again.push(decided);
            }
        }
        self.take_back(again);
    }

    /// What was decided ahead rests on what has not come to be.
    fn reopen(&mut self) {
        if let Some(open) = self.open.take() {
            self.take_back(open.into_parts().0);
        }
    }

    fn take_back(&mut self, decided: Vec<Decided<T>>) {
        for decided in decided.into_iter().rev() {
            self.backlog.push_front(decided.job);
        }
    }

    /// Refuses the job at that place of the backlog, whose records fit into no block.
    fn refuse(&mut self, job: usize, bytes: usize, limit: usize) {
        let Some(job) = self.backlog.remove(job) else { return };
        let number = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        let problem = Problem::OutOfRange { found: number(bytes), least: 1, most: number(limit) };
        let refusal = Refusal::InvalidInput { field: "bytes", problem };
        let refused = Outcome::Refused(Refused { step: 0, refusal });
        self.answers.push((job.ticket, Answer::Done(Ok(refused))));
    }
}

fn with(published: &Snapshot, batch: &Batch) -> Arc<Snapshot> {
    let mut next = published.clone();
    next.absorb(batch);
    Arc::new(next)
}

/// What became of a command that was recorded before, by the id of its first event.
///
/// # Errors
/// [`SubmitError::OutcomeUnknown`] if its record, or one that could be, cannot be read: nobody can
/// say then whether it was recorded.
pub(crate) fn earlier(
    id: EventId,
    mac: &[u8; 16],
    archive: &Archive,
    upto: Position,
) -> Result<Option<Outcome>, SubmitError> {
    let unknown = |error: ReadError| {
        tracing::error!(%error, "it cannot be read whether a command was recorded");
        SubmitError::OutcomeUnknown
    };
    let Some(first) = archive.event(id, upto).map_err(unknown)? else { return Ok(None) };
    Ok(Some(if macs_equal(&first.envelope.command_mac, mac) {
        Outcome::Replayed(Receipt::of(&first))
    } else {
        Outcome::CommandIdReused
    }))
}

/// The ledger's time never goes back. The day is that of the time recorded, so that a decision can
/// be taken again from its record alone.
pub(crate) fn not_before(snapshot: &Snapshot, now: Moment) -> Moment {
    let before = snapshot.recorded_at();
    if now.recorded_at < before { moment(before) } else { now }
}
