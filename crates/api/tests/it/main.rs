//! The front door through real sockets: each rule by its name.

#[path = "../../examples/toy/schema.rs"]
mod toy;

mod audit;
mod command;
mod door;
mod http;
mod limits;
mod live;
mod reading;
mod serving;
mod socket;
mod tlog;
