//! Which role may give which command: the whole table, as data.

use crate::scene::{given, replace, void};
use crate::world::*;
use tallystick_domain::codes::{
    AccommodationType, AgencyKind, AssessmentTool, BreachStep, Decision, EarlyEnd, RegisterKind,
    SentenceEnd, SettingReason, WorkerRole,
};
use tallystick_domain::event::Setting;
use tallystick_domain::{Action, Refusal, Role, StreamKind};

/// One of every action.
fn every_action() -> Vec<Action> {
    let deeds = vec![
        open(opening()),
        describe(YSS, description(AgencyKind::Charity)),
        agree(AGREEMENT, terms(YSS)),
        pay(payment(&[])),
        describe_service(SERVICE, offer(AGREEMENT, YSS)),
        set_capacity(capacity(1)),
        define(definition(1)),
        set_target(target()),
        set_item(plan_item(tallystick_domain::codes::PlanItemKind::Action)),
        register(PERSON),
        record(housed(AccommodationType::A04)),
        prove(offence("a")),
        enter(entry(RegisterKind::Mappa, true)),
        assess(assessment(AssessmentTool::Clw)),
        impose(SENTENCE, sentence_of(PERSON)),
        vary(variation()),
        go_to(Setting::Custody { at: PRISON }, SettingReason::Remand),
        allocate(SENTENCE, worker(WorkerRole::Mentor, YSS)),
        enforce(step(1, BreachStep::Warning)),
        end_sentence(SentenceEnd::Expired),
        refer(REFERRAL, asking(PERSON, SERVICE)),
        decide(Decision::Accepted),
        withdraw(),
        book(PLACEMENT, booking()),
        start(),
        attend(session("s1", tallystick_domain::codes::AttendanceOutcome::Complied)),
        award(qualification("Forestry")),
        complete(completion()),
        end_early(EarlyEnd::Left),
        correct([void(crate::scene::event_of(YSS, "started"))]),
    ];
    deeds.into_iter().map(|deed| deed.step.action).collect()
}

/// Columns: offender manager, link worker, provider lead, caseworker, mentor, police, housing,
/// commissioner, board, auditor, data protection officer, witness.
const TABLE: [(&str, &str); 30] = [
    ("open the ledger", ".......C...."),
    ("describe an agency", ".......C...."),
    ("set an agreement", ".......C...."),
    ("record a payment", ".......C...."),
    ("describe a service", "..P....C...."),
    ("set a capacity", "..P....C...."),
    ("define a measure", ".......C...."),
    ("set a target", ".......C...."),
    ("set an item of a plan", ".......C...."),
    ("register a person", "OL.........."),
    ("record a circumstance", "OL.........."),
    ("record an offence", "O..........."),
    ("set a register", "O..........."),
    ("assess a person", "OL.........."),
    ("impose a sentence", "O..........."),
    ("vary a sentence", "O..........."),
    ("change a setting", "O..........."),
    ("allocate a worker", "O.P........."),
    ("record a breach", "O..........."),
    ("end a sentence", "O..........."),
    ("make a referral", "OL.........."),
    ("decide a referral", "..P........."),
    ("withdraw a referral", "OLP........."),
    ("book a placement", "..PW........"),
    ("start a placement", "..PW........"),
    ("record attendance", "..PWM......."),
    ("award a qualification", "..PW........"),
    ("complete a placement", "..PW........"),
    ("end a placement early", "..PW........"),
    ("correct events", "OLPW...C...."),
];

const COLUMNS: [Role; 12] = [
    Role::OffenderManager,
    Role::LinkWorker,
    Role::ProviderLead,
    Role::Caseworker,
    Role::Mentor,
    Role::Police,
    Role::Housing,
    Role::Commissioner,
    Role::Board,
    Role::Auditor,
    Role::DataProtectionOfficer,
    Role::Witness,
];

#[test]
fn every_role_may_give_the_commands_of_the_table_and_no_others() {
    assert_eq!(COLUMNS, Role::ALL);
    let actions = every_action();
    let names: Vec<_> = actions.iter().map(Action::name).collect();
    assert_eq!(names, TABLE.map(|(name, _)| name));
    for (action, (name, may)) in actions.iter().zip(TABLE) {
        for (role, mark) in COLUMNS.into_iter().zip(may.chars()) {
            assert_eq!(role.may(action), mark != '.', "may a {role:?} {name}?");
        }
    }
}

#[test]
fn a_role_that_may_not_is_told_so_before_anything_else() {
    for (action, (name, may)) in every_action().into_iter().zip(TABLE) {
        for (role, mark) in COLUMNS.into_iter().zip(may.chars()).filter(|(_, mark)| *mark == '.') {
            let deed = crate::scene::Deed::new(STRANGER, role, "2099-01-01", action.clone());
            let deed = deed.recorded("2008-04-01");
            let refused = Refusal::RoleMayNot { role, action: name };
            assert_eq!(given([]).when(deed).refusal(), refused, "{mark}");
        }
    }
}

#[test]
fn nobody_else_reads_everything() {
    let readers: Vec<_> = Role::ALL.iter().filter(|role| role.reads_everything()).collect();
    assert_eq!(readers, [&Role::Commissioner, &Role::Auditor]);
}

#[test]
fn what_is_confidential_is_for_offender_managers_and_data_protection_officers() {
    let readers: Vec<_> = Role::ALL.iter().filter(|role| role.reads_confidential()).collect();
    assert_eq!(readers, [&Role::OffenderManager, &Role::DataProtectionOfficer]);
}

/// Who reads which of a person's own streams, where the agency holds them; columns as above.
const READS: [(StreamKind, &str); 4] = [
    (StreamKind::Circumstance, "OL.....C.AD."),
    (StreamKind::Offence, "O......C.AD."),
    (StreamKind::Register, "O......C.AD."),
    (StreamKind::Assessment, "OL.....C.AD."),
];

#[test]
fn each_kind_of_a_persons_own_streams_has_its_readers() {
    for (kind, marks) in READS {
        for (role, mark) in COLUMNS.into_iter().zip(marks.chars()) {
            assert_eq!(role.reads(kind), mark != '.', "reads a {role:?} {kind:?}?");
        }
    }
    let own = StreamKind::ALL.iter().filter(|kind| kind.bears_person());
    let listed = READS.iter().map(|(kind, _)| kind);
    let person = [&StreamKind::Person];
    assert!(own.eq(person.into_iter().chain(listed)), "a kind that is on no list");
}

#[test]
fn the_code_of_a_role_is_its_text_in_json() {
    for role in Role::ALL {
        let json = serde_json::to_string(role).unwrap();
        assert_eq!(json, format!("\"{}\"", role.as_str()));
    }
}

#[test]
fn the_commissioner_corrects_what_another_recorded() {
    let target = crate::scene::event_of(YSS, "started");
    let by_commissioner = |op| correct([op]).by(TRUST, Role::Commissioner);
    let moved = replace(target, "2008-05-14", tallystick_domain::event::PlacementStarted {});
    for op in [void(target), moved] {
        given(started()).when(by_commissioner(op)).then([tallystick_domain::EventType::Corrected]);
    }
}
