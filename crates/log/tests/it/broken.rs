//! Logs that are broken on purpose. Each breaks one promise, and the suite must say which.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use tallystick_log::{
    AppendError, Block, BoxFuture, CommitNumber, Corrupt, Damage, Head, Log, LogIdentity,
    MAX_BLOCK_BYTES, ReadBudget, ReadError,
    conformance::{RULES, Subject},
};
use tokio::sync::watch;

const IDENTITY: LogIdentity = LogIdentity::new([13; 32]);

/// What a log may get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    IgnoresTheExpectedHead,
    LeavesGaps,
    TearsBlocks,
    ShowsBeforeDurable,
    AnnouncesBeforeDurable,
    ForgetsAfterReopen,
    SkipsDamage,
    ReturnsDamage,
    GoesOnAfterAFailedFlush,
    HasNoLimit,
    IgnoresTheBudget,
    WritesWhatItRefuses,
}

/// A small log of its own, so that the flaws are not hidden by the care of another.
struct Broken {
    flaw: Flaw,
    limit: usize,
    state: Mutex<State>,
    head: watch::Sender<Head>,
}

#[derive(Clone, Default)]
struct State {
    blocks: Vec<Bytes>,
    /// As many of them as are durable.
    durable: usize,
    fail_next_flush: bool,
    poisoned: bool,
}

fn poisoned() -> AppendError {
    AppendError::Poisoned { source: Arc::from(Box::from("the flush failed")) }
}

impl Broken {
    fn new(flaw: Flaw, limit: usize, state: State) -> Self {
        let head = state
            .blocks
            .last()
            .and_then(|bytes| Block::parse(bytes.clone()).ok())
            .map_or(Head::empty(IDENTITY), |block| Head::of(&block));
        Self { flaw, limit, state: Mutex::new(state), head: watch::Sender::new(head) }
    }

    fn append_now(&self, expected: CommitNumber, block: &Block) -> Result<Head, AppendError> {
        let mut state = self.state.lock().expect("no panic");
        if state.poisoned && self.flaw != Flaw::GoesOnAfterAFailedFlush {
            return Err(poisoned());
        }
        let head = *self.head.borrow();
        if expected != head.commit && self.flaw != Flaw::IgnoresTheExpectedHead {
            if self.flaw == Flaw::WritesWhatItRefuses {
                state.blocks.push(block.bytes().clone());
                state.durable += 1;
            }
            return Err(AppendError::Conflict { head });
        }
        if !matches!(self.flaw, Flaw::LeavesGaps | Flaw::IgnoresTheExpectedHead) {
            head.admits(block)?;
        }
        let bytes = block.bytes().len();
        if bytes > self.limit && self.flaw != Flaw::HasNoLimit {
            return Err(AppendError::TooLarge { limit: self.limit, bytes });
        }
        let mut stored = block.bytes().clone();
        if self.flaw == Flaw::TearsBlocks && stored.len() > 512 {
            stored.truncate(512);
        }
        if self.flaw == Flaw::AnnouncesBeforeDurable {
            self.head.send_replace(Head::of(block));
        }
        state.blocks.push(stored);
        if std::mem::take(&mut state.fail_next_flush) {
            state.poisoned = true;
            self.head.send_if_modified(|now| std::mem::replace(now, head) != head);
            return Err(poisoned());
        }
        state.durable = state.blocks.len();
        self.head.send_replace(Head::of(block));
        Ok(Head::of(block))
    }

    fn read_now(&self, after: CommitNumber, budget: ReadBudget) -> Result<Vec<Block>, ReadError> {
        let state = self.state.lock().expect("no panic");
        let end = match self.flaw {
            Flaw::ShowsBeforeDurable => state.blocks.len(),
            _ => state.durable,
        };
        let (mut found, mut bytes, mut position) = (Vec::new(), 0, 0);
        for (index, stored) in state.blocks[..end].iter().enumerate() {
            let commit = CommitNumber::new(index as u64 + 1);
            let mut block = Block::parse(stored.clone());
            if self.flaw == Flaw::ReturnsDamage && block.is_err() {
                block = Ok(healed(stored));
            }
            if commit > after {
                bytes += stored.len();
                let over = bytes > budget.bytes || found.len() >= budget.blocks.max(1);
                if !found.is_empty() && over && self.flaw != Flaw::IgnoresTheBudget {
                    break;
                }
            }
            match block {
                Ok(block) => {
                    position = block.last_position();
                    if commit > after {
                        found.push(block);
                    }
                }
                Err(_) if commit <= after || self.flaw == Flaw::SkipsDamage => {}
                Err(_) if !found.is_empty() => break,
                Err(damage) => return Err(corrupt(commit, position + 1, damage)),
            }
        }
        Ok(found)
    }
}

/// The block with its changed bit, made to look sound.
fn healed(stored: &Bytes) -> Block {
    let mut bytes = stored.to_vec();
    let (before, rest) = bytes.split_at_mut(64);
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(before);
    checksum.update(&rest[4..]);
    rest[..4].copy_from_slice(&checksum.finalize().to_be_bytes());
    Block::parse(bytes.into()).expect("only its checksum was wrong")
}

fn corrupt(commit: CommitNumber, position: u64, damage: Damage) -> ReadError {
    Corrupt { commit, position, damage }.into()
}

impl Log for Broken {
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
        Box::pin(async move { self.read_now(after, budget) })
    }

    fn head(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    fn identity(&self) -> LogIdentity {
        IDENTITY
    }
}

struct Patient(Arc<Broken>);

impl Patient {
    fn new(flaw: Flaw) -> Self {
        Self(Arc::new(Broken::new(flaw, MAX_BLOCK_BYTES, State::default())))
    }

