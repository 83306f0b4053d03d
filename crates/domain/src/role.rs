//! Roles (DOMAIN.md §2.1) and which commands each may give. What a role may *see* is the scope's
//! business; agency and agreement must match besides.

use crate::command::Action;
use crate::id::StreamKind;
use serde::{Deserialize, Serialize};

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What a caller is to the partnership.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Role {$(
            $(#[$doc])*
            $name,
        )+}

        impl Role {
            /// Every role.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its code.
            pub fn as_str(self) -> &'static str {
                match self {$(Self::$name => $text,)+}
            }
        }
    };
}

roles! {
    /// Responsible for a person end to end.
    OffenderManager = "offender_manager",
    /// Community link worker.
    LinkWorker = "link_worker",
    /// Leads a provider.
    ProviderLead = "provider_lead",
    /// Caseworker or supervisor of a provider.
    Caseworker = "caseworker",
    /// Mentor.
    Mentor = "mentor",
    /// Police, MAPPA.
    Police = "police",
    /// Housing.
    Housing = "housing",
    /// Commissioner.
    Commissioner = "commissioner",
    /// Board: aggregates.
    Board = "board",
    /// Auditor or inspector.
    Auditor = "auditor",
    /// Data protection officer.
    DataProtectionOfficer = "data_protection_officer",
    /// Witness of checkpoints.
    Witness = "witness",
}

impl Role {
    /// Whether the role reads every case, with sealed fields closed.
    pub fn reads_everything(self) -> bool {
        matches!(self, Self::Commissioner | Self::Auditor)
    }

    /// Whether the role reads streams of that kind, where its agency holds them: DOMAIN.md §4, as
    /// narrowly as a whole stream allows.
    pub fn reads(self, kind: StreamKind) -> bool {
        use Role::{DataProtectionOfficer, LinkWorker, OffenderManager};
        match kind {
            StreamKind::Ledger
            | StreamKind::Agency
            | StreamKind::Agreement
            | StreamKind::Service
            | StreamKind::Person
            | StreamKind::Sentence
            | StreamKind::Referral
            | StreamKind::Placement
            | StreamKind::Measure
            | StreamKind::Plan => true,
            StreamKind::Circumstance | StreamKind::Assessment => {
                self.reads_everything()
                    || matches!(self, OffenderManager | LinkWorker | DataProtectionOfficer)
            }
            StreamKind::Offence | StreamKind::Register => {
                self.reads_everything() || matches!(self, OffenderManager | DataProtectionOfficer)
            }
        }
    }

    /// Whether the role reads what is confidential of what it sees: debt, substances, health.
    pub fn reads_confidential(self) -> bool {
        matches!(self, Self::OffenderManager | Self::DataProtectionOfficer)
    }

    /// Whether the role may give that command at all.
    pub fn may(self, action: &Action) -> bool {
        use Role::{Caseworker, Commissioner, LinkWorker, Mentor, OffenderManager, ProviderLead};
        match action {
            Action::OpenLedger(_)
            | Action::DescribeAgency { .. }
            | Action::SetAgreement { .. }
            | Action::DefineMeasure { .. }
            | Action::RecordPayment { .. }
            | Action::SetTarget { .. }
            | Action::SetPlanItem { .. } => self == Commissioner,
            Action::DescribeService { .. } | Action::SetCapacity { .. } => {
                matches!(self, Commissioner | ProviderLead)
            }
            Action::RecordOffence { .. }
            | Action::SetRegister { .. }
            | Action::ImposeSentence { .. }
            | Action::VarySentence { .. }
            | Action::ChangeSetting { .. }
            | Action::RecordBreach { .. }
            | Action::EndSentence { .. } => self == OffenderManager,
            Action::RegisterPerson { .. }
            | Action::RecordCircumstance { .. }
            | Action::Assess { .. }
            | Action::MakeReferral { .. } => matches!(self, OffenderManager | LinkWorker),
            Action::WithdrawReferral { .. } => {
                matches!(self, OffenderManager | LinkWorker | ProviderLead)
            }
            Action::AllocateWorker { .. } => matches!(self, OffenderManager | ProviderLead),
            Action::DecideReferral { .. } => self == ProviderLead,
            Action::BookPlacement { .. }
            | Action::StartPlacement { .. }
            | Action::AwardQualification { .. }
            | Action::CompletePlacement { .. }
            | Action::EndPlacementEarly { .. } => matches!(self, ProviderLead | Caseworker),
            Action::RecordAttendance { .. } => matches!(self, ProviderLead | Caseworker | Mentor),
            Action::Correct { .. } => matches!(
                self,
                OffenderManager | LinkWorker | ProviderLead | Caseworker | Commissioner
            ),
        }
    }
}
