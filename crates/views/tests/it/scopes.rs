//! Who sees what: nothing of a scope's view is outside its audience, and everything inside is in.

use crate::world::{AGENCIES, World, scopes};
use tallystick_domain::{Cases as _, Position, Role, audience::sees};
use tallystick_views::{List, Scope};

#[test]
fn a_scope_sees_what_the_audience_holds_and_nothing_else() {
    for seed in 200..240 {
        let mut world = World::new(seed);
        world.live_on(50);
        for scope in scopes() {
            let view = world.live.view(scope);
            for record in world.blocks.iter().flatten() {
                let stream = record.envelope.stream;
                let case = world.live.case(world.live.home(stream).unwrap()).unwrap();
                let held = sees(case, stream, scope.agency(), scope.role());
                assert_eq!(view.holds(stream), held);
                assert_eq!(view.version(stream).is_some(), held);
            }
            for entry in view.list(List::Referrals, ..) {
                let referral = view.referral_at(entry).unwrap();
                assert!(view.referral(referral.referral.id).is_some());
            }
            for list in [List::People, List::Caseload, List::Referrals, List::Placements] {
                for entry in view.list(list, ..) {
                    let person = view.person_at(entry).unwrap();
                    assert!(view.person(person.id()).is_some(), "{list:?} {scope:?}");
                    assert!(person.referrals().all(|it| view.holds(it.referral.id.into())));
                    assert!(person.sentences().all(|it| view.holds(it.sentence.id.into())));
                    assert!(person.placements().all(|it| view.holds(it.placement.id.into())));
                }
            }
        }
    }
}

#[test]
fn a_change_of_what_an_agency_sees_is_noted_where_it_happened() {
    for seed in 240..260 {
        let mut world = World::new(seed);
        for _ in 0..40 {
            let before = world.live.clone();
            world.live_on(1);
            let batch_of = |stream| {
                let opened = world.blocks.iter().flatten().find(|it| it.envelope.stream == stream);
                opened.unwrap().envelope.position > before.position()
            };
            for agency in AGENCIES {
                let scope = Scope::new(agency, Role::ProviderLead);
                let noted = world.live.scope_changes(scope, before.position());
                for stream in world.blocks.iter().flatten().map(|it| it.envelope.stream) {
                    if batch_of(stream)
                        || before.sees(scope, stream) == world.live.sees(scope, stream)
                    {
                        continue;
                    }
                    let key = world.live.home(stream).unwrap();
                    assert!(noted.iter().any(|(_, case)| *case == key), "seed {seed}: {stream}");
                    assert!(world.live.changed(scope) > before.position());
                }
                assert!(noted.iter().all(|(at, _)| *at > before.position()));
                let all = world.live.scope_changes(scope, Position::ZERO);
                assert!(all.is_sorted_by_key(|(at, _)| *at));
            }
        }
    }
}
