//! Who acts, for which agency, as what: what the ledger knows of a caller.

use async_graphql::parser::types::OperationType;
use sha2::{Digest, Sha256};
use tallystick_domain::{
    Role,
    id::{ActorId, AgencyId},
};
use tallystick_views::Scope;

use crate::{
    authority,
    caller::{Caller, ScopeKey},
    tokens::TokenEntry,
};

/// An agency that nobody is: its scope holds the directory and no case.
const NOBODY: AgencyId = AgencyId([0; 16]);

/// A person or machine that acts for an agency.
#[derive(Debug)]
pub struct Principal {
    name: String,
    actor: ActorId,
    agency: AgencyId,
    role: Role,
    key: ScopeKey,
}

/// A token entry that makes no principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrincipal {
    /// The agency is no identifier of one.
    #[error("agency {0:?} is not of the form agy_<32 hexadecimal digits>")]
    Agency(String),
    /// There is no such role.
    #[error("there is no role {0:?}")]
    Role(String),
}

impl Principal {
    /// A principal of this name.
    pub fn new(name: impl Into<String>, agency: AgencyId, role: Role) -> Self {
        let name = name.into();
        let actor = actor_of(agency, &name);
        let key = ScopeKey::new(format!("{agency}/{}", role.as_str()));
        Self { name, actor, agency, role, key }
    }

    /// The principal of an entry of the token file: `agency` is its identifier, `role` the role's
    /// code in either case.
    ///
    /// # Errors
    /// [`InvalidPrincipal`].
    pub fn of(entry: &TokenEntry) -> Result<Self, InvalidPrincipal> {
        let agency = entry.agency.parse();
        let agency = agency.map_err(|_| InvalidPrincipal::Agency(entry.agency.clone()))?;
        let code = entry.role.to_ascii_lowercase();
        let role = Role::ALL.iter().find(|role| role.as_str() == code);
        let role = *role.ok_or_else(|| InvalidPrincipal::Role(entry.role.clone()))?;
        Ok(Self::new(entry.principal.clone(), agency, role))
    }

    /// The name in the token file. It stands in no event.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the principal stands in events: opaque, the same for the same name in the same agency.
    pub fn actor(&self) -> ActorId {
        self.actor
    }

    /// The agency acted for.
    pub fn agency(&self) -> AgencyId {
        self.agency
    }

    /// The role there.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What the principal may see. A board sees figures and a witness checkpoints: of cases they
    /// see none, which is said here once, by a scope that holds none.
    pub fn scope(&self) -> Scope {
        let sees_cases = match self.role {
            Role::Board | Role::Witness => false,
            Role::OffenderManager
            | Role::LinkWorker
            | Role::ProviderLead
            | Role::Caseworker
            | Role::Mentor
            | Role::Police
            | Role::Housing
            | Role::Commissioner
            | Role::Auditor
            | Role::DataProtectionOfficer => true,
        };
        Scope::new(if sees_cases { self.agency } else { NOBODY }, self.role)
    }
}

fn actor_of(agency: AgencyId, name: &str) -> ActorId {
    let mut hash = Sha256::new();
    hash.update(b"tallystick actor v1");
    hash.update(agency.0);
    hash.update(name.as_bytes());
    let mut actor = [0; 16];
    actor.copy_from_slice(&hash.finalize()[..16]);
    // Version 8, as the other derived identifiers: RFC 9562 §5.8.
    actor[6] = (actor[6] & 0x0f) | 0x80;
    actor[8] = (actor[8] & 0x3f) | 0x80;
    ActorId(actor)
}

impl Caller for Principal {
    fn scope_key(&self) -> ScopeKey {
        self.key.clone()
    }

    fn may(&self, operation: OperationType, field: &str) -> bool {
        authority::may(self.role, operation, field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(agency: &str, role: &str) -> TokenEntry {
        TokenEntry::for_token("t", "j.okoro", agency, role)
    }

    const AGENCY: &str = "agy_07070707070707070707070707070707";

    #[test]
    fn an_entry_names_agency_and_role() {
        for role in ["provider_lead", "PROVIDER_LEAD"] {
            let principal = Principal::of(&entry(AGENCY, role)).unwrap();
            assert_eq!(principal.role(), Role::ProviderLead);
            assert_eq!(principal.agency(), AgencyId([7; 16]));
        }
        assert_eq!(
            Principal::of(&entry("willowdene", "mentor")).unwrap_err(),
            InvalidPrincipal::Agency("willowdene".into())
        );
        assert_eq!(
            Principal::of(&entry(AGENCY, "king")).unwrap_err(),
            InvalidPrincipal::Role("king".into())
        );
    }

    #[test]
    fn an_actor_is_the_same_for_the_same_name_in_the_same_agency_alone() {
        let actor =
            |agency, name| Principal::new(name, AgencyId([agency; 16]), Role::Mentor).actor();
        assert_eq!(actor(1, "a"), actor(1, "a"));
        assert_ne!(actor(1, "a"), actor(1, "b"));
        assert_ne!(actor(1, "a"), actor(2, "a"));
    }

    #[test]
    fn a_board_and_a_witness_share_no_scope_with_their_agency() {
        let agency = AgencyId([7; 16]);
        for role in Role::ALL {
            let scope = Principal::new("p", agency, *role).scope();
            let none = matches!(role, Role::Board | Role::Witness);
            assert_eq!(scope.agency() == agency, !none, "{role:?}");
        }
    }
}
