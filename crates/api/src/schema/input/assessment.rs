//! Assessments and the sentence plans in them.

use async_graphql::InputObject;
use tallystick_domain::{Action, Origin, event};

use super::{
    command::{Ask, Asked, CaseFields},
    person::about_person,
    reader::{Facts, Read, Reader},
};
use crate::schema::{code, scalar::Date};

about_person! {
    /// An assessment of a person.
    AssessPersonInput = Assess { assessed: AssessedInput };
}

/// What an assessment found.
#[derive(InputObject)]
pub(crate) struct AssessedInput {
    /// With what. `OASYS` and `OGRS` are for offender managers.
    tool: code::AssessmentTool,
    /// Needs, each once.
    #[graphql(default)]
    needs: Vec<NeedFoundInput>,
    /// Motivation, 0 (none) to 3 (high).
    motivation: Option<i32>,
    /// How likely the person is to offend again.
    reoffend: Option<ReoffendingInput>,
    /// Risk of serious harm: with `OASYS`.
    rosh: Option<code::Rosh>,
    /// What is to be done: the sentence plan.
    #[graphql(default)]
    objectives: Vec<ObjectiveInput>,
}

impl Facts for AssessedInput {
    type Facts = event::Assessed;

    fn read(&self, reader: &mut Reader) -> Read<event::Assessed> {
        let needs = reader.each("needs", &self.needs, Reader::facts);
        let motivation = reader.optional("motivation", self.motivation, Reader::number);
        let reoffend = reader.optional("reoffend", self.reoffend.as_ref(), Reader::facts);
        let objectives = reader.each("objectives", &self.objectives, Reader::facts);
        Ok(event::Assessed {
            tool: self.tool.into(),
            needs: needs?,
            motivation: motivation?,
            reoffend: reoffend?,
            rosh: self.rosh.map(Into::into),
            objectives: objectives?,
        })
    }
}

/// A need found.
#[derive(InputObject)]
pub(crate) struct NeedFoundInput {
    /// The need.
    need: code::Need,
    /// 0 (none) to 3 (severe).
    severity: i32,
}

impl Facts for NeedFoundInput {
    type Facts = event::NeedFound;

    fn read(&self, reader: &mut Reader) -> Read<event::NeedFound> {
        let severity = reader.number("severity", self.severity)?;
        Ok(event::NeedFound { need: self.need.into(), severity })
    }
}

/// How likely a person is to offend again.
#[derive(InputObject)]
pub(crate) struct ReoffendingInput {
    /// Within so many months: 1 to 60.
    window_months: i32,
    /// Parts per million.
    ppm: i32,
}

impl Facts for ReoffendingInput {
    type Facts = event::Reoffending;

    fn read(&self, reader: &mut Reader) -> Read<event::Reoffending> {
        let window_months = reader.number("windowMonths", self.window_months);
        let ppm = reader.number("ppm", self.ppm);
        Ok(event::Reoffending { window_months: window_months?, ppm: ppm? })
    }
}

/// What is to be done about a need.
#[derive(InputObject)]
pub(crate) struct ObjectiveInput {
    /// The need.
    need: code::Need,
    /// By a service of that kind: a code.
    service_kind: String,
    /// By that day.
    due: Date,
}

impl Facts for ObjectiveInput {
    type Facts = event::Objective;

    fn read(&self, reader: &mut Reader) -> Read<event::Objective> {
        let service_kind = reader.code("serviceKind", &self.service_kind)?;
        Ok(event::Objective { need: self.need.into(), service_kind, due: self.due.0 })
    }
}
