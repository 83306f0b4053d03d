//! The body of a savepoint: the folds as canonical bytes. Lists are left out; they follow from the
//! cases. The file around it (checksum, position, digest of the log) is the ledger's.

use crate::Snapshot;
use crate::snapshot::is_named;
use imbl::Vector;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tallystick_domain::{
    Case, CaseKey, Position,
    id::{AgencyId, PersonId},
};

/// Version of what a snapshot holds and how it is folded. A savepoint of another version is
/// thrown away.
pub const FOLD_VERSION: u32 = 7;

/// Bytes that are no snapshot of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a snapshot of fold version {FOLD_VERSION}: {0}")]
pub struct SaveError(#[from] postcard::Error);

#[derive(Serialize, Deserialize)]
struct Front {
    position: Position,
    commit: u64,
    recorded_at: i64,
    directory_changed: Position,
    changed: Vec<(AgencyId, Position)>,
    scope_changes: Vec<(AgencyId, Vec<(Position, CaseKey)>)>,
    noted: Vec<PersonId>,
    cases: usize,
}

impl Snapshot {
    /// The snapshot as bytes: the same for equal snapshots.
    pub fn save(&self) -> Vec<u8> {
        let mut changed: Vec<_> = self.changed.iter().map(|(id, at)| (*id, *at)).collect();
        changed.sort_unstable();
        let mut scope_changes: Vec<_> = self
            .scope_changes
            .iter()
            .map(|(id, changes)| (*id, changes.iter().copied().collect::<Vec<_>>()))
            .collect();
        scope_changes.sort_unstable();
        let mut noted: Vec<_> = self.noted.keys().copied().collect();
        noted.sort_unstable();
        let mut cases: Vec<_> = self.cases.values().collect();
        cases.sort_unstable_by_key(|case| case.key);
        let front = Front {
            position: self.position,
            commit: self.commit,
            recorded_at: self.recorded_at,
            directory_changed: self.directory_changed,
            changed,
            scope_changes,
            noted,
            cases: cases.len(),
        };
        // Writing to memory cannot fail, and no type of a case refuses to be serialised.
        let mut bytes = postcard::to_allocvec(&front).unwrap_or_default();
        for case in cases {
            bytes = postcard::to_extend(&**case, bytes).unwrap_or_default();
        }
        bytes
    }

    /// Reads a snapshot back, with its lists.
    ///
    /// # Errors
    /// [`SaveError`] if the bytes are not what [`Self::save`] of this version made.
    pub fn load(bytes: &[u8]) -> Result<Self, SaveError> {
        let (front, mut rest): (Front, _) = postcard::take_from_bytes(bytes)?;
        let mut snapshot = Self {
            position: front.position,
            commit: front.commit,
            recorded_at: front.recorded_at,
            directory_changed: front.directory_changed,
            noted: front.noted.into_iter().map(|person| (person, ())).collect(),
            changed: front.changed.into_iter().collect(),
            scope_changes: front
                .scope_changes
                .into_iter()
                .map(|(id, changes)| (id, changes.into_iter().collect::<Vector<_>>()))
                .collect(),
            ..Self::default()
        };
        for _ in 0..front.cases {
            let (case, after): (Case, _) = postcard::take_from_bytes(rest)?;
            rest = after;
            for head in &case.trail.streams {
                if !is_named(head.stream.kind) {
                    snapshot.homes.insert(head.stream, case.key);
                }
            }
            snapshot.cases.insert(case.key, Arc::new(case));
        }
        snapshot.index();
        Ok(snapshot)
    }
}
