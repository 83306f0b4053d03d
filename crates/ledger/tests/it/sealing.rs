//! Personal values: sealed on the way in, opened only where they belong.

use tallystick_domain::{CaseKey, Cases as _, Sealed, text::Note};
use tallystick_ledger::{Closed, Ledger, OpenError, Outcome, Settings};
use tallystick_log::{CommitNumber, ReadBudget, wait};

use crate::house::{accepted, live, memory, open, parts, ready, records, set_up};
use crate::world::{World, command_id, person};

#[tokio::test]
async fn what_is_sealed_opens_where_it_belongs_and_nowhere_else() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    live(&ledger, world, 0).await;
    live(&ledger, world, 1).await;
    let snapshot = ledger.snapshot();
    let registration = |number| {
        let case = snapshot.case(CaseKey::Person(person(number))).expect("there");
        case.person().expect("a person").registration.clone().expect("registered")
    };
    let opened = ledger.open_identity(&registration(0));
    assert!(opened.is_ok_and(|it| it == world.identity(0)));

    // A ciphertext moved to another person's registration, or to another field.
    let mut moved = (*registration(1)).clone();
    moved.facts = registration(0).facts.clone();
    assert!(matches!(ledger.open_identity(&moved), Err(Closed::Tampered)));
    let mut swapped = (*registration(0)).clone();
    swapped.facts.name = Sealed::from_blob(swapped.facts.born.blob());
    assert!(matches!(ledger.open_identity(&swapped), Err(Closed::Tampered)));

    let notes: Vec<_> = records(&*log).into_iter().filter(|it| it.note.is_some()).collect();
    let [first, second] = notes.as_slice() else { panic!("a note a life") };
    let text = ledger.open_note(first).expect("a note").expect("it opens");
    assert_eq!(text.as_str(), "canary note 0: keen to work outdoors");
    let mut moved = second.clone();
    moved.note.clone_from(&first.note);
    assert!(matches!(ledger.open_note(&moved), Some(Err(Closed::Tampered))));
    moved.note = None;
    assert!(ledger.open_note(&moved).is_none());
}

#[tokio::test]
async fn what_the_vault_has_no_key_for_is_erased_and_what_is_altered_is_not() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    live(&ledger, world, 0).await;
    let snapshot = ledger.snapshot();
    let case = snapshot.case(CaseKey::Person(person(0))).expect("there");
    let registration = case.person().expect("a person").registration.clone().expect("registered");
    let noted = records(&*log).into_iter().find(|it| it.note.is_some()).expect("a note");

    // The same ledger with another vault, in which nobody has a key.
    let keyless = ready(world).await;
    assert!(matches!(keyless.open_identity(&registration), Err(Closed::Erased)));
    assert!(matches!(keyless.open_note(&noted), Some(Err(Closed::Erased))));

    let altered = |byte: usize, to: fn(u8) -> u8| {
        let mut altered = (*registration).clone();
        let mut blob = altered.facts.name.blob().to_vec();
        blob[byte] = to(blob[byte]);
        altered.facts.name = Sealed::from_blob(blob);
        ledger.open_identity(&altered)
    };
    let last = registration.facts.name.blob().len() - 1;
    assert!(matches!(altered(0, |_| 2), Err(Closed::Unknown)), "of a later version");
    assert!(matches!(altered(1, |byte| byte ^ 1), Err(Closed::Erased)), "of another key");
    assert!(matches!(altered(last, |byte| byte ^ 1), Err(Closed::Tampered)), "another value");
}

#[tokio::test]
async fn a_log_is_not_opened_with_a_vault_that_lacks_keys_of_its_people() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    for person in 0..2 {
        accepted(&ledger, world.life(person)[0].clone()).await;
    }
    ledger.close().await;
    let opened = Ledger::open(parts(log, Settings::default()), |_| {});
    assert!(matches!(opened, Err(OpenError::KeysMissing { people: 2 })));
}

#[tokio::test]
async fn no_clear_personal_value_is_in_the_log() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    live(&ledger, world, 0).await;
    let all = ReadBudget { bytes: usize::MAX, blocks: usize::MAX };
    for block in wait(log.read(CommitNumber::ZERO, all)).expect("sound") {
        for stored in &block.records().expect("sound") {
            let text = String::from_utf8_lossy(stored.body).to_lowercase();
            assert!(!text.contains("canary"), "{text}");
            assert!(!text.contains("x000000"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_note_on_something_that_the_same_command_opens_is_its_persons() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    // Registration, sentence, worker and referral at once, with notes on most of them.
    let mut whole = world.life(0)[0].clone();
    for command in &world.life(0)[1..4] {
        whole.steps.push(command.steps[0].clone());
    }
    for step in &mut whole.steps[1..] {
        step.note = Some(Note::new("canary of the whole").expect("a note"));
    }
    accepted(&ledger, whole).await;
    let notes: Vec<_> = records(&*log).into_iter().filter(|it| it.note.is_some()).collect();
    assert_eq!(notes.len(), 3);
    for record in &notes {
        let text = ledger.open_note(record).expect("a note").expect("it opens");
        assert_eq!(text.as_str(), "canary of the whole");
    }
}

#[tokio::test]
async fn a_note_on_a_correction_is_the_corrected_persons() {
    let world = World::SMALL;
    let log = memory();
    let ledger = open(log.clone(), Settings::default());
    set_up(&ledger, world).await;
    live(&ledger, world, 0).await;
    let mut correction = world.recredited(&world.life(0)[8], 60, command_id(1));
    correction.steps[0].note = Some(Note::new("canary: left early").expect("a note"));
    accepted(&ledger, correction).await;
    let last = records(&*log).pop().expect("a record");
    let text = ledger.open_note(&last).expect("a note").expect("it opens");
    assert_eq!(text.as_str(), "canary: left early");
}

#[tokio::test]
async fn a_note_on_something_unknown_is_refused_like_the_thing() {
    let world = World::SMALL;
    let ledger = ready(world).await;
    let life = world.life(0);
    let mut start = life[6].clone();
    start.steps[0].note = Some(Note::new("canary").expect("a note"));
    assert!(matches!(ledger.submit(start).await, Ok(Outcome::Refused(_))));
    let mut correction = world.recredited(&life[8], 60, command_id(1));
    correction.steps[0].note = Some(Note::new("canary").expect("a note"));
    assert!(matches!(ledger.submit(correction).await, Ok(Outcome::Refused(_))));
}
