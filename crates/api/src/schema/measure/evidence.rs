//! What one case adds to a figure.

use async_graphql::{ID, Object, Result};
use tallystick_views as views;

use crate::schema::{context::At, id, node::Node, scalar::Count};

/// What one case adds to a figure.
pub(crate) struct EvidenceRow<'a> {
    at: &'a At,
    it: views::EvidenceRow,
}

impl<'a> EvidenceRow<'a> {
    pub(crate) fn new(at: &'a At, it: views::EvidenceRow) -> Self {
        Self { at, it }
    }
}

/// What one case adds to a figure, and the events that put it in or out.
#[Object]
impl<'a> EvidenceRow<'a> {
    /// The person, agreement or agency.
    fn subject(&self) -> Option<Node<'a>> {
        Node::of_stream(self.at, self.it.case.stream()?)
    }

    /// What it adds to the numerator.
    fn numerator(&self) -> Count {
        Count(self.it.numerator.into())
    }

    /// What it adds to the denominator.
    fn denominator(&self) -> Count {
        Count(self.it.denominator.into())
    }

    /// The events that say so, in order.
    fn events(&self) -> Result<Vec<ID>> {
        let records = self.at.node.ledger().records(&self.it.events)?;
        Ok(records.iter().map(|record| id::show(record.envelope.event_id())).collect())
    }
}
