//! Who is asking.

use async_graphql::{ID, Object};

use super::{agency::Agency, code, context::At, id};
use crate::principal::Principal;

/// Who is asking.
pub(crate) struct Viewer<'a> {
    pub(crate) at: &'a At,
    pub(crate) principal: &'a Principal,
}

/// Who is asking, as the token says.
#[Object]
impl<'a> Viewer<'a> {
    /// The name of the person or machine.
    fn principal(&self) -> &str {
        self.principal.name()
    }

    /// How they stand in events: a reference, not a name.
    fn actor(&self) -> ID {
        id::show(self.principal.actor())
    }

    /// The agency acted for, if it has been described.
    fn agency(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.principal.agency())
    }

    /// The identifier of the agency acted for.
    fn agency_id(&self) -> ID {
        id::show(self.principal.agency())
    }

    /// What they are there.
    fn role(&self) -> code::Role {
        self.principal.role().into()
    }

    /// Whether every case is in the caller's scope, with personal values closed.
    fn reads_everything(&self) -> bool {
        self.at.scope.reads_everything()
    }
}
