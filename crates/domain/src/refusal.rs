//! Why not. A refusal is an answer, not an accident: typed, stable, and it names what would have to
//! be different.

use crate::history::Dependant;
use crate::id::StreamId;
use crate::role::Role;
use alloc::vec::Vec;

/// Why a command was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The caller's role may not give this command (see [`crate::role`]).
    #[error("the role {} may not {action}", role.as_str())]
    RoleMayNot {
        /// The role.
        role: Role,
        /// The command, as a verb phrase.
        action: &'static str,
    },
    /// Something named by the command does not exist, or is not for the caller to see: one answer.
    #[error("{field} is not found")]
    NotFound {
        /// Field that names it.
        field: &'static str,
    },
    /// The stream has moved on since the caller looked.
    #[error("stream {stream} is at version {current}, expected {expected}")]
    VersionConflict {
        /// The stream.
        stream: StreamId,
        /// Version that the caller saw.
        expected: u32,
        /// Version that it has.
        current: u32,
    },
    /// A value that no state of the ledger would make right.
    #[error("{field}: {problem}")]
    InvalidInput {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A rule of the partnership.
    #[error("{rule}")]
    Rule {
        /// The rule.
        rule: Rule,
    },
    /// The correction would make the case's history illegal.
    #[error("the correction would make {} later events illegal", dependants.len())]
    BreaksHistory {
        /// Other events that would no longer be legal, in recorded order. Voiding them in the
        /// same step, latest first, makes the correction possible; a foundation
        /// ([`Rule::FoundationNotVoided`]) has to be replaced instead.
        dependants: Vec<Dependant>,
    },
}

impl From<Rule> for Refusal {
    fn from(rule: Rule) -> Self {
        Self::Rule { rule }
    }
}

/// A refusal, and which step of the command met it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {step}: {refusal}")]
pub struct Refused {
    /// Index of the step, from 0.
    pub step: usize,
    /// Why.
    pub refusal: Refusal,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Fewer or more than allowed.
    #[error("{found} is outside the limit of {least} to {most}")]
    OutOfRange {
        /// What was found.
        found: i64,
        /// Least allowed.
        least: i64,
        /// Most allowed.
        most: i64,
    },
    /// A later day stands before an earlier one.
    #[error("the last day is before the first")]
    DatesOutOfOrder,
    /// Further than a day in the future.
    #[error("is more than 24 hours in the future")]
    InFuture,
    /// The same thing twice.
    #[error("the same value stands there twice")]
    Repeated,
    /// Must be given here.
    #[error("is needed here")]
    Missing,
    /// May not be given here.
    #[error("may not be given here")]
    NotAllowed,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $text:literal,)+) => {
        /// A rule that a command would break. Codes are stable; DOMAIN.md §2 has each with its
        /// event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
        pub enum Rule {$(
            $(#[$doc])*
            #[error($text)]
            $name,
        )+}

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its stable code.
            pub fn code(self) -> &'static str {
                match self {$(Self::$name => $code,)+}
            }
        }
    };
}

