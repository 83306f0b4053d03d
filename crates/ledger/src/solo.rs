//! A writer of its own, without thread or clock: the test says what goes into a block, and when
//! that block is durable.

use std::sync::Arc;

use rand::{SeedableRng as _, rngs::StdRng};
use tallystick_domain::{Command, command::Given};
use tallystick_log::{Log, LogIdentity, MemoryLog, wait};
use tallystick_vault::Vault;
use tallystick_views::Snapshot;

use crate::archive::Archive;
use crate::clock::moment;
use crate::intake;
use crate::receipt::Outcome;
use crate::world::{NOON, World};
use crate::writer::{Answer, Append, Job, Ticket, Writer};

pub(crate) struct Solo {
    pub(crate) archive: Archive,
    /// What everybody sees: all that is durable.
    pub(crate) shown: Arc<Snapshot>,
    vault: Arc<Vault>,
    writer: Writer<Test>,
}

/// Whoever waits for an answer: the test, which takes the answers from the writer in order.
struct Test;

impl Ticket for Test {
    fn answer(self, _: Answer) {
        unreachable!("answers are taken from the writer")
    }
}

impl Solo {
    pub(crate) fn new() -> Self {
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new(LogIdentity::new([6; 32])));
        let head = *log.head().borrow();
        let shown = Arc::new(Snapshot::empty());
        let vault = Arc::new(Vault::in_memory().expect("randomness"));
        let salts = StdRng::seed_from_u64(1);
        let writer = Writer::new(Arc::clone(&shown), head, Arc::clone(&vault), salts);
        Self { archive: Archive::new(log, 64), shown, vault, writer }
    }

    pub(crate) fn set_up(&mut self, world: World) {
        for command in world.setup() {
            self.block([command]);
        }
    }

    /// Gives the writer a command, as it would come from the queue.
    pub(crate) fn offer(&mut self, mut command: Command<Given>) {
        command.mac = intake::mac(&self.vault, &command);
        let sealed = intake::seal(command, &self.shown, &self.archive, &self.vault);
        self.writer.offer([Job::new(sealed.expect("it can be sealed"), Test)]);
    }

    /// Sends what was offered: the block is in flight from now on.
    pub(crate) fn send(&mut self) -> Append {
        match self.writer.prepare(moment(NOON), &self.archive) {
            Some(append) => append,
            None => panic!("nothing to record: {:?}", self.outcomes()),
        }
    }

    /// Lets the writer decide what it can while a block is in flight.
    pub(crate) fn work_ahead(&mut self) {
        self.writer.work_ahead(moment(NOON), &self.archive);
    }

    /// Makes the block in flight durable, and gives the answers that waited for it.
    pub(crate) fn land(&mut self, append: Append) -> Vec<Outcome> {
        wait(self.archive.log().append(append.expected, append.block)).expect("appended");
        self.shown = self.writer.committed(&self.archive).snapshot;
        self.outcomes()
    }

    fn outcomes(&mut self) -> Vec<Outcome> {
        let outcome = |answer| match answer {
            Answer::Done(Ok(outcome)) => outcome,
            Answer::Done(Err(error)) => panic!("{error}"),
            Answer::Again => panic!("to be sealed again"),
        };
        self.writer.answers().into_iter().map(|(_, answer)| outcome(answer)).collect()
    }

    /// One block of these commands, every one of them accepted.
    pub(crate) fn block(&mut self, commands: impl IntoIterator<Item = Command<Given>>) {
        for command in commands {
            self.offer(command);
        }
        let append = self.send();
        for outcome in self.land(append) {
            assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
        }
    }
}
