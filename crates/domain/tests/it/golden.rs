//! Bytes of every event type, kept for ever: `tests/golden/<name>.txt` has a header in hexadecimal,
//! the salt of its body in hexadecimal, and the rest of the body, which is JSON.
//!
//! A fixture is never changed. A new event type gets new fixtures (`cargo test -p
//! tallystick-domain --test it -- --ignored write_missing_fixtures`), and so does a new schema,
//! beside the old.

use crate::scene::{day, sealed};
use crate::world::*;
use std::fs;
use std::path::PathBuf;
use tallystick_domain::codes::{
    Achievement, AgencyKind, AgencyStatus, AgreementKind, AgreementStatus, AssessmentTool,
    AttendanceOutcome, BreachStep, CorrectionReason, Criterion, Decision, DeclineReason, EarlyEnd,
    EmploymentStatus, Fault, FieldGroup, IdentifierScheme, Level, Need, OffenceClass, PaymentBasis,
    ProofKind, QualificationKind, RegisterKind, RequirementType, Rosh, SentenceEnd, SentenceKind,
    SettingReason, Sex, ShareBasis, Unit, WithdrawalReason, WorkerRole,
};
use tallystick_domain::codes::{PlanItemKind, Relation, TargetStatus};
use tallystick_domain::envelope::SALT;
use tallystick_domain::event::{
    AgencyDescribed, AgreementSet, Assessed, AttendanceRecorded, AwardOffered, BreachRecorded,
    CapacitySet, Circumstance, CircumstanceRecorded, Corrected, Correction, Eligibility,
    Identifier, LedgerOpened, NeedFound, Objective, OffenceProven, PaymentRecorded,
    PersonRegistered, PlacementCompleted, PlacementEndedEarly, PlacementStarted, Price,
    QualificationAwarded, ReferralDecided, ReferralMade, ReferralWithdrawn, RegisterSet,
    Reoffending, SentenceEnded, SentenceImposed, SentenceVaried, ServiceDescribed, Setting,
    SettingChanged, Share, Term, Threshold, WorkerAllocated, YearValue,
};
use tallystick_domain::event::{PlanItemSet, TargetScope, TargetSet};
use tallystick_domain::id::{ActorId, CommandId, MeasureId, WorkerId};
use tallystick_domain::{
    Envelope, Event, EventId, EventType, Occurred, Position, Record, StreamId, StreamKind,
};

const BODY_SALT: [u8; SALT] = *b"salt of the body";

/// A record of each type with everything that it can say.
pub(crate) fn fullest() -> Vec<Record> {
    let events = [
        directory_in_full(),
        plans_in_full(),
        person_in_full(),
        facts_in_full(),
        referral_in_full(),
        sessions_in_full(),
    ];
    events.concat().into_iter().map(|(stream, event)| record(stream, event, true)).collect()
}

