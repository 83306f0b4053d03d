//! A ledger in memory and the front door before it.

use std::sync::Arc;

use tallystick_api::{Limits, Principal, Service, Tokens};
use tallystick_ledger::{Clock, Ledger, MemoryLog, Parts};

/// The log is given too, for those who want it to fail.
pub(crate) fn in_memory(clock: Arc<dyn Clock>) -> (Ledger, Arc<MemoryLog>) {
    let (parts, log) = Parts::in_memory(clock).unwrap();
    (Ledger::open(parts, |_| {}).unwrap(), log)
}

pub(crate) fn front_door(ledger: &Ledger, tokens: Tokens<Principal>) -> Arc<Service<Principal>> {
    tallystick_api::open(ledger.clone(), tokens, Vec::new(), Limits::default())
}
