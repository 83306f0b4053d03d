//! Which measures are asked for.

use std::{collections::BTreeMap, sync::Arc};

use async_graphql::{ID, InputObject, OneofObject, Result};
use tallystick_domain::{
    Date as Day,
    measure::{Definition, InvalidDefinition, Period, Scope},
};
use tallystick_views::Question;

use super::{Measure, MeasureDefinition, Parameter};
use crate::{
    errors,
    schema::{
        context::At,
        id,
        scalar::{Code, Date},
    },
};

/// Readings asked for side by side, at most.
const READINGS_LIMIT: usize = 50;

/// Which rows a figure is over. What is left out is not asked; everything given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct MeasureScopeInput {
    /// Those of this area.
    area: Option<Code>,
    /// Those in which this agency has a part.
    agency: Option<ID>,
    /// Those of this agreement.
    agreement: Option<ID>,
}

impl MeasureScopeInput {
    fn read(self) -> Result<Scope> {
        fn named<T: std::str::FromStr>(id: Option<ID>, what: &str) -> Result<Option<T>> {
            let unknown = || bad(format!("scope.{what} is no identifier of that kind"));
            id.map(|id| id::parse(&id).ok_or_else(unknown)).transpose()
        }
        Ok(Scope {
            area: self.area.map(|area| area.0),
            agency: named(self.agency, "agency")?,
            agreement: named(self.agreement, "agreement")?,
        })
    }
}

/// The time that a figure is about.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum PeriodInput {
    /// The financial year that starts in April of this year.
    FinancialYear(i32),
    /// From a day to a day.
    Days(DaysInput),
}

/// From a day to a day, both within: at most ten years.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DaysInput {
    /// First day.
    from: Date,
    /// Last day.
    to: Date,
}

impl PeriodInput {
    fn read(self) -> Result<Period> {
        match self {
            Self::FinancialYear(year) => i16::try_from(year)
                .ok()
                .and_then(Period::financial_year)
                .ok_or_else(|| bad("period.financialYear is no year".to_owned())),
            Self::Days(days) => {
                Period::new(days.from.0, days.to.0).map_err(|error| bad(error.to_string()))
            }
        }
    }
}

/// Another reading of a measure, shown beside the official one.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct MeasureReadingInput {
    /// Of which measure.
    code: Code,
    /// Of which version; of the latest if left out.
    version: Option<u32>,
    /// Parameters that are to have another value.
    #[graphql(default)]
    parameters: Vec<ParameterInput>,
}

/// A parameter and its value.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct ParameterInput {
    /// Its name.
    name: String,
    /// The value, as JSON: `"rows"`, `9`, `["completed"]`.
    value: String,
}

fn bad(message: String) -> async_graphql::Error {
    errors::Code::BadRequest.error(message)
}

/// The measures asked for: of each the latest version as it is defined, and then the other
/// readings. Empty for whom figures are not.
///
/// # Errors
/// `BAD_REQUEST`: no period, no such measure, version or parameter, or a value that does not fit.
pub(crate) async fn figures(
    at: &At,
    codes: Option<Vec<Code>>,
    scope: Option<MeasureScopeInput>,
    period: Option<PeriodInput>,
    under: Vec<MeasureReadingInput>,
) -> Result<Vec<Measure<'_>>> {
    if under.len() > READINGS_LIMIT || codes.as_ref().is_some_and(|it| it.len() > READINGS_LIMIT) {
        return Err(bad(format!("at most {READINGS_LIMIT} measures and readings are asked for")));
    }
    let over = Over {
        scope: scope.unwrap_or_default().read()?,
        period: period.map_or_else(|| Ok(Period::financial_year_of(at.on)), PeriodInput::read)?,
        on: at.on,
    };
    let view = at.view();
    if !view.reads_figures() {
        return Ok(Vec::new());
    }
    let mut asked = Vec::new();
    match codes {
        None => {
            let mut all: Vec<_> = view.measures().collect();
            all.sort_by_key(|it| {
                it.latest().and_then(|(_, version)| version.definition.code().ok())
            });
            asked.extend(all.into_iter().filter_map(|it| MeasureDefinition::latest(at, it)));
        }
        Some(codes) => {
            for code in &codes {
                asked.push(defined(at, code, None)?);
            }
        }
    }
    let mut figures = Vec::new();
    for definition in asked {
        figures.push(over.measure(at, definition, Vec::new()).await?);
    }
    for reading in under {
        let definition = defined(at, &reading.code, reading.version)?;
        figures.push(over.measure(at, definition, reading.parameters).await?);
    }
    Ok(figures)
}

fn defined<'a>(at: &'a At, code: &Code, version: Option<u32>) -> Result<MeasureDefinition<'a>> {
    let measure = at.view().measure(&code.0);
    let found = measure.and_then(|measure| match version {
        Some(number) => MeasureDefinition::version(at, measure, number),
        None => MeasureDefinition::latest(at, measure),
    });
    found.ok_or_else(|| bad(format!("no such version of {} is defined", code.0.as_str())))
}

struct Over {
    scope: Scope,
    period: Period,
    on: Day,
}

impl Over {
    async fn measure<'a>(
        &self,
        at: &'a At,
        definition: MeasureDefinition<'a>,
        given: Vec<ParameterInput>,
    ) -> Result<Measure<'a>> {
        let read = read(&definition, &given).map_err(|error| bad(error.to_string()))?;
        let asked = Arc::new(Question {
            definition: Arc::new(read),
            scope: self.scope.clone(),
            period: self.period,
            on: self.on,
        });
        let sum = at.node.figure(at, Arc::clone(&asked)).await?;
        let parameters =
            given.into_iter().map(|it| Parameter { name: it.name, value: it.value }).collect();
        Ok(Measure { at, definition, parameters, asked, sum })
    }
}

fn read(
    definition: &MeasureDefinition<'_>,
    given: &[ParameterInput],
) -> Result<Definition, InvalidDefinition> {
    let mut values = BTreeMap::new();
    for ParameterInput { name, value } in given {
        let value = serde_json::from_str(value)
            .map_err(|error| InvalidDefinition::Syntax(format!("{name}: {error}")))?;
        values.insert(name.clone(), value);
    }
    definition.version.definition.reading(&values)
}
