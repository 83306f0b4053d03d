//! Which events of a case are effective. A correction never changes a record: it changes which
//! records count, and as what. So a corrected case is folded again from its effective events.

use crate::case::{About, CaseKey};
use crate::date::Occurred;
use crate::envelope::{Envelope, Record};
use crate::event::{Correction, Event};
use crate::id::EventId;
use crate::refusal::Rule;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts as recorded.
    Effective,
    /// It counts as the correction at this index of the history says.
    Replaced {
        /// Index of the correction.
        by: usize,
    },
    /// It does not count, by the correction at this index.
    Voided {
        /// Index of the correction.
        by: usize,
    },
}

/// What became of each record of a case, in the same order. The latest correction of a record
/// that is itself not voided decides.
pub fn standings(records: &[Record]) -> Vec<Standing> {
    let mut standings = alloc::vec![Standing::Effective; records.len()];
    if !records.iter().any(|record| matches!(record.event, Event::Corrected(_))) {
        return standings;
    }
    let index_of: HashMap<EventId, usize> =
        records.iter().enumerate().map(|(i, record)| (record.envelope.event_id(), i)).collect();
    // From the last to the first: whether a correction counts is settled before it is used.
    for (by, record) in records.iter().enumerate().rev() {
        let Event::Corrected(corrected) = &record.event else { continue };
        if !matches!(standings[by], Standing::Effective) {
            continue;
        }
        let Some(&target) = index_of.get(&corrected.target) else { continue };
        if matches!(standings[target], Standing::Effective) {
            standings[target] = match corrected.op {
                Correction::Void => Standing::Voided { by },
                Correction::Replace { .. } => Standing::Replaced { by },
            };
        }
    }
    standings
}

/// What a correction is about in the end: the event itself or, where that is a correction, what it
/// corrected.
pub(crate) fn subject(records: &[Record], event: EventId) -> EventId {
    let found = records.iter().find(|record| record.envelope.event_id() == event);
    match found.map(|record| &record.event) {
        // A correction is of an earlier record, so this comes to an end.
        Some(Event::Corrected(corrected)) if corrected.target != event => {
            subject(records, corrected.target)
        }
        _ => event,
    }
}

/// What surrounds an effective event.
#[derive(Clone, Copy, Debug)]
pub struct Meta<'a> {
    /// Header of the record that happened.
    pub record: &'a Envelope,
    /// When, as claimed by the record or by its correction.
    pub occurred: Occurred,
    /// Header of the record whose payload counts: the same, or that of the correction. Sealed
    /// fields were sealed under its name.
    pub words: &'a Envelope,
}

impl<'a> Meta<'a> {
    /// An event that counts as recorded.
    pub fn of(envelope: &'a Envelope) -> Self {
        Self { record: envelope, occurred: envelope.occurred, words: envelope }
    }
}

/// The events that count, in recorded order.
pub fn effective(records: &[Record]) -> impl Iterator<Item = (Meta<'_>, &Event)> {
    standings(records).into_iter().zip(records).filter_map(move |(standing, record)| {
        match (standing, &record.event) {
            (Standing::Voided { .. }, _) | (_, Event::Corrected(_)) => None,
            (Standing::Effective, event) => Some((Meta::of(&record.envelope), event)),
            (Standing::Replaced { by }, _) => {
                let Event::Corrected(corrected) = &records[by].event else { return None };
                let Correction::Replace { occurred_on, event } = &corrected.op else { return None };
                let meta = Meta {
                    record: &record.envelope,
                    occurred: *occurred_on,
                    words: &records[by].envelope,
                };
                Some((meta, &**event))
            }
        }
    })
}

/// An event that would no longer have been legal, and the rule that it would break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependant {
    /// The event.
    pub event: EventId,
    /// Its envelope.
    pub envelope: Envelope,
    /// The rule.
    pub rule: Rule,
}

/// Whether the effective history of a case is legal: every event that is not, in recorded order.
/// An event that is not legal is left out of what follows, so its own dependants are named too.
pub fn dependants(key: CaseKey, records: &[Record]) -> Vec<Dependant> {
    let mut about = About::empty(key);
    let places: HashMap<EventId, _> = records
        .iter()
        .map(|record| (record.envelope.event_id(), record.envelope.position))
        .collect();
    let locate = |event: EventId| places.get(&event).copied();
    let mut broken = Vec::new();
    for (meta, event) in effective(records) {
        match about.permits(&meta, event, &locate) {
            Ok(()) => about.evolve(&meta, event),
            Err(rule) => broken.push(Dependant {
                event: meta.record.event_id(),
                envelope: meta.record.clone(),
                rule,
            }),
        }
    }
    broken
}
