//! Assessments and the sentence plans in them.

use async_graphql::{Object, SimpleObject};
use tallystick_domain::{event::Assessed, person::Recorded};

use super::{
    agency::Agency,
    code,
    context::At,
    scalar::{Code, Date},
};

/// An assessment of a person.
pub(crate) struct Assessment<'a> {
    pub(crate) at: &'a At,
    pub(crate) it: &'a Recorded<Assessed>,
}

/// An assessment of a person.
#[Object]
impl<'a> Assessment<'a> {
    /// The day of the assessment.
    fn assessed_on(&self) -> Date {
        Date(self.it.on)
    }

    /// What was found.
    #[graphql(flatten)]
    fn facts(&self) -> AssessmentFacts {
        AssessmentFacts::of(&self.it.facts)
    }

    /// Who assessed.
    fn recorded_by(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.by)
    }
}

/// What was found.
#[derive(SimpleObject)]
pub(crate) struct AssessmentFacts {
    /// With what.
    tool: code::AssessmentTool,
    /// Needs.
    needs: Vec<NeedFound>,
    /// Motivation, 0 (none) to 3 (high).
    motivation: Option<u32>,
    /// How likely the person is to offend again.
    reoffend: Option<Reoffending>,
    /// Risk of serious harm.
    rosh: Option<code::Rosh>,
    /// What is to be done: the sentence plan.
    objectives: Vec<Objective>,
}

/// A need that an assessment found.
#[derive(SimpleObject)]
pub(crate) struct NeedFound {
    /// The need.
    need: code::Need,
    /// 0 (none) to 3 (severe).
    severity: u32,
}

/// How likely a person is to offend again.
#[derive(SimpleObject)]
pub(crate) struct Reoffending {
    /// Within so many months.
    window_months: u32,
    /// Parts per million.
    ppm: u32,
}

/// What is to be done about a need.
#[derive(SimpleObject)]
pub(crate) struct Objective {
    /// The need.
    need: code::Need,
    /// By a service of that kind.
    service_kind: Code,
    /// By that day.
    due: Date,
}

impl AssessmentFacts {
    pub(crate) fn of(assessed: &Assessed) -> Self {
        let found = assessed.needs.iter();
        let objectives = assessed.objectives.iter();
        Self {
            tool: assessed.tool.into(),
            needs: found
                .map(|it| NeedFound { need: it.need.into(), severity: it.severity.into() })
                .collect(),
            motivation: assessed.motivation.map(u32::from),
            reoffend: assessed
                .reoffend
                .as_ref()
                .map(|it| Reoffending { window_months: it.window_months.into(), ppm: it.ppm }),
            rosh: assessed.rosh.map(Into::into),
            objectives: objectives
                .map(|it| Objective {
                    need: it.need.into(),
                    service_kind: Code(it.service_kind.clone()),
                    due: Date(it.due),
                })
                .collect(),
        }
    }
}
