//! What may be asked for. A command is a list of steps that are decided one after the other and
//! recorded together or not at all.
//!
//! A command exists in two forms: as the caller gives it, with personal values in the clear
//! ([`Given`]), and as the rules see it, with those values sealed ([`AsSealed`]). Sealing happens
//! at intake; nothing after it can read a name.

mod sealing;

pub use sealing::{Place, Sealer};

use crate::codes::{CorrectionReason, IdentifierScheme};
use crate::date::{Date, Occurred};
use crate::event::{
    AgencyDescribed, AgreementSet, Assessed, AttendanceRecorded, BreachRecorded, CapacitySet,
    Circumstance, CircumstanceRecorded, Event, EventType, FreeText, LedgerOpened, MeasureDefined,
    OffenceProven, PaymentRecorded, PersonRegistered, PlacementBooked, PlacementCompleted,
    PlacementEndedEarly, PlanItemSet, QualificationAwarded, ReferralDecided, ReferralMade,
    ReferralWithdrawn, RegisterSet, SentenceEnded, SentenceImposed, SentenceVaried,
    ServiceDescribed, SettingChanged, TargetSet, WorkerAllocated,
};
use crate::id::{
    ActorId, AgencyId, AgreementId, CommandId, EventId, MeasureId, PersonId, PlacementId, PlanId,
    ReferralId, SentenceId, ServiceId, StreamId, StreamKind,
};
use crate::role::Role;
use crate::sealed::Sealed;
use crate::text::{Code, Label, Note};
use alloc::{boxed::Box, vec::Vec};
use core::fmt;

/// The form of a command's personal values.
pub trait Form {
    /// Free text about a person.
    type Note: Clone + PartialEq;
    /// Who a person is.
    type Identity: Clone + PartialEq;
    /// How a person lives.
    type Circumstance: Clone + PartialEq;
}

/// As the caller gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {}

/// As rules and records know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsSealed {}

impl Form for Given {
    type Note = Note;
    type Identity = Identity;
    type Circumstance = CircumstanceGiven;
}

impl Form for AsSealed {
    type Note = Sealed<FreeText>;
    type Identity = PersonRegistered;
    type Circumstance = CircumstanceRecorded;
}

/// Who a person is, in the clear. Has no `Debug`: it cannot end up in a log by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Identifiers, with their scheme.
    pub identifiers: Vec<(IdentifierScheme, Label)>,
    /// Given name.
    pub given_name: Label,
    /// Family name.
    pub family_name: Label,
    /// Birth date.
    pub born: Date,
}

/// How a person lives, in the clear. Has no `Debug` either.
#[derive(Clone, PartialEq, Eq)]
pub struct CircumstanceGiven {
    /// The circumstance.
    pub circumstance: Circumstance<Note>,
    /// Whether somebody has seen proof of it.
    pub verified: bool,
    /// Who says so.
    pub source: Option<Code>,
}

/// Who asks, on whose behalf, as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The agency.
    pub agency: AgencyId,
    /// The principal.
    pub actor: ActorId,
    /// The role.
    pub role: Role,
}

/// Something asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Command<F: Form = AsSealed> {
    /// Chosen by the client; with the agency, the idempotency key for ever.
    pub id: CommandId,
    /// MAC of the clear input, by the vault's key; all zeros until intake has computed it.
    pub mac: [u8; 16],
    /// Who asks.
    pub origin: Origin,
    /// What, in order. At least one, at most [`Command::STEPS_LIMIT`].
    pub steps: Vec<Step<F>>,
}

impl<F: Form> Command<F> {
    /// Steps that one command may have; corrections within a step count like steps.
    pub const STEPS_LIMIT: usize = 500;

    /// Events that the command names as grounds, evidence or targets: the ledger finds where they are and
    /// hands that over with the [`crate::Facts`].
    pub fn named_events(&self) -> impl Iterator<Item = EventId> {
        self.steps.iter().flat_map(|step| {
            let (grounds, targets): (&[EventId], &[CorrectionAsked<F>]) = match &step.action {
                Action::RecordBreach { recorded, .. } => (&recorded.grounds, &[]),
                Action::RecordPayment { paid, .. } => (&paid.evidence, &[]),
                Action::Correct { corrections } => (&[], corrections),
                _ => (&[], &[]),
            };
            grounds.iter().copied().chain(targets.iter().map(|asked| asked.target))
        })
    }
}

