//! History by the page.

use tallystick_domain::{EventType, Position, Role};
use tallystick_ledger::{Direction, Span};
use tallystick_views::Scope;

use crate::house::{live, memory, open, positions, records, set_up};
use crate::world::World;

#[tokio::test]
async fn any_page_size_in_any_direction_walks_the_whole_list_once() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), tallystick_ledger::Settings::default());
    set_up(&ledger, world).await;
    for person in 0..6 {
        live(&ledger, world, person).await;
    }
    let snapshot = ledger.snapshot();
    let all = records(&*log);
    for scope in [
        Scope::new(world.commissioner(), Role::Auditor),
        Scope::new(world.trust(1), Role::OffenderManager),
        Scope::new(world.provider(2), Role::Mentor),
    ] {
        for only in [None, Some(EventType::AttendanceRecorded), Some(EventType::BreachRecorded)] {
            let wanted = |it: EventType| only.is_none_or(|only| only == it);
            let mut expected: Vec<Position> = all
                .iter()
                .filter(|it| snapshot.sees(scope, it.envelope.stream))
                .filter(|it| wanted(it.envelope.event_type))
                .map(|it| it.envelope.position)
                .collect();
            for direction in [Direction::OldestFirst, Direction::NewestFirst] {
                for limit in [1, 2, 7, 50, 500] {
                    let mut walked = Vec::new();
                    let mut span = Span::ALL;
                    loop {
                        let filter = move |it: &tallystick_domain::Record| {
                            only.is_none_or(|only| only == it.envelope.event_type)
                        };
                        let page = ledger.page(scope, span, limit, direction, filter).await;
                        let page = page.expect("readable");
                        assert!(page.records.len() <= limit);
                        walked.extend(positions(&page.records));
                        let Some(last) = page.records.last() else {
                            assert!(!page.more);
                            break;
                        };
                        match direction {
                            Direction::OldestFirst => span.after = last.envelope.position,
                            Direction::NewestFirst => span.before = Some(last.envelope.position),
                        }
                        if !page.more {
                            break;
                        }
                    }
                    assert_eq!(walked, expected, "{scope:?} {only:?} {direction:?} by {limit}");
                }
                expected.reverse();
            }
        }
    }
}

#[tokio::test]
async fn records_come_in_the_order_asked_for() {
    let world = World::SMALL;
    let log = memory();
    let settings = tallystick_ledger::Settings { at_hand: 4, ..Default::default() };
    let ledger = open(log, settings);
    set_up(&ledger, world).await;
    live(&ledger, world, 0).await;
    let asked: Vec<_> = [9, 3, 3, 20, 1, 19, 9].map(Position).to_vec();
    for _ in 0..2 {
        let found = ledger.records(&asked).expect("readable");
        assert_eq!(positions(&found), asked);
    }
    assert!(ledger.records(&[Position(1), Position(1_000)]).is_err());
    assert!(ledger.records(&[Position::ZERO]).is_err());
}
