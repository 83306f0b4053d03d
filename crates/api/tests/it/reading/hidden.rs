//! What a caller may not see is absent: by list, by identifier, by event, in the export.

use serde_json::{Value, json};
use tallystick_domain::Role;

use super::window::Window;
use crate::command::partnership::{
    LEAD, MANAGER, OTHER_LEAD, Partnership, STRANGER, WMPT, Who, text,
};

/// Every field at the root of the ledger, and `node`, that takes an identifier of a kind.
const BY_ID: [(&str, &str); 6] = [
    ("per_", "person(id: $id) { id version name { __typename } }"),
    ("sen_", "sentence(id: $id) { id version }"),
    ("ref_", "referral(id: $id) { id version person { id } }"),
    ("plc_", "placement(id: $id) { id version }"),
    ("agr_", "agreement(id: $id) { id version }"),
    ("evt_", ""),
];

const LISTS: &str = "{ ledger {
    people(first: 500) { nodes { id } } referrals(first: 500) { nodes { id } }
    placements(first: 500) { nodes { id } } agreements(first: 500) { nodes { id } }
    dataQuality { anomalies(first: 500) { nodes { kind } } }
    agency {
      counts { people caseload breachesUnderWay referrals openReferrals placements livePlacements }
      inbox(first: 500) { nodes { id } } referrals(first: 500) { nodes { id } }
      caseload(first: 500) { nodes { id } } enforcementQueue(first: 500) { nodes { id } }
      placements(first: 500) { nodes { id } } livePlacements(first: 500) { nodes { id } }
      completions(first: 500) { nodes { id } } people(first: 500) { nodes { id } }
    } } }";

/// Identifiers of one thing of each kind that YSS and the trust hold, and nobody else.
async fn things(open: &Partnership, window: &Window) -> Vec<String> {
    let person = open.person().await;
    let placement = open.started_placement(&person).await;
    let document = "query($id: ID!) { node(id: $id) { ... on Placement {
        referral { id history(first: 1) { nodes { id } } } } } }";
    let found = window.data(LEAD, document, &json!({ "id": placement })).await;
    let referral = &found["node"]["referral"];
    vec![
        person.person,
        person.sentence,
        text(&referral["id"]),
        placement,
        open.yss_agreement.clone(),
        text(&referral["history"]["nodes"][0]["id"]),
    ]
}

fn absent(id: &str) -> String {
    let (prefix, rest) = id.split_once('_').unwrap();
    let tail = rest.split_once('_').map_or(String::new(), |(_, index)| format!("_{index}"));
    format!("{prefix}_{}{tail}", "0".repeat(32))
}

fn documents(id: &str) -> Vec<String> {
    let (_, field) = BY_ID.iter().find(|(prefix, _)| id.starts_with(prefix)).unwrap();
    let mut documents = vec!["query($id: ID!) { node(id: $id) { __typename id } }".to_owned()];
    if !field.is_empty() {
        documents.push(format!("query($id: ID!) {{ ledger {{ {field} }} }}"));
    }
    documents
}

#[tokio::test]
async fn a_hidden_thing_is_answered_as_an_absent_one() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let things = things(&open, &window).await;
    let outsiders: [Who; 5] = [
        OTHER_LEAD,
        STRANGER,
        (OTHER_LEAD.0, Role::Police),
        // Of the very agency, but roles that see no case.
        (WMPT, Role::Board),
        (LEAD.0, Role::Witness),
    ];
    for id in &things {
        for document in documents(id) {
            let held = window.data(LEAD, &document, &json!({ "id": id })).await;
            // The person's sentence is the trust's alone.
            let held = if id.starts_with("sen_") {
                window.data(MANAGER, &document, &json!({ "id": id })).await
            } else {
                held
            };
            assert!(held.to_string().contains(id.as_str()), "{document} on {id}: {held}");
            for who in outsiders {
                let hidden = window.ask(who, &document, &json!({ "id": id })).await;
                let none = window.ask(who, &document, &json!({ "id": absent(id) })).await;
                assert_eq!(hidden, none, "{who:?} on {id}");
                assert!(!hidden.to_string().contains(id.as_str()), "{hidden}");
            }
        }
    }
    for who in outsiders {
        let lists = window.data(who, LISTS, &json!({})).await.to_string();
        let events = "{ events(first: 500) { nodes { id stream data { __typename } } } }";
        let events = window.data(who, events, &json!({})).await.to_string();
        let (status, export) = window.get(who, "/export/events.ndjson").await;
        assert_eq!(status, 200);
        assert!(export.lines().count() > 5, "the directory is everybody's: {export}");
        // A service names its agreement in the directory: a reference may be quoted, and opens
        // nothing.
        for id in things.iter().filter(|id| !id.starts_with("agr_")) {
            for answer in [&lists, &events, &export] {
                assert!(!answer.contains(id.as_str()), "{who:?} sees {id} in {answer}");
            }
        }
    }
}

#[tokio::test]
async fn an_outsider_counts_nothing() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    things(&open, &window).await;
    let lists = window.data(OTHER_LEAD, LISTS, &json!({})).await;
    let counts = lists["ledger"]["agency"]["counts"].as_object().unwrap();
    assert!(counts.values().all(|count| *count == json!(0)), "{counts:?}");
    let own = window.data(LEAD, LISTS, &json!({})).await;
    assert_eq!(own["ledger"]["agency"]["counts"]["livePlacements"], json!(1));
}

#[tokio::test]
async fn every_role_of_every_agency_is_answered_without_an_error() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    things(&open, &window).await;
    for role in Role::ALL {
        let viewer = "{ viewer { role agency { name } readsEverything } }";
        let answer = window.data((WMPT, *role), viewer, &json!({})).await;
        let code: Value = role.as_str().to_uppercase().into();
        assert_eq!(answer["viewer"]["role"], code);
        assert_eq!(answer["viewer"]["readsEverything"], json!(role.reads_everything()));
        window.data((WMPT, *role), LISTS, &json!({})).await;
    }
}
