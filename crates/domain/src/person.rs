//! The case of a person: registration, sentences, referrals, placements, and the sequence rules
//! between them.

use crate::case::as_json;
use crate::codes::{AssessmentTool, Decision, RegisterKind, SentenceEnd, WorkerRole};
use crate::date::Date;
use crate::event::{
    Assessed, BreachRecorded, CircumstanceKind, CircumstanceRecorded, Event, EventType,
    OffenceProven, PersonRegistered, ReferralMade, RegisterSet, WorkerAllocated,
};
use crate::history::Meta;
use crate::id::{
    AgencyId, CommandId, EventId, PersonId, PlacementId, Position, ReferralId, SentenceId,
    StreamKind,
};
use crate::placement::{Placement, PlacementState, Session, Start};
use crate::referral::{Referral, ReferralState};
use crate::refusal::Rule;
use crate::sentence::{Sentence, SentenceState, allocate};
use alloc::{sync::Arc, vec::Vec};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// One person. The parts are shared between the versions of a case: a session recorded copies its
/// placement, not the person's whole past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Which.
    pub id: PersonId,
    /// Who the person is, sealed; `None` if the registration was voided.
    pub registration: Option<Arc<Registration>>,
    /// How the person lives, by day and then by position.
    pub circumstances: Vec<Arc<Recorded<CircumstanceRecorded>>>,
    /// Offences proven, by day of proof and then by position.
    pub offences: Vec<Arc<Recorded<OffenceProven>>>,
    /// Entries on registers, changes and removals, by day and then by position.
    pub registers: Vec<Arc<Recorded<RegisterSet>>>,
    /// Assessments, by day and then by position.
    pub assessments: Vec<Arc<Recorded<Assessed>>>,
    /// Sentences, in recorded order.
    pub sentences: Vec<Arc<Sentence>>,
    /// Referrals, in recorded order.
    pub referrals: Vec<Arc<Referral>>,
    /// Placements, in recorded order.
    pub placements: Vec<Arc<Placement>>,
}

/// Who a person is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Record of the registration.
    pub at: Position,
    /// When.
    pub on: Date,
    /// By whom.
    pub by: AgencyId,
    /// Under whose name the fields were sealed.
    pub sealed: SealedUnder,
    /// The sealed fields.
    pub facts: PersonRegistered,
}

impl Registration {
    fn of(meta: &Meta<'_>, facts: &PersonRegistered) -> Self {
        Self {
            at: meta.record.position,
            on: meta.occurred.date,
            by: meta.record.agency,
            sealed: SealedUnder::of(meta),
            facts: facts.clone(),
        }
    }
}

/// Something recorded about the person that holds from its day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: DeserializeOwned"))]
pub struct Recorded<T> {
    /// Its record.
    pub at: Position,
    /// Since when, or when it happened.
    pub on: Date,
    /// Recorded by whom.
    pub by: AgencyId,
    /// Under whose name sealed fields were sealed.
    pub sealed: SealedUnder,
    /// What was recorded.
    #[serde(with = "as_json")]
    pub facts: T,
}

impl<T> Recorded<T> {
    fn new(meta: &Meta<'_>, facts: T) -> Self {
        Self {
            at: meta.record.position,
            on: meta.occurred.date,
            by: meta.record.agency,
            sealed: SealedUnder::of(meta),
            facts,
        }
    }
}

/// Inserts by day and then by position.
fn insert<T: Clone>(all: &mut Vec<Arc<Recorded<T>>>, meta: &Meta<'_>, facts: &T) {
    let recorded = Recorded::new(meta, facts.clone());
    let place = all.partition_point(|known| (known.on, known.at) < (recorded.on, recorded.at));
    all.insert(place, Arc::new(recorded));
}

/// The record whose name is part of what a sealed field was sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedUnder {
    /// Agency of the record.
    pub agency: AgencyId,
    /// Command of the record.
    pub command: CommandId,
    /// Step of the command that it came from, which for a registration is its index.
    pub index: u16,
    /// Type of the record.
    pub event_type: EventType,
}

impl SealedUnder {
    fn of(meta: &Meta<'_>) -> Self {
        Self {
            agency: meta.words.agency,
            command: meta.words.command,
            index: meta.words.index,
            event_type: meta.words.event_type,
        }
    }
}

