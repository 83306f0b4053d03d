//! Messages of the graphql-transport-ws protocol.

use std::borrow::Cow;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use bytes::{BufMut, Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The subprotocol, the only one.
pub(crate) const SUBPROTOCOL: &str = "graphql-transport-ws";

/// What a client says.
pub(crate) enum ClientMessage<'a> {
    Init { authorization: Option<String> },
    Ping,
    Pong,
    Subscribe { id: Cow<'a, str>, payload: &'a RawValue },
    Complete { id: Cow<'a, str> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// The payload of `connection_init`: `{"authorization": "Bearer …"}`. Other keys are the client's
/// own business.
#[derive(Deserialize)]
struct Init {
    #[serde(alias = "Authorization")]
    authorization: Option<String>,
}

impl<'a> ClientMessage<'a> {
    /// Reads one message; `None` for whatever is not one.
    pub(crate) fn parse(text: &'a str, most_id_bytes: usize) -> Option<Self> {
        let Frame { kind, id, payload } = serde_json::from_str(text).ok()?;
        let id = id.filter(|id| !id.is_empty() && id.len() <= most_id_bytes);
        match &*kind {
            "connection_init" => {
                let init =
                    payload.map(|payload| serde_json::from_str::<Option<Init>>(payload.get()));
                let init = init.transpose().ok()?.flatten();
                Some(Self::Init { authorization: init.and_then(|init| init.authorization) })
            }
            "ping" => Some(Self::Ping),
            "pong" => Some(Self::Pong),
            "subscribe" => Some(Self::Subscribe { id: id?, payload: payload? }),
            "complete" => Some(Self::Complete { id: id? }),
            _ => None,
        }
    }
}

/// Why a socket is closed. Codes and reasons of the protocol where it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    BadMessage,
    Unauthorised,
    Forbidden,
    InitTimeout,
    DuplicateId,
    TooManyInits,
    TooLarge,
    Silent,
    SlowConsumer,
    ShuttingDown,
}

impl Closing {
    pub(crate) const fn code(self) -> u16 {
        match self {
            Self::BadMessage => 4400,
            Self::Unauthorised => 4401,
            Self::Forbidden => 4403,
            Self::InitTimeout | Self::Silent => 4408,
            Self::DuplicateId => 4409,
            Self::TooManyInits => 4429,
            // RFC 6455 §7.4.1: too big to process; going away; try again later.
            Self::TooLarge => 1009,
            Self::ShuttingDown => 1001,
            Self::SlowConsumer => 1013,
        }
    }

    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::BadMessage => "Invalid message",
            Self::Unauthorised => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::InitTimeout => "Connection initialisation timeout",
            Self::DuplicateId => "Subscriber already exists",
            Self::TooManyInits => "Too many initialisation requests",
            Self::TooLarge => "Message too large",
            Self::Silent => "No answer to ping",
            Self::SlowConsumer => "SLOW_CONSUMER",
            Self::ShuttingDown => "SHUTTING_DOWN",
        }
    }

    pub(crate) fn message(self) -> Message {
        let reason = Utf8Bytes::from_static(self.reason());
        Message::Close(Some(CloseFrame { code: self.code(), reason }))
    }
}

pub(crate) fn ack() -> Message {
    Message::Text(Utf8Bytes::from_static(r#"{"type":"connection_ack"}"#))
}

pub(crate) fn ping() -> Message {
    Message::Text(Utf8Bytes::from_static(r#"{"type":"ping"}"#))
}

pub(crate) fn pong() -> Message {
    Message::Text(Utf8Bytes::from_static(r#"{"type":"pong"}"#))
}

/// The messages about one operation, ready but for their payloads.
pub(crate) struct Framing {
    /// `{"id":"…","type":"`, the id escaped once.
    opening: Bytes,
}

impl Framing {
    pub(crate) fn of(id: &str) -> Self {
        let id = serde_json::Value::from(id);
        Self { opening: format!(r#"{{"id":{id},"type":""#).into() }
    }

    pub(crate) fn next(&self, payload: &[u8]) -> Message {
        self.message(b"next\",\"payload\":", payload)
    }

    pub(crate) fn error(&self, errors: &[u8]) -> Message {
        self.message(b"error\",\"payload\":", errors)
    }

    pub(crate) fn complete(&self) -> Message {
        self.message(b"complete\"", b"")
    }

    fn message(&self, kind: &[u8], payload: &[u8]) -> Message {
        let mut text = BytesMut::with_capacity(self.opening.len() + kind.len() + payload.len() + 1);
        text.put_slice(&self.opening);
        text.put_slice(kind);
        text.put_slice(payload);
        text.put_u8(b'}');
        // All parts were text; the check is one pass over bytes that are copied anyway.
        match Utf8Bytes::try_from(text.freeze()) {
            Ok(text) => Message::Text(text),
            Err(_) => unreachable!("payloads are JSON texts"),
        }
    }
}
