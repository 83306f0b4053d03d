//! The ledger, agencies, agreements, services and capacities.

use crate::scene::{Deed, day, event_of, given, refusals, replace, void};
use crate::world::*;
use tallystick_domain::codes::{
    AgencyKind, AgencyStatus, AgreementKind, AgreementStatus, PlanItemKind,
};
use tallystick_domain::event::{
    AgencyDescribed, AgreementSet, CapacitySet, LedgerOpened, MeasureDefined, ServiceDescribed,
    Threshold,
};
use tallystick_domain::id::LedgerId;
use tallystick_domain::{CaseKey, EventType, Role};

fn next_opening() -> LedgerOpened {
    LedgerOpened { incarnation: 2, predecessor: Some("checkpoint".into()), ..opening() }
}

fn with_terms(set: AgreementSet) -> Deed {
    agree(AGREEMENT, AgreementSet { subs: vec![CONNECT], ..set })
}

fn ended() -> AgreementSet {
    AgreementSet { status: AgreementStatus::Ended, ..terms(YSS) }
}

refusals! {
    LedgerNotOpen: nothing_happens_before_the_ledger_is_opened =
        given([]).when(describe(YSS, description(AgencyKind::Charity)));
    LedgerAlreadyOpen: a_ledger_is_opened_once = given(opened()).when(open(opening()));
    LedgerAlreadyOpen: an_incarnation_is_not_skipped =
        given(opened()).when(open(LedgerOpened { incarnation: 3, ..next_opening() }));
    LedgerAlreadyOpen: a_later_incarnation_names_its_predecessor =
        given(opened()).when(open(LedgerOpened { predecessor: None, ..next_opening() }));
    LedgerAlreadyOpen: an_incarnation_is_of_the_same_ledger =
        given(opened()).when(open(LedgerOpened { ledger: LedgerId([9; 16]), ..next_opening() }));
    NotCommissioner: a_ledger_is_opened_by_its_commissioner =
        given([]).when(open(opening()).by(YSS, Role::Commissioner));
    NotCommissioner: a_partner_cannot_take_the_ledger_over_with_a_new_incarnation =
        given(directory()).when(
            open(LedgerOpened { commissioner: YSS, ..next_opening() }).by(YSS, Role::Commissioner),
        );
    NotCommissioner: only_the_commissioner_describes_agencies = given(directory())
        .when(describe(YSS, description(AgencyKind::Charity)).by(YSS, Role::Commissioner));
    AgencyNotPartner: an_agency_that_nobody_described_cannot_act =
        given(directory()).when(register(PERSON).by(STRANGER, Role::OffenderManager));
    AgencyNotPartner: a_former_partner_cannot_act = given(directory())
        .and([describe(
            YSS,
            AgencyDescribed {
                status: AgencyStatus::Former,
                ..description(AgencyKind::Charity)
            },
        )])
        .when(set_capacity(capacity(4)));
    OwnParent: an_agency_is_not_its_own_parent = given(directory()).when(describe(
        YSS,
        AgencyDescribed { parent: Some(YSS), ..description(AgencyKind::Charity) },
    ));
    TrustToBoardNeedsReason: a_trust_does_not_silently_become_a_board_again =
        given(directory()).when(describe(TRUST, description(AgencyKind::Board)));
    NotYours: a_lead_does_not_set_the_terms_it_works_under =
        given(directory()).when(with_terms(terms(YSS)).by(YSS, Role::Commissioner));
    NotYours: only_those_in_an_agreement_set_the_capacity_of_its_services =
        given(directory()).when(set_capacity(capacity(4)).by(WILLOWDENE, Role::ProviderLead));
    NotYours: a_subcontractor_does_not_describe_what_another_provides = given(directory())
        .when(describe_service(SERVICE, offer(AGREEMENT, YSS)).by(CONNECT, Role::ProviderLead));
    AgreementCannotGoBack: a_live_agreement_is_not_proposed_again =
        given(directory()).when(with_terms(AgreementSet {
            status: AgreementStatus::Proposed,
            ..terms(YSS)
        }));
    AgreementEnded: an_agreement_that_ended_is_not_set_again =
        given(directory()).and([with_terms(ended())]).when(with_terms(ended()));
    AgreementEnded: an_agreement_that_ended_gets_no_new_service = given(directory())
        .and([with_terms(ended())])
        .when(describe_service(SERVICE, offer(AGREEMENT, YSS)));
    LeadIsFunder: nobody_contracts_with_themselves =
        given(opened()).and([describe(TRUST, description(AgencyKind::Trust))])
            .when(agree(AGREEMENT, terms(TRUST)));
    MeasureUnknown: an_agreement_is_held_to_no_measure_before_there_are_any =
        given(directory()).when(with_terms(AgreementSet {
            measures: vec![Threshold { measure: code("m10"), version: 1, ppm: 750_000 }],
            ..terms(YSS)
        }));
    MeasureUnknown: an_agreement_is_held_to_no_version_that_is_not_defined =
        given(directory()).and([define(definition(1))]).when(with_terms(AgreementSet {
            measures: vec![Threshold { measure: code("m02"), version: 2, ppm: 720_000 }],
            ..terms(YSS)
        }));
    MeasureVersionSkipped: the_first_version_of_a_measure_is_1 =
        given(directory()).when(define(definition(2)));
    MeasureVersionSkipped: a_version_is_defined_once =
        given(directory()).and([define(definition(1))]).when(define(definition(1)));
    MeasureVersionSkipped: a_version_is_not_skipped =
        given(directory()).and([define(definition(1))]).when(define(definition(3)));
    MeasureCodeDiffers: a_measure_keeps_its_code = given(directory())
        .when(define(MeasureDefined { definition: written("m03"), ..definition(1) }));
    MeasureUnknown: a_target_is_of_a_version_that_is_defined =
        given(directory()).when(set_target(target()));
    NotCommissioner: only_the_commissioner_sets_targets = given(directory())
        .and([define(definition(1))])
        .when(set_target(target()).by(YSS, Role::Commissioner));
    NotCommissioner: only_the_commissioner_sets_items_of_a_plan = given(directory())
        .when(set_item(plan_item(PlanItemKind::Action)).by(YSS, Role::Commissioner));
    NotCommissioner: only_the_commissioner_defines_measures =
        given(directory()).when(define(definition(1)).by(YSS, Role::Commissioner));
    DefinitionNotCorrected: a_definition_is_not_voided = given(directory())
        .and([define(definition(1)).called("defined")])
        .when(correct([void(event_of(TRUST, "defined"))]).by(TRUST, Role::Commissioner));
    DefinitionNotCorrected: a_definition_is_not_replaced = given(directory())
        .and([define(definition(1)).called("defined")])
        .when(
            correct([replace(event_of(TRUST, "defined"), "2008-04-01", definition(1))])
                .by(TRUST, Role::Commissioner),
        );
    AgreementNotLive: a_referral_is_judged_by_the_latest_terms_of_its_day =
        given(directory())
            .and([with_terms(AgreementSet {
                term: tallystick_domain::event::Term { from: day("2009-01-01"), to: day("2011-03-31") },
                ..terms(YSS)
            }), register(PERSON), impose(SENTENCE, sentence_of(PERSON))])
            .when(refer(REFERRAL, asking(PERSON, SERVICE)));
    ProviderNotInAgreement: only_lead_and_subcontractors_provide =
        given(directory()).when(describe_service(SERVICE, offer(AGREEMENT, WILLOWDENE)));
    CourtReportsArePublic: a_charity_does_not_write_court_reports =
        given(directory()).when(describe_service(
            SERVICE,
            ServiceDescribed { kind: code("court_report"), ..offer(AGREEMENT, YSS) },
        ));
    ServiceChangesAgreement: a_service_stays_under_its_agreement =
        given(directory()).when(describe_service(SERVICE, offer(FARM_AGREEMENT, WILLOWDENE)));
    SiteUnknown: capacity_is_of_a_site_that_the_service_has =
        given(directory()).when(set_capacity(CapacitySet { site: code("moon"), ..capacity(4) }));
    NoteOutsidePerson: a_note_does_not_stand_on_an_agency =
        given(directory()).when(describe(YSS, description(AgencyKind::Charity)).noted(b"gossip"));
}

