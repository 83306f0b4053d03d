//! Whatever happens to a person and however it is corrected: the case is the fold of its records,
//! and means what a ledger would mean in which only the effective events had ever happened.

use crate::scene::{Deed, Scene, given, noon, sealed, void};
use crate::world::*;
use proptest::prelude::*;
use serde_json::Value;
use tallystick_domain::codes::{
    AccommodationType, AssessmentTool, AttendanceOutcome, BreachStep, CorrectionReason, Decision,
    DeclineReason, EarlyEnd, RegisterKind, SentenceEnd, SettingReason, WorkerRole,
};
use tallystick_domain::command::{Amendment, CorrectionAsked};
use tallystick_domain::event::{
    BreachRecorded, Circumstance, PlacementBooked, ReferralDecided, ReferralMade,
    ReferralWithdrawn, SentenceVaried, Setting,
};
use tallystick_domain::history::effective;
use tallystick_domain::id::{AgreementId, PlacementId, ReferralId, SentenceId, ServiceId};
use tallystick_domain::{
    Action, Command, Event, Facts, Moment, Occurred, Origin, Overlay, Record, Refusal, Role, Step,
    StreamId,
};

/// Bytes from which everything about an attempt is chosen.
type Dice = [u8; 6];

fn pick<T: Copy>(from: &[T], die: u8) -> T {
    from[usize::from(die) % from.len()]
}

fn sentence(die: u8) -> SentenceId {
    pick(&[SENTENCE, SentenceId([0x51; 16])], die)
}

fn referral(die: u8) -> ReferralId {
    pick(&[REFERRAL, NEXT_REFERRAL, ReferralId([0x62; 16])], die)
}

fn placement(die: u8) -> PlacementId {
    pick(&[PLACEMENT, NEXT_PLACEMENT], die)
}

/// An attempt of an ordinary kind; most are refused in most states, which is as well.
fn attempt(scene: &Scene, [kind, what, a, b, c, when]: Dice) -> Deed {
    let on = crate::scene::day("2008-04-12").plus_days(i32::from(when));
    let custody = Setting::Custody { at: PRISON };
    let trust = |action| (TRUST, Role::OffenderManager, action);
    let yss = |action| (YSS, Role::ProviderLead, action);
    let (agency, role, action) = match kind % 20 {
        0 => trust(Action::ImposeSentence { sentence: sentence(a), imposed: sentence_of(PERSON) }),
        1 => trust(Action::VarySentence {
            sentence: sentence(a),
            varied: SentenceVaried {
                add: vec![requirement(pick(&["activity", "residence"], b))],
                drop: vec![code(pick(&["activity", "residence"], c))],
                ..variation()
            },
        }),
        2 => {
            let community = |licence| Setting::Community { licence };
            let to = [custody, community(true), community(false)][usize::from(b) % 3].clone();
            let Action::ChangeSetting { changed, .. } =
                go_to(to, SettingReason::Transfer).step.action
            else {
                unreachable!()
            };
            trust(Action::ChangeSetting { sentence: sentence(a), changed })
        }
        3 => {
            let as_what = pick(&[WorkerRole::OffenderManager, WorkerRole::LinkWorker], b);
            let allocated = worker(as_what, TRUST);
            trust(Action::AllocateWorker { to: sentence(a).into(), allocated })
        }
        4 => {
            let allocated = worker(pick(&[WorkerRole::Mentor, WorkerRole::Supervisor], c), YSS);
            let to: StreamId = if b % 2 == 0 { referral(a).into() } else { placement(a).into() };
            yss(Action::AllocateWorker { to, allocated })
        }
        5 | 6 => trust(Action::RecordBreach {
            sentence: sentence(a),
            recorded: breach(scene, u16::from(b % 2) + 1, pick(BreachStep::ALL, what), c),
        }),
        7 => trust(Action::EndSentence {
            sentence: sentence(a),
            ended: tallystick_domain::event::SentenceEnded { how: pick(SentenceEnd::ALL, b) },
        }),
        8 => trust(Action::MakeReferral {
            referral: referral(a),
            made: ReferralMade {
                sentence: (c % 3 != 0).then(|| sentence(c)),
                continues: (b % 4 == 0).then(|| referral(b / 4)),
                ..asking(PERSON, SERVICE)
            },
        }),
        9 => {
            let decision = pick(Decision::ALL, b);
            let reason = (decision == Decision::Declined).then_some(DeclineReason::NoCapacity);
            let decided = ReferralDecided { decision, reason };
            yss(Action::DecideReferral { referral: referral(a), decided })
        }
        10 => {
            let reason = pick(tallystick_domain::codes::WithdrawalReason::ALL, b);
            let withdrawn = ReferralWithdrawn { reason };
            trust(Action::WithdrawReferral { referral: referral(a), withdrawn })
        }
        11 => {
            let booked = PlacementBooked { referral: referral(b), ..booking() };
            yss(Action::BookPlacement { placement: placement(a), booked })
        }
        12 => yss(Action::StartPlacement { placement: placement(a) }),
        13 => {
            let recorded =
                session(pick(&["s1", "s2", "s3", "s4"], b), pick(AttendanceOutcome::ALL, c));
            yss(Action::RecordAttendance { placement: placement(a), recorded })
        }
        14 => {
            let awarded = qualification(pick(&["Forestry", "Welding"], b));
            yss(Action::AwardQualification { placement: placement(a), awarded })
        }
        15..=18 => trust(told(kind, b, c)),
        _ if c % 2 == 0 => {
            yss(Action::CompletePlacement { placement: placement(a), completed: completion() })
        }
        _ => {
            let ended = early_end(pick(EarlyEnd::ALL, b));
            yss(Action::EndPlacementEarly { placement: placement(a), ended })
        }
    };
    Deed::new(agency, role, &on.to_string(), action)
}

