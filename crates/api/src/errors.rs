//! Why a request got no answer: the closed list of codes and the errors that carry them.

use std::fmt;

use async_graphql::{ErrorExtensions, ServerError, Value};
use axum::http::StatusCode;

/// `extensions.code` of a top-level error. The list is closed: a client may match on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request itself is malformed: not JSON, a duplicate key, a variable of the wrong type.
    BadRequest,
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// No token, or one that is not known.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// `Accept` names nothing that this endpoint writes.
    NotAcceptable,
    /// The operation may not travel by this HTTP method.
    MethodNotAllowed,
    /// The body is not `application/json`.
    UnsupportedMediaType,
    /// The body or message is larger than its limit.
    PayloadTooLarge,
    /// The document asks for more than one request may: too deep, too wide, too long.
    CostExceeded,
    /// Too much at once; ask again later.
    RateLimited,
    /// A persisted document that this server does not hold.
    DocumentNotFound,
    /// The cursor is of another ledger or incarnation.
    CursorUnknown,
    /// This node has not folded that position yet.
    Behind,
    /// The subscriber did not take what it was sent; resume from the cursor given.
    SlowConsumer,
    /// The access log cannot be written, so personal fields stay closed.
    AuditUnavailable,
    /// The node takes no commands.
    ReadOnly,
    /// The node is stopping; ask another, or again.
    ShuttingDown,
    /// A fault of ours. The text of it stays in our log, under the same `requestId`.
    Internal,
}

impl Code {
    /// Every code, in the order of the published list.
    pub const ALL: [Self; 19] = [
        Self::BadRequest,
        Self::GraphqlParseFailed,
        Self::GraphqlValidationFailed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotAcceptable,
        Self::MethodNotAllowed,
        Self::UnsupportedMediaType,
        Self::PayloadTooLarge,
        Self::CostExceeded,
        Self::RateLimited,
        Self::DocumentNotFound,
        Self::CursorUnknown,
        Self::Behind,
        Self::SlowConsumer,
        Self::AuditUnavailable,
        Self::ReadOnly,
        Self::ShuttingDown,
        Self::Internal,
    ];

