//! The record: a clear header (the envelope of DOMAIN.md §2, in fixed binary form) and a body.
//! Both are exact bytes that are never re-serialised; `schema/log-format.md` describes them byte by
//! byte, and golden files keep them readable for ever.

use crate::date::{Date, Occurred};
use crate::event::{self, Event, EventType, FreeText};
use crate::id::{ActorId, AgencyId, CommandId, EventId, Position, StreamId, StreamKind};
use crate::sealed::Sealed;
use alloc::vec::Vec;

/// Bytes of random salt, in the header and again in the body: a reader may be shown one and not
/// the other, and neither may be guessed from its digest.
pub const SALT: usize = 16;

/// Version of the header layout.
const LAYOUT: u8 = 1;
/// Bytes of a header without parties and cause; the last of them counts the parties.
const FIXED: usize = 142;
const HAS_CAUSE: u8 = 1;
const NO_MINUTE: u16 = u16::MAX;

/// Most agencies that a header names as parties.
pub const PARTIES_LIMIT: usize = 64;

/// The clear header of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Place in the ledger.
    pub position: Position,
    /// Commit that carries it.
    pub commit: u64,
    /// Stream that it belongs to.
    pub stream: StreamId,
    /// Version of that stream after it, from 1.
    pub version: u32,
    /// Command that caused it.
    pub command: CommandId,
    /// Index within the command, from 0.
    pub index: u16,
    /// Number of events of the command.
    pub of: u16,
    /// MAC of the command's clear input.
    pub command_mac: [u8; 16],
    /// Type of the event.
    pub event_type: EventType,
    /// Version of the payload's shape.
    pub schema: u16,
    /// When it happened, as claimed.
    pub occurred: Occurred,
    /// When it was recorded, in milliseconds since 1970-01-01T00:00Z.
    pub recorded_at: i64,
    /// Who acted.
    pub actor: ActorId,
    /// On whose behalf.
    pub agency: AgencyId,
    /// Who could see it when it was recorded. Empty on directory streams (ledger, agency, service),
    /// which are every partner's, and where nobody was left: never "everybody" on a person's.
    pub parties: Vec<AgencyId>,
    /// Event that led to it.
    pub cause: Option<EventId>,
    /// Salt of the header.
    pub salt: [u8; SALT],
}

/// Stored bytes that this version cannot read. The ledger stops at such a record; it never skips.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The header is cut short or has bytes too many.
    #[error("header of {found} bytes does not have the length that it announces")]
    Length {
        /// Bytes found.
        found: usize,
    },
    /// A layout of a later version.
    #[error("header layout {0} is not known")]
    Layout(u8),
    /// An event type of a later version.
    #[error("event type {0} is not known")]
    Type(u16),
    /// A schema of a later version.
    #[error("schema {schema} of {event_type:?} is not known")]
    Schema {
        /// The type.
        event_type: EventType,
        /// Its schema.
        schema: u16,
    },
    /// A field of the header has a value that it cannot have.
    #[error("header field {0} has an impossible value")]
    Field(&'static str),
    /// The body is not the payload that the header announces.
    #[error("body does not hold the payload announced: {0}")]
    Body(alloc::string::String),
}

impl Envelope {
    /// Identity of the event.
    pub fn event_id(&self) -> EventId {
        EventId::derive(self.agency, self.command, self.index)
    }

    /// Whether this is the last event of its command.
    pub fn ends_command(&self) -> bool {
        self.index + 1 == self.of
    }

