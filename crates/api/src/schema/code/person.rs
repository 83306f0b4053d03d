//! Codes of people, their sentences and who works with them.

use super::mirror;

mirror! {
    /// Identifier schemes.
    IdentifierScheme = tallystick_domain::codes::IdentifierScheme {
        /// Case reference number.
        Crn,
        /// NOMS number.
        Noms,
        /// Police national computer.
        Pnc,
    }

    /// Kind of sentence.
    SentenceKind = tallystick_domain::codes::SentenceKind {
        /// Community order.
        Community,
        /// Suspended sentence order.
        Suspended,
        /// Custody, later on licence.
        Custody,
    }

    /// Why the setting of a sentence changed.
    SettingReason = tallystick_domain::codes::SettingReason {
        /// Released on licence.
        Released,
        /// Recalled to prison.
        Recalled,
        /// Remanded.
        Remand,
        /// Transferred.
        Transfer,
    }

    /// What a worker does for a person.
    WorkerRole = tallystick_domain::codes::WorkerRole {
        /// Responsible end to end; always from a public body (seeds/001).
        OffenderManager,
        /// Caseworker.
        Caseworker,
        /// Mentor.
        Mentor,
        /// Supervisor.
        Supervisor,
        /// Community link worker.
        LinkWorker,
    }

    /// Step of enforcement (DOMAIN.md §2.1).
    BreachStep = tallystick_domain::codes::BreachStep {
        /// Warning.
        Warning,
        /// Final warning.
        FinalWarning,
        /// Breach initiated.
        Initiated,
        /// Withdrawn.
        Withdrawn,
        /// Proven in court.
        Proven,
        /// Not proven.
        NotProven,
        /// Recall to prison requested.
        RecallRequested,
        /// Recall refused.
        RecallRefused,
        /// Recalled to prison.
        Recalled,
    }

    /// How a sentence ended.
    SentenceEnd = tallystick_domain::codes::SentenceEnd {
        /// Ran its full term.
        Expired,
        /// Ended early for good progress.
        EarlyGoodProgress,
        /// Revoked for breach.
        RevokedBreach,
        /// Revoked for a further offence.
        RevokedOffence,
        /// Revoked for another reason.
        RevokedOther,
        /// Transferred out.
        TransferredOut,
        /// Died.
        Died,
    }
}
