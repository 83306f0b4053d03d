//! A sealed value: version ‖ key id ‖ nonce ‖ ciphertext ‖ tag (schema/vault-format.md, "Blob").

use zeroize::Zeroizing;

use crate::cipher::{NONCE, SubjectCipher, TAG};
use crate::error::OpenError;
use crate::key::KeyId;

const VERSION: u8 = 1;
const NONCE_AT: usize = 1 + 16;
const TEXT_AT: usize = NONCE_AT + NONCE;

pub(crate) fn seal(
    cipher: &SubjectCipher,
    nonce: &[u8; NONCE],
    aad: &[u8],
    clear: &[u8],
) -> Vec<u8> {
    let mut blob = Vec::with_capacity(TEXT_AT + clear.len() + TAG);
    blob.push(VERSION);
    blob.extend_from_slice(&cipher.id.0);
    blob.extend_from_slice(nonce);
    blob.extend_from_slice(clear);
    let tag = cipher.gcm.encrypt(nonce, &extended(aad, cipher.id), &mut blob[TEXT_AT..]);
    blob.extend_from_slice(&tag);
    blob
}

/// A blob taken apart; the tag is not yet checked.
pub(crate) struct Blob<'a> {
    pub(crate) key: KeyId,
    nonce: &'a [u8; NONCE],
    text: &'a [u8],
    tag: &'a [u8; TAG],
}

impl<'a> Blob<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, OpenError> {
        let (&version, rest) = bytes.split_first().ok_or(OpenError::Tampered)?;
        if version != VERSION {
            return Err(OpenError::UnknownFormat { version });
        }
        // Too short for the fixed parts: bytes were cut off.
        let (key, rest) = rest.split_first_chunk().ok_or(OpenError::Tampered)?;
        let (nonce, rest) = rest.split_first_chunk().ok_or(OpenError::Tampered)?;
        let (text, tag) = rest.split_last_chunk().ok_or(OpenError::Tampered)?;
        Ok(Self { key: KeyId(*key), nonce, text, tag })
    }

    pub(crate) fn open(
        &self,
        cipher: &SubjectCipher,
        aad: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let mut clear = Zeroizing::new(self.text.to_vec());
        cipher
            .gcm
            .decrypt(self.nonce, &extended(aad, self.key), &mut clear, self.tag)
            .map_err(|_| OpenError::Tampered)?;
        Ok(clear)
    }
}

/// The caller's additional data and then the key id, whose length is fixed: no two pairs give the
/// same bytes.
fn extended(aad: &[u8], key: KeyId) -> Vec<u8> {
    [aad, &key.0].concat()
}
