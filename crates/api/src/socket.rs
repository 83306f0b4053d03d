//! GraphQL over WebSocket, subprotocol graphql-transport-ws, by our own hand.
//!
//! One task for each socket, and nothing between it and the ledger: when the client does not read,
//! the task does not poll its sources, so nothing piles up anywhere.

use std::{collections::HashMap, future::pending, pin::Pin, sync::Arc, time::Duration};

use axum::{
    extract::{
        FromRequestParts,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{Method, header, request::Parts},
    response::Response,
};
use futures_util::{FutureExt, Sink, SinkExt, StreamExt, stream::BoxStream};
use tokio::{
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout, timeout_at},
};
use tokio_stream::StreamMap;

use crate::{
    answer::errors_only,
    caller::{Caller, Pass, bearer},
    envelope::Envelope,
    errors::{Code, Refused, RequestId},
    live::{CursorOf, TickKey},
    operation::{self, Event},
    service::Service,
    wire::{self, ClientMessage, Closing, Framing, SUBPROTOCOL},
};

pub(crate) fn is_handshake(parts: &Parts) -> bool {
    parts.method == Method::GET
        && parts
            .headers
            .get(header::UPGRADE)
            .is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers the handshake and leaves the socket to a task of its own.
///
/// # Errors
/// `FORBIDDEN` for a page of a foreign origin, `BAD_REQUEST` without our subprotocol,
/// `RATE_LIMITED` when too many sockets are open, `SHUTTING_DOWN`.
pub(crate) async fn accept<C: Caller>(
    service: &Arc<Service<C>>,
    parts: &mut Parts,
) -> Result<Response, Refused> {
    if let Some(origin) = parts.headers.get(header::ORIGIN)
        && !service.origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
    {
        return Err(Refused::new(Code::Forbidden, "pages of this origin may not connect"));
    }
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &())
        .await
        .map_err(|_| Refused::new(Code::BadRequest, "not a WebSocket handshake"))?;
    if !upgrade.requested_protocols().any(|protocol| protocol == SUBPROTOCOL) {
        return Err(Refused::new(Code::BadRequest, "speak the subprotocol graphql-transport-ws"));
    }
    let closing = service.closing();
    if *closing.borrow() {
        return Err(Refused::new(Code::ShuttingDown, "this node is stopping"));
    }
    let limits = service.limits();
    let Ok(permit) = Arc::clone(&service.sockets).try_acquire_owned() else {
        return Err(Refused::over(Code::RateLimited, "open sockets", limits.sockets));
    };
    let service = Arc::clone(service);
    Ok(upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(limits.body_bytes)
        .max_frame_size(limits.body_bytes)
        // Nothing is written before a batch is complete: one system call for many messages.
        .write_buffer_size(2 * limits.batch_bytes)
        .on_upgrade(async move |socket| {
            service.metrics.sockets_opened.add(1);
            Session::new(Arc::clone(&service), socket, closing).run().await;
            service.metrics.sockets_closed.add(1);
            drop(permit);
        }))
}

/// One socket.
struct Session<C: Caller> {
    service: Arc<Service<C>>,
    socket: WebSocket,
    closing: watch::Receiver<bool>,
    // Polled from a random start each time, so that a busy stream does not starve the others.
    operations: StreamMap<Arc<str>, BoxStream<'static, Event>>,
    outgoing: HashMap<Arc<str>, Outgoing>,
    // Bytes put on the socket since it was last known to have taken them all.
    unflushed: usize,
}

/// What is known of an operation on its way out.
struct Outgoing {
    framing: Framing,
    cursor_of: Option<CursorOf>,
    last: Option<TickKey>,
}

/// The end of a socket: a close frame to send, or nobody to send it to.
enum End {
    Close(Closing),
    Gone,
}

/// Why the socket's task woke.
enum Wake {
    Received(Option<Result<Message, axum::Error>>),
    Event(Arc<str>, Event),
    Ping,
    Recheck,
    Expired,
    Closing,
}

/// Who is at the other end, and the token by which that stays so.
struct Admitted<C> {
    caller: Arc<C>,
    token: String,
    /// When the token expires.
    until: Option<Instant>,
}

impl<C: Caller> Admitted<C> {
    fn new(pass: Pass<C>, token: &str) -> Self {
        let until = pass.left().and_then(|left| Instant::now().checked_add(left));
        Self { caller: pass.caller, token: token.to_owned(), until }
    }

    /// Whether the token still stands for the same, and until when.
    fn recheck(&mut self, service: &Service<C>) -> Result<(), End> {
        let pass = service.authenticate(&self.token);
        let same = pass.filter(|pass| pass.caller.scope_key() == self.caller.scope_key());
        let pass = same.ok_or(End::Close(Closing::Forbidden))?;
        *self = Self::new(pass, &self.token);
        Ok(())
    }

