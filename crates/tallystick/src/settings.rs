//! Settings of a node: defaults, then a file, then the environment, then the command line; each
//! later one wins. What is wrong is told all at once, each with where it came from.

use figment::providers::{Env, Format as _, Serialized, Toml};
use figment::{Figment, Source};
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tallystick_tally::{SignatureType, VerifierKey};

/// Prefix of environment variables: `TALLYSTICK_LISTEN` sets `listen`.
const ENVIRONMENT: &str = "TALLYSTICK_";

/// How far the log is checked before a node serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verify {
    /// Head file, savepoint and the log's tail.
    Boot,
    /// Every block from the first, and everything that was saved is folded anew.
    Full,
}

/// How logs are written to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What a node is told.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) tokens: PathBuf,
    pub(crate) epoch_key: PathBuf,
    pub(crate) signing_key: Option<PathBuf>,
    pub(crate) known_checkpoints: Vec<PathBuf>,
    pub(crate) witnesses: Vec<VerifierKey>,
    pub(crate) origins: Vec<String>,
    pub(crate) verify: Verify,
    pub(crate) cache_mib: u32,
    pub(crate) min_free_mib: u32,
    pub(crate) accept_lost_head_file: bool,
    pub(crate) new_incarnation: bool,
}

/// Every setting with its default, as text of the table that `tallystick config` prints.
const DESCRIBED: [(&str, &str); 16] = [
    ("data", "folder of the ledger: log, head file, vault, savepoint, tiles, checkpoint"),
    ("listen", "address and port to serve on"),
    ("tokens", "token file: who may call, as which agency and role"),
    ("epoch_key", "file with the key that wraps the vault's keys"),
    ("signing_key", "file with the key that signs checkpoints; none are signed without it"),
    ("known_checkpoints", "files with checkpoints of this ledger that the log must agree with"),
    ("witnesses", "public keys of the witnesses whose cosignatures are taken"),
    ("origins", "web origins whose pages may open a WebSocket"),
    ("behind_proxy", "plain HTTP off loopback is right: a proxy in front does TLS"),
    ("verify", "what is checked before serving: boot or full"),
    ("cache_mib", "sled's page cache in MiB"),
    ("min_free_mib", "below this much free disk (MiB) nothing is appended"),
    ("accept_lost_head_file", "for one start: take the store's end as the head"),
    ("new_incarnation", "for one start: go on although records that were signed are lost"),
    ("log_format", "logs on standard error as text or json"),
    ("log_level", "least level logged: error, warn, info, debug, trace"),
];

/// Layers settings: `file` (an error if it is named and cannot be read), environment, flags.
pub(crate) fn figment(file: Option<&Path>, flags: impl Serialize) -> Figment {
    layers(file, Env::prefixed(ENVIRONMENT), flags)
}

fn layers(file: Option<&Path>, environment: Env, flags: impl Serialize) -> Figment {
    let defaults = serde_json::json!({
        "listen": "127.0.0.1:7465",
        "signing_key": null,
        "known_checkpoints": [],
        "witnesses": [],
        "origins": [],
        "behind_proxy": false,
        "verify": "boot",
        "cache_mib": 64,
        "min_free_mib": 256,
        "accept_lost_head_file": false,
        "new_incarnation": false,
        "log_format": "text",
        "log_level": "info",
    });
    let mut figment = Figment::from(Serialized::defaults(defaults));
    if let Some(file) = file {
        figment = figment.merge(Toml::file_exact(file));
    }
    figment.merge(environment).merge(Serialized::defaults(flags))
}

/// Everything that is wrong with the settings of a node.
#[derive(Debug, thiserror::Error)]
#[error("{} wrong with the settings:{}", count(.0.len()), listed(.0))]
pub(crate) struct Unusable(Vec<String>);

fn count(wrong: usize) -> String {
    if wrong == 1 { "one thing is".to_owned() } else { format!("{wrong} things are") }
}

fn listed(wrong: &[String]) -> String {
    wrong.iter().fold(String::new(), |mut all, one| {
        let _ = write!(all, "\n  - {one}");
        all
    })
}

/// Reads one setting after the other, so that one that is wrong does not hide the next.
struct Reading<'a> {
    figment: &'a Figment,
    wrong: Vec<String>,
}

impl Reading<'_> {
    fn setting<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        match self.figment.extract_inner(key) {
            Ok(value) => Some(value),
            Err(error) => {
                let kind = match error.kind {
                    figment::error::Kind::MissingField(_) => {
                        format!(
                            "{key} is needed (--{}, {}, or in the file)",
                            flag(key),
                            variable(key)
                        )
                    }
                    kind => format!("{key} from {}: {kind}", source(self.figment, key)),
                };
                self.wrong.push(kind);
                None
            }
        }
    }
}

fn flag(key: &str) -> String {
    key.replace('_', "-")
}

fn variable(key: &str) -> String {
    format!("{ENVIRONMENT}{}", key.to_uppercase())
}

/// Where a setting came from, in words.
fn source(figment: &Figment, key: &str) -> String {
    let Some(metadata) = figment.find_metadata(key) else { return "nowhere".to_owned() };
    match &metadata.source {
        Some(Source::File(path)) => path.display().to_string(),
        _ if metadata.name.contains("environment") => variable(key),
        _ => "the defaults or the command line".to_owned(),
    }
}

