//! Code lists that rules depend on, version 1. A value's text is what stands in events; it is
//! never reused for another meaning. Lists that no rule reads are plain [`crate::Code`]s.

use serde::{Deserialize, Serialize};

macro_rules! code_list {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {$(
            $(#[$value_doc])*
            #[serde(rename = $text)]
            $value,
        )+}

        impl $name {
            /// Every value, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// The value's text in events.
            pub fn as_str(self) -> &'static str {
                match self {$(Self::$value => $text,)+}
            }
        }
    )+};
}

mod person;

pub use person::{
    AccommodationType, AssessmentTool, EducationStatus, EmploymentStatus, OffenceClass, ProofKind,
    RegisterKind, Rosh, SettledList,
};

code_list! {
    /// What sort of body an agency is (DOMAIN.md §2, row 1).
    AgencyKind {
        /// Probation board, before trust status.
        Board = "board",
        /// Probation trust.
        Trust = "trust",
        /// Police force.
        Police = "police",
        /// Public prison.
        Prison = "prison",
        /// Privately run prison.
        PrivatePrison = "private_prison",
        /// Council.
        LocalAuthority = "local_authority",
        /// Housing association.
        HousingAssociation = "housing_association",
        /// Health body.
        Nhs = "nhs",
        /// Charity.
        Charity = "charity",
        /// Social enterprise.
        SocialEnterprise = "social_enterprise",
        /// Co-operative.
        CoOperative = "co_operative",
        /// Employer.
        Employer = "employer",
        /// Faith group.
        Faith = "faith",
        /// Court.
        Court = "court",
        /// National or regional commissioner (NOMS, a director of offender management).
        Commissioner = "commissioner",
        /// Board of several partners (a drugs action team, a safer communities board).
        BoardOfPartners = "board_of_partners",
        /// Inspector or auditor.
        Inspector = "inspector",
        /// A local delivery unit of a trust.
        DeliveryUnit = "delivery_unit",
    }

    /// How far an agency has come as a partner.
    AgencyStatus {
        /// In discussion.
        Prospect = "prospect",
        /// Working with us.
        Partner = "partner",
        /// No longer.
        Former = "former",
    }

    /// Form of an agreement.
    AgreementKind {
        /// Contract.
        Contract = "contract",
        /// Service-level agreement between public bodies.
        Sla = "sla",
        /// Grant.
        Grant = "grant",
        /// Partnership agreement.
        Partnership = "partnership",
        /// Provided by the funder itself.
        InHouse = "in_house",
    }

    /// State of an agreement: proposed → live → ended, never back.
    AgreementStatus {
        /// Not yet agreed.
        Proposed = "proposed",
        /// In force within its term.
        Live = "live",
        /// Over.
        Ended = "ended",
    }

    /// What a payment is for.
    PaymentBasis {
        /// A share of the agreement's value, whatever was done.
        Block = "block",
        /// Units of work, each cited.
        Unit = "unit",
        /// Outcomes, each cited.
        Outcome = "outcome",
        /// A grant.
        Grant = "grant",
        /// What the provider earned outside by the service (seeds/000, farm products).
        TradingIncome = "trading_income",
    }

    /// What capacity and bookings are counted in. Never added together.
    Unit {
        /// A day place.
        Place = "place",
        /// A bed.
        Bed = "bed",
        /// Hours a week of one-to-one work.
        OneToOneHoursWeek = "one_to_one_hours_week",
        /// A seat in a group.
        Seat = "seat",
        /// A worker.
        Worker = "worker",
        /// Hours (of unpaid work, of a requirement).
        Hour = "hour",
        /// Days (of a requirement).
        Day = "day",
        /// Months (of a requirement).
        Month = "month",
    }

    /// Pathway to which a need belongs (seeds/001, "pathways model").
    Need {
        /// Accommodation.
        Accommodation = "accommodation",
        /// Education, training and employment.
        Ete = "ete",
        /// Finance, benefit and debt.
        Finance = "finance",
        /// Drugs.
        Drugs = "drugs",
        /// Alcohol.
        Alcohol = "alcohol",
        /// Children and families.
        Family = "family",
        /// Attitudes, thinking and behaviour.
        Attitudes = "attitudes",
        /// Health.
        Health = "health",
    }

    /// Kind of requirement of an order or licence.
    RequirementType {
        /// Supervision.
        Supervision = "supervision",
        /// Offending behaviour programme, the Integrated Domestic Abuse Programme among them.
        Programme = "programme",
        /// Alcohol treatment.
        AlcoholTreatment = "alcohol_treatment",
        /// Drug rehabilitation.
        DrugRehabilitation = "drug_rehabilitation",
        /// Activity.
        Activity = "activity",
        /// Unpaid work (community payback).
        UnpaidWork = "unpaid_work",
        /// Residence.
        Residence = "residence",
    }

    /// Criterion of eligibility that a referrer attests, because the fact is sealed or may be.
    Criterion {
        /// The person's sex is the one the service is for.
        Sex = "sex",
        /// The person's age is within the service's limits.
        Age = "age",
        /// The person is where the service works (custody or community).
        Setting = "setting",
        /// The person would otherwise be in custody.
        AlternativeToCustody = "alternative_to_custody",
    }

    /// Sex that a service is for.
    Sex {
        /// Women.
        Female = "female",
        /// Men.
        Male = "male",
    }

    /// Identifier schemes.
    IdentifierScheme {
        /// Case reference number.
        Crn = "crn",
        /// NOMS number.
        Noms = "noms",
        /// Police national computer.
        Pnc = "pnc",
    }

    /// Kind of sentence.
    SentenceKind {
        /// Community order.
        Community = "community",
        /// Suspended sentence order.
        Suspended = "suspended",
        /// Custody, later on licence.
        Custody = "custody",
    }

    /// Why the setting of a sentence changed.
    SettingReason {
        /// Released on licence.
        Released = "released",
        /// Recalled to prison.
        Recalled = "recalled",
        /// Remanded.
        Remand = "remand",
        /// Transferred.
        Transfer = "transfer",
    }

    /// What a worker does for a person.
    WorkerRole {
        /// Responsible end to end; always from a public body (seeds/001).
        OffenderManager = "offender_manager",
        /// Caseworker.
        Caseworker = "caseworker",
        /// Mentor.
        Mentor = "mentor",
        /// Supervisor.
        Supervisor = "supervisor",
        /// Community link worker.
        LinkWorker = "link_worker",
    }

    /// Step of enforcement (DOMAIN.md §2.1).
    BreachStep {
        /// Warning.
        Warning = "warning",
        /// Final warning.
        FinalWarning = "final_warning",
        /// Breach initiated.
        Initiated = "initiated",
        /// Withdrawn.
        Withdrawn = "withdrawn",
        /// Proven in court.
        Proven = "proven",
        /// Not proven.
        NotProven = "not_proven",
        /// Recall to prison requested.
        RecallRequested = "recall_requested",
        /// Recall refused.
        RecallRefused = "recall_refused",
        /// Recalled to prison.
        Recalled = "recalled",
    }

    /// How a sentence ended.
    SentenceEnd {
        /// Ran its full term.
        Expired = "expired",
        /// Ended early for good progress.
        EarlyGoodProgress = "early_good_progress",
        /// Revoked for breach.
        RevokedBreach = "revoked_breach",
        /// Revoked for a further offence.
        RevokedOffence = "revoked_offence",
        /// Revoked for another reason.
        RevokedOther = "revoked_other",
        /// Transferred out.
        TransferredOut = "transferred_out",
        /// Died.
        Died = "died",
    }

    /// What was decided about a referral.
    Decision {
        /// Accepted.
        Accepted = "accepted",
        /// Declined, with a reason.
        Declined = "declined",
        /// Put on the waiting list.
        Waitlisted = "waitlisted",
        /// More information asked for.
        InfoRequested = "info_requested",
    }

    /// Why a referral was declined.
    DeclineReason {
        /// No capacity.
        NoCapacity = "no_capacity",
        /// Not eligible.
        NotEligible = "not_eligible",
        /// Risk or needs cannot be safely managed.
        RiskOrNeeds = "risk_or_needs",
        /// Not enough time left on the order.
        NotEnoughTime = "not_enough_time",
        /// Consent not given.
        ConsentNotGiven = "consent_not_given",
        /// Out of area.
        OutOfArea = "out_of_area",
    }

    /// Why a referral was withdrawn, in four groups.
    WithdrawalReason {
        /// Problem: made by mistake.
        ProblemMistake = "problem_mistake",
        /// Problem: a duplicate.
        ProblemDuplicate = "problem_duplicate",
        /// Problem: the provider cannot take it after all.
        ProblemProvider = "problem_provider",
        /// Person: does not want it.
        PersonRefused = "person_refused",
        /// Person: needs changed.
        PersonNeedsChanged = "person_needs_changed",
        /// Person: moved away.
        PersonMoved = "person_moved",
        /// Sentence: ended.
        SentenceEnded = "sentence_ended",
        /// Sentence: recalled or remanded.
        SentenceRecalled = "sentence_recalled",
        /// Early: the need was met before it began.
        EarlyNeedMet = "early_need_met",
        /// Early: transferred to another provider.
        EarlyTransferred = "early_transferred",
    }

    /// On what basis a person's data is shared with a provider.
    ShareBasis {
        /// The person consented.
        Consent = "consent",
        /// A statutory duty.
        StatutoryDuty = "statutory_duty",
        /// An override, with a reason.
        Override = "override",
    }

    /// Field groups that a referral may share (DOMAIN.md §4).
    FieldGroup {
        /// Identity and contact.
        Identity = "identity",
        /// Level of risk and safety note.
        Risk = "risk",
        /// MAPPA and PPO register.
        Register = "register",
        /// Health and substances.
        Health = "health",
        /// Offences.
        Offences = "offences",
    }

    /// Outcome of one session. Two attributes decide what follows from it: [`Self::attended`] and
    /// [`Self::enforceable`].
    AttendanceOutcome {
        /// Complied.
        Complied = "complied",
        /// Attended, failed to comply.
        FailedToComply = "failed_to_comply",
        /// Attended, sent home for behaviour.
        SentHomeBehaviour = "sent_home_behaviour",
        /// Attended, sent home by the service.
        SentHomeService = "sent_home_service",
        /// Did not attend, without an acceptable reason.
        UnacceptableAbsence = "unacceptable_absence",
        /// Did not attend: medical.
        AcceptableMedical = "acceptable_medical",
        /// Did not attend: employment.
        AcceptableEmployment = "acceptable_employment",
        /// Did not attend: family.
        AcceptableFamily = "acceptable_family",
        /// Did not attend: religious.
        AcceptableReligious = "acceptable_religious",
        /// Did not attend: court.
        AcceptableCourt = "acceptable_court",
        /// Did not attend: another acceptable reason.
        AcceptableOther = "acceptable_other",
        /// Rescheduled by the service.
        RescheduledService = "rescheduled_service",
        /// Rescheduled by the person.
        RescheduledPerson = "rescheduled_person",
    }

    /// Whose doing it was.
    Fault {
        /// The person's.
        Person = "person",
        /// The provider's.
        Provider = "provider",
        /// Nobody's.
        None = "none",
    }

    /// Level of a qualification.
    Level {
        /// Entry level.
        Entry = "entry",
        /// Level 1.
        One = "1",
        /// Level 2.
        Two = "2",
        /// Level 3.
        Three = "3",
        /// Level 4.
        Four = "4",
        /// Level 5.
        Five = "5",
        /// Level 6.
        Six = "6",
        /// Level 7.
        Seven = "7",
        /// Level 8.
        Eight = "8",
    }

    /// Who recognises a qualification.
    QualificationKind {
        /// Nationally recognised.
        National = "national",
        /// Approved by the centre.
        CentreApproved = "centre_approved",
    }

    /// How far an outcome was achieved.
    Achievement {
        /// Achieved.
        Achieved = "achieved",
        /// Partly.
        Partly = "partly",
        /// Not.
        Not = "not",
    }

    /// Why a placement ended before it was complete.
    EarlyEnd {
        /// Never arrived; from booked only.
        DidNotArrive = "did_not_arrive",
        /// Cancelled; from booked only.
        Cancelled = "cancelled",
        /// Gained employment.
        GainedEmployment = "gained_employment",
        /// Medical.
        Medical = "medical",
        /// Breach.
        Breach = "breach",
        /// Removed by the provider.
        Removed = "removed",
        /// Left.
        Left = "left",
        /// The sentence ended.
        SentenceEnded = "sentence_ended",
        /// Moved to another provider.
        Transferred = "transferred",
    }

    /// What a target's value is relative to.
    Relation {
        /// Nothing: the figure itself is to reach it.
        Absolute = "absolute",
        /// The baseline: -7.77 % on 9.76 % is 9.0016 %.
        RelativeToBaseline = "relative_to_baseline",
        /// What was predicted for the same people.
        RelativeToPredicted = "relative_to_predicted",
    }

    /// How binding a target is.
    TargetStatus {
        /// Agreed with the government, as part of a local area agreement.
        Designated = "designated",
        /// The partnership's own.
        Local = "local",
        /// Put off: shown, and not judged.
        Deferred = "deferred",
    }

    /// What an item of a plan is.
    PlanItemKind {
        /// Something to be done.
        Action = "action",
        /// Something that may go wrong.
        Risk = "risk",
        /// Something that the plan waits for.
        Dependency = "dependency",
        /// A day by which something is there.
        Milestone = "milestone",
        /// Somebody's look at whether it is right.
        Assurance = "assurance",
        /// A step in from outside.
        Intervention = "intervention",
    }

    /// How an item of a plan stands.
    PlanItemState {
        /// Not begun, or still to be watched.
        Open = "open",
        /// Under way.
        UnderWay = "under_way",
        /// Done, or over.
        Done = "done",
        /// Given up.
        Dropped = "dropped",
    }

    /// Why an event was corrected.
    CorrectionReason {
        /// Entered wrongly.
        EnteredWrongly = "entered_wrongly",
        /// Recorded on the wrong person or thing.
        WrongSubject = "wrong_subject",
        /// Recorded twice.
        Duplicate = "duplicate",
        /// New evidence.
        NewEvidence = "new_evidence",
    }
}

