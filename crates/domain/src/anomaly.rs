//! Soft rules: contradictions and delays that are recorded all the same, and listed while they
//! hold. Suppliers report late and with wrong times; a refusal would only lose the truth.

use crate::case::{About, Case};
use crate::codes::WorkerRole;
use crate::date::Date;
use crate::event::Setting;
use crate::id::{Position, StreamId};
use crate::person::Person;
use crate::placement::{Placement, PlacementState};
use crate::referral::ReferralState;
use crate::sentence::SentenceState;
use alloc::vec::Vec;

/// Days that an active sentence may be without an offender manager (constants, version 1).
pub const NO_MANAGER_DAYS: i32 = 5;
/// Days after which a start counts as recorded late (constants, version 1).
pub const LATE_DAYS: i32 = 7;

/// What is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnomalyKind {
    /// An active sentence is without an offender manager for more than five days.
    NoOffenderManager,
    /// Open referrals of one person to one service.
    DuplicateReferral,
    /// A placement started before the day it was booked for.
    StartedBeforeBooking,
    /// A start was recorded more than seven days after it happened.
    RecordedLate,
    /// A session before the placement's start or after its end.
    SessionOutsidePlacement,
    /// A placement ended before it started.
    EndedBeforeStart,
    /// A decision claimed for a day before the referral.
    DecidedBeforeReferral,
    /// A sentence ended while placements under it go on.
    SentenceEndedPlacementLive,
    /// More placements than places on a service's site.
    Overbooked,
}

impl AnomalyKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::NoOffenderManager,
        Self::DuplicateReferral,
        Self::StartedBeforeBooking,
        Self::RecordedLate,
        Self::SessionOutsidePlacement,
        Self::EndedBeforeStart,
        Self::DecidedBeforeReferral,
        Self::SentenceEndedPlacementLive,
        Self::Overbooked,
    ];
}

/// An oddity, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anomaly {
    /// What.
    pub kind: AnomalyKind,
    /// In which stream.
    pub stream: StreamId,
    /// By which record; that of the stream's beginning where no single one is odd.
    pub at: Position,
}

/// The oddities of one case on a day. Overbooking spans cases and is the views' to find.
pub fn anomalies(case: &Case, on: Date) -> Vec<Anomaly> {
    let mut found = Vec::new();
    if let About::Person(person) = &case.about {
        of_sentences(person, on, &mut found);
        of_referrals(person, &mut found);
        for placement in &person.placements {
            of_placement(placement, &mut found);
        }
    }
    found
}

fn of_sentences(person: &Person, on: Date, found: &mut Vec<Anomaly>) {
    for sentence in &person.sentences {
        let stream = sentence.id.into();
        let at = sentence.at;
        let in_community = matches!(sentence.setting(), Setting::Community { .. });
        if sentence.is_active()
            && in_community
            && sentence.worker(WorkerRole::OffenderManager).is_none()
            && on.days_since(sentence.imposed_on) > NO_MANAGER_DAYS
        {
            found.push(Anomaly { kind: AnomalyKind::NoOffenderManager, stream, at });
        }
        let SentenceState::Ended { .. } = sentence.state else { continue };
        let of_sentence = person.referrals.iter().filter(|it| it.sentence == Some(sentence.id));
        let mut placements = of_sentence.flat_map(|referral| person.placements_of(referral.id));
        if placements.any(|placement| matches!(placement.state, PlacementState::Started(_))) {
            found.push(Anomaly { kind: AnomalyKind::SentenceEndedPlacementLive, stream, at });
        }
    }
}

fn of_referrals(person: &Person, found: &mut Vec<Anomaly>) {
    for (index, referral) in person.referrals.iter().enumerate() {
        let (stream, at) = (referral.id.into(), referral.at);
        let decided = match referral.state {
            ReferralState::Open => None,
            ReferralState::InfoRequested { on }
            | ReferralState::Waitlisted { on }
            | ReferralState::Accepted { on }
            | ReferralState::Declined { on, .. }
            | ReferralState::Withdrawn { on, .. } => Some(on),
        };
        if decided.is_some_and(|on| on < referral.made_on) {
            found.push(Anomaly { kind: AnomalyKind::DecidedBeforeReferral, stream, at });
        }
        let mut earlier = person.referrals[..index].iter();
        if referral.state.awaits_decision()
            && earlier.any(|it| it.service == referral.service && it.state.awaits_decision())
        {
            found.push(Anomaly { kind: AnomalyKind::DuplicateReferral, stream, at });
        }
    }
}

fn of_placement(placement: &Placement, found: &mut Vec<Anomaly>) {
    let stream = placement.id.into();
    let mut add = |kind, at| found.push(Anomaly { kind, stream, at });
    let Some(start) = placement.start() else { return };
    if start.on < placement.from {
        add(AnomalyKind::StartedBeforeBooking, start.at);
    }
    if start.recorded_after_days > LATE_DAYS {
        add(AnomalyKind::RecordedLate, start.at);
    }
    let end = placement.ended_on();
    if end.is_some_and(|on| on < start.on) {
        add(AnomalyKind::EndedBeforeStart, placement.at);
    }
    for session in &placement.sessions {
        if session.on < start.on || end.is_some_and(|on| session.on > on) {
            add(AnomalyKind::SessionOutsidePlacement, session.at);
        }
    }
}
