//! `/export/events.ndjson`: CloudEvents, as far as the scope reaches.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tallystick_domain::{Position, Record, Role};
use tallystick_views::{Scope, Snapshot};

use super::window::Window;
use crate::command::partnership::{COMMISSIONER, LEAD, MANAGER, NOMS, Partnership, text};

fn lines(export: &str) -> Vec<Value> {
    export.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[tokio::test]
async fn an_export_of_everything_can_be_folded_again() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let person = open.person().await;
    open.started_placement(&person).await;
    let (status, export) = window.get(COMMISSIONER, "/export/events.ndjson").await;
    assert_eq!(status, 200);
    let head = open.ledger.snapshot();
    let lines = lines(&export);
    assert_eq!(lines.len() as u64, head.position().0);
    let mut folded = Snapshot::empty();
    let mut stored = Vec::new();
    let mut walk = open.ledger.walk(Scope::new(NOMS, Role::Auditor), Position::ZERO);
    while walk.step(|it| stored.push([it.header, it.body].concat())).unwrap() {}
    for (line, stored) in lines.iter().zip(&stored) {
        let bytes = STANDARD.decode(text(&line["record"])).unwrap();
        assert_eq!(bytes, *stored, "as stored, salts and all");
        let record = decode(&bytes);
        assert_eq!(line["id"], json!(record.envelope.event_id().to_string()));
        assert_eq!(line["subject"], json!(record.envelope.stream.to_string()));
        let none = |_: &[_]| -> Result<Vec<Record>, ()> { unreachable!("nothing is corrected") };
        folded.fold(&[record], &mut { none }).unwrap();
    }
    folded.index();
    for scope in [Scope::new(NOMS, Role::Auditor), Scope::new(LEAD.0, LEAD.1)] {
        assert_eq!(folded.digest(scope), head.digest(scope));
    }
}

/// Header and body, one after the other: the body is the rest from where the header ends.
fn decode(bytes: &[u8]) -> Record {
    let whole = (0..bytes.len()).find_map(|at| {
        let (header, body) = bytes.split_at(at);
        Record::decode(header, body).ok()
    });
    whole.expect("a record")
}

#[tokio::test]
async fn a_line_is_a_cloud_event() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    open.person().await;
    let (_, export) = window.get(MANAGER, "/export/events.ndjson").await;
    let lines = lines(&export);
    let imposed = lines.last().unwrap();
    assert_eq!(imposed["specversion"], "1.0");
    assert_eq!(imposed["type"], "tallystick.SentenceImposed.v1");
    assert_eq!(imposed["source"], format!("urn:tallystick:ldg_{}", "09".repeat(16)));
    assert_eq!(imposed["time"], "2009-04-01T00:00:00Z");
    assert_eq!(imposed["occurredon"], "2009-04-01");
    assert_eq!(imposed["sequence"], json!(open.ledger.snapshot().position().to_string()));
    assert_eq!(imposed["data"]["kind"], "community");
    assert_eq!(imposed["record"], Value::Null, "only for those who read everything");
}

#[tokio::test]
async fn an_export_begins_and_ends_where_it_is_told() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    open.person().await;
    let sequence = async |query: &str| -> Vec<u64> {
        let (status, export) =
            window.get(COMMISSIONER, &format!("/export/events.ndjson?{query}")).await;
        assert_eq!(status, 200, "{export}");
        lines(&export).iter().map(|line| text(&line["sequence"]).parse().unwrap()).collect()
    };
    assert_eq!(sequence("after=2&asOf=5").await, [3, 4, 5]);
    let cursor = "{ events(first: 1) { pageInfo { endCursor } } }";
    let cursor = window.data(COMMISSIONER, cursor, &json!({})).await;
    let after = text(&cursor["events"]["pageInfo"]["endCursor"]);
    assert_eq!(sequence(&format!("after={after}&asOf=3")).await, [2, 3]);
    assert_eq!(sequence("asOf=2008-01-01T00:00:00Z").await, Vec::<u64>::new());
    for (query, status) in
        [("after=x", 400), ("asOf=tomorrow", 400), ("upto=3", 400), ("after=999999", 503)]
    {
        let (found, body) =
            window.get(COMMISSIONER, &format!("/export/events.ndjson?{query}")).await;
        assert_eq!(found, status, "{query}: {body}");
    }
}
