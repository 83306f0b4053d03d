//! Offences, registers and assessments.

use crate::scene::{Deed, day, event_of, given, refusals, replace, void};
use crate::world::*;
use tallystick_domain::audience::{audience, sees};
use tallystick_domain::codes::{AssessmentTool, Need, RegisterKind, Rosh, WorkerRole};
use tallystick_domain::event::{
    Assessed, NeedFound, Objective, OffenceProven, RegisterSet, Reoffending,
};
use tallystick_domain::id::AgencyId;
use tallystick_domain::refusal::Problem;
use tallystick_domain::{EventType, Role, StreamKind};

fn mappa(active: bool, level: Option<u8>) -> RegisterSet {
    RegisterSet { level, ..entry(RegisterKind::Mappa, active) }
}

fn ppo(active: bool, agreed_by: &[AgencyId]) -> Deed {
    enter(RegisterSet { agreed_by: agreed_by.to_vec(), ..entry(RegisterKind::Ppo, active) })
}

refusals! {
    OffenceRecorded: an_offence_is_recorded_once = given(sentenced())
        .and([prove(offence("court/1"))])
        .when(prove(OffenceProven { offence_on: day("2008-05-01"), ..offence("court/1") }));
    OffenceRecorded in history: a_voided_offence_that_was_recorded_anew_does_not_come_back =
        given(sentenced())
            .and([
                prove(offence("court/1")).called("first"),
                correct([void(event_of(TRUST, "first"))]).called("undone"),
                prove(offence("court/1")),
            ])
            .when(correct([void(event_of(TRUST, "undone"))]));
    MappaLevelIffActive: an_active_entry_of_mappa_has_a_level =
        given(sentenced()).when(enter(mappa(true, None)));
    MappaLevelIffActive: a_removal_from_mappa_has_no_level = given(sentenced())
        .and([enter(mappa(true, Some(2)))])
        .when(enter(mappa(false, Some(2))));
    RegisterNotActive: only_who_is_on_a_register_is_removed = given(sentenced())
        .and([enter(mappa(true, Some(1)))])
        .when(ppo(false, &[TRUST, PRISON]));
    RegisterNotActive: a_person_is_removed_once = given(sentenced())
        .and([enter(mappa(true, Some(1))), enter(mappa(false, None))])
        .when(enter(mappa(false, None)));
    RemovalNeedsConsensus: a_scheme_is_left_by_consensus = given(sentenced())
        .and([ppo(true, &[TRUST, PRISON])])
        .when(ppo(false, &[TRUST]));
    RemovalNeedsConsensus: a_change_drops_nobodys_consent = given(sentenced())
        .and([ppo(true, &[TRUST, PRISON]), ppo(true, &[TRUST, NEXT_TRUST])])
        .when(ppo(false, &[TRUST, NEXT_TRUST]));
    ToolNotForRole: a_link_worker_does_not_use_the_tools_of_offender_managers = given(sentenced())
        .when(assess(assessment(AssessmentTool::Oasys)).by(TRUST, Role::LinkWorker));
    ReplacementDiffers: an_assessment_keeps_its_tool = given(sentenced())
        .and([assess(assessment(AssessmentTool::Clw)).called("assessed")])
        .when(correct([replace(
            event_of(TRUST, "assessed"),
            "2008-07-20",
            assessment(AssessmentTool::Oasys),
        )]));
    NotYours: a_provider_that_holds_the_person_records_no_offence = given(sentenced())
        .and([
            allocate(SENTENCE, worker(WorkerRole::OffenderManager, TRUST)),
            allocate(SENTENCE, worker(WorkerRole::Mentor, CONNECT)),
        ])
        .when(prove(offence("court/1")).by(CONNECT, Role::OffenderManager));
}

#[test]
fn a_scheme_is_entered_anew_with_other_agencies() {
    given(sentenced())
        .and([
            ppo(true, &[TRUST, PRISON]),
            ppo(false, &[PRISON, TRUST]),
            ppo(true, &[TRUST]).on("2008-08-01"),
        ])
        .when(ppo(false, &[TRUST]).on("2008-09-01"))
        .then([EventType::RegisterSet]);
}

#[test]
fn an_entry_says_what_its_register_has() {
    let set = |set| given(sentenced()).when(enter(set));
    let entry = |register| entry(register, true);
    let beyond = |found| Problem::OutOfRange { found, least: 1, most: 3 };
    set(mappa(true, Some(0))).then_invalid("level", beyond(0));
    set(mappa(true, Some(4))).then_invalid("level", beyond(4));
    set(mappa(true, Some(3))).then([EventType::RegisterSet]);
    set(RegisterSet { category: Some(4), ..entry(RegisterKind::Mappa) })
        .then_invalid("category", beyond(4));
    set(RegisterSet { level: Some(1), ..entry(RegisterKind::Ppo) })
        .then_invalid("level", Problem::NotAllowed);
    set(RegisterSet { agreed_by: vec![], ..entry(RegisterKind::Ppo) })
        .then_invalid("agreedBy", Problem::Missing);
    set(RegisterSet { agreed_by: vec![TRUST, TRUST], ..entry(RegisterKind::Ppo) })
        .then_invalid("agreedBy", Problem::Repeated);
    set(RegisterSet { agreed_by: vec![STRANGER], ..entry(RegisterKind::Ppo) })
        .then_not_found("agreedBy");
}

