//! What may be asked for. A command is a list of steps that are decided one after the other and
//! recorded together or not at all.
//!
//! A command exists in two forms: as the caller gives it, with personal values in the clear
//! ([`Given`]), and as the rules see it, with those values sealed ([`AsSealed`]). Sealing happens
//! at intake; nothing after it can read a name.

use crate::codes::{CorrectionReason, IdentifierScheme};
use crate::date::{Date, Occurred};
use crate::event::{
    AgencyDescribed, AgreementSet, AttendanceRecorded, BreachRecorded, CapacitySet, Event,
    EventType, FreeText, LedgerOpened, MeasureDefined, PersonRegistered, PlacementBooked,
    PlacementCompleted, PlacementEndedEarly, QualificationAwarded, ReferralDecided, ReferralMade,
    ReferralWithdrawn, SentenceEnded, SentenceImposed, SentenceVaried, ServiceDescribed,
    SettingChanged, WorkerAllocated,
};
use crate::id::{
    ActorId, AgencyId, AgreementId, CommandId, EventId, MeasureId, PersonId, PlacementId,
    ReferralId, SentenceId, ServiceId, StreamId,
};
use crate::role::Role;
use crate::sealed::Sealed;
use crate::text::{Label, Note};
use alloc::{boxed::Box, vec::Vec};
use core::fmt;
use serde::Serialize;

/// The form of a command's personal values.
pub trait Form {
    /// Free text about a person.
    type Note: Clone + PartialEq;
    /// Who a person is.
    type Identity: Clone + PartialEq;
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
}

impl Form for AsSealed {
    type Note = Sealed<FreeText>;
    type Identity = PersonRegistered;
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

