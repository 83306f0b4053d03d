//! Exports: the same lines from the folder and from the running node, and from them the same
//! ledger.

use crate::node::{Node, printed};
use crate::replay::Replay;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;

#[tokio::test]
async fn an_export_replays_to_the_same_digests_and_is_the_same_over_http() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let node = Node::demo(Some(&data), 21, 1_500);
    let auditor = node.caller("Inspectorate of Partnerships (invented)", "auditor");
    let got = auditor.get("/export/events.ndjson").await;
    assert_eq!(got.status, 200, "{}", got.text());
    let over_http = folder.path().join("http.ndjson");
    fs::write(&over_http, &got.body).expect("written");
    assert!(node.stop().status.success());

    let written = folder.path().join("written.ndjson");
    printed([
        OsStr::new("export"),
        OsStr::new("--data"),
        data.as_os_str(),
        OsStr::new("--out"),
        written.as_os_str(),
    ]);
    let of_folder = fs::read_to_string(&written).expect("read");
    assert!(of_folder == got.text(), "the folder's export and the node's differ");
    let said = printed([OsStr::new("export"), OsStr::new("--data"), data.as_os_str()]);
    assert!(said == of_folder, "standard output and file differ");

    let replay = Replay::run([OsStr::new("--data"), data.as_os_str()]);
    for export in [&written, &over_http] {
        let replayed = Replay::run([OsStr::new("--export"), export.as_os_str()]);
        assert_eq!(replayed, replay);
        let half = (replay.position / 2).to_string();
        let half = [OsStr::new("--as-of"), OsStr::new(&half)];
        let of_export = [OsStr::new("--export"), export.as_os_str()].into_iter().chain(half);
        let of_data = [OsStr::new("--data"), data.as_os_str()].into_iter().chain(half);
        assert_eq!(Replay::run(of_export), Replay::run(of_data));
    }
    let lines: Vec<Value> =
        of_folder.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len() as u64, replay.position);
    for (line, position) in lines.iter().zip(1_u64..) {
        assert_eq!(line["specversion"], "1.0", "{line}");
        let sequence = line["sequence"].as_str().expect("a sequence");
        assert_eq!(sequence.trim_start_matches('0'), position.to_string(), "{line}");
        for field in ["id", "source", "type", "recordedtime"] {
            assert!(line[field].is_string(), "{field} of {line}");
        }
    }
}

#[tokio::test]
async fn an_agency_exports_what_it_sees() {
    let node = Node::shared_demo();
    let farm = node.caller("Willowdene Farm", "provider_lead");
    let got = farm.get("/export/events.ndjson").await;
    assert_eq!(got.status, 200, "{}", got.text());
    let exported: Vec<Value> = got
        .text()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].clone())
        .collect();
    let seen = farm.walk("events", "id").await;
    let seen: Vec<Value> = seen.iter().map(|event| event["id"].clone()).collect();
    assert_eq!(exported, seen);
    let stranger = node.client("nobody's token");
    assert_eq!(stranger.get("/export/events.ndjson").await.status, 401);
}
