//! The language of definitions: what can be written, and what is refused.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tallystick_domain::measure::{InvalidDefinition, Written};

fn m02() -> Value {
    json!({
        "code": "m02",
        "title": "Orders completed",
        "source": { "document": "seeds/003", "line": 41, "words": "72% successful completion" },
        "unit": "of the sentences that ended",
        "better": "higher",
        "watches": "outcome",
        "shape": "ratio",
        "parameters": { "left_out": { "default": ["died"], "why": "Nobody's doing." } },
        "denominator": {
            "rows": "sentences",
            "in_period": "ended_on",
            "where": { "ended_how": { "not_in": "$left_out" } },
        },
        "numerator": { "where": { "ended_how": { "in": ["expired"] } } },
    })
}

fn parsed(definition: &Value) -> Result<Written, InvalidDefinition> {
    Written::parse(&definition.to_string())
}

/// Why a change of a definition that can be read makes it one that cannot.
fn refused(change: impl FnOnce(&mut Value)) -> String {
    let mut definition = m02();
    assert!(parsed(&definition).is_ok());
    change(&mut definition);
    parsed(&definition).unwrap_err().to_string()
}

#[test]
fn one_definition_has_one_spelling() {
    let written = parsed(&m02()).unwrap();
    let text = serde_json::to_string_pretty(&m02()).unwrap();
    let turned = text.replacen('{', "{\n\n  ", 1);
    assert_eq!(Written::parse(&turned).unwrap().hash(), written.hash());
    let mut other = m02();
    other["numerator"]["where"]["ended_how"]["in"] = json!(["early_good_progress"]);
    assert_ne!(parsed(&other).unwrap().hash(), written.hash());
    let bytes = written.canonical_bytes();
    assert!(bytes.starts_with(br#"{"better":"higher","code":"m02","denominator":"#));
    let back: Written = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(back, written);
}

#[test]
fn a_reading_gives_a_parameter_another_value() {
    let written = parsed(&m02()).unwrap();
    let values = BTreeMap::from([("left_out".to_owned(), json!([]))]);
    assert_ne!(written.reading(&values).unwrap(), written.standard().unwrap());
    let unknown = BTreeMap::from([("left".to_owned(), json!([]))]);
    assert_eq!(
        written.reading(&unknown),
        Err(InvalidDefinition::NoSuchParameter("left".to_owned()))
    );
    let misfit = BTreeMap::from([("left_out".to_owned(), json!(7))]);
    assert!(matches!(written.reading(&misfit), Err(InvalidDefinition::Syntax(_))));
}

#[test]
fn what_is_not_of_the_language_is_refused() {
    let unknown = refused(|it| it["denominator"]["having"] = json!(1));
    assert!(unknown.contains("unknown field `having`"), "{unknown}");
    let shape = refused(|it| it["shape"] = json!("median"));
    assert!(shape.contains("unknown variant `median`"), "{shape}");
    let test = refused(|it| it["numerator"]["where"]["ended_how"] = json!({"like": "e"}));
    assert!(test.contains("unknown variant `like`"), "{test}");
}

#[test]
fn a_row_has_the_fields_of_its_table_and_no_others() {
    let field = refused(|it| it["numerator"]["where"] = json!({"pence": {"at_least": 1}}));
    assert_eq!(field, "sentences have no field pence");
    let day = refused(|it| it["denominator"]["in_period"] = json!("ended_how"));
    assert_eq!(day, "ended_how is not a day");
    let test = refused(|it| it["numerator"]["where"]["ended_how"] = json!({"at_least": 1}));
    assert_eq!(test, "ended_how cannot be tested like that");
    let sum = refused(|it| it["denominator"]["count"] = json!({"sum": "ended_on"}));
    assert_eq!(sum, "ended_on is not a number");
}

#[test]
fn every_parameter_is_used_and_every_name_has_one() {
    let unused = refused(|it| it["parameters"]["other"] = json!({"default": 1, "why": "None."}));
    assert_eq!(unused, "the parameter other is not used");
    let missing = refused(|it| it["title"] = json!("$title"));
    assert_eq!(missing, "no parameter is called title");
    // What is offered as another reading can be read.
    let other = refused(|it| it["parameters"]["left_out"]["others"] = json!([7]));
    assert!(other.contains("invalid type"), "{other}");
}

#[test]
fn terms_fit_their_shape() {
    let without = refused(|it| {
        it.as_object_mut().unwrap().remove("denominator");
        it["parameters"] = json!({});
        it["numerator"]["rows"] = json!("sentences");
    });
    assert_eq!(without, "this shape needs a denominator");
    let nameless = refused(|it| {
        it["denominator"].as_object_mut().unwrap().remove("rows");
    });
    assert_eq!(nameless, "a denominator names its rows");
    let both = refused(|it| it["numerator"]["in_period"] = json!("imposed_on"));
    assert_eq!(both, "a numerator without rows says only which of the rows it counts");
    let growth = refused(|it| it["shape"] = json!("growth"));
    assert_eq!(growth, "growth is between two counts, each with rows of its own");
    let worst = refused(|it| {
        it["shape"] = json!("worst_day");
        it["numerator"]["rows"] = json!("sentences");
    });
    assert_eq!(worst, "this shape narrows its denominator, day by day");
    let snapshots = refused(|it| {
        it["shape"] = json!({"against_rate": {"snapshots_a_year": 5, "group": "all"}});
    });
    assert_eq!(snapshots, "a year has 1, 2, 3, 4, 6 or 12 snapshots");
    let scale = refused(|it| it["scale"] = json!(0));
    assert_eq!(scale, "a scale is at least 1");
    let same = refused(|it| {
        it["numerator"]["with"] = json!([{"rows": "awards", "same": "placement"}]);
    });
    assert_eq!(same, "only rows of placements share a placement");
}
