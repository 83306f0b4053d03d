//! Referrals: to whom, who is eligible, who decides.

use crate::scene::{day, given, refusals};
use crate::world::*;
use tallystick_domain::codes::{
    Criterion, Decision, DeclineReason, EarlyEnd, Sex, ShareBasis, WorkerRole,
};
use tallystick_domain::event::{
    AgreementSet, Eligibility, Event, ReferralDecided, ReferralMade, ServiceDescribed, Share,
};
use tallystick_domain::id::{ReferralId, SentenceId, ServiceId};
use tallystick_domain::{Action, EventType, Role};

fn asks(eligibility: Eligibility) -> crate::scene::Deed {
    describe_service(SERVICE, ServiceDescribed { eligibility, ..offer(AGREEMENT, YSS) })
}

fn women_only() -> Eligibility {
    Eligibility { sex: Some(Sex::Female), ..Eligibility::default() }
}

fn in_custody_only() -> Eligibility {
    Eligibility { in_custody: Some(true), ..Eligibility::default() }
}

fn decided(decision: Decision, reason: Option<DeclineReason>) -> crate::scene::Deed {
    let decided = ReferralDecided { decision, reason };
    let mut deed = decide(decision);
    deed.step.action = Action::DecideReferral { referral: REFERRAL, decided };
    deed
}

refusals! {
    AlreadyExists: a_referral_is_made_once =
        given(referred()).when(refer(REFERRAL, asking(PERSON, SERVICE)));
    AgreementNotLive: nobody_is_referred_before_the_agreement_begins =
        given(sentenced()).when(refer(REFERRAL, asking(PERSON, SERVICE)).on("2008-03-31"));
    AgreementNotLive: nobody_is_referred_after_the_term =
        given(sentenced()).when(refer(REFERRAL, asking(PERSON, SERVICE)).on("2011-04-01"));
    NotEligible: a_service_for_women_needs_that_attested =
        given(sentenced()).and([asks(women_only())]).when(refer(REFERRAL, asking(PERSON, SERVICE)));
    NotEligible: a_service_for_an_age_needs_that_attested = given(sentenced())
        .and([asks(Eligibility { age_from: Some(18), ..Eligibility::default() })])
        .when(refer(REFERRAL, asking(PERSON, SERVICE)));
    NotEligible: a_service_instead_of_custody_needs_that_attested = given(sentenced())
        .and([asks(Eligibility { alternative_to_custody: true, ..Eligibility::default() })])
        .when(refer(REFERRAL, asking(PERSON, SERVICE)));
    NotEligible: a_service_in_custody_is_not_for_those_in_the_community =
        given(sentenced()).and([asks(in_custody_only())]).when(refer(
            REFERRAL,
            // What the ledger knows is not attested away.
            ReferralMade { meets: vec![Criterion::Setting], ..asking(PERSON, SERVICE) },
        ));
    NotEligible: where_no_sentence_says_the_setting_it_is_attested =
        given(sentenced()).and([asks(in_custody_only())]).when(refer(
            REFERRAL,
            ReferralMade { sentence: None, ..asking(PERSON, SERVICE) },
        ));
    OverrideNeedsReason: sharing_by_override_has_a_reason = given(sentenced()).when(refer(
        REFERRAL,
        ReferralMade {
            share: Share { groups: vec![], basis: ShareBasis::Override, reason: None },
            ..asking(PERSON, SERVICE)
        },
    ));
    ReferralUnknown: a_referral_goes_on_from_one_of_the_same_person = given(referred())
        .and([
            register(OTHER_PERSON),
            impose(OTHERS, sentence_of(OTHER_PERSON)).called("others"),
        ])
        .when(refer(
            NEXT_REFERRAL,
            ReferralMade {
                sentence: None,
                requirement: None,
                continues: Some(REFERRAL),
                ..asking(OTHER_PERSON, SERVICE)
            },
        ));
    NotYours: the_referrer_does_not_decide =
        given(referred()).when(decide(Decision::Accepted).by(TRUST, Role::ProviderLead));
    ReferralNotOpen: a_referral_is_accepted_once =
        given(accepted()).when(decide(Decision::Accepted));
    ReferralNotOpen: a_declined_referral_is_not_accepted_later =
        given(referred()).and([decide(Decision::Declined)]).when(decide(Decision::Accepted));
    ReasonIffDeclined: a_referral_is_not_declined_without_a_reason =
        given(referred()).when(decided(Decision::Declined, None));
    ReasonIffDeclined: a_referral_is_not_accepted_with_a_reason_to_decline =
        given(referred()).when(decided(Decision::Accepted, Some(DeclineReason::OutOfArea)));
    ReferralTerminal: a_declined_referral_cannot_be_withdrawn =
        given(referred()).and([decide(Decision::Declined)]).when(withdraw());
    ReferralTerminal: a_referral_is_withdrawn_once =
        given(referred()).and([withdraw()]).when(withdraw());
    ReferralTerminal: a_withdrawn_referral_gets_no_worker =
        given(referred()).and([withdraw()]).when(
            allocate(REFERRAL, worker(WorkerRole::Caseworker, YSS)).by(YSS, Role::ProviderLead),
        );
    ReferralHasPlacement: a_referral_with_a_placement_cannot_be_withdrawn =
        given(booked()).when(withdraw());
    ReferralHasPlacement: a_referral_whose_placement_ended_cannot_be_withdrawn =
        given(booked()).and([end_early(EarlyEnd::Cancelled)]).when(withdraw());
}