/// Something that is recorded of the person beside sentences and services.
fn told(kind: u8, b: u8, c: u8) -> Action {
    let person = PERSON;
    match kind % 4 {
        0 if b.is_multiple_of(2) => {
            Action::RecordCircumstance { person, recorded: housed(pick(AccommodationType::ALL, c)) }
        }
        0 => Action::RecordCircumstance {
            person,
            recorded: lives(Circumstance::Substance(sealed(&[c]))),
        },
        1 => {
            let proven = offence(pick(&["court/1", "court/2"], b));
            Action::RecordOffence { person, proven }
        }
        2 => Action::SetRegister {
            person,
            set: entry(pick(RegisterKind::ALL, b), c.is_multiple_of(2)),
        },
        _ => Action::Assess { person, assessed: assessment(pick(AssessmentTool::ALL, b)) },
    }
}

/// A step of enforcement, grounded on one of the sessions recorded so far, or otherwise.
fn breach(scene: &Scene, number: u16, taken: BreachStep, die: u8) -> BreachRecorded {
    let sessions: Vec<_> = scene
        .records
        .iter()
        .filter(|it| matches!(it.event, Event::AttendanceRecorded(_)))
        .map(|it| it.envelope.event_id())
        .collect();
    if sessions.is_empty() || die.is_multiple_of(2) {
        step(number, taken)
    } else {
        grounded(number, taken, &[pick(&sessions, die / 2)])
    }
}

/// A correction of one of the records of the case so far.
fn amend(scene: &Scene, [kind, _, which, b, c, when]: Dice) -> Deed {
    let history = scene.history(CASE);
    let target = &history[(usize::from(which) * 256 + usize::from(c)) % history.len()];
    let event = target.envelope.event_id();
    if kind % 2 == 0 {
        return correct([void(event)]).by(TRUST, Role::Commissioner);
    }
    let on = crate::scene::day("2008-04-12").plus_days(i32::from(when));
    let occurred_on = Occurred::from(on);
    let op = match target.event.clone() {
        Event::PersonRegistered(_) => {
            Amendment::ReplaceIdentity { person: PERSON, occurred_on, identity: identity(&[b, c]) }
        }
        Event::CircumstanceRecorded(_) => Amendment::ReplaceCircumstance {
            person: PERSON,
            occurred_on,
            recorded: housed(pick(AccommodationType::ALL, b)),
        },
        Event::RegisterSet(_) => {
            let set = entry(pick(RegisterKind::ALL, b), c % 2 == 0);
            Amendment::Replace { occurred_on, event: Box::new(set.into()) }
        }
        Event::AttendanceRecorded(mut recorded) => {
            recorded.outcome = pick(AttendanceOutcome::ALL, b);
            Amendment::Replace { occurred_on, event: Box::new(recorded.into()) }
        }
        Event::BreachRecorded(mut recorded) => {
            recorded.step = pick(BreachStep::ALL, b);
            Amendment::Replace { occurred_on, event: Box::new(recorded.into()) }
        }
        Event::ReferralDecided(mut decided) => {
            decided.decision = pick(Decision::ALL, b);
            let declined = decided.decision == Decision::Declined;
            decided.reason = declined.then_some(DeclineReason::OutOfArea);
            Amendment::Replace { occurred_on, event: Box::new(decided.into()) }
        }
        other => Amendment::Replace { occurred_on, event: Box::new(other) },
    };
    let asked = CorrectionAsked { target: event, op, reason: CorrectionReason::NewEvidence };
    correct([asked]).by(TRUST, Role::Commissioner)
}

