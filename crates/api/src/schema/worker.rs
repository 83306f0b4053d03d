//! Who works with a person.

use async_graphql::{ID, Object};
use tallystick_domain::sentence;

use super::{agency::Agency, code, context::At, id, scalar::Date};

/// Somebody who works with a person, in one role.
pub(crate) struct Worker<'a> {
    at: &'a At,
    it: &'a sentence::Worker,
}

impl<'a> Worker<'a> {
    pub(crate) fn all(at: &'a At, workers: &'a [sentence::Worker]) -> Vec<Self> {
        workers.iter().map(|it| Self { at, it }).collect()
    }
}

/// Somebody who works with a person, in one role.
#[Object]
impl<'a> Worker<'a> {
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

    /// Since when.
    fn since(&self) -> Date {
        Date(self.it.since)
    }
}
