//! The two ladders, rung by rung: from a referral to a completed placement, and from a warning to
//! a proven breach. What is not the next rung is refused, and the refusal names the rule. And what
//! was given once and is given again.

use crate::client::Client;
use crate::command::{
    Command, attend, award, book, breach, complete, decide, end_early, register, start,
};
use crate::partnership::{FARM_WORK, Partnership, Person};
use serde_json::{Value, json};

/// Asks without recording, then gives the command: both are refused for that rule.
async fn refused(who: &Client, command: &Command, rule: &str) {
    for command in [command.dry(), command.clone()] {
        let told = who.tell(&command).await;
        assert_eq!(told.refusal(), rule, "{command:?}");
        assert_eq!(told.0["errors"][0]["__typename"], "RuleViolation", "{told:?}");
        assert!(told.receipt().is_null(), "{told:?}");
    }
}

/// Asks without recording, which leaves the command's identifier free, then gives the command.
async fn accepted(who: &Client, command: &Command) -> Value {
    let asked = who.tell(&command.dry()).await;
    assert_eq!(asked.outcome(), "ACCEPTED", "{command:?}: {asked:?}");
    assert!(asked.receipt().is_null(), "{asked:?}");
    who.done(command).await
}

async fn state(who: &Client, field: &str, id: &str) -> Value {
    let query = format!("query ($id: ID!) {{ ledger {{ {field}(id: $id) {{ state }} }} }}");
    who.ask(&query, json!({ "id": id })).await["ledger"][field]["state"].clone()
}

async fn head(partnership: &Partnership) -> u64 {
    let asked = partnership.auditor().ask("{ ledger { position } }", json!({})).await;
    asked["ledger"]["position"].as_str().expect("a position").parse().expect("a number")
}

fn withdraw(label: &str, referral: &str) -> Command {
    let said = json!({ "referral": referral, "reason": "PERSON_REFUSED" });
    Command::new("withdrawReferral", 1, label, "2024-01-19", said)
}

fn stream(receipt: &Value) -> String {
    receipt["stream"].as_str().expect("an identifier").to_owned()
}

#[tokio::test]
async fn a_referral_becomes_a_completed_placement_rung_by_rung() {
    let partnership = Partnership::found().await;
    let (farm, manager) = (partnership.farm(), partnership.manager());
    let person = partnership.person(1).await;
    let referral = partnership.refer(&person, "refer", &FARM_WORK).await;
    let begun = head(&partnership).await;
    assert_eq!(state(&farm, "referral", &referral).await, "OPEN");

    refused(&farm, &book(1, "early", &referral), "REFERRAL_NOT_ACCEPTED").await;
    let decline = decide(1, "decline", &referral, "DECLINED");
    refused(&farm, &decline, "REASON_IFF_DECLINED").await;
    let accept = decide(1, "accept", &referral, "ACCEPTED");
    refused(&farm, &accept.with("reason", "NO_CAPACITY"), "REASON_IFF_DECLINED").await;
    accepted(&farm, &decide(1, "wait", &referral, "WAITLISTED")).await;
    assert_eq!(state(&farm, "referral", &referral).await, "WAITLISTED");
    accepted(&farm, &accept).await;
    assert_eq!(state(&farm, "referral", &referral).await, "ACCEPTED");
    refused(&farm, &decline.with("reason", "NO_CAPACITY"), "REFERRAL_NOT_OPEN").await;

    refused(&farm, &book(1, "astray", &referral).with("site", "moon"), "SITE_UNKNOWN").await;
    let placement = stream(&accepted(&farm, &book(1, "book", &referral)).await);
    assert_eq!(state(&farm, "placement", &placement).await, "BOOKED");
    refused(&manager, &withdraw("withdraw", &referral), "REFERRAL_HAS_PLACEMENT").await;
    let first = attend(1, &placement, "2024-01-22", "COMPLIED");
    refused(&farm, &first, "PLACEMENT_NOT_STARTED").await;
    refused(&farm, &award(1, "award", &placement), "PLACEMENT_NOT_STARTED").await;
    refused(&farm, &complete(1, "complete", &placement), "PLACEMENT_NOT_STARTED").await;
    let left = end_early(1, "left", &placement, "LEFT");
    refused(&farm, &left, "END_REASON_NEEDS_START").await;

    accepted(&farm, &start(1, "start", &placement)).await;
    assert_eq!(state(&farm, "placement", &placement).await, "STARTED");
    refused(&farm, &start(1, "start again", &placement), "PLACEMENT_NOT_BOOKED").await;
    let cancelled = end_early(1, "cancelled", &placement, "CANCELLED");
    refused(&farm, &cancelled, "END_REASON_BEFORE_START").await;

    accepted(&farm, &first).await;
    let mut twice = first.clone();
    twice.input["commandId"] = crate::command::identifier("twice").into();
    refused(&farm, &twice, "SESSION_RECORDED").await;
    let mut too_much = attend(1, &placement, "2024-01-23", "COMPLIED");
    too_much.input["entries"][0]["creditedMinutes"] = 361.into();
    refused(&farm, &too_much, "CREDIT_OVER_PLAN").await;
    accepted(&farm, &award(1, "award", &placement)).await;
    refused(&farm, &award(1, "award again", &placement), "QUALIFICATION_HELD").await;

    accepted(&farm, &complete(1, "complete", &placement)).await;
    assert_eq!(state(&farm, "placement", &placement).await, "COMPLETED");
    assert_eq!(state(&farm, "referral", &referral).await, "CONCLUDED");
    refused(&farm, &complete(1, "complete again", &placement), "PLACEMENT_ENDED").await;
    refused(&farm, &left, "PLACEMENT_ENDED").await;
    let late = attend(1, &placement, "2024-06-29", "COMPLIED");
    refused(&farm, &late, "PLACEMENT_ENDED").await;
    refused(&farm, &book(1, "again", &referral), "REFERRAL_CONCLUDED").await;

    // What was refused or only asked about left nothing.
    assert_eq!(head(&partnership).await, begun + 7);
}

