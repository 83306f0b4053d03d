//! A small partnership to which random things happen. Actions are drawn without regard to the
//! rules; what the rules refuse does not happen, so everything that does is legal.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::sync::Arc;
use tallystick_domain::codes::{
    AccommodationType, AgencyKind, AgencyStatus, AgreementKind, AgreementStatus, AssessmentTool,
    AttendanceOutcome, BreachStep, CorrectionReason, Decision, DeclineReason, EarlyEnd, Fault,
    FieldGroup, IdentifierScheme, OffenceClass, PaymentBasis, ProofKind, RegisterKind, SentenceEnd,
    SentenceKind, ShareBasis, Unit, WithdrawalReason, WorkerRole,
};
use tallystick_domain::codes::{PlanItemKind, PlanItemState, Relation, TargetStatus};
use tallystick_domain::command::{Amendment, CorrectionAsked};
use tallystick_domain::event::{
    AgencyDescribed, AgreementSet, Assessed, AttendanceRecorded, BreachRecorded, CapacitySet,
    Circumstance, CircumstanceRecorded, Eligibility, Identifier, LedgerOpened, MeasureDefined,
    OffenceProven, PaymentRecorded, PersonRegistered, PlacementBooked, PlacementCompleted,
    PlacementEndedEarly, ReferralDecided, ReferralMade, ReferralWithdrawn, RegisterSet,
    SentenceEnded, SentenceImposed, ServiceDescribed, Setting, Share, Site, Term, WorkerAllocated,
};
use tallystick_domain::event::{PlanItemSet, TargetScope, TargetSet};
use tallystick_domain::id::PlanId;
use tallystick_domain::id::{
    ActorId, AgencyId, AgreementId, CommandId, LedgerId, MeasureId, PersonId, PlacementId,
    ReferralId, SentenceId, ServiceId, WorkerId,
};
use tallystick_domain::measure::Written;
use tallystick_domain::overlay::Batch;
use tallystick_domain::{
    Action, CaseKey, Cases as _, Code, Command, Date, EventId, Facts, Label, Moment, Origin,
    Overlay, Position, Record, Role, Sealed, Step, StreamId, StreamKind,
};
use tallystick_views::{Scope, Snapshot};

pub(crate) const TRUST: AgencyId = AgencyId([1; 16]);
pub(crate) const FARM: AgencyId = AgencyId([2; 16]);
pub(crate) const CHARITY: AgencyId = AgencyId([3; 16]);
pub(crate) const OTHER_TRUST: AgencyId = AgencyId([4; 16]);
pub(crate) const AGENCIES: [AgencyId; 4] = [TRUST, FARM, CHARITY, OTHER_TRUST];

const FARM_AGREEMENT: AgreementId = AgreementId([11; 16]);
const CHARITY_AGREEMENT: AgreementId = AgreementId([12; 16]);
pub(crate) const FARM_SERVICE: ServiceId = ServiceId([21; 16]);
pub(crate) const CHARITY_SERVICE: ServiceId = ServiceId([22; 16]);

pub(crate) fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

pub(crate) fn day(offset: i32) -> Date {
    Date::new(2009, 4, 1).unwrap().plus_days(offset)
}

/// Scopes worth comparing: each agency's own, one in a role that reads less, and the one that reads
/// everything.
pub(crate) fn scopes() -> Vec<Scope> {
    let own = AGENCIES.map(|agency| Scope::new(agency, Role::OffenderManager));
    let others = [Scope::new(TRUST, Role::Caseworker), Scope::new(TRUST, Role::Auditor)];
    own.into_iter().chain(others).collect()
}

/// A ledger in memory: the live snapshot and the blocks that it came from.
pub(crate) struct World {
    pub(crate) live: Snapshot,
    pub(crate) blocks: Vec<Vec<Record>>,
    places: BTreeMap<EventId, Position>,
    dice: StdRng,
    commands: u64,
    today: i32,
}

