//! What each measure counts: the examples of schema/measures.md, worked by hand.

use crate::scene::{Deed, Scene, correct_event, day, given, void};
use crate::world::{
    AGREEMENT, FARM, FARM_AGREEMENT, PRISON, SERVICE, TRUST, WILLOWDENE, YSS, agree, asking, code,
    completion, description, directory, early_end, identity, label, offer, qualification,
    requirement, sentence_of, session, terms, worker,
};
use std::collections::BTreeMap;
use tallystick_domain::codes::{
    AgencyKind, AgreementKind, AgreementStatus, AttendanceOutcome, Decision, EarlyEnd,
    QualificationKind, RequirementType, SentenceEnd, SentenceKind, SettingReason, Unit, WorkerRole,
};
use tallystick_domain::event::{
    AgencyDescribed, AgreementSet, CapacitySet, PlacementBooked, QualificationAwarded,
    ReferralDecided, ReferralMade, Requirement, SentenceEnded, SentenceImposed, SentenceVaried,
    ServiceDescribed, Setting, SettingChanged, Term, YearValue,
};
use tallystick_domain::id::{AgencyId, PersonId, PlacementId, ReferralId, SentenceId, ServiceId};
use tallystick_domain::measure::{
    Contribution, Definition, Figure, Period, Scope, Sums, Written, contribution, units,
};
use tallystick_domain::{Action, Position, Role};

