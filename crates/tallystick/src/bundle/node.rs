//! A running node as a bundle: the tree and all digests, as it serves them below `/log`, and the
//! records that the token is shown as they are stored, from its export.

use super::WITHHELD;
use crate::remote::Remote;
use anyhow::{Context as _, ensure};
use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use tallystick_api::{NoEvent, record_of};
use tallystick_domain::Envelope;
use tallystick_log::{MAX_BLOCK_RECORDS, MAX_RECORD_BYTES};
use tallystick_tally::{Checkpoint, MAX_NOTE_BYTES};

/// Positions asked for at once. More than the events of any command, of which an export ends with
/// the last that is complete: so each answer goes on.
const PAGE: u64 = 2 * MAX_BLOCK_RECORDS as u64;

/// Bytes that a line of an export may have: the record in base64, its payload, and the attributes.
const LINE_LIMIT: u64 = 3 * MAX_RECORD_BYTES as u64;

/// A node, as it was when its checkpoint was fetched.
#[derive(Debug)]
pub(super) struct Node {
    remote: Remote,
    checkpoint: Vec<u8>,
    export: Mutex<Export>,
}

impl Node {
    /// # Errors
    /// The node cannot be asked, does not let the token read checkpoints, or has signed none.
    pub(super) fn open(remote: Remote) -> anyhow::Result<Self> {
        let checkpoint = remote.get("/log/checkpoint", MAX_NOTE_BYTES as u64)?;
        let none = || {
            format!(
                "{} has no checkpoint: it has signed nothing yet, or it is no ledger",
                remote.url()
            )
        };
        let checkpoint = checkpoint.with_context(none)?;
        let given = Checkpoint::parse(&checkpoint);
        let size = given.with_context(|| format!("{} gave no checkpoint", remote.url()))?;
        let export = Mutex::new(Export::of(size.head().size.get()));
        Ok(Self { remote, checkpoint, export })
    }

    pub(super) fn checkpoint(&self) -> &[u8] {
        &self.checkpoint
    }

    /// The bytes of a file below `/log`.
    pub(super) fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        let found = self.remote.get(&format!("/log/{path}"), limit).map_err(failed)?;
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no {path}")))
    }

    /// What a file of records would have: those that are not given are withheld.
    pub(super) fn records(&self, positions: Range<u64>) -> io::Result<Vec<u8>> {
        let mut export = self.export.lock().unwrap_or_else(PoisonError::into_inner);
        export.records(&self.remote, positions).map_err(failed)
    }
}

/// Told with all its causes: whoever reads it sees no more than the text.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` takes")]
fn failed(error: anyhow::Error) -> io::Error {
    io::Error::other(format!("{error:#}"))
}

/// The node's export, read from the first position to the last.
#[derive(Debug)]
struct Export {
    size: u64,
    /// The last position that was asked for and answered.
    read: u64,
    /// Records read and not taken yet: position, and the bytes that a file of records has.
    ahead: VecDeque<(u64, Vec<u8>)>,
    /// Whether records are given as they are stored, as far as that is known.
    given: bool,
}

impl Export {
    fn of(size: u64) -> Self {
        Self { size, read: 0, ahead: VecDeque::new(), given: true }
    }

    fn records(&mut self, remote: &Remote, positions: Range<u64>) -> anyhow::Result<Vec<u8>> {
        if positions.start == 1 {
            // Whoever folds reads everything once more.
            *self = Self::of(self.size);
        }
        let mut bytes = Vec::new();
        for position in positions {
            while self.given && self.read < position {
                self.read_on(remote)?;
            }
            match self.ahead.front() {
                Some((at, _)) if *at == position => {
                    bytes.extend(self.ahead.pop_front().into_iter().flat_map(|(_, record)| record));
                }
                _ => bytes.extend_from_slice(&WITHHELD),
            }
        }
        Ok(bytes)
    }

    fn read_on(&mut self, remote: &Remote) -> anyhow::Result<()> {
        let until = self.size.min(self.read + PAGE);
        let path = format!("/export/events.ndjson?after={}&asOf={until}", self.read);
        let Some(body) = remote.open(&path)? else {
            self.given = false;
            return Ok(());
        };
        let mut lines = BufReader::new(body.into_reader());
        let (mut line, mut last) = (Vec::new(), self.read);
        loop {
            line.clear();
            if lines.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let (header, body) = match record_of(str::from_utf8(&line)?) {
                Ok(record) => record,
                // An event without its record: only scopes that read everything are given that.
                Err(NoEvent::Json(error)) if error.is_data() => {
                    self.given = false;
                    self.ahead.clear();
                    return Ok(());
                }
                Err(error) => return Err(error).context("the export has a line that is none"),
            };
            let position = Envelope::decode(&header)?.position.0;
            ensure!(
                position > last && position <= until,
                "the export has position {position} after {last}, and was to end at {until}"
            );
            last = position;
            self.ahead.push_back((position, super::framed(&header, &body)?));
        }
        ensure!(last > self.read, "the export ends at {last}, though {} was signed", self.size);
        self.read = if until == self.size { until } else { last };
        Ok(())
    }
}
