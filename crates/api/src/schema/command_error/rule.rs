//! The rules of the partnership as a GraphQL enum.

use crate::schema::code::mirror;

mirror! {
    /// A rule of the partnership. New rules may come.
    Rule = tallystick_domain::Rule {
        /// The ledger is already open.
        LedgerAlreadyOpen,
        /// The ledger has not been opened.
        LedgerNotOpen,
        /// The acting agency is not a partner of this ledger.
        AgencyNotPartner,
        /// The acting agency may see this and has no such part in it.
        NotYours,
        /// Only the commissioner may do this.
        NotCommissioner,
        /// A note stands only on what happens to a person.
        NoteOutsidePerson,
        /// An agency cannot be its own parent.
        OwnParent,
        /// A trust becomes a board again only with a reason.
        TrustToBoardNeedsReason,
        /// An agreement goes from proposed to live to ended and never back.
        AgreementCannotGoBack,
        /// The lead provider is the funder, and the agreement is not in-house.
        LeadIsFunder,
        /// No such version of the measure is defined.
        MeasureUnknown,
        /// Versions of a measure are numbered without a gap.
        MeasureVersionSkipped,
        /// The definition has the code of another measure.
        MeasureCodeDiffers,
        /// A definition is never corrected; define the next version.
        DefinitionNotCorrected,
        /// The agreement has ended.
        AgreementEnded,
        /// The agreement is not live on that day.
        AgreementNotLive,
        /// Payer or payee is no partner of the agreement.
        PaymentOutsideAgreement,
        /// An event given as evidence is not of a placement under the agreement, or does not
        /// count.
        EvidenceNotCounting,
        /// An event given as evidence has been paid for on that basis already.
        EvidencePaid,
        /// The provider is neither lead nor subcontractor of the agreement.
        ProviderNotInAgreement,
        /// Court reports are provided by public bodies only.
        CourtReportsArePublic,
        /// A service cannot move to another agreement.
        ServiceChangesAgreement,
        /// The service has no such site.
        SiteUnknown,
        /// The identifier is already another person's.
        IdentifierTaken,
        /// Something with that identifier exists already.
        AlreadyExists,
        /// The person is not registered.
        PersonNotRegistered,
        /// An offence of that source is recorded of the person already.
        OffenceRecorded,
        /// A MAPPA entry has a level if and only if it is active.
        MappaLevelIffActive,
        /// The person is not on that register.
        RegisterNotActive,
        /// A person is removed from a PPO scheme only by all agencies that agreed to the entry.
        RemovalNeedsConsensus,
        /// That tool is not for the role that assessed.
        ToolNotForRole,
        /// The person has no such sentence.
        SentenceUnknown,
        /// The sentence has ended.
        SentenceNotActive,
        /// The sentence has no such requirement.
        RequirementUnknown,
        /// The sentence has a requirement with that identifier already.
        RequirementExists,
        /// The sentence is in that setting already.
        SettingUnchanged,
        /// An offender manager is from a public body.
        OffenderManagerIsPublic,
        /// An offender manager is allocated to a sentence, not to a referral or a placement.
        OffenderManagerOnSentence,
        /// The worker's agency has no part in this referral.
        WorkerAgencyOutOfScope,
        /// That step of enforcement cannot follow the one before.
        BreachStepOutOfOrder,
        /// Recall is possible on licence only.
        RecallNeedsLicence,
        /// That step of enforcement needs grounds.
        BreachNeedsGround,
        /// A ground is not an enforceable absence of this person.
        GroundNotEnforceable,
        /// Breaches of a sentence are numbered without a gap.
        BreachNumberSkipped,
        /// A sentence is revoked for breach only after a breach was proven.
        RevocationNeedsProvenBreach,
        /// The service asks for criteria that the referral does not attest.
        NotEligible,
        /// Sharing by override needs a reason.
        OverrideNeedsReason,
        /// The person has no such referral.
        ReferralUnknown,
        /// The referral is not open for a decision.
        ReferralNotOpen,
        /// A reason is given if and only if a referral is declined.
        ReasonIffDeclined,
        /// The referral was declined or withdrawn already.
        ReferralTerminal,
        /// A referral with a placement cannot be withdrawn.
        ReferralHasPlacement,
        /// The referral has not been accepted.
        ReferralNotAccepted,
        /// Every placement of the referral has ended.
        ReferralConcluded,
        /// The person has no such placement.
        PlacementUnknown,
        /// The placement is not waiting to start.
        PlacementNotBooked,
        /// The placement has not started.
        PlacementNotStarted,
        /// The placement has ended.
        PlacementEnded,
        /// The session is recorded already; correct that record instead.
        SessionRecorded,
        /// More minutes are credited than were planned.
        CreditOverPlan,
        /// The person has been awarded that title already.
        QualificationHeld,
        /// A placement that has not started ends as `did_not_arrive` or cancelled.
        EndReasonNeedsStart,
        /// A placement that has started cannot end as `did_not_arrive` or cancelled.
        EndReasonBeforeStart,
        /// An event is corrected by the agency that recorded it or by the commissioner.
        NotRecorder,
        /// The event has been voided already.
        TargetNotEffective,
        /// A replacement is a whole payload of the same type about the same things.
        ReplacementDiffers,
        /// A correction can be voided, not replaced.
        CorrectionNotReplaced,
        /// The first record of an agency, an agreement or a service cannot be voided; end it
        /// instead.
        FoundationNotVoided,
        /// An opening of the ledger is never corrected.
        OpeningNotCorrected,
        /// The corrections of one step belong to one case.
        CorrectionsSpanCases,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::resolver_utils::EnumType;

    use super::*;

    #[test]
    fn a_rule_is_spelled_in_graphql_as_everywhere() {
        assert_eq!(Rule::items().len(), tallystick_domain::Rule::ALL.len());
        for rule in tallystick_domain::Rule::ALL {
            let item = Rule::items().iter().find(|item| item.value == Rule::from(*rule));
            assert_eq!(item.map(|item| item.name), Some(rule.code()));
        }
    }
}
