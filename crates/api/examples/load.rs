//! What the front door costs: `cargo run --release -p tallystick-api --example load`.
//!
//! Client and server share the machine, as they do in `cargo xtask bench`, and each ratio has both
//! of its sides measured in the same run.

#[path = "toy/schema.rs"]
mod schema;

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_graphql::{Request, ValidationMode, parser::parse_query};
use axum::routing::post;
use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::json;
use tallystick_api::{Limits, router, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

const CONNECTIONS: usize = 16;
const SECONDS: Duration = Duration::from_secs(3);

const HOME: &str = "query Home($first: Int!) { home { referred accepted placed breached \
     referrals(first: $first) { id state need madeOn provider placements { id state } } } }";
const SMALL: &str = "query Small($first: Int!) { home { referred referrals(first: $first) \
     { id state need placements { id state } } } }";

#[tokio::main]
async fn main() -> tool::Result {
    stages();

    let ledger = schema::Ledger::new();
    let service = schema::service(&ledger, Limits::default());
    let bare = Bytes::from(vec![b'x'; 4096]);
    let app = router(Arc::clone(&service)).route("/bare", post(async move || bare.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(serve(listener, app, service, std::future::pending()));

    let ask = |query: &str, first: i32| {
        json!({"query": query, "variables": {"first": first}}).to_string()
    };
    let bare = requests_per_s(&address, "/bare", "{}").await?;
    println!("bare_4k_per_s            {bare:>10.0}");
    for (name, body) in [
        ("viewer", json!({"query": "{ viewer }"}).to_string()),
        ("small", ask(SMALL, 2)),
        ("home", ask(HOME, 20)),
    ] {
        let rate = requests_per_s(&address, "/graphql", &body).await?;
        println!("http_{name}_per_s {rate:>17.0}   ratio to bare {:.3}", rate / bare);
    }

    for text in [100, 500] {
        let rate = deliveries_per_s(&address, &ledger, 50, 20_000, text).await?;
        println!("deliveries_per_s ({text} bytes of text, 50 sockets) {rate:>10.0}");
    }
    let last = fanout(&address, &ledger, 1_000).await?;
    println!("fanout_1000_ms           {last:>10.1}");
    Ok(())
}

/// Errors of a tool are shown and end it.
mod tool {
    pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;
}

/// Microseconds of each stage of the home query, in process and on one core.
fn stages() {
    let ledger = schema::Ledger::new();
    let build = || schema::schema(&ledger);
    let strict = build().validation_mode(ValidationMode::Strict).finish();
    let fast = build().validation_mode(ValidationMode::Fast).finish();
    let variables = || async_graphql::Variables::from_json(json!({"first": 20}));
    let document = parse_query(HOME).expect("a document");
    let parsed = || {
        let mut request = Request::new("").variables(variables());
        request.set_parsed_query(document.clone());
        request
    };
    let run = |schema: &async_graphql::Schema<_, _, _>, request: Request| {
        schema.execute(request).now_or_never().expect("nothing waits")
    };
    let response = run(&fast, parsed());
    let size = serde_json::to_vec(&response).expect("JSON").len();
    println!("home query: {size} bytes");
    timed("parse", || parse_query(HOME).is_ok());
    timed("clone the parsed document", || document.clone());
    timed("parse, validate, execute", || run(&strict, Request::new(HOME).variables(variables())));
    timed("validate, execute", || run(&strict, parsed()));
    timed("execute (fast mode)", || run(&fast, parsed()));
    timed("serialise", || serde_json::to_vec(&response).map(|bytes| bytes.len()).ok());
    let logged = build().validation_mode(ValidationMode::Fast).extension(NoOp).finish();
    timed("execute with an extension that does nothing", || run(&logged, parsed()));
}

fn timed<T>(what: &str, mut step: impl FnMut() -> T) {
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let started = Instant::now();
        for _ in 0..100 {
            black_box(step());
        }
        best = best.min(started.elapsed() / 100);
    }
    println!("  {what:<46} {:>8.1} µs", best.as_secs_f64() * 1e6);
}

struct NoOp;

impl async_graphql::extensions::ExtensionFactory for NoOp {
    fn create(&self) -> Arc<dyn async_graphql::extensions::Extension> {
        Arc::new(Self)
    }
}

impl async_graphql::extensions::Extension for NoOp {}

async fn requests_per_s(address: &str, path: &str, body: &str) -> tool::Result<f64> {
    let request: Arc<[u8]> = format!(
        "POST {path} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer tally\r\n\
         Content-Type: application/json\r\nAccept: application/graphql-response+json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
    .into();
    let answered = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = TcpStream::connect(address).await?;
        connection.set_nodelay(true)?;
        let (request, answered) = (Arc::clone(&request), Arc::clone(&answered));
        clients.push(tokio::spawn(async move {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                connection.write_all(&request).await.expect("written");
                read_answer(&mut connection, &mut buffer).await;
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    tokio::time::sleep(SECONDS / 6).await;
    let (before, started) = (answered.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(SECONDS).await;
    let count = answered.load(Ordering::Relaxed) - before;
    let elapsed = started.elapsed();
    clients.iter().for_each(tokio::task::JoinHandle::abort);
    Ok(rate(count, elapsed))
}

#[expect(clippy::cast_precision_loss, reason = "a rate to be printed")]
fn rate(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

async fn read_answer(connection: &mut TcpStream, buffer: &mut [u8]) {
    let mut have = 0;
    let mut whole = usize::MAX;
    while have < whole {
        have += connection.read(&mut buffer[have..]).await.expect("an answer");
        if whole == usize::MAX
            && let Some(end) = buffer[..have].windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = std::str::from_utf8(&buffer[..end]).expect("a head").to_ascii_lowercase();
            assert!(head.starts_with("http/1.1 200"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            whole =
                end + 4 + length.and_then(|length| length.parse::<usize>().ok()).expect("a length");
        }
    }
}

type Socket = WebSocketStream<TcpStream>;

async fn subscriber(address: &str, query: &str) -> tool::Result<Socket> {
    let mut request = format!("ws://{address}/graphql").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse()?);
    let connection = TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    let (mut socket, _) = client_async(request, connection).await?;
    let init = json!({"type": "connection_init", "payload": {"authorization": "Bearer tally"}});
    socket.send(Message::text(init.to_string())).await?;
    let ack = socket.next().await.ok_or("closed")??;
    assert_eq!(ack.to_text()?, r#"{"type":"connection_ack"}"#);
    let subscribe = json!({"id": "1", "type": "subscribe", "payload": {"query": query}});
    socket.send(Message::text(subscribe.to_string())).await?;
    Ok(socket)
}

/// One busy stream, `sockets` subscribers, all in this process: until the last has the last event.
async fn deliveries_per_s(
    address: &str,
    ledger: &schema::Ledger,
    sockets: usize,
    events: u64,
    text_bytes: usize,
) -> tool::Result<f64> {
    let after = ledger.append("start");
    let query = format!("subscription {{ eventStream(after: \"c:{after}\") {{ cursor text }} }}");
    let mut readers = Vec::new();
    for _ in 0..sockets {
        let mut socket = subscriber(address, &query).await?;
        readers.push(tokio::spawn(async move {
            for _ in 0..events {
                let message = socket.next().await.expect("open").expect("a message");
                debug_assert!(message.is_text());
            }
        }));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let text = "x".repeat(text_bytes);
    let started = Instant::now();
    for _ in 0..events {
        ledger.append(&text);
        tokio::task::yield_now().await;
    }
    for reader in readers {
        reader.await?;
    }
    Ok(rate(events * sockets as u64, started.elapsed()))
}

/// Milliseconds from one commit until the last of many subscribers has it.
async fn fanout(address: &str, ledger: &schema::Ledger, sockets: usize) -> tool::Result<f64> {
    let after = ledger.append("start");
    let query = format!("subscription {{ eventStream(after: \"c:{after}\") {{ cursor text }} }}");
    let mut open = Vec::new();
    for _ in 0..sockets {
        open.push(subscriber(address, &query).await?);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut worst = Vec::new();
    for _ in 0..10 {
        let readers: Vec<_> = open
            .drain(..)
            .map(|mut socket| {
                tokio::spawn(async move {
                    socket.next().await.expect("open").expect("a message");
                    (socket, Instant::now())
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let started = Instant::now();
        ledger.append("now");
        let mut last = started;
        for reader in readers {
            let (socket, seen) = reader.await?;
            last = last.max(seen);
            open.push(socket);
        }
        worst.push((last - started).as_secs_f64() * 1e3);
    }
    worst.sort_by(f64::total_cmp);
    Ok(worst[worst.len() / 2])
}
