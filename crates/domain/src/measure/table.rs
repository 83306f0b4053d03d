//! The tables that measures count rows of, and the fields that rows have.

use serde::{Deserialize, Serialize};

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $text:literal: $kind:ident,)+) => {
        /// A field of a row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Field {$(
            $(#[$doc])*
            #[serde(rename = $text)]
            $name,
        )+}

        impl Field {
            /// Every field.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name in definitions.
            pub fn as_str(self) -> &'static str {
                match self {$(Self::$name => $text,)+}
            }

            pub(crate) fn kind(self) -> Kind {
                match self {$(Self::$name => Kind::$kind,)+}
            }
        }
    };
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A code, or several.
    Code,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// A day.
    Day,
}

fields! {
    /// Kind of sentence, agreement or qualification.
    Kind = "kind": Code,
    /// Area of the sentence, or of the site.
    Area = "area": Code,
    /// Age in years: that when sentenced, and the whole years since.
    Age = "age": Number,
    /// Day on which the sentence was imposed or the requirement began.
    ImposedOn = "imposed_on": Day,
    /// Day on which it ended.
    EndedOn = "ended_on": Day,
    /// How it ended; for a placement `completed`, or why it ended early.
    EndedHow = "ended_how": Code,
    /// Whether it has begun and not ended on the day.
    Active = "active": Flag,
    /// Where the sentence is served: `community` or `custody`.
    Setting = "setting": Code,
    /// Whether any of the sentence was served in the community.
    CommunityPhase = "community_phase": Flag,
    /// Whether there was a recall in the last phase in the community.
    Recalled = "recalled": Flag,
    /// Days without an offender manager, up to and with the day; 0 while there is one.
    ManagerGapDays = "manager_gap_days": Number,
    /// Type of the requirement; of a placement or session, that which its referral serves.
    Requirement = "requirement": Code,
    /// Whether a placement that serves the requirement was completed.
    Completed = "completed": Flag,
    /// Day on which the placement started.
    StartedOn = "started_on": Day,
    /// Day of the session or award.
    On = "on": Day,
    /// Outcome of the session.
    Outcome = "outcome": Code,
    /// Minutes credited for the session.
    Credited = "credited": Number,
    /// Kind of the service.
    ServiceKind = "service_kind": Code,
    /// Needs that the service serves.
    Need = "need": Code,
    /// Programme of the agreement.
    Programme = "programme": Code,
    /// Status of the agreement on the day: `live` only within its term.
    Status = "status": Code,
    /// Tags of the lead agency.
    LeadTag = "lead_tag": Code,
    /// Kind of body that the lead agency is.
    LeadKind = "lead_kind": Code,
    /// First day of the financial year that the value is for.
    YearFrom = "year_from": Day,
    /// Whole pence.
    Pence = "pence": Number,
    /// What capacity is counted in.
    Unit = "unit": Code,
    /// How much capacity there is on the day.
    Capacity = "capacity": Number,
    /// Capacity of each day of the period, added up.
    CapacityDays = "capacity_days": Number,
    /// Staff in hundredths of a full-time post.
    StaffFte = "staff_fte": Number,
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $text:literal: $($field:ident)+;)+) => {
        /// A table: one thing the ledger knows, a row for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Table {$(
            $(#[$doc])*
            #[serde(rename = $text)]
            $name,
        )+}

        impl Table {
            /// Every table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name in definitions.
            pub fn as_str(self) -> &'static str {
                match self {$(Self::$name => $text,)+}
            }

            /// The fields of its rows.
            pub fn fields(self) -> &'static [Field] {
                match self {$(Self::$name => &[$(Field::$field,)+],)+}
            }
        }
    };
}

tables! {
    /// Sentences: orders and licences.
    Sentences = "sentences": Kind Area Age ImposedOn EndedOn EndedHow Active Setting CommunityPhase
        Recalled ManagerGapDays;
    /// Requirements of sentences, those dropped among them.
    Requirements = "requirements": Requirement Area Age ImposedOn EndedOn Active Completed;
    /// Places on services.
    Placements = "placements": ServiceKind Need Programme Requirement Area Age StartedOn EndedOn
        EndedHow Active;
    /// Sessions of placements.
    Sessions = "sessions": ServiceKind Need Programme Requirement Area Age On Outcome Credited;
    /// Qualifications gained on placements.
    Awards = "awards": ServiceKind Need Programme Requirement Area Age On Kind;
    /// Agreements.
    Agreements = "agreements": Kind Status Programme LeadKind LeadTag;
    /// Values of agreements, one row a financial year.
    AgreementYears = "agreement_years": Kind Status Programme LeadKind LeadTag YearFrom Pence;
    /// Capacities of services, one row a site and unit.
    Capacities = "capacities": ServiceKind Need Programme Requirement Area Unit Capacity
        CapacityDays;
    /// Agencies.
    Agencies = "agencies": Kind Status Area StaffFte;
}
