//! One look at a log: fetch its checkpoint, check it against what was seen, remember, cosign, hand
//! the cosignature in.

use super::memory::{Declined, Memory};
use super::{Desk, now};
use crate::cli::WitnessOnce;
use crate::observe;
use crate::remote::{Remote, refusal};
use crate::settings::LogFormat;
use anyhow::{Context as _, bail};
use tallystick_tally::{
    AddCheckpoint, Checkpoint, ConsistencyProof, Cosigner, MAX_NOTE_BYTES, ProofError, Refusal,
    Signature, TILE_BYTES, Tile,
};

/// A log that goes on signs another checkpoint each second; the cosignature has to be in before.
const ATTEMPTS: u32 = 5;

pub(super) fn run(flags: &WitnessOnce) -> anyhow::Result<()> {
    observe::start(LogFormat::Text, "warn")?;
    let Desk { cosigner, mut memory } = Desk::open(&flags.witnessing)?;
    let log = Remote::new(&flags.url, &flags.token_file, flags.ca.as_deref())?;
    for _ in 0..ATTEMPTS {
        let checkpoint = checkpoint_of(&log)?;
        let signature = match look(&log, &checkpoint, &mut memory, &cosigner)? {
            Ok(signature) => signature,
            Err(refusal) => return Err(alarm(&memory, &checkpoint, &refusal)),
        };
        if hand_in(&log, &signature.to_string())? {
            let head = checkpoint.head();
            println!("Cosigned as {}:", cosigner.verifier_key().name());
            println!("log      {}", checkpoint.origin());
            println!("records  {}", head.size);
            println!("root     {}", head.root);
            return Ok(());
        }
        // The checkpoint is another by now.
    }
    bail!("the log at {} did not take the cosignature {ATTEMPTS} times", log.url())
}

/// Judges a checkpoint, with the proof from what was seen to it.
fn look(
    log: &Remote,
    checkpoint: &Checkpoint,
    memory: &mut Memory,
    cosigner: &Cosigner,
) -> anyhow::Result<Result<Signature, Refusal>> {
    // Nothing is fetched for what nobody signed.
    if checkpoint.origin() != memory.log().name().as_str() {
        return Ok(Err(Refusal::UnknownOrigin));
    }
    if let Err(error) = checkpoint.verify([memory.log()]) {
        return Ok(Err(Refusal::NotSigned(error)));
    }
    let (old, new) = (memory.head().size, checkpoint.head().size);
    let proof = match ConsistencyProof::build(old, new, |tile| tile_of(log, tile)) {
        Ok(proof) => proof,
        Err(ProofError::Beyond { .. }) => return Ok(Err(Refusal::OldSizeTooLarge)),
        Err(ProofError::Read(error)) => return Err(error),
        Err(ProofError::Tile(error)) => return Err(error.into()),
    };
    let request = AddCheckpoint { old, proof, checkpoint: checkpoint.clone() };
    match memory.consider(&request, cosigner, now()?) {
        Ok(signature) => Ok(Ok(signature)),
        Err(Declined::Refused(refusal)) => Ok(Err(refusal)),
        Err(error @ Declined::Io(_)) => Err(error.into()),
    }
}

/// What is said when the log is not what it was. Both statements are kept.
fn alarm(memory: &Memory, checkpoint: &Checkpoint, refusal: &Refusal) -> anyhow::Error {
    if matches!(refusal, Refusal::UnknownOrigin | Refusal::NotSigned(_)) {
        return anyhow::Error::from(refusal.clone()).context("REFUSED, not cosigned");
    }
    let (seen, shown) = (memory.head(), checkpoint.head());
    let kept = match memory.keep_evidence(checkpoint) {
        Ok(path) => format!("kept in {}", path.display()),
        Err(error) => format!("and could not be kept: {error}"),
    };
    anyhow::anyhow!(
        "REFUSED, not cosigned: the log {} is not the one that this witness saw: {refusal}.\n\
         Cosigned before: {} records with the root {}.\n\
         Signed by the log now: {} records with the root {}; that checkpoint is {kept}.\n\
         Records that were there have been changed or removed, or the log shows different records \
         to different partners. Tell the other partners, and keep both checkpoints.",
        checkpoint.origin(),
        seen.size,
        seen.root,
        shown.size,
        shown.root,
    )
}

fn checkpoint_of(log: &Remote) -> anyhow::Result<Checkpoint> {
    let bytes = log.get("/log/checkpoint", MAX_NOTE_BYTES as u64)?;
    let bytes = bytes.with_context(|| format!("{} has no checkpoint yet", log.url()))?;
    Checkpoint::parse(&bytes).context("what the log gave for its checkpoint is none")
}

fn tile_of(log: &Remote, tile: Tile) -> anyhow::Result<Vec<u8>> {
    let bytes = log.get(&format!("/log/{tile}"), TILE_BYTES as u64)?;
    bytes.with_context(|| format!("{} does not have {tile}, which it signed", log.url()))
}

/// Hands a cosignature in; `false` if it is not one of the log's checkpoint any more.
fn hand_in(log: &Remote, line: &str) -> anyhow::Result<bool> {
    let answer = log.post_text("/log/cosignatures", line)?;
    match answer.status().as_u16() {
        200 => Ok(true),
        400 | 409 => Ok(false),
        _ => bail!("{} did not take the cosignature: {}", log.url(), refusal(answer)),
    }
}
