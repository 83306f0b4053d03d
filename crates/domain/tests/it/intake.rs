//! Intake: personal values are sealed for the record that they will stand in, and the same input
//! is the same bytes.

use crate::scene::{Deed, day, event_of, given, sealed, void};
use crate::world::*;
use std::convert::Infallible;
use tallystick_domain::codes::{AttendanceOutcome, CorrectionReason, IdentifierScheme};
use tallystick_domain::command::{
    Amendment, CircumstanceGiven, CorrectionAsked, Given, Identity, Place, Sealer,
};
use tallystick_domain::event::{
    Circumstance, CircumstanceKind, CircumstanceText, FreeText, Identifier, PersonRegistered,
};
use tallystick_domain::id::{CommandId, PersonId};
use tallystick_domain::{Action, Command, EventType, Note, Occurred, Overlay, Sealed, Step};

/// Writes the place that it seals for into the blob.
struct Places;

fn blob(place: Place) -> Vec<u8> {
    format!("{} {}", place.index, place.event_type.name()).into_bytes()
}

impl Sealer<Infallible> for Places {
    fn identity(
        &mut self,
        place: Place,
        _: PersonId,
        clear: &Identity,
    ) -> Result<PersonRegistered, Infallible> {
        let scheme = clear.identifiers[0].0;
        let identifiers = vec![Identifier { scheme, value: sealed(&blob(place)) }];
        Ok(PersonRegistered { identifiers, name: sealed(&blob(place)), born: sealed(&blob(place)) })
    }

    fn circumstance(
        &mut self,
        place: Place,
        _: PersonId,
        kind: CircumstanceKind,
        _: &Note,
    ) -> Result<Sealed<CircumstanceText>, Infallible> {
        Ok(sealed(&[&blob(place), kind.path().as_bytes()].concat()))
    }

    fn note(
        &mut self,
        place: Place,
        _: &Action<Given>,
        _: &Note,
    ) -> Result<Sealed<FreeText>, Infallible> {
        Ok(sealed(&blob(place)))
    }
}

fn who() -> Identity {
    Identity {
        identifiers: vec![(IdentifierScheme::Crn, label("X123456"))],
        given_name: label("Sam"),
        family_name: label("Example"),
        born: day("1981-02-03"),
    }
}

fn noted(on: &str, action: Action<Given>) -> Step<Given> {
    let occurred: Occurred = on.parse().unwrap();
    Step { note: Some(Note::new("came by bus").unwrap()), ..Step::new(occurred, action) }
}

fn command(origin: &Deed, steps: Vec<Step<Given>>) -> Command<Given> {
    Command { id: CommandId([0xd0; 16]), mac: [0; 16], origin: origin.origin, steps }
}

fn registration() -> Step<Given> {
    noted("2008-04-10", Action::RegisterPerson { person: PERSON, identity: who() })
}

fn imposition() -> Step<Given> {
    noted("2008-04-12", Action::ImposeSentence { sentence: SENTENCE, imposed: sentence_of(PERSON) })
}

fn identified() -> CorrectionAsked<Given> {
    let op = Amendment::ReplaceIdentity {
        person: PERSON,
        occurred_on: day("2008-04-09").into(),
        identity: who(),
    };
    let target = event_of(TRUST, "registered");
    CorrectionAsked { target, op, reason: CorrectionReason::EnteredWrongly }
}

fn voided(name: &str) -> CorrectionAsked<Given> {
    CorrectionAsked {
        target: event_of(TRUST, name),
        op: Amendment::Void,
        reason: CorrectionReason::Duplicate,
    }
}

