//! Codes of referrals.

use super::mirror;

mirror! {
    /// What was decided about a referral.
    Decision = tallystick_domain::codes::Decision {
        /// Accepted.
        Accepted,
        /// Declined, with a reason.
        Declined,
        /// Put on the waiting list.
        Waitlisted,
        /// More information asked for.
        InfoRequested,
    }

    /// Why a referral was declined.
    DeclineReason = tallystick_domain::codes::DeclineReason {
        /// No capacity.
        NoCapacity,
        /// Not eligible.
        NotEligible,
        /// Risk or needs cannot be safely managed.
        RiskOrNeeds,
        /// Not enough time left on the order.
        NotEnoughTime,
        /// Consent not given.
        ConsentNotGiven,
        /// Out of area.
        OutOfArea,
    }

    /// Why a referral was withdrawn, in four groups.
    WithdrawalReason = tallystick_domain::codes::WithdrawalReason {
        /// Problem: made by mistake.
        ProblemMistake,
        /// Problem: a duplicate.
        ProblemDuplicate,
        /// Problem: the provider cannot take it after all.
        ProblemProvider,
        /// Person: does not want it.
        PersonRefused,
        /// Person: needs changed.
        PersonNeedsChanged,
        /// Person: moved away.
        PersonMoved,
        /// Sentence: ended.
        SentenceEnded,
        /// Sentence: recalled or remanded.
        SentenceRecalled,
        /// Early: the need was met before it began.
        EarlyNeedMet,
        /// Early: transferred to another provider.
        EarlyTransferred,
    }

    /// On what basis a person's data is shared with a provider.
    ShareBasis = tallystick_domain::codes::ShareBasis {
        /// The person consented.
        Consent,
        /// A statutory duty.
        StatutoryDuty,
        /// An override, with a reason.
        Override,
    }

    /// Field groups that a referral may share (DOMAIN.md §4).
    FieldGroup = tallystick_domain::codes::FieldGroup {
        /// Identity and contact.
        Identity,
        /// Level of risk and safety note.
        Risk,
        /// MAPPA and PPO register.
        Register,
        /// Health and substances.
        Health,
        /// Offences.
        Offences,
    }
}
