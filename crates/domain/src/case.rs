//! The case: the unit of the fold. Everything about one person, one agreement with its services,
//! one agency, or the ledger itself. Deciding and reading use the same value.

use crate::agency::Agency;
use crate::agreement::Agreement;
use crate::envelope::{Envelope, Record};
use crate::event::{Event, LedgerOpened};
use crate::history::{self, Meta};
use crate::id::{AgencyId, AgreementId, EventId, MeasureId, PersonId, PlanId, Position, StreamId};
use crate::measure::Measure;
use crate::person::Person;
use crate::plan::Plan;
use crate::refusal::Rule;
use alloc::{sync::Arc, vec::Vec};
use serde::{Deserialize, Serialize};

/// Name of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CaseKey {
    /// The ledger itself.
    Ledger,
    /// One agency.
    Agency(AgencyId),
    /// One agreement with its services.
    Agreement(AgreementId),
    /// Everything about one person.
    Person(PersonId),
    /// One measure.
    Measure(MeasureId),
    /// One delivery plan.
    Plan(PlanId),
}

impl CaseKey {
    /// The stream that bears the case's name; `None` for the ledger's.
    pub fn stream(self) -> Option<StreamId> {
        match self {
            Self::Ledger => None,
            Self::Agency(id) => Some(id.into()),
            Self::Agreement(id) => Some(id.into()),
            Self::Person(id) => Some(id.into()),
            Self::Measure(id) => Some(id.into()),
            Self::Plan(id) => Some(id.into()),
        }
    }
}

/// Looks cases up: the published ones, or those and what a batch has touched.
pub trait Cases {
    /// The case of that name.
    fn case(&self, key: CaseKey) -> Option<&Arc<Case>>;

    /// The case that a stream belongs to; `None` if the stream was never opened.
    fn home(&self, stream: StreamId) -> Option<CaseKey>;
}

impl<C: Cases + ?Sized> Cases for Arc<C> {
    fn case(&self, key: CaseKey) -> Option<&Arc<Case>> {
        (**self).case(key)
    }

    fn home(&self, stream: StreamId) -> Option<CaseKey> {
        (**self).home(stream)
    }
}

/// What no correction changes: where the case's records are, and how far its streams have come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// Positions of all its records, in order.
    pub positions: Vec<Position>,
    /// Its streams, in the order in which they were opened.
    pub streams: Vec<StreamHead>,
    /// How many of its records are corrections.
    pub corrections: u32,
}

/// How far a stream has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamHead {
    /// The stream.
    pub stream: StreamId,
    /// Its version: the number of its records.
    pub version: u32,
    /// Position of its first record.
    pub opened: Position,
}

impl Trail {
    /// Version of a stream; 0 if it was never opened here.
    pub fn version(&self, stream: StreamId) -> u32 {
        self.streams.iter().find(|head| head.stream == stream).map_or(0, |head| head.version)
    }

    fn note(&mut self, envelope: &Envelope, event: &Event) {
        self.positions.push(envelope.position);
        if matches!(event, Event::Corrected(_)) {
            self.corrections += 1;
        }
        match self.streams.iter_mut().rev().find(|head| head.stream == envelope.stream) {
            Some(head) => head.version = envelope.version,
            None => self.streams.push(StreamHead {
                stream: envelope.stream,
                version: envelope.version,
                opened: envelope.position,
            }),
        }
    }
}

/// What a case is about, as folded from its effective events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// The ledger.
    Ledger(Ledger),
    /// An agency.
    Agency(Agency),
    /// An agreement with its services.
    Agreement(Agreement),
    /// A person.
    Person(Person),
    /// A measure.
    Measure(Measure),
    /// A delivery plan.
    Plan(Plan),
}

/// The ledger itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Openings of it, one for each incarnation.
    #[serde(with = "as_json")]
    pub openings: Vec<LedgerOpened>,
}

