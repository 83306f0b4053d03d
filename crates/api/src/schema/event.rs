//! Events: what was recorded, by whom, when, and what it said.

mod agency;
mod measure;
mod person;
mod placement;
mod referral;

use std::sync::Arc;

use async_graphql::{ID, InputObject, Object, Union};
use tallystick_domain as domain;
use tallystick_domain::{Record, StreamId};

use super::{
    agency::Agency,
    code,
    connection::{Connection, listed},
    context::At,
    id,
    scalar::{DateTime, OccurredOn, Position},
    sensitive::SensitiveText,
};

/// A page of events.
pub(crate) type EventConnection = Connection<Event>;

/// An event that the caller may see.
#[derive(Clone)]
pub(crate) struct Event {
    at: Arc<At>,
    record: Arc<Record>,
}

listed! { Event: "EventConnection", "EventEdge"; }

impl Event {
    pub(crate) fn new(at: Arc<At>, record: Arc<Record>) -> Self {
        Self { at, record }
    }
}

/// Something that happened, as it was recorded. Never changed: a correction is an event of its
/// own.
#[Object]
impl Event {
    /// Its identifier.
    pub(crate) async fn id(&self) -> ID {
        id::show(self.record.envelope.event_id())
    }

    /// Its place in the ledger.
    fn position(&self) -> Position {
        Position(self.record.envelope.position)
    }

    /// The commit that carries it; everything of one commit became durable at once.
    fn commit(&self) -> String {
        self.record.envelope.commit.to_string()
    }

    /// Its type.
    fn r#type(&self) -> code::EventType {
        self.record.envelope.event_type.into()
    }

    /// The thing whose stream it belongs to.
    fn stream(&self) -> ID {
        id::show(self.record.envelope.stream)
    }

    /// What that stream is about.
    fn stream_kind(&self) -> code::StreamKind {
        self.record.envelope.stream.kind.into()
    }

    /// Version of the stream after it, from 1.
    fn version(&self) -> u32 {
        self.record.envelope.version
    }

    /// When it happened, as claimed.
    fn occurred_on(&self) -> OccurredOn {
        OccurredOn(self.record.envelope.occurred)
    }

    /// When it was recorded, by the ledger's clock.
    fn recorded_at(&self) -> DateTime {
        DateTime(self.record.envelope.recorded_at)
    }

    /// Who acted: a reference, not a name.
    fn actor(&self) -> ID {
        id::show(self.record.envelope.actor)
    }

    /// On whose behalf.
    fn agency(&self) -> Option<Agency<'_>> {
        Agency::find(&self.at, self.record.envelope.agency)
    }

    /// The event that led to it.
    fn cause(&self) -> Option<ID> {
        self.record.envelope.cause.map(id::show)
    }

    /// The note that came with it.
    fn note(&self) -> Option<SensitiveText> {
        self.at.open_note(&self.record).map(SensitiveText::from)
    }

    /// What it said.
    fn data(&self) -> EventData<'_> {
        EventData::of(&self.at, self.record.envelope.stream, &self.record.event)
    }
}

/// Which events are asked for. Everything given must hold; in a list one is enough.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct EventFilter {
    /// Of these types.
    types: Option<Vec<code::EventType>>,
    /// Of the streams of these things.
    streams: Option<Vec<ID>>,
    /// Recorded on behalf of these agencies.
    agencies: Option<Vec<ID>>,
}

/// A filter, read once for many records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sieve {
    types: Option<Vec<domain::EventType>>,
    streams: Option<Vec<domain::StreamId>>,
    agencies: Option<Vec<domain::id::AgencyId>>,
}

impl From<EventFilter> for Sieve {
    fn from(filter: EventFilter) -> Self {
        // What is no identifier names nothing, and nothing is of it.
        fn ids<T: std::str::FromStr>(ids: Option<Vec<ID>>) -> Option<Vec<T>> {
            ids.map(|ids| ids.iter().filter_map(id::parse).collect())
        }
        Self {
            types: filter.types.map(|types| types.into_iter().map(Into::into).collect()),
            streams: ids(filter.streams),
            agencies: ids(filter.agencies),
        }
    }
}

impl Sieve {
    /// The streams asked for, if only some are.
    pub(crate) fn streams(&self) -> Option<&[StreamId]> {
        self.streams.as_deref()
    }

    /// Whether a record is asked for.
    pub(crate) fn lets_through(&self, record: &Record) -> bool {
        fn among<T: PartialEq>(wanted: Option<&Vec<T>>, found: &T) -> bool {
            wanted.is_none_or(|wanted| wanted.contains(found))
        }
        let envelope = &record.envelope;
        among(self.types.as_ref(), &envelope.event_type)
            && among(self.streams.as_ref(), &envelope.stream)
            && among(self.agencies.as_ref(), &envelope.agency)
    }
}

macro_rules! payloads {
    ($($name:ident)+) => {
        $(
            /// Payload of an event of that type.
            pub(crate) struct $name<'a> {
                #[allow(dead_code, reason = "some payloads name nothing to be looked up")]
                at: &'a At,
                #[allow(dead_code, reason = "most payloads do not name what they are about")]
                stream: StreamId,
                #[allow(dead_code, reason = "a start says only that it happened")]
                it: &'a domain::event::$name,
            }
        )+

        /// What an event said, by its type. New types may come.
        #[derive(Union)]
        pub(crate) enum EventData<'a> {$(
            #[doc = concat!("Of `", stringify!($name), "`.")]
            $name($name<'a>),
        )+}

        impl<'a> EventData<'a> {
            pub(crate) fn of(at: &'a At, stream: StreamId, event: &'a domain::Event) -> Self {
                match event {$(
                    domain::Event::$name(it) => Self::$name($name { at, stream, it }),
                )+}
            }
        }
    };
}

payloads! {
    LedgerOpened AgencyDescribed AgreementSet PaymentRecorded ServiceDescribed CapacitySet PersonRegistered
    Assessed RegisterSet CircumstanceRecorded OffenceProven SentenceImposed SentenceVaried SettingChanged WorkerAllocated BreachRecorded SentenceEnded
    ReferralMade ReferralDecided ReferralWithdrawn PlacementBooked PlacementStarted
    AttendanceRecorded QualificationAwarded PlacementCompleted PlacementEndedEarly MeasureDefined
    TargetSet PlanItemSet
    Corrected
}
