//! The ledger as it was.

use std::sync::Arc;

use tallystick_domain::{Position, Role, Step};
use tallystick_ledger::Ledger;
use tallystick_ledger::{AsOf, AsOfError, Parts, Settings, VirtualClock, replay};
use tallystick_views::Scope;

use crate::house::{accepted, live, memory, open, parts, set_up};
use crate::world::{NOON, World, command_id};

#[tokio::test]
async fn i7_the_past_of_every_agency_is_the_fold_up_to_there() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    for person in 0..4 {
        live(&ledger, world, person).await;
    }
    let life = world.life(1);
    accepted(&ledger, world.recredited(&life[8], 60, command_id(1))).await;
    accepted(&ledger, world.voiding(&life[9], command_id(2))).await;
    let head = ledger.snapshot().position();
    for position in (0..=head.0).step_by(5).chain([head.0]).map(Position) {
        let then = replay(&log, Some(position), |_| {}).expect("sound");
        for agency in world.agencies() {
            for role in [Role::Caseworker, Role::Auditor] {
                let scope = Scope::new(agency, role);
                let past = ledger.as_of(scope, AsOf::Position(position)).await.expect("a past");
                assert_eq!(past.position, position);
                assert_eq!(past.snapshot.digest(scope), then.digest(scope), "{scope:?} {position}");
            }
        }
    }
    let scope = Scope::new(world.trust(0), Role::Caseworker);
    let beyond = ledger.as_of(scope, AsOf::Position(head.next())).await;
    assert!(matches!(beyond, Err(AsOfError::Beyond { .. })));
}

#[tokio::test]
async fn i7_a_log_long_enough_to_be_read_ahead_folds_to_what_is_shown() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    for person in 0..110 {
        live(&ledger, world, person).await;
    }
    let shown = ledger.snapshot();
    assert!(shown.position() > Position(2_000));
    let folded = replay(&log, None, |_| {}).expect("sound");
    assert_eq!(folded.position(), shown.position());
    for agency in world.agencies() {
        for role in [Role::Caseworker, Role::Auditor] {
            let scope = Scope::new(agency, role);
            assert_eq!(folded.digest(scope), shown.digest(scope), "{scope:?}");
        }
    }
}

#[tokio::test]
async fn a_position_inside_a_command_is_rounded_down_to_before_it() {
    let world = World::SMALL;
    let ledger = open(memory(), Settings::default());
    set_up(&ledger, world).await;
    for command in &world.life(0)[..7] {
        accepted(&ledger, command.clone()).await;
    }
    let before = ledger.snapshot().position();
    // Three sessions on one sheet.
    let mut sheet = world.life(0)[7].clone();
    let mut sessions: Vec<Step<_>> =
        world.life(0)[8..10].iter().map(|it| it.steps[0].clone()).collect();
    sheet.steps.append(&mut sessions);
    let receipt = accepted(&ledger, sheet).await;
    assert_eq!(receipt.first, before.next());
    assert_eq!(receipt.position, Position(before.0 + 3));
    assert_eq!(receipt.events.len(), 3);
    let scope = Scope::new(world.provider(0), Role::Caseworker);
    for (asked, given) in [(0, 0), (1, 0), (2, 0), (3, 3)] {
        let asked = AsOf::Position(Position(before.0 + asked));
        let past = ledger.as_of(scope, asked).await.expect("a past");
        assert_eq!(past.position, Position(before.0 + given));
    }
}

#[tokio::test]
async fn a_time_means_the_last_position_recorded_by_then() {
    let world = World::SMALL;
    let clock = Arc::new(VirtualClock::new(NOON));
    let parts = Parts { clock: clock.clone(), ..parts(memory(), Settings::default()) };
    let ledger = Ledger::open(parts, |_| {}).expect("it opens");
    let mut times = Vec::new();
    for (minute, command) in (0..).zip(world.setup()) {
        // The clock jumps back now and then; what is recorded does not.
        let jump = if minute % 4 == 3 { -200_000 } else { 0 };
        clock.set(NOON + minute * 60_000 + jump);
        times.push((accepted(&ledger, command).await.recorded_at, ledger.snapshot().position()));
    }
    assert!(times.is_sorted_by_key(|(time, _)| *time));
    let scope = Scope::new(world.commissioner(), Role::Auditor);
    for asked in (-1..15).map(|minute| NOON + minute * 60_000 + 30_000) {
        let expected = times.iter().rev().find(|(time, _)| *time <= asked);
        let past = ledger.as_of(scope, AsOf::RecordedAt(asked)).await.expect("a past");
        assert_eq!(past.position, expected.map_or(Position::ZERO, |(_, at)| *at), "{asked}");
        assert_eq!(past.recorded_at, expected.map_or(0, |(time, _)| *time));
    }
}
