//! Corrections: what may be corrected, by whom, and what becomes of what rests on it.

use crate::scene::{day, event_of, given, refusals, replace, void};
use crate::world::*;
use tallystick_domain::codes::{
    AgencyKind, AttendanceOutcome, BreachStep, CorrectionReason, WorkerRole,
};
use tallystick_domain::command::{Amendment, CorrectionAsked};
use tallystick_domain::event::{
    AttendanceRecorded, PlacementBooked, PlacementStarted, ReferralMade, ServiceDescribed,
};
use tallystick_domain::id::{PersonId, ReferralId, SentenceId, ServiceId};
use tallystick_domain::placement::PlacementState;
use tallystick_domain::{CaseKey, EventId, EventType, Role, Rule};

fn at_yss(name: &str) -> EventId {
    event_of(YSS, name)
}

fn at_trust(name: &str) -> EventId {
    event_of(TRUST, name)
}

fn by_yss(corrections: impl IntoIterator<Item = CorrectionAsked>) -> crate::scene::Deed {
    correct(corrections).by(YSS, Role::ProviderLead)
}

fn by_commissioner(corrections: impl IntoIterator<Item = CorrectionAsked>) -> crate::scene::Deed {
    correct(corrections).by(TRUST, Role::Commissioner)
}

fn identified(person: PersonId) -> CorrectionAsked {
    let op = Amendment::ReplaceIdentity {
        person,
        occurred_on: day("2008-04-09").into(),
        identity: identity(b"truly"),
    };
    CorrectionAsked { target: at_trust("registered"), op, reason: CorrectionReason::EnteredWrongly }
}

/// Two people, each with a sentence, so that a correction can try to move something between them.
fn two_people() -> Vec<crate::scene::Deed> {
    let mut deeds = referred();
    let other = SentenceId([0x5f; 16]);
    deeds.push(register(OTHER_PERSON).called("other_person"));
    deeds.push(impose(other, sentence_of(OTHER_PERSON)).called("other_sentence"));
    deeds
}

