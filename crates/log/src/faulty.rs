use std::{
    future::{poll_fn, ready},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use tokio::sync::watch;

use crate::{
    AppendError, Block, BoxFuture, CommitNumber, Head, Log, LogIdentity, MemoryLog, ReadBudget,
    ReadError, Source,
};

/// How often a [`FaultyLog`] goes wrong: chances out of 1,000 appends (or reads). The default is
/// never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A rival appends first. Needs [`FaultyLog::with_rival`].
    pub conflict: u16,
    /// [`AppendError::Busy`].
    pub busy: u16,
    /// [`AppendError::Unknown`]: a third of these took place, a third never will, and a third
    /// takes place later unless another block is first.
    pub unknown: u16,
    /// [`AppendError::Full`].
    pub full: u16,
    /// The flush fails: [`AppendError::Poisoned`] until [`FaultyLog::reopen`], after which half
    /// of the blocks concerned are there.
    pub poison: u16,
    /// The process dies during the append: nothing is answered any more until
    /// [`FaultyLog::reopen`], after which half of the blocks concerned are there.
    pub crash: u16,
    /// [`ReadError::Unavailable`].
    pub unavailable: u16,
    /// Most times that an append is polled in vain before it does anything. Time is virtual:
    /// one poll is one tick.
    pub delay: u16,
}

impl Faults {
    /// No faults.
    pub const NONE: Self = Self {
        conflict: 0,
        busy: 0,
        unknown: 0,
        full: 0,
        poison: 0,
        crash: 0,
        unavailable: 0,
        delay: 0,
    };
}

/// A log in memory that goes wrong in every way a real one may, and keeps every promise of
/// [`Log`] all the same. The same seed and the same calls give the same faults.
///
/// ```
/// use tallystick_log::{CommitNumber, Faults, FaultyLog, Log, LogIdentity, wait};
///
/// let log = FaultyLog::new(7, LogIdentity::new([1; 32]), Faults { busy: 300, ..Faults::NONE });
/// assert_eq!(log.head().borrow().commit, CommitNumber::ZERO);
/// ```
pub struct FaultyLog {
    inner: MemoryLog,
    rival: Option<Mutex<Box<Rival>>>,
    state: Mutex<State>,
}

/// Makes the block that a rival writer appends at this head, or none.
type Rival = dyn FnMut(Head) -> Option<Block> + Send;

struct State {
    faults: Faults,
    chance: Chance,
    /// A block whose append was answered with "unknown" and that may still arrive.
    late: Option<Block>,
    /// A block that was being written when the log failed, if it will be there after a reopen.
    limbo: Option<Block>,
    failure: Option<Failure>,
}

#[derive(Clone)]
enum Failure {
    Poisoned(Source),
    Crashed,
}

impl FaultyLog {
    /// An empty log; the seed decides when it goes wrong.
    pub fn new(seed: u64, identity: LogIdentity, faults: Faults) -> Self {
        let state = State { faults, chance: Chance(seed), late: None, limbo: None, failure: None };
        Self { inner: MemoryLog::new(identity), rival: None, state: Mutex::new(state) }
    }

    /// With a rival writer: it is asked for a block that continues the log from the head given,
    /// and one that does not is dropped.
    #[must_use]
    pub fn with_rival(mut self, rival: impl FnMut(Head) -> Option<Block> + Send + 'static) -> Self {
        self.rival = Some(Mutex::new(Box::new(rival)));
        self
    }

