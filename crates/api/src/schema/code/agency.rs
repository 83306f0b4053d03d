//! Codes of agencies.

use super::mirror;

mirror! {
    /// What sort of body an agency is (DOMAIN.md §2, row 1).
    AgencyKind = tallystick_domain::codes::AgencyKind {
        /// Probation board, before trust status.
        Board,
        /// Probation trust.
        Trust,
        /// Police force.
        Police,
        /// Public prison.
        Prison,
        /// Privately run prison.
        PrivatePrison,
        /// Council.
        LocalAuthority,
        /// Housing association.
        HousingAssociation,
        /// Health body.
        Nhs,
        /// Charity.
        Charity,
        /// Social enterprise.
        SocialEnterprise,
        /// Co-operative.
        CoOperative,
        /// Employer.
        Employer,
        /// Faith group.
        Faith,
        /// Court.
        Court,
        /// National or regional commissioner (NOMS, a director of offender management).
        Commissioner,
        /// Board of several partners (a drugs action team, a safer communities board).
        BoardOfPartners,
        /// Inspector or auditor.
        Inspector,
        /// A local delivery unit of a trust.
        DeliveryUnit,
    }

    /// How far an agency has come as a partner.
    AgencyStatus = tallystick_domain::codes::AgencyStatus {
        /// In discussion.
        Prospect,
        /// Working with us.
        Partner,
        /// No longer.
        Former,
    }
}
