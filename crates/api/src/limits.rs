//! Every limit of the front door, named and set once.

use std::time::Duration;

/// What one request, document or socket may cost. Going over is a refusal that names the limit
/// and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that speak HTTP at once; a socket has left HTTP behind. One too many is told
    /// 503 and closed.
    pub connections: usize,
    /// Time for the whole head of a request to arrive, from the connection or from the answer
    /// before; then the connection is closed.
    pub head_within: Duration,
    /// Bytes of an HTTP body, of a GET query string's decoded parameters, of a WebSocket message.
    pub body_bytes: usize,
    /// Time for a whole body to arrive.
    pub body_within: Duration,
    /// Nesting of JSON in variables and extensions.
    pub json_depth: usize,
    /// Lexical tokens of a document. The standard introspection query has about 300.
    pub tokens: usize,
    /// Brackets within brackets in the text of a document.
    pub nesting: usize,
    /// Nesting of fields, fragments counted where they are spread. The standard introspection
    /// query needs 15.
    pub depth: usize,
    /// Nesting of selection sets: as `depth`, but each fragment counts as a level of its own.
    pub recursion: usize,
    /// Directives on one field, fragment or operation.
    pub directives: usize,
    /// Aliases in one operation, fragments counted each time they are spread.
    pub aliases: usize,
    /// Fields at the root of one operation.
    pub root_fields: usize,
    /// Fields of one operation with all its fragments spread out. Fragments that spread fragments
    /// double with each level, so that a short document can name 2³⁰ fields.
    pub fields: usize,
    /// Documents kept parsed and validated.
    pub documents: usize,
    /// Bytes of their texts; parsed, a text takes up to a hundred times as much.
    pub document_bytes: usize,
    /// Sockets open at once.
    pub sockets: usize,
    /// Operations open at once on one socket.
    pub subscriptions: usize,
    /// Bytes of the id that a client gives an operation.
    pub operation_id_bytes: usize,
    /// Time from opening a socket to `connection_init`.
    pub init_within: Duration,
    /// Time between two looks whether the token of an open socket is still good.
    pub recheck_every: Duration,
    /// Time between two pings; a socket silent for two of them is closed.
    pub ping_every: Duration,
    /// Bytes put on a socket before it must have taken them.
    pub batch_bytes: usize,
    /// Time for such a batch to be taken; then the consumer is too slow.
    pub stall: Duration,
    /// Time for a client to answer our close frame.
    pub farewell: Duration,
    /// Least time between two answers of a live query: 250 ms is four a second.
    pub live_interval: Duration,
    /// Rendered payloads kept for the subscribers of one event stream.
    pub shared_payloads: usize,
    /// Bytes of such payloads.
    pub shared_bytes: usize,
    /// Time for open requests and sockets to end at shutdown.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_within: Duration::from_secs(30),
            body_bytes: 256 * 1024,
            body_within: Duration::from_secs(30),
            json_depth: 32,
            tokens: 4_000,
            nesting: 64,
            depth: 15,
            recursion: 32,
            directives: 8,
            aliases: 30,
            root_fields: 20,
            fields: 2_000,
            documents: 1_024,
            document_bytes: 1024 * 1024,
            sockets: 10_000,
            subscriptions: 20,
            operation_id_bytes: 128,
            init_within: Duration::from_secs(5),
            recheck_every: Duration::from_millis(500),
            ping_every: Duration::from_secs(20),
            batch_bytes: 64 * 1024,
            stall: Duration::from_secs(10),
            farewell: Duration::from_secs(1),
            live_interval: Duration::from_millis(250),
            shared_payloads: 1_024,
            shared_bytes: 1024 * 1024,
            shutdown_grace: Duration::from_secs(10),
        }
    }
}
