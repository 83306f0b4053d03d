//! The ledger as it was: what was shown then, restricted by the audience of today.

use serde_json::{Value, json};
use tallystick_domain::Position;

use super::window::Window;
use crate::command::partnership::{COMMISSIONER, LEAD, MANAGER, Partnership, text};

const SHOWN: &str = "query($asOf: AsOf, $on: Date) { ledger(asOf: $asOf, on: $on) {
    position digest on referrals(first: 500) { nodes { id state } } } }";

async fn shown(window: &Window, who: crate::command::partnership::Who, variables: &Value) -> Value {
    window.data(who, SHOWN, variables).await["ledger"].clone()
}

#[tokio::test]
async fn the_past_is_shown_as_it_was_shown_then() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let person = open.person().await;
    let mut then = Vec::new();
    for _ in 0..3 {
        open.accepted_referral(&person).await;
        for who in [COMMISSIONER, MANAGER, LEAD] {
            then.push((who, shown(&window, who, &json!({})).await));
        }
    }
    for (who, then) in then {
        let as_of = json!({"asOf": {"position": then["position"]}});
        assert_eq!(shown(&window, who, &as_of).await, then, "{who:?}");
    }
}

#[tokio::test]
async fn an_answer_cites_its_position_root_and_day() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let at = open.ledger.snapshot().position();
    let (head, root) = (at.to_string(), open.ledger.root(at).unwrap().to_string());
    let now = window.ask(MANAGER, "{ ledger { position on } }", &json!({})).await;
    let cited = json!({"position": head, "root": root, "on": "2009-10-01"});
    assert_eq!(now["extensions"]["ledger"], cited);
    assert_eq!(now["data"]["ledger"], json!({"position": head, "on": "2009-10-01"}));
    let then = json!({"asOf": {"position": "3"}, "on": "2008-05-06"});
    let past = window.ask(MANAGER, SHOWN, &then).await;
    let root = open.ledger.root(Position(3)).unwrap().to_string();
    let cited = json!({"position": "3", "root": root, "on": "2008-05-06"});
    assert_eq!(past["extensions"]["ledger"], cited);
    let viewer = window.ask(MANAGER, "{ viewer { role } }", &json!({})).await;
    assert_eq!(viewer["extensions"], now["extensions"]);
}

#[tokio::test]
async fn the_audience_of_today_decides_about_the_past() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let person = open.person().await;
    let allocate = |agency: String| {
        json!({"to": person.sentence, "role": "MENTOR", "agency": agency,
            "worker": format!("wrk_{}", "7".repeat(32))})
    };
    open.accepted(MANAGER, "allocateWorker", allocate(LEAD.0.to_string())).await;
    let then = open.ledger.snapshot().position().to_string();
    let document = "query($asOf: AsOf, $id: ID!) { ledger(asOf: $asOf) {
        sentence(id: $id) { id } agency { counts { caseload } caseload(first: 9) { nodes { id } } } } }";
    let variables = json!({"asOf": {"position": then}, "id": person.sentence});
    let held = window.data(LEAD, document, &variables).await;
    assert_eq!(text(&held["ledger"]["sentence"]["id"]), person.sentence);
    assert_eq!(held["ledger"]["agency"]["counts"]["caseload"], json!(1));
    // The mentor is of the trust from now on: YSS is not in the audience any more.
    open.accepted(MANAGER, "allocateWorker", allocate(MANAGER.0.to_string())).await;
    let gone = window.data(LEAD, document, &variables).await;
    assert_eq!(gone["ledger"]["sentence"], Value::Null);
    assert_eq!(gone["ledger"]["agency"]["counts"]["caseload"], json!(0));
    assert_eq!(gone["ledger"]["agency"]["caseload"]["nodes"], json!([]));
}

#[tokio::test]
async fn what_is_not_there_yet_is_waited_for_and_then_behind() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let beyond = open.ledger.snapshot().position().next();
    let document = format!("{{ ledger(atLeast: \"{beyond}\") {{ position }} }}");
    let nothing = json!({});
    let (answer, _) = tokio::join!(window.data(MANAGER, &document, &nothing), open.person());
    let reached: u64 = text(&answer["ledger"]["position"]).parse().unwrap();
    assert!(reached >= beyond.0);
    let past = "{ ledger(asOf: {position: \"999999\"}) { position } }";
    assert_eq!(window.refused(MANAGER, past).await, "BEHIND");
    let ahead = "{ ledger(atLeast: \"999999\") { position } }";
    assert_eq!(window.refused(MANAGER, ahead).await, "BEHIND");
}
