use std::fmt;
use std::sync::Arc;

use aes_gcm::aead::consts::U12;
use aes_gcm::aes::Aes256Enc;
use aes_gcm::{AeadInOut, AesGcm, KeyInit, Nonce, Tag};
use parking_lot::Mutex;

use crate::key::{KeyId, KeySort, Secret};

/// AES-256-GCM with 96-bit nonces. GCM only ever encrypts blocks, so the schedule for decrypting
/// them, half of the work and memory of an expansion, is left out.
#[derive(Clone)]
pub(crate) struct Gcm(AesGcm<Aes256Enc, U12>);

pub(crate) const NONCE: usize = 12;
pub(crate) const TAG: usize = 16;

/// The tag does not fit: another key, other additional data, or other bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Forged;

impl Gcm {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(AesGcm::new(secret.bytes().into()))
    }

    /// # Panics
    /// If `text` is longer than the 64 GiB that one nonce may encrypt.
    pub(crate) fn encrypt(&self, nonce: &[u8; NONCE], aad: &[u8], text: &mut [u8]) -> [u8; TAG] {
        self.0
            .encrypt_inout_detached(&Nonce::from(*nonce), aad, text.into())
            .expect("a field or frame is far below the 64 GiB that GCM encrypts at once")
            .into()
    }

    /// Leaves `text` as it is unless the tag fits.
    pub(crate) fn decrypt(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG],
    ) -> Result<(), Forged> {
        self.0
            .decrypt_inout_detached(&Nonce::from(*nonce), aad, text.into(), &Tag::from(*tag))
            .map_err(|_| Forged)
    }
}

/// A subject's key ready for use.
pub(crate) struct SubjectCipher {
    pub(crate) id: KeyId,
    pub(crate) gcm: Gcm,
}

impl SubjectCipher {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self { id: secret.id(KeySort::Subject), gcm: Gcm::new(secret) }
    }
}

impl fmt::Debug for SubjectCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SubjectCipher").field(&self.id).finish()
    }
}

/// Ciphers used lately. Expanding a key costs about as much as sealing with it.
///
/// Each key has one place, given by its id; whoever comes later takes it. Ids are as good as
/// random, so this bounds the memory with no bookkeeping and no lock that two threads would often
/// meet at.
pub(crate) struct CipherCache {
    places: Box<[Mutex<Option<Arc<SubjectCipher>>>]>,
}

impl CipherCache {
    /// 4,096 ciphers of some 600 bytes: 2.5 MiB.
    const PLACES: usize = 4096;

    pub(crate) fn new() -> Self {
        Self { places: (0..Self::PLACES).map(|_| Mutex::new(None)).collect() }
    }

    /// The cipher of the key whose id begins with `head`; `make` expands it if it is not here.
    pub(crate) fn get(
        &self,
        head: u64,
        make: impl FnOnce() -> SubjectCipher,
    ) -> Arc<SubjectCipher> {
        let mut place = self.place(head).lock();
        match &*place {
            Some(cipher) if cipher.id.head() == head => Arc::clone(cipher),
            _ => Arc::clone(place.insert(Arc::new(make()))),
        }
    }

    pub(crate) fn clear(&self) {
        self.places.iter().for_each(|place| *place.lock() = None);
    }

    #[allow(clippy::cast_possible_truncation, reason = "any bits of the head will do")]
    fn place(&self, head: u64) -> &Mutex<Option<Arc<SubjectCipher>>> {
        &self.places[head as usize % Self::PLACES]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_keeps_to_its_size_and_gives_the_right_cipher() {
        assert!(size_of::<SubjectCipher>() <= 640, "{}", size_of::<SubjectCipher>());
        let cache = CipherCache::new();
        let secrets: Vec<_> = (0..200).map(|_| Secret::random().unwrap()).collect();
        for _ in 0..2 {
            for secret in &secrets {
                let id = secret.id(KeySort::Subject);
                assert_eq!(cache.get(id.head(), || SubjectCipher::new(secret)).id, id);
                let kept = cache.get(id.head(), || panic!("it was just here"));
                assert_eq!(kept.id, id);
            }
        }
        cache.clear();
        let mut made = false;
        cache.get(secrets[0].id(KeySort::Subject).head(), || {
            made = true;
            SubjectCipher::new(&secrets[0])
        });
        assert!(made);
    }

    #[test]
    fn two_keys_with_one_place_take_turns() {
        let cache = CipherCache::new();
        let cipher = |first: u8| {
            let mut id = [0; 16];
            id[0] = first;
            move || SubjectCipher { id: KeyId(id), gcm: Gcm::new(&Secret::random().unwrap()) }
        };
        for first in [1, 2, 1] {
            // Same low bits, so the same place.
            let head = u64::from(first) << 56;
            assert_eq!(cache.get(head, cipher(first)).id.head(), head);
        }
    }
}
