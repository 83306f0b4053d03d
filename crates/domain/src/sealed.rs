//! Personal values that only the holder of the vault can open.

use alloc::{boxed::Box, string::String};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use core::{fmt, marker::PhantomData};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A `T` encrypted under a key of the person it is about; the blob names its key. Rules and
/// measures can carry it and compare it with nothing. Base64 without padding in JSON.
pub struct Sealed<T> {
    blob: Box<[u8]>,
    of: PhantomData<fn() -> T>,
}

impl<T> Sealed<T> {
    /// Bytes a sealed value may have: a note of 4,000 bytes, its frame, and room.
    pub const LIMIT: usize = 6_000;

    /// Takes a blob as the vault made it.
    pub fn from_blob(blob: impl Into<Box<[u8]>>) -> Self {
        Self { blob: blob.into(), of: PhantomData }
    }

    /// The blob, for the vault to open.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }
}

impl<T> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self { blob: self.blob.clone(), of: PhantomData }
    }
}

impl<T> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.blob == other.blob
    }
}

impl<T> Eq for Sealed<T> {}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.blob.len())
    }
}

impl<T> Serialize for Sealed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&STANDARD_NO_PAD.encode(&self.blob))
        } else {
            self.blob.serialize(serializer)
        }
    }
}

impl<'de, T> Deserialize<'de> for Sealed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let blob = if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?.into_boxed_slice()
        } else {
            Box::deserialize(deserializer)?
        };
        if blob.len() > Self::LIMIT {
            return Err(D::Error::custom("sealed value over its limit"));
        }
        Ok(Self { blob, of: PhantomData })
    }
}