    /// Appends the header's bytes to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(LAYOUT);
        out.push(if self.cause.is_some() { HAS_CAUSE } else { 0 });
        out.extend_from_slice(&(self.event_type as u16).to_be_bytes());
        out.extend_from_slice(&self.schema.to_be_bytes());
        out.extend_from_slice(&self.index.to_be_bytes());
        out.extend_from_slice(&self.of.to_be_bytes());
        out.extend_from_slice(&self.position.0.to_be_bytes());
        out.extend_from_slice(&self.commit.to_be_bytes());
        out.push(self.stream.kind as u8);
        out.extend_from_slice(&self.stream.id);
        out.extend_from_slice(&self.version.to_be_bytes());
        out.extend_from_slice(&self.command.0);
        out.extend_from_slice(&self.command_mac);
        out.extend_from_slice(&self.agency.0);
        out.extend_from_slice(&self.actor.0);
        out.extend_from_slice(&self.recorded_at.to_be_bytes());
        out.extend_from_slice(&self.occurred.date.days().to_be_bytes());
        out.extend_from_slice(&self.occurred.minute.unwrap_or(NO_MINUTE).to_be_bytes());
        out.extend_from_slice(&self.salt);
        // Bounded by `audience::parties`, which names at most PARTIES_LIMIT agencies.
        out.push(u8::try_from(self.parties.len()).unwrap_or(u8::MAX));
        for party in &self.parties {
            out.extend_from_slice(&party.0);
        }
        if let Some(cause) = self.cause {
            out.extend_from_slice(&cause.of_command);
            out.extend_from_slice(&cause.index.to_be_bytes());
        }
    }

    /// Parts a header from the body that follows it in the same bytes, as an export has them.
    ///
    /// # Errors
    /// [`Unreadable::Length`] if the bytes end before the header does.
    pub fn split(record: &[u8]) -> Result<(&[u8], &[u8]), Unreadable> {
        let short = Unreadable::Length { found: record.len() };
        let parties = usize::from(*record.get(FIXED - 1).ok_or(short.clone())?);
        let cause = if record[1] & HAS_CAUSE == 0 { 0 } else { 18 };
        record.split_at_checked(FIXED + 16 * parties + cause).ok_or(short)
    }

    /// Reads a header back.
    ///
    /// # Errors
    /// [`Unreadable`] if the bytes are not a header of a known layout, type and schema.
    pub fn decode(header: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = Fields { rest: header, found: header.len() };
        let [layout, flags] = fields.take()?;
        if layout != LAYOUT {
            return Err(Unreadable::Layout(layout));
        }
        if flags & !HAS_CAUSE != 0 {
            return Err(Unreadable::Field("flags"));
        }
        let number = fields.number_u16()?;
        let event_type = EventType::from_number(number).ok_or(Unreadable::Type(number))?;
        let schema = fields.number_u16()?;
        if schema != Event::SCHEMA {
            return Err(Unreadable::Schema { event_type, schema });
        }
        let index = fields.number_u16()?;
        let of = fields.number_u16()?;
        if index >= of {
            return Err(Unreadable::Field("index"));
        }
        let position = Position(u64::from_be_bytes(fields.take()?));
        let commit = u64::from_be_bytes(fields.take()?);
        let [kind] = fields.take()?;
        let kind = StreamKind::from_number(kind).ok_or(Unreadable::Field("stream"))?;
        let stream = StreamId { kind, id: fields.take()? };
        if !event_type.stands_in(kind) {
            return Err(Unreadable::Field("stream"));
        }
        let version = u32::from_be_bytes(fields.take()?);
        let command = CommandId(fields.take()?);
        let command_mac = fields.take()?;
        let agency = AgencyId(fields.take()?);
        let actor = ActorId(fields.take()?);
        let recorded_at = i64::from_be_bytes(fields.take()?);
        let days = i32::from_be_bytes(fields.take()?);
        let date = Date::from_days(days);
        if date.days() != days {
            return Err(Unreadable::Field("occurred_on"));
        }
        let minute = match fields.number_u16()? {
            NO_MINUTE => None,
            minute if minute < 24 * 60 => Some(minute),
            _ => return Err(Unreadable::Field("occurred_on")),
        };
        let salt = fields.take()?;
        let [count] = fields.take()?;
        let mut parties = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            parties.push(AgencyId(fields.take()?));
        }
        let cause = if flags & HAS_CAUSE == 0 {
            None
        } else {
            Some(EventId { of_command: fields.take()?, index: fields.number_u16()? })
        };
        if !fields.rest.is_empty() {
            return Err(Unreadable::Length { found: header.len() });
        }
        Ok(Self {
            position,
            commit,
            stream,
            version,
            command,
            index,
            of,
            command_mac,
            event_type,
            schema,
            occurred: Occurred { date, minute },
            recorded_at,
            actor,
            agency,
            parties,
            cause,
            salt,
        })
    }
}

struct Fields<'a> {
    rest: &'a [u8],
    found: usize,
}

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (bytes, rest) =
            self.rest.split_first_chunk().ok_or(Unreadable::Length { found: self.found })?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn number_u16(&mut self) -> Result<u16, Unreadable> {
        self.take().map(u16::from_be_bytes)
    }
}

/// A record, read: what happened, and the note that came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The header.
    pub envelope: Envelope,
    /// The event.
    pub event: Event,
    /// Free text, sealed under the person's key.
    pub note: Option<Sealed<FreeText>>,
}

impl Record {
    /// Reads a record from its header and body.
    ///
    /// # Errors
    /// [`Unreadable`] if either is not what this version knows.
    pub fn decode(header: &[u8], body: &[u8]) -> Result<Self, Unreadable> {
        let envelope = Envelope::decode(header)?;
        let (event, note) = decode_body(envelope.event_type, body)?;
        Ok(Self { envelope, event, note })
    }

    /// Appends the body's bytes to `out`: salt, then the payload as JSON.
    pub fn encode_body(&self, salt: [u8; SALT], out: &mut Vec<u8>) {
        out.extend_from_slice(&salt);
        event::encode_payload(&self.event, self.note.as_ref(), out);
    }
}

/// A record as it is stored, for whoever passes it on as it is: of its body only the text is looked
/// for, nothing of it decoded.
#[derive(Clone, Debug)]
pub struct Stored<'a> {
    /// The header, read.
    pub envelope: Envelope,
    /// The header's bytes.
    pub header: &'a [u8],
    /// The body's bytes, salt and all.
    pub body: &'a [u8],
    /// The payload's JSON text: `{"data":{…},"note":"…"}`.
    pub json: &'a str,
}

impl<'a> Stored<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Unreadable`] if it is none that this version knows, or the body holds no JSON object.
    pub fn read(header: &'a [u8], body: &'a [u8]) -> Result<Self, Unreadable> {
        let envelope = Envelope::decode(header)?;
        let json = body_json(body).filter(|json| json.starts_with('{') && json.ends_with('}'));
        let json = json.ok_or_else(|| Unreadable::Body("the payload is no object".into()))?;
        Ok(Self { envelope, header, body, json })
    }
}

/// The payload's JSON text of a body, without its salt: `{"data":{…},"note":"…"}`.
pub fn body_json(body: &[u8]) -> Option<&str> {
    core::str::from_utf8(body.get(SALT..)?).ok()
}

fn decode_body(
    event_type: EventType,
    body: &[u8],
) -> Result<(Event, Option<Sealed<FreeText>>), Unreadable> {
    let json = body.get(SALT..).ok_or(Unreadable::Field("salt"))?;
    // JSON would let spaces follow; a record has no byte that means nothing.
    if json.last() != Some(&b'}') {
        return Err(Unreadable::Body("the payload does not end with its object".into()));
    }
    event::decode_payload(event_type, json)
        .map_err(|error| Unreadable::Body(alloc::format!("{error}")))
}
