use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::cipher::Gcm;
use crate::epoch::EpochKey;
use crate::error::VaultError;
use crate::frame::{self, Header, NoFrame, NoHeader, OwnKeys};
use crate::holdings::{Extent, Holdings};
use crate::key::KeyId;
use crate::nonce;
use crate::scratch::Scratch;

/// The file of a vault, locked for this process.
pub(crate) struct VaultFile {
    file: File,
    path: PathBuf,
    header: Header,
    gcm: Gcm,
    /// Bytes that are durable; the next frame goes here.
    len: u64,
    /// How much of the holdings is durable.
    written: Extent,
}

impl VaultFile {
    /// Writes a file with `own` keys and nothing else.
    pub(crate) fn create(path: &Path, epoch: &EpochKey, own: &OwnKeys) -> Result<Self, VaultError> {
        let scratch = Scratch::open(path)?;
        // Only now: whoever else creates this vault holds the lock until it has its name.
        if path.try_exists().map_err(|source| failed("look for", path, source))? {
            return Err(VaultError::AlreadyExists { path: path.to_owned() });
        }
        Self::found(scratch, path, epoch.id(), epoch.gcm(), own, &Holdings::default())
    }

    /// The same file written anew with `holdings` and nothing of what it held besides. Until it
    /// has taken the old one's place, the old one stays as it is.
    pub(crate) fn rewritten(&self, own: &OwnKeys, holdings: &Holdings) -> Result<Self, VaultError> {
        let (scratch, gcm) = (Scratch::open(&self.path)?, self.gcm.clone());
        Self::found(scratch, &self.path, self.header.epoch, gcm, own, holdings)
    }

    fn found(
        scratch: Scratch,
        path: &Path,
        epoch: KeyId,
        gcm: Gcm,
        own: &OwnKeys,
        holdings: &Holdings,
    ) -> Result<Self, VaultError> {
        let (file, header) = scratch.write(epoch, &gcm, own, holdings)?;
        let (path, written) = (path.to_owned(), holdings.extent());
        Ok(Self { file, path, header, gcm, len: header.founded, written })
    }

    /// Reads everything. A last frame that was torn by a crash is cut off.
    pub(crate) fn open(
        path: &Path,
        epoch: &EpochKey,
    ) -> Result<(Self, OwnKeys, Holdings), VaultError> {
        let io = |action, source| failed(action, path, source);
        let mut file = File::options()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|source| io("open", source))?;
        lock(&file, path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|source| io("read", source))?;

        let header = Header::parse(&bytes).map_err(|why| no_header(why, path))?;
        if header.epoch != epoch.id() {
            return Err(VaultError::WrongEpochKey {
                path: path.to_owned(),
                wrapped_with: header.epoch,
                given: epoch.id(),
            });
        }
        let gcm = epoch.gcm();
        let Frames { own, holdings, last, end } = read_frames(&bytes, &header, &gcm, path)?;
        if end < bytes.len() {
            file.set_len(end as u64).map_err(|source| io("cut", source))?;
        }
        // The last frame was read, but perhaps from the system's cache: written and not flushed by
        // a process that was killed, or dropped by a flush that failed. It is about to count as
        // durable, so it is written again and flushed; and so is the name, after a rewrite.
        file.write_all_at(&bytes[last..end], last as u64).map_err(|source| io("write", source))?;
        file.sync_all().map_err(|source| io("flush", source))?;
        sync_folder(path).map_err(|source| io("flush the folder of", source))?;
        Scratch::remove_left_over(path)?;
        let written = holdings.extent();
        let file = Self { file, path: path.to_owned(), header, gcm, len: end as u64, written };
        Ok((file, own, holdings))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Seals what of `holdings` is not durable yet, or as much of it as goes into one frame.
    pub(crate) fn next_frame(&self, holdings: &Holdings) -> Result<Frame, getrandom::Error> {
        let end = holdings.frame_end(self.written);
        let nonce = nonce::random()?;
        let (gcm, header) = (&self.gcm, &self.header);
        let bytes =
            frame::seal_holdings(gcm, header, self.len, &nonce, holdings, self.written, end);
        Ok(Frame { bytes, end })
    }

