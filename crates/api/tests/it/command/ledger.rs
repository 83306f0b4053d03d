//! A ledger in memory.

use std::{path::Path, sync::Arc};

use tallystick_ledger::{Clock, Ledger, MemoryLog, Parts, Settings, Signer, Signing};

/// The log is given too, for those who want it to fail. Little is kept at hand, so that what is older
/// comes from it.
fn parts(clock: Arc<dyn Clock>) -> (Parts, Arc<MemoryLog>) {
    let (parts, log) = Parts::in_memory(clock).unwrap();
    let settings = Settings { at_hand: 4, ..Settings::default() };
    (Parts { settings, ..parts }, log)
}

/// One without a key.
pub(crate) fn in_memory(clock: Arc<dyn Clock>) -> (Ledger, Arc<MemoryLog>) {
    let (parts, log) = parts(clock);
    (Ledger::open(parts, |_| {}).unwrap(), log)
}

/// One that signs checkpoints, and keeps them in a folder.
pub(crate) fn signing(clock: Arc<dyn Clock>, folder: &Path) -> (Ledger, Arc<MemoryLog>) {
    let (parts, log) = parts(clock);
    let signer = Some(Signer::from_seed("log.example".parse().unwrap(), &[7; 32]));
    let signing = Signing { signer, folder: folder.to_owned(), known: Vec::new() };
    (Ledger::open(Parts { signing: Some(signing), ..parts }, |_| {}).unwrap(), log)
}
