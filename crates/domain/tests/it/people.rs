//! Registration, sentences, their settings and who works on them.

use crate::scene::{day, given, refusals};
use crate::world::*;
use tallystick_domain::codes::{SentenceEnd, SettingReason, WorkerRole};
use tallystick_domain::event::{ReferralMade, SentenceImposed, SentenceVaried, Setting};
use tallystick_domain::id::SentenceId;
use tallystick_domain::{EventType, Role};

const OTHER_SENTENCE: SentenceId = SentenceId([0x51; 16]);

/// Somebody else with a sentence, whom the same offender managers hold.
fn another_sentenced() -> [crate::scene::Deed; 2] {
    [register(OTHER_PERSON), impose(OTHER_SENTENCE, sentence_of(OTHER_PERSON)).called("another")]
}
const COMMUNITY: Setting = Setting::Community { licence: false };

refusals! {
    IdentifierTaken: an_identifier_names_one_person =
        given(directory()).when(register(PERSON).with_an_identifier_that_is_taken());
    AlreadyExists: a_person_is_registered_once = given(registered()).when(register(PERSON));
    AlreadyExists: a_sentence_is_imposed_once =
        given(sentenced()).when(impose(SENTENCE, sentence_of(PERSON)));
    SentenceUnknown: a_sentence_goes_on_from_one_that_the_person_has =
        given(registered()).and(another_sentenced()).when(impose(
            SENTENCE,
            SentenceImposed { continues: Some(OTHER_SENTENCE), ..sentence_of(PERSON) },
        ));
    SentenceUnknown: a_referral_is_under_a_sentence_that_the_person_has =
        given(sentenced()).and(another_sentenced()).when(refer(
            REFERRAL,
            ReferralMade { sentence: Some(OTHER_SENTENCE), ..asking(PERSON, SERVICE) },
        ));
    SentenceNotActive: a_sentence_that_ended_is_not_varied =
        given(sentenced()).and([end_sentence(SentenceEnd::Expired)]).when(vary(variation()));
    SentenceNotActive: a_sentence_ends_once = given(sentenced())
        .and([end_sentence(SentenceEnd::Expired)])
        .when(end_sentence(SentenceEnd::Died));
    SentenceNotActive: a_sentence_that_ended_gets_no_worker = given(sentenced())
        .and([end_sentence(SentenceEnd::Expired)])
        .when(allocate(SENTENCE, worker(WorkerRole::OffenderManager, TRUST)));
    SentenceNotActive: a_sentence_that_ended_is_served_nowhere_else = given(sentenced())
        .and([end_sentence(SentenceEnd::Expired)])
        .when(go_to(Setting::Custody { at: PRISON }, SettingReason::Recalled));
    SentenceNotActive: nobody_is_referred_under_a_sentence_that_ended = given(sentenced())
        .and([end_sentence(SentenceEnd::Expired)])
        .when(refer(REFERRAL, asking(PERSON, SERVICE)));
    RequirementUnknown: only_a_requirement_of_the_sentence_is_dropped =
        given(sentenced()).when(vary(SentenceVaried {
            drop: vec![code("residence")],
            ..variation()
        }));
    RequirementUnknown: a_referral_serves_a_requirement_of_its_sentence =
        given(sentenced()).when(refer(
            REFERRAL,
            ReferralMade { requirement: Some(code("residence")), ..asking(PERSON, SERVICE) },
        ));
    RequirementExists: a_requirement_is_added_once =
        given(sentenced()).when(vary(SentenceVaried {
            add: vec![requirement("activity")],
            ..variation()
        }));
    SettingUnchanged: a_change_of_setting_changes_it =
        given(sentenced()).when(go_to(COMMUNITY, SettingReason::Transfer));
    OffenderManagerIsPublic: an_offender_manager_is_not_from_a_charity =
        given(sentenced()).when(allocate(SENTENCE, worker(WorkerRole::OffenderManager, YSS)));
    NotYours: a_mentors_agency_does_not_hand_the_person_to_another = given(sentenced())
        .and([allocate(SENTENCE, worker(WorkerRole::Mentor, CONNECT))])
        .when(
            allocate(SENTENCE, worker(WorkerRole::OffenderManager, NEXT_TRUST))
                .by(CONNECT, Role::ProviderLead),
        );
    NotYours: a_mentors_agency_does_not_make_itself_responsible = given(sentenced())
        .and([allocate(SENTENCE, worker(WorkerRole::Mentor, NEXT_TRUST))])
        .when(
            allocate(SENTENCE, worker(WorkerRole::OffenderManager, NEXT_TRUST))
                .by(NEXT_TRUST, Role::ProviderLead),
        );
    NotYours: a_mentors_agency_brings_nobody_else_in = given(sentenced())
        .and([allocate(SENTENCE, worker(WorkerRole::Mentor, CONNECT))])
        .when(
            allocate(SENTENCE, worker(WorkerRole::Caseworker, YSS)).by(CONNECT, Role::ProviderLead),
        );
    OffenderManagerOnSentence: an_offender_manager_is_not_allocated_to_a_referral =
        given(referred()).when(
            allocate(REFERRAL, worker(WorkerRole::OffenderManager, TRUST))
                .by(YSS, Role::ProviderLead),
        );
    RevocationNeedsProvenBreach: a_sentence_is_not_revoked_for_a_breach_that_nobody_proved =
        given(sentenced()).when(end_sentence(SentenceEnd::RevokedBreach));
}

