//! Payments under agreements, and what they cite.

use async_graphql::{ID, Object};
use tallystick_domain::{agreement, event::PaymentRecorded};

use super::{
    agency::Agency,
    code,
    context::At,
    id,
    scalar::{Date, Pence},
};

/// A payment under an agreement.
pub(crate) struct Payment<'a> {
    pub(crate) at: &'a At,
    pub(crate) it: &'a agreement::Payment,
}

/// A payment under an agreement.
#[Object]
impl<'a> Payment<'a> {
    /// The day.
    fn paid_on(&self) -> Date {
        Date(self.it.on)
    }

    /// What was paid.
    #[graphql(flatten)]
    fn facts(&self) -> PaymentFacts<'a> {
        PaymentFacts { at: self.at, it: &self.it.facts }
    }
}

/// What was paid.
pub(crate) struct PaymentFacts<'a> {
    pub(crate) at: &'a At,
    pub(crate) it: &'a PaymentRecorded,
}

/// What was paid.
#[Object]
impl<'a> PaymentFacts<'a> {
    /// Who paid; absent for trading income, which comes from outside.
    async fn payer(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.payer?)
    }

    /// Who was paid.
    async fn payee(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.payee)
    }

    /// How much.
    async fn amount(&self) -> Pence {
        Pence(self.it.pence)
    }

    /// What for.
    async fn basis(&self) -> code::PaymentBasis {
        self.it.basis.into()
    }

    /// First day that it is for.
    async fn from(&self) -> Date {
        Date(self.it.period.from)
    }

    /// Last day that it is for.
    async fn to(&self) -> Date {
        Date(self.it.period.to)
    }

    /// What was done for it, by its events.
    async fn evidence(&self) -> Vec<ID> {
        self.it.evidence.iter().map(id::show).collect()
    }
}
