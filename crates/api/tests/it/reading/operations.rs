//! `schema/operations/*.graphql`: documents to start from, and to allow by name.

use std::{fs, path::Path};

use super::window::Window;
use crate::command::partnership::{COMMISSIONER, Partnership};

#[tokio::test]
async fn every_operation_parses_and_is_valid() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/operations");
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let document = fs::read_to_string(&path).unwrap();
        // The document is judged first, and as a whole.
        let broken = format!("{document}\nquery Unknown {{ unknownField }}");
        assert_eq!(window.refused(COMMISSIONER, &broken).await, "GRAPHQL_VALIDATION_FAILED");
        let answer = window.ask(COMMISSIONER, &document, &serde_json::json!({})).await;
        // Some are refused for who asks, without variables, over HTTP; none for itself.
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        let judged = matches!(code, None | Some("FORBIDDEN" | "BAD_REQUEST"));
        assert!(judged, "{}: {answer}", path.display());
        count += 1;
    }
    assert!(count >= 15, "{count} operations");
}
