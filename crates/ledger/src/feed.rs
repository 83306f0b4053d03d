//! One ordered stream from any position through history into live: every event that the scope may
//! see, once, in order. It never drops anything and keeps at most a page: a consumer that is slow
//! merely reads later.

use std::collections::VecDeque;
use std::sync::Arc;

use tallystick_domain::{CaseKey, Position, Record};
use tallystick_views::{Scope, Snapshot};
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::archive::{Archive, ReadError};
use crate::ledger::Ledger;
use crate::page::{Direction, Span, plan};

/// Records read at once.
const PAGE: usize = 256;
/// Positions looked at in one go, however few of them the scope sees.
const WINDOW: usize = 16_384;
/// A feed that falls behind by so much says anew when it has caught up.
const BEHIND: u64 = 4_096;

/// What a feed says.
#[derive(Clone, Debug)]
pub enum FeedItem {
    /// An event.
    Event(Arc<Record>),
    /// The record after `position` changes what the scope may see of these cases: what was shown
    /// of them is to be read anew. Comes before that record; a feed resumed from `position` says
    /// it again.
    ScopeChanged {
        /// Everything up to here has been said.
        position: Position,
        /// The cases.
        cases: Vec<CaseKey>,
    },
    /// There is nothing more for now.
    CaughtUp {
        /// Everything up to here has been said.
        position: Position,
    },
}

impl FeedItem {
    /// Where to resume after this item.
    pub fn position(&self) -> Position {
        match self {
            Self::Event(record) => record.envelope.position,
            Self::ScopeChanged { position, .. } | Self::CaughtUp { position } => *position,
        }
    }
}

/// Why a feed ends.
#[derive(Clone, Debug, Error)]
pub enum FeedError {
    /// Records could not be read. Resume from the last item's position.
    #[error("history cannot be read")]
    Reading(#[from] ReadError),
    /// The runtime is shutting down.
    #[error("the ledger is shutting down")]
    ShuttingDown,
}

/// A feed under way.
pub struct Feed {
    ledger: Ledger,
    scope: Scope,
    /// Everything up to here has been said or is in `ready`.
    at: Position,
    ready: VecDeque<FeedItem>,
    moves: watch::Receiver<Position>,
    /// Whether it has said that it is caught up.
    caught_up: bool,
    /// When it last said anything.
    said: Instant,
}

impl Feed {
    pub(crate) fn new(ledger: Ledger, scope: Scope, after: Position) -> Self {
        let moves = ledger.moves();
        let (ready, said) = (VecDeque::new(), Instant::now());
        Self { ledger, scope, at: after, ready, moves, caught_up: false, said }
    }

    /// The next item; waits for it. Dropped before its end, nothing is lost.
    ///
    /// # Errors
    /// [`FeedError`].
    pub async fn next(&mut self) -> Result<FeedItem, FeedError> {
        // Many items may be ready one after the other: others on this thread want a turn.
        tokio::task::consume_budget().await;
        loop {
            if let Some(item) = self.ready.pop_front() {
                self.said = Instant::now();
                return Ok(item);
            }
            let snapshot = self.ledger.snapshot();
            if snapshot.position() > self.at {
                self.advance(snapshot).await?;
                continue;
            }
            let silence = self.ledger.0.settings.caught_up_every;
            let deadline = self.said + silence;
            if self.caught_up && Instant::now() < deadline {
                let at = self.at;
                let arrival = self.moves.wait_for(|position| *position > at);
                match tokio::time::timeout_at(deadline, arrival).await {
                    Ok(Ok(_)) => continue,
                    Ok(Err(_)) => return Err(FeedError::ShuttingDown),
                    Err(_) => {}
                }
            }
            self.caught_up = true;
            self.said = Instant::now();
            return Ok(FeedItem::CaughtUp { position: self.at });
        }
    }

    /// Looks at the next positions up to those of a snapshot.
    async fn advance(&mut self, snapshot: Arc<Snapshot>) -> Result<(), FeedError> {
        let behind = snapshot.position().0 - self.at.0;
        if behind > BEHIND {
            self.caught_up = false;
        }
        let (scope, after) = (self.scope, self.at);
        let archive = Arc::clone(&self.ledger.0.archive);
        let page = match at_hand(&archive, &snapshot, scope, after) {
            Some(page) => page,
            // History is read where it blocks nobody.
            None => tokio::task::spawn_blocking(move || read(&archive, &snapshot, scope, after))
                .await
                .map_err(|_| FeedError::ShuttingDown)??,
        };
        self.at = page.upto;
        self.ready.extend(page.items);
        Ok(())
    }
}

struct FeedPage {
    items: Vec<FeedItem>,
    upto: Position,
}

/// The next page if all of its records are at hand: what a feed that keeps up finds.
fn at_hand(
    archive: &Archive,
    snapshot: &Snapshot,
    scope: Scope,
    after: Position,
) -> Option<FeedPage> {
    let last = snapshot.position().0.min(after.0 + PAGE as u64);
    let positions = (after.0 + 1..=last).map(Position);
    let records = positions.map(|position| archive.at_hand(position)).collect::<Option<_>>()?;
    Some(items(records, snapshot, scope, after, Position(last)))
}

/// The next page, read from the log.
fn read(
    archive: &Archive,
    snapshot: &Snapshot,
    scope: Scope,
    after: Position,
) -> Result<FeedPage, ReadError> {
    let span = Span { after, before: None };
    let mut positions = plan(snapshot, scope, span, Direction::OldestFirst, WINDOW);
    let whole = positions.len() < WINDOW;
    let end = snapshot.position();
    let mut upto = after;
    let mut records = Vec::new();
    positions.reverse();
    while !positions.is_empty() && records.len() < PAGE {
        let chunk = positions.split_off(positions.len().saturating_sub(PAGE));
        let chunk: Vec<_> = chunk.into_iter().rev().collect();
        let mut found = archive.passing(&chunk)?;
        upto = chunk[chunk.len() - 1];
        found.retain(|record| snapshot.sees(scope, record.envelope.stream));
        records.append(&mut found);
    }
    if positions.is_empty() && whole {
        upto = end;
    }
    Ok(items(records, snapshot, scope, after, upto))
}

/// Events that the scope sees, and changes of what it sees, in order.
fn items(
    records: Vec<Arc<Record>>,
    snapshot: &Snapshot,
    scope: Scope,
    after: Position,
    upto: Position,
) -> FeedPage {
    let mut changes = snapshot.scope_changes(scope, after);
    changes.retain(|(at, _)| *at <= upto);
    changes.sort_unstable();
    let mut changes = changes.into_iter().peekable();
    let mut items = Vec::with_capacity(records.len());
    for record in records {
        let position = record.envelope.position;
        while let Some(change) = changes.next_if(|(at, _)| *at <= position) {
            push_change(&mut items, change);
        }
        if snapshot.sees(scope, record.envelope.stream) {
            items.push(FeedItem::Event(record));
        }
    }
    for change in changes {
        push_change(&mut items, change);
    }
    FeedPage { items, upto }
}

fn push_change(items: &mut Vec<FeedItem>, (at, case): (Position, CaseKey)) {
    let before = Position(at.0 - 1);
    match items.last_mut() {
        Some(FeedItem::ScopeChanged { position, cases }) if *position == before => cases.push(case),
        _ => items.push(FeedItem::ScopeChanged { position: before, cases: vec![case] }),
    }
}