    async fn expired(&self) {
        match self.until {
            Some(until) => sleep_until(until).await,
            None => pending().await,
        }
    }
}

impl<C: Caller> Session<C> {
    fn new(service: Arc<Service<C>>, socket: WebSocket, closing: watch::Receiver<bool>) -> Self {
        Self {
            service,
            socket,
            closing,
            operations: StreamMap::new(),
            outgoing: HashMap::new(),
            unflushed: 0,
        }
    }

    async fn run(mut self) {
        let end = match self.init().await {
            Ok(admitted) => self.serve(admitted).await,
            Err(end) => end,
        };
        // Sources are let go before the farewell, which may take a while.
        self.operations.clear();
        if let End::Close(closing) = end {
            self.part(closing).await;
        }
    }

    /// Waits for `connection_init` and acknowledges it.
    async fn init(&mut self) -> Result<Admitted<C>, End> {
        let deadline = Instant::now() + self.service.limits().init_within;
        loop {
            let message = tokio::select! {
                received = timeout_at(deadline, self.socket.recv()) => match received {
                    Ok(received) => readable(received)?,
                    Err(_) => return Err(End::Close(Closing::InitTimeout)),
                },
                _ = self.closing.wait_for(|closing| *closing) => {
                    return Err(End::Close(Closing::ShuttingDown));
                }
            };
            let Some(text) = message else { continue };
            match self.understand(&text)? {
                ClientMessage::Init { authorization } => {
                    let admitted = authorization.as_deref().and_then(bearer).and_then(|token| {
                        self.service.authenticate(token).map(|pass| Admitted::new(pass, token))
                    });
                    let Some(admitted) = admitted else {
                        self.service.metrics.refused(Code::Unauthenticated);
                        return Err(End::Close(Closing::Forbidden));
                    };
                    self.put(wire::ack())?;
                    self.flush().await?;
                    return Ok(admitted);
                }
                ClientMessage::Ping => {
                    self.put(wire::pong())?;
                    self.flush().await?;
                }
                ClientMessage::Pong => {}
                ClientMessage::Subscribe { .. } | ClientMessage::Complete { .. } => {
                    return Err(End::Close(Closing::Unauthorised));
                }
            }
        }
    }

    async fn serve(&mut self, mut admitted: Admitted<C>) -> End {
        let limits = self.service.limits();
        let mut pings = every(limits.ping_every);
        let mut rechecks = every(limits.recheck_every);
        let mut silent_pings = 0;
        loop {
            let step = match self.wake(&mut pings, &mut rechecks, &admitted).await {
                Wake::Received(received) => {
                    silent_pings = 0;
                    self.receive(received, &admitted.caller)
                }
                Wake::Event(id, event) => {
                    self.deliver(&id, event).and_then(|()| self.deliver_what_is_ready())
                }
                // Two intervals without a word: the client is gone, whatever TCP believes.
                Wake::Ping if silent_pings == 2 => Err(End::Close(Closing::Silent)),
                Wake::Ping => {
                    silent_pings += 1;
                    self.put(wire::ping())
                }
                Wake::Recheck => admitted.recheck(&self.service),
                Wake::Expired => Err(End::Close(Closing::Forbidden)),
                Wake::Closing => Err(End::Close(Closing::ShuttingDown)),
            };
            let flushed = match step {
                Ok(()) => self.flush().await,
                Err(end) => Err(end),
            };
            if let Err(end) = flushed {
                return end;
            }
        }
    }

    async fn wake(
        &mut self,
        pings: &mut Interval,
        rechecks: &mut Interval,
        admitted: &Admitted<C>,
    ) -> Wake {
        tokio::select! {
            // First what may end the socket, so that a busy stream cannot put it off.
            biased;
            () = admitted.expired() => Wake::Expired,
            _ = rechecks.tick() => Wake::Recheck,
            _ = pings.tick() => Wake::Ping,
            _ = self.closing.wait_for(|closing| *closing) => Wake::Closing,
            received = self.socket.recv() => Wake::Received(received),
            Some((id, event)) = self.operations.next(), if !self.operations.is_empty() => {
                Wake::Event(id, event)
            }
        }
    }

    fn receive(
        &mut self,
        received: Option<Result<Message, axum::Error>>,
        caller: &Arc<C>,
    ) -> Result<(), End> {
        let Some(text) = readable(received)? else { return Ok(()) };
        match self.understand(&text)? {
            ClientMessage::Init { .. } => Err(End::Close(Closing::TooManyInits)),
            ClientMessage::Ping => self.put(wire::pong()),
            ClientMessage::Pong => Ok(()),
            ClientMessage::Complete { id } => {
                self.operations.remove(&*id);
                self.outgoing.remove(&*id);
                Ok(())
            }
            ClientMessage::Subscribe { id, payload } => {
                if self.outgoing.contains_key(&*id) {
                    return Err(End::Close(Closing::DuplicateId));
                }
                let limits = self.service.limits();
                let asked = if self.outgoing.len() >= limits.subscriptions {
                    Err(Refused::over(
                        Code::CostExceeded,
                        "operations on one socket",
                        limits.subscriptions,
                    ))
                } else {
                    Envelope::from_json(payload.get().as_bytes(), limits)
                        .and_then(|envelope| self.service.ask(caller, envelope))
                };
                let id: Arc<str> = id.into();
                let events = operation::events(Arc::clone(&self.service), asked);
                let framing = Framing::of(&id);
                self.outgoing
                    .insert(Arc::clone(&id), Outgoing { framing, cursor_of: None, last: None });
                self.operations.insert(id, events);
                Ok(())
            }
        }
    }

