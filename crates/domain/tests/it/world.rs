//! Deeds of the partnership, with sensible values, and how far it has come after them.

use crate::scene::{Deed, day, sealed};
use tallystick_domain::codes::{
    AccommodationType, AgencyKind, AgencyStatus, AgreementKind, AgreementStatus, AssessmentTool,
    AttendanceOutcome, BreachStep, Decision, DeclineReason, EarlyEnd, Fault, FieldGroup,
    IdentifierScheme, Level, Need, OffenceClass, PaymentBasis, ProofKind, QualificationKind,
    RegisterKind, RequirementType, SentenceEnd, SentenceKind, SettingReason, ShareBasis, Unit,
    WithdrawalReason, WorkerRole,
};
use tallystick_domain::codes::{PlanItemKind, PlanItemState, Relation, TargetStatus};
use tallystick_domain::command::CorrectionAsked;
use tallystick_domain::event::{
    AgencyDescribed, AgreementSet, Assessed, AttendanceRecorded, BreachRecorded, CapacitySet,
    Circumstance, CircumstanceRecorded, Eligibility, Identifier, LedgerOpened, MeasureDefined,
    OffenceProven, OutcomeAchieved, PaymentRecorded, PersonRegistered, PlacementBooked,
    PlacementCompleted, PlacementEndedEarly, QualificationAwarded, ReferralDecided, ReferralMade,
    ReferralWithdrawn, RegisterSet, Requirement, SentenceEnded, SentenceImposed, SentenceVaried,
    ServiceDescribed, Setting, SettingChanged, Share, Site, Term, WorkerAllocated,
};
use tallystick_domain::event::{PlanItemSet, TargetScope, TargetSet};
use tallystick_domain::id::{
    AgencyId, AgreementId, LedgerId, MeasureId, PersonId, PlacementId, PlanId, ReferralId,
    SentenceId, ServiceId, WorkerId,
};
use tallystick_domain::measure::Written;
use tallystick_domain::{Action, CaseKey, Code, EventId, Label, Role, StreamId, StreamKind};

pub(crate) const LEDGER: LedgerId = LedgerId([0x01; 16]);
/// The trust: commissioner of the ledger, funder of the agreements, holder of the people.
pub(crate) const TRUST: AgencyId = AgencyId([0x10; 16]);
/// Leads [`AGREEMENT`] and provides [`SERVICE`].
pub(crate) const YSS: AgencyId = AgencyId([0x11; 16]);
/// Leads [`FARM_AGREEMENT`] and provides [`FARM`].
pub(crate) const WILLOWDENE: AgencyId = AgencyId([0x12; 16]);
/// Subcontractor of [`AGREEMENT`].
pub(crate) const CONNECT: AgencyId = AgencyId([0x13; 16]);
pub(crate) const PRISON: AgencyId = AgencyId([0x14; 16]);
/// A second public body.
pub(crate) const NEXT_TRUST: AgencyId = AgencyId([0x15; 16]);
/// Known to nobody.
pub(crate) const STRANGER: AgencyId = AgencyId([0x1f; 16]);

pub(crate) const AGREEMENT: AgreementId = AgreementId([0x20; 16]);
pub(crate) const FARM_AGREEMENT: AgreementId = AgreementId([0x21; 16]);
pub(crate) const SERVICE: ServiceId = ServiceId([0x30; 16]);
pub(crate) const FARM: ServiceId = ServiceId([0x31; 16]);
pub(crate) const PERSON: PersonId = PersonId([0x40; 16]);
pub(crate) const OTHER_PERSON: PersonId = PersonId([0x41; 16]);
pub(crate) const SENTENCE: SentenceId = SentenceId([0x50; 16]);
pub(crate) const REFERRAL: ReferralId = ReferralId([0x60; 16]);
pub(crate) const NEXT_REFERRAL: ReferralId = ReferralId([0x61; 16]);
pub(crate) const PLACEMENT: PlacementId = PlacementId([0x70; 16]);
pub(crate) const NEXT_PLACEMENT: PlacementId = PlacementId([0x71; 16]);
pub(crate) const PLAN: PlanId = PlanId([0x90; 16]);
pub(crate) const CASE: CaseKey = CaseKey::Person(PERSON);

pub(crate) fn own(kind: StreamKind) -> StreamId {
    StreamId::of_person(kind, PERSON)
}

