//! What can be followed live.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, Error, ID, Result, SimpleObject, Subscription, Union};
use futures_util::{Stream, StreamExt, stream};
use tallystick_domain::{self as domain, CaseKey, Record};
use tallystick_ledger::{Feed, FeedError, FeedItem, Ledger as LedgerHandle};
use tallystick_views::{Scope, Snapshot};
use tokio::sync::watch;

use super::{
    context::{At, at},
    cursor::UnknownCursor,
    event::{Event, EventFilter, Sieve},
    id,
    ledger::Ledger,
    query::PATIENCE,
    scalar::Date,
};
use crate::{
    answer::Notes,
    errors::{Code, Refused},
    live::{Live, LiveSlot, Tick, TickKey},
    principal::Principal,
};

/// Events that a filter leaves out before a stream says where it is all the same.
const SILENCE: u32 = 4_096;
/// Milliseconds of an hour.
const HOUR_MS: i64 = 60 * 60 * 1000;

/// What can be followed live.
pub(crate) struct Subscription;

/// What can be followed live.
#[Subscription]
impl Subscription {
    /// Every event that the caller sees, once, in order: first the history after `after`, then
    /// what is recorded from now on.
    async fn event_stream(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only events after this place; without it, from the first. One that \
            this node has not reached is waited for, up to five seconds; then BEHIND.")]
        after: Option<String>,
        #[graphql(desc = "Only these.")] filter: Option<EventFilter>,
    ) -> Result<impl Stream<Item = StreamItem> + use<>> {
        let at = Arc::clone(at(ctx)?);
        let origin = at.origin;
        let items = ctx.data::<Arc<LiveSlot>>()?.stream::<Said, Error>(async {
            let after = after.map(|text| origin.read(&text)).transpose();
            let after = after.map_err(|_| UnknownCursor::error())?;
            let after = after.unwrap_or_default().position;
            let ledger = at.node.ledger();
            if let Err(behind) = ledger.wait_for(after, PATIENCE).await {
                return Err(Code::Behind.error(behind.to_string()));
            }
            let sieve = Sieve::from(filter.unwrap_or_default());
            let ticks = follow(ledger, at.scope, after, sieve);
            Ok(Live::every(ticks)
                .resumable(move |key| origin.write(domain::Position(key.0).into())))
        });
        let items = items.await?;
        Ok(items.map(move |said| StreamItem::of(said, &at)))
    }

    /// The ledger as it is now: the selection is answered again whenever something that matters to
    /// the caller has changed, and at midnight, and sent if it says something else than before.
    async fn ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day for everything that depends on one; without it, the ledger's \
            today in Europe/London.")]
        on: Option<Date>,
    ) -> Result<impl Stream<Item = Ledger> + use<>> {
        let at = Arc::clone(at(ctx)?);
        let on = on.map(|on| on.0);
        let states = ctx.data::<Arc<LiveSlot>>()?.stream::<Now, Error>(async {
            Ok(Live::latest(changes(at.node.ledger().clone(), at.scope, on)))
        });
        let states = states.await?;
        let principal = Arc::clone(ctx.data::<Arc<Principal>>()?);
        let notes = ctx.data::<Notes>()?.clone();
        Ok(states.map(move |now| {
            let shown = At::head(&at.node, &principal, now.snapshot, now.on);
            shown.cite(&notes);
            Ledger::new(Arc::new(shown))
        }))
    }
}

/// One item of a stream of events.
#[derive(Clone)]
enum Said {
    Event(Arc<Record>),
    ScopeChanged { after: domain::Position, cases: Arc<[CaseKey]> },
    CaughtUp { after: domain::Position, live: bool },
}

impl Said {
    fn tick(self) -> Tick {
        let key = match &self {
            Self::Event(record) => TickKey(record.envelope.position.0, 0),
            Self::ScopeChanged { after, .. } => TickKey(after.0, 1),
            Self::CaughtUp { after, live } => TickKey(after.0, 2 + u64::from(*live)),
        };
        Tick::new(key, self)
    }
}

/// What a stream of events says, in order.
#[derive(Union)]
pub(crate) enum StreamItem {
    /// An event.
    EventRecorded(EventRecorded),
    /// The audience of cases has changed.
    ScopeChanged(ScopeChanged),
    /// Nothing more for now.
    CaughtUp(CaughtUp),
}

/// An event was recorded.
#[derive(SimpleObject)]
pub(crate) struct EventRecorded {
    /// The event.
    event: Event,
    /// Where to resume after it.
    cursor: String,
}

/// What the caller may see of some cases changes with the next event: what was shown of them is to
/// be read anew.
#[derive(SimpleObject)]
pub(crate) struct ScopeChanged {
    /// The people, agreements and agencies whose cases they are. Some may be out of sight now.
    cases: Vec<ID>,
    /// Where to resume after it.
    cursor: String,
}

