//! A running node is verified from outside: by what it serves to a token, and nothing else.

use crate::audience::{INSPECTOR, WILLOWDENE};
use crate::forgery::{Found, Stopped, verify};
use crate::mirror::{Mirror, TOKEN};
use crate::node::{Node, printed};
use crate::tls::Front;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use tallystick_tally::Checkpoint;

/// The demo, and the key that it signs with.
struct Served {
    ledger: Stopped,
    node: Node,
    key: String,
}

impl Served {
    fn new() -> Self {
        let own = tempfile::tempdir().expect("a folder");
        // Enough for two pages of an export.
        let node = Node::demo(Some(&own.path().join("data")), 11, 2_500);
        let ledger = Stopped::at(own);
        // It signs once a second, until all is signed.
        let signed = || Checkpoint::parse(&fs::read(ledger.checkpoint_path()).ok()?).ok();
        while signed().is_none_or(|checkpoint| checkpoint.head().size.get() < 2_100) {
            thread::sleep(Duration::from_millis(50));
        }
        let key = ledger.key();
        Self { ledger, node, key }
    }

    fn token(&self, agency: &str, role: &str) -> PathBuf {
        let file = self.ledger.path(role);
        fs::write(&file, self.node.caller(agency, role).token()).expect("written");
        file
    }

    /// `tallystick verify --url`.
    fn verify(&self, token: &Path, more: &[OsString]) -> Found {
        ask(&self.key, &format!("http://{}", self.node.address()), token, more)
    }

    fn size(&self) -> u64 {
        self.ledger.checkpoint().head().size.get()
    }
}

fn ask(key: &str, url: &str, token: &Path, more: &[OsString]) -> Found {
    let words = ["--url".into(), url.into(), "--token-file".into(), token.into()];
    verify(key, words.iter().chain(more))
}

#[tokio::test]
async fn a_running_node_is_verified_from_outside() {
    let served = Served::new();
    let (size, auditor) = (served.size(), served.token(INSPECTOR, "auditor"));
    let older = served.ledger.path("older");
    let receipt = served.ledger.path("receipt");
    let asked = "{ audit { receipt(position: \"300\") checkpoint { note } } }";
    let answer = served.node.caller(INSPECTOR, "auditor").ask(asked, json!({})).await;
    let text = |at: &Value| at.as_str().expect("a text").to_owned();
    fs::write(&receipt, text(&answer["audit"]["receipt"])).expect("written");
    fs::write(&older, text(&answer["audit"]["checkpoint"]["note"])).expect("written");
    let kept = ["--receipt", "--checkpoint"].map(OsString::from);
    let [of_receipt, of_checkpoint] = kept;
    let more = [of_receipt, receipt.into(), of_checkpoint, older.into(), "--refold".into()];
    let found = served.verify(&auditor, &more);
    found.is(0, "RESULT: sound");
    found.is(0, &format!("{size} records were read and hashed."));
    found.is(0, "The record at position 300 is the one that");
    found.is(0, "Folded from nothing");
    found.is(0, "was looked at from outside");
    assert!(!found.said.contains("withheld"), "{}", found.said);
    // A provider's lead is not given records as they are stored.
    let found = served.verify(&served.token(WILLOWDENE, "provider_lead"), &[]);
    found.is(0, &format!("Of {size} records, {size} are withheld, between positions 1 and {size}"));
    found.is(0, "RESULT: sound");
    // With TLS in between.
    let front = Front::of(served.node.address(), "localhost", &served.ledger.path(""));
    let of_ca = ["--ca".into(), front.ca.clone().into()];
    ask(&served.key, &front.url, &auditor, &of_ca).is(0, "RESULT: sound");
    ask(&served.key, &front.url, &auditor, &[]).is(2, "invalid peer certificate");
    let words = ["replay", "--url", &front.url, "--ca"].map(OsString::from);
    let files = [front.ca.into(), "--token-file".into(), auditor.into()];
    let export = served.ledger.path("export.ndjson");
    let got = served.node.caller(INSPECTOR, "auditor").get("/export/events.ndjson").await;
    fs::write(&export, got.body).expect("written");
    let said = printed(words.into_iter().chain(files).chain(["--export".into(), export.into()]));
    assert!(said.contains("shows the same digest"), "{said}");
}

