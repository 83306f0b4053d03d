//! One look at a log: fetch its checkpoint, check it against what was seen, remember, cosign, hand
//! the cosignature in.

use super::memory::{Declined, Memory};
use super::{Desk, now};
use crate::cli::WitnessOnce;
use crate::observe;
use crate::settings::LogFormat;
use anyhow::{Context as _, bail, ensure};
use std::time::Duration;
use tallystick_tally::{
    AddCheckpoint, Checkpoint, ConsistencyProof, Cosigner, MAX_NOTE_BYTES, ProofError, Refusal,
    Signature, TILE_BYTES, Tile,
};
use ureq::Agent;

/// A log that goes on signs another checkpoint each second; the cosignature has to be in before.
const ATTEMPTS: u32 = 5;

/// No answer takes longer; one that does has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(flags: &WitnessOnce) -> anyhow::Result<()> {
    observe::start(LogFormat::Text, "warn")?;
    let Desk { cosigner, mut memory } = Desk::open(&flags.witnessing)?;
    let log = Remote::new(flags)?;
    for _ in 0..ATTEMPTS {
        let checkpoint = log.checkpoint()?;
        let signature = match look(&log, &checkpoint, &mut memory, &cosigner)? {
            Ok(signature) => signature,
            Err(refusal) => return Err(alarm(&memory, &checkpoint, &refusal)),
        };
        if log.hand_in(&signature.to_string())? {
            let head = checkpoint.head();
            println!("Cosigned as {}:", cosigner.verifier_key().name());
            println!("log      {}", checkpoint.origin());
            println!("records  {}", head.size);
            println!("root     {}", head.root);
            return Ok(());
        }
        // The checkpoint is another by now.
    }
    bail!("the log at {} did not take the cosignature {ATTEMPTS} times", log.url)
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
    let proof = match ConsistencyProof::build(old, new, |tile| log.tile(tile)) {
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

/// A log at its address.
struct Remote {
    agent: Agent,
    url: String,
    token: String,
}

impl Remote {
    fn new(flags: &WitnessOnce) -> anyhow::Result<Self> {
        let file = &flags.token_file;
        let token = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        // A log that sends its witness elsewhere would send the token there.
        let config = Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE));
        let url = flags.url.trim_end_matches('/').to_owned();
        Ok(Self { agent: config.build().into(), url, token: format!("Bearer {}", token.trim()) })
    }

    fn checkpoint(&self) -> anyhow::Result<Checkpoint> {
        let bytes = self.get("checkpoint", MAX_NOTE_BYTES)?;
        Checkpoint::parse(&bytes).context("what the log gave for its checkpoint is none")
    }

    fn tile(&self, tile: Tile) -> anyhow::Result<Vec<u8>> {
        self.get(&tile.to_string(), TILE_BYTES)
    }

    fn get(&self, path: &str, limit: usize) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}/log/{path}", self.url);
        let asked = self.agent.get(&url).header("authorization", &self.token).call();
        let mut answer = asked.with_context(|| format!("cannot ask {url}"))?;
        ensure!(answer.status().is_success(), "{url} answered {}", answer.status());
        let body = answer.body_mut().with_config().limit(limit as u64 + 1).read_to_vec();
        body.with_context(|| format!("cannot read what {url} answered"))
    }

    /// Hands a cosignature in; `false` if it is not one of the log's checkpoint any more.
    fn hand_in(&self, line: &str) -> anyhow::Result<bool> {
        let url = format!("{}/log/cosignatures", self.url);
        let request = self.agent.post(&url).header("authorization", &self.token);
        let sent = request.content_type("text/plain; charset=utf-8").send(line);
        let mut answer =
            sent.with_context(|| format!("cannot hand the cosignature in at {url}"))?;
        match answer.status().as_u16() {
            200 => Ok(true),
            400 | 409 => Ok(false),
            status => {
                let said = answer.body_mut().with_config().limit(4_096).read_to_string();
                bail!("{url} answered {status}: {}", said.unwrap_or_default().trim())
            }
        }
    }
}
