//! A caller over a WebSocket, in the subprotocol graphql-transport-ws.

use crate::client::Client;
use crate::load::position;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};
use tokio_tungstenite::{WebSocketStream, client_async};

/// No message takes longer; one that does has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// One socket. Dropping it is the client's going away without a word.
pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// The code with which the node closed it.
    closed: Option<u16>,
}

/// Everything recorded that the caller sees, from a cursor on.
const EVENT_STREAM: &str = "subscription ($after: String) { eventStream(after: $after) {
    __typename
    ... on EventRecorded { cursor event { id position type stream } }
    ... on CaughtUp { cursor live }
    ... on ScopeChanged { cursor cases }
} }";

impl Socket {
    /// Connects and is acknowledged.
    pub(crate) async fn open(caller: &Client) -> Self {
        Self::try_open(caller).await.expect("a node that is there")
    }

    /// Connects to a node that may be gone.
    pub(crate) async fn try_open(caller: &Client) -> Option<Self> {
        let mut request =
            format!("ws://{}/graphql", caller.address()).into_client_request().ok()?;
        let protocol = "graphql-transport-ws".parse().ok()?;
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let connection = TcpStream::connect(caller.address()).await.ok()?;
        connection.set_nodelay(true).ok()?;
        let stream = client_async(request, connection).await.ok()?.0;
        let mut socket = Self { stream, closed: None };
        let authorization = format!("Bearer {}", caller.token());
        let payload = json!({ "authorization": authorization });
        socket.send(&json!({ "type": "connection_init", "payload": payload })).await?;
        (socket.receive().await?["type"] == "connection_ack").then_some(socket)
    }

    /// Subscribes; what comes of it is read with [`next`](Self::next).
    pub(crate) async fn subscribe(&mut self, query: &str, variables: Value) -> Option<()> {
        let payload = json!({ "query": query, "variables": variables });
        self.send(&json!({ "id": "1", "type": "subscribe", "payload": payload })).await
    }

    /// Follows all events that the caller sees, after a cursor.
    pub(crate) async fn follow(&mut self, after: Option<&str>) -> Option<()> {
        self.subscribe(EVENT_STREAM, json!({ "after": after })).await
    }

    /// The next item of the event stream that was subscribed to.
    pub(crate) async fn item(&mut self) -> Option<Value> {
        Some(self.next().await?["eventStream"].take())
    }

    /// Positions of the events that come until there are no more for now.
    pub(crate) async fn positions_until_caught_up(&mut self) -> Vec<u64> {
        let mut seen = Vec::new();
        loop {
            let item = self.item().await.expect("an item");
            if item["__typename"] == "CaughtUp" {
                return seen;
            }
            seen.extend(recorded(&item));
        }
    }

    /// Positions of the events that come until the node closes it, the last cursor, and the code
    /// with which it does.
    pub(crate) async fn positions_until_closed(
        &mut self,
    ) -> (Vec<u64>, Option<String>, Option<u16>) {
        let (mut seen, mut cursor) = (Vec::new(), None);
        while let Some(item) = self.item().await {
            seen.extend(recorded(&item));
            cursor = item["cursor"].as_str().map(str::to_owned).or(cursor);
        }
        (seen, cursor, self.closed)
    }

    /// The `data` of the next answer; `None` when the node is gone.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            let mut message = self.receive().await?;
            match message["type"].as_str() {
                Some("next") => {
                    let answer = &mut message["payload"];
                    assert!(answer["errors"].is_null(), "{answer}");
                    return Some(answer["data"].take());
                }
                Some("ping") => self.send(&json!({ "type": "pong" })).await?,
                _ => panic!("no answer: {message}"),
            }
        }
    }

    /// The code with which the operation was refused, or `None` when it is answered.
    pub(crate) async fn refusal(&mut self) -> Option<String> {
        let message = self.receive().await.expect("a message");
        let code = message["payload"][0]["extensions"]["code"].as_str();
        (message["type"] == "error").then(|| code.expect("a code").to_owned())
    }

    async fn send(&mut self, message: &Value) -> Option<()> {
        self.stream.send(Message::text(message.to_string())).await.ok()
    }

    async fn receive(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.stream.next()).await.expect("a message")? {
                Ok(Message::Text(text)) => return serde_json::from_str(text.as_str()).ok(),
                Ok(Message::Close(frame)) => {
                    self.closed = frame.map(|frame| frame.code.into());
                    return None;
                }
                Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}

/// The position of the event that an item of the event stream is of, if it is of one.
fn recorded(item: &Value) -> Option<u64> {
    let event = &item["event"];
    (!event.is_null()).then(|| position(event))
}
