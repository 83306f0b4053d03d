//! Who is asking. The transport needs only a name for what they may see, and a yes or no.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_graphql::parser::types::OperationType;

/// Turns a bearer token into a caller.
pub trait Authenticate: Send + Sync + 'static {
    /// The caller as resolvers find it: `ctx.data::<Arc<Self::Caller>>()`.
    type Caller: Caller;

    /// Lets the holder of this token in; `None` for every token that is not one, or not any more,
    /// for whatever reason. Asked for each request and, of an open socket, again and again: it
    /// must be quick, and right at the moment it is asked.
    fn authenticate(&self, bearer: &str) -> Option<Pass<Self::Caller>>;
}

/// Somebody who was let in.
#[derive(Debug)]
pub struct Pass<C> {
    /// Who it is.
    pub caller: Arc<C>,
    /// When the token expires, if it does.
    pub until: Option<SystemTime>,
}

impl<C> Pass<C> {
    /// How long it is still good for; `None` if it does not expire.
    pub(crate) fn left(&self) -> Option<Duration> {
        let until = self.until?;
        Some(until.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

/// What the transport asks about a caller.
pub trait Caller: Send + Sync + 'static {
    /// Names what this caller may see. Two callers with the same key get the same bytes for the
    /// same live operation, executed once: anything an answer depends on must be in the key.
    fn scope_key(&self) -> ScopeKey;

    /// Whether this caller may use a field at the root (`__schema` and `__type` included). Asked
    /// before variables are read.
    fn may(&self, operation: OperationType, field: &str) -> bool;
}

/// Names what a caller may see; equal keys share live work.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ScopeKey(Arc<str>);

impl ScopeKey {
    /// A key of this text, for instance agency and role.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for ScopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeKey({})", self.0)
    }
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110 §11.1).
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
