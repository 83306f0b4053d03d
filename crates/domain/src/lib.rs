//! Rules of the partnership: what may happen, what did, and what it means. No clock, no storage,
//! no network, no threads: callers pass the time in and append what comes out.
//!
//! The journey of a decision is [`Overlay::decide`]: a [`Command`] is tried against the published
//! cases plus whatever the same batch has touched, and gives [`Record`]s to append or a [`Refusal`].
//! The way back is [`Case::fold`]: a case is the fold of its effective events, and
//! a correction folds it again (see [`mod@history`]).
//!
//! What is not here: personal data in the clear ([`Sealed`] can only be opened by the ledger's
//! vault), who is asking beyond agency and role, and anything that spans many cases (views).
#![no_std]
extern crate alloc;

pub mod agency;
pub mod agreement;
pub mod anomaly;
pub mod audience;
pub mod case;
pub mod codes;
pub mod command;
pub mod date;
pub mod decide;
pub mod envelope;
pub mod event;
pub mod history;
pub mod id;
pub mod measure;
pub mod overlay;
pub mod person;
pub mod placement;
pub mod plan;
pub mod referral;
pub mod refusal;
pub mod role;
pub mod sealed;
pub mod sentence;
pub mod text;

pub use case::{Case, CaseKey, Cases};
pub use command::{Action, Command, Origin, Step};
pub use date::{Date, Moment, Occurred};
pub use envelope::{Envelope, Record};
pub use event::{Event, EventType};
pub use history::Meta;
pub use id::{EventId, Position, StreamId, StreamKind};
pub use overlay::{Facts, Overlay};
pub use refusal::{Refusal, Refused, Rule};
pub use role::Role;
pub use sealed::Sealed;
pub use text::{Code, Label, Note};
