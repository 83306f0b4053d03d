//! GraphQL over HTTP.

use serde_json::json;

use crate::{
    door::{Door, authorization},
    toy::{READER, TOKEN},
};

const JSON: &str = "Content-Type: application/json";
const ACCEPT: &str = "Accept: application/graphql-response+json";

#[tokio::test]
async fn a_query_by_post_is_answered() {
    let reply = Door::open().await.query("{ viewer }").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json(), json!({"data": {"viewer": "ALL of toys"}}));
    assert_eq!(
        reply.header("content-type"),
        Some("application/graphql-response+json; charset=utf-8")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_query_by_get_is_answered() {
    let door = Door::open().await;
    let reply = door
        .get("query=query+N(%24id%3AID!)%7Bnode(id%3A%24id)%7D&variables=%7B%22id%22%3A%22x%22%7D")
        .await;
    assert_eq!(reply.json(), json!({"data": {"node": "x"}}));
}

#[tokio::test]
async fn a_mutation_by_get_is_refused_and_does_nothing() {
    let door = Door::open().await;
    let reply = door.get("query=mutation%7Bpost(text%3A%22x%22)%7D").await;
    assert_eq!((reply.status, reply.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(reply.header("allow"), Some("get, post"));
    let position = door.query("{ ledger { position } }").await.json();
    assert_eq!(position["data"]["ledger"]["position"], "0");
}

#[tokio::test]
async fn a_document_that_holds_a_mutation_is_refused_by_get_even_when_a_query_is_named() {
    let door = Door::open().await;
    for other in ["mutation B{post(text:\"x\")}", "subscription B{ledger{position}}"] {
        let document = format!("query A{{viewer}} {other}");
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("query", &document)
            .finish();
        let reply = door.get(&format!("{query}&operationName=A")).await;
        assert_eq!((reply.status, reply.code().as_str()), (405, "METHOD_NOT_ALLOWED"), "{other}");
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    let door = Door::open().await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let reply =
            door.request(method, "/graphql", &[&authorization(TOKEN), JSON, ACCEPT], b"{}").await;
        assert_eq!((reply.status, reply.code().as_str()), (405, "METHOD_NOT_ALLOWED"), "{method}");
    }
}

#[tokio::test]
async fn without_a_known_token_nothing_is_parsed() {
    let door = Door::open().await;
    let wrong = authorization("tally2");
    for headers in [
        vec![JSON, ACCEPT],
        vec![JSON, ACCEPT, &wrong],
        vec![JSON, ACCEPT, "Authorization: Basic dGFsbHk="],
        vec![JSON, ACCEPT, "Authorization: Bearer "],
        vec!["Content-Type: text/plain", "Accept: text/html"],
    ] {
        let reply = door.request("POST", "/graphql", &headers, b"{ not json").await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "UNAUTHENTICATED"), "{headers:?}");
        assert_eq!(reply.header("www-authenticate"), Some("bearer"));
    }
    let introspection = br#"{"query":"{ __schema { types { name } } }"}"#;
    let reply = door.request("POST", "/graphql", &[JSON, ACCEPT], introspection).await;
    assert_eq!(reply.status, 401, "anonymous introspection");
}

#[tokio::test]
async fn only_json_is_read() {
    let door = Door::open().await;
    let token = authorization(TOKEN);
    let body = br#"{"query":"{ viewer }"}"#;
    for content_type in [
        "Content-Type: text/plain",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Type: application/json; charset=iso-8859-1",
        "Content-Type: application/graphql",
        "X-None: x",
    ] {
        let reply = door.request("POST", "/graphql", &[&token, content_type, ACCEPT], body).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (415, "UNSUPPORTED_MEDIA_TYPE"),
            "{content_type}"
        );
    }
    let compressed = [token.as_str(), JSON, ACCEPT, "Content-Encoding: gzip"];
    assert_eq!(door.request("POST", "/graphql", &compressed, body).await.status, 415);
}

