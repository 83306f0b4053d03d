//! A definition as it is evaluated: every parameter has its value.

use super::condition::{Anchor, Clause, Literal, Offset, Reference, Related, Test, Within};
use super::table::{Field, Kind, Table};
use crate::date::Date;
use crate::text::{Code, Label};
use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// What is measured, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its code (`m02`); versions of one measure share it.
    pub code: Code,
    /// Title.
    pub title: Label,
    /// Where it is asked for.
    pub source: Source,
    /// What the figure is counted in.
    pub unit: Label,
    /// Which way is better.
    pub better: Polarity,
    /// Whether it watches what is put in or what comes of it.
    pub watches: Watches,
    /// How the counts make a figure.
    pub shape: Shape,
    /// Counted units that make one unit of the figure: 100 for staff in hundredths of a post.
    #[serde(default = "one")]
    pub scale: u64,
    /// What is counted. Without `rows`: those of the denominator's rows that also pass this.
    pub numerator: Term,
    /// Out of what, against what, or since what.
    #[serde(default)]
    pub denominator: Option<Term>,
}

fn one() -> u64 {
    1
}

/// Where a measure is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The document.
    pub document: Label,
    /// The line in it.
    pub line: u32,
    /// Its words.
    pub words: Label,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// More.
    Higher,
    /// Less.
    Lower,
}

/// What a measure watches (seeds/003: "NOMS measures focus on inputs not outcomes").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watches {
    /// What is put in.
    Input,
    /// What comes of it.
    Outcome,
}

/// How the counts make a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// The numerator alone; a denominator, if there is one, is shown beside it.
    Count,
    /// Numerator over denominator.
    Ratio,
    /// Numerator over denominator, less one: growth since the denominator.
    Growth,
    /// Numerator less denominator.
    Difference,
    /// The ratio on the day of the period on which it was worst.
    WorstDay,
    /// The ratio, pooled over snapshots, against a predicted rate: (actual - predicted) / predicted.
    AgainstRate {
        /// Snapshots a year: 4 are taken on the first day of every third month of the period.
        snapshots_a_year: u8,
        /// Whose predicted rate.
        group: Code,
    },
}

/// A count of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Of which table.
    #[serde(default)]
    pub rows: Option<Table>,
    /// What is added up.
    #[serde(default)]
    pub count: Counting,
    /// The day on which rows are read.
    #[serde(default)]
    pub as_at: AsAt,
    /// Years by which this term's period is later than the figure's.
    #[serde(default)]
    pub shift_years: i32,
    /// The day of the row that must lie in the period.
    #[serde(default)]
    pub in_period: Option<Field>,
    /// What fields must be.
    #[serde(default, rename = "where")]
    pub clause: Clause,
    /// At least one of these must hold too, if there are any.
    #[serde(default)]
    pub any_of: Vec<Clause>,
    /// Related rows that there must be.
    #[serde(default)]
    pub with: Vec<Related>,
    /// Related rows that there must not be.
    #[serde(default)]
    pub without: Vec<Related>,
}

/// What is added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// One for each row.
    #[default]
    Rows,
    /// One for each case that has such a row: each person once.
    People,
    /// A number of each row.
    Sum(Field),
}

/// The day on which rows are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AsAt {
    /// The last day of the period, or the day of reading if that is earlier.
    #[default]
    End,
    /// That day, whatever the period.
    Day(Date),
}

/// Why a definition cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDefinition {
    /// Not of the language.
    #[error("{0}")]
    Syntax(String),
    /// A field that rows of that table do not have.
    #[error("{} have no field {}", .0.as_str(), .1.as_str())]
    NoSuchField(Table, Field),
    /// A test that a field's value can never pass, or fail.
    #[error("{} cannot be tested like that", .0.as_str())]
    WrongTest(Field),
    /// A field that is not a day, where one is needed.
    #[error("{} is not a day", .0.as_str())]
    NotADay(Field),
    /// A field that is not a number, where one is needed.
    #[error("{} is not a number", .0.as_str())]
    NotANumber(Field),
    /// The terms do not fit the shape.
    #[error("{0}")]
    Terms(&'static str),
    /// A name that no parameter has.
    #[error("no parameter is called {0}")]
    NoSuchParameter(String),
    /// A parameter that the definition does not use.
    #[error("the parameter {0} is not used")]
    UnusedParameter(String),
}

impl Definition {
    /// The term that rows are out of: the denominator, or the numerator where it stands alone.
    pub(crate) fn narrows(&self) -> bool {
        self.numerator.rows.is_none()
    }

