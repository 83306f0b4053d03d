//! The journeys: what people, auditors and dashboards do, through the real binary and its two
//! doors. Nothing here knows how the ledger is made.

mod audience;
mod client;
mod command;
mod dice;
mod disk;
mod folder;
mod forgery;
mod load;
mod mirror;
mod node;
mod partnership;
mod replay;
mod socket;
mod tls;

mod backup;
mod corrections;
mod damage;
mod exports;
mod hidden;
mod keys;
mod kills;
mod ladders;
mod measures;
mod packed;
mod past;
mod power_cuts;
mod remote;
mod revocation;
mod secrets;
mod settings;
mod stopping;
mod streams;
mod transfer;
mod verify;
mod visibility;
mod withheld;
mod witness;
