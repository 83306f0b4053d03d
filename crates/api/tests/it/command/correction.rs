//! Corrections: what they change, what stands against them, and the way out that is proposed.

use serde_json::{Value, json};

use super::partnership::{
    CASEWORKER, COMMISSIONER, LEAD, MANAGER, NOMS, OTHER_LEAD, Partnership, WILLOWDENE, came,
    stayed_away, text, with,
};

fn void(event: &Value) -> Value {
    json!({"target": event, "op": {"void": true}, "reason": "ENTERED_WRONGLY"})
}

fn replace(event: &Value, with: &Value) -> Value {
    let op = json!({"replace": {"occurredOn": "2009-06-01", "with": with}});
    json!({"target": event, "op": op, "reason": "ENTERED_WRONGLY"})
}

fn correct(corrections: &[Value]) -> Value {
    json!({ "corrections": corrections })
}

/// A placement and the events of two sessions, neither of which the person came to.
async fn missed(open: &Partnership) -> (String, String, Value) {
    let person = open.person().await;
    let placement = open.started_placement(&person).await;
    let sheet = json!({"entries": [stayed_away(&placement, "s1"), stayed_away(&placement, "s2")]});
    let recorded = open.accepted(CASEWORKER, "recordAttendance", sheet).await;
    (person.sentence, placement, recorded["receipt"]["events"].clone())
}

#[tokio::test]
async fn a_replacement_counts_instead_of_what_was_recorded() {
    let open = Partnership::open().await;
    let (_, placement, sessions) = missed(&open).await;
    let mut facts = came(&placement, "s1");
    facts.as_object_mut().unwrap().remove("placement");
    let replaced = json!({ "attendanceRecorded": facts });
    let input = correct(&[replace(&sessions[0], &replaced)]);
    let corrected = open.accepted(CASEWORKER, "correctEvent", input).await;
    assert_eq!(corrected["changed"], json!([{"id": placement, "__typename": "Placement"}]));
    assert_eq!(corrected["events"][0]["type"], "CORRECTED");
    let credited = "query($id: ID!) { node(id: $id) { ... on Placement { creditedMinutes } } }";
    let answer = open.ask(LEAD, credited, &json!({ "id": placement })).await;
    assert_eq!(answer["data"]["node"]["creditedMinutes"], 420);

    let other = json!({"placementStarted": true});
    let input = correct(&[replace(&sessions[1], &other)]);
    open.breaks(CASEWORKER, "correctEvent", input, "REPLACEMENT_DIFFERS").await;
}

#[tokio::test]
async fn a_voided_event_does_not_count_and_a_voided_void_does_again() {
    let open = Partnership::open().await;
    let (_, placement, sessions) = missed(&open).await;
    let input = correct(&[void(&sessions[0])]);
    let voided = open.accepted(CASEWORKER, "correctEvent", input.clone()).await;
    open.breaks(CASEWORKER, "correctEvent", input, "TARGET_NOT_EFFECTIVE").await;
    let again = json!({"entries": [stayed_away(&placement, "s1")]});
    let dry = with(again.clone(), json!({"dryRun": true}));
    open.accepted(CASEWORKER, "recordAttendance", dry).await;
    let back = correct(&[void(&voided["events"][0]["id"])]);
    open.accepted(CASEWORKER, "correctEvent", back).await;
    open.breaks(CASEWORKER, "recordAttendance", again, "SESSION_RECORDED").await;
}

#[tokio::test]
async fn a_person_can_turn_out_to_be_somebody_else() {
    let open = Partnership::open().await;
    let person = open.person().await;
    let timeline = "query($id: ID!) { node(id: $id) { ... on Person {
        timeline(first: 1) { nodes { id } } } } }";
    let answer = open.ask(MANAGER, timeline, &json!({"id": person.person})).await;
    let registered = &answer["data"]["node"]["timeline"]["nodes"][0]["id"];
    let identity = json!({"person": person.person, "givenName": "Samira", "familyName": "Example",
        "identifiers": [{"scheme": "CRN", "value": "Y1"}], "born": "1985-02-03"});
    let input = correct(&[replace(registered, &json!({ "personRegistered": identity }))]);
    open.accepted(MANAGER, "correctEvent", input).await;
    let name = "query($id: ID!) { node(id: $id) { ... on Person {
        name { ... on PersonName { given } } } } }";
    let answer = open.ask(MANAGER, name, &json!({"id": person.person})).await;
    assert_eq!(answer["data"]["node"]["name"]["given"], "Samira");
}