#[test]
fn the_present_commissioner_opens_the_next_incarnation() {
    let scene = given(directory()).when(open(next_opening())).then([EventType::LedgerOpened]);
    assert_eq!(scene.case(CaseKey::Ledger).ledger().unwrap().openings.len(), 2);
}

#[test]
fn a_trust_becomes_a_board_again_with_a_reason() {
    let reason = Some(code("intervention"));
    let described = AgencyDescribed { reason, ..description(AgencyKind::Board) };
    given(directory()).when(describe(TRUST, described)).then([EventType::AgencyDescribed]);
}

#[test]
fn an_in_house_agreement_is_with_oneself() {
    let set = AgreementSet { kind: AgreementKind::InHouse, ..terms(TRUST) };
    let trust = describe(TRUST, description(AgencyKind::Trust));
    given(opened()).and([trust]).when(agree(AGREEMENT, set)).then([EventType::AgreementSet]);
}

#[test]
fn a_public_body_writes_court_reports() {
    let set = AgreementSet { kind: AgreementKind::InHouse, ..terms(TRUST) };
    let court = ServiceDescribed { kind: code("court_report"), ..offer(AGREEMENT, TRUST) };
    given(opened())
        .and([describe(TRUST, description(AgencyKind::Trust)), agree(AGREEMENT, set)])
        .when(describe_service(SERVICE, court))
        .then([EventType::ServiceDescribed]);
}