impl Person {
    pub(crate) fn empty(id: PersonId) -> Self {
        Self {
            id,
            registration: None,
            circumstances: Vec::new(),
            offences: Vec::new(),
            registers: Vec::new(),
            assessments: Vec::new(),
            sentences: Vec::new(),
            referrals: Vec::new(),
            placements: Vec::new(),
        }
    }

    /// How the person lived in one respect on a day: what was recorded for the latest day up to it.
    pub fn circumstance_on(
        &self,
        kind: CircumstanceKind,
        day: Date,
    ) -> Option<&Recorded<CircumstanceRecorded>> {
        let mut latest = self.circumstances.iter().rev().filter(|it| it.on <= day);
        latest.find(|it| it.facts.circumstance.kind() == kind).map(Arc::as_ref)
    }

    /// The entry on a register that was in force on a day; `None` if the person was not on it.
    pub fn registered_on(
        &self,
        register: RegisterKind,
        day: Date,
    ) -> Option<&Recorded<RegisterSet>> {
        let mut latest = self.registers.iter().rev().filter(|it| it.on <= day);
        let found = latest.find(|it| it.facts.register == register)?;
        found.facts.active.then_some(found)
    }

    /// The latest assessment up to a day, with that tool.
    pub fn assessed_on(&self, tool: AssessmentTool, day: Date) -> Option<&Recorded<Assessed>> {
        let mut latest = self.assessments.iter().rev().filter(|it| it.on <= day);
        latest.find(|it| it.facts.tool == tool).map(Arc::as_ref)
    }

    /// Agencies that have agreed to the present entry on a register and its changes, in recorded
    /// order; `None` if the person is not on it.
    fn scheme(&self, register: RegisterKind) -> Option<Vec<AgencyId>> {
        let mut recorded: Vec<_> = self.registers.iter().collect();
        recorded.retain(|it| it.facts.register == register);
        recorded.sort_unstable_by_key(|it| it.at);
        let entry = recorded.iter().rposition(|it| !it.facts.active).map_or(0, |end| end + 1);
        let present = recorded.get(entry..).filter(|present| !present.is_empty())?;
        Some(present.iter().flat_map(|it| it.facts.agreed_by.iter().copied()).collect())
    }

    fn permits_offence(&self, proven: &OffenceProven) -> Result<(), Rule> {
        let mut sources = self.offences.iter().map(|it| &it.facts.source);
        if sources.any(|source| *source == proven.source) {
            return Err(Rule::OffenceRecorded);
        }
        Ok(())
    }

    fn permits_register(&self, set: &RegisterSet) -> Result<(), Rule> {
        if set.register == RegisterKind::Mappa && set.level.is_some() != set.active {
            return Err(Rule::MappaLevelIffActive);
        }
        if set.active {
            return Ok(());
        }
        let scheme = self.scheme(set.register).ok_or(Rule::RegisterNotActive)?;
        let agreed = scheme.iter().all(|agency| set.agreed_by.contains(agency));
        if set.register == RegisterKind::Ppo && !agreed {
            return Err(Rule::RemovalNeedsConsensus);
        }
        Ok(())
    }

    /// The sentence of that identifier.
    pub fn sentence(&self, id: SentenceId) -> Option<&Arc<Sentence>> {
        self.sentences.iter().find(|sentence| sentence.id == id)
    }

    /// The referral of that identifier.
    pub fn referral(&self, id: ReferralId) -> Option<&Arc<Referral>> {
        self.referrals.iter().find(|referral| referral.id == id)
    }

    /// The placement of that identifier.
    pub fn placement(&self, id: PlacementId) -> Option<&Arc<Placement>> {
        self.placements.iter().find(|placement| placement.id == id)
    }

    /// Placements under a referral, in recorded order.
    pub fn placements_of(&self, referral: ReferralId) -> impl Iterator<Item = &Arc<Placement>> {
        self.placements.iter().filter(move |placement| placement.referral == referral)
    }

    /// Whether a referral was accepted and every placement under it, of which there is one at
    /// least, has ended.
    pub fn is_concluded(&self, referral: &Referral) -> bool {
        let mut placements = self.placements_of(referral.id).peekable();
        matches!(referral.state, ReferralState::Accepted { .. })
            && placements.peek().is_some()
            && placements.all(|placement| placement.ended_on().is_some())
    }

    /// The session whose record stands there, if it still counts.
    pub fn session_at(&self, at: Position) -> Option<&Session> {
        self.placements.iter().flat_map(|placement| &placement.sessions).find(|it| it.at == at)
    }

