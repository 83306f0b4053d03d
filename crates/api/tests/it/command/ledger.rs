//! A ledger in memory.

use std::{path::Path, sync::Arc};

use tallystick_ledger::{Clock, Ledger, MemoryLog, Parts, Signer, Signing};

/// The log is given too, for those who want it to fail.
pub(crate) fn in_memory(clock: Arc<dyn Clock>) -> (Ledger, Arc<MemoryLog>) {
    let (parts, log) = Parts::in_memory(clock).unwrap();
    (Ledger::open(parts, |_| {}).unwrap(), log)
}

/// One that signs checkpoints, and keeps them in a folder.
pub(crate) fn signing(clock: Arc<dyn Clock>, folder: &Path) -> (Ledger, Arc<MemoryLog>) {
    let (parts, log) = Parts::in_memory(clock).unwrap();
    let signer = Some(Signer::from_seed("log.example".parse().unwrap(), &[7; 32]));
    let signing = Signing { signer, folder: folder.to_owned(), known: Vec::new() };
    (Ledger::open(Parts { signing: Some(signing), ..parts }, |_| {}).unwrap(), log)
}
