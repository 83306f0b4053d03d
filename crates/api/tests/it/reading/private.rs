//! What is recorded of a person beside sentences and services is for the few that are responsible:
//! others find none of it, by whatever way they ask.

use serde_json::{Value, json};
use tallystick_domain::Role;

use super::window::Window;
use crate::command::partnership::{
    COMMISSIONER, MANAGER, NOMS, OTHER_TRUST, Partnership, Person, WMPT, Who, YSS, text, with,
};

/// A fact: the mutation that records it, what it says, the type of its event, the field of a
/// person that shows it, and the roles of the responsible agency that see it.
struct Fact {
    mutation: &'static str,
    said: Value,
    event: &'static str,
    field: &'static str,
    readers: &'static [Role],
}

const NARROW: &[Role] = &[Role::OffenderManager, Role::LinkWorker, Role::DataProtectionOfficer];

const NARROWEST: &[Role] = &[Role::OffenderManager, Role::DataProtectionOfficer];

fn facts() -> Vec<Fact> {
    let fact =
        |mutation, event, field, readers, said| Fact { mutation, said, event, field, readers };
    vec![
        fact(
            "recordCircumstance",
            "CircumstanceRecorded",
            "circumstances { kind accommodation }",
            NARROW,
            json!({"circumstance": {"accommodation": "A08A"}}),
        ),
        fact(
            "recordOffence",
            "OffenceProven",
            "offences { provenOn offenceOn how class source }",
            NARROWEST,
            json!({"offenceOn": "2009-05-02", "how": "CONVICTION", "class": "BURGLARY",
                "source": "telford_mc/1"}),
        ),
        fact(
            "setRegister",
            "RegisterSet",
            "registers { since register active level agreedBy { id } }",
            NARROWEST,
            json!({"register": "MAPPA", "active": true, "level": 2, "category": 1}),
        ),
        fact(
            "assessPerson",
            "Assessed",
            "assessments { assessedOn tool rosh needs { need severity } objectives { due } }",
            NARROW,
            json!({"tool": "OASYS", "rosh": "HIGH", "needs": [{"need": "DRUGS", "severity": 3}],
                "objectives": [{"need": "DRUGS", "serviceKind": "detox", "due": "2009-09-01"}]}),
        ),
    ]
}

/// As an event type is spelled in GraphQL.
fn screaming(name: &str) -> String {
    let mut spelled = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !spelled.is_empty() {
            spelled.push('_');
        }
        spelled.push(letter.to_ascii_uppercase());
    }
    spelled
}

/// A person on a placement with YSS, one of whose workers is also a mentor under the sentence.
async fn mentored(open: &Partnership) -> Person {
    let person = open.person().await;
    open.started_placement(&person).await;
    for (role, agency) in [("OFFENDER_MANAGER", WMPT), ("MENTOR", YSS)] {
        let worker = format!("wrk_{}", "7".repeat(32));
        let allocated = json!({"to": person.sentence, "role": role, "worker": worker,
            "agency": agency.to_string()});
        open.accepted(MANAGER, "allocateWorker", allocated).await;
    }
    person
}

