//! Setting agreements.

use async_graphql::{ID, InputObject};
use tallystick_domain::{
    Action, Origin, StreamKind,
    event::{AgreementSet, Price, Term, Threshold, YearValue},
    id::AgreementId,
};

use super::{
    command::{Ask, Asked, ThingFields},
    reader::{Facts, Read, Reader},
};
use crate::schema::{
    code,
    scalar::{Date, Pence},
};

/// An agreement to be proposed, begun, changed or ended.
#[derive(InputObject)]
pub(crate) struct SetAgreementInput {
    #[graphql(flatten)]
    command: ThingFields,
    /// Which agreement; leave it out for a new one, whose identifier the answer gives.
    agreement: Option<ID>,
    #[graphql(flatten)]
    set: AgreementSetInput,
}

impl Ask for SetAgreementInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |naming, reader| {
            let agreement = match &self.agreement {
                Some(id) => reader.id("agreement", id),
                None => naming.new_id(StreamKind::Agreement).map(AgreementId),
            };
            let set = self.set.read(reader);
            Ok(Action::SetAgreement { agreement: agreement?, set: set? })
        })
    }
}

/// The terms of an agreement, from `occurredOn` on.
#[derive(InputObject)]
pub(crate) struct AgreementSetInput {
    /// Its form.
    kind: code::AgreementKind,
    /// Its state.
    status: code::AgreementStatus,
    /// Who pays.
    funder: ID,
    /// Who leads.
    lead: ID,
    /// Who delivers under the lead.
    #[graphql(default)]
    subcontractors: Vec<ID>,
    /// The programme that it belongs to (a pilot, an innovation fund): a code.
    programme: Option<String>,
    /// How it was procured: a code.
    route: Option<String>,
    /// First day.
    starts_on: Date,
    /// Last day.
    ends_on: Date,
    /// What it is worth in each financial year.
    #[graphql(default)]
    values: Vec<YearValueInput>,
    /// Prices.
    #[graphql(default)]
    prices: Vec<PriceInput>,
    /// Measures that it is held to.
    #[graphql(default)]
    measures: Vec<ThresholdInput>,
    /// Agreements that it goes on from.
    #[graphql(default)]
    continues: Vec<ID>,
    /// Why it ends: a code.
    end_reason: Option<String>,
}

impl Facts for AgreementSetInput {
    type Facts = AgreementSet;

    fn read(&self, reader: &mut Reader) -> Read<AgreementSet> {
        let funder = reader.id("funder", &self.funder);
        let lead = reader.id("lead", &self.lead);
        let subs = reader.each("subcontractors", &self.subcontractors, Reader::id);
        let programme = reader.optional("programme", self.programme.as_deref(), Reader::code);
        let route = reader.optional("route", self.route.as_deref(), Reader::code);
        let value = reader.each("values", &self.values, Reader::facts);
        let prices = reader.each("prices", &self.prices, Reader::facts);
        let measures = reader.each("measures", &self.measures, Reader::facts);
        let continues = reader.each("continues", &self.continues, Reader::id);
        let end_reason = reader.optional("endReason", self.end_reason.as_deref(), Reader::code);
        Ok(AgreementSet {
            kind: self.kind.into(),
            status: self.status.into(),
            funder: funder?,
            lead: lead?,
            subs: subs?,
            programme: programme?,
            route: route?,
            term: Term { from: self.starts_on.0, to: self.ends_on.0 },
            value: value?,
            prices: prices?,
            measures: measures?,
            continues: continues?,
            end_reason: end_reason?,
        })
    }
}

/// A measure that an agreement is held to.
#[derive(InputObject)]
pub(crate) struct ThresholdInput {
    /// Code of the measure.
    code: String,
    /// Version of its definition.
    version: i32,
    /// The figure that is to be reached, in millionths.
    threshold: i32,
}

impl Facts for ThresholdInput {
    type Facts = Threshold;

    fn read(&self, reader: &mut Reader) -> Read<Threshold> {
        let measure = reader.code("code", &self.code);
        let version = reader.number("version", self.version);
        let ppm = reader.number("threshold", self.threshold);
        Ok(Threshold { measure: measure?, version: version?, ppm: ppm? })
    }
}

/// What an agreement is worth in a financial year.
#[derive(InputObject)]
pub(crate) struct YearValueInput {
    /// The year in which the financial year starts: 2008 is 1 April 2008 to 31 March 2009.
    year: i32,
    /// Its worth.
    value: Pence,
}

impl Facts for YearValueInput {
    type Facts = YearValue;

    fn read(&self, reader: &mut Reader) -> Read<YearValue> {
        let fy = reader.number("year", self.year);
        let pence = reader.pence("value", self.value.0);
        Ok(YearValue { fy: fy?, pence: pence? })
    }
}

/// The price of one unit.
#[derive(InputObject)]
pub(crate) struct PriceInput {
    /// The unit.
    unit: code::Unit,
    /// Its price.
    price: Pence,
}

impl Facts for PriceInput {
    type Facts = Price;

    fn read(&self, reader: &mut Reader) -> Read<Price> {
        let pence = reader.pence("price", self.price.0);
        Ok(Price { unit: self.unit.into(), pence: pence? })
    }
}
