//! Measures: what they are, what they come to, and what explains it.
#![allow(
    clippy::needless_pass_by_value,
    reason = "resolvers take their arguments as the GraphQL library gives them"
)]

mod asked;
mod evidence;

use std::sync::Arc;

use async_graphql::{Enum, ID, Object, Result, SimpleObject};
use tallystick_domain::measure::{self, Figure as Sum, Fraction};
use tallystick_views::Question;

pub(crate) use asked::{MeasureReadingInput, MeasureScopeInput, PeriodInput, figures};
use evidence::EvidenceRow;

use super::{
    agency::Agency,
    code,
    connection::{Connection, listed},
    context::At,
    id,
    scalar::{Code, Count, Date, Hash, Position, Ppm},
};

/// A version of a measure's definition.
#[derive(Clone, Copy)]
pub(crate) struct MeasureDefinition<'a> {
    at: &'a At,
    id: tallystick_domain::id::MeasureId,
    number: u32,
    version: &'a measure::Version,
}

impl<'a> MeasureDefinition<'a> {
    /// The latest version of a measure.
    pub(crate) fn find(at: &'a At, id: tallystick_domain::id::MeasureId) -> Option<Self> {
        let measure = at.view().measures().find(|it| it.id == id)?;
        Self::latest(at, measure)
    }

    fn latest(at: &'a At, measure: &'a measure::Measure) -> Option<Self> {
        let (number, version) = measure.latest()?;
        Some(Self { at, id: measure.id, number, version })
    }

    fn version(at: &'a At, measure: &'a measure::Measure, number: u32) -> Option<Self> {
        Some(Self { at, id: measure.id, number, version: measure.version(number)? })
    }
}

/// A version of a measure's definition: data, never edited. Another reading is another version, or
/// the same under other values of its parameters.
#[Object]
impl<'a> MeasureDefinition<'a> {
    /// The measure that it is a version of.
    pub(crate) async fn id(&self) -> ID {
        id::show(self.id)
    }

    /// Its number, from 1.
    #[graphql(name = "version")]
    fn number(&self) -> u32 {
        self.number
    }

    /// The definition as JSON, in its canonical spelling.
    fn json(&self) -> String {
        String::from_utf8_lossy(&self.version.definition.canonical_bytes()).into_owned()
    }

    /// SHA-256 of that.
    fn hash(&self) -> Hash {
        Hash(self.version.definition.hash())
    }

    /// Since when it is said to hold.
    fn on(&self) -> Date {
        Date(self.version.on)
    }

    /// Who defined it.
    fn by(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.version.by)
    }

    /// Position of its event.
    fn position(&self) -> Position {
        Position(self.version.at)
    }
}

/// A measure under one reading, over a scope and a period.
pub(crate) struct Measure<'a> {
    at: &'a At,
    definition: MeasureDefinition<'a>,
    parameters: Vec<Parameter>,
    asked: Arc<Question>,
    sum: Sum,
}

impl<'a> Measure<'a> {
    /// A version of a measure as it is defined; `None` if there is none, or figures are not for
    /// the caller.
    ///
    /// # Errors
    /// `INTERNAL`, when the work was cut short.
    pub(crate) async fn standard(
        at: &'a At,
        code: &tallystick_domain::Code,
        version: u32,
        ask: impl FnOnce(Arc<measure::Definition>) -> Arc<Question>,
    ) -> Result<Option<Self>> {
        let known = at.view().measure(code).filter(|_| at.view().reads_figures());
        let found = known.and_then(|it| MeasureDefinition::version(at, it, version));
        let Some(definition) = found else { return Ok(None) };
        let Ok(read) = definition.version.definition.standard() else { return Ok(None) };
        let asked = ask(Arc::new(read));
        let sum = at.node.figure(at, Arc::clone(&asked)).await?;
        Ok(Some(Self { at, definition, parameters: Vec::new(), asked, sum }))
    }

    /// How it stands against a target.
    pub(crate) fn against(&self, line: measure::TargetLine) -> Option<measure::State> {
        line.state(&self.sum, self.asked.definition.better)
    }
}

/// A value that a reading gives a parameter.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Parameter {
    /// Its name.
    name: String,
    /// The value, as JSON.
    value: String,
}

/// What a breakdown is by.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum Dimension {
    /// Bands of age in years.
    Age,
    /// The area.
    Area,
    /// The kind of service.
    ServiceKind,
    /// The need that a service serves; its first, if there are several.
    Pathway,
    /// The type of requirement.
    Requirement,
}

impl From<Dimension> for measure::Field {
    fn from(dimension: Dimension) -> Self {
        match dimension {
            Dimension::Age => Self::Age,
            Dimension::Area => Self::Area,
            Dimension::ServiceKind => Self::ServiceKind,
            Dimension::Pathway => Self::Need,
            Dimension::Requirement => Self::Requirement,
        }
    }
}

