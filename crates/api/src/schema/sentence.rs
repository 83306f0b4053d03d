//! Sentences: where they are served, what they require, how they are enforced, how they ended.

use async_graphql::{Enum, ID, Object, Result, SimpleObject};
use tallystick_domain::{
    codes::{RequirementType, Unit},
    event::{self, Setting},
    id::SentenceId,
    placement::PlacementState,
    sentence::{self, SentenceState},
};
use tallystick_views::{ReferralView, SentenceView};

use super::{
    agency::Agency,
    code,
    connection::listed,
    context::At,
    event::EventConnection,
    history, id,
    person::Person,
    scalar::{Code, Date},
    worker::Worker,
};

/// Minutes of an hour of unpaid work.
const HOUR: u32 = 60;

/// A sentence that the caller holds.
pub(crate) struct Sentence<'a> {
    at: &'a At,
    it: SentenceView<'a>,
}

listed! { Sentence<'_>: "SentenceConnection", "SentenceEdge"; }

/// How a sentence stands.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum SentenceStateCode {
    /// Being served.
    Active,
    /// Over.
    Ended,
}

impl<'a> Sentence<'a> {
    pub(crate) fn new(at: &'a At, it: SentenceView<'a>) -> Self {
        Self { at, it }
    }

    /// The sentence of that identifier, if the caller holds it.
    pub(crate) fn find(at: &'a At, id: SentenceId) -> Option<Self> {
        at.view().sentence(id).filter(|_| at.shows(id)).map(|it| Self::new(at, it))
    }
}

/// A sentence: a community order, a suspended sentence order, or custody and licence.
#[Object]
impl<'a> Sentence<'a> {
    /// Its identifier.
    pub(crate) async fn id(&self) -> ID {
        id::show(self.it.sentence.id)
    }

    /// Whose it is.
    fn person(&self) -> Person<'a> {
        Person::new(self.at, self.it.person)
    }

    /// Its kind.
    fn kind(&self) -> code::SentenceKind {
        self.it.sentence.kind.into()
    }

    /// How it stands.
    fn state(&self) -> SentenceStateCode {
        match self.it.sentence.state {
            SentenceState::Active => SentenceStateCode::Active,
            SentenceState::Ended { .. } => SentenceStateCode::Ended,
        }
    }

    /// The day on which it was imposed.
    fn imposed_on(&self) -> Date {
        Date(self.it.sentence.imposed_on)
    }

    /// Its last day, if nothing ends it earlier.
    fn expires_on(&self) -> Date {
        Date(self.it.sentence.expires_on)
    }

    /// The last day served, once it has ended.
    fn ended_on(&self) -> Option<Date> {
        match self.it.sentence.state {
            SentenceState::Active => None,
            SentenceState::Ended { on, .. } => Some(Date(on)),
        }
    }

    /// How it ended, once it has.
    fn end_reason(&self) -> Option<code::SentenceEnd> {
        match self.it.sentence.state {
            SentenceState::Active => None,
            SentenceState::Ended { how, .. } => Some(how.into()),
        }
    }

    /// Area.
    fn area(&self) -> Code {
        Code(self.it.sentence.area.clone())
    }

    /// The person's age in years when it was imposed.
    fn age(&self) -> u32 {
        self.it.sentence.age.into()
    }

    /// Court.
    fn court(&self) -> Code {
        Code(self.it.sentence.court.clone())
    }

    /// Requirements in force, with what has been done towards each.
    fn requirements(&self) -> Vec<Requirement> {
        let requirements = self.it.sentence.requirements.iter();
        requirements.map(|requirement| Requirement::of(self.it, requirement)).collect()
    }

    /// The sentence that it goes on from.
    fn continues(&self) -> Option<Sentence<'a>> {
        Sentence::find(self.at, self.it.sentence.continues?)
    }

    /// Where it has been served, in recorded order: the first from the beginning.
    fn settings(&self) -> Vec<SettingPeriod<'a>> {
        let at = self.at;
        self.it
            .sentence
            .settings
            .iter()
            .map(|period| SettingPeriod { at, from: period.from, to: &period.setting })
            .collect()
    }

    /// Where it is served by the latest record.
    fn setting(&self) -> Option<SettingPeriod<'a>> {
        let period = self.it.sentence.settings.last()?;
        Some(SettingPeriod { at: self.at, from: period.from, to: &period.setting })
    }

    /// Who works with the person under it now, one a role.
    fn workers(&self) -> Vec<Worker<'a>> {
        Worker::all(self.at, &self.it.sentence.workers)
    }

    /// Breaches, by number.
    fn breaches(&self) -> Vec<Breach<'a>> {
        self.it.sentence.breaches.iter().map(|it| Breach { it }).collect()
    }

    /// Version of its stream: the number of its events. Give it as `expectedVersion`.
    fn version(&self) -> u32 {
        self.at.view().version(self.it.sentence.id.into()).unwrap_or_default()
    }

    /// Its events, in the order in which they were recorded.
    async fn history(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only events after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only events before this place.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let page = self.at.page(first, after, last, before)?;
        history::of_stream(self.at, self.it.sentence.id.into(), page).await
    }
}

