//! I7: every view equals the fold of the log up to its position.

use crate::world::{OTHER_TRUST, TRUST, World, allocate, day, imposed, registration, scopes};
use std::convert::Infallible;
use tallystick_domain::codes::WorkerRole;
use tallystick_domain::id::{PersonId, SentenceId};
use tallystick_domain::{Action, Case, CaseKey, Cases as _, Position, Record, Role};
use tallystick_views::{List, Scope, Snapshot};

/// Folds all records up to a position from nothing.
pub(crate) fn fresh(world: &World, upto: Position) -> Snapshot {
    let mut snapshot = Snapshot::empty();
    for block in &world.blocks {
        let front = block.partition_point(|record| record.envelope.position <= upto);
        let mut history = |positions: &[Position]| -> Result<Vec<Record>, Infallible> {
            Ok(positions.iter().map(|at| world.record(*at).clone()).collect())
        };
        snapshot.fold(&block[..front], &mut history).unwrap();
    }
    snapshot.index();
    snapshot
}

fn assert_same(one: &Snapshot, other: &Snapshot, what: &str) {
    assert_eq!(one.position(), other.position(), "{what}");
    assert!(one.save() == other.save(), "{what}: saved bytes differ");
    for scope in scopes() {
        assert_eq!(one.digest(scope), other.digest(scope), "{what}: digest of {scope:?}");
        assert_eq!(one.changed(scope), other.changed(scope), "{what}: changes of {scope:?}");
        let changes = |snapshot: &Snapshot| snapshot.scope_changes(scope, Position::ZERO);
        assert_eq!(changes(one), changes(other), "{what}: scope changes of {scope:?}");
        for list in List::ALL {
            let things =
                |snapshot: &Snapshot| snapshot.view(scope).list(list, ..).collect::<Vec<_>>();
            assert_eq!(things(one), things(other), "{what}: {list:?} of {scope:?}");
        }
        let odd =
            |snapshot: &Snapshot| snapshot.view(scope).anomalies(day(400)).collect::<Vec<_>>();
        assert_eq!(odd(one), odd(other), "{what}: anomalies of {scope:?}");
    }
}

#[test]
fn i7_live_equals_a_fresh_fold_and_a_savepoint_of_it() {
    for seed in 0..200 {
        let mut world = World::new(seed);
        world.live_on(60);
        let what = format!("seed {seed}");
        let folded = fresh(&world, world.live.position());
        assert_same(&world.live, &folded, &what);
        let loaded = Snapshot::load(&folded.save()).unwrap();
        assert_same(&folded, &loaded, &what);
    }
}

#[test]
fn i7_a_savepoint_goes_on_like_the_ledger_that_it_was_taken_of() {
    for seed in 60..80 {
        let mut world = World::new(seed);
        world.live_on(30);
        world.live = Snapshot::load(&world.live.save()).unwrap();
        world.live_on(30);
        assert_same(&world.live, &fresh(&world, world.live.position()), &format!("seed {seed}"));
    }
}

#[test]
fn i7_every_fold_notes_the_same_where_one_block_opens_a_case_and_moves_its_audience() {
    let mut world = World::new(1);
    let (person, sentence) = (PersonId([50; 16]), SentenceId([51; 16]));
    let move_to = |agency| {
        let action = allocate(sentence.into(), WorkerRole::OffenderManager, agency);
        (TRUST, Role::OffenderManager, 0, action)
    };
    let by_trust = |action| (TRUST, Role::OffenderManager, 0, action);
    let registered = Action::RegisterPerson { person, identity: registration(50) };
    let imposed = Action::ImposeSentence { sentence, imposed: imposed(person, 0) };
    let whole = vec![by_trust(registered), by_trust(imposed), move_to(OTHER_TRUST)];
    assert!(world.batch(whole).is_empty());
    let noted = |agency| {
        let scope = Scope::new(agency, Role::OffenderManager);
        world.live.scope_changes(scope, Position::ZERO)
    };
    // Nobody saw the person before, so nobody's view of what was there has changed.
    assert!([TRUST, OTHER_TRUST].into_iter().all(|agency| noted(agency).is_empty()));
    assert_same(&world.live, &fresh(&world, world.live.position()), "one block");
}

#[test]
fn i7_folding_only_what_a_scope_ever_held_gives_its_view_of_the_past() {
    for seed in 80..120 {
        let mut world = World::new(seed);
        world.live_on(60);
        for scope in scopes() {
            let relevant = world.live.ever_held(scope);
            for eighth in [1, 3, 5, 8] {
                let block = &world.blocks[world.blocks.len() * eighth / 8 - 1];
                let upto = block.last().unwrap().envelope.position;
                let mut past = Snapshot::empty();
                for block in &world.blocks {
                    let own: Vec<_> = block
                        .iter()
                        .filter(|record| record.envelope.position <= upto)
                        .filter(|record| {
                            world
                                .live
                                .home(record.envelope.stream)
                                .is_some_and(|key| relevant.contains(&key))
                        })
                        .cloned()
                        .collect();
                    let mut history = |positions: &[Position]| -> Result<Vec<Record>, Infallible> {
                        Ok(positions.iter().map(|at| world.record(*at).clone()).collect())
                    };
                    past.fold(&own, &mut history).unwrap();
                }
                past.index();
                let whole = fresh(&world, upto);
                assert_eq!(past.digest(scope), whole.digest(scope), "seed {seed} {scope:?} {upto}");
            }
        }
    }
}

#[test]
fn a_case_is_the_fold_of_its_records() {
    for seed in 120..140 {
        let mut world = World::new(seed);
        world.live_on(60);
        for key in (0..8)
            .map(|person| CaseKey::Person(tallystick_domain::id::PersonId([100 + person; 16])))
        {
            let Some(case) = world.live.case(key) else { continue };
            let records: Vec<_> =
                case.trail.positions.iter().map(|at| world.record(*at).clone()).collect();
            assert_eq!(**case, Case::fold(key, &records), "seed {seed}");
        }
    }
}

#[test]
fn what_is_no_savepoint_is_refused() {
    let mut world = World::new(1);
    world.live_on(10);
    let bytes = world.live.save();
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert!(Snapshot::load(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn the_random_partnership_lives_through_nearly_everything() {
    use tallystick_domain::EventType as E;
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut world = World::new(seed);
        world.live_on(60);
        seen.extend(world.blocks.iter().flatten().map(|record| record.envelope.event_type));
    }
    let left_out = [E::SentenceVaried, E::SettingChanged, E::QualificationAwarded];
    for event_type in E::ALL {
        assert_eq!(seen.contains(event_type), !left_out.contains(event_type), "{event_type:?}");
    }
}
