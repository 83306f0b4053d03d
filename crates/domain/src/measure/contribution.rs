//! What one case adds to a measure.

use super::condition::{Anchor, Clause, Offset, Reference, Related, Value, Within};
use super::definition::{AsAt, Counting, Definition, Shape, Term};
use super::period::Period;
use super::row::{Look, Row, rows};
use super::table::{Field, Table};
use super::turning::turning_days;
use crate::case::{Case, Cases};
use crate::date::Date;
use crate::id::{AgencyId, AgreementId, Position};
use crate::text::Code;
use alloc::{collections::BTreeMap, vec::Vec};

/// Which rows a figure is over. What is not said is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// Rows of this area.
    pub area: Option<Code>,
    /// Rows in which this agency has a part.
    pub agency: Option<AgencyId>,
    /// Rows of this agreement.
    pub agreement: Option<AgreementId>,
}

/// What a case adds in one place of the sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The snapshot or, for a worst day, the day from which it holds; `None` for other shapes.
    pub day: Option<Date>,
    /// The area, where each has its own predicted rate.
    pub area: Option<Code>,
    /// What is added to the numerator; for a worst day the change on that day.
    pub numerator: i64,
    /// What is added to the denominator, likewise.
    pub denominator: i64,
}

/// What a case adds, in order of day and area; nothing where it adds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contribution(pub Vec<Cell>);

/// What is counted as one: a row, or a person with the rows that are the person's.
pub struct Unit<'a> {
    /// The snapshot or day it is counted on, as in [`Cell::day`].
    pub day: Option<Date>,
    /// What it adds to the numerator.
    pub numerator: u64,
    /// What it adds to the denominator.
    pub denominator: u64,
    rows: &'a [Row<'a>],
    look: Look<'a>,
}

