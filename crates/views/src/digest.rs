//! The digest of a view: what it held at its position, and who might see it then. It covers sealed
//! values as stored and nothing that depends on a date, so it never changes; a replay of the log
//! up to that position gives the same.

use crate::{FOLD_VERSION, Scope, Snapshot};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tallystick_domain::{
    Case, Cases, StreamId, StreamKind,
    audience::{Audience, audience, knows_person, sees},
    case::About,
    id::{PlacementId, ReferralId, SentenceId, ServiceId},
};

impl Snapshot {
    /// SHA-256 over everything that a scope sees of this snapshot, case by case in order: each
    /// stream with its version and audience, and what it was folded to.
    pub fn digest(&self, scope: Scope) -> [u8; 32] {
        let mut writer = Writer { hash: Sha256::new(), buffer: Vec::new() };
        writer.put(&("tallystick view", FOLD_VERSION));
        for key in self.held(scope) {
            let Some(case) = self.case(key) else { continue };
            writer.put(&key);
            write_case(&mut writer, scope, case);
        }
        writer.hash.finalize().into()
    }
}

fn write_case(writer: &mut Writer, scope: Scope, case: &Case) {
    let everything = scope.reads_everything();
    if let About::Person(person) = &case.about
        && (everything || knows_person(case, scope.agency()))
    {
        writer.put(&person.registration);
    }
    for head in &case.trail.streams {
        if !sees(case, head.stream, scope.agency(), scope.role()) {
            continue;
        }
        match audience(case, head.stream) {
            Audience::Partners => writer.put(&head),
            Audience::Agencies(agencies) => writer.put(&(&head, agencies)),
        }
        write_part(writer, case, head.stream);
    }
}

/// What a stream was folded to; nothing where what opened it was voided.
fn write_part(writer: &mut Writer, case: &Case, stream: StreamId) {
    match (&case.about, stream.kind) {
        (About::Ledger(ledger), _) => writer.put(ledger),
        (About::Agency(agency), _) => writer.put(agency),
        (About::Measure(measure), _) => writer.put(measure),
        (About::Plan(plan), _) => writer.put(plan),
        (About::Agreement(agreement), StreamKind::Service) => {
            writer.put(&agreement.service(ServiceId(stream.id)));
        }
        (About::Agreement(agreement), _) => {
            writer.put(&(&agreement.versions, agreement.reached, &agreement.payments));
        }
        (About::Person(person), StreamKind::Sentence) => {
            writer.put(&person.sentence(SentenceId(stream.id)));
        }
        (About::Person(person), StreamKind::Referral) => {
            writer.put(&person.referral(ReferralId(stream.id)));
        }
        (About::Person(person), StreamKind::Placement) => {
            writer.put(&person.placement(PlacementId(stream.id)));
        }
        (About::Person(person), StreamKind::Circumstance) => writer.put(&person.circumstances),
        (About::Person(person), StreamKind::Offence) => writer.put(&person.offences),
        (About::Person(person), StreamKind::Register) => writer.put(&person.registers),
        (About::Person(person), StreamKind::Assessment) => writer.put(&person.assessments),
        (About::Person(_), _) => {}
    }
}

struct Writer {
    hash: Sha256,
    buffer: Vec<u8>,
}

impl Writer {
    fn put(&mut self, value: &impl Serialize) {
        self.buffer.clear();
        let buffer = std::mem::take(&mut self.buffer);
        // Writing to memory cannot fail. The length makes the sequence of values unambiguous.
        self.buffer = postcard::to_extend(value, buffer).unwrap_or_default();
        self.hash.update((self.buffer.len() as u64).to_be_bytes());
        self.hash.update(&self.buffer);
    }
}
