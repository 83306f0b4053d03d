//! Measures as data. A measure counts *rows*: the ledger, read as a few tables (sentences,
//! requirements, placements, sessions, agreements by year …), each row taken as it was on a day.
//! A definition names the table, the window, the conditions and how two counts make a figure; a new
//! measure of a known shape needs no code. `schema/measures.md` explains the language and works an
//! example of every measure shipped.
//!
//! [`contribution`] is what one case adds: total, pure, and reads clear facts only, so a figure
//! outlives every person's key. A figure is the sum over cases ([`Figure`]).

mod condition;
mod contribution;
mod definition;
mod figure;
mod period;
mod record;
mod row;
mod suppression;
mod table;
mod target;
mod turning;
mod written;

pub use condition::{Anchor, Clause, Literal, Related, Test, Window, Within};
pub use contribution::{Cell, Contribution, Scope, Unit, contribution, units};
pub use definition::{
    AsAt, Counting, Definition, InvalidDefinition, Polarity, Shape, Source, Term, Watches,
};
pub use figure::{Figure, Fraction, Predicted, Sums};
pub use period::{InvalidPeriod, Period};
pub use record::{Measure, Version};
pub use suppression::{Cells, suppress};
pub use table::{Field, Table};
pub use target::{State, TargetLine};
pub use written::{Parameter, ParameterValue, Written};