impl Ledger {
    /// The agency that the present incarnation was opened for.
    pub fn commissioner(&self) -> Option<AgencyId> {
        self.openings.last().map(|opened| opened.commissioner)
    }
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its name.
    pub key: CaseKey,
    /// Where its records are.
    pub trail: Trail,
    /// What they mean.
    pub about: About,
}

impl Case {
    /// A case before its first event.
    pub fn empty(key: CaseKey) -> Self {
        Self { key, trail: Trail::default(), about: About::empty(key) }
    }

    /// Takes the next record in, which is not a correction.
    pub fn apply(&mut self, envelope: &Envelope, event: &Event) {
        self.trail.note(envelope, event);
        self.about.evolve(&Meta::of(envelope), event);
    }

    /// Takes a correction in: `history` holds all records of the case up to and with it, in order.
    pub fn correct(&mut self, correction: &Record, history: &[Record]) {
        self.trail.note(&correction.envelope, &correction.event);
        self.about = About::empty(self.key);
        for (meta, event) in history::effective(history) {
            self.about.evolve(&meta, event);
        }
    }

    /// Folds a whole case from its records, in order: what `apply` and `correct` arrive at one by
    /// one.
    pub fn fold(key: CaseKey, records: &[Record]) -> Self {
        let mut case = Self::empty(key);
        for record in records {
            case.trail.note(&record.envelope, &record.event);
        }
        for (meta, event) in history::effective(records) {
            case.about.evolve(&meta, event);
        }
        case
    }

    /// The person, if that is what the case is about.
    pub fn person(&self) -> Option<&Person> {
        match &self.about {
            About::Person(person) => Some(person),
            About::Ledger(_)
            | About::Agency(_)
            | About::Agreement(_)
            | About::Measure(_)
            | About::Plan(_) => None,
        }
    }

    /// The agreement, if that is what the case is about.
    pub fn agreement(&self) -> Option<&Agreement> {
        match &self.about {
            About::Agreement(agreement) => Some(agreement),
            About::Ledger(_)
            | About::Agency(_)
            | About::Person(_)
            | About::Measure(_)
            | About::Plan(_) => None,
        }
    }

    /// The agency, if that is what the case is about.
    pub fn agency(&self) -> Option<&Agency> {
        match &self.about {
            About::Agency(agency) => Some(agency),
            About::Ledger(_)
            | About::Agreement(_)
            | About::Person(_)
            | About::Measure(_)
            | About::Plan(_) => None,
        }
    }

    /// The ledger, if that is what the case is about.
    pub fn ledger(&self) -> Option<&Ledger> {
        match &self.about {
            About::Ledger(ledger) => Some(ledger),
            About::Agency(_)
            | About::Agreement(_)
            | About::Person(_)
            | About::Measure(_)
            | About::Plan(_) => None,
        }
    }

    /// The measure, if that is what the case is about.
    pub fn measure(&self) -> Option<&Measure> {
        match &self.about {
            About::Measure(measure) => Some(measure),
            About::Ledger(_)
            | About::Agency(_)
            | About::Agreement(_)
            | About::Person(_)
            | About::Plan(_) => None,
        }
    }

    /// The plan, if that is what the case is about.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.about {
            About::Plan(plan) => Some(plan),
            About::Ledger(_)
            | About::Agency(_)
            | About::Agreement(_)
            | About::Person(_)
            | About::Measure(_) => None,
        }
    }
}

impl About {
    pub(crate) fn empty(key: CaseKey) -> Self {
        match key {
            CaseKey::Ledger => Self::Ledger(Ledger::default()),
            CaseKey::Agency(id) => Self::Agency(Agency::empty(id)),
            CaseKey::Agreement(id) => Self::Agreement(Agreement::empty(id)),
            CaseKey::Person(id) => Self::Person(Person::empty(id)),
            CaseKey::Measure(id) => Self::Measure(Measure::empty(id)),
            CaseKey::Plan(id) => Self::Plan(Plan::empty(id)),
        }
    }

