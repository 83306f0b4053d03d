//! Folders: of ledgers that a journey opens, and copies of them.

use crate::node::{printed, tallystick};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tallystick_tally::Signer;
use tempfile::TempDir;

/// A ledger's folder with the files that belong to it and are kept apart from it.
pub(crate) struct Home {
    folder: PathBuf,
    /// Removed with it, where the folder is its own.
    _own: Option<TempDir>,
}

impl Home {
    /// `tallystick init`: a ledger with its commissioner. Gives the commissioner's token.
    pub(crate) fn init() -> (Self, String) {
        let own = tempfile::tempdir().expect("a folder");
        Self { folder: own.path().to_owned(), _own: Some(own) }.initialised()
    }

    /// One that is there, which somebody else removes.
    pub(crate) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), _own: None }
    }

    /// The same in a folder that is there.
    pub(crate) fn init_in(folder: &Path) -> (Self, String) {
        Self::at(folder).initialised()
    }

    fn initialised(self) -> (Self, String) {
        let home = self;
        let said = printed([
            "init".as_ref(),
            "--data".as_ref(),
            home.data().as_os_str(),
            "--epoch-key".as_ref(),
            home.epoch_key().as_os_str(),
            "--tokens".as_ref(),
            home.tokens().as_os_str(),
            "--commissioner".as_ref(),
            "Commissioners (invented)".as_ref(),
        ]);
        let signer = Signer::from_seed("ledger.example".parse().expect("a name"), &[5; 32]);
        write_secret(&home.signing_key(), &signer.to_secret_text());
        let token = said.split_whitespace().find(|word| word.starts_with("tsk_"));
        (home, token.expect("a token").to_owned())
    }

    /// The folder that everything is in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn epoch_key(&self) -> PathBuf {
        self.folder.join("epoch-key")
    }

    pub(crate) fn signing_key(&self) -> PathBuf {
        self.folder.join("signing-key")
    }

    pub(crate) fn tokens(&self) -> PathBuf {
        self.folder.join("tokens.json")
    }

    /// Gives somebody a token.
    pub(crate) fn admit(&self, principal: &str, agency: &str, role: &str, token: &str) {
        self.admit_until(principal, agency, role, token, None);
    }

    /// Gives somebody a token that expires.
    pub(crate) fn admit_until(
        &self,
        principal: &str,
        agency: &str,
        role: &str,
        token: &str,
        expires: Option<&str>,
    ) {
        let mut known = self.admitted();
        known.push(json!({
            "token_sha256": digest(token),
            "principal": principal,
            "agency": agency,
            "role": role,
            "expires": expires,
        }));
        self.write_tokens(known);
    }

    /// Takes somebody's token away.
    pub(crate) fn expel(&self, token: &str) {
        let mut known = self.admitted();
        known.retain(|entry| entry["token_sha256"] != digest(token).as_str());
        self.write_tokens(known);
    }

    fn write_tokens(&self, known: Vec<Value>) {
        fs::write(self.tokens(), Value::Array(known).to_string()).expect("written");
    }

    /// Everybody who has a token.
    pub(crate) fn admitted(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.tokens()).expect("read");
        serde_json::from_str(&text).expect("JSON")
    }

    /// `tallystick serve` on this ledger, on a free port.
    pub(crate) fn serving(&self) -> Command {
        let mut command = tallystick(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        command.arg("--data").arg(self.data());
        command.arg("--epoch-key").arg(self.epoch_key());
        command.arg("--tokens").arg(self.tokens());
        command.arg("--signing-key").arg(self.signing_key());
        command
    }

    /// Another folder with the same bytes.
    pub(crate) fn copy(&self) -> Self {
        let to = tempfile::tempdir().expect("a folder");
        let folder = to.path().to_owned();
        copy(&self.folder, &folder);
        Self { folder, _own: Some(to) }
    }
}

/// A file that only its owner may read.
pub(crate) fn write_secret(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its own file");
}

/// Copies all files of a folder, with their permissions.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_type().expect("a type").is_file() {
            // The operators' door of a node that is running is no file.
            match fs::copy(entry.path(), target) {
                // Written under another name first, and renamed since.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                copied => drop(copied.expect("copied")),
            }
        }
    }
}

/// All files below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn digest(token: &str) -> String {
    Sha256::digest(token).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
