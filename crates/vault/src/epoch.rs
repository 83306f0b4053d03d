use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::cipher::Gcm;
use crate::key::{KeyId, KeySort, Secret};

/// The key that wraps all keys of a vault. It lives in a file of its own, best on another medium
/// than the vault: either of the two alone opens nothing.
///
/// Prints nothing and is wiped from memory when dropped.
#[derive(Clone)]
pub struct EpochKey(Secret);

impl EpochKey {
    /// Bytes of a key file: 64 hexadecimal digits and some white space.
    const LIMIT: u64 = 256;

    /// Reads 32 bytes written as 64 hexadecimal digits or as base64, as
    /// `openssl rand -hex 32` or `openssl rand -base64 32` print them.
    ///
    /// # Errors
    /// [`EpochKeyError::Exposed`] if group or others may read, write or execute the file,
    /// [`EpochKeyError::Malformed`] if it holds anything else, [`EpochKeyError::Io`] if it cannot
    /// be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, EpochKeyError> {
        let path = path.as_ref();
        let failed = |source| EpochKeyError::io("read", path, source);
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(EpochKeyError::Exposed { path: path.to_owned(), mode });
        }
        // Room for all at once: a text that grew would leave copies behind.
        let mut text = Zeroizing::new(Vec::with_capacity(1024));
        file.take(Self::LIMIT + 1).read_to_end(&mut text).map_err(failed)?;
        (text.len() as u64 <= Self::LIMIT)
            .then(|| parse(text.trim_ascii()))
            .flatten()
            .map(Self)
            .ok_or_else(|| EpochKeyError::Malformed { path: path.to_owned() })
    }

    /// Makes a random key and writes it to a new file that only its owner may read (mode 0600).
    /// The key is durable when this returns.
    ///
    /// # Errors
    /// [`EpochKeyError::Io`] if the file exists or cannot be written;
    /// [`EpochKeyError::NoRandomness`].
    pub fn create(path: impl AsRef<Path>) -> Result<Self, EpochKeyError> {
        let path = path.as_ref();
        let key = Self::random()?;
        key.write(path).map_err(|source| EpochKeyError::io("create", path, source))?;
        Ok(key)
    }

    /// Names the key without telling anything about it.
    pub fn id(&self) -> KeyId {
        self.0.id(KeySort::Epoch)
    }

    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        Secret::random().map(Self)
    }

    pub(crate) fn gcm(&self) -> Gcm {
        Gcm::new(&self.0)
    }

    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::from_slice(bytes).unwrap())
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = Zeroizing::new([b'\n'; 65]);
        for (digits, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(self.0.bytes()) {
            *digits = [byte >> 4, byte & 15].map(|n| b"0123456789abcdef"[usize::from(n)]);
        }
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&*text)?;
        file.sync_all()?;
        crate::file::sync_folder(path)
    }
}

impl fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EpochKey(..)")
    }
}

fn parse(text: &[u8]) -> Option<Secret> {
    // The decoder wants room for a whole last group of three bytes.
    let mut bytes = Zeroizing::new([0; 36]);
    let len = if text.len() == 2 * Secret::LEN {
        for (byte, [high, low]) in bytes.iter_mut().zip(text.as_chunks::<2>().0) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Secret::LEN
    } else {
        STANDARD.decode_slice(text, &mut *bytes).ok()?
    };
    Secret::from_slice(&bytes[..len])
}

fn digit(ascii: u8) -> Option<u8> {
    match ascii {
        b'0'..=b'9' => Some(ascii - b'0'),
        b'a'..=b'f' => Some(ascii - b'a' + 10),
        b'A'..=b'F' => Some(ascii - b'A' + 10),
        _ => None,
    }
}

/// Why there is no epoch key.
#[derive(Debug, Clone, Error)]
pub enum EpochKeyError {
    /// The file system refused.
    #[error("could not {action} epoch key file {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The key file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Others than its owner have rights to the file. `chmod 600` and, if that was so for long, a
    /// new key.
    #[error("epoch key file {} is open to group or others (mode {mode:03o})", path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is neither 64 hexadecimal digits nor 32 bytes in base64.
    #[error("epoch key file {} does not hold 32 bytes in hexadecimal or base64", path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("no random bytes from the system")]
    NoRandomness(#[from] getrandom::Error),
}

impl EpochKeyError {
    fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source: Arc::new(source) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct KeyFile(tempfile::TempDir);

    impl KeyFile {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("epoch")
        }

        fn of(text: &str, mode: u32) -> Self {
            let file = Self::new();
            fs::write(file.path(), text).unwrap();
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            file
        }

        fn read(&self) -> Result<EpochKey, EpochKeyError> {
            EpochKey::read(self.path())
        }
    }

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn a_key_is_read_from_hexadecimal_and_base64() {
        for text in [HEX, BASE64, &format!("{HEX}\n"), &format!("  {BASE64}\r\n")] {
            let key = KeyFile::of(text, 0o600).read().unwrap();
            assert!(key.0.bytes().iter().copied().eq(0..32), "{text:?}");
        }
        KeyFile::of(HEX, 0o400).read().unwrap();
    }

    #[test]
    fn a_file_with_anything_else_is_malformed() {
        let long = format!("{HEX}{}{HEX}", " ".repeat(400));
        let odd = HEX.replace("1F", "1G");
        for text in ["", "\n", &HEX[1..], &HEX[2..], &BASE64[4..], &format!("{HEX}00"), &odd, &long]
        {
            let error = KeyFile::of(text, 0o600).read().unwrap_err();
            assert!(matches!(error, EpochKeyError::Malformed { .. }), "{text:?}: {error}");
            assert!(text.trim().is_empty() || !error.to_string().contains(text.trim()));
        }
    }

    #[test]
    fn a_file_that_others_have_a_right_to_is_refused() {
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o660, 0o610] {
            let error = KeyFile::of(HEX, mode).read().unwrap_err();
            assert!(matches!(error, EpochKeyError::Exposed { mode: found, .. } if found == mode));
            assert!(error.to_string().contains(&format!("{mode:o}")), "{error}");
        }
    }

    #[test]
    fn a_created_key_is_private_random_and_never_overwritten() {
        let file = KeyFile::new();
        let key = EpochKey::create(file.path()).unwrap();
        let mode = fs::metadata(file.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(file.read().unwrap().0.bytes(), key.0.bytes());
        assert!(EpochKey::create(file.path()).is_err());
        assert_eq!(file.read().unwrap().id(), key.id());
        assert_ne!(EpochKey::create(KeyFile::new().path()).unwrap().id(), key.id());
    }
}
