//! Registers that agencies keep together: MAPPA and schemes for prolific offenders.

use async_graphql::Object;
use tallystick_domain::{event::RegisterSet, person::Recorded};

use super::{
    agency::Agency,
    code,
    context::At,
    scalar::{Code, Date},
};

/// An entry on a register, a change of it, or a removal.
pub(crate) struct RegisterEntry<'a> {
    pub(crate) at: &'a At,
    pub(crate) it: &'a Recorded<RegisterSet>,
}

/// An entry on a register, a change of it, or a removal; it holds until the next one.
#[Object]
impl<'a> RegisterEntry<'a> {
    /// Since when.
    fn since(&self) -> Date {
        Date(self.it.on)
    }

    /// What was set.
    #[graphql(flatten)]
    fn facts(&self) -> RegisterFacts<'a> {
        RegisterFacts { at: self.at, it: &self.it.facts }
    }

    /// Who recorded it.
    fn recorded_by(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.it.by)
    }
}

/// What was set.
pub(crate) struct RegisterFacts<'a> {
    pub(crate) at: &'a At,
    pub(crate) it: &'a RegisterSet,
}

/// What was set.
#[Object]
impl<'a> RegisterFacts<'a> {
    /// Which register.
    async fn register(&self) -> code::RegisterKind {
        self.it.register.into()
    }

    /// Whether the person is on it from then on.
    async fn active(&self) -> bool {
        self.it.active
    }

    /// Level of management, 1 to 3, of MAPPA.
    async fn level(&self) -> Option<u32> {
        self.it.level.map(u32::from)
    }

    /// Category, 1 to 3, of MAPPA.
    async fn category(&self) -> Option<u32> {
        self.it.category.map(u32::from)
    }

    /// Scheme.
    async fn scheme(&self) -> Option<Code> {
        self.it.scheme.clone().map(Code)
    }

    /// Agencies that agreed.
    async fn agreed_by(&self) -> Vec<Agency<'a>> {
        let agreed = self.it.agreed_by.iter();
        agreed.filter_map(|agency| Agency::find(self.at, *agency)).collect()
    }
}