pub(crate) fn circumstances_of(person: PersonId) -> StreamId {
    StreamId::of_person(StreamKind::Circumstance, person)
}

pub(crate) fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn commissioner(on: &str, action: Action) -> Deed {
    Deed::new(TRUST, Role::Commissioner, on, action)
}

fn manager(on: &str, action: Action) -> Deed {
    Deed::new(TRUST, Role::OffenderManager, on, action)
}

fn provider(on: &str, action: Action) -> Deed {
    Deed::new(YSS, Role::ProviderLead, on, action)
}

// The directory.

pub(crate) fn opening() -> LedgerOpened {
    LedgerOpened { ledger: LEDGER, incarnation: 1, commissioner: TRUST, predecessor: None }
}

pub(crate) fn open(opened: LedgerOpened) -> Deed {
    commissioner("2008-04-01", Action::OpenLedger(opened)).called("opened")
}

pub(crate) fn description(kind: AgencyKind) -> AgencyDescribed {
    AgencyDescribed {
        name: label("a partner"),
        kind,
        parent: None,
        areas: vec![code("worcestershire")],
        tags: vec![],
        staff_fte: Some(1_250),
        status: AgencyStatus::Partner,
        reason: None,
    }
}

pub(crate) fn describe(agency: AgencyId, described: AgencyDescribed) -> Deed {
    commissioner("2008-04-01", Action::DescribeAgency { agency, described })
}

pub(crate) fn terms(lead: AgencyId) -> AgreementSet {
    AgreementSet {
        kind: AgreementKind::Contract,
        status: AgreementStatus::Live,
        funder: TRUST,
        lead,
        subs: vec![],
        programme: None,
        route: None,
        term: Term { from: day("2008-04-01"), to: day("2011-03-31") },
        value: vec![],
        prices: vec![],
        measures: vec![],
        continues: vec![],
        end_reason: None,
    }
}

pub(crate) fn agree(agreement: AgreementId, set: AgreementSet) -> Deed {
    commissioner("2008-04-01", Action::SetAgreement { agreement, set })
}

pub(crate) fn payment(evidence: &[EventId]) -> PaymentRecorded {
    PaymentRecorded {
        payer: Some(TRUST),
        payee: YSS,
        pence: 4_500,
        basis: PaymentBasis::Unit,
        period: Term { from: day("2008-05-01"), to: day("2008-05-31") },
        evidence: evidence.to_vec(),
    }
}

pub(crate) fn pay(paid: PaymentRecorded) -> Deed {
    commissioner("2009-01-10", Action::RecordPayment { agreement: AGREEMENT, paid })
}

pub(crate) fn offer(agreement: AgreementId, provider: AgencyId) -> ServiceDescribed {
    ServiceDescribed {
        agreement,
        title: label("mentoring"),
        provider,
        kind: code("mentoring"),
        needs: vec![Need::Ete],
        requirement_types: vec![RequirementType::Activity],
        sites: vec![Site { id: code("hereford"), area: code("herefordshire") }],
        eligibility: Eligibility::default(),
        awards_offered: vec![],
    }
}

pub(crate) fn describe_service(service: ServiceId, described: ServiceDescribed) -> Deed {
    provider("2008-04-01", Action::DescribeService { service, described })
        .by(TRUST, Role::Commissioner)
}

pub(crate) fn capacity(count: u32) -> CapacitySet {
    CapacitySet {
        site: code("hereford"),
        unit: Unit::Place,
        count,
        from: day("2008-04-01"),
        to: None,
        reason: None,
    }
}

/// A measure with a parameter.
pub(crate) fn written(code: &str) -> Written {
    let json = r#"{"code": "CODE", "title": "Sentences that ran their term", "unit": "of them",
        "source": {"document": "seeds/003", "line": 41, "words": "successful completion"},
        "better": "higher", "watches": "outcome", "shape": "ratio",
        "parameters": {"left_out": {"default": ["died"], "why": "Nobody's doing."}},
        "denominator": {"rows": "sentences", "in_period": "ended_on",
            "where": {"ended_how": {"not_in": "$left_out"}}},
        "numerator": {"where": {"ended_how": {"is": "expired"}}}}"#;
    Written::parse(&json.replace("CODE", code)).unwrap()
}

pub(crate) fn definition(version: u32) -> MeasureDefined {
    MeasureDefined { version, definition: written("m02") }
}

