//! Every limit of the ledger, named once.

use std::fmt;
use std::time::Duration;

/// How a ledger is run. [`Settings::default`] is what a node uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Commands waiting for the writer, over all agencies.
    pub queue: usize,
    /// Commands of one agency waiting for the writer; a caller beyond waits for room.
    pub lane: usize,
    /// How long a caller waits for room in its lane.
    pub patience: Duration,
    /// How long the writer asks a log that does not answer before it tells the callers that the
    /// outcome is unknown.
    pub doubt: Duration,
    /// Decoded records kept at hand: so many of the latest, and so many of those read.
    pub at_hand: usize,
    /// A savepoint is written after so many events, or a tenth of the ledger if that is more.
    pub savepoint_every: u64,
    /// Past snapshots kept.
    pub as_of_kept: usize,
    /// Rest between two rounds of the tree's scrub.
    pub scrub_every: Duration,
    /// Longest silence of a feed: it says that it is caught up at least that often.
    pub caught_up_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // A batch is at most 1,000 events: some batches, and not so many that whoever comes
            // last waits for seconds.
            queue: 8_192,
            lane: 2_048,
            patience: Duration::from_secs(5),
            doubt: Duration::from_secs(10),
            // Some 600 bytes each: 10 MiB twice.
            at_hand: 16_384,
            savepoint_every: 100_000,
            as_of_kept: 8,
            scrub_every: Duration::from_hours(24),
            caught_up_every: Duration::from_secs(15),
        }
    }
}

/// A limit that a caller met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`Settings::queue`].
    Queue(usize),
    /// [`Settings::lane`], for as long as [`Settings::patience`].
    Lane(usize),
    /// Other writers were first so many times.
    Conflicts(u32),
    /// The log was busy for so many attempts.
    Attempts(u32),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(limit) => write!(f, "{limit} commands are waiting"),
            Self::Lane(limit) => write!(f, "{limit} commands of the agency are waiting"),
            Self::Conflicts(limit) => write!(f, "other writers were first {limit} times"),
            Self::Attempts(limit) => write!(f, "the log was busy {limit} times"),
        }
    }
}
