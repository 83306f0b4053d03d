//! The suite on [`MemoryLog`].

use std::sync::Arc;

use tallystick_log::{
    BLOCK_HEADER_BYTES, CommitNumber, Log, LogIdentity, MemoryLog, conformance::Subject,
    conformance_suite,
};

const IDENTITY: LogIdentity = LogIdentity::new([42; 32]);

struct Memory(Option<Arc<MemoryLog>>);

impl Memory {
    fn new() -> Self {
        Self(Some(Arc::new(MemoryLog::new(IDENTITY))))
    }

    fn get(&self) -> &MemoryLog {
        self.0.as_ref().expect("open")
    }

    fn replace(&mut self, with: impl FnOnce(MemoryLog) -> MemoryLog) {
        let log = Arc::try_unwrap(self.0.take().expect("open")).expect("no one else has it");
        self.0 = Some(Arc::new(with(log)));
    }
}

impl Subject for Memory {
    fn log(&self) -> Arc<dyn Log> {
        self.0.clone().expect("open")
    }

    fn reopen(&mut self) {
        self.replace(MemoryLog::reopen);
    }

    fn limit_blocks(&mut self, bytes: usize) {
        self.replace(|log| log.reopen().with_block_limit(bytes));
    }

    fn damage(&mut self, commit: CommitNumber) {
        self.get().flip_bit(commit, BLOCK_HEADER_BYTES);
    }

    fn fail_next_flush(&mut self) {
        self.get().fail_next_flush();
    }

    fn identity(&self) -> LogIdentity {
        IDENTITY
    }
}

conformance_suite!(Memory::new());
