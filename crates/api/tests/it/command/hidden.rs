//! What a caller may not see is as if it were not: the same answer, byte by byte.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::partnership::{
    CASEWORKER, MANAGER, OTHER_LEAD, Partnership, STRANGER, WMPT, Who, booking_of, came, document,
    sentence_of, stayed_away, text, with,
};

const NOBODY: &str = "00000000000000000000000000000000";

/// Something that is there, hidden from others than those who have a part in it.
struct Hidden {
    person: String,
    sentence: String,
    referral: String,
    placement: String,
    agreement: String,
    event: String,
}

/// Who asks for what, with the identifier put in.
struct Case {
    who: Who,
    mutation: &'static str,
    hidden: String,
    input: Box<dyn Fn(&str) -> Value>,
}

fn case(
    who: Who,
    mutation: &'static str,
    hidden: &str,
    input: impl Fn(&str) -> Value + 'static,
) -> Case {
    Case { who, mutation, hidden: hidden.to_owned(), input: Box::new(input) }
}

/// Every mutation, and every field of it that names a thing which may be hidden.
fn cases(open: &Partnership, hidden: &Hidden, own: &super::partnership::Person) -> Vec<Case> {
    let Hidden { person, sentence, referral, placement, agreement, event } = hidden;
    let worker = json!({"role": "MENTOR", "worker": format!("wrk_{NOBODY}"),
        "agency": WMPT.to_string()});
    let allocate = move |to: &str| with(worker.clone(), json!({ "to": to }));
    let (own_person, own_sentence) = (own.person.clone(), own.sentence.clone());
    let refer = with(open.referral_of(own), json!({"needs": []}));
    let of_own = {
        let refer = refer.clone();
        move |fields| with(refer.clone(), fields)
    };
    let (about_sentence, about_referral) = (of_own.clone(), of_own.clone());
    let described = json!({"title": "a", "provider": OTHER_LEAD.0.to_string(), "kind": "a",
        "sites": [{"id": "a", "area": "b"}]});
    let void = json!({"op": {"void": true}, "reason": "DUPLICATE"});
    let breach = json!({"sentence": own_sentence, "breach": 1, "step": "WARNING"});
    let for_cause = of_own.clone();
    let imposed = sentence_of(&own_person);
    vec![
        case(STRANGER, "imposeSentence", person, sentence_of),
        case(STRANGER, "imposeSentence", sentence, move |id| {
            with(imposed.clone(), json!({"continues": id}))
        }),
        case(STRANGER, "varySentence", sentence, |id| json!({"sentence": id, "why": "a"})),
        case(
            STRANGER,
            "changeSetting",
            sentence,
            |id| json!({"sentence": id, "to": {"community": {"licence": true}}, "why": "RELEASED"}),
        ),
        case(
            STRANGER,
            "recordBreach",
            sentence,
            |id| json!({"sentence": id, "breach": 1, "step": "WARNING", "otherGround": "a"}),
        ),
        case(STRANGER, "recordBreach", event, move |id| {
            with(breach.clone(), json!({"grounds": [id]}))
        }),
        case(STRANGER, "endSentence", sentence, |id| json!({"sentence": id, "how": "EXPIRED"})),
        case(STRANGER, "allocateWorker", sentence, allocate.clone()),
        case(STRANGER, "allocateWorker", referral, allocate.clone()),
        case(OTHER_LEAD, "allocateWorker", placement, allocate),
        case(STRANGER, "makeReferral", person, move |id| {
            with(refer.clone(), json!({"person": id}))
        }),
        case(STRANGER, "makeReferral", sentence, move |id| about_sentence(json!({"sentence": id}))),
        case(STRANGER, "makeReferral", referral, move |id| {
            about_referral(json!({"continues": id}))
        }),
        case(STRANGER, "makeReferral", event, move |id| {
            for_cause(json!({"cause": id, "dryRun": true}))
        }),
        case(
            OTHER_LEAD,
            "decideReferral",
            referral,
            |id| json!({"referral": id, "decision": "WAITLISTED"}),
        ),
        case(
            OTHER_LEAD,
            "withdrawReferral",
            referral,
            |id| json!({"referral": id, "reason": "PERSON_MOVED"}),
        ),
        case(OTHER_LEAD, "bookPlacement", referral, booking_of),
        case(OTHER_LEAD, "startPlacement", placement, |id| json!({"placement": id})),
        case(OTHER_LEAD, "recordAttendance", placement, |id| json!({"entries": [came(id, "s9")]})),
        case(
            OTHER_LEAD,
            "awardQualification",
            placement,
            |id| json!({"placement": id, "title": "a", "body": "b", "level": "ONE", "kind": "NATIONAL"}),
        ),
        case(OTHER_LEAD, "completePlacement", placement, |id| json!({"placement": id})),
        case(
            OTHER_LEAD,
            "endPlacementEarly",
            placement,
            |id| json!({"placement": id, "reason": "LEFT", "fault": "NONE"}),
        ),
        case(
            OTHER_LEAD,
            "correctEvent",
            event,
            move |id| json!({"corrections": [with(void.clone(), json!({"target": id}))]}),
        ),
        case(OTHER_LEAD, "describeService", agreement, move |id| {
            with(described.clone(), json!({"agreement": id}))
        }),
    ]
}

