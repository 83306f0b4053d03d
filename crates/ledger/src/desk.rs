//! The desk at which the writer works: it has the log, the vault and the readers at hand, and does
//! what the log's answers ask for. One turn at a time, without sleeping, so that a simulation can
//! take the turns too.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tallystick_domain::Moment;
use tallystick_log::{AppendError, Block, CommitNumber, ReadBudget, wait};
use tallystick_tally::Hash;
use tallystick_views::Snapshot;

use crate::archive::{Archive, ReadError};
use crate::clock::Stopwatch;
use crate::flusher::{Flusher, NotFlushed};
use crate::health::Status;
use crate::messenger::Settled;
use crate::metrics::Metrics;
use crate::published::Published;
use crate::receipt::{ReadOnly, SubmitError};
use crate::saver::Saver;
use crate::settings::Limit;
use crate::tree::{self, Tree};
use crate::writer::{Append, Committed, Job, Ticket, Writer};

/// Pause before a busy or silent log is asked again.
const PAUSE: Duration = Duration::from_millis(3);
/// How often a busy log is asked before its callers are told: three seconds.
const ATTEMPTS: u32 = 1_000;

/// What to do after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Go on; if the writer is idle, once there is something to do.
    On,
    /// Take the next turn after a pause.
    Pause(Duration),
}

/// Gives jobs that have come since, at most so many; may wait for them, or for the block.
pub(crate) type Arrivals<'a, T> = dyn FnMut(usize) -> Vec<Job<T>> + 'a;

/// What the writer works with, and shares with others.
pub(crate) struct Tools {
    pub(crate) archive: Arc<Archive>,
    pub(crate) published: Arc<Published>,
    pub(crate) status: Arc<Status>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) saver: Arc<Saver>,
    pub(crate) tree: Arc<Tree>,
}

/// The writer and its tools.
pub(crate) struct Desk<T> {
    writer: Writer<T>,
    tools: Tools,
    flusher: Flusher,
    /// Attempts after which the callers of a block in doubt are told so.
    doubt: u32,
    /// Attempts at the block in flight.
    attempts: u32,
    /// The log has commits of others up to this one.
    behind: Option<CommitNumber>,
    /// What was shown before.
    retired: Option<Arc<Snapshot>>,
}

impl<T: Ticket> Desk<T> {
    pub(crate) fn new(writer: Writer<T>, tools: Tools, flusher: Flusher, doubt: Duration) -> Self {
        let doubt = u32::try_from(doubt.as_millis() / PAUSE.as_millis()).unwrap_or(u32::MAX);
        Self { writer, tools, flusher, doubt, attempts: 0, behind: None, retired: None }
    }

    /// Whether nothing is to be done.
    pub(crate) fn is_idle(&self) -> bool {
        self.writer.is_idle()
    }

    /// Whether only the log can say how it goes on, and it does not.
    pub(crate) fn is_stuck(&self) -> bool {
        self.writer.in_doubt() && self.attempts > self.doubt
    }

    /// Jobs that can be taken for the next batch.
    pub(crate) fn room(&self) -> usize {
        self.writer.room()
    }

    pub(crate) fn offer(&mut self, jobs: Vec<Job<T>>) {
        self.writer.offer(jobs);
    }

    /// One attempt at one block, with everything that follows from its outcome. While the block is
    /// on its way, what `arrives` is decided ahead.
    pub(crate) fn turn(
        &mut self,
        now: Moment,
        arrives: &mut Arrivals<'_, T>,
    ) -> (Turn, Settled<T>) {
        let turn = self.attempt(now, arrives);
        (turn, Settled { answers: self.writer.answers(), retired: self.retired.take() })
    }

    fn attempt(&mut self, now: Moment, arrives: &mut Arrivals<'_, T>) -> Turn {
        if let Some(stopped) = self.tools.status.stopped() {
            self.writer.abandon();
            self.writer.turn_away(&SubmitError::ReadOnly(stopped));
            return Turn::On;
        }
        if let Some(to) = self.behind {
            return self.follow(to);
        }
        let append = match self.writer.in_flight() {
            Some(append) => append,
            None => match self.decide(now) {
                Some(append) => append,
                None => return Turn::On,
            },
        };
        self.attempts += 1;
        let block = append.block.clone();
        let mut leaves = None;
        let watch = Stopwatch::start();
        let ahead = self.attempts == 1 && self.flusher.pays(self.writer.commands());
        let flushed = if ahead {
            let Self { writer, tools, flusher, .. } = self;
            flusher.flush_beside(append, || {
                writer.work_ahead(now, &tools.archive);
                // While the disk works, so that it costs no caller anything.
                leaves.get_or_insert_with(|| Hashed::of(&block));
                writer.offer(arrives(writer.room()));
            })
        } else {
            self.flusher.flush(append)
        };
        self.tools.metrics.flush.time(watch.elapsed());
        match flushed {
            Ok(_) => {
                self.commit(&block, &leaves.unwrap_or_else(|| Hashed::of(&block)));
                Turn::On
            }
            Err(NotFlushed::Vault(poisoned)) => {
                let reason = ReadOnly::Vault(poisoned);
                if !self.writer.in_doubt() {
                    self.writer.give_up(&SubmitError::ReadOnly(reason.clone()));
                }
                self.tools.status.stop(reason);
                Turn::On
            }
            Err(NotFlushed::Log(error)) => self.failed(error),
        }
    }