/// The ledger, an agency, an agreement and its service.
fn directory_in_full() -> Vec<(StreamId, Event)> {
    vec![
        (
            LEDGER.into(),
            LedgerOpened {
                ledger: LEDGER,
                incarnation: 2,
                commissioner: TRUST,
                predecessor: Some("ledger.example/1\n42\nroot\n".into()),
            }
            .into(),
        ),
        (
            YSS.into(),
            AgencyDescribed {
                name: label("Youth Support Services"),
                kind: AgencyKind::Charity,
                parent: Some(TRUST),
                areas: vec![code("worcestershire"), code("telford_and_wrekin")],
                tags: vec![code("voluntary")],
                staff_fte: Some(2_150),
                status: AgencyStatus::Prospect,
                reason: Some(code("intervention")),
            }
            .into(),
        ),
        (
            AGREEMENT.into(),
            AgreementSet {
                kind: AgreementKind::Partnership,
                status: AgreementStatus::Live,
                funder: TRUST,
                lead: YSS,
                subs: vec![CONNECT, WILLOWDENE],
                programme: Some(code("pilot")),
                route: Some(code("part_b_voluntary")),
                term: Term { from: day("2008-04-01"), to: day("2011-03-31") },
                value: vec![YearValue { fy: 2008, pence: 12_345_678 }],
                prices: vec![Price { unit: Unit::OneToOneHoursWeek, pence: 4_200 }],
                measures: vec![Threshold { measure: code("m10"), version: 2, ppm: 750_000 }],
                continues: vec![FARM_AGREEMENT],
                end_reason: Some(code("novated")),
            }
            .into(),
        ),
        (
            AGREEMENT.into(),
            PaymentRecorded {
                basis: PaymentBasis::Outcome,
                ..payment(&[EventId::derive(YSS, CommandId([0xc0; 16]), 3)])
            }
            .into(),
        ),
        (
            SERVICE.into(),
            ServiceDescribed {
                kind: code("residential_rehab"),
                needs: vec![Need::Drugs, Need::Accommodation],
                requirement_types: vec![RequirementType::DrugRehabilitation],
                eligibility: Eligibility {
                    sex: Some(Sex::Female),
                    age_from: Some(18),
                    age_to: Some(65),
                    in_custody: Some(false),
                    alternative_to_custody: true,
                },
                awards_offered: vec![AwardOffered {
                    title: label("Animal husbandry"),
                    level: Level::Entry,
                    kind: QualificationKind::CentreApproved,
                }],
                ..offer(AGREEMENT, YSS)
            }
            .into(),
        ),
        (
            SERVICE.into(),
            CapacitySet {
                unit: Unit::Bed,
                to: Some(day("2008-12-31")),
                reason: Some(code("building_works")),
                ..capacity(0)
            }
            .into(),
        ),
    ]
}

/// A measure and a plan.
fn plans_in_full() -> Vec<(StreamId, Event)> {
    vec![
        (MeasureId::of(&code("m02")).into(), definition(7).into()),
        (
            PLAN.into(),
            TargetSet {
                scope: TargetScope {
                    area: Some(code("worcestershire")),
                    agency: Some(TRUST),
                    agreement: Some(AGREEMENT),
                },
                baseline: Some(97_600),
                relation: Relation::RelativeToBaseline,
                value: -77_700,
                status: TargetStatus::Designated,
                ..target()
            }
            .into(),
        ),
        (
            PLAN.into(),
            PlanItemSet {
                due: Some(day("2011-03-31")),
                impact: Some(4),
                likelihood: Some(5),
                mitigation: Some(label("Extensive resource generation")),
                resource_note: Some(label("need increased funding")),
                line: Some(code("compliance")),
                ..plan_item(PlanItemKind::Risk)
            }
            .into(),
        ),
    ]
}

/// What is recorded of a person beside sentences and services.
fn facts_in_full() -> Vec<(StreamId, Event)> {
    vec![
        (
            own(StreamKind::Assessment),
            Assessed {
                needs: vec![NeedFound { need: Need::Drugs, severity: 3 }],
                motivation: Some(2),
                reoffend: Some(Reoffending { window_months: 3, ppm: 97_600 }),
                rosh: Some(Rosh::VeryHigh),
                objectives: vec![Objective {
                    need: Need::Drugs,
                    service_kind: code("residential_rehab"),
                    due: day("2008-12-31"),
                }],
                ..assessment(AssessmentTool::Oasys)
            }
            .into(),
        ),
        (
            own(StreamKind::Register),
            RegisterSet {
                category: Some(1),
                scheme: Some(code("acclaim")),
                agreed_by: vec![TRUST, PRISON],
                ..entry(RegisterKind::Mappa, true)
            }
            .into(),
        ),
        (own(StreamKind::Offence), offence("telford_mc/2008-117").into()),
        (
            circumstances_of(PERSON),
            CircumstanceRecorded {
                verified: true,
                source: Some(code("employer")),
                ..lives(Circumstance::Employment {
                    status: EmploymentStatus::PartTime,
                    hours_week: Some(24),
                    employer: Some(CONNECT),
                    started: Some(day("2008-05-01")),
                })
            }
            .into(),
        ),
    ]
}

