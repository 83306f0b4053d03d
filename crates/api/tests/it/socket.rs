//! graphql-transport-ws: every close code, raw frames.

use std::time::Duration;

use serde_json::{Value, json};
use tallystick_api::Limits;
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::door::{Client, Door, PROTOCOL, init, subscribe};

async fn closed_after(door: &Door, messages: &[Value]) -> u16 {
    let mut client = door.socket().await;
    for message in messages {
        client.send(message).await;
    }
    client.closed().await.0
}

fn refused_with(handshake: Result<Client, Error>) -> u16 {
    match handshake.err().expect("a refusal") {
        Error::Http(response) => response.status().as_u16(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn the_token_in_connection_init_is_acknowledged() {
    let door = Door::open().await;
    let mut client = door.client().await;
    client.send(&json!({"type": "ping"})).await;
    assert_eq!(client.receive().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn a_wrong_or_missing_token_closes_4403() {
    let door = Door::open().await;
    for message in [
        init("wrong"),
        json!({"type": "connection_init"}),
        json!({"type": "connection_init", "payload": null}),
        json!({"type": "connection_init", "payload": {"authorization": "tally"}}),
    ] {
        assert_eq!(closed_after(&door, std::slice::from_ref(&message)).await, 4403, "{message}");
    }
}

#[tokio::test]
async fn no_init_in_time_closes_4408() {
    let limits = Limits { init_within: Duration::from_millis(50), ..Limits::default() };
    assert_eq!(closed_after(&Door::with(limits).await, &[]).await, 4408);
}

#[tokio::test]
async fn pings_do_not_put_off_the_init_deadline() {
    let limits = Limits { init_within: Duration::from_millis(100), ..Limits::default() };
    let door = Door::with(limits).await;
    let mut client = door.socket().await;
    let closed = loop {
        client.send(&json!({"type": "ping"})).await;
        let closed = tokio::time::timeout(Duration::from_millis(10), client.closed()).await;
        if let Ok(closed) = closed {
            break closed;
        }
    };
    assert_eq!(closed.0, 4408);
}

#[tokio::test]
async fn subscribing_before_the_ack_closes_4401() {
    let door = Door::open().await;
    assert_eq!(closed_after(&door, &[subscribe("1", "{ viewer }")]).await, 4401);
}

#[tokio::test]
async fn a_second_init_closes_4429() {
    let door = Door::open().await;
    assert_eq!(closed_after(&door, &[init("tally"), init("tally")]).await, 4429);
}

#[tokio::test]
async fn a_duplicate_id_closes_4409() {
    let door = Door::open().await;
    let live = subscribe("1", "subscription { ledger { position } }");
    assert_eq!(closed_after(&door, &[init("tally"), live.clone(), live]).await, 4409);
}

#[tokio::test]
async fn an_id_is_free_again_after_complete() {
    let door = Door::open().await;
    let mut client = door.client().await;
    let live = subscribe("1", "subscription { ledger { position } }");
    for _ in 0..3 {
        client.send(&live).await;
        assert_eq!(client.receive().await["type"], "next");
        client.send(&json!({"id": "1", "type": "complete"})).await;
    }
    door.figure_becomes("tallystick_subscriptions", 0).await;
}

#[tokio::test]
async fn whatever_is_no_message_closes_4400() {
    let door = Door::open().await;
    for text in [
        "hello",
        "[]",
        r#"{"type":"start"}"#,
        r#"{"type":"ping","type":"ping"}"#,
        r#"{"type":"ping","more":1}"#,
        r#"{"type":"subscribe","payload":{"query":"{ viewer }"}}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ viewer }"}}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"complete"}"#,
    ] {
        let mut client = door.client().await;
        client.send_raw(Message::text(text)).await;
        assert_eq!(client.closed().await.0, 4400, "{text}");
    }
    let mut client = door.client().await;
    client.send_raw(Message::binary(r#"{"type":"ping"}"#.as_bytes().to_vec())).await;
    assert_eq!(client.closed().await.0, 4400, "binary");
    let long = subscribe(&"x".repeat(129), "{ viewer }");
    assert_eq!(closed_after(&door, &[init("tally"), long]).await, 4400, "a long id");
}

#[tokio::test]
async fn a_message_over_256_kib_closes_1009() {
    let door = Door::open().await;
    let mut client = door.client().await;
    let fits = r#"{"type":"ping"}"#.to_owned() + &" ".repeat(256 * 1024 - 15);
    client.send_raw(Message::text(fits.clone())).await;
    assert_eq!(client.receive().await["type"], "pong");
    client.send_raw(Message::text(fits + " ")).await;
    assert_eq!(client.closed().await.0, 1009);
}

#[tokio::test]
async fn a_message_over_256_kib_in_several_frames_closes_1009() {
    let door = Door::open().await;
    let mut client = door.client().await;
    let half = " ".repeat(128 * 1024 + 1);
    for (opcode, last) in [(Data::Text, false), (Data::Continue, true)] {
        let frame = Frame::message(half.clone(), OpCode::Data(opcode), last);
        client.send_raw(Message::Frame(frame)).await;
    }
    assert_eq!(client.closed().await.0, 1009);
}

#[tokio::test]
async fn the_21st_operation_is_an_error_and_the_socket_lives() {
    let door = Door::open().await;
    let mut client = door.client().await;
    for n in 0..20 {
        client.send(&subscribe(&n.to_string(), "subscription { ledger { position } }")).await;
    }
    client.send(&subscribe("one more", "{ viewer }")).await;
    let error = client.receive_about("one more").await;
    assert_eq!(error["type"], "error");
    assert_eq!(error["payload"][0]["extensions"]["code"], "COST_EXCEEDED");
    assert_eq!(error["payload"][0]["extensions"]["value"], 20);
    client.send(&json!({"id": "0", "type": "complete"})).await;
    client.send(&subscribe("room again", "{ viewer }")).await;
    assert_eq!(client.receive_about("room again").await["type"], "next");
}

#[tokio::test]
async fn a_foreign_origin_is_refused_before_the_upgrade() {
    let door = Door::open().await;
    let foreign = [PROTOCOL, ("origin", "https://evil.example")];
    assert_eq!(refused_with(door.handshake(&foreign).await), 403);
    let null = [PROTOCOL, ("origin", "null")];
    assert_eq!(refused_with(door.handshake(&null).await), 403);
    let ours = [PROTOCOL, ("origin", "https://dashboard.example")];
    assert!(door.handshake(&ours).await.is_ok());
}

#[tokio::test]
async fn only_graphql_transport_ws_is_spoken() {
    let door = Door::open().await;
    assert_eq!(refused_with(door.handshake(&[]).await), 400);
    let old = [("sec-websocket-protocol", "graphql-ws")];
    assert_eq!(refused_with(door.handshake(&old).await), 400);
}

#[tokio::test]
async fn too_many_sockets_are_429() {
    let door = Door::with(Limits { sockets: 1, ..Limits::default() }).await;
    let first = door.client().await;
    assert_eq!(refused_with(door.handshake(&[PROTOCOL]).await), 429);
    drop(first);
    door.figure_becomes("tallystick_sockets", 0).await;
    door.client().await;
}

#[tokio::test]
async fn the_server_pings_and_closes_the_silent() {
    let limits = Limits { ping_every: Duration::from_millis(50), ..Limits::default() };
    let door = Door::with(limits).await;
    let mut client = door.client().await;
    for _ in 0..4 {
        assert_eq!(client.receive().await, json!({"type": "ping"}));
        client.send(&json!({"type": "pong"})).await;
    }
    assert_eq!(client.closed().await.0, 4408, "no pong any more");
}

#[tokio::test]
async fn queries_and_mutations_travel_over_the_socket_too() {
    let door = Door::open().await;
    let mut client = door.client().await;
    client.send(&subscribe("m", "mutation { post(text: \"x\") }")).await;
    assert_eq!(
        client.receive().await,
        json!({"id": "m", "type": "next", "payload": {"data": {"post": "1"}}})
    );
    assert_eq!(client.receive().await, json!({"id": "m", "type": "complete"}));
    client.send(&subscribe("a \"b\"", "{ viewer }")).await;
    assert_eq!(client.receive().await["id"], "a \"b\"", "ids are escaped");
}

#[tokio::test]
async fn what_cannot_be_executed_is_one_error_message() {
    let door = Door::open().await;
    let mut client = door.client().await;
    for (id, query, code) in [
        ("1", "{ nothing more }", "GRAPHQL_VALIDATION_FAILED"),
        ("2", "{", "GRAPHQL_PARSE_FAILED"),
        ("3", "subscription { eventStream(after: \"x\") { cursor } }", "CURSOR_UNKNOWN"),
        ("4", "subscription { wild }", "INTERNAL"),
        ("5", "subscription { ledger @skip(if: true) { position } }", "BAD_REQUEST"),
    ] {
        client.send(&subscribe(id, query)).await;
        let error = client.receive().await;
        assert_eq!((&error["id"], &error["type"]), (&json!(id), &json!("error")), "{error}");
        assert_eq!(error["payload"][0]["extensions"]["code"], code, "{error}");
        assert!(error["payload"][0]["extensions"]["requestId"].is_string());
    }
    // Nothing follows an error, and the ids are free again.
    client.send(&subscribe("1", "{ viewer }")).await;
    assert_eq!(client.receive().await["type"], "next");
    assert_eq!(client.receive().await["type"], "complete");
}

#[tokio::test]
async fn complete_of_an_unknown_id_is_ignored() {
    let door = Door::open().await;
    let mut client = door.client().await;
    client.send(&json!({"id": "never", "type": "complete"})).await;
    client.send(&json!({"type": "ping"})).await;
    assert_eq!(client.receive().await["type"], "pong");
}
