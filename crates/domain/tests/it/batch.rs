//! Several commands on one head: what is accepted is there for the next, what is refused is not.

use crate::scene::{Deed, Scene, comes_back, event_of, given, void};
use crate::world::*;
use tallystick_domain::codes::{AttendanceOutcome, BreachStep, Decision};
use tallystick_domain::overlay::Batch;
use tallystick_domain::{Case, Cases, EventType, Facts, Overlay, Position, Refused, Role, Rule};

/// Decides these commands, one deed each, on one overlay.
fn together(scene: &mut Scene, deeds: &[Deed]) -> (Vec<Result<usize, Refused>>, Batch) {
    let commands: Vec<_> =
        deeds.iter().map(|deed| scene.command(std::slice::from_ref(deed))).collect();
    let mut overlay = Overlay::new(&scene.published, scene.head(), 77);
    let answers = commands
        .iter()
        .map(|(command, now)| {
            // What is durable: the overlay finds the batch's own records itself.
            let facts = scene.facts(command);
            let before = overlay.records().len();
            let answer = overlay.decide(command, &facts, *now);
            assert!(answer.is_ok() || overlay.records().len() == before);
            answer.map(|range| range.len())
        })
        .collect();
    (answers, overlay.into_parts())
}

#[test]
fn a_batch_reads_what_it_has_written() {
    let mut scene = given(sentenced());
    let deeds = [
        refer(REFERRAL, asking(PERSON, SERVICE)),
        decide(Decision::Accepted),
        book(PLACEMENT, booking()),
    ];
    let (answers, batch) = together(&mut scene, &deeds);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(batch.records.len(), 3);
    assert_eq!(batch.cases.len(), 1);
    assert_eq!(batch.homes.len(), 2);
}

#[test]
fn a_refused_neighbour_leaves_no_trace() {
    let fine = [start(), attend(session("s1", AttendanceOutcome::Complied))];
    let mut alone = given(booked());
    let (_, expected) = together(&mut alone, &fine);

    let [first, second] = fine;
    let refused = complete(completion()).by(TRUST, Role::ProviderLead);
    let mut scene = given(booked());
    let (mut command, now) = scene.command(&[first]);
    command.id = expected.records[0].envelope.command;
    let (mut next, then) = scene.command(&[second]);
    next.id = expected.records[1].envelope.command;
    let (neighbour, _) = scene.command(&[refused]);
    let mut overlay = Overlay::new(&scene.published, scene.head(), 77);
    let facts = Facts::default();
    overlay.decide(&command, &facts, now).unwrap();
    overlay.decide(&neighbour, &facts, now).unwrap_err();
    overlay.decide(&next, &facts, then).unwrap();
    let batch = overlay.into_parts();
    assert_eq!(batch.records, expected.records);
    assert_eq!(batch.cases, expected.cases);
    assert_eq!(batch.homes, expected.homes);
}

#[test]
fn a_command_whose_last_step_is_refused_leaves_no_trace_of_the_others() {
    let mut scene = given(sentenced());
    let deeds = [refer(REFERRAL, asking(PERSON, SERVICE)), start()];
    let (command, now) = scene.command(&deeds);
    let mut overlay = Overlay::new(&scene.published, scene.head(), 1);
    let refused = overlay.decide(&command, &Facts::default(), now).unwrap_err();
    assert_eq!(refused.step, 1);
    assert_eq!(overlay.head(), scene.head());
    assert_eq!(overlay.home(REFERRAL.into()), None);
    let published = scene.case(CASE);
    assert_eq!(**overlay.case(CASE).unwrap(), *published);
    // The reference is free: what was refused never was.
    let (command, now) = scene.command(&deeds[..1]);
    let mut overlay = Overlay::new(&scene.published, scene.head(), 1);
    overlay.decide(&command, &Facts::default(), now).unwrap();
}

