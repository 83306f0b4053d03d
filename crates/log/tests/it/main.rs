//! The suite on the log in memory and on logs that are broken on purpose, and the bytes of a
//! block.

mod broken;
mod format;
mod memory;
mod reading;