#[tokio::test]
async fn a_warning_becomes_a_proven_breach_rung_by_rung() {
    let partnership = Partnership::found().await;
    let (farm, manager) = (partnership.farm(), partnership.manager());
    let person = partnership.person(1).await;
    let (placement, absences) = absent_three_times(&partnership, &person).await;
    let sentence = &person.sentence;
    let step = |step, grounds: &[String]| breach(1, sentence, step, grounds);

    let elsewhere = step("WARNING", &absences[..1]).with("breach", 2);
    refused(&manager, &elsewhere, "BREACH_NUMBER_SKIPPED").await;
    refused(&manager, &step("FINAL_WARNING", &absences[..1]), "BREACH_STEP_OUT_OF_ORDER").await;
    refused(&manager, &step("PROVEN", &[]), "BREACH_STEP_OUT_OF_ORDER").await;
    refused(&manager, &step("WARNING", &[]), "BREACH_NEEDS_GROUND").await;
    refused(&manager, &step("RECALL_REQUESTED", &absences[..1]), "RECALL_NEEDS_LICENCE").await;
    let fine = farm.tell(&attend(1, &placement, "2024-02-02", "COMPLIED")).await.events();
    refused(&manager, &step("WARNING", &fine), "GROUND_NOT_ENFORCEABLE").await;
    let unknown = step("WARNING", &absences[..1]).with("requirement", "unpaid_work");
    refused(&manager, &unknown, "REQUIREMENT_UNKNOWN").await;

    accepted(&manager, &step("WARNING", &absences[..1])).await;
    refused(&manager, &step("WARNING", &absences[1..2]).with("commandId", other()), OUT_OF_ORDER)
        .await;
    refused(&manager, &step("INITIATED", &absences), OUT_OF_ORDER).await;
    accepted(&manager, &step("FINAL_WARNING", &absences[1..2])).await;
    refused(&manager, &step("NOT_PROVEN", &[]), OUT_OF_ORDER).await;
    accepted(&manager, &step("INITIATED", &absences)).await;
    let revoke = json!({ "sentence": sentence, "how": "REVOKED_BREACH" });
    let revoke = Command::new("endSentence", 1, "revoke", "2024-04-02", revoke);
    refused(&manager, &revoke, "REVOCATION_NEEDS_PROVEN_BREACH").await;
    accepted(&manager, &step("PROVEN", &[]).with("court", "shrewsbury")).await;
    refused(&manager, &step("WITHDRAWN", &[]), OUT_OF_ORDER).await;

    let query = "query ($id: ID!) { ledger { sentence(id: $id) {
        breaches { number step open steps { step grounds } } } } }";
    let seen = manager.ask(query, json!({ "id": sentence })).await;
    let expected = json!([{
        "number": 1, "step": "PROVEN", "open": false, "steps": [
            { "step": "WARNING", "grounds": [absences[0]] },
            { "step": "FINAL_WARNING", "grounds": [absences[1]] },
            { "step": "INITIATED", "grounds": absences },
            { "step": "PROVEN", "grounds": [] },
        ],
    }]);
    assert_eq!(seen["ledger"]["sentence"]["breaches"], expected);

    accepted(&manager, &revoke).await;
    assert_eq!(state(&manager, "sentence", sentence).await, "ENDED");
    let next = step("WARNING", &absences[2..]).with("breach", 2).with("commandId", other());
    refused(&manager, &next, "SENTENCE_NOT_ACTIVE").await;
}

