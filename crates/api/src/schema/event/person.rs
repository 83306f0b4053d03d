//! What events about people and their sentences said.

use async_graphql::{ID, Object};
use tallystick_domain::{
    event::{Correction, Setting},
    id::PersonId,
};

use super::{
    Assessed, BreachRecorded, CircumstanceRecorded, Corrected, EventData, OffenceProven,
    PersonRegistered, RegisterSet, SentenceEnded, SentenceImposed, SentenceVaried, SettingChanged,
    WorkerAllocated,
};
use crate::schema::{
    agency::Agency,
    assessment::AssessmentFacts,
    circumstance::{Education, Employment, accommodation},
    code, id,
    offence::OffenceFacts,
    person::Person,
    register::RegisterFacts,
    scalar::{Code, Date, OccurredOn},
    sentence::Sentence,
};

/// A person was registered. Who the person is, the person's own fields say.
#[Object]
impl<'a> PersonRegistered<'a> {
    /// The person.
    fn person(&self) -> Option<Person<'a>> {
        Person::find(self.at, PersonId(self.stream.id))
    }

    /// The schemes in which identifiers were given.
    fn schemes(&self) -> Vec<code::IdentifierScheme> {
        self.it.identifiers.iter().map(|identifier| identifier.scheme.into()).collect()
    }
}

/// It was recorded how a person lives. Confidential values the person's own fields show.
#[Object]
impl<'a> CircumstanceRecorded<'a> {
    /// The person.
    fn person(&self) -> Option<Person<'a>> {
        Person::find(self.at, PersonId(self.stream.id))
    }

    /// In which respect.
    fn kind(&self) -> code::CircumstanceKind {
        self.it.circumstance.kind().into()
    }

    /// Where the person lives.
    fn accommodation(&self) -> Option<code::AccommodationType> {
        accommodation(self.it)
    }

    /// Whether and how the person works.
    fn employment(&self) -> Option<Employment<'a>> {
        Employment::of(self.at, self.it)
    }

    /// Whether and where the person learns.
    fn education(&self) -> Option<Education> {
        Education::of(self.it)
    }

    /// Whether somebody has seen proof of it.
    fn verified(&self) -> bool {
        self.it.verified
    }

    /// Who says so.
    fn source(&self) -> Option<Code> {
        self.it.source.clone().map(Code)
    }
}

/// An offence was proven; `occurredOn` of the event is the day.
#[Object]
impl<'a> OffenceProven<'a> {
    /// The person.
    fn person(&self) -> Option<Person<'a>> {
        Person::find(self.at, PersonId(self.stream.id))
    }

    /// What was proven.
    #[graphql(flatten)]
    fn facts(&self) -> OffenceFacts {
        OffenceFacts::of(self.it)
    }
}

/// A person was entered on a register or removed from it, or the entry changed.
#[Object]
impl<'a> RegisterSet<'a> {
    /// The person.
    fn person(&self) -> Option<Person<'a>> {
        Person::find(self.at, PersonId(self.stream.id))
    }

    /// What was set.
    #[graphql(flatten)]
    fn facts(&self) -> RegisterFacts<'a> {
        RegisterFacts { at: self.at, it: self.it }
    }
}

/// A person was assessed.
#[Object]
impl<'a> Assessed<'a> {
    /// The person.
    fn person(&self) -> Option<Person<'a>> {
        Person::find(self.at, PersonId(self.stream.id))
    }

    /// What was found.
    #[graphql(flatten)]
    fn facts(&self) -> AssessmentFacts {
        AssessmentFacts::of(self.it)
    }
}

/// A sentence was imposed.
#[Object]
impl<'a> SentenceImposed<'a> {
    /// On whom.
    fn person(&self) -> Option<Person<'a>> {
        Person::find(self.at, self.it.person)
    }

    /// The kind.
    fn kind(&self) -> code::SentenceKind {
        self.it.kind.into()
    }

    /// The last day.
    fn expires_on(&self) -> Date {
        Date(self.it.expires_on)
    }

    /// Area.
    fn area(&self) -> Code {
        Code(self.it.area.clone())
    }

    /// The person's age in years.
    fn age(&self) -> u32 {
        self.it.age.into()
    }

    /// Court.
    fn court(&self) -> Code {
        Code(self.it.court.clone())
    }

    /// Whether it begins in custody.
    fn in_custody(&self) -> bool {
        matches!(self.it.setting, Setting::Custody { .. })
    }

    /// Types of the requirements imposed.
    fn requirement_types(&self) -> Vec<code::RequirementType> {
        self.it.requirements.iter().map(|requirement| requirement.r#type.into()).collect()
    }

    /// The sentence that it goes on from.
    fn continues(&self) -> Option<Sentence<'a>> {
        Sentence::find(self.at, self.it.continues?)
    }
}

