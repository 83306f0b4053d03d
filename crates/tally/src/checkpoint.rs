use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::head::TreeHead;
use crate::key::{InvalidKey, KeyName, SecretKey, SignatureType, VerifierKey};
use crate::note::{Note, NoteError, Signature, Verified};

/// A signed tree head: a note whose text is the log's origin, the size and the root of its tree,
/// one a line (tlog-checkpoint, "Note text").
///
/// Nothing that it says is to be believed before [`verify`](Self::verify), or a policy's or a
/// witness's judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    head: TreeHead,
    note: Note,
}

/// Why a checkpoint is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// Not a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text of the note is not that of a checkpoint.
    #[error("the note is not an origin, a size and a root, one a line")]
    Body,
    /// The tree without leaves has one root, and this is another.
    #[error("size 0 with a root that is not that of the empty tree")]
    NotEmpty,
}

impl Checkpoint {
    /// Reads a checkpoint. Extension lines are allowed as the specification says; they stay in the
    /// note, as what was signed, and mean nothing.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let (origin, head) = parse_text(note.text()).ok_or(CheckpointError::Body)?;
        if head.size.get() == 0 && head != TreeHead::empty() {
            return Err(CheckpointError::NotEmpty);
        }
        Ok(Self { origin: origin.to_owned(), head, note })
    }

    /// Which log it claims to be of.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Size and root of the tree.
    pub const fn head(&self) -> &TreeHead {
        &self.head
    }

    /// The note, with all signatures.
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Whether the log signed it: which of these keys did, of those that are named as the origin
    /// and sign notes. Other keys among them are ignored.
    ///
    /// # Errors
    /// As [`Note::verify`].
    pub fn verify<'a, Keys>(&self, keys: Keys) -> Result<Vec<Verified<'a>>, NoteError>
    where
        Keys: IntoIterator<Item = &'a VerifierKey, IntoIter: Clone>,
    {
        let keys: Vec<_> = keys.into_iter().filter(|key| is_of_log(key, &self.origin)).collect();
        self.note.verify(keys)
    }

    /// Adds what a witness answered to the request to cosign this checkpoint: signature lines.
    /// Those of keys that are not given are ignored; one takes the place of an older one of the
    /// same key. Returns how many were taken (tlog-witness, "add-checkpoint").
    ///
    /// # Errors
    /// [`NoteError`] if the lines are none, if a signature in the name of a key given is wrong, or
    /// if they would be too many. Then nothing was added.
    pub fn add_cosignatures(
        &mut self,
        answer: &str,
        witnesses: &[VerifierKey],
    ) -> Result<usize, NoteError> {
        let mut note = self.note.clone();
        let mut taken = 0;
        for signature in Signature::parse_lines(answer)? {
            if let Some(key) = witnesses.iter().find(|key| signature.is_of(key)) {
                signature.verify(note.text(), key)?;
                note.put(signature)?;
                taken += 1;
            }
        }
        self.note = note;
        Ok(taken)
    }
}

/// Whether a key may sign for a log: it is named as its origin and signs notes (tlog-checkpoint,
/// "Signatures"; tlog-policy, "Defining a log").
pub(crate) fn is_of_log(key: &VerifierKey, origin: &str) -> bool {
    key.kind() == SignatureType::Note && key.name().as_str() == origin
}

fn parse_text(text: &str) -> Option<(&str, TreeHead)> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let origin = lines.next().filter(|origin| !origin.is_empty())?;
    let size = lines.next()?.parse().ok()?;
    let root = lines.next()?.parse().ok()?;
    let extensions_are_lines = lines.all(|extension| !extension.is_empty());
    extensions_are_lines.then_some((origin, TreeHead { size, root }))
}

/// The note as it is sent and stored.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// The log's secret key, which signs its checkpoints. Its name is the log's origin, so that one
/// cannot be signed for another log by mistake. Wiped when dropped; `Debug` shows the name only.
#[derive(Debug)]
pub struct Signer(SecretKey);

impl Signer {
    /// The key that follows from 32 random bytes.
    pub fn from_seed(origin: KeyName, seed: &[u8; 32]) -> Self {
        Self(SecretKey::from_seed(origin, SignatureType::Note, seed))
    }

    /// Reads what [`to_secret_text`](Self::to_secret_text) wrote.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        SecretKey::parse(text, SignatureType::Note).map(Self)
    }

    /// The secret key as text, `PRIVATE+KEY+…`, for its file.
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        self.0.to_text()
    }

    /// The same key for another origin, as of a new incarnation.
    #[must_use]
    pub fn with_origin(&self, origin: KeyName) -> Self {
        Self(self.0.with_name(origin))
    }

    /// The public key.
    pub const fn verifier_key(&self) -> &VerifierKey {
        self.0.public()
    }

    /// The checkpoint of a tree of this log: origin, size, root, no extension lines.
    ///
    /// Whoever calls sees to it that the tree is durable, and that it begins with every tree that
    /// was signed before (tlog-checkpoint, "Signatures").
    pub fn sign(&self, head: TreeHead) -> Checkpoint {
        let key = self.0.public();
        let origin = key.name().as_str().to_owned();
        let text = format!("{origin}\n{}\n{}\n", head.size, head.root);
        let signature = Signature::new(key, self.0.sign(text.as_bytes()).to_vec());
        let note = Note::signed(text, signature);
        Checkpoint { origin, head, note }
    }
}
