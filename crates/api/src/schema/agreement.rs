//! Agreements: seen by those who are or were partners of them.

use async_graphql::{ID, Object, Result, SimpleObject};
use tallystick_domain::{agreement, event, id::AgreementId};

use super::{
    agency::Agency,
    code,
    connection::listed,
    context::At,
    event::EventConnection,
    history, id,
    payment::Payment,
    scalar::{Code, Date, Pence},
    service::Service,
};

/// An agreement between agencies, by the terms of the day asked for.
pub(crate) struct Agreement<'a> {
    at: &'a At,
    it: &'a agreement::Agreement,
}

listed! { Agreement<'_>: "AgreementConnection", "AgreementEdge"; }

impl<'a> Agreement<'a> {
    pub(crate) fn new(at: &'a At, it: &'a agreement::Agreement) -> Self {
        Self { at, it }
    }

    /// The agreement of that identifier, if the caller is a partner of it.
    pub(crate) fn find(at: &'a At, id: AgreementId) -> Option<Self> {
        at.view().agreement(id).filter(|_| at.shows(id)).map(|it| Self::new(at, it))
    }

    /// The terms of the day; before the first, the first.
    fn terms(&self) -> &'a event::AgreementSet {
        // A view shows only agreements with terms.
        self.it.on(self.at.on).unwrap_or_else(|| &self.it.versions[0].terms)
    }
}

/// An agreement between agencies, by the terms of the day asked for.
#[Object]
impl<'a> Agreement<'a> {
    /// Its identifier.
    pub(crate) async fn id(&self) -> ID {
        id::show(self.it.id)
    }

    /// Its form.
    fn kind(&self) -> code::AgreementKind {
        self.terms().kind.into()
    }

    /// Its state by these terms.
    fn status(&self) -> code::AgreementStatus {
        self.terms().status.into()
    }

    /// Whether it is in force on the day: its terms say so, and the day is within their term.
    fn live(&self) -> bool {
        self.it.is_live_on(self.at.on)
    }

    /// Who pays.
    fn funder(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.terms().funder)
    }

    /// Who leads.
    fn lead(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.terms().lead)
    }

    /// Who delivers under the lead.
    fn subcontractors(&self) -> Vec<Agency<'a>> {
        self.terms().subs.iter().filter_map(|id| Agency::find(self.at, *id)).collect()
    }

    /// The programme that it belongs to: a pilot, an innovation fund.
    fn programme(&self) -> Option<Code> {
        self.terms().programme.clone().map(Code)
    }

    /// How it was procured.
    fn route(&self) -> Option<Code> {
        self.terms().route.clone().map(Code)
    }

    /// First day.
    fn starts_on(&self) -> Date {
        Date(self.terms().term.from)
    }

    /// Last day.
    fn ends_on(&self) -> Date {
        Date(self.terms().term.to)
    }

    /// What it is worth in each financial year.
    fn values(&self) -> Vec<YearValue> {
        let values = self.terms().value.iter();
        values.map(|it| YearValue { year: it.fy.into(), value: Pence(it.pence) }).collect()
    }

    /// Prices.
    fn prices(&self) -> Vec<Price> {
        let prices = self.terms().prices.iter();
        prices.map(|it| Price { unit: it.unit.into(), price: Pence(it.pence) }).collect()
    }

    /// Agreements that it goes on from, as far as the caller is a partner of them.
    fn continues(&self) -> Vec<Agreement<'a>> {
        self.terms().continues.iter().filter_map(|id| Agreement::find(self.at, *id)).collect()
    }

    /// Why it ended.
    fn end_reason(&self) -> Option<Code> {
        self.terms().end_reason.clone().map(Code)
    }

    /// All its terms, by the day from which each holds.
    fn terms_over_time(&self) -> Vec<AgreementTerms<'a>> {
        let at = self.at;
        self.it.versions.iter().map(|it| AgreementTerms { at, it }).collect()
    }

    /// Payments under it, by day. One that was voided is not among them.
    fn payments(&self) -> Vec<Payment<'a>> {
        self.it.payments.iter().map(|it| Payment { at: self.at, it }).collect()
    }

    /// Services under it.
    fn services(&self) -> Vec<Service<'a>> {
        let services = self.it.services.iter();
        services.map(|service| Service::new(self.at, self.it, service)).collect()
    }

    /// Version of its stream: the number of its events. Give it as `expectedVersion`.
    fn version(&self) -> u32 {
        self.at.view().version(self.it.id.into()).unwrap_or_default()
    }

    /// Its events, in the order in which they were recorded.
    async fn history(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only events after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only events before this place.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let page = self.at.page(first, after, last, before)?;
        history::of_stream(self.at, self.it.id.into(), page).await
    }
}

/// Terms of an agreement and the day from which they hold.
pub(crate) struct AgreementTerms<'a> {
    at: &'a At,
    it: &'a agreement::Version,
}

/// Terms of an agreement and the day from which they hold.
#[Object]
impl<'a> AgreementTerms<'a> {
    /// The day from which they hold.
    fn from(&self) -> Date {
        Date(self.it.from)
    }

    /// The form.
    fn kind(&self) -> code::AgreementKind {
        self.it.terms.kind.into()
    }

    /// The state.
    fn status(&self) -> code::AgreementStatus {
        self.it.terms.status.into()
    }

    /// Who leads.
    fn lead(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.terms.lead)
    }

    /// First day in force.
    fn starts_on(&self) -> Date {
        Date(self.it.terms.term.from)
    }

    /// Last day in force.
    fn ends_on(&self) -> Date {
        Date(self.it.terms.term.to)
    }
}

/// What an agreement is worth in a financial year.
#[derive(SimpleObject)]
pub(crate) struct YearValue {
    /// The year in which the financial year starts: 2008 is 1 April 2008 to 31 March 2009.
    year: u32,
    /// Its worth.
    value: Pence,
}

/// The price of one unit.
#[derive(SimpleObject)]
pub(crate) struct Price {
    /// The unit.
    unit: code::Unit,
    /// Its price.
    price: Pence,
}
