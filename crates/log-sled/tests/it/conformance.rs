//! The suite on [`SledLog`].

use std::sync::Arc;

use tallystick_log::{CommitNumber, Log, LogIdentity, conformance::Subject, conformance_suite};
use tallystick_log_sled::{Options, SledLog};

use crate::store::{Data, IDENTITY, options};

struct Sled {
    data: Data,
    log: Option<Arc<SledLog>>,
    options: Options,
}

impl Sled {
    fn new() -> Self {
        let mut new = Self { data: Data::new(), log: None, options: options() };
        new.reopen();
        new
    }

    fn close(&mut self) {
        if let Some(log) = self.log.take() {
            assert!(Arc::into_inner(log).is_some(), "a test still holds the log");
        }
    }
}

impl Subject for Sled {
    fn log(&self) -> Arc<dyn Log> {
        self.log.clone().expect("open")
    }

    fn reopen(&mut self) {
        self.close();
        let log = SledLog::open(self.data.path(), &self.options).expect("sound");
        self.log = Some(Arc::new(log));
    }

    fn limit_blocks(&mut self, bytes: usize) {
        self.options.block_limit = bytes;
        self.reopen();
    }

    fn damage(&mut self, commit: CommitNumber) {
        // While it is open: at the next start the boot check would find it first.
        self.log.as_ref().expect("open").flip_bit(commit);
    }

    fn fail_next_flush(&mut self) {
        self.log.as_ref().expect("open").fail_next_flush();
    }

    fn identity(&self) -> LogIdentity {
        IDENTITY
    }
}

conformance_suite!(Sled::new());
