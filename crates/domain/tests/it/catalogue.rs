//! `schema/events.md` and `schema/events/*.json` say what the code says.

use crate::golden::{fixtures, fullest};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use tallystick_domain::anomaly::AnomalyKind;
use tallystick_domain::envelope::body_json;
use tallystick_domain::{EventType, Record, Rule, StreamKind, codes};

fn schema(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "schema", path].iter().collect()
}

fn catalogue() -> String {
    fs::read_to_string(schema("events.md")).unwrap()
}

/// The section of a type, up to the next heading.
fn section(catalogue: &str, event_type: EventType) -> String {
    let heading = format!("### {} {}\n", event_type as u16, event_type.name());
    let (_, rest) = catalogue.split_once(&heading).unwrap_or_else(|| panic!("no {heading}"));
    rest.split("\n#").next().unwrap().to_owned()
}

fn data(record: &Record) -> Value {
    let (_, body) = crate::golden::encode(record);
    let mut body: Value = serde_json::from_str(body_json(&body).unwrap()).unwrap();
    body["data"].take()
}

/// Fields of a type, and whether each may be left out.
fn fields(event_type: EventType) -> Vec<(String, bool)> {
    let full = fullest().into_iter().find(|it| it.envelope.event_type == event_type).unwrap();
    let spare: Vec<Value> = fixtures()
        .iter()
        .filter(|(_, record)| record.envelope.event_type == event_type)
        .map(|(_, record)| data(record))
        .collect();
    let always = |field: &String| spare.iter().all(|data| data.get(field).is_some());
    let all = data(&full).as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    all.into_iter().map(|field| (field.clone(), !always(&field))).collect()
}

#[test]
fn the_catalogue_has_every_type_with_its_streams_and_fields() {
    let catalogue = catalogue();
    for event_type in EventType::ALL {
        let section = section(&catalogue, *event_type);
        let streams = section.lines().find(|line| line.starts_with("Stream:")).unwrap();
        for kind in StreamKind::ALL.into_iter().filter(|kind| event_type.stands_in(*kind)) {
            let named = streams.contains(&format!("{kind:?}").to_lowercase());
            let any = *event_type == EventType::Corrected;
            assert!(named || any, "{event_type:?} stands in {kind:?}");
        }
        let mut listed = BTreeSet::new();
        for row in section.lines().filter(|line| line.starts_with("| `")) {
            let cell = row.split('|').nth(1).unwrap().trim();
            for name in cell.trim_end_matches(" ?").split(", ") {
                listed.insert((name.trim_matches('`').to_owned(), cell.ends_with('?')));
            }
        }
        let expected: BTreeSet<_> = fields(*event_type).into_iter().collect();
        assert_eq!(listed, expected, "{event_type:?}");
    }
}

#[test]
fn the_catalogue_has_every_rule_and_every_oddity() {
    let catalogue = catalogue();
    for rule in Rule::ALL {
        let row = format!("| `{}` | {rule} |", rule.code());
        assert!(catalogue.contains(&row), "{row}");
    }
    for kind in AnomalyKind::ALL {
        assert!(catalogue.contains(&format!("`{kind:?}`")), "{kind:?}");
    }
}

macro_rules! lists {
    ($($list:ident $name:literal,)+) => {[$((
        $name,
        codes::$list::ALL.iter().map(|value| value.as_str()).collect::<Vec<_>>(),
    ),)+]};
}

/// Every code list, with its name and its values.
fn lists() -> [(&'static str, Vec<&'static str>); 40] {
    lists! {
        AgencyKind "agency kind",
        AgencyStatus "agency status",
        AgreementKind "agreement kind",
        AgreementStatus "agreement status",
        PaymentBasis "payment basis",
        Unit "unit",
        Need "need",
        RequirementType "requirement type",
        Criterion "criterion",
        Sex "sex",
        IdentifierScheme "identifier scheme",
        AssessmentTool "assessment tool",
        Rosh "rosh",
        RegisterKind "register kind",
        ProofKind "proof kind",
        OffenceClass "offence class",
        AccommodationType "accommodation type",
        EmploymentStatus "employment status",
        EducationStatus "education status",
        SentenceKind "sentence kind",
        SettingReason "setting reason",
        WorkerRole "worker role",
        BreachStep "breach step",
        SentenceEnd "sentence end",
        Decision "decision",
        DeclineReason "decline reason",
        WithdrawalReason "withdrawal reason",
        ShareBasis "share basis",
        FieldGroup "field group",
        AttendanceOutcome "attendance outcome",
        Fault "fault",
        Level "level",
        QualificationKind "qualification kind",
        Achievement "achievement",
        EarlyEnd "early end",
        Relation "relation",
        TargetStatus "target status",
        PlanItemKind "plan item kind",
        PlanItemState "plan item state",
        CorrectionReason "correction reason",
    }
}