#[test]
fn a_value_is_sealed_for_the_record_that_it_will_stand_in() {
    let deed = register(PERSON);
    let steps = vec![registration(), imposition()];
    let Ok(command) = command(&deed, steps).seal(&mut Places);
    let scene = given(directory());
    let mut overlay = Overlay::new(&scene.published, scene.head(), 1);
    let now = crate::scene::noon(day("2008-04-12"));
    overlay.decide(&command, &scene.facts(&command), now).unwrap();
    for record in overlay.records() {
        let (index, event_type) = (record.envelope.index, record.envelope.event_type);
        let place = blob(Place { index, event_type });
        assert_eq!(record.note.as_ref().unwrap().blob(), place);
        if let tallystick_domain::Event::PersonRegistered(registered) = &record.event {
            assert_eq!(registered.name.blob(), place);
            assert_eq!(registered.identifiers[0].value.blob(), place);
        }
    }
}

#[test]
fn corrections_count_as_events_where_values_are_sealed() {
    // Two voids before the identity, all in one step, and a step with a note after them.
    let mut deeds = registered();
    deeds.push(impose(SENTENCE, sentence_of(PERSON)));
    deeds.push(vary(variation()).called("varied"));
    let scene = given(deeds);
    let corrections = vec![voided("varied"), voided("imposed"), identified()];
    let deed = correct([]);
    let steps = vec![noted("2009-01-05", Action::Correct { corrections }), imposition_again()];
    let Ok(command) = command(&deed, steps).seal(&mut Places);
    let mut overlay = Overlay::new(&scene.published, scene.head(), 1);
    let now = crate::scene::noon(day("2009-01-05"));
    overlay.decide(&command, &scene.facts(&command), now).unwrap();
    let place = |index, event_type| blob(Place { index, event_type });
    let records = overlay.records();
    let note = |index: usize| records[index].note.as_ref().map(Sealed::blob);
    assert_eq!(note(0), Some(&place(0, EventType::Corrected)[..]));
    assert_eq!((note(1), note(2)), (None, None));
    assert_eq!(note(3), Some(&place(3, EventType::SentenceImposed)[..]));
    let case = overlay.into_parts().cases[&CASE].clone();
    let registration = case.person().unwrap().registration.clone().unwrap();
    assert_eq!(registration.facts.name.blob(), place(2, EventType::Corrected));
    assert_eq!(registration.sealed.index, 2);
    assert_eq!(registration.sealed.event_type, EventType::Corrected);
}

fn imposition_again() -> Step<Given> {
    let sentence = tallystick_domain::id::SentenceId([0x5e; 16]);
    noted("2008-04-12", Action::ImposeSentence { sentence, imposed: sentence_of(PERSON) })
}

#[test]
fn the_same_input_has_the_same_bytes_and_any_other_has_not() {
    let deed = register(PERSON);
    let input = |steps| command(&deed, steps).canonical_input();
    let base = input(vec![registration(), imposition()]);
    let mut expecting = registration();
    expecting.expected_version = Some(0);
    assert_eq!(input(vec![expecting, imposition()]), base, "what was seen is not what is asked");

    let changed = |change: fn(&mut Step<Given>)| {
        let mut step = registration();
        change(&mut step);
        input(vec![step, imposition()])
    };
    let identity = |change: fn(&mut Identity)| {
        let mut identity = who();
        change(&mut identity);
        let mut step = registration();
        step.action = Action::RegisterPerson { person: PERSON, identity };
        input(vec![step, imposition()])
    };
    let others = [
        input(vec![imposition(), registration()]),
        input(vec![registration()]),
        changed(|step| step.note = None),
        changed(|step| step.note = Some(Note::new("came by train").unwrap())),
        changed(|step| step.occurred.minute = Some(0)),
        changed(|step| step.cause = Some(event_of(TRUST, "cause"))),
        identity(|who| who.given_name = label("Samuel")),
        identity(|who| who.family_name = label("Sample")),
        identity(|who| who.born = day("1981-03-02")),
        identity(|who| who.identifiers[0].0 = IdentifierScheme::Noms),
        identity(|who| who.identifiers[0].1 = label("X123457")),
        input(vec![
            noted("2008-04-10", Action::RegisterPerson { person: OTHER_PERSON, identity: who() }),
            imposition(),
        ]),
    ];
    for (number, other) in others.iter().enumerate() {
        assert_ne!(*other, base, "change {number}");
        assert!(others[..number].iter().all(|earlier| earlier != other), "change {number}");
    }
}

