//! The GraphQL front door of the ledger: HTTP and WebSocket, tokens, limits, live work shared.
//!
//! What arrives here is not trusted; what leaves is bytes. This crate decides nothing about the
//! partnership: resolvers ask `ledger` and `views`.

mod answer;
mod authority;
mod caller;
mod documents;
mod envelope;
mod errors;
mod export;
mod fanout;
mod front;
mod host;
mod http;
mod limits;
mod live;
mod media;
mod metrics;
mod node;
mod operation;
mod principal;
mod schema;
mod server;
mod service;
mod socket;
mod tlog;
mod tokens;
mod variables;
mod weight;
mod wire;
mod witnesses;

pub use answer::Notes;
pub use authority::may_have_digests;
pub use caller::{Authenticate, Caller, Pass, ScopeKey};
pub use documents::Engine;
pub use errors::{Code, Refused, RequestId};
pub use export::{EventWriter, NoEvent, record_of};
pub use front::{Settings, open, run};
pub use host::Host;
pub use limits::Limits;
pub use live::{CursorOf, Live, LiveSlot, Source, Tick, TickKey};
pub use metrics::Exposition;
pub use principal::{InvalidPrincipal, Principal};
pub use schema::sdl;
pub use server::{router, serve};
pub use service::Service;
pub use tokens::{TokenEntry, TokenFile, TokenFileError, Tokens};
