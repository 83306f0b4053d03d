//! A batch: commands decided one after the other, each on what those before it have made of the
//! ledger, and then one block.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;
use rand::Rng as _;
use tallystick_domain::{
    Cases as _, Event, EventId, Moment, Overlay, Position, Record, envelope::SALT,
    event::Correction, overlay::Batch,
};
use tallystick_log::{Block, MAX_BLOCK_RECORDS};
use tallystick_vault::{SubjectId, macs_equal};
use tallystick_views::Snapshot;

use super::{Job, Ticket, Writer, earlier, gather, not_before};
use crate::archive::Archive;
use crate::intake::{Missing, Submission};
use crate::receipt::{Outcome, SubmitError};
use crate::sealing::ledger_of;

/// A job and what was decided. Every answer waits for the block: a refusal may rest on a command
/// of the same batch, and nobody may be told of that before it is durable.
pub(super) struct Decided<T> {
    pub(super) job: Job<T>,
    pub(super) verdict: Verdict,
}

impl<T> Decided<T> {
    /// Its records in the batch, if it was accepted.
    pub(super) fn range(&self) -> Option<&Range<usize>> {
        match &self.verdict {
            Verdict::Accepted(range) => Some(range),
            Verdict::Same { .. } | Verdict::Answered(_) | Verdict::Again => None,
        }
    }
}

pub(super) enum Verdict {
    /// To be recorded: its records in the batch.
    Accepted(Range<usize>),
    /// The same command as the job at that place of the batch.
    Same { first: usize },
    /// Nothing to record.
    Answered(Result<Outcome, SubmitError>),
    /// What it is about has come since it was sealed.
    Again,
}

/// Why there is no block.
pub(super) enum NoBlock {
    /// Nothing is to be recorded.
    Empty,
    /// The records of a job do not fit, or not any more.
    Full { job: usize, bytes: usize, alone: bool },
}

/// A batch to which jobs are still added.
pub(super) struct OpenBatch<T> {
    overlay: Overlay<Arc<Snapshot>>,
    now: Moment,
    decided: Vec<Decided<T>>,
    /// Accepted commands, by the id of their first event.
    accepted: HashMap<EventId, usize>,
    /// Bytes that the records will take, roughly.
    bytes: usize,
}

impl<T> OpenBatch<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.decided.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.decided.len()
    }

    pub(super) fn into_parts(self) -> (Vec<Decided<T>>, HashMap<EventId, usize>, Batch) {
        (self.decided, self.accepted, self.overlay.into_parts())
    }
}

