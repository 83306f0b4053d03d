use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as Ed25519Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

/// Name of a key: not empty, no Unicode space, no plus, no control character (signed-note,
/// "Format"). A log's is its origin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// First four bytes of SHA-256(name ‖ 0x0A ‖ signature type ‖ public key): with the name it says
/// which key made a signature (signed-note, "Signatures").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

/// What a key signs (signed-note, "Signature types"; the others are not supported).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureType {
    /// 0x01: the text of a note, by Ed25519. Logs' keys.
    Note,
    /// 0x04: a checkpoint and a time, by Ed25519 (tlog-cosignature). Witnesses' keys.
    Cosignature,
}

/// A public key, its name and what it signs. Text: `<name>+<id, 8 hex>+<base64(type ‖ key)>`, the
/// "vkey" of signed-note.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    kind: SignatureType,
    key: VerifyingKey,
}

/// A secret key with its public one. Wiped when dropped, never printed.
pub(crate) struct SecretKey {
    public: VerifierKey,
    key: SigningKey,
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidKey {
    /// Empty, or with a space, a plus or a control character.
    #[error("a key's name is not empty and has no space, plus or control character")]
    Name,
    /// Not three parts (of a secret key five) with eight lower-case digits and base64 of 33 bytes.
    #[error("not a key in the text form of a signed note")]
    Form,
    /// A type that is not supported, or not the one that is needed here.
    #[error("signature type {0:#04x} does not fit here")]
    Type(u8),
    /// Its id does not follow from its name and bytes, so one of them was changed.
    #[error("the id of the key does not fit its name and bytes")]
    Id,
    /// Not a point of the curve, or one of small order, for which anybody can sign.
    #[error("the public key is not a sound Ed25519 key")]
    Point,
}

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = InvalidKey;

    fn from_str(name: &str) -> Result<Self, InvalidKey> {
        let unwanted = |c: char| c.is_whitespace() || c == '+' || c < ' ';
        if name.is_empty() || name.contains(unwanted) {
            return Err(InvalidKey::Name);
        }
        Ok(Self(name.to_owned()))
    }
}

impl KeyId {
    /// The four bytes.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    pub(crate) const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }
}

impl SignatureType {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Note => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    const fn of_byte(byte: u8) -> Result<Self, InvalidKey> {
        match byte {
            0x01 => Ok(Self::Note),
            0x04 => Ok(Self::Cosignature),
            other => Err(InvalidKey::Type(other)),
        }
    }
}

impl VerifierKey {
    fn new(name: KeyName, kind: SignatureType, key: VerifyingKey) -> Self {
        let hash = Sha256::new()
            .chain_update(&name.0)
            .chain_update([b'\n', kind.byte()])
            .chain_update(key.as_bytes())
            .finalize();
        let id = KeyId([hash[0], hash[1], hash[2], hash[3]]);
        Self { name, id, kind, key }
    }

    /// Its name.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// Its id.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// What it signs.
    pub const fn kind(&self) -> SignatureType {
        self.kind
    }

    /// The Ed25519 key itself: two that agree in it are the same key under two names.
    pub fn public_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether the 64 bytes are its signature of the message (RFC 8032 §5.1.7; keys and points of
    /// small order, with which one signature fits many messages, are refused).
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Ed25519Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

impl SecretKey {
    pub(crate) fn from_seed(name: KeyName, kind: SignatureType, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = VerifierKey::new(name, kind, key.verifying_key());
        Self { public, key }
    }

    /// The same key under another name, which has another id.
    pub(crate) fn with_name(&self, name: KeyName) -> Self {
        Self::from_seed(name, self.public.kind, self.key.as_bytes())
    }

    pub(crate) const fn public(&self) -> &VerifierKey {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// `PRIVATE+KEY+<name>+<id>+<base64(type ‖ seed)>`, the form of Go's `sumdb/note`.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([self.public.kind.byte(); 33]);
        bytes[1..].copy_from_slice(self.key.as_bytes());
        let secret = Zeroizing::new(STANDARD.encode(*bytes));
        let VerifierKey { name, id, .. } = &self.public;
        Zeroizing::new(format!("{PRIVATE_KEY}{name}+{id}+{}", *secret))
    }

    pub(crate) fn parse(text: &str, kind: SignatureType) -> Result<Self, InvalidKey> {
        let text = text.strip_prefix(PRIVATE_KEY).ok_or(InvalidKey::Form)?;
        let parts = Parts::parse(text)?;
        if parts.kind != kind {
            return Err(InvalidKey::Type(parts.kind.byte()));
        }
        let key = Self::from_seed(parts.name, kind, &parts.bytes);
        if key.public.id == parts.id { Ok(key) } else { Err(InvalidKey::Id) }
    }
}

/// Begins the text of every secret key, so that it is not taken for the public one.
const PRIVATE_KEY: &str = "PRIVATE+KEY+";

/// `<name>+<id>+<base64(type ‖ bytes)>`, where the base64 may have pluses of its own.
struct Parts {
    name: KeyName,
    id: KeyId,
    kind: SignatureType,
    /// May be those of a secret key, so no copy of them is left behind.
    bytes: Zeroizing<[u8; 32]>,
}

impl Parts {
    fn parse(text: &str) -> Result<Self, InvalidKey> {
        let mut parts = text.splitn(3, '+');
        let mut part = || parts.next().ok_or(InvalidKey::Form);
        let (name, id, encoded) = (part()?.parse()?, part()?.parse()?, part()?);
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| InvalidKey::Form)?);
        let (kind, bytes) = bytes.split_first().ok_or(InvalidKey::Form)?;
        let kind = SignatureType::of_byte(*kind)?;
        let bytes = Zeroizing::new(bytes.try_into().map_err(|_| InvalidKey::Form)?);
        Ok(Self { name, id, kind, bytes })
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({}+{}, not shown)", self.public.name, self.public.id)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [self.kind.byte(); 33];
        bytes[1..].copy_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let Parts { name, id, kind, bytes } = Parts::parse(text)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| InvalidKey::Point)?;
        if key.is_weak() {
            return Err(InvalidKey::Point);
        }
        let key = Self::new(name, kind, key);
        if key.id == id { Ok(key) } else { Err(InvalidKey::Id) }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let number = u32::from_str_radix(text, 16).ok();
        let number = number.filter(|_| text.len() == 8 && text.bytes().all(digit));
        number.map(|number| Self(number.to_be_bytes())).ok_or(InvalidKey::Form)
    }
}
