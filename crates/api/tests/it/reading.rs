//! Queries, subscriptions and the export, on a real ledger.

mod export;
mod hidden;
mod live;
mod operations;
mod past;
mod private;
mod schema;
mod sensitive;
mod stream;
mod walk;
mod window;
