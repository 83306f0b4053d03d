//! How a person lives: who may record it, who sees it, and what holds on a day.

use crate::scene::{Deed, day, event_of, given, replace, sealed, void};
use crate::world::*;
use tallystick_domain::audience::{audience, sees};
use tallystick_domain::codes::{
    AccommodationType, CorrectionReason, EducationStatus, EmploymentStatus, WorkerRole,
};
use tallystick_domain::command::{Amendment, CorrectionAsked};
use tallystick_domain::event::{Circumstance, CircumstanceKind};
use tallystick_domain::refusal::Problem;
use tallystick_domain::{Event, EventType, Role, Rule};

fn working(status: EmploymentStatus, hours_week: Option<u8>) -> Circumstance {
    Circumstance::Employment { status, hours_week, employer: None, started: None }
}

/// A mentor of a charity on the sentence, and an offender manager of the trust.
fn mentored() -> [Deed; 2] {
    [
        allocate(SENTENCE, worker(WorkerRole::OffenderManager, TRUST)),
        allocate(SENTENCE, worker(WorkerRole::Mentor, CONNECT)),
    ]
}

#[test]
fn a_circumstance_is_for_those_who_are_responsible_for_the_person() {
    let scene = given(sentenced()).and(mentored()).and([record(housed(AccommodationType::A04))]);
    let case = scene.case(CASE);
    let own = circumstances_of(PERSON);
    assert_eq!(audience(case, own).agencies(), [TRUST]);
    assert_eq!(audience(case, PERSON.into()).agencies(), [TRUST, CONNECT]);
    assert_eq!(scene.records.last().unwrap().envelope.parties, [TRUST]);
    assert!(sees(case, own, TRUST, Role::OffenderManager));
    assert!(!sees(case, own, TRUST, Role::Caseworker), "of the same agency");
    assert!(!sees(case, own, CONNECT, Role::OffenderManager), "of another");
    assert!(sees(case, own, NEXT_TRUST, Role::Auditor), "reads everything");
}

#[test]
fn responsibility_moves_with_the_offender_manager() {
    let handed = allocate(SENTENCE, worker(WorkerRole::OffenderManager, NEXT_TRUST));
    let scene = given(sentenced()).and([record(housed(AccommodationType::A04)), handed]);
    let own = circumstances_of(PERSON);
    assert_eq!(audience(scene.case(CASE), own).agencies(), [NEXT_TRUST]);
}

#[test]
fn whoever_only_helps_records_no_circumstance() {
    let of = record(housed(AccommodationType::A04));
    given(sentenced())
        .and(mentored())
        .when(of.clone().by(CONNECT, Role::LinkWorker))
        .then_refused(Rule::NotYours);
    given(started()).when(of.by(YSS, Role::LinkWorker)).then_not_found("person");
}

#[test]
fn nobody_unknown_lives_anywhere() {
    given(directory()).when(record(housed(AccommodationType::A04))).then_not_found("person");
    given(registered())
        .and([correct([void(event_of(TRUST, "registered"))])])
        .when(record(housed(AccommodationType::A04)))
        .then_not_found("person");
}

