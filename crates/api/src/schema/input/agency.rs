//! Describing agencies.

use async_graphql::{ID, InputObject};
use tallystick_domain::{Action, Origin, StreamKind, event::AgencyDescribed, id::AgencyId};

use super::{
    command::{Ask, Asked, ThingFields},
    reader::{Facts, Read, Reader},
};
use crate::schema::code;

/// An agency to be described.
#[derive(InputObject)]
pub(crate) struct DescribeAgencyInput {
    #[graphql(flatten)]
    command: ThingFields,
    /// Which agency; leave it out for a new one, whose identifier the answer gives.
    agency: Option<ID>,
    #[graphql(flatten)]
    described: AgencyDescribedInput,
}

impl Ask for DescribeAgencyInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |naming, reader| {
            let agency = match &self.agency {
                Some(id) => reader.id("agency", id),
                None => naming.new_id(StreamKind::Agency).map(AgencyId),
            };
            let described = self.described.read(reader);
            Ok(Action::DescribeAgency { agency: agency?, described: described? })
        })
    }
}

/// How an agency is, from `occurredOn` on.
#[derive(InputObject)]
pub(crate) struct AgencyDescribedInput {
    /// Its name, at most 200 bytes.
    name: String,
    /// What sort of body it is.
    kind: code::AgencyKind,
    /// The agency that it belongs to.
    parent: Option<ID>,
    /// Areas that it works in: codes of at most 40 bytes of `a-z`, `0-9`, `_`, `-`, `.` and `/`.
    #[graphql(default)]
    areas: Vec<String>,
    /// Free tags: codes.
    #[graphql(default)]
    tags: Vec<String>,
    /// Staff, in hundredths of a full-time post.
    staff_fte_hundredths: Option<i32>,
    /// How far it has come as a partner.
    status: code::AgencyStatus,
    /// Why a trust becomes a board again: a code.
    reason: Option<String>,
}

impl Facts for AgencyDescribedInput {
    type Facts = AgencyDescribed;

    fn read(&self, reader: &mut Reader) -> Read<AgencyDescribed> {
        let name = reader.label("name", &self.name);
        let parent = reader.optional("parent", self.parent.as_ref(), Reader::id);
        let areas = reader.each("areas", &self.areas, Reader::code);
        let tags = reader.each("tags", &self.tags, Reader::code);
        let staff_fte =
            reader.optional("staffFteHundredths", self.staff_fte_hundredths, Reader::number);
        let reason = reader.optional("reason", self.reason.as_deref(), Reader::code);
        Ok(AgencyDescribed {
            name: name?,
            kind: self.kind.into(),
            parent: parent?,
            areas: areas?,
            tags: tags?,
            staff_fte: staff_fte?,
            status: self.status.into(),
            reason: reason?,
        })
    }
}
