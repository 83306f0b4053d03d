//! What a caller is told about a command.

use std::sync::Arc;

use tallystick_domain::{EventId, Position, Record, Refused, StreamId};
use tallystick_log::Source;
use thiserror::Error;

use crate::archive::ReadError;
use crate::settings::Limit;

/// That a command was recorded, and where. Given only when it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Position of its last event: read at least up to here to see all of it.
    pub position: Position,
    /// Position of its first event.
    pub first: Position,
    /// The commit that holds it.
    pub commit: u64,
    /// Stream of its first event.
    pub stream: StreamId,
    /// Version of that stream after the first event.
    pub version: u32,
    /// When it was recorded, in milliseconds since 1970-01-01T00:00Z.
    pub recorded_at: i64,
    /// Its events, in order.
    pub events: Vec<EventId>,
}

impl Receipt {
    /// The receipt of a command whose first record is this.
    pub(crate) fn of(first: &Record) -> Self {
        let envelope = &first.envelope;
        let id = envelope.event_id();
        Self {
            position: Position(envelope.position.0 + u64::from(envelope.of.saturating_sub(1))),
            first: envelope.position,
            commit: envelope.commit,
            stream: envelope.stream,
            version: envelope.version,
            recorded_at: envelope.recorded_at,
            events: (0..envelope.of).map(|index| EventId { index, ..id }).collect(),
        }
    }
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is recorded.
    Accepted(Receipt),
    /// It had been recorded before, under the same id and with the same input: the same receipt.
    Replayed(Receipt),
    /// It is not recorded; its id is still free.
    Refused(Refused),
    /// Its id was used for another input.
    CommandIdReused,
}

/// Why there is no answer to a command. Nothing is recorded unless the variant says otherwise.
#[derive(Clone, Debug, Error)]
pub enum SubmitError {
    /// It may be recorded or not, or come to be. Ask again with the same id and input.
    #[error("it is not known whether the command was recorded")]
    OutcomeUnknown,
    /// Too much is waiting. Ask again later.
    #[error("{limit}")]
    Busy {
        /// Which limit was met.
        limit: Limit,
    },
    /// The ledger takes no commands for now, or until it is opened again.
    #[error("the ledger is read-only")]
    ReadOnly(#[source] ReadOnly),
    /// The ledger is being closed.
    #[error("the ledger is shutting down")]
    ShuttingDown,
    /// Personal values could not be sealed.
    #[error("personal values could not be sealed")]
    Sealing(#[source] tallystick_vault::SealError),
    /// A record that the decision needs could not be read.
    #[error("a record that the decision needs could not be read")]
    Reading(#[source] ReadError),
}

/// Why nothing is written.
#[derive(Clone, Debug, Error)]
pub enum ReadOnly {
    /// Too little room is left where the log is. Goes by itself when there is room.
    #[error("{free} bytes are free, appends stop below {threshold}")]
    Full {
        /// Bytes free.
        free: u64,
        /// Configured threshold in bytes.
        threshold: u64,
    },
    /// A write of the log failed. Open the ledger again, after a look at the storage.
    #[error("a write of the log failed")]
    Log(#[source] Source),
    /// A write of the vault failed. Open the ledger again, after a look at the storage.
    #[error("a write of the vault failed")]
    Vault(#[source] tallystick_vault::Poisoned),
    /// A record cannot be read or taken in. Everything before it is served; nothing is written
    /// until a version that can is installed.
    #[error("stopped before position {position}: {what}")]
    Halted {
        /// The first position that is not taken in.
        position: Position,
        /// What stands in the way.
        what: Arc<str>,
    },
}
