//! Recording payments.

use async_graphql::{ID, InputObject};
use tallystick_domain::{
    Action, Origin,
    event::{PaymentRecorded, Term},
};

use super::{
    command::{Ask, Asked, ThingFields},
    reader::{Facts, Read, Reader},
};
use crate::schema::{
    code,
    scalar::{Date, Pence},
};

/// A payment under an agreement; `occurredOn` is the day.
#[derive(InputObject)]
pub(crate) struct RecordPaymentInput {
    #[graphql(flatten)]
    command: ThingFields,
    /// Under which agreement.
    agreement: ID,
    #[graphql(flatten)]
    paid: PaymentRecordedInput,
}

impl Ask for RecordPaymentInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |_, reader| {
            let agreement = reader.id("agreement", &self.agreement);
            let paid = self.paid.read(reader);
            Ok(Action::RecordPayment { agreement: agreement?, paid: paid? })
        })
    }
}

/// What was paid.
#[derive(InputObject)]
pub(crate) struct PaymentRecordedInput {
    /// Who paid; none for trading income, which comes from outside.
    payer: Option<ID>,
    /// Who was paid.
    payee: ID,
    /// How much.
    amount: Pence,
    /// What for.
    basis: code::PaymentBasis,
    /// First day that it is for.
    from: Date,
    /// Last day that it is for.
    to: Date,
    /// What was done for it: events of placements under the agreement, at most 500. Each is paid
    /// for once on a basis. Units and outcomes have to be cited.
    #[graphql(default)]
    evidence: Vec<ID>,
}

impl Facts for PaymentRecordedInput {
    type Facts = PaymentRecorded;

    fn read(&self, reader: &mut Reader) -> Read<PaymentRecorded> {
        let from_whom = reader.optional("payer", self.payer.as_ref(), Reader::id);
        let to_whom = reader.id("payee", &self.payee);
        let pence = reader.pence("amount", self.amount.0);
        let evidence = reader.each("evidence", &self.evidence, Reader::id);
        Ok(PaymentRecorded {
            payer: from_whom?,
            payee: to_whom?,
            pence: pence?,
            basis: self.basis.into(),
            period: Term { from: self.from.0, to: self.to.0 },
            evidence: evidence?,
        })
    }
}