    fn known_sentence(&self, id: SentenceId) -> Result<&Sentence, Rule> {
        self.sentence(id).map(Arc::as_ref).ok_or(Rule::SentenceUnknown)
    }

    fn active_sentence(&self, id: SentenceId) -> Result<&Sentence, Rule> {
        let sentence = self.known_sentence(id)?;
        if sentence.is_active() { Ok(sentence) } else { Err(Rule::SentenceNotActive) }
    }

    fn known_referral(&self, id: ReferralId) -> Result<&Referral, Rule> {
        self.referral(id).map(Arc::as_ref).ok_or(Rule::ReferralUnknown)
    }

    fn known_placement(&self, id: PlacementId) -> Result<&Placement, Rule> {
        self.placement(id).map(Arc::as_ref).ok_or(Rule::PlacementUnknown)
    }

    fn started_placement(&self, id: PlacementId) -> Result<&Placement, Rule> {
        let placement = self.known_placement(id)?;
        match &placement.state {
            PlacementState::Booked => Err(Rule::PlacementNotStarted),
            PlacementState::Started(_) => Ok(placement),
            PlacementState::Completed { .. } | PlacementState::EndedEarly { .. } => {
                Err(Rule::PlacementEnded)
            }
        }
    }

    /// The sequence rules of DOMAIN.md §2 and §2.1 that this case alone can judge.
    pub(crate) fn permits(
        &self,
        meta: &Meta<'_>,
        event: &Event,
        locate: &dyn Fn(EventId) -> Option<Position>,
    ) -> Result<(), Rule> {
        let id = meta.record.stream.id;
        if self.registration.is_none() && !matches!(event, Event::PersonRegistered(_)) {
            return Err(Rule::PersonNotRegistered);
        }
        match event {
            Event::PersonRegistered(_) => match self.registration {
                None => Ok(()),
                Some(_) => Err(Rule::AlreadyExists),
            },
            Event::SentenceImposed(imposed) => {
                if let Some(earlier) = imposed.continues {
                    self.known_sentence(earlier)?;
                }
                Ok(())
            }
            Event::SentenceVaried(varied) => {
                self.active_sentence(SentenceId(id))?.permits_varying(varied)
            }
            Event::SettingChanged(changed) => {
                if *self.active_sentence(SentenceId(id))?.setting() == changed.to {
                    return Err(Rule::SettingUnchanged);
                }
                Ok(())
            }
            Event::WorkerAllocated(allocated) => self.permits_worker(meta, allocated),
            Event::BreachRecorded(recorded) => {
                self.active_sentence(SentenceId(id))?.permits_breach(recorded)?;
                self.permits_grounds(recorded, locate)
            }
            Event::SentenceEnded(ended) => {
                let sentence = self.active_sentence(SentenceId(id))?;
                if ended.how == SentenceEnd::RevokedBreach && !sentence.has_proven_breach() {
                    return Err(Rule::RevocationNeedsProvenBreach);
                }
                Ok(())
            }
            Event::ReferralMade(made) => self.permits_referral(made),
            Event::ReferralDecided(decided) => {
                if !self.known_referral(ReferralId(id))?.state.awaits_decision() {
                    return Err(Rule::ReferralNotOpen);
                }
                if (decided.decision == Decision::Declined) != decided.reason.is_some() {
                    return Err(Rule::ReasonIffDeclined);
                }
                Ok(())
            }
            Event::ReferralWithdrawn(_) => self.permits_withdrawal(ReferralId(id)),
            Event::PlacementBooked(booked) => {
                let referral = self.known_referral(booked.referral)?;
                if !matches!(referral.state, ReferralState::Accepted { .. }) {
                    return Err(Rule::ReferralNotAccepted);
                }
                if self.is_concluded(referral) {
                    return Err(Rule::ReferralConcluded);
                }
                Ok(())
            }
            Event::PlacementStarted(_) => {
                let placement = self.known_placement(PlacementId(id))?;
                match placement.state {
                    PlacementState::Booked => Ok(()),
                    _ => Err(Rule::PlacementNotBooked),
                }
            }
            Event::AttendanceRecorded(recorded) => {
                self.started_placement(PlacementId(id))?.permits_session(recorded)
            }
            Event::QualificationAwarded(awarded) => {
                // Certificates come weeks after the last session: started is enough, ended or not.
                if self.known_placement(PlacementId(id))?.start().is_none() {
                    return Err(Rule::PlacementNotStarted);
                }
                let mut held = self.placements.iter().flat_map(|placement| &placement.awards);
                if held.any(|award| award.title == awarded.title) {
                    return Err(Rule::QualificationHeld);
                }
                Ok(())
            }
            Event::PlacementCompleted(_) => self.started_placement(PlacementId(id)).map(|_| ()),
            Event::PlacementEndedEarly(ended) => {
                self.known_placement(PlacementId(id))?.permits_early_end(ended.reason)
            }
            Event::OffenceProven(proven) => self.permits_offence(proven),
            Event::RegisterSet(set) => self.permits_register(set),
            Event::CircumstanceRecorded(_)
            | Event::Assessed(_)
            | Event::Corrected(_)
            | Event::LedgerOpened(_)
            | Event::MeasureDefined(_)
            | Event::TargetSet(_)
            | Event::PlanItemSet(_)
            | Event::AgencyDescribed(_)
            | Event::AgreementSet(_)
            | Event::PaymentRecorded(_)
            | Event::ServiceDescribed(_)
            | Event::CapacitySet(_) => Ok(()),
        }
    }