#[test]
fn a_description_holds_from_its_day() {
    let later = describe(YSS, description(AgencyKind::SocialEnterprise)).on("2009-04-01");
    let late = describe(YSS, description(AgencyKind::CoOperative)).on("2008-10-01");
    let scene = given(directory()).and([later, late]);
    let agency = scene.case(CaseKey::Agency(YSS)).agency().unwrap();
    let kind = |on| agency.on(day(on)).map(|facts| facts.kind);
    assert_eq!(kind("2008-03-31"), None);
    assert_eq!(kind("2008-04-01"), Some(AgencyKind::Charity));
    assert_eq!(kind("2008-10-01"), Some(AgencyKind::CoOperative));
    assert_eq!(kind("2009-04-01"), Some(AgencyKind::SocialEnterprise));
}

#[test]
fn an_agreement_is_live_within_its_term_and_while_its_terms_say_so() {
    let scene = given(directory()).and([with_terms(ended()).on("2010-01-01")]);
    let agreement = scene.case(CaseKey::Agreement(AGREEMENT)).agreement().unwrap();
    for (on, live) in [
        ("2008-03-31", false),
        ("2008-04-01", true),
        ("2009-12-31", true),
        ("2010-01-01", false),
        ("2011-04-01", false),
    ] {
        assert_eq!(agreement.is_live_on(day(on)), live, "{on}");
    }
}

#[test]
fn capacity_is_what_was_set_last_for_the_day() {
    let closed =
        CapacitySet { from: day("2008-08-01"), to: Some(day("2008-08-31")), ..capacity(0) };
    let scene = given(directory()).and([set_capacity(closed), set_capacity(capacity(6))]);
    let agreement = scene.case(CaseKey::Agreement(AGREEMENT)).agreement().unwrap();
    let service = agreement.service(SERVICE).unwrap();
    let on = |text| service.capacity(&code("hereford"), capacity(0).unit, day(text));
    assert_eq!(
        [on("2008-03-31"), on("2008-07-31"), on("2008-08-15"), on("2008-09-01")],
        [0, 6, 0, 6]
    );
}

#[test]
fn an_agreement_that_a_partner_has_no_part_in_is_not_found() {
    given(directory())
        .when(agree(FARM_AGREEMENT, terms(WILLOWDENE)).by(PRISON, Role::ProviderLead))
        .refusal();
    given(directory())
        .when(describe_service(FARM, offer(FARM_AGREEMENT, WILLOWDENE)).by(YSS, Role::ProviderLead))
        .then_not_found("agreement");
}

#[test]
fn things_that_are_named_exist() {
    let unknown_parent =
        AgencyDescribed { parent: Some(STRANGER), ..description(AgencyKind::Charity) };
    given(directory()).when(describe(YSS, unknown_parent)).then_not_found("parent");
    let sub = AgreementSet { subs: vec![STRANGER], ..terms(YSS) };
    given(directory()).when(agree(AGREEMENT, sub)).then_not_found("subs");
    given(directory()).when(agree(AGREEMENT, terms(STRANGER))).then_not_found("lead");
    let funder = AgreementSet { funder: STRANGER, ..terms(YSS) };
    given(directory()).when(agree(AGREEMENT, funder)).then_not_found("funder");
    let earlier = tallystick_domain::id::AgreementId([0xee; 16]);
    let continues = AgreementSet { continues: vec![earlier], ..terms(YSS) };
    given(directory()).when(agree(AGREEMENT, continues)).then_not_found("continues");
}

#[test]
fn an_agreement_is_held_to_measures_that_are_defined() {
    let held = |version| AgreementSet {
        measures: vec![Threshold { measure: code("m02"), version, ppm: 720_000 }],
        ..terms(YSS)
    };
    let scene = given(directory()).and([define(definition(1)), define(definition(2))]);
    scene.and([with_terms(held(1)), with_terms(held(2))]);
}

#[test]
fn a_measure_has_its_versions_side_by_side() {
    let scene = given(directory()).and([define(definition(1)), define(definition(2))]);
    let key = CaseKey::Measure(tallystick_domain::id::MeasureId::of(&code("m02")));
    let measure = scene.case(key).measure().unwrap();
    assert_eq!(measure.latest().map(|(number, _)| number), Some(2));
    assert_eq!(measure.version(1).unwrap().definition, written("m02"));
    assert_eq!((measure.version(0), measure.version(3)), (None, None));
}
