//! Who may see a case changes. Somebody goes on at another provider: the new one sees its own
//! referral and the one that it continues, and nothing else of the case; the old one keeps its own.
//! A mentor is lent: the mentor's agency sees what the mentor works on, for as long. Whoever has a
//! stream open is told.

use crate::client::Client;
use crate::command::{book, decide, end_early, refer, start};
use crate::partnership::{FARM_WORK, Partnership, YOUTH_WORK, mentor};
use crate::socket::Socket;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn ids(who: &Client, list: &str) -> BTreeSet<String> {
    let found = who.walk(list, "id").await;
    found.iter().map(|it| it["id"].as_str().expect("an identifier").to_owned()).collect()
}

fn set(ids: &[&String]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).clone()).collect()
}

/// Streams of people's cases of which the caller sees events.
async fn streams(who: &Client) -> BTreeSet<String> {
    let events = who.walk("events", "stream").await;
    let streams = events.iter().map(|event| event["stream"].as_str().expect("an identifier"));
    let personal = ["per_", "sen_", "ref_", "plc_"];
    streams
        .filter(|id| personal.iter().any(|kind| id.starts_with(kind)))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn a_transfer_shows_the_new_provider_what_it_continues_and_nothing_else() {
    let partnership = Partnership::found().await;
    let (farm, youth, manager) = (partnership.farm(), partnership.youth(), partnership.manager());
    let person = partnership.person(1).await;
    let first = partnership.refer(&person, "first", &FARM_WORK).await;
    let other = partnership.refer(&person, "other", &FARM_WORK).await;
    farm.done(&decide(1, "accept", &first, "ACCEPTED")).await;
    let placement = farm.opened(&book(1, "book", &first)).await;
    farm.done(&start(1, "start", &placement)).await;
    farm.done(&end_early(1, "end", &placement, "TRANSFERRED")).await;
    assert_eq!(ids(&youth, "ledger.referrals").await, BTreeSet::new());
    assert_eq!(streams(&youth).await, BTreeSet::new());

    // The charity follows what there is, and has caught up.
    let mut socket = Socket::open(&youth).await;
    socket.follow(None).await.expect("subscribed");
    while socket.item().await.expect("an item")["__typename"] != "CaughtUp" {}

    let next = refer(1, "next", &person.id, &person.sentence, &YOUTH_WORK);
    let next = manager.opened(&next.with("continues", first.clone())).await;

    // By lists, by events and by identifier.
    assert_eq!(ids(&youth, "ledger.referrals").await, set(&[&first, &next]));
    assert_eq!(ids(&youth, "ledger.placements").await, set(&[&placement]));
    assert_eq!(ids(&youth, "ledger.people").await, BTreeSet::new());
    assert_eq!(streams(&youth).await, set(&[&first, &next, &placement]));
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    for (id, seen) in [
        (&first, true),
        (&next, true),
        (&placement, true),
        (&other, false),
        (&person.sentence, false),
    ] {
        let shown = youth.ask(node, json!({ "id": id })).await;
        assert_eq!(!shown["node"].is_null(), seen, "{id}");
    }
    let case = "query ($id: ID!) { ledger { person(id: $id) {
        held name { __typename } sentences { id } referrals(first: 10) { nodes { id } }
        timeline(first: 100) { nodes { stream } } } } }";
    let case = youth.ask(case, json!({ "id": person.id })).await["ledger"]["person"].clone();
    assert_eq!(case["held"], false);
    assert_eq!(case["sentences"], json!([]));
    let of_case = |list: &str, field: &str| -> BTreeSet<String> {
        let nodes = case[list]["nodes"].as_array().expect("a list").iter();
        nodes.map(|it| it[field].as_str().expect("an identifier").to_owned()).collect()
    };
    assert_eq!(of_case("referrals", "id"), set(&[&first, &next]));
    assert_eq!(of_case("timeline", "stream"), set(&[&first, &next, &placement]));

    // The open stream said that the case is to be read anew, and went on with what is new.
    let mut told = false;
    loop {
        let item = socket.item().await.expect("an item");
        match item["__typename"].as_str().expect("a type") {
            "ScopeChanged" => {
                let cases = item["cases"].as_array().expect("a list");
                told |= cases.iter().any(|case| *case == *person.id);
            }
            "CaughtUp" => {}
            _ => {
                assert_eq!(item["event"]["stream"].as_str(), Some(next.as_str()), "{item}");
                break;
            }
        }
    }
    assert!(told, "the event came without word that the scope had changed");

    // The old provider keeps its own and sees nothing of the new.
    assert_eq!(ids(&farm, "ledger.referrals").await, set(&[&first, &other]));
    assert_eq!(streams(&farm).await, set(&[&first, &other, &placement]));
    let shown = farm.ask(node, json!({ "id": next })).await;
    assert_eq!(shown["node"], Value::Null);
    let accept = decide(1, "accept the next", &next, "ACCEPTED");
    assert_eq!(farm.tell(&accept).await.refusal(), "NOT_FOUND");
    youth.done(&accept).await;
    // What it continues it may read and not change.
    let again = book(1, "again", &first);
    assert_eq!(youth.tell(&again).await.refusal(), "NOT_YOURS");
}

