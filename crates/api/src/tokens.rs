//! The token file: a JSON list of who holds which bearer token.
//!
//! ```json
//! [{"token_sha256": "<64 hex digits>", "principal": "j.okoro", "agency": "willowdene",
//!   "role": "PROVIDER_LEAD", "expires": "2027-01-31T00:00:00Z"}]
//! ```
//!
//! Only the digest of a token is ever stored, so the file can be read without becoming anyone. It
//! is read again when it changes: a line taken out is a token revoked, two lines for one caller are
//! a rotation.

use std::{
    collections::HashMap,
    fmt, fs, io,
    path::Path,
    sync::{Arc, Weak},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use parking_lot::RwLock;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::caller::{Authenticate, Caller, Pass};

/// Time between two looks at the file: what is revoked is refused within a second.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// One line of the file: whose token this is. Everything is text here; the caller type gives it
/// meaning.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEntry {
    token_sha256: Digest256,
    /// The person or machine that acts.
    pub principal: String,
    /// The agency acted for.
    pub agency: String,
    /// What they are there.
    pub role: String,
    /// When the token expires, if it does.
    #[serde(default)]
    pub expires: Option<Timestamp>,
}

impl TokenEntry {
    /// The entry for a token that is known in clear, as a demo makes them.
    pub fn for_token(
        token: &str,
        principal: impl Into<String>,
        agency: impl Into<String>,
        role: impl Into<String>,
    ) -> Self {
        Self {
            token_sha256: Digest256::of(token),
            principal: principal.into(),
            agency: agency.into(),
            role: role.into(),
            expires: None,
        }
    }
}

/// The known tokens and their callers.
pub struct Tokens<C> {
    // Keyed by the first half of the digest. The second half is compared in constant time; a
    // caller who could time the map would learn bits of a digest, never of a token.
    callers: HashMap<[u8; 16], Known<C>>,
}

struct Known<C> {
    digest: Digest256,
    caller: Arc<C>,
    until: Option<SystemTime>,
}

impl<C: Caller> Tokens<C> {
    /// Reads a token file.
    ///
    /// # Errors
    /// [`TokenFileError::Open`] when others than its owner may read or write it, the rest as
    /// [`Tokens::new`].
    pub fn read<E: fmt::Display>(
        path: &Path,
        caller: impl FnMut(&TokenEntry) -> Result<C, E>,
    ) -> Result<Self, TokenFileError> {
        let unreadable = |source: io::Error| TokenFileError::Unreadable {
            file: path.display().to_string(),
            source: Arc::new(source),
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode();
            if mode & 0o077 != 0 {
                let file = path.display().to_string();
                return Err(TokenFileError::Open { file, mode: mode & 0o777 });
            }
        }
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let entries: Vec<TokenEntry> = serde_json::from_str(&text)
            .map_err(|source| TokenFileError::Malformed { source: Arc::new(source) })?;
        Self::new(entries, caller)
    }

    /// Gives each entry its caller.
    ///
    /// # Errors
    /// [`TokenFileError::Entry`] names the entry that `caller` refused,
    /// [`TokenFileError::Repeated`] one whose token stands there twice.
    pub fn new<E: fmt::Display>(
        entries: impl IntoIterator<Item = TokenEntry>,
        mut caller: impl FnMut(&TokenEntry) -> Result<C, E>,
    ) -> Result<Self, TokenFileError> {
        let mut callers = HashMap::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let holder = caller(&entry).map_err(|reason| TokenFileError::Entry {
                entry: index + 1,
                reason: reason.to_string(),
            })?;
            let digest = entry.token_sha256;
            let until = entry.expires.map(system_time);
            let known = Known { digest, caller: Arc::new(holder), until };
            if callers.insert(digest.key(), known).is_some() {
                return Err(TokenFileError::Repeated { entry: index + 1 });
            }
        }
        Ok(Self { callers })
    }
}

impl<C: Caller> Authenticate for Tokens<C> {
    type Caller = C;

