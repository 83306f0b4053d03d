//! A small partnership to try the ledger on: a commissioner, trusts, providers with one service
//! each, and people whose lives are the same every time.

#![allow(dead_code, reason = "each program that includes this uses a part of it")]
#![allow(clippy::unused_self, reason = "what a world is asked for reads alike")]

use tallystick_domain::{
    Code, Command, Date, Event, EventId, Label, Note, Role, Step, StreamId,
    codes::{
        AccommodationType, AgencyKind, AgencyStatus, AgreementKind, AgreementStatus,
        AssessmentTool, AttendanceOutcome, BreachStep, CorrectionReason, Decision, Fault,
        IdentifierScheme, Level, Need, OffenceClass, PaymentBasis, ProofKind, QualificationKind,
        RegisterKind, RequirementType, Rosh, SentenceKind, ShareBasis, Unit, WorkerRole,
    },
    codes::{PlanItemKind, PlanItemState, Relation, TargetStatus},
    command::{Action, Amendment, CircumstanceGiven, CorrectionAsked, Given, Identity, Origin},
    event::{
        AgencyDescribed, AgreementSet, Assessed, AttendanceRecorded, BreachRecorded, Circumstance,
        LedgerOpened, MeasureDefined, OffenceProven, PaymentRecorded, PlacementBooked,
        PlacementCompleted, QualificationAwarded, ReferralDecided, ReferralMade, RegisterSet,
        Requirement, SentenceImposed, ServiceDescribed, Setting, Share, Site, Term,
        WorkerAllocated,
    },
    event::{PlanItemSet, TargetScope, TargetSet},
    id::PlanId,
    id::{
        ActorId, AgencyId, AgreementId, CommandId, LedgerId, MeasureId, PersonId, PlacementId,
        ReferralId, SentenceId, ServiceId, WorkerId,
    },
    measure::Written,
};

/// 1 April 2010, noon: everything in these lives has happened by then.
pub(crate) const NOON: i64 = 1_270_119_600_000;

/// A partnership of so many trusts and providers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    pub(crate) trusts: u64,
    pub(crate) providers: u64,
}

/// Sorts of identifiers, so that no two are the same.
#[derive(Clone, Copy)]
enum Sort {
    Agency = 1,
    Agreement,
    Service,
    Person,
    Sentence,
    Referral,
    Placement,
    Worker,
    Command,
}

fn id(sort: Sort, number: u64) -> [u8; 16] {
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let front = mix(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let back = mix(front ^ sort as u64);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&back.to_be_bytes());
    bytes[8..].copy_from_slice(&front.to_be_bytes());
    bytes
}

pub(crate) fn code(text: &str) -> Code {
    Code::new(text).expect("a code")
}

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).expect("a label")
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

pub(crate) fn person(number: u64) -> PersonId {
    PersonId(id(Sort::Person, number))
}

pub(crate) fn sentence(number: u64) -> SentenceId {
    SentenceId(id(Sort::Sentence, number))
}

pub(crate) fn referral(number: u64) -> ReferralId {
    ReferralId(id(Sort::Referral, number))
}

pub(crate) fn placement(number: u64) -> PlacementId {
    PlacementId(id(Sort::Placement, number))
}

/// A command id that nothing in a life has.
pub(crate) fn command_id(number: u64) -> CommandId {
    CommandId(id(Sort::Command, number | 1 << 63))
}

/// A command of one step.
pub(crate) fn one(
    agency: AgencyId,
    role: Role,
    id: CommandId,
    on: Date,
    action: Action<Given>,
) -> Command<Given> {
    let origin = Origin { agency, actor: ActorId(agency.0), role };
    Command { id, mac: [0; 16], origin, steps: vec![Step::new(on, action)] }
}

/// Identity of the `index`-th event of a command.
pub(crate) fn event_of(command: &Command<Given>, index: u16) -> EventId {
    EventId::derive(command.origin.agency, command.id, index)
}

fn id_of_agreement(provider: u64) -> [u8; 16] {
    id(Sort::Agreement, provider)
}

fn description(number: u64, kind: AgencyKind) -> AgencyDescribed {
    AgencyDescribed {
        name: label(&format!("Agency {number}")),
        kind,
        parent: None,
        areas: Vec::new(),
        tags: Vec::new(),
        staff_fte: None,
        status: AgencyStatus::Partner,
        reason: None,
    }
}

impl World {
    pub(crate) const SMALL: Self = Self { trusts: 2, providers: 3 };

    pub(crate) fn commissioner(self) -> AgencyId {
        AgencyId(id(Sort::Agency, 0))
    }

    pub(crate) fn trust(self, number: u64) -> AgencyId {
        AgencyId(id(Sort::Agency, 1 + number % self.trusts))
    }