    fn open_again(&mut self, limit: usize) {
        let flaw = self.0.flaw;
        let mut state = self.0.state.lock().expect("no panic").clone();
        let forgotten = usize::from(flaw == Flaw::ForgetsAfterReopen);
        state.durable = state.durable.saturating_sub(forgotten);
        state.blocks.truncate(state.durable);
        state = State { fail_next_flush: false, poisoned: false, ..state };
        self.0 = Arc::new(Broken::new(flaw, limit, state));
    }
}

impl Subject for Patient {
    fn log(&self) -> Arc<dyn Log> {
        self.0.clone()
    }

    fn reopen(&mut self) {
        self.open_again(self.0.limit);
    }

    fn limit_blocks(&mut self, bytes: usize) {
        self.open_again(bytes);
    }

    fn damage(&mut self, commit: CommitNumber) {
        let index = usize::try_from(commit.get()).expect("small") - 1;
        let mut state = self.0.state.lock().expect("no panic");
        let mut bytes = state.blocks[index].to_vec();
        *bytes.last_mut().expect("not empty") ^= 1;
        state.blocks[index] = bytes.into();
    }

    fn fail_next_flush(&mut self) {
        self.0.state.lock().expect("no panic").fail_next_flush = true;
    }

    fn identity(&self) -> LogIdentity {
        IDENTITY
    }
}

/// The names of the rules that a log with this flaw breaks.
fn broken_rules(flaw: Flaw) -> Vec<&'static str> {
    // Where racing writers corrupt the log they are racing on, what else fails is chance.
    let fair = |name: &str| !name.starts_with("of_several") && !name.starts_with("readers_beside");
    RULES
        .iter()
        .filter(|rule| fair(rule.name))
        .filter(|rule| {
            let check = AssertUnwindSafe(|| (rule.check)(&mut Patient::new(flaw)));
            catch_unwind(check).is_err()
        })
        .map(|rule| rule.name)
        .collect()
}

/// One test for each flaw: exactly these rules are broken by it.
macro_rules! flaws {
    ($($test:ident: $flaw:ident breaks [$($rule:ident),* $(,)?])*) => {
        $(#[test]
        fn $test() {
            assert_eq!(broken_rules(Flaw::$flaw), [$(stringify!($rule)),*] as [&str; _]);
        })*
    };
}

flaws! {
    a_log_without_a_flaw_breaks_no_rule: None breaks []
    a_log_that_ignores_the_expected_head_is_caught: IgnoresTheExpectedHead breaks [
        an_append_that_expects_too_low_a_head_conflicts,
        an_append_that_expects_too_high_a_head_conflicts,
        a_block_with_another_number_is_refused,
        a_block_that_leaves_a_gap_in_positions_is_refused,
        a_block_that_repeats_a_position_is_refused,
        a_block_of_another_chain_is_refused,
        a_refused_append_leaves_no_trace,
    ]
    a_log_that_leaves_gaps_is_caught: LeavesGaps breaks [
        a_block_with_another_number_is_refused,
        a_block_that_leaves_a_gap_in_positions_is_refused,
        a_block_that_repeats_a_position_is_refused,
        a_block_of_another_chain_is_refused,
    ]
    a_log_that_tears_blocks_is_caught: TearsBlocks breaks [
        what_is_read_is_byte_for_byte_what_was_appended,
        a_block_of_the_greatest_size_is_kept,
    ]
    a_log_that_shows_before_durable_is_caught: ShowsBeforeDurable breaks [
        a_read_never_returns_what_is_not_durable,
        after_a_failed_flush_appends_are_refused_and_reads_go_on,
    ]
    a_log_that_announces_before_durable_is_caught: AnnouncesBeforeDurable breaks [
        a_watcher_sees_a_commit_only_when_it_is_durable,
    ]
    a_log_that_forgets_after_a_reopen_is_caught: ForgetsAfterReopen breaks [
        a_refused_append_leaves_no_trace,
        what_is_read_is_byte_for_byte_what_was_appended,
        a_reopened_log_has_every_acknowledged_commit,
        a_reopened_log_goes_on_where_it_ended,
        a_block_of_the_greatest_size_is_kept,
        a_poisoned_log_accepts_appends_after_a_reopen,
    ]
    a_log_that_skips_damage_is_caught: SkipsDamage breaks [
        a_damaged_block_is_named_with_its_position,
        blocks_before_a_damaged_one_can_be_read,
        a_read_never_skips_a_damaged_block,
    ]
    a_log_that_returns_damage_is_caught: ReturnsDamage breaks [
        a_damaged_block_is_named_with_its_position,
        blocks_before_a_damaged_one_can_be_read,
        a_read_never_skips_a_damaged_block,
    ]
    a_log_that_goes_on_after_a_failed_flush_is_caught: GoesOnAfterAFailedFlush breaks [
        after_a_failed_flush_appends_are_refused_and_reads_go_on,
    ]
    a_log_without_a_limit_is_caught: HasNoLimit breaks [
        a_block_over_the_limit_is_refused,
    ]
    a_log_that_ignores_the_budget_is_caught: IgnoresTheBudget breaks [
        a_read_keeps_to_its_budget_of_blocks,
        a_read_keeps_to_its_budget_of_bytes_but_always_moves_on,
    ]
    a_log_that_writes_what_it_refuses_is_caught: WritesWhatItRefuses breaks [
        an_append_that_expects_too_low_a_head_conflicts,
        an_append_that_expects_too_high_a_head_conflicts,
        a_refused_append_leaves_no_trace,
    ]
}