impl World {
    /// The partnership before anything happened to anybody.
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = Self {
            live: Snapshot::empty(),
            blocks: Vec::new(),
            places: BTreeMap::new(),
            dice: StdRng::seed_from_u64(seed),
            commands: 0,
            today: 0,
        };
        let opened = LedgerOpened {
            ledger: LedgerId([9; 16]),
            incarnation: 1,
            commissioner: TRUST,
            predecessor: None,
        };
        let mut founding = vec![Action::OpenLedger(opened)];
        let kinds = [
            AgencyKind::Trust,
            AgencyKind::SocialEnterprise,
            AgencyKind::Charity,
            AgencyKind::Trust,
        ];
        founding.extend(
            AGENCIES.into_iter().zip(kinds).map(|(agency, kind)| agency_described(agency, kind)),
        );
        founding.push(agreement(FARM_AGREEMENT, FARM));
        founding.push(agreement(CHARITY_AGREEMENT, CHARITY));
        founding.push(service(FARM_SERVICE, FARM_AGREEMENT, FARM));
        founding.push(service(CHARITY_SERVICE, CHARITY_AGREEMENT, CHARITY));
        founding.push(Action::SetCapacity {
            service: FARM_SERVICE,
            set: CapacitySet {
                site: code("yard"),
                unit: Unit::Place,
                count: 2,
                from: day(-100),
                to: None,
                reason: None,
            },
        });
        founding.push(measure());
        founding.extend(plan());
        let commands =
            founding.into_iter().map(|action| (TRUST, Role::Commissioner, -90, action)).collect();
        let refused = world.batch(commands);
        assert!(refused.is_empty(), "{refused:?}");
        world
    }

    /// Decides actions as one batch and absorbs what came of it. Answers those refused.
    pub(crate) fn batch(
        &mut self,
        actions: Vec<(AgencyId, Role, i32, Action)>,
    ) -> Vec<(Action, tallystick_domain::Refused)> {
        let head = self.live.position();
        let mut overlay = Overlay::new(Arc::new(self.live.clone()), head, self.live.commit() + 1);
        let mut refused = Vec::new();
        for (agency, role, on, action) in actions {
            self.commands += 1;
            let mut id = [0; 16];
            id[8..].copy_from_slice(&self.commands.to_be_bytes());
            let command = Command {
                id: CommandId(id),
                mac: [0; 16],
                origin: Origin { agency, actor: ActorId([7; 16]), role },
                steps: vec![Step::new(day(on), action.clone())],
            };
            let facts = self.facts(&command);
            let now = Moment {
                recorded_at: i64::from(day(self.today).days()) * 86_400_000,
                today: day(self.today),
            };
            if let Err(why) = overlay.decide(&command, &facts, now) {
                refused.push((action, why));
            }
        }
        self.take(overlay.into_parts());
        refused
    }

    fn take(&mut self, batch: Batch) {
        if batch.records.is_empty() {
            return;
        }
        for record in &batch.records {
            self.places.insert(record.envelope.event_id(), record.envelope.position);
        }
        self.live.absorb(&batch);
        self.blocks.push(batch.records);
    }

    fn facts(&self, command: &Command) -> Facts {
        let places =
            command.named_events().filter_map(|event| Some((event, *self.places.get(&event)?)));
        let places: Vec<_> = places.collect();
        let corrects = matches!(command.steps[0].action, Action::Correct { .. });
        let histories = places.iter().filter(|_| corrects).map(|(_, at)| {
            let stream = self.record(*at).envelope.stream;
            let key = self.live.home(stream).unwrap();
            let positions = &self.live.case(key).unwrap().trail.positions;
            (key, positions.iter().map(|at| self.record(*at).clone()).collect())
        });
        Facts {
            identifiers_taken: Vec::new(),
            histories: histories.collect(),
            streams: places
                .iter()
                .map(|(event, at)| (*event, self.record(*at).envelope.stream))
                .collect(),
            places: places.clone(),
        }
    }

    pub(crate) fn record(&self, at: Position) -> &Record {
        let block =
            self.blocks.partition_point(|block| block.last().unwrap().envelope.position < at);
        self.blocks[block].iter().find(|record| record.envelope.position == at).unwrap()
    }

    /// Lets a number of random batches happen.
    pub(crate) fn live_on(&mut self, batches: usize) {
        for _ in 0..batches {
            self.today += self.dice.random_range(0..6);
            let size = self.dice.random_range(1..8);
            let actions = (0..size).map(|_| self.random_action()).collect();
            self.batch(actions);
        }
    }

    fn random_action(&mut self) -> (AgencyId, Role, i32, Action) {
        let hand = self.draw();
        match self.dice.random_range(0..11) {
            10 => self.random_payment(hand.on),
            0..=3 => by_probation(&mut self.dice, &hand),
            4..=8 => by_provider(&mut self.dice, &hand),
            _ => self.random_correction(hand.on),
        }
    }

    fn draw(&mut self) -> Hand {
        let dice = &mut self.dice;
        let number = dice.random_range(0..8_u8);
        let person = PersonId([100 + number; 16]);
        let case = self.live.case(CaseKey::Person(person));
        let known = case.and_then(|case| case.person());
        let sentence = known.and_then(|it| pick(dice, &it.sentences));
        let referral = known.and_then(|it| pick(dice, &it.referrals));
        let placement = known.and_then(|it| pick(dice, &it.placements));
        let placed_by = placement.and_then(|it| known?.referral(it.referral));
        let manager = sentence.and_then(|it| it.worker(WorkerRole::OffenderManager));
        Hand {
            on: self.today - dice.random_range(0..12),
            number,
            person,
            sentence: sentence.map_or(SentenceId([0; 16]), |it| it.id),
            referral: referral.map_or(ReferralId([0; 16]), |it| it.id),
            placement: placement.map_or(PlacementId([0; 16]), |it| it.id),
            manager: manager.map_or(TRUST, |it| it.agency),
            provider: referral.map_or(FARM, |it| it.provider),
            held_by: placed_by.map_or(FARM, |it| it.provider),
        }
    }

    /// A payment for something on a placement, which counts or not.
    fn random_payment(&mut self, on: i32) -> (AgencyId, Role, i32, Action) {
        let of_placements = self.blocks.iter().flatten();
        let of_placements: Vec<_> = of_placements
            .filter(|it| it.envelope.stream.kind == StreamKind::Placement)
            .map(|it| it.envelope.event_id())
            .collect();
        let evidence = pick(&mut self.dice, &of_placements).copied().into_iter().collect();
        let farm = self.dice.random_bool(0.5);
        let paid = PaymentRecorded {
            payer: Some(TRUST),
            payee: if farm { FARM } else { CHARITY },
            pence: 100,
            basis: PaymentBasis::Unit,
            period: Term { from: day(on), to: day(on) },
            evidence,
        };
        let agreement = if farm { FARM_AGREEMENT } else { CHARITY_AGREEMENT };
        (TRUST, Role::Commissioner, on, Action::RecordPayment { agreement, paid })
    }

    fn random_correction(&mut self, on: i32) -> (AgencyId, Role, i32, Action) {
        let head = self.live.position().0;
        let at = Position(self.dice.random_range(1..=head));
        let void = self.dice.random_bool(0.5);
        let target = self.record(at);
        let op = if void {
            Amendment::Void
        } else {
            Amendment::Replace {
                occurred_on: day(on).into(),
                event: Box::new(target.event.clone()),
            }
        };
        let asked = CorrectionAsked {
            target: target.envelope.event_id(),
            op,
            reason: CorrectionReason::EnteredWrongly,
        };
        (TRUST, Role::Commissioner, on, Action::Correct { corrections: vec![asked] })
    }
}