#[test]
fn positions_have_no_gap_and_versions_are_each_streams_own() {
    let scene = given(accepted())
        .when_together([
            book(PLACEMENT, booking()),
            start(),
            attend(session("s1", AttendanceOutcome::Complied)),
        ])
        .then([
            EventType::PlacementBooked,
            EventType::PlacementStarted,
            EventType::AttendanceRecorded,
        ]);
    for (place, record) in (1..).zip(&scene.records) {
        assert_eq!(record.envelope.position, Position(place));
        let earlier = scene.records[..usize::try_from(place).unwrap()].iter();
        let version = earlier.filter(|it| it.envelope.stream == record.envelope.stream).count();
        assert_eq!(record.envelope.version as usize, version);
    }
    let last: Vec<_> = scene.records.iter().rev().take(3).rev().map(|it| &it.envelope).collect();
    assert_eq!(
        last.iter().map(|it| (it.index, it.of)).collect::<Vec<_>>(),
        [(0, 3), (1, 3), (2, 3)]
    );
    assert_eq!(last.iter().map(|it| it.version).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(last.iter().map(|it| it.ends_command()).collect::<Vec<_>>(), [false, false, true]);
    assert!(last.iter().all(|it| it.command == last[0].command && it.commit == last[0].commit));
}

#[test]
fn the_published_cases_stay_as_they_were() {
    let mut scene = given(booked());
    let before: Case = scene.case(CASE).clone();
    let (answers, batch) = together(&mut scene, &[start()]);
    assert_eq!(answers, [Ok(1)]);
    assert_eq!(*scene.case(CASE), before);
    assert_ne!(*batch.cases[&CASE], before);
}

#[test]
fn a_batch_corrects_and_enforces_what_it_has_recorded() {
    let absence = attend(session("s1", AttendanceOutcome::UnacceptableAbsence)).called("missed");
    let warned = enforce(grounded(1, BreachStep::Warning, &[event_of(YSS, "missed")]));
    let mut scene = given(started());
    let (answers, _) = together(&mut scene, &[absence.clone(), warned]);
    assert_eq!(answers, [Ok(1), Ok(1)]);

    // A case of which everything is in the batch.
    let mut scene = given(directory());
    let voided = correct([void(event_of(TRUST, "registered"))]);
    let (answers, batch) = together(&mut scene, &[register(PERSON).called("registered"), voided]);
    assert_eq!(answers, [Ok(1), Ok(1)]);
    assert_eq!(*batch.cases[&CASE], Case::fold(CASE, &batch.records));
    assert!(batch.cases[&CASE].person().unwrap().registration.is_none());
}

#[test]
fn a_correction_without_the_whole_history_is_refused_and_spoils_nothing() {
    let absence = attend(session("s1", AttendanceOutcome::UnacceptableAbsence)).called("missed");
    let voided = correct([void(event_of(YSS, "missed"))]).by(YSS, Role::ProviderLead);
    let mut scene = given(started());
    // The shell has not handed over the durable records of the case.
    let (answers, batch) = together(&mut scene, &[absence, voided]);
    let refusal = tallystick_domain::Refusal::NotFound { field: "target" };
    assert_eq!(answers, [Ok(1), Err(Refused { step: 0, refusal })]);
    assert_eq!(batch.cases[&CASE].person().unwrap().sentences.len(), 1);
}

#[test]
fn records_of_a_batch_come_back_from_their_bytes() {
    let mut scene = given(booked());
    let (_, batch) = together(&mut scene, &[start(), complete(completion())]);
    batch.records.iter().for_each(comes_back);
}

#[test]
fn the_first_refused_step_is_named() {
    let mut scene = given(booked());
    let (command, now) = scene.command(&[start(), start()]);
    let mut overlay = Overlay::new(&scene.published, scene.head(), 1);
    let refused = overlay.decide(&command, &Facts::default(), now).unwrap_err();
    let refusal = Rule::PlacementNotBooked.into();
    assert_eq!(refused, Refused { step: 1, refusal });
    assert_eq!(refused.to_string(), "step 1: the placement is not waiting to start");
}
