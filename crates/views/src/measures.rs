//! Measures over the cases of a snapshot: figures, breakdowns, and the rows that explain them.
//!
//! A figure is a sum over cases, so a change of one case changes the sum by that case alone:
//! [`Tallies`] keeps what each case added and looks again only at those that have changed. A fresh
//! sum ([`AgencyView::figure`]) is what it must always equal.

use crate::{AgencyView, Snapshot};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tallystick_domain::{
    Case, CaseKey, Cases, Code, Date, Position,
    id::MeasureId,
    measure::{
        Cells, Contribution, Definition, Field, Figure, Measure, Period, Scope, Shape, Sums,
        contribution, suppress, units,
    },
};

/// What is asked of a measure.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is measured.
    pub definition: Arc<Definition>,
    /// Over which rows.
    pub scope: Scope,
    /// When.
    pub period: Period,
    /// As things were on this day.
    pub on: Date,
}

/// What one case adds to a figure, and by which events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRow {
    /// Position of the case's first record.
    pub at: Position,
    /// The case.
    pub case: CaseKey,
    /// What it adds to the numerator.
    pub numerator: u64,
    /// What it adds to the denominator.
    pub denominator: u64,
    /// Positions of the events that put it in or out, in order.
    pub events: Vec<Position>,
}

/// A group of a breakdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Value of the field; `None` where there is none.
    pub key: Option<String>,
    /// Its counts; `None` where they are too small to be shown, or would give others away.
    pub cells: Option<Cells>,
}

impl<'a> AgencyView<'a> {
    /// Measures that are defined, by the first record of each. Definitions are everybody's.
    pub fn measures(self) -> impl Iterator<Item = &'a Measure> {
        let snapshot = self.snapshot();
        snapshot.measures.values().filter_map(move |id| measure(snapshot, *id))
    }

    /// A measure by its code.
    pub fn measure(self, code: &Code) -> Option<&'a Measure> {
        measure(self.snapshot(), MeasureId::of(code))
    }

    /// Whether figures are for this scope: they are over every case.
    pub fn reads_figures(self) -> bool {
        self.scope().reads_everything()
    }

    /// What a measure comes to, looked at afresh; `None` where figures are not for the scope.
    pub fn figure(self, asked: &Question) -> Option<Figure> {
        if !self.reads_figures() {
            return None;
        }
        let mut sums = Sums::default();
        for case in self.snapshot().cases.values() {
            sums.add(&asked.of(self.snapshot(), case));
        }
        Some(asked.figure(&sums))
    }

    /// What each case adds, by the case's first record; empty where figures are not for the scope.
    pub fn evidence(self, asked: &Question) -> Vec<EvidenceRow> {
        let Some(figure) = self.figure(asked) else { return Vec::new() };
        let mut rows = Vec::new();
        for case in self.snapshot().cases.values() {
            rows.extend(asked.row(self.snapshot(), case, &figure));
        }
        rows.sort_unstable_by_key(|row| row.at);
        rows
    }

    /// A figure group by group of a field, small numbers hidden; empty where figures are not for
    /// the scope.
    pub fn breakdown(self, asked: &Question, by: Field) -> Vec<Group> {
        let Some(figure) = self.figure(asked) else { return Vec::new() };
        let mut groups: BTreeMap<Option<String>, Cells> = BTreeMap::new();
        for case in self.snapshot().cases.values() {
            asked.units(self.snapshot(), case, &figure, &mut |unit| {
                let none = Cells { numerator: 0, denominator: 0 };
                let key =
                    unit.field(by).map(|value| if by == Field::Age { band(&value) } else { value });
                let group = groups.entry(key).or_insert(none);
                group.numerator += i128::from(unit.numerator);
                group.denominator += i128::from(unit.denominator);
            });
        }
        let hidden = suppress(&groups.values().copied().collect::<Vec<_>>());
        let shown = groups.into_iter().zip(hidden);
        shown
            .map(|((key, cells), hidden)| Group { key, cells: (!hidden).then_some(cells) })
            .collect()
    }
}

/// Bands of age in years, as the national tables have them.
const BANDS: [(u32, &str); 7] = [
    (50, "50+"),
    (40, "40-49"),
    (30, "30-39"),
    (25, "25-29"),
    (21, "21-24"),
    (18, "18-20"),
    (0, "under 18"),
];

