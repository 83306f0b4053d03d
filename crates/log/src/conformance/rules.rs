#![expect(clippy::missing_panics_doc, reason = "panicking is how a rule says no")]

use std::{
    sync::{Arc, Barrier},
    task::{Context, Poll, Waker},
    thread,
};

use super::{Subject, block_after, fill};
use crate::{
    AppendError, Block, BlockBuilder, CommitNumber, Corrupt, Digest, Head, Log, MAX_BLOCK_BYTES,
    MAX_RECORD_BYTES, ReadBudget, ReadError, wait,
};

const ALL: ReadBudget = ReadBudget { bytes: usize::MAX, blocks: usize::MAX };

fn head(log: &dyn Log) -> Head {
    *log.head().borrow()
}

fn append(log: &dyn Log, block: &Block) -> Result<Head, AppendError> {
    wait(log.append(CommitNumber::new(block.number().get() - 1), block.clone()))
}

fn read(log: &dyn Log, after: u64, budget: ReadBudget) -> Vec<Block> {
    wait(log.read(CommitNumber::new(after), budget)).expect("the log is sound")
}

/// Appends `count` commits of 1, 2, 3 … records each and returns their blocks.
fn grow(log: &dyn Log, count: usize) -> Vec<Block> {
    (1..=count)
        .map(|records| {
            let block = block_after(head(log), records, "grown");
            append(log, &block).expect("nothing is wrong with it");
            block
        })
        .collect()
}

/// The log is exactly these blocks.
fn assert_is(log: &dyn Log, blocks: &[Block]) {
    assert_eq!(read(log, 0, ALL), blocks);
    let last = blocks.last().map_or(Head::empty(log.identity()), Head::of);
    assert_eq!(head(log), last);
}

macro_rules! assert_refused {
    ($answer:expr, $pattern:pat $(if $guard:expr)?) => {
        match $answer {
            Err($pattern) $(if $guard)? => {}
            other => panic!("answered {other:?}"),
        }
    };
}

/// Before the first append the head is commit 0, position 0, and the identity as its digest.
pub fn the_head_of_an_empty_log_is_commit_0(subject: &mut dyn Subject) {
    let log = subject.log();
    assert_eq!(head(&*log), Head::empty(subject.identity()));
    assert_eq!(read(&*log, 0, ALL), []);
}

/// The answer and every receiver tell the new head.
pub fn an_append_moves_the_head(subject: &mut dyn Subject) {
    let log = subject.log();
    let mut watcher = log.head();
    watcher.mark_unchanged();
    let block = block_after(head(&*log), 3, "first");
    assert_eq!(append(&*log, &block).expect("accepted"), Head::of(&block));
    assert!(watcher.has_changed().expect("open"));
    assert_eq!(*watcher.borrow(), Head::of(&block));
    assert_eq!((head(&*log).commit.get(), head(&*log).last_position), (1, 3));
}

/// Someone else was first; the answer says where the log is.
pub fn an_append_that_expects_too_low_a_head_conflicts(subject: &mut dyn Subject) {
    let log = subject.log();
    let first = block_after(head(&*log), 1, "first");
    let late = block_after(head(&*log), 1, "late");
    append(&*log, &first).expect("accepted");
    assert_refused!(append(&*log, &late), AppendError::Conflict { head } if head == Head::of(&first));
    assert_is(&*log, &[first]);
}

/// A caller that knows of a commit which is not there is told so.
pub fn an_append_that_expects_too_high_a_head_conflicts(subject: &mut dyn Subject) {
    let log = subject.log();
    let first = block_after(head(&*log), 1, "first");
    let early = block_after(Head::of(&first), 1, "early");
    let now = head(&*log);
    assert_refused!(append(&*log, &early), AppendError::Conflict { head } if head == now);
    assert_is(&*log, &[]);
}

/// The number in the block counts, not only the one expected.
pub fn a_block_with_another_number_is_refused(subject: &mut dyn Subject) {
    let log = subject.log();
    let grown = grow(&*log, 2);
    let now = head(&*log);
    for commit in [now.commit.get() - 1, now.commit.get() + 1] {
        let block = block_after(Head { commit: CommitNumber::new(commit), ..now }, 1, "other");
        assert_refused!(wait(log.append(now.commit, block)), AppendError::Misfit { .. });
    }
    assert_is(&*log, &grown);
}

/// Positions have no hole.
pub fn a_block_that_leaves_a_gap_in_positions_is_refused(subject: &mut dyn Subject) {
    let log = subject.log();
    let grown = grow(&*log, 2);
    let now = head(&*log);
    let gap = block_after(Head { last_position: now.last_position + 1, ..now }, 1, "gap");
    assert_refused!(append(&*log, &gap), AppendError::Misfit { .. });
    assert_is(&*log, &grown);
}