/// Parts of a period.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum Interval {
    /// Month by month.
    Month,
    /// Quarter by quarter.
    Quarter,
    /// Year by year.
    Year,
}

impl Interval {
    fn months(self) -> i32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

/// The figure of a group or of a part of the period.
#[derive(SimpleObject)]
pub(crate) struct Figure {
    /// Which group; absent for those that have no value there.
    group: Option<String>,
    /// First day of the period.
    from: Date,
    /// Last day of the period.
    to: Date,
    /// How many are counted; absent when suppressed.
    numerator: Option<Count>,
    /// Out of how many; absent when suppressed.
    denominator: Option<Count>,
    /// What it comes to; absent when suppressed or with nothing to divide.
    value: Option<Ppm>,
    /// Whether it is withheld because it, or another that it would give away, is of fewer than 5.
    suppressed: bool,
}

fn value(fraction: Option<Fraction>) -> Option<Ppm> {
    fraction.map(|fraction| Ppm(fraction.millionths()))
}

/// A measure under one reading, over a scope and a period: what it comes to, and why.
#[Object]
impl<'a> Measure<'a> {
    /// Its code.
    fn code(&self) -> Code {
        Code(self.asked.definition.code.clone())
    }

    /// Its title.
    fn title(&self) -> &str {
        self.asked.definition.title.as_str()
    }

    /// What it is counted in.
    fn unit(&self) -> &str {
        self.asked.definition.unit.as_str()
    }

    /// Which way is better.
    fn better(&self) -> code::Polarity {
        self.asked.definition.better.into()
    }

    /// Whether it watches what is put in or what comes of it.
    fn watches(&self) -> code::Watches {
        self.asked.definition.watches.into()
    }

    /// The definition that it is reckoned by.
    fn definition(&self) -> MeasureDefinition<'a> {
        self.definition
    }

    /// Parameters to which the reading gives another value than the definition does.
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// First day of the period.
    fn from(&self) -> Date {
        Date(self.asked.period.from)
    }

    /// Last day of the period.
    fn to(&self) -> Date {
        Date(self.asked.period.to)
    }

    /// How many are counted.
    fn numerator(&self) -> Count {
        Count(self.sum.numerator)
    }

    /// Out of how many; 0 where nothing is divided.
    fn denominator(&self) -> Count {
        Count(self.sum.denominator)
    }

    /// What it comes to, in millionths of its unit; absent with nothing to divide.
    fn value(&self) -> Option<Ppm> {
        value(self.sum.value)
    }

    /// The worst day of the period, where that is what is asked.
    fn day(&self) -> Option<Date> {
        self.sum.day.map(Date)
    }

    /// The figure part by part of the period; the last part may be shorter.
    async fn history(
        &self,
        #[graphql(desc = "How long a part is.")] by: Interval,
    ) -> Result<Vec<Figure>> {
        let whole = self.asked.period;
        let start = |part: i32| whole.from.plus_months(part * by.months());
        let mut figures = Vec::new();
        for part in (0..).take_while(|part| start(*part) <= whole.to) {
            let to = start(part + 1).plus_days(-1).min(whole.to);
            let period = measure::Period { from: start(part), to };
            let asked = Question { period, ..(*self.asked).clone() };
            let sum = self.at.node.figure(self.at, Arc::new(asked)).await?;
            figures.push(Figure {
                group: None,
                from: Date(period.from),
                to: Date(period.to),
                numerator: Some(Count(sum.numerator)),
                denominator: Some(Count(sum.denominator)),
                value: value(sum.value),
                suppressed: false,
            });
        }
        Ok(figures)
    }

    /// The figure group by group. Groups of fewer than 5 are withheld, and others from which they
    /// could be reckoned.
    async fn breakdown(&self, #[graphql(desc = "By what.")] by: Dimension) -> Result<Vec<Figure>> {
        let groups = self.at.node.breakdown(self.at, &self.asked, by.into()).await?;
        let figure = |group: &tallystick_views::Group| Figure {
            group: group.key.clone(),
            from: Date(self.asked.period.from),
            to: Date(self.asked.period.to),
            numerator: group.cells.map(|cells| Count(cells.numerator)),
            denominator: group.cells.map(|cells| Count(cells.denominator)),
            value: group.cells.and_then(|cells| value(self.asked.definition.value_of(cells))),
            suppressed: group.cells.is_none(),
        };
        Ok(groups.iter().map(figure).collect())
    }

    /// What each case adds, and by which events: who is in, and who is out.
    async fn rows(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<EvidenceRow<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        let found = self.at.node.evidence(self.at, &self.asked).await?;
        let range = page.range();
        let found: Vec<_> =
            found.iter().filter(|it| std::ops::RangeBounds::contains(&range, &it.at)).collect();
        Ok(page.take(found.into_iter(), |row| {
            (row.at.into(), Some(EvidenceRow::new(self.at, row.clone())))
        }))
    }
}

listed! { EvidenceRow<'_>: "EvidenceRowConnection", "EvidenceRowEdge"; }