/// The requirements or the last day of a sentence changed.
#[Object]
impl SentenceVaried<'_> {
    /// Codes of requirements added.
    fn added(&self) -> Vec<Code> {
        self.it.add.iter().map(|requirement| Code(requirement.id.clone())).collect()
    }

    /// Codes of requirements dropped.
    fn dropped(&self) -> Vec<Code> {
        self.it.drop.iter().cloned().map(Code).collect()
    }

    /// The new last day.
    fn expires_on(&self) -> Option<Date> {
        self.it.expires_on.map(Date)
    }

    /// Why.
    fn reason(&self) -> Code {
        Code(self.it.why.clone())
    }
}

/// A sentence is served elsewhere.
#[Object]
impl<'a> SettingChanged<'a> {
    /// Whether in custody from now on; otherwise in the community.
    fn in_custody(&self) -> bool {
        matches!(self.it.to, Setting::Custody { .. })
    }

    /// The prison, when in custody.
    fn prison(&self) -> Option<Agency<'a>> {
        match &self.it.to {
            Setting::Custody { at } => Agency::find(self.at, *at),
            Setting::Community { .. } => None,
        }
    }

    /// Whether on licence, after custody.
    fn licence(&self) -> bool {
        matches!(self.it.to, Setting::Community { licence: true })
    }

    /// Why.
    fn reason(&self) -> code::SettingReason {
        self.it.why.into()
    }
}

/// A worker was allocated to a sentence, a referral or a placement.
#[Object]
impl<'a> WorkerAllocated<'a> {
    /// What they do for the person.
    fn role(&self) -> code::WorkerRole {
        self.it.role.into()
    }

    /// Who they are: a reference, not a name.
    fn worker(&self) -> ID {
        id::show(self.it.worker)
    }

    /// Whom they work for.
    fn agency(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.agency)
    }

    /// Whether they are unpaid.
    fn volunteer(&self) -> bool {
        self.it.volunteer
    }
}

/// A step of enforcement was taken.
#[Object]
impl BreachRecorded<'_> {
    /// Number of the breach within its sentence, from 1.
    fn breach(&self) -> u32 {
        self.it.breach.into()
    }

    /// The step.
    fn step(&self) -> code::BreachStep {
        self.it.step.into()
    }

    /// The absences given as grounds, by their events.
    fn grounds(&self) -> Vec<ID> {
        self.it.grounds.iter().map(id::show).collect()
    }

    /// Another ground.
    fn other_ground(&self) -> Option<Code> {
        self.it.other_ground.clone().map(Code)
    }

    /// The requirement breached.
    fn requirement(&self) -> Option<Code> {
        self.it.requirement.clone().map(Code)
    }

    /// Court.
    fn court(&self) -> Option<Code> {
        self.it.court.clone().map(Code)
    }

    /// What the court disposed.
    fn disposal(&self) -> Option<Code> {
        self.it.disposal.clone().map(Code)
    }
}

/// A sentence ended.
#[Object]
impl SentenceEnded<'_> {
    /// How.
    fn reason(&self) -> code::SentenceEnd {
        self.it.how.into()
    }
}

/// An earlier event of the stream was corrected or voided.
#[Object]
impl<'a> Corrected<'a> {
    /// The event that was corrected.
    fn target(&self) -> ID {
        id::show(self.it.target)
    }

    /// Why.
    fn reason(&self) -> code::CorrectionReason {
        self.it.reason.into()
    }

    /// Whether the event counts as if it had not been.
    fn voids(&self) -> bool {
        matches!(self.it.op, Correction::Void)
    }

    /// When it happened, by the correction.
    fn occurred_on(&self) -> Option<OccurredOn> {
        match &self.it.op {
            Correction::Replace { occurred_on, .. } => Some(OccurredOn(*occurred_on)),
            Correction::Void => None,
        }
    }

    /// What it says by the correction.
    fn replacement(&self) -> Option<EventData<'a>> {
        match &self.it.op {
            Correction::Replace { event, .. } => Some(EventData::of(self.at, self.stream, event)),
            Correction::Void => None,
        }
    }
}