fn owes(text: &str) -> CircumstanceGiven {
    let circumstance = Circumstance::Debt(Note::new(text).unwrap());
    CircumstanceGiven { circumstance, verified: false, source: None }
}

#[test]
fn a_confidential_circumstance_is_sealed_for_its_record_and_its_field() {
    let deed = register(PERSON);
    let action = Action::RecordCircumstance { person: PERSON, recorded: owes("a loan") };
    let steps = vec![registration(), Step::new(day("2008-04-12"), action)];
    let Ok(command) = command(&deed, steps).seal(&mut Places);
    let Action::RecordCircumstance { recorded, .. } = &command.steps[1].action else {
        panic!("another action")
    };
    let place = Place { index: 1, event_type: EventType::CircumstanceRecorded };
    let expected = [&blob(place), &b"circumstance/debt"[..]].concat();
    assert_eq!(recorded.circumstance.confidential().map(Sealed::blob), Some(&expected[..]));
}

#[test]
fn circumstances_that_differ_have_other_bytes() {
    let deed = register(PERSON);
    let input = |person, recorded| {
        let action = Action::RecordCircumstance { person, recorded };
        command(&deed, vec![Step::new(day("2008-04-12"), action)]).canonical_input()
    };
    let text = || Note::new("a loan").unwrap();
    let all = [
        input(PERSON, owes("a loan")),
        input(OTHER_PERSON, owes("a loan")),
        input(PERSON, owes("two loans")),
        input(PERSON, CircumstanceGiven { verified: true, ..owes("a loan") }),
        input(PERSON, CircumstanceGiven { source: Some(code("bank")), ..owes("a loan") }),
        input(
            PERSON,
            CircumstanceGiven { circumstance: Circumstance::Health(text()), ..owes("a loan") },
        ),
    ];
    for (number, one) in all.iter().enumerate() {
        assert!(all[..number].iter().all(|other| other != one), "circumstance {number}");
    }
}

#[test]
fn corrections_that_differ_have_other_bytes() {
    let deed = correct([]);
    let input = |asked| {
        let action = Action::Correct { corrections: vec![asked] };
        command(&deed, vec![noted("2009-01-05", action)]).canonical_input()
    };
    let session = |outcome| {
        let event = Box::new(session("s1", outcome).into());
        let op = Amendment::Replace { occurred_on: day("2008-05-20").into(), event };
        CorrectionAsked { op, ..voided("registered") }
    };
    let all = [
        input(voided("registered")),
        input(voided("imposed")),
        input(CorrectionAsked { reason: CorrectionReason::NewEvidence, ..voided("registered") }),
        input(identified()),
        input(session(AttendanceOutcome::Complied)),
        input(session(AttendanceOutcome::FailedToComply)),
    ];
    for (number, one) in all.iter().enumerate() {
        assert!(all[..number].iter().all(|other| other != one), "correction {number}");
    }
}

#[test]
fn a_command_names_its_grounds_and_its_targets() {
    let missed = event_of(YSS, "missed");
    let started = event_of(YSS, "started");
    let warned = enforce(grounded(1, tallystick_domain::codes::BreachStep::Warning, &[missed]));
    let corrected = correct([void(started), void(missed)]);
    let steps = vec![warned.step.clone(), start().step, corrected.step];
    let command = Command { id: CommandId([0; 16]), mac: [0; 16], origin: warned.origin, steps };
    assert_eq!(command.named_events().collect::<Vec<_>>(), [missed, started, missed]);
}

#[test]
fn personal_values_in_the_clear_do_not_show_in_debug_output() {
    let shown = format!("{:?}", command(&register(PERSON), vec![registration()]));
    for secret in ["Sam", "Example", "X123456", "1981", "bus"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
