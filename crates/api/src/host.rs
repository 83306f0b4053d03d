//! What the front door asks of the node behind it.

use async_graphql::Data;

use crate::metrics::Exposition;

/// The node around the transport.
pub trait Host: Send + Sync + 'static {
    /// Whether requests can be answered, and if not, why not in one line: still folding, behind.
    ///
    /// # Errors
    /// The reason, shown by `/health/readiness`.
    fn ready(&self) -> Result<(), String>;

    /// What this node is, as JSON fields of `/info`: version, ledger, position.
    fn info(&self) -> serde_json::Map<String, serde_json::Value>;

    /// Adds the node's own figures to `/metrics`: fold lag, head position, free disk, read-only.
    fn measure(&self, exposition: &mut Exposition);

    /// Puts into a request's data what all its resolvers share, for instance one snapshot, so that
    /// every field of an answer is of one position. The caller is there already.
    fn equip(&self, data: &mut Data);
}