/// One person, and something of theirs, drawn for an action.
struct Hand {
    /// When the action is claimed to have happened.
    on: i32,
    number: u8,
    person: PersonId,
    sentence: SentenceId,
    referral: ReferralId,
    placement: PlacementId,
    /// Agency of the sentence's offender manager.
    manager: AgencyId,
    /// Provider of the referral.
    provider: AgencyId,
    /// Provider of the placement.
    held_by: AgencyId,
}

/// A random name, of which no two kinds share any.
fn new(kind: u8, dice: &mut StdRng) -> [u8; 16] {
    let mut id = [kind; 16];
    id[..8].copy_from_slice(&dice.random::<u64>().to_be_bytes());
    id
}

fn by_probation(dice: &mut StdRng, hand: &Hand) -> (AgencyId, Role, i32, Action) {
    let om = Role::OffenderManager;
    match dice.random_range(0..12) {
        0 | 1 => (
            TRUST,
            om,
            hand.on,
            Action::RegisterPerson { person: hand.person, identity: registration(hand.number) },
        ),
        2 | 3 => (
            TRUST,
            om,
            hand.on,
            Action::ImposeSentence {
                sentence: SentenceId(new(1, dice)),
                imposed: imposed(hand.person, hand.on),
            },
        ),
        4 => {
            let to = if dice.random_bool(0.7) { TRUST } else { OTHER_TRUST };
            (
                hand.manager,
                om,
                hand.on,
                allocate(hand.sentence.into(), WorkerRole::OffenderManager, to),
            )
        }
        5..=7 => {
            let service = if dice.random_bool(0.5) { FARM_SERVICE } else { CHARITY_SERVICE };
            let continues = dice.random_bool(0.4).then_some(hand.referral);
            (
                hand.manager,
                om,
                hand.on,
                Action::MakeReferral {
                    referral: ReferralId(new(2, dice)),
                    made: made(hand.person, service, continues),
                },
            )
        }
        8 => (
            hand.manager,
            om,
            hand.on,
            Action::WithdrawReferral {
                referral: hand.referral,
                withdrawn: ReferralWithdrawn { reason: WithdrawalReason::PersonMoved },
            },
        ),
        10 => (hand.manager, om, hand.on, told(dice, hand.person)),
        9 => {
            let recorded = BreachRecorded {
                breach: dice.random_range(1..3),
                step: *pick(dice, BreachStep::ALL).unwrap(),
                grounds: vec![],
                other_ground: Some(code("conduct")),
                requirement: None,
                court: None,
                disposal: None,
            };
            (hand.manager, om, hand.on, Action::RecordBreach { sentence: hand.sentence, recorded })
        }
        _ => (
            hand.manager,
            om,
            hand.on,
            Action::EndSentence {
                sentence: hand.sentence,
                ended: SentenceEnded { how: SentenceEnd::Expired },
            },
        ),
    }
}

