//! Personal values: clear for those who hold the person or a referral, closed for those who read
//! everything.

use serde_json::{Value, json};
use tallystick_domain::Role;
use tallystick_ledger::{Ledger, Parts};

use super::window::Window;
use crate::command::partnership::{
    COMMISSIONER, LEAD, MANAGER, NOMS, Partnership, Person, document,
};

const DOCUMENT: &str = "query($id: ID!) { ledger { person(id: $id) {
    name { __typename ... on PersonName { given family } ... on Redacted { reason } }
    born { __typename ... on ClearDate { date } ... on Redacted { reason } }
    identifiers { scheme value { __typename ... on ClearText { text } ... on Redacted { reason } } }
    timeline(first: 9) { nodes { type note { __typename ... on ClearText { text }
      ... on Redacted { reason } } } } } } }";

/// A person with a note on the timeline.
async fn noted_person(open: &Partnership) -> Person {
    let person = open.person().await;
    let noted = json!({"sentence": person.sentence, "breach": 1, "step": "WARNING",
        "otherGround": "late", "note": "Missed the bus, again."});
    open.accepted(MANAGER, "recordBreach", noted).await;
    person
}

fn notes_of(person: &Value) -> Vec<Value> {
    let nodes = person["timeline"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["note"].clone()).filter(|note| !note.is_null()).collect()
}

#[tokio::test]
async fn a_sealed_value_is_clear_or_says_why_not() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let person = noted_person(&open).await;
    open.accepted_referral(&person).await;
    let id = json!({ "id": person.person });
    let sees = async |who| window.data(who, DOCUMENT, &id).await["ledger"]["person"].clone();

    for who in [MANAGER, LEAD] {
        let clear = sees(who).await;
        let name = json!({"__typename": "PersonName", "given": "Sam", "family": "Example"});
        assert_eq!(clear["name"], name, "{who:?}");
        assert_eq!(clear["born"], json!({"__typename": "ClearDate", "date": "1985-02-03"}));
        assert_eq!(clear["identifiers"][0]["value"]["__typename"], "ClearText");
    }
    let note = json!({"__typename": "ClearText", "text": "Missed the bus, again."});
    assert_eq!(notes_of(&sees(MANAGER).await), [note]);

    let sealed = json!({"__typename": "Redacted", "reason": "SEALED"});
    for who in [COMMISSIONER, (NOMS, Role::Auditor)] {
        let closed = sees(who).await;
        assert_eq!(closed["name"], sealed, "{who:?}");
        assert_eq!(closed["born"], sealed);
        assert_eq!(closed["identifiers"], json!([{"scheme": "CRN", "value": sealed}]));
        assert_eq!(notes_of(&closed), std::slice::from_ref(&sealed));
    }
}

#[tokio::test]
async fn a_value_whose_key_is_gone_is_erased_and_the_rest_is_shown() {
    let open = Partnership::open().await;
    // A second node on the same log: its vault gets none of the keys that the first one makes.
    let (parts, _) = Parts::in_memory(open.clock.clone()).unwrap();
    let keyless = Ledger::open(Parts { log: open.log.clone(), ..parts }, |_| {}).unwrap();
    let window = Window::open(&keyless).await;
    let person = noted_person(&open).await;
    // It takes in what others have recorded before it records anything.
    let described = json!({"input": {"agency": NOMS.to_string(), "name": "NOMS", "status": "PARTNER",
        "kind": "COMMISSIONER", "commandId": open.command_id(), "occurredOn": "2009-06-01"}});
    window.data(COMMISSIONER, &document("describeAgency"), &described).await;

    let shown = window.data(MANAGER, DOCUMENT, &json!({"id": person.person})).await;
    let shown = &shown["ledger"]["person"];
    let erased = json!({"__typename": "Redacted", "reason": "ERASED"});
    assert_eq!(shown["name"], erased);
    assert_eq!(shown["born"], erased);
    assert_eq!(shown["identifiers"], json!([{"scheme": "CRN", "value": erased}]));
    assert_eq!(notes_of(shown), [erased]);
    assert!(shown["timeline"]["nodes"].as_array().unwrap().len() >= 3, "{shown}");
}

#[tokio::test]
async fn no_clear_value_is_exported() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    open.person().await;
    for who in [MANAGER, COMMISSIONER] {
        let (_, export) = window.get(who, "/export/events.ndjson").await;
        assert!(export.contains("PersonRegistered"));
        for clear in ["Sam", "Example", "1985-02-03"] {
            assert!(!export.contains(clear), "{clear} in {export}");
        }
    }
}