    pub(crate) fn provider(self, number: u64) -> AgencyId {
        AgencyId(id(Sort::Agency, 1 + self.trusts + number % self.providers))
    }

    pub(crate) fn agencies(self) -> impl Iterator<Item = AgencyId> {
        (0..=self.trusts + self.providers).map(|number| AgencyId(id(Sort::Agency, number)))
    }

    pub(crate) fn ledger(self) -> LedgerId {
        LedgerId([7; 16])
    }

    pub(crate) fn service(self, provider: u64) -> ServiceId {
        ServiceId(id(Sort::Service, provider % self.providers))
    }

    fn by_commissioner(self, number: u64, action: Action<Given>) -> Command<Given> {
        let command = CommandId(id(Sort::Command, number));
        one(self.commissioner(), Role::Commissioner, command, day("2008-04-01"), action)
    }

    /// The commissioner's description once more, under a command of its own.
    pub(crate) fn described(self, number: u64) -> Command<Given> {
        let (agency, described) = (self.commissioner(), description(0, AgencyKind::Commissioner));
        self.by_commissioner(10_000 + number, Action::DescribeAgency { agency, described })
    }

    /// A version of a measure, under a command of its own.
    pub(crate) fn defining(self, version: u32, id: CommandId) -> Command<Given> {
        let json = include_str!("../../../../schema/measures/m02.json");
        let definition = Written::parse(json).unwrap();
        let measure = MeasureId::of(&definition.code().unwrap());
        let defined = MeasureDefined { version, definition };
        let action = Action::DefineMeasure { measure, defined };
        one(self.commissioner(), Role::Commissioner, id, day("2008-04-01"), action)
    }

    /// A target of a plan, which is refused while its measure is not defined.
    pub(crate) fn targeting(self, version: u32, id: CommandId) -> Command<Given> {
        let set = TargetSet {
            line: code("compliance"),
            measure: code("m02"),
            version,
            scope: TargetScope::default(),
            baseline: None,
            relation: Relation::Absolute,
            value: 720_000,
            due: day("2011-03-31"),
            owner: self.commissioner(),
            status: TargetStatus::Local,
        };
        let action = Action::SetTarget { plan: PlanId([31; 16]), set };
        one(self.commissioner(), Role::Commissioner, id, day("2008-04-01"), action)
    }

    /// A milestone of the same plan.
    pub(crate) fn planning(self, id: CommandId) -> Command<Given> {
        let set = PlanItemSet {
            item: code("contract"),
            kind: PlanItemKind::Milestone,
            text: label("Contract let"),
            owners: Vec::new(),
            due: None,
            impact: None,
            likelihood: None,
            mitigation: None,
            resource_note: None,
            line: None,
            state: PlanItemState::Open,
        };
        let action = Action::SetPlanItem { plan: PlanId([31; 16]), set };
        one(self.commissioner(), Role::Commissioner, id, day("2008-04-01"), action)
    }

    /// What has to be there before any person: three commands, and three a provider.
    pub(crate) fn setup(self) -> Vec<Command<Given>> {
        let mut commands = vec![self.by_commissioner(
            0,
            Action::OpenLedger(LedgerOpened {
                ledger: self.ledger(),
                incarnation: 1,
                commissioner: self.commissioner(),
                predecessor: None,
            }),
        )];
        for (number, agency) in self.agencies().enumerate() {
            let kind = match number as u64 {
                0 => AgencyKind::Commissioner,
                number if number <= self.trusts => AgencyKind::Trust,
                _ => AgencyKind::Charity,
            };
            let described = description(number as u64, kind);
            let action = Action::DescribeAgency { agency, described };
            commands.push(self.by_commissioner(1_000 + number as u64, action));
        }
        for provider in 0..self.providers {
            let agreement = AgreementId(id(Sort::Agreement, provider));
            let set = AgreementSet {
                kind: AgreementKind::Contract,
                status: AgreementStatus::Live,
                funder: self.commissioner(),
                lead: self.provider(provider),
                subs: Vec::new(),
                programme: None,
                route: None,
                term: Term { from: day("2008-04-01"), to: day("2011-03-31") },
                value: Vec::new(),
                prices: Vec::new(),
                measures: Vec::new(),
                continues: Vec::new(),
                end_reason: None,
            };
            let described = ServiceDescribed {
                agreement,
                title: label(&format!("Service {provider}")),
                provider: self.provider(provider),
                kind: code("work_placement"),
                needs: vec![Need::Ete],
                requirement_types: vec![RequirementType::UnpaidWork],
                sites: vec![Site { id: code("main"), area: code("west_mercia") }],
                eligibility: tallystick_domain::event::Eligibility::default(),
                awards_offered: Vec::new(),
            };
            let set = Action::SetAgreement { agreement, set };
            let service = self.service(provider);
            let describe = Action::DescribeService { service, described };
            commands.push(self.by_commissioner(1_000_000 + provider, set));
            commands.push(self.by_commissioner(2_000_000 + provider, describe));
        }
        commands
    }

