//! The schema as partners read it.

use std::path::Path;

use tallystick_api::sdl;

#[test]
fn the_committed_schema_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/schema.graphql");
    if std::env::var_os("TALLYSTICK_BLESS").is_some() {
        std::fs::write(&path, sdl()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == sdl(),
        "schema/schema.graphql is not what is served. Look at the change, then renew it: \
         cargo run -p tallystick -- schema > schema/schema.graphql \
         (or run this test with TALLYSTICK_BLESS=1)"
    );
}

#[test]
fn everything_in_the_schema_says_what_it_is() {
    let sdl = sdl();
    let mut before = "";
    let mut silent = Vec::new();
    let mut in_description = false;
    for line in sdl.lines() {
        let text = line.trim();
        let quotes = text.matches("\"\"\"").count();
        let ends = if quotes == 1 { in_description } else { quotes == 2 };
        if quotes == 1 {
            in_description = !in_description;
        }
        let declares = quotes == 0
            && !in_description
            && (text.starts_with(|c: char| c.is_ascii_alphabetic()))
            && !text.starts_with("schema")
            && !matches!(before, "schema");
        if declares && before != "described" && !text.starts_with("query:") {
            silent.push(text.to_owned());
        }
        before = if ends {
            "described"
        } else if text.starts_with("schema") {
            "schema"
        } else {
            ""
        };
    }
    // The roots are named in the `schema` block.
    silent.retain(|line| !line.starts_with("mutation:") && !line.starts_with("subscription:"));
    assert!(silent.is_empty(), "without a description: {silent:#?}");
}
