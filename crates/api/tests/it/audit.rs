//! What GraphQL says of proofs, held against what others make of them.

use serde_json::{Value, json};
use tallystick_domain::{Position, Role};
use tlog_tiles::{Hash, check_record, node_hash, record_hash};

use crate::{
    command::partnership::{
        COMMISSIONER, LEAD, MANAGER, NOMS, OTHER_LEAD, Partnership, Who, document, text,
    },
    tlog::{AUDITOR, Cosigner, covered, signed},
};

async fn audit(open: &Partnership, who: Who, fields: &str) -> Value {
    open.ask(who, &format!("{{ audit {{ {fields} }} }}"), &json!({})).await
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

fn hash(text: &Value) -> Hash {
    Hash::parse_hash(text.as_str().unwrap()).unwrap()
}

fn hashes(list: &Value) -> Vec<Hash> {
    list.as_array().unwrap().iter().map(hash).collect()
}

/// RFC 9162 §2.1.4.2, step by step.
fn is_consistent(first: u64, second: u64, roots: (Hash, Hash), proof: &[Hash]) -> bool {
    let mut path = proof.to_vec();
    if first.is_power_of_two() {
        path.insert(0, roots.0);
    }
    let (mut f, mut s) = (first - 1, second - 1);
    while f & 1 == 1 {
        (f, s) = (f >> 1, s >> 1);
    }
    let Some((start, rest)) = path.split_first() else { return false };
    let (mut older, mut newer) = (*start, *start);
    for c in rest {
        if s == 0 {
            return false;
        }
        if f & 1 == 1 || f == s {
            (older, newer) = (node_hash(*c, older), node_hash(*c, newer));
            while f & 1 == 0 && f != 0 {
                (f, s) = (f >> 1, s >> 1);
            }
        } else {
            newer = node_hash(newer, *c);
        }
        (f, s) = (f >> 1, s >> 1);
    }
    s == 0 && (older, newer) == roots
}

/// Bytes of hexadecimal digits.
fn bytes(digits: &Value) -> Vec<u8> {
    let digits = digits.as_str().unwrap();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

#[tokio::test]
async fn the_last_checkpoint_is_told_with_its_signatures_and_witnesses() {
    let folder = tempfile::tempdir().unwrap();
    let (present, absent) = (Cosigner::new("yss.example/w1"), Cosigner::new("wmpt.example/w2"));
    let open = signed(&folder, 3, vec![present.vkey(), absent.vkey()]).await;
    let note = open.ledger.checkpoint().unwrap().to_string();
    let line = present.cosign(&note, 1_254_394_800);
    open.ledger.add_cosignatures(&line, &[present.vkey()]).unwrap();
    let head = open.ledger.snapshot().position();
    let fields = "checkpoint { origin size root note signatures { name line } } verifierKey
        witnesses { name key lastCosignedAt lastCosignedSize }";
    let answer = audit(&open, (NOMS, Role::Board), fields).await;
    let told = &answer["data"]["audit"];
    let origin = format!("log.example/ldg_{}#1", "09".repeat(16));
    assert_eq!(told["checkpoint"]["origin"], origin, "{answer}");
    assert_eq!(told["checkpoint"]["size"], head.to_string());
    assert_eq!(told["checkpoint"]["root"], answer["extensions"]["ledger"]["root"]);
    assert_eq!(told["checkpoint"]["note"], format!("{note}{line}"));
    let signatures = json!([
        {"name": origin, "line": note.lines().last().unwrap()},
        {"name": "yss.example/w1", "line": line.trim_end()},
    ]);
    assert_eq!(told["checkpoint"]["signatures"], signatures);
    assert_eq!(told["verifierKey"], open.ledger.verifier_key().unwrap().to_string());
    let witnesses = json!([
        {"name": "yss.example/w1", "key": present.vkey().to_string(),
            "lastCosignedAt": "2009-10-01T11:00:00.000Z", "lastCosignedSize": head.to_string()},
        {"name": "wmpt.example/w2", "key": absent.vkey().to_string(),
            "lastCosignedAt": null, "lastCosignedSize": null},
    ]);
    assert_eq!(told["witnesses"], witnesses);
    // The next checkpoint has no cosignature yet, and nothing is forgotten.
    open.grow(1).await;
    covered(&open).await;
    let answer = audit(&open, AUDITOR, fields).await;
    assert_eq!(answer["data"]["audit"]["checkpoint"]["signatures"].as_array().unwrap().len(), 1);
    assert_eq!(answer["data"]["audit"]["witnesses"], witnesses);
}

#[tokio::test]
async fn proofs_convince_another_implementation() {
    let folder = tempfile::tempdir().unwrap();
    let open = signed(&folder, 270, Vec::new()).await;
    let size = open.ledger.snapshot().position().0;
    for position in [1, 2, 256, 257, size] {
        let fields = format!(
            "inclusionProof(position: \"{position}\", size: \"{size}\") {{
                position size root headerDigest bodyDigest leaf hashes }}"
        );
        let answer = audit(&open, AUDITOR, &fields).await;
        let proof = &answer["data"]["audit"]["inclusionProof"];
        assert_eq!(proof["root"], answer["extensions"]["ledger"]["root"], "{answer}");
        let digests = [vec![1], bytes(&proof["headerDigest"]), bytes(&proof["bodyDigest"])];
        let leaf = record_hash(&digests.concat());
        assert_eq!(leaf, hash(&proof["leaf"]));
        let (root, path) = (hash(&proof["root"]), hashes(&proof["hashes"]));
        check_record(&path, size, root, position - 1, leaf).expect("it holds");
    }
    for (from, to) in [(1, 2), (4, 9), (7, size), (256, size), (255, 257)] {
        let fields = format!(
            "consistencyProof(from: \"{from}\", to: \"{to}\") {{ from to fromRoot toRoot hashes }}
            older: root(position: \"{from}\") newer: root(position: \"{to}\")"
        );
        let answer = audit(&open, AUDITOR, &fields).await;
        let told = &answer["data"]["audit"];
        let proof = &told["consistencyProof"];
        assert_eq!((&proof["fromRoot"], &proof["toRoot"]), (&told["older"], &told["newer"]));
        let (roots, path) =
            ((hash(&told["older"]), hash(&told["newer"])), hashes(&proof["hashes"]));
        assert!(is_consistent(from, to, roots, &path), "{from} to {to}");
        let swapped = (roots.1, roots.0);
        assert!(!is_consistent(from, to, swapped, &path), "{from} to {to}");
    }
    let beyond = size + 1;
    for (fields, expected) in [
        (format!("root(position: \"{beyond}\")"), "BEHIND"),
        (format!("inclusionProof(position: \"1\", size: \"{beyond}\") {{ leaf }}"), "BEHIND"),
        (format!("consistencyProof(from: \"1\", to: \"{beyond}\") {{ hashes }}"), "BEHIND"),
        ("consistencyProof(from: \"3\", to: \"2\") { hashes }".to_owned(), "BAD_REQUEST"),
        ("inclusionProof(position: \"3\", size: \"2\") { leaf }".to_owned(), "BAD_REQUEST"),
    ] {
        assert_eq!(code(&audit(&open, AUDITOR, &fields).await), expected, "{fields}");
    }
}

#[tokio::test]
async fn a_hidden_event_is_proved_no_more_than_an_absent_one() {
    let folder = tempfile::tempdir().unwrap();
    let open = signed(&folder, 1, Vec::new()).await;
    let person = open.person().await;
    open.accepted_referral(&person).await;
    covered(&open).await;
    let head = open.ledger.snapshot().position();
    let fields = |position: Position| {
        format!(
            "receipt(position: \"{position}\")
            inclusionProof(position: \"{position}\", size: \"{head}\") {{ leaf }}"
        )
    };
    let seen = audit(&open, LEAD, &fields(head)).await;
    assert!(text(&seen["data"]["audit"]["receipt"]).starts_with("c2sp.org/tlog-proof@v1\n"));
    assert!(seen["data"]["audit"]["inclusionProof"]["leaf"].is_string(), "{seen}");
    // The referral's decision is not Willowdene's to see; before the first there is nothing.
    for who in [OTHER_LEAD, (LEAD.0, Role::Witness), (OTHER_LEAD.0, Role::DataProtectionOfficer)] {
        let hidden = audit(&open, who, &fields(head)).await;
        assert_eq!(hidden, audit(&open, who, &fields(Position(0))).await, "{who:?}");
        assert_eq!(hidden["data"]["audit"], json!({"receipt": null, "inclusionProof": null}));
        // What everybody sees is proved to everybody.
        let directory = audit(&open, who, &fields(Position(2))).await;
        assert!(directory["data"]["audit"]["receipt"].is_string(), "{who:?}: {directory}");
    }
    let beyond = audit(&open, OTHER_LEAD, &format!("receipt(position: \"{}\")", head.next())).await;
    let hidden = audit(&open, OTHER_LEAD, &format!("receipt(position: \"{head}\")")).await;
    assert_eq!(beyond, hidden);
    let absent = audit(&open, AUDITOR, &format!("receipt(position: \"{}\")", head.next())).await;
    assert_eq!(absent["data"]["audit"]["receipt"], Value::Null);
    assert!(absent["errors"].is_null());
}

#[tokio::test]
async fn audit_is_open_to_the_roles_of_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let open = signed(&folder, 1, Vec::new()).await;
    for role in Role::ALL {
        let heads = audit(&open, (NOMS, *role), "checkpoint { size }").await;
        let proofs = [
            "receipt(position: \"2\")",
            "inclusionProof(position: \"2\", size: \"3\") { leaf }",
            "consistencyProof(from: \"2\", to: \"3\") { hashes }",
        ];
        let (may_heads, may_prove) = match role {
            Role::OffenderManager | Role::LinkWorker | Role::Caseworker | Role::Mentor => {
                (false, false)
            }
            Role::Board => (true, false),
            _ => (true, true),
        };
        assert_eq!(code(&heads), if may_heads { "none" } else { "FORBIDDEN" }, "{role:?}");
        for proof in proofs {
            let answer = audit(&open, (NOMS, *role), proof).await;
            let expected = if may_prove { "none" } else { "FORBIDDEN" };
            assert_eq!(code(&answer), expected, "{role:?} {proof}: {answer}");
        }
    }
}

/// A mutation that is always right, with the proof asked for.
async fn describe(open: &Partnership, await_checkpoint: bool) -> Value {
    let mutation = document("describeAgency").replacen("recordedAt", "recordedAt proof noProof", 1);
    let input = json!({"agency": LEAD.0.to_string(), "name": "YSS", "kind": "CHARITY",
        "status": "PARTNER", "occurredOn": "2009-06-01", "commandId": open.command_id(),
        "awaitCheckpoint": await_checkpoint});
    let answer = open.ask(COMMISSIONER, &mutation, &json!({ "input": input })).await;
    assert_eq!(answer["data"]["describeAgency"]["outcome"], "ACCEPTED", "{answer}");
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["describeAgency"]["receipt"].clone()
}

#[tokio::test]
async fn a_command_may_wait_for_its_proof() {
    let folder = tempfile::tempdir().unwrap();
    let open = signed(&folder, 1, Vec::new()).await;
    let receipt = describe(&open, true).await;
    let proof = text(&receipt["proof"]);
    let first: u64 = text(&receipt["first"]).parse().unwrap();
    assert!(proof.contains(&format!("\nindex {}\n", first - 1)), "{proof}");
    let again = audit(&open, AUDITOR, &format!("receipt(position: \"{first}\")")).await;
    assert_eq!(again["data"]["audit"]["receipt"], proof);
}

#[tokio::test]
async fn a_proof_that_cannot_be_made_spoils_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let open = signed(&folder, 1, Vec::new()).await;
    open.log.fail_reads(true);
    let receipt = describe(&open, true).await;
    assert!(receipt["position"].is_string(), "{receipt}");
    assert_eq!((&receipt["proof"], &receipt["noProof"]), (&Value::Null, &json!("UNREADABLE")));
    open.log.fail_reads(false);
    let receipt = describe(&open, true).await;
    assert_eq!(receipt["noProof"], Value::Null, "{receipt}");
}

