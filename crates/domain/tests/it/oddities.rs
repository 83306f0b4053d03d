//! Soft rules: recorded all the same, and listed while they hold.

use crate::scene::{Scene, day, event_of, given, void};
use crate::world::*;
use tallystick_domain::anomaly::{AnomalyKind, anomalies};
use tallystick_domain::codes::{
    AttendanceOutcome, Decision, SentenceEnd, SettingReason, WorkerRole,
};
use tallystick_domain::event::{ReferralDecided, Setting};
use tallystick_domain::{Action, StreamId};

/// Kinds found on a day, apart from the want of an offender manager, with where they are.
fn found(scene: &Scene, on: &str) -> Vec<(AnomalyKind, StreamId)> {
    let all = anomalies(scene.case(CASE), day(on));
    let others = all.iter().filter(|it| it.kind != AnomalyKind::NoOffenderManager);
    others.map(|it| (it.kind, it.stream)).collect()
}

fn unmanaged(scene: &Scene, on: &str) -> bool {
    let all = anomalies(scene.case(CASE), day(on));
    all.iter().any(|it| it.kind == AnomalyKind::NoOffenderManager)
}

#[test]
fn an_ordinary_case_is_not_odd() {
    let scene = given(missed())
        .and([allocate(SENTENCE, worker(WorkerRole::OffenderManager, TRUST))])
        .and([complete(completion()), end_sentence(SentenceEnd::Expired)]);
    assert_eq!(anomalies(scene.case(CASE), day("2010-01-01")), []);
}

#[test]
fn a_sentence_without_an_offender_manager_is_odd_after_five_days() {
    let scene = given(sentenced());
    assert!(!unmanaged(&scene, "2008-04-17"));
    assert!(unmanaged(&scene, "2008-04-18"));
    let managed = scene.and([allocate(SENTENCE, worker(WorkerRole::OffenderManager, TRUST))]);
    assert!(!unmanaged(&managed, "2008-04-18"));
    let over = given(sentenced()).and([end_sentence(SentenceEnd::Expired)]);
    assert!(!unmanaged(&over, "2010-01-01"));
    let inside =
        given(sentenced()).and([go_to(Setting::Custody { at: PRISON }, SettingReason::Remand)]);
    assert!(!unmanaged(&inside, "2010-01-01"));
}

#[test]
fn a_second_open_referral_to_the_same_service_is_odd() {
    let again = refer(NEXT_REFERRAL, asking(PERSON, SERVICE)).called("again");
    let scene = given(referred()).and([again.clone()]);
    let odd = [(AnomalyKind::DuplicateReferral, NEXT_REFERRAL.into())];
    assert_eq!(found(&scene, "2008-05-02"), odd);
    let decided = scene.and([decide(Decision::Accepted)]);
    assert_eq!(found(&decided, "2008-05-02"), [], "it holds no longer");
    let mut accepted = decide(Decision::Accepted);
    let decision = ReferralDecided { decision: Decision::Accepted, reason: None };
    accepted.step.action = Action::DecideReferral { referral: NEXT_REFERRAL, decided: decision };
    let other = given(referred()).and([again, accepted]);
    assert_eq!(found(&other, "2008-06-01"), [], "one of them is open no longer");
    let elsewhere = given(referred()).and([refer(NEXT_REFERRAL, asking(PERSON, FARM))]);
    assert_eq!(found(&elsewhere, "2008-05-02"), []);
}

#[test]
fn a_start_before_the_day_booked_is_odd() {
    let scene = given(booked()).and([start().on("2008-05-11")]);
    assert_eq!(
        found(&scene, "2008-06-01"),
        [(AnomalyKind::StartedBeforeBooking, PLACEMENT.into())]
    );
}

#[test]
fn a_start_recorded_after_more_than_seven_days_is_odd() {
    let in_time = given(booked()).and([start().recorded("2008-05-19")]);
    assert_eq!(found(&in_time, "2008-06-01"), []);
    let late = given(booked()).and([start().recorded("2008-05-20")]);
    assert_eq!(found(&late, "2008-06-01"), [(AnomalyKind::RecordedLate, PLACEMENT.into())]);
}

#[test]
fn a_session_before_the_start_or_after_the_end_is_odd() {
    let complied = |id| attend(session(id, AttendanceOutcome::Complied));
    let odd = [(AnomalyKind::SessionOutsidePlacement, StreamId::from(PLACEMENT))];
    let before = given(started()).and([complied("s1").on("2008-05-11").called("early")]);
    assert_eq!(found(&before, "2008-06-01"), odd);
    let after = given(started()).and([complied("s1").on("2008-11-13"), complete(completion())]);
    assert_eq!(found(&after, "2008-12-01"), odd);
    let within = given(started()).and([complied("s1").on("2008-11-12"), complete(completion())]);
    assert_eq!(found(&within, "2008-12-01"), []);
    let early = event_of(YSS, "early");
    let corrected =
        before.and([correct([void(early)]).by(YSS, tallystick_domain::Role::ProviderLead)]);
    assert_eq!(found(&corrected, "2009-06-01"), [], "it holds no longer");
}

#[test]
fn an_end_before_the_start_is_odd() {
    let scene = given(started()).and([complete(completion()).on("2008-05-11")]);
    assert_eq!(found(&scene, "2008-06-01"), [(AnomalyKind::EndedBeforeStart, PLACEMENT.into())]);
}

#[test]
fn a_decision_before_the_referral_is_odd() {
    let scene = given(referred()).and([decide(Decision::Waitlisted).on("2008-04-30")]);
    let odd = [(AnomalyKind::DecidedBeforeReferral, REFERRAL.into())];
    assert_eq!(found(&scene, "2008-06-01"), odd);
    let same_day = given(referred()).and([decide(Decision::Waitlisted).on("2008-05-01")]);
    assert_eq!(found(&same_day, "2008-06-01"), []);
}

#[test]
fn a_sentence_that_ends_under_a_placement_going_on_is_odd() {
    let scene = given(started()).and([end_sentence(SentenceEnd::Expired)]);
    let odd = [(AnomalyKind::SentenceEndedPlacementLive, SENTENCE.into())];
    assert_eq!(found(&scene, "2009-07-01"), odd);
}

#[test]
fn an_oddity_names_the_record_that_is_odd() {
    let scene = given(booked()).and([start().on("2008-05-11").called("started")]);
    let all = anomalies(scene.case(CASE), day("2008-05-11"));
    let odd = all.iter().find(|it| it.kind == AnomalyKind::StartedBeforeBooking).unwrap();
    assert_eq!(odd.at, scene.record(event_of(YSS, "started")).envelope.position);
}
