//! The way of a person through the partnership, and every step that is not on it.

use serde_json::{Value, json};

use super::partnership::{
    CASEWORKER, LEAD, MANAGER, OTHER_LEAD, Partnership, WMPT, YSS, booking_of, came, stayed_away,
    text, with,
};

#[tokio::test]
async fn a_referral_goes_from_made_to_completed() {
    let open = Partnership::open().await;
    let person = open.person().await;
    let made = open.accepted(MANAGER, "makeReferral", open.referral_of(&person)).await;
    assert_eq!(made["referral"]["state"], "OPEN");
    assert_eq!(made["events"][0]["type"], "REFERRAL_MADE");
    assert_eq!(made["events"][0]["id"], made["receipt"]["events"][0]);
    assert_eq!(made["receipt"]["stream"], made["referral"]["id"]);
    assert_eq!(made["receipt"]["version"], 1);
    let referral = text(&made["referral"]["id"]);

    let asked = json!({"referral": referral, "decision": "INFO_REQUESTED"});
    open.accepted(LEAD, "decideReferral", asked).await;
    let accepted = json!({"referral": referral, "decision": "ACCEPTED"});
    let accepted = open.accepted(LEAD, "decideReferral", accepted).await;
    assert_eq!(accepted["referral"]["state"], "ACCEPTED");

    let booked = open.accepted(LEAD, "bookPlacement", booking_of(&referral)).await;
    assert_eq!(booked["placement"]["state"], "BOOKED");
    let placement = text(&booked["placement"]["id"]);
    let start = json!({"placement": placement, "note": "Came by bus."});
    let started = open.accepted(CASEWORKER, "startPlacement", start).await;
    assert_eq!(started["placement"]["state"], "STARTED");

    let sheet = json!({"entries": [came(&placement, "s1"), came(&placement, "s2")]});
    let sheet = open.accepted(CASEWORKER, "recordAttendance", sheet).await;
    assert_eq!(sheet["placements"].as_array().unwrap().len(), 1, "each placement once");
    assert_eq!(sheet["placements"][0]["creditedMinutes"], 840);
    assert_eq!(sheet["events"].as_array().unwrap().len(), 2);

    let award = json!({"placement": placement, "title": "Forklift", "body": "RTITB",
        "level": "TWO", "kind": "NATIONAL"});
    let awarded = open.accepted(CASEWORKER, "awardQualification", award).await;
    assert_eq!(awarded["placement"]["awards"], json!([{"title": "Forklift"}]));

    let complete = json!({"placement": placement, "moveOn": "employment",
        "outcomes": [{"code": "employment", "result": "ACHIEVED"}]});
    let completed = open.accepted(LEAD, "completePlacement", complete).await;
    assert_eq!(completed["placement"]["state"], "COMPLETED");
}

#[tokio::test]
async fn enforcement_goes_from_warning_to_proven() {
    let open = Partnership::open().await;
    let person = open.person().await;
    let placement = open.started_placement(&person).await;
    let sheet = ["s1", "s2", "s3"].map(|session| stayed_away(&placement, session));
    let sheet = json!({ "entries": sheet });
    let missed = open.accepted(CASEWORKER, "recordAttendance", sheet).await;
    let ground = |index: usize| json!([missed["events"][index]["id"]]);
    let step = |step, fields| {
        with(json!({"sentence": person.sentence, "breach": 1, "step": step}), fields)
    };
    for (name, fields) in [
        ("WARNING", json!({"grounds": ground(0)})),
        ("FINAL_WARNING", json!({"grounds": ground(1)})),
        ("INITIATED", json!({"grounds": ground(2), "requirement": "upw"})),
        ("PROVEN", json!({"court": "telford_mc", "disposal": "unpaid_work_extended"})),
    ] {
        open.accepted(MANAGER, "recordBreach", step(name, fields)).await;
    }
    let revoked = json!({"sentence": person.sentence, "how": "REVOKED_BREACH"});
    let ended = open.accepted(MANAGER, "endSentence", revoked).await;
    assert_eq!(ended["sentence"]["state"], "ENDED");
}