impl Unit<'_> {
    /// Positions of the events that put it in, or out, in order.
    pub fn evidence(&self) -> Vec<Position> {
        let mut positions = Vec::new();
        for row in self.rows {
            let mut own = Vec::new();
            row.evidence(self.look, &mut own);
            positions.append(&mut own);
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// A field of it; of a person with several rows, of the first. `None` if it has no such field
    /// or no value there.
    pub fn field(&self, field: Field) -> Option<alloc::string::String> {
        use alloc::string::ToString;
        match self.rows.first()?.get(field, self.look) {
            Value::Absent => None,
            Value::Code(code) => Some(code.to_string()),
            Value::Codes(codes) => codes.first().map(ToString::to_string),
            Value::Number(number) => Some(number.to_string()),
            Value::Flag(flag) => Some(flag.to_string()),
            Value::Day(day) => Some(day.to_string()),
        }
    }

    fn area(&self) -> Option<Code> {
        match self.rows.first()?.get(Field::Area, self.look) {
            Value::Code(code) => Code::new(code).ok(),
            _ => None,
        }
    }
}

/// What a case adds to a measure: for a period, as things were on the day `on`. `cases` is asked
/// for what rows of other cases say of it (the service of a placement, the lead of an agreement).
pub fn contribution(
    definition: &Definition,
    case: &Case,
    cases: &dyn Cases,
    scope: &Scope,
    period: Period,
    on: Date,
) -> Contribution {
    let by_area = matches!(definition.shape, Shape::AgainstRate { .. });
    let mut cells = Slots::new();
    units(definition, case, cases, scope, period, on, &mut |unit| {
        let area = if by_area { unit.area() } else { None };
        let cell = cells.entry((unit.day, area)).or_default();
        cell.0 = cell.0.saturating_add(i64::try_from(unit.numerator).unwrap_or(i64::MAX));
        cell.1 = cell.1.saturating_add(i64::try_from(unit.denominator).unwrap_or(i64::MAX));
    });
    if matches!(definition.shape, Shape::WorstDay) {
        return steps(&cells, &turning_days_of(case, period, on));
    }
    let cells = cells.into_iter().map(|((day, area), (numerator, denominator))| Cell {
        day,
        area,
        numerator,
        denominator,
    });
    Contribution(cells.collect())
}

type Slots = BTreeMap<(Option<Date>, Option<Code>), (i64, i64)>;

/// A value that holds from each turning day to the next, as changes.
fn steps(cells: &Slots, days: &[Date]) -> Contribution {
    let mut before = (0, 0);
    let mut changes = Vec::new();
    for day in days {
        let now = cells.get(&(Some(*day), None)).copied().unwrap_or_default();
        if now != before {
            changes.push(Cell {
                day: Some(*day),
                area: None,
                numerator: now.0 - before.0,
                denominator: now.1 - before.1,
            });
            before = now;
        }
    }
    Contribution(changes)
}

fn turning_days_of(case: &Case, period: Period, on: Date) -> Vec<Date> {
    let until = period.to.min(on);
    if until < period.from { Vec::new() } else { turning_days(case, period.from, until) }
}

/// Visits what a case adds, unit by unit: [`contribution`] is the sum of these. For a worst day,
/// what holds from each turning day on.
pub fn units(
    definition: &Definition,
    case: &Case,
    cases: &dyn Cases,
    scope: &Scope,
    period: Period,
    on: Date,
    visit: &mut dyn FnMut(&Unit<'_>),
) {
    if !definition.reads(case) {
        return;
    }
    let asked = Asked { definition, case, cases, scope, period, on };
    match definition.shape {
        Shape::Count | Shape::Ratio | Shape::Growth | Shape::Difference => {
            asked.units(None, visit);
        }
        Shape::WorstDay => {
            for day in turning_days_of(case, period, on) {
                asked.units(Some(day), visit);
            }
        }
        Shape::AgainstRate { snapshots_a_year, .. } => {
            let step = 12 / i32::from(snapshots_a_year.clamp(1, 12));
            let days = (0..).map(|number| period.from.plus_months(number * step));
            for day in days.take_while(|day| *day <= period.to.min(on)) {
                asked.units(Some(day), visit);
            }
        }
    }
}

struct Asked<'a> {
    definition: &'a Definition,
    case: &'a Case,
    cases: &'a dyn Cases,
    scope: &'a Scope,
    period: Period,
    on: Date,
}

impl<'a> Asked<'a> {
    fn units(&self, day: Option<Date>, visit: &mut dyn FnMut(&Unit<'_>)) {
        let numerator = &self.definition.numerator;
        match (&self.definition.denominator, numerator.rows) {
            (Some(term), None) => self.term(term, day, &mut |look, rows, amount| {
                let passing = rows.iter().filter(|row| self.passes(numerator, row, look));
                let counted = match term.count {
                    Counting::Rows | Counting::People => u64::from(passing.count() > 0),
                    Counting::Sum(field) => passing.map(|row| number(row, field, look)).sum(),
                };
                visit(&Unit { day, numerator: counted, denominator: amount, rows, look });
            }),
            (denominator, _) => {
                if let Some(term) = denominator {
                    self.term(term, day, &mut |look, rows, amount| {
                        visit(&Unit { day, numerator: 0, denominator: amount, rows, look });
                    });
                }
                self.term(numerator, day, &mut |look, rows, amount| {
                    visit(&Unit { day, numerator: amount, denominator: 0, rows, look });
                });
            }
        }
    }

    /// Visits what a term with rows of its own counts, and how much each counts.
    fn term(
        &self,
        term: &Term,
        day: Option<Date>,
        visit: &mut dyn FnMut(Look<'_>, &[Row<'_>], u64),
    ) {
        let Some(table) = term.rows else { return };
        let period = self.period.plus_years(term.shift_years);
        let as_at = day.unwrap_or(match term.as_at {
            AsAt::End => period.to.min(self.on),
            AsAt::Day(day) => day.min(self.on),
        });
        let look = Look { cases: self.cases, as_at, period };
        let mut people = Vec::new();
        rows(look, table, self.case, &mut |row| {
            if !self.in_scope(&row, look) || !in_period(term, &row, look) {
                return;
            }
            if !self.passes(term, &row, look) {
                return;
            }
            match term.count {
                Counting::Rows => visit(look, &[row], 1),
                Counting::Sum(field) => visit(look, &[row], number(&row, field, look)),
                Counting::People => people.push(row),
            }
        });
        if !people.is_empty() {
            visit(look, &people, 1);
        }
    }

    fn in_scope(&self, row: &Row<'a>, look: Look<'a>) -> bool {
        let area = self.scope.area.as_ref().is_none_or(|area| match row.get(Field::Area, look) {
            Value::Code(code) => code == area.as_str(),
            Value::Codes(codes) => codes.contains(&area.as_str()),
            _ => false,
        });
        area && self.scope.agency.is_none_or(|agency| row.involves(agency, look))
            && self.scope.agreement.is_none_or(|it| row.agreement(look) == Some(it))
    }

    /// Whether a row passes what a term asks beyond its window.
    fn passes(&self, term: &Term, row: &Row<'a>, look: Look<'a>) -> bool {
        holds(&term.clause, row, look)
            && (term.any_of.is_empty() || term.any_of.iter().any(|clause| holds(clause, row, look)))
            && term.with.iter().all(|related| self.has(related, row, look))
            && !term.without.iter().any(|related| self.has(related, row, look))
    }

    fn has(&self, related: &Related, row: &Row<'a>, look: Look<'a>) -> bool {
        let mut found = 0;
        // A window may reach beyond the day that the row is read at (re-offending within three
        // months of a snapshot): what happened since then and up to the day of reading counts.
        let wide = Look { as_at: self.on, ..look };
        rows(wide, related.rows, self.case, &mut |other| {
            let same = match related.same {
                Within::Case => true,
                Within::Sentence => other.sentence() == row.sentence(),
                Within::Placement => other.placement() == row.placement(),
            };
            let dated = || {
                related.dated.iter().all(|window| {
                    let Value::Day(day) = other.get(window.field, wide) else { return false };
                    let bound =
                        |offset: &Option<Offset>| offset.as_ref().map(|it| it.from(row, look));
                    let from = bound(&window.from).is_none_or(|it| it.is_some_and(|it| it <= day));
                    from && bound(&window.to).is_none_or(|it| it.is_some_and(|it| day <= it))
                })
            };
            if same && dated() && holds(&related.clause, &other, wide) {
                found += 1;
            }
        });
        found >= related.at_least
    }
}

impl Offset {
    fn from(&self, row: &Row<'_>, look: Look<'_>) -> Option<Date> {
        let day = match self.of {
            Anchor::Evaluation(Reference::AsAt) => look.as_at,
            Anchor::Evaluation(Reference::PeriodFrom) => look.period.from,
            Anchor::Evaluation(Reference::PeriodTo) => look.period.to,
            Anchor::Row(field) => match row.get(field, look) {
                Value::Day(day) => day,
                _ => return None,
            },
        };
        Some(day.plus_months(self.plus_months).plus_days(self.plus_days))
    }
}

fn in_period<'a>(term: &Term, row: &Row<'a>, look: Look<'a>) -> bool {
    term.in_period.is_none_or(|field| match row.get(field, look) {
        Value::Day(day) => look.period.holds(day),
        _ => false,
    })
}

