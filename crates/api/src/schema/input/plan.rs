//! Setting targets and the items of a plan.

use async_graphql::{ID, InputObject};
use tallystick_domain::{
    Action, Origin, StreamKind,
    event::{PlanItemSet, TargetScope, TargetSet},
    id::PlanId,
};

use super::{
    command::{Ask, Asked, Naming, ThingFields},
    reader::{Facts, Read, Reader},
};
use crate::schema::{
    code,
    scalar::{Date, Ppm},
};

fn plan(id: Option<&ID>, naming: Naming, reader: &mut Reader) -> Read<PlanId> {
    match id {
        Some(id) => reader.id("plan", id),
        None => naming.new_id(StreamKind::Plan).map(PlanId),
    }
}

/// A target to be set.
#[derive(InputObject)]
pub(crate) struct SetTargetInput {
    #[graphql(flatten)]
    command: ThingFields,
    /// Of which plan; leave it out for a new one, whose identifier the answer gives.
    plan: Option<ID>,
    #[graphql(flatten)]
    set: TargetSetInput,
}

impl Ask for SetTargetInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |naming, reader| {
            let plan = plan(self.plan.as_ref(), naming, reader);
            let set = self.set.read(reader);
            Ok(Action::SetTarget { plan: plan?, set: set? })
        })
    }
}

/// A target, from `occurredOn` on.
#[derive(InputObject)]
pub(crate) struct TargetSetInput {
    /// The line of the plan: a code, unique in it.
    line: String,
    /// Code of the measure.
    measure: String,
    /// Version of the measure.
    version: i32,
    /// Only rows of this area: a code.
    area: Option<String>,
    /// Only rows in which this agency has a part.
    agency: Option<ID>,
    /// Only rows of this agreement.
    agreement: Option<ID>,
    /// Where it starts, in millionths of the measure's unit.
    baseline: Option<Ppm>,
    /// What the value is relative to.
    relation: code::Relation,
    /// What is to be reached, in millionths.
    value: Ppm,
    /// Last day of the financial year in which it is to be reached.
    due: Date,
    /// Who answers for it.
    owner: ID,
    /// How binding it is.
    status: code::TargetStatus,
}

impl Facts for TargetSetInput {
    type Facts = TargetSet;

    fn read(&self, reader: &mut Reader) -> Read<TargetSet> {
        let line = reader.code("line", &self.line);
        let measure = reader.code("measure", &self.measure);
        let version = reader.number("version", self.version);
        let area = reader.optional("area", self.area.as_deref(), Reader::code);
        let agency = reader.optional("agency", self.agency.as_ref(), Reader::id);
        let agreement = reader.optional("agreement", self.agreement.as_ref(), Reader::id);
        let owner = reader.id("owner", &self.owner);
        Ok(TargetSet {
            line: line?,
            measure: measure?,
            version: version?,
            scope: TargetScope { area: area?, agency: agency?, agreement: agreement? },
            baseline: self.baseline.as_ref().map(|it| it.0),
            relation: self.relation.into(),
            value: self.value.0,
            due: self.due.0,
            owner: owner?,
            status: self.status.into(),
        })
    }
}

/// An item of a plan to be set.
#[derive(InputObject)]
pub(crate) struct SetPlanItemInput {
    #[graphql(flatten)]
    command: ThingFields,
    /// Of which plan; leave it out for a new one, whose identifier the answer gives.
    plan: Option<ID>,
    #[graphql(flatten)]
    set: PlanItemSetInput,
}

impl Ask for SetPlanItemInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |naming, reader| {
            let plan = plan(self.plan.as_ref(), naming, reader);
            let set = self.set.read(reader);
            Ok(Action::SetPlanItem { plan: plan?, set: set? })
        })
    }
}

/// An item of a plan, from `occurredOn` on.
#[derive(InputObject)]
pub(crate) struct PlanItemSetInput {
    /// The item: a code, unique in the plan.
    item: String,
    /// What it is.
    kind: code::PlanItemKind,
    /// In words, at most 200 bytes; names no person.
    text: String,
    /// Who answers for it.
    #[graphql(default)]
    owners: Vec<ID>,
    /// By when.
    due: Option<Date>,
    /// Of a risk: 0 (none) to 5 (very high).
    impact: Option<i32>,
    /// Of a risk: 0 to 5.
    likelihood: Option<i32>,
    /// What is done about it, at most 200 bytes.
    mitigation: Option<String>,
    /// What it needs, at most 200 bytes.
    resource_note: Option<String>,
    /// The line of the plan whose target it serves: a code.
    line: Option<String>,
    /// How it stands.
    state: code::PlanItemState,
}

impl Facts for PlanItemSetInput {
    type Facts = PlanItemSet;

    fn read(&self, reader: &mut Reader) -> Read<PlanItemSet> {
        let item = reader.code("item", &self.item);
        let text = reader.label("text", &self.text);
        let owners = reader.each("owners", &self.owners, Reader::id);
        let impact = reader.optional("impact", self.impact, Reader::number);
        let likelihood = reader.optional("likelihood", self.likelihood, Reader::number);
        let mitigation = reader.optional("mitigation", self.mitigation.as_deref(), Reader::label);
        let resources =
            reader.optional("resourceNote", self.resource_note.as_deref(), Reader::label);
        let line = reader.optional("line", self.line.as_deref(), Reader::code);
        Ok(PlanItemSet {
            item: item?,
            kind: self.kind.into(),
            text: text?,
            owners: owners?,
            due: self.due.as_ref().map(|it| it.0),
            impact: impact?,
            likelihood: likelihood?,
            mitigation: mitigation?,
            resource_note: resources?,
            line: line?,
            state: self.state.into(),
        })
    }
}
