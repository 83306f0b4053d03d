//! What events about measures said.

use async_graphql::{ID, Object};

use super::MeasureDefined;
use crate::schema::{id, scalar::Hash};

/// A version of a measure was defined.
#[Object]
impl MeasureDefined<'_> {
    /// The measure.
    fn measure(&self) -> ID {
        id::show(self.stream)
    }

    /// Number of the version.
    fn version(&self) -> u32 {
        self.it.version
    }

    /// The definition as JSON, in its canonical spelling.
    fn json(&self) -> String {
        String::from_utf8_lossy(&self.it.definition.canonical_bytes()).into_owned()
    }

    /// SHA-256 of that.
    fn hash(&self) -> Hash {
        Hash(self.it.definition.hash())
    }
}
