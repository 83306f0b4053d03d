//! `GET /export/events.ndjson`: the events that the caller sees, oldest first, one CloudEvents 1.0
//! object a line. The answer is streamed: memory does not grow with the ledger.
//!
//! | attribute | what |
//! |---|---|
//! | `id` | the event's identifier |
//! | `source` | `urn:tallystick:` and the ledger's identifier |
//! | `type` | `tallystick.ReferralMade.v1`: type and schema |
//! | `subject` | the stream |
//! | `time` | when it happened, as claimed, to the day where no time was: the clocks of Europe/London, written as if UTC, because the format asks for a zone. `occurredon` is the claim itself |
//! | `data` | the payload as stored: personal values sealed, in base64 |
//! | `note` | the note, sealed, where there is one |
//! | `sequence` | the position, in decimal |
//! | `recordedtime` | when it was recorded |
//! | `agency`, `actor`, `cause`, `streamversion`, `commit` | as in the event's header |
//! | `record` | for scopes that read everything: header and body in base64, each with its random salt, exactly as stored: to be folded again, and for whoever wants to see that the digests are of these bytes |

use std::{
    fmt::Display,
    io::{self, Write as _},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{Stream, stream};
use tallystick_domain::{
    Date, Position,
    envelope::{Envelope, Stored, Unreadable},
    id::{ActorId, AgencyId, LedgerId},
};
use tallystick_ledger::{Ledger, ReadError, Walk};
use tallystick_views::Scope;
use tokio::task::JoinHandle;

use crate::{
    answer::refusal,
    errors::{Code, Refused, RequestId},
    http::authenticate,
    principal::Principal,
    schema::{
        cursor::Origin,
        query::PATIENCE,
        scalar::{Instant, read_instant},
    },
    service::Service,
};

/// Bytes put on the wire at once: some two hundred events, so that going to another thread for each
/// chunk costs nothing beside making it.
const CHUNK: usize = 256 * 1024;

/// The export's route.
pub(crate) fn router(service: Arc<Service<Principal>>, ledger: Ledger) -> Router {
    Router::new().route("/export/events.ndjson", get(events)).with_state(Desk { service, ledger })
}

#[derive(Clone)]
struct Desk {
    service: Arc<Service<Principal>>,
    ledger: Ledger,
}

async fn events(State(desk): State<Desk>, request: Request) -> Response {
    let id = RequestId::next();
    let query = request.uri().query().unwrap_or("");
    match open(&desk, request.headers(), query).await {
        Ok(lines) => {
            let mut response = Response::new(Body::from_stream(lines.stream()));
            let headers = response.headers_mut();
            let ndjson = HeaderValue::from_static("application/x-ndjson");
            headers.insert(header::CONTENT_TYPE, ndjson);
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(refused) => {
            desk.service.metrics.refused(refused.code);
            let mut response = Response::new(Body::from(refusal(&refused, &id)));
            *response.status_mut() = refused.code.status();
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            if response.status() == StatusCode::UNAUTHORIZED {
                let bearer = HeaderValue::from_static("Bearer");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
            }
            response
        }
    }
}

/// # Errors
/// `UNAUTHENTICATED`; `BAD_REQUEST` for an argument that is none; `CURSOR_UNKNOWN`; `BEHIND`.
async fn open(desk: &Desk, headers: &HeaderMap, query: &str) -> Result<Lines, Refused> {
    let principal = authenticate(&desk.service, headers)?;
    let snapshot = desk.ledger.snapshot();
    let asked = Asked::read(query, Origin::of(&snapshot))?;
    let farthest = match asked.until {
        Some(Until::Position(position)) => asked.after.max(position),
        Some(Until::RecordedAt(_)) | None => asked.after,
    };
    let arrived = desk.ledger.wait_for(farthest, PATIENCE).await;
    let snapshot = arrived.map_err(|behind| Refused::new(Code::Behind, behind.to_string()))?;
    let scope = principal.scope();
    Ok(Lines {
        walk: desk.ledger.walk(scope, asked.after),
        until: asked.until.unwrap_or(Until::Position(snapshot.position())),
        writer: EventWriter::new(Origin::of(&snapshot).ledger(), scope),
        over: false,
    })
}

/// Where the export ends: with the last command that was complete there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    Position(Position),
    RecordedAt(i64),
}

impl Until {
    /// Whether a record is past it.
    fn leaves_out(self, envelope: &Envelope) -> bool {
        match self {
            Self::Position(end) => {
                let rest = u64::from(envelope.of - 1 - envelope.index);
                envelope.position.0 + rest > end.0
            }
            Self::RecordedAt(end) => envelope.recorded_at > end,
        }
    }
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    after: Position,
    until: Option<Until>,
}

impl Asked {
    fn read(query: &str, origin: Origin) -> Result<Self, Refused> {
        let mut asked = Self { after: Position::ZERO, until: None };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                // A position too, so that the offline commands need no cursors.
                "after" => {
                    asked.after = match position(&value) {
                        Some(position) => position,
                        None => origin.read(&value)?.position,
                    };
                }
                "asOf" => {
                    let until = position(&value).map(Until::Position);
                    let until = until.or_else(|| read_instant(&value).map(Until::RecordedAt));
                    asked.until = Some(until.ok_or_else(|| {
                        Refused::new(Code::BadRequest, "asOf is a position or an instant in UTC")
                    })?);
                }
                _ => {
                    return Err(Refused::new(Code::BadRequest, "the arguments are after and asOf"));
                }
            }
        }
        Ok(asked)
    }
}

