use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use hmac::{Hmac, KeyInit, Mac};
use parking_lot::{Mutex, RwLock};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::blind::{BlindId, Claim};
use crate::blob::{self, Blob};
use crate::cipher::{CipherCache, SubjectCipher};
use crate::epoch::EpochKey;
use crate::error::{OpenError, Poisoned, SealError, VaultError};
use crate::file::VaultFile;
use crate::frame::OwnKeys;
use crate::holdings::{Holdings, Row, Taken};
use crate::key::{KeyPurpose, Secret, SubjectId};
use crate::nonce;

/// The keys of all subjects, and the claims to identifiers.
///
/// Callers on any number of threads share one by reference. Locks are held to look a key up or to
/// add one, never while a value is encrypted. Memory: some 80 bytes a key (57 and two index
/// entries), 50 a claim, and 2.5 MiB for ciphers in use.
pub struct Vault {
    own: OwnKeys,
    /// HMACs with their keys taken in.
    mac: Hmac<Sha256>,
    blind: Hmac<Sha256>,
    holdings: RwLock<Holdings>,
    ciphers: CipherCache,
    /// How many keys and claims there are, and how many of these are durable. Raised while
    /// `holdings` and `file` are locked, read without either.
    made: AtomicUsize,
    durable: AtomicUsize,
    /// `None` in memory.
    file: Mutex<Option<VaultFile>>,
    poison: OnceLock<Poisoned>,
}

impl Vault {
    /// Makes an empty vault at `path`, with keys of its own wrapped by `epoch_key`. It is durable
    /// when this returns.
    ///
    /// # Errors
    /// [`VaultError::AlreadyExists`] or [`VaultError::InUse`], and nothing was touched;
    /// [`VaultError::Io`], and there is no vault.
    pub fn create(path: impl AsRef<Path>, epoch_key: &EpochKey) -> Result<Self, VaultError> {
        let own = OwnKeys { mac: Secret::random()?, blind: Secret::random()? };
        let file = VaultFile::create(path.as_ref(), epoch_key, &own)?;
        Ok(Self::new(own, Holdings::default(), Some(file)))
    }

    /// Opens the vault at `path` and takes all its keys into memory. What a crash left half
    /// written at the end, and nobody was told was durable, is cut off.
    ///
    /// # Errors
    /// [`VaultError::WrongEpochKey`] names the key that is needed. [`VaultError::Damaged`] says
    /// where: restore the file from a copy. [`VaultError::InUse`]: stop the other process.
    pub fn open(path: impl AsRef<Path>, epoch_key: &EpochKey) -> Result<Self, VaultError> {
        let (file, own, holdings) = VaultFile::open(path.as_ref(), epoch_key)?;
        Ok(Self::new(own, holdings, Some(file)))
    }

    /// A vault without a file, for tests and simulations: its keys die with it.
    ///
    /// # Errors
    /// [`VaultError::NoRandomness`].
    pub fn in_memory() -> Result<Self, VaultError> {
        let own = OwnKeys { mac: Secret::random()?, blind: Secret::random()? };
        Ok(Self::new(own, Holdings::default(), None))
    }

    fn new(own: OwnKeys, holdings: Holdings, file: Option<VaultFile>) -> Self {
        let count = holdings.extent().count();
        Self {
            mac: hmac(&own.mac),
            blind: hmac(&own.blind),
            own,
            holdings: RwLock::new(holdings),
            ciphers: CipherCache::new(),
            made: AtomicUsize::new(count),
            durable: AtomicUsize::new(count),
            file: Mutex::new(file),
            poison: OnceLock::new(),
        }
    }

    /// Seals `clear` with the subject's key for `purpose`, which is made if there is none. `aad`
    /// says where the value belongs; only with the same can it be opened. The blob is 45 bytes
    /// longer than `clear`.
    ///
    /// The blob may be stored only after a [`sync`](Self::sync) that began after this returned.
    ///
    /// # Errors
    /// [`SealError::Poisoned`] after a failed write.
    ///
    /// # Panics
    /// If `clear` is longer than 64 GiB.
    pub fn seal(
        &self,
        subject: SubjectId,
        purpose: KeyPurpose,
        aad: &[u8],
        clear: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        self.check_poison()?;
        let cipher = match self.cipher_of(subject, purpose) {
            Some(cipher) => cipher,
            None => self.make_key(subject, purpose)?,
        };
        Ok(blob::seal(&cipher, &nonce::random()?, aad, clear))
    }

