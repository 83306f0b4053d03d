//! What may have happened: the payloads of DOMAIN.md §2, one struct a type. Payloads are the stored
//! contract: fields are only ever added, with a new schema number, and old bytes stay readable.
//!
//! In JSON a payload is an object with the fields below; absent options are left out. Dates are
//! `YYYY-MM-DD`, money is whole pence, minutes are whole minutes.

use crate::codes::{
    Achievement, AgencyKind, AgencyStatus, AgreementKind, AgreementStatus, AttendanceOutcome,
    BreachStep, CorrectionReason, Criterion, Decision, DeclineReason, EarlyEnd, Fault, FieldGroup,
    IdentifierScheme, Level, Need, PaymentBasis, PlanItemKind, PlanItemState, QualificationKind,
    Relation, RequirementType, SentenceEnd, SentenceKind, SettingReason, Sex, ShareBasis,
    TargetStatus, Unit, WithdrawalReason, WorkerRole,
};
use crate::date::{Date, Occurred};
use crate::id::{
    AgencyId, AgreementId, EventId, LedgerId, PersonId, ReferralId, SentenceId, ServiceId,
    StreamKind, WorkerId,
};
use crate::measure::Written;
use crate::sealed::Sealed;
use crate::text::{Code, Label};
use alloc::{boxed::Box, string::String, vec::Vec};
use serde::{Deserialize, Serialize};

macro_rules! payload {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {$(
            $(#[$field_doc])*
            pub $field: $type,
        )*}
    )+};
}

mod person;

pub use person::{
    Assessed, Circumstance, CircumstanceKind, CircumstanceRecorded, CircumstanceText, NeedFound,
    Objective, OffenceProven, RegisterSet, Reoffending,
};