/// Reads a stream up to the next word that the scope has changed: the events before it, and the
/// cases.
async fn scope_change(socket: &mut Socket) -> (Vec<Value>, Value) {
    let mut before = Vec::new();
    loop {
        let item = socket.item().await.expect("an item");
        match item["__typename"].as_str().expect("a type") {
            "ScopeChanged" => return (before, item["cases"].clone()),
            "CaughtUp" => {}
            _ => before.push(item["event"]["stream"].clone()),
        }
    }
}

#[tokio::test]
async fn a_lent_mentor_shows_the_mentors_agency_what_they_work_on_and_for_as_long() {
    let partnership = Partnership::found().await;
    let (farm, youth) = (partnership.farm(), partnership.caller("youth", "mentor"));
    let person = partnership.person(1).await;
    let referral = partnership.refer(&person, "refer", &FARM_WORK).await;
    let other = partnership.refer(&person, "other", &FARM_WORK).await;
    farm.done(&decide(1, "accept", &referral, "ACCEPTED")).await;
    let placement = farm.opened(&book(1, "book", &referral)).await;
    let mut socket = Socket::open(&youth).await;
    socket.follow(None).await.expect("subscribed");
    while socket.item().await.expect("an item")["__typename"] != "CaughtUp" {}

    farm.done(&mentor(1, "youth", &referral)).await;
    assert_eq!(ids(&youth, "ledger.referrals").await, set(&[&referral]));
    assert_eq!(ids(&youth, "ledger.placements").await, set(&[&placement]));
    assert_eq!(streams(&youth).await, set(&[&referral, &placement]));
    assert_eq!(scope_change(&mut socket).await, (Vec::new(), json!([person.id])));
    farm.done(&start(1, "start", &placement)).await;

    farm.done(&mentor(1, "farm", &referral)).await;
    assert_eq!(ids(&youth, "ledger.referrals").await, BTreeSet::new());
    assert_eq!(ids(&youth, "ledger.placements").await, BTreeSet::new());
    assert_eq!(streams(&youth).await, BTreeSet::new());
    let (_, cases) = scope_change(&mut socket).await;
    assert_eq!(cases, json!([person.id]));
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    for id in [&referral, &other, &placement, &person.id] {
        assert_eq!(youth.ask(node, json!({ "id": id })).await["node"], Value::Null, "{id}");
    }
    // Nothing of the case comes down the line any more: next is what is the charity's own.
    farm.done(&end_early(1, "end", &placement, "LEFT")).await;
    let own = partnership.refer(&person, "to the charity", &YOUTH_WORK).await;
    let next = loop {
        let item = socket.item().await.expect("an item");
        if !item["event"].is_null() {
            break item["event"]["stream"].clone();
        }
    };
    assert_eq!(next.as_str(), Some(own.as_str()));
}
