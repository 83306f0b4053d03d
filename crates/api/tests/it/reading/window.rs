//! A second front door of a partnership's ledger, as the binary opens it, and clients before it.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tallystick_api::{Principal, Settings, TokenEntry, Tokens, run};
use tallystick_domain::Role;
use tallystick_ledger::Ledger;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{client_async, tungstenite::client::IntoClientRequest};

use crate::{
    command::partnership::{NOMS, OTHER_TRUST, WILLOWDENE, WMPT, Who, YSS},
    door::{Client, PROTOCOL, init, subscribe},
};

pub(crate) struct Window {
    address: String,
}

impl Window {
    pub(crate) async fn open(ledger: &Ledger) -> Self {
        let everybody = [NOMS, WMPT, OTHER_TRUST, YSS, WILLOWDENE].into_iter().flat_map(|agency| {
            Role::ALL.iter().map(move |role| {
                let token = token((agency, *role));
                TokenEntry::for_token(&token, "somebody", agency.to_string(), role.as_str())
            })
        });
        let tokens = Tokens::new(everybody, Principal::of).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let forever = Box::pin(std::future::pending());
        let serving = run(ledger.clone(), Box::new(tokens), listener, forever, Settings::default());
        tokio::spawn(serving);
        Self { address }
    }

    /// The whole answer to a document.
    pub(crate) async fn ask(&self, who: Who, document: &str, variables: &Value) -> Value {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let (_, reply) = self.send(who, "POST", "/graphql", &body).await;
        serde_json::from_str(&reply).unwrap_or_else(|_| panic!("no JSON: {reply}"))
    }

    /// The data of an answer without errors.
    pub(crate) async fn data(&self, who: Who, document: &str, variables: &Value) -> Value {
        let answer = self.ask(who, document, variables).await;
        assert!(answer["errors"].is_null(), "{document}: {answer}");
        answer["data"].clone()
    }

    /// The code of the first error of an answer.
    pub(crate) async fn refused(&self, who: Who, document: &str) -> String {
        let answer = self.ask(who, document, &json!({})).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        code.as_str().unwrap_or_else(|| panic!("{document} is answered: {answer}")).to_owned()
    }

    /// Status and body of a GET.
    pub(crate) async fn get(&self, who: Who, path: &str) -> (u16, String) {
        self.send(who, "GET", path, "").await
    }

    async fn send(&self, who: Who, method: &str, path: &str, body: &str) -> (u16, String) {
        // HTTP/1.0, so that a streamed answer comes without the marks between its chunks.
        let mut request = format!("{method} {path} HTTP/1.0\r\nHost: t\r\n");
        let _ = write!(
            request,
            "Authorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Accept: application/graphql-response+json\r\nContent-Length: {}\r\n\r\n{body}",
            token(who),
            body.len()
        );
        let mut connection = TcpStream::connect(&self.address).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        connection.read_to_string(&mut reply).await.unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// A WebSocket that the server has acknowledged.
    pub(crate) async fn socket(&self, who: Who) -> Client {
        let url = format!("ws://{}/graphql", self.address);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert(PROTOCOL.0, PROTOCOL.1.parse().unwrap());
        let connection = TcpStream::connect(&self.address).await.unwrap();
        let mut client = Client(client_async(request, connection).await.unwrap().0);
        client.send(&init(&token(who))).await;
        assert_eq!(client.receive().await, json!({"type": "connection_ack"}));
        client
    }

    /// A WebSocket that follows a document.
    pub(crate) async fn follow(&self, who: Who, document: &str) -> Client {
        let mut client = self.socket(who).await;
        client.send(&subscribe("1", document)).await;
        client
    }
}

fn token((agency, role): Who) -> String {
    format!("{agency}-{}", role.as_str())
}