impl<T: Ticket> Writer<T> {
    /// Decides jobs of the backlog until a block is full, `most` are decided, or one has to wait
    /// for the block in flight.
    pub(super) fn fill(&mut self, now: Moment, archive: &Archive, most: usize) {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open(now),
        };
        while open.decided.len() < most
            && let Some(job) = self.backlog.front()
            && !self.must_wait(&job.submission)
        {
            let events = open.overlay.records().len() + job.submission.events;
            let bytes = open.bytes + job.submission.bytes;
            let full = events > MAX_BLOCK_RECORDS || bytes > self.block_limit;
            if full && !open.overlay.records().is_empty() {
                break;
            }
            let Some(job) = self.backlog.pop_front() else { break };
            let verdict = self.verdict(&job.submission, &mut open, archive);
            if matches!(verdict, Verdict::Accepted(_)) {
                open.accepted.insert(job.submission.id, open.decided.len());
                open.bytes = bytes;
            }
            open.decided.push(Decided { job, verdict });
        }
        self.open = Some(open);
    }

    /// An empty batch on the head, or on what the block in flight makes of it.
    fn open(&self, now: Moment) -> OpenBatch<T> {
        let base = self.flight.as_ref().and_then(|flight| flight.after.as_ref());
        let base = Arc::clone(base.unwrap_or(&self.published));
        let now = not_before(&base, now);
        let commit = self.head.commit.get() + 1 + u64::from(self.flight.is_some());
        let position = match &self.flight {
            Some(flight) => flight.block.last_position(),
            None => self.head.last_position,
        };
        let room = self.backlog.len();
        OpenBatch {
            overlay: Overlay::new(base, Position(position), commit),
            now,
            decided: Vec::with_capacity(room),
            accepted: HashMap::with_capacity(room),
            bytes: 0,
        }
    }

    /// Whether a command can only be decided once the block in flight is in the log: because it
    /// asks for records, or because that block may hold the same command.
    fn must_wait(&self, submission: &Submission) -> bool {
        self.flight.as_ref().is_some_and(|flight| {
            submission.command.named_events().next().is_some()
                || !submission.missing.is_empty()
                || flight.accepted.contains_key(&submission.id)
        })
    }

    fn verdict(
        &self,
        submission: &Submission,
        open: &mut OpenBatch<T>,
        archive: &Archive,
    ) -> Verdict {
        // The same command may be on its way twice: the second gets what the first got.
        let mac = &submission.command.mac;
        if let Some(first) = open.accepted.get(&submission.id).copied() {
            return if macs_equal(mac, &open.decided[first].job.submission.command.mac) {
                Verdict::Same { first }
            } else {
                Verdict::Answered(Ok(Outcome::CommandIdReused))
            };
        }
        let overlay = &mut open.overlay;
        let durable = match earlier(submission.id, mac, archive, self.published.position()) {
            Ok(durable) => durable,
            Err(error) => return Verdict::Answered(Err(error)),
        };
        if let Some(outcome) = durable {
            return Verdict::Answered(Ok(outcome));
        }
        if self.is_there_now(&submission.missing, overlay, archive) {
            return Verdict::Again;
        }
        let facts = match gather(submission, overlay, &self.published, archive, &self.vault) {
            Ok(facts) => facts,
            Err(error) => return Verdict::Answered(Err(SubmitError::Reading(error))),
        };
        match overlay.decide(&submission.command, &facts, open.now) {
            Ok(range) => {
                for claim in &submission.identifiers {
                    // Durable before the block is: the vault is synced first. A poisoned vault
                    // says so there.
                    let _ = self.vault.claim(claim.blind, SubjectId(claim.person.0));
                }
                Verdict::Accepted(range)
            }
            Err(refused) => Verdict::Answered(Ok(Outcome::Refused(refused))),
        }
    }

    /// Whether something that was missing when a command was sealed has come since.
    fn is_there_now(
        &self,
        missing: &[Missing],
        overlay: &Overlay<Arc<Snapshot>>,
        archive: &Archive,
    ) -> bool {
        missing.iter().any(|missing| match missing {
            Missing::Ledger => ledger_of(overlay).is_some(),
            Missing::Stream(stream) => overlay.home(*stream).is_some(),
            Missing::Event(event) => {
                let in_batch = |record: &Record| record.envelope.event_id() == *event;
                overlay.records().iter().any(in_batch)
                    || !matches!(archive.event(*event, self.published.position()), Ok(None))
            }
        })
    }

    /// Draws the salts, and makes the block.
    pub(super) fn encode(
        &mut self,
        decided: &[Decided<T>],
        mut batch: Batch,
    ) -> Result<(Batch, Block, usize), NoBlock> {
        if batch.records.is_empty() {
            return Err(NoBlock::Empty);
        }
        self.builder.clear();
        let (mut header, mut body) = (Vec::with_capacity(512), Vec::with_capacity(2_048));
        let mut total = 0;
        // A block holds one command at least, whatever its size.
        let first_alone = decided.iter().find_map(Decided::range).map_or(0, |range| range.end);
        for (index, record) in batch.records.iter_mut().enumerate() {
            assert!(!is_blank(record), "a record with a value left blank was accepted");
            let mut salt = [0; SALT];
            self.salts.fill_bytes(&mut record.envelope.salt);
            self.salts.fill_bytes(&mut salt);
            header.clear();
            body.clear();
            record.envelope.encode(&mut header);
            record.encode_body(salt, &mut body);
            total += header.len() + body.len();
            let over = total > self.block_limit && self.builder.count() >= first_alone;
            if over || self.builder.push(&header, &body).is_err() {
                let holds = |it: &Decided<T>| it.range().is_some_and(|it| it.contains(&index));
                let job = decided.iter().position(holds).expect("every record has its command");
                return Err(NoBlock::Full { job, bytes: total, alone: index < first_alone });
            }
        }
        let first = self.head.last_position + 1;
        let block = self.builder.finish(self.head.commit.next(), first, self.head.digest);
        Ok((batch, block, total))
    }
}

/// Whether a personal value of the record was never sealed.
fn is_blank(record: &Record) -> bool {
    let is_blank = |event: &Event| matches!(event, Event::PersonRegistered(facts) if facts.name.blob().is_empty());
    let corrected = match &record.event {
        Event::Corrected(corrected) => match &corrected.op {
            Correction::Replace { event, .. } => is_blank(event),
            Correction::Void => false,
        },
        event => is_blank(event),
    };
    corrected || record.note.as_ref().is_some_and(|note| note.blob().is_empty())
}
