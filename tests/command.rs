//! Commands as callers give them.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// A command: a mutation and its input.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) input: Value,
}

impl Command {
    /// The command of that name about person `number`, which happened on a day. `label` tells it
    /// from the person's other commands: its identifier follows from both, so that ledgers on
    /// which the same is done have the same identifiers.
    pub(crate) fn new(name: &'static str, number: u64, label: &str, on: &str, said: Value) -> Self {
        let mut input = said;
        input["commandId"] = identifier(&format!("{number} {label}")).into();
        input["occurredOn"] = on.into();
        Self { name, input }
    }

    /// The same with another value in a field.
    pub(crate) fn with(&self, field: &str, value: impl Into<Value>) -> Self {
        let mut other = self.clone();
        other.input[field] = value.into();
        other
    }

    /// The same, to be asked about and not recorded.
    pub(crate) fn dry(&self) -> Self {
        self.with("dryRun", true)
    }
}

/// 32 hexadecimal digits that follow from a text.
pub(crate) fn identifier(text: &str) -> String {
    Sha256::digest(text)[..16].iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn register(number: u64) -> Command {
    let identifiers = json!([{ "scheme": "CRN", "value": format!("XJRN{number:08}") }]);
    let (given, family) = ("Gadwallia", "Merganserby");
    let said = json!({
        "identifiers": identifiers, "givenName": given, "familyName": family, "born": "1983-02-19",
    });
    Command::new("registerPerson", number, "register", "2024-01-08", said)
}

pub(crate) fn impose(number: u64, person: &str) -> Command {
    let said = json!({
        "person": person, "kind": "COMMUNITY", "expiresOn": "2025-12-31", "area": "shropshire",
        "age": 30, "court": "shrewsbury", "setting": { "community": { "licence": false } },
        "requirements": [{ "id": "activity", "type": "ACTIVITY", "quantity": 20, "unit": "DAY" }],
    });
    Command::new("imposeSentence", number, "impose", "2024-01-08", said)
}

pub(crate) fn refer(
    number: u64,
    label: &str,
    person: &str,
    sentence: &str,
    service: &str,
) -> Command {
    let said = json!({
        "person": person, "sentence": sentence, "requirement": "activity", "service": service,
        "needs": ["ETE"], "share": { "groups": ["IDENTITY"], "basis": "CONSENT" },
    });
    Command::new("makeReferral", number, label, "2024-01-15", said)
}

pub(crate) fn decide(number: u64, label: &str, referral: &str, decision: &str) -> Command {
    let said = json!({ "referral": referral, "decision": decision });
    Command::new("decideReferral", number, label, "2024-01-17", said)
}

pub(crate) fn book(number: u64, label: &str, referral: &str) -> Command {
    let said = json!({
        "referral": referral, "site": "barn", "unit": "PLACE", "from": "2024-01-22",
        "to": "2024-06-28", "quantity": 20,
    });
    Command::new("bookPlacement", number, label, "2024-01-18", said)
}

pub(crate) fn start(number: u64, label: &str, placement: &str) -> Command {
    let said = json!({ "placement": placement });
    Command::new("startPlacement", number, label, "2024-01-22", said)
}

/// One session of a placement, on a day, which is also its name.
pub(crate) fn attend(number: u64, placement: &str, on: &str, outcome: &str) -> Command {
    let (credited, fault) = if outcome == "COMPLIED" { (360, "NONE") } else { (0, "PERSON") };
    let entry = json!({
        "placement": placement, "session": format!("s{on}"), "plannedMinutes": 360,
        "creditedMinutes": credited, "outcome": outcome, "fault": fault,
    });
    let label = format!("attend {placement} {on}");
    Command::new("recordAttendance", number, &label, on, json!({ "entries": [entry] }))
}

pub(crate) fn award(number: u64, label: &str, placement: &str) -> Command {
    let said = json!({
        "placement": placement, "title": "Land-based studies", "body": "Lantra", "level": "TWO",
        "kind": "NATIONAL",
    });
    Command::new("awardQualification", number, label, "2024-05-03", said)
}

pub(crate) fn complete(number: u64, label: &str, placement: &str) -> Command {
    let outcomes = json!([{ "code": "work_experience", "result": "ACHIEVED" }]);
    let said = json!({ "placement": placement, "outcomes": outcomes, "moveOn": "employment" });
    Command::new("completePlacement", number, label, "2024-06-28", said)
}

pub(crate) fn end_early(number: u64, label: &str, placement: &str, reason: &str) -> Command {
    let said = json!({ "placement": placement, "reason": reason, "fault": "NONE" });
    Command::new("endPlacementEarly", number, label, "2024-03-29", said)
}

/// A step of the ladder of enforcement in a sentence's first breach.
pub(crate) fn breach(number: u64, sentence: &str, step: &str, grounds: &[String]) -> Command {
    let said = json!({
        "sentence": sentence, "breach": 1, "step": step, "grounds": grounds,
        "requirement": "activity",
    });
    Command::new("recordBreach", number, &format!("breach {step}"), "2024-03-04", said)
}

/// Corrections of events, each what becomes of one: [`void`] or [`replace`].
pub(crate) fn correct(number: u64, label: &str, corrections: &[Value]) -> Command {
    Command::new("correctEvent", number, label, "2024-07-01", json!({ "corrections": corrections }))
}

pub(crate) fn void(event: &str) -> Value {
    json!({ "target": event, "op": { "void": true }, "reason": "ENTERED_WRONGLY" })
}

/// What an event of that kind should have said, and when it happened after all.
pub(crate) fn replace(event: &str, kind: &str, on: &str, facts: Value) -> Value {
    let mut with = json!({});
    with[kind] = facts;
    let replace = json!({ "occurredOn": on, "with": with });
    json!({ "target": event, "op": { "replace": replace }, "reason": "ENTERED_WRONGLY" })
}
