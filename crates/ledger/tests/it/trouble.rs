//! When things go wrong: typed answers, no lie, and reads go on.

use std::sync::Arc;

use tallystick_domain::Position;
use tallystick_ledger::{Outcome, ReadOnly, Settings, SubmitError};
use tallystick_log::{BlockBuilder, Faults, FaultyLog, MemoryLog, wait};

use crate::house::{IDENTITY, accepted, memory, open, set_up};
use crate::world::{World, command_id};

#[tokio::test]
async fn after_a_failed_flush_nothing_is_written_and_everything_read() {
    let world = World::SMALL;
    let log = Arc::new(MemoryLog::new(IDENTITY));
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    let head = ledger.snapshot().position();
    log.fail_next_flush();
    let life = world.life(0);
    let first = ledger.submit(life[0].clone()).await;
    assert!(matches!(first, Err(SubmitError::OutcomeUnknown)), "{first:?}");
    let second = ledger.submit(life[0].clone()).await;
    assert!(matches!(second, Err(SubmitError::ReadOnly(ReadOnly::Log(_)))), "{second:?}");
    assert!(matches!(ledger.health().read_only, Some(ReadOnly::Log(_))));
    assert_eq!(ledger.snapshot().position(), head);
    assert!(ledger.records(&[Position(1)]).is_ok());
}

#[tokio::test]
async fn without_its_records_a_command_is_known_to_be_new_or_not_known_at_all() {
    let world = World::SMALL;
    let log = Arc::new(MemoryLog::new(IDENTITY));
    let ledger = open(log.clone(), Settings { at_hand: 1, ..Settings::default() });
    set_up(&ledger, world).await;
    let life = world.life(0);
    for command in &life {
        accepted(&ledger, command.clone()).await;
    }
    let voiding = world.voiding(&life[life.len() - 1], command_id(9_000));
    log.fail_reads(true);
    // It was recorded, and nobody can read that.
    let again = ledger.submit(life[0].clone()).await;
    assert!(matches!(again, Err(SubmitError::OutcomeUnknown)), "{again:?}");
    // It was not, and cannot be decided without the history that it corrects.
    let undecided = ledger.submit(voiding.clone()).await;
    assert!(matches!(undecided, Err(SubmitError::Reading(_))), "{undecided:?}");
    log.fail_reads(false);
    let again = ledger.submit(life[0].clone()).await;
    assert!(matches!(again, Ok(Outcome::Replayed(_))), "{again:?}");
    accepted(&ledger, voiding).await;
}

#[tokio::test]
async fn a_full_disk_is_said_and_goes_by() {
    let world = World::SMALL;
    let log = Arc::new(FaultyLog::new(1, IDENTITY, Faults::NONE));
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    log.set_faults(Faults { full: 1_000, ..Faults::NONE });
    let life = world.life(0);
    let full = ledger.submit(life[0].clone()).await;
    assert!(matches!(full, Err(SubmitError::ReadOnly(ReadOnly::Full { threshold: 1, .. }))));
    assert!(matches!(ledger.health().read_only, Some(ReadOnly::Full { .. })));
    log.set_faults(Faults::NONE);
    accepted(&ledger, life[0].clone()).await;
    assert!(ledger.health().read_only.is_none());
}

#[tokio::test]
async fn whoever_cannot_be_told_hears_that_the_outcome_is_unknown() {
    let world = World::SMALL;
    let log = Arc::new(FaultyLog::new(1, IDENTITY, Faults::NONE));
    let doubt = std::time::Duration::from_millis(15);
    let ledger = open(log.clone(), Settings { doubt, ..Settings::default() });
    set_up(&ledger, world).await;
    log.crash();
    let life = world.life(0);
    let unknown = ledger.submit(life[0].clone()).await;
    assert!(matches!(unknown, Err(SubmitError::OutcomeUnknown)), "{unknown:?}");
    assert!(ledger.health().in_doubt);
    // The log answers again: the block in doubt is settled, and the command has its answer.
    log.reopen();
    let settled = ledger.submit(life[0].clone()).await.expect("an answer");
    assert!(matches!(settled, Outcome::Replayed(_) | Outcome::Accepted(_)));
    assert!(!ledger.health().in_doubt);
}

#[tokio::test]
async fn a_record_that_nobody_can_read_stops_all_writing_before_it() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    let sound = ledger.snapshot().position();
    drop(ledger);
    // Something of a later version.
    let head = *log.head().borrow();
    let mut builder = BlockBuilder::new();
    builder.push(b"a header of the future", b"a body of the future").expect("small");
    let block = builder.finish(head.commit.next(), head.last_position + 1, head.digest);
    wait(log.append(head.commit, block)).expect("appended");

    let ledger = open(log.clone(), Settings::default());
    assert_eq!(ledger.snapshot().position(), sound);
    let health = ledger.health();
    assert_eq!(health.fold_lag, 1);
    let Some(ReadOnly::Halted { position, what }) = health.read_only else {
        panic!("it must not write")
    };
    assert_eq!(position, sound.next());
    assert!(what.contains(&position.to_string()), "{what}");
    let refused = ledger.submit(world.life(0)[0].clone()).await;
    assert!(matches!(refused, Err(SubmitError::ReadOnly(ReadOnly::Halted { .. }))));
    assert_eq!(log.head().borrow().last_position, position.0, "nothing was written after it");
}

#[tokio::test]
async fn a_closed_ledger_takes_nothing_and_finishes_what_it_took() {
    let world = World::SMALL;
    let ledger = open(memory(), Settings::default());
    set_up(&ledger, world).await;
    let taken: Vec<_> = (0..50)
        .map(|person| {
            let (ledger, command) = (ledger.clone(), world.life(person)[0].clone());
            tokio::spawn(async move { ledger.submit(command).await })
        })
        .collect();
    tokio::task::yield_now().await;
    ledger.close().await;
    let mut recorded = 0;
    for one in taken {
        match one.await.expect("no panic") {
            Ok(Outcome::Accepted(_)) => recorded += 1,
            Err(SubmitError::ShuttingDown) => {}
            other => panic!("{other:?}"),
        }
    }
    let before = world.setup().len() as u64;
    assert_eq!(ledger.snapshot().position(), Position(before + recorded));
    let late = ledger.submit(world.life(99)[0].clone()).await;
    assert!(matches!(late, Err(SubmitError::ShuttingDown)));
}
