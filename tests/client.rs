//! A caller over HTTP/1.1: one connection kept alive, bytes as they are.

use crate::command::Command;
use serde_json::{Value, json};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// No answer takes longer; one that does has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is asked about every refusal.
const REFUSALS: &str = "errors { __typename code message field step \
    ... on RuleViolation { rule } ... on NotPermitted { role } \
    ... on VersionConflict { stream expected current } \
    ... on CorrectionBreaksHistory { hiddenDependants \
        dependants { event type stream rule voidable } proposal { target } } }";
const RECEIPT: &str = "receipt { position first commit stream version recordedAt events }";

/// Somebody with a token.
pub(crate) struct Client {
    address: String,
    token: String,
    connection: Mutex<Option<BufReader<TcpStream>>>,
}

/// The same caller on a connection of its own.
impl Clone for Client {
    fn clone(&self) -> Self {
        Self::new(&self.address, &self.token)
    }
}

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// What a command came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told(pub(crate) Value);

impl Client {
    pub(crate) fn new(address: &str, token: &str) -> Self {
        let connection = Mutex::new(None);
        Self { address: address.to_owned(), token: token.to_owned(), connection }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A query that must be answered: its `data`.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        let reply = self.post(query, variables).await.expect("an answer");
        let mut answer = reply.json();
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].take()
    }

    /// Walks a whole list page by page: `events`, or one of the ledger's as `ledger.people`.
    pub(crate) async fn walk(&self, list: &str, fields: &str) -> Vec<Value> {
        let page = "(first: 100, after: $after)";
        let fields = format!("{{ nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }} }}");
        let selection = match list.split_once('.') {
            Some((root, list)) => format!("{root} {{ {list}{page} {fields} }}"),
            None => format!("{list}{page} {fields}"),
        };
        let query = format!("query ($after: String) {{ {selection} }}");
        let (mut found, mut after) = (Vec::new(), Value::Null);
        loop {
            let data = self.ask(&query, json!({ "after": after })).await;
            let page = list.split('.').fold(&data, |at, part| &at[part]);
            found.extend(page["nodes"].as_array().expect("a page").iter().cloned());
            if page["pageInfo"]["hasNextPage"] != true {
                return found;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    /// Gives a command.
    pub(crate) async fn tell(&self, command: &Command) -> Told {
        let told = self.try_tell(command).await.expect("an answer");
        told.unwrap_or_else(|reply| panic!("{command:?}: {reply:?}"))
    }

    /// Gives a command that must be accepted: its receipt.
    pub(crate) async fn done(&self, command: &Command) -> Value {
        let told = self.tell(command).await;
        assert_eq!(told.outcome(), "ACCEPTED", "{command:?}: {told:?}");
        told.receipt().clone()
    }

    /// Gives a command that opens something: the identifier of that.
    pub(crate) async fn opened(&self, command: &Command) -> String {
        self.done(command).await["stream"].as_str().expect("an identifier").to_owned()
    }

    /// Gives a command to a node that may be gone. `Ok(Err)` is an answer that says nothing about
    /// the command.
    pub(crate) async fn try_tell(&self, command: &Command) -> io::Result<Result<Told, Reply>> {
        let reply = self.give(command).await?;
        let mut answer = reply.json();
        if !answer["errors"].is_null() || answer["data"]["it"].is_null() {
            return Ok(Err(reply));
        }
        Ok(Ok(Told(answer["data"]["it"].take())))
    }

    /// Gives a command, and takes the answer as it is.
    pub(crate) async fn give(&self, command: &Command) -> io::Result<Reply> {
        let Command { name, input } = command;
        let (first, rest) = name.split_at(1);
        let of = format!("{}{rest}Input", first.to_ascii_uppercase());
        let document = format!(
            "mutation ($input: {of}!) {{ it: {name}(input: $input) {{ \
             outcome {RECEIPT} {REFUSALS} }} }}"
        );
        self.post(&document, json!({ "input": input })).await
    }

    /// A GraphQL request as it should be.
    pub(crate) async fn post(&self, query: &str, variables: Value) -> io::Result<Reply> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let media = "content-type: application/json\r\n\
            accept: application/graphql-response+json\r\n";
        self.request("POST", "/graphql", media, body.as_bytes()).await
    }

    /// Gets a path.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request("GET", path, "", b"").await.expect("an answer")
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> io::Result<Reply> {
        let mut slot = self.connection.lock().await;
        let mut connection = if let Some(connection) = slot.take() {
            connection
        } else {
            let connection = TcpStream::connect(&self.address).await?;
            connection.set_nodelay(true)?;
            BufReader::new(connection)
        };
        let Self { address, token, .. } = self;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             {headers}content-length: {}\r\n\r\n",
            body.len()
        );
        let request = [head.as_bytes(), body].concat();
        let exchange = async {
            connection.write_all(&request).await?;
            read(&mut connection).await
        };
        let reply = timeout(PATIENCE, exchange).await.map_err(io::Error::other)??;
        // A connection on which something went wrong is not used again.
        *slot = Some(connection);
        Ok(reply)
    }
}

async fn read(connection: &mut BufReader<TcpStream>) -> io::Result<Reply> {
    let ended = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let status = line(connection).await?;
    let status = status.split(' ').nth(1).and_then(|it| it.parse().ok()).ok_or_else(ended)?;
    let (mut length, mut chunked) = (0, false);
    loop {
        let header = line(connection).await?.to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse().map_err(io::Error::other)?;
        }
        chunked |= header == "transfer-encoding: chunked";
    }
    let mut body = Vec::new();
    if !chunked {
        body.resize(length, 0);
        connection.read_exact(&mut body).await?;
        return Ok(Reply { status, body });
    }
    loop {
        let size = line(connection).await?;
        let size = usize::from_str_radix(&size, 16).map_err(io::Error::other)?;
        let start = body.len();
        body.resize(start + size, 0);
        connection.read_exact(&mut body[start..]).await?;
        line(connection).await?;
        if size == 0 {
            return Ok(Reply { status, body });
        }
    }
}

async fn line(connection: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    connection.read_line(&mut line).await?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The code of its first error.
    pub(crate) fn code(&self) -> String {
        let answer = self.json();
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none").to_owned()
    }
}

impl Told {
    pub(crate) fn outcome(&self) -> &str {
        self.0["outcome"].as_str().expect("an outcome")
    }

    pub(crate) fn receipt(&self) -> &Value {
        &self.0["receipt"]
    }

    /// Identifiers of its events.
    pub(crate) fn events(&self) -> Vec<String> {
        let events = self.receipt()["events"].as_array().expect("accepted");
        events.iter().map(|id| id.as_str().expect("an identifier").to_owned()).collect()
    }

    /// Why it was refused: the rule, or else the kind of refusal.
    pub(crate) fn refusal(&self) -> &str {
        let error = &self.0["errors"][0];
        assert_eq!(self.outcome(), "REFUSED", "{self:?}");
        error["rule"].as_str().or(error["code"].as_str()).expect("a refusal")
    }
}
