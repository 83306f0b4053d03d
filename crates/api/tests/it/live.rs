//! Live operations: order, sharing, fairness, coalescing, slow consumers.

use std::time::Duration;

use serde_json::{Value, json};
use tallystick_api::Limits;

use crate::door::{Client, Door, subscribe};

const STREAM: &str = "subscription { eventStream { cursor text } }";
const LEDGER: &str = "subscription { ledger { position } }";
const EXECUTIONS: &str = "tallystick_live_executions_total";

fn cursor(message: &Value) -> String {
    let cursor = &message["payload"]["data"]["eventStream"]["cursor"];
    cursor.as_str().unwrap_or_else(|| panic!("no event: {message}")).to_owned()
}

async fn cursors(client: &mut Client, id: &str, count: usize) -> Vec<String> {
    let mut cursors = Vec::new();
    while cursors.len() < count {
        cursors.push(cursor(&client.receive_about(id).await));
    }
    cursors
}

fn range(positions: impl Iterator<Item = u64>) -> Vec<String> {
    positions.map(|position| format!("c:{position}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_arrives_once_in_order_through_history_into_live() {
    let door = Door::open().await;
    for _ in 0..500 {
        door.ledger.append("history");
    }
    let mut client = door.client().await;
    client.send(&subscribe("1", STREAM)).await;
    let ledger = door.ledger.clone();
    let writer = tokio::task::spawn_blocking(move || {
        for _ in 0..1_500 {
            ledger.append("live");
        }
    });
    assert_eq!(cursors(&mut client, "1", 2_000).await, range(1..=2_000));
    writer.await.unwrap();
}

#[tokio::test]
async fn a_stream_resumes_after_its_cursor() {
    let door = Door::open().await;
    for _ in 0..10 {
        door.ledger.append("x");
    }
    let mut client = door.client().await;
    client.send(&subscribe("1", "subscription { eventStream(after: \"c:7\") { cursor } }")).await;
    assert_eq!(cursors(&mut client, "1", 3).await, range(8..=10));
}

#[tokio::test]
async fn equal_live_operations_share_one_execution() {
    let door = Door::open().await;
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut client = door.client().await;
        client.send(&subscribe("1", STREAM)).await;
        client.send(&subscribe("2", "subscription { eventStream { cursor text } }")).await;
        clients.push(client);
    }
    door.figure_becomes("tallystick_subscriptions", 20).await;
    for _ in 0..50 {
        door.ledger.append("x");
    }
    for client in &mut clients {
        let mut seen = [0; 2];
        for _ in 0..100 {
            let id = client.receive().await["id"].as_str().unwrap().parse::<usize>().unwrap();
            seen[id - 1] += 1;
        }
        assert_eq!(seen, [50, 50]);
    }
    assert_eq!(door.figure(EXECUTIONS).await, 50, "one for each event, not for each subscriber");
    assert_eq!(door.figure("tallystick_deliveries_total").await, 1_000);
}

#[tokio::test]
async fn other_scopes_and_other_variables_share_nothing() {
    let door = Door::open().await;
    let by_cursor = "subscription($c: String) { eventStream(after: $c) { cursor } }";
    let mut first = door.client().await;
    let mut reader = door.socket().await;
    reader.send(&crate::door::init(crate::toy::READER)).await;
    reader.receive().await;
    for (client, cursor) in [(&mut first, "c:0"), (&mut reader, "c:0")] {
        let payload = json!({"query": by_cursor, "variables": {"c": cursor}});
        client.send(&json!({"id": "1", "type": "subscribe", "payload": payload})).await;
    }
    let payload = json!({"query": by_cursor, "variables": {"c": null}});
    first.send(&json!({"id": "2", "type": "subscribe", "payload": payload})).await;
    door.figure_becomes("tallystick_subscriptions", 3).await;
    door.ledger.append("x");
    first.receive_about("1").await;
    reader.receive_about("1").await;
    door.figure_becomes("tallystick_deliveries_total", 3).await;
    assert_eq!(door.figure(EXECUTIONS).await, 3);
}

#[tokio::test]
async fn a_live_query_is_coalesced_and_always_shows_the_last_state() {
    let limits = Limits { live_interval: Duration::from_millis(100), ..Limits::default() };
    let door = Door::with(limits).await;
    let mut client = door.client().await;
    client.send(&subscribe("1", LEDGER)).await;
    client.receive().await;
    door.ledger.append("taken by the server, which then waits for the interval to end");
    tokio::time::sleep(Duration::from_millis(20)).await;
    for _ in 1..1_000 {
        door.ledger.append("x");
    }
    let mut shown = 0;
    loop {
        shown += 1;
        let message = client.receive().await;
        if message["payload"]["data"]["ledger"]["position"] == "1000" {
            break;
        }
    }
    // However slow the machine: 999 of them came at once.
    assert!(shown < 1_000, "{shown} answers");
    assert_eq!(door.figure("tallystick_deliveries_total").await, shown + 1);
}

#[tokio::test]
async fn a_live_query_waits_for_its_interval() {
    let limits = Limits { live_interval: Duration::from_hours(1), ..Limits::default() };
    let door = Door::with(limits).await;
    let mut client = door.client().await;
    client.send(&subscribe("1", LEDGER)).await;
    client.receive().await;
    for _ in 0..5 {
        door.ledger.append("x");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(door.figure(EXECUTIONS).await, 1, "the first one alone");
}

#[tokio::test]
async fn a_live_query_is_silent_while_its_bytes_stay_the_same() {
    let limits = Limits { live_interval: Duration::from_millis(1), ..Limits::default() };
    let door = Door::with(limits).await;
    let mut client = door.client().await;
    client.send(&subscribe("1", "subscription { ledger { tens } }")).await;
    client.receive().await;
    for position in 1..=9 {
        door.ledger.append("x");
        // Seen and executed, so that silence is a choice and not lateness.
        door.figure_becomes(EXECUTIONS, position + 1).await;
    }
    door.ledger.append("the tenth");
    let message = client.receive().await;
    assert_eq!(message["payload"]["data"]["ledger"]["tens"], 1, "the second answer of all");
    assert_eq!(door.figure("tallystick_deliveries_total").await, 2);
}

#[tokio::test]
async fn a_stream_that_ends_says_complete() {
    let door = Door::open().await;
    let mut client = door.client().await;
    client.send(&subscribe("1", "subscription { two { position } }")).await;
    let types = [client.receive().await, client.receive().await, client.receive().await]
        .map(|message| message["type"].clone());
    assert_eq!(types, ["next", "next", "complete"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_stream_does_not_starve_the_others() {
    let limits = Limits { live_interval: Duration::from_millis(1), ..Limits::default() };
    let door = Door::with(limits).await;
    // A history long enough to be busy with for the whole test.
    for _ in 0..200_000 {
        door.ledger.append("history");
    }
    let mut client = door.client().await;
    client.send(&subscribe("busy", STREAM)).await;
    client.receive_about("busy").await;
    for n in 0..20 {
        client.send(&subscribe(&n.to_string(), "{ viewer }")).await;
        // Comes in between: the history would take 200,000 messages to pass.
        let mut between = 0;
        let id = n.to_string();
        while client.receive().await["id"] != id {
            between += 1;
        }
        assert!(between < 20_000, "{between} messages of the busy stream before an answer");
        assert_eq!(client.receive_about(&n.to_string()).await["type"], "complete");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_too_slow_is_told_where_to_resume_and_nothing_piles_up() {
    let limits = Limits { stall: Duration::from_millis(500), ..Limits::default() };
    let door = Door::with(limits).await;
    let mut slow = door.client().await;
    let text = "x".repeat(1_000);
    // Far more than the system's socket buffers hold.
    for _ in 0..50_000 {
        door.ledger.append(&text);
    }
    slow.send(&subscribe("1", STREAM)).await;
    door.figure_becomes("tallystick_subscriptions", 1).await;
    // It does not read; the server gives up on it by itself.
    door.figure_becomes("tallystick_subscriptions", 0).await;
    let delivered = door.figure("tallystick_deliveries_total").await;
    assert!(delivered < 50_000, "all {delivered} were put somewhere");

    let mut last = String::new();
    let error = loop {
        let message = slow.receive_about("1").await;
        if message["type"] == "error" {
            break message;
        }
        last = cursor(&message);
    };
    let extensions = &error["payload"][0]["extensions"];
    assert_eq!(extensions["code"], "SLOW_CONSUMER");
    assert_eq!(extensions["cursor"], last, "everything before the cursor has arrived");
    assert_eq!(slow.closed().await, (1013, "SLOW_CONSUMER".into()));

    let mut again = door.client().await;
    let query = format!("subscription {{ eventStream(after: \"{last}\") {{ cursor }} }}");
    again.send(&subscribe("1", &query)).await;
    let position: u64 = last[2..].parse().unwrap();
    let next = cursors(&mut again, "1", 1).await;
    assert_eq!(next, range(position + 1..=position + 1));
}

#[tokio::test]
async fn a_slow_consumer_does_not_hold_up_the_others() {
    let limits = Limits { stall: Duration::from_mins(1), ..Limits::default() };
    let door = Door::with(limits).await;
    let mut slow = door.client().await;
    slow.send(&subscribe("1", STREAM)).await;
    let mut quick = door.client().await;
    quick.send(&subscribe("1", STREAM)).await;
    door.figure_becomes("tallystick_subscriptions", 2).await;
    let text = "x".repeat(1_000);
    for _ in 0..20_000 {
        door.ledger.append(&text);
    }
    assert_eq!(cursors(&mut quick, "1", 20_000).await, range(1..=20_000));
}
