//! What an auditor asks: roots, proofs, checkpoints, receipts, witnesses.
#![allow(clippy::unused_self, reason = "resolvers have the shape that the GraphQL library calls")]

use async_graphql::{Context, Error, Object, Result, SimpleObject};
use tallystick_domain as domain;
use tallystick_ledger::{
    Audited, Checkpoint as Signed, NoReceipt, TreeError, TreeSize, VerifierKey,
};

use super::{
    context::{At, at},
    scalar::{DateTime, Hash, Position, TreeHash},
};
use crate::{
    authority::{Proof, may_have},
    errors::Code,
    witnesses::Cosigned,
};

/// What shows that nothing recorded was changed.
pub(crate) struct Audit;

/// What shows that nothing recorded was changed: the Merkle tree over all events (RFC 6962), and
/// who signed it. Its hashes are of salted digests, so they tell nothing of what was recorded.
#[Object]
impl Audit {
    /// The last checkpoint; absent if this ledger has signed none.
    fn checkpoint(&self, ctx: &Context<'_>) -> Result<Option<Checkpoint>> {
        Ok(at(ctx)?.node.ledger().checkpoint().map(|it| Checkpoint::of(&it)))
    }

    /// The key that this ledger's checkpoints are verified with, as C2SP signed-note writes it;
    /// absent if it signs none. Whoever asks a ledger for its own key has trusted it once.
    fn verifier_key(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(at(ctx)?.node.ledger().verifier_key().map(|key| key.to_string()))
    }

    /// Root of the tree over the events up to a position. BEHIND, if there are not that many.
    async fn root(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Position of the last event in the tree.")] position: Position,
    ) -> Result<TreeHash> {
        let at = at(ctx)?;
        published(at, position.0)?;
        root(at, position.0).await
    }

    /// That an event is in the tree of a size; absent for an event that the caller does not see,
    /// as for one that is not there. BEHIND, if there is no tree of that size yet.
    async fn inclusion_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of the event.")] position: Position,
        #[graphql(desc = "Number of events in the tree: the size of a checkpoint.")] size: Position,
    ) -> Option<Result<InclusionProof>> {
        inclusion(ctx, position.0, size.0).await.transpose()
    }

    /// That the tree of one size begins with the tree of another. BEHIND, if there is no tree of
    /// that size yet.
    async fn consistency_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Size of the older tree.")] from: Position,
        #[graphql(desc = "Size of the newer tree.")] to: Position,
    ) -> Result<ConsistencyProof> {
        let at = at(ctx)?;
        may_prove(at)?;
        published(at, to.0)?;
        if from.0 > to.0 {
            return Err(Code::BadRequest.error("from is larger than to"));
        }
        let (older, newer) = (TreeSize::new(from.0.0), TreeSize::new(to.0.0));
        let ledger = at.node.ledger().clone();
        let proof = blocking(move || ledger.consistency(older, newer)).await?;
        let (from_root, to_root) = (root(at, from.0).await?, root(at, to.0).await?);
        let hashes = proof.hashes().iter().map(|it| TreeHash(*it)).collect();
        Ok(ConsistencyProof { from, to, from_root, to_root, hashes })
    }

    /// The receipt of an event, C2SP tlog-proof: shows with no server and no ledger at hand that
    /// the event is in a signed tree. Absent for an event that the caller does not see, as for one
    /// that is not there, and if this ledger signs nothing. BEHIND, while no checkpoint covers the
    /// event: one is due within a second.
    async fn receipt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of the event.")] position: Position,
    ) -> Option<Result<String>> {
        receipt(ctx, position.0).await.transpose()
    }

    /// The witnesses whose cosignatures this node takes, and what each has cosigned.
    fn witnesses(&self, ctx: &Context<'_>) -> Result<Vec<Witness>> {
        let node = &at(ctx)?.node;
        if let Some(checkpoint) = node.ledger().cosigned() {
            node.witnesses().see(&checkpoint);
        }
        let witness = |(key, last): (&VerifierKey, Option<Cosigned>)| Witness {
            name: key.name().to_string(),
            key: key.to_string(),
            last_cosigned_at: last
                .and_then(|it| i64::try_from(it.seconds).ok()?.checked_mul(1_000).map(DateTime)),
            last_cosigned_size: last.map(|it| it.size.into()),
        };
        Ok(node.witnesses().last().into_iter().map(witness).collect())
    }
}

/// A signed tree head.
#[derive(SimpleObject)]
pub(crate) struct Checkpoint {
    /// Which ledger, of which host, in which incarnation.
    origin: String,
    /// Number of events in the tree: the position of the last one.
    size: Position,
    /// Root of the tree.
    root: TreeHash,
    /// The whole checkpoint as text, with its signatures: C2SP tlog-checkpoint.
    note: String,
    /// The signatures: the ledger's own, then the witnesses'.
    signatures: Vec<Signature>,
}

/// A signature of a checkpoint, as it stands in the note.
#[derive(SimpleObject)]
pub(crate) struct Signature {
    /// Name of the key.
    name: String,
    /// The line of the note, without its line feed.
    line: String,
}