/// Tries what the dice say. A correction on which others rest is tried again with all of them
/// voided in the same step, latest first, which must succeed.
fn play(mut scene: Scene, dice: &[Dice]) -> Scene {
    for dice in dice {
        let corrects = dice[1] >= 200;
        let deed = if corrects { amend(&scene, *dice) } else { attempt(&scene, *dice) };
        let verdict = scene.when(deed.clone());
        scene = verdict.scene;
        let Err(refused) = verdict.answer else { continue };
        let Refusal::BreaksHistory { dependants } = refused.refusal else { continue };
        assert!(corrects && !dependants.is_empty());
        let Action::Correct { corrections: asked } = &deed.step.action else { unreachable!() };
        let mut all: Vec<_> = dependants.iter().rev().map(|it| void(it.event)).collect();
        all.extend(asked.iter().cloned());
        let verdict = scene.when(correct(all).by(TRUST, Role::Commissioner));
        assert!(verdict.answer.is_ok(), "{:?}", verdict.answer);
        scene = verdict.scene;
    }
    scene
}

/// What somebody would have asked for to record that event.
fn asked_for(stream: StreamId, event: Event) -> Action {
    let id = stream.id;
    let (sentence, referral, placement) = (SentenceId(id), ReferralId(id), PlacementId(id));
    match event {
        Event::LedgerOpened(opened) => Action::OpenLedger(opened),
        Event::AgencyDescribed(described) => {
            Action::DescribeAgency { agency: tallystick_domain::id::AgencyId(id), described }
        }
        Event::AgreementSet(set) => Action::SetAgreement { agreement: AgreementId(id), set },
        Event::PaymentRecorded(paid) => Action::RecordPayment { agreement: AgreementId(id), paid },
        Event::ServiceDescribed(described) => {
            Action::DescribeService { service: ServiceId(id), described }
        }
        Event::CapacitySet(set) => Action::SetCapacity { service: ServiceId(id), set },
        Event::PersonRegistered(identity) => Action::RegisterPerson { person: PERSON, identity },
        Event::CircumstanceRecorded(recorded) => {
            Action::RecordCircumstance { person: PERSON, recorded }
        }
        Event::OffenceProven(proven) => Action::RecordOffence { person: PERSON, proven },
        Event::RegisterSet(set) => Action::SetRegister { person: PERSON, set },
        Event::Assessed(assessed) => Action::Assess { person: PERSON, assessed },
        Event::SentenceImposed(imposed) => Action::ImposeSentence { sentence, imposed },
        Event::SentenceVaried(varied) => Action::VarySentence { sentence, varied },
        Event::SettingChanged(changed) => Action::ChangeSetting { sentence, changed },
        Event::WorkerAllocated(allocated) => Action::AllocateWorker { to: stream, allocated },
        Event::BreachRecorded(recorded) => Action::RecordBreach { sentence, recorded },
        Event::SentenceEnded(ended) => Action::EndSentence { sentence, ended },
        Event::ReferralMade(made) => Action::MakeReferral { referral, made },
        Event::ReferralDecided(decided) => Action::DecideReferral { referral, decided },
        Event::ReferralWithdrawn(withdrawn) => Action::WithdrawReferral { referral, withdrawn },
        Event::PlacementBooked(booked) => Action::BookPlacement { placement, booked },
        Event::PlacementStarted(_) => Action::StartPlacement { placement },
        Event::AttendanceRecorded(recorded) => Action::RecordAttendance { placement, recorded },
        Event::QualificationAwarded(awarded) => Action::AwardQualification { placement, awarded },
        Event::PlacementCompleted(completed) => Action::CompletePlacement { placement, completed },
        Event::PlacementEndedEarly(ended) => Action::EndPlacementEarly { placement, ended },
        Event::MeasureDefined(_) | Event::TargetSet(_) | Event::PlanItemSet(_) => {
            unreachable!("not of a person")
        }
        Event::Corrected(_) => unreachable!("a correction is never effective"),
    }
}