/// One step of a command.
#[derive(Clone, PartialEq)]
pub struct Step<F: Form = AsSealed> {
    /// When it happened, as claimed.
    pub occurred: Occurred,
    /// Version of the step's stream that the caller saw; `None` to take it as it is.
    pub expected_version: Option<u32>,
    /// Event that led to it.
    pub cause: Option<EventId>,
    /// Free text; only on events in a person's case.
    pub note: Option<F::Note>,
    /// What is asked.
    pub action: Action<F>,
}

impl<F: Form> Step<F> {
    /// A step without note, cause or expectation.
    pub fn new(occurred: impl Into<Occurred>, action: Action<F>) -> Self {
        Self { occurred: occurred.into(), expected_version: None, cause: None, note: None, action }
    }
}

impl<F: Form> fmt::Debug for Step<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("occurred", &self.occurred)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

/// A correction asked for.
#[derive(Clone, PartialEq)]
pub struct CorrectionAsked<F: Form = AsSealed> {
    /// The event.
    pub target: EventId,
    /// What becomes of it.
    pub op: Amendment<F>,
    /// Why.
    pub reason: CorrectionReason,
}

/// What is to become of an event.
#[derive(Clone, PartialEq)]
pub enum Amendment<F: Form = AsSealed> {
    /// It counts as if it had not been.
    Void,
    /// It counts as if it had been this.
    Replace {
        /// Corrected claim of when.
        occurred_on: Occurred,
        /// The whole corrected payload, of the same type, which has nothing to be sealed.
        event: Box<Event>,
    },
    /// A registration counts as if it had been this.
    ReplaceIdentity {
        /// The person.
        person: PersonId,
        /// Corrected claim of when.
        occurred_on: Occurred,
        /// The whole corrected identity.
        identity: F::Identity,
    },
    /// A circumstance counts as if it had been this.
    ReplaceCircumstance {
        /// The person.
        person: PersonId,
        /// Corrected claim of when.
        occurred_on: Occurred,
        /// The whole corrected circumstance.
        recorded: F::Circumstance,
    },
}

