//! Commands by mutation, over HTTP, on a real ledger.

mod correction;
mod hidden;
mod input;
mod journey;
mod ledger;
pub(crate) mod partnership;
mod payment;
mod retry;
