//! Lists of an agency: what it holds, and what of it waits for somebody. Each list is ordered by
//! the position at which its things came into being, which never changes.

use imbl::OrdMap;
use tallystick_domain::{
    Case, CaseKey, EventType, Position, audience::audience, case::About, id::AgencyId,
    placement::PlacementState, sentence::Breach,
};

/// A list of an agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// People that it holds: it has a sentence of theirs, or registered them.
    People,
    /// Active sentences that it holds.
    Caseload,
    /// Sentences that it holds with a breach under way.
    Enforcement,
    /// Referrals that it holds.
    Referrals,
    /// Referrals to it that wait for its decision.
    Inbox,
    /// Placements that it holds.
    Placements,
    /// Placements that it holds and that are booked or going on.
    LivePlacements,
    /// Agreements that it is or was a partner of.
    Agreements,
}

impl List {
    /// Every list.
    pub const ALL: [Self; 8] = [
        Self::People,
        Self::Caseload,
        Self::Enforcement,
        Self::Referrals,
        Self::Inbox,
        Self::Placements,
        Self::LivePlacements,
        Self::Agreements,
    ];
}

/// The lists of one agency, or of everybody together.
#[derive(Clone, Debug, Default)]
pub struct Book {
    lists: [OrdMap<Position, CaseKey>; List::ALL.len()],
}

impl Book {
    /// A list: the position at which each thing came into being, and its case.
    pub fn list(&self, list: List) -> &OrdMap<Position, CaseKey> {
        &self.lists[list as usize]
    }

    pub(crate) fn list_mut(&mut self, list: List) -> &mut OrdMap<Position, CaseKey> {
        &mut self.lists[list as usize]
    }
}

/// A thing's place on a list of an agency; `None` is the list of everybody together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) agency: Option<AgencyId>,
    pub(crate) list: List,
    pub(crate) at: Position,
}

/// Every place on every list that the things of a case have, in order.
pub(crate) fn places(case: &Case, out: &mut Vec<Place>) {
    out.clear();
    match &case.about {
        About::Ledger(_) | About::Agency(_) | About::Measure(_) | About::Plan(_) => {}
        About::Agreement(agreement) => {
            if let (Some(stream), Some(at)) = (case.key.stream(), opened(case))
                && !agreement.versions.is_empty()
            {
                put(out, List::Agreements, at, audience(case, stream).agencies());
            }
        }
        About::Person(person) => {
            let Some(registration) = &person.registration else { return };
            put(out, List::People, registration.at, audience(case, person.id.into()).agencies());
            for sentence in &person.sentences {
                let active = sentence.is_active();
                let breached = sentence.breaches.iter().any(Breach::is_open);
                if !active {
                    continue;
                }
                let holders = audience(case, sentence.id.into());
                put(out, List::Caseload, sentence.at, holders.agencies());
                if breached {
                    put(out, List::Enforcement, sentence.at, holders.agencies());
                }
            }
            for referral in &person.referrals {
                let holders = audience(case, referral.id.into());
                put(out, List::Referrals, referral.at, holders.agencies());
                if referral.state.awaits_decision() {
                    let mut deciding = [referral.provider, referral.lead];
                    deciding.sort_unstable();
                    let one = usize::from(deciding[0] == deciding[1]);
                    put(out, List::Inbox, referral.at, &deciding[one..]);
                }
                for placement in person.placements_of(referral.id) {
                    put(out, List::Placements, placement.at, holders.agencies());
                    let live = matches!(
                        placement.state,
                        PlacementState::Booked | PlacementState::Started(_)
                    );
                    if live {
                        put(out, List::LivePlacements, placement.at, holders.agencies());
                    }
                }
            }
        }
    }
    out.sort_unstable();
}

fn opened(case: &Case) -> Option<Position> {
    case.trail.streams.first().map(|head| head.opened)
}

fn put(out: &mut Vec<Place>, list: List, at: Position, agencies: &[AgencyId]) {
    out.push(Place { agency: None, list, at });
    out.extend(agencies.iter().map(|agency| Place { agency: Some(*agency), list, at }));
}

/// Whether an event of that type may move things between lists. Sessions and awards, most of what
/// is recorded, do not.
pub(crate) fn moves_lists(event_type: EventType) -> bool {
    match event_type {
        EventType::AttendanceRecorded
        | EventType::QualificationAwarded
        | EventType::SentenceVaried
        | EventType::SettingChanged
        | EventType::CapacitySet
        | EventType::PaymentRecorded
        | EventType::CircumstanceRecorded
        | EventType::OffenceProven
        | EventType::RegisterSet
        | EventType::Assessed
        | EventType::AgencyDescribed
        | EventType::MeasureDefined
        | EventType::TargetSet
        | EventType::PlanItemSet
        | EventType::LedgerOpened => false,
        EventType::AgreementSet
        | EventType::ServiceDescribed
        | EventType::PersonRegistered
        | EventType::SentenceImposed
        | EventType::WorkerAllocated
        | EventType::BreachRecorded
        | EventType::SentenceEnded
        | EventType::ReferralMade
        | EventType::ReferralDecided
        | EventType::ReferralWithdrawn
        | EventType::PlacementBooked
        | EventType::PlacementStarted
        | EventType::PlacementCompleted
        | EventType::PlacementEndedEarly
        | EventType::Corrected => true,
    }
}

/// Whether an event of that type may change who sees a stream that was opened before it.
pub(crate) fn moves_audience(event_type: EventType) -> bool {
    match event_type {
        EventType::WorkerAllocated
        | EventType::SentenceImposed
        | EventType::ReferralMade
        | EventType::AgreementSet
        | EventType::Corrected => true,
        EventType::LedgerOpened
        | EventType::AgencyDescribed
        | EventType::MeasureDefined
        | EventType::TargetSet
        | EventType::PlanItemSet
        | EventType::ServiceDescribed
        | EventType::CapacitySet
        | EventType::PaymentRecorded
        | EventType::PersonRegistered
        | EventType::CircumstanceRecorded
        | EventType::OffenceProven
        | EventType::RegisterSet
        | EventType::Assessed
        | EventType::SentenceVaried
        | EventType::SettingChanged
        | EventType::BreachRecorded
        | EventType::SentenceEnded
        | EventType::ReferralDecided
        | EventType::ReferralWithdrawn
        | EventType::PlacementBooked
        | EventType::PlacementStarted
        | EventType::AttendanceRecorded
        | EventType::QualificationAwarded
        | EventType::PlacementCompleted
        | EventType::PlacementEndedEarly => false,
    }
}
