//! The head file: what the store must hold, kept outside it.
//!
//! Three slots of 512 bytes (a disk writes a sector whole), each one line of text:
//!
//! ```text
//! tallystick-head 1 identity=<64 hex> commit=<n> position=<n> digest=<64 hex> crc=<8 hex>
//! ```
//!
//! padded with spaces to a line feed. The sound slot with the highest commit counts. One slot was
//! synced last and is not touched, one is being synced, one is written to: a torn write can never
//! take the last synced state with it.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tallystick_log::{CommitNumber, Digest, Head, LogIdentity};

/// The head file is on disk at most this long after it was written.
pub(crate) const HEAD_SYNC_WITHIN: Duration = Duration::from_millis(100);

const SLOTS: usize = 3;
const SLOT_BYTES: usize = 512;
const MAGIC: &str = "tallystick-head 1";

/// What a head file was found to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Missing,
    Damaged,
    Sound { identity: LogIdentity, head: Head },
}

/// Reads the head file in a data folder.
pub(crate) fn read(path: &Path) -> io::Result<Found> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Missing),
        Err(error) => return Err(error),
    };
    let newest = bytes.chunks(SLOT_BYTES).filter_map(parse).max_by_key(|(_, head)| head.commit);
    Ok(newest.map_or(Found::Damaged, |(identity, head)| Found::Sound { identity, head }))
}

/// The head file of an open log.
pub(crate) struct HeadFile {
    path: PathBuf,
    identity: LogIdentity,
    file: File,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// The slot that is written to.
    slot: usize,
    dirty: bool,
    closing: bool,
    failure: Option<Arc<io::Error>>,
}

impl HeadFile {
    /// Replaces the head file by one that says this, durably.
    pub(crate) fn create(path: &Path, identity: LogIdentity, head: Head) -> io::Result<Self> {
        let new = path.with_extension("new");
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&new)?;
        file.set_len((SLOTS * SLOT_BYTES) as u64)?;
        file.write_all_at(&line(identity, head), 0)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Self {
            path: path.to_owned(),
            identity,
            file,
            state: Mutex::new(State { slot: 1, dirty: false, closing: false, failure: None }),
            changed: Condvar::new(),
        })
    }

    /// Writes a new head, to be synced soon.
    pub(crate) fn write(&self, head: Head) -> Result<(), Arc<io::Error>> {
        let mut state = self.lock();
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        let at = (state.slot * SLOT_BYTES) as u64;
        self.file.write_all_at(&line(self.identity, head), at)?;
        if !state.dirty {
            state.dirty = true;
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Syncs what is written, soon after it is, until [`close`](Self::close). For a thread of its
    /// own.
    pub(crate) fn sync_until_closed(&self) {
        let mut state = self.lock();
        loop {
            while !state.dirty && !state.closing {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if !state.closing {
                // Half of what is promised; the other half is for the sync itself on a busy disk.
                let patience = HEAD_SYNC_WITHIN / 2;
                (state, _) = self
                    .changed
                    .wait_timeout_while(state, patience, |state| !state.closing)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if state.dirty {
                state.dirty = false;
                state.slot = (state.slot + 1) % SLOTS;
                drop(state);
                let synced = self.file.sync_data();
                state = self.lock();
                if let Err(error) = synced {
                    state.failure = Some(Arc::new(error));
                }
            } else if state.closing {
                return;
            }
        }
    }

    /// Lets [`sync_until_closed`](Self::sync_until_closed) sync a last time and return.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_all();
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(identity: LogIdentity, head: Head) -> [u8; SLOT_BYTES] {
    let Head { commit, last_position, digest } = head;
    let text = format!(
        "{MAGIC} identity={identity} commit={commit} position={last_position} digest={digest}"
    );
    let text = format!("{text} crc={:08x}", crc32fast::hash(text.as_bytes()));
    let mut line = [b' '; SLOT_BYTES];
    line[..text.len()].copy_from_slice(text.as_bytes());
    line[SLOT_BYTES - 1] = b'\n';
    line
}

fn parse(line: &[u8]) -> Option<(LogIdentity, Head)> {
    let (covered, crc) = std::str::from_utf8(line).ok()?.trim_end().rsplit_once(" crc=")?;
    if u32::from_str_radix(crc, 16) != Ok(crc32fast::hash(covered.as_bytes())) {
        return None;
    }
    let mut fields = covered.strip_prefix(MAGIC)?.split_ascii_whitespace();
    let mut field = |name: &str| fields.next()?.strip_prefix(name)?.strip_prefix('=');
    let identity = LogIdentity::new(hex(field("identity")?)?);
    let commit = CommitNumber::new(field("commit")?.parse().ok()?);
    let last_position = field("position")?.parse().ok()?;
    let digest = Digest::new(hex(field("digest")?)?);
    Some((identity, Head { commit, last_position, digest }))
}

fn hex(text: &str) -> Option<[u8; Digest::BYTES]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * Digest::BYTES || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; Digest::BYTES];
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}
