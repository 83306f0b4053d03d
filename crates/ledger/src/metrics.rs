//! Plain numbers about the writer, for whoever shows them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the histograms of durations, in microseconds.
const MICROSECONDS: &[u64] =
    &[50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000];
/// Upper bounds of the histogram of events in a commit.
const EVENTS: &[u64] = &[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/// What the writer counts.
pub(crate) struct Metrics {
    pub(crate) commits: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    pub(crate) batch_events: Counts,
    pub(crate) decide: Counts,
    pub(crate) flush: Counts,
    pub(crate) publish: Counts,
    pub(crate) tree: Counts,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            commits: AtomicU64::new(0),
            events: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
            batch_events: Counts::new(EVENTS),
            decide: Counts::new(MICROSECONDS),
            flush: Counts::new(MICROSECONDS),
            publish: Counts::new(MICROSECONDS),
            tree: Counts::new(MICROSECONDS),
        }
    }
}

impl Metrics {
    pub(crate) fn values(&self) -> MetricValues {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        MetricValues {
            commits: of(&self.commits),
            events: of(&self.events),
            bytes: of(&self.bytes),
            conflicts: of(&self.conflicts),
            batch_events: self.batch_events.values(),
            decide_us: self.decide.values(),
            flush_us: self.flush.values(),
            publish_us: self.publish.values(),
            tree_us: self.tree.values(),
        }
    }
}

/// Counts of values by size.
pub(crate) struct Counts {
    bounds: &'static [u64],
    within: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Counts {
    fn new(bounds: &'static [u64]) -> Self {
        let within = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, within, sum: AtomicU64::new(0) }
    }

    pub(crate) fn count(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.within[place].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    pub(crate) fn time(&self, duration: Duration) {
        self.count(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    fn values(&self) -> Histogram {
        Histogram {
            bounds: self.bounds,
            counts: self.within.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// What the writer has counted since the ledger was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricValues {
    /// Commits.
    pub commits: u64,
    /// Events in them.
    pub events: u64,
    /// Bytes of their blocks.
    pub bytes: u64,
    /// Appends to which another writer was first.
    pub conflicts: u64,
    /// Events in a commit.
    pub batch_events: Histogram,
    /// Deciding and encoding a batch, in microseconds.
    pub decide_us: Histogram,
    /// Appending a block and making it durable, in microseconds.
    pub flush_us: Histogram,
    /// Folding and publishing a commit, in microseconds.
    pub publish_us: Histogram,
    /// Hashing the records of a commit into the tree, mostly while its block is flushed, in
    /// microseconds.
    pub tree_us: Histogram,
}

/// How often a value was how large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// Upper bounds, inclusive and rising.
    pub bounds: &'static [u64],
    /// How many values were within each bound and above the one before; the last count is of
    /// those above all.
    pub counts: Vec<u64>,
    /// Sum of all values.
    pub sum: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_within_its_bound() {
        let counts = Counts::new(EVENTS);
        for value in [1, 2, 3, 1_000, 1_001] {
            counts.count(value);
        }
        let values = counts.values();
        assert_eq!(values.counts, [1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(values.sum, 2_007);
    }
}
