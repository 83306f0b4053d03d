//! Data quality: what is odd in what the caller holds.

use async_graphql::{ID, Object, Result};
use tallystick_domain::{EventId, anomaly};

use super::{
    code,
    connection::{Connection, listed},
    context::At,
    cursor::Cursor,
    id,
    node::Node,
    scalar::Position,
};

/// What is odd in what the caller holds.
pub(crate) struct DataQuality<'a> {
    pub(crate) at: &'a At,
}

/// What is odd in what the caller holds. Suppliers report late and with wrong times; a refusal
/// would only lose the truth, so oddities are recorded, and listed here while they hold.
#[Object]
impl<'a> DataQuality<'a> {
    /// Oddities, in the order of the records that they are about.
    async fn anomalies(
        &self,
        #[graphql(desc = "Only of this kind.")] kind: Option<code::AnomalyKind>,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Anomaly<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        let kind = kind.map(anomaly::AnomalyKind::from);
        let found = self.at.node.anomalies(self.at).await?;
        let range = page.range();
        let found: Vec<_> =
            found.iter().filter(|it| std::ops::RangeBounds::contains(&range, &it.at)).collect();
        Ok(page.take(found.into_iter(), |it| {
            let wanted = kind.is_none_or(|kind| it.kind == kind) && self.at.shows(it.stream);
            let anomaly = wanted.then_some(Anomaly { at: self.at, it: *it });
            (place(it), anomaly)
        }))
    }
}

/// Several oddities may be about one record: its kind tells them apart, counted from 1.
fn place(anomaly: &anomaly::Anomaly) -> Cursor {
    Cursor { position: anomaly.at, part: anomaly.kind as u16 + 1 }
}

/// Sorts oddities by place, and leaves one at each: a list walked by places can hold no more.
pub(crate) fn in_order(mut found: Vec<anomaly::Anomaly>) -> Vec<anomaly::Anomaly> {
    found.sort_unstable_by_key(|it| (place(it), *it));
    found.dedup_by_key(|it| place(it));
    found
}

/// An oddity and where it is.
pub(crate) struct Anomaly<'a> {
    at: &'a At,
    it: anomaly::Anomaly,
}

listed! { Anomaly<'_>: "AnomalyConnection", "AnomalyEdge"; }

/// An oddity and where it is.
#[Object]
impl<'a> Anomaly<'a> {
    /// What is odd.
    fn kind(&self) -> code::AnomalyKind {
        self.it.kind.into()
    }

    /// What it is about.
    fn subject(&self) -> Option<Node<'a>> {
        Node::of_stream(self.at, self.it.stream)
    }

    /// The record that is odd; that of the subject's beginning where no single one is.
    fn position(&self) -> Position {
        Position(self.it.at)
    }

    /// The event that is odd, by its identifier.
    fn event(&self) -> Result<Option<ID>> {
        let records = self.at.node.ledger().records(&[self.it.at])?;
        let event: Option<EventId> = records.first().map(|record| record.envelope.event_id());
        Ok(event.map(id::show))
    }
}