payload! {
    /// The ledger, or a later incarnation of it, was opened. First record of each.
    LedgerOpened {
        /// The ledger.
        ledger: LedgerId,
        /// 1 for the first.
        incarnation: u32,
        /// The agency that holds the first grant.
        commissioner: AgencyId,
        /// Last checkpoint of the predecessor, as text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        predecessor: Option<String>,
    }

    /// Row 1. Replaces the earlier description from its `occurred_on`.
    AgencyDescribed {
        /// Name of the body.
        name: Label,
        /// What sort of body.
        kind: AgencyKind,
        /// The agency it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<AgencyId>,
        /// Areas it works in.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        areas: Vec<Code>,
        /// Free tags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<Code>,
        /// Staff in hundredths of a full-time post.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        staff_fte: Option<u32>,
        /// How far it has come as a partner.
        status: AgencyStatus,
        /// Why its kind went back from trust to board.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Code>,
    }

    /// First and last day of an agreement.
    Term {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    }

    /// Value of an agreement in a financial year.
    YearValue {
        /// The year in which it starts: 2008 is 1 April 2008 to 31 March 2009.
        fy: u16,
        /// Whole pence.
        pence: i64,
    }

    /// Price of one unit.
    Price {
        /// The unit.
        unit: Unit,
        /// Whole pence.
        pence: i64,
    }

    /// A measure that an agreement is held to.
    Threshold {
        /// The measure.
        measure: Code,
        /// Its version.
        version: u32,
        /// Parts per million.
        ppm: u32,
    }

    /// Row 3. Replaces the earlier version of the agreement from its `occurred_on`.
    AgreementSet {
        /// Form.
        kind: AgreementKind,
        /// State.
        status: AgreementStatus,
        /// Who pays.
        funder: AgencyId,
        /// Lead provider.
        lead: AgencyId,
        /// Subcontractors.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        subs: Vec<AgencyId>,
        /// Programme to which it belongs (a pilot, an innovation fund).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        programme: Option<Code>,
        /// Procurement route.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        route: Option<Code>,
        /// When it is in force.
        term: Term,
        /// Value a year.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        value: Vec<YearValue>,
        /// Prices.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        prices: Vec<Price>,
        /// Measures with thresholds; the versions exist.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        measures: Vec<Threshold>,
        /// Agreements that this one goes on from (renewal, novation, several into one).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        continues: Vec<AgreementId>,
        /// Why it ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_reason: Option<Code>,
    }

    /// Row 4. Money that went from one to another under an agreement; `occurred_on` is the day.
    PaymentRecorded {
        /// Who paid; absent for trading income, which comes from outside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payer: Option<AgencyId>,
        /// Who was paid.
        payee: AgencyId,
        /// Whole pence.
        pence: i64,
        /// What for.
        basis: PaymentBasis,
        /// For which days.
        period: Term,
        /// What was done for it: events of placements under the agreement.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<EventId>,
    }

    /// Where a service is given.
    Site {
        /// Code of the site, unique in the service.
        id: Code,
        /// Area it lies in.
        area: Code,
    }

    /// A qualification that a service offers.
    AwardOffered {
        /// Title.
        title: Label,
        /// Level.
        level: Level,
        /// Who recognises it.
        kind: QualificationKind,
    }

    /// Row 5. Replaces the earlier description from its `occurred_on`.
    ServiceDescribed {
        /// The agreement under which it is given.
        agreement: AgreementId,
        /// Title.
        title: Label,
        /// Who gives it: lead or subcontractor of the agreement.
        provider: AgencyId,
        /// Kind of service (`residential_rehab`, `idap`, `court_report` …).
        kind: Code,
        /// Needs it serves.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        needs: Vec<Need>,
        /// Requirements it can serve.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        requirement_types: Vec<RequirementType>,
        /// Where.
        sites: Vec<Site>,
        /// For whom.
        #[serde(default, skip_serializing_if = "Eligibility::asks_nothing")]
        eligibility: Eligibility,
        /// Qualifications one can gain.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        awards_offered: Vec<AwardOffered>,
    }

    /// Row 6. Replaces the earlier capacity of that site and unit in its window.
    CapacitySet {
        /// Site.
        site: Code,
        /// Counted in.
        unit: Unit,
        /// How many; 0 closes.
        count: u32,
        /// First day.
        from: Date,
        /// Last day, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Date>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Code>,
    }

    /// A person's identifier in some scheme.
    Identifier {
        /// The scheme.
        scheme: IdentifierScheme,
        /// The identifier, sealed.
        value: Sealed<IdentifierText>,
    }

    /// Row 7.
    PersonRegistered {
        /// Identifiers; looked up through the vault's blind index.
        identifiers: Vec<Identifier>,
        /// Name, sealed.
        name: Sealed<PersonName>,
        /// Birth date, sealed.
        born: Sealed<Date>,
    }

    /// A requirement of a sentence.
    Requirement {
        /// Code of the requirement, unique in the sentence.
        id: Code,
        /// Type.
        r#type: RequirementType,
        /// How much.
        quantity: u32,
        /// Of what.
        unit: Unit,
    }

    /// Row 15. `occurred_on` is the day it was imposed.
    SentenceImposed {
        /// On whom.
        person: PersonId,
        /// Kind.
        kind: SentenceKind,
        /// Last day.
        expires_on: Date,
        /// Area, clear, so that measures outlive the person's key.
        area: Code,
        /// Age in years when imposed, clear for the same reason.
        age: u8,
        /// Court.
        court: Code,
        /// Where it begins.
        setting: Setting,
        /// Requirements.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        requirements: Vec<Requirement>,
        /// The sentence that this one goes on from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        continues: Option<SentenceId>,
    }

    /// Row 16.
    SentenceVaried {
        /// Requirements added.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        add: Vec<Requirement>,
        /// Requirements dropped.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        drop: Vec<Code>,
        /// New last day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_on: Option<Date>,
        /// Why.
        why: Code,
    }

    /// Row 17.
    SettingChanged {
        /// Where to.
        to: Setting,
        /// Why.
        why: SettingReason,
    }

    /// Row 18, on a sentence, a referral or a placement. Replaces the earlier worker of that role.
    WorkerAllocated {
        /// What for.
        role: WorkerRole,
        /// Who; names come with staff records.
        worker: WorkerId,
        /// The worker's agency.
        agency: AgencyId,
        /// Whether unpaid.
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        volunteer: bool,
    }

    /// Row 19.
    BreachRecorded {
        /// Number of the breach within its sentence, from 1.
        breach: u16,
        /// Step taken.
        step: BreachStep,
        /// Enforceable absences that are its grounds.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        grounds: Vec<EventId>,
        /// Another ground.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        other_ground: Option<Code>,
        /// Requirement breached.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requirement: Option<Code>,
        /// Court.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        court: Option<Code>,
        /// Disposal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disposal: Option<Code>,
    }

    /// Row 20.
    SentenceEnded {
        /// How.
        how: SentenceEnd,
    }

    /// What of a person is shared with whom a referral goes to.
    Share {
        /// Field groups.
        groups: Vec<FieldGroup>,
        /// On what basis.
        basis: ShareBasis,
        /// Why, where the basis is an override.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Code>,
    }

    /// Row 21.
    ReferralMade {
        /// Whom.
        person: PersonId,
        /// To what.
        service: ServiceId,
        /// Provider of the service when the referral was made; set by the ledger.
        provider: AgencyId,
        /// Lead of the agreement when the referral was made; set by the ledger.
        lead: AgencyId,
        /// Under which sentence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sentence: Option<SentenceId>,
        /// Serving which requirement of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requirement: Option<Code>,
        /// Needs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        needs: Vec<Need>,
        /// Outcomes wanted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        outcomes_wanted: Vec<Code>,
        /// Day by which it should be complete.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        complete_by: Option<Date>,
        /// What is shared, and why that is right.
        share: Share,
        /// Criteria that the referrer attests.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        meets: Vec<Criterion>,
        /// Why, where eligibility is overridden.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_reason: Option<Code>,
        /// The referral that this one goes on from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        continues: Option<ReferralId>,
    }

    /// Row 22.
    ReferralDecided {
        /// Decision.
        decision: Decision,
        /// Reason, if and only if declined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<DeclineReason>,
    }

    /// Row 23.
    ReferralWithdrawn {
        /// Reason.
        reason: WithdrawalReason,
    }

    /// Row 24. The service is the referral's.
    PlacementBooked {
        /// The referral.
        referral: ReferralId,
        /// Site.
        site: Code,
        /// What is booked.
        unit: Unit,
        /// First day.
        from: Date,
        /// Last day planned.
        to: Date,
        /// How much is planned.
        quantity: u32,
    }

    /// Row 25. `occurred_on` is the start.
    PlacementStarted {}

    /// Row 26.
    AttendanceRecorded {
        /// The session, unique in its placement.
        session: Code,
        /// Minutes planned.
        planned: u16,
        /// Minutes credited.
        credited: u16,
        /// Outcome.
        outcome: AttendanceOutcome,
        /// Whose doing.
        fault: Fault,
    }

    /// Row 27.
    QualificationAwarded {
        /// Title; the same title once a person.
        title: Label,
        /// Awarding body.
        body: Label,
        /// Level.
        level: Level,
        /// Who recognises it.
        kind: QualificationKind,
    }

    /// An outcome and how far it was achieved.
    OutcomeAchieved {
        /// The outcome.
        code: Code,
        /// How far.
        result: Achievement,
    }

    /// Row 28.
    PlacementCompleted {
        /// Outcomes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        outcomes: Vec<OutcomeAchieved>,
        /// Where the person moved on to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        move_on: Option<Code>,
    }

    /// Row 29.
    PlacementEndedEarly {
        /// Why.
        reason: EarlyEnd,
        /// Whose doing.
        fault: Fault,
        /// Outcomes all the same.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        outcomes: Vec<OutcomeAchieved>,
    }

    /// Row 30. One version of a measure's definition; never edited, followed by the next.
    MeasureDefined {
        /// 1, 2, 3 …
        version: u32,
        /// The definition, with its parameters.
        definition: Written,
    }

    /// Row 33. Replaces the earlier target of that line of the plan.
    TargetSet {
        /// The line, unique in its plan.
        line: Code,
        /// The measure, by its code.
        measure: Code,
        /// Version of the measure.
        version: u32,
        /// Over which rows.
        #[serde(default, skip_serializing_if = "TargetScope::is_everything")]
        scope: TargetScope,
        /// Where it starts, in millionths of the measure's unit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        baseline: Option<i64>,
        /// What the value is relative to.
        relation: Relation,
        /// What is to be reached, in millionths.
        value: i64,
        /// Last day of the financial year in which it is to be reached.
        due: Date,
        /// Who answers for it.
        owner: AgencyId,
        /// How binding it is.
        status: TargetStatus,
    }

    /// Row 34. Replaces the earlier description of that item of the plan.
    PlanItemSet {
        /// The item, unique in its plan.
        item: Code,
        /// What it is.
        kind: PlanItemKind,
        /// In words; names no person.
        text: Label,
        /// Who answers for it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        owners: Vec<AgencyId>,
        /// By when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Date>,
        /// Of a risk: 0 (none) to 5 (very high).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        impact: Option<u8>,
        /// Of a risk: 0 to 5.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        likelihood: Option<u8>,
        /// What is done about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mitigation: Option<Label>,
        /// What it needs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource_note: Option<Label>,
        /// The line of the plan whose target it serves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<Code>,
        /// How it stands.
        state: PlanItemState,
    }

    /// Row 35.
    Corrected {
        /// The event that is corrected, in the same stream.
        target: EventId,
        /// What becomes of it.
        op: Correction,
        /// Why.
        reason: CorrectionReason,
    }
}