    fn authenticate(&self, bearer: &str) -> Option<Pass<C>> {
        let digest = Digest256::of(bearer);
        let known = self.callers.get(&digest.key())?;
        let good = bool::from(known.digest.0.ct_eq(&digest.0))
            && known.until.is_none_or(|until| SystemTime::now() < until);
        good.then(|| Pass { caller: Arc::clone(&known.caller), until: known.until })
    }
}

fn system_time(at: Timestamp) -> SystemTime {
    // What expired before 1970 has expired.
    let since = u64::try_from(at.as_millisecond()).unwrap_or(0);
    UNIX_EPOCH + Duration::from_millis(since)
}

/// A token file that is followed: what it says now counts.
#[derive(Debug)]
pub struct TokenFile<C> {
    now: Arc<RwLock<Tokens<C>>>,
}

impl<C: Caller> TokenFile<C> {
    /// Reads a token file, and again whenever it has changed. A change that cannot be used is told
    /// in the log and leaves the tokens as they were: a slip must not shut everybody out.
    ///
    /// # Errors
    /// As [`Tokens::read`], and [`TokenFileError::Unreadable`] if no thread can be had.
    pub fn follow<E: fmt::Display>(
        path: &Path,
        caller: impl Fn(&TokenEntry) -> Result<C, E> + Send + 'static,
    ) -> Result<Self, TokenFileError> {
        // Before it is read, so that a change made meanwhile is seen.
        let stamp = Stamp::of(path);
        let now = Arc::new(RwLock::new(Tokens::read(path, &caller)?));
        let (path, followed) = (path.to_owned(), Arc::downgrade(&now));
        let file = path.display().to_string();
        thread::Builder::new()
            .name("tokens".to_owned())
            .spawn(move || follow(&path, stamp, &followed, caller))
            .map_err(|source| TokenFileError::Unreadable { file, source: Arc::new(source) })?;
        Ok(Self { now })
    }
}

/// Looks at the file until nobody needs it any more.
fn follow<C: Caller, E: fmt::Display>(
    path: &Path,
    mut stamp: Option<Stamp>,
    now: &Weak<RwLock<Tokens<C>>>,
    caller: impl Fn(&TokenEntry) -> Result<C, E>,
) {
    loop {
        thread::sleep(LOOK_EVERY);
        let Some(now) = now.upgrade() else { return };
        let seen = Stamp::of(path);
        if seen == stamp {
            continue;
        }
        stamp = seen;
        match Tokens::read(path, &caller) {
            Ok(tokens) => {
                tracing::info!(tokens = tokens.callers.len(), "the token file was read anew");
                *now.write() = tokens;
            }
            Err(error) => {
                tracing::error!(%error, "the token file has changed and cannot be used");
            }
        }
    }
}

/// What tells one state of a file from the next.
#[derive(PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Stamp {
    /// `None` where there is no file.
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            modified: metadata.modified().ok()?,
            length: metadata.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&metadata),
        })
    }
}

impl<C: Caller> Authenticate for TokenFile<C> {
    type Caller = C;

    fn authenticate(&self, bearer: &str) -> Option<Pass<C>> {
        self.now.read().authenticate(bearer)
    }
}

impl<C> fmt::Debug for Tokens<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.callers.len())
    }
}

/// A token file that cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The file cannot be read.
    #[error("token file {file} cannot be read")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// Others than the owner may use the file.
    #[error("token file {file} has mode {mode:03o}: only its owner may read it (chmod 600)")]
    Open {
        /// Its path.
        file: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no JSON list of entries.
    #[error("token file is malformed")]
    Malformed {
        /// Where and why.
        #[source]
        source: Arc<serde_json::Error>,
    },
    /// An entry makes no caller.
    #[error("entry {entry} of the token file: {reason}")]
    Entry {
        /// Counted from 1.
        entry: usize,
        /// Why not.
        reason: String,
    },
    /// A token stands in the file twice.
    #[error("entry {entry} of the token file repeats the token of an earlier one")]
    Repeated {
        /// Counted from 1.
        entry: usize,
    },
}

/// SHA-256 of a token. Prints nothing.
#[derive(Clone, Copy)]
struct Digest256([u8; 32]);

impl Digest256 {
    fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    fn key(self) -> [u8; 16] {
        let mut key = [0; 16];
        key.copy_from_slice(&self.0[..16]);
        key
    }
}