#[test]
fn the_catalogue_has_every_code_list_in_its_order() {
    let catalogue = catalogue();
    for (name, values) in lists() {
        let line = format!("**{name}**: `{}`\n", values.join("`, `"));
        assert!(catalogue.contains(&line), "{line}");
    }
    let count = catalogue.lines().filter(|line| line.starts_with("**") && line.contains("**: `"));
    assert_eq!(count.count(), lists().len(), "a list that the code does not have");
}

fn schema_of(event_type: EventType) -> Value {
    let path = schema(&format!("events/{}.v1.json", event_type.name()));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Whether a value is what a schema says: as much of JSON Schema as the schemas here use, and a
/// panic at more. Patterns are for readers; the codec has its own tests of text.
fn fits(schema: &Value, root: &Value, value: &Value) -> bool {
    let number = |limit: &Value| limit.as_u64().unwrap();
    let length = value
        .as_array()
        .map(Vec::len)
        .or(value.as_object().map(serde_json::Map::len))
        .or(value.as_str().map(str::len));
    schema.as_object().unwrap().iter().all(|(word, says)| match word.as_str() {
        "$schema" | "$id" | "$defs" | "title" | "description" | "format" | "pattern" => true,
        "$ref" => {
            let name = says.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
            fits(&root["$defs"][name], root, value)
        }
        "type" => match says.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            other => panic!("the type {other}"),
        },
        "const" => value == says,
        "enum" => says.as_array().unwrap().contains(value),
        "oneOf" => {
            let all = says.as_array().unwrap();
            all.iter().filter(|one| fits(one, root, value)).count() == 1
        }
        "properties" => value.as_object().is_none_or(|fields| {
            let known = |(name, field)| says.get(name).is_none_or(|it| fits(it, root, field));
            fields.iter().all(known)
        }),
        "required" => {
            says.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
        }
        "additionalProperties" => value.as_object().is_none_or(|fields| {
            fields.keys().all(|name| schema["properties"].get(name).is_some())
        }),
        "items" => value.as_array().unwrap().iter().all(|item| fits(says, root, item)),
        "minItems" | "minLength" | "minProperties" => length.unwrap() as u64 >= number(says),
        "maxItems" | "maxLength" | "maxProperties" => length.unwrap() as u64 <= number(says),
        "minimum" => value.as_i64().unwrap() >= says.as_i64().unwrap(),
        "maximum" => value.as_u64().unwrap() <= number(says),
        other => panic!("the word {other}"),
    })
}

#[test]
fn a_schema_takes_the_golden_payloads_of_its_type() {
    for (name, record) in fixtures() {
        let schema = schema_of(record.envelope.event_type);
        assert!(fits(&schema, &schema, &data(&record)), "{name}");
    }
}

#[test]
fn a_schema_has_the_fields_of_its_type_and_no_others() {
    for event_type in EventType::ALL {
        let schema = schema_of(*event_type);
        let listed: BTreeSet<_> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(|name| {
                (name.clone(), !schema["required"].as_array().unwrap().contains(&name[..].into()))
            })
            .collect();
        let expected: BTreeSet<_> = fields(*event_type).into_iter().collect();
        assert_eq!(listed, expected, "{event_type:?}");
        assert_eq!(schema["additionalProperties"], false);
    }
    assert_eq!(fs::read_dir(schema("events")).unwrap().count(), EventType::ALL.len());
}

#[test]
fn the_lists_of_values_in_the_schemas_are_the_code_lists() {
    fn enums<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("enum"));
                fields.values().for_each(|field| enums(field, found));
            }
            Value::Array(values) => values.iter().for_each(|value| enums(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let schemas: Vec<_> = EventType::ALL.iter().map(|it| schema_of(*it)).collect();
    let mut found = Vec::new();
    for schema in &schemas {
        enums(schema, &mut found);
    }
    let known = lists().map(|(_, values)| Value::from(values));
    for list in &found {
        assert!(known.contains(list), "{list}");
    }
    for list in &known {
        assert!(found.contains(&list), "{list} stands in no schema");
    }
}