#[tokio::test]
async fn every_mutation_answers_a_hidden_id_like_an_absent_one() {
    let open = Partnership::open().await;
    let person = open.person().await;
    let placement = open.started_placement(&person).await;
    let sheet = json!({"entries": [stayed_away(&placement, "s1")]});
    let missed = open.accepted(CASEWORKER, "recordAttendance", sheet).await;
    let referral = "query($id: ID!) { node(id: $id) { ... on Placement { referral { id } } } }";
    let answer = open.ask(MANAGER, referral, &json!({ "id": placement })).await;
    let hidden = Hidden {
        person: person.person,
        sentence: person.sentence,
        referral: text(&answer["data"]["node"]["referral"]["id"]),
        placement,
        agreement: open.yss_agreement.clone(),
        event: text(&missed["events"][0]["id"]),
    };
    let own = open.person_of(STRANGER).await;
    let before = open.ledger.snapshot().position();
    let mut reasons = BTreeSet::new();
    for case in cases(&open, &hidden, &own) {
        let (prefix, _) = case.hidden.split_once('_').unwrap();
        let number = if prefix == "evt" { "_0" } else { "" };
        let absent = format!("{prefix}_{NOBODY}{number}");
        let mut variants = vec![json!({}), json!({"dryRun": true})];
        if case.mutation != "recordAttendance" {
            variants.push(json!({"expectedVersion": 7}));
        }
        for variant in variants {
            let mut answers = Vec::new();
            // The same command id for both: what it would open is named after it.
            let own = json!({"commandId": open.command_id(), "occurredOn": "2009-06-01"});
            for id in [&case.hidden, &absent] {
                let input = with(with(own.clone(), (case.input)(id)), variant.clone());
                let asked = json!({ "input": input });
                let answer = open.ask(case.who, &document(case.mutation), &asked).await;
                let outcome = &answer["data"][case.mutation]["outcome"];
                assert!(outcome.is_string(), "{}: {answer}", case.mutation);
                if variant == json!({}) {
                    let error = &answer["data"][case.mutation]["errors"][0];
                    let reason = error["rule"].as_str().or(error["code"].as_str());
                    reasons.insert(reason.unwrap_or("none").to_owned());
                }
                answers.push(answer.to_string().replace(id.as_str(), "<id>"));
            }
            assert_eq!(answers[0], answers[1], "{} with {variant}", case.mutation);
        }
    }
    assert_eq!(open.ledger.snapshot().position(), before, "nothing came of any of it");
    // No case was refused for a reason that has nothing to do with the identifier; a cause is only
    // remembered, and refused for nothing.
    let expected = ["GROUND_NOT_ENFORCEABLE", "NOT_FOUND", "none"];
    assert!(reasons.iter().eq(expected), "{reasons:?}");
}