/// A requirement of a sentence, with what has been done towards it.
#[derive(SimpleObject)]
#[graphql(name = "Requirement")]
pub(crate) struct Requirement {
    /// Its code, unique in the sentence.
    id: Code,
    /// Its type.
    r#type: code::RequirementType,
    /// How much.
    quantity: u32,
    /// Of what.
    unit: code::Unit,
    /// Minutes credited over the sessions of placements that serve it.
    credited_minutes: u32,
    /// Whether it is met, derived: unpaid work by the hours credited, programmes, treatment and
    /// activities by a completed placement; absent for what is only supervised.
    completed: Option<bool>,
}

impl Requirement {
    fn of(sentence: SentenceView<'_>, requirement: &event::Requirement) -> Self {
        let credited_minutes = sentence.credited_minutes(&requirement.id);
        let completed = match requirement.r#type {
            RequirementType::UnpaidWork => (requirement.unit == Unit::Hour)
                .then(|| credited_minutes >= requirement.quantity.saturating_mul(HOUR)),
            RequirementType::Programme
            | RequirementType::AlcoholTreatment
            | RequirementType::DrugRehabilitation
            | RequirementType::Activity => Some(is_completed(sentence, requirement)),
            RequirementType::Supervision | RequirementType::Residence => None,
        };
        Self {
            id: Code(requirement.id.clone()),
            r#type: requirement.r#type.into(),
            quantity: requirement.quantity,
            unit: requirement.unit.into(),
            credited_minutes,
            completed,
        }
    }
}

/// Whether a placement under a referral that names the requirement was completed.
fn is_completed(sentence: SentenceView<'_>, requirement: &event::Requirement) -> bool {
    let serving = sentence.person.referrals().filter(|it| {
        it.referral.sentence == Some(sentence.sentence.id)
            && it.referral.requirement.as_ref() == Some(&requirement.id)
    });
    serving
        .flat_map(ReferralView::placements)
        .any(|it| matches!(it.placement.state, PlacementState::Completed { .. }))
}

/// Where a sentence was served from a day.
pub(crate) struct SettingPeriod<'a> {
    at: &'a At,
    from: tallystick_domain::Date,
    to: &'a Setting,
}

/// Where a sentence was served from a day on: in custody, or in the community.
#[Object]
impl<'a> SettingPeriod<'a> {
    /// First day.
    fn from(&self) -> Date {
        Date(self.from)
    }

    /// Whether in custody; otherwise in the community.
    fn in_custody(&self) -> bool {
        matches!(self.to, Setting::Custody { .. })
    }

    /// The prison, when in custody.
    fn prison(&self) -> Option<Agency<'a>> {
        match self.to {
            Setting::Custody { at } => Agency::find(self.at, *at),
            Setting::Community { .. } => None,
        }
    }

    /// Whether on licence, after custody.
    fn licence(&self) -> bool {
        matches!(self.to, Setting::Community { licence: true })
    }
}

/// A breach and how far its enforcement has gone.
pub(crate) struct Breach<'a> {
    it: &'a sentence::Breach,
}

/// A breach of a sentence, and how far its enforcement has gone.
#[Object]
impl<'a> Breach<'a> {
    /// Its number within the sentence, from 1.
    fn number(&self) -> u32 {
        self.it.number.into()
    }

    /// The step it is at.
    fn step(&self) -> Option<code::BreachStep> {
        self.it.step().map(Into::into)
    }

    /// Whether enforcement is still going on.
    fn open(&self) -> bool {
        self.it.is_open()
    }

    /// Steps taken, in recorded order.
    fn steps(&self) -> Vec<BreachTaken<'a>> {
        self.it.steps.iter().map(|it| BreachTaken { it }).collect()
    }
}

/// A step of enforcement taken.
pub(crate) struct BreachTaken<'a> {
    it: &'a sentence::BreachTaken,
}

/// A step of enforcement that was taken.
#[Object]
impl BreachTaken<'_> {
    /// The step.
    fn step(&self) -> code::BreachStep {
        self.it.step.into()
    }

    /// When.
    fn on(&self) -> Date {
        Date(self.it.on)
    }

    /// The absences given as grounds, by their events.
    fn grounds(&self) -> Vec<ID> {
        self.it.grounds.iter().map(id::show).collect()
    }

    /// Another ground.
    fn other_ground(&self) -> Option<Code> {
        self.it.other_ground.clone().map(Code)
    }
}
