//! What an agency sees of the demo: what its part in things gives it and nothing else, by lists,
//! by events and by stream.

use crate::audience::{Everything, INSPECTOR, TRUST, WILLOWDENE, YSS, text};
use crate::client::Client;
use crate::node::Node;
use crate::socket::Socket;
use std::collections::BTreeSet;

async fn ids(who: &Client, of: &str) -> BTreeSet<String> {
    who.walk(of, "id").await.iter().map(|it| text(&it["id"])).collect()
}

#[tokio::test]
async fn an_agency_is_shown_by_lists_what_its_part_in_things_gives_it() {
    let node = Node::shared_demo();
    let everything = Everything::read(&node).await;
    for agency in [WILLOWDENE, YSS, "Pack-IT", "West Mercia Constabulary"] {
        let role = if agency.ends_with("Constabulary") { "police" } else { "provider_lead" };
        let who = node.caller(agency, role);
        let allowed = everything.allowed(&node.agency_id(agency));
        let held = allowed.held.iter().filter(|id| id.starts_with("per_")).cloned().collect();
        assert_eq!(ids(&who, "ledger.referrals").await, allowed.referrals, "{agency}");
        assert_eq!(ids(&who, "ledger.placements").await, allowed.placements, "{agency}");
        assert_eq!(ids(&who, "ledger.agreements").await, allowed.agreements, "{agency}");
        assert_eq!(ids(&who, "ledger.people").await, held, "{agency}");
    }
    // There is something to be hidden, and something to be seen.
    let farm = everything.allowed(&node.agency_id(WILLOWDENE));
    let yss = everything.allowed(&node.agency_id(YSS));
    assert!(!farm.referrals.is_empty() && !yss.referrals.is_subset(&farm.referrals));
    // The Trust manages everybody's sentence.
    let trust = node.caller(TRUST, "offender_manager");
    assert_eq!(ids(&trust, "ledger.referrals").await.len(), everything.referrals.len());
}

#[tokio::test]
async fn an_agency_is_shown_the_events_of_what_it_sees_and_no_others() {
    let node = Node::shared_demo();
    let everything = Everything::read(&node).await;
    for agency in [WILLOWDENE, YSS] {
        let who = node.caller(agency, "provider_lead");
        let allowed = everything.allowed(&node.agency_id(agency));
        let expected = everything.events(&allowed);
        assert!(expected.len() < everything.events.len());
        let events = who.walk("events", "position").await;
        let listed: Vec<_> = events.iter().map(|event| text(&event["position"])).collect();
        assert_eq!(listed, expected, "{agency}'s list");

        let mut socket = Socket::open(&who).await;
        socket.follow(None).await.expect("subscribed");
        let mut streamed = Vec::new();
        loop {
            let item = socket.item().await.expect("an item");
            match item["__typename"].as_str().expect("a type") {
                "CaughtUp" => break,
                "ScopeChanged" => {}
                _ => streamed.push(text(&item["event"]["position"])),
            }
        }
        assert_eq!(streamed, expected, "{agency}'s stream");
    }
}

#[tokio::test]
async fn personal_values_are_closed_to_those_who_read_every_case() {
    let node = Node::shared_demo();
    let fields = "name { __typename } born { __typename } identifiers { value { __typename } }";
    for (agency, role) in [(INSPECTOR, "auditor"), (TRUST, "commissioner")] {
        let people = node.caller(agency, role).walk("ledger.people", fields).await;
        assert!(!people.is_empty());
        for person in people {
            let shown = person.to_string();
            assert!(shown.contains("Redacted") && !shown.contains("Clear"), "{shown}");
            assert!(!shown.contains("PersonName"), "{shown}");
        }
    }
    let people = node.caller(TRUST, "offender_manager").walk("ledger.people", fields).await;
    assert!(people.iter().all(|person| person["name"]["__typename"] == "PersonName"));
}