#[test]
fn a_requirement_may_be_dropped_and_added_anew_in_one_variation() {
    let varied = SentenceVaried {
        add: vec![requirement("activity")],
        drop: vec![code("activity")],
        expires_on: Some(day("2010-10-11")),
        ..variation()
    };
    let scene = given(sentenced()).when(vary(varied)).then([EventType::SentenceVaried]);
    let sentence = scene.case(CASE).person().unwrap().sentence(SENTENCE).unwrap();
    assert_eq!(sentence.requirements, [requirement("activity")]);
    assert_eq!(sentence.expires_on, day("2010-10-11"));
}

#[test]
fn a_sentence_is_for_those_who_hold_the_person() {
    given(sentenced())
        .when(vary(variation()).by(NEXT_TRUST, Role::OffenderManager))
        .then_not_found("sentence");
    given(registered())
        .when(impose(SENTENCE, sentence_of(PERSON)).by(NEXT_TRUST, Role::OffenderManager))
        .then_not_found("person");
}

#[test]
fn what_is_hidden_is_answered_like_what_is_not_there() {
    let hidden =
        given(sentenced()).when(vary(variation()).by(NEXT_TRUST, Role::OffenderManager)).refusal();
    let absent = given(registered()).when(vary(variation())).refusal();
    assert_eq!(hidden, absent);
}

#[test]
fn a_prison_that_holds_somebody_is_known() {
    let to = Setting::Custody { at: STRANGER };
    given(sentenced()).when(go_to(to.clone(), SettingReason::Remand)).then_not_found("to");
    let imposed = SentenceImposed { setting: to, ..sentence_of(PERSON) };
    given(registered()).when(impose(SENTENCE, imposed)).then_not_found("setting");
}

#[test]
fn an_agency_puts_another_of_its_own_workers_on_a_sentence() {
    let again = allocate(SENTENCE, worker(WorkerRole::Mentor, CONNECT));
    given(sentenced())
        .and([again.clone()])
        .when(again.by(CONNECT, Role::ProviderLead))
        .then([EventType::WorkerAllocated]);
}

#[test]
fn a_new_worker_takes_the_place_of_the_one_before() {
    let om = worker(WorkerRole::OffenderManager, TRUST);
    let next = worker(WorkerRole::OffenderManager, NEXT_TRUST);
    let scene = given(sentenced())
        .and([allocate(SENTENCE, om), allocate(SENTENCE, worker(WorkerRole::Mentor, CONNECT))])
        .and([allocate(SENTENCE, next)]);
    let sentence = scene.case(CASE).person().unwrap().sentence(SENTENCE).unwrap();
    assert_eq!(sentence.workers.len(), 2);
    assert_eq!(sentence.worker(WorkerRole::OffenderManager).unwrap().agency, NEXT_TRUST);
}

#[test]
fn a_sentence_that_is_named_is_the_callers_to_see() {
    let absent = Some(SentenceId([0xee; 16]));
    given(registered())
        .when(impose(SENTENCE, SentenceImposed { continues: absent, ..sentence_of(PERSON) }))
        .then_not_found("continues");
    given(sentenced())
        .when(refer(REFERRAL, ReferralMade { sentence: absent, ..asking(PERSON, SERVICE) }))
        .then_not_found("sentence");
}
