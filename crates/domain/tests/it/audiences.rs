//! Who sees what after a transfer: audiences follow the facts.

use crate::scene::{Scene, event_of, given, void};
use crate::world::*;
use tallystick_domain::audience::{Audience, audience, knows_person};
use tallystick_domain::codes::{Decision, WorkerRole};
use tallystick_domain::event::ReferralMade;
use tallystick_domain::id::{AgencyId, SentenceId};
use tallystick_domain::{EventType, Role, StreamId};

fn of(scene: &Scene, stream: impl Into<StreamId>) -> Vec<AgencyId> {
    audience(scene.case(CASE), stream.into()).agencies().to_vec()
}

fn manager(agency: AgencyId) -> crate::scene::Deed {
    allocate(SENTENCE, worker(WorkerRole::OffenderManager, agency))
}

/// The farm goes on where YSS left off.
fn transferred() -> Vec<crate::scene::Deed> {
    let mut deeds = started();
    let made = ReferralMade { continues: Some(REFERRAL), ..asking(PERSON, FARM) };
    deeds.push(refer(NEXT_REFERRAL, made).called("transferred"));
    deeds
}

#[test]
fn the_new_provider_sees_its_referral_and_the_one_that_it_continues_and_nothing_else() {
    let scene = given(transferred());
    assert_eq!(of(&scene, NEXT_REFERRAL), [TRUST, WILLOWDENE]);
    assert_eq!(of(&scene, REFERRAL), [TRUST, YSS, WILLOWDENE]);
    assert_eq!(of(&scene, PLACEMENT), [TRUST, YSS, WILLOWDENE]);
    assert_eq!(of(&scene, PERSON), [TRUST]);
    assert_eq!(of(&scene, SENTENCE), [TRUST]);
    for agency in [YSS, WILLOWDENE] {
        assert!(knows_person(scene.case(CASE), agency));
    }
    assert!(!knows_person(scene.case(CASE), CONNECT));
}

#[test]
fn the_new_provider_may_see_the_old_placement_and_not_record_on_it() {
    let complied = session("s1", tallystick_domain::codes::AttendanceOutcome::Complied);
    given(transferred())
        .when(attend(complied).by(WILLOWDENE, Role::ProviderLead))
        .then_refused(tallystick_domain::Rule::NotYours);
}

#[test]
fn the_old_provider_keeps_its_own_and_does_not_see_the_new_referral() {
    let complied = session("s1", tallystick_domain::codes::AttendanceOutcome::Complied);
    given(transferred()).when(attend(complied)).then([EventType::AttendanceRecorded]);
    let decided =
        tallystick_domain::event::ReferralDecided { decision: Decision::Accepted, reason: None };
    let mut deed = decide(Decision::Accepted);
    deed.step.action =
        tallystick_domain::Action::DecideReferral { referral: NEXT_REFERRAL, decided };
    given(transferred()).when(deed).then_not_found("referral");
}

#[test]
fn a_voided_transfer_closes_what_it_opened() {
    let scene = given(transferred())
        .when(correct([void(event_of(TRUST, "transferred"))]))
        .then([EventType::Corrected]);
    assert_eq!(of(&scene, REFERRAL), [TRUST, YSS]);
    assert_eq!(of(&scene, NEXT_REFERRAL), [TRUST], "what was voided stays with the holders");
    assert!(!knows_person(scene.case(CASE), WILLOWDENE));
}

#[test]
fn before_a_sentence_the_person_is_with_whoever_registered_it() {
    assert_eq!(of(&given(registered()), PERSON), [TRUST]);
}

#[test]
fn before_an_offender_manager_is_allocated_the_sentence_is_with_whoever_recorded_it() {
    let scene = given(sentenced());
    assert_eq!(of(&scene, SENTENCE), [TRUST]);
    let mentored = scene.and([allocate(SENTENCE, worker(WorkerRole::Mentor, CONNECT))]);
    assert_eq!(of(&mentored, SENTENCE), [TRUST, CONNECT]);
}

#[test]
fn a_person_moves_with_the_offender_manager() {
    let scene = given(referred()).and([manager(TRUST), manager(NEXT_TRUST)]);
    assert_eq!(of(&scene, SENTENCE), [NEXT_TRUST]);
    assert_eq!(of(&scene, PERSON), [NEXT_TRUST]);
    // The referrer keeps the referral that it made.
    assert_eq!(of(&scene, REFERRAL), [TRUST, YSS, NEXT_TRUST]);
    scene.when(vary(variation())).then_not_found("sentence");
}

#[test]
fn a_second_sentence_elsewhere_has_its_own_audience() {
    let other = SentenceId([0x5f; 16]);
    let scene = given(sentenced())
        .and([manager(TRUST), allocate(SENTENCE, worker(WorkerRole::Mentor, NEXT_TRUST))])
        .and([impose(other, sentence_of(PERSON)).by(NEXT_TRUST, Role::OffenderManager)]);
    assert_eq!(of(&scene, other), [NEXT_TRUST]);
    assert_eq!(of(&scene, SENTENCE), [TRUST, NEXT_TRUST]);
    assert_eq!(of(&scene, PERSON), [TRUST, NEXT_TRUST]);
}

#[test]
fn a_subcontractor_lends_a_worker_and_sees_the_referral_from_then_on() {
    let lent = |to: StreamId| {
        allocate(to, worker(WorkerRole::Mentor, CONNECT)).by(YSS, Role::ProviderLead)
    };
    let before = given(booked());
    assert_eq!(of(&before, REFERRAL), [TRUST, YSS]);
    let after = before.and([lent(PLACEMENT.into())]);
    assert_eq!(of(&after, PLACEMENT), [TRUST, YSS, CONNECT]);
    assert_eq!(of(&after, REFERRAL), [TRUST, YSS, CONNECT]);
    assert_eq!(of(&after, PERSON), [TRUST]);
    let by_mentor = start().by(CONNECT, Role::Caseworker);
    after.when(by_mentor).then([EventType::PlacementStarted]);
}

#[test]
fn the_directory_is_every_partners_and_an_agreement_its_partners() {
    let scene = given(directory());
    let case = scene.case(tallystick_domain::CaseKey::Agreement(AGREEMENT));
    assert_eq!(audience(case, SERVICE.into()), Audience::Partners);
    assert_eq!(audience(case, AGREEMENT.into()).agencies(), [TRUST, YSS, CONNECT]);
    let agency = scene.case(tallystick_domain::CaseKey::Agency(YSS));
    assert_eq!(audience(agency, YSS.into()), Audience::Partners);
    assert!(Audience::Partners.holds(STRANGER) && Audience::Partners.agencies().is_empty());
}

#[test]
fn a_header_names_who_could_see_the_record_when_it_was_recorded() {
    let scene = given(transferred());
    let parties = |event| scene.record(event).envelope.parties.clone();
    assert_eq!(parties(event_of(TRUST, "yss")), []);
    assert_eq!(parties(event_of(TRUST, "registered")), [TRUST]);
    assert_eq!(parties(event_of(YSS, "started")), [TRUST, YSS], "before the transfer");
    assert_eq!(parties(event_of(TRUST, "transferred")), [TRUST, WILLOWDENE]);
}