impl Settings {
    /// # Errors
    /// [`Unusable`], with everything that is wrong.
    pub(crate) fn extract(figment: &Figment) -> Result<Self, Unusable> {
        let mut reading = Reading { figment, wrong: unknown(figment) };
        let data: Option<PathBuf> = reading.setting("data");
        let listen: Option<SocketAddr> = reading.setting("listen");
        let tokens: Option<PathBuf> = reading.setting("tokens");
        let epoch_key: Option<PathBuf> = reading.setting("epoch_key");
        let signing_key: Option<PathBuf> = reading.setting::<Option<_>>("signing_key").flatten();
        let known_checkpoints: Option<Vec<PathBuf>> = reading.setting("known_checkpoints");
        let witnesses: Option<Vec<String>> = reading.setting("witnesses");
        let origins: Option<Vec<String>> = reading.setting("origins");
        let behind_proxy: Option<bool> = reading.setting("behind_proxy");
        let verify: Option<Verify> = reading.setting("verify");
        let cache_mib: Option<u32> = reading.setting("cache_mib");
        let min_free_mib: Option<u32> = reading.setting("min_free_mib");
        let accept_lost_head_file: Option<bool> = reading.setting("accept_lost_head_file");
        let new_incarnation: Option<bool> = reading.setting("new_incarnation");
        let mut wrong = reading.wrong;
        if let (Some(listen), Some(false)) = (listen, behind_proxy)
            && !listen.ip().is_loopback()
        {
            wrong.push(format!(
                "listen is {listen}, which is plain HTTP off loopback; put a TLS proxy in front and say --behind-proxy"
            ));
        }
        let mut keys: Vec<VerifierKey> = Vec::new();
        for witness in witnesses.iter().flatten() {
            match witness.parse::<VerifierKey>() {
                Ok(key) if key.kind() == SignatureType::Cosignature => keys.push(key),
                Ok(_) => wrong
                    .push(format!("witness {witness} is a key for notes, not for cosignatures")),
                Err(error) => wrong.push(format!("witness {witness}: {error}")),
            }
        }
        for origin in origins.iter().flatten() {
            if origin.ends_with(".invalid") {
                wrong.push(format!("origin {origin} belongs to the demo"));
            }
        }
        if let Some(cache_mib @ (0..8 | 65_537..)) = cache_mib {
            wrong.push(format!("cache_mib is {cache_mib}, outside the limit of 8 to 65536"));
        }
        let files = [("tokens", &tokens), ("epoch_key", &epoch_key), ("signing_key", &signing_key)];
        for (key, file) in files {
            if let Some(file) = file.as_ref().filter(|file| !file.is_file()) {
                wrong.push(format!("{key} names {}, which is no file", file.display()));
            }
        }
        let settings = (|| {
            Some(Self {
                data: data?,
                listen: listen?,
                tokens: tokens?,
                epoch_key: epoch_key?,
                signing_key,
                known_checkpoints: known_checkpoints?,
                witnesses: keys,
                origins: origins?,
                verify: verify?,
                cache_mib: cache_mib?,
                min_free_mib: min_free_mib?,
                accept_lost_head_file: accept_lost_head_file?,
                new_incarnation: new_incarnation?,
            })
        })();
        match settings {
            Some(settings) if wrong.is_empty() => Ok(settings),
            _ => Err(Unusable(wrong)),
        }
    }
}

/// Settings that nobody knows: a typo must not be taken for silence.
fn unknown(figment: &Figment) -> Vec<String> {
    let Ok(all) = figment.extract::<figment::value::Dict>() else { return Vec::new() };
    all.keys()
        .filter(|key| !DESCRIBED.iter().any(|(known, _)| known == key))
        .map(|key| format!("{key} from {} is no setting", source(figment, key)))
        .collect()
}

/// Every setting, its value, where it came from, and what it is.
pub(crate) fn table(figment: &Figment) -> String {
    DESCRIBED.iter().fold(String::new(), |mut out, (key, text)| {
        let value: Result<figment::value::Value, _> = figment.find_value(key);
        let (value, source) = match value {
            Ok(value) => (plain(&value), source(figment, key)),
            Err(_) => ("(not set)".to_owned(), "-".to_owned()),
        };
        let _ = writeln!(out, "{key} = {value}\n    {text}\n    from {source}");
        out
    })
}

fn plain(value: &figment::value::Value) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "?".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the environment of the tests sets is not what these look at.
    fn given(flags: impl Serialize) -> Figment {
        layers(None, Env::raw().only(&[]), flags)
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let flags = serde_json::json!({
            "listen": "0.0.0.0:80", "cache_mib": 3, "verify": "never", "liste": "typo",
            "tokens": "/nowhere/tokens", "witnesses": ["yss.example"],
        });
        let told = Settings::extract(&given(flags)).unwrap_err().to_string();
        for part in [
            "data is needed",
            "epoch_key is needed",
            "0.0.0.0:80",
            "cache_mib is 3",
            "verify from",
            "liste from",
            "/nowhere/tokens",
            "witness yss.example: not a key",
        ] {
            assert!(told.contains(part), "{part} is missing in: {told}");
        }
        assert!(told.starts_with("8 things are wrong"), "{told}");
    }

    #[test]
    fn every_setting_is_in_the_table() {
        let printed = table(&given(serde_json::json!({})));
        for (key, _) in DESCRIBED {
            assert!(printed.contains(&format!("{key} = ")), "{key}");
        }
        assert!(printed.contains("data = (not set)"));
    }
}
