use std::{fmt, future::Future, pin::Pin};

use tokio::sync::watch;

use crate::{AppendError, Block, CommitNumber, Digest, ReadError};

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A sequence of commits, each one block, that only ever grows.
///
/// What every implementation promises (each has a test in the `conformance` suite):
/// - commits are numbered 1, 2, 3 … and positions run through them, without a gap;
/// - an append is all or nothing, and durable when it returns;
/// - nothing is shown, by [`head`](Log::head) or [`read`](Log::read), before it is durable;
/// - of several appends that expect the same head, one wins, and the others learn of it;
/// - a read never skips: what cannot be read is an error that names it.
pub trait Log: Send + Sync {
    /// Appends `block` if `expected` is still the head of the log, and returns the new head once
    /// it is durable.
    ///
    /// Whoever polls this may wait for a disk: poll it from a thread that may (the writer's,
    /// through [`wait`](crate::wait)), not from one that has other callers to serve. A future
    /// dropped before its end may have appended, as with [`AppendError::Unknown`].
    ///
    /// # Errors
    /// Each variant of [`AppendError`] says what to do. In this order of precedence: poisoned,
    /// conflict, misfit, too large, full.
    fn append(
        &self,
        expected: CommitNumber,
        block: Block,
    ) -> BoxFuture<'_, Result<Head, AppendError>>;

    /// The blocks after commit `after`, in order, as many as the budget allows; empty only at the
    /// head. Never one that is not durable.
    ///
    /// A log that keeps its blocks on this machine is ready when first polled, so threads without
    /// a runtime read through [`wait`](crate::wait) at the price of a call.
    ///
    /// # Errors
    /// [`ReadError::Corrupt`] names the first commit that cannot be read if it is the first asked
    /// for; sound blocks before it are returned first, and the next read fails.
    fn read(
        &self,
        after: CommitNumber,
        budget: ReadBudget,
    ) -> BoxFuture<'_, Result<Vec<Block>, ReadError>>;

    /// The durable head, as it moves. The receiver sees the latest head, not every one: read the
    /// blocks between.
    fn head(&self) -> watch::Receiver<Head>;

    /// Which log this is.
    fn identity(&self) -> LogIdentity;
}

/// 32 random bytes, drawn when a log is created. The first block carries them in place of a
/// predecessor's digest, so blocks of two logs can never be taken for each other. Displayed in
/// hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogIdentity(Digest);

impl LogIdentity {
    /// An identity from random bytes of the caller's.
    pub const fn new(random: [u8; Digest::BYTES]) -> Self {
        Self(Digest::new(random))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; Digest::BYTES] {
        self.0.as_bytes()
    }
}

impl fmt::Display for LogIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The end of a log: everything up to here is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last commit; 0 if there is none.
    pub commit: CommitNumber,
    /// The last position; 0 if there is none.
    pub last_position: u64,
    /// The digest of the last block, which the next one carries; the log's identity if there is
    /// none.
    pub digest: Digest,
}

impl Head {
    /// The head of an empty log.
    pub const fn empty(identity: LogIdentity) -> Self {
        Self { commit: CommitNumber::ZERO, last_position: 0, digest: identity.0 }
    }

    /// The head once `block` is appended.
    pub fn of(block: &Block) -> Self {
        Self {
            commit: block.number(),
            last_position: block.last_position(),
            digest: block.digest(),
        }
    }

    /// Whether `block` continues a log that ends here.
    ///
    /// # Errors
    /// [`AppendError::Misfit`] names the first field that does not fit.
    pub fn admits(&self, block: &Block) -> Result<(), AppendError> {
        let misfit = |field, found: &dyn fmt::Display, expected: &dyn fmt::Display| {
            Err(AppendError::Misfit {
                field,
                found: found.to_string(),
                expected: expected.to_string(),
            })
        };
        if block.number() != self.commit.next() {
            return misfit("commit number", &block.number(), &self.commit.next());
        }
        if block.first_position() != self.last_position + 1 {
            return misfit("first position", &block.first_position(), &(self.last_position + 1));
        }
        if block.previous() != self.digest {
            return misfit("previous digest", &block.previous(), &self.digest);
        }
        Ok(())
    }
}

/// How much one read may return. The first block is returned even if it alone is over `bytes`, so
/// a read always moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadBudget {
    /// Bytes of stored blocks.
    pub bytes: usize,
    /// Number of blocks; 0 is taken as 1.
    pub blocks: usize,
}

impl ReadBudget {
    /// Exactly the next block.
    pub const ONE: Self = Self { bytes: 0, blocks: 1 };
}

impl Default for ReadBudget {
    /// 1 MiB and 1,024 blocks: some 10,000 events of 100 compressed bytes, a few milliseconds of
    /// folding, and little enough that many readers do not add up.
    fn default() -> Self {
        Self { bytes: 1 << 20, blocks: 1024 }
    }
}
