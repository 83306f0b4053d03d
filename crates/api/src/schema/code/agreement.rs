//! Codes of agreements and of the services under them.

use super::mirror;

mirror! {
    /// Form of an agreement.
    AgreementKind = tallystick_domain::codes::AgreementKind {
        /// Contract.
        Contract,
        /// Service-level agreement between public bodies.
        Sla,
        /// Grant.
        Grant,
        /// Partnership agreement.
        Partnership,
        /// Provided by the funder itself.
        InHouse,
    }

    /// State of an agreement: proposed → live → ended, never back.
    AgreementStatus = tallystick_domain::codes::AgreementStatus {
        /// Not yet agreed.
        Proposed,
        /// In force within its term.
        Live,
        /// Over.
        Ended,
    }

    /// What a payment is for.
    PaymentBasis = tallystick_domain::codes::PaymentBasis {
        /// A share of the agreement's value, whatever was done.
        Block,
        /// Units of work, each cited.
        Unit,
        /// Outcomes, each cited.
        Outcome,
        /// A grant.
        Grant,
        /// What the provider earned outside by the service.
        TradingIncome,
    }

    /// What capacity and bookings are counted in. Never added together.
    Unit = tallystick_domain::codes::Unit {
        /// A day place.
        Place,
        /// A bed.
        Bed,
        /// Hours a week of one-to-one work.
        OneToOneHoursWeek,
        /// A seat in a group.
        Seat,
        /// A worker.
        Worker,
        /// Hours (of unpaid work, of a requirement).
        Hour,
        /// Days (of a requirement).
        Day,
        /// Months (of a requirement).
        Month,
    }

    /// Pathway to which a need belongs (seeds/001, "pathways model").
    Need = tallystick_domain::codes::Need {
        /// Accommodation.
        Accommodation,
        /// Education, training and employment.
        Ete,
        /// Finance, benefit and debt.
        Finance,
        /// Drugs.
        Drugs,
        /// Alcohol.
        Alcohol,
        /// Children and families.
        Family,
        /// Attitudes, thinking and behaviour.
        Attitudes,
        /// Health.
        Health,
    }

    /// Kind of requirement of an order or licence.
    RequirementType = tallystick_domain::codes::RequirementType {
        /// Supervision.
        Supervision,
        /// Offending behaviour programme, the Integrated Domestic Abuse Programme among them.
        Programme,
        /// Alcohol treatment.
        AlcoholTreatment,
        /// Drug rehabilitation.
        DrugRehabilitation,
        /// Activity.
        Activity,
        /// Unpaid work (community payback).
        UnpaidWork,
        /// Residence.
        Residence,
    }

    /// Criterion of eligibility that a referrer attests, because the fact is sealed or may be.
    Criterion = tallystick_domain::codes::Criterion {
        /// The person's sex is the one the service is for.
        Sex,
        /// The person's age is within the service's limits.
        Age,
        /// The person is where the service works (custody or community).
        Setting,
        /// The person would otherwise be in custody.
        AlternativeToCustody,
    }

    /// Sex that a service is for.
    Sex = tallystick_domain::codes::Sex {
        /// Women.
        Female,
        /// Men.
        Male,
    }

    /// Level of a qualification.
    Level = tallystick_domain::codes::Level {
        /// Entry level.
        Entry,
        /// Level 1.
        One,
        /// Level 2.
        Two,
        /// Level 3.
        Three,
        /// Level 4.
        Four,
        /// Level 5.
        Five,
        /// Level 6.
        Six,
        /// Level 7.
        Seven,
        /// Level 8.
        Eight,
    }

    /// Who recognises a qualification.
    QualificationKind = tallystick_domain::codes::QualificationKind {
        /// Nationally recognised.
        National,
        /// Approved by the centre.
        CentreApproved,
    }
}