#[test]
fn what_the_service_asks_may_be_attested_or_overridden() {
    let attested = ReferralMade { meets: vec![Criterion::Sex], ..asking(PERSON, SERVICE) };
    let reason = Some(code("court_direction"));
    let overridden = ReferralMade { override_reason: reason, ..asking(PERSON, SERVICE) };
    for made in [attested, overridden] {
        given(sentenced())
            .and([asks(women_only())])
            .when(refer(REFERRAL, made))
            .then([EventType::ReferralMade]);
    }
}

#[test]
fn eligibility_is_that_of_the_day() {
    let since_june = asks(women_only()).on("2008-06-01");
    given(sentenced())
        .and([since_june.clone()])
        .when(refer(REFERRAL, asking(PERSON, SERVICE)).on("2008-05-31"))
        .then([EventType::ReferralMade]);
    given(sentenced())
        .and([since_june])
        .when(refer(REFERRAL, asking(PERSON, SERVICE)).on("2008-06-01"))
        .then_refused(tallystick_domain::Rule::NotEligible);
}

#[test]
fn a_referral_goes_to_whoever_provided_on_the_day() {
    let handed_over = describe_service(SERVICE, offer(AGREEMENT, CONNECT)).on("2008-06-01");
    let made_to = |on: &str| {
        let scene = given(sentenced())
            .and([handed_over.clone(), refer(REFERRAL, asking(PERSON, SERVICE)).on(on)]);
        let case = scene.case(CASE).person().unwrap();
        let referral = case.referral(REFERRAL).unwrap();
        (referral.provider, referral.lead)
    };
    assert_eq!(made_to("2008-05-31"), (YSS, YSS));
    assert_eq!(made_to("2008-06-01"), (CONNECT, YSS));
}

#[test]
fn provider_and_lead_are_what_the_ledger_knows_and_not_what_the_caller_says() {
    let scene = given(referred());
    let Event::ReferralMade(made) = &scene.records.last().unwrap().event else { panic!() };
    assert_eq!((made.provider, made.lead), (YSS, YSS));
}

#[test]
fn a_referral_waits_is_asked_about_and_then_accepted() {
    given(referred())
        .and([decide(Decision::InfoRequested), decide(Decision::Waitlisted)])
        .and([decide(Decision::InfoRequested)])
        .when(decide(Decision::Accepted))
        .then([EventType::ReferralDecided]);
}

#[test]
fn an_accepted_referral_without_a_placement_may_be_withdrawn_by_either_side() {
    given(accepted()).when(withdraw()).then([EventType::ReferralWithdrawn]);
    let by_provider = withdraw().by(YSS, Role::ProviderLead);
    given(accepted()).when(by_provider).then([EventType::ReferralWithdrawn]);
}

#[test]
fn a_referral_is_for_those_who_have_a_part_in_it() {
    let by_another = decide(Decision::Accepted).by(WILLOWDENE, Role::ProviderLead);
    given(referred()).when(by_another).then_not_found("referral");
    let nowhere = ServiceId([0xee; 16]);
    given(sentenced()).when(refer(REFERRAL, asking(PERSON, nowhere))).then_not_found("service");
    let by_stranger =
        refer(REFERRAL, asking(PERSON, SERVICE)).by(NEXT_TRUST, Role::OffenderManager);
    given(sentenced()).when(by_stranger).then_not_found("person");
}

#[test]
fn a_late_referral_is_judged_by_the_agreement_of_its_day() {
    let ended = AgreementSet {
        status: tallystick_domain::codes::AgreementStatus::Ended,
        subs: vec![CONNECT],
        ..terms(YSS)
    };
    let late = refer(REFERRAL, asking(PERSON, SERVICE)).on("2008-09-30").recorded("2008-11-01");
    let scene = given(sentenced())
        .and([agree(AGREEMENT, ended).on("2008-10-01")])
        .when(late)
        .then([EventType::ReferralMade]);
    let made_on = scene.case(CASE).person().unwrap().referral(REFERRAL).unwrap().made_on;
    assert_eq!(made_on, day("2008-09-30"));
}

const OTHERS: SentenceId = SentenceId([0x52; 16]);

#[test]
fn a_referral_goes_on_from_one_that_is_there() {
    let absent = Some(ReferralId([0xee; 16]));
    given(sentenced())
        .when(refer(REFERRAL, ReferralMade { continues: absent, ..asking(PERSON, SERVICE) }))
        .then_not_found("continues");
}
