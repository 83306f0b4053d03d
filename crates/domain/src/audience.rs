//! Who may see what, as the facts say: who referred, who provides under which agreement, whose
//! workers are allocated. Rules ask it whether something is there for an agency; views index it.

use crate::agreement::Agreement;
use crate::case::{About, Case};
use crate::codes::WorkerRole;
use crate::envelope::PARTIES_LIMIT;
use crate::id::{AgencyId, ReferralId, SentenceId, StreamId, StreamKind};
use crate::person::Person;
use crate::role::Role;
use crate::sentence::{Sentence, Worker};
use alloc::vec::Vec;

/// Agencies that may see a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every partner: the directory of agencies, services and capacities.
    Partners,
    /// These, in ascending order.
    Agencies(Vec<AgencyId>),
}

impl Audience {
    /// Whether an agency is in it.
    pub fn holds(&self, agency: AgencyId) -> bool {
        match self {
            Self::Partners => true,
            Self::Agencies(agencies) => agencies.binary_search(&agency).is_ok(),
        }
    }

    /// The agencies by name; none where every partner may see it.
    pub fn agencies(&self) -> &[AgencyId] {
        match self {
            Self::Partners => &[],
            Self::Agencies(agencies) => agencies,
        }
    }

    fn of(agencies: impl IntoIterator<Item = AgencyId>) -> Self {
        let mut agencies: Vec<_> = agencies.into_iter().collect();
        agencies.sort_unstable();
        agencies.dedup();
        // A header has room for so many. Those beyond are seen by nobody but auditors until an
        // earlier one goes; no real case comes near.
        agencies.truncate(PARTIES_LIMIT);
        Self::Agencies(agencies)
    }
}

/// Whether an agency sees a stream of a case in that role: the agency is in its audience, and the
/// role reads such streams.
pub fn sees(case: &Case, stream: StreamId, agency: AgencyId, role: Role) -> bool {
    role.reads_everything() || (role.reads(stream.kind) && audience(case, stream).holds(agency))
}

/// Who may see a stream of a case now.
pub fn audience(case: &Case, stream: StreamId) -> Audience {
    match &case.about {
        About::Ledger(_) | About::Agency(_) | About::Measure(_) => Audience::Partners,
        // For those who read everything; what partners and the board see of it comes later.
        About::Plan(_) => Audience::Agencies(Vec::new()),
        About::Agreement(agreement) => match stream.kind {
            StreamKind::Agreement => of_agreement(agreement),
            _ => Audience::Partners,
        },
        About::Person(person) => match stream.kind {
            StreamKind::Person => of_person(person),
            StreamKind::Circumstance
            | StreamKind::Offence
            | StreamKind::Register
            | StreamKind::Assessment => Audience::of(managers(person)),
            StreamKind::Sentence => match person.sentence(SentenceId(stream.id)) {
                Some(sentence) => Audience::of(holders_of(sentence)),
                // What was voided stays with those who hold the person.
                None => of_person(person),
            },
            StreamKind::Referral => of_referral(person, ReferralId(stream.id)),
            StreamKind::Placement => {
                let placement = person.placements.iter().find(|it| it.id.0 == stream.id);
                match placement {
                    Some(placement) => of_referral(person, placement.referral),
                    None => of_person(person),
                }
            }
            _ => Audience::Agencies(Vec::new()),
        },
    }
}

fn of_agreement(agreement: &Agreement) -> Audience {
    Audience::of(agreement.partners())
}

/// Whoever works on a sentence; before an offender manager is allocated also who recorded it.
fn holders_of(sentence: &Sentence) -> impl Iterator<Item = AgencyId> {
    let without_manager = sentence.worker(WorkerRole::OffenderManager).is_none();
    agencies(&sentence.workers).chain(without_manager.then_some(sentence.recorded_by))
}

fn agencies(workers: &[Worker]) -> impl Iterator<Item = AgencyId> {
    workers.iter().map(|worker| worker.agency)
}

/// Whoever is responsible for the person: agencies of the offender managers, who are public
/// bodies, and where there is none yet, who recorded the sentence or the person. Not providers,
/// also where one of their workers is on the sentence.
fn managers(person: &Person) -> impl Iterator<Item = AgencyId> {
    let registered_by = match (&person.registration, person.sentences.is_empty()) {
        (Some(registration), true) => Some(registration.by),
        _ => None,
    };
    let responsible = person.sentences.iter().map(|sentence| {
        let manager = sentence.worker(WorkerRole::OffenderManager);
        manager.map_or(sentence.recorded_by, |worker| worker.agency)
    });
    responsible.chain(registered_by)
}

/// Whoever holds a sentence of the person; before there is one, who registered the person.
fn holders(person: &Person) -> impl Iterator<Item = AgencyId> {
    let registered_by = match (&person.registration, person.sentences.is_empty()) {
        (Some(registration), true) => Some(registration.by),
        _ => None,
    };
    person.sentences.iter().flat_map(|sentence| holders_of(sentence)).chain(registered_by)
}

fn of_person(person: &Person) -> Audience {
    Audience::of(holders(person))
}

/// Referrer, provider and lead, workers on it and on its placements, whoever holds the person, and
/// the two ends of a referral that goes on from it: the new provider sees what it continues.
fn of_referral(person: &Person, id: ReferralId) -> Audience {
    let Some(referral) = person.referral(id) else { return of_person(person) };
    let own = [referral.referrer, referral.provider, referral.lead];
    let workers = agencies(&referral.workers)
        .chain(person.placements_of(id).flat_map(|placement| agencies(&placement.workers)));
    let next = person.referrals.iter().filter(|next| next.continues == Some(id));
    let continuing = next.flat_map(|next| [next.provider, next.lead]);
    Audience::of(own.into_iter().chain(workers).chain(continuing).chain(holders(person)))
}

/// Whether an agency may know that the person exists: it holds the person or one of the person's
/// referrals. Of the person itself it then sees who it is, and of the rest what it holds.
pub fn knows_person(case: &Case, agency: AgencyId) -> bool {
    let About::Person(person) = &case.about else { return false };
    holders(person).any(|holder| holder == agency)
        || person.referrals.iter().any(|it| of_referral(person, it.id).holds(agency))
}
