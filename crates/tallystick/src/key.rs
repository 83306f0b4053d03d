//! `tallystick key`: makes the keys of ledgers and witnesses, and shows their public halves. The
//! secret ones stay in their files.

use crate::cli::{Key, NewKey, ShowKey};
use crate::key_file;
use anyhow::{Context as _, bail};
use tallystick_domain::id::LedgerId;
use tallystick_tally::{Cosigner, InvalidKey, KeyName, Signer, VerifierKey};

/// Makes a key or shows one.
pub(crate) fn run(command: &Key) -> anyhow::Result<()> {
    match command {
        Key::New(new) => make(new),
        Key::Show(show) => {
            println!("{}", public(show)?);
            Ok(())
        }
    }
}

fn make(new: &NewKey) -> anyhow::Result<()> {
    let seed = key_file::seed()?;
    let out = &new.out;
    match (&new.host, &new.witness) {
        (Some(host), _) => {
            let key = Signer::from_seed(name(host)?, &seed);
            key_file::create(out, &key.to_secret_text())?;
            println!("The signing key of {host} is in {}.", out.display());
            println!("Have checkpoints signed with it: tallystick serve --signing-key …");
            println!(
                "What others verify with: tallystick key show {} --ledger ID --incarnation 1",
                out.display()
            );
        }
        (None, Some(witness)) => {
            let key = Cosigner::from_seed(name(witness)?, &seed);
            key_file::create(out, &key.to_secret_text())?;
            println!("The witness's key is in {}. What others verify with:", out.display());
            println!("{}", key.verifier_key());
        }
        (None, None) => bail!("neither --host nor --witness is given"),
    }
    Ok(())
}

fn name(text: &str) -> anyhow::Result<KeyName> {
    text.parse().with_context(|| format!("{text:?} cannot name a key"))
}

/// The public half; of a ledger's key under the origin of its checkpoints, if that is said.
fn public(show: &ShowKey) -> anyhow::Result<VerifierKey> {
    let text = key_file::read(&show.file)?;
    let origin = match (&show.ledger, show.incarnation) {
        (Some(ledger), Some(incarnation)) => Some((ledger, incarnation)),
        _ => None,
    };
    match (Signer::parse(&text), origin) {
        (Ok(signer), None) => Ok(signer.verifier_key().clone()),
        (Ok(signer), Some((ledger, incarnation))) => {
            let ledger: LedgerId = ledger.parse().context("--ledger")?;
            let host = signer.verifier_key().name();
            let origin = name(&format!("{host}/{ledger}#{incarnation}"))?;
            Ok(signer.with_origin(origin).verifier_key().clone())
        }
        (Err(InvalidKey::Type(_)), None) => Ok(Cosigner::parse(&text)?.verifier_key().clone()),
        (Err(InvalidKey::Type(_)), Some(_)) => {
            bail!("{} holds a witness's key, which has no ledger", show.file.display())
        }
        (Err(error), _) => {
            Err(error).with_context(|| format!("{} holds no key", show.file.display()))
        }
    }
}