    fn decide(&mut self, now: Moment) -> Option<Append> {
        self.attempts = 0;
        let watch = Stopwatch::start();
        let append = self.writer.prepare(now, &self.tools.archive);
        self.tools.metrics.decide.time(watch.elapsed());
        append
    }

    fn commit(&mut self, block: &Block, Hashed { leaves, took }: &Hashed) {
        let watch = Stopwatch::start();
        // Before anyone can ask for the root of what is published.
        self.tools.tree.append(block.first_position(), leaves);
        self.tools.metrics.tree.time(*took + watch.elapsed());
        let watch = Stopwatch::start();
        let committed = self.writer.committed(&self.tools.archive);
        self.publish(&committed);
        self.tools.metrics.publish.time(watch.elapsed());
        self.tools.metrics.bytes.fetch_add(block.bytes().len() as u64, Relaxed);
        self.tools.status.committed();
    }

    fn publish(&mut self, committed: &Committed) {
        let events = committed.events as u64;
        self.tools.metrics.commits.fetch_add(1, Relaxed);
        self.tools.metrics.events.fetch_add(events, Relaxed);
        self.tools.metrics.batch_events.count(events);
        self.retired = Some(self.tools.published.show(Arc::clone(&committed.snapshot)));
        let snapshot = &committed.snapshot;
        self.tools.saver.offer(snapshot);
        tracing::debug!(
            commit = snapshot.commit(),
            position = snapshot.position().0,
            events,
            "committed"
        );
    }

    fn failed(&mut self, error: AppendError) -> Turn {
        match error {
            AppendError::Conflict { head } => {
                self.tools.metrics.conflicts.fetch_add(1, Relaxed);
                self.behind = Some(head.commit);
                self.follow(head.commit)
            }
            AppendError::Busy => {
                if self.attempts >= ATTEMPTS && !self.writer.in_doubt() {
                    let limit = Limit::Attempts(ATTEMPTS);
                    self.writer.give_up(&SubmitError::Busy { limit });
                }
                Turn::Pause(PAUSE)
            }
            AppendError::Unknown { source } => {
                self.writer.unknown();
                self.tools.status.in_doubt();
                if self.attempts == self.doubt {
                    tracing::warn!(%source, attempts = self.attempts, "an append is in doubt");
                    self.writer.leave_in_doubt();
                }
                Turn::Pause(PAUSE)
            }
            AppendError::TooLarge { limit, .. } => {
                self.writer.too_large(limit);
                Turn::On
            }
            AppendError::Full { free, threshold } => {
                let reason = ReadOnly::Full { free, threshold };
                if self.writer.in_doubt() {
                    return Turn::Pause(PAUSE);
                }
                self.writer.give_up(&SubmitError::ReadOnly(reason.clone()));
                self.tools.status.full(reason);
                Turn::On
            }
            // Whether the block will be there when the log is opened again is not known.
            AppendError::Poisoned { source } => self.stop(ReadOnly::Log(source)),
            misfit @ AppendError::Misfit { .. } => self.stop(ReadOnly::Log(Arc::new(misfit))),
        }
    }

    /// Takes in what others have appended, up to a commit at least.
    fn follow(&mut self, to: CommitNumber) -> Turn {
        let after = self.writer.head().commit;
        let missed = match wait(self.tools.archive.log().read(after, ReadBudget::default())) {
            Ok(missed) => missed,
            Err(tallystick_log::ReadError::Unavailable { source }) => {
                tracing::warn!(%source, "the commits of others cannot be read yet");
                return Turn::Pause(PAUSE);
            }
            Err(error) => return self.halt(&error.into()),
        };
        for block in &missed {
            match self.writer.conflicted(block, &self.tools.archive) {
                Ok(committed) => {
                    self.tools.tree.append(block.first_position(), &Hashed::of(block).leaves);
                    self.publish(&committed);
                }
                Err(error) => return self.halt(&error),
            }
        }
        self.attempts = 0;
        if self.writer.head().commit >= to {
            self.behind = None;
            self.tools.status.committed();
        }
        if missed.is_empty() { Turn::Pause(PAUSE) } else { Turn::On }
    }

    fn halt(&mut self, error: &ReadError) -> Turn {
        let position = match error {
            ReadError::Unreadable { position, .. } => *position,
            _ => self.tools.published.get().position().next(),
        };
        self.stop(ReadOnly::Halted { position, what: Arc::from(error.to_string()) })
    }

    fn stop(&mut self, reason: ReadOnly) -> Turn {
        self.writer.abandon();
        self.tools.status.stop(reason);
        Turn::On
    }
}

/// The leaves of a block.
struct Hashed {
    leaves: Vec<Hash>,
    took: Duration,
}

impl Hashed {
    /// Of a block whose records have been made, or inflated before.
    fn of(block: &Block) -> Self {
        let watch = Stopwatch::start();
        let leaves = tree::leaves(block).expect("its records have been read");
        Self { leaves, took: watch.elapsed() }
    }
}