    fn permits_worker(&self, meta: &Meta<'_>, allocated: &WorkerAllocated) -> Result<(), Rule> {
        let stream = meta.record.stream;
        let manager = allocated.role == WorkerRole::OffenderManager;
        if manager && stream.kind != StreamKind::Sentence {
            return Err(Rule::OffenderManagerOnSentence);
        }
        match stream.kind {
            StreamKind::Referral => {
                if self.known_referral(ReferralId(stream.id))?.state.is_terminal() {
                    return Err(Rule::ReferralTerminal);
                }
                Ok(())
            }
            StreamKind::Placement => {
                match self.known_placement(PlacementId(stream.id))?.ended_on() {
                    None => Ok(()),
                    Some(_) => Err(Rule::PlacementEnded),
                }
            }
            _ => self.active_sentence(SentenceId(stream.id)).map(|_| ()),
        }
    }

    fn permits_withdrawal(&self, id: ReferralId) -> Result<(), Rule> {
        let referral = self.known_referral(id)?;
        if referral.state.is_terminal() {
            return Err(Rule::ReferralTerminal);
        }
        if self.placements_of(referral.id).next().is_some() {
            return Err(Rule::ReferralHasPlacement);
        }
        Ok(())
    }

    fn permits_grounds(
        &self,
        recorded: &BreachRecorded,
        locate: &dyn Fn(EventId) -> Option<Position>,
    ) -> Result<(), Rule> {
        let enforceable = |ground: &EventId| {
            let session = locate(*ground).and_then(|at| self.session_at(at));
            session.is_some_and(|session| session.outcome.enforceable())
        };
        if recorded.grounds.iter().all(enforceable) {
            Ok(())
        } else {
            Err(Rule::GroundNotEnforceable)
        }
    }

    fn permits_referral(&self, made: &ReferralMade) -> Result<(), Rule> {
        if let Some(sentence) = made.sentence {
            let sentence = self.active_sentence(sentence)?;
            if made.requirement.as_ref().is_some_and(|id| !sentence.has_requirement(id)) {
                return Err(Rule::RequirementUnknown);
            }
        }
        if let Some(earlier) = made.continues {
            self.known_referral(earlier)?;
        }
        Ok(())
    }