/// Something that is recorded about a person.
fn told(dice: &mut StdRng, person: PersonId) -> Action {
    match dice.random_range(0..6) {
        0 => {
            let proven = OffenceProven {
                offence_on: day(0),
                how: ProofKind::Caution,
                class: OffenceClass::Theft,
                source: code(&format!("court/{}", dice.random_range(0..9))),
            };
            return Action::RecordOffence { person, proven };
        }
        1 => {
            let active = dice.random_bool(0.7);
            let set = RegisterSet {
                register: RegisterKind::Mappa,
                level: active.then_some(2),
                category: None,
                scheme: None,
                active,
                agreed_by: vec![],
            };
            return Action::SetRegister { person, set };
        }
        2 => {
            let assessed = Assessed {
                tool: AssessmentTool::Clw,
                needs: vec![],
                motivation: Some(dice.random_range(0..4)),
                reoffend: None,
                rosh: None,
                objectives: vec![],
            };
            return Action::Assess { person, assessed };
        }
        _ => {}
    }
    let circumstance = if dice.random_bool(0.5) {
        Circumstance::Accommodation { r#type: *pick(dice, AccommodationType::ALL).unwrap() }
    } else {
        Circumstance::Health(Sealed::from_blob(dice.random::<u64>().to_be_bytes()))
    };
    let recorded = CircumstanceRecorded { circumstance, verified: false, source: None };
    Action::RecordCircumstance { person, recorded }
}

fn by_provider(dice: &mut StdRng, hand: &Hand) -> (AgencyId, Role, i32, Action) {
    let lead = Role::ProviderLead;
    match dice.random_range(0..10) {
        0 => (
            hand.held_by,
            lead,
            hand.on,
            allocate(hand.placement.into(), WorkerRole::Mentor, *pick(dice, &AGENCIES).unwrap()),
        ),
        1 | 2 => {
            // Half of them go on, so that placements start and end.
            let decision = if dice.random_bool(0.5) {
                Decision::Accepted
            } else {
                *pick(dice, Decision::ALL).unwrap()
            };
            let reason = (decision == Decision::Declined).then_some(DeclineReason::NoCapacity);
            (
                hand.provider,
                lead,
                hand.on,
                Action::DecideReferral {
                    referral: hand.referral,
                    decided: ReferralDecided { decision, reason },
                },
            )
        }
        3 | 4 => {
            let booked = PlacementBooked {
                referral: hand.referral,
                site: code("yard"),
                unit: Unit::Place,
                from: day(hand.on),
                to: day(hand.on + 60),
                quantity: 8,
            };
            (
                hand.provider,
                lead,
                hand.on,
                Action::BookPlacement { placement: PlacementId(new(3, dice)), booked },
            )
        }
        5 => (hand.held_by, lead, hand.on, Action::StartPlacement { placement: hand.placement }),
        6 | 7 => {
            let recorded = AttendanceRecorded {
                session: code(&format!("s{}", dice.random_range(0..200))),
                planned: 120,
                credited: dice.random_range(0..=120),
                outcome: *pick(dice, AttendanceOutcome::ALL).unwrap(),
                fault: Fault::None,
            };
            (
                hand.held_by,
                lead,
                hand.on,
                Action::RecordAttendance { placement: hand.placement, recorded },
            )
        }
        _ => {
            if dice.random_bool(0.5) {
                (
                    hand.held_by,
                    lead,
                    hand.on,
                    Action::CompletePlacement {
                        placement: hand.placement,
                        completed: PlacementCompleted { outcomes: vec![], move_on: None },
                    },
                )
            } else {
                let ended = PlacementEndedEarly {
                    reason: *pick(dice, EarlyEnd::ALL).unwrap(),
                    fault: Fault::Person,
                    outcomes: vec![],
                };
                (
                    hand.held_by,
                    lead,
                    hand.on,
                    Action::EndPlacementEarly { placement: hand.placement, ended },
                )
            }
        }
    }
}

fn pick<'a, T>(dice: &mut StdRng, from: &'a [T]) -> Option<&'a T> {
    if from.is_empty() { None } else { from.get(dice.random_range(0..from.len())) }
}

