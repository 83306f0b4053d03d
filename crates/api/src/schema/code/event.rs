//! Codes of events, streams, oddities and roles.

use super::mirror;

mirror! {
    /// What happened.
    EventType = tallystick_domain::EventType {
        /// A partner agency was described, or described anew.
        AgencyDescribed,
        /// An agreement was set, or set anew.
        AgreementSet,
        /// A payment under an agreement was recorded.
        PaymentRecorded,
        /// A service was described, or described anew.
        ServiceDescribed,
        /// The capacity of a service at a site was set.
        CapacitySet,
        /// A person was registered.
        PersonRegistered,
        /// A person was assessed.
        Assessed,
        /// A person was entered on a register or removed from it, or the entry changed.
        RegisterSet,
        /// It was recorded how a person lives.
        CircumstanceRecorded,
        /// An offence was proven.
        OffenceProven,
        /// A sentence was imposed.
        SentenceImposed,
        /// The requirements or the last day of a sentence changed.
        SentenceVaried,
        /// A sentence is served elsewhere: custody or community.
        SettingChanged,
        /// A worker was allocated to a sentence, a referral or a placement.
        WorkerAllocated,
        /// A step of enforcement was taken.
        BreachRecorded,
        /// A sentence ended.
        SentenceEnded,
        /// A referral was made.
        ReferralMade,
        /// A referral was decided, or put off.
        ReferralDecided,
        /// A referral was withdrawn.
        ReferralWithdrawn,
        /// A placement was booked.
        PlacementBooked,
        /// A placement started.
        PlacementStarted,
        /// A session of a placement was recorded.
        AttendanceRecorded,
        /// A qualification was gained.
        QualificationAwarded,
        /// A placement was completed.
        PlacementCompleted,
        /// A placement ended before it was complete.
        PlacementEndedEarly,
        /// A version of a measure was defined.
        MeasureDefined,
        /// A target was set, or set anew.
        TargetSet,
        /// An item of a plan was set, or set anew.
        PlanItemSet,
        /// An earlier event of the stream was corrected or voided.
        Corrected,
        /// The ledger, or a later incarnation of it, was opened.
        LedgerOpened,
    }

    /// What a stream of events is about.
    StreamKind = tallystick_domain::StreamKind {
        /// The ledger itself.
        Ledger,
        /// A partner agency.
        Agency,
        /// An agreement between agencies.
        Agreement,
        /// A service under an agreement.
        Service,
        /// A person on probation.
        Person,
        /// A sentence: an order or a licence.
        Sentence,
        /// A referral of a person to a service.
        Referral,
        /// A person's place on a service.
        Placement,
        /// A measure: its definitions, version by version.
        Measure,
        /// How a person lives: one stream for each person, `cir_` and the digits of the person's.
        Circumstance,
        /// What a person was proven to have done: likewise, `off_`.
        Offence,
        /// Which registers a person is on: likewise, `reg_`.
        Register,
        /// How a person was assessed: likewise, `asm_`.
        Assessment,
        /// A delivery plan.
        Plan,
    }

    /// Why an event was corrected.
    CorrectionReason = tallystick_domain::codes::CorrectionReason {
        /// Entered wrongly.
        EnteredWrongly,
        /// Recorded on the wrong person or thing.
        WrongSubject,
        /// Recorded twice.
        Duplicate,
        /// New evidence.
        NewEvidence,
    }

    /// What is odd: recorded all the same, and listed while it holds.
    AnomalyKind = tallystick_domain::anomaly::AnomalyKind {
        /// An active sentence is without an offender manager for more than five days.
        NoOffenderManager,
        /// Open referrals of one person to one service.
        DuplicateReferral,
        /// A placement started before the day it was booked.
        StartedBeforeBooking,
        /// A start was recorded more than seven days after it happened.
        RecordedLate,
        /// A session before the placement's start or after its end.
        SessionOutsidePlacement,
        /// A placement ended before it started.
        EndedBeforeStart,
        /// A decision claimed for a day before the referral.
        DecidedBeforeReferral,
        /// A sentence ended while placements under it go on.
        SentenceEndedPlacementLive,
        /// More placements than places on a service's site.
        Overbooked,
    }

    /// What a caller is to the partnership.
    Role = tallystick_domain::Role {
        /// Responsible for a person end to end.
        OffenderManager,
        /// Community link worker.
        LinkWorker,
        /// Leads a provider.
        ProviderLead,
        /// Caseworker or supervisor of a provider.
        Caseworker,
        /// Mentor.
        Mentor,
        /// Police, MAPPA.
        Police,
        /// Housing.
        Housing,
        /// Commissioner.
        Commissioner,
        /// Board: aggregates.
        Board,
        /// Auditor or inspector.
        Auditor,
        /// Data protection officer.
        DataProtectionOfficer,
        /// Witness of checkpoints.
        Witness,
    }
}