fn holds<'a>(clause: &Clause, row: &Row<'a>, look: Look<'a>) -> bool {
    clause.iter().all(|(field, test)| test.passes(&row.get(*field, look)))
}

fn number<'a>(row: &Row<'a>, field: Field, look: Look<'a>) -> u64 {
    match row.get(field, look) {
        Value::Number(number) => number,
        _ => 0,
    }
}

impl Definition {
    /// Whether rows of a case may change when another case does: the service of a placement, the
    /// lead of an agreement.
    pub fn looks_elsewhere(&self) -> bool {
        let terms = [Some(&self.numerator), self.denominator.as_ref()];
        let mut terms = terms.into_iter().flatten();
        let elsewhere =
            |table| !matches!(table, Table::Sentences | Table::Requirements | Table::Agencies);
        terms.any(|term| {
            let related = term.with.iter().chain(&term.without).map(|related| related.rows);
            term.rows.into_iter().chain(related).any(elsewhere)
        })
    }

    /// Whether cases of that kind have rows that it counts.
    pub fn reads(&self, case: &Case) -> bool {
        let terms = [Some(&self.numerator), self.denominator.as_ref()];
        terms.into_iter().flatten().filter_map(|term| term.rows).any(|table| match table {
            Table::Sentences
            | Table::Requirements
            | Table::Placements
            | Table::Sessions
            | Table::Awards => case.person().is_some(),
            Table::Agreements | Table::AgreementYears | Table::Capacities => {
                case.agreement().is_some()
            }
            Table::Agencies => case.agency().is_some(),
        })
    }
}
