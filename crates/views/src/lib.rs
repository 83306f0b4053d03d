//! What spans cases: who may see which, their lists, capacity against bookings, and the
//! [`Snapshot`] of everything up to a position. Plain values: no clock, no storage, no waiting.
//!
//! A snapshot is immutable once published. It is made of persistent maps, so publishing one a
//! commit costs what the commit changed and not what the ledger holds. Whoever reads goes through
//! an [`AgencyView`], which exists only for a [`Scope`]: a resolver has nothing else to leak.

mod digest;
mod lists;
mod measures;
mod places;
mod save;
mod scope;
mod snapshot;
mod view;

pub use lists::{Book, List};
pub use measures::{EvidenceRow, Group, Question, Tallies};
pub use places::FreePlaces;
pub use save::{FOLD_VERSION, SaveError};
pub use scope::Scope;
pub use snapshot::{History, Snapshot};
pub use view::{
    AgencyView, Entry, PersonView, PlacementView, ReferralView, SentenceView, ServiceView,
};

use hashbrown::DefaultHashBuilder;
use imbl::shared_ptr::DefaultSharedPtr;

/// The persistent hash map of this crate. Identifiers are random, so a fast hash will do.
pub(crate) type HashMap<K, V> = imbl::GenericHashMap<K, V, DefaultHashBuilder, DefaultSharedPtr>;
