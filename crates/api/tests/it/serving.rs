//! The routes around GraphQL, and stopping.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::door::{Door, PATIENCE, subscribe};

#[tokio::test]
async fn the_front_page_lists_the_endpoints() {
    let door = Door::open().await;
    let text = door.request("GET", "/", &[], b"").await.text();
    for path in ["/graphql", "/health/readiness", "/info", "/metrics"] {
        assert!(text.contains(path), "{text}");
    }
    let html = door.request("GET", "/", &["Accept: text/html"], b"").await;
    assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
}

#[tokio::test]
async fn health_info_and_metrics_answer_without_a_token() {
    let door = Door::open().await;
    assert_eq!(door.request("GET", "/health/liveness", &[], b"").await.status, 200);
    assert_eq!(door.request("GET", "/health/readiness", &[], b"").await.text(), "ready\n");
    assert_eq!(door.request("GET", "/info", &[], b"").await.json(), json!({"version": "toy"}));
    door.query("{ viewer }").await;
    let count = "tallystick_request_duration_seconds_count{operation=\"query\"}";
    assert_eq!(door.figure(count).await, 1);
    assert_eq!(door.figure("toy_fold_lag_events").await, 0);
}

#[tokio::test]
async fn stopping_finishes_open_requests_and_closes_sockets() {
    let door = Door::open().await;
    let mut client = door.client().await;
    client.send(&subscribe("1", "subscription { ledger { position } }")).await;
    client.receive().await;
    let mut waiting = door.socket().await;

    let body = json!({"query": "{ waits(ms: 500) }"}).to_string();
    let mut open = TcpStream::connect(&door.address).await.unwrap();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer tally\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    open.write_all(request.as_bytes()).await.unwrap();
    // Read when this has been answered, on the same server.
    door.query("{ viewer }").await;

    let address = door.address.clone();
    let serving = door.stop();
    assert_eq!(client.closed().await, (1001, "SHUTTING_DOWN".into()));
    assert_eq!(waiting.closed().await.0, 1001, "one without init too");
    let mut reply = String::new();
    open.read_to_string(&mut reply).await.unwrap();
    assert!(reply.contains(r#"{"data":{"waits":500}}"#), "{reply}");
    serving.await.unwrap();
    assert!(TcpStream::connect(&address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn stopping_waits_for_sockets_to_part() {
    let hour = std::time::Duration::from_hours(1);
    let limits = tallystick_api::Limits {
        shutdown_grace: hour,
        farewell: hour,
        ..tallystick_api::Limits::default()
    };
    let door = Door::with(limits).await;
    let mut client = door.client().await;
    let serving = door.stop();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!serving.is_finished(), "the client has not answered the close frame yet");
    client.closed().await;
    drop(client);
    serving.await.unwrap();
}

#[tokio::test]
async fn stopping_waits_no_longer_than_its_grace() {
    let limits = tallystick_api::Limits {
        shutdown_grace: std::time::Duration::from_millis(200),
        ..tallystick_api::Limits::default()
    };
    let door = Door::with(limits).await;
    let address = door.address.clone();
    let hanging = tokio::spawn(async move {
        let body = json!({"query": "{ waits(ms: 3600000) }"}).to_string();
        let mut open = TcpStream::connect(&address).await.unwrap();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer tally\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        open.write_all(request.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        let _ = open.read_to_end(&mut reply).await;
    });
    door.query("{ viewer }").await;
    // The request would last an hour.
    tokio::time::timeout(std::time::Duration::from_secs(20), door.stop())
        .await
        .expect("the grace period ends")
        .unwrap();
    hanging.abort();
}

#[tokio::test]
async fn a_request_whose_head_does_not_arrive_in_time_ends_its_connection() {
    let limits = tallystick_api::Limits {
        head_within: std::time::Duration::from_millis(100),
        ..tallystick_api::Limits::default()
    };
    let door = Door::with(limits).await;
    let alive = "GET /health/liveness HTTP/1.1\r\nHost: t\r\n\r\n";
    for sent in ["", "GET /health/liveness HTTP/1.1\r\nHost: ", alive] {
        let mut slow = TcpStream::connect(&door.address).await.unwrap();
        slow.write_all(sent.as_bytes()).await.unwrap();
        let mut reply = String::new();
        let closed = slow.read_to_string(&mut reply);
        tokio::time::timeout(PATIENCE, closed).await.expect("it is closed").unwrap();
        assert_eq!(reply.ends_with("alive\n"), sent == alive, "{reply}");
    }
    // What takes long to answer has its time: the head had arrived.
    let reply = door.query("{ waits(ms: 400) }").await;
    assert_eq!(reply.json()["data"]["waits"], 400);
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_closed() {
    let limits = tallystick_api::Limits { connections: 2, ..tallystick_api::Limits::default() };
    let door = Door::with(limits).await;
    let request = b"GET /health/liveness HTTP/1.1\r\nHost: t\r\n\r\n";
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut connection = TcpStream::connect(&door.address).await.unwrap();
        connection.write_all(request).await.unwrap();
        let mut first = [0; 12];
        connection.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        kept.push(connection);
    }
    let mut third = TcpStream::connect(&door.address).await.unwrap();
    let mut reply = String::new();
    let closed = third.read_to_string(&mut reply);
    tokio::time::timeout(PATIENCE, closed).await.expect("it is closed").unwrap();
    assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("retry-after: 1"), "{reply}");
    // A socket has left HTTP behind and makes room for the next.
    drop(kept);
    let sockets = [door.socket().await, door.socket().await, door.socket().await];
    assert_eq!(door.figure("tallystick_connections_refused_total").await, 1);
    drop(sockets);
}
