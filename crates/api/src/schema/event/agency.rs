//! What events about agencies, agreements and services said.

use async_graphql::{ID, Object};
use tallystick_domain::id::AgreementId;

use super::{
    AgencyDescribed, AgreementSet, CapacitySet, LedgerOpened, PaymentRecorded, ServiceDescribed,
};
use crate::schema::{
    agency::Agency,
    agreement::Agreement,
    code, id,
    payment::PaymentFacts,
    scalar::{Code, Date},
};

/// The ledger, or a later incarnation of it, was opened.
#[Object]
impl<'a> LedgerOpened<'a> {
    /// The ledger.
    fn ledger(&self) -> ID {
        id::show(self.it.ledger)
    }

    /// 1 for the first.
    fn incarnation(&self) -> u32 {
        self.it.incarnation
    }

    /// The agency that it was opened for.
    fn commissioner(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.commissioner)
    }
}

/// A partner agency was described, or described anew.
#[Object]
impl<'a> AgencyDescribed<'a> {
    /// The name.
    fn name(&self) -> &str {
        self.it.name.as_str()
    }

    /// The sort of body.
    fn kind(&self) -> code::AgencyKind {
        self.it.kind.into()
    }

    /// How far it has come as a partner.
    fn status(&self) -> code::AgencyStatus {
        self.it.status.into()
    }

    /// The agency it belongs to.
    fn parent(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.parent?)
    }

    /// Areas it works in.
    fn areas(&self) -> Vec<Code> {
        self.it.areas.iter().cloned().map(Code).collect()
    }

    /// Why its kind went back from trust to board.
    fn reason(&self) -> Option<Code> {
        self.it.reason.clone().map(Code)
    }
}

/// A payment was recorded; `occurredOn` of the event is the day.
#[Object]
impl<'a> PaymentRecorded<'a> {
    /// Under which agreement.
    fn agreement(&self) -> Option<Agreement<'a>> {
        Agreement::find(self.at, AgreementId(self.stream.id))
    }

    /// What was paid.
    #[graphql(flatten)]
    fn facts(&self) -> PaymentFacts<'a> {
        PaymentFacts { at: self.at, it: self.it }
    }
}

/// An agreement was set, or set anew.
#[Object]
impl<'a> AgreementSet<'a> {
    /// The form.
    fn kind(&self) -> code::AgreementKind {
        self.it.kind.into()
    }

    /// The state.
    fn status(&self) -> code::AgreementStatus {
        self.it.status.into()
    }

    /// Who pays.
    fn funder(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.funder)
    }

    /// Who leads.
    fn lead(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.lead)
    }

    /// Who delivers under the lead.
    fn subcontractors(&self) -> Vec<Agency<'a>> {
        self.it.subs.iter().filter_map(|id| Agency::find(self.at, *id)).collect()
    }

    /// First day in force.
    fn starts_on(&self) -> Date {
        Date(self.it.term.from)
    }

    /// Last day in force.
    fn ends_on(&self) -> Date {
        Date(self.it.term.to)
    }

    /// Agreements that it goes on from, as far as the caller is a partner of them.
    fn continues(&self) -> Vec<Agreement<'a>> {
        self.it.continues.iter().filter_map(|id| Agreement::find(self.at, *id)).collect()
    }

    /// Why it ended.
    fn end_reason(&self) -> Option<Code> {
        self.it.end_reason.clone().map(Code)
    }
}

/// A service was described, or described anew.
#[Object]
impl<'a> ServiceDescribed<'a> {
    /// The title.
    fn title(&self) -> &str {
        self.it.title.as_str()
    }

    /// Who gives it.
    fn provider(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.provider)
    }

    /// The agreement under which it is given, if the caller is a partner of it.
    fn agreement(&self) -> Option<Agreement<'a>> {
        Agreement::find(self.at, self.it.agreement)
    }

    /// The kind of service.
    fn kind(&self) -> Code {
        Code(self.it.kind.clone())
    }

    /// Needs it serves.
    fn needs(&self) -> Vec<code::Need> {
        code::all(&self.it.needs)
    }

    /// Requirements it can serve.
    fn requirement_types(&self) -> Vec<code::RequirementType> {
        code::all(&self.it.requirement_types)
    }
}

/// The capacity of a service at a site was set.
#[Object]
impl CapacitySet<'_> {
    /// The site.
    fn site(&self) -> Code {
        Code(self.it.site.clone())
    }

    /// What is counted.
    fn unit(&self) -> code::Unit {
        self.it.unit.into()
    }

    /// How many; 0 closes.
    fn count(&self) -> u32 {
        self.it.count
    }

    /// First day.
    fn from(&self) -> Date {
        Date(self.it.from)
    }

    /// Last day, if there is one.
    fn to(&self) -> Option<Date> {
        self.it.to.map(Date)
    }

    /// Why.
    fn reason(&self) -> Option<Code> {
        self.it.reason.clone().map(Code)
    }
}