    /// Changes the faults from here on; [`Faults::NONE`] for the last check of a simulation.
    pub fn set_faults(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    /// Whether the process that uses this log is to be taken as dead: drop it and everything it
    /// remembers, then [`reopen`](Self::reopen).
    pub fn crashed(&self) -> bool {
        matches!(self.lock().failure, Some(Failure::Crashed))
    }

    /// Kills the process at this point.
    pub fn crash(&self) {
        self.lock().failure = Some(Failure::Crashed);
    }

    /// Opens the log again after a crash or a failed flush: every acknowledged commit is there,
    /// and perhaps the one that was being written.
    pub fn reopen(&self) {
        let mut state = self.lock();
        state.failure = None;
        if let Some(block) = state.limbo.take() {
            self.keep(&block);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append_now(&self, expected: CommitNumber, block: &Block) -> Result<Head, AppendError> {
        let mut state = self.lock();
        match &state.failure {
            Some(Failure::Poisoned(source)) => {
                return Err(AppendError::Poisoned { source: source.clone() });
            }
            Some(Failure::Crashed) => return Err(unknown("the process died")),
            None => {}
        }
        if state.late.is_some() && state.chance.out_of(2) == 0 {
            let late = state.late.take();
            self.keep(&late.expect("just seen"));
        }
        let faults = state.faults;
        if state.chance.strikes(faults.conflict) {
            self.let_rival_append();
        }
        if state.chance.strikes(faults.busy) {
            return Err(AppendError::Busy);
        }
        let head = *self.inner.head().borrow();
        if expected != head.commit {
            return Err(AppendError::Conflict { head });
        }
        head.admits(block)?;
        if state.chance.strikes(faults.full) {
            return Err(AppendError::Full { free: 0, threshold: 1 });
        }
        if state.chance.strikes(faults.unknown) {
            match state.chance.out_of(3) {
                0 => self.keep(block),
                1 => state.late = Some(block.clone()),
                _ => {}
            }
            return Err(unknown("no answer came"));
        }
        let poisoned = state.chance.strikes(faults.poison);
        if poisoned || state.chance.strikes(faults.crash) {
            state.limbo = (state.chance.out_of(2) == 0).then(|| block.clone());
            if poisoned {
                let source = cause("flush failed");
                state.failure = Some(Failure::Poisoned(source.clone()));
                return Err(AppendError::Poisoned { source });
            }
            state.failure = Some(Failure::Crashed);
            return Err(unknown("the process died"));
        }
        self.inner.append_now(expected, block)
    }

    fn let_rival_append(&self) {
        let Some(rival) = &self.rival else { return };
        let mut rival = rival.lock().unwrap_or_else(PoisonError::into_inner);
        let head = *self.inner.head().borrow();
        if let Some(block) = rival(head) {
            self.keep(&block);
        }
    }

    /// Appends a block if it still fits, and else drops it.
    fn keep(&self, block: &Block) {
        let head = self.inner.head().borrow().commit;
        // A block that does not fit came too late: that is the promise kept, not an error.
        let _ = self.inner.append_now(head, block);
    }

    fn read_now(&self, after: CommitNumber, budget: ReadBudget) -> Result<Vec<Block>, ReadError> {
        let mut state = self.lock();
        if matches!(state.failure, Some(Failure::Crashed)) {
            return Err(ReadError::Unavailable { source: cause("the process died") });
        }
        let unavailable = state.faults.unavailable;
        if state.chance.strikes(unavailable) {
            return Err(ReadError::Unavailable { source: cause("no answer came") });
        }
        self.inner.read_now(after, budget)
    }
}

impl Log for FaultyLog {
    fn append(
        &self,
        expected: CommitNumber,
        block: Block,
    ) -> BoxFuture<'_, Result<Head, AppendError>> {
        let mut ticks = {
            let mut state = self.lock();
            let delay = u64::from(state.faults.delay);
            state.chance.out_of(delay + 1)
        };
        Box::pin(poll_fn(move |context| {
            if ticks == 0 {
                return Poll::Ready(self.append_now(expected, &block));
            }
            ticks -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        }))
    }

    fn read(
        &self,
        after: CommitNumber,
        budget: ReadBudget,
    ) -> BoxFuture<'_, Result<Vec<Block>, ReadError>> {
        Box::pin(ready(self.read_now(after, budget)))
    }

    fn head(&self) -> watch::Receiver<Head> {
        self.inner.head()
    }

    fn identity(&self) -> LogIdentity {
        self.inner.identity()
    }
}

fn cause(text: &'static str) -> Source {
    Arc::from(Box::from(text))
}

fn unknown(text: &'static str) -> AppendError {
    AppendError::Unknown { source: cause(text) }
}

/// `SplitMix64` (Steele, Lea, Flood 2014): a few instructions, and the same on every machine.
struct Chance(u64);

impl Chance {
    fn strikes(&mut self, per_mille: u16) -> bool {
        // Always drawn, so that changing one fault's chance leaves the others where they were.
        self.out_of(1_000) < u64::from(per_mille)
    }

    fn out_of(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlockBuilder, wait};

