//! What several tests need: a log in a folder that goes away, and sled without our care.

use std::path::{Path, PathBuf};

use tallystick_log::{Block, CommitNumber, Head, Log, LogIdentity, conformance::block_after, wait};
use tallystick_log_sled::{OpenError, Options, SledLog};
use tempfile::TempDir;

pub(crate) const IDENTITY: LogIdentity = LogIdentity::new([9; 32]);

pub(crate) fn options() -> Options {
    Options { scrub: None, min_free_bytes: 0, ..Options::new(IDENTITY) }
}

/// A data folder of a test.
pub(crate) struct Data(TempDir);

impl Data {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for a test"))
    }

    /// With a closed log of this many commits in it.
    pub(crate) fn with_commits(count: usize) -> Self {
        let data = Self::new();
        grow(&data.open().expect("new"), count);
        data
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn head_file(&self) -> PathBuf {
        self.path().join("head")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path().join("log")
    }

    pub(crate) fn open(&self) -> Result<SledLog, OpenError> {
        SledLog::open(self.path(), &options())
    }

    /// Changes the closed store behind the log's back.
    pub(crate) fn tamper(&self, change: impl FnOnce(&sled::Db)) {
        tamper(&self.store(), change);
    }
}

pub(crate) fn tamper(store: &Path, change: impl FnOnce(&sled::Db)) {
    let config = sled::Config::new().path(store).segment_size(2 << 20);
    let db = config.open().expect("closed before");
    change(&db);
    db.flush().expect("writable");
}

pub(crate) fn key(commit: u64) -> [u8; 8] {
    commit.to_be_bytes()
}

/// Changes one bit in the middle of a stored block.
pub(crate) fn flip(db: &sled::Db, commit: u64) {
    let mut block = db.get(key(commit)).expect("readable").expect("there").to_vec();
    let middle = block.len() / 2;
    block[middle] ^= 1;
    db.insert(key(commit), block).expect("writable");
}

pub(crate) fn head(log: &dyn Log) -> Head {
    *log.head().borrow()
}

/// Appends commits of three records.
pub(crate) fn grow(log: &dyn Log, count: usize) -> Vec<Block> {
    (0..count)
        .map(|index| {
            let now = head(log);
            let block = block_after(now, 3, &format!("commit {index}"));
            wait(log.append(now.commit, block.clone())).expect("nothing is wrong with it");
            block
        })
        .collect()
}

pub(crate) fn commit(number: u64) -> CommitNumber {
    CommitNumber::new(number)
}
