//! The tree over the records as static files, exactly as C2SP `tlog-tiles` has them, so that tools
//! written for such logs work on this one; and the way back for witnesses' cosignatures.
//!
//! | path | what |
//! |---|---|
//! | `GET /log/checkpoint` | the last checkpoint, a signed note |
//! | `GET /log/tile/<L>/<N>[.p/<W>]` | hashes of the tree |
//! | `GET /log/tile/entries/<N>[.p/<W>]` | what its leaves are hashes of: digests of records |
//! | `POST /log/cosignatures` | signature lines of one of the last checkpoints, as text; the answer is that checkpoint's size |
//!
//! What is served never reaches beyond what is published. A tile may be asked for in any width that
//! it has or had; it never changes, so that whoever has it keeps it.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tallystick_ledger::{Bundle, Ledger, NoteError, Tile, TreeError, TreeHash, TreeSize};

use crate::{
    authority::{Proof, may_have},
    errors::{Code, Refused, RequestId},
    http,
    media::{self, Answering},
    node::Node,
    principal::Principal,
    service::Service,
};

/// tlog-tiles, "Checkpoints".
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// tlog-tiles, "Merkle Tree" and "Log entries". Digests do not compress, so nothing is.
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// For what is another in a second.
const PASSING: HeaderValue = HeaderValue::from_static("no-store");
/// A year, for what never changes. Private, because it needs a token.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// The routes below `/log`.
pub(crate) fn router(service: Arc<Service<Principal>>, node: Node) -> Router {
    Router::new()
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/tile/{*place}", get(tile))
        .route("/log/cosignatures", post(cosignatures))
        .with_state(Desk { service, node })
}

#[derive(Clone)]
struct Desk {
    service: Arc<Service<Principal>>,
    node: Node,
}

/// Why nothing is served.
enum Unserved {
    /// There is no such thing.
    Absent,
    Refused(Refused),
}

impl From<Refused> for Unserved {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

async fn checkpoint(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let served = desk.admit(&headers, Proof::Heads).and_then(|()| {
        let checkpoint = desk.node.ledger().checkpoint().ok_or(Unserved::Absent)?;
        Ok(reply(TEXT, PASSING, checkpoint.to_string()))
    });
    desk.answer(served)
}

async fn tile(State(desk): State<Desk>, uri: Uri, headers: HeaderMap) -> Response {
    let served = async {
        desk.admit(&headers, Proof::Digests)?;
        let place = uri.path().strip_prefix("/log/").and_then(Place::parse);
        let place = place.ok_or(Unserved::Absent)?;
        let ledger = desk.node.ledger().clone();
        let bytes = blocking(move || place.read(&ledger)).await?;
        Ok(reply(OCTETS, FOR_EVER, bytes))
    };
    let served = served.await;
    desk.answer(served)
}

async fn cosignatures(State(desk): State<Desk>, request: Request) -> Response {
    let served = desk.take_cosignatures(request).await;
    desk.answer(served)
}

impl Desk {
    /// # Errors
    /// `UNAUTHENTICATED` and `FORBIDDEN`.
    fn admit(&self, headers: &HeaderMap, proof: Proof) -> Result<(), Unserved> {
        let principal = http::authenticate(&self.service, headers)?;
        if may_have(principal.role(), proof) {
            return Ok(());
        }
        let role = principal.role().as_str();
        Err(Refused::new(Code::Forbidden, format!("the role {role} may not {proof}")).into())
    }

    /// # Errors
    /// `UNSUPPORTED_MEDIA_TYPE`; `PAYLOAD_TOO_LARGE`; `BAD_REQUEST` for what is no signature line,
    /// or a signature of something else; `FORBIDDEN` where no line is of a witness of this log.
    async fn take_cosignatures(&self, request: Request) -> Result<Response, Unserved> {
        let (parts, body) = request.into_parts();
        self.admit(&parts.headers, Proof::Cosigning)?;
        if !media::is_text(&parts.headers) {
            let wrong = "send text/plain in UTF-8, not compressed";
            return Err(Refused::new(Code::UnsupportedMediaType, wrong).into());
        }
        let body = http::read(body, &parts.headers, self.service.limits()).await?;
        let lines = String::from_utf8(body.into())
            .map_err(|_| Refused::new(Code::BadRequest, "not UTF-8"))?;
        let node = self.node.clone();
        let taken = blocking(move || {
            let (ledger, witnesses) = (node.ledger(), node.witnesses());
            let cosigned = ledger
                .add_cosignatures(&lines, witnesses.keys())
                .map_err(|error| untaken(&error))?;
            if let Some(checkpoint) = &cosigned {
                witnesses.see(checkpoint);
            }
            Ok(cosigned.map(|checkpoint| checkpoint.head().size))
        });
        match taken.await? {
            None => {
                let wrong = "no line is a signature of a witness that this log is told of";
                Err(Refused::new(Code::Forbidden, wrong).into())
            }
            Some(size) => Ok(reply(TEXT, PASSING, format!("{size}\n"))),
        }
    }

    fn answer(&self, served: Result<Response, Unserved>) -> Response {
        match served {
            Ok(response) => response,
            Err(Unserved::Absent) => {
                let mut response = reply(TEXT, PASSING, "there is no such thing here\n");
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            }
            Err(Unserved::Refused(refused)) => {
                http::refuse(&self.service, &refused, Answering::Json, &RequestId::next())
            }
        }
    }
}

/// A file below `/log/`.
enum Place {
    Tile(Tile),
    Bundle(Bundle),
}

impl Place {
    /// Each place has one path; any other leads nowhere.
    fn parse(path: &str) -> Option<Self> {
        let tile = path.parse().map(Self::Tile);
        tile.or_else(|_| path.parse().map(Self::Bundle)).ok()
    }

    /// Its bytes, as wide as asked for.
    fn read(&self, ledger: &Ledger) -> Result<Vec<u8>, Unserved> {
        let published = TreeSize::new(ledger.snapshot().position().0);
        match *self {
            Self::Tile(tile) if tile.is_in(published) => {
                let mut bytes = ledger.tile(tile).map_err(|error| unread(&error))?;
                bytes.truncate(usize::from(tile.width()) * TreeHash::BYTES);
                Ok(bytes)
            }
            Self::Bundle(bundle) if bundle.is_in(published) => {
                Ok(Bundle::encode(ledger.entries(bundle).map_err(|error| unread(&error))?))
            }
            Self::Tile(_) | Self::Bundle(_) => Err(Unserved::Absent),
        }
    }
}

fn unread(error: &TreeError) -> Unserved {
    tracing::error!(%error, "a part of the tree cannot be served");
    Refused::new(Code::Internal, "internal error").into()
}

fn untaken(error: &NoteError) -> Unserved {
    let why = match error {
        // There is no checkpoint to cosign.
        NoteError::Untrusted => return Unserved::Absent,
        NoteError::Wrong { .. } => {
            format!("{error}, or of another checkpoint than the last: fetch that, and cosign it")
        }
        _ => error.to_string(),
    };
    Refused::new(Code::BadRequest, why).into()
}

/// Work on a thread that may wait for a disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Unserved> + Send + 'static,
) -> Result<T, Unserved> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "work below /log was cut short");
        Err(Refused::new(Code::Internal, "internal error").into())
    })
}

fn reply(kind: HeaderValue, keep: HeaderValue, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)], body.into()).into_response()
}