pub(crate) fn define(defined: MeasureDefined) -> Deed {
    let measure = MeasureId::of(&code("m02"));
    commissioner("2008-04-01", Action::DefineMeasure { measure, defined })
}

pub(crate) fn target() -> TargetSet {
    TargetSet {
        line: code("compliance"),
        measure: code("m02"),
        version: 1,
        scope: TargetScope::default(),
        baseline: None,
        relation: Relation::Absolute,
        value: 720_000,
        due: day("2011-03-31"),
        owner: TRUST,
        status: TargetStatus::Local,
    }
}

pub(crate) fn set_target(set: TargetSet) -> Deed {
    commissioner("2008-04-01", Action::SetTarget { plan: PLAN, set })
}

pub(crate) fn plan_item(kind: PlanItemKind) -> PlanItemSet {
    PlanItemSet {
        item: code("item_1"),
        kind,
        text: label("Resources shortfall"),
        owners: vec![TRUST],
        due: None,
        impact: None,
        likelihood: None,
        mitigation: None,
        resource_note: None,
        line: None,
        state: PlanItemState::Open,
    }
}

pub(crate) fn set_item(set: PlanItemSet) -> Deed {
    commissioner("2008-04-01", Action::SetPlanItem { plan: PLAN, set })
}

pub(crate) fn set_capacity(set: CapacitySet) -> Deed {
    provider("2008-04-01", Action::SetCapacity { service: SERVICE, set })
}

// A person and a sentence.

pub(crate) fn identity(blob: &[u8]) -> PersonRegistered {
    PersonRegistered {
        identifiers: vec![Identifier { scheme: IdentifierScheme::Crn, value: sealed(blob) }],
        name: sealed(blob),
        born: sealed(blob),
    }
}

pub(crate) fn register(person: PersonId) -> Deed {
    manager("2008-04-10", Action::RegisterPerson { person, identity: identity(b"who") })
}

pub(crate) fn lives(circumstance: Circumstance) -> CircumstanceRecorded {
    CircumstanceRecorded { circumstance, verified: false, source: None }
}

