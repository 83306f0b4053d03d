//! Making, deciding and withdrawing referrals.

use async_graphql::{ID, InputObject};
use tallystick_domain::{
    Action, Origin, StreamKind,
    event::{ReferralDecided, ReferralMade, ReferralWithdrawn, Share},
    id::{AgencyId, ReferralId},
};

use super::{
    command::{Ask, Asked, CaseFields},
    reader::{Facts, Read, Reader},
};
use crate::schema::{code, scalar::Date};

/// A referral to be made.
#[derive(InputObject)]
pub(crate) struct MakeReferralInput {
    #[graphql(flatten)]
    command: CaseFields,
    #[graphql(flatten)]
    made: ReferralMadeInput,
}

impl Ask for MakeReferralInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |naming, reader| {
            let made = self.made.read(reader);
            let referral = ReferralId(naming.new_id(StreamKind::Referral)?);
            Ok(Action::MakeReferral { referral, made: made? })
        })
    }
}

/// Whom is referred to what, and why.
#[derive(InputObject)]
pub(crate) struct ReferralMadeInput {
    /// Whom.
    person: ID,
    /// To what.
    service: ID,
    /// Under which sentence.
    sentence: Option<ID>,
    /// Serving which requirement of it: its code.
    requirement: Option<String>,
    /// Needs.
    #[graphql(default)]
    needs: Vec<code::Need>,
    /// Outcomes wanted: codes.
    #[graphql(default)]
    outcomes_wanted: Vec<String>,
    /// Day by which it should be complete.
    complete_by: Option<Date>,
    /// What of the person is shared with the provider, and why that is right.
    share: ShareInput,
    /// Criteria of the service that you attest.
    #[graphql(default)]
    meets: Vec<code::Criterion>,
    /// Why, where eligibility is overridden: a code.
    override_reason: Option<String>,
    /// The referral that this one goes on from.
    continues: Option<ID>,
}

impl Facts for ReferralMadeInput {
    type Facts = ReferralMade;

    fn read(&self, reader: &mut Reader) -> Read<ReferralMade> {
        let person = reader.id("person", &self.person);
        let service = reader.id("service", &self.service);
        let sentence = reader.optional("sentence", self.sentence.as_ref(), Reader::id);
        let requirement = reader.optional("requirement", self.requirement.as_deref(), Reader::code);
        let outcomes_wanted = reader.each("outcomesWanted", &self.outcomes_wanted, Reader::code);
        let share = reader.facts("share", &self.share);
        let override_reason =
            reader.optional("overrideReason", self.override_reason.as_deref(), Reader::code);
        let continues = reader.optional("continues", self.continues.as_ref(), Reader::id);
        Ok(ReferralMade {
            person: person?,
            service: service?,
            // Whom it goes to is for the decision to say.
            provider: AgencyId([0; 16]),
            lead: AgencyId([0; 16]),
            sentence: sentence?,
            requirement: requirement?,
            needs: code::all(&self.needs),
            outcomes_wanted: outcomes_wanted?,
            complete_by: self.complete_by.as_ref().map(|day| day.0),
            share: share?,
            meets: code::all(&self.meets),
            override_reason: override_reason?,
            continues: continues?,
        })
    }
}

/// What of a person is shared with whom a referral goes to.
#[derive(InputObject)]
pub(crate) struct ShareInput {
    /// Field groups.
    #[graphql(default)]
    groups: Vec<code::FieldGroup>,
    /// On what basis.
    basis: code::ShareBasis,
    /// Why, where the basis is an override: a code.
    reason: Option<String>,
}

impl Facts for ShareInput {
    type Facts = Share;

    fn read(&self, reader: &mut Reader) -> Read<Share> {
        let reason = reader.optional("reason", self.reason.as_deref(), Reader::code);
        let groups = code::all(&self.groups);
        Ok(Share { groups, basis: self.basis.into(), reason: reason? })
    }
}

/// A referral to be decided.
#[derive(InputObject)]
pub(crate) struct DecideReferralInput {
    #[graphql(flatten)]
    command: CaseFields,
    /// Which referral.
    referral: ID,
    #[graphql(flatten)]
    decided: ReferralDecidedInput,
}

impl Ask for DecideReferralInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |_, reader| {
            let referral = reader.id("referral", &self.referral);
            let decided = self.decided.read(reader);
            Ok(Action::DecideReferral { referral: referral?, decided: decided? })
        })
    }
}

/// What was decided about a referral.
#[derive(InputObject)]
pub(crate) struct ReferralDecidedInput {
    /// The decision.
    decision: code::Decision,
    /// Why: if and only if it is declined.
    reason: Option<code::DeclineReason>,
}

impl Facts for ReferralDecidedInput {
    type Facts = ReferralDecided;

    fn read(&self, _: &mut Reader) -> Read<ReferralDecided> {
        let reason = self.reason.map(Into::into);
        Ok(ReferralDecided { decision: self.decision.into(), reason })
    }
}

/// A referral to be withdrawn.
#[derive(InputObject)]
pub(crate) struct WithdrawReferralInput {
    #[graphql(flatten)]
    command: CaseFields,
    /// Which referral.
    referral: ID,
    #[graphql(flatten)]
    withdrawn: ReferralWithdrawnInput,
}

impl Ask for WithdrawReferralInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |_, reader| {
            let referral = reader.id("referral", &self.referral);
            let withdrawn = self.withdrawn.read(reader);
            Ok(Action::WithdrawReferral { referral: referral?, withdrawn: withdrawn? })
        })
    }
}

/// Why a referral was withdrawn.
#[derive(InputObject)]
pub(crate) struct ReferralWithdrawnInput {
    /// Why.
    reason: code::WithdrawalReason,
}

impl Facts for ReferralWithdrawnInput {
    type Facts = ReferralWithdrawn;

    fn read(&self, _: &mut Reader) -> Read<ReferralWithdrawn> {
        Ok(ReferralWithdrawn { reason: self.reason.into() })
    }
}
