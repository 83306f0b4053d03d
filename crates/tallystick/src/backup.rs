//! `tallystick backup`: one consistent copy of a ledger, also while it is served.
//!
//! | file | what |
//! |---|---|
//! | `blocks` | the blocks of commits 1 to N, byte for byte, one after the other |
//! | `vault` | the keys of persons, wrapped by the epoch key |
//! | `checkpoint` | the last signed tree head, of N commits or fewer; none if nothing was signed |
//! | `backup.json` | [`Manifest`]: what the others come to; written last |

use crate::cli;
use crate::control;
use crate::observe::{self, Meter};
use crate::replay;
use crate::settings::LogFormat;
use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use tallystick_log::{Block, Head, Log, LogIdentity, ReadBudget, wait};
use tallystick_tally::{Entry, Frontier};

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// 1.
    pub(crate) format: u32,
    /// Identity of the log, 64 hexadecimal digits.
    pub(crate) identity: String,
    /// Commits, and the position of the last event.
    pub(crate) commit: u64,
    pub(crate) position: u64,
    /// Digest of the last block, which is chained to all before it, in hexadecimal.
    pub(crate) digest: String,
    /// Root of the Merkle tree over the records, as a checkpoint has it.
    pub(crate) root: String,
    /// Day after which copies of the epoch key that this vault needs are destroyed, if the operator
    /// said one. An erasure is final on the last such day of all backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) epoch_key_expires: Option<String>,
}

/// Bytes of blocks read at once.
const STEP: ReadBudget = ReadBudget { bytes: 1 << 20, blocks: 1_024 };

/// Asks the node that serves the folder, or copies by itself if none does.
pub(crate) fn run(flags: &cli::Backup) -> anyhow::Result<()> {
    observe::start(LogFormat::Text, "warn")?;
    let out = std::path::absolute(&flags.out)?;
    let expires = flags.epoch_key_expires.as_deref();
    if let Some(day) = expires {
        let _: tallystick_domain::Date = day.parse().context("--epoch-key-expires")?;
    }
    let mut meter = Meter::new("copying");
    let manifest = match control::ask(&flags.data, &out, expires, &mut meter)? {
        Some(manifest) => manifest,
        None => write(&*replay::open(&flags.data)?, &flags.data, &out, expires, |at, of| {
            meter.at(at, of);
        })?,
    };
    drop(meter);
    println!(
        "{} holds the ledger up to position {} (commit {}), root {}",
        out.display(),
        manifest.position,
        manifest.commit,
        manifest.root
    );
    if let Some(day) = &manifest.epoch_key_expires {
        println!("copies of the epoch key that its vault needs are destroyed after {day}");
    }
    Ok(())
}

/// Copies the ledger of a folder, whose log is open, up to where it is now.
pub(crate) fn write(
    log: &dyn Log,
    data: &Path,
    out: &Path,
    epoch_key_expires: Option<&str>,
    mut progress: impl FnMut(u64, u64),
) -> anyhow::Result<Manifest> {
    ensure!(!out.exists(), "{} exists already", out.display());
    let mut part = out.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    fs::create_dir(&part).with_context(|| format!("cannot make {}", part.display()))?;
    // Before the head is looked at, so that it is of no more records than are copied.
    let checkpoint = present(&data.join("checkpoint"))?;
    let head = *log.head().borrow();
    let mut copied = Copied::new(log.identity());
    let mut blocks = BufWriter::new(File::create(part.join("blocks"))?);
    while copied.head.commit < head.commit {
        for block in wait(log.read(copied.head.commit, STEP))? {
            if block.number() > head.commit {
                break;
            }
            blocks.write_all(block.bytes())?;
            copied.take(&block)?;
        }
        progress(copied.head.last_position, head.last_position);
    }
    blocks.into_inner()?.sync_all()?;
    // After the blocks: every key is durable before the block that needs it, so it is here.
    let vault = present(&data.join("vault"))?.context("the folder has no vault")?;
    write_durably(&part.join("vault"), &vault)?;
    if let Some(checkpoint) = checkpoint {
        write_durably(&part.join("checkpoint"), &checkpoint)?;
    }
    let manifest = copied.manifest(epoch_key_expires);
    write_durably(&part.join("backup.json"), &serde_json::to_vec_pretty(&manifest)?)?;
    File::open(&part)?.sync_all()?;
    fs::rename(&part, out)?;
    sync_folder_of(out)?;
    Ok(manifest)
}

/// Blocks in order, and what they come to.
pub(crate) struct Copied {
    identity: LogIdentity,
    pub(crate) head: Head,
    pub(crate) tree: Frontier,
}

impl Copied {
    pub(crate) fn new(identity: LogIdentity) -> Self {
        Self { identity, head: Head::empty(identity), tree: Frontier::new() }
    }

    /// Takes the next block, which has to follow the one before.
    pub(crate) fn take(&mut self, block: &Block) -> anyhow::Result<()> {
        self.head.admits(block).context("a block does not follow the one before it")?;
        for record in &block.records()? {
            self.tree.append(Entry::of(record.header, record.body).leaf());
        }
        self.head = Head::of(block);
        Ok(())
    }

    fn manifest(&self, epoch_key_expires: Option<&str>) -> Manifest {
        Manifest {
            format: 1,
            identity: crate::init::hex(self.identity.as_bytes()),
            commit: self.head.commit.get(),
            position: self.head.last_position,
            digest: self.head.digest.to_string(),
            root: self.tree.head().root.to_string(),
            epoch_key_expires: epoch_key_expires.map(str::to_owned),
        }
    }
}

/// A backup that is read.
pub(crate) struct Backup {
    folder: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) identity: LogIdentity,
}

impl Backup {
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("backup.json");
        let text = fs::read(&path)
            .with_context(|| format!("{} holds no backup: no backup.json", folder.display()))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        ensure!(manifest.format == 1, "a backup of format {} is not known", manifest.format);
        let identity = bytes_of(&manifest.identity).with_context(|| {
            format!("{}: identity is not 64 hexadecimal digits", path.display())
        })?;
        let identity = LogIdentity::new(identity);
        Ok(Self { folder: folder.to_owned(), manifest, identity })
    }

    /// The bytes of one of its files.
    pub(crate) fn file(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        present(&self.folder.join(name))
    }

    /// Reads all blocks and gives each on, with what all up to it come to; at the end they have to
    /// be those of the manifest.
    pub(crate) fn blocks(
        &self,
        mut each: impl FnMut(&Copied, Block) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let path = self.folder.join("blocks");
        let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut file = BufReader::new(file);
        let mut copied = Copied::new(self.identity);
        while let Some(block) = Block::read(&mut file).with_context(|| {
            format!("{}: after position {}", path.display(), copied.head.last_position)
        })? {
            let at = copied.head.last_position;
            copied
                .take(&block)
                .with_context(|| format!("{}: after position {at}", path.display()))?;
            each(&copied, block)?;
        }
        let found = copied.manifest(self.manifest.epoch_key_expires.as_deref());
        if found != self.manifest {
            bail!(
                "the backup holds {} events with root {}, its backup.json says {} with root {}",
                found.position,
                found.root,
                self.manifest.position,
                self.manifest.root
            );
        }
        Ok(())
    }
}

fn bytes_of(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn present(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes a file and syncs it; the folder is the caller's to sync.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
