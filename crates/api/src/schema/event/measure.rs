//! What events about measures said.

use async_graphql::{ID, Object};

use super::{MeasureDefined, PlanItemSet, TargetSet};
use crate::schema::{
    agency::Agency,
    code, id,
    scalar::{Code, Date, Hash, Ppm},
};

/// A version of a measure was defined.
#[Object]
impl MeasureDefined<'_> {
    /// The measure.
    fn measure(&self) -> ID {
        id::show(self.stream)
    }

    /// Number of the version.
    fn version(&self) -> u32 {
        self.it.version
    }

    /// The definition as JSON, in its canonical spelling.
    fn json(&self) -> String {
        String::from_utf8_lossy(&self.it.definition.canonical_bytes()).into_owned()
    }

    /// SHA-256 of that.
    fn hash(&self) -> Hash {
        Hash(self.it.definition.hash())
    }
}

/// A target was set, or set anew.
#[Object]
impl<'a> TargetSet<'a> {
    /// The plan.
    fn plan(&self) -> ID {
        id::show(self.stream)
    }

    /// The line of the plan.
    fn line(&self) -> Code {
        Code(self.it.line.clone())
    }

    /// Code of the measure.
    fn measure(&self) -> Code {
        Code(self.it.measure.clone())
    }

    /// Version of the measure.
    fn version(&self) -> u32 {
        self.it.version
    }

    /// Where it starts.
    fn baseline(&self) -> Option<Ppm> {
        self.it.baseline.map(Ppm)
    }

    /// What the value is relative to.
    fn relation(&self) -> code::Relation {
        self.it.relation.into()
    }

    /// What is to be reached.
    fn value(&self) -> Ppm {
        Ppm(self.it.value)
    }

    /// Last day of the financial year in which it is to be reached.
    fn due(&self) -> Date {
        Date(self.it.due)
    }

    /// Who answers for it.
    fn owner(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.owner)
    }

    /// How binding it is.
    fn status(&self) -> code::TargetStatus {
        self.it.status.into()
    }
}

/// An item of a plan was set, or set anew.
#[Object]
impl<'a> PlanItemSet<'a> {
    /// The plan.
    fn plan(&self) -> ID {
        id::show(self.stream)
    }

    /// The item.
    fn item(&self) -> Code {
        Code(self.it.item.clone())
    }

    /// What it is.
    fn kind(&self) -> code::PlanItemKind {
        self.it.kind.into()
    }

    /// In words.
    fn text(&self) -> &str {
        self.it.text.as_str()
    }

    /// Who answers for it.
    fn owners(&self) -> Vec<Agency<'a>> {
        self.it.owners.iter().filter_map(|id| Agency::find(self.at, *id)).collect()
    }

    /// How it stands.
    fn state(&self) -> code::PlanItemState {
        self.it.state.into()
    }
}
