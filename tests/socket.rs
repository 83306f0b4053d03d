//! A caller over a WebSocket, in the subprotocol graphql-transport-ws.

use crate::client::Client;
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
pub(crate) struct Socket(WebSocketStream<TcpStream>);

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
        let mut socket = Self(client_async(request, connection).await.ok()?.0);
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
        self.0.send(Message::text(message.to_string())).await.ok()
    }

    async fn receive(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a message")? {
                Ok(Message::Text(text)) => return serde_json::from_str(text.as_str()).ok(),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