/// Whom a service is for. What is absent is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eligibility {
    /// Only for this sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// Youngest age in years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_from: Option<u8>,
    /// Oldest age in years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_to: Option<u8>,
    /// Only in custody (`true`) or only in the community (`false`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_custody: Option<bool>,
    /// Only for those who would otherwise be in custody.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub alternative_to_custody: bool,
}

impl Eligibility {
    /// Whether everybody is eligible.
    pub fn asks_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Which rows a target is over. What is left out is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetScope {
    /// Of this area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Code>,
    /// In which this agency has a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyId>,
    /// Of this agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<AgreementId>,
}

impl TargetScope {
    /// Whether it asks nothing.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// A person's identifier in the clear: exists only as the `T` of a [`Sealed`].
#[derive(Debug)]
pub enum IdentifierText {}

/// A person's name in the clear: exists only as the `T` of a [`Sealed`].
#[derive(Debug)]
pub enum PersonName {}

/// Free text in the clear: exists only as the `T` of a [`Sealed`].
#[derive(Debug)]
pub enum FreeText {}

/// Where a sentence is being served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Setting {
    /// In prison.
    Custody {
        /// Which.
        at: AgencyId,
    },
    /// In the community.
    Community {
        /// On licence, after custody.
        licence: bool,
    },
}

/// What a correction does to its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Correction {
    /// The target counts as if it had been this.
    Replace {
        /// Corrected claim of when.
        occurred_on: Occurred,
        /// The whole corrected payload, of the same type.
        event: Box<Event>,
    },
    /// The target counts as if it had not been.
    Void,
}