const OUT_OF_ORDER: &str = "BREACH_STEP_OUT_OF_ORDER";

fn other() -> String {
    crate::command::identifier("another command")
}

/// A placement that has started, and the events of three absences.
async fn absent_three_times(partnership: &Partnership, person: &Person) -> (String, Vec<String>) {
    let farm = partnership.farm();
    let number = person.number;
    let referral = partnership.refer(person, "refer", &FARM_WORK).await;
    farm.done(&decide(number, "accept", &referral, "ACCEPTED")).await;
    let placement = farm.opened(&book(number, "book", &referral)).await;
    farm.done(&start(number, "start", &placement)).await;
    let mut absences = Vec::new();
    for day in ["2024-01-29", "2024-01-30", "2024-01-31"] {
        let absent = attend(number, &placement, day, "UNACCEPTABLE_ABSENCE");
        absences.extend(farm.tell(&absent).await.events());
    }
    (placement, absences)
}

#[tokio::test]
async fn a_command_given_again_has_the_same_answer_after_restarts_too() {
    let mut partnership = Partnership::found().await;
    let person = partnership.person(1).await;
    let referral = partnership.refer(&person, "refer", &FARM_WORK).await;
    let accept = decide(1, "accept", &referral, "ACCEPTED");
    let given = [
        ("trust", "offender_manager", register(1)),
        ("farm", "provider_lead", accept.with("note", "Keen to begin.")),
        ("farm", "provider_lead", book(1, "book", &referral)),
    ];
    let mut receipts = Vec::new();
    for (agency, role, command) in &given {
        let told = partnership.caller(agency, role).tell(command).await;
        assert_ne!(told.outcome(), "REFUSED", "{told:?}");
        receipts.push(told.receipt().clone());
    }
    let before = head(&partnership).await;
    for round in 0..3 {
        for ((agency, role, command), receipt) in given.iter().zip(&receipts) {
            let who = partnership.caller(agency, role);
            let again = who.tell(command).await;
            assert_eq!((again.outcome(), again.receipt()), ("REPLAYED", receipt));
            let changed = command.with("occurredOn", "2024-01-19");
            assert_eq!(who.tell(&changed).await.refusal(), "COMMAND_ID_REUSED");
        }
        assert_eq!(head(&partnership).await, before);
        partnership = if round == 0 { partnership.restarted() } else { partnership.killed() };
    }
    // The identifier is the agency's own: another agency may use the same.
    let theirs = register(1).with("identifiers", json!([{ "scheme": "CRN", "value": "XJRN9" }]));
    let youth = partnership.youth();
    let own = partnership.refer(&person, "to the charity", &crate::partnership::YOUTH_WORK).await;
    let same_id = decide(1, "accept", &own, "ACCEPTED");
    assert_eq!(same_id.input["commandId"], accept.input["commandId"]);
    youth.done(&same_id).await;
    assert_eq!(youth.give(&theirs).await.expect("an answer").code(), "FORBIDDEN");
}

#[tokio::test]
async fn a_version_that_has_moved_on_is_a_conflict() {
    let partnership = Partnership::found().await;
    let farm = partnership.farm();
    let person = partnership.person(1).await;
    let referral = partnership.refer(&person, "refer", &FARM_WORK).await;
    let wait = decide(1, "wait", &referral, "WAITLISTED").with("expectedVersion", 1);
    accepted(&farm, &wait).await;
    let accept = decide(1, "accept", &referral, "ACCEPTED").with("expectedVersion", 1);
    let told = farm.tell(&accept).await;
    assert_eq!(told.refusal(), "VERSION_CONFLICT");
    let error = &told.0["errors"][0];
    assert_eq!((&error["expected"], &error["current"]), (&json!(1), &json!(2)), "{told:?}");
    // A refused command has not used up its identifier.
    accepted(&farm, &accept.with("expectedVersion", 2)).await;
}