    /// The code as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::CostExceeded => "COST_EXCEEDED",
            Self::RateLimited => "RATE_LIMITED",
            Self::DocumentNotFound => "DOCUMENT_NOT_FOUND",
            Self::CursorUnknown => "CURSOR_UNKNOWN",
            Self::Behind => "BEHIND",
            Self::SlowConsumer => "SLOW_CONSUMER",
            Self::AuditUnavailable => "AUDIT_UNAVAILABLE",
            Self::ReadOnly => "READ_ONLY",
            Self::ShuttingDown => "SHUTTING_DOWN",
            Self::Internal => "INTERNAL",
        }
    }

    /// The code with this name, if it is on the list.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// The HTTP status of a request refused with this code before it was executed.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest
            | Self::GraphqlParseFailed
            | Self::GraphqlValidationFailed
            | Self::CostExceeded
            | Self::DocumentNotFound
            | Self::CursorUnknown => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Behind
            | Self::SlowConsumer
            | Self::AuditUnavailable
            | Self::ReadOnly
            | Self::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the refusal speaks about a well-formed GraphQL request. Clients of the older media
    /// type `application/json` get those with status 200 (GraphQL over HTTP, §6.4.1).
    pub(crate) const fn is_about_the_document(self) -> bool {
        matches!(
            self,
            Self::GraphqlParseFailed
                | Self::GraphqlValidationFailed
                | Self::CostExceeded
                | Self::DocumentNotFound
        )
    }

    /// An error for a resolver to return: the transport lets its text through.
    pub fn error(self, message: impl Into<String>) -> async_graphql::Error {
        async_graphql::Error::new(message.into())
            .extend_with(|_, extensions| extensions.set("code", self.as_str()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request refused before anything was executed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}: {}", errors.first().map_or("", |error| error.message.as_str()))]
pub struct Refused {
    /// The code that decides the status.
    pub code: Code,
    /// What was wrong, at least one entry; each carries `code` in its extensions.
    pub(crate) errors: Vec<ServerError>,
}

impl Refused {
    /// One error with this code and text.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, errors: vec![ServerError::new(message.into(), None)] }.coded()
    }

    /// Something is larger than a limit of ours: the answer names the limit and its value.
    pub fn over(code: Code, limit: &'static str, value: usize) -> Self {
        let mut refused = Self::new(code, format!("{limit} may be at most {value}"));
        for error in &mut refused.errors {
            let extensions = error.extensions.get_or_insert_default();
            extensions.set("limit", limit);
            extensions.set("value", Value::from(value));
        }
        refused
    }

    /// The subscriber did not take what it was sent; it may resume after `cursor`.
    pub(crate) fn slow_consumer(cursor: &str) -> Self {
        let mut refused =
            Self::new(Code::SlowConsumer, "messages were not taken in time; resume at the cursor");
        for error in &mut refused.errors {
            error.extensions.get_or_insert_default().set("cursor", cursor);
        }
        refused
    }

    /// Errors of the GraphQL library about a document or its variables, under one code.
    pub(crate) fn from_errors(code: Code, errors: Vec<ServerError>) -> Self {
        Self { code, errors }.coded()
    }

    /// Errors that [`presentable`] has been over; the first one's code stands for all.
    pub(crate) fn of_presented(errors: Vec<ServerError>) -> Self {
        let code = errors.first().and_then(code_of).unwrap_or(Code::Internal);
        Self { code, errors }
    }

    fn coded(mut self) -> Self {
        for error in &mut self.errors {
            error.extensions.get_or_insert_default().set("code", self.code.as_str());
        }
        self
    }
}

/// What may be shown of an error that came up while executing: its own text if its author gave it
/// a code of the list, otherwise only that there was one.
pub(crate) fn presentable(mut error: ServerError, request: &RequestId) -> ServerError {
    match code_of(&error) {
        Some(Code::Internal) | None if !is_input_error(&error) => {
            tracing::error!(
                request.id = %request,
                error = error.message.as_str(),
                path = ?error.path,
                "a resolver failed"
            );
            let mut hidden = ServerError::new("internal error", None);
            hidden.locations = error.locations;
            hidden.path = error.path;
            hidden.extensions.get_or_insert_default().set("code", Code::Internal.as_str());
            hidden
        }
        Some(_) => error,
        None => {
            error.extensions.get_or_insert_default().set("code", Code::BadRequest.as_str());
            error
        }
    }
}

/// The code that an error carries, if it is one of the list.
pub(crate) fn code_of(error: &ServerError) -> Option<Code> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(name) => Code::parse(name),
        _ => None,
    }
}

/// Our own scalars refuse an argument with this opening (`InputValueError` of async-graphql); the
/// text is about the caller's input and is written by us.
fn is_input_error(error: &ServerError) -> bool {
    error.source.is_none()
        && error.extensions.is_none()
        && error.message.starts_with("Failed to parse \"")
}

/// Names one request in its answer and in our log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId(u64, u64);

impl RequestId {
    /// The next one. Unique within the process by a counter, between processes by 64 random bits.
    pub(crate) fn next() -> Self {
        use std::sync::{
            LazyLock,
            atomic::{AtomicU64, Ordering},
        };
        static PROCESS: LazyLock<u64> = LazyLock::new(|| getrandom::u64().unwrap_or_default());
        static COUNTER: AtomicU64 = AtomicU64::new(1);
        Self(*PROCESS, COUNTER.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:x}", self.0, self.1)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_uncoded_error_never_leaves() {
        let request = RequestId::next();
        let shown = presentable(ServerError::new("/var/lib/ledger: disk on fire", None), &request);
        assert_eq!(shown.message, "internal error");
        let coded = presentable(
            Code::Internal.error("secret").into_server_error(async_graphql::Pos::default()),
            &request,
        );
        assert_eq!(coded.message, "internal error", "INTERNAL hides its text whoever said it");
    }

    #[test]
    fn a_coded_error_keeps_its_text() {
        let error = Code::Behind.error("position 9 is not here yet");
        let shown =
            presentable(error.into_server_error(async_graphql::Pos::default()), &RequestId::next());
        assert_eq!(shown.message, "position 9 is not here yet");
    }

    #[test]
    fn a_code_outside_the_list_is_internal() {
        let error = async_graphql::Error::new("x")
            .extend_with(|_, extensions| extensions.set("code", "MADE_UP"));
        let shown =
            presentable(error.into_server_error(async_graphql::Pos::default()), &RequestId::next());
        assert_eq!(shown.extensions.unwrap().get("code"), Some(&Value::from("INTERNAL")));
    }

    #[test]
    fn every_code_reads_back_as_itself() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(code));
        }
    }
}
