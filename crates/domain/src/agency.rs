//! A partner agency: a register entry, each description replacing the earlier from its day.

use crate::case::as_json;
use crate::codes::{AgencyKind, AgencyStatus};
use crate::date::Date;
use crate::event::{AgencyDescribed, Event};
use crate::history::Meta;
use crate::id::{AgencyId, Position};
use crate::refusal::Rule;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// Which.
    pub id: AgencyId,
    /// Its descriptions, by day and then by position.
    pub descriptions: Vec<Description>,
}

/// A description and the day from which it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// From this day.
    pub from: Date,
    /// Its record.
    pub at: Position,
    /// The description.
    #[serde(with = "as_json")]
    pub facts: AgencyDescribed,
}

impl Agency {
    pub(crate) fn empty(id: AgencyId) -> Self {
        Self { id, descriptions: Vec::new() }
    }

    /// The description that holds on a day.
    pub fn on(&self, day: Date) -> Option<&AgencyDescribed> {
        self.descriptions.iter().rev().find(|held| held.from <= day).map(|held| &held.facts)
    }

    /// The latest description, whatever the day.
    pub fn latest(&self) -> Option<&AgencyDescribed> {
        self.descriptions.last().map(|held| &held.facts)
    }

    /// Whether it may act: known, and not a former partner.
    pub fn may_act(&self) -> bool {
        self.latest().is_some_and(|facts| facts.status != AgencyStatus::Former)
    }

    /// Whether it is a public body by its latest description.
    pub fn is_public(&self) -> bool {
        self.latest().is_some_and(|facts| facts.kind.is_public())
    }

    pub(crate) fn permits(&self, event: &Event) -> Result<(), Rule> {
        let Event::AgencyDescribed(new) = event else { return Ok(()) };
        if new.parent == Some(self.id) {
            return Err(Rule::OwnParent);
        }
        let was_trust = self.latest().is_some_and(|facts| facts.kind == AgencyKind::Trust);
        if was_trust && new.kind == AgencyKind::Board && new.reason.is_none() {
            return Err(Rule::TrustToBoardNeedsReason);
        }
        Ok(())
    }

    pub(crate) fn evolve(&mut self, meta: &Meta<'_>, event: &Event) {
        let Event::AgencyDescribed(facts) = event else { return };
        let from = meta.occurred.date;
        let place = self.descriptions.partition_point(|held| held.from <= from);
        let held = Description { from, at: meta.record.position, facts: facts.clone() };
        self.descriptions.insert(place, held);
    }
}