impl AgencyKind {
    /// Whether it is a public body, which alone may hold an offender manager (seeds/001) or assist
    /// the courts (seeds/004: "will remain the preserve of the public sector").
    pub fn is_public(self) -> bool {
        matches!(
            self,
            Self::Board
                | Self::Trust
                | Self::Police
                | Self::Prison
                | Self::LocalAuthority
                | Self::Nhs
                | Self::Court
                | Self::Commissioner
                | Self::Inspector
                | Self::DeliveryUnit
        )
    }
}

impl AttendanceOutcome {
    /// Whether the person was there (DOMAIN.md §2.1).
    pub fn attended(self) -> bool {
        matches!(
            self,
            Self::Complied | Self::FailedToComply | Self::SentHomeBehaviour | Self::SentHomeService
        )
    }

    /// Whether it may be a ground for enforcement (DOMAIN.md §2.1).
    pub fn enforceable(self) -> bool {
        matches!(self, Self::FailedToComply | Self::SentHomeBehaviour | Self::UnacceptableAbsence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AttendanceOutcome as A;

    #[test]
    fn attendance_outcomes_have_the_attributes_of_the_list() {
        let table = [
            (A::Complied, true, false),
            (A::FailedToComply, true, true),
            (A::SentHomeBehaviour, true, true),
            (A::SentHomeService, true, false),
            (A::UnacceptableAbsence, false, true),
            (A::AcceptableMedical, false, false),
            (A::AcceptableEmployment, false, false),
            (A::AcceptableFamily, false, false),
            (A::AcceptableReligious, false, false),
            (A::AcceptableCourt, false, false),
            (A::AcceptableOther, false, false),
            (A::RescheduledService, false, false),
            (A::RescheduledPerson, false, false),
        ];
        assert_eq!(table.len(), A::ALL.len());
        for (outcome, attended, enforceable) in table {
            assert_eq!((outcome.attended(), outcome.enforceable()), (attended, enforceable));
        }
    }

    #[test]
    fn only_public_bodies_are_public() {
        for kind in [AgencyKind::Charity, AgencyKind::PrivatePrison, AgencyKind::BoardOfPartners] {
            assert!(!kind.is_public(), "{kind:?}");
        }
        assert!(AgencyKind::Trust.is_public());
    }
}