    /// Opens what [`seal`](Self::seal) made with the same `aad`.
    ///
    /// # Errors
    /// [`OpenError`] says whether the key is gone or the blob is not what was sealed.
    pub fn open_blob(&self, blob: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let blob = Blob::parse(blob)?;
        let cipher = {
            let holdings = self.holdings.read();
            let row = holdings.keys.find_head(blob.key.head()).ok_or(OpenError::NoSuchKey)?;
            self.cipher(row)
        };
        // The head finds it, but only the whole id commits to the key.
        if cipher.id != blob.key {
            return Err(OpenError::NoSuchKey);
        }
        blob.open(&cipher, aad)
    }

    /// Whether the subject has a key for `purpose`. A subject whose event is in the log and who
    /// has none was erased, or the vault is older than the log.
    pub fn holds(&self, subject: SubjectId, purpose: KeyPurpose) -> bool {
        self.holdings.read().keys.find(subject, purpose).is_some()
    }

    /// Whether there are keys or claims that [`sync`](Self::sync) has not made durable yet. Two
    /// atomic reads.
    pub fn is_dirty(&self) -> bool {
        // In this order: `durable` never passes `made`, so equal values mean there was a moment
        // when nothing was left to do, after everything that this thread has sealed.
        self.durable.load(Ordering::Acquire) != self.made.load(Ordering::Acquire)
    }

    /// Makes all keys and claims durable that were made before the call: one append and one
    /// flush for all of them, and for all callers that came meanwhile. Costs two atomic reads if
    /// there is nothing to do.
    ///
    /// # Errors
    /// [`Poisoned`], for good, after the first write that failed.
    pub fn sync(&self) -> Result<(), Poisoned> {
        let wanted = self.made.load(Ordering::Acquire);
        while self.durable.load(Ordering::Acquire) < wanted {
            let mut file = self.file.lock();
            // Whoever held the lock may have done it, or failed.
            self.check_poison()?;
            if self.durable.load(Ordering::Acquire) >= wanted {
                break;
            }
            let durable = match &mut *file {
                None => self.made.load(Ordering::Acquire),
                Some(file) => self.append(file)?,
            };
            self.durable.store(durable, Ordering::Release);
        }
        self.check_poison()
    }

    fn append(&self, file: &mut VaultFile) -> Result<usize, Poisoned> {
        let frame = file.next_frame(&self.holdings.read());
        match frame.map_err(Into::into).and_then(|frame| file.append(&frame)) {
            Ok(durable) => Ok(durable.count()),
            Err(source) => {
                let poison = Poisoned { path: file.path().to_owned(), source: Arc::new(source) };
                Err(self.poison.get_or_init(|| poison).clone())
            }
        }
    }

    /// 128 bits by which the ledger knows the input of a command again, though what is in the log
    /// of it tells nothing: HMAC-SHA256 under a key of the vault. Compare with [`macs_equal`].
    pub fn command_mac(&self, input: &[u8]) -> [u8; 16] {
        truncated(self.mac.clone().chain_update(input))
    }

    /// The blind id of an identifier. `scheme` says which sort of identifier, such as `pnc`; the
    /// caller brings `value` into its one spelling first.
    pub fn blind(&self, scheme: &str, value: &[u8]) -> BlindId {
        let scheme_len = (scheme.len() as u64).to_be_bytes();
        let mac = self.blind.clone().chain_update(scheme_len).chain_update(scheme);
        BlindId(truncated(mac.chain_update(value)))
    }

    /// Notes that `subject` claims the identifier. Several may claim the same one; the log says
    /// who holds it. Durable after the next [`sync`](Self::sync).
    ///
    /// # Errors
    /// [`Poisoned`] after a failed write.
    pub fn claim(&self, blind: BlindId, subject: SubjectId) -> Result<(), Poisoned> {
        self.check_poison()?;
        let mut holdings = self.holdings.write();
        if holdings.claims.insert(Claim { blind, subject }) {
            self.made.fetch_add(1, Ordering::Release);
        }
        Ok(())
    }