pub(crate) fn housed(r#type: AccommodationType) -> CircumstanceRecorded {
    lives(Circumstance::Accommodation { r#type })
}

pub(crate) fn record(recorded: CircumstanceRecorded) -> Deed {
    manager("2008-06-10", Action::RecordCircumstance { person: PERSON, recorded })
}

pub(crate) fn offence(source: &str) -> OffenceProven {
    OffenceProven {
        offence_on: day("2008-06-01"),
        how: ProofKind::Conviction,
        class: OffenceClass::Theft,
        source: code(source),
    }
}

pub(crate) fn prove(proven: OffenceProven) -> Deed {
    manager("2008-07-01", Action::RecordOffence { person: PERSON, proven })
}

pub(crate) fn entry(register: RegisterKind, active: bool) -> RegisterSet {
    let mappa = register == RegisterKind::Mappa;
    RegisterSet {
        register,
        level: (mappa && active).then_some(2),
        category: None,
        scheme: None,
        active,
        agreed_by: if mappa { vec![] } else { vec![TRUST, PRISON] },
    }
}

pub(crate) fn enter(set: RegisterSet) -> Deed {
    manager("2008-07-10", Action::SetRegister { person: PERSON, set })
}

pub(crate) fn assessment(tool: AssessmentTool) -> Assessed {
    Assessed {
        tool,
        needs: vec![],
        motivation: None,
        reoffend: None,
        rosh: None,
        objectives: vec![],
    }
}

pub(crate) fn assess(assessed: Assessed) -> Deed {
    manager("2008-07-20", Action::Assess { person: PERSON, assessed })
}

pub(crate) fn sentence_of(person: PersonId) -> SentenceImposed {
    SentenceImposed {
        person,
        kind: SentenceKind::Community,
        expires_on: day("2010-04-11"),
        area: code("herefordshire"),
        age: 27,
        court: code("hereford_magistrates"),
        setting: Setting::Community { licence: false },
        requirements: vec![requirement("activity")],
        continues: None,
    }
}

pub(crate) fn requirement(id: &str) -> Requirement {
    Requirement { id: code(id), r#type: RequirementType::Activity, quantity: 60, unit: Unit::Day }
}

pub(crate) fn impose(sentence: SentenceId, imposed: SentenceImposed) -> Deed {
    manager("2008-04-12", Action::ImposeSentence { sentence, imposed }).called("imposed")
}

pub(crate) fn variation() -> SentenceVaried {
    SentenceVaried { add: vec![], drop: vec![], expires_on: None, why: code("court_order") }
}

pub(crate) fn vary(varied: SentenceVaried) -> Deed {
    manager("2008-06-01", Action::VarySentence { sentence: SENTENCE, varied })
}

pub(crate) fn go_to(to: Setting, why: SettingReason) -> Deed {
    let changed = SettingChanged { to, why };
    manager("2008-06-01", Action::ChangeSetting { sentence: SENTENCE, changed })
}

pub(crate) fn worker(role: WorkerRole, agency: AgencyId) -> WorkerAllocated {
    WorkerAllocated { role, worker: WorkerId([0x80; 16]), agency, volunteer: false }
}

pub(crate) fn allocate(to: impl Into<StreamId>, allocated: WorkerAllocated) -> Deed {
    manager("2008-04-14", Action::AllocateWorker { to: to.into(), allocated })
}

pub(crate) fn step(breach: u16, step: BreachStep) -> BreachRecorded {
    BreachRecorded {
        breach,
        step,
        grounds: vec![],
        other_ground: Some(code("failed_to_keep_in_touch")),
        requirement: None,
        court: None,
        disposal: None,
    }
}

pub(crate) fn grounded(breach: u16, taken: BreachStep, grounds: &[EventId]) -> BreachRecorded {
    BreachRecorded { grounds: grounds.to_vec(), other_ground: None, ..step(breach, taken) }
}

pub(crate) fn enforce(recorded: BreachRecorded) -> Deed {
    manager("2008-08-01", Action::RecordBreach { sentence: SENTENCE, recorded })
}

pub(crate) fn end_sentence(how: SentenceEnd) -> Deed {
    let ended = SentenceEnded { how };
    manager("2009-06-01", Action::EndSentence { sentence: SENTENCE, ended })
}

// A referral.

pub(crate) fn asking(person: PersonId, service: ServiceId) -> ReferralMade {
    ReferralMade {
        person,
        service,
        // The ledger sets these two, whatever the caller says.
        provider: STRANGER,
        lead: STRANGER,
        sentence: Some(SENTENCE),
        requirement: None,
        needs: vec![Need::Ete],
        outcomes_wanted: vec![],
        complete_by: None,
        share: Share {
            groups: vec![FieldGroup::Identity],
            basis: ShareBasis::StatutoryDuty,
            reason: None,
        },
        meets: vec![],
        override_reason: None,
        continues: None,
    }
}

pub(crate) fn refer(referral: ReferralId, made: ReferralMade) -> Deed {
    manager("2008-05-01", Action::MakeReferral { referral, made })
}

pub(crate) fn decide(decision: Decision) -> Deed {
    let reason = (decision == Decision::Declined).then_some(DeclineReason::NoCapacity);
    let decided = ReferralDecided { decision, reason };
    provider("2008-05-06", Action::DecideReferral { referral: REFERRAL, decided })
}

pub(crate) fn withdraw() -> Deed {
    let withdrawn = ReferralWithdrawn { reason: WithdrawalReason::PersonMoved };
    manager("2008-05-07", Action::WithdrawReferral { referral: REFERRAL, withdrawn })
}

// A placement.

pub(crate) fn booking() -> PlacementBooked {
    PlacementBooked {
        referral: REFERRAL,
        site: code("hereford"),
        unit: Unit::Place,
        from: day("2008-05-12"),
        to: day("2008-11-12"),
        quantity: 1,
    }
}

pub(crate) fn book(placement: PlacementId, booked: PlacementBooked) -> Deed {
    provider("2008-05-08", Action::BookPlacement { placement, booked })
}

pub(crate) fn start() -> Deed {
    provider("2008-05-12", Action::StartPlacement { placement: PLACEMENT })
}

pub(crate) fn session(id: &str, outcome: AttendanceOutcome) -> AttendanceRecorded {
    let credited = if outcome.attended() { 120 } else { 0 };
    AttendanceRecorded { session: code(id), planned: 120, credited, outcome, fault: Fault::None }
}

pub(crate) fn attend(recorded: AttendanceRecorded) -> Deed {
    provider("2008-05-20", Action::RecordAttendance { placement: PLACEMENT, recorded })
}

pub(crate) fn qualification(title: &str) -> QualificationAwarded {
    QualificationAwarded {
        title: label(title),
        body: label("City and Guilds"),
        level: Level::One,
        kind: QualificationKind::National,
    }
}

pub(crate) fn award(awarded: QualificationAwarded) -> Deed {
    provider("2008-09-01", Action::AwardQualification { placement: PLACEMENT, awarded })
}

pub(crate) fn completion() -> PlacementCompleted {
    PlacementCompleted { outcomes: vec![], move_on: None }
}

pub(crate) fn complete(completed: PlacementCompleted) -> Deed {
    provider("2008-11-12", Action::CompletePlacement { placement: PLACEMENT, completed })
}

pub(crate) fn early_end(reason: EarlyEnd) -> PlacementEndedEarly {
    PlacementEndedEarly { reason, fault: Fault::Person, outcomes: vec![] }
}

pub(crate) fn end_early(reason: EarlyEnd) -> Deed {
    let ended = early_end(reason);
    provider("2008-09-15", Action::EndPlacementEarly { placement: PLACEMENT, ended })
}

pub(crate) fn outcome(
    text: &str,
    result: tallystick_domain::codes::Achievement,
) -> OutcomeAchieved {
    OutcomeAchieved { code: code(text), result }
}

/// A correction by the trust, whose offender manager it is.
pub(crate) fn correct(corrections: impl IntoIterator<Item = CorrectionAsked>) -> Deed {
    let corrections = corrections.into_iter().collect();
    manager("2009-01-05", Action::Correct { corrections })
}

// How far it has come.

pub(crate) fn opened() -> Vec<Deed> {
    vec![open(opening())]
}

/// Partners, two agreements, and a service under each.
pub(crate) fn directory() -> Vec<Deed> {
    let mut deeds = opened();
    deeds.extend([
        describe(TRUST, description(AgencyKind::Trust)).called("trust"),
        describe(YSS, description(AgencyKind::Charity)).called("yss"),
        describe(WILLOWDENE, description(AgencyKind::SocialEnterprise)),
        describe(CONNECT, description(AgencyKind::Charity)),
        describe(PRISON, description(AgencyKind::Prison)),
        describe(NEXT_TRUST, description(AgencyKind::Trust)),
        agree(AGREEMENT, AgreementSet { subs: vec![CONNECT], ..terms(YSS) }).called("agreed"),
        describe_service(SERVICE, offer(AGREEMENT, YSS)).called("offered"),
        agree(FARM_AGREEMENT, terms(WILLOWDENE)),
        describe_service(FARM, offer(FARM_AGREEMENT, WILLOWDENE)),
    ]);
    deeds
}

fn after(mut deeds: Vec<Deed>, next: impl IntoIterator<Item = Deed>) -> Vec<Deed> {
    deeds.extend(next);
    deeds
}

pub(crate) fn registered() -> Vec<Deed> {
    after(directory(), [register(PERSON).called("registered")])
}

pub(crate) fn sentenced() -> Vec<Deed> {
    after(registered(), [impose(SENTENCE, sentence_of(PERSON))])
}

pub(crate) fn referred() -> Vec<Deed> {
    after(sentenced(), [refer(REFERRAL, asking(PERSON, SERVICE)).called("referred")])
}

pub(crate) fn accepted() -> Vec<Deed> {
    after(referred(), [decide(Decision::Accepted).called("accepted")])
}

pub(crate) fn booked() -> Vec<Deed> {
    after(accepted(), [book(PLACEMENT, booking()).called("booked")])
}

pub(crate) fn started() -> Vec<Deed> {
    after(booked(), [start().called("started")])
}

/// Started, with one unacceptable absence.
pub(crate) fn missed() -> Vec<Deed> {
    after(
        started(),
        [attend(session("s1", AttendanceOutcome::UnacceptableAbsence)).called("missed")],
    )
}

/// On licence after custody.
pub(crate) fn licensed() -> Vec<Deed> {
    let imposed = SentenceImposed {
        kind: SentenceKind::Custody,
        setting: Setting::Custody { at: PRISON },
        ..sentence_of(PERSON)
    };
    let released = go_to(Setting::Community { licence: true }, SettingReason::Released);
    after(registered(), [impose(SENTENCE, imposed), released.called("released")])
}
