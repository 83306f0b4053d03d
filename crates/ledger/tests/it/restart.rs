//! What a restart finds: the same answers, the same views, from a savepoint or without.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tallystick_domain::Role;
use tallystick_ledger::{Ledger, Outcome, Parts, Receipt, Settings};
use tallystick_log::Log;
use tallystick_log_sled::{Options, SledLog};
use tallystick_vault::{EpochKey, KeyPurpose, SubjectId, Vault};
use tallystick_views::Scope;

use crate::house::{IDENTITY, accepted, clock, set_up};
use crate::world::{World, person};

/// The log, and a vault that can be looked into before it is handed over.
fn parts(folder: &Path) -> (Arc<SledLog>, Vault) {
    let options = Options { scrub: None, min_free_bytes: 0, ..Options::new(IDENTITY) };
    let log = Arc::new(SledLog::open(folder, &options).expect("a log"));
    let (vault, key) = (folder.join("vault"), folder.join("key"));
    let vault = if vault.exists() {
        Vault::open(&vault, &EpochKey::read(&key).expect("a key")).expect("a vault")
    } else {
        Vault::create(&vault, &EpochKey::create(&key).expect("a key")).expect("a vault")
    };
    (log, vault)
}

fn open(folder: &Path) -> (Ledger, Arc<SledLog>) {
    let (log, vault) = parts(folder);
    let parts = Parts {
        log: Arc::clone(&log) as Arc<dyn Log>,
        vault,
        clock: clock(),
        folds: Some(folder.to_owned()),
        from_the_log: false,
        signing: None,
        settings: Settings { savepoint_every: 30, ..Settings::default() },
    };
    (Ledger::open(parts, |_| {}).expect("a ledger"), log)
}

/// Closes as a process does that ends: nothing else may hold the folder after it.
async fn close((ledger, log): (Ledger, Arc<SledLog>)) {
    ledger.close().await;
    drop(ledger);
    assert_eq!(Arc::strong_count(&log), 1, "nothing of a closed ledger holds the log");
}

async fn lives(ledger: &Ledger, world: World, people: std::ops::Range<u64>) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    for person in people {
        for command in world.life(person) {
            receipts.push(accepted(ledger, command).await);
        }
    }
    receipts
}

#[tokio::test]
async fn i2_i6_what_was_answered_before_a_restart_is_answered_after_it() {
    let world = World::SMALL;
    let folder = tempfile::tempdir().expect("a folder");
    let (ledger, log) = open(folder.path());
    set_up(&ledger, world).await;
    let receipts = lives(&ledger, world, 0..3).await;
    let scope = Scope::new(world.trust(0), Role::OffenderManager);
    let (head, digest) = (ledger.snapshot().position(), ledger.snapshot().digest(scope));
    close((ledger, log)).await;

    for round in ["from the savepoint", "with a damaged one", "without one"] {
        let file = folder.path().join("savepoint");
        let whole = fs::read(&file).expect("a savepoint was written");
        match round {
            "with a damaged one" => {
                let mut bytes = whole;
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                fs::write(&file, bytes).expect("room");
            }
            "without one" => fs::remove_file(&file).expect("it is there"),
            _ => {}
        }
        let (ledger, log) = open(folder.path());
        assert_eq!(ledger.snapshot().position(), head, "{round}");
        assert_eq!(ledger.snapshot().digest(scope), digest, "I7: {round}");
        let commands = (0..3).flat_map(|person| world.life(person));
        for (command, receipt) in commands.zip(&receipts) {
            let again = ledger.submit(command).await.expect("an answer");
            assert_eq!(again, Outcome::Replayed(receipt.clone()), "{round}");
        }
        close((ledger, log)).await;
    }
}

#[tokio::test]
async fn a_savepoint_of_another_history_is_not_believed() {
    let world = World::SMALL;
    let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("one"));
    for folder in [&one, &other] {
        let (ledger, log) = open(folder.path());
        set_up(&ledger, world).await;
        // The same log identity, the same number of events, other salts.
        lives(&ledger, world, 0..2).await;
        close((ledger, log)).await;
    }
    let right = fs::read(other.path().join("savepoint")).expect("there");
    fs::copy(one.path().join("savepoint"), other.path().join("savepoint")).expect("room");
    let (ledger, log) = open(other.path());
    close((ledger, log)).await;
    let now = fs::read(other.path().join("savepoint")).expect("written anew");
    assert!(now == right, "the wrong one is gone, and the right one is as it was");
}

#[tokio::test]
async fn a_process_that_ends_without_closing_loses_nothing() {
    let world = World::SMALL;
    let folder = tempfile::tempdir().expect("a folder");
    let (ledger, log) = open(folder.path());
    set_up(&ledger, world).await;
    let receipts = lives(&ledger, world, 0..2).await;
    drop(ledger);
    while Arc::strong_count(&log) > 1 {
        tokio::task::yield_now().await;
    }
    drop(log);
    let (ledger, log) = open(folder.path());
    assert_eq!(ledger.snapshot().position(), receipts[receipts.len() - 1].position);
    close((ledger, log)).await;
}

#[tokio::test]
async fn keys_of_people_who_are_not_in_the_log_are_dropped_at_start() {
    let world = World::SMALL;
    let folder = tempfile::tempdir().expect("a folder");
    let (ledger, log) = open(folder.path());
    set_up(&ledger, world).await;
    lives(&ledger, world, 0..1).await;
    close((ledger, log)).await;

    // As a crash between the vault's sync and the append leaves them.
    let (log, vault) = parts(folder.path());
    let (known, stranger) = (SubjectId(person(0).0), SubjectId([9; 16]));
    vault.seal(stranger, KeyPurpose::Identity, b"", b"canary").expect("sealed");
    vault.claim(vault.blind("crn", b"X1"), stranger).expect("claimed");
    vault.sync().expect("durable");
    drop((log, vault));

    let (ledger, log) = open(folder.path());
    close((ledger, log)).await;
    let (log, vault) = parts(folder.path());
    assert!(vault.holds(known, KeyPurpose::Identity));
    assert!(!vault.holds(stranger, KeyPurpose::Identity));
    assert_eq!(vault.claimants(vault.blind("crn", b"X1")), []);
    drop((log, vault));
}

#[tokio::test]
async fn a_refused_registration_leaves_no_key() {
    let world = World::SMALL;
    let folder = tempfile::tempdir().expect("a folder");
    let (ledger, log) = open(folder.path());
    set_up(&ledger, world).await;
    let mut stranger = world.life(0)[0].clone();
    stranger.origin.role = Role::Mentor;
    assert!(matches!(ledger.submit(stranger).await, Ok(Outcome::Refused(_))));
    let dry = ledger.dry_run(world.life(0)[0].clone()).expect("an answer");
    assert!(matches!(dry.outcome, Outcome::Accepted(_)));
    assert_eq!(dry.records.len(), 1);
    // Whatever keys there are become durable with the next commit.
    accepted(&ledger, world.life(1)[0].clone()).await;
    close((ledger, log)).await;
    let (log, vault) = parts(folder.path());
    assert!(vault.holds(SubjectId(person(1).0), KeyPurpose::Identity));
    assert!(!vault.holds(SubjectId(person(0).0), KeyPurpose::Identity));
    drop((log, vault));
}
