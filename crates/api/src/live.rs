//! Live operations: how a subscription resolver says what to follow.
//!
//! A resolver does not stream. It finds a [`LiveSlot`] in its context and opens a *source* there:
//! a stream of ticks, each naming a state of the ledger worth showing. The transport waits for the
//! ticks and executes the operation's selection once for each, with the tick's item, for all
//! callers who would get the same bytes.
//!
//! ```text
//! async fn event_stream(&self, ctx: &Context<'_>, after: Option<String>)
//!     -> Result<impl Stream<Item = StreamItem>>
//! {
//!     let slot = ctx.data::<Arc<LiveSlot>>()?;
//!     slot.stream(async { let from = parse(after)?; Ok(Live::every(follow(from))) }).await
//! }
//! ```

use std::{any::Any, fmt, pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use parking_lot::Mutex;

use crate::errors::{Code, Refused};

/// Names a state within one live operation: equal keys of equal operations show equal bytes.
/// For a stream of events the event's position; for a live query the change counter of the
/// caller's scope (and the day, where the answer depends on it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TickKey(pub u64, pub u64);

/// One thing to show.
#[derive(Clone)]
pub struct Tick {
    pub(crate) key: TickKey,
    pub(crate) item: Item,
}

pub(crate) type Item = Arc<dyn Any + Send + Sync>;

impl Tick {
    /// `item` is what the resolver's stream yields while this tick is shown.
    pub fn new<T: Any + Send + Sync>(key: TickKey, item: T) -> Self {
        Self { key, item: Arc::new(item) }
    }
}

impl fmt::Debug for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tick({}, {})", self.key.0, self.key.1)
    }
}

/// The ticks of one subscriber, in order. An error ends it: the subscriber gets it as the
/// operation's `error` message. The source is polled only when the socket has room.
pub type Source = Pin<Box<dyn Stream<Item = Result<Tick, Refused>> + Send>>;

/// The cursor from which a subscriber resumes after the tick with this key.
pub type CursorOf = Arc<dyn Fn(TickKey) -> String + Send + Sync>;

/// What a resolver opens.
pub struct Live {
    pub(crate) source: Source,
    pub(crate) pace: Pace,
    pub(crate) cursor_of: Option<CursorOf>,
}

/// Which ticks are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Every one, in order.
    Every,
    /// The latest, at most one in this time (`None`: as the server's limits say), and only when
    /// its bytes differ from what was shown last. The last state is always shown.
    Latest(Option<Duration>),
}

impl Live {
    /// Shows every tick, in order, never dropping one.
    pub fn every(source: impl Stream<Item = Result<Tick, Refused>> + Send + 'static) -> Self {
        Self { source: Box::pin(source), pace: Pace::Every, cursor_of: None }
    }

    /// Shows the latest state: coalesced, and silent when nothing the selection shows has changed.
    pub fn latest(source: impl Stream<Item = Result<Tick, Refused>> + Send + 'static) -> Self {
        Self { source: Box::pin(source), pace: Pace::Latest(None), cursor_of: None }
    }

    /// Sets the least time between two answers of a [`Live::latest`], instead of the default.
    #[must_use]
    pub fn at_most_every(mut self, interval: Duration) -> Self {
        if let Pace::Latest(least) = &mut self.pace {
            *least = Some(interval);
        }
        self
    }

    /// Tells how a key is written as a cursor, so that a consumer that was too slow is told where
    /// to resume.
    #[must_use]
    pub fn resumable(
        mut self,
        cursor_of: impl Fn(TickKey) -> String + Send + Sync + 'static,
    ) -> Self {
        self.cursor_of = Some(Arc::new(cursor_of));
        self
    }
}

/// Where a subscription resolver meets the transport.
pub struct LiveSlot(Mutex<State>);

enum State {
    /// The operation is being opened; nothing is shown yet.
    Opening(Option<Live>),
    /// One tick is being shown.
    Showing(Item),
}

impl LiveSlot {
    pub(crate) fn opening() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State::Opening(None))))
    }

    pub(crate) fn showing(item: Item) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State::Showing(item))))
    }

    /// What the resolver opened.
    pub(crate) fn take(&self) -> Option<Live> {
        match &mut *self.0.lock() {
            State::Opening(live) => live.take(),
            State::Showing(_) => None,
        }
    }

    /// The stream for a resolver to return. While the operation is opened this calls `open` and
    /// yields nothing; while a tick is shown it yields that tick's item.
    ///
    /// # Errors
    /// What `open` answers; `INTERNAL` when a tick's item is no `T`.
    pub async fn stream<T, E>(
        &self,
        open: impl Future<Output = Result<Live, E>>,
    ) -> Result<stream::Iter<std::option::IntoIter<T>>, async_graphql::Error>
    where
        T: Clone + Any + Send + Sync,
        E: Into<async_graphql::Error>,
    {
        let shown = match &*self.0.lock() {
            State::Opening(_) => None,
            State::Showing(item) => Some(Arc::clone(item)),
        };
        let Some(item) = shown else {
            let live = open.await.map_err(Into::into)?;
            *self.0.lock() = State::Opening(Some(live));
            return Ok(stream::iter(None));
        };
        let item = item.downcast_ref::<T>().cloned();
        item.map(|item| stream::iter(Some(item)))
            .ok_or_else(|| Code::Internal.error("a tick of another type"))
    }
}
