//! What an auditor asks of a ledger: roots, tiles, entries, proofs, checkpoints, receipts.

use std::sync::Arc;
use std::time::Duration;

use tallystick_domain::Position;
use tallystick_log::ReadBudget;
use tallystick_tally::{
    Bundle, Checkpoint, ConsistencyProof, Entry, Hash, InclusionProof, LeafIndex, NoteError, Tile,
    TlogProof, TreeSize, VerifierKey,
};
use thiserror::Error;

use crate::archive::damaged;
use crate::checkpoints::{Checkpoints, covers};
use crate::ledger::Ledger;
use crate::tree::TreeError;

/// That a record is in the tree of a size.
#[derive(Clone, Debug)]
pub struct Audited {
    /// Digests of the record.
    pub entry: Entry,
    /// Where it is.
    pub index: LeafIndex,
    /// Its way to the root.
    pub proof: InclusionProof,
}

/// Why there is no receipt.
#[derive(Clone, Debug, Error)]
pub enum NoReceipt {
    /// This ledger has no signing key.
    #[error("this ledger signs no checkpoints")]
    Unsigned,
    /// No checkpoint covers the position yet; one is due within a second. Ask again.
    #[error("no checkpoint covers position {0} yet")]
    NotYet(Position),
    /// There is no such record, or it cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Blocks read for a bundle of 256 entries: at most one a record.
const BUNDLE: ReadBudget = ReadBudget { bytes: 1 << 20, blocks: 256 };

impl Ledger {
    /// The root of the tree over the records up to a position: at hand for the latest commits,
    /// else from stored tiles, some hundred microseconds on this thread. Checked before it is given
    /// out.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn root(&self, position: Position) -> Result<Hash, TreeError> {
        self.0.tree.root(TreeSize::new(position.0))
    }

    /// The hashes of a tile, as wide as asked for at least.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn tile(&self, tile: Tile) -> Result<Vec<u8>, TreeError> {
        self.0.tree.tile(tile)
    }

    /// The digests of the records of a bundle, read from the log: some milliseconds on this thread.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn entries(&self, bundle: Bundle) -> Result<Vec<Entry>, TreeError> {
        let leaves = bundle.leaves();
        let size = self.0.tree.head().size;
        if !bundle.is_in(size) {
            return Err(TreeError::Beyond { size, asked: leaves.start });
        }
        self.read_entries(leaves.start + 1, leaves.end)
    }

    fn read_entries(&self, first: u64, last: u64) -> Result<Vec<Entry>, TreeError> {
        let mut entries = Vec::new();
        let mut buffer = Vec::new();
        let mut next = first;
        while next <= last {
            for block in self.0.archive.blocks_from(Position(next), BUNDLE)? {
                let records = block.scan(&mut buffer).map_err(|it| damaged(&block, it))?;
                let wanted = records.filter(|it| (next..=last).contains(&it.position));
                entries.extend(wanted.map(|it| Entry::of(it.header, it.body)));
                next = block.last_position() + 1;
                if next > last {
                    break;
                }
            }
        }
        Ok(entries)
    }

    /// That the record at a position is in the tree of a size. Checked before it is given out.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn inclusion(&self, position: Position, size: TreeSize) -> Result<Audited, TreeError> {
        let beyond = TreeError::Beyond { size, asked: position.0 };
        let index = LeafIndex::of_position(position.0).ok_or(beyond.clone())?;
        let head = self.0.tree.head().size;
        if size > head || position.0 > size.get() {
            return Err(beyond);
        }
        let entry = self.read_entries(position.0, position.0)?.pop().ok_or(beyond)?;
        let proof = self.0.tree.inclusion(entry.leaf(), index, size)?;
        Ok(Audited { entry, index, proof })
    }

    /// That the tree of a size begins with that of an older one. Checked before it is given out.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn consistency(
        &self,
        older: TreeSize,
        newer: TreeSize,
    ) -> Result<ConsistencyProof, TreeError> {
        self.0.tree.consistency(older, newer)
    }

    /// The last checkpoint; `None` if none was signed, or there is no key to sign with.
    pub fn checkpoint(&self) -> Option<Arc<Checkpoint>> {
        self.0.checkpoints.as_ref()?.latest()
    }

    /// The largest checkpoint that a witness cosigned; `None` if none did.
    pub fn cosigned(&self) -> Option<Arc<Checkpoint>> {
        self.0.checkpoints.as_ref()?.cosigned()
    }

    /// A checkpoint that covers a position: signed now, if the last one does not.
    ///
    /// # Errors
    /// [`NoReceipt::Unsigned`], and [`NoReceipt::NotYet`] if it takes longer than `patience`.
    pub async fn checkpoint_covering(
        &self,
        position: Position,
        patience: Duration,
    ) -> Result<Arc<Checkpoint>, NoReceipt> {
        let mut latest = self.signing()?.covering(position);
        let covering = latest.wait_for(|it| covers(it.as_ref(), position));
        match tokio::time::timeout(patience, covering).await {
            Ok(Ok(found)) => (*found).clone().ok_or(NoReceipt::NotYet(position)),
            Ok(Err(_)) | Err(_) => Err(NoReceipt::NotYet(position)),
        }
    }

    /// The receipt of the record at a position: verifies without server and without ledger. Made of
    /// the largest checkpoint that was cosigned, if it has the record, else of the last one.
    ///
    /// # Errors
    /// [`NoReceipt`].
    pub fn receipt(&self, position: Position) -> Result<TlogProof, NoReceipt> {
        let checkpoint = self.signing()?.to_show(position);
        let checkpoint = checkpoint.ok_or(NoReceipt::NotYet(position))?;
        let Audited { entry, index, proof } = self.inclusion(position, checkpoint.head().size)?;
        Ok(TlogProof::new(&entry, index, proof, Checkpoint::clone(&checkpoint)))
    }

    fn signing(&self) -> Result<&Checkpoints, NoReceipt> {
        let checkpoints = self.0.checkpoints.as_deref();
        checkpoints.filter(|it| it.signs()).ok_or(NoReceipt::Unsigned)
    }

    /// The public key that this ledger's checkpoints verify with; `None` if it has none.
    pub fn verifier_key(&self) -> Option<VerifierKey> {
        self.0.checkpoints.as_ref()?.verifier_key()
    }

    /// Takes witnesses' cosignatures of one of the last checkpoints; those of other keys than these
    /// are ignored. Gives the checkpoint with them, if there were any.
    ///
    /// # Errors
    /// [`NoteError`]: there is no checkpoint, or a signature is of none of the last.
    pub fn add_cosignatures(
        &self,
        lines: &str,
        witnesses: &[VerifierKey],
    ) -> Result<Option<Arc<Checkpoint>>, NoteError> {
        let checkpoints = self.0.checkpoints.as_ref().ok_or(NoteError::Untrusted)?;
        checkpoints.add_cosignatures(lines, witnesses)
    }
}