/// Everything up to here has been said. Comes when the stream has caught up with the ledger, at
/// least every 15 seconds after that, and now and then while a filter leaves out a long history.
#[derive(SimpleObject)]
pub(crate) struct CaughtUp {
    /// Where to resume.
    cursor: String,
    /// Whether the stream has caught up: what follows is said as it is recorded.
    live: bool,
}

impl StreamItem {
    fn of(said: Said, at: &Arc<At>) -> Self {
        let cursor = |position: domain::Position| at.origin.write(position.into());
        match said {
            Said::Event(record) => Self::EventRecorded(EventRecorded {
                cursor: cursor(record.envelope.position),
                event: Event::new(Arc::clone(at), record),
            }),
            Said::ScopeChanged { after, cases } => Self::ScopeChanged(ScopeChanged {
                cases: cases.iter().filter_map(|case| case.stream()).map(id::show).collect(),
                cursor: cursor(after),
            }),
            Said::CaughtUp { after, live } => {
                Self::CaughtUp(CaughtUp { cursor: cursor(after), live })
            }
        }
    }
}

/// The ticks of a stream of events.
fn follow(
    ledger: &LedgerHandle,
    scope: Scope,
    after: domain::Position,
    sieve: Sieve,
) -> impl Stream<Item = Result<Tick, Refused>> + Send + use<> {
    let feed = ledger.feed(scope, after);
    let following = Following { ledger: ledger.clone(), scope, feed, sieve, silent: 0 };
    stream::unfold(Some(following), async |following| {
        let mut following = following?;
        match following.next().await {
            Ok(said) => Some((Ok(said.tick()), Some(following))),
            Err(error) => Some((Err(refused(&error)), None)),
        }
    })
}

struct Following {
    ledger: LedgerHandle,
    scope: Scope,
    feed: Feed,
    sieve: Sieve,
    /// Events left out since something was said.
    silent: u32,
}

impl Following {
    async fn next(&mut self) -> Result<Said, FeedError> {
        loop {
            match self.feed.next().await? {
                FeedItem::Event(record) => {
                    // Read a page ago: who may see it is asked again now.
                    let stream = record.envelope.stream;
                    let shown = self.sieve.lets_through(&record)
                        && self.ledger.snapshot().sees(self.scope, stream);
                    if shown {
                        self.silent = 0;
                        return Ok(Said::Event(record));
                    }
                    self.silent += 1;
                    if self.silent == SILENCE {
                        self.silent = 0;
                        let after = record.envelope.position;
                        return Ok(Said::CaughtUp { after, live: false });
                    }
                }
                FeedItem::ScopeChanged { position, cases } => {
                    return Ok(Said::ScopeChanged { after: position, cases: cases.into() });
                }
                FeedItem::CaughtUp { position } => {
                    self.silent = 0;
                    return Ok(Said::CaughtUp { after: position, live: true });
                }
            }
        }
    }
}

fn refused(error: &FeedError) -> Refused {
    match error {
        FeedError::ShuttingDown => Refused::new(Code::ShuttingDown, "the ledger is shutting down"),
        FeedError::Reading(_) => {
            tracing::error!(error = %error, "a stream of events ends");
            Refused::new(Code::Internal, "internal error")
        }
    }
}

/// A state of the ledger worth showing to a scope.
#[derive(Clone)]
struct Now {
    snapshot: Arc<Snapshot>,
    on: domain::Date,
}

/// The ticks of a live query: the state of now, and again whenever it matters to the scope.
fn changes(
    ledger: LedgerHandle,
    scope: Scope,
    on: Option<domain::Date>,
) -> impl Stream<Item = Result<Tick, Refused>> + Send + use<> {
    let moves = ledger.moves();
    let watching = Watching { ledger, moves, scope, on, shown: None };
    stream::unfold(watching, async |mut watching| {
        let tick = watching.next().await?;
        Some((Ok(tick), watching))
    })
}

struct Watching {
    ledger: LedgerHandle,
    moves: watch::Receiver<domain::Position>,
    scope: Scope,
    on: Option<domain::Date>,
    shown: Option<TickKey>,
}

impl Watching {
    async fn next(&mut self) -> Option<Tick> {
        loop {
            // Before the snapshot is taken: a move after it is not missed.
            self.moves.borrow_and_update();
            let snapshot = self.ledger.snapshot();
            let now = self.ledger.now();
            let on = self.on.unwrap_or(now.today);
            let changed = snapshot.changed(self.scope);
            let key = TickKey(changed.0, u64::from(on.days().cast_unsigned()));
            if self.shown != Some(key) {
                self.shown = Some(key);
                return Some(Tick::new(key, Now { snapshot, on }));
            }
            // Midnight in London is a full hour everywhere. A clock that stands still is asked
            // again and again, at most an hour apart.
            let rest = HOUR_MS - now.recorded_at.rem_euclid(HOUR_MS);
            let hour = Duration::from_millis(rest.unsigned_abs());
            tokio::select! {
                moved = self.moves.changed() => moved.ok()?,
                () = tokio::time::sleep(hour) => {}
            }
        }
    }
}