    /// Takes an effective event in. An event about something that is not there (because what
    /// opened it was voided) changes nothing.
    pub(crate) fn evolve(&mut self, meta: &Meta<'_>, event: &Event) {
        let id = meta.record.stream.id;
        let on = meta.occurred.date;
        match event {
            Event::PersonRegistered(facts) => {
                self.registration = Some(Arc::new(Registration::of(meta, facts)));
            }
            Event::CircumstanceRecorded(recorded) => {
                insert(&mut self.circumstances, meta, recorded);
            }
            Event::OffenceProven(proven) => insert(&mut self.offences, meta, proven),
            Event::RegisterSet(set) => insert(&mut self.registers, meta, set),
            Event::Assessed(assessed) => insert(&mut self.assessments, meta, assessed),
            Event::SentenceImposed(imposed) => {
                let sentence = Sentence::imposed(SentenceId(id), meta, imposed);
                self.sentences.push(Arc::new(sentence));
            }
            Event::SentenceVaried(varied) => {
                self.change_sentence(id, |sentence| sentence.vary(meta, varied));
            }
            Event::SettingChanged(changed) => {
                self.change_sentence(id, |sentence| sentence.change_setting(meta, changed));
            }
            Event::WorkerAllocated(allocated) => match meta.record.stream.kind {
                StreamKind::Referral => {
                    self.change_referral(id, |it| allocate(&mut it.workers, on, allocated));
                }
                StreamKind::Placement => {
                    self.change_placement(id, |it| allocate(&mut it.workers, on, allocated));
                }
                _ => self.change_sentence(id, |sentence| sentence.allocate(meta, allocated)),
            },
            Event::BreachRecorded(recorded) => {
                self.change_sentence(id, |sentence| sentence.record_breach(meta, recorded));
            }
            Event::SentenceEnded(ended) => self.change_sentence(id, |sentence| {
                let at = meta.record.position;
                sentence.state = SentenceState::Ended { on, how: ended.how, at };
            }),
            Event::ReferralMade(made) => {
                self.referrals.push(Arc::new(Referral::made(ReferralId(id), meta, made)));
            }
            Event::ReferralDecided(decided) => {
                self.change_referral(id, |referral| referral.decide(on, decided));
            }
            Event::ReferralWithdrawn(withdrawn) => self.change_referral(id, |referral| {
                referral.state = ReferralState::Withdrawn { on, reason: withdrawn.reason };
            }),
            Event::PlacementBooked(booked) => {
                let placement = Placement::booked(PlacementId(id), meta, booked);
                self.placements.push(Arc::new(placement));
            }
            Event::PlacementStarted(_) => {
                let recorded = Date::from_days(day_of(meta.record.recorded_at));
                self.change_placement(id, |placement| {
                    placement.state = PlacementState::Started(Start {
                        on,
                        at: meta.record.position,
                        recorded_after_days: recorded.days_since(on),
                    });
                });
            }
            Event::AttendanceRecorded(recorded) => {
                self.change_placement(id, |placement| placement.record_session(meta, recorded));
            }
            Event::QualificationAwarded(awarded) => {
                self.change_placement(id, |placement| placement.award(meta, awarded));
            }
            Event::PlacementCompleted(completed) => self.change_placement(id, |placement| {
                // Without a start it cannot have been completed; an impossible record changes
                // nothing.
                if let Some(start) = placement.start() {
                    placement.state = PlacementState::Completed {
                        start,
                        on,
                        at: meta.record.position,
                        outcomes: completed.outcomes.clone(),
                        move_on: completed.move_on.clone(),
                    };
                }
            }),
            Event::PlacementEndedEarly(ended) => self.change_placement(id, |placement| {
                placement.state = PlacementState::EndedEarly {
                    start: placement.start(),
                    on,
                    at: meta.record.position,
                    reason: ended.reason,
                    fault: ended.fault,
                    outcomes: ended.outcomes.clone(),
                };
            }),
            Event::Corrected(_)
            | Event::LedgerOpened(_)
            | Event::MeasureDefined(_)
            | Event::TargetSet(_)
            | Event::PlanItemSet(_)
            | Event::AgencyDescribed(_)
            | Event::AgreementSet(_)
            | Event::PaymentRecorded(_)
            | Event::ServiceDescribed(_)
            | Event::CapacitySet(_) => {}
        }
    }

    fn change_sentence(&mut self, id: [u8; 16], change: impl FnOnce(&mut Sentence)) {
        if let Some(sentence) = self.sentences.iter_mut().find(|it| it.id.0 == id) {
            change(Arc::make_mut(sentence));
        }
    }

    fn change_referral(&mut self, id: [u8; 16], change: impl FnOnce(&mut Referral)) {
        if let Some(referral) = self.referrals.iter_mut().find(|it| it.id.0 == id) {
            change(Arc::make_mut(referral));
        }
    }

    fn change_placement(&mut self, id: [u8; 16], change: impl FnOnce(&mut Placement)) {
        if let Some(placement) = self.placements.iter_mut().find(|it| it.id.0 == id) {
            change(Arc::make_mut(placement));
        }
    }
}

/// The UTC day of an instant. Only differences of days are taken from it, where an hour of summer
/// time does not matter.
fn day_of(recorded_at: i64) -> i32 {
    i32::try_from(recorded_at.div_euclid(DAY_MS)).unwrap_or(i32::MAX)
}