/// No position is given twice.
pub fn a_block_that_repeats_a_position_is_refused(subject: &mut dyn Subject) {
    let log = subject.log();
    let grown = grow(&*log, 2);
    let now = head(&*log);
    let again = block_after(Head { last_position: now.last_position - 1, ..now }, 1, "again");
    assert_refused!(append(&*log, &again), AppendError::Misfit { .. });
    assert_is(&*log, &grown);
}

/// The chain continues from the block that is there.
pub fn a_block_of_another_chain_is_refused(subject: &mut dyn Subject) {
    let log = subject.log();
    for expected in [&[][..], &grow(&*log, 2)[..]] {
        let now = head(&*log);
        if expected.is_empty() && now.commit > CommitNumber::ZERO {
            continue;
        }
        let other = block_after(Head { digest: Digest::of(b"another"), ..now }, 1, "other");
        assert_refused!(append(&*log, &other), AppendError::Misfit { .. });
        assert_is(&*log, expected);
    }
}

/// After a refusal the next append finds the head where it was, also after a reopen.
pub fn a_refused_append_leaves_no_trace(subject: &mut dyn Subject) {
    let mut grown = grow(&*subject.log(), 1);
    let log = subject.log();
    let late = block_after(Head::empty(subject.identity()), 7, "late");
    let mut watcher = log.head();
    watcher.mark_unchanged();
    assert_refused!(append(&*log, &late), AppendError::Conflict { .. });
    assert!(!watcher.has_changed().expect("open"));
    drop((log, watcher));
    subject.reopen();
    let log = subject.log();
    assert_is(&*log, &grown);
    grown.push(block_after(head(&*log), 1, "next"));
    append(&*log, &grown[1]).expect("accepted");
    assert_is(&*log, &grown);
}

/// After commit N come N + 1, N + 2 ….
pub fn a_read_returns_the_commits_after_the_one_named_in_order(subject: &mut dyn Subject) {
    let log = subject.log();
    let grown = grow(&*log, 40);
    for after in 0..40 {
        assert_eq!(read(&*log, after as u64, ALL), grown[after..]);
    }
}

/// There is nothing after the end, and asking is no error.
pub fn a_read_at_or_beyond_the_head_returns_nothing(subject: &mut dyn Subject) {
    let log = subject.log();
    grow(&*log, 3);
    for after in [3, 4, u64::MAX - 1] {
        assert_eq!(read(&*log, after, ALL), []);
    }
}

/// No more blocks than asked for; asking for none gives one.
pub fn a_read_keeps_to_its_budget_of_blocks(subject: &mut dyn Subject) {
    let log = subject.log();
    let grown = grow(&*log, 5);
    for (blocks, expected) in [(0, 1), (1, 1), (3, 3), (5, 5), (6, 5)] {
        let budget = ReadBudget { bytes: usize::MAX, blocks };
        assert_eq!(read(&*log, 0, budget), grown[..expected]);
    }
}

/// No more bytes than asked for, except for the first block.
pub fn a_read_keeps_to_its_budget_of_bytes_but_always_moves_on(subject: &mut dyn Subject) {
    let log = subject.log();
    let grown = grow(&*log, 5);
    let two = grown[0].bytes().len() + grown[1].bytes().len();
    for (bytes, expected) in [(0, 1), (two - 1, 1), (two, 2), (two + 1, 2)] {
        assert_eq!(read(&*log, 0, ReadBudget { bytes, blocks: usize::MAX }), grown[..expected]);
    }
}

/// Records come back exactly, whatever their size.
pub fn what_is_read_is_byte_for_byte_what_was_appended(subject: &mut dyn Subject) {
    let log = subject.log();
    let records: Vec<(Vec<u8>, Vec<u8>)> = [0, 1, 127, 128, 16_383, 16_384, MAX_RECORD_BYTES / 2]
        .iter()
        .map(|&length| (vec![b'h'; length], (0..=255).cycle().take(length).collect()))
        .collect();
    let mut builder = BlockBuilder::new();
    for (header, body) in &records {
        builder.push(header, body).expect("within the limits");
    }
    let now = head(&*log);
    let block = builder.finish(now.commit.next(), 1, now.digest);
    append(&*log, &block).expect("accepted");
    drop(log);
    subject.reopen();

    let blocks = read(&*subject.log(), 0, ALL);
    assert_eq!(blocks, [block]);
    let inflated = blocks[0].records().expect("sound");
    let found: Vec<_> = inflated.iter().map(|r| (r.header.to_vec(), r.body.to_vec())).collect();
    assert_eq!(found, records);
}

/// Threads without a runtime read at the price of a call. (A log across a network keeps a copy.)
pub fn a_read_is_ready_when_first_polled(subject: &mut dyn Subject) {
    let log = subject.log();
    let grown = grow(&*log, 2);
    let mut future = log.read(CommitNumber::ZERO, ALL);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => assert_eq!(answer.expect("sound"), grown),
        Poll::Pending => panic!("the read has to wait"),
    }
}

