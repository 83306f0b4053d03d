//! The ledger as its callers hold it.

use std::sync::Arc;
use std::time::Duration;

use tallystick_domain::{
    Command, Date, EventId, Moment, Overlay, Position, Record,
    command::{Given, Identity},
    event::CircumstanceRecorded,
    id::AgencyId,
    person::{Recorded, Registration},
    text::Note,
};
use tallystick_vault::{SealError, Vault};
use tallystick_views::{Scope, Snapshot};
use thiserror::Error;
use tokio::sync::{oneshot, watch};

use crate::archive::{Archive, ReadError};
use crate::as_of::{AsOf, AsOfError, Historian, Past};
use crate::checkpoints::Checkpoints;
use crate::clock::Clock;
use crate::feed::Feed;
use crate::health::{Health, Status};
use crate::intake::{self, IntakeError, Submission};
use crate::messenger::Messenger;
use crate::metrics::{MetricValues, Metrics};
use crate::page::{self, Direction, Page, Span};
use crate::published::Published;
use crate::queue::Queue;
use crate::receipt::{Outcome, ReadOnly, Receipt, SubmitError};
use crate::saver::Saver;
use crate::scribe::{Caller, Scribe};
use crate::scrub::Scrub;
use crate::sealing::{self, Closed, Opened};
use crate::settings::Settings;
use crate::tree::Tree;
use crate::walk::Walk;
use crate::writer::{self, Answer, Job};

/// That this node has not come as far as was asked, in the time that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this node is at position {head}, behind {position}")]
pub struct Behind {
    /// The position asked for.
    pub position: Position,
    /// The position of this node.
    pub head: Position,
}

/// What a command would come to.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// The answer that it would get. The receipt of an accepted one names positions that the next
    /// command will have instead.
    pub outcome: Outcome,
    /// The records that it would add; personal values are blank in them.
    pub records: Vec<Record>,
}

/// The ledger: decides commands, one writer for all; reads, as many as like. Cloning it gives
/// another handle to the same one. It stops when the last handle is gone, better by
/// [`Self::close`].
#[derive(Clone)]
pub struct Ledger(pub(crate) Arc<Inner>);

/// What all handles and the ledger's threads share.
pub(crate) struct Inner {
    pub(crate) archive: Arc<Archive>,
    pub(crate) published: Arc<Published>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) queue: Arc<Queue<Job<Caller>>>,
    pub(crate) messenger: Arc<Messenger>,
    pub(crate) status: Arc<Status>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) scribe: Scribe,
    pub(crate) historian: Historian,
    pub(crate) saver: Arc<Saver>,
    pub(crate) tree: Arc<Tree>,
    pub(crate) checkpoints: Option<Arc<Checkpoints>>,
    pub(crate) scrub: Scrub,
    pub(crate) settings: Settings,
}

/// Whether a command may be judged by what is published.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// It may.
    Alone,
    /// It comes after others that may not be recorded yet.
    AfterOthers,
}

/// A command on its way.
enum Sent {
    /// It needed no writer.
    Answered(Outcome),
    /// It waits for the writer.
    Waiting {
        /// Where the answer comes.
        answer: oneshot::Receiver<Answer>,
        /// The command, should it have to be sealed again.
        again: Option<Command<Given>>,
    },
}

