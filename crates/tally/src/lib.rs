//! The Merkle tree over the ledger's records, and what lets anybody check it without trusting who
//! runs it: tiles, proofs, signed checkpoints, witnesses' cosignatures, a trust policy.
//!
//! Pure functions over bytes. No clock, no storage, no network, no randomness: callers pass the
//! time, the stored tiles and the seeds of keys in, and store what comes out. Every definition
//! names its paragraph of RFC 6962, RFC 9162 or of the C2SP specifications `signed-note`,
//! `tlog-checkpoint`, `tlog-tiles`, `tlog-proof`, `tlog-cosignature`, `tlog-witness` and
//! `tlog-policy`; [schema/log-format.md](../../../schema/log-format.md) says what of them is ours.
//!
//! The way of a record: [`Entry::of`] its header and body → [`Entry::leaf`] → [`Edge::append`],
//! which gives out the tiles that are full → [`Frontier::head`] → [`Signer::sign`]. The way back:
//! [`InclusionProof::build`] or [`ConsistencyProof::build`] from tiles, and their `verify`.
//!
//! Positions of the ledger start at 1, indices of leaves at 0: the record at position *p* is leaf
//! *p* − 1 ([`LeafIndex::of_position`]), and a tree of size *p* ends with it.
#![forbid(unsafe_code)]

mod bundle;
mod checkpoint;
mod cosignature;
mod decimal;
mod edge;
mod entry;
mod frontier;
mod hash;
mod head;
mod key;
mod note;
mod policy;
mod proof;
mod tile;
mod tlog_proof;
mod witness;

pub use bundle::{Bundle, BundleError};
pub use checkpoint::{Checkpoint, CheckpointError, Signer};
pub use cosignature::{Cosigner, Timestamp};
pub use decimal::InvalidDecimal;
pub use edge::{Edge, EdgeError};
pub use entry::{Entry, InvalidEntry};
pub use frontier::Frontier;
pub use hash::{Hash, InvalidHash, leaf, node};
pub use head::{LeafIndex, TreeHead, TreeSize};
pub use key::{InvalidKey, KeyId, KeyName, SignatureType, VerifierKey};
pub use note::{MAX_NOTE_BYTES, MAX_SIGNATURES, Note, NoteError, Signature, Verified};
pub use policy::{
    Distrust, Fault, InvalidPolicy, KnownLog, KnownWitness, MAX_OF_EACH, Policy, Trusted,
};
pub use proof::{ConsistencyProof, InclusionProof, Mismatch, ProofError, root};
pub use tile::{InvalidPath, TILE_BYTES, TILE_WIDTH, Tile, TileError};
pub use tlog_proof::{InvalidTlogProof, MAX_TLOG_PROOF_BYTES, TlogProof, Unproven};
pub use witness::{Accepted, AddCheckpoint, MAX_REQUEST_BYTES, Refusal};
