//! Offences proven.

use async_graphql::{Object, SimpleObject};
use tallystick_domain::{event::OffenceProven, person::Recorded};

use super::{
    agency::Agency,
    code,
    context::At,
    scalar::{Code, Date},
};

/// An offence proven.
pub(crate) struct Offence<'a> {
    pub(crate) at: &'a At,
    pub(crate) it: &'a Recorded<OffenceProven>,
}

/// An offence of a person, proven.
#[Object]
impl<'a> Offence<'a> {
    /// The day of proof.
    fn proven_on(&self) -> Date {
        Date(self.it.on)
    }

    /// What was proven.
    #[graphql(flatten)]
    fn facts(&self) -> OffenceFacts {
        OffenceFacts::of(&self.it.facts)
    }

    /// Who recorded it.
    fn recorded_by(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.by)
    }
}

/// What was proven.
#[derive(SimpleObject)]
pub(crate) struct OffenceFacts {
    /// The day of the offence.
    offence_on: Date,
    /// How it was proven.
    how: code::ProofKind,
    /// Group of the offence.
    class: code::OffenceClass,
    /// Where that stands: the reference of a court or of the police.
    source: Code,
}

impl OffenceFacts {
    pub(crate) fn of(proven: &OffenceProven) -> Self {
        Self {
            offence_on: Date(proven.offence_on),
            how: proven.how.into(),
            class: proven.class.into(),
            source: Code(proven.source.clone()),
        }
    }
}