    /// Takes an effective event in. Total: the past cannot be refused. An event of another kind of
    /// case changes nothing, and `home_of` never sends one here.
    pub(crate) fn evolve(&mut self, meta: &Meta<'_>, event: &Event) {
        match self {
            Self::Ledger(ledger) => {
                if let Event::LedgerOpened(opened) = event {
                    ledger.openings.push(opened.clone());
                }
            }
            Self::Agency(agency) => agency.evolve(meta, event),
            Self::Agreement(agreement) => agreement.evolve(meta, event),
            Self::Person(person) => person.evolve(meta, event),
            Self::Measure(measure) => measure.evolve(meta, event),
            Self::Plan(plan) => plan.evolve(meta, event),
        }
    }

    /// Whether an event may come next, as far as this case alone can tell: the sequence rules of
    /// DOMAIN.md §2.1. Rules that look at other cases are in [`crate::decide`].
    ///
    /// # Errors
    /// The rule that it would break.
    pub fn permits(
        &self,
        meta: &Meta<'_>,
        event: &Event,
        locate: &dyn Fn(EventId) -> Option<Position>,
    ) -> Result<(), Rule> {
        match self {
            Self::Ledger(_) | Self::Plan(_) => Ok(()),
            Self::Agency(agency) => agency.permits(event),
            Self::Agreement(agreement) => agreement.permits(meta, event),
            Self::Person(person) => person.permits(meta, event, locate),
            Self::Measure(measure) => measure.permits(event),
        }
    }
}

/// The case that a record belongs to: by its own word if it opens a stream, otherwise by where its
/// stream is at home. `None` only if the stream was never opened.
pub fn home_of(cases: &(impl Cases + ?Sized), stream: StreamId, event: &Event) -> Option<CaseKey> {
    match event {
        Event::LedgerOpened(_) => Some(CaseKey::Ledger),
        Event::AgencyDescribed(_) => Some(CaseKey::Agency(AgencyId(stream.id))),
        Event::AgreementSet(_) | Event::PaymentRecorded(_) => {
            Some(CaseKey::Agreement(AgreementId(stream.id)))
        }
        Event::ServiceDescribed(described) => Some(CaseKey::Agreement(described.agreement)),
        Event::PersonRegistered(_)
        | Event::CircumstanceRecorded(_)
        | Event::OffenceProven(_)
        | Event::RegisterSet(_)
        | Event::Assessed(_) => Some(CaseKey::Person(PersonId(stream.id))),
        Event::SentenceImposed(imposed) => Some(CaseKey::Person(imposed.person)),
        Event::ReferralMade(made) => Some(CaseKey::Person(made.person)),
        Event::MeasureDefined(_) => Some(CaseKey::Measure(MeasureId(stream.id))),
        Event::TargetSet(_) | Event::PlanItemSet(_) => Some(CaseKey::Plan(PlanId(stream.id))),
        Event::PlacementBooked(booked) => cases.home(booked.referral.into()),
        Event::CapacitySet(_)
        | Event::SentenceVaried(_)
        | Event::SettingChanged(_)
        | Event::WorkerAllocated(_)
        | Event::BreachRecorded(_)
        | Event::SentenceEnded(_)
        | Event::ReferralDecided(_)
        | Event::ReferralWithdrawn(_)
        | Event::PlacementStarted(_)
        | Event::AttendanceRecorded(_)
        | Event::QualificationAwarded(_)
        | Event::PlacementCompleted(_)
        | Event::PlacementEndedEarly(_)
        | Event::Corrected(_) => cases.home(stream),
    }
}

/// Payloads leave absent options out, which only a self-describing format can read back; inside
/// savepoints, which are not, they stand as JSON.
pub(crate) mod as_json {
    use alloc::string::String;
    use serde::{
        Deserialize as _, Deserializer, Serialize, Serializer,
        de::{DeserializeOwned, Error as _},
        ser::Error as _,
    };

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let json = serde_json::to_string(value).map_err(S::Error::custom)?;
        serializer.serialize_str(&json)
    }

    pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let json = String::deserialize(deserializer)?;
        serde_json::from_str(&json).map_err(D::Error::custom)
    }
}
