//! Through history into live: everything that the scope may see, once, in order.

use tallystick_domain::event::WorkerAllocated;
use tallystick_domain::id::WorkerId;
use tallystick_domain::{CaseKey, Cases as _, Position, Role, codes::WorkerRole, command::Action};
use tallystick_ledger::{Feed, FeedItem, Ledger, Settings};
use tallystick_views::Scope;

use crate::house::{accepted, live, memory, open, ready, records, set_up};
use crate::world::{World, command_id, day, one, person, sentence};

/// What a subscriber was told.
#[derive(Default)]
struct Told {
    events: Vec<Position>,
    /// Changes of scope: the position before them, and the case.
    changes: Vec<(Position, CaseKey)>,
}

/// Everything up to a position, as the feed gives it; resumed at its cursor after so many items.
async fn follow(ledger: &Ledger, scope: Scope, upto: Position, resume_after: usize) -> Told {
    let mut told = Told::default();
    let mut cursor = Position::ZERO;
    loop {
        let mut feed: Feed = ledger.feed(scope, cursor);
        for _ in 0..resume_after {
            let item = feed.next().await.expect("readable");
            assert!(item.position() >= cursor, "a cursor never goes back");
            cursor = item.position();
            match item {
                FeedItem::Event(record) => told.events.push(record.envelope.position),
                FeedItem::ScopeChanged { position, cases } => {
                    told.changes.extend(cases.into_iter().map(|case| (position, case)));
                }
                FeedItem::CaughtUp { position } if position >= upto => return told,
                FeedItem::CaughtUp { .. } => {}
            }
        }
    }
}

/// What a scope may see of the whole log today.
fn visible(ledger: &Ledger, log: &dyn tallystick_log::Log, scope: Scope) -> Vec<Position> {
    let snapshot = ledger.snapshot();
    let mut records = records(log);
    records.retain(|record| snapshot.sees(scope, record.envelope.stream));
    records.into_iter().map(|record| record.envelope.position).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i4_a_subscriber_sees_each_event_once_in_order_while_four_write() {
    let world = World::SMALL;
    let log = memory();
    // Few records at hand, so that subscribers read history from the log and meet live.
    let settings = Settings {
        at_hand: 64,
        caught_up_every: std::time::Duration::from_millis(50),
        ..Settings::default()
    };
    let ledger = open(log.clone(), settings);
    set_up(&ledger, world).await;
    let lives = 16;
    let end = Position(ledger.snapshot().position().0 + lives * 20);
    let scopes = [
        Scope::new(world.commissioner(), Role::Auditor),
        Scope::new(world.trust(0), Role::OffenderManager),
        Scope::new(world.provider(0), Role::Caseworker),
        Scope::new(world.provider(1), Role::Caseworker),
    ];
    let mut followers = Vec::new();
    for (scope, resume_after) in scopes.into_iter().zip([usize::MAX, 7, usize::MAX, 3]) {
        let ledger = ledger.clone();
        followers
            .push(tokio::spawn(async move { follow(&ledger, scope, end, resume_after).await }));
    }
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                for person in (0..lives).filter(|person| person % 4 == writer) {
                    live(&ledger, world, person).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no panic");
    }
    for (follower, scope) in followers.into_iter().zip(scopes) {
        let told = follower.await.expect("no panic");
        let snapshot = ledger.snapshot();
        assert_eq!(snapshot.position(), end);
        let expected = visible(&ledger, &*log, scope);
        let seen = &told.events;
        assert!(seen.is_sorted_by(|a, b| a < b), "once, in order: {scope:?}");
        assert!(seen.iter().all(|at| expected.contains(at)), "nothing else: {scope:?}");
        // What came into sight after its position had gone by was told by a change of scope.
        for missed in expected.iter().filter(|at| !seen.contains(at)) {
            let record = &ledger.records(&[*missed]).expect("readable")[0];
            let case = snapshot.home(record.envelope.stream).expect("at home");
            let change = told.changes.iter().find(|(at, of)| at >= missed && *of == case);
            assert!(change.is_some(), "{missed} was never told: {scope:?}");
        }
        // Read again from the start, nothing is missing.
        assert_eq!(follow(&ledger, scope, end, 11).await.events, expected);
    }
}

#[tokio::test]
async fn i4_whoever_comes_to_see_more_is_told_and_loses_nothing() {
    let world = World::SMALL;
    let ledger = ready(world).await;
    live(&ledger, world, 0).await;
    let newcomer = Scope::new(world.trust(1), Role::OffenderManager);
    let mut feed = ledger.feed(newcomer, Position::ZERO);
    let mut before = Vec::new();
    loop {
        match feed.next().await.expect("readable") {
            FeedItem::Event(record) => before.push(record.envelope.position),
            FeedItem::CaughtUp { position } => {
                assert_eq!(position, ledger.snapshot().position());
                break;
            }
            FeedItem::ScopeChanged { .. } => panic!("nothing has changed for this agency"),
        }
    }
    let head = ledger.snapshot().position();
    // A worker of the other trust takes the sentence over.
    let role = WorkerRole::OffenderManager;
    let agency = world.trust(1);
    let allocated = WorkerAllocated { role, worker: WorkerId([1; 16]), agency, volunteer: false };
    let action = Action::AllocateWorker { to: sentence(0).into(), allocated };
    let allocate =
        one(world.trust(0), Role::OffenderManager, command_id(1), day("2009-05-01"), action);
    let receipt = accepted(&ledger, allocate).await;
    let FeedItem::ScopeChanged { position, cases } = feed.next().await.expect("readable") else {
        panic!("the change comes first")
    };
    assert_eq!((position, cases), (head, vec![CaseKey::Person(person(0))]));
    let FeedItem::Event(record) = feed.next().await.expect("readable") else {
        panic!("then the event")
    };
    assert_eq!(record.envelope.position, receipt.position);

    // Resumed from the change, it is said again, and the event is not lost.
    let mut resumed = ledger.feed(newcomer, position);
    assert!(matches!(resumed.next().await, Ok(FeedItem::ScopeChanged { .. })));
    assert!(
        matches!(resumed.next().await, Ok(FeedItem::Event(it)) if it.envelope.position == receipt.position)
    );
    assert!(matches!(resumed.next().await, Ok(FeedItem::CaughtUp { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_feed_without_events_says_that_it_is_caught_up_every_15_seconds() {
    let world = World::SMALL;
    let ledger = ready(world).await;
    let scope = Scope::new(world.provider(0), Role::Caseworker);
    let mut feed = ledger.feed(scope, ledger.snapshot().position());
    let start = tokio::time::Instant::now();
    let mut said = Vec::new();
    for _ in 0..3 {
        assert!(matches!(feed.next().await, Ok(FeedItem::CaughtUp { .. })));
        said.push(start.elapsed().as_secs());
    }
    // The runtime's time is virtual: it jumps to the next deadline.
    assert_eq!(said, [0, 15, 30]);
}