impl fmt::Debug for Digest256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest256(…)")
    }
}

impl<'de> Deserialize<'de> for Digest256 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let digits = text.as_bytes();
        let mut digest = [0; 32];
        // The message does not repeat the value: someone may have pasted the token itself.
        let wrong = || serde::de::Error::custom("token_sha256 must be 64 hexadecimal digits");
        if digits.len() != 64 {
            return Err(wrong());
        }
        for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            let nibble = |digit: u8| char::from(digit).to_digit(16).ok_or_else(wrong);
            let value = nibble(pair[0])? << 4 | nibble(pair[1])?;
            *byte = u8::try_from(value).map_err(|_| wrong())?;
        }
        Ok(Self(digest))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use async_graphql::parser::types::OperationType;

    use super::*;
    use crate::caller::ScopeKey;

    struct Holder(String);

    impl Caller for Holder {
        fn scope_key(&self) -> ScopeKey {
            ScopeKey::new(self.0.as_str())
        }
        fn may(&self, _: OperationType, _: &str) -> bool {
            true
        }
    }

    fn holder(entry: &TokenEntry) -> Result<Holder, String> {
        if entry.role == "KING" {
            return Err("no such role KING".into());
        }
        Ok(Holder(entry.agency.clone()))
    }

    // printf 'sesame' | sha256sum
    const SESAME: &str = "d0c04f4b1951e4aeaaec8223ed2039e542f3aae805a6fa7f6d794e5afff5d272";

    fn file(text: &str, mode: u32) -> tempfile::NamedTempFile {
        use std::os::unix::fs::PermissionsExt;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    fn entry(extra: &str) -> String {
        format!(
            r#"[{{"token_sha256":"{SESAME}","principal":"p","agency":"willowdene","role":"LEAD"{extra}}}]"#
        )
    }

    #[test]
    fn a_token_is_known_by_its_digest_alone() {
        let file = file(&entry(""), 0o600);
        let tokens = Tokens::read(file.path(), holder).unwrap();
        assert_eq!(tokens.authenticate("sesame").unwrap().caller.0, "willowdene");
        assert!(tokens.authenticate("Sesame").is_none());
        assert!(tokens.authenticate(SESAME).is_none(), "the digest is not the token");
    }

    #[test]
    fn an_expired_token_is_as_good_as_none() {
        for (expires, good) in [("2001-01-01T00:00:00Z", false), ("2999-01-01T00:00:00Z", true)] {
            let file = file(&entry(&format!(r#","expires":"{expires}""#)), 0o600);
            let tokens = Tokens::read(file.path(), holder).unwrap();
            assert_eq!(tokens.authenticate("sesame").is_some(), good, "{expires}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let file = file(&entry(""), 0o640);
        let error = Tokens::read(file.path(), holder).unwrap_err();
        assert!(matches!(error, TokenFileError::Open { mode: 0o640, .. }), "{error}");
    }

    #[test]
    fn an_unknown_key_in_an_entry_is_refused() {
        let file = file(&entry(r#","admin":true"#), 0o600);
        let error = Tokens::read(file.path(), holder).unwrap_err();
        assert!(matches!(error, TokenFileError::Malformed { .. }), "{error}");
    }

    #[test]
    fn an_entry_without_a_caller_is_named() {
        let entries = [TokenEntry::for_token("a", "p", "x", "KING")];
        let error = Tokens::new(entries, holder).unwrap_err();
        assert_eq!(error.to_string(), "entry 1 of the token file: no such role KING");
    }

    #[test]
    fn a_token_given_twice_is_refused() {
        let entries = ["one", "two"].map(|name| TokenEntry::for_token("same", name, "x", "LEAD"));
        let error = Tokens::new(entries, holder).unwrap_err();
        assert!(matches!(error, TokenFileError::Repeated { entry: 2 }), "{error}");
    }

    #[test]
    fn neither_tokens_nor_digests_are_printed() {
        let entries = [TokenEntry::for_token("sesame", "p", "x", "LEAD")];
        let printed = format!("{entries:?}");
        assert!(!printed.contains("sesame") && !printed.contains("d0c0"), "{printed}");
    }
}
