//! Placements: booking, start, sessions, awards and ends.

use crate::scene::{day, given, refusals};
use crate::world::*;
use tallystick_domain::codes::{Achievement, AttendanceOutcome, Decision, EarlyEnd, WorkerRole};
use tallystick_domain::event::{AttendanceRecorded, PlacementBooked, PlacementCompleted};
use tallystick_domain::{EventType, Role, Rule};

fn complied(id: &str) -> AttendanceRecorded {
    session(id, AttendanceOutcome::Complied)
}

refusals! {
    AlreadyExists: a_placement_is_booked_once = given(booked()).when(book(PLACEMENT, booking()));
    SiteUnknown: a_place_is_at_a_site_of_the_service = given(accepted()).when(book(
        PLACEMENT,
        PlacementBooked { site: code("moon"), ..booking() },
    ));
    ReferralNotAccepted: a_declined_referral_cannot_be_placed = given(referred())
        .and([decide(Decision::Declined)])
        .when(book(PLACEMENT, booking()));
    ReferralNotAccepted: a_waitlisted_referral_cannot_be_placed = given(referred())
        .and([decide(Decision::Waitlisted)])
        .when(book(PLACEMENT, booking()));
    ReferralConcluded: a_concluded_referral_takes_no_further_booking = given(started())
        .and([complete(completion())])
        .when(book(NEXT_PLACEMENT, booking()));
    NotYours: the_referrer_does_not_book =
        given(accepted()).when(book(PLACEMENT, booking()).by(TRUST, Role::ProviderLead));
    WorkerAgencyOutOfScope: a_worker_comes_from_an_agency_with_a_part_in_the_referral =
        given(booked()).when(
            allocate(PLACEMENT, worker(WorkerRole::Mentor, WILLOWDENE)).by(YSS, Role::ProviderLead),
        );
    PlacementNotBooked: a_placement_starts_once = given(started()).when(start());
    PlacementNotStarted: nobody_attends_before_the_start =
        given(booked()).when(attend(complied("s1")));
    PlacementNotStarted: nothing_is_awarded_before_the_start =
        given(booked()).when(award(qualification("Forestry")));
    PlacementNotStarted: nothing_is_completed_before_the_start =
        given(booked()).when(complete(completion()));
    PlacementEnded: nobody_attends_after_the_end =
        given(started()).and([complete(completion())]).when(attend(complied("s1")));
    PlacementEnded: a_placement_that_is_complete_does_not_end_early =
        given(started()).and([complete(completion())]).when(end_early(EarlyEnd::Left));
    PlacementEnded: a_placement_that_ended_gets_no_worker =
        given(started()).and([complete(completion())]).when(
            allocate(PLACEMENT, worker(WorkerRole::Mentor, YSS)).by(YSS, Role::ProviderLead),
        );
    SessionRecorded: a_session_is_recorded_once =
        given(started()).and([attend(complied("s1"))]).when(attend(complied("s1")));
    CreditOverPlan: no_more_is_credited_than_was_planned = given(started())
        .when(attend(AttendanceRecorded { credited: 121, ..complied("s1") }));
    QualificationHeld: a_title_is_awarded_once = given(started())
        .and([award(qualification("Forestry"))])
        .when(award(qualification("Forestry")));
    EndReasonNeedsStart: nobody_leaves_what_has_not_begun =
        given(booked()).when(end_early(EarlyEnd::Left));
    EndReasonBeforeStart: nobody_fails_to_arrive_at_what_has_begun =
        given(started()).when(end_early(EarlyEnd::DidNotArrive));
}

#[test]
fn a_referral_leads_to_a_completed_placement() {
    let achieved = outcome("settled", Achievement::Achieved);
    let partly = outcome("debt_plan", Achievement::Partly);
    let outcomes = vec![achieved, partly];
    let scene = given(started())
        .and([attend(complied("s1")), attend(complied("s2")), award(qualification("Forestry"))])
        .when(complete(PlacementCompleted { outcomes, move_on: Some(code("college")) }))
        .then([EventType::PlacementCompleted]);
    let person = scene.case(CASE).person().unwrap();
    let placement = person.placement(PLACEMENT).unwrap();
    assert_eq!(placement.credited_minutes(), 240);
    assert_eq!(placement.ended_on(), Some(day("2008-11-12")));
    assert_eq!(placement.achieved().collect::<Vec<_>>(), [&code("settled")]);
    assert!(person.is_concluded(person.referral(REFERRAL).unwrap()));
}

#[test]
fn a_late_provider_posts_start_and_completion_together() {
    given(booked()).when_together([start(), attend(complied("s1")), complete(completion())]).then(
        [EventType::PlacementStarted, EventType::AttendanceRecorded, EventType::PlacementCompleted],
    );
}

#[test]
fn a_certificate_may_come_after_the_end() {
    given(started())
        .and([complete(completion())])
        .when(award(qualification("Forestry")))
        .then([EventType::QualificationAwarded]);
}

#[test]
fn another_placement_may_be_booked_while_one_goes_on() {
    given(started()).when(book(NEXT_PLACEMENT, booking())).then([EventType::PlacementBooked]);
}

#[test]
fn what_never_began_ends_as_cancelled() {
    let scene =
        given(booked()).when(end_early(EarlyEnd::Cancelled)).then([EventType::PlacementEndedEarly]);
    let placement = scene.case(CASE).person().unwrap().placement(PLACEMENT).unwrap().clone();
    assert_eq!((placement.start(), placement.ended_on()), (None, Some(day("2008-09-15"))));
    given(started()).when(end_early(EarlyEnd::Left)).then([EventType::PlacementEndedEarly]);
}

#[test]
fn contradictions_of_claimed_days_are_recorded_all_the_same() {
    given(started())
        .when(complete(completion()).on("2008-05-01"))
        .then([EventType::PlacementCompleted]);
}

#[test]
fn a_placement_takes_up_its_place_from_start_to_end() {
    let occupied = |scene: &crate::scene::Scene, on: &str| {
        scene.case(CASE).person().unwrap().placement(PLACEMENT).unwrap().occupies(day(on))
    };
    let waiting = given(booked());
    assert!(!occupied(&waiting, "2008-05-11") && occupied(&waiting, "2008-05-12"));
    assert!(occupied(&waiting, "2008-11-12") && !occupied(&waiting, "2008-11-13"));
    let going_on = given(started());
    assert!(occupied(&going_on, "2009-05-01"));
    let over = given(started()).and([complete(completion())]);
    assert!(occupied(&over, "2008-11-11") && !occupied(&over, "2008-11-12"));
}

#[test]
fn a_placement_is_for_those_who_have_a_part_in_it() {
    given(started())
        .when(attend(complied("s1")).by(WILLOWDENE, Role::Caseworker))
        .then_not_found("placement");
    given(started())
        .when(attend(complied("s1")).by(TRUST, Role::ProviderLead))
        .then_refused(Rule::NotYours);
}