#[test]
fn a_node_that_cannot_be_asked_is_not_called_sound_or_tampered() {
    let served = Served::new();
    let nobody = served.ledger.path("nobody");
    fs::write(&nobody, "nobody's token").expect("written");
    served.verify(&nobody, &[]).is(2, "answered 401");
    served.verify(&served.token(WILLOWDENE, "caseworker"), &[]).is(2, "answered 403");
    let auditor = served.token(INSPECTOR, "auditor");
    let here = |url: &str| ask(&served.key, url, &auditor, &[]);
    here("http://127.0.0.1:1").is(2, "cannot ask");
    here("http://ledger.example").is(2, "plain HTTP off this machine");
    here(&format!("http://{}/elsewhere", served.node.address())).is(2, "has signed nothing yet");
    let no_key = Stopped::ledger().key().replace("demo.invalid", "other.invalid");
    let url = format!("http://{}", served.node.address());
    ask(&no_key, &url, &auditor, &[]).is(2, "");
}

/// What a mirror shows of a ledger, its export too, with something changed in it.
#[test]
fn a_node_that_serves_something_else_than_was_signed_is_found_and_the_position_named() {
    let ledger = Stopped::ledger();
    let (bundle, key, size) = (ledger.bundle(), ledger.key(), ledger.checkpoint().head().size);
    let token = ledger.path("token");
    fs::write(&token, TOKEN).expect("written");
    let mirror = Mirror::of(&bundle, &[]);
    let url = format!("http://{}", mirror.address);
    let found = || ask(&key, &url, &token, &[]);
    found().is(0, &format!("Of {size} records, {size} are withheld"));
    // The digests of a record.
    let entries = bundle.join("tile/entries/001");
    let whole = fs::read(&entries).expect("read");
    let mut changed = whole.clone();
    changed[67 * 3 + 9] ^= 1;
    fs::write(&entries, changed).expect("written");
    found().is_bad_at(260);
    fs::remove_file(&entries).expect("removed");
    found().is(2, "does not serve the digests from position 257 on");
    fs::write(&entries, whole).expect("written");
    // A record itself, as the export has it.
    let export = ledger.path("export.ndjson");
    printed([
        "export".into(),
        "--data".into(),
        ledger.data().into(),
        "--out".into(),
        OsString::from(&export),
    ]);
    let lines = fs::read_to_string(&export).expect("read");
    mirror.export(Some(&lines));
    found().is(0, &format!("{size} records were read and hashed."));
    let line = lines.lines().nth(300).expect("a line");
    let record = line.find("\"record\":\"").expect("a record") + 400;
    let other = if line[record..].starts_with('A') { "B" } else { "A" };
    let mut changed = line.to_owned();
    changed.replace_range(record..=record, other);
    mirror.export(Some(&lines.replace(line, &changed)));
    found().is_bad_at(301);
    // One that is left out is told, and so is the end.
    mirror.export(Some(&lines.replace(&format!("{line}\n"), "")));
    let said = found().said;
    assert!(said.contains("1 is withheld, at position 301"), "{said}");
    let rest: String = lines.split_inclusive('\n').take(300).collect();
    mirror.export(Some(&rest));
    found().is(0, &format!("{} are withheld, between positions 301 and {size}", size.get() - 300));
    // An older, larger story is told apart: what was signed is not there any more.
    let kept = ledger.path("kept");
    fs::copy(bundle.join("checkpoint"), &kept).expect("copied");
    let shorter = Stopped::ledger();
    shorter.rewrite(|records| records.truncate(600));
    shorter.forge_checkpoint();
    mirror.show(&shorter.bundle());
    mirror.export(None);
    let of_kept = ["--checkpoint".into(), kept.into()];
    ask(&key, &url, &token, &of_kept).is_bad_at(601);
}