/// That an event is in a tree.
#[derive(SimpleObject)]
pub(crate) struct InclusionProof {
    /// Position of the event; its leaf is the one before that, counted from 0.
    position: Position,
    /// Number of events in the tree.
    size: Position,
    /// Root of the tree.
    root: TreeHash,
    /// SHA-256 of the event's stored header.
    header_digest: Hash,
    /// SHA-256 of the event's stored body.
    body_digest: Hash,
    /// Hash of the leaf: of the byte 0, the byte 1, and the two digests.
    leaf: TreeHash,
    /// The siblings from the leaf up to the root.
    hashes: Vec<TreeHash>,
}

/// That one tree begins with another.
#[derive(SimpleObject)]
pub(crate) struct ConsistencyProof {
    /// Size of the older tree.
    from: Position,
    /// Size of the newer tree.
    to: Position,
    /// Root of the older tree.
    from_root: TreeHash,
    /// Root of the newer tree.
    to_root: TreeHash,
    /// The hashes in the order of RFC 6962.
    hashes: Vec<TreeHash>,
}

/// A witness whose cosignatures this node takes.
#[derive(SimpleObject)]
pub(crate) struct Witness {
    /// Name of its key.
    name: String,
    /// The key, as C2SP signed-note writes it.
    key: String,
    /// When it cosigned last, by its own clock; absent if this node has not seen that since it
    /// started.
    last_cosigned_at: Option<DateTime>,
    /// Size of the tree that it cosigned last.
    last_cosigned_size: Option<Position>,
}

impl Checkpoint {
    fn of(signed: &Signed) -> Self {
        let signature = |it: &tallystick_ledger::Signature| Signature {
            name: it.name().to_string(),
            line: it.to_string().trim_end().to_owned(),
        };
        Self {
            origin: signed.origin().to_owned(),
            size: domain::Position(signed.head().size.get()).into(),
            root: TreeHash(signed.head().root),
            note: signed.to_string(),
            signatures: signed.note().signatures().iter().map(signature).collect(),
        }
    }
}

async fn inclusion(
    ctx: &Context<'_>,
    position: domain::Position,
    size: domain::Position,
) -> Result<Option<InclusionProof>> {
    let at = at(ctx)?;
    may_prove(at)?;
    // What depends on the arguments alone is said before anything is looked for, so that a hidden
    // event is answered as an absent one.
    published(at, size)?;
    if position > size {
        return Err(Code::BadRequest.error("position is beyond size"));
    }
    if !sees(at, position)? {
        return Ok(None);
    }
    let (ledger, tree) = (at.node.ledger().clone(), TreeSize::new(size.0));
    let Audited { entry, proof, .. } = blocking(move || ledger.inclusion(position, tree)).await?;
    let (header, body) = entry.digests();
    Ok(Some(InclusionProof {
        position: position.into(),
        size: size.into(),
        root: root(at, size).await?,
        header_digest: header.into(),
        body_digest: body.into(),
        leaf: TreeHash(entry.leaf()),
        hashes: proof.hashes().iter().map(|it| TreeHash(*it)).collect(),
    }))
}

async fn receipt(ctx: &Context<'_>, position: domain::Position) -> Result<Option<String>> {
    let at = at(ctx)?;
    may_prove(at)?;
    if !sees(at, position)? {
        return Ok(None);
    }
    match proof_of(at, position).await {
        Err(NoReceipt::Unsigned) => Ok(None),
        Err(error @ NoReceipt::NotYet(_)) => Err(Code::Behind.error(error.to_string())),
        Err(NoReceipt::Tree(error)) => Err(Error::new_with_source(error)),
        Ok(text) => Ok(Some(text)),
    }
}

/// The receipt of an event as text, whoever may see it.
pub(crate) async fn proof_of(at: &At, position: domain::Position) -> Result<String, NoReceipt> {
    let ledger = at.node.ledger().clone();
    let work = move || ledger.receipt(position).map(|it| it.to_string());
    match tokio::task::spawn_blocking(work).await {
        Ok(receipt) => receipt,
        Err(panic) if panic.is_panic() => std::panic::resume_unwind(panic.into_panic()),
        // The node is stopping.
        Err(_) => Err(NoReceipt::NotYet(position)),
    }
}

/// # Errors
/// `FORBIDDEN` for roles that may read heads alone.
fn may_prove(at: &At) -> Result<()> {
    if may_have(at.scope.role(), Proof::Digests) {
        Ok(())
    } else {
        Err(Code::Forbidden.error(format!("you may not {}", Proof::Digests)))
    }
}

/// # Errors
/// `BEHIND`, if this node does not show a position yet.
fn published(at: &At, position: domain::Position) -> Result<()> {
    let head = at.snapshot.position();
    if position <= head {
        return Ok(());
    }
    Err(Code::Behind.error(format!("this node is at position {head}, behind {position}")))
}

/// Whether the caller sees the event at a position, today.
fn sees(at: &At, position: domain::Position) -> Result<bool> {
    if position.0 == 0 || position > at.snapshot.position() {
        return Ok(false);
    }
    if at.scope.reads_everything() {
        return Ok(true);
    }
    let records = at.node.ledger().records(&[position])?;
    Ok(records.iter().all(|record| at.holds(record.envelope.stream)))
}

async fn root(at: &At, position: domain::Position) -> Result<TreeHash> {
    let ledger = at.node.ledger().clone();
    Ok(TreeHash(blocking(move || ledger.root(position)).await?))
}

/// Work on a thread that may wait for a disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TreeError> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|_| Code::Internal.error("the work was cut short"))?;
    done.map_err(Error::new_with_source)
}