macro_rules! events {
    ($($name:ident = $number:literal in $($stream:ident)|+;)+) => {
        /// Something that happened.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Event {$(
            #[doc = concat!("[`struct@", stringify!($name), "`]")]
            $name($name),
        )+}

        /// Type of an event. The numbers are stored: rows of DOMAIN.md §2, and from 101 the
        /// ledger's own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u16)]
        pub enum EventType {$(
            #[doc = concat!("[`struct@", stringify!($name), "`]")]
            $name = $number,
        )+}

        impl EventType {
            /// Every type there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The type of a stored number; `None` for one that this version does not know.
            pub fn from_number(number: u16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {$(Self::$name => stringify!($name),)+}
            }

            /// Whether it may stand in a stream of that kind.
            pub fn stands_in(self, stream: StreamKind) -> bool {
                match self {$(Self::$name => matches!(stream, $(StreamKind::$stream)|+),)+}
            }
        }

        impl Event {
            /// Version of the payloads' shapes that this code writes; the only one so far.
            pub const SCHEMA: u16 = 1;

            /// Its type.
            pub fn event_type(&self) -> EventType {
                match self {$(Self::$name(_) => EventType::$name,)+}
            }
        }

        $(impl From<$name> for Event {
            fn from(payload: $name) -> Self {
                Self::$name(payload)
            }
        })+

        /// Encodes a body's payload and note; the shape is `{"data":{…},"note":"…"}`.
        pub(crate) fn encode_payload(event: &Event, note: Option<&Sealed<FreeText>>, out: &mut Vec<u8>) {
            match event {$(
                Event::$name(data) => write_body(data, note, out),
            )+}
        }

        /// Decodes the payload of a known type.
        pub(crate) fn decode_payload(
            event_type: EventType,
            json: &[u8],
        ) -> Result<(Event, Option<Sealed<FreeText>>), serde_json::Error> {
            match event_type {$(
                EventType::$name => {
                    let body: Body<$name> = serde_json::from_slice(json)?;
                    Ok((Event::$name(body.data), body.note))
                }
            )+}
        }
    };
}

