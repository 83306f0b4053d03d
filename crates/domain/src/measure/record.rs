//! A measure on record: its definitions, version by version.

use super::written::Written;
use crate::case::as_json;
use crate::date::Date;
use crate::event::Event;
use crate::history::Meta;
use crate::id::{AgencyId, MeasureId, Position};
use crate::refusal::Rule;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Which.
    pub id: MeasureId,
    /// Its definitions; version 1 is the first.
    pub versions: Vec<Version>,
}

/// A version of a measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its record.
    pub at: Position,
    /// Since when it is said to hold.
    pub on: Date,
    /// Who defined it.
    pub by: AgencyId,
    /// The definition.
    #[serde(with = "as_json")]
    pub definition: Written,
}

impl Measure {
    pub(crate) fn empty(id: MeasureId) -> Self {
        Self { id, versions: Vec::new() }
    }

    /// A version by its number, from 1.
    pub fn version(&self, number: u32) -> Option<&Version> {
        self.versions.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The latest version and its number.
    pub fn latest(&self) -> Option<(u32, &Version)> {
        Some((u32::try_from(self.versions.len()).ok()?, self.versions.last()?))
    }

    pub(crate) fn permits(&self, event: &Event) -> Result<(), Rule> {
        let Event::MeasureDefined(defined) = event else { return Ok(()) };
        if usize::try_from(defined.version) == Ok(self.versions.len() + 1) {
            Ok(())
        } else {
            Err(Rule::MeasureVersionSkipped)
        }
    }

    pub(crate) fn evolve(&mut self, meta: &Meta<'_>, event: &Event) {
        let Event::MeasureDefined(defined) = event else { return };
        self.versions.push(Version {
            at: meta.record.position,
            on: meta.occurred.date,
            by: meta.record.agency,
            definition: defined.definition.clone(),
        });
    }
}