    /// Events that the command names as grounds or targets: the ledger finds where they are and
    /// hands that over with the [`crate::Facts`].
    pub fn named_events(&self) -> impl Iterator<Item = EventId> {
        self.steps.iter().flat_map(|step| {
            let (grounds, targets): (&[EventId], &[CorrectionAsked<F>]) = match &step.action {
                Action::RecordBreach { recorded, .. } => (&recorded.grounds, &[]),
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
        /// The whole corrected payload, of the same type; not a registration.
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
    /// Register a person.
    RegisterPerson {
        /// A new reference.
        person: PersonId,
        /// Who it is.
        identity: F::Identity,
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
            Self::DescribeService { .. } => "describe a service",
            Self::SetCapacity { .. } => "set a capacity",
            Self::DefineMeasure { .. } => "define a measure",
            Self::RegisterPerson { .. } => "register a person",
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
            Self::DescribeService { .. } => EventType::ServiceDescribed,
            Self::SetCapacity { .. } => EventType::CapacitySet,
            Self::DefineMeasure { .. } => EventType::MeasureDefined,
            Self::RegisterPerson { .. } => EventType::PersonRegistered,
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
            Self::SetAgreement { agreement, .. } => (*agreement).into(),
            Self::DescribeService { service, .. } | Self::SetCapacity { service, .. } => {
                (*service).into()
            }
            Self::DefineMeasure { measure, .. } => (*measure).into(),
            Self::RegisterPerson { person, .. } => (*person).into(),
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

/// Which event of its command a personal value will stand in: part of what it is sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the event within the command.
    pub index: u16,
    /// Type of the event.
    pub event_type: EventType,
}

/// Turns personal values into sealed ones; `E` is whatever can go wrong in the vault.
pub trait Sealer<E> {
    /// Seals a person's identity.
    ///
    /// # Errors
    /// Whatever can go wrong in the vault.
    fn identity(
        &mut self,
        place: Place,
        person: PersonId,
        clear: &Identity,
    ) -> Result<PersonRegistered, E>;

    /// Seals free text; the person is found by what the step is about.
    ///
    /// # Errors
    /// Whatever can go wrong in the vault.
    fn note(
        &mut self,
        place: Place,
        action: &Action<Given>,
        clear: &Note,
    ) -> Result<Sealed<FreeText>, E>;
}

impl Command<Given> {
    /// The command with every personal value sealed.
    ///
    /// # Errors
    /// The first error of the sealer.
    pub fn seal<E>(self, sealer: &mut impl Sealer<E>) -> Result<Command, E> {
        let mut steps = Vec::with_capacity(self.steps.len());
        let mut index = 0_u16;
        for step in self.steps {
            let place = Place { index, event_type: step.action.event_type() };
            let note = match &step.note {
                Some(note) => Some(sealer.note(place, &step.action, note)?),
                None => None,
            };
            // A step records one event, a step of corrections one for each of them.
            index = index.saturating_add(match &step.action {
                Action::Correct { corrections } => {
                    u16::try_from(corrections.len()).unwrap_or(u16::MAX)
                }
                _ => 1,
            });
            steps.push(Step {
                occurred: step.occurred,
                expected_version: step.expected_version,
                cause: step.cause,
                note,
                action: step.action.seal(place, sealer)?,
            });
        }
        Ok(Command { id: self.id, mac: self.mac, origin: self.origin, steps })
    }
}

impl Action<Given> {
    fn seal<E>(self, place: Place, sealer: &mut impl Sealer<E>) -> Result<Action, E> {
        Ok(match self {
            Self::RegisterPerson { person, identity } => Action::RegisterPerson {
                person,
                identity: sealer.identity(place, person, &identity)?,
            },
            Self::OpenLedger(opened) => Action::OpenLedger(opened),
            Self::DescribeAgency { agency, described } => {
                Action::DescribeAgency { agency, described }
            }
            Self::SetAgreement { agreement, set } => Action::SetAgreement { agreement, set },
            Self::DescribeService { service, described } => {
                Action::DescribeService { service, described }
            }
            Self::DefineMeasure { measure, defined } => Action::DefineMeasure { measure, defined },
            Self::SetCapacity { service, set } => Action::SetCapacity { service, set },
            Self::ImposeSentence { sentence, imposed } => {
                Action::ImposeSentence { sentence, imposed }
            }
            Self::VarySentence { sentence, varied } => Action::VarySentence { sentence, varied },
            Self::ChangeSetting { sentence, changed } => {
                Action::ChangeSetting { sentence, changed }
            }
            Self::AllocateWorker { to, allocated } => Action::AllocateWorker { to, allocated },
            Self::RecordBreach { sentence, recorded } => {
                Action::RecordBreach { sentence, recorded }
            }
            Self::EndSentence { sentence, ended } => Action::EndSentence { sentence, ended },
            Self::MakeReferral { referral, made } => Action::MakeReferral { referral, made },
            Self::DecideReferral { referral, decided } => {
                Action::DecideReferral { referral, decided }
            }
            Self::WithdrawReferral { referral, withdrawn } => {
                Action::WithdrawReferral { referral, withdrawn }
            }
            Self::BookPlacement { placement, booked } => {
                Action::BookPlacement { placement, booked }
            }
            Self::StartPlacement { placement } => Action::StartPlacement { placement },
            Self::RecordAttendance { placement, recorded } => {
                Action::RecordAttendance { placement, recorded }
            }
            Self::AwardQualification { placement, awarded } => {
                Action::AwardQualification { placement, awarded }
            }
            Self::CompletePlacement { placement, completed } => {
                Action::CompletePlacement { placement, completed }
            }
            Self::EndPlacementEarly { placement, ended } => {
                Action::EndPlacementEarly { placement, ended }
            }
            Self::Correct { corrections } => Action::Correct {
                corrections: (place.index..)
                    .zip(corrections)
                    .map(|(index, asked)| asked.seal(Place { index, ..place }, sealer))
                    .collect::<Result<_, E>>()?,
            },
        })
    }
}

impl CorrectionAsked<Given> {
    fn seal<E>(self, place: Place, sealer: &mut impl Sealer<E>) -> Result<CorrectionAsked, E> {
        let op = match self.op {
            Amendment::Void => Amendment::Void,
            Amendment::Replace { occurred_on, event } => Amendment::Replace { occurred_on, event },
            Amendment::ReplaceIdentity { person, occurred_on, identity } => {
                Amendment::ReplaceIdentity {
                    person,
                    occurred_on,
                    identity: sealer.identity(place, person, &identity)?,
                }
            }
        };
        Ok(CorrectionAsked { target: self.target, op, reason: self.reason })
    }
}

impl Command<Given> {
    /// The clear input in one canonical spelling, for the command's MAC: the same command sent
    /// again has the same bytes. What the caller saw (`expected_version`) is not part of what was
    /// asked.
    pub fn canonical_input(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        for step in &self.steps {
            json(&mut out, &step.occurred);
            json(&mut out, &step.cause);
            json(&mut out, &step.note.as_ref().map(Note::as_str));
            out.extend_from_slice(step.action.name().as_bytes());
            json(&mut out, &step.action.stream());
            step.action.canonical_payload(&mut out);
            out.push(b'\n');
        }
        out
    }
}

impl Action<Given> {
    fn canonical_payload(&self, out: &mut Vec<u8>) {
        match self {
            Self::OpenLedger(payload) => json(out, payload),
            Self::DescribeAgency { described, .. } => json(out, described),
            Self::SetAgreement { set, .. } => json(out, set),
            Self::DescribeService { described, .. } => json(out, described),
            Self::SetCapacity { set, .. } => json(out, set),
            Self::DefineMeasure { defined, .. } => json(out, defined),
            Self::RegisterPerson { identity, .. } => identity.canonical(out),
            Self::ImposeSentence { imposed, .. } => json(out, imposed),
            Self::VarySentence { varied, .. } => json(out, varied),
            Self::ChangeSetting { changed, .. } => json(out, changed),
            Self::AllocateWorker { allocated, .. } => json(out, allocated),
            Self::RecordBreach { recorded, .. } => json(out, recorded),
            Self::EndSentence { ended, .. } => json(out, ended),
            Self::MakeReferral { made, .. } => json(out, made),
            Self::DecideReferral { decided, .. } => json(out, decided),
            Self::WithdrawReferral { withdrawn, .. } => json(out, withdrawn),
            Self::BookPlacement { booked, .. } => json(out, booked),
            Self::StartPlacement { .. } => {}
            Self::RecordAttendance { recorded, .. } => json(out, recorded),
            Self::AwardQualification { awarded, .. } => json(out, awarded),
            Self::CompletePlacement { completed, .. } => json(out, completed),
            Self::EndPlacementEarly { ended, .. } => json(out, ended),
            Self::Correct { corrections } => {
                for asked in corrections {
                    json(out, &(asked.target, asked.reason));
                    match &asked.op {
                        Amendment::Void => out.extend_from_slice(b"void"),
                        Amendment::Replace { occurred_on, event } => {
                            json(out, &(occurred_on, event));
                        }
                        Amendment::ReplaceIdentity { person, occurred_on, identity } => {
                            json(out, &(person, occurred_on));
                            identity.canonical(out);
                        }
                    }
                }
            }
        }
    }
}

impl Identity {
    fn canonical(&self, out: &mut Vec<u8>) {
        json(out, &(&self.identifiers, &self.given_name, &self.family_name, self.born));
    }
}

/// Appends a value as JSON. Every piece of a command is a string, a number or a struct of these,
/// so serialising cannot fail.
fn json(out: &mut Vec<u8>, value: &impl Serialize) {
    out.extend_from_slice(&serde_json::to_vec(value).unwrap_or_default());
}
