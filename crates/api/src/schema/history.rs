//! Events read back: of one thing, of a person, of everything that the caller sees.

use std::sync::Arc;

use async_graphql::Result;
use tallystick_domain::{Position, Record, StreamId};
use tallystick_ledger::{Direction, Span};

use super::{
    connection::Page,
    context::At,
    cursor::Cursor,
    event::{Event, EventConnection, Sieve},
};

/// Records read at once.
const STEP: usize = 128;
/// Records looked at for one page, at most. A page of a filter that little fits ends early, and the
/// walk goes on from there.
const SCAN_LIMIT: usize = 20_000;

/// Events of a thing that the caller holds.
///
/// # Errors
/// `INTERNAL`, when the log cannot be read.
pub(crate) async fn of_stream(at: &At, stream: StreamId, page: Page) -> Result<EventConnection> {
    let positions = at.view().positions(stream).unwrap_or_default().to_vec();
    of_streams(at, &[stream], &positions, page).await
}

/// Events of some streams of a case, of whose records these are the positions, in order.
///
/// # Errors
/// `INTERNAL`, when the log cannot be read.
pub(crate) async fn of_streams(
    at: &At,
    streams: &[StreamId],
    positions: &[Position],
    page: Page,
) -> Result<EventConnection> {
    let shown: Vec<_> = streams.iter().copied().filter(|stream| at.shows(*stream)).collect();
    walk(&Arc::new(at.clone()), positions, page, |record| shown.contains(&record.envelope.stream))
        .await
}

/// Reads records at these positions, in order, until the page is full.
async fn walk(
    at: &Arc<At>,
    positions: &[Position],
    page: Page,
    wanted: impl Fn(&Record) -> bool,
) -> Result<EventConnection> {
    let from = page.after.map_or(0, |after| positions.partition_point(|it| *it <= after.position));
    let to = page
        .before
        .map_or(positions.len(), |before| positions.partition_point(|it| *it < before.position));
    let positions = positions.get(from..to).unwrap_or_default();
    let mut walk = Walk::new(page);
    let mut read = 0;
    while read < positions.len() && !walk.is_over() {
        if read > 0 {
            // Cold records cost some microseconds a block: let others have their turn.
            tokio::task::yield_now().await;
        }
        let count = STEP.min(positions.len() - read);
        let chunk = if page.backwards {
            let end = positions.len() - read;
            &positions[end - count..end]
        } else {
            &positions[read..read + count]
        };
        read += count;
        let records = at.node.ledger().records(chunk)?;
        walk.take(records, &wanted);
    }
    Ok(walk.page(at))
}

/// Events of everything that the caller sees, as far as a filter lets them through.
///
/// # Errors
/// `INTERNAL`, when the log cannot be read.
pub(crate) async fn of_all(at: &Arc<At>, sieve: Sieve, page: Page) -> Result<EventConnection> {
    if let Some(streams) = sieve.streams() {
        return of_named(at, streams, &sieve, page).await;
    }
    let end = at.position.next();
    let span = Span {
        after: page.after.map_or(Position::ZERO, |after| after.position),
        before: Some(page.before.map_or(end, |before| before.position.min(end))),
    };
    let direction = if page.backwards { Direction::NewestFirst } else { Direction::OldestFirst };
    let wanted = move |record: &Record| sieve.lets_through(record);
    let found = at.node.ledger().page(at.scope, span, page.count, direction, wanted).await?;
    let event = |record: Arc<Record>| {
        let cursor = Cursor::from(record.envelope.position);
        (cursor, Event::new(Arc::clone(at), record))
    };
    Ok(page.of_met(found.records.into_iter().map(event).collect(), found.more, None))
}

/// Events of some things: their cases say where they are, so nothing else is read.
async fn of_named(
    at: &Arc<At>,
    streams: &[StreamId],
    sieve: &Sieve,
    page: Page,
) -> Result<EventConnection> {
    let held: Vec<_> = streams.iter().copied().filter(|stream| at.holds(*stream)).collect();
    let mut positions: Vec<Position> = Vec::new();
    for stream in &held {
        positions.extend(at.view().positions(*stream).unwrap_or_default());
    }
    positions.sort_unstable();
    positions.dedup();
    walk(at, &positions, page, |record| {
        held.contains(&record.envelope.stream) && sieve.lets_through(record)
    })
    .await
}

/// A page being filled.
struct Walk {
    page: Page,
    met: Vec<Arc<Record>>,
    looked_at: usize,
    last: Option<Position>,
    more: bool,
}

impl Walk {
    fn new(page: Page) -> Self {
        Self { page, met: Vec::new(), looked_at: 0, last: None, more: false }
    }

    fn is_over(&self) -> bool {
        self.more
    }

    /// Takes in the next records, given in the order of the log.
    fn take(&mut self, mut records: Vec<Arc<Record>>, wanted: impl Fn(&Record) -> bool) {
        if self.page.backwards {
            records.reverse();
        }
        for record in records {
            if self.met.len() == self.page.count || self.looked_at == SCAN_LIMIT {
                // Whether there is more that is wanted is known only by looking on.
                if self.looked_at == SCAN_LIMIT || wanted(&record) {
                    self.more = true;
                    return;
                }
            }
            self.looked_at += 1;
            self.last = Some(record.envelope.position);
            if wanted(&record) {
                self.met.push(record);
            }
        }
    }

    fn page(self, at: &Arc<At>) -> EventConnection {
        let cut = (self.more && self.looked_at == SCAN_LIMIT).then_some(self.last).flatten();
        let event = |record: Arc<Record>| {
            let cursor = Cursor::from(record.envelope.position);
            (cursor, Event::new(Arc::clone(at), record))
        };
        let met = self.met.into_iter().map(event).collect();
        self.page.of_met(met, self.more, cut.map(Cursor::from))
    }
}
