use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::cosignature::Timestamp;
use crate::key::{KeyId, KeyName, SignatureType, VerifierKey};

/// Signatures that a note may have. Every verifier takes so many (signed-note, "Format").
pub const MAX_SIGNATURES: usize = 16;

/// Bytes that a note may have: 16 signatures of 5,000 bytes, as signatures that are safe from
/// quantum computers need, are 106,752 in base64; the rest is for names and text.
pub const MAX_NOTE_BYTES: usize = 131_072;

/// A text and the signatures that came with it (signed-note, "Format").
///
/// Nothing that it says is to be believed before [`verify`](Self::verify).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Ends with a line feed.
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line: `— <name> <base64(id ‖ signature)>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: KeyName,
    id: KeyId,
    bytes: Vec<u8>,
}

/// A signature of a note that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified<'a> {
    /// The key that signed.
    pub key: &'a VerifierKey,
    /// When, if it is a cosignature.
    pub at: Option<Timestamp>,
}

/// Why a note is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteError {
    /// More than [`MAX_NOTE_BYTES`].
    #[error("the note has {0} bytes, the limit is {MAX_NOTE_BYTES}")]
    TooLong(usize),
    /// More than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// Bytes that no text has, such as carriage returns and tabs.
    #[error("the note is not UTF-8 or has a control character other than line feed")]
    Characters,
    /// No empty line before the signatures, or no line feed at the end.
    #[error("the note is not a text, an empty line and signature lines")]
    Form,
    /// A line among the signatures is none.
    #[error("line {0} after the text is not a signature line")]
    Line(usize),
    /// A key that is trusted did not sign this: the note was changed or forged.
    #[error("the signature of {name}+{id} is wrong")]
    Wrong {
        /// Name of the key.
        name: KeyName,
        /// Its id.
        id: KeyId,
    },
    /// All signatures, if any, are of other keys.
    #[error("no trusted key signed the note")]
    Untrusted,
}

impl Note {
    /// The note of whoever signed this text first.
    pub(crate) fn signed(text: String, signature: Signature) -> Self {
        Self { text, signatures: vec![signature] }
    }

    /// Reads a note (signed-note, "Format"). All that is not exactly of that form is refused, also
    /// base64 with loose ends, so that one note has one spelling.
    ///
    /// # Errors
    /// [`NoteError`], but not `Wrong` and `Untrusted`, which [`verify`](Self::verify) finds.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let note = text_of(bytes)?;
        // The last empty line parts the two: the text may have empty lines, signatures have none.
        let empty = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, lines) = (&note[..=empty], &note[empty + 2..]);
        Ok(Self { text: text.to_owned(), signatures: Signature::parse_lines(lines)? })
    }

    /// The text, up to and with its last line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signature lines, of whatever keys.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Which of these keys signed the note, each once (signed-note, "Signatures"). Signatures of
    /// other keys are ignored, also if name or id is that of a key given.
    ///
    /// # Errors
    /// [`NoteError::Wrong`] if a signature in the name of a key given is not its own, and
    /// [`NoteError::Untrusted`] if there is no signature of any of them.
    pub fn verify<'a, Keys>(&self, keys: Keys) -> Result<Vec<Verified<'a>>, NoteError>
    where
        Keys: IntoIterator<Item = &'a VerifierKey, IntoIter: Clone>,
    {
        let keys = keys.into_iter();
        let mut verified: Vec<Verified<'a>> = Vec::new();
        for signature in &self.signatures {
            let Some(key) = keys.clone().find(|key| signature.is_of(key)) else { continue };
            let signed = signature.verify(&self.text, key)?;
            if verified.iter().all(|other| other.key != key) {
                verified.push(signed);
            }
        }
        if verified.is_empty() { Err(NoteError::Untrusted) } else { Ok(verified) }
    }

    /// Adds a signature at the end, or in the place of one of the same key.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`].
    pub(crate) fn put(&mut self, signature: Signature) -> Result<(), NoteError> {
        let same_key =
            |other: &Signature| (&other.name, other.id) == (&signature.name, signature.id);
        match self.signatures.iter().position(same_key) {
            Some(place) => self.signatures[place] = signature,
            None if self.signatures.len() == MAX_SIGNATURES => {
                return Err(NoteError::TooManySignatures);
            }
            None => self.signatures.push(signature),
        }
        Ok(())
    }
}

/// UTF-8 without ASCII control characters other than line feed.
pub(crate) fn text_of(bytes: &[u8]) -> Result<&str, NoteError> {
    let text = std::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
    if text.contains(|c: char| c < ' ' && c != '\n') {
        Err(NoteError::Characters)
    } else {
        Ok(text)
    }
}

impl Signature {
    pub(crate) fn new(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self { name: key.name().clone(), id: key.id(), bytes }
    }

    /// One or more signature lines, each ending with a line feed: the end of a note, and the
    /// answer of a witness (tlog-witness, "add-checkpoint").
    ///
    /// # Errors
    /// [`NoteError::Form`], [`NoteError::Line`] and [`NoteError::TooManySignatures`].
    pub fn parse_lines(lines: &str) -> Result<Vec<Self>, NoteError> {
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form)?;
        if lines.split('\n').nth(MAX_SIGNATURES).is_some() {
            return Err(NoteError::TooManySignatures);
        }
        let lines = (1..).zip(lines.split('\n'));
        lines.map(|(number, line)| Self::parse(line).ok_or(NoteError::Line(number))).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (id, bytes) = bytes.split_first_chunk()?;
        let name = name.parse().ok().filter(|_| !bytes.is_empty())?;
        Some(Self { name, id: KeyId::new(*id), bytes: bytes.to_vec() })
    }

    /// Name of the key that it claims.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// Id of the key that it claims.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn is_of(&self, key: &VerifierKey) -> bool {
        (&self.name, self.id) == (key.name(), key.id())
    }

    /// Checks it as the signature of a text by the key that it claims.
    pub(crate) fn verify<'a>(
        &self,
        text: &str,
        key: &'a VerifierKey,
    ) -> Result<Verified<'a>, NoteError> {
        let at = match key.kind() {
            SignatureType::Note => key.signed(text.as_bytes(), &self.bytes).then_some(None),
            SignatureType::Cosignature => self.cosigned_at(text, key).map(Some),
        };
        let wrong = || NoteError::Wrong { name: self.name.clone(), id: self.id };
        at.map(|at| Verified { key, at }).ok_or_else(wrong)
    }

    /// The time in a cosignature that is right: 8 bytes before the Ed25519 signature
    /// (tlog-cosignature, "Format").
    fn cosigned_at(&self, text: &str, key: &VerifierKey) -> Option<Timestamp> {
        let (seconds, signature) = self.bytes.split_first_chunk()?;
        let at = Timestamp::new(u64::from_be_bytes(*seconds))?;
        key.signed(at.cosigned_message(text).as_bytes(), signature).then_some(at)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

/// The line with its line feed.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.as_bytes(), &self.bytes[..]].concat();
        writeln!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}
