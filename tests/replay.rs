//! `tallystick replay` as it prints: where it came to, and the digest of every view.

use crate::node::printed;
use std::collections::BTreeMap;
use std::ffi::OsStr;

/// What a replay came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Replay {
    pub(crate) position: u64,
    /// The whole ledger's.
    pub(crate) digest: String,
    /// Each agency's, by its identifier.
    pub(crate) digests: BTreeMap<String, String>,
}

impl Replay {
    /// Runs it with these arguments.
    pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments: Vec<_> =
            arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let printed = printed([OsStr::new("replay").to_owned()].into_iter().chain(arguments));
        Self::read(&printed)
    }

    fn read(printed: &str) -> Self {
        let mut replay = Self { position: 0, digest: String::new(), digests: BTreeMap::new() };
        for line in printed.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["position", position] => replay.position = position.parse().expect("a number"),
                [digest, agency, ..] if is_digest(digest) && agency.starts_with("agy_") => {
                    replay.digests.insert(agency.to_owned(), digest.to_owned());
                }
                [digest, "the", "whole", ..] if is_digest(digest) => {
                    digest.clone_into(&mut replay.digest);
                }
                _ => {}
            }
        }
        assert!(!replay.digest.is_empty(), "no digest in {printed}");
        replay
    }
}

fn is_digest(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}
