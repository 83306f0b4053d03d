//! Limits of documents, through the whole door; their arithmetic is tested beside it.

use crate::door::Door;

/// The introspection query of graphql-js 16 with all options that raise its depth.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { description \
  queryType { name } mutationType { name } subscriptionType { name } \
  types { ...FullType } directives { name description isRepeatable locations \
  args(includeDeprecated: true) { ...InputValue } } } } \
  fragment FullType on __Type { kind name description specifiedByURL \
  fields(includeDeprecated: true) { name description args(includeDeprecated: true) \
  { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason } \
  inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef } \
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } \
  possibleTypes { ...TypeRef } } \
  fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue \
  isDeprecated deprecationReason } \
  fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name \
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name \
  ofType { kind name } } } } } } } } } }";

#[tokio::test]
async fn the_standard_introspection_query_passes() {
    let reply = Door::open().await.query(INTROSPECTION).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.json()["errors"].is_null(), "{}", reply.text());
}

#[tokio::test]
async fn each_refusal_names_its_limit_and_the_value() {
    let door = Door::open().await;
    let deep = |depth: usize| format!("{{{} end {}", "deep {".repeat(depth - 1), "}".repeat(depth));
    assert_eq!(door.query(&deep(15)).await.status, 200);
    let aliases: String = ["a: viewer"; 31].join(" ");
    let directives = "@include(if: true) ".repeat(9);
    for (query, limit, value) in [
        (deep(16), "depth", 15),
        (deep(10_000), "document nesting", 64),
        (format!("{{ {aliases} }}"), "aliases", 30),
        (format!("{{ viewer {directives} }}"), "directives", 8),
        (format!("{{ {} }}", "viewer ".repeat(21)), "root fields", 20),
        (format!("{{ {} }}", "viewer ".repeat(4_000)), "document tokens", 4_000),
        (format!("{{ viewer {} }}", "@x ".repeat(10_000)), "document tokens", 4_000),
    ] {
        let reply = door.query(&query).await;
        let error = &reply.json()["errors"][0];
        assert_eq!((reply.status, reply.code().as_str()), (400, "COST_EXCEEDED"), "{limit}");
        assert_eq!(error["extensions"]["limit"], limit);
        assert_eq!(error["extensions"]["value"], value);
        assert_eq!(error["message"], format!("{limit} may be at most {value}"));
    }
}

#[tokio::test]
async fn a_subscription_has_one_root_field() {
    let door = Door::open().await;
    for query in [
        "subscription { a: ledger { position } b: ledger { position } }",
        "subscription { ...F } fragment F on Subscriptions { ledger { position } two { position } }",
    ] {
        assert_eq!(door.query(query).await.code(), "GRAPHQL_VALIDATION_FAILED", "{query}");
    }
}
