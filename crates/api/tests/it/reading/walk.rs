//! Any page size, in both directions, walks a list exactly once.

use serde_json::{Value, json};

use super::window::Window;
use crate::command::partnership::{COMMISSIONER, LEAD, MANAGER, Partnership, Who, text};

/// Connections, with where they are in the answer and what tells their things apart.
const CONNECTIONS: [(&str, &[&str], &str); 4] = [
    ("events(PAGE) { BODY }", &["events"], "id"),
    ("ledger { referrals(PAGE) { BODY } }", &["ledger", "referrals"], "id"),
    ("ledger { people(PAGE) { BODY } }", &["ledger", "people"], "id"),
    ("ledger { agencies(PAGE) { BODY } }", &["ledger", "agencies"], "id"),
];

const BODY: &str = "edges { cursor node { THING } } nodes { THING } \
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

async fn page(window: &Window, who: Who, connection: usize, page: &str) -> Value {
    let (field, path, thing) = CONNECTIONS[connection];
    let body = BODY.replace("THING", thing);
    let document = format!("{{ {} }}", field.replace("BODY", &body).replace("PAGE", page));
    let mut answer = window.data(who, &document, &json!({})).await;
    for step in path {
        answer = answer[*step].take();
    }
    answer
}

fn ids(page: &Value) -> Vec<String> {
    let nodes: Vec<_> =
        page["nodes"].as_array().unwrap().iter().map(|it| text(&it["id"])).collect();
    let edges = page["edges"].as_array().unwrap().iter().map(|it| text(&it["node"]["id"]));
    assert_eq!(nodes, edges.collect::<Vec<_>>());
    nodes
}

#[tokio::test]
async fn any_page_size_walks_a_list_exactly_once_in_both_directions() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    for _ in 0..5 {
        let person = open.person().await;
        open.accepted_referral(&person).await;
    }
    for who in [COMMISSIONER, MANAGER, LEAD] {
        for connection in 0..CONNECTIONS.len() {
            let whole = ids(&page(&window, who, connection, "first: 500").await);
            assert_eq!(whole, ids(&page(&window, who, connection, "last: 500").await));
            for size in [1, 2, 3, 7, whole.len().max(1), whole.len() + 1] {
                let mut forwards = Vec::new();
                let mut arguments = format!("first: {size}");
                loop {
                    let page = page(&window, who, connection, &arguments).await;
                    forwards.extend(ids(&page));
                    if page["pageInfo"]["hasNextPage"] != json!(true) {
                        break;
                    }
                    arguments = format!("first: {size}, after: {}", page["pageInfo"]["endCursor"]);
                }
                assert_eq!(forwards, whole, "{who:?}: forwards by {size}");
                let mut backwards = Vec::new();
                let mut arguments = format!("last: {size}");
                loop {
                    let page = page(&window, who, connection, &arguments).await;
                    let mut earlier = ids(&page);
                    earlier.extend(backwards);
                    backwards = earlier;
                    if page["pageInfo"]["hasPreviousPage"] != json!(true) {
                        break;
                    }
                    arguments =
                        format!("last: {size}, before: {}", page["pageInfo"]["startCursor"]);
                }
                assert_eq!(backwards, whole, "{who:?}: backwards by {size}");
            }
        }
    }
}

#[tokio::test]
async fn an_edge_of_a_list_is_a_place_in_the_events_too() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    open.person().await;
    open.person().await;
    let people = page(&window, MANAGER, 2, "first: 1").await;
    let after = &people["edges"][0]["cursor"];
    let document = format!("{{ events(first: 1, after: {after}) {{ nodes {{ type }} }} }}");
    let next = window.data(MANAGER, &document, &json!({})).await;
    assert_eq!(next["events"]["nodes"][0]["type"], "SENTENCE_IMPOSED");
}

#[tokio::test]
async fn a_page_is_asked_for_with_one_size_between_1_and_500() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    for wrong in ["first: 0", "first: 501", "last: -1", "first: 1, last: 1", "before: null"] {
        let document = format!("{{ events({wrong}) {{ nodes {{ id }} }} }}");
        assert_eq!(window.refused(MANAGER, &document).await, "BAD_REQUEST", "{wrong}");
    }
    let foreign = "{ events(first: 1, after: \"AQkJ\") { nodes { id } } }";
    assert_eq!(window.refused(MANAGER, foreign).await, "CURSOR_UNKNOWN");
}

#[tokio::test]
async fn events_are_filtered_by_type_stream_and_agency() {
    let open = Partnership::open().await;
    let window = Window::open(&open.ledger).await;
    let person = open.person().await;
    open.accepted_referral(&person).await;
    let types = async |filter: &str| {
        let document = format!("{{ events(filter: {filter}, first: 500) {{ nodes {{ type }} }} }}");
        let found = window.data(MANAGER, &document, &json!({})).await;
        let nodes = found["events"]["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|node| text(&node["type"])).collect::<Vec<_>>()
    };
    assert_eq!(types("{types: [REFERRAL_DECIDED]}").await, ["REFERRAL_DECIDED"]);
    let of_person = format!("{{streams: [{:?}]}}", person.person);
    assert_eq!(types(&of_person).await, ["PERSON_REGISTERED"]);
    let by_provider = format!("{{agencies: [\"{}\"]}}", LEAD.0);
    assert_eq!(types(&by_provider).await, ["REFERRAL_DECIDED"]);
    assert_eq!(types("{streams: [\"nothing\"]}").await, Vec::<String>::new());
}
