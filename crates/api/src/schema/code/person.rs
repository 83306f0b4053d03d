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

    /// Where a person lives: the accommodation codes of the field.
    AccommodationType = tallystick_domain::codes::AccommodationType {
        /// Owns the home.
        #[graphql(name = "A01A")]
        A01a,
        /// Rents from a private landlord.
        #[graphql(name = "A01C")]
        A01c,
        /// Rents from a social landlord.
        #[graphql(name = "A01D")]
        A01d,
        /// Approved premises.
        #[graphql(name = "A02")]
        A02,
        /// Short-term or transient.
        #[graphql(name = "A03")]
        A03,
        /// Supported housing.
        #[graphql(name = "A04")]
        A04,
        /// With friends or family, for the time being.
        #[graphql(name = "A07A")]
        A07a,
        /// With friends or family, settled.
        #[graphql(name = "A07B")]
        A07b,
        /// Homeless: shelter, emergency hostel, campsite.
        #[graphql(name = "A08A")]
        A08a,
        /// Homeless: sleeping rough or squatting.
        #[graphql(name = "A08C")]
        A08c,
        /// Residential healthcare for the long term.
        #[graphql(name = "A12")]
        A12,
        /// Not known yet.
        #[graphql(name = "A16")]
        A16,
    }

    /// Whether and how a person works.
    EmploymentStatus = tallystick_domain::codes::EmploymentStatus {
        /// Employed full time.
        FullTime,
        /// Employed part time.
        PartTime,
        /// Self-employed.
        SelfEmployed,
        /// Employed for a while, or now and then.
        Temporary,
        /// Out of work.
        Unemployed,
        /// Cannot take up work.
        Unavailable,
        /// Not known.
        Unknown,
    }

    /// Whether and where a person learns.
    EducationStatus = tallystick_domain::codes::EducationStatus {
        /// Nowhere.
        None,
        /// At school.
        School,
        /// In further education.
        Further,
        /// In higher education.
        Higher,
        /// In vocational training.
        Training,
        /// Not known.
        Unknown,
    }

    /// In which respect a circumstance says how a person lives.
    CircumstanceKind = tallystick_domain::event::CircumstanceKind {
        /// Where the person lives.
        Accommodation,
        /// Whether and how the person works.
        Employment,
        /// Whether and where the person learns.
        Education,
        /// What the person owes.
        Debt,
        /// What the person takes.
        Substance,
        /// How the person is.
        Health,
    }

    /// How an offence was proven.
    ProofKind = tallystick_domain::codes::ProofKind {
        /// By conviction.
        Conviction,
        /// By caution.
        Caution,
    }

    /// Group of an offence.
    OffenceClass = tallystick_domain::codes::OffenceClass {
        /// Violence against the person.
        Violence,
        /// Sexual offence.
        Sexual,
        /// Robbery.
        Robbery,
        /// Burglary.
        Burglary,
        /// Theft and handling.
        Theft,
        /// Fraud and forgery.
        Fraud,
        /// Criminal damage.
        CriminalDamage,
        /// Drug offence.
        Drugs,
        /// Motoring offence.
        Motoring,
        /// Public order.
        PublicOrder,
        /// Another.
        Other,
    }

    /// Register that agencies keep together.
    RegisterKind = tallystick_domain::codes::RegisterKind {
        /// Multi-agency public protection arrangements.
        Mappa,
        /// Prolific and other priority offenders.
        Ppo,
    }

    /// Tool that a person is assessed with.
    AssessmentTool = tallystick_domain::codes::AssessmentTool {
        /// Offender assessment system.
        Oasys,
        /// Offender group reconviction scale.
        Ogrs,
        /// The community link workers' holistic assessment.
        Clw,
    }

    /// Risk of serious harm.
    Rosh = tallystick_domain::codes::Rosh {
        /// Low.
        Low,
        /// Medium.
        Medium,
        /// High.
        High,
        /// Very high.
        VeryHigh,
    }
}