#[tokio::test]
async fn every_step_of_a_referral_that_is_not_on_its_way_names_the_rule() {
    let open = Partnership::open().await;
    let person = open.person().await;
    let made = open.accepted(MANAGER, "makeReferral", open.referral_of(&person)).await;
    let referral = text(&made["referral"]["id"]);
    let decide = |decision: &str| json!({"referral": referral, "decision": decision});
    let withdraw = json!({"referral": referral, "reason": "PERSON_MOVED"});

    open.breaks(LEAD, "bookPlacement", booking_of(&referral), "REFERRAL_NOT_ACCEPTED").await;
    open.breaks(LEAD, "decideReferral", decide("DECLINED"), "REASON_IFF_DECLINED").await;
    let too_much = with(decide("ACCEPTED"), json!({"reason": "OUT_OF_AREA"}));
    open.breaks(LEAD, "decideReferral", too_much, "REASON_IFF_DECLINED").await;
    open.accepted(LEAD, "decideReferral", decide("ACCEPTED")).await;
    open.breaks(LEAD, "decideReferral", decide("ACCEPTED"), "REFERRAL_NOT_OPEN").await;
    let elsewhere = with(booking_of(&referral), json!({"site": "moon"}));
    open.breaks(LEAD, "bookPlacement", elsewhere, "SITE_UNKNOWN").await;

    let booked = open.accepted(LEAD, "bookPlacement", booking_of(&referral)).await;
    let placement = json!({"placement": booked["placement"]["id"]});
    open.breaks(MANAGER, "withdrawReferral", withdraw.clone(), "REFERRAL_HAS_PLACEMENT").await;
    let sheet = json!({"entries": [came(&text(&booked["placement"]["id"]), "s1")]});
    open.breaks(LEAD, "recordAttendance", sheet, "PLACEMENT_NOT_STARTED").await;
    open.breaks(LEAD, "completePlacement", placement.clone(), "PLACEMENT_NOT_STARTED").await;
    let early = |reason| with(placement.clone(), json!({"reason": reason, "fault": "NONE"}));
    open.breaks(LEAD, "endPlacementEarly", early("MEDICAL"), "END_REASON_NEEDS_START").await;

    open.accepted(LEAD, "startPlacement", placement.clone()).await;
    open.breaks(LEAD, "startPlacement", placement.clone(), "PLACEMENT_NOT_BOOKED").await;
    open.breaks(LEAD, "endPlacementEarly", early("CANCELLED"), "END_REASON_BEFORE_START").await;
    open.accepted(LEAD, "endPlacementEarly", early("MEDICAL")).await;
    open.breaks(LEAD, "completePlacement", placement.clone(), "PLACEMENT_ENDED").await;
    open.breaks(LEAD, "bookPlacement", booking_of(&referral), "REFERRAL_CONCLUDED").await;

    let second = open.accepted(MANAGER, "makeReferral", open.referral_of(&person)).await;
    let withdraw = with(withdraw, json!({"referral": second["referral"]["id"]}));
    let withdrawn = open.accepted(MANAGER, "withdrawReferral", withdraw.clone()).await;
    assert_eq!(withdrawn["referral"]["state"], "WITHDRAWN");
    open.breaks(MANAGER, "withdrawReferral", withdraw, "REFERRAL_TERMINAL").await;
}

#[tokio::test]
async fn every_step_of_enforcement_that_is_not_on_the_ladder_names_the_rule() {
    let open = Partnership::open().await;
    let person = open.person().await;
    let step = |breach: u32, step: &str, fields: Value| {
        with(json!({"sentence": person.sentence, "breach": breach, "step": step}), fields)
    };
    let other = json!({"otherGround": "police_report"});
    for (input, rule) in [
        (step(1, "FINAL_WARNING", other.clone()), "BREACH_STEP_OUT_OF_ORDER"),
        (step(1, "WARNING", json!({})), "BREACH_NEEDS_GROUND"),
        (step(2, "WARNING", other.clone()), "BREACH_NUMBER_SKIPPED"),
        (step(1, "RECALL_REQUESTED", other.clone()), "RECALL_NEEDS_LICENCE"),
        (
            step(1, "WARNING", with(other.clone(), json!({"requirement": "atr"}))),
            "REQUIREMENT_UNKNOWN",
        ),
    ] {
        open.breaks(MANAGER, "recordBreach", input, rule).await;
    }
    let placement = open.started_placement(&person).await;
    let sheet = json!({"entries": [came(&placement, "s1")]});
    let came = open.accepted(CASEWORKER, "recordAttendance", sheet).await;
    let no_ground = step(1, "WARNING", json!({"grounds": [came["events"][0]["id"]]}));
    open.breaks(MANAGER, "recordBreach", no_ground, "GROUND_NOT_ENFORCEABLE").await;
    let revoked = json!({"sentence": person.sentence, "how": "REVOKED_BREACH"});
    open.breaks(MANAGER, "endSentence", revoked, "REVOCATION_NEEDS_PROVEN_BREACH").await;
    let expired = json!({"sentence": person.sentence, "how": "EXPIRED"});
    open.accepted(MANAGER, "endSentence", expired).await;
    open.breaks(MANAGER, "recordBreach", step(1, "WARNING", other), "SENTENCE_NOT_ACTIVE").await;
}