#[test]
fn who_is_on_a_register_goes_by_the_day() {
    let on = |day: &str, set| enter(set).on(day).recorded("2009-01-01");
    let scene = given(sentenced()).and([
        on("2008-07-01", mappa(true, Some(2))),
        on("2008-10-01", mappa(false, None)),
        on("2008-08-01", mappa(true, Some(3))),
    ]);
    let person = scene.case(CASE).person().unwrap();
    let level = |text| {
        person.registered_on(RegisterKind::Mappa, day(text)).map(|it| it.facts.level.unwrap())
    };
    let days = ["2008-06-30", "2008-07-01", "2008-08-01", "2008-10-01"];
    assert_eq!(days.map(level), [None, Some(2), Some(3), None]);
    assert!(person.registered_on(RegisterKind::Ppo, day("2008-08-01")).is_none());
}

#[test]
fn an_offence_is_proven_on_its_day_or_later() {
    let on = |text| OffenceProven { offence_on: day(text), ..offence("court/1") };
    given(sentenced())
        .when(prove(on("2008-07-02")))
        .then_invalid("offenceOn", Problem::DatesOutOfOrder);
    let scene = given(sentenced()).when(prove(on("2008-07-01"))).then([EventType::OffenceProven]);
    let known = &scene.case(CASE).person().unwrap().offences[0];
    assert_eq!((known.on, &known.facts), (day("2008-07-01"), &on("2008-07-01")));
}

#[test]
fn an_assessment_keeps_to_its_scales() {
    let given = |assessed| given(sentenced()).when(assess(assessed));
    let oasys = || assessment(AssessmentTool::Oasys);
    let need = |severity| NeedFound { need: Need::Drugs, severity };
    let due = |text| Objective { need: Need::Drugs, service_kind: code("detox"), due: day(text) };
    let likely = |window_months, ppm| Some(Reoffending { window_months, ppm });
    let beyond = |found, least, most| Problem::OutOfRange { found, least, most };
    given(Assessed { needs: vec![need(4)], ..oasys() }).then_invalid("severity", beyond(4, 0, 3));
    given(Assessed { needs: vec![need(1), need(2)], ..oasys() })
        .then_invalid("needs", Problem::Repeated);
    given(Assessed { motivation: Some(4), ..oasys() }).then_invalid("motivation", beyond(4, 0, 3));
    given(Assessed { reoffend: likely(0, 1), ..oasys() })
        .then_invalid("windowMonths", beyond(0, 1, 60));
    given(Assessed { reoffend: likely(3, 1_000_001), ..oasys() })
        .then_invalid("ppm", beyond(1_000_001, 0, 1_000_000));
    given(Assessed { rosh: Some(Rosh::High), ..assessment(AssessmentTool::Clw) })
        .then_invalid("rosh", Problem::NotAllowed);
    given(Assessed { objectives: vec![due("2008-07-19")], ..oasys() })
        .then_invalid("due", Problem::DatesOutOfOrder);
    given(Assessed { objectives: vec![due("2008-08-01"), due("2008-09-01")], ..oasys() })
        .then_invalid("objectives", Problem::Repeated);
    let full = Assessed {
        needs: vec![need(3)],
        motivation: Some(3),
        reoffend: likely(60, 1_000_000),
        rosh: Some(Rosh::VeryHigh),
        objectives: vec![due("2008-07-20")],
        ..oasys()
    };
    let scene = given(full.clone()).then([EventType::Assessed]);
    let person = scene.case(CASE).person().unwrap();
    let known = |tool, text| person.assessed_on(tool, day(text)).map(|it| it.facts.clone());
    assert_eq!(known(AssessmentTool::Oasys, "2008-07-20"), Some(full));
    assert_eq!(known(AssessmentTool::Oasys, "2008-07-19"), None);
    assert_eq!(known(AssessmentTool::Clw, "2008-07-20"), None);
}

#[test]
fn a_link_worker_assesses_and_sees_assessments_but_no_offence_and_no_register() {
    let clw = assess(assessment(AssessmentTool::Clw)).by(TRUST, Role::LinkWorker);
    let scene = given(sentenced()).and([
        allocate(SENTENCE, worker(WorkerRole::OffenderManager, TRUST)),
        allocate(SENTENCE, worker(WorkerRole::Mentor, CONNECT)),
        prove(offence("court/1")),
        enter(entry(RegisterKind::Mappa, true)),
        clw,
    ]);
    let case = scene.case(CASE);
    let seen = [StreamKind::Offence, StreamKind::Register, StreamKind::Assessment];
    assert_eq!(
        seen.map(|kind| sees(case, own(kind), TRUST, Role::LinkWorker)),
        [false, false, true]
    );
    for kind in seen {
        assert_eq!(audience(case, own(kind)).agencies(), [TRUST], "{kind:?}");
        assert!(sees(case, own(kind), TRUST, Role::OffenderManager), "{kind:?}");
        assert!(!sees(case, own(kind), TRUST, Role::ProviderLead), "{kind:?}");
    }
}