impl Ledger {
    /// The latest snapshot. Take it once a request, so that everything in an answer is of one
    /// position.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.published.get()
    }

    /// The position of the latest snapshot, as it moves. The receiver sees the latest, not every
    /// one.
    pub fn moves(&self) -> watch::Receiver<Position> {
        self.0.published.moves()
    }

    /// Decides a command and records what it comes to. The answer is given when that is durable
    /// and in [`Self::snapshot`]. Dropped before its end, the command may still be recorded.
    ///
    /// # Errors
    /// Each variant of [`SubmitError`] says what to do.
    pub async fn submit(&self, command: Command<Given>) -> Result<Outcome, SubmitError> {
        let lane = command.origin.agency;
        self.settle(lane, self.send(lane, command).await?).await
    }

    /// Decides commands one after the other, as a bulk load needs it: each sees those before it,
    /// and many share a flush. They wait in the lane of the first one's agency. Commands that need
    /// what is recorded before they can be sealed (a note on something that an earlier command
    /// opens) belong into a later call.
    ///
    /// # Errors
    /// The first [`SubmitError`]; other commands may be recorded all the same.
    pub async fn submit_in_order(
        &self,
        commands: Vec<Command<Given>>,
    ) -> Result<Vec<Outcome>, SubmitError> {
        let Some(lane) = commands.first().map(|command| command.origin.agency) else {
            return Ok(Vec::new());
        };
        let sealed: Vec<_> = commands
            .into_iter()
            .map(|it| self.seal(it, Order::AfterOthers))
            .collect::<Result<_, _>>()?;
        let (jobs, sent): (Vec<_>, Vec<_>) = sealed.into_iter().unzip();
        self.0.messenger.start();
        self.0.queue.push_all(lane, jobs.into_iter().flatten().collect()).await?;
        let mut outcomes = Vec::with_capacity(sent.len());
        for one in sent {
            outcomes.push(self.settle(lane, one).await?);
        }
        Ok(outcomes)
    }

    /// Seals a command and puts it into a lane of the queue, unless its answer is known.
    async fn send(&self, lane: AgencyId, command: Command<Given>) -> Result<Sent, SubmitError> {
        self.0.messenger.start();
        let (job, sent) = self.seal(command, Order::Alone)?;
        if let Some(job) = job {
            self.0.queue.push(lane, job).await?;
        }
        Ok(sent)
    }

    /// Seals a command, to be put into the queue, unless its answer is known.
    fn seal(
        &self,
        mut command: Command<Given>,
        order: Order,
    ) -> Result<(Option<Job<Caller>>, Sent), SubmitError> {
        let Inner { vault, archive, published, .. } = &*self.0;
        command.mac = intake::mac(vault, &command);
        let snapshot = published.get();
        if let Some(outcome) = self.known(&command, &snapshot)? {
            return Ok((None, Sent::Answered(outcome)));
        }
        if intake::registers(&command) && order == Order::Alone {
            // Sealing would make keys for people who may come to nothing: first see whether the
            // command would be refused. Not if that depends on commands still on their way.
            let (verdict, _) = self.rehearse(command.clone(), &snapshot)?;
            if let Outcome::Refused(_) = verdict {
                return Ok((None, Sent::Answered(verdict)));
            }
        }
        let again = intake::is_personal(&command).then(|| command.clone());
        let submission =
            intake::seal(command, &snapshot, archive, vault).map_err(SubmitError::from)?;
        let (caller, answer) = Caller::new();
        Ok((Some(Job::new(submission, caller)), Sent::Waiting { answer, again }))
    }

    /// Waits for the answer to a command that was sent; sends it again if it has to be sealed
    /// anew.
    async fn settle(&self, lane: AgencyId, mut sent: Sent) -> Result<Outcome, SubmitError> {
        loop {
            let (answer, again) = match sent {
                Sent::Answered(outcome) => return Ok(outcome),
                Sent::Waiting { answer, again } => (answer.await, again),
            };
            match (answer, again) {
                (Ok(Answer::Done(answer)), _) => return answer,
                (Ok(Answer::Again), Some(again)) => sent = self.send(lane, again).await?,
                // The writer went away with the command.
                (Ok(Answer::Again), None) | (Err(oneshot::error::RecvError { .. }), _) => {
                    return Err(SubmitError::OutcomeUnknown);
                }
            }
        }
    }

    /// Decides a command as if it were given now, records nothing, and leaves nothing in the
    /// vault.
    ///
    /// # Errors
    /// [`SubmitError::Reading`], and [`SubmitError::OutcomeUnknown`] if it may have been recorded before.
    pub fn dry_run(&self, mut command: Command<Given>) -> Result<DryRun, SubmitError> {
        command.mac = intake::mac(&self.0.vault, &command);
        let snapshot = self.snapshot();
        if let Some(outcome) = self.known(&command, &snapshot)? {
            return Ok(DryRun { outcome, records: Vec::new() });
        }
        let (outcome, records) = self.rehearse(command, &snapshot)?;
        Ok(DryRun { outcome, records })
    }

    /// Waits until the snapshot has a position.
    ///
    /// # Errors
    /// [`Behind`] if it does not come that far in time.
    pub async fn wait_for(
        &self,
        position: Position,
        patience: Duration,
    ) -> Result<Arc<Snapshot>, Behind> {
        let mut moves = self.moves();
        let arrival = moves.wait_for(|at| *at >= position);
        let arrived = tokio::time::timeout(patience, arrival).await.is_ok_and(|it| it.is_ok());
        let snapshot = self.snapshot();
        if arrived { Ok(snapshot) } else { Err(Behind { position, head: snapshot.position() }) }
    }

    /// The record of an event; `None` if there is none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn event(&self, id: EventId) -> Result<Option<Arc<Record>>, ReadError> {
        self.0.archive.event(id, self.snapshot().position())
    }

    /// The records at these positions, in the order asked for. What is not at hand is read from
    /// the log; some ten microseconds a block on this thread.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn records(&self, positions: &[Position]) -> Result<Vec<Arc<Record>>, ReadError> {
        self.0.archive.records(positions)
    }

    /// A page of history: records of streams that the scope may see today and that the filter
    /// wants. Whoever asks for pages one after the other gets each record once, whatever is
    /// recorded meanwhile.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn page(
        &self,
        scope: Scope,
        span: Span,
        limit: usize,
        direction: Direction,
        filter: impl Fn(&Record) -> bool + Send + 'static,
    ) -> Result<Page, ReadError> {
        let (archive, snapshot) = (Arc::clone(&self.0.archive), self.snapshot());
        let read =
            move || page::page(&archive, &snapshot, scope, span, (limit, direction), &filter);
        // A filter may leave out all of a long history: that is looked through where it blocks
        // nobody.
        match tokio::task::spawn_blocking(read).await {
            Ok(page) => page,
            Err(panic) if panic.is_panic() => std::panic::resume_unwind(panic.into_panic()),
            Err(stopped) => {
                Err(tallystick_log::ReadError::Unavailable { source: Arc::new(stopped) }.into())
            }
        }
    }

    /// Every event after a position that the scope may see, through history into live.
    pub fn feed(&self, scope: Scope, after: Position) -> Feed {
        Feed::new(self.clone(), scope, after)
    }

    /// Every event after a position that the scope may see, up to the head, as it is stored.
    pub fn walk(&self, scope: Scope, after: Position) -> Walk {
        Walk::new(self.clone(), scope, after)
    }

    /// The ledger as it was, as far as the scope may read it.
    ///
    /// # Errors
    /// [`AsOfError`].
    pub async fn as_of(&self, scope: Scope, as_of: AsOf) -> Result<Past, AsOfError> {
        self.0.historian.ask(scope, as_of).await
    }

    /// Opens who a person is, for somebody who may know.
    ///
    /// # Errors
    /// [`Closed`].
    pub fn open_identity(&self, registration: &Registration) -> Opened<Identity> {
        let ledger = sealing::ledger_of(&*self.snapshot()).ok_or(Closed::Unknown)?;
        sealing::open_identity(&self.0.vault, ledger, registration)
    }

    /// Opens the confidential value of a circumstance, for somebody who may read it; `None` if it
    /// has none.
    pub fn open_circumstance(
        &self,
        recorded: &Recorded<CircumstanceRecorded>,
    ) -> Option<Opened<Note>> {
        let ledger = sealing::ledger_of(&*self.snapshot())?;
        sealing::open_circumstance(&self.0.vault, ledger, recorded)
    }

    /// Opens the note of a record, for somebody who may read it; `None` if there is none.
    pub fn open_note(&self, record: &Record) -> Option<Opened<Note>> {
        let ledger = sealing::ledger_of(&*self.snapshot())?;
        sealing::open_note(&self.0.vault, ledger, record)
    }

    /// The ledger's time.
    pub fn now(&self) -> Moment {
        self.0.clock.now()
    }

    /// The ledger's day, in Europe/London.
    pub fn today(&self) -> Date {
        self.now().today
    }

    /// How the ledger is.
    pub fn health(&self) -> Health {
        let snapshot = self.snapshot();
        let durable = self.0.archive.log().head().borrow().last_position;
        Health {
            position: snapshot.position(),
            commit: snapshot.commit(),
            fold_lag: durable.saturating_sub(snapshot.position().0),
            read_only: self.0.status.read_only(),
            in_doubt: self.0.status.is_in_doubt(),
            queued: self.0.queue.len(),
            savepoint: self.0.saver.saved(),
            scrubbed: self.0.scrub.scrubbed(),
        }
    }

    /// What the writer has counted.
    pub fn metrics(&self) -> MetricValues {
        self.0.metrics.values()
    }

    /// Takes no more commands, finishes those that were taken, and writes a savepoint. What can
    /// be read can still be read.
    pub async fn close(&self) {
        self.0.queue.close();
        let inner = Arc::clone(&self.0);
        // The last commits are waited for on a thread that may wait.
        let finish = move || {
            inner.scribe.join();
            inner.historian.close();
            inner.scrub.close();
            if let Some(checkpoints) = &inner.checkpoints {
                checkpoints.close();
            }
            if inner.status.read_only().is_none() {
                inner.saver.close(&inner.published.get());
            }
        };
        if let Err(error) = tokio::task::spawn_blocking(finish).await {
            tracing::error!(%error, "the ledger was not closed in order");
        }
    }

    /// The answer that a command got before, if it was recorded.
    fn known(
        &self,
        command: &Command<Given>,
        snapshot: &Snapshot,
    ) -> Result<Option<Outcome>, SubmitError> {
        let id = EventId::derive(command.origin.agency, command.id, 0);
        writer::earlier(id, &command.mac, &self.0.archive, snapshot.position())
    }

    /// Decides a command on a snapshot, with blanks for personal values.
    fn rehearse(
        &self,
        command: Command<Given>,
        snapshot: &Arc<Snapshot>,
    ) -> Result<(Outcome, Vec<Record>), SubmitError> {
        let Inner { vault, archive, clock, .. } = &*self.0;
        let submission: Submission = intake::blank(command, vault);
        let commit = snapshot.commit() + 1;
        let mut overlay = Overlay::new(Arc::clone(snapshot), snapshot.position(), commit);
        let facts = writer::gather(&submission, &overlay, snapshot, archive, vault)
            .map_err(SubmitError::Reading)?;
        let now = writer::not_before(snapshot, clock.now());
        Ok(match overlay.decide(&submission.command, &facts, now) {
            Err(refused) => (Outcome::Refused(refused), Vec::new()),
            Ok(range) => {
                let records = overlay.into_parts().records;
                (Outcome::Accepted(Receipt::of(&records[range.start])), records)
            }
        })
    }
}

impl From<IntakeError> for SubmitError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Seal(SealError::Poisoned(poisoned)) => {
                Self::ReadOnly(ReadOnly::Vault(poisoned))
            }
            IntakeError::Seal(error) => Self::Sealing(error),
            IntakeError::Read(error) => Self::Reading(error),
        }
    }
}
