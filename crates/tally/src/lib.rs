//! The Merkle tree over the ledger's records, and what lets anybody check it without trusting who
//! runs it: tiles and proofs.
//!
//! Pure functions over bytes. No clock, no storage, no network, no randomness: callers pass the
//! stored tiles in, and store what comes out. Every definition names its paragraph of RFC 6962,
//! RFC 9162 or of the C2SP specification `tlog-tiles`; [schema/log-format.md](../../../schema/log-format.md) says what of them is ours.
//!
//! The way of a record: [`Entry::of`] its header and body → [`Entry::leaf`] → [`Edge::append`],
//! which gives out the tiles that are full → [`Frontier::head`]. The way back:
//! [`InclusionProof::build`] or [`ConsistencyProof::build`] from tiles, and their `verify`.
//!
//! Positions of the ledger start at 1, indices of leaves at 0: the record at position *p* is leaf
//! *p* − 1 ([`LeafIndex::of_position`]), and a tree of size *p* ends with it.
#![forbid(unsafe_code)]

mod bundle;
mod decimal;
mod edge;
mod entry;
mod frontier;
mod hash;
mod head;
mod proof;
mod tile;

pub use bundle::{Bundle, BundleError};
pub use decimal::InvalidDecimal;
pub use edge::{Edge, EdgeError};
pub use entry::{Entry, InvalidEntry};
pub use frontier::{Frontier, InvalidFrontier};
pub use hash::{Hash, InvalidHash, leaf, node};
pub use head::{LeafIndex, TreeHead, TreeSize};
pub use proof::{ConsistencyProof, InclusionProof, Mismatch, ProofError, root};
pub use tile::{InvalidPath, TILE_BYTES, TILE_WIDTH, Tile, TileError};