#[tokio::test]
async fn accept_decides_what_is_written() {
    let door = Door::open().await;
    let token = authorization(TOKEN);
    let body = br#"{"query":"{ viewer }"}"#;
    let reply = door.request("POST", "/graphql", &[&token, JSON], body).await;
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    let html = [token.as_str(), JSON, "Accept: text/html"];
    let reply = door.request("POST", "/graphql", &html, body).await;
    assert_eq!((reply.status, reply.code().as_str()), (406, "NOT_ACCEPTABLE"));
}

#[tokio::test]
async fn a_document_that_does_not_fit_is_400_or_for_older_clients_200() {
    let door = Door::open().await;
    let token = authorization(TOKEN);
    for (query, code) in
        [("{ viewer", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")]
    {
        let reply = door.query(query).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code));
        assert!(reply.json().get("data").is_none(), "a refused request has no data");
        let body = json!({ "query": query }).to_string();
        let older = [token.as_str(), JSON, "Accept: application/json"];
        let reply = door.request("POST", "/graphql", &older, body.as_bytes()).await;
        assert_eq!((reply.status, reply.code().as_str()), (200, code));
    }
}

#[tokio::test]
async fn a_malformed_envelope_is_400_whatever_is_accepted() {
    let door = Door::open().await;
    let token = authorization(TOKEN);
    for body in [
        r#"[{"query":"{ viewer }"}]"#,
        r#"{"query":"{ viewer }","query":"{ viewer }"}"#,
        r#"{"query":"{ viewer }","more":1}"#,
        r#"{"query":7}"#,
        r#"{"variables":{}}"#,
        r#"{"query":"{ viewer }""#,
        "",
    ] {
        for accept in [ACCEPT, "Accept: application/json"] {
            let headers = [token.as_str(), JSON, accept];
            let reply = door.request("POST", "/graphql", &headers, body.as_bytes()).await;
            assert_eq!((reply.status, reply.code().as_str()), (400, "BAD_REQUEST"), "{body}");
        }
    }
}

#[tokio::test]
async fn a_body_over_256_kib_is_413_announced_or_streamed() {
    let door = Door::open().await;
    let padded = |len: usize| {
        let frame = r#"{"query":"{ viewer }  "}"#;
        frame.replace("  ", &" ".repeat(len - frame.len() + 2)).into_bytes()
    };
    assert_eq!(door.post_bytes(&padded(256 * 1024)).await.status, 200);
    let reply = door.post_bytes(&padded(256 * 1024 + 1)).await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(reply.json()["errors"][0]["extensions"]["value"], 262_144);

    // In chunks, never announcing how much there will be.
    let mut request = format!(
        "POST /graphql HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{}\r\n{JSON}\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        authorization(TOKEN)
    )
    .into_bytes();
    for _ in 0..5 {
        request.extend_from_slice(b"10000\r\n");
        request.extend_from_slice(&vec![b' '; 0x10000]);
        request.extend_from_slice(b"\r\n");
    }
    // No last chunk: a server that waited for the whole body would never answer.
    assert_eq!(door.raw(request).await.status, 413);
}

#[tokio::test]
async fn a_body_announced_too_large_is_refused_before_it_is_sent() {
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{}\r\n{JSON}\r\n\
         Content-Length: 100000000\r\n\r\n",
        authorization(TOKEN)
    );
    // Not one byte of the body: a server that read first would wait for it.
    assert_eq!(Door::open().await.raw(request).await.status, 413);
}