/// What is asked for: a verb, the thing it is about, and the payload that would be recorded.
#[derive(Clone, PartialEq)]
pub enum Action<F: Form = AsSealed> {
    /// Open the ledger.
    OpenLedger(LedgerOpened),
    /// Describe an agency, new or known.
    DescribeAgency {
        /// Which.
        agency: AgencyId,
        /// How.
        described: AgencyDescribed,
    },
    /// Propose, begin, change or end an agreement.
    SetAgreement {
        /// Which.
        agreement: AgreementId,
        /// How.
        set: AgreementSet,
    },
    /// Record a payment.
    RecordPayment {
        /// Under which agreement.
        agreement: AgreementId,
        /// Which.
        paid: PaymentRecorded,
    },
    /// Describe a service, new or known.
    DescribeService {
        /// Which.
        service: ServiceId,
        /// How.
        described: ServiceDescribed,
    },
    /// Set the capacity of a service at a site.
    SetCapacity {
        /// Of which service.
        service: ServiceId,
        /// How.
        set: CapacitySet,
    },
    /// Define a measure, or its next version.
    DefineMeasure {
        /// Which: follows from the definition's code.
        measure: MeasureId,
        /// How.
        defined: MeasureDefined,
    },
    /// Set a target, a line of a plan.
    SetTarget {
        /// Of which plan.
        plan: PlanId,
        /// How.
        set: TargetSet,
    },
    /// Set an item of a plan.
    SetPlanItem {
        /// Of which plan.
        plan: PlanId,
        /// How.
        set: PlanItemSet,
    },
    /// Register a person.
    RegisterPerson {
        /// A new reference.
        person: PersonId,
        /// Who it is.
        identity: F::Identity,
    },
    /// Record how a person lives.
    RecordCircumstance {
        /// Who.
        person: PersonId,
        /// How.
        recorded: F::Circumstance,
    },
    /// Record an offence.
    RecordOffence {
        /// Whose.
        person: PersonId,
        /// Which.
        proven: OffenceProven,
    },
    /// Enter a person on a register, change the entry, or remove the person.
    SetRegister {
        /// Whom.
        person: PersonId,
        /// How.
        set: RegisterSet,
    },
    /// Assess a person.
    Assess {
        /// Whom.
        person: PersonId,
        /// With what result.
        assessed: Assessed,
    },
    /// Record a sentence.
    ImposeSentence {
        /// A new reference.
        sentence: SentenceId,
        /// Which.
        imposed: SentenceImposed,
    },
    /// Vary a sentence.
    VarySentence {
        /// Which.
        sentence: SentenceId,
        /// How.
        varied: SentenceVaried,
    },
    /// Record that a sentence goes on elsewhere.
    ChangeSetting {
        /// Which.
        sentence: SentenceId,
        /// Where.
        changed: SettingChanged,
    },
    /// Allocate a worker to a sentence, a referral or a placement.
    AllocateWorker {
        /// To what.
        to: StreamId,
        /// Whom.
        allocated: WorkerAllocated,
    },
    /// Take a step of enforcement.
    RecordBreach {
        /// Of which sentence.
        sentence: SentenceId,
        /// Which step.
        recorded: BreachRecorded,
    },
    /// End a sentence.
    EndSentence {
        /// Which.
        sentence: SentenceId,
        /// How.
        ended: SentenceEnded,
    },
    /// Refer a person to a service. Provider and lead are set by the decision.
    MakeReferral {
        /// A new reference.
        referral: ReferralId,
        /// Whom, to what, why.
        made: ReferralMade,
    },
    /// Accept, decline, waitlist a referral, or ask for more information.
    DecideReferral {
        /// Which.
        referral: ReferralId,
        /// How.
        decided: ReferralDecided,
    },
    /// Withdraw a referral.
    WithdrawReferral {
        /// Which.
        referral: ReferralId,
        /// Why.
        withdrawn: ReferralWithdrawn,
    },
    /// Book a place.
    BookPlacement {
        /// A new reference.
        placement: PlacementId,
        /// Under which referral, where, when.
        booked: PlacementBooked,
    },
    /// Record that a placement started.
    StartPlacement {
        /// Which.
        placement: PlacementId,
    },
    /// Record a session.
    RecordAttendance {
        /// Of which placement.
        placement: PlacementId,
        /// How it went.
        recorded: AttendanceRecorded,
    },
    /// Record a qualification.
    AwardQualification {
        /// On which placement.
        placement: PlacementId,
        /// Which.
        awarded: QualificationAwarded,
    },
    /// Record that a placement is complete.
    CompletePlacement {
        /// Which.
        placement: PlacementId,
        /// With what outcomes.
        completed: PlacementCompleted,
    },
    /// Record that a placement ended early.
    EndPlacementEarly {
        /// Which.
        placement: PlacementId,
        /// Why.
        ended: PlacementEndedEarly,
    },
    /// Correct events of one case, all together: the history is judged after the last of them.
    Correct {
        /// The corrections, in order.
        corrections: Vec<CorrectionAsked<F>>,
    },
}