rules! {
    /// Only before anything else, or as the next incarnation.
    LedgerAlreadyOpen = "LEDGER_ALREADY_OPEN": "the ledger is already open",
    /// Nothing happens before the ledger is opened.
    LedgerNotOpen = "LEDGER_NOT_OPEN": "the ledger has not been opened",
    /// The acting agency is unknown to the ledger or a former partner.
    AgencyNotPartner = "AGENCY_NOT_PARTNER": "the acting agency is not a partner of this ledger",
    /// Seen, but somebody else's to change.
    NotYours = "NOT_YOURS": "the acting agency may see this and has no such part in it",
    /// Only the commissioner describes other agencies.
    NotCommissioner = "NOT_COMMISSIONER": "only the commissioner may do this",
    /// Notes belong to people.
    NoteOutsidePerson = "NOTE_OUTSIDE_PERSON": "a note stands only on what happens to a person",
    /// An agency cannot be its own parent.
    OwnParent = "OWN_PARENT": "an agency cannot be its own parent",
    /// A trust does not silently become a board again.
    TrustToBoardNeedsReason = "TRUST_TO_BOARD_NEEDS_REASON": "a trust becomes a board again only with a reason",
    /// proposed → live → ended.
    AgreementCannotGoBack = "AGREEMENT_CANNOT_GO_BACK": "an agreement goes from proposed to live to ended and never back",
    /// Nobody contracts with themselves.
    LeadIsFunder = "LEAD_IS_FUNDER": "the lead provider is the funder, and the agreement is not in-house",
    /// Agreements are held to what is defined.
    MeasureUnknown = "MEASURE_UNKNOWN": "no such version of the measure is defined",
    /// Versions of a measure are numbered 1, 2, 3 …
    MeasureVersionSkipped = "MEASURE_VERSION_SKIPPED": "versions of a measure are numbered without a gap",
    /// A measure is called by its code.
    MeasureCodeDiffers = "MEASURE_CODE_DIFFERS": "the definition has the code of another measure",
    /// What a figure was reckoned by stays.
    DefinitionNotCorrected = "DEFINITION_NOT_CORRECTED": "a definition is never corrected; define the next version",
    /// Ended means ended.
    AgreementEnded = "AGREEMENT_ENDED": "the agreement has ended",
    /// Validity at the day claimed, as known now.
    AgreementNotLive = "AGREEMENT_NOT_LIVE": "the agreement is not live on that day",
    /// Money goes between partners.
    PaymentOutsideAgreement = "PAYMENT_OUTSIDE_AGREEMENT": "payer or payee is no partner of the agreement",
    /// What is paid for was done, and counts.
    EvidenceNotCounting = "EVIDENCE_NOT_COUNTING": "an event given as evidence is not of a placement under the agreement, or does not count",
    /// Nothing is paid for twice.
    EvidencePaid = "EVIDENCE_PAID": "an event given as evidence has been paid for on that basis already",
    /// Only lead or subcontractor provide.
    ProviderNotInAgreement = "PROVIDER_NOT_IN_AGREEMENT": "the provider is neither lead nor subcontractor of the agreement",
    /// Assistance to courts stays public (seeds/004).
    CourtReportsArePublic = "COURT_REPORTS_ARE_PUBLIC": "court reports are provided by public bodies only",
    /// A service stays under its agreement.
    ServiceChangesAgreement = "SERVICE_CHANGES_AGREEMENT": "a service cannot move to another agreement",
    /// Site of the service.
    SiteUnknown = "SITE_UNKNOWN": "the service has no such site",
    /// An identifier names one person.
    IdentifierTaken = "IDENTIFIER_TAKEN": "the identifier is already another person's",
    /// A new thing needs a new identifier.
    AlreadyExists = "ALREADY_EXISTS": "something with that identifier exists already",
    /// The person's registration was voided.
    PersonNotRegistered = "PERSON_NOT_REGISTERED": "the person is not registered",
    /// One proof, one record.
    OffenceRecorded = "OFFENCE_RECORDED": "an offence of that source is recorded of the person already",
    /// A level is of who is on the register.
    MappaLevelIffActive = "MAPPA_LEVEL_IFF_ACTIVE": "a MAPPA entry has a level if and only if it is active",
    /// Only who is on it is removed.
    RegisterNotActive = "REGISTER_NOT_ACTIVE": "the person is not on that register",
    /// Removal criteria of June 2005: by consensus.
    RemovalNeedsConsensus = "REMOVAL_NEEDS_CONSENSUS": "a person is removed from a PPO scheme only by all agencies that agreed to the entry",
    /// Each tool has its users.
    ToolNotForRole = "TOOL_NOT_FOR_ROLE": "that tool is not for the role that assessed",
    /// The sentence was voided.
    SentenceUnknown = "SENTENCE_UNKNOWN": "the person has no such sentence",
    /// Ended means ended.
    SentenceNotActive = "SENTENCE_NOT_ACTIVE": "the sentence has ended",
    /// Requirement of the sentence.
    RequirementUnknown = "REQUIREMENT_UNKNOWN": "the sentence has no such requirement",
    /// One requirement, one identifier.
    RequirementExists = "REQUIREMENT_EXISTS": "the sentence has a requirement with that identifier already",
    /// A change changes something.
    SettingUnchanged = "SETTING_UNCHANGED": "the sentence is in that setting already",
    /// An offender manager is from a public body (seeds/001).
    OffenderManagerIsPublic = "OFFENDER_MANAGER_IS_PUBLIC": "an offender manager is from a public body",
    /// Offender managers are allocated to sentences.
    OffenderManagerOnSentence = "OFFENDER_MANAGER_ON_SENTENCE": "an offender manager is allocated to a sentence, not to a referral or a placement",
    /// The worker's agency has to be able to see what the worker is allocated to.
    WorkerAgencyOutOfScope = "WORKER_AGENCY_OUT_OF_SCOPE": "the worker's agency has no part in this referral",
    /// The ladder of enforcement.
    BreachStepOutOfOrder = "BREACH_STEP_OUT_OF_ORDER": "that step of enforcement cannot follow the one before",
    /// Recall is of licences.
    RecallNeedsLicence = "RECALL_NEEDS_LICENCE": "recall is possible on licence only",
    /// A step needs a reason.
    BreachNeedsGround = "BREACH_NEEDS_GROUND": "that step of enforcement needs grounds",
    /// Grounds are enforceable absences that still count.
    GroundNotEnforceable = "GROUND_NOT_ENFORCEABLE": "a ground is not an enforceable absence of this person",
    /// Breaches are numbered 1, 2, 3 …
    BreachNumberSkipped = "BREACH_NUMBER_SKIPPED": "breaches of a sentence are numbered without a gap",
    /// Revocation for breach needs a proven breach.
    RevocationNeedsProvenBreach = "REVOCATION_NEEDS_PROVEN_BREACH": "a sentence is revoked for breach only after a breach was proven",
    /// Eligibility, attested or overridden with a reason.
    NotEligible = "NOT_ELIGIBLE": "the service asks for criteria that the referral does not attest",
    /// Sharing on an override needs a reason.
    OverrideNeedsReason = "OVERRIDE_NEEDS_REASON": "sharing by override needs a reason",
    /// The referral was voided.
    ReferralUnknown = "REFERRAL_UNKNOWN": "the person has no such referral",
    /// A decision needs something to decide.
    ReferralNotOpen = "REFERRAL_NOT_OPEN": "the referral is not open for a decision",
    /// A reason if and only if declined.
    ReasonIffDeclined = "REASON_IFF_DECLINED": "a reason is given if and only if a referral is declined",
    /// Terminal states stay.
    ReferralTerminal = "REFERRAL_TERMINAL": "the referral was declined or withdrawn already",
    /// Not after a placement.
    ReferralHasPlacement = "REFERRAL_HAS_PLACEMENT": "a referral with a placement cannot be withdrawn",
    /// A place needs an accepted referral.
    ReferralNotAccepted = "REFERRAL_NOT_ACCEPTED": "the referral has not been accepted",
    /// Accepted and every placement ended.
    ReferralConcluded = "REFERRAL_CONCLUDED": "every placement of the referral has ended",
    /// The placement was voided.
    PlacementUnknown = "PLACEMENT_UNKNOWN": "the person has no such placement",
    /// Only what is booked starts.
    PlacementNotBooked = "PLACEMENT_NOT_BOOKED": "the placement is not waiting to start",
    /// Only what has started goes on.
    PlacementNotStarted = "PLACEMENT_NOT_STARTED": "the placement has not started",
    /// Ended means ended.
    PlacementEnded = "PLACEMENT_ENDED": "the placement has ended",
    /// One session, one record; otherwise correct it.
    SessionRecorded = "SESSION_RECORDED": "the session is recorded already; correct that record instead",
    /// Credit at most what was planned (allowance 0 minutes).
    CreditOverPlan = "CREDIT_OVER_PLAN": "more minutes are credited than were planned",
    /// The same title once a person.
    QualificationHeld = "QUALIFICATION_HELD": "the person has been awarded that title already",
    /// `did_not_arrive` and `cancelled` are for what never started.
    EndReasonNeedsStart = "END_REASON_NEEDS_START": "a placement that has not started ends as did_not_arrive or cancelled",
    /// … and only for that.
    EndReasonBeforeStart = "END_REASON_BEFORE_START": "a placement that has started cannot end as did_not_arrive or cancelled",
    /// Corrections are by who recorded it, or by the commissioner.
    NotRecorder = "NOT_RECORDER": "an event is corrected by the agency that recorded it or by the commissioner",
    /// A voided event cannot be corrected again.
    TargetNotEffective = "TARGET_NOT_EFFECTIVE": "the event has been voided already",
    /// Like for like.
    ReplacementDiffers = "REPLACEMENT_DIFFERS": "a replacement is a whole payload of the same type about the same things",
    /// A correction may be voided, not replaced.
    CorrectionNotReplaced = "CORRECTION_NOT_REPLACED": "a correction can be voided, not replaced",
    /// What other cases rest on stays.
    FoundationNotVoided = "FOUNDATION_NOT_VOIDED": "the first record of an agency, an agreement or a service cannot be voided; end it instead",
    /// What everything rests on stays as it was.
    OpeningNotCorrected = "OPENING_NOT_CORRECTED": "an opening of the ledger is never corrected",
    /// Corrections of one step stay in one case.
    CorrectionsSpanCases = "CORRECTIONS_SPAN_CASES": "the corrections of one step belong to one case",
}
