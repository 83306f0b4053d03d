//! One person under supervision: who it is, the sentence, the courses, and the deeds still to come.

use super::deed::{CourseIndex, Planned};
use super::names::Name;
use super::partnership::{Partnership, Service};
use super::reference;
use tallystick_domain::StreamId;
use tallystick_domain::codes::{RequirementType, SentenceKind, Unit};
use tallystick_domain::id::{CommandId, PersonId, PlacementId, ReferralId, SentenceId, StreamKind};

/// One person under supervision.
pub(super) struct Life {
    pub(super) seed: u64,
    /// Number of the person, from 1.
    pub(super) number: u64,
    pub(super) person: Person,
    pub(super) sentence: Sentence,
    pub(super) courses: Vec<Course>,
    /// What is still to be done, the next last.
    pub(super) deeds: Vec<Planned>,
}

/// Who somebody is.
pub(super) struct Person {
    pub(super) id: PersonId,
    pub(super) name: Name,
    /// Whether the name was misheard at first.
    pub(super) misheard: bool,
    pub(super) born: i32,
    pub(super) age: u8,
    pub(super) woman: bool,
    /// Place in the list of areas.
    pub(super) area: u8,
    /// Number of the officer within the area.
    pub(super) officer: u8,
    /// Whether sessions are often missed.
    pub(super) unsteady: bool,
}

/// What the court imposed.
pub(super) struct Sentence {
    pub(super) id: SentenceId,
    pub(super) kind: SentenceKind,
    pub(super) imposed: i32,
    pub(super) expires: i32,
    pub(super) requirements: Vec<Requirement>,
    /// Place in the list of prisons, if it begins in one.
    pub(super) prison: Option<u8>,
}

/// A requirement of a sentence.
#[derive(Clone, Copy)]
pub(super) struct Requirement {
    pub(super) kind: RequirementType,
    pub(super) quantity: u16,
    pub(super) unit: Unit,
}

/// A referral and what came of it.
pub(super) struct Course {
    /// Place in the partnership's list.
    pub(super) service: u16,
    /// Place in the service's list.
    pub(super) site: u8,
    pub(super) referral: ReferralId,
    pub(super) placement: PlacementId,
    /// The requirement that it serves.
    pub(super) requirement: Option<u8>,
    pub(super) continues: Option<CourseIndex>,
    pub(super) by_link_worker: bool,
    /// First and last day booked.
    pub(super) from: i32,
    pub(super) to: i32,
    /// How much is booked.
    pub(super) quantity: u16,
    /// Number of the caseworker within the provider.
    pub(super) caseworker: u8,
}

impl Life {
    /// The command of that serial number.
    pub(super) fn command_id(&self, serial: u16) -> CommandId {
        reference::command(self.seed, self.number, serial)
    }

    /// The service of a course.
    pub(super) fn service<'a>(
        &self,
        partnership: &'a Partnership,
        course: CourseIndex,
    ) -> &'a Service {
        &partnership.services[usize::from(self.courses[usize::from(course)].service)]
    }

    /// What command `serial` of the Trust, or of a provider, opens at its first step.
    pub(super) fn opened(
        &self,
        kind: StreamKind,
        agency: tallystick_domain::id::AgencyId,
        serial: u16,
        step: u16,
    ) -> [u8; 16] {
        StreamId::derive(kind, agency, self.command_id(serial), step).id
    }

    /// Events that are still to be recorded.
    pub(super) fn events(&self) -> u64 {
        let accepted = |planned: &&Planned| planned.fate == super::deed::Fate::Accepted;
        self.deeds.iter().filter(accepted).map(|planned| planned.deed.events()).sum()
    }
}