    /// Makes `frame` durable and says how much now is. The caller stops using the file after an
    /// error: what is on disk then is unknown.
    pub(crate) fn append(&mut self, frame: &Frame) -> io::Result<Extent> {
        self.file.write_all_at(&frame.bytes, self.len)?;
        self.file.sync_data()?;
        self.len += frame.bytes.len() as u64;
        self.written = frame.end;
        Ok(frame.end)
    }

    #[cfg(test)]
    pub(crate) fn replace_file(&mut self, file: File) {
        self.file = file;
    }
}

/// The next bytes of the file, and how much will be durable with them.
pub(crate) struct Frame {
    bytes: Zeroizing<Vec<u8>>,
    end: Extent,
}

/// What is in a file.
struct Frames {
    own: OwnKeys,
    holdings: Holdings,
    /// Where the last whole frame begins, and where it ends.
    last: usize,
    end: usize,
}

fn read_frames(
    bytes: &[u8],
    header: &Header,
    gcm: &Gcm,
    path: &Path,
) -> Result<Frames, VaultError> {
    let damaged = |offset: usize, what| VaultError::Damaged {
        path: path.to_owned(),
        offset: offset as u64,
        what,
    };
    let mut own = None;
    let mut holdings = Holdings::default();
    let (mut last, mut at) = (Header::LEN, Header::LEN);
    while at < bytes.len() {
        match frame::open(gcm, header, bytes, at) {
            Ok((entries, next)) => {
                if own.is_some() {
                    frame::read_holdings(&entries, &mut holdings)
                        .map_err(|what| damaged(at, what))?;
                } else {
                    own = frame::read_own(&entries);
                    own.as_ref().ok_or_else(|| damaged(at, NO_OWN_KEYS))?;
                }
                (last, at) = (at, next);
            }
            Err(no_frame) if frame::is_torn(gcm, header, bytes, at, &no_frame) => break,
            Err(NoFrame::Damaged(what)) => return Err(damaged(at, what)),
            Err(NoFrame::Short) => return Err(damaged(at, "a frame has a wrong length")),
        }
    }
    if (at as u64) < header.founded {
        return Err(damaged(at, "less is left than the file was founded with"));
    }
    let own = own.ok_or_else(|| damaged(at, NO_OWN_KEYS))?;
    Ok(Frames { own, holdings, last, end: at })
}

const NO_OWN_KEYS: &str = "the vault's own keys are missing";

/// One owner: a second one would append over the first one's frames.
pub(crate) fn lock(file: &File, path: &Path) -> Result<(), VaultError> {
    let in_use = || VaultError::InUse { path: path.to_owned() };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use()),
        Err(TryLockError::Error(source)) => return Err(failed("lock", path, source)),
    }
    // Between opening and locking, the owner may have put a new file in this one's place and gone.
    let locked = file.metadata().map_err(|source| failed("look at", path, source))?;
    match fs::metadata(path) {
        Ok(named) if (named.dev(), named.ino()) == (locked.dev(), locked.ino()) => Ok(()),
        Ok(_) => Err(in_use()),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Err(in_use()),
        Err(source) => Err(failed("look at", path, source)),
    }
}

/// Makes the name of a file durable.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

pub(crate) fn failed(action: &'static str, path: &Path, source: io::Error) -> VaultError {
    VaultError::Io { action, path: path.to_owned(), source: Arc::new(source) }
}

fn no_header(why: NoHeader, path: &Path) -> VaultError {
    let path = path.to_owned();
    match why {
        NoHeader::NotAVault => VaultError::NotAVault { path },
        NoHeader::UnknownVersion(version) => VaultError::UnknownVersion { path, version },
        NoHeader::Damaged(what) => VaultError::Damaged { path, offset: 0, what },
    }
}