#[test]
fn what_holds_on_a_day_is_the_latest_up_to_it_whenever_it_was_recorded() {
    let at = |on, of| record(housed(of)).on(on).recorded("2009-01-01");
    let scene = given(sentenced()).and([
        at("2008-06-10", AccommodationType::A04),
        at("2008-09-01", AccommodationType::A08a),
        at("2008-07-01", AccommodationType::A03),
        record(lives(working(EmploymentStatus::FullTime, Some(37)))).on("2008-08-01"),
        at("2008-09-01", AccommodationType::A01c),
    ]);
    let person = scene.case(CASE).person().unwrap();
    let on = |kind, text| {
        let known = person.circumstance_on(kind, day(text));
        known.map(|known| known.facts.circumstance.clone())
    };
    let housed = |text| match on(CircumstanceKind::Accommodation, text) {
        Some(Circumstance::Accommodation { r#type }) => Some(r#type),
        _ => None,
    };
    assert_eq!(housed("2008-06-09"), None);
    assert_eq!(housed("2008-06-30"), Some(AccommodationType::A04));
    assert_eq!(housed("2008-08-31"), Some(AccommodationType::A03));
    assert_eq!(housed("2008-09-01"), Some(AccommodationType::A01c), "the later record of a day");
    let job = working(EmploymentStatus::FullTime, Some(37));
    assert_eq!(on(CircumstanceKind::Employment, "2009-01-01"), Some(job));
    assert_eq!(on(CircumstanceKind::Debt, "2009-01-01"), None);
}

#[test]
fn hours_and_a_first_day_are_of_somebody_in_work() {
    let record = |circumstance| given(sentenced()).when(record(lives(circumstance)));
    record(working(EmploymentStatus::Unemployed, Some(1)))
        .then_invalid("hoursWeek", Problem::NotAllowed);
    record(working(EmploymentStatus::Unemployed, None)).then([EventType::CircumstanceRecorded]);
    record(working(EmploymentStatus::FullTime, Some(168))).then([EventType::CircumstanceRecorded]);
    let over = Problem::OutOfRange { found: 169, least: 0, most: 168 };
    record(working(EmploymentStatus::FullTime, Some(169))).then_invalid("hoursWeek", over);
    let employed = |employer, started| Circumstance::Employment {
        status: EmploymentStatus::SelfEmployed,
        hours_week: None,
        employer,
        started,
    };
    record(employed(Some(STRANGER), None)).then_not_found("employer");
    record(employed(Some(CONNECT), None)).then([EventType::CircumstanceRecorded]);
    let late = employed(None, Some(day("2008-06-11")));
    record(late).then_invalid("started", Problem::DatesOutOfOrder);
}

#[test]
fn a_circumstance_is_corrected_and_voided() {
    let wrong = record(housed(AccommodationType::A08a)).called("wrong");
    let learns = Circumstance::Education { status: EducationStatus::Further, level: None };
    let other = record(lives(learns)).called("other");
    let restated = |target: &str, person, of| CorrectionAsked {
        target: event_of(TRUST, target),
        op: Amendment::ReplaceCircumstance {
            person,
            occurred_on: day("2008-06-11").into(),
            recorded: housed(of),
        },
        reason: CorrectionReason::NewEvidence,
    };
    let scene = given(sentenced())
        .and([wrong.clone(), other])
        .when(correct([
            restated("wrong", PERSON, AccommodationType::A07b),
            void(event_of(TRUST, "other")),
        ]))
        .then([EventType::Corrected, EventType::Corrected]);
    let [known] = &scene.case(CASE).person().unwrap().circumstances[..] else {
        panic!("one is left")
    };
    assert_eq!(known.facts, housed(AccommodationType::A07b));
    assert_eq!(known.on, day("2008-06-11"));
    assert_eq!(known.sealed.event_type, EventType::Corrected);

    given(sentenced())
        .and([wrong.clone(), register(OTHER_PERSON)])
        .when(correct([restated("wrong", OTHER_PERSON, AccommodationType::A07b)]))
        .then_refused(Rule::ReplacementDiffers);
    // What may hold something sealed is replaced in the form that seals it.
    let unsealed = replace(event_of(TRUST, "wrong"), "2008-06-11", housed(AccommodationType::A04));
    given(sentenced())
        .and([wrong])
        .when(correct([unsealed]))
        .then_refused(Rule::ReplacementDiffers);
}

#[test]
fn what_is_confidential_is_known_as_such_also_as_a_replacement() {
    let owes = Event::from(lives(Circumstance::Debt(sealed(b"owes"))));
    let op = tallystick_domain::event::Correction::Replace {
        occurred_on: day("2008-06-11").into(),
        event: Box::new(owes.clone()),
    };
    let target = event_of(TRUST, "owes");
    let reason = CorrectionReason::NewEvidence;
    let corrected = tallystick_domain::event::Corrected { target, op, reason };
    assert!(owes.is_confidential());
    assert!(Event::from(corrected).is_confidential());
    assert!(!Event::from(housed(AccommodationType::A04)).is_confidential());
}
