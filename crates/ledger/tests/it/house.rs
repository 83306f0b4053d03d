//! A ledger to try things on: a log and a vault in memory, a clock that stands.

use std::sync::Arc;

use tallystick_domain::{Command, Position, Record, command::Given};
use tallystick_ledger::{Ledger, Outcome, Parts, Receipt, Settings, VirtualClock};
use tallystick_log::{CommitNumber, Log, LogIdentity, MemoryLog, ReadBudget, wait};
use tallystick_vault::Vault;

use crate::world::{NOON, World};

pub(crate) const IDENTITY: LogIdentity = LogIdentity::new([3; 32]);

pub(crate) fn memory() -> Arc<dyn Log> {
    Arc::new(MemoryLog::new(IDENTITY))
}

pub(crate) fn clock() -> Arc<VirtualClock> {
    Arc::new(VirtualClock::new(NOON))
}

/// What a ledger over a log is made of, with an empty vault in memory, and nothing that is kept.
pub(crate) fn parts(log: Arc<dyn Log>, settings: Settings) -> Parts {
    Parts {
        log,
        vault: Vault::in_memory().expect("randomness"),
        clock: clock(),
        folds: None,
        from_the_log: false,
        signing: None,
        settings,
    }
}

/// A ledger over a log.
pub(crate) fn open(log: Arc<dyn Log>, settings: Settings) -> Ledger {
    Ledger::open(parts(log, settings), |_| {}).expect("it opens")
}

/// A ledger whose partnership is set up.
pub(crate) async fn ready(world: World) -> Ledger {
    let ledger = open(memory(), Settings::default());
    set_up(&ledger, world).await;
    ledger
}

pub(crate) async fn set_up(ledger: &Ledger, world: World) {
    for command in world.setup() {
        accepted(ledger, command).await;
    }
}

pub(crate) async fn live(ledger: &Ledger, world: World, person: u64) {
    for command in world.life(person) {
        accepted(ledger, command).await;
    }
}

pub(crate) async fn accepted(ledger: &Ledger, command: Command<Given>) -> Receipt {
    match ledger.submit(command).await.expect("an answer") {
        Outcome::Accepted(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

/// Every record of a log, decoded.
pub(crate) fn records(log: &dyn Log) -> Vec<Record> {
    let all = ReadBudget { bytes: usize::MAX, blocks: usize::MAX };
    let blocks = wait(log.read(CommitNumber::ZERO, all)).expect("sound");
    let mut records = Vec::new();
    for block in blocks {
        for stored in &block.records().expect("sound") {
            records.push(Record::decode(stored.header, stored.body).expect("readable"));
        }
    }
    records
}

/// Positions of records, for comparing.
pub(crate) fn positions<'a>(records: impl IntoIterator<Item = &'a Arc<Record>>) -> Vec<Position> {
    records.into_iter().map(|record| record.envelope.position).collect()
}
