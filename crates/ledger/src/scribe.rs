//! The writer's thread: takes what waits in the queue to the desk, turn by turn.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::desk::{Desk, Turn};
use crate::health::Status;
use crate::messenger::Messenger;
use crate::published::Published;
use crate::queue::Queue;
use crate::receipt::{ReadOnly, SubmitError};
use crate::writer::{Answer, Job, Ticket};

/// Whoever waits for the answer to a command; gone without one, the outcome is unknown.
pub(crate) struct Caller(oneshot::Sender<Answer>);

impl Caller {
    pub(crate) fn new() -> (Self, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), receiver)
    }
}

impl Ticket for Caller {
    fn answer(self, answer: Answer) {
        // A caller that has gone does not want it.
        let _ = self.0.send(answer);
    }
}

/// The thread, as long as it runs.
pub(crate) struct Scribe {
    thread: Mutex<Option<JoinHandle<()>>>,
    queue: Arc<Queue<Job<Caller>>>,
}

impl Scribe {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the system said.
    pub(crate) fn start(
        mut desk: Desk<Caller>,
        queue: Arc<Queue<Job<Caller>>>,
        messenger: Arc<Messenger>,
        clock: Arc<dyn Clock>,
        status: Arc<Status>,
        published: Arc<Published>,
    ) -> io::Result<Self> {
        let jobs = Arc::clone(&queue);
        let work = move || {
            let written =
                catch_unwind(AssertUnwindSafe(|| write(&mut desk, &jobs, &messenger, &*clock)));
            // Callers whose commands were on the desk hear that the outcome is unknown.
            drop(desk);
            if let Err(panic) = written {
                let position = published.get().position().next();
                status.stop(ReadOnly::Halted { position, what: said(&*panic) });
                turn_away(&jobs, &status);
            }
        };
        let thread = thread::Builder::new().name("ledger-writer".to_owned()).spawn(work)?;
        Ok(Self { thread: Mutex::new(Some(thread)), queue })
    }

    /// Waits until the thread has done what was queued before the queue was closed.
    pub(crate) fn join(&self) {
        if let Some(thread) = self.thread.lock().take() {
            // It catches its panics, and says them.
            let _ = thread.join();
        }
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        self.queue.close();
        self.join();
    }
}

/// Works until the queue is closed and empty, or nothing can be settled any more.
fn write(
    desk: &mut Desk<Caller>,
    queue: &Queue<Job<Caller>>,
    messenger: &Messenger,
    clock: &dyn Clock,
) {
    loop {
        // No timer: a batch is whatever has come while the last one was made durable.
        let jobs = if desk.is_idle() {
            match queue.wait(desk.room()) {
                Some(jobs) => jobs,
                None => return,
            }
        } else {
            queue.take(desk.room())
        };
        desk.offer(jobs);
        let (turn, settled) = desk.turn(clock.now(), &mut |room| queue.wait_or_nudge(room));
        messenger.send(settled);
        match turn {
            Turn::On => {}
            Turn::Pause(_) if desk.is_stuck() && queue.is_closed() => {
                tracing::error!("closing while an append is in doubt");
                return;
            }
            Turn::Pause(pause) => thread::sleep(pause),
        }
    }
}

/// Answers everybody until the queue is closed.
fn turn_away(queue: &Queue<Job<Caller>>, status: &Status) {
    while let Some(jobs) = queue.wait(usize::MAX) {
        for job in jobs {
            let error = status.stopped().map_or(SubmitError::OutcomeUnknown, SubmitError::ReadOnly);
            job.ticket.answer(Answer::Done(Err(error)));
        }
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> Arc<str> {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Arc::from(text.unwrap_or("a panic without words"))
}
