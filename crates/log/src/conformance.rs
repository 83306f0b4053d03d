//! What every log must do, one named test for each promise of [`Log`].
//!
//! An implementation brings a [`Subject`] and says `conformance_suite!(MySubject::new())` in its
//! tests. [`RULES`] is the same list as data, for those who want to see which rules a broken log
//! breaks.

mod rules;

use std::sync::Arc;

pub use self::rules::*;
use crate::{Block, BlockBuilder, CommitNumber, Head, Log, LogIdentity};

/// The log under test, and what a test must be able to do to it. A new subject's log is empty.
pub trait Subject {
    /// The log, open.
    fn log(&self) -> Arc<dyn Log>;

    /// Closes the log without ceremony and opens it again.
    fn reopen(&mut self);

    /// Opens the log again with this limit on the size of a block, in bytes.
    fn limit_blocks(&mut self, bytes: usize);

    /// Changes one bit in the records of a stored block, behind the log's back.
    fn damage(&mut self, commit: CommitNumber);

    /// Makes the next append fail while it is made durable.
    fn fail_next_flush(&mut self);

    /// The identity that the log was created with.
    fn identity(&self) -> LogIdentity;
}

/// A rule of the suite.
pub struct Rule {
    /// Its name, which is a sentence.
    pub name: &'static str,
    /// Panics if the subject breaks it.
    pub check: fn(&mut dyn Subject),
}

/// Calls the macro `$then` with `$args` and the name of every rule: the one list of them.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_conformance_rule {
    ($($then:ident)::+ { $($args:tt)* }) => {
        $($then)::+! { { $($args)* }
            the_head_of_an_empty_log_is_commit_0
            an_append_moves_the_head
            an_append_that_expects_too_low_a_head_conflicts
            an_append_that_expects_too_high_a_head_conflicts
            a_block_with_another_number_is_refused
            a_block_that_leaves_a_gap_in_positions_is_refused
            a_block_that_repeats_a_position_is_refused
            a_block_of_another_chain_is_refused
            a_refused_append_leaves_no_trace
            a_read_returns_the_commits_after_the_one_named_in_order
            a_read_at_or_beyond_the_head_returns_nothing
            a_read_keeps_to_its_budget_of_blocks
            a_read_keeps_to_its_budget_of_bytes_but_always_moves_on
            what_is_read_is_byte_for_byte_what_was_appended
            a_read_is_ready_when_first_polled
            a_watcher_sees_a_commit_only_when_it_is_durable
            a_read_never_returns_what_is_not_durable
            a_reopened_log_has_every_acknowledged_commit
            a_reopened_log_goes_on_where_it_ended
            the_identity_survives_a_reopen
            a_block_over_the_limit_is_refused
            a_block_of_the_greatest_size_is_kept
            of_several_appends_at_one_head_one_wins
            readers_beside_a_writer_see_a_growing_prefix
            a_damaged_block_is_named_with_its_position
            blocks_before_a_damaged_one_can_be_read
            a_read_never_skips_a_damaged_block
            after_a_failed_flush_appends_are_refused_and_reads_go_on
            a_poisoned_log_accepts_appends_after_a_reopen
        }
    };
}

/// Makes a test of every rule: `conformance_suite!(expression that makes a new subject);`
#[macro_export]
macro_rules! conformance_suite {
    ($subject:expr) => {
        $crate::for_each_conformance_rule! { $crate::conformance_tests { $subject } }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    // One token tree, so that the subject can be repeated for every name.
    ({ $($subject:tt)* } $($name:ident)*) => {
        $crate::conformance_tests! { @each [$($subject)*] $($name)* }
    };
    (@each $subject:tt $($name:ident)*) => {
        $($crate::conformance_tests! { @one $subject $name })*
    };
    (@one [$($subject:tt)*] $name:ident) => {
        #[test]
        fn $name() {
            $crate::conformance::$name(&mut { $($subject)* });
        }
    };
}

macro_rules! table {
    ({} $($name:ident)*) => {
        /// Every rule of the suite.
        pub const RULES: &[Rule] = &[$(Rule { name: stringify!($name), check: rules::$name }),*];
    };
}
crate::for_each_conformance_rule! { table {} }

/// A block that continues a log which ends at `head`, with `count` records that nobody else makes.
pub fn block_after(head: Head, count: usize, mark: &str) -> Block {
    let mut builder = BlockBuilder::new();
    fill(&mut builder, count, mark);
    builder.finish(head.commit.next(), head.last_position + 1, head.digest)
}

fn fill(builder: &mut BlockBuilder, count: usize, mark: &str) {
    for index in 0..count {
        let body = format!("{mark}: record {index} of {count}");
        builder.push(b"header", body.as_bytes()).expect("records of tests are small");
    }
}