fn band(age: &str) -> String {
    let age: u32 = age.parse().unwrap_or(0);
    BANDS.iter().find(|(from, _)| *from <= age).map_or("", |(_, band)| band).to_owned()
}

fn measure(snapshot: &Snapshot, id: MeasureId) -> Option<&Measure> {
    snapshot.case(CaseKey::Measure(id))?.measure()
}

impl Question {
    fn of(&self, snapshot: &Snapshot, case: &Case) -> Contribution {
        contribution(&self.definition, case, snapshot, &self.scope, self.period, self.on)
    }

    fn figure(&self, sums: &Sums) -> Figure {
        Figure::of(&self.definition, sums, &|_, _| None)
    }

    /// The units of a case that are in a figure: of a worst day, those of the day it was.
    fn units(
        &self,
        snapshot: &Snapshot,
        case: &Case,
        figure: &Figure,
        visit: &mut dyn FnMut(&tallystick_domain::measure::Unit<'_>),
    ) {
        let (period, on) = match (&self.definition.shape, figure.day) {
            (Shape::WorstDay, Some(day)) => (Period { from: day, to: day }, day),
            _ => (self.period, self.on),
        };
        units(&self.definition, case, snapshot, &self.scope, period, on, visit);
    }

    fn row(&self, snapshot: &Snapshot, case: &Case, figure: &Figure) -> Option<EvidenceRow> {
        let at = *case.trail.positions.first()?;
        let mut row =
            EvidenceRow { at, case: case.key, numerator: 0, denominator: 0, events: Vec::new() };
        self.units(snapshot, case, figure, &mut |unit| {
            row.numerator += unit.numerator;
            row.denominator += unit.denominator;
            row.events.append(&mut unit.evidence());
        });
        row.events.sort_unstable();
        row.events.dedup();
        (!row.events.is_empty()).then_some(row)
    }
}

/// Sums that are kept, with what each case added to them.
#[derive(Debug, Default)]
pub struct Tallies {
    kept: Vec<(Question, Tally)>,
}

#[derive(Debug, Default)]
struct Tally {
    /// The snapshot that it is of.
    position: Position,
    added: HashMap<CaseKey, Contribution>,
    sums: Sums,
}

impl Tallies {
    /// Sums that are kept, at most: those asked for longest ago go first.
    pub const LIMIT: usize = 64;

    /// What a measure comes to in a snapshot of now, which is never older than the last. Its scope
    /// is asked of the view that shows it: [`AgencyView::reads_figures`].
    pub fn figure(&mut self, snapshot: &Snapshot, asked: &Question) -> Figure {
        let known = self.kept.iter().position(|(kept, _)| kept.is(asked));
        let (question, mut tally) =
            known.map_or_else(|| (asked.clone(), Tally::default()), |at| self.kept.remove(at));
        tally.catch_up(snapshot, &question);
        let figure = question.figure(&tally.sums);
        if self.kept.len() == Self::LIMIT {
            self.kept.remove(0);
        }
        self.kept.push((question, tally));
        figure
    }
}

impl Question {
    fn is(&self, other: &Self) -> bool {
        (&self.scope, self.period, self.on) == (&other.scope, other.period, other.on)
            && self.definition == other.definition
    }
}

impl Tally {
    fn catch_up(&mut self, snapshot: &Snapshot, asked: &Question) {
        let changed: Vec<_> =
            snapshot.latest.range(self.position.next()..).map(|(_, key)| *key).collect();
        // What rows of people say of services, and rows of agreements of their leads, moves with
        // those; both are rare, and looking at everything again is always right.
        let directory = |key: &CaseKey| matches!(key, CaseKey::Agreement(_) | CaseKey::Agency(_));
        let anew = self.position == Position::ZERO
            || self.position > snapshot.position
            || asked.definition.looks_elsewhere() && changed.iter().any(directory);
        if anew {
            *self = Self::default();
            for case in snapshot.cases.values() {
                self.take(case.key, asked.of(snapshot, case));
            }
        } else {
            for key in changed {
                let added = snapshot.case(key).map(|case| asked.of(snapshot, case));
                self.take(key, added.unwrap_or_default());
            }
        }
        self.position = snapshot.position;
    }

    fn take(&mut self, key: CaseKey, added: Contribution) {
        if let Some(before) = self.added.remove(&key) {
            self.sums.take_out(&before);
        }
        if !added.0.is_empty() {
            self.sums.add(&added);
            self.added.insert(key, added);
        }
    }
}
