//! A toy server on a free port, and clients that send exactly what they are told.

use std::{fmt::Write, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tallystick_api::{Limits, router, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::CloseFrame},
};

use crate::toy::{self, Ledger, TOKEN};

/// No wait of a test lasts longer; one that does has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Door {
    pub(crate) address: String,
    pub(crate) ledger: Ledger,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Door {
    pub(crate) async fn open() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let ledger = Ledger::new();
        let service = toy::service(&ledger, limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(listener, router(Arc::clone(&service)), service, async {
            let _ = stopped.await;
        }));
        Self { address, ledger, stop, serving }
    }

    /// Tells the server to stop; the handle ends when it has.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.serving
    }

    /// Sends these bytes and reads until the server closes.
    pub(crate) async fn raw(&self, request: impl AsRef<[u8]>) -> Reply {
        let mut connection = TcpStream::connect(&self.address).await.unwrap();
        // A server that refuses early may close before it has read everything.
        let _ = connection.write_all(request.as_ref()).await;
        let mut reply = Vec::new();
        let read = connection.read_to_end(&mut reply);
        let _ = timeout(PATIENCE, read).await.expect("an answer");
        Reply::parse(&reply)
    }

    /// Any request, with these header lines.
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[u8],
    ) -> Reply {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n");
        for header in headers {
            let _ = write!(request, "{header}\r\n");
        }
        let _ = write!(request, "Content-Length: {}\r\n\r\n", body.len());
        let mut request = request.into_bytes();
        request.extend_from_slice(body);
        self.raw(request).await
    }

    /// A POST as it should be.
    pub(crate) async fn post(&self, body: &Value) -> Reply {
        self.post_bytes(body.to_string().as_bytes()).await
    }

    pub(crate) async fn post_bytes(&self, body: &[u8]) -> Reply {
        let token = authorization(TOKEN);
        let headers = [
            token.as_str(),
            "Content-Type: application/json",
            "Accept: application/graphql-response+json",
        ];
        self.request("POST", "/graphql", &headers, body).await
    }

    pub(crate) async fn query(&self, query: &str) -> Reply {
        self.post(&json!({ "query": query })).await
    }

    pub(crate) async fn get(&self, query_string: &str) -> Reply {
        let token = authorization(TOKEN);
        let headers = [token.as_str(), "Accept: application/graphql-response+json"];
        self.request("GET", &format!("/graphql?{query_string}"), &headers, b"").await
    }

    /// The figure of this name (with its labels) in `/metrics`.
    pub(crate) async fn figure(&self, name: &str) -> u64 {
        let page = self.request("GET", "/metrics", &[], b"").await.text();
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {page}")).parse().unwrap()
    }

    /// Waits until that figure is this value.
    pub(crate) async fn figure_becomes(&self, name: &str, value: u64) {
        let becomes = async {
            while self.figure(name).await != value {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, becomes).await.unwrap_or_else(|_| panic!("{name} never became {value}"));
    }

    /// A WebSocket after its handshake, with these extra headers.
    pub(crate) async fn handshake(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<Client, tungstenite::Error> {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let connection = TcpStream::connect(&self.address).await.unwrap();
        Ok(Client(client_async(request, connection).await?.0))
    }

    /// A WebSocket that speaks the subprotocol and has said nothing yet.
    pub(crate) async fn socket(&self) -> Client {
        self.handshake(&[PROTOCOL]).await.unwrap()
    }

    /// A WebSocket that the server has acknowledged.
    pub(crate) async fn client(&self) -> Client {
        let mut client = self.socket().await;
        client.send(&init(TOKEN)).await;
        assert_eq!(client.receive().await, json!({"type": "connection_ack"}));
        client
    }
}

pub(crate) const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

pub(crate) fn authorization(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

pub(crate) fn init(token: &str) -> Value {
    json!({"type": "connection_init", "payload": {"authorization": format!("Bearer {token}")}})
}

pub(crate) fn subscribe(id: &str, query: &str) -> Value {
    json!({"id": id, "type": "subscribe", "payload": {"query": query}})
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or("none").to_owned()
    }
}

/// One WebSocket.
pub(crate) struct Client(pub(crate) WebSocketStream<TcpStream>);

impl Client {
    pub(crate) async fn send(&mut self, message: &Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// The next message of the protocol.
    pub(crate) async fn receive(&mut self) -> Value {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a message").expect("open").unwrap()
            {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Close(frame) => panic!("closed with {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next message about this operation; others are passed over.
    pub(crate) async fn receive_about(&mut self, id: &str) -> Value {
        loop {
            let message = self.receive().await;
            if message["id"] == id {
                return message;
            }
        }
    }

    /// The close frame, whatever comes before it.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        let closed = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                        break (code.into(), reason.to_string());
                    }
                    Some(Ok(_)) => {}
                    other => panic!("no close frame but {other:?}"),
                }
            }
        };
        timeout(PATIENCE, closed).await.expect("a close frame")
    }
}
