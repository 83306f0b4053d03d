//! The same command again, a command that is only tried, and a command of somebody who saw less.

use serde_json::{Value, json};

use super::partnership::{CASEWORKER, LEAD, MANAGER, Partnership, came, with};

const ID: &str = "00000000-0000-4000-8000-00000000abcd";

#[tokio::test]
async fn the_same_command_again_has_the_same_receipt() {
    let open = Partnership::open().await;
    let input = with(open.referral_of(&open.person().await), json!({"commandId": ID}));
    let first = open.accepted(MANAGER, "makeReferral", input.clone()).await;
    let referral = first["referral"]["id"].clone();
    open.accepted(LEAD, "decideReferral", json!({"referral": referral, "decision": "ACCEPTED"}))
        .await;
    let position = open.ledger.snapshot().position();
    let spelled = "cmd_0000000000004000800000000000abcd";
    for again in [
        input.clone(),
        with(input.clone(), json!({"commandId": ID.to_uppercase()})),
        with(input.clone(), json!({"commandId": spelled})),
        // What the caller saw is no part of what is asked.
        with(input.clone(), json!({"expectedVersion": 77})),
        with(input.clone(), json!({"dryRun": true})),
    ] {
        let replayed = open.give(MANAGER, "makeReferral", again).await;
        assert_eq!(replayed["outcome"], "REPLAYED");
        assert_eq!(replayed["receipt"], first["receipt"]);
        assert_eq!(replayed["events"], first["events"]);
        assert_eq!(replayed["referral"]["state"], "ACCEPTED", "as it is now");
    }
    assert_eq!(open.ledger.snapshot().position(), position);
}

#[tokio::test]
async fn another_input_under_the_same_id_is_told_so() {
    let open = Partnership::open().await;
    let input = with(open.referral_of(&open.person().await), json!({"commandId": ID}));
    open.accepted(MANAGER, "makeReferral", input.clone()).await;
    for changed in [
        json!({"occurredOn": "2009-06-02"}),
        json!({"note": "Prefers mornings."}),
        json!({"needs": ["ETE", "HEALTH"]}),
        json!({"cause": "evt_00000000000000000000000000000000_0"}),
        json!({"dryRun": true, "needs": []}),
    ] {
        let error = open.refused(MANAGER, "makeReferral", with(input.clone(), changed)).await;
        assert_eq!(error["__typename"], "CommandIdReused");
        assert_eq!(error["code"], "COMMAND_ID_REUSED");
        assert_eq!(error["field"], "commandId");
    }
}

#[tokio::test]
async fn a_refused_command_leaves_its_id_free() {
    let open = Partnership::open().await;
    let placement = open.started_placement(&open.person().await).await;
    let id = json!({"commandId": ID});
    let over = with(came(&placement, "s1"), json!({"creditedMinutes": 421}));
    open.refused(CASEWORKER, "recordAttendance", with(json!({"entries": [over]}), id.clone()))
        .await;
    let right = json!({"entries": [came(&placement, "s1")]});
    open.accepted(CASEWORKER, "recordAttendance", with(right, id)).await;
}

#[tokio::test]
async fn a_dry_run_has_the_verdict_and_records_nothing() {
    let open = Partnership::open().await;
    let input = with(
        open.referral_of(&open.person().await),
        json!({"commandId": ID, "note": "Keen to work outdoors."}),
    );
    let before = open.ledger.snapshot().position();
    let tried =
        open.accepted(MANAGER, "makeReferral", with(input.clone(), json!({"dryRun": true}))).await;
    assert_eq!(tried["receipt"], Value::Null);
    assert_eq!(tried["events"], json!([]));
    assert_eq!(tried["referral"], Value::Null);
    assert_eq!(open.ledger.snapshot().position(), before);
    let wrong = json!({"dryRun": true, "requirement": "no_such"});
    open.breaks(MANAGER, "makeReferral", with(input.clone(), wrong), "REQUIREMENT_UNKNOWN").await;
    open.accepted(MANAGER, "makeReferral", input).await;
}

