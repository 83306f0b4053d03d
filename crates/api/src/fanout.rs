//! Live work done once for everyone who would get the same bytes.
//!
//! Two subscribers with the same document, operation, variables and scope hold the same
//! [`SharedLive`]. Each has its own source, hence its own place in the stream; where they meet at
//! the same key, one executes and both get the same `Bytes`.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::{
    answer::Answer,
    caller::{Caller, ScopeKey},
    limits::Limits,
    live::{Pace, Tick, TickKey},
    service::{Asked, Service},
};

/// The live operations that somebody follows.
pub(crate) struct Fanout<C> {
    live: Mutex<Followed<C>>,
}

struct Followed<C> {
    by_key: HashMap<LiveKey, Weak<SharedLive<C>>>,
    sweep_at: usize,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct LiveKey {
    document: [u8; 32],
    operation: Option<Box<str>>,
    variables: Box<str>,
    scope: ScopeKey,
}

impl<C> Default for Fanout<C> {
    fn default() -> Self {
        Self { live: Mutex::new(Followed { by_key: HashMap::new(), sweep_at: 64 }) }
    }
}

impl<C: Caller> Fanout<C> {
    /// The shared side of this operation: the one that others hold already, or a new one.
    pub(crate) fn join(&self, asked: Asked<C>, pace: Pace, limits: &Limits) -> Arc<SharedLive<C>> {
        let operation = asked.operation();
        let key = LiveKey {
            document: asked.document.hash,
            operation: operation.name.as_deref().map(Into::into),
            variables: operation.canonical_variables(&asked.variables).into(),
            scope: asked.caller.scope_key(),
        };
        let mut live = self.live.lock();
        if let Some(shared) = live.by_key.get(&key).and_then(Weak::upgrade) {
            return shared;
        }
        if live.by_key.len() >= live.sweep_at {
            // Doubling the mark keeps the sweep a constant share of each opening.
            live.by_key.retain(|_, shared| shared.strong_count() > 0);
            live.sweep_at = 64.max(live.by_key.len() * 2);
        }
        let shared = Arc::new(SharedLive {
            asked,
            recent: Mutex::new(Recent {
                cells: HashMap::new(),
                order: VecDeque::new(),
                held_bytes: 0,
                most: match pace {
                    Pace::Every => limits.shared_payloads,
                    // Whoever is late wants the state of now, not the one before.
                    Pace::Latest(_) => 2,
                },
                most_bytes: limits.shared_bytes,
            }),
        });
        live.by_key.insert(key, Arc::downgrade(&shared));
        shared
    }
}

/// A live operation and the payloads it made last.
pub(crate) struct SharedLive<C> {
    // Of whoever came first; the scope key says that it might as well be any other follower.
    asked: Asked<C>,
    recent: Mutex<Recent>,
}

impl<C: Caller> SharedLive<C> {
    /// The payload of this tick: kept, being made by another subscriber, or made now.
    pub(crate) async fn show(&self, service: &Service<C>, tick: Tick) -> Answer {
        let cell = self.recent.lock().cell(tick.key);
        if let Some(answer) = cell.get() {
            return answer.clone();
        }
        let mut made = false;
        let answer = cell
            .get_or_init(|| {
                made = true;
                service.show(&self.asked, tick)
            })
            .await
            .clone();
        if made {
            self.recent.lock().made(answer.bytes.len());
        }
        answer
    }
}

struct Recent {
    cells: HashMap<TickKey, Arc<OnceCell<Answer>>>,
    order: VecDeque<TickKey>,
    held_bytes: usize,
    most: usize,
    most_bytes: usize,
}

impl Recent {
    fn cell(&mut self, key: TickKey) -> Arc<OnceCell<Answer>> {
        if let Some(cell) = self.cells.get(&key) {
            return Arc::clone(cell);
        }
        let cell = Arc::new(OnceCell::new());
        self.cells.insert(key, Arc::clone(&cell));
        self.order.push_back(key);
        while self.order.len() > self.most {
            self.forget_oldest();
        }
        cell
    }

    fn made(&mut self, bytes: usize) {
        // An upper bound: a cell forgotten while it was being made is counted until the map is
        // empty again.
        self.held_bytes += bytes;
        while self.held_bytes > self.most_bytes && !self.order.is_empty() {
            self.forget_oldest();
        }
        if self.order.is_empty() {
            self.held_bytes = 0;
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(cell) = self.order.pop_front().and_then(|key| self.cells.remove(&key)) {
            let bytes = cell.get().map_or(0, |answer| answer.bytes.len());
            self.held_bytes = self.held_bytes.saturating_sub(bytes);
        }
    }
}