    /// A person's life with the partnership: 20 commands of one event each.
    pub(crate) fn life(self, number: u64) -> Vec<Command<Given>> {
        let (trust, provider) = (self.trust(number), self.provider(number / 3));
        let (person, sentence) = (person(number), sentence(number));
        let (referral, placement) = (referral(number), placement(number));
        let worker = WorkerId(id(Sort::Worker, number % 97));
        let start = day("2008-06-02").plus_days(i32::try_from(number % 200).unwrap_or(0));
        let mut step = 0;
        let mut commands = Vec::with_capacity(20);
        let mut push = |agency, role, after_days, note: Option<&str>, action| {
            let command = CommandId(id(Sort::Command, (number + 1) << 24 | step));
            step += 1;
            let mut command = one(agency, role, command, start.plus_days(after_days), action);
            command.steps[0].note = note.map(|text| Note::new(text).expect("a note"));
            commands.push(command);
        };
        let manager = Role::OffenderManager;
        let identity = self.identity(number);
        push(trust, manager, 0, None, Action::RegisterPerson { person, identity });
        let requirement = Requirement {
            id: code("upw"),
            r#type: RequirementType::UnpaidWork,
            quantity: 120,
            unit: Unit::Hour,
        };
        let imposed = SentenceImposed {
            person,
            kind: SentenceKind::Community,
            expires_on: start.plus_days(365),
            area: code("telford_and_wrekin"),
            age: 20 + u8::try_from(number % 40).unwrap_or(0),
            court: code("telford_mc"),
            setting: Setting::Community { licence: false },
            requirements: vec![requirement],
            continues: None,
        };
        push(trust, manager, 1, None, Action::ImposeSentence { sentence, imposed });
        let role = WorkerRole::OffenderManager;
        let allocated = WorkerAllocated { role, worker, agency: trust, volunteer: false };
        push(trust, manager, 2, None, Action::AllocateWorker { to: sentence.into(), allocated });
        let made = ReferralMade {
            person,
            service: self.service(number / 3),
            // Set by the ledger.
            provider,
            lead: provider,
            sentence: Some(sentence),
            requirement: Some(code("upw")),
            needs: vec![Need::Ete],
            outcomes_wanted: vec![code("employment")],
            complete_by: None,
            share: Share { groups: Vec::new(), basis: ShareBasis::Consent, reason: None },
            meets: Vec::new(),
            override_reason: None,
            continues: None,
        };
        let note = format!("canary note {number}: keen to work outdoors");
        push(trust, manager, 3, Some(&note), Action::MakeReferral { referral, made });
        let decided = ReferralDecided { decision: Decision::Accepted, reason: None };
        let lead = Role::ProviderLead;
        push(provider, lead, 5, None, Action::DecideReferral { referral, decided });
        let booked = PlacementBooked {
            referral,
            site: code("main"),
            unit: Unit::Place,
            from: start.plus_days(7),
            to: start.plus_days(100),
            quantity: 1,
        };
        push(provider, lead, 6, None, Action::BookPlacement { placement, booked });
        push(provider, lead, 7, None, Action::StartPlacement { placement });
        for session in 0..11_u16 {
            let outcome = if session == 5 {
                AttendanceOutcome::UnacceptableAbsence
            } else {
                AttendanceOutcome::Complied
            };
            let credited = if outcome.attended() { 420 } else { 0 };
            let fault = if outcome.attended() { Fault::None } else { Fault::Person };
            let recorded = AttendanceRecorded {
                session: code(&format!("s{session}")),
                planned: 420,
                credited,
                outcome,
                fault,
            };
            let on = 8 + i32::from(session) * 7;
            let action = Action::RecordAttendance { placement, recorded };
            push(provider, Role::Caseworker, on, None, action);
        }
        let awarded = QualificationAwarded {
            title: label("Health and safety in the workplace"),
            body: label("City & Guilds"),
            level: Level::One,
            kind: QualificationKind::National,
        };
        push(provider, lead, 90, None, Action::AwardQualification { placement, awarded });
        let completed = PlacementCompleted { outcomes: Vec::new(), move_on: None };
        push(provider, lead, 95, None, Action::CompletePlacement { placement, completed });
        commands
    }

