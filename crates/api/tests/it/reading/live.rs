//! `subscription { ledger }`: the answer again when it matters, and only then.

use serde_json::{Value, json};
use tallystick_domain::Position;

use super::window::Window;
use crate::{
    command::partnership::{MANAGER, Partnership, STRANGER, text},
    door::Client,
};

const DOCUMENT: &str = "subscription { ledger { position agency { counts { people } } } }";

async fn next(client: &mut Client) -> Value {
    let message = client.receive_about("1").await;
    assert_eq!(message["type"], "next", "{message}");
    let payload = &message["payload"];
    let ledger = &payload["data"]["ledger"];
    assert_eq!(payload["extensions"]["ledger"]["position"], ledger["position"]);
    ledger.clone()
}

/// Answers until that of a position.
async fn until(client: &mut Client, position: Position) -> Vec<Value> {
    let mut answers = Vec::new();
    loop {
        let answer = next(client).await;
        let last = answer["position"] == json!(position.to_string());
        answers.push(answer);
        if last {
            return answers;
        }
    }
}

#[tokio::test]
async fn a_live_query_answers_after_what_matters_and_is_silent_after_what_does_not() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let mut client = window.follow(MANAGER, DOCUMENT).await;
    let before = next(&mut client).await;
    assert_eq!(before["agency"]["counts"]["people"], json!(0));
    let mut other = window.follow(STRANGER, DOCUMENT).await;
    next(&mut other).await;
    // Of this the trust sees nothing. The other trust does, and follows at the same pace: once it
    // has its answer, an answer to the first would have been sent too. The selection holds the
    // position, so that such an answer would not be held back as saying the same as the last.
    open.person_of(STRANGER).await;
    let silent = open.ledger.snapshot().position();
    until(&mut other, silent).await;
    open.person().await;
    let answers = until(&mut client, open.ledger.snapshot().position()).await;
    for answer in &answers {
        let position: u64 = text(&answer["position"]).parse().unwrap();
        assert!(position > silent.0, "an answer at {position} to what nobody here sees");
    }
    assert_eq!(answers[answers.len() - 1]["agency"]["counts"]["people"], json!(1));
}

#[tokio::test]
async fn a_live_query_answers_again_at_midnight_in_london_though_nothing_was_written() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    // In summer London is an hour ahead of UTC: 1 October ends at 23:00 UTC.
    let midnight = 1_254_438_000_000;
    open.clock.set(midnight - 20);
    let mut client = window.follow(MANAGER, "subscription { ledger { on position } }").await;
    let position = open.ledger.snapshot().position().to_string();
    assert_eq!(next(&mut client).await, json!({"on": "2009-10-01", "position": position}));
    open.clock.set(midnight);
    assert_eq!(next(&mut client).await, json!({"on": "2009-10-02", "position": position}));
}