impl<F: Form> Action<F> {
    /// Its verb phrase, as it stands in refusals and traces.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OpenLedger(_) => "open the ledger",
            Self::DescribeAgency { .. } => "describe an agency",
            Self::SetAgreement { .. } => "set an agreement",
            Self::RecordPayment { .. } => "record a payment",
            Self::DescribeService { .. } => "describe a service",
            Self::SetCapacity { .. } => "set a capacity",
            Self::DefineMeasure { .. } => "define a measure",
            Self::SetTarget { .. } => "set a target",
            Self::SetPlanItem { .. } => "set an item of a plan",
            Self::RegisterPerson { .. } => "register a person",
            Self::RecordCircumstance { .. } => "record a circumstance",
            Self::RecordOffence { .. } => "record an offence",
            Self::SetRegister { .. } => "set a register",
            Self::Assess { .. } => "assess a person",
            Self::ImposeSentence { .. } => "impose a sentence",
            Self::VarySentence { .. } => "vary a sentence",
            Self::ChangeSetting { .. } => "change a setting",
            Self::AllocateWorker { .. } => "allocate a worker",
            Self::RecordBreach { .. } => "record a breach",
            Self::EndSentence { .. } => "end a sentence",
            Self::MakeReferral { .. } => "make a referral",
            Self::DecideReferral { .. } => "decide a referral",
            Self::WithdrawReferral { .. } => "withdraw a referral",
            Self::BookPlacement { .. } => "book a placement",
            Self::StartPlacement { .. } => "start a placement",
            Self::RecordAttendance { .. } => "record attendance",
            Self::AwardQualification { .. } => "award a qualification",
            Self::CompletePlacement { .. } => "complete a placement",
            Self::EndPlacementEarly { .. } => "end a placement early",
            Self::Correct { .. } => "correct events",
        }
    }

    /// Type of the event or events that it records.
    pub fn event_type(&self) -> EventType {
        match self {
            Self::OpenLedger(_) => EventType::LedgerOpened,
            Self::DescribeAgency { .. } => EventType::AgencyDescribed,
            Self::SetAgreement { .. } => EventType::AgreementSet,
            Self::RecordPayment { .. } => EventType::PaymentRecorded,
            Self::DescribeService { .. } => EventType::ServiceDescribed,
            Self::SetCapacity { .. } => EventType::CapacitySet,
            Self::DefineMeasure { .. } => EventType::MeasureDefined,
            Self::SetTarget { .. } => EventType::TargetSet,
            Self::SetPlanItem { .. } => EventType::PlanItemSet,
            Self::RegisterPerson { .. } => EventType::PersonRegistered,
            Self::RecordCircumstance { .. } => EventType::CircumstanceRecorded,
            Self::RecordOffence { .. } => EventType::OffenceProven,
            Self::SetRegister { .. } => EventType::RegisterSet,
            Self::Assess { .. } => EventType::Assessed,
            Self::ImposeSentence { .. } => EventType::SentenceImposed,
            Self::VarySentence { .. } => EventType::SentenceVaried,
            Self::ChangeSetting { .. } => EventType::SettingChanged,
            Self::AllocateWorker { .. } => EventType::WorkerAllocated,
            Self::RecordBreach { .. } => EventType::BreachRecorded,
            Self::EndSentence { .. } => EventType::SentenceEnded,
            Self::MakeReferral { .. } => EventType::ReferralMade,
            Self::DecideReferral { .. } => EventType::ReferralDecided,
            Self::WithdrawReferral { .. } => EventType::ReferralWithdrawn,
            Self::BookPlacement { .. } => EventType::PlacementBooked,
            Self::StartPlacement { .. } => EventType::PlacementStarted,
            Self::RecordAttendance { .. } => EventType::AttendanceRecorded,
            Self::AwardQualification { .. } => EventType::QualificationAwarded,
            Self::CompletePlacement { .. } => EventType::PlacementCompleted,
            Self::EndPlacementEarly { .. } => EventType::PlacementEndedEarly,
            Self::Correct { .. } => EventType::Corrected,
        }
    }

    /// The thing that it is about, whose stream it extends; `None` for corrections, which extend
    /// the streams of their targets.
    pub fn stream(&self) -> Option<StreamId> {
        Some(match self {
            Self::OpenLedger(opened) => opened.ledger.into(),
            Self::DescribeAgency { agency, .. } => (*agency).into(),
            Self::SetAgreement { agreement, .. } | Self::RecordPayment { agreement, .. } => {
                (*agreement).into()
            }
            Self::DescribeService { service, .. } | Self::SetCapacity { service, .. } => {
                (*service).into()
            }
            Self::DefineMeasure { measure, .. } => (*measure).into(),
            Self::SetTarget { plan, .. } | Self::SetPlanItem { plan, .. } => (*plan).into(),
            Self::RegisterPerson { person, .. } => (*person).into(),
            Self::RecordCircumstance { person, .. } => {
                StreamId::of_person(StreamKind::Circumstance, *person)
            }
            Self::RecordOffence { person, .. } => StreamId::of_person(StreamKind::Offence, *person),
            Self::SetRegister { person, .. } => StreamId::of_person(StreamKind::Register, *person),
            Self::Assess { person, .. } => StreamId::of_person(StreamKind::Assessment, *person),
            Self::ImposeSentence { sentence, .. }
            | Self::VarySentence { sentence, .. }
            | Self::ChangeSetting { sentence, .. }
            | Self::RecordBreach { sentence, .. }
            | Self::EndSentence { sentence, .. } => (*sentence).into(),
            Self::AllocateWorker { to, .. } => *to,
            Self::MakeReferral { referral, .. }
            | Self::DecideReferral { referral, .. }
            | Self::WithdrawReferral { referral, .. } => (*referral).into(),
            Self::BookPlacement { placement, .. }
            | Self::StartPlacement { placement }
            | Self::RecordAttendance { placement, .. }
            | Self::AwardQualification { placement, .. }
            | Self::CompletePlacement { placement, .. }
            | Self::EndPlacementEarly { placement, .. } => (*placement).into(),
            Self::Correct { .. } => return None,
        })
    }
}

impl<F: Form> fmt::Debug for Action<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
