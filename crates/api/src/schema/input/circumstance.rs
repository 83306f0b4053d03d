//! How people live. Confidential values pass through here in the clear and nowhere else.

use async_graphql::{ID, InputObject, OneofObject};
use tallystick_domain::{
    Action, Note, Origin, command::CircumstanceGiven, event::Circumstance, id::PersonId,
};

use super::{
    command::{Ask, Asked, CaseFields},
    reader::{Facts, Read, Reader},
};
use crate::schema::{code, scalar::Date};

/// How a person lives in one respect, from `occurredOn` on.
#[derive(InputObject)]
pub(crate) struct RecordCircumstanceInput {
    #[graphql(flatten)]
    command: CaseFields,
    #[graphql(flatten)]
    recorded: CircumstanceRecordedInput,
}

impl Ask for RecordCircumstanceInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |_, reader| {
            let (person, recorded) = self.recorded.read(reader)?;
            Ok(Action::RecordCircumstance { person, recorded })
        })
    }
}

/// How a person lives in one respect.
#[derive(InputObject)]
pub(crate) struct CircumstanceRecordedInput {
    /// Which person.
    person: ID,
    /// The circumstance.
    circumstance: CircumstanceInput,
    /// Whether somebody has seen proof of it.
    #[graphql(default)]
    verified: bool,
    /// Who says so: a code.
    source: Option<String>,
}

impl Facts for CircumstanceRecordedInput {
    type Facts = (PersonId, CircumstanceGiven);

    fn read(&self, reader: &mut Reader) -> Read<Self::Facts> {
        let person = reader.id("person", &self.person);
        let circumstance = reader.facts("circumstance", &self.circumstance);
        let source = reader.optional("source", self.source.as_deref(), Reader::code);
        let (circumstance, source) = (circumstance?, source?);
        Ok((person?, CircumstanceGiven { circumstance, verified: self.verified, source }))
    }
}

/// A circumstance. Debt, substance and health are sealed under the person's key: at most 4,000
/// bytes each.
#[derive(OneofObject)]
pub(crate) enum CircumstanceInput {
    /// Where the person lives.
    Accommodation(code::AccommodationType),
    /// Whether and how the person works.
    Employment(EmploymentInput),
    /// Whether and where the person learns.
    Education(EducationInput),
    /// What the person owes.
    #[graphql(secret)]
    Debt(String),
    /// What the person takes.
    #[graphql(secret)]
    Substance(String),
    /// How the person is.
    #[graphql(secret)]
    Health(String),
}

impl Facts for CircumstanceInput {
    type Facts = Circumstance<Note>;

    fn read(&self, reader: &mut Reader) -> Read<Self::Facts> {
        match self {
            Self::Accommodation(of) => Ok(Circumstance::Accommodation { r#type: (*of).into() }),
            Self::Employment(employment) => reader.facts("employment", employment),
            Self::Education(education) => Ok(Circumstance::Education {
                status: education.status.into(),
                level: education.level.map(Into::into),
            }),
            Self::Debt(text) => reader.note("debt", text).map(Circumstance::Debt),
            Self::Substance(text) => reader.note("substance", text).map(Circumstance::Substance),
            Self::Health(text) => reader.note("health", text).map(Circumstance::Health),
        }
    }
}

/// Whether and how a person works. Hours, employer and first day only of somebody in work.
#[derive(InputObject)]
pub(crate) struct EmploymentInput {
    /// How.
    status: code::EmploymentStatus,
    /// Hours a week, at most 168.
    hours_week: Option<i32>,
    /// For whom, where that is an agency of the ledger.
    employer: Option<ID>,
    /// First day of the job.
    started: Option<Date>,
}

impl Facts for EmploymentInput {
    type Facts = Circumstance<Note>;

    fn read(&self, reader: &mut Reader) -> Read<Self::Facts> {
        let hours_week = reader.optional("hoursWeek", self.hours_week, Reader::number);
        let employer = reader.optional("employer", self.employer.as_ref(), Reader::id);
        let started = self.started.as_ref().map(|date| date.0);
        let status = self.status.into();
        Ok(Circumstance::Employment {
            status,
            hours_week: hours_week?,
            employer: employer?,
            started,
        })
    }
}

/// Whether and where a person learns.
#[derive(InputObject)]
pub(crate) struct EducationInput {
    /// Where.
    status: code::EducationStatus,
    /// Towards which level.
    level: Option<code::Level>,
}