fn agency_described(agency: AgencyId, kind: AgencyKind) -> Action {
    let described = AgencyDescribed {
        name: label("Invented"),
        kind,
        parent: None,
        areas: vec![],
        tags: vec![],
        staff_fte: None,
        status: AgencyStatus::Partner,
        reason: None,
    };
    Action::DescribeAgency { agency, described }
}

fn agreement(agreement: AgreementId, lead: AgencyId) -> Action {
    let set = AgreementSet {
        kind: AgreementKind::Contract,
        status: AgreementStatus::Live,
        funder: TRUST,
        lead,
        subs: vec![],
        programme: None,
        route: None,
        term: Term { from: day(-100), to: day(2000) },
        value: vec![],
        prices: vec![],
        measures: vec![],
        continues: vec![],
        end_reason: None,
    };
    Action::SetAgreement { agreement, set }
}

fn measure() -> Action {
    let json = include_str!("../../../../schema/measures/m02.json");
    let definition = Written::parse(json).unwrap();
    let measure = MeasureId::of(&code("m02"));
    Action::DefineMeasure { measure, defined: MeasureDefined { version: 1, definition } }
}

/// A plan of one target and one action.
fn plan() -> [Action; 2] {
    let plan = PlanId([31; 16]);
    let set = TargetSet {
        line: code("compliance"),
        measure: code("m02"),
        version: 1,
        scope: TargetScope::default(),
        baseline: None,
        relation: Relation::Absolute,
        value: 720_000,
        due: day(400),
        owner: TRUST,
        status: TargetStatus::Local,
    };
    let item = PlanItemSet {
        item: code("compliance_project"),
        kind: PlanItemKind::Action,
        text: label("Supporting compliance project"),
        owners: vec![CHARITY],
        due: None,
        impact: None,
        likelihood: None,
        mitigation: None,
        resource_note: None,
        line: Some(code("compliance")),
        state: PlanItemState::Open,
    };
    [Action::SetTarget { plan, set }, Action::SetPlanItem { plan, set: item }]
}

fn service(service: ServiceId, agreement: AgreementId, provider: AgencyId) -> Action {
    let described = ServiceDescribed {
        agreement,
        title: label("Invented service"),
        provider,
        kind: code("day_service"),
        needs: vec![],
        requirement_types: vec![],
        sites: vec![Site { id: code("yard"), area: code("worcestershire") }],
        eligibility: Eligibility::default(),
        awards_offered: vec![],
    };
    Action::DescribeService { service, described }
}

pub(crate) fn registration(person: u8) -> PersonRegistered {
    PersonRegistered {
        identifiers: vec![Identifier {
            scheme: IdentifierScheme::Crn,
            value: Sealed::from_blob(vec![person; 40]),
        }],
        name: Sealed::from_blob(vec![person; 60]),
        born: Sealed::from_blob(vec![person; 45]),
    }
}

pub(crate) fn imposed(person: PersonId, on: i32) -> SentenceImposed {
    SentenceImposed {
        person,
        kind: SentenceKind::Community,
        expires_on: day(on + 365),
        area: code("worcestershire"),
        age: 30,
        court: code("hereford"),
        setting: Setting::Community { licence: on % 2 == 0 },
        requirements: vec![],
        continues: None,
    }
}

pub(crate) fn allocate(to: StreamId, role: WorkerRole, agency: AgencyId) -> Action {
    let allocated = WorkerAllocated { role, worker: WorkerId([5; 16]), agency, volunteer: false };
    Action::AllocateWorker { to, allocated }
}

fn made(person: PersonId, service: ServiceId, continues: Option<ReferralId>) -> ReferralMade {
    ReferralMade {
        person,
        service,
        provider: FARM,
        lead: FARM,
        sentence: None,
        requirement: None,
        needs: vec![],
        outcomes_wanted: vec![],
        complete_by: None,
        share: Share {
            groups: vec![FieldGroup::Identity],
            basis: ShareBasis::Consent,
            reason: None,
        },
        meets: vec![],
        override_reason: None,
        continues,
    }
}
