//! What is hidden from an agency of the demo answers as what does not exist, whichever way it is
//! asked for, and whatever is to be done with it; and what is seen is not therefore one's own.

use crate::audience::{Everything, INSPECTOR, WILLOWDENE, YSS, list, text};
use crate::command::{self, Command};
use crate::node::Node;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Something that exists and is hidden from Willowdene, beside what does not exist.
struct Hidden {
    id: String,
    absent: String,
}

impl Hidden {
    fn new(id: String) -> Self {
        let (prefix, digits) = id.split_at(4);
        let flipped = |digit: char| if digit == '0' { '1' } else { '0' };
        // Events have an index behind their digits; what comes before is as good.
        let absent: String = digits.chars().take(8).map(flipped).collect();
        let absent = format!("{prefix}{absent}{}", &digits[8..]);
        Self { id, absent }
    }
}

/// Something of each kind that is YSS's and not Willowdene's.
async fn hidden(node: &Node) -> BTreeMap<&'static str, Hidden> {
    let everything = Everything::read(node).await;
    let farm = everything.allowed(&node.agency_id(WILLOWDENE));
    let yss = everything.allowed(&node.agency_id(YSS));
    let known: BTreeSet<_> = everything
        .referrals
        .iter()
        .filter(|referral| farm.referrals.contains(&text(&referral["id"])))
        .map(|referral| text(&referral["person"]["id"]))
        .collect();
    let alone = |referral: &&Value| {
        yss.referrals.contains(&text(&referral["id"]))
            && !known.contains(&text(&referral["person"]["id"]))
            && !list(&referral["placements"]["nodes"]).is_empty()
    };
    let referral = everything.referrals.iter().find(alone).expect("a referral of YSS's alone");
    let person = &everything.people[&text(&referral["person"]["id"])];
    let agreement = yss.agreements.difference(&farm.agreements).next().expect("an agreement");
    let of_referral = |event: &&Value| event["stream"] == referral["id"];
    let event = everything.events.iter().find(of_referral).expect("an event");
    [
        ("referral", text(&referral["id"])),
        ("placement", text(&referral["placements"]["nodes"][0]["id"])),
        ("person", text(&person["id"])),
        ("sentence", text(&person["sentences"][0]["id"])),
        ("agreement", agreement.clone()),
        ("event", text(&event["id"])),
    ]
    .map(|(kind, id)| (kind, Hidden::new(id)))
    .into()
}

/// An answer with the identifier asked for and the request's own made the same.
fn blank(body: &str, id: &str) -> String {
    let body = body.replace(id, "<id>");
    let mut blank = String::new();
    let mut rest = body.as_str();
    while let Some(at) = rest.find("\"requestId\":\"") {
        let value = at + "\"requestId\":\"".len();
        let end = value + rest[value..].find('"').expect("closed");
        blank.push_str(&rest[..value]);
        rest = &rest[end..];
    }
    blank + rest
}

#[tokio::test]
async fn what_is_hidden_is_answered_as_what_does_not_exist() {
    let node = Node::shared_demo();
    let hidden = hidden(&node).await;
    let farm = node.caller(WILLOWDENE, "provider_lead");
    let auditor = node.caller(INSPECTOR, "auditor");
    for (kind, Hidden { id, absent }) in &hidden {
        let anywhere = "query ($id: ID!) { node(id: $id) { __typename id } }";
        let there = auditor.ask(anywhere, json!({ "id": id })).await;
        assert_eq!(there["node"]["id"].as_str(), Some(id.as_str()), "{kind} is there");
        let nowhere = auditor.ask(anywhere, json!({ "id": absent })).await;
        assert_eq!(nowhere["node"], Value::Null, "{kind} is not there");

        let mut asked = vec![
            anywhere.to_owned(),
            "query ($id: ID!) { events(first: 5, filter: { streams: [$id] }) {
                nodes { id } pageInfo { hasNextPage startCursor endCursor } } }"
                .to_owned(),
        ];
        if *kind != "event" {
            asked.push(format!(
                "query ($id: ID!) {{ ledger {{ {kind}(id: $id) {{
                    id version history: __typename }} }} }}"
            ));
        }
        for query in asked {
            let mut answers = Vec::new();
            for id in [id, absent] {
                let reply = farm.post(&query, json!({ "id": id })).await.expect("an answer");
                assert_eq!(reply.status, 200, "{}", reply.text());
                answers.push(blank(reply.text(), id));
            }
            assert_eq!(answers[0], answers[1], "{kind}: {query}");
            assert!(!answers[0].contains("errors"), "{}", answers[0]);
        }
    }
}