    fn understand<'a>(&self, text: &'a str) -> Result<ClientMessage<'a>, End> {
        ClientMessage::parse(text, self.service.limits().operation_id_bytes)
            .ok_or(End::Close(Closing::BadMessage))
    }

    /// Puts an operation's event on the socket, without waiting.
    fn deliver(&mut self, id: &Arc<str>, event: Event) -> Result<(), End> {
        let Some(outgoing) = self.outgoing.get_mut(id) else { return Ok(()) };
        let message = match event {
            Event::Live(cursor_of) => {
                outgoing.cursor_of = cursor_of;
                return Ok(());
            }
            Event::Next { payload, key } => {
                outgoing.last = key.or(outgoing.last);
                self.service.metrics.deliveries.add(1);
                outgoing.framing.next(&payload)
            }
            Event::Error(errors) => {
                let message = outgoing.framing.error(&errors);
                self.forget(id);
                message
            }
            Event::Complete => {
                let message = outgoing.framing.complete();
                self.forget(id);
                message
            }
        };
        self.put(message)
    }

    fn forget(&mut self, id: &Arc<str>) {
        self.operations.remove(id);
        self.outgoing.remove(id);
    }

    /// Fills the batch with what can be had without waiting: one flush for all of it.
    fn deliver_what_is_ready(&mut self) -> Result<(), End> {
        while self.unflushed < self.service.limits().batch_bytes && !self.operations.is_empty() {
            match self.operations.next().now_or_never() {
                Some(Some((id, event))) => self.deliver(&id, event)?,
                _ => break,
            }
        }
        Ok(())
    }

    /// Puts a message into the socket's buffer. The caller flushes before more than a batch is in
    /// it, so the sink need not be asked whether it is ready.
    fn put(&mut self, message: Message) -> Result<(), End> {
        self.unflushed += match &message {
            Message::Text(text) => text.as_str().len(),
            _ => 0,
        };
        Pin::new(&mut self.socket).start_send(message).map_err(|_| End::Gone)
    }

    /// Waits until the client has taken everything, as far as TCP can tell.
    async fn flush(&mut self) -> Result<(), End> {
        match timeout(self.service.limits().stall, self.socket.flush()).await {
            Ok(Ok(())) => {
                self.unflushed = 0;
                Ok(())
            }
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(Closing::SlowConsumer)),
        }
    }

    /// Says goodbye: to a slow consumer with the cursor of each of its streams. What it had not
    /// taken stays in front of that, so the cursor is right for whoever reads to the end.
    async fn part(mut self, closing: Closing) {
        if closing == Closing::SlowConsumer {
            self.service.metrics.refused(Code::SlowConsumer);
            for outgoing in std::mem::take(&mut self.outgoing).into_values() {
                let (Some(cursor_of), Some(last)) = (&outgoing.cursor_of, outgoing.last) else {
                    continue;
                };
                let refused = Refused::slow_consumer(&cursor_of(last));
                let errors = errors_only(&refused, &RequestId::next());
                if self.put(outgoing.framing.error(&errors)).is_err() {
                    return;
                }
            }
        }
        if self.put(closing.message()).is_err() {
            return;
        }
        // As long again as it had, and the connection is dropped.
        if self.flush().await.is_ok() {
            // Its own close frame ends the connection without a reset that could overtake ours.
            let answered = async {
                while self.socket.recv().await.is_some_and(|received| received.is_ok()) {}
            };
            let _ = timeout(self.service.limits().farewell, answered).await;
        }
    }
}

/// The text of a message; `None` for frames that WebSocket itself answers.
fn readable(
    received: Option<Result<Message, axum::Error>>,
) -> Result<Option<axum::extract::ws::Utf8Bytes>, End> {
    match received {
        Some(Ok(Message::Text(text))) => Ok(Some(text)),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => Err(End::Close(Closing::BadMessage)),
        Some(Ok(Message::Close(_))) | None => Err(End::Gone),
        Some(Err(error)) => {
            Err(if is_too_large(&error) { End::Close(Closing::TooLarge) } else { End::Gone })
        }
    }
}

/// axum hides tungstenite's error type; only its text tells a message over the limit from a
/// broken connection.
fn is_too_large(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