/// A commit that could not be made durable was never announced.
pub fn a_watcher_sees_a_commit_only_when_it_is_durable(subject: &mut dyn Subject) {
    let log = subject.log();
    let grown = grow(&*log, 2);
    let mut watcher = log.head();
    watcher.mark_unchanged();
    subject.fail_next_flush();
    assert_refused!(
        append(&*log, &block_after(head(&*log), 1, "lost")),
        AppendError::Poisoned { .. }
    );
    assert!(!watcher.has_changed().expect("open"), "it was announced");
    assert_eq!(head(&*log), Head::of(&grown[1]));
}

/// A commit that could not be made durable cannot be read, although the storage may hold it.
pub fn a_read_never_returns_what_is_not_durable(subject: &mut dyn Subject) {
    let log = subject.log();
    let grown = grow(&*log, 2);
    subject.fail_next_flush();
    assert_refused!(
        append(&*log, &block_after(head(&*log), 1, "lost")),
        AppendError::Poisoned { .. }
    );
    assert_eq!(read(&*log, 0, ALL), grown);
    assert_eq!(read(&*log, 2, ALL), []);
}

/// Acknowledged is acknowledged.
pub fn a_reopened_log_has_every_acknowledged_commit(subject: &mut dyn Subject) {
    let mut all = Vec::new();
    for _ in 0..3 {
        all.extend(grow(&*subject.log(), 7));
        subject.reopen();
        assert_is(&*subject.log(), &all);
    }
}

/// Numbers, positions and chain run through a reopen.
pub fn a_reopened_log_goes_on_where_it_ended(subject: &mut dyn Subject) {
    let before = head_after_growing(subject, 2);
    subject.reopen();
    let log = subject.log();
    assert_eq!(head(&*log), before);
    let next = block_after(before, 1, "next");
    assert_eq!(append(&*log, &next).expect("accepted").commit, before.commit.next());
}

fn head_after_growing(subject: &dyn Subject, count: usize) -> Head {
    let log = subject.log();
    grow(&*log, count);
    head(&*log)
}

/// The log is the same log, empty or not.
pub fn the_identity_survives_a_reopen(subject: &mut dyn Subject) {
    assert_eq!(subject.log().identity(), subject.identity());
    subject.reopen();
    assert_eq!(subject.log().identity(), subject.identity());
    grow(&*subject.log(), 1);
    subject.reopen();
    assert_eq!(subject.log().identity(), subject.identity());
}

/// The answer names limit and size; a block of exactly the limit is taken.
pub fn a_block_over_the_limit_is_refused(subject: &mut dyn Subject) {
    let block = block_after(head(&*subject.log()), 20, "sized");
    let bytes = block.bytes().len();
    subject.limit_blocks(bytes - 1);
    assert_refused!(
        append(&*subject.log(), &block),
        AppendError::TooLarge { limit, bytes: found } if (limit, found) == (bytes - 1, bytes)
    );
    assert_is(&*subject.log(), &[]);
    subject.limit_blocks(bytes);
    append(&*subject.log(), &block).expect("it is not over the limit");
    assert_is(&*subject.log(), &[block]);
}

/// The largest blocks that exist are kept and come back, several in a row.
pub fn a_block_of_the_greatest_size_is_kept(subject: &mut dyn Subject) {
    let log = subject.log();
    let mut chance = 1_u64;
    let mut all = Vec::new();
    for _ in 0..24 {
        let mut builder = BlockBuilder::new();
        while builder.fits(1, MAX_RECORD_BYTES) {
            let noise: Vec<u8> = std::iter::repeat_with(|| {
                chance ^= chance << 13;
                chance ^= chance >> 7;
                chance ^= chance << 17;
                chance.to_le_bytes()[0]
            })
            .take(MAX_RECORD_BYTES)
            .collect();
            builder.push(b"", &noise).expect("it fits");
        }
        fill(&mut builder, 1, "rest");
        let now = head(&*log);
        let block = builder.finish(now.commit.next(), now.last_position + 1, now.digest);
        assert!(block.bytes().len() > MAX_BLOCK_BYTES - 2 * MAX_RECORD_BYTES);
        append(&*log, &block).expect("within the limits");
        all.push(block);
    }
    drop(log);
    subject.reopen();
    assert_is(&*subject.log(), &all);
}

