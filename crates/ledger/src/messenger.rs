//! Carries the answers of a batch to its callers from within their runtime. Waking a task of a
//! runtime from outside may cost a system call each; woken by a task, the others cost next to
//! nothing.

use std::sync::{Arc, OnceLock};

use tallystick_views::Snapshot;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::scribe::Caller;
use crate::writer::{Answer, Ticket as _};

/// Answers that are not worth a messenger.
const FEW: usize = 4;

/// What a turn of the writer leaves to be done.
pub(crate) struct Settled<T> {
    /// Answers that may be given.
    pub(crate) answers: Vec<(T, Answer)>,
    /// A snapshot that is not published any more. Letting go of what only it held takes time,
    /// which the writer does not have.
    pub(crate) retired: Option<Arc<Snapshot>>,
}

impl Settled<Caller> {
    fn deliver(self) {
        let Self { answers, retired } = self;
        for (caller, answer) in answers {
            caller.answer(answer);
        }
        drop(retired);
    }
}

/// The way to the task that carries the answers.
#[derive(Default)]
pub(crate) struct Messenger(OnceLock<UnboundedSender<Settled<Caller>>>);

impl Messenger {
    /// Starts the task, if there is none, on the runtime of the caller.
    pub(crate) fn start(&self) {
        self.0.get_or_init(|| {
            // Bounded by what is in the queue: there is one answer a command.
            let (sender, settled) = unbounded_channel();
            tokio::spawn(carry(settled));
            sender
        });
    }

    /// Delivers, or has it done. A runtime that has ended carries nothing.
    pub(crate) fn send(&self, settled: Settled<Caller>) {
        match self.0.get() {
            Some(sender) if settled.answers.len() > FEW => {
                if let Err(unsent) = sender.send(settled) {
                    unsent.0.deliver();
                }
            }
            _ => settled.deliver(),
        }
    }
}

async fn carry(mut settled: UnboundedReceiver<Settled<Caller>>) {
    while let Some(settled) = settled.recv().await {
        settled.deliver();
    }
}