refusals! {
    NotRecorder: a_partner_does_not_correct_what_another_recorded =
        given(started()).when(correct([void(at_yss("started"))]));
    NotRecorder: only_the_commissioner_of_this_ledger_corrects_for_others = given(started())
        .when(correct([void(at_yss("started"))]).by(NEXT_TRUST, Role::Commissioner));
    TargetNotEffective: what_was_voided_is_not_corrected_again = given(started())
        .and([by_yss([void(at_yss("started"))])])
        .when(by_yss([void(at_yss("started"))]));
    TargetNotEffective: what_was_voided_is_not_replaced = given(started())
        .and([by_yss([void(at_yss("started"))])])
        .when(by_yss([replace(at_yss("started"), "2008-05-13", PlacementStarted {})]));
    ReplacementDiffers: a_replacement_is_of_the_same_type = given(started())
        .when(by_yss([replace(at_yss("started"), "2008-05-13", completion())]));
    ReplacementDiffers: a_sentence_does_not_move_to_another_person = given(two_people())
        .when(correct([replace(at_trust("imposed"), "2008-04-12", sentence_of(OTHER_PERSON))]));
    ReplacementDiffers: a_referral_does_not_move_to_another_person = given(two_people())
        .when(correct([replace(at_trust("referred"), "2008-05-01", ReferralMade {
            sentence: None,
            ..asking(OTHER_PERSON, SERVICE)
        })]));
    ReplacementDiffers: a_referral_does_not_move_to_another_service = given(two_people())
        .when(correct([replace(at_trust("referred"), "2008-05-01", asking(PERSON, FARM))]));
    ReplacementDiffers: a_booking_does_not_move_to_another_referral = given(booked()).when(
        by_yss([replace(at_yss("booked"), "2008-05-08", PlacementBooked {
            referral: ReferralId([0xee; 16]),
            ..booking()
        })]),
    );
    ReplacementDiffers: a_service_does_not_move_to_another_agreement = given(directory()).when(
        by_commissioner([replace(at_trust("offered"), "2008-04-01", offer(FARM_AGREEMENT, YSS))]),
    );
    ReplacementDiffers: a_registration_is_replaced_as_an_identity = given(registered())
        .when(correct([replace(at_trust("registered"), "2008-04-09", identity(b"truly"))]));
    ReplacementDiffers: an_identity_replaces_that_of_the_same_person =
        given(two_people()).when(correct([identified(OTHER_PERSON)]));
    IdentifierTaken: a_corrected_identifier_names_one_person = given(registered())
        .when(correct([identified(PERSON)]).with_an_identifier_that_is_taken());
    CorrectionNotReplaced: a_correction_is_voided_and_not_replaced = given(started())
        .and([by_yss([void(at_yss("started"))]).called("voided")])
        .when(by_yss([replace(at_yss("voided"), "2008-05-13", PlacementStarted {})]));
    FoundationNotVoided: an_agency_is_ended_and_not_voided =
        given(directory()).when(by_commissioner([void(at_trust("yss"))]));
    FoundationNotVoided: an_agreement_is_ended_and_not_voided =
        given(directory()).when(by_commissioner([void(at_trust("agreed"))]));
    FoundationNotVoided: a_service_is_closed_and_not_voided =
        given(directory()).when(by_commissioner([void(at_trust("offered"))]));
    OpeningNotCorrected: the_opening_of_a_ledger_is_not_voided =
        given(directory()).when(by_commissioner([void(at_trust("opened"))]));
    OpeningNotCorrected: the_opening_of_a_ledger_is_not_replaced =
        given(directory()).when(by_commissioner([replace(at_trust("opened"), "2008-04-01", opening())]));
    CorrectionsSpanCases: corrections_of_one_step_are_of_one_case = given(two_people())
        .when(correct([void(at_trust("referred")), void(at_trust("other_sentence"))]));
    NoteOutsidePerson: a_correction_of_an_agency_bears_no_note = given(directory()).when(
        by_commissioner([replace(at_trust("yss"), "2008-04-01", description(AgencyKind::Faith))])
            .noted(b"gossip"),
    );
    NotEligible: a_corrected_referral_is_still_eligible = given(sentenced())
        .and([
            describe_service(SERVICE, ServiceDescribed {
                eligibility: tallystick_domain::event::Eligibility {
                    age_to: Some(25),
                    ..Default::default()
                },
                ..offer(AGREEMENT, YSS)
            }).on("2008-05-10"),
            refer(REFERRAL, asking(PERSON, SERVICE)).called("referred"),
        ])
        .when(correct([replace(at_trust("referred"), "2008-05-10", asking(PERSON, SERVICE))]));
    CreditOverPlan: a_replacement_is_itself_legal = given(missed()).when(by_yss([replace(
        at_yss("missed"),
        "2008-05-20",
        AttendanceRecorded { credited: 121, ..session("s1", AttendanceOutcome::Complied) },
    )]));
    PlacementUnknown: what_is_brought_back_is_itself_legal = given(started())
        .and([
            by_yss([void(at_yss("started"))]).called("voided"),
            by_yss([void(at_yss("booked"))]),
        ])
        .when(by_commissioner([void(at_yss("voided"))]));
    PersonNotRegistered in history: nothing_rests_on_a_registration_that_was_voided =
        given(sentenced()).when(correct([void(at_trust("registered"))]));
    SentenceUnknown in history: nothing_rests_on_a_sentence_that_was_voided =
        given(referred()).when(correct([void(at_trust("imposed"))]));
    ReferralUnknown in history: nothing_rests_on_a_referral_that_was_voided =
        given(accepted()).when(correct([void(at_trust("referred"))]));
    PlacementUnknown in history: nothing_rests_on_a_booking_that_was_voided =
        given(started()).when(by_yss([void(at_yss("booked"))]));
    AlreadyExists: a_reference_whose_registration_was_voided_is_not_used_again = given(registered())
        .and([correct([void(at_trust("registered"))])])
        .when(register(PERSON).on("2009-02-01"));
}

