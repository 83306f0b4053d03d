use std::{error::Error, sync::Arc};

use thiserror::Error;

use crate::{CommitNumber, Damage, Head};

/// The cause of an error, shared, because one failed append answers many callers.
pub type Source = Arc<dyn Error + Send + Sync>;

/// Why an append did not succeed. Nothing of the block is in the log unless the variant says that
/// this is not known.
#[derive(Clone, Debug, Error)]
pub enum AppendError {
    /// The head is not the commit that was expected: someone else appended first, or the caller
    /// is behind. Read what was missed, decide again, append again.
    #[error("the log is at commit {}, not at the one expected", head.commit)]
    Conflict {
        /// Where the log is.
        head: Head,
    },
    /// Not now, and nothing was written. Send the same append again after a few milliseconds.
    #[error("the log is busy")]
    Busy,
    /// It is not known whether the block is in the log, and it may still arrive there. Send the
    /// identical block with the identical expectation until it is accepted or conflicts; on a
    /// conflict compare the block that holds the number with yours. Decide nothing meanwhile.
    #[error("it is not known whether the append took place")]
    Unknown {
        /// What kept the answer from coming.
        #[source]
        source: Source,
    },
    /// This log takes smaller blocks. Sending it again is useless; commit fewer records at once.
    #[error("block of {bytes} bytes is over this log's limit of {limit}")]
    TooLarge {
        /// Largest block that this log takes, in bytes.
        limit: usize,
        /// Size of the block, in bytes.
        bytes: usize,
    },
    /// The block does not continue the log, although the expected commit is its head: its number,
    /// first position or previous digest is not what the head says. A fault of the caller.
    #[error("block says {field} {found}, the head of the log needs {expected}")]
    Misfit {
        /// Which field of the block.
        field: &'static str,
        /// What the block says.
        found: String,
        /// What would fit.
        expected: String,
    },
    /// Too little room is left. Reads go on; appends do once an operator has made room.
    #[error("{free} bytes are free, appends stop below {threshold}")]
    Full {
        /// Bytes free where the log is kept.
        free: u64,
        /// Configured threshold in bytes.
        threshold: u64,
    },
    /// An earlier append failed in a way that leaves the storage in doubt; nothing more is
    /// accepted until the log is opened again. Reads go on. For the append that failed itself it
    /// is not known whether its block will be there after that.
    #[error("the log takes no more appends since a write failed; open it again")]
    Poisoned {
        /// The failure.
        #[source]
        source: Source,
    },
}

/// Why a read gave nothing. A read never skips what it cannot read.
#[derive(Clone, Debug, Error)]
pub enum ReadError {
    /// A block is missing or damaged. Stop, alarm, restore it from a backup or another node.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The storage did not answer; nothing is known to be damaged. Try again, then look at the
    /// storage.
    #[error("the log cannot be read")]
    Unavailable {
        /// What the storage said.
        #[source]
        source: Source,
    },
}

/// A commit that is missing or not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("commit {commit} (from position {position}) is damaged")]
pub struct Corrupt {
    /// The commit.
    pub commit: CommitNumber,
    /// The first position that cannot be vouched for: the one after the last sound block before
    /// it.
    pub position: u64,
    /// What is wrong with it.
    #[source]
    pub damage: Damage,
}
