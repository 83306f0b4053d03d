//! One operation on a socket, as the stream of what to send for it.

use std::{sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use bytes::Bytes;
use futures_util::{
    FutureExt, StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::{Instant, sleep_until};

use crate::{
    answer::{Answer, errors_only},
    caller::Caller,
    errors::{Refused, RequestId},
    fanout::SharedLive,
    live::{CursorOf, Live, Pace, Source, TickKey},
    service::{Asked, Service},
};

/// What a socket sends for an operation, in order.
pub(crate) enum Event {
    /// The operation is live, and resumes from the cursors this writes.
    Live(Option<CursorOf>),
    /// A `next` with this payload.
    Next { payload: Bytes, key: Option<TickKey> },
    /// An `error` with this list; the operation is over.
    Error(Bytes),
    /// A `complete`; the operation is over.
    Complete,
}

/// The events of an operation. Dropping the stream ends the operation.
pub(crate) fn events<C: Caller>(
    service: Arc<Service<C>>,
    asked: Result<Asked<C>, Refused>,
) -> BoxStream<'static, Event> {
    async move {
        let id = RequestId::next();
        let started = match asked {
            Ok(asked) if asked.operation().kind == OperationType::Subscription => {
                follow(&service, asked, &id).await
            }
            Ok(asked) => service.answer(asked, &id).await.map(|answer| {
                let next = Event::Next { payload: answer.bytes, key: None };
                stream::iter([next, Event::Complete]).boxed()
            }),
            Err(refused) => Err(refused),
        };
        started.unwrap_or_else(|refused| failed(&service, &refused, &id))
    }
    .flatten_stream()
    .boxed()
}

fn failed<C: Caller>(
    service: &Service<C>,
    refused: &Refused,
    id: &RequestId,
) -> BoxStream<'static, Event> {
    service.metrics.refused(refused.code);
    let error = Event::Error(errors_only(refused, id));
    stream::once(async { error }).boxed()
}

async fn follow<C: Caller>(
    service: &Arc<Service<C>>,
    asked: Asked<C>,
    id: &RequestId,
) -> Result<BoxStream<'static, Event>, Refused> {
    let Live { source, pace, cursor_of } = service.open(&asked, id).await?;
    let shared = service.fanout.join(asked, pace, service.limits());
    let following = Following { service: Arc::clone(service), shared, source, over: false };
    service.metrics.live_opened.add(1);
    let shown = match pace {
        Pace::Every => stream::unfold(following, Following::every).boxed(),
        Pace::Latest(interval) => {
            let interval = interval.unwrap_or(service.limits().live_interval);
            let latest = Latest { following, interval, not_before: None, shown: None };
            stream::unfold(latest, Latest::next).boxed()
        }
    };
    Ok(stream::once(async { Event::Live(cursor_of) }).chain(shown).boxed())
}

/// A subscriber's own place in a shared live operation.
struct Following<C: Caller> {
    service: Arc<Service<C>>,
    shared: Arc<SharedLive<C>>,
    source: Source,
    over: bool,
}

impl<C: Caller> Following<C> {
    async fn every(mut self) -> Option<(Event, Self)> {
        if self.over {
            return None;
        }
        let event = match self.source.next().await {
            Some(Ok(tick)) => {
                let key = tick.key;
                let answer = self.shared.show(&self.service, tick).await;
                Event::Next { payload: answer.bytes, key: Some(key) }
            }
            Some(Err(refused)) => self.fail(&refused),
            None => self.complete(),
        };
        Some((event, self))
    }

    fn fail(&mut self, refused: &Refused) -> Event {
        self.over = true;
        self.service.metrics.refused(refused.code);
        Event::Error(errors_only(refused, &RequestId::next()))
    }

    fn complete(&mut self) -> Event {
        self.over = true;
        Event::Complete
    }
}

impl<C: Caller> Drop for Following<C> {
    fn drop(&mut self) {
        self.service.metrics.live_closed.add(1);
    }
}

/// A live query: the latest state, not too often, only when it differs.
struct Latest<C: Caller> {
    following: Following<C>,
    interval: Duration,
    not_before: Option<Instant>,
    shown: Option<Answer>,
}

impl<C: Caller> Latest<C> {
    async fn next(mut self) -> Option<(Event, Self)> {
        if self.following.over {
            return None;
        }
        loop {
            let mut tick = match self.following.source.next().await {
                Some(Ok(tick)) => tick,
                Some(Err(refused)) => {
                    let event = self.following.fail(&refused);
                    return Some((event, self));
                }
                None => {
                    let event = self.following.complete();
                    return Some((event, self));
                }
            };
            // Wait first, then look for later ticks: what is shown is the state after the wait.
            if let Some(instant) = self.not_before {
                sleep_until(instant).await;
            }
            let mut end = None;
            while let Some(ready) = self.following.source.next().now_or_never() {
                match ready {
                    Some(Ok(later)) => tick = later,
                    Some(Err(refused)) => end = Some(Some(refused)),
                    None => end = Some(None),
                }
                if end.is_some() {
                    break;
                }
            }
            if let Some(end) = end {
                // The last state is shown before the end is told.
                self.following.source = match end {
                    Some(refused) => stream::once(async { Err(refused) }).boxed(),
                    None => stream::empty().boxed(),
                };
            }
            self.not_before = Some(Instant::now() + self.interval);
            let key = tick.key;
            let answer = self.following.shared.show(&self.following.service, tick).await;
            if self.shown.as_ref().is_some_and(|shown| shown.says_the_same_as(&answer)) {
                continue;
            }
            let event = Event::Next { payload: answer.bytes.clone(), key: Some(key) };
            self.shown = Some(answer);
            return Some((event, self));
        }
    }
}