/// A definition that is shipped.
fn shipped(code: &str) -> Written {
    let file = format!("{}/../../schema/measures/{code}.json", env!("CARGO_MANIFEST_DIR"));
    Written::parse(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn reading(code: &str, values: &[(&str, serde_json::Value)]) -> Definition {
    let values: BTreeMap<_, _> =
        values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    shipped(code).reading(&values).unwrap()
}

fn standard(code: &str) -> Definition {
    reading(code, &[])
}

/// The financial year that starts in April of `year`, as it was at its end.
fn in_year(scene: &Scene, definition: &Definition, year: i16) -> Figure {
    figure(scene, definition, &Scope::default(), year, "2019-04-01")
}

fn figure(scene: &Scene, definition: &Definition, scope: &Scope, year: i16, on: &str) -> Figure {
    let period = Period::financial_year(year).unwrap();
    let mut sums = Sums::default();
    for case in scene.published.cases.values() {
        let cases = &&scene.published;
        sums.add(&contribution(definition, case, cases, scope, period, day(on)));
    }
    Figure::of(definition, &sums, &|_, _| None)
}

/// Numerator, denominator, and value in millionths.
fn counts(figure: &Figure) -> (i128, i128, Option<i64>) {
    (
        figure.numerator,
        figure.denominator,
        figure.value.map(tallystick_domain::measure::Fraction::millionths),
    )
}

fn manager(on: &str, action: Action) -> Deed {
    Deed::new(TRUST, Role::OffenderManager, on, action)
}

fn commissioner(on: &str, action: Action) -> Deed {
    Deed::new(TRUST, Role::Commissioner, on, action)
}

fn person(number: u8) -> PersonId {
    PersonId([number; 16])
}

fn sentence(number: u8) -> SentenceId {
    SentenceId([number; 16])
}

fn placement(number: u8) -> PlacementId {
    PlacementId([number; 16])
}

/// A person and a sentence of two years from 12 April 2008, both of that number.
fn sentenced(number: u8, imposed: SentenceImposed) -> Vec<Deed> {
    let imposed = SentenceImposed { person: person(number), ..imposed };
    vec![
        manager(
            "2008-04-10",
            Action::RegisterPerson { person: person(number), identity: identity(&[number]) },
        ),
        manager("2008-04-12", Action::ImposeSentence { sentence: sentence(number), imposed }),
    ]
}

fn order() -> SentenceImposed {
    sentence_of(person(0))
}

fn licence() -> SentenceImposed {
    let setting = Setting::Custody { at: PRISON };
    SentenceImposed { kind: SentenceKind::Custody, setting, ..order() }
}

fn moved(number: u8, on: &str, to: Setting, why: SettingReason) -> Deed {
    let changed = SettingChanged { to, why };
    manager(on, Action::ChangeSetting { sentence: sentence(number), changed })
}

fn released(number: u8, on: &str) -> Deed {
    moved(number, on, Setting::Community { licence: true }, SettingReason::Released)
}

fn recalled(number: u8, on: &str) -> Deed {
    moved(number, on, Setting::Custody { at: PRISON }, SettingReason::Recalled)
}

fn ended(number: u8, on: &str, how: SentenceEnd) -> Deed {
    let ended = SentenceEnded { how };
    manager(on, Action::EndSentence { sentence: sentence(number), ended })
}

fn provider_of(service: ServiceId) -> AgencyId {
    if service == FARM { WILLOWDENE } else { YSS }
}

/// A person of that number on a service since that day, for a requirement of the sentence.
fn placed(number: u8, service: ServiceId, serves: Option<&str>, on: &str) -> Vec<Deed> {
    let referral = ReferralId([number; 16]);
    let made = ReferralMade {
        sentence: Some(sentence(number)),
        requirement: serves.map(code),
        ..asking(person(number), service)
    };
    let by = |on: &str, action| Deed::new(provider_of(service), Role::ProviderLead, on, action);
    let decided = ReferralDecided { decision: Decision::Accepted, reason: None };
    let booked = PlacementBooked {
        referral,
        site: code("hereford"),
        unit: Unit::Place,
        from: day(on),
        to: day(on).plus_days(180),
        quantity: 1,
    };
    let placement = placement(number);
    vec![
        manager(on, Action::MakeReferral { referral, made }),
        by(on, Action::DecideReferral { referral, decided }),
        by(on, Action::BookPlacement { placement, booked }),
        by(on, Action::StartPlacement { placement }),
    ]
}

fn attended(number: u8, session_id: &str, on: &str, outcome: AttendanceOutcome) -> Deed {
    let recorded = session(session_id, outcome);
    let placement = placement(number);
    Deed::new(YSS, Role::ProviderLead, on, Action::RecordAttendance { placement, recorded })
}

fn completed(number: u8, service: ServiceId, on: &str) -> Deed {
    let action =
        Action::CompletePlacement { placement: placement(number), completed: completion() };
    Deed::new(provider_of(service), Role::ProviderLead, on, action)
}

fn left(number: u8, service: ServiceId, on: &str, why: EarlyEnd) -> Deed {
    let action = Action::EndPlacementEarly { placement: placement(number), ended: early_end(why) };
    Deed::new(provider_of(service), Role::ProviderLead, on, action)
}

fn awarded(number: u8, title: &str, kind: QualificationKind, on: &str) -> Deed {
    let awarded = QualificationAwarded { title: label(title), kind, ..qualification(title) };
    let action = Action::AwardQualification { placement: placement(number), awarded };
    Deed::new(YSS, Role::ProviderLead, on, action)
}

fn needing(r#type: RequirementType, quantity: u32) -> SentenceImposed {
    let requirement = Requirement { r#type, quantity, unit: Unit::Hour, ..requirement("the_one") };
    SentenceImposed { requirements: vec![requirement], ..order() }
}

fn described(service: ServiceId, described: ServiceDescribed) -> Deed {
    commissioner("2008-04-02", Action::DescribeService { service, described })
}

fn capacity(service: ServiceId, unit: Unit, count: u32, from: &str) -> Deed {
    let set = CapacitySet {
        site: code("hereford"),
        unit,
        count,
        from: day(from),
        to: None,
        reason: None,
    };
    commissioner("2010-04-01", Action::SetCapacity { service, set })
}

fn worth(values: &[(u16, i64)]) -> Vec<YearValue> {
    values.iter().map(|(fy, pence)| YearValue { fy: *fy, pence: *pence }).collect()
}

#[test]
fn every_shipped_definition_can_be_read_and_names_itself() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/measures");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap();
        let definition = standard(name);
        assert_eq!(definition.code.as_str(), name);
        count += 1;
    }
    assert!(count >= 13, "{count} definitions");
}

#[test]
fn m02_sentences_completed() {
    // Ended in 2009/10: 1 an order that ran its term, 2 a licence that did, 3 a licence recalled
    // and then expired in custody, 4 revoked: 4; 5 died and 6 was transferred, both left out; 7
    // ended the year before; 8 never left custody, 9 goes on. Completed: 1 and 2. 2 / 5.
    let mut deeds = directory();
    for number in [1, 4, 5, 6, 7, 9] {
        deeds.extend(sentenced(number, order()));
    }
    for number in [2, 3, 8] {
        deeds.extend(sentenced(number, licence()));
    }
    deeds.extend([released(2, "2008-10-01"), released(3, "2008-10-01")]);
    deeds.push(ended(7, "2009-03-31", SentenceEnd::Expired));
    deeds.push(recalled(3, "2009-05-01"));
    for number in [1, 2, 3, 8] {
        deeds.push(ended(number, "2010-03-31", SentenceEnd::Expired));
    }
    deeds.push(ended(4, "2009-06-01", SentenceEnd::RevokedOffence));
    deeds.push(ended(5, "2009-06-01", SentenceEnd::Died));
    deeds.push(ended(6, "2009-06-01", SentenceEnd::TransferredOut));
    let scene = given(deeds);
    assert_eq!(counts(&in_year(&scene, &standard("m02"), 2009)), (2, 5, Some(400_000)));
    // With those who died or were transferred: 2 / 7.
    let literal = reading("m02", &[("left_out", serde_json::json!([]))]);
    assert_eq!(counts(&in_year(&scene, &literal, 2009)), (2, 7, Some(285_714)));
    // Number 7 alone.
    assert_eq!(counts(&in_year(&scene, &standard("m02"), 2008)), (1, 1, Some(1_000_000)));
    // Read on the day before the year's last, only 4 had ended.
    let early = figure(&scene, &standard("m02"), &Scope::default(), 2009, "2010-03-30");
    assert_eq!(counts(&early), (0, 1, Some(0)));
    // Nobody ended in 2011/12: nothing to divide.
    assert_eq!(counts(&in_year(&scene, &standard("m02"), 2011)), (0, 0, None));
}

#[test]
fn m02_a_licence_released_again_after_a_recall_can_be_completed() {
    let mut deeds = directory();
    deeds.extend(sentenced(1, licence()));
    deeds.extend([released(1, "2008-08-01"), recalled(1, "2008-10-01")]);
    deeds.extend([released(1, "2009-01-05"), ended(1, "2009-09-01", SentenceEnd::Expired)]);
    assert_eq!(counts(&in_year(&given(deeds), &standard("m02"), 2009)), (1, 1, Some(1_000_000)));
}

#[test]
fn m02_in_a_scope_counts_the_rows_of_it() {
    let mut deeds = directory();
    let elsewhere = SentenceImposed { area: code("worcestershire"), ..order() };
    deeds.extend(sentenced(1, order()));
    deeds.extend(sentenced(2, elsewhere));
    deeds.push(ended(1, "2009-06-01", SentenceEnd::Expired));
    deeds.push(ended(2, "2009-06-01", SentenceEnd::RevokedOther));
    let scene = given(deeds);
    let of = |scope: &Scope| counts(&figure(&scene, &standard("m02"), scope, 2009, "2010-04-01"));
    let area = |name| Scope { area: Some(code(name)), ..Scope::default() };
    assert_eq!(of(&area("herefordshire")), (1, 1, Some(1_000_000)));
    assert_eq!(of(&area("worcestershire")), (0, 1, Some(0)));
    assert_eq!(of(&Scope { agency: Some(TRUST), ..Scope::default() }).1, 2);
    assert_eq!(of(&Scope { agency: Some(YSS), ..Scope::default() }).1, 0);
}

#[test]
fn a_row_explains_itself_by_its_events() {
    let mut deeds = directory();
    let before = deeds.len() as u64;
    deeds.extend(sentenced(1, licence()));
    deeds.extend([released(1, "2008-10-01"), ended(1, "2009-06-01", SentenceEnd::Expired)]);
    let scene = given(deeds);
    let period = Period::financial_year(2009).unwrap();
    let mut found = Vec::new();
    for case in scene.published.cases.values() {
        let (cases, on) = (&&scene.published, day("2010-04-01"));
        units(&standard("m02"), case, cases, &Scope::default(), period, on, &mut |unit| {
            found.push((unit.numerator, unit.denominator, unit.evidence()));
        });
    }
    // Registered, imposed, released, ended: all but the first decide.
    let decided = [before + 2, before + 3, before + 4].map(Position).to_vec();
    assert_eq!(found, [(1, 1, decided)]);
}

#[test]
fn a_correction_moves_the_figure_and_its_void_moves_it_back() {
    let mut deeds = directory();
    deeds.extend(sentenced(1, order()));
    deeds.push(ended(1, "2009-06-01", SentenceEnd::Expired).called("the end"));
    let scene = given(deeds);
    let m02 = standard("m02");
    assert_eq!(counts(&in_year(&scene, &m02, 2009)).1, 1);
    let target =
        tallystick_domain::EventId::derive(TRUST, crate::scene::command_called("the end"), 0);
    let scene = scene.and([correct_event(TRUST, void(target)).called("the void")]);
    assert_eq!(counts(&in_year(&scene, &m02, 2009)).1, 0);
    let voided =
        tallystick_domain::EventId::derive(TRUST, crate::scene::command_called("the void"), 0);
    let scene = scene.and([correct_event(TRUST, void(voided))]);
    assert_eq!(counts(&in_year(&scene, &m02, 2009)).1, 1);
}

#[test]
fn m03_programme_completions_against_starts() {
    // Three started in 2008/09, two completed in it; a completion of something else is none.
    let mut deeds = directory();
    deeds
        .push(described(SERVICE, ServiceDescribed { kind: code("idap"), ..offer(AGREEMENT, YSS) }));
    for number in 1..=4 {
        deeds.extend(sentenced(number, order()));
        let service = if number == 4 { FARM } else { SERVICE };
        deeds.extend(placed(number, service, None, "2008-05-12"));
    }
    deeds.extend([completed(1, SERVICE, "2008-11-12"), completed(2, SERVICE, "2009-03-31")]);
    deeds.extend([completed(3, SERVICE, "2009-04-01"), completed(4, FARM, "2008-11-12")]);
    let scene = given(deeds);
    assert_eq!(counts(&in_year(&scene, &standard("m03"), 2008)), (2, 3, Some(2_000_000)));
    assert_eq!(counts(&in_year(&scene, &standard("m03"), 2009)), (1, 0, Some(1_000_000)));
}

#[test]
fn m04_growth_of_one_to_one_provision() {
    // 40 hours a week on 1 April 2008 and 48 two years later: 20 % more. Places are not hours.
    let mut deeds = directory();
    let offered = ServiceDescribed {
        requirement_types: vec![RequirementType::AlcoholTreatment],
        ..offer(AGREEMENT, YSS)
    };
    deeds.push(described(SERVICE, offered).on("2008-04-01"));
    deeds.push(capacity(SERVICE, Unit::OneToOneHoursWeek, 40, "2008-04-01"));
    deeds.push(capacity(SERVICE, Unit::OneToOneHoursWeek, 48, "2010-04-01"));
    deeds.push(capacity(SERVICE, Unit::Place, 7, "2008-04-01"));
    deeds.push(capacity(FARM, Unit::OneToOneHoursWeek, 99, "2008-04-01"));
    let scene = given(deeds);
    assert_eq!(counts(&in_year(&scene, &standard("m04"), 2010)), (48, 40, Some(200_000)));
    assert_eq!(counts(&in_year(&scene, &standard("m04"), 2009)), (40, 40, Some(0)));
    let places = reading("m04", &[("unit", "place".into())]);
    assert_eq!(counts(&in_year(&scene, &places, 2010)), (7, 7, Some(0)));
}

#[test]
fn m05_failure_to_attend_unpaid_work() {
    // Of three people instructed one was absent, twice in four sessions: 1 / 3, or 2 / 6 of the
    // sessions. A session of another requirement does not count.
    use AttendanceOutcome::{AcceptableMedical, Complied, UnacceptableAbsence};
    let mut deeds = directory();
    for number in 1..=3 {
        deeds.extend(sentenced(number, needing(RequirementType::UnpaidWork, 100)));
        deeds.extend(placed(number, SERVICE, Some("the_one"), "2008-05-12"));
    }
    deeds.extend(sentenced(4, needing(RequirementType::Activity, 100)));
    deeds.extend(placed(4, SERVICE, Some("the_one"), "2008-05-12"));
    deeds.extend([
        attended(1, "s1", "2008-05-20", UnacceptableAbsence),
        attended(1, "s2", "2008-05-21", UnacceptableAbsence),
        attended(1, "s3", "2008-05-22", Complied),
        attended(1, "s4", "2008-05-23", Complied),
        attended(2, "s1", "2008-05-20", Complied),
        attended(3, "s1", "2008-05-20", AcceptableMedical),
        attended(4, "s1", "2008-05-20", UnacceptableAbsence),
    ]);
    let scene = given(deeds);
    assert_eq!(counts(&in_year(&scene, &standard("m05"), 2008)), (1, 3, Some(333_333)));
    let sessions = reading("m05", &[("counting", "rows".into())]);
    assert_eq!(counts(&in_year(&scene, &sessions, 2008)), (2, 6, Some(333_333)));
}

#[test]
fn m07_programme_requirements_completed() {
    // 1 completed its programme and then its order; 2 ended its order without; 3 had it dropped;
    // 4 goes on; 5 had an activity. Ended in 2008/09: 1, 2, 3. Completed: 1.
    let mut deeds = directory();
    for number in 1..=4 {
        deeds.extend(sentenced(number, needing(RequirementType::Programme, 30)));
    }
    deeds.extend(sentenced(5, needing(RequirementType::Activity, 30)));
    deeds.extend(placed(1, SERVICE, Some("the_one"), "2008-05-12"));
    deeds.push(completed(1, SERVICE, "2008-11-12"));
    deeds.push(ended(1, "2009-02-01", SentenceEnd::EarlyGoodProgress));
    deeds.push(ended(2, "2009-02-01", SentenceEnd::RevokedOther));
    deeds.push(ended(5, "2009-02-01", SentenceEnd::Expired));
    let varied = SentenceVaried {
        add: vec![],
        drop: vec![code("the_one")],
        expires_on: None,
        why: code("court_order"),
    };
    deeds.push(manager("2008-12-01", Action::VarySentence { sentence: sentence(3), varied }));
    let scene = given(deeds);
    assert_eq!(counts(&in_year(&scene, &standard("m07"), 2008)), (1, 3, Some(333_333)));
    let imposed = reading("m07", &[("cohort", "imposed_on".into())]);
    assert_eq!(counts(&in_year(&scene, &imposed, 2008)), (1, 4, Some(250_000)));
    assert_eq!(counts(&in_year(&scene, &standard("m07"), 2009)), (0, 0, None));
}

#[test]
fn m10_pilots_completed() {
    // Six started on the pilot: four completed, one left for work, one left. 4 / 6, or 5 / 6 if
    // leaving for work is a success. A seventh was on a service that is no pilot.
    let mut deeds = directory();
    let pilot = AgreementSet { programme: Some(code("pilot")), ..terms(WILLOWDENE) };
    deeds.push(agree(FARM_AGREEMENT, pilot));
    for number in 1..=7 {
        deeds.extend(sentenced(number, order()));
        let service = if number == 7 { SERVICE } else { FARM };
        deeds.extend(placed(number, service, None, "2008-05-12"));
    }
    deeds.extend((1..=4).map(|number| completed(number, FARM, "2008-11-12")));
    deeds.push(left(5, FARM, "2008-09-01", EarlyEnd::GainedEmployment));
    deeds.push(left(6, FARM, "2008-09-01", EarlyEnd::Left));
    deeds.push(completed(7, SERVICE, "2008-11-12"));
    let scene = given(deeds);
    assert_eq!(counts(&in_year(&scene, &standard("m10"), 2008)), (4, 6, Some(666_667)));
    let success = serde_json::json!(["completed", "gained_employment"]);
    let generous = reading("m10", &[("success", success)]);
    assert_eq!(counts(&in_year(&scene, &generous, 2008)), (5, 6, Some(833_333)));
    let one = Scope { agreement: Some(AGREEMENT), ..Scope::default() };
    assert_eq!(figure(&scene, &standard("m10"), &one, 2008, "2009-04-01").denominator, 0);
}

#[test]
fn m12_qualifications_of_those_who_completed() {
    // 1 completed with two national awards, 2 with one and one of the centre's, 3 did not complete.
    use QualificationKind::{CentreApproved, National};
    let mut deeds = directory();
    for number in 1..=3 {
        deeds.extend(sentenced(number, order()));
        deeds.extend(placed(number, SERVICE, None, "2008-05-12"));
    }
    for number in [1, 3] {
        deeds.push(awarded(number, "welding", National, "2008-09-01"));
        deeds.push(awarded(number, "forestry", National, "2008-09-02"));
    }
    deeds.push(awarded(2, "welding", National, "2008-09-01"));
    deeds.push(awarded(2, "woodwork", CentreApproved, "2008-09-01"));
    deeds.extend([completed(1, SERVICE, "2008-11-12"), completed(2, SERVICE, "2008-11-12")]);
    let scene = given(deeds);
    assert_eq!(counts(&in_year(&scene, &standard("m12"), 2008)), (1, 2, Some(500_000)));
    let centre = reading("m12", &[("kind", "centre_approved".into()), ("least", 1.into())]);
    assert_eq!(counts(&in_year(&scene, &centre, 2008)), (1, 2, Some(500_000)));
}

#[test]
fn m13_provision_for_the_budget() {
    // 10 places all the year, 20 from 1 October (182 days): 10 x 183 + 20 x 182 = 5,470 place-days
    // for 50,000 pounds: 1,094 millionths a penny, that is 1,094 days for 10,000 pounds.
    let mut deeds = directory();
    deeds.push(agree(AGREEMENT, AgreementSet { value: worth(&[(2009, 5_000_000)]), ..terms(YSS) }));
    deeds.push(capacity(SERVICE, Unit::Place, 10, "2008-04-01"));
    deeds.push(capacity(SERVICE, Unit::Place, 20, "2009-10-01"));
    deeds.push(capacity(SERVICE, Unit::Bed, 99, "2008-04-01"));
    let scene = given(deeds);
    assert_eq!(counts(&in_year(&scene, &standard("m13"), 2009)), (5_470, 5_000_000, Some(1_094)));
    assert_eq!(counts(&in_year(&scene, &standard("m13"), 2008)), (3_650, 0, None));
}

fn grant(number: u8, lead: AgencyId, status: AgreementStatus) -> Deed {
    let set = AgreementSet {
        kind: AgreementKind::Grant,
        programme: Some(code("faith_capacity")),
        status,
        term: Term { from: day("2008-04-01"), to: day("2010-03-31") },
        ..terms(lead)
    };
    agree(tallystick_domain::id::AgreementId([number; 16]), set)
}

#[test]
fn m16_grants_to_faith_groups() {
    // Three live grants of the programme, one of them to a group it was meant for; one is only
    // proposed, and after March 2010 none is in its term.
    let mut deeds = directory();
    let tagged = AgencyDescribed { tags: vec![code("muslim")], ..description(AgencyKind::Faith) };
    deeds.push(commissioner(
        "2008-04-01",
        Action::DescribeAgency { agency: AgencyId([0x77; 16]), described: tagged },
    ));
    deeds.push(grant(1, AgencyId([0x77; 16]), AgreementStatus::Live));
    deeds.push(grant(2, YSS, AgreementStatus::Live));
    deeds.push(grant(3, WILLOWDENE, AgreementStatus::Live));
    deeds.push(grant(4, WILLOWDENE, AgreementStatus::Proposed));
    let scene = given(deeds);
    assert_eq!(counts(&in_year(&scene, &standard("m16"), 2009)), (3, 0, Some(3_000_000)));
    assert_eq!(counts(&in_year(&scene, &standard("m16"), 2010)), (0, 0, Some(0)));
    assert_eq!(counts(&in_year(&scene, &standard("m16_share"), 2009)), (1, 3, Some(333_333)));
}

#[test]
fn m17_a_named_offender_manager() {
    // 1 has one from the first day, 2 from the fourth, 3 never until it ends on 1 June, 4 is in
    // custody. On 31 March: 2 / 2. The worst days are 12 to 14 April, 1 / 3: the first is named.
    let mut deeds = directory();
    for number in 1..=3 {
        deeds.extend(sentenced(number, order()));
    }
    deeds.extend(sentenced(4, licence()));
    let managed = |number, on| {
        let allocated = worker(WorkerRole::OffenderManager, TRUST);
        manager(on, Action::AllocateWorker { to: sentence(number).into(), allocated })
    };
    deeds.extend([managed(1, "2008-04-12"), managed(2, "2008-04-15")]);
    deeds.push(ended(3, "2008-06-01", SentenceEnd::RevokedOther));
    let scene = given(deeds);
    assert_eq!(counts(&in_year(&scene, &standard("m17"), 2008)), (2, 2, Some(1_000_000)));
    let in_may = figure(&scene, &standard("m17"), &Scope::default(), 2008, "2008-05-31");
    assert_eq!(counts(&in_may), (2, 3, Some(666_667)));
    let worst = |gap: u64| {
        let judged = [("judged", "worst_day".into()), ("max_gap_days", gap.into())];
        in_year(&scene, &reading("m17", &judged), 2008)
    };
    assert_eq!(counts(&worst(0)), (1, 3, Some(333_333)));
    assert_eq!(worst(0).day, Some(day("2008-04-12")));
    // Three days' grace is enough for 2, not for 3: its fourth day without is the 15th.
    assert_eq!(counts(&worst(3)), (2, 3, Some(666_667)));
    assert_eq!(worst(3).day, Some(day("2008-04-15")));
}

#[test]
fn m18_jobs_created() {
    // 12.50 posts in April 2008, 15.50 since June 2009: three jobs. Only of the agency asked.
    let mut deeds = directory();
    let grown =
        AgencyDescribed { staff_fte: Some(1_550), ..description(AgencyKind::SocialEnterprise) };
    deeds.push(commissioner(
        "2009-06-01",
        Action::DescribeAgency { agency: WILLOWDENE, described: grown },
    ));
    let scene = given(deeds);
    let farm = Scope { agency: Some(WILLOWDENE), ..Scope::default() };
    let of = |scope, year| counts(&figure(&scene, &standard("m18"), scope, year, "2019-04-01"));
    assert_eq!(of(&farm, 2009), (1_550, 1_250, Some(3_000_000)));
    assert_eq!(of(&farm, 2008), (1_250, 1_250, Some(0)));
    let other = Scope { agency: Some(YSS), ..Scope::default() };
    assert_eq!(of(&other, 2009), (1_250, 1_250, Some(0)));
}

#[test]
fn m20_change_of_the_budget() {
    // 200,000 pounds in 2008/09 and 166,000 three years later: 17 % less.
    let mut deeds = directory();
    let value = worth(&[(2008, 20_000_000), (2009, 19_000_000), (2011, 16_600_000)]);
    deeds.push(agree(AGREEMENT, AgreementSet { value, ..terms(YSS) }));
    let scene = given(deeds);
    let m20 = standard("m20");
    assert_eq!(counts(&in_year(&scene, &m20, 2008)), (16_600_000, 20_000_000, Some(-170_000)));
    // The plan for 2011/12 is known before that year has begun.
    let early = figure(&scene, &m20, &Scope::default(), 2008, "2009-04-01");
    assert_eq!(counts(&early), counts(&in_year(&scene, &m20, 2008)));
}

#[test]
fn what_a_case_adds_is_the_sum_of_its_units() {
    let mut deeds = directory();
    deeds.extend(sentenced(1, order()));
    deeds.push(ended(1, "2009-06-01", SentenceEnd::Expired));
    let scene = given(deeds);
    let period = Period::financial_year(2009).unwrap();
    let case = scene.case(tallystick_domain::CaseKey::Person(person(1)));
    let cases = &&scene.published;
    let m02 = standard("m02");
    let all = contribution(&m02, case, cases, &Scope::default(), period, day("2010-04-01"));
    assert_eq!((all.0[0].numerator, all.0[0].denominator, all.0.len()), (1, 1, 1));
    let none = contribution(&m02, case, cases, &Scope::default(), period, day("2009-05-31"));
    assert_eq!(none, Contribution::default());
}
