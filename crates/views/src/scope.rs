use tallystick_domain::{Role, id::AgencyId};

/// What a caller may see: the views of an agency in a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    agency: AgencyId,
    role: Role,
}

impl Scope {
    /// The scope of a role in an agency.
    pub fn new(agency: AgencyId, role: Role) -> Self {
        Self { agency, role }
    }

    /// The agency.
    pub fn agency(self) -> AgencyId {
        self.agency
    }

    /// The role.
    pub fn role(self) -> Role {
        self.role
    }

    /// Whether every case is in it. Sealed fields stay closed to such a scope.
    pub fn reads_everything(self) -> bool {
        self.role.reads_everything()
    }
}
