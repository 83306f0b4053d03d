//! A referral: one agency asks another to take a person for a service.

use crate::codes::{Decision, DeclineReason, FieldGroup, Need, ShareBasis, WithdrawalReason};
use crate::date::Date;
use crate::event::{ReferralDecided, ReferralMade};
use crate::history::Meta;
use crate::id::{AgencyId, Position, ReferralId, SentenceId, ServiceId};
use crate::sentence::Worker;
use crate::text::Code;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// Which.
    pub id: ReferralId,
    /// Its first record.
    pub at: Position,
    /// Who refers.
    pub referrer: AgencyId,
    /// Who provides the service.
    pub provider: AgencyId,
    /// Who leads the agreement.
    pub lead: AgencyId,
    /// When it was made.
    pub made_on: Date,
    /// To what.
    pub service: ServiceId,
    /// Under which sentence.
    pub sentence: Option<SentenceId>,
    /// Serving which requirement.
    pub requirement: Option<Code>,
    /// Needs.
    pub needs: Vec<Need>,
    /// Outcomes wanted.
    pub outcomes_wanted: Vec<Code>,
    /// Day by which it should be complete.
    pub complete_by: Option<Date>,
    /// Field groups shared.
    pub shares: Vec<FieldGroup>,
    /// On what basis.
    pub basis: ShareBasis,
    /// The referral that it goes on from.
    pub continues: Option<ReferralId>,
    /// How it stands.
    pub state: ReferralState,
    /// Who works on it, one a role.
    pub workers: Vec<Worker>,
}

/// How a referral stands. *Concluded* (accepted, and every placement ended) is derived from its
/// placements: [`crate::person::Person::is_concluded`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReferralState {
    /// Nobody has decided.
    Open,
    /// More information was asked for.
    InfoRequested {
        /// When.
        on: Date,
    },
    /// On the waiting list.
    Waitlisted {
        /// Since when.
        on: Date,
    },
    /// Accepted.
    Accepted {
        /// When.
        on: Date,
    },
    /// Declined.
    Declined {
        /// When.
        on: Date,
        /// Why.
        reason: DeclineReason,
    },
    /// Withdrawn.
    Withdrawn {
        /// When.
        on: Date,
        /// Why.
        reason: WithdrawalReason,
    },
}

impl ReferralState {
    /// Whether a decision is still to come.
    pub fn awaits_decision(self) -> bool {
        matches!(self, Self::Open | Self::InfoRequested { .. } | Self::Waitlisted { .. })
    }

    /// Whether nothing can follow.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Declined { .. } | Self::Withdrawn { .. })
    }
}

impl Referral {
    pub(crate) fn made(id: ReferralId, meta: &Meta<'_>, made: &ReferralMade) -> Self {
        Self {
            id,
            at: meta.record.position,
            referrer: meta.record.agency,
            provider: made.provider,
            lead: made.lead,
            made_on: meta.occurred.date,
            service: made.service,
            sentence: made.sentence,
            requirement: made.requirement.clone(),
            needs: made.needs.clone(),
            outcomes_wanted: made.outcomes_wanted.clone(),
            complete_by: made.complete_by,
            shares: made.share.groups.clone(),
            basis: made.share.basis,
            continues: made.continues,
            state: ReferralState::Open,
            workers: Vec::new(),
        }
    }

    pub(crate) fn decide(&mut self, on: Date, decided: &ReferralDecided) {
        self.state = match (decided.decision, decided.reason) {
            (Decision::Accepted, _) => ReferralState::Accepted { on },
            (Decision::Waitlisted, _) => ReferralState::Waitlisted { on },
            (Decision::InfoRequested, _) => ReferralState::InfoRequested { on },
            // A decline without a reason cannot be recorded; were one stored, it would count as
            // "no capacity", the one reason that says nothing about the person.
            (Decision::Declined, reason) => {
                ReferralState::Declined { on, reason: reason.unwrap_or(DeclineReason::NoCapacity) }
            }
        };
    }
}
