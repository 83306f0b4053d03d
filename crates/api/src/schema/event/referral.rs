//! What events about referrals said.

use async_graphql::Object;

use super::{ReferralDecided, ReferralMade, ReferralWithdrawn};
use crate::schema::{
    agency::Agency,
    code,
    person::Person,
    referral::Referral,
    scalar::{Code, Date},
    sentence::Sentence,
    service::Service,
};

/// A referral was made.
#[Object]
impl<'a> ReferralMade<'a> {
    /// Of whom.
    fn person(&self) -> Option<Person<'a>> {
        Person::find(self.at, self.it.person)
    }

    /// To what.
    fn service(&self) -> Option<Service<'a>> {
        Service::find(self.at, self.it.service)
    }

    /// Who provided the service then.
    fn provider(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.provider)
    }

    /// Who led the agreement then.
    fn lead(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.lead)
    }

    /// Under which sentence, if the caller holds it.
    fn sentence(&self) -> Option<Sentence<'a>> {
        Sentence::find(self.at, self.it.sentence?)
    }

    /// Serving which requirement of that sentence.
    fn requirement(&self) -> Option<Code> {
        self.it.requirement.clone().map(Code)
    }

    /// Needs.
    fn needs(&self) -> Vec<code::Need> {
        code::all(&self.it.needs)
    }

    /// Outcomes wanted.
    fn outcomes_wanted(&self) -> Vec<Code> {
        self.it.outcomes_wanted.iter().cloned().map(Code).collect()
    }

    /// The day by which it should be complete.
    fn complete_by(&self) -> Option<Date> {
        self.it.complete_by.map(Date)
    }

    /// What of the person is shared.
    fn shares(&self) -> Vec<code::FieldGroup> {
        code::all(&self.it.share.groups)
    }

    /// On what basis it is shared.
    fn share_basis(&self) -> code::ShareBasis {
        self.it.share.basis.into()
    }

    /// Why, where the basis is an override.
    fn share_reason(&self) -> Option<Code> {
        self.it.share.reason.clone().map(Code)
    }

    /// Criteria of eligibility that the referrer attested.
    fn meets(&self) -> Vec<code::Criterion> {
        code::all(&self.it.meets)
    }

    /// Why, where eligibility was overridden.
    fn override_reason(&self) -> Option<Code> {
        self.it.override_reason.clone().map(Code)
    }

    /// The referral that it goes on from.
    fn continues(&self) -> Option<Referral<'a>> {
        Referral::find(self.at, self.it.continues?)
    }
}

/// A referral was decided, or put off.
#[Object]
impl ReferralDecided<'_> {
    /// The decision.
    fn decision(&self) -> code::Decision {
        self.it.decision.into()
    }

    /// Why, if it was declined.
    fn reason(&self) -> Option<code::DeclineReason> {
        self.it.reason.map(Into::into)
    }
}

/// A referral was withdrawn.
#[Object]
impl ReferralWithdrawn<'_> {
    /// Why.
    fn reason(&self) -> code::WithdrawalReason {
        self.it.reason.into()
    }
}
