//! The tree against two other implementations and its own definitions; notes against a third;
//! every format's bytes, for ever; and what a forger may try.

mod edge;
mod proofs;
mod roots;
mod sample;
mod tiles;
