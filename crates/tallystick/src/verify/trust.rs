//! Whom the auditor trusts, and what that makes of a checkpoint.

use crate::cli::Trust as Flags;
use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use std::fs;
use std::path::Path;
use tallystick_tally::{Checkpoint, Distrust, NoteError, Policy, Verified, VerifierKey};

/// Keys and policies that the auditor brought.
#[derive(Debug)]
pub(crate) struct Trust {
    /// One for each key, and the one of the file. A checkpoint needs one that trusts it.
    policies: Vec<Policy>,
}

/// What the signatures of a checkpoint are worth.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Signed by the log, and cosigned by enough witnesses: who they are, in a sentence.
    Trusted(String),
    /// Signed by the log, and cosigned by too few: it binds the log, and nobody else vouches.
    SignedOnly(String),
    /// A signature in the name of a known key is not that key's.
    Forged(String),
    /// No known key signed it.
    Unknown(String),
}

impl Standing {
    /// Whether the log itself stated it, so that a log that differs has told two stories.
    pub(crate) fn binds_log(&self) -> bool {
        matches!(self, Self::Trusted(_) | Self::SignedOnly(_))
    }
}

impl Trust {
    /// Reads the keys, each as text or as a file of such texts, and the policy.
    pub(crate) fn read(flags: &Flags) -> anyhow::Result<Self> {
        let mut policies = Vec::new();
        for key in
            flags.key.iter().map(|given| keys(given)).collect::<Result<Vec<_>, _>>()?.concat()
        {
            let policy = format!("log {key}\nquorum none\n");
            policies.push(
                Policy::parse(policy.as_bytes())
                    .with_context(|| format!("{key} is no key of a log"))?,
            );
        }
        if let Some(path) = &flags.policy {
            let file = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            policies.push(
                Policy::parse(&file).with_context(|| format!("{} is no policy", path.display()))?,
            );
        }
        Ok(Self { policies })
    }

    /// The policies, for receipts.
    pub(crate) fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Who is trusted, in sentences.
    pub(crate) fn said(&self) -> Vec<String> {
        let logs = self.policies.iter().flat_map(Policy::logs);
        let witnesses = self.policies.iter().flat_map(Policy::witnesses);
        let of_log = logs.map(|log| format!("The key of the log, as given: {}", log.key));
        let of_witness = witnesses.map(|it| format!("The key of a witness, as given: {}", it.key));
        of_log.chain(of_witness).collect()
    }

    /// What a checkpoint's signatures are worth.
    pub(crate) fn judge(&self, checkpoint: &Checkpoint) -> Standing {
        let mut best = Standing::Unknown("no key was given".to_owned());
        for policy in &self.policies {
            match policy.judge(checkpoint) {
                Ok(trusted) => {
                    let witnesses = trusted.cosigned.iter().map(cosigned);
                    let said = format!("signed by {}", trusted.log.key.name());
                    let said = [said].into_iter().chain(witnesses).collect::<Vec<_>>().join(", ");
                    return Standing::Trusted(said);
                }
                Err(distrust) => {
                    let worth = worth(checkpoint, &distrust);
                    if rank(&worth) > rank(&best) || matches!(best, Standing::Unknown(_)) {
                        best = worth;
                    }
                }
            }
        }
        best
    }
}

fn worth(checkpoint: &Checkpoint, distrust: &Distrust) -> Standing {
    match distrust {
        Distrust::UnknownLog(_) | Distrust::Note(NoteError::Untrusted) => Standing::Unknown(
            format!("no key given is that of {:?}, or it did not sign", checkpoint.origin()),
        ),
        Distrust::Note(error) => Standing::Forged(error.to_string()),
        Distrust::NoQuorum { .. } => Standing::SignedOnly(distrust.to_string()),
    }
}

/// What says most is kept where several keys disagree.
fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Unknown(_) => 0,
        Standing::Forged(_) => 1,
        Standing::SignedOnly(_) => 2,
        Standing::Trusted(_) => 3,
    }
}

fn cosigned(signed: &Verified<'_>) -> String {
    let when = signed.at.map(|at| format!(" at {}", moment(at.seconds())));
    format!("cosigned by {}{}", signed.key.name(), when.unwrap_or_default())
}

/// Seconds since 1970 as a moment in UTC.
fn moment(seconds: u64) -> String {
    let stamp = i64::try_from(seconds).ok().and_then(|it| Timestamp::from_second(it).ok());
    stamp.map_or_else(|| format!("second {seconds} since 1970"), |stamp| stamp.to_string())
}

/// The keys in a text, or in the file of that name.
fn keys(given: &str) -> anyhow::Result<Vec<VerifierKey>> {
    if let Ok(key) = given.parse() {
        return Ok(vec![key]);
    }
    let path = Path::new(given);
    let text = fs::read_to_string(path).with_context(|| {
        format!("{given} is neither a verifier key nor a file that can be read")
    })?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Vec<VerifierKey> = lines
        .map(str::parse)
        .collect::<Result<_, _>>()
        .with_context(|| format!("{given} holds something that is no verifier key"))?;
    ensure!(!keys.is_empty(), "{given} holds no key");
    Ok(keys)
}