    pub(crate) fn identity(self, number: u64) -> Identity {
        Identity {
            identifiers: vec![(IdentifierScheme::Crn, label(&format!("X{number:06}")))],
            given_name: label(&format!("Canarygiven{number}")),
            family_name: label(&format!("Canaryfamily{number}")),
            born: day("1980-01-01").plus_days(i32::try_from(number % 5_000).unwrap_or(0)),
        }
    }

    /// A warning for the absence at session 5 of a life.
    pub(crate) fn warning(self, number: u64, id: CommandId) -> Command<Given> {
        let absence = event_of(&self.life(number)[12], 0);
        let recorded = BreachRecorded {
            breach: 1,
            step: BreachStep::Warning,
            grounds: vec![absence],
            other_ground: None,
            requirement: None,
            court: None,
            disposal: None,
        };
        let action = Action::RecordBreach { sentence: sentence(number), recorded };
        one(self.trust(number), Role::OffenderManager, id, day("2009-03-01"), action)
    }

    /// Something that the trust of a life records about the person; `die` says what.
    pub(crate) fn told(self, number: u64, die: u64, id: CommandId) -> Command<Given> {
        let person = person(number);
        let lives = |circumstance| {
            let recorded = CircumstanceGiven { circumstance, verified: false, source: None };
            Action::RecordCircumstance { person, recorded }
        };
        let secret = || Note::new(&format!("canary debt {number}")).expect("a note");
        let action = match die % 5 {
            0 => Action::RecordOffence {
                person,
                proven: OffenceProven {
                    offence_on: day("2008-12-24"),
                    how: ProofKind::Conviction,
                    class: OffenceClass::Theft,
                    source: code(&format!("telford_mc/{}", die % 7)),
                },
            },
            1 => Action::SetRegister {
                person,
                set: RegisterSet {
                    register: RegisterKind::Ppo,
                    level: None,
                    category: None,
                    scheme: Some(code("acclaim")),
                    active: die.is_multiple_of(3),
                    agreed_by: vec![self.trust(number)],
                },
            },
            2 => Action::Assess {
                person,
                assessed: Assessed {
                    tool: AssessmentTool::Oasys,
                    needs: Vec::new(),
                    motivation: None,
                    reoffend: None,
                    rosh: Some(Rosh::High),
                    objectives: Vec::new(),
                },
            },
            3 => lives(Circumstance::Accommodation { r#type: AccommodationType::A04 }),
            _ => lives(Circumstance::Debt(secret())),
        };
        one(self.trust(number), Role::OffenderManager, id, day("2009-02-01"), action)
    }

    /// A payment for what a command of a life recorded, which may count or not.
    pub(crate) fn payment(self, number: u64, target: EventId, id: CommandId) -> Command<Given> {
        let provider = number / 3 % self.providers;
        let paid = PaymentRecorded {
            payer: Some(self.commissioner()),
            payee: self.provider(provider),
            pence: 4_500,
            basis: PaymentBasis::Unit,
            period: Term { from: day("2008-06-01"), to: day("2009-03-31") },
            evidence: vec![target],
        };
        let agreement = AgreementId(id_of_agreement(provider));
        let action = Action::RecordPayment { agreement, paid };
        one(self.commissioner(), Role::Commissioner, id, day("2009-05-01"), action)
    }

    /// Voids the event that a command of a life recorded.
    pub(crate) fn voiding(self, target: &Command<Given>, id: CommandId) -> Command<Given> {
        let asked = CorrectionAsked {
            target: event_of(target, 0),
            op: Amendment::Void,
            reason: CorrectionReason::EnteredWrongly,
        };
        let action = Action::Correct { corrections: vec![asked] };
        one(target.origin.agency, target.origin.role, id, day("2009-04-01"), action)
    }

    /// Corrects the minutes that a session of a life credited.
    pub(crate) fn recredited(
        self,
        target: &Command<Given>,
        credited: u16,
        id: CommandId,
    ) -> Command<Given> {
        let Action::RecordAttendance { recorded, .. } = &target.steps[0].action else {
            panic!("a session")
        };
        let event: Event = AttendanceRecorded { credited, ..recorded.clone() }.into();
        let op =
            Amendment::Replace { occurred_on: target.steps[0].occurred, event: Box::new(event) };
        let asked = CorrectionAsked {
            target: event_of(target, 0),
            op,
            reason: CorrectionReason::EnteredWrongly,
        };
        let action = Action::Correct { corrections: vec![asked] };
        one(target.origin.agency, Role::ProviderLead, id, day("2009-04-01"), action)
    }

    /// The stream that a command of a life is about.
    pub(crate) fn stream(command: &Command<Given>) -> StreamId {
        command.steps[0].action.stream().expect("no correction")
    }
}