#[tokio::test]
async fn variables_are_checked_on_every_request() {
    let door = Door::open().await;
    let ask = async |query: &str, variables: serde_json::Value| {
        let reply = door.post(&json!({"query": query, "variables": variables})).await;
        let message = reply.json()["errors"][0]["message"].as_str().unwrap_or("").to_owned();
        (reply.status, message)
    };
    let node = "query($id: ID!) { node(id: $id) }";
    assert_eq!(ask(node, json!({"id": "x"})).await.0, 200);
    assert_eq!(
        ask(node, json!({})).await,
        (400, "variable $id: a value of type ID! is required".into())
    );
    assert_eq!(
        ask(node, json!({"id": null})).await,
        (400, "variable $id: expected ID!, found null".into())
    );
    assert_eq!(ask(node, json!({"id": {}})).await, (400, "variable $id: expected ID".into()));
    assert_eq!(ask(node, json!({"id": "x", "more": 1})).await.0, 200, "undeclared: ignored");

    let sum = "query($r: Range!) { sum(range: $r) }";
    assert_eq!(ask(sum, json!({"r": {"from": 1}})).await.0, 200, "to has a default");
    assert_eq!(
        ask(sum, json!({"r": {"to": 1}})).await,
        (400, "variable $r.from: a value of type Int! is required".into())
    );
    assert_eq!(
        ask(sum, json!({"r": {"from": 1, "agency": 2}})).await,
        (400, "variable $r.agency: Range has no such field".into())
    );
    assert_eq!(
        ask(sum, json!({"r": {"from": "1"}})).await,
        (400, "variable $r.from: expected Int".into())
    );

    let colours = "query($c: [Colour!]!) { colours(of: $c) }";
    assert_eq!(ask(colours, json!({"c": ["RED", "GREEN"]})).await.0, 200);
    assert_eq!(ask(colours, json!({"c": "RED"})).await.0, 200, "one stands for a list of one");
    assert_eq!(
        ask(colours, json!({"c": ["RED", "BLUE"]})).await,
        (400, "variable $c.1: expected Colour".into())
    );

    let at = "query($a: AsOf!) { at(at: $a) }";
    assert_eq!(ask(at, json!({"a": {"day": "d"}})).await.0, 200);
    for wrong in [json!({}), json!({"day": null}), json!({"day": "d", "position": "p"})] {
        assert_eq!(ask(at, json!({"a": wrong})).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn an_operation_is_chosen_by_name() {
    let door = Door::open().await;
    let query = "query A { viewer } query B { ledger { position } }";
    let named = async |name: &str| door.post(&json!({"query": query, "operationName": name})).await;
    assert_eq!(named("B").await.json()["data"], json!({"ledger": {"position": "0"}}));
    assert_eq!(named("C").await.code(), "BAD_REQUEST");
    assert_eq!(door.query(query).await.code(), "BAD_REQUEST", "several, and none named");
}

#[tokio::test]
async fn a_subscription_over_http_is_refused() {
    let reply = Door::open().await.query("subscription { ledger { position } }").await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "BAD_REQUEST"));
}

#[tokio::test]
async fn a_root_field_that_the_caller_may_not_use_is_forbidden_before_variables_are_read() {
    let door = Door::open().await;
    let headers = [&authorization(READER), JSON, ACCEPT];
    for query in [
        "mutation($t: String!) { post(text: $t) }",
        "mutation { ...F } fragment F on Mutation { x: post(text: \"x\") }",
    ] {
        let body = json!({ "query": query }).to_string();
        let reply = door.request("POST", "/graphql", &headers, body.as_bytes()).await;
        assert_eq!((reply.status, reply.code().as_str()), (403, "FORBIDDEN"), "{query}");
    }
}

#[tokio::test]
async fn errors_show_their_code_and_request_and_nothing_internal() {
    let door = Door::open().await;
    for query in ["{ breaks }", "{ panics }"] {
        let reply = door.query(query).await;
        assert_eq!((reply.status, reply.code().as_str()), (200, "INTERNAL"));
        let text = reply.text();
        assert!(!text.contains("fire") && !text.contains("canary"), "{text}");
        let id = reply.json()["errors"][0]["extensions"]["requestId"].clone();
        assert_eq!(id.as_str(), reply.header("x-request-id"));
    }
    let reply = door.query("{ viewer behind }").await;
    assert_eq!(reply.code(), "BEHIND");
    assert_eq!(reply.json()["errors"][0]["message"], "position 9 is not here yet");
    assert_eq!(reply.json()["data"], json!({"viewer": "ALL of toys", "behind": null}));
    assert_eq!(door.figure("tallystick_refusals_total{code=\"INTERNAL\"}").await, 2);
}

#[tokio::test]
async fn notes_of_resolvers_stand_in_the_extensions() {
    let reply = Door::open().await.query("{ ledger { position } }").await;
    assert_eq!(reply.json()["extensions"], json!({"ledger": {"position": "0"}}));
}
