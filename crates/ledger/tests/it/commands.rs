//! What a caller is told about a command, and what it leaves behind.

use tallystick_domain::{CaseKey, Cases as _, Position, Refusal, Rule};
use tallystick_ledger::Outcome;

use crate::house::{accepted, ready};
use crate::world::{World, command_id, person};

#[tokio::test]
async fn a_life_is_recorded_event_by_event() {
    let world = World::SMALL;
    let ledger = ready(world).await;
    let before = ledger.snapshot().position();
    for (number, command) in (1..).zip(world.life(0)) {
        let receipt = accepted(&ledger, command).await;
        assert_eq!(receipt.position, Position(before.0 + number));
        assert_eq!(receipt.events.len(), 1);
        assert!(ledger.snapshot().position() >= receipt.position, "shown before it is answered");
        let record = ledger.event(receipt.events[0]).expect("readable").expect("there");
        assert_eq!(record.envelope.position, receipt.position);
    }
    let snapshot = ledger.snapshot();
    let case = snapshot.case(CaseKey::Person(person(0))).expect("there");
    let life = case.person().expect("a person");
    assert_eq!(life.placements[0].sessions.len(), 11);
}

#[tokio::test]
async fn i6_an_accepted_command_has_one_answer_for_ever() {
    let world = World::SMALL;
    let ledger = ready(world).await;
    let life = world.life(0);
    let receipt = accepted(&ledger, life[0].clone()).await;
    let again = ledger.submit(life[0].clone()).await.expect("an answer");
    assert_eq!(again, Outcome::Replayed(receipt));
    let mut other = life[0].clone();
    other.steps[0].occurred = crate::world::day("2008-05-05").into();
    let other = ledger.submit(other).await.expect("an answer");
    assert_eq!(other, Outcome::CommandIdReused);
    assert_eq!(ledger.snapshot().position(), Position(ledger.health().position.0));
}

#[tokio::test]
async fn a_refused_command_may_be_given_again() {
    let world = World::SMALL;
    let ledger = ready(world).await;
    let life = world.life(0);
    let refused = ledger.submit(life[1].clone()).await.expect("an answer");
    let Outcome::Refused(refused) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.refusal, Refusal::NotFound { field: "person" });
    accepted(&ledger, life[0].clone()).await;
    accepted(&ledger, life[1].clone()).await;
}

#[tokio::test]
async fn an_identifier_is_one_persons() {
    let world = World::SMALL;
    let ledger = ready(world).await;
    accepted(&ledger, world.life(0)[0].clone()).await;
    let mut twin = world.life(1)[0].clone();
    let tallystick_domain::Action::RegisterPerson { identity, .. } = &mut twin.steps[0].action
    else {
        panic!("a registration")
    };
    *identity = world.identity(0);
    let refused = ledger.submit(twin.clone()).await.expect("an answer");
    let Outcome::Refused(refused) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.refusal, Refusal::from(Rule::IdentifierTaken));

    // Once the first registration is voided, the identifier is free.
    accepted(&ledger, world.voiding(&world.life(0)[0], command_id(1))).await;
    accepted(&ledger, twin).await;
}