#[tokio::test]
async fn a_command_of_somebody_who_saw_less_names_the_current_version() {
    let open = Partnership::open().await;
    let referral = open.accepted_referral(&open.person().await).await;
    let error = open
        .refused(
            MANAGER,
            "withdrawReferral",
            json!({"referral": referral, "reason": "PERSON_MOVED", "expectedVersion": 1}),
        )
        .await;
    assert_eq!(error["__typename"], "VersionConflict");
    assert_eq!(error["field"], "expectedVersion");
    assert_eq!(error["stream"], referral.as_str());
    assert_eq!((&error["expected"], &error["current"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_log_that_cannot_write_is_said_to_be_so_and_reads_go_on() {
    let open = Partnership::open().await;
    let person = open.person().await;
    open.log.fail_next_flush();
    let payload = open.give(MANAGER, "makeReferral", open.referral_of(&person)).await;
    assert_eq!(payload["outcome"], "OUTCOME_UNKNOWN", "it may be there when the log is opened");
    assert_eq!((&payload["receipt"], &payload["errors"]), (&Value::Null, &json!([])));
    let error = open.refused(MANAGER, "makeReferral", open.referral_of(&person)).await;
    assert_eq!((&error["__typename"], &error["code"]), (&json!("ReadOnly"), &json!("READ_ONLY")));
    let node = "query($id: ID!) { node(id: $id) { id } }";
    let answer = open.ask(MANAGER, node, &json!({"id": person.person})).await;
    assert_eq!(answer["data"]["node"]["id"], person.person.as_str());
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_no_fault_of_ours_and_nothing_is_recorded_on_it() {
    let open = Partnership::open().await;
    let person = open.person().await;
    let input = with(open.referral_of(&person), json!({"commandId": ID}));
    let made = open.accepted(MANAGER, "makeReferral", input.clone()).await;
    open.grow(20).await;
    open.log.fail_reads(true);
    // It may have been recorded: that is all that can be said.
    let again = open.give(MANAGER, "makeReferral", input.clone()).await;
    assert_eq!((&again["outcome"], &again["receipt"]), (&json!("OUTCOME_UNKNOWN"), &Value::Null));
    let void = json!({"target": made["receipt"]["events"][0], "op": {"void": true},
        "reason": "ENTERED_WRONGLY"});
    let correction = json!({ "corrections": [void] });
    let error = open.refused(MANAGER, "correctEvent", correction.clone()).await;
    assert_eq!((&error["__typename"], &error["code"]), (&json!("ReadOnly"), &json!("READ_ONLY")));
    open.log.fail_reads(false);
    let again = open.give(MANAGER, "makeReferral", input).await;
    assert_eq!((&again["outcome"], &again["receipt"]), (&json!("REPLAYED"), &made["receipt"]));
    open.accepted(MANAGER, "correctEvent", correction).await;
}

#[tokio::test]
async fn what_became_of_a_command_is_told_where_its_events_cannot_be_read_back() {
    let open = Partnership::open().await;
    let placement = open.started_placement(&open.person().await).await;
    let entries: Vec<_> = (1..=6).map(|day| came(&placement, &format!("s{day}"))).collect();
    // The first of its events is at hand, the others are not.
    let sheet = json!({"entries": entries, "commandId": ID});
    let recorded = open.accepted(CASEWORKER, "recordAttendance", sheet.clone()).await;
    open.grow(20).await;
    let again = open.give(CASEWORKER, "recordAttendance", sheet.clone()).await;
    assert_eq!(again["events"], recorded["events"]);
    open.grow(3).await;
    let event = "query($id: ID!) { node(id: $id) { id } }";
    let first = json!({"id": recorded["receipt"]["events"][0]});
    assert_eq!(open.ask(CASEWORKER, event, &first).await["data"]["node"]["id"], first["id"]);
    open.log.fail_reads(true);
    let again = open.give(CASEWORKER, "recordAttendance", sheet).await;
    assert_eq!((&again["outcome"], &again["events"]), (&json!("REPLAYED"), &Value::Null));
    assert_eq!(again["receipt"], recorded["receipt"]);
}
