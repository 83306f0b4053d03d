//! `eventStream`: every event that the caller sees, once, in order, through history into live.

use serde_json::{Value, json};

use super::window::Window;
use crate::{
    command::partnership::{LEAD, MANAGER, Partnership, STRANGER, Who, text},
    door::Client,
};

const ITEM: &str = "__typename
    ... on EventRecorded { cursor event { id position } }
    ... on ScopeChanged { cursor cases }
    ... on CaughtUp { cursor live }";

fn document(after: Option<&str>) -> String {
    let after = after.map_or(String::new(), |after| format!("(after: \"{after}\")"));
    format!("subscription {{ eventStream{after} {{ {ITEM} }} }}")
}

async fn next(client: &mut Client) -> Value {
    let message = client.receive_about("1").await;
    assert_eq!(message["type"], "next", "{message}");
    message["payload"]["data"]["eventStream"].clone()
}

/// Items up to the event at a position.
async fn until(client: &mut Client, position: &str) -> Vec<Value> {
    let mut items = Vec::new();
    loop {
        let item = next(client).await;
        let last = item["event"]["position"] == position;
        items.push(item);
        if last {
            return items;
        }
    }
}

fn positions(items: &[Value]) -> Vec<u64> {
    let events = items.iter().filter(|item| item["__typename"] == "EventRecorded");
    events.map(|item| text(&item["event"]["position"]).parse().unwrap()).collect()
}

/// What a caller sees by pages.
async fn by_pages(window: &Window, who: Who) -> Vec<u64> {
    let all = window.data(who, "{ events(first: 500) { nodes { position } } }", &json!({})).await;
    let nodes = all["events"]["nodes"].as_array().unwrap().clone();
    nodes.iter().map(|node| text(&node["position"]).parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_comes_once_in_order_through_history_into_live() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let person = open.person().await;
    open.started_placement(&person).await;
    let mut client = window.follow(LEAD, &document(None)).await;
    // While the history is read others write, of whom some do what the lead sees.
    let writing = async {
        for _ in 0..4 {
            let (one, _) = tokio::join!(open.person(), open.person_of(STRANGER));
            tokio::join!(open.accepted_referral(&one), open.person_of(STRANGER));
        }
    };
    writing.await;
    let seen = by_pages(&window, LEAD).await;
    let last = seen.last().unwrap().to_string();
    let items = until(&mut client, &last).await;
    assert_eq!(positions(&items), seen);

    // Resumed at any cursor: what follows, no more and no less.
    for (index, item) in items.iter().enumerate() {
        let mut resumed = window.follow(LEAD, &document(item["cursor"].as_str())).await;
        let first = next(&mut resumed).await;
        let rest = positions(&items[index + 1..]);
        match rest.first() {
            Some(position) if first["__typename"] == "EventRecorded" => {
                assert_eq!(first["event"]["position"], json!(position.to_string()));
            }
            Some(_) => assert_eq!(first["__typename"], "ScopeChanged", "{first}"),
            None => assert_eq!(first["__typename"], "CaughtUp", "{first}"),
        }
    }
}

#[tokio::test]
async fn a_stream_that_has_caught_up_says_so_and_goes_on() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let head = by_pages(&window, MANAGER).await.last().unwrap().to_string();
    let mut client = window.follow(MANAGER, &document(None)).await;
    until(&mut client, &head).await;
    let caught_up = next(&mut client).await;
    assert_eq!(caught_up["__typename"], "CaughtUp");
    assert_eq!(caught_up["live"], json!(true));
    open.person().await;
    let event = next(&mut client).await;
    assert_eq!(event["__typename"], "EventRecorded", "{event}");
}

#[tokio::test]
async fn an_audience_that_changes_is_told_and_the_other_keeps_silent() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let person = open.person().await;
    let mut newcomer = window.follow(LEAD, &document(None)).await;
    let mut stranger = window.follow(STRANGER, &document(None)).await;
    // A worker of YSS on the sentence: what was opened before comes into its sight.
    let worker = json!({"to": person.sentence, "role": "MENTOR",
        "worker": format!("wrk_{}", "7".repeat(32)), "agency": LEAD.0.to_string()});
    open.accepted(MANAGER, "allocateWorker", worker).await;
    let head = open.ledger.snapshot().position().to_string();
    let items = until(&mut newcomer, &head).await;
    let told = items.iter().find(|item| item["__typename"] == "ScopeChanged").expect("told");
    assert_eq!(told["cases"], json!([person.person]));
    open.person_of(STRANGER).await;
    let end = open.ledger.snapshot().position().to_string();
    let seen = until(&mut stranger, &end).await;
    assert!(seen.iter().all(|item| item["__typename"] != "ScopeChanged"), "{seen:?}");
    assert_eq!(positions(&seen), by_pages(&window, STRANGER).await);
}

#[tokio::test]
async fn a_cursor_of_another_ledger_is_no_place_to_begin() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let mut client = window.follow(MANAGER, &document(Some("AQkJ"))).await;
    let message = client.receive_about("1").await;
    assert_eq!(message["type"], "error");
    assert_eq!(message["payload"][0]["extensions"]["code"], "CURSOR_UNKNOWN");
}
