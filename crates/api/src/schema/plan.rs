//! A delivery plan: each line with its baseline, target, actual and state, and what is done for it.

use std::sync::Arc;

use async_graphql::{ID, Object, Result};
use tallystick_domain::{
    codes::TargetStatus,
    id::PlanId,
    measure::{Period, Scope, TargetLine},
    plan,
};
use tallystick_views::Question;

use super::{
    agency::Agency,
    code,
    context::At,
    id,
    measure::Measure,
    scalar::{Code, Date, Position, Ppm},
};

/// A delivery plan as it stands on the day.
#[derive(Clone, Copy)]
pub(crate) struct DeliveryPlan<'a> {
    at: &'a At,
    it: &'a plan::Plan,
}

impl<'a> DeliveryPlan<'a> {
    /// A plan that the caller may see, then and now.
    pub(crate) fn find(at: &'a At, id: PlanId) -> Option<Self> {
        let it = at.view().plan(id).filter(|_| at.shows(id))?;
        Some(Self { at, it })
    }
}

/// A delivery plan as it stands on the day: `on` a revision date, as it was then.
#[Object]
impl<'a> DeliveryPlan<'a> {
    /// The plan.
    pub(crate) async fn id(&self) -> ID {
        id::show(self.it.id)
    }

    /// Its targets, in the order of their lines.
    fn lines(&self) -> Vec<PlanLine<'a>> {
        let targets = self.it.targets_on(self.at.on);
        targets.into_iter().map(|it| PlanLine { at: self.at, plan: self.it, it }).collect()
    }

    /// Its actions, risks, dependencies and the rest.
    fn items(
        &self,
        #[graphql(desc = "Only those of this kind.")] kind: Option<code::PlanItemKind>,
    ) -> Vec<PlanItem<'a>> {
        let kind = kind.map(Into::into);
        let items = self.it.items_on(self.at.on).into_iter();
        items
            .filter(|it| kind.is_none_or(|kind| it.set.kind == kind))
            .map(|it| PlanItem { at: self.at, it })
            .collect()
    }
}

/// A line of a plan: a target and how far it is.
pub(crate) struct PlanLine<'a> {
    at: &'a At,
    plan: &'a plan::Plan,
    it: &'a plan::Target,
}

impl<'a> PlanLine<'a> {
    /// The financial year of the day, or that in which the target was due, if it is over.
    fn period(&self) -> Period {
        Period::financial_year_of(self.at.on.min(self.it.set.due))
    }

    async fn measure(&self) -> Result<Option<Measure<'a>>> {
        let set = &self.it.set;
        let scope = Scope {
            area: set.scope.area.clone(),
            agency: set.scope.agency,
            agreement: set.scope.agreement,
        };
        Measure::standard(self.at, &set.measure, set.version, |definition| {
            Arc::new(Question { definition, scope, period: self.period(), on: self.at.on })
        })
        .await
    }
}

/// A line of a plan: a target and how far it is.
#[Object]
impl<'a> PlanLine<'a> {
    /// Its code, unique in the plan.
    fn line(&self) -> Code {
        Code(self.it.set.line.clone())
    }

    /// Where it starts, in millionths of the measure's unit.
    fn baseline(&self) -> Option<Ppm> {
        self.it.set.baseline.map(Ppm)
    }

    /// What the target is relative to.
    fn relation(&self) -> code::Relation {
        self.it.set.relation.into()
    }

    /// What is to be reached, in millionths.
    fn target(&self) -> Ppm {
        Ppm(self.it.set.value)
    }

    /// Last day of the financial year in which it is to be reached.
    fn due(&self) -> Date {
        Date(self.it.set.due)
    }

    /// Who answers for it.
    fn owner(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.set.owner)
    }

    /// How binding it is.
    fn status(&self) -> code::TargetStatus {
        self.it.set.status.into()
    }

    /// Position of the event that set it.
    fn position(&self) -> Position {
        Position(self.it.at)
    }

    /// What the measure comes to, in the financial year of the day or, once it is over, in that in
    /// which the target was due.
    async fn actual(&self) -> Result<Option<Measure<'a>>> {
        self.measure().await
    }

    /// How that stands against the target, compared on exact fractions; absent while there is
    /// nothing to divide, and for a target that was put off.
    async fn state(&self) -> Result<Option<code::MeasureState>> {
        let set = &self.it.set;
        if set.status == TargetStatus::Deferred {
            return Ok(None);
        }
        let Some(measure) = self.measure().await? else { return Ok(None) };
        let line = TargetLine { baseline: set.baseline, relation: set.relation, value: set.value };
        Ok(measure.against(line).map(Into::into))
    }

    /// What is done for it, and what may stop it: the plan's items of this line.
    fn items(&self) -> Vec<PlanItem<'a>> {
        let items = self.plan.items_on(self.at.on).into_iter();
        items
            .filter(|it| it.set.line.as_ref() == Some(&self.it.set.line))
            .map(|it| PlanItem { at: self.at, it })
            .collect()
    }
}

/// An action, risk, dependency or the like of a plan.
pub(crate) struct PlanItem<'a> {
    at: &'a At,
    it: &'a plan::Item,
}

/// An action, risk, dependency or the like of a plan.
#[Object]
impl<'a> PlanItem<'a> {
    /// Its code, unique in the plan.
    fn item(&self) -> Code {
        Code(self.it.set.item.clone())
    }

    /// What it is.
    fn kind(&self) -> code::PlanItemKind {
        self.it.set.kind.into()
    }

    /// In words.
    fn text(&self) -> &str {
        self.it.set.text.as_str()
    }

    /// Who answers for it.
    fn owners(&self) -> Vec<Agency<'a>> {
        self.it.set.owners.iter().filter_map(|id| Agency::find(self.at, *id)).collect()
    }

    /// By when.
    fn due(&self) -> Option<Date> {
        self.it.set.due.map(Date)
    }

    /// Impact of a risk, 0 to 5.
    fn impact(&self) -> Option<u8> {
        self.it.set.impact
    }

    /// Likelihood of a risk, 0 to 5.
    fn likelihood(&self) -> Option<u8> {
        self.it.set.likelihood
    }

    /// What is done about it.
    fn mitigation(&self) -> Option<&str> {
        self.it.set.mitigation.as_ref().map(tallystick_domain::Label::as_str)
    }

    /// What it needs.
    fn resource_note(&self) -> Option<&str> {
        self.it.set.resource_note.as_ref().map(tallystick_domain::Label::as_str)
    }

    /// The line of the plan whose target it serves.
    fn line(&self) -> Option<Code> {
        self.it.set.line.clone().map(Code)
    }

    /// How it stands.
    fn state(&self) -> code::PlanItemState {
        self.it.set.state.into()
    }

    /// Position of the event that set it.
    fn position(&self) -> Position {
        Position(self.it.at)
    }
}