#[tokio::test]
async fn what_a_sentence_goes_through_besides() {
    let open = Partnership::open().await;
    let person = open.person().await;
    let sentence = &person.sentence;
    let vary = json!({"sentence": sentence, "why": "court_review", "drop": ["upw"],
        "add": [{"id": "sup", "type": "SUPERVISION", "quantity": 12, "unit": "MONTH"}]});
    let varied = open.accepted(MANAGER, "varySentence", vary.clone()).await;
    assert_eq!(varied["sentence"]["requirements"], json!([{"id": "sup"}]));
    open.breaks(MANAGER, "varySentence", vary, "REQUIREMENT_UNKNOWN").await;

    let to = json!({"custody": {"at": WMPT.to_string()}});
    let change = json!({"sentence": sentence, "to": to, "why": "REMAND"});
    open.accepted(MANAGER, "changeSetting", change.clone()).await;
    open.breaks(MANAGER, "changeSetting", change, "SETTING_UNCHANGED").await;

    let worker = "wrk_00000000000000000000000000000001";
    let allocate = json!({"to": sentence, "role": "OFFENDER_MANAGER", "worker": worker,
        "agency": WMPT.to_string()});
    let allocated = open.accepted(MANAGER, "allocateWorker", allocate.clone()).await;
    assert_eq!(allocated["sentence"]["id"], sentence.as_str());
    assert_eq!(allocated["referral"], Value::Null);
    let private = with(allocate, json!({"agency": YSS.to_string()}));
    open.breaks(MANAGER, "allocateWorker", private, "OFFENDER_MANAGER_IS_PUBLIC").await;
}

#[tokio::test]
async fn whoever_has_no_part_in_a_thing_that_they_see_is_told_so() {
    let open = Partnership::open().await;
    let capacity = json!({"service": open.yss_service, "site": "main", "unit": "PLACE",
        "count": 12, "from": "2009-04-01"});
    open.breaks(OTHER_LEAD, "setCapacity", capacity.clone(), "NOT_YOURS").await;
    let set = open.accepted(LEAD, "setCapacity", capacity).await;
    assert_eq!(set["service"]["capacities"], json!([{"count": 12}]));
}

#[tokio::test]
async fn a_session_sheet_is_recorded_whole_or_not_at_all() {
    let open = Partnership::open().await;
    let (one, two) = (open.person().await, open.person().await);
    let (one, two) = (open.started_placement(&one).await, open.started_placement(&two).await);
    let over = with(came(&two, "s1"), json!({"creditedMinutes": 421}));
    let sheet = json!({"entries": [came(&one, "s1"), over]});
    let error = open.refused(CASEWORKER, "recordAttendance", sheet).await;
    assert_eq!((&error["rule"], &error["step"]), (&json!("CREDIT_OVER_PLAN"), &json!(1)));

    let sheet = json!({"entries": [came(&one, "s1"), came(&two, "s1"), came(&one, "s2")]});
    let recorded = open.accepted(CASEWORKER, "recordAttendance", sheet).await;
    let receipt = &recorded["receipt"];
    let number = |name: &str| text(&receipt[name]).parse::<u64>().unwrap();
    assert_eq!(number("position") - number("first"), 2, "one command, one run of events");
    assert_eq!(recorded["placements"].as_array().unwrap().len(), 2);

    let error = open.refused(CASEWORKER, "recordAttendance", json!({"entries": []})).await;
    assert_eq!((&error["field"], &error["step"]), (&json!("entries"), &Value::Null));
    assert_eq!((&error["problem"], &error["limit"]), (&json!("OUT_OF_RANGE"), &json!(500)));
    let twice = json!({"entries": [came(&one, "s3"), came(&one, "s3")]});
    let error = open.refused(CASEWORKER, "recordAttendance", twice).await;
    assert_eq!((&error["rule"], &error["step"]), (&json!("SESSION_RECORDED"), &json!(1)));
}

#[tokio::test]
async fn mutations_of_one_request_are_carried_out_in_order() {
    let open = Partnership::open().await;
    let placement = open.started_placement(&open.person().await).await;
    let sheet = |session: &str, version: u32| {
        let entry = with(came(&placement, session), json!({"expectedVersion": version}));
        json!({"commandId": open.command_id(), "occurredOn": "2009-06-02", "entries": [entry]})
    };
    let document = "mutation($a: RecordAttendanceInput!, $b: RecordAttendanceInput!) {
        a: recordAttendance(input: $a) { outcome placements { version } }
        b: recordAttendance(input: $b) { outcome placements { version } } }";
    let variables = json!({"a": sheet("s1", 2), "b": sheet("s2", 3)});
    let answer = open.ask(CASEWORKER, document, &variables).await;
    // The first answer shows what was there before the second.
    let expected =
        |version: u32| json!({"outcome": "ACCEPTED", "placements": [{"version": version}]});
    assert_eq!(answer["data"], json!({"a": expected(3), "b": expected(4)}));
    let position = open.ledger.snapshot().position().to_string();
    assert_eq!(answer["extensions"]["ledger"]["position"], position.as_str());
}
