//! Lists about how a person lives, what a person did, and what may come of it.

use crate::role::Role;
use serde::{Deserialize, Serialize};

code_list! {
    /// Where a person lives: the accommodation codes of the field.
    AccommodationType {
        /// Owns the home.
        A01a = "A01A",
        /// Rents from a private landlord.
        A01c = "A01C",
        /// Rents from a social landlord.
        A01d = "A01D",
        /// Approved premises.
        A02 = "A02",
        /// Short-term or transient.
        A03 = "A03",
        /// Supported housing.
        A04 = "A04",
        /// With friends or family, for the time being.
        A07a = "A07A",
        /// With friends or family, settled.
        A07b = "A07B",
        /// Homeless: shelter, emergency hostel, campsite.
        A08a = "A08A",
        /// Homeless: sleeping rough or squatting.
        A08c = "A08C",
        /// Residential healthcare for the long term.
        A12 = "A12",
        /// Not known yet.
        A16 = "A16",
    }

    /// Whether and how a person works.
    EmploymentStatus {
        /// Employed full time.
        FullTime = "full_time",
        /// Employed part time.
        PartTime = "part_time",
        /// Self-employed.
        SelfEmployed = "self_employed",
        /// Employed for a while, or now and then.
        Temporary = "temporary",
        /// Out of work.
        Unemployed = "unemployed",
        /// Cannot take up work.
        Unavailable = "unavailable",
        /// Not known.
        Unknown = "unknown",
    }

    /// Whether and where a person learns.
    EducationStatus {
        /// Nowhere.
        None = "none",
        /// At school.
        School = "school",
        /// In further education.
        Further = "further",
        /// In higher education.
        Higher = "higher",
        /// In vocational training.
        Training = "training",
        /// Not known.
        Unknown = "unknown",
    }

    /// How an offence was proven.
    ProofKind {
        /// By conviction.
        Conviction = "conviction",
        /// By caution.
        Caution = "caution",
    }

    /// Group of an offence.
    OffenceClass {
        /// Violence against the person.
        Violence = "violence",
        /// Sexual offence.
        Sexual = "sexual",
        /// Robbery.
        Robbery = "robbery",
        /// Burglary.
        Burglary = "burglary",
        /// Theft and handling.
        Theft = "theft",
        /// Fraud and forgery.
        Fraud = "fraud",
        /// Criminal damage.
        CriminalDamage = "criminal_damage",
        /// Drug offence.
        Drugs = "drugs",
        /// Motoring offence.
        Motoring = "motoring",
        /// Public order.
        PublicOrder = "public_order",
        /// Another.
        Other = "other",
    }

    /// Register that agencies keep together.
    RegisterKind {
        /// Multi-agency public protection arrangements.
        Mappa = "mappa",
        /// Prolific and other priority offenders.
        Ppo = "ppo",
    }

    /// Tool that a person is assessed with.
    AssessmentTool {
        /// Offender assessment system.
        Oasys = "oasys",
        /// Offender group reconviction scale.
        Ogrs = "ogrs",
        /// The community link workers' holistic assessment (seeds/002).
        Clw = "clw",
    }

    /// Risk of serious harm.
    Rosh {
        /// Low.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
        /// Very high.
        VeryHigh = "very_high",
    }
}

/// Version of the list of accommodation that counts as settled (schema/measures, m08). Another
/// reading is another version; a version is never edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettledList {
    /// A01A, A01C, A01D, A04, A07B, A12.
    One,
}

impl AccommodationType {
    /// Whether the list counts it as settled; `None` where nobody knows, which is neither.
    pub fn is_settled(self, list: SettledList) -> Option<bool> {
        match list {
            SettledList::One => match self {
                Self::A01a | Self::A01c | Self::A01d | Self::A04 | Self::A07b | Self::A12 => {
                    Some(true)
                }
                Self::A02 | Self::A03 | Self::A07a | Self::A08a | Self::A08c => Some(false),
                Self::A16 => None,
            },
        }
    }
}

impl EmploymentStatus {
    /// Whether the person is in work.
    pub fn in_work(self) -> bool {
        match self {
            Self::FullTime | Self::PartTime | Self::SelfEmployed | Self::Temporary => true,
            Self::Unemployed | Self::Unavailable | Self::Unknown => false,
        }
    }
}

impl AssessmentTool {
    /// Whether whoever acts in that role may use it.
    pub fn is_for(self, role: Role) -> bool {
        match self {
            Self::Oasys | Self::Ogrs => role == Role::OffenderManager,
            Self::Clw => matches!(role, Role::OffenderManager | Role::LinkWorker),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn the_first_list_of_settled_accommodation_is_what_it_says() {
        let of = |settled| -> Vec<_> {
            let all = AccommodationType::ALL.iter();
            all.filter(|it| it.is_settled(SettledList::One) == settled)
                .map(|it| it.as_str())
                .collect()
        };
        assert_eq!(of(Some(true)), ["A01A", "A01C", "A01D", "A04", "A07B", "A12"]);
        assert_eq!(of(None), ["A16"]);
    }
}
