//! A delivery plan: its targets, line by line, and its actions, risks and dependencies.

use crate::case::as_json;
use crate::date::Date;
use crate::event::{Event, PlanItemSet, TargetSet};
use crate::history::Meta;
use crate::id::{PlanId, Position};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which.
    pub id: PlanId,
    /// Targets as they were set, by day and then by position.
    pub targets: Vec<Target>,
    /// Items as they were set, by day and then by position.
    pub items: Vec<Item>,
}

/// A target and the day from which it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// From this day.
    pub from: Date,
    /// Its record.
    pub at: Position,
    /// The target.
    #[serde(with = "as_json")]
    pub set: TargetSet,
}

/// An item and the day from which it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// From this day.
    pub from: Date,
    /// Its record.
    pub at: Position,
    /// The item.
    #[serde(with = "as_json")]
    pub set: PlanItemSet,
}

impl Plan {
    pub(crate) fn empty(id: PlanId) -> Self {
        Self { id, targets: Vec::new(), items: Vec::new() }
    }

    /// The targets that stand on a day, in the order of their lines.
    pub fn targets_on(&self, day: Date) -> Vec<&Target> {
        standing(&self.targets, day, |target| target.from, |target| &target.set.line)
    }

    /// The items that stand on a day, in the order of their codes.
    pub fn items_on(&self, day: Date) -> Vec<&Item> {
        standing(&self.items, day, |item| item.from, |item| &item.set.item)
    }

    pub(crate) fn evolve(&mut self, meta: &Meta<'_>, event: &Event) {
        let (from, at) = (meta.occurred.date, meta.record.position);
        match event {
            Event::TargetSet(set) => {
                let place = self.targets.partition_point(|held| held.from <= from);
                self.targets.insert(place, Target { from, at, set: set.clone() });
            }
            Event::PlanItemSet(set) => {
                let place = self.items.partition_point(|held| held.from <= from);
                self.items.insert(place, Item { from, at, set: set.clone() });
            }
            _ => {}
        }
    }
}

/// Of each key what was set last by a day.
fn standing<T, K: Ord>(
    set: &[T],
    day: Date,
    from: impl Fn(&T) -> Date,
    key: impl Fn(&T) -> &K,
) -> Vec<&T> {
    let mut found: Vec<&T> = set.iter().filter(|it| from(it) <= day).collect();
    // Stable, so that of equal keys the last stays last.
    found.sort_by(|one, other| key(one).cmp(key(other)));
    let mut last: Vec<&T> = Vec::new();
    for it in found {
        match last.last_mut() {
            Some(held) if key(held) == key(it) => *held = it,
            _ => last.push(it),
        }
    }
    last
}
