//! Everything that a scope may see, byte for byte as it is stored.

use tallystick_domain::{Envelope, Position, Role};
use tallystick_ledger::{Ledger, Settings};
use tallystick_log::{CommitNumber, Log, ReadBudget, wait};
use tallystick_views::Scope;

use crate::house::{live, memory, open, set_up};
use crate::world::World;

/// Position, header and body.
type Bytes = (Position, Vec<u8>, Vec<u8>);

/// What a walk shows, and of how many steps it was.
fn walked(ledger: &Ledger, scope: Scope, after: Position) -> (Vec<Bytes>, usize) {
    let mut walk = ledger.walk(scope, after);
    let (mut shown, mut steps) = (Vec::new(), 0);
    let show = |shown: &mut Vec<Bytes>, stored: tallystick_domain::envelope::Stored<'_>| {
        assert_eq!(stored.json.as_bytes(), &stored.body[16..]);
        shown.push((stored.envelope.position, stored.header.into(), stored.body.into()));
    };
    while walk.step(|stored| show(&mut shown, stored)).expect("readable") {
        steps += 1;
    }
    (shown, steps)
}

/// The same, by looking at every record of the log.
fn stored(ledger: &Ledger, log: &dyn Log, scope: Scope, after: Position) -> Vec<Bytes> {
    let snapshot = ledger.snapshot();
    let all = ReadBudget { bytes: usize::MAX, blocks: usize::MAX };
    let mut found = Vec::new();
    for block in wait(log.read(CommitNumber::ZERO, all)).expect("sound") {
        for record in &block.records().expect("sound") {
            let envelope = Envelope::decode(record.header).expect("readable");
            if envelope.position > after && snapshot.sees(scope, envelope.stream) {
                found.push((envelope.position, record.header.into(), record.body.into()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i8_a_walk_shows_what_the_scope_sees_as_it_is_stored_and_nothing_else() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    // Four at a time, so that events of different agencies share commits.
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                for person in (0..8).filter(|person| person % 4 == writer) {
                    live(&ledger, world, person).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no panic");
    }
    let commits = usize::try_from(ledger.snapshot().commit()).expect("few");
    let head = ledger.snapshot().position();
    let auditor = Scope::new(world.commissioner(), Role::Auditor);
    let provider = Scope::new(world.provider(0), Role::Caseworker);
    for scope in [auditor, Scope::new(world.trust(0), Role::OffenderManager), provider] {
        for after in [Position::ZERO, Position(7), Position(head.0 / 2), head] {
            let (shown, steps) = walked(&ledger, scope, after);
            assert_eq!(shown, stored(&ledger, &*log, scope, after), "{scope:?} after {after}");
            assert!(steps <= commits, "each block once: {steps} steps for {commits}");
        }
    }
    let (all, _) = walked(&ledger, auditor, Position::ZERO);
    let (some, _) = walked(&ledger, provider, Position::ZERO);
    assert_eq!(all.len() as u64, head.0);
    assert!(some.len() < all.len(), "a provider does not see the cases of others");
    assert!(all.iter().all(|(_, _, body)| body[..16] != [0; 16]), "a body has its salt");
}

#[tokio::test]
async fn a_walk_goes_on_with_what_is_recorded_after_it_came_to_the_head() {
    let world = World::SMALL;
    let ledger = open(memory(), Settings::default());
    set_up(&ledger, world).await;
    let mut walk = ledger.walk(Scope::new(world.commissioner(), Role::Auditor), Position::ZERO);
    let mut count = 0;
    while walk.step(|_| count += 1).expect("readable") {}
    assert_eq!(count, ledger.snapshot().position().0);
    assert!(!walk.step(|_| count += 1).expect("readable"), "still at the head");
    live(&ledger, world, 0).await;
    while walk.step(|_| count += 1).expect("readable") {}
    assert_eq!(count, ledger.snapshot().position().0);
}