fn position(text: &str) -> Option<Position> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok().map(Position))?
}

/// An export under way.
struct Lines {
    walk: Walk,
    until: Until,
    writer: EventWriter,
    over: bool,
}

impl Lines {
    /// The chunks, made one ahead: the next is read while one is sent.
    ///
    /// After an error the connection breaks, so that nobody takes the part for the whole.
    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
            let error = io::Error::other(error);
            tracing::error!(%error, "an export breaks off");
            error
        }
        stream::try_unfold(Some(self.ahead()), async |next| {
            let Some(next) = next else { return Ok(None) };
            let (chunk, lines) = next.await.map_err(broken)?.map_err(broken)?;
            Ok(Some((chunk, (!lines.over).then(|| lines.ahead()))))
        })
    }

    /// Makes the next chunk where that blocks nobody.
    fn ahead(mut self) -> JoinHandle<Result<(Bytes, Self), ReadError>> {
        tokio::task::spawn_blocking(move || Ok((self.chunk()?, self)))
    }

    fn chunk(&mut self) -> Result<Bytes, ReadError> {
        let Self { walk, until, writer, over } = self;
        let mut out = Vec::with_capacity(CHUNK + CHUNK / 8);
        while !*over && out.len() < CHUNK {
            let mut ended = false;
            let more = walk.step(|stored| {
                ended |= until.leaves_out(&stored.envelope);
                if !ended {
                    writer.write(&stored, &mut out);
                }
            })?;
            *over = ended || !more;
        }
        Ok(out.into())
    }
}

/// Writes events as lines, also for tools that read a log without a node.
#[derive(Debug)]
pub struct EventWriter {
    source: String,
    whole: bool,
    record: Vec<u8>,
    happened: Lately<Date>,
    recorded: Lately<i64>,
}

impl EventWriter {
    /// A writer for a ledger's events as a scope may have them.
    pub fn new(ledger: LedgerId, scope: Scope) -> Self {
        Self {
            source: format!("urn:tallystick:{ledger}"),
            whole: scope.reads_everything(),
            record: Vec::new(),
            happened: Lately::default(),
            recorded: Lately::default(),
        }
    }