/// Four writers at one head: one is told the new head, three are told of it.
pub fn of_several_appends_at_one_head_one_wins(subject: &mut dyn Subject) {
    const WRITERS: usize = 4;
    const ROUNDS: usize = 25;
    let log = subject.log();
    let start = Barrier::new(WRITERS);
    let end = Barrier::new(WRITERS);
    let won: Vec<Vec<Block>> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (log, start, end) = (log.clone(), &start, &end);
                scope.spawn(move || race(&log, writer, ROUNDS, start, end))
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().expect("no panic")).collect()
    });
    let mut acknowledged: Vec<Block> = won.into_iter().flatten().collect();
    acknowledged.sort_by_key(Block::number);
    assert_eq!(acknowledged.len(), ROUNDS, "one winner in each round");
    assert_is(&*log, &acknowledged);
}

fn race(
    log: &Arc<dyn Log>,
    writer: usize,
    rounds: usize,
    start: &Barrier,
    end: &Barrier,
) -> Vec<Block> {
    let mut won = Vec::new();
    for _ in 0..rounds {
        let block = block_after(head(&**log), 1 + writer, "racer");
        start.wait();
        let answer = append(&**log, &block);
        // Nobody looks at the head before all have an answer, and nobody stops racing on a wrong
        // one, or the others would wait for ever.
        end.wait();
        match answer {
            Ok(_) => won.push(block),
            Err(AppendError::Conflict { .. }) => {}
            Err(other) => eprintln!("a racer was told: {other}"),
        }
    }
    won
}

/// What a reader has seen stays, and what it sees next follows on.
pub fn readers_beside_a_writer_see_a_growing_prefix(subject: &mut dyn Subject) {
    const COMMITS: usize = 60;
    let log = subject.log();
    let identity = subject.identity();
    thread::scope(|scope| {
        for _ in 0..2 {
            let log = log.clone();
            scope.spawn(move || {
                let mut seen = Head::empty(identity);
                while seen.commit.get() < COMMITS as u64 {
                    let published = head(&*log).commit;
                    let blocks = read(&*log, seen.commit.get(), ReadBudget::default());
                    for block in &blocks {
                        seen.admits(block).expect("no gap");
                        seen = Head::of(block);
                    }
                    assert!(seen.commit >= published, "a published commit was not shown");
                    if blocks.is_empty() {
                        thread::yield_now();
                    }
                }
            });
        }
        grow(&*log, COMMITS);
    });
}

/// The error names the commit and its first position.
pub fn a_damaged_block_is_named_with_its_position(subject: &mut dyn Subject) {
    let grown = grow(&*subject.log(), 5);
    subject.damage(CommitNumber::new(3));
    assert_refused!(
        wait(subject.log().read(CommitNumber::new(2), ALL)),
        ReadError::Corrupt(Corrupt { commit, position, .. })
            if commit.get() == 3 && position == grown[2].first_position()
    );
}

/// Damage does not take what lies before or after it along.
pub fn blocks_before_a_damaged_one_can_be_read(subject: &mut dyn Subject) {
    let grown = grow(&*subject.log(), 5);
    subject.damage(CommitNumber::new(3));
    let log = subject.log();
    assert_eq!(read(&*log, 0, ALL), grown[..2]);
    assert_eq!(read(&*log, 3, ALL), grown[3..]);
}

/// However it is asked for, nothing comes after a damaged block in one answer.
pub fn a_read_never_skips_a_damaged_block(subject: &mut dyn Subject) {
    grow(&*subject.log(), 5);
    subject.damage(CommitNumber::new(2));
    let log = subject.log();
    for blocks in 1..=5 {
        let budget = ReadBudget { bytes: usize::MAX, blocks };
        assert_eq!(read(&*log, 0, budget).len(), 1);
        assert_refused!(wait(log.read(CommitNumber::new(1), budget)), ReadError::Corrupt(_));
    }
}

/// After one failure nothing is known of the disk: no more appends, but what was acknowledged is
/// there to read.
pub fn after_a_failed_flush_appends_are_refused_and_reads_go_on(subject: &mut dyn Subject) {
    let log = subject.log();
    let grown = grow(&*log, 3);
    subject.fail_next_flush();
    let block = block_after(head(&*log), 1, "failed");
    for _ in 0..3 {
        assert_refused!(append(&*log, &block), AppendError::Poisoned { .. });
    }
    assert_eq!(read(&*log, 0, ALL), grown);
}

/// A reopen finds out what is there; the block that failed may be.
pub fn a_poisoned_log_accepts_appends_after_a_reopen(subject: &mut dyn Subject) {
    let mut all = grow(&*subject.log(), 3);
    subject.fail_next_flush();
    let failed = block_after(Head::of(&all[2]), 1, "failed");
    assert_refused!(append(&*subject.log(), &failed), AppendError::Poisoned { .. });
    subject.reopen();
    let log = subject.log();
    if head(&*log).commit == failed.number() {
        all.push(failed);
    }
    assert_is(&*log, &all);
    all.push(block_after(head(&*log), 1, "next"));
    append(&*log, &all[all.len() - 1]).expect("accepted");
    assert_is(&*log, &all);
}