    /// All subjects that claim the identifier, in the order in which they did.
    pub fn claimants(&self, blind: BlindId) -> Vec<SubjectId> {
        self.holdings.read().claims.claimants(blind)
    }

    /// Drops the keys and claims of all subjects that `keep` does not want, and says how many.
    /// Called at start, when it is known whose events are in the log: the others are left over
    /// from commands that were refused or that a crash cut short.
    ///
    /// If something is dropped, the file is written anew and takes the old one's place in one
    /// step; then everything is durable.
    ///
    /// # Errors
    /// [`VaultError`]: nothing was dropped in memory, the file is the old or the new one, and the
    /// vault is [`Poisoned`]. Start again.
    pub fn retain(&mut self, keep: impl FnMut(SubjectId) -> bool) -> Result<usize, VaultError> {
        let holdings = self.holdings.get_mut();
        let Some(kept) = holdings.retained(keep) else { return Ok(0) };
        let file = self.file.get_mut();
        if let Some(old) = file {
            match old.rewritten(&self.own, &kept) {
                Ok(new) => *file = Some(new),
                // The name may stand for either file now: a key appended to the wrong one is lost.
                Err(error) => {
                    let source = Arc::new(io::Error::other(error.clone()));
                    let path = old.path().to_owned();
                    self.poison.get_or_init(|| Poisoned { path, source });
                    return Err(error);
                }
            }
        }
        let dropped = holdings.extent().count() - kept.extent().count();
        *self.made.get_mut() = kept.extent().count();
        *self.durable.get_mut() = kept.extent().count();
        *holdings = kept;
        self.ciphers.clear();
        Ok(dropped)
    }

    fn cipher_of(&self, subject: SubjectId, purpose: KeyPurpose) -> Option<Arc<SubjectCipher>> {
        let holdings = self.holdings.read();
        holdings.keys.find(subject, purpose).map(|row| self.cipher(row))
    }

    /// Expands the key, if it must, while the caller still holds `holdings`: no cipher of a key
    /// that is gone can come into the cache.
    fn cipher(&self, row: &Row) -> Arc<SubjectCipher> {
        self.ciphers.get(row.head(), || SubjectCipher::new(&row.secret))
    }

    /// The cipher of a new key, or of that which another thread made first.
    fn make_key(
        &self,
        subject: SubjectId,
        purpose: KeyPurpose,
    ) -> Result<Arc<SubjectCipher>, SealError> {
        loop {
            let row = Row::new(subject, purpose, Secret::random()?);
            let mut holdings = self.holdings.write();
            match holdings.keys.insert(row) {
                Ok(()) => {
                    self.made.fetch_add(1, Ordering::Release);
                }
                Err(Taken::Owner) => {}
                Err(Taken::Head) => continue,
            }
            let row = holdings.keys.find(subject, purpose).expect("it is there by now");
            return Ok(self.cipher(row));
        }
    }

    #[cfg(test)]
    pub(crate) fn replace_file(&self, file: std::fs::File) {
        self.file.lock().as_mut().unwrap().replace_file(file);
    }

    #[cfg(test)]
    pub(crate) fn key_bytes(&self, subject: SubjectId, purpose: KeyPurpose) -> [u8; 32] {
        *self.holdings.read().keys.find(subject, purpose).unwrap().secret.bytes()
    }

    fn check_poison(&self) -> Result<(), Poisoned> {
        self.poison.get().map_or(Ok(()), |poison| Err(poison.clone()))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("made", &self.made).finish_non_exhaustive()
    }
}

/// Whether two MACs are equal, in a time that does not tell where they differ.
pub fn macs_equal(a: &[u8; 16], b: &[u8; 16]) -> bool {
    let differing = a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a ^ b));
    // Keeps the compiler from leaving the loop at the first difference.
    std::hint::black_box(differing) == 0
}

fn hmac(key: &Secret) -> Hmac<Sha256> {
    Hmac::new_from_slice(key.bytes()).expect("HMAC takes a key of any length")
}

fn truncated(mac: Hmac<Sha256>) -> [u8; 16] {
    let whole = mac.finalize().into_bytes();
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}
