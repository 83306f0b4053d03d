use std::fmt;

use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError, is_of_log};
use crate::cosignature::{Cosigner, Timestamp};
use crate::head::{TreeHead, TreeSize};
use crate::key::VerifierKey;
use crate::note::{MAX_NOTE_BYTES, NoteError, Signature};
use crate::proof::{ConsistencyProof, parse_hashes};

/// Bytes that a request may have: a note, and before it 63 hashes of 45 characters and one line.
pub const MAX_REQUEST_BYTES: usize = MAX_NOTE_BYTES + 4_096;

/// What a log asks of a witness: to cosign a checkpoint (tlog-witness, "add-checkpoint").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the tree that the log believes the witness saw last.
    pub old: TreeSize,
    /// That the new tree begins with that one.
    pub proof: ConsistencyProof,
    /// The new tree.
    pub checkpoint: Checkpoint,
}

/// A checkpoint that the witness may cosign, once it has written down its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a checkpoint is cosigned after its head has been stored"]
pub struct Accepted<'a>(&'a Checkpoint);

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The body is not a request.
    #[error("not an add-checkpoint request")]
    Malformed,
    /// What it should cosign is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The witness knows no key of such a log.
    #[error("unknown log origin")]
    UnknownOrigin,
    /// No signature of the log, or a wrong one.
    #[error("not signed by the log")]
    NotSigned(#[source] NoteError),
    /// The old tree is larger than the new.
    #[error("the old size is larger than that of the checkpoint")]
    OldSizeTooLarge,
    /// The log believes the witness elsewhere: it has to prove consistency with this tree.
    #[error("the last checkpoint cosigned has size {0}")]
    OtherSize(TreeSize),
    /// Another root at the size that was cosigned before: the log tells two stories.
    #[error("another root was cosigned at this size")]
    OtherRoot,
    /// The new tree does not begin with the old: the log tells two stories, or cannot prove one.
    #[error("the proof does not show that the tree begins with the one cosigned last")]
    Inconsistent,
}

impl AddCheckpoint {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] and [`Refusal::Checkpoint`].
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        if body.len() > MAX_REQUEST_BYTES {
            return Err(Refusal::Malformed);
        }
        let empty = body.windows(2).position(|two| two == b"\n\n").ok_or(Refusal::Malformed)?;
        let (lines, checkpoint) = (&body[..empty], &body[empty + 2..]);
        let (old, proof) = parse_lines(lines).ok_or(Refusal::Malformed)?;
        Ok(Self { old, proof, checkpoint: Checkpoint::parse(checkpoint)? })
    }

    /// Whether a witness that knows these keys and cosigned `last` last (of the origin of the
    /// checkpoint; [`TreeHead::empty`] if never) may cosign, in the order of the specification.
    ///
    /// Between reading `last` and storing [`Accepted::head`] nothing else may be stored for that
    /// origin, or the witness could go back.
    ///
    /// # Errors
    /// [`Refusal`], to be answered with [`Refusal::status`] and [`Refusal::body`].
    pub fn judge(&self, last: &TreeHead, keys: &[VerifierKey]) -> Result<Accepted<'_>, Refusal> {
        let Self { old, proof, checkpoint } = self;
        let new = checkpoint.head();
        if !keys.iter().any(|key| is_of_log(key, checkpoint.origin())) {
            return Err(Refusal::UnknownOrigin);
        }
        checkpoint.verify(keys).map_err(Refusal::NotSigned)?;
        if *old > new.size {
            return Err(Refusal::OldSizeTooLarge);
        }
        if *old != last.size {
            return Err(Refusal::OtherSize(last.size));
        }
        if new.size == last.size && new.root != last.root {
            return Err(Refusal::OtherRoot);
        }
        proof.verify(last, new).map_err(|_| Refusal::Inconsistent)?;
        Ok(Accepted(checkpoint))
    }
}

fn parse_lines(lines: &[u8]) -> Option<(TreeSize, ConsistencyProof)> {
    let mut lines = str::from_utf8(lines).ok()?.split('\n');
    let old = lines.next()?.strip_prefix("old ")?.parse().ok()?;
    Some((old, ConsistencyProof::new(parse_hashes(lines)?)))
}

/// The body of the request.
impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.hashes().iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl Accepted<'_> {
    /// What the witness has to store, durably, before it cosigns.
    pub const fn head(&self) -> &TreeHead {
        self.0.head()
    }

    /// The cosignature; its text is the answer to the request.
    pub fn cosign(self, cosigner: &Cosigner, at: Timestamp) -> Signature {
        cosigner.cosign(self.0, at)
    }
}

impl Refusal {
    /// Status of the answer over HTTP (tlog-witness, "add-checkpoint").
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed | Self::Checkpoint(_) | Self::OldSizeTooLarge => 400,
            Self::NotSigned(_) => 403,
            Self::UnknownOrigin => 404,
            Self::OtherSize(_) | Self::OtherRoot => 409,
            Self::Inconsistent => 422,
        }
    }

    /// Content type of the answer: a log reads the size from it where it can go on from there.
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::OtherSize(_) => "text/x.tlog.size",
            _ => "text/plain; charset=utf-8",
        }
    }

    /// Body of the answer, one line.
    pub fn body(&self) -> String {
        match self {
            Self::OtherSize(size) => format!("{size}\n"),
            other => format!("{other}\n"),
        }
    }
}
