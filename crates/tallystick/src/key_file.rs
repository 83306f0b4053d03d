//! Files with a secret key of a signer, one line of text, that only their owner may read.

use anyhow::{Context as _, bail};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use zeroize::Zeroizing;

/// More than any key has.
const LIMIT_BYTES: usize = 4_096;

/// The key in a file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let named = || format!("the key file {}", path.display());
    let file = File::open(path).with_context(named)?;
    let mode = file.metadata().with_context(named)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!("{} may be read by others (mode {mode:o}): chmod 600", named());
    }
    // Room for all at once: a text that grew would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(LIMIT_BYTES + 1));
    file.take(LIMIT_BYTES as u64).read_to_string(&mut text).with_context(named)?;
    let length = text.trim_end().len();
    text.truncate(length);
    Ok(text)
}

/// Makes a file with a key; there is none of that name yet.
pub(crate) fn create(path: &Path, key: &str) -> anyhow::Result<()> {
    let make = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{key}")?;
        file.sync_all()
    };
    make().with_context(|| format!("cannot create the key file {}", path.display()))
}

/// A seed for a new key.
pub(crate) fn seed() -> anyhow::Result<Zeroizing<[u8; 32]>> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(seed)
}