    /// Appends the event and a line feed.
    pub fn write(&mut self, stored: &Stored<'_>, out: &mut Vec<u8>) {
        let Self { source, whole, record, happened, recorded } = self;
        let envelope = &stored.envelope;
        // Identifiers, numbers and dates need no escapes. Writing into memory cannot fail.
        let event = envelope.event_id();
        out.extend_from_slice(br#"{"specversion":"1.0","id":""#);
        push_id(out, "evt_", event.of_command);
        let _ = write!(
            out,
            r#"_{}","source":"{source}","type":"tallystick.{}.v{}","subject":""#,
            event.index,
            envelope.event_type.name(),
            envelope.schema,
        );
        push_id(out, envelope.stream.kind.prefix(), envelope.stream.id);
        let day = happened.text(envelope.occurred.date);
        let (hour, minute) = envelope.occurred.minute.map_or((0, 0), |it| (it / 60, it % 60));
        let _ = write!(out, r#"","time":"{day}T{hour:02}:{minute:02}:00Z","occurredon":"{day}"#);
        if envelope.occurred.minute.is_some() {
            let _ = write!(out, "T{hour:02}:{minute:02}");
        }
        out.extend_from_slice(br#"","recordedtime":""#);
        out.extend_from_slice(recorded.text(envelope.recorded_at).as_bytes());
        let _ = write!(
            out,
            r#"","sequence":"{}","streamversion":{},"commit":"{}","agency":""#,
            envelope.position, envelope.version, envelope.commit,
        );
        push_id(out, AgencyId::PREFIX, envelope.agency.0);
        out.extend_from_slice(br#"","actor":""#);
        push_id(out, ActorId::PREFIX, envelope.actor.0);
        out.extend_from_slice(br#"","datacontenttype":"application/json","#);
        if let Some(cause) = envelope.cause {
            let _ = write!(out, r#""cause":"{cause}","#);
        }
        if *whole {
            record.clear();
            record.extend_from_slice(stored.header);
            record.extend_from_slice(stored.body);
            out.extend_from_slice(br#""record":""#);
            push_base64(out, record);
            out.extend_from_slice(br#"","#);
        }
        // The stored text is an object with `data` and perhaps `note`: its members go on here.
        out.extend_from_slice(&stored.json.as_bytes()[1..]);
        out.push(b'\n');
    }
}

/// Appends an identifier, as `Display` would at some times the cost.
fn push_id(out: &mut Vec<u8>, prefix: &str, id: [u8; 16]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(prefix.as_bytes());
    let mut digits = [0; 32];
    for (two, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(id) {
        *two = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    out.extend_from_slice(&digits);
}

/// Appends bytes in base64.
fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let (start, length) = (out.len(), bytes.len().div_ceil(3) * 4);
    out.resize(start + length, 0);
    let written = STANDARD.encode_slice(bytes, &mut out[start..]);
    debug_assert_eq!(written, Ok(length), "padded base64 takes four digits for three bytes");
}

/// The text of what was written last: neighbours in the log share their day, and often their
/// instant.
#[derive(Debug)]
struct Lately<T> {
    of: Option<T>,
    text: String,
}

impl<T> Default for Lately<T> {
    fn default() -> Self {
        Self { of: None, text: String::new() }
    }
}

impl Lately<Date> {
    fn text(&mut self, date: Date) -> &str {
        self.renew(date, date)
    }
}

impl Lately<i64> {
    fn text(&mut self, instant: i64) -> &str {
        self.renew(instant, Instant(instant))
    }
}

impl<T: PartialEq> Lately<T> {
    fn renew(&mut self, value: T, shown: impl Display) -> &str {
        if self.of.as_ref() != Some(&value) {
            self.text = shown.to_string();
            self.of = Some(value);
        }
        &self.text
    }
}

/// A line that is no event of an export for scopes that read everything.
#[derive(Debug, thiserror::Error)]
pub enum NoEvent {
    /// Not a JSON object with a `record`.
    #[error("not an event with its record: an auditor's or commissioner's export has them")]
    Json(#[source] serde_json::Error),
    /// The record is not base64.
    #[error("the record is not base64")]
    Base64(#[source] base64::DecodeError),
    /// The record is not one of this version.
    #[error("the record cannot be read")]
    Record(#[source] Unreadable),
}

/// Header and body of the record of a line, to be folded again.
///
/// # Errors
/// [`NoEvent`].
pub fn record_of(line: &str) -> Result<(Vec<u8>, Vec<u8>), NoEvent> {
    #[derive(serde::Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        record: std::borrow::Cow<'a, str>,
    }
    let line: Line<'_> = serde_json::from_str(line).map_err(NoEvent::Json)?;
    let mut header = STANDARD.decode(line.record.as_bytes()).map_err(NoEvent::Base64)?;
    let length = Envelope::split(&header).map_err(NoEvent::Record)?.0.len();
    let body = header.split_off(length);
    Ok((header, body))
}