#[tokio::test]
async fn a_correction_that_breaks_history_lists_what_hangs_on_it_and_proposes_a_way_out() {
    let open = Partnership::open().await;
    let placement = open.started_placement(&open.person().await).await;
    let sheet = json!({"entries": [came(&placement, "s1"), came(&placement, "s2")]});
    let sheet = open.accepted(CASEWORKER, "recordAttendance", sheet).await;
    let history = "query($id: ID!) { node(id: $id) { ... on Placement {
        history(first: 9) { nodes { id type } } } } }";
    let answer = open.ask(CASEWORKER, history, &json!({ "id": placement })).await;
    let events = &answer["data"]["node"]["history"]["nodes"];
    assert_eq!(events[1]["type"], "PLACEMENT_STARTED");
    let start = void(&events[1]["id"]);

    let error =
        open.refused(CASEWORKER, "correctEvent", correct(std::slice::from_ref(&start))).await;
    assert_eq!(error["__typename"], "CorrectionBreaksHistory");
    let dependant = |event: &Value| {
        json!({"event": event, "type": "ATTENDANCE_RECORDED", "stream": placement,
            "rule": "PLACEMENT_NOT_STARTED", "voidable": true})
    };
    let sessions = &sheet["receipt"]["events"];
    assert_eq!(error["dependants"], json!([dependant(&sessions[0]), dependant(&sessions[1])]));
    assert_eq!(error["hiddenDependants"], false);
    assert_eq!(error["proposal"], json!([{"target": sessions[1]}, {"target": sessions[0]}]));

    let mut corrections: Vec<_> =
        error["proposal"].as_array().unwrap().iter().map(|it| void(&it["target"])).collect();
    corrections.push(start);
    let corrected = open.accepted(CASEWORKER, "correctEvent", correct(&corrections)).await;
    assert_eq!(corrected["events"].as_array().unwrap().len(), 3);
    // Booked again, and waiting to start.
    open.accepted(CASEWORKER, "startPlacement", json!({ "placement": placement })).await;
}

#[tokio::test]
async fn dependants_that_the_caller_may_not_see_are_not_named() {
    let open = Partnership::open().await;
    let (sentence, _, sessions) = missed(&open).await;
    let warning = json!({"sentence": sentence, "breach": 1, "step": "WARNING",
        "grounds": [sessions[0]]});
    let warned = open.accepted(MANAGER, "recordBreach", warning).await;
    let warning = text(&warned["receipt"]["events"][0]);
    let error = open.refused(CASEWORKER, "correctEvent", correct(&[void(&sessions[0])])).await;
    assert_eq!(error["__typename"], "CorrectionBreaksHistory");
    assert_eq!((&error["dependants"], &error["proposal"]), (&json!([]), &json!([])));
    assert_eq!(error["hiddenDependants"], true);
    assert!(!error.to_string().contains(&warning), "{error}");
}

#[tokio::test]
async fn a_foundation_is_not_proposed_to_be_voided() {
    let open = Partnership::open().await;
    let history = "query($id: ID!) { node(id: $id) { ... on Agreement {
        history(first: 1) { nodes { id } } } } }";
    let answer = open.ask(COMMISSIONER, history, &json!({"id": open.yss_agreement})).await;
    let set = &answer["data"]["node"]["history"]["nodes"][0]["id"];
    let other_lead = json!({"kind": "CONTRACT", "status": "LIVE",
        "funder": NOMS.to_string(),
        "lead": WILLOWDENE.to_string(),
        "startsOn": "2008-04-01", "endsOn": "2011-03-31"});
    let input = correct(&[replace(set, &json!({ "agreementSet": other_lead }))]);
    let error = open.refused(COMMISSIONER, "correctEvent", input).await;
    assert_eq!(error["dependants"][0]["type"], "SERVICE_DESCRIBED");
    assert_eq!(error["dependants"][0]["voidable"], false);
    assert_eq!(error["proposal"], json!([]));
}

#[tokio::test]
async fn an_event_is_corrected_by_whoever_recorded_it() {
    let open = Partnership::open().await;
    let (_, _, sessions) = missed(&open).await;
    open.breaks(MANAGER, "correctEvent", correct(&[void(&sessions[0])]), "NOT_RECORDER").await;
    let hidden = open.refused(OTHER_LEAD, "correctEvent", correct(&[void(&sessions[0])])).await;
    assert_eq!(hidden["__typename"], "NotFound");
}

#[tokio::test]
async fn only_true_is_a_void() {
    let open = Partnership::open().await;
    let (_, _, sessions) = missed(&open).await;
    let mut asked = void(&sessions[0]);
    asked["op"]["void"] = json!(false);
    let error = open.refused(CASEWORKER, "correctEvent", correct(&[asked])).await;
    assert_eq!(error["field"], "corrections.0.op.void");
    assert_eq!(error["problem"], "NOT_ALLOWED");
}