#[test]
fn what_rests_on_a_voided_event_is_listed_in_order_and_voiding_it_too_succeeds() {
    let deeds = || {
        let mut deeds = missed();
        deeds.extend([
            enforce(grounded(1, BreachStep::Warning, &[at_yss("missed")])).called("warned"),
            award(qualification("Forestry")).called("awarded"),
            complete(completion()).called("completed"),
        ]);
        deeds
    };
    given(deeds()).when(by_yss([void(at_yss("started"))])).then_breaks(&[
        (at_yss("missed"), Rule::PlacementNotStarted),
        (at_trust("warned"), Rule::GroundNotEnforceable),
        (at_yss("awarded"), Rule::PlacementNotStarted),
        (at_yss("completed"), Rule::PlacementNotStarted),
    ]);
    let latest_first = [
        at_yss("completed"),
        at_yss("awarded"),
        at_trust("warned"),
        at_yss("missed"),
        at_yss("started"),
    ];
    let scene = given(deeds())
        .when(by_commissioner(latest_first.map(void)))
        .then([EventType::Corrected; 5]);
    let person = scene.case(CASE).person().unwrap();
    let placement = person.placement(PLACEMENT).unwrap();
    assert_eq!(placement.state, PlacementState::Booked);
    assert!(placement.sessions.is_empty() && placement.awards.is_empty());
    assert!(person.sentence(SENTENCE).unwrap().breaches.is_empty());
}

#[test]
fn a_replaced_absence_is_no_ground_any_longer() {
    let fine = session("s1", AttendanceOutcome::AcceptableMedical);
    given(missed())
        .and([enforce(grounded(1, BreachStep::Warning, &[at_yss("missed")])).called("warned")])
        .when(by_yss([replace(at_yss("missed"), "2008-05-20", fine)]))
        .then_breaks(&[(at_trust("warned"), Rule::GroundNotEnforceable)]);
}

#[test]
fn a_replacement_counts_in_the_place_of_its_target() {
    let fine = session("s1", AttendanceOutcome::AcceptableMedical);
    let scene = given(missed())
        .when(by_yss([replace(at_yss("missed"), "2008-05-21", fine)]))
        .then([EventType::Corrected]);
    let session = &scene.case(CASE).person().unwrap().placement(PLACEMENT).unwrap().sessions[0];
    assert_eq!(session.outcome, AttendanceOutcome::AcceptableMedical);
    assert_eq!(session.on, day("2008-05-21"));
    assert_eq!(session.at, scene.record(at_yss("missed")).envelope.position);
}

#[test]
fn the_latest_of_two_replacements_counts_until_it_is_voided() {
    let minutes =
        |credited| AttendanceRecorded { credited, ..session("s1", AttendanceOutcome::Complied) };
    let credited = |scene: &crate::scene::Scene| {
        scene.case(CASE).person().unwrap().placement(PLACEMENT).unwrap().credited_minutes()
    };
    let scene = given(missed())
        .and([by_yss([replace(at_yss("missed"), "2008-05-20", minutes(30))]).called("first")])
        .and([by_yss([replace(at_yss("missed"), "2008-05-20", minutes(60))]).called("second")]);
    assert_eq!(credited(&scene), 60);
    let scene = scene.and([by_yss([void(at_yss("second"))])]);
    assert_eq!(credited(&scene), 30);
    let scene = scene.and([by_yss([void(at_yss("first"))])]);
    assert_eq!(credited(&scene), 0);
}

#[test]
fn voiding_the_void_of_an_event_brings_it_back() {
    let before = given(missed());
    let after = given(missed())
        .and([by_yss([void(at_yss("missed"))]).called("voided")])
        .and([by_yss([void(at_yss("voided"))]).called("unvoided")]);
    assert_eq!(before.case(CASE).about, after.case(CASE).about);
    let again = after.and([by_yss([void(at_yss("unvoided"))])]);
    assert!(again.case(CASE).person().unwrap().placement(PLACEMENT).unwrap().sessions.is_empty());
    assert_eq!(again.case(CASE).trail.corrections, 3);
}

#[test]
fn an_event_that_comes_back_must_still_be_legal() {
    let session_again = attend(session("s1", AttendanceOutcome::Complied)).called("again");
    given(missed())
        .and([by_yss([void(at_yss("missed"))]).called("voided"), session_again])
        .when(by_yss([void(at_yss("voided"))]))
        .then_breaks(&[(at_yss("again"), Rule::SessionRecorded)]);
}

#[test]
fn a_registration_is_corrected_under_the_name_of_its_correction() {
    let scene = given(registered())
        .when(correct([identified(PERSON)]).called("identified"))
        .then([EventType::Corrected]);
    let registration = scene.case(CASE).person().unwrap().registration.clone().unwrap();
    assert_eq!(registration.facts, identity(b"truly"));
    assert_eq!(registration.on, day("2008-04-09"));
    assert_eq!(registration.at, scene.record(at_trust("registered")).envelope.position);
    let envelope = &scene.record(at_trust("identified")).envelope;
    assert_eq!(registration.sealed.command, envelope.command);
    assert_eq!(registration.sealed.event_type, EventType::Corrected);
}

