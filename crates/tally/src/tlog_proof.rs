use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::entry::Entry;
use crate::hash::Hash;
use crate::head::LeafIndex;
use crate::note::MAX_NOTE_BYTES;
use crate::policy::{Distrust, Policy, Trusted};
use crate::proof::{InclusionProof, Mismatch, parse_hashes};

/// Bytes that a proof may have: a checkpoint, 63 hashes, and as much again for extra data.
pub const MAX_TLOG_PROOF_BYTES: usize = 2 * MAX_NOTE_BYTES;

/// First line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A receipt: that an entry is in the log, shown without log and without server (tlog-proof).
/// Ours carry the entry as extra data, so nothing else is needed but a policy to trust by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    extra: Vec<u8>,
    index: LeafIndex,
    proof: InclusionProof,
    checkpoint: Checkpoint,
}

/// Why a text is no proof.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidTlogProof {
    /// Not the lines of a proof.
    #[error("not a log proof in the form of {HEADER}")]
    Form,
    /// What follows the first empty line is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Why a proof does not convince.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unproven {
    /// The checkpoint is not trusted.
    #[error(transparent)]
    Distrust(#[from] Distrust),
    /// The entry is not in the tree of the checkpoint, or elsewhere.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

impl TlogProof {
    /// The receipt of an entry.
    pub fn new(
        entry: &Entry,
        index: LeafIndex,
        proof: InclusionProof,
        checkpoint: Checkpoint,
    ) -> Self {
        Self { extra: entry.as_bytes().to_vec(), index, proof, checkpoint }
    }

    /// Reads a proof (tlog-proof, "Format").
    ///
    /// # Errors
    /// [`InvalidTlogProof`].
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidTlogProof> {
        if bytes.len() > MAX_TLOG_PROOF_BYTES {
            return Err(InvalidTlogProof::Form);
        }
        let empty = bytes.windows(2).position(|two| two == b"\n\n");
        let empty = empty.ok_or(InvalidTlogProof::Form)?;
        let (lines, checkpoint) = (&bytes[..empty], &bytes[empty + 2..]);
        let (extra, index, proof) = parse_lines(lines).ok_or(InvalidTlogProof::Form)?;
        Ok(Self { extra, index, proof, checkpoint: Checkpoint::parse(checkpoint)? })
    }

    /// The entry, if the extra data are one of ours. To be believed once its leaf is
    /// [verified](Self::verify).
    pub fn entry(&self) -> Option<Entry> {
        Entry::parse(&self.extra).ok()
    }

    /// Extra data, which nothing vouches for; empty if there are none.
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }

    /// Index of the leaf.
    pub const fn index(&self) -> LeafIndex {
        self.index
    }

    /// The checkpoint of the tree that the leaf is in.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Checks that a log that the policy trusts has this leaf at [`index`](Self::index), and that
    /// enough witnesses say so. Returns who they are.
    ///
    /// # Errors
    /// [`Unproven`].
    pub fn verify<'a>(&self, leaf: Hash, policy: &'a Policy) -> Result<Trusted<'a>, Unproven> {
        let trusted = policy.judge(&self.checkpoint)?;
        self.proof.verify(leaf, self.index, self.checkpoint.head())?;
        Ok(trusted)
    }
}

fn parse_lines(lines: &[u8]) -> Option<(Vec<u8>, LeafIndex, InclusionProof)> {
    let lines = str::from_utf8(lines).ok()?;
    let mut lines = lines.split('\n').peekable();
    lines.next().filter(|header| *header == HEADER)?;
    let extra = match lines.next_if(|line| line.starts_with("extra ")) {
        // Without extra data there is no such line.
        Some(line) => {
            Some(STANDARD.decode(&line["extra ".len()..]).ok()?).filter(|e| !e.is_empty())?
        }
        None => Vec::new(),
    };
    let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
    Some((extra, index, InclusionProof::new(parse_hashes(lines)?)))
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", STANDARD.encode(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.proof.hashes().iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
