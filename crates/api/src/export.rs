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
//! | `record` | for scopes that read everything: header and body in base64, to fold the export again. The body's random salt is left blank |

use std::{
    fmt::{Display, Write as _},
    io,
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
    Date, Position, Record,
    envelope::{Envelope, SALT, Unreadable, body_json},
    id::{ActorId, AgencyId, LedgerId},
};
use tallystick_ledger::{Feed, FeedItem, Ledger};
use tallystick_views::Scope;
use tokio::sync::mpsc;

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

/// Bytes put on the wire at once.
const CHUNK: usize = 64 * 1024;

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
        feed: desk.ledger.feed(scope, asked.after),
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
    fn leaves_out(self, record: &Record) -> bool {
        let envelope = &record.envelope;
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
    feed: Feed,
    until: Until,
    writer: EventWriter,
    over: bool,
}

impl Lines {
    /// The chunks. They are made by a task of their own, one ahead, so that the next are read while
    /// one is sent.
    fn stream(mut self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(chunk) = self.chunk().await.transpose() {
                let broken = chunk.is_err();
                // Whoever asked may have gone.
                if sender.send(chunk).await.is_err() || broken {
                    break;
                }
            }
        });
        stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)))
    }

    /// # Errors
    /// When the log cannot be read: the connection breaks, so that nobody takes the part for the
    /// whole.
    async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        if self.over {
            return Ok(None);
        }
        let mut out = Vec::with_capacity(CHUNK + CHUNK / 8);
        while out.len() < CHUNK {
            match self.feed.next().await {
                Ok(FeedItem::Event(record)) if !self.until.leaves_out(&record) => {
                    self.writer.write(&record, &mut out);
                }
                // What the audience is now is all that an export shows.
                Ok(FeedItem::ScopeChanged { .. }) => {}
                Ok(FeedItem::Event(_) | FeedItem::CaughtUp { .. }) => {
                    self.over = true;
                    break;
                }
                Err(error) => {
                    tracing::error!(%error, "an export breaks off");
                    return Err(io::Error::other(error));
                }
            }
        }
        Ok((!out.is_empty()).then(|| out.into()))
    }
}

/// Writes events as lines, also for tools that read a log without a node.
#[derive(Debug)]
pub struct EventWriter {
    source: String,
    whole: bool,
    header: Vec<u8>,
    body: Vec<u8>,
    text: String,
    happened: Lately<Date>,
    recorded: Lately<i64>,
}

impl EventWriter {
    /// A writer for a ledger's events as a scope may have them.
    pub fn new(ledger: LedgerId, scope: Scope) -> Self {
        Self {
            source: format!("urn:tallystick:{ledger}"),
            whole: scope.reads_everything(),
            header: Vec::new(),
            body: Vec::new(),
            text: String::new(),
            happened: Lately::default(),
            recorded: Lately::default(),
        }
    }

    /// Appends the event and a line feed.
    pub fn write(&mut self, record: &Record, out: &mut Vec<u8>) {
        let Self { source, whole, header, body, text, happened, recorded } = self;
        let envelope = &record.envelope;
        header.clear();
        body.clear();
        record.encode_body([0; SALT], body);
        text.clear();
        // Identifiers, numbers and dates need no escapes. Writing to a string cannot fail.
        let event = envelope.event_id();
        text.push_str(r#"{"specversion":"1.0","id":""#);
        push_id(text, "evt_", event.of_command);
        let _ = write!(
            text,
            r#"_{}","source":"{source}","type":"tallystick.{}.v{}","subject":""#,
            event.index,
            envelope.event_type.name(),
            envelope.schema,
        );
        push_id(text, envelope.stream.kind.prefix(), envelope.stream.id);
        let day = happened.text(envelope.occurred.date);
        let (hour, minute) = envelope.occurred.minute.map_or((0, 0), |it| (it / 60, it % 60));
        let _ = write!(text, r#"","time":"{day}T{hour:02}:{minute:02}:00Z","occurredon":"{day}"#);
        if envelope.occurred.minute.is_some() {
            let _ = write!(text, "T{hour:02}:{minute:02}");
        }
        text.push_str(r#"","recordedtime":""#);
        text.push_str(recorded.text(envelope.recorded_at));
        let _ = write!(
            text,
            r#"","sequence":"{}","streamversion":{},"commit":"{}","agency":""#,
            envelope.position, envelope.version, envelope.commit,
        );
        push_id(text, AgencyId::PREFIX, envelope.agency.0);
        text.push_str(r#"","actor":""#);
        push_id(text, ActorId::PREFIX, envelope.actor.0);
        text.push_str(r#"","datacontenttype":"application/json","#);
        if let Some(cause) = envelope.cause {
            let _ = write!(text, r#""cause":"{cause}","#);
        }
        if *whole {
            envelope.encode(header);
            header.extend_from_slice(body);
            text.push_str(r#""record":""#);
            STANDARD.encode_string(&*header, text);
            text.push_str(r#"","#);
        }
        out.extend_from_slice(text.as_bytes());
        // The stored text is an object with `data` and perhaps `note`: its members go on here.
        let members = body_json(body).and_then(|json| json.strip_prefix('{')).unwrap_or("}");
        out.extend_from_slice(members.as_bytes());
        out.push(b'\n');
    }
}

/// Appends an identifier, as `Display` would at some times the cost.
fn push_id(text: &mut String, prefix: &str, id: [u8; 16]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.push_str(prefix);
    for byte in id {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
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
            self.text.clear();
            let _ = write!(self.text, "{shown}");
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