#[test]
fn a_referral_keeps_the_provider_that_the_ledger_had_set() {
    let made = ReferralMade { complete_by: Some(day("2009-01-01")), ..asking(PERSON, SERVICE) };
    let scene = given(referred())
        .when(correct([replace(at_trust("referred"), "2008-05-01", made)]))
        .then([EventType::Corrected]);
    let referral = scene.case(CASE).person().unwrap().referral(REFERRAL).unwrap().clone();
    assert_eq!((referral.provider, referral.lead), (YSS, YSS));
    assert_eq!(referral.complete_by, Some(day("2009-01-01")));
}

#[test]
fn the_note_of_a_step_of_corrections_stands_on_the_first() {
    let deed = by_yss([void(at_yss("missed")), void(at_yss("started"))]).noted(b"why");
    let scene = given(missed()).when(deed).then([EventType::Corrected; 2]);
    let notes: Vec<_> = scene.records.iter().rev().take(2).map(|it| it.note.is_some()).collect();
    assert_eq!(notes, [false, true]);
}

#[test]
fn a_note_stands_on_an_event_of_a_person() {
    let scene =
        given(booked()).when(start().noted(b"late bus")).then([EventType::PlacementStarted]);
    assert_eq!(scene.records.last().unwrap().note.as_ref().unwrap().blob(), b"late bus");
}

#[test]
fn a_later_description_may_be_voided() {
    let again =
        describe(YSS, description(AgencyKind::CoOperative)).on("2009-01-01").called("again");
    let scene = given(directory())
        .and([again])
        .when(by_commissioner([void(at_trust("again"))]))
        .then([EventType::Corrected]);
    let agency = scene.case(CaseKey::Agency(YSS)).agency().unwrap();
    assert_eq!(agency.latest().unwrap().kind, AgencyKind::Charity);
}

#[test]
fn what_others_recorded_is_found_only_by_those_who_see_it() {
    given(started())
        .when(correct([void(at_yss("started"))]).by(WILLOWDENE, Role::ProviderLead))
        .then_not_found("target");
    given(started()).when(by_yss([void(at_yss("nothing"))])).then_not_found("target");
    given(two_people())
        .when(by_yss([void(at_trust("referred")), void(at_trust("other_sentence"))]))
        .then_refused(Rule::NotRecorder);
}

#[test]
fn a_command_that_corrects_itself_needs_the_history_of_the_case() {
    let own = EventId::derive(TRUST, crate::scene::command_called("own"), 0);
    let first = vary(variation()).called("own");
    given(sentenced()).when_together([first, correct([void(own)])]).then_not_found("target");
}

#[test]
fn a_corrected_booking_is_at_a_site_of_the_service() {
    let moon = PlacementBooked { site: code("moon"), ..booking() };
    given(booked())
        .when(by_yss([replace(at_yss("booked"), "2008-05-08", moon)]))
        .then_refused(Rule::SiteUnknown);
}

#[test]
fn a_step_without_corrections_corrects_nothing() {
    given(started()).when_together([vary(variation()), correct([])]).then_not_found("target");
}

#[test]
fn voided_workers_leave_the_one_before() {
    let scene = given(sentenced())
        .and([
            allocate(SENTENCE, worker(WorkerRole::OffenderManager, TRUST)),
            allocate(SENTENCE, worker(WorkerRole::OffenderManager, NEXT_TRUST)).called("moved"),
        ])
        .when(correct([void(at_trust("moved"))]).by(TRUST, Role::Commissioner))
        .then([EventType::Corrected]);
    let sentence = scene.case(CASE).person().unwrap().sentence(SENTENCE).unwrap();
    assert_eq!(sentence.worker(WorkerRole::OffenderManager).unwrap().agency, TRUST);
}

#[test]
fn a_service_unknown_to_its_agreement_is_not_found() {
    given(sentenced())
        .when(refer(REFERRAL, asking(PERSON, ServiceId([0x3f; 16]))))
        .then_not_found("service");
}