    const IDENTITY: LogIdentity = LogIdentity::new([7; 32]);

    fn block(head: Head, body: &[u8]) -> Block {
        let mut builder = BlockBuilder::new();
        builder.push(b"header", body).expect("small");
        builder.finish(head.commit.next(), head.last_position + 1, head.digest)
    }

    fn all(log: &FaultyLog) -> Vec<Block> {
        log.set_faults(Faults::NONE);
        wait(log.read(CommitNumber::ZERO, ReadBudget { bytes: usize::MAX, blocks: usize::MAX }))
            .expect("no faults")
    }

    /// A writer that follows each error's advice; the bodies it was told are in the log.
    fn write(log: &FaultyLog, count: u32) -> Vec<Vec<u8>> {
        let mut acknowledged = Vec::new();
        for number in 0..count {
            let body = format!("mine {number}").into_bytes();
            let mut sent = block(*log.head().borrow(), &body);
            let mut in_doubt = false;
            loop {
                let expected = CommitNumber::new(sent.number().get() - 1);
                match wait(log.append(expected, sent.clone())) {
                    Ok(head) => {
                        assert_eq!(head, Head::of(&sent));
                        break acknowledged.push(body);
                    }
                    Err(AppendError::Conflict { head }) => {
                        let there = loop {
                            match wait(log.read(expected, ReadBudget::ONE)) {
                                Ok(blocks) => break blocks[0].clone(),
                                Err(ReadError::Unavailable { .. }) => {}
                                Err(corrupt) => panic!("{corrupt}"),
                            }
                        };
                        if in_doubt && there == sent {
                            break acknowledged.push(body);
                        }
                        in_doubt = false;
                        sent = block(head, &body);
                    }
                    Err(AppendError::Busy | AppendError::Full { .. }) => {}
                    Err(AppendError::Unknown { .. } | AppendError::Poisoned { .. }) => {
                        in_doubt = true;
                        log.reopen();
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
        acknowledged
    }

    fn faulty(seed: u64) -> FaultyLog {
        let faults = Faults {
            conflict: 100,
            busy: 100,
            unknown: 100,
            full: 50,
            poison: 50,
            crash: 50,
            unavailable: 100,
            delay: 3,
        };
        FaultyLog::new(seed, IDENTITY, faults).with_rival(|head| Some(block(head, b"rival")))
    }

    #[test]
    fn a_writer_that_follows_the_advice_of_each_error_loses_and_doubles_nothing() {
        for seed in 0..200 {
            let log = faulty(seed);
            let acknowledged = write(&log, 30);
            let mut head = Head::empty(IDENTITY);
            let mut mine = Vec::new();
            let mut rivals = 0;
            for block in all(&log) {
                head.admits(&block).expect("no gap");
                head = Head::of(&block);
                let records = block.records().expect("sound");
                let body = records.iter().next().expect("one record").body;
                if body == b"rival" { rivals += 1 } else { mine.push(body.to_vec()) }
            }
            assert_eq!(mine, acknowledged, "seed {seed}");
            assert!(seed > 0 || rivals > 0, "the rival never came");
        }
    }

    #[test]
    fn the_same_seed_goes_wrong_in_the_same_way() {
        let logs: Vec<_> = [5, 5, 6]
            .map(faulty)
            .into_iter()
            .map(|log| {
                write(&log, 30);
                *log.head().borrow()
            })
            .collect();
        assert_eq!(logs[0], logs[1]);
        assert_ne!(logs[0], logs[2]);
    }

    #[test]
    fn a_crash_answers_nothing_until_the_log_is_opened_again() {
        let log = FaultyLog::new(1, IDENTITY, Faults { crash: 1_000, ..Faults::NONE });
        let first = block(*log.head().borrow(), b"first");
        assert!(matches!(
            wait(log.append(CommitNumber::ZERO, first)),
            Err(AppendError::Unknown { .. })
        ));
        assert!(log.crashed());
        assert!(matches!(
            wait(log.read(CommitNumber::ZERO, ReadBudget::ONE)),
            Err(ReadError::Unavailable { .. })
        ));
        log.reopen();
        assert!(!log.crashed());
        assert!(wait(log.read(CommitNumber::ZERO, ReadBudget::ONE)).is_ok());
    }
}
