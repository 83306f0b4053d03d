//! Input that the types of GraphQL let through and that cannot be right.

use serde_json::{Value, json};

use super::partnership::{
    CASEWORKER, COMMISSIONER, LEAD, MANAGER, NOMS, Partnership, YSS, came, with,
};

/// Field and problem of each error.
fn wrong(payload: &Value) -> Vec<(&str, &str)> {
    let errors = payload["errors"].as_array().unwrap().iter();
    errors
        .map(|error| {
            assert_eq!(error["__typename"], "InvalidInput", "{error}");
            (error["field"].as_str().unwrap(), error["problem"].as_str().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn every_wrong_field_is_reported_with_its_limit() {
    let open = Partnership::open().await;
    let input = json!({"commandId": "42", "cause": "evt_1", "expectedVersion": -1,
        "agreement": "agr_1", "title": "x".repeat(201), "provider": YSS.to_string(),
        "kind": "Day Service", "sites": [
            {"id": "main", "area": "a".repeat(41)}, {"id": " ", "area": "telford"}],
        "eligibility": {"ageFrom": 300},
        "awardsOffered": [{"title": "a\u{202e}b", "level": "ONE", "kind": "NATIONAL"}]});
    let payload = open.give(LEAD, "describeService", input).await;
    assert_eq!(payload["outcome"], "REFUSED");
    assert_eq!(
        wrong(&payload),
        [
            ("commandId", "NOT_AN_ID"),
            ("cause", "NOT_AN_ID"),
            ("expectedVersion", "OUT_OF_RANGE"),
            ("agreement", "NOT_AN_ID"),
            ("title", "TOO_LONG"),
            ("kind", "NOT_A_CODE"),
            ("sites.0.area", "TOO_LONG"),
            ("sites.1.id", "MISSING"),
            ("eligibility.ageFrom", "OUT_OF_RANGE"),
            ("awardsOffered.0.title", "CHARACTER"),
        ]
    );
    let limits = |index: usize| {
        let error = &payload["errors"][index];
        (error["least"].clone(), error["limit"].clone(), error["found"].clone())
    };
    assert_eq!(limits(4), (Value::Null, json!(200), json!(201)));
    assert_eq!(limits(6), (Value::Null, json!(40), json!(41)));
    assert_eq!(limits(8), (json!(0), json!(255), json!(300)));
}

#[tokio::test]
async fn a_value_that_the_domain_refuses_is_named_as_the_input_names_it() {
    let open = Partnership::open().await;
    let set = json!({"kind": "CONTRACT", "status": "LIVE", "funder": NOMS.to_string(),
        "lead": YSS.to_string(), "startsOn": "2008-04-01", "endsOn": "2011-03-31"});
    let year = json!({"year": 2008, "value": "1"});
    let yss = YSS.to_string();
    for (fields, field, problem) in [
        (json!({"endsOn": "2008-03-31"}), "endsOn", "DATES_OUT_OF_ORDER"),
        (json!({"subcontractors": [yss, yss]}), "subcontractors", "REPEATED"),
        (json!({"values": [year, year]}), "values", "REPEATED"),
        (json!({"values": [{"year": 2008, "value": "-1"}]}), "values.0.value", "OUT_OF_RANGE"),
        (json!({"prices": [{"unit": "BED", "price": "-1"}]}), "prices.0.price", "OUT_OF_RANGE"),
        (json!({"occurredOn": "2019-01-01"}), "occurredOn", "IN_FUTURE"),
    ] {
        let error = open.refused(COMMISSIONER, "setAgreement", with(set.clone(), fields)).await;
        assert_eq!(
            (&error["field"], &error["problem"]),
            (&json!(field), &json!(problem)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_entry_of_a_sheet_is_named_by_its_index() {
    let open = Partnership::open().await;
    let placement = open.started_placement(&open.person().await).await;
    let long = with(came(&placement, "s2"), json!({"plannedMinutes": 1441}));
    let sheet = json!({"entries": [came(&placement, "s1"), long.clone()]});
    let error = open.refused(CASEWORKER, "recordAttendance", sheet).await;
    assert_eq!(error["field"], "entries.1.plannedMinutes");
    assert_eq!((&error["step"], &error["limit"]), (&json!(1), &json!(1440)));

    let note = with(came(&placement, "s2"), json!({"note": "x".repeat(4001)}));
    let below = with(came(&placement, "S2"), json!({"creditedMinutes": -1}));
    let sheet = json!({"entries": [came(&placement, "s1"), note, below]});
    let payload = open.give(CASEWORKER, "recordAttendance", sheet).await;
    assert_eq!(
        wrong(&payload),
        [
            ("entries.1.note", "TOO_LONG"),
            ("entries.2.session", "NOT_A_CODE"),
            ("entries.2.creditedMinutes", "OUT_OF_RANGE"),
        ]
    );
    assert_eq!(payload["errors"][0]["step"], 1);
    assert_eq!(payload["errors"][2]["step"], 2);
}

#[tokio::test]
async fn a_replacement_is_read_as_closely_as_what_it_replaces() {
    let open = Partnership::open().await;
    let facts = json!({"title": "", "body": "RTITB", "level": "TWO", "kind": "NATIONAL"});
    let op =
        json!({"replace": {"occurredOn": "2009-06-01", "with": {"qualificationAwarded": facts}}});
    let input = json!({"corrections": [
        {"target": "per_1", "op": {"void": true}, "reason": "DUPLICATE"},
        {"target": "evt_00000000000000000000000000000000_0", "op": op, "reason": "DUPLICATE"}]});
    let payload = open.give(LEAD, "correctEvent", input).await;
    assert_eq!(
        wrong(&payload),
        [
            ("corrections.0.target", "NOT_AN_ID"),
            ("corrections.1.op.replace.with.qualificationAwarded.title", "MISSING"),
        ]
    );
}

#[tokio::test]
async fn what_is_sealed_is_not_repeated_to_whoever_sent_it() {
    let open = Partnership::open().await;
    let input = json!({"identifiers": [{"scheme": "CRN", "value": "canary\u{0}"}],
        "givenName": format!("canary{}", "x".repeat(200)), "familyName": "canary\u{200b}",
        "born": "1985-02-03", "note": format!("canary\u{7}")});
    let payload = open.give(MANAGER, "registerPerson", input).await;
    assert_eq!(
        wrong(&payload),
        [
            ("note", "CHARACTER"),
            ("identifiers.0.value", "CHARACTER"),
            ("givenName", "TOO_LONG"),
            ("familyName", "CHARACTER"),
        ]
    );
    assert!(!payload.to_string().contains("canary"));
}
