//! Records at hand, decoded, so that whoever reads them again decodes nothing.

use std::sync::Arc;

use parking_lot::Mutex;
use tallystick_domain::{Position, Record};

/// A bounded number of decoded records: each position has one slot, and whatever comes last to a
/// slot stays. Filled with successive records it holds the latest ones.
pub(crate) struct Shelf {
    slots: Box<[Mutex<Option<Arc<Record>>>]>,
}

impl Shelf {
    /// Room for that many records, at least one.
    pub(crate) fn new(records: usize) -> Self {
        Self { slots: (0..records.max(1)).map(|_| Mutex::new(None)).collect() }
    }

    /// The record at a position, if it is at hand.
    pub(crate) fn get(&self, position: Position) -> Option<Arc<Record>> {
        let slot = self.slot(position).lock();
        slot.as_ref().filter(|record| record.envelope.position == position).cloned()
    }

    /// Puts a record at hand.
    pub(crate) fn put(&self, record: &Arc<Record>) {
        let new = Some(Arc::clone(record));
        // What was there is dropped after the lock.
        let _old = std::mem::replace(&mut *self.slot(record.envelope.position).lock(), new);
    }

    fn slot(&self, position: Position) -> &Mutex<Option<Arc<Record>>> {
        let place = position.0 % self.slots.len() as u64;
        &self.slots[usize::try_from(place).expect("below the length")]
    }
}
