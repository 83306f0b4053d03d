//! Who can log in: the callers for whom the demo prints tokens, and the numbers of the principals
//! of every agency.

use super::reference::{actor, agency};
use tallystick_domain::Role;
use tallystick_domain::command::Origin;

/// Number of an agency's commissioner, among its principals.
pub(super) const COMMISSIONER: u64 = 1;
/// Number of its lead.
pub(super) const LEAD: u64 = 2;
/// Number of its link worker.
pub(super) const LINK_WORKER: u64 = 3;
/// Number of whoever watches for it: a board, the police, an auditor.
const OBSERVER: u64 = 4;
/// Number of its first caseworker.
pub(super) const FIRST_CASEWORKER: u64 = 10;
/// Number of its first offender manager; those of an area follow each other.
pub(super) const FIRST_OFFICER: u64 = 1_000;

/// Somebody with a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// Name of the agency, as it is described in the ledger.
    pub(crate) agency: &'static str,
    /// Agency, principal and role.
    pub(crate) origin: Origin,
}

/// Everybody for whom the demo prints a token. The same for every seed.
pub(crate) fn cast() -> Vec<Caller> {
    const TRUST: &str = "West Mercia Probation Trust";
    const FARM: &str = "Willowdene Farm";
    const RITE: &str = "RITE: Relational, Inspiring, Trusting, Engaging";
    let rows = [
        ("willowdene", FARM, Role::ProviderLead, LEAD),
        ("willowdene", FARM, Role::Caseworker, FIRST_CASEWORKER),
        ("yss", "YSS", Role::ProviderLead, LEAD),
        ("rite", RITE, Role::ProviderLead, LEAD),
        ("wmpt", TRUST, Role::OffenderManager, FIRST_OFFICER),
        ("wmpt", TRUST, Role::Commissioner, COMMISSIONER),
        ("wmpt", TRUST, Role::LinkWorker, LINK_WORKER),
        ("pack_it", "Pack-IT", Role::ProviderLead, LEAD),
        ("inspector", "Inspectorate of Partnerships (invented)", Role::Auditor, OBSERVER),
        ("safer_communities", "Safer Communities Board", Role::Board, OBSERVER),
        ("constabulary", "West Mercia Constabulary", Role::Police, OBSERVER),
    ];
    rows.map(|(key, name, role, number)| {
        let id = agency(key);
        Caller { agency: name, origin: Origin { agency: id, actor: actor(id, number), role } }
    })
    .to_vec()
}