    pub(crate) fn check(&self) -> Result<(), InvalidDefinition> {
        use InvalidDefinition::Terms;
        if self.scale == 0 {
            return Err(Terms("a scale is at least 1"));
        }
        let alone = matches!(self.shape, Shape::Count);
        if !alone && self.denominator.is_none() {
            return Err(Terms("this shape needs a denominator"));
        }
        if let Some(term) = &self.denominator {
            let rows = term.rows.ok_or(Terms("a denominator names its rows"))?;
            term.check(rows)?;
        }
        let rows = match (self.numerator.rows, &self.denominator) {
            (Some(rows), _) => rows,
            (None, Some(term)) if self.numerator.only_narrows() => {
                term.rows.ok_or(Terms("a denominator names its rows"))?
            }
            (None, Some(_)) => {
                return Err(Terms(
                    "a numerator without rows says only which of the rows it counts",
                ));
            }
            (None, None) => return Err(Terms("a numerator without a denominator names its rows")),
        };
        self.numerator.check(rows)?;
        match &self.shape {
            Shape::Growth | Shape::Difference if self.narrows() => {
                Err(Terms("growth is between two counts, each with rows of its own"))
            }
            Shape::AgainstRate { snapshots_a_year, .. }
                if !matches!(snapshots_a_year, 1 | 2 | 3 | 4 | 6 | 12) =>
            {
                Err(Terms("a year has 1, 2, 3, 4, 6 or 12 snapshots"))
            }
            Shape::WorstDay | Shape::AgainstRate { .. } if !self.narrows() => {
                Err(Terms("this shape narrows its denominator, day by day"))
            }
            _ => Ok(()),
        }
    }
}

impl Term {
    fn only_narrows(&self) -> bool {
        self.count == Counting::Rows
            && self.as_at == AsAt::End
            && self.shift_years == 0
            && self.in_period.is_none()
    }

    fn check(&self, rows: Table) -> Result<(), InvalidDefinition> {
        if let Some(field) = self.in_period {
            is_day(rows, field)?;
        }
        if let Counting::Sum(field) = self.count {
            has(rows, field)?;
            if field.kind() != Kind::Number {
                return Err(InvalidDefinition::NotANumber(field));
            }
        }
        check_clause(rows, &self.clause)?;
        self.any_of.iter().try_for_each(|clause| check_clause(rows, clause))?;
        let related = self.with.iter().chain(&self.without);
        related.into_iter().try_for_each(|related| related.check(rows))
    }
}

impl Related {
    fn check(&self, of: Table) -> Result<(), InvalidDefinition> {
        check_clause(self.rows, &self.clause)?;
        if self.at_least == 0 {
            return Err(InvalidDefinition::Terms("related rows are at least 1"));
        }
        let placed = |table| matches!(table, Table::Placements | Table::Sessions | Table::Awards);
        if self.same == Within::Placement && !(placed(of) && placed(self.rows)) {
            return Err(InvalidDefinition::Terms("only rows of placements share a placement"));
        }
        for window in &self.dated {
            is_day(self.rows, window.field)?;
            for Offset { of: anchor, .. } in window.from.iter().chain(&window.to) {
                match anchor {
                    Anchor::Row(field) => is_day(of, *field)?,
                    Anchor::Evaluation(
                        Reference::AsAt | Reference::PeriodFrom | Reference::PeriodTo,
                    ) => {}
                }
            }
        }
        Ok(())
    }
}

fn has(rows: Table, field: Field) -> Result<(), InvalidDefinition> {
    if rows.fields().contains(&field) {
        Ok(())
    } else {
        Err(InvalidDefinition::NoSuchField(rows, field))
    }
}

fn is_day(rows: Table, field: Field) -> Result<(), InvalidDefinition> {
    has(rows, field)?;
    if field.kind() == Kind::Day { Ok(()) } else { Err(InvalidDefinition::NotADay(field)) }
}

fn check_clause(rows: Table, clause: &Clause) -> Result<(), InvalidDefinition> {
    for (field, test) in clause {
        has(rows, *field)?;
        let fits = matches!(
            (field.kind(), test),
            (_, Test::Known(_))
                | (Kind::Code, Test::Is(Literal::Code(_)) | Test::In(_) | Test::NotIn(_))
                | (Kind::Number, Test::Is(Literal::Number(_)) | Test::AtLeast(_) | Test::AtMost(_))
                | (Kind::Flag, Test::Is(Literal::Flag(_)))
        );
        if !fits {
            return Err(InvalidDefinition::WrongTest(*field));
        }
    }
    Ok(())
}