/// A person and a sentence.
fn person_in_full() -> Vec<(StreamId, Event)> {
    let target = EventId::derive(YSS, CommandId([0xc0; 16]), 3);
    vec![
        (
            PERSON.into(),
            PersonRegistered {
                identifiers: vec![
                    Identifier {
                        scheme: IdentifierScheme::Crn,
                        value: sealed(&[0, 1, 2, 250, 255]),
                    },
                    Identifier { scheme: IdentifierScheme::Pnc, value: sealed(b"sealed pnc") },
                ],
                name: sealed(b"sealed name"),
                born: sealed(b"sealed birth"),
            }
            .into(),
        ),
        (
            SENTENCE.into(),
            SentenceImposed {
                kind: SentenceKind::Custody,
                setting: Setting::Custody { at: PRISON },
                continues: Some(tallystick_domain::id::SentenceId([0x51; 16])),
                ..sentence_of(PERSON)
            }
            .into(),
        ),
        (
            SENTENCE.into(),
            SentenceVaried {
                add: vec![requirement("residence")],
                drop: vec![code("activity")],
                expires_on: Some(day("2010-10-11")),
                ..variation()
            }
            .into(),
        ),
        (
            SENTENCE.into(),
            SettingChanged {
                to: Setting::Community { licence: true },
                why: SettingReason::Released,
            }
            .into(),
        ),
        (
            PLACEMENT.into(),
            WorkerAllocated {
                role: WorkerRole::Mentor,
                worker: WorkerId([0x80; 16]),
                agency: CONNECT,
                volunteer: true,
            }
            .into(),
        ),
        (
            SENTENCE.into(),
            BreachRecorded {
                breach: 1,
                step: BreachStep::FinalWarning,
                grounds: vec![target],
                other_ground: Some(code("failed_to_keep_in_touch")),
                requirement: Some(code("activity")),
                court: Some(code("hereford_magistrates")),
                disposal: Some(code("more_hours")),
            }
            .into(),
        ),
        (SENTENCE.into(), SentenceEnded { how: SentenceEnd::EarlyGoodProgress }.into()),
    ]
}

/// A referral and the start of a placement.
fn referral_in_full() -> Vec<(StreamId, Event)> {
    vec![
        (
            REFERRAL.into(),
            ReferralMade {
                provider: YSS,
                lead: YSS,
                requirement: Some(code("activity")),
                needs: vec![Need::Ete, Need::Finance],
                outcomes_wanted: vec![code("employed")],
                complete_by: Some(day("2009-01-31")),
                share: Share {
                    groups: vec![FieldGroup::Identity, FieldGroup::Risk],
                    basis: ShareBasis::Override,
                    reason: Some(code("safety")),
                },
                meets: vec![Criterion::AlternativeToCustody],
                override_reason: Some(code("court_direction")),
                continues: Some(NEXT_REFERRAL),
                ..asking(PERSON, SERVICE)
            }
            .into(),
        ),
        (
            REFERRAL.into(),
            ReferralDecided {
                decision: Decision::Declined,
                reason: Some(DeclineReason::OutOfArea),
            }
            .into(),
        ),
        (REFERRAL.into(), ReferralWithdrawn { reason: WithdrawalReason::EarlyTransferred }.into()),
        (PLACEMENT.into(), booking().into()),
        (PLACEMENT.into(), PlacementStarted {}.into()),
    ]
}

