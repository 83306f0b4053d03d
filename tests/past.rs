//! The past: what a node shows of a position is what anybody with a copy of the folder replays.

use crate::client::Client;
use crate::dice::Dice;
use crate::folder::copy;
use crate::load::position;
use crate::node::{Node, printed, run};
use crate::replay::Replay;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::Path;

const CALLERS: [(&str, &str); 4] = [
    ("Willowdene Farm", "provider_lead"),
    ("YSS", "provider_lead"),
    ("West Mercia Probation Trust", "offender_manager"),
    ("Inspectorate of Partnerships (invented)", "auditor"),
];

/// Position and digest of the ledger as of a position.
async fn as_of(who: &Client, at: u64) -> (u64, String) {
    let query = "query ($at: Position!) { ledger(asOf: { position: $at }) { position digest } }";
    let asked = who.ask(query, json!({ "at": at.to_string() })).await;
    let digest = asked["ledger"]["digest"].as_str().expect("a digest").to_owned();
    (position(&asked["ledger"]), digest)
}

fn replayed(data: &Path, at: u64) -> Replay {
    let at = at.to_string();
    Replay::run([OsStr::new("--data"), data.as_os_str(), OsStr::new("--as-of"), OsStr::new(&at)])
}

#[tokio::test]
async fn a_replay_prints_the_digests_that_the_node_shows_at_any_position() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let node = Node::demo(Some(&data), 11, 2_000);
    let auditor = node.caller(CALLERS[3].0, CALLERS[3].1);
    let head = position(&auditor.ask("{ ledger { position } }", json!({})).await["ledger"]);
    let mut dice = Dice::new();
    let mut positions: Vec<u64> = (0..18).map(|_| 1 + dice.below(head)).collect();
    // Between the events of one command, where nothing was ever shown.
    let events = auditor.walk("events", "id position").await;
    let second = |event: &&Value| event["id"].as_str().expect("an id").ends_with("_1");
    let inside = events.iter().rfind(second).map(|event| position(event) - 1);
    positions.extend([1, inside.expect("a command of several events"), head]);
    let mut shown = Vec::new();
    for at in &positions {
        for (agency, role) in CALLERS {
            let (position, digest) = as_of(&node.caller(agency, role), *at).await;
            let agency = (role != "auditor").then(|| node.agency_id(agency));
            shown.push((*at, agency, position, digest));
        }
    }
    let ended = node.stop();
    assert!(ended.status.success(), "{}", ended.said);
    let mut compared = 0;
    for four in shown.chunks(CALLERS.len()) {
        let replay = replayed(&data, four[0].0);
        for (at, agency, position, digest) in four {
            assert_eq!(replay.position, *position, "asked for {at}");
            let printed = match agency {
                None => Some(&replay.digest),
                // An agency that has not been described yet is on no list.
                Some(agency) => replay.digests.get(agency),
            };
            if let Some(printed) = printed {
                assert_eq!(printed, digest, "{agency:?} at {at}");
                compared += 1;
            }
        }
    }
    assert!(compared > positions.len() * 2, "only {compared} digests were compared");
}

#[tokio::test]
async fn a_replay_of_a_copy_compares_itself_with_the_running_node() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, copied) = (folder.path().join("data"), folder.path().join("copy"));
    let token_file = folder.path().join("token");
    let node = Node::demo(Some(&data), 12, 600);
    copy(&data, &copied);
    let url = format!("http://{}", node.address());
    for (agency, role) in CALLERS {
        std::fs::write(&token_file, node.caller(agency, role).token()).expect("written");
        for at in ["400", "900000000"] {
            let arguments = ["--url", &url, "--as-of", at, "--token-file"].map(OsStr::new);
            let said = printed(
                [OsStr::new("replay"), OsStr::new("--data"), copied.as_os_str()]
                    .into_iter()
                    .chain(arguments)
                    .chain([token_file.as_os_str()]),
            );
            assert!(said.contains("shows the same digest"), "{said}");
        }
    }
    // Another ledger has other digests, and the replay says so and fails.
    let other = folder.path().join("other");
    Node::demo(Some(&other), 13, 600).stop();
    let arguments = ["--url", &url, "--token-file"].map(OsStr::new);
    let differs = run([OsStr::new("replay"), OsStr::new("--data"), other.as_os_str()]
        .into_iter()
        .chain(arguments)
        .chain([token_file.as_os_str()]));
    let said = String::from_utf8_lossy(&differs.stderr);
    assert!(!differs.status.success());
    assert!(said.contains("they differ") || said.contains("BEHIND"), "{said}");
}

#[tokio::test]
async fn the_past_does_not_change_with_what_comes_after() {
    let partnership = crate::partnership::Partnership::found().await;
    let auditor = partnership.auditor();
    let (head, digest) = crate::load::stand(&partnership.node).await;
    let person = partnership.person(1).await;
    assert_eq!(as_of(&auditor, head).await, (head, digest.clone()));
    let query = "query ($at: Position!) { ledger(asOf: { position: $at }) {
        people(first: 10) { nodes { id } } } ledgerNow: ledger {
        people(first: 10) { nodes { id } } } }";
    let asked = auditor.ask(query, json!({ "at": head.to_string() })).await;
    assert_eq!(asked["ledger"]["people"]["nodes"], json!([]));
    assert_eq!(asked["ledgerNow"]["people"]["nodes"], json!([{ "id": person.id }]));
    let restarted = partnership.restarted();
    assert_eq!(as_of(&restarted.auditor(), head).await, (head, digest));
}