events! {
    AgencyDescribed = 1 in Agency;
    AgreementSet = 3 in Agreement;
    PaymentRecorded = 4 in Agreement;
    ServiceDescribed = 5 in Service;
    CapacitySet = 6 in Service;
    PersonRegistered = 7 in Person;
    Assessed = 10 in Assessment;
    RegisterSet = 11 in Register;
    CircumstanceRecorded = 12 in Circumstance;
    OffenceProven = 13 in Offence;
    SentenceImposed = 15 in Sentence;
    SentenceVaried = 16 in Sentence;
    SettingChanged = 17 in Sentence;
    WorkerAllocated = 18 in Sentence | Referral | Placement;
    BreachRecorded = 19 in Sentence;
    SentenceEnded = 20 in Sentence;
    ReferralMade = 21 in Referral;
    ReferralDecided = 22 in Referral;
    ReferralWithdrawn = 23 in Referral;
    PlacementBooked = 24 in Placement;
    PlacementStarted = 25 in Placement;
    AttendanceRecorded = 26 in Placement;
    QualificationAwarded = 27 in Placement;
    PlacementCompleted = 28 in Placement;
    PlacementEndedEarly = 29 in Placement;
    MeasureDefined = 30 in Measure;
    TargetSet = 33 in Plan;
    PlanItemSet = 34 in Plan;
    Corrected = 35 in Agency | Agreement | Service | Person | Sentence | Referral | Placement
        | Plan | Circumstance | Offence | Register | Assessment;
    LedgerOpened = 101 in Ledger;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<T> {
    data: T,
    #[serde(default)]
    note: Option<Sealed<FreeText>>,
}

fn write_body<T: Serialize>(data: &T, note: Option<&Sealed<FreeText>>, out: &mut Vec<u8>) {
    #[derive(Serialize)]
    struct Out<'a, T> {
        data: &'a T,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<&'a Sealed<FreeText>>,
    }
    // The alloc-only serde_json writes to a Vec; a payload has no map with odd keys and no float,
    // so serialising it cannot fail.
    let json = serde_json::to_vec(&Out { data, note }).unwrap_or_default();
    out.extend_from_slice(&json);
}