/// What happens on a placement.
fn sessions_in_full() -> Vec<(StreamId, Event)> {
    let target = EventId::derive(YSS, CommandId([0xc0; 16]), 3);
    let restated = Correction::Replace {
        occurred_on: "2008-05-13T09:30".parse().unwrap(),
        event: Box::new(PlacementStarted {}.into()),
    };
    vec![
        (
            PLACEMENT.into(),
            AttendanceRecorded {
                fault: Fault::Person,
                ..session("2008-w21", AttendanceOutcome::SentHomeBehaviour)
            }
            .into(),
        ),
        (
            PLACEMENT.into(),
            QualificationAwarded {
                level: Level::Two,
                ..qualification("Forestry \u{2013} \u{201c}level 2\u{201d}")
            }
            .into(),
        ),
        (
            PLACEMENT.into(),
            PlacementCompleted {
                outcomes: vec![
                    outcome("settled", Achievement::Achieved),
                    outcome("debt_plan", Achievement::Partly),
                    outcome("employed", Achievement::Not),
                ],
                move_on: Some(code("college")),
            }
            .into(),
        ),
        (
            PLACEMENT.into(),
            PlacementEndedEarly {
                outcomes: vec![outcome("settled", Achievement::Achieved)],
                ..early_end(EarlyEnd::GainedEmployment)
            }
            .into(),
        ),
        (
            PLACEMENT.into(),
            Corrected { target, op: restated, reason: CorrectionReason::EnteredWrongly }.into(),
        ),
    ]
}

/// A record of each type, and of each shape, with nothing that can be left out.
pub(crate) fn sparest() -> Vec<Record> {
    let target = EventId::derive(TRUST, CommandId([0xc0; 16]), 0);
    let unmarked = Eligibility::default();
    let records: Vec<(StreamId, Event)> = vec![
        (LEDGER.into(), opening().into()),
        (
            YSS.into(),
            AgencyDescribed { areas: vec![], staff_fte: None, ..description(AgencyKind::Charity) }
                .into(),
        ),
        (AGREEMENT.into(), terms(YSS).into()),
        (MeasureId::of(&code("m02")).into(), definition(1).into()),
        (PLAN.into(), crate::world::target().into()),
        (PLAN.into(), PlanItemSet { owners: vec![], ..plan_item(PlanItemKind::Milestone) }.into()),
        (
            AGREEMENT.into(),
            PaymentRecorded { payer: None, basis: PaymentBasis::TradingIncome, ..payment(&[]) }
                .into(),
        ),
        (
            SERVICE.into(),
            ServiceDescribed {
                needs: vec![],
                requirement_types: vec![],
                eligibility: unmarked,
                ..offer(AGREEMENT, YSS)
            }
            .into(),
        ),
        (SERVICE.into(), capacity(12).into()),
        (PERSON.into(), identity(b"").into()),
        (own(StreamKind::Assessment), assessment(AssessmentTool::Clw).into()),
        (own(StreamKind::Register), entry(RegisterKind::Mappa, false).into()),
        (
            own(StreamKind::Offence),
            OffenceProven {
                how: ProofKind::Caution,
                class: OffenceClass::PublicOrder,
                ..offence("pnc/1")
            }
            .into(),
        ),
        (circumstances_of(PERSON), lives(Circumstance::Debt(sealed(b"sealed debt"))).into()),
        (SENTENCE.into(), SentenceImposed { requirements: vec![], ..sentence_of(PERSON) }.into()),
        (SENTENCE.into(), variation().into()),
        (
            SENTENCE.into(),
            SettingChanged { to: Setting::Custody { at: PRISON }, why: SettingReason::Recalled }
                .into(),
        ),
        (SENTENCE.into(), worker(WorkerRole::OffenderManager, TRUST).into()),
        (SENTENCE.into(), grounded(1, BreachStep::Proven, &[]).into()),
        (SENTENCE.into(), SentenceEnded { how: SentenceEnd::Expired }.into()),
        (
            REFERRAL.into(),
            ReferralMade {
                provider: YSS,
                lead: YSS,
                sentence: None,
                needs: vec![],
                share: Share { groups: vec![], basis: ShareBasis::Consent, reason: None },
                ..asking(PERSON, SERVICE)
            }
            .into(),
        ),
        (REFERRAL.into(), ReferralDecided { decision: Decision::Accepted, reason: None }.into()),
        (PLACEMENT.into(), completion().into()),
        (PLACEMENT.into(), early_end(EarlyEnd::DidNotArrive).into()),
        (
            PERSON.into(),
            Corrected { target, op: Correction::Void, reason: CorrectionReason::WrongSubject }
                .into(),
        ),
    ];
    records.into_iter().map(|(stream, event)| record(stream, event, false)).collect()
}

