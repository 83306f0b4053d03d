//! Offences proven.

use async_graphql::InputObject;
use tallystick_domain::{Action, Origin, event::OffenceProven};

use super::{
    command::{Ask, Asked, CaseFields},
    person::about_person,
    reader::{Facts, Read, Reader},
};
use crate::schema::{code, scalar::Date};

about_person! {
    /// An offence of a person; `occurredOn` is the day on which it was proven.
    RecordOffenceInput = RecordOffence { proven: OffenceProvenInput };
}

/// An offence proven.
#[derive(InputObject)]
pub(crate) struct OffenceProvenInput {
    /// The day of the offence.
    offence_on: Date,
    /// How it was proven.
    how: code::ProofKind,
    /// Group of the offence.
    class: code::OffenceClass,
    /// Where that stands, the reference of a court or of the police: a code.
    source: String,
}

impl Facts for OffenceProvenInput {
    type Facts = OffenceProven;

    fn read(&self, reader: &mut Reader) -> Read<OffenceProven> {
        let source = reader.code("source", &self.source);
        Ok(OffenceProven {
            offence_on: self.offence_on.0,
            how: self.how.into(),
            class: self.class.into(),
            source: source?,
        })
    }
}
