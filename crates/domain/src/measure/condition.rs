//! What is asked of a row.

use super::table::{Field, Table};
use crate::date::Date;
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// Conditions that must all hold: what each of these fields must be.
pub type Clause = BTreeMap<Field, Test>;

/// What a field must be. A field with no value (no end yet, no programme) passes only `not_in` and
/// `known: false`. Of a field with several values (tags, needs) one passing is enough, and for
/// `not_in` none may be in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// This value.
    Is(Literal),
    /// One of these codes.
    In(Vec<String>),
    /// None of these codes.
    NotIn(Vec<String>),
    /// This number or more.
    AtLeast(u64),
    /// This number or less.
    AtMost(u64),
    /// Whether there is a value.
    Known(bool),
}

/// A value in a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(u64),
    /// A code.
    Code(String),
}

/// Other rows of the same case that a row must have (or must not have).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Related {
    /// Which.
    pub rows: Table,
    /// Of the same placement, sentence or, if not said, person.
    #[serde(default, skip_serializing_if = "Within::is_case")]
    pub same: Within,
    /// Windows that days of the related row must lie in, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dated: Vec<Window>,
    /// What its fields must be.
    #[serde(default, rename = "where", skip_serializing_if = "Clause::is_empty")]
    pub clause: Clause,
    /// How many there must be at least.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub at_least: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

/// How near a related row must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// Same case: of the same person, agreement or agency.
    #[default]
    Case,
    /// Same sentence.
    Sentence,
    /// Same placement.
    Placement,
}

impl Within {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_case(&self) -> bool {
        *self == Self::Case
    }
}

/// A window for one day of a related row, both ends within. An end that is left out is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The related row's day.
    pub field: Field,
    /// From this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Offset>,
    /// To this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Offset>,
}

/// A day reckoned from another: months first, then days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    /// From where.
    pub of: Anchor,
    /// Months later.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub plus_months: i32,
    /// Days later.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub plus_days: i32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &i32) -> bool {
    *number == 0
}

/// A day to reckon from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Anchor {
    /// A day of the evaluation.
    Evaluation(Reference),
    /// A day of the row that is asked.
    Row(Field),
}

/// A day of the evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The day that rows are read at.
    AsAt,
    /// First day of the period.
    PeriodFrom,
    /// Last day of the period.
    PeriodTo,
}

/// A value of a row's field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Absent,
    Code(&'a str),
    Codes(Vec<&'a str>),
    Number(u64),
    Flag(bool),
    Day(Date),
}

impl Test {
    pub(crate) fn passes(&self, value: &Value<'_>) -> bool {
        let any = |wanted: &dyn Fn(&str) -> bool| match value {
            Value::Code(code) => wanted(code),
            Value::Codes(codes) => codes.iter().any(|code| wanted(code)),
            _ => false,
        };
        let number = |passes: &dyn Fn(u64) -> bool| match value {
            Value::Number(number) => passes(*number),
            _ => false,
        };
        match self {
            Self::Is(Literal::Flag(flag)) => *value == Value::Flag(*flag),
            Self::Is(Literal::Number(wanted)) => number(&|it| it == *wanted),
            Self::Is(Literal::Code(wanted)) => any(&|code| code == wanted),
            Self::In(list) => any(&|code| list.iter().any(|wanted| wanted == code)),
            Self::NotIn(list) => !any(&|code| list.iter().any(|wanted| wanted == code)),
            Self::AtLeast(least) => number(&|it| it >= *least),
            Self::AtMost(most) => number(&|it| it <= *most),
            Self::Known(known) => (*value != Value::Absent) == *known,
        }
    }
}