fn record(stream: StreamId, event: Event, full: bool) -> Record {
    let number = event.event_type() as u16;
    let about_person = stream.kind.is_personal();
    let cause = EventId { of_command: [0xca; 16], index: 9 };
    let occurred: Occurred = if full { "2008-05-12T23:59" } else { "2008-05-12" }.parse().unwrap();
    let envelope = Envelope {
        position: Position(1_000_000 + u64::from(number)),
        commit: 70_000,
        stream,
        version: if full { 258 } else { 1 },
        command: CommandId(*b"command 0123456!"),
        index: u16::from(full),
        of: if full { 3 } else { 1 },
        command_mac: *b"mac of a command",
        event_type: event.event_type(),
        schema: Event::SCHEMA,
        occurred,
        recorded_at: 1_210_636_799_999,
        actor: ActorId([0xac; 16]),
        agency: YSS,
        parties: if full && about_person { vec![TRUST, YSS, CONNECT] } else { vec![] },
        cause: full.then_some(cause),
        salt: *b"salt of a header",
    };
    let note = (full && about_person).then(|| sealed(b"a sealed note"));
    Record { envelope, event, note }
}

/// Every fixture: its name and the record that it holds.
pub(crate) fn fixtures() -> Vec<(String, Record)> {
    let named = |how: &'static str| {
        move |record: Record| (format!("{}.{how}", record.envelope.event_type.name()), record)
    };
    fullest()
        .into_iter()
        .map(named("full"))
        .chain(sparest().into_iter().map(named("spare")))
        .collect()
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", &format!("{name}.txt")].iter().collect()
}

pub(crate) fn encode(record: &Record) -> (Vec<u8>, Vec<u8>) {
    let (mut header, mut body) = (Vec::new(), Vec::new());
    record.envelope.encode(&mut header);
    record.encode_body(BODY_SALT, &mut body);
    (header, body)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// Header and body of a fixture, as they stand in its file.
fn read(name: &str) -> (Vec<u8>, Vec<u8>) {
    let text = fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_else(|| panic!("{name} is cut short"));
    let header = unhex(line());
    let mut body = unhex(line());
    body.extend_from_slice(line().as_bytes());
    assert_eq!(lines.next(), None, "{name} has a line too many");
    (header, body)
}

#[test]
fn golden_bytes_decode_to_the_values_they_were_made_of() {
    for (name, record) in fixtures() {
        let (header, body) = read(&name);
        assert_eq!(Record::decode(&header, &body), Ok(record), "{name}");
    }
}

#[test]
fn the_same_values_encode_to_the_golden_bytes() {
    for (name, record) in fixtures() {
        let (header, body) = encode(&record);
        let (golden_header, golden_body) = read(&name);
        assert_eq!(hex(&header), hex(&golden_header), "{name}");
        let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
        assert_eq!(text(&body), text(&golden_body), "{name}");
    }
}

#[test]
fn every_event_type_has_golden_bytes_and_every_file_is_read() {
    let types: Vec<_> = fullest().iter().map(|record| record.envelope.event_type).collect();
    for event_type in EventType::ALL {
        assert!(types.contains(event_type), "{event_type:?} has no golden bytes");
    }
    let mut expected: Vec<_> = fixtures().iter().map(|(name, _)| path(name)).collect();
    let folder = path("x").parent().unwrap().to_owned();
    let mut found: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
#[ignore = "called by whoever adds an event type: writes its fixture, never rewrites one"]
fn write_missing_fixtures() {
    use std::io::Write as _;
    for (name, record) in fixtures() {
        let (header, body) = encode(&record);
        let (salt, json) = body.split_at(SALT);
        let json = std::str::from_utf8(json).unwrap();
        let Ok(mut file) = fs::File::create_new(path(&name)) else { continue };
        writeln!(file, "{}\n{}\n{json}", hex(&header), hex(salt)).unwrap();
    }
}