#[tokio::test]
async fn what_no_checkpoint_covers_has_no_proof_yet() {
    let folder = tempfile::tempdir().unwrap();
    let open = signed(&folder, 1, Vec::new()).await;
    // Nothing can be signed any more.
    folder.close().unwrap();
    let receipt = describe(&open, false).await;
    assert_eq!((&receipt["proof"], &receipt["noProof"]), (&Value::Null, &json!("NOT_YET")));
    let position = text(&receipt["first"]);
    let fields = format!("receipt(position: \"{position}\")");
    let answer = audit(&open, AUDITOR, &fields).await;
    assert_eq!(code(&answer), "BEHIND", "{answer}");
    assert_eq!(answer["data"]["audit"]["receipt"], Value::Null);
}

#[tokio::test]
async fn without_a_key_nothing_is_waited_for() {
    let open = Partnership::open().await;
    let receipt = describe(&open, true).await;
    assert_eq!((&receipt["proof"], &receipt["noProof"]), (&Value::Null, &json!("NO_KEY")));
    let fields = "checkpoint { size } verifierKey witnesses { name } receipt(position: \"2\")";
    let answer = audit(&open, AUDITOR, fields).await;
    let nothing =
        json!({"checkpoint": null, "verifierKey": null, "witnesses": [], "receipt": null});
    assert_eq!(answer["data"]["audit"], nothing);
    assert!(answer["errors"].is_null());
    let manager = audit(&open, MANAGER, "verifierKey").await;
    assert_eq!(code(&manager), "FORBIDDEN");
}