/// Types of the events that a caller is streamed up to now.
async fn streamed(window: &Window, who: Who) -> Vec<String> {
    let document = "subscription { eventStream { __typename
        ... on EventRecorded { event { type } } } }";
    let mut client = window.follow(who, document).await;
    let mut types = Vec::new();
    loop {
        let item = client.receive_about("1").await["payload"]["data"]["eventStream"].clone();
        match item["__typename"].as_str() {
            Some("EventRecorded") => types.push(text(&item["event"]["type"])),
            Some("CaughtUp") => return types,
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recorded_of_a_person_is_for_those_who_are_responsible() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let person = mentored(&open).await;
    for fact in facts() {
        let said = with(fact.said, json!({"person": person.person}));
        let payload = open.accepted(MANAGER, fact.mutation, said).await;
        let event = text(&payload["events"][0]["id"]);
        let stream = text(&payload["receipt"]["stream"]);
        let kind = screaming(fact.event);
        for agency in [NOMS, WMPT, OTHER_TRUST, YSS] {
            for role in Role::ALL {
                let who = (agency, *role);
                let sees =
                    role.reads_everything() || (agency == WMPT && fact.readers.contains(role));
                let document = format!(
                    "query($id: ID!, $event: ID!) {{
                       ledger {{ person(id: $id) {{ {} timeline(first: 500) {{ nodes {{ id }} }} }} }}
                       node(id: $event) {{ id }}
                       events(first: 500) {{ nodes {{ type }} }} }}",
                    fact.field
                );
                let ids = json!({"id": person.person, "event": event});
                let answer = window.data(who, &document, &ids).await;
                let shown = &answer["ledger"]["person"];
                let field = fact.field.split(' ').next().unwrap();
                let found = shown[field].as_array().is_some_and(|all| !all.is_empty());
                assert_eq!(found, sees, "{field} to {who:?}: {shown}");
                let timeline = shown["timeline"]["nodes"].to_string();
                assert_eq!(timeline.contains(&event), sees, "the timeline of {who:?}");
                assert_eq!(answer["node"] == json!({ "id": event }), sees, "a node to {who:?}");
                let events = answer["events"].to_string();
                assert_eq!(events.contains(&kind), sees, "events to {who:?}");
                let (_, export) = window.get(who, "/export/events.ndjson").await;
                assert_eq!(export.contains(fact.event), sees, "the export of {who:?}");
                assert_eq!(export.contains(&stream), sees, "the export of {who:?}");
                let streamed = streamed(&window, who).await;
                assert_eq!(streamed.contains(&kind), sees, "the stream of {who:?}");
            }
        }
        // An agency that holds the person besides others records nothing of the kind.
        let said = json!({"person": person.person, "circumstance": {"accommodation": "A01A"}});
        open.breaks((YSS, Role::OffenderManager), "recordCircumstance", said, "NOT_YOURS").await;
    }
}

#[tokio::test]
async fn what_is_confidential_is_opened_for_few_and_corrected_sealed() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let person = mentored(&open).await;
    let owes =
        json!({"person": person.person, "circumstance": {"debt": "Canary 4,000 to a lender"}});
    let recorded = open.accepted(MANAGER, "recordCircumstance", owes).await;
    let document = "query($id: ID!) { ledger { person(id: $id) { circumstances {
        kind since confidential { ... on ClearText { text } ... on Redacted { reason } } } } } }";
    let id = json!({"id": person.person});
    let sees = async |who| {
        window.data(who, document, &id).await["ledger"]["person"]["circumstances"].clone()
    };
    let debt = |since: &str, value: Value| json!([{"kind": "DEBT", "since": since, "confidential": value}]);
    let clear = json!({"text": "Canary 4,000 to a lender"});
    for role in [Role::OffenderManager, Role::DataProtectionOfficer] {
        assert_eq!(sees((WMPT, role)).await, debt("2009-06-01", clear.clone()), "{role:?}");
    }
    let closed = json!({"reason": "SEALED"});
    for who in [(WMPT, Role::LinkWorker), COMMISSIONER, (NOMS, Role::Auditor)] {
        assert_eq!(sees(who).await, debt("2009-06-01", closed.clone()), "{who:?}");
    }
    let correction = json!({"corrections": [{
        "target": recorded["events"][0]["id"], "reason": "NEW_EVIDENCE",
        "op": {"replace": {"occurredOn": "2009-05-01", "with": {"circumstanceRecorded": {
            "person": person.person, "circumstance": {"debt": "Canary paid back"}}}}}}]});
    let corrected = open.accepted(MANAGER, "correctEvent", correction).await;
    assert_eq!(corrected["changed"], json!([{"id": person.person, "__typename": "Person"}]));
    assert_eq!(sees(MANAGER).await, debt("2009-05-01", json!({"text": "Canary paid back"})));
    assert_eq!(sees(COMMISSIONER).await, debt("2009-05-01", closed));
    let (_, export) = window.get(COMMISSIONER, "/export/events.ndjson").await;
    assert!(export.contains("CircumstanceRecorded") && !export.contains("Canary"), "{export}");
}
