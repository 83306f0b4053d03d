//! What is recorded about a person beside sentences and services.

use super::{Correction, Event};
use crate::codes::{
    AccommodationType, AssessmentTool, EducationStatus, EmploymentStatus, Level, Need,
    OffenceClass, ProofKind, RegisterKind, Rosh,
};
use crate::date::Date;
use crate::id::AgencyId;
use crate::sealed::Sealed;
use crate::text::Code;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

payload! {
    /// Row 12. How the person lives in one respect, from `occurred_on`.
    CircumstanceRecorded {
        /// The circumstance.
        circumstance: Circumstance,
        /// Whether somebody has seen proof of it.
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        verified: bool,
        /// Who says so (the person, a landlord, an employer …).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Code>,
    }

    /// Row 13. `occurred_on` is the day it was proven.
    OffenceProven {
        /// Day of the offence.
        offence_on: Date,
        /// How it was proven.
        how: ProofKind,
        /// Group of the offence.
        class: OffenceClass,
        /// Where that stands: the reference of a court or of the police.
        source: Code,
    }

    /// Row 11. Enters, changes or removes the person, from `occurred_on`.
    RegisterSet {
        /// Which register.
        register: RegisterKind,
        /// Level of management, 1 to 3; of MAPPA.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level: Option<u8>,
        /// Category, 1 to 3; of MAPPA.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<u8>,
        /// Scheme (ACCLAIM …).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scheme: Option<Code>,
        /// Whether the person is on it from now on.
        active: bool,
        /// Agencies that agreed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        agreed_by: Vec<AgencyId>,
    }

    /// A need that an assessment found.
    NeedFound {
        /// The need.
        need: Need,
        /// 0 (none) to 3 (severe).
        severity: u8,
    }

    /// How likely a person is to offend again.
    Reoffending {
        /// Within so many months.
        window_months: u8,
        /// Parts per million.
        ppm: u32,
    }

    /// What is to be done about a need.
    Objective {
        /// The need.
        need: Need,
        /// By a service of that kind.
        service_kind: Code,
        /// By that day.
        due: Date,
    }

    /// Row 10. The objectives are the sentence plan.
    Assessed {
        /// With what.
        tool: AssessmentTool,
        /// Needs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        needs: Vec<NeedFound>,
        /// Motivation, 0 (none) to 3 (high).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        motivation: Option<u8>,
        /// How likely the person is to offend again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reoffend: Option<Reoffending>,
        /// Risk of serious harm.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rosh: Option<Rosh>,
        /// What is to be done.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        objectives: Vec<Objective>,
    }
}

/// A circumstance. What measures need is clear; debt, substances and health are sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Circumstance<V = Sealed<CircumstanceText>> {
    /// Where the person lives.
    Accommodation {
        /// The type.
        r#type: AccommodationType,
    },
    /// Whether and how the person works.
    Employment {
        /// How.
        status: EmploymentStatus,
        /// Hours a week.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours_week: Option<u8>,
        /// For whom, where that is an agency of the ledger.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        employer: Option<AgencyId>,
        /// First day of the job.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started: Option<Date>,
    },
    /// Whether and where the person learns.
    Education {
        /// Where.
        status: EducationStatus,
        /// Towards which level.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level: Option<Level>,
    },
    /// What the person owes.
    Debt(V),
    /// What the person takes.
    Substance(V),
    /// How the person is.
    Health(V),
}

/// A sealed circumstance in the clear: exists only as the `T` of a [`Sealed`].
#[derive(Debug)]
pub enum CircumstanceText {}

/// In which respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CircumstanceKind {
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

impl<V> Circumstance<V> {
    /// In which respect.
    pub fn kind(&self) -> CircumstanceKind {
        match self {
            Self::Accommodation { .. } => CircumstanceKind::Accommodation,
            Self::Employment { .. } => CircumstanceKind::Employment,
            Self::Education { .. } => CircumstanceKind::Education,
            Self::Debt(_) => CircumstanceKind::Debt,
            Self::Substance(_) => CircumstanceKind::Substance,
            Self::Health(_) => CircumstanceKind::Health,
        }
    }

    /// The value that is for few, if it is one of those.
    pub fn confidential(&self) -> Option<&V> {
        match self {
            Self::Accommodation { .. } | Self::Employment { .. } | Self::Education { .. } => None,
            Self::Debt(value) | Self::Substance(value) | Self::Health(value) => Some(value),
        }
    }

    /// The same with its confidential value turned into another form of it.
    pub(crate) fn try_map<W, E>(
        &self,
        turn: impl FnOnce(&V) -> Result<W, E>,
    ) -> Result<Circumstance<W>, E> {
        Ok(match self {
            Self::Accommodation { r#type } => Circumstance::Accommodation { r#type: *r#type },
            Self::Employment { status, hours_week, employer, started } => {
                Circumstance::Employment {
                    status: *status,
                    hours_week: *hours_week,
                    employer: *employer,
                    started: *started,
                }
            }
            Self::Education { status, level } => {
                Circumstance::Education { status: *status, level: *level }
            }
            Self::Debt(value) => Circumstance::Debt(turn(value)?),
            Self::Substance(value) => Circumstance::Substance(turn(value)?),
            Self::Health(value) => Circumstance::Health(turn(value)?),
        })
    }
}

impl Event {
    /// Whether it holds a confidential circumstance, of its own or as a replacement.
    pub fn is_confidential(&self) -> bool {
        match self {
            Self::CircumstanceRecorded(recorded) => recorded.circumstance.confidential().is_some(),
            Self::Corrected(corrected) => match &corrected.op {
                Correction::Replace { event, .. } => event.is_confidential(),
                Correction::Void => false,
            },
            _ => false,
        }
    }
}

impl CircumstanceKind {
    /// Path of its value in the payload: part of what the value is sealed with.
    pub fn path(self) -> &'static str {
        match self {
            Self::Accommodation => "circumstance/accommodation",
            Self::Employment => "circumstance/employment",
            Self::Education => "circumstance/education",
            Self::Debt => "circumstance/debt",
            Self::Substance => "circumstance/substance",
            Self::Health => "circumstance/health",
        }
    }
}
