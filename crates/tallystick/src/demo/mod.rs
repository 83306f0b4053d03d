//! The demo: three years of the West Mercia partnership as a stream of commands, the same for the
//! same seed. The agencies, services and programmes are those that the seeds name; all people, and
//! every body that the seeds do not name, are invented and say so.
//!
//! [`Scenario`] makes the commands; whoever loads them sends each at its [`Turn::now`] and finds
//! the [`Fate`] that the turn foretells. [`cast()`] lists who may log in. Nothing here knows the
//! ledger: the scenario is tried against the rules alone.
//!
//! A life is planned when its person arrives ([`mod@plan`]), waits as a list of small deeds
//! ([`mod@deed`]), and is written out by the clerk ([`mod@clerk`]) command by command.

mod agencies;
mod agreements;
mod amends;
mod calendar;
mod cast;
mod clerk;
mod course;
mod deed;
mod delivery;
mod dice;
mod draft;
mod enforcement;
mod form;
mod kind;
mod life;
mod measures;
mod names;
mod pace;
mod partnership;
mod plan;
mod qualification;
mod reference;
mod scenario;
mod services;
mod slips;
mod telling;
#[cfg(test)]
mod tests;

pub(crate) use cast::cast;
pub(crate) use deed::Fate;
pub(crate) use scenario::{Scenario, Turn};
