//! `tallystick witness`: a partner's half of the tally. It remembers the last checkpoint of a log
//! that it saw, in a small file, and cosigns a newer one only if that begins with it. A log that is
//! rewritten or shown differently to others is refused, loudly.
//!
//! Two ways: the log pushes (`serve`, C2SP tlog-witness), or whoever cannot host a server pulls
//! (`once`, from a timer).

mod memory;
mod pull;
mod push;

use crate::cli::{Witness, Witnessing};
use crate::key_file;
use anyhow::{Context as _, bail};
use memory::Memory;
use std::time::{SystemTime, UNIX_EPOCH};
use tallystick_tally::{Cosigner, SignatureType, Timestamp, VerifierKey};
use tokio::runtime::Runtime;

pub(crate) fn run(command: Witness, runtime: &Runtime) -> anyhow::Result<()> {
    match command {
        Witness::Once(once) => pull::run(&once),
        Witness::Serve(serve) => runtime.block_on(push::run(serve)),
        Witness::Status(status) => {
            let Some(seen) = memory::read(&status.state)? else {
                bail!("{} does not exist: no checkpoint was cosigned yet", status.state.display())
            };
            println!("The last checkpoint of {} that was cosigned:", seen.origin());
            println!("records  {}", seen.head().size);
            println!("root     {}", seen.head().root);
            Ok(())
        }
    }
}

/// Who witnesses, and what it remembers.
struct Desk {
    cosigner: Cosigner,
    memory: Memory,
}

impl Desk {
    fn open(flags: &Witnessing) -> anyhow::Result<Self> {
        let cosigner = Cosigner::parse(&key_file::read(&flags.key)?)
            .with_context(|| format!("{} holds no witness's key", flags.key.display()))?;
        let log: VerifierKey = flags.log.parse().context("--log is no verifier key")?;
        if log.kind() != SignatureType::Note {
            bail!("--log is a witness's key, not a log's");
        }
        Ok(Self { cosigner, memory: Memory::open(&flags.state, log)? })
    }
}

/// The machine's time, as a cosignature states it.
fn now() -> anyhow::Result<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Timestamp::new(since.as_secs()).context("the clock cannot be stated")
}
