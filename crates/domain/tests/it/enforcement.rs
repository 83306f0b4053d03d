//! The ladder of enforcement and its grounds.

use crate::scene::{event_of, given, refusals};
use crate::world::*;
use tallystick_domain::codes::{AttendanceOutcome, BreachStep, SentenceEnd};
use tallystick_domain::event::BreachRecorded;
use tallystick_domain::{EventType, Role};

fn the_absence() -> [tallystick_domain::EventId; 1] {
    [event_of(YSS, "missed")]
}

refusals! {
    BreachStepOutOfOrder: a_final_warning_follows_a_warning =
        given(sentenced()).when(enforce(step(1, BreachStep::FinalWarning)));
    BreachStepOutOfOrder: nothing_is_proven_before_it_is_initiated =
        given(sentenced()).and([enforce(step(1, BreachStep::Warning))])
            .when(enforce(step(1, BreachStep::Proven)));
    BreachStepOutOfOrder: a_breach_that_was_proven_is_over = given(sentenced())
        .and([enforce(step(1, BreachStep::Initiated)), enforce(step(1, BreachStep::Proven))])
        .when(enforce(step(1, BreachStep::Withdrawn)));
    BreachNumberSkipped: breaches_are_numbered_without_a_gap =
        given(sentenced()).when(enforce(step(2, BreachStep::Warning)));
    BreachNumberSkipped: breaches_are_numbered_from_one =
        given(sentenced()).when(enforce(step(0, BreachStep::Warning)));
    RecallNeedsLicence: nobody_is_recalled_from_a_community_order =
        given(sentenced()).when(enforce(step(1, BreachStep::RecallRequested)));
    BreachNeedsGround: a_warning_has_grounds =
        given(sentenced()).when(enforce(grounded(1, BreachStep::Warning, &[])));
    GroundNotEnforceable: a_session_that_went_well_is_no_ground = given(started())
        .and([attend(session("s1", AttendanceOutcome::Complied)).called("missed")])
        .when(enforce(grounded(1, BreachStep::Warning, &the_absence())));
    GroundNotEnforceable: an_event_that_is_no_session_is_no_ground = given(started())
        .when(enforce(grounded(1, BreachStep::Warning, &[event_of(YSS, "started")])));
    GroundNotEnforceable: an_event_that_nobody_knows_is_no_ground =
        given(started()).when(enforce(grounded(1, BreachStep::Warning, &the_absence())));
    GroundNotEnforceable: an_absence_that_was_voided_is_no_ground = given(missed())
        .and([correct([crate::scene::void(the_absence()[0])]).by(YSS, Role::ProviderLead)])
        .when(enforce(grounded(1, BreachStep::Warning, &the_absence())).on("2009-02-01"));
    RequirementUnknown: a_breach_is_of_a_requirement_of_the_sentence =
        given(sentenced()).when(enforce(BreachRecorded {
            requirement: Some(code("residence")),
            ..step(1, BreachStep::Warning)
        }));
    SentenceNotActive: nothing_is_enforced_after_the_end = given(sentenced())
        .and([end_sentence(SentenceEnd::Expired)])
        .when(enforce(step(1, BreachStep::Warning)));
}

#[test]
fn an_absence_leads_up_the_ladder_to_revocation() {
    let scene = given(missed())
        .and([
            enforce(grounded(1, BreachStep::Warning, &the_absence())),
            enforce(grounded(1, BreachStep::FinalWarning, &the_absence())),
            enforce(grounded(1, BreachStep::Initiated, &the_absence())),
            enforce(grounded(1, BreachStep::Proven, &[])),
        ])
        .when(end_sentence(SentenceEnd::RevokedBreach))
        .then([EventType::SentenceEnded]);
    let sentence = scene.case(CASE).person().unwrap().sentence(SENTENCE).unwrap();
    assert!(sentence.has_proven_breach() && !sentence.is_active());
    assert_eq!(sentence.breaches[0].steps.len(), 4);
    assert!(!sentence.breaches[0].is_open());
}

#[test]
fn another_breach_begins_its_own_ladder() {
    given(sentenced())
        .and([enforce(step(1, BreachStep::Warning))])
        .when(enforce(step(2, BreachStep::Initiated)))
        .then([EventType::BreachRecorded]);
}

#[test]
fn recall_is_from_a_licence() {
    given(licensed())
        .and([enforce(step(1, BreachStep::RecallRequested))])
        .when(enforce(step(1, BreachStep::Recalled)))
        .then([EventType::BreachRecorded]);
}

#[test]
fn an_absence_of_somebody_else_is_no_ground() {
    let other = tallystick_domain::id::SentenceId([0x5f; 16]);
    let taken = grounded(1, BreachStep::Warning, &the_absence());
    let action = tallystick_domain::Action::RecordBreach { sentence: other, recorded: taken };
    let mut deed = enforce(step(1, BreachStep::Warning));
    deed.step.action = action;
    given(missed())
        .and([register(OTHER_PERSON), impose(other, sentence_of(OTHER_PERSON)).called("other")])
        .when(deed)
        .then_refused(tallystick_domain::Rule::GroundNotEnforceable);
}
