//! Which role may use which field at the root. What a role may see is its scope's business, and
//! whether a command is right the ledger's: here stands only whether the door opens at all, asked
//! before variables are read.

use std::fmt;

use async_graphql::parser::types::OperationType;
use tallystick_domain::Role;

/// What there is of proofs, by whatever way it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Checkpoints: size and root of the tree, and who signed them.
    Heads,
    /// Tiles, entries and proofs: salted digests, nothing of what they are digests of.
    Digests,
    /// Handing in cosignatures.
    Cosigning,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Heads => "read checkpoints",
            Self::Digests => "read proofs",
            Self::Cosigning => "hand in cosignatures",
        })
    }
}

/// Who may have what of it: DOMAIN.md §4, "Checkpoints, proofs". A partner's own slice of the
/// proofs is told by the events that it sees; the digests of all are what it verifies them with.
pub(crate) fn may_have(role: Role, proof: Proof) -> bool {
    match role {
        Role::OffenderManager | Role::LinkWorker | Role::Caseworker | Role::Mentor => false,
        Role::Board => proof == Proof::Heads,
        Role::ProviderLead
        | Role::Police
        | Role::Housing
        | Role::Commissioner
        | Role::DataProtectionOfficer => proof != Proof::Cosigning,
        Role::Auditor | Role::Witness => true,
    }
}

/// Whether a role may have the digests of all records, also of those that its scope does not hold.
pub fn may_have_digests(role: Role) -> bool {
    may_have(role, Proof::Digests)
}

/// Whether a role may use a root field. What is on no list is nobody's.
pub(crate) fn may(role: Role, operation: OperationType, field: &str) -> bool {
    match operation {
        OperationType::Query if field == AUDIT => may_have(role, Proof::Heads),
        OperationType::Query => QUERIES.contains(&field),
        OperationType::Subscription => SUBSCRIPTIONS.contains(&field),
        OperationType::Mutation => {
            let command = COMMANDS.iter().find(|(name, _)| *name == field);
            command.is_some_and(|(_, roles)| roles.contains(&role))
        }
    }
}

/// Every role may ask these, but [`AUDIT`]; what it is shown is what its scope holds.
const QUERIES: [&str; 8] =
    ["__schema", "__type", "__typename", AUDIT, "events", "ledger", "node", "viewer"];

/// For the roles that may have [`Proof::Heads`]; its fields ask for the rest.
const AUDIT: &str = "audit";

const SUBSCRIPTIONS: [&str; 3] = ["__typename", "eventStream", "ledger"];

const MANAGER: &[Role] = &[Role::OffenderManager];
const COMMISSIONER: &[Role] = &[Role::Commissioner];
const PROVIDER: &[Role] = &[Role::ProviderLead, Role::Caseworker];
const REFERRER: &[Role] = &[Role::OffenderManager, Role::LinkWorker];
/// Every role that may give any command.
const COMMANDING: &[Role] = &[
    Role::OffenderManager,
    Role::LinkWorker,
    Role::ProviderLead,
    Role::Caseworker,
    Role::Mentor,
    Role::Commissioner,
];

/// The roles of each command: DOMAIN.md §2.1, as [`Role::may`] has them.
const COMMANDS: [(&str, &[Role]); 30] = [
    ("__typename", COMMANDING),
    ("allocateWorker", &[Role::OffenderManager, Role::ProviderLead]),
    ("assessPerson", REFERRER),
    ("awardQualification", PROVIDER),
    ("bookPlacement", PROVIDER),
    ("changeSetting", MANAGER),
    ("completePlacement", PROVIDER),
    (
        "correctEvent",
        &[
            Role::OffenderManager,
            Role::LinkWorker,
            Role::ProviderLead,
            Role::Caseworker,
            Role::Commissioner,
        ],
    ),
    ("decideReferral", &[Role::ProviderLead]),
    ("defineMeasure", COMMISSIONER),
    ("describeAgency", COMMISSIONER),
    ("describeService", &[Role::Commissioner, Role::ProviderLead]),
    ("endPlacementEarly", PROVIDER),
    ("endSentence", MANAGER),
    ("imposeSentence", MANAGER),
    ("makeReferral", REFERRER),
    ("recordAttendance", &[Role::ProviderLead, Role::Caseworker, Role::Mentor]),
    ("recordBreach", MANAGER),
    ("recordCircumstance", REFERRER),
    ("recordOffence", MANAGER),
    ("recordPayment", COMMISSIONER),
    ("registerPerson", REFERRER),
    ("setAgreement", COMMISSIONER),
    ("setCapacity", &[Role::Commissioner, Role::ProviderLead]),
    ("setPlanItem", COMMISSIONER),
    ("setRegister", MANAGER),
    ("setTarget", COMMISSIONER),
    ("startPlacement", PROVIDER),
    ("varySentence", MANAGER),
    ("withdrawReferral", &[Role::OffenderManager, Role::LinkWorker, Role::ProviderLead]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::sdl;

    /// Names of the fields of an object type, as the schema is printed.
    fn fields(of: &str) -> Vec<String> {
        let sdl = sdl();
        let head = format!("\ntype {of} {{\n");
        let (_, rest) = sdl.split_once(&head).expect("a root type");
        let (body, _) = rest.split_once("\n}").expect("its end");
        let named = |line: &str| {
            let line = line.strip_prefix('\t')?;
            let end = line.find(['(', ':'])?;
            let name = &line[..end];
            name.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| name.to_owned())
        };
        body.lines().filter_map(named).collect()
    }

    fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
        names.filter(|name| !name.starts_with("__")).map(ToOwned::to_owned).collect()
    }

    #[test]
    fn every_root_field_is_on_its_list_and_nothing_else_is() {
        assert_eq!(fields("Query"), listed(QUERIES.into_iter()));
        assert_eq!(fields("Subscription"), listed(SUBSCRIPTIONS.into_iter()));
        assert_eq!(fields("Mutation"), listed(COMMANDS.iter().map(|(name, _)| *name)));
    }

    #[test]
    fn who_sees_no_case_gives_no_command() {
        for role in [Role::Board, Role::Witness, Role::Auditor, Role::Police, Role::Housing] {
            for (command, _) in COMMANDS {
                assert!(!may(role, OperationType::Mutation, command), "{role:?} {command}");
            }
            assert!(may(role, OperationType::Query, "viewer"));
        }
    }

    #[test]
    fn what_is_on_no_list_is_nobodys() {
        for operation in
            [OperationType::Query, OperationType::Mutation, OperationType::Subscription]
        {
            assert!(!may(Role::Commissioner, operation, "dropEverything"));
        }
    }
}