/// Commands about a thing, each with nothing wrong but what they are about.
fn commands(kind: &str, id: &str) -> Vec<Command> {
    let on = "2010-06-01";
    let command = |name, said| Command::new(name, 1, name, on, said).dry();
    let worker = format!("wrk_{}", "0".repeat(32));
    match kind {
        "referral" => vec![
            command("decideReferral", json!({ "referral": id, "decision": "ACCEPTED" })),
            command("withdrawReferral", json!({ "referral": id, "reason": "PERSON_MOVED" })),
            command(
                "bookPlacement",
                json!({ "referral": id, "site": "x", "unit": "PLACE", "from": on, "to": on,
                    "quantity": 1 }),
            ),
            command(
                "allocateWorker",
                json!({ "to": id, "role": "CASEWORKER", "worker": worker,
                    "agency": format!("agy_{}", "0".repeat(32)) }),
            ),
        ],
        "placement" => vec![
            command("startPlacement", json!({ "placement": id })),
            command("completePlacement", json!({ "placement": id })),
            command(
                "endPlacementEarly",
                json!({ "placement": id, "reason": "LEFT", "fault": "NONE" }),
            ),
            command(
                "awardQualification",
                json!({ "placement": id, "title": "T", "body": "B", "level": "ONE",
                    "kind": "NATIONAL" }),
            ),
            command(
                "recordAttendance",
                json!({ "entries": [{ "placement": id, "session": "s", "plannedMinutes": 1,
                    "creditedMinutes": 1, "outcome": "COMPLIED", "fault": "NONE" }] }),
            ),
        ],
        "event" => {
            vec![command("correctEvent", json!({ "corrections": [command::void(id)] }))]
        }
        "agreement" => vec![command(
            "describeService",
            json!({ "agreement": id, "provider": format!("agy_{}", "0".repeat(32)), "title": "T",
                "kind": "k", "sites": [{ "id": "s", "area": "a" }] }),
        )],
        // No command about a person or a sentence is a provider lead's to give.
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn a_command_about_what_is_hidden_is_answered_as_one_about_nothing() {
    let node = Node::shared_demo();
    let hidden = hidden(&node).await;
    let farm = node.caller(WILLOWDENE, "provider_lead");
    for (kind, Hidden { id, absent }) in &hidden {
        let about_it = commands(kind, id);
        for (hidden, nothing) in about_it.iter().zip(commands(kind, absent)) {
            let told = farm.tell(hidden).await;
            assert_eq!(told.refusal(), "NOT_FOUND", "{hidden:?}");
            let answers = [
                blank(farm.give(hidden).await.expect("an answer").text(), id),
                blank(farm.give(&nothing).await.expect("an answer").text(), absent),
            ];
            assert_eq!(answers[0], answers[1], "{hidden:?}");
        }
    }
}

#[tokio::test]
async fn a_role_gives_only_its_own_commands() {
    let node = Node::shared_demo();
    let kinds = ["referral", "placement", "event", "agreement"];
    let about_things = kinds.iter().flat_map(|kind| commands(kind, "x"));
    let mut lead: BTreeSet<_> = about_things.map(|command| command.name).collect();
    lead.insert("setCapacity");
    let only_the_lead =
        ["decideReferral", "withdrawReferral", "allocateWorker", "describeService", "setCapacity"];
    let caseworker: BTreeSet<_> = lead.difference(&only_the_lead.into()).copied().collect();
    let all = [
        "allocateWorker",
        "awardQualification",
        "bookPlacement",
        "changeSetting",
        "completePlacement",
        "correctEvent",
        "decideReferral",
        "describeAgency",
        "describeService",
        "endPlacementEarly",
        "endSentence",
        "imposeSentence",
        "makeReferral",
        "recordAttendance",
        "recordBreach",
        "registerPerson",
        "setAgreement",
        "setCapacity",
        "startPlacement",
        "varySentence",
        "withdrawReferral",
    ];
    let nobody = BTreeSet::new();
    for (agency, role, may) in [
        (WILLOWDENE, "provider_lead", &lead),
        (WILLOWDENE, "caseworker", &caseworker),
        (INSPECTOR, "auditor", &nobody),
        ("Safer Communities Board", "board", &nobody),
        ("West Mercia Constabulary", "police", &nobody),
    ] {
        let who = node.caller(agency, role);
        for name in all {
            // What is wrong with the input is not looked at before the door has opened.
            let command = Command { name, input: json!({ "nonsense": true }) };
            let code = who.give(&command).await.expect("an answer").code();
            let expected = if may.contains(name) { "BAD_REQUEST" } else { "FORBIDDEN" };
            assert_eq!(code, expected, "{name} as {role}");
        }
    }
}

#[tokio::test]
async fn what_is_seen_and_not_ones_own_is_not_changed() {
    let node = Node::shared_demo();
    let farm = node.caller(WILLOWDENE, "provider_lead");
    let services = farm.walk("ledger.services", "id provider { id } sites { id }").await;
    let yss = node.agency_id(YSS);
    let service = services.iter().find(|it| it["provider"]["id"] == *yss).expect("YSS's service");
    let set = Command::new(
        "setCapacity",
        1,
        "set",
        "2010-06-01",
        json!({ "service": service["id"], "site": service["sites"][0]["id"], "unit": "PLACE",
            "count": 0, "from": "2010-06-01" }),
    );
    assert_eq!(farm.tell(&set.dry()).await.refusal(), "NOT_YOURS");
}