/// A ledger in which only the effective events of these records ever happened, each by the same
/// command, so that events keep their identity.
fn as_if_always_so(records: &[Record]) -> Scene {
    let mut scene = given(directory());
    for (meta, event) in effective(records) {
        let envelope = meta.record;
        let role =
            if envelope.agency == TRUST { Role::OffenderManager } else { Role::ProviderLead };
        let command = Command {
            id: envelope.command,
            mac: envelope.command_mac,
            origin: Origin { agency: envelope.agency, actor: envelope.actor, role },
            steps: vec![Step::new(meta.occurred, asked_for(envelope.stream, event.clone()))],
        };
        // A corrected day may be later than the first record of it.
        let now =
            Moment { recorded_at: envelope.recorded_at, ..noon(crate::scene::day("2020-01-01")) };
        let mut facts = Facts::default();
        for event in command.named_events() {
            let at = scene.record(event).envelope.position;
            facts.places.push((event, at));
        }
        let mut overlay = Overlay::new(&scene.published, scene.head(), 1);
        overlay.decide(&command, &facts, now).unwrap_or_else(|refused| {
            panic!("{event:?} is effective and would be refused: {refused}")
        });
        let batch = overlay.into_parts();
        scene.published.cases.extend(batch.cases);
        scene.published.homes.extend(batch.homes);
        scene.records.extend(batch.records);
    }
    scene
}

/// What a case means, without the positions of its records and without the name under which the
/// registration was sealed, which a correction changes.
fn meaning(scene: &Scene) -> Value {
    fn without_places(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, field| !(name == "at" && field.is_number()));
                fields.remove("sealed");
                fields.values_mut().for_each(without_places);
            }
            Value::Array(values) => values.iter_mut().for_each(without_places),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut value = serde_json::to_value(&scene.case(CASE).about).unwrap();
    without_places(&mut value);
    value
}

/// Counts of a scene, so that the property cannot become one about empty cases.
fn effective_of(scene: &Scene) -> usize {
    effective(&scene.history(CASE)).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_corrected_case_means_what_its_effective_events_mean(
        dice in prop::collection::vec(any::<Dice>(), 20..120)
    ) {
        let scene = play(given(started()), &dice);
        if scene.case(CASE).person().unwrap().registration.is_some() {
            let fresh = as_if_always_so(&scene.history(CASE));
            prop_assert_eq!(meaning(&scene), meaning(&fresh));
        }
        // Whatever counts is legal, and stays so.
        let history = scene.history(CASE);
        prop_assert_eq!(tallystick_domain::history::dependants(CASE, &history), vec![]);
    }
}

#[test]
fn the_dice_reach_deep_into_a_case() {
    // The same plays as any other, from a fixed seed: some of each kind must have counted.
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = prop::collection::vec(any::<Dice>(), 120);
    let mut kinds = std::collections::BTreeSet::new();
    let (mut effective, mut corrections) = (0, 0);
    for _ in 0..24 {
        let dice = strategy.new_tree(&mut runner).unwrap().current();
        let scene = play(given(started()), &dice);
        kinds.extend(scene.history(CASE).iter().map(|it| it.envelope.event_type));
        effective += effective_of(&scene);
        corrections += scene.case(CASE).trail.corrections;
    }
    assert_eq!(kinds.len(), 21, "{kinds:?}");
    assert!(effective > 24 * 5 && corrections > 24 * 5, "{effective} and {corrections}");
}
