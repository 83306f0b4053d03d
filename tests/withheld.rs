//! A bundle for one partner: what that partner may see, and digests of the rest, so that it
//! verifies like a bundle of everything and gives nothing away.

use crate::audience::{INSPECTOR, WILLOWDENE, YSS};
use crate::folder::files;
use crate::forgery::{Found, Kept, Stopped, read};
use crate::node::{Node, run};
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What stands in a file of records for one that is withheld.
const WITHHELD: [u8; 8] = [0xff; 8];

/// `tallystick export --bundle` for an agency in a role.
fn export(data: &Path, bundle: &Path, agency: &str, role: &str) -> Found {
    let words = ["export", "--agency", agency, "--role", role, "--data"].map(OsString::from);
    let folders = [data.into(), "--bundle".into(), bundle.into()];
    let output = run(words.into_iter().chain(folders));
    let mut found = Found::of(&output);
    found.said.push_str(&String::from_utf8_lossy(&output.stderr));
    found
}

/// A stopped ledger, the bundle that Willowdene gets of it, and the positions that are in it.
struct Farm {
    ledger: Stopped,
    bundle: PathBuf,
    records: Vec<Kept>,
    seen: BTreeSet<u64>,
}

impl Farm {
    /// What Willowdene sees, its event stream says.
    async fn new() -> Self {
        let own = tempfile::tempdir().expect("a folder");
        let node = Node::demo(Some(&own.path().join("data")), 11, 700);
        let lead = node.caller(WILLOWDENE, "provider_lead");
        let events = lead.walk("events", "position").await;
        let position = |event: &Value| event["position"].as_str().expect("a position").parse();
        let seen = events.iter().map(|event| position(event).expect("a number")).collect();
        let agency = node.agency_id(WILLOWDENE);
        assert!(node.stop().status.success());
        let ledger = Stopped::at(own);
        let bundle = ledger.path("farm");
        export(&ledger.data(), &bundle, &agency, "provider_lead").is(0, "are not for Willowdene");
        let records = read(&ledger.data()).1;
        Self { ledger, bundle, records, seen }
    }

    fn verify(&self) -> Found {
        self.ledger.verify([OsStr::new("--bundle"), self.bundle.as_os_str()])
    }

    /// The program that comes with the bundle.
    fn verify_alone(&self) -> Found {
        let (script, key) = (self.bundle.join("verify.mjs"), self.ledger.key());
        let words = [script.as_os_str(), self.bundle.as_os_str(), OsStr::new(&key)];
        Found::of(&Command::new("node").args(words).output().expect("Node.js"))
    }

    /// Positions from 1 that are withheld.
    fn withheld(&self) -> impl Iterator<Item = u64> {
        (1..=self.records.len() as u64).filter(|position| !self.seen.contains(position))
    }

    fn change(&self, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.bundle.join(file);
        let mut bytes = fs::read(&path).expect("a file");
        change(&mut bytes);
        fs::write(&path, bytes).expect("written");
    }
}

fn bytes_below(folder: &Path) -> Vec<u8> {
    files(folder).iter().flat_map(|file| fs::read(file).expect("read")).collect()
}

/// All that stands anywhere in some bytes, 16 at a time.
fn windows(bytes: &[u8]) -> HashSet<[u8; 16]> {
    bytes.windows(16).map(|window| window.try_into().expect("sixteen")).collect()
}

#[tokio::test]
async fn i8_a_bundle_for_an_agency_has_what_it_sees_and_no_byte_of_another_record() {
    let farm = Farm::new().await;
    let size = farm.records.len();
    let withheld = farm.withheld().count();
    assert!(withheld > 50 && farm.seen.len() > 50, "{withheld} of {size}");
    farm.verify().is(0, &format!("Of {size} records, {withheld} are withheld"));
    farm.verify_alone().is(0, &format!("SOUND: {size} records"));
    farm.verify_alone().is(0, &format!("Of these, {withheld} are withheld"));
    let all = windows(&bytes_below(&farm.bundle));
    // Of each record what no other has: both salts, and position with commit.
    for (record, position) in farm.records.iter().zip(1..) {
        let (header, body) = (&record.header, &record.body);
        let parts = [&header[125..141], &body[..16], &header[10..26]];
        let found = parts.map(|part| all.contains(part));
        assert_eq!(found, [farm.seen.contains(&position); 3], "position {position}");
    }
    // Things of which every record is withheld, and which no record that is seen speaks of.
    let streams = |seen: bool| -> BTreeSet<_> {
        let of = farm.records.iter().zip(1..);
        let of = of.filter(|(_, position)| farm.seen.contains(position) == seen);
        of.map(|(record, _)| record.header[26..43].to_vec()).collect()
    };
    let hidden: Vec<_> = streams(false).difference(&streams(true)).cloned().collect();
    let placements: Vec<_> = hidden.iter().filter(|stream| stream[0] == 9).collect();
    assert!(!placements.is_empty(), "no other provider's placement");
    for stream in placements {
        let text = hex(&stream[1..]);
        assert!(!all.contains(&stream[1..]), "{text}");
        assert!(!all.contains(&text.as_bytes()[..16]), "{text}");
    }
}

#[tokio::test]
async fn a_changed_digest_of_a_withheld_record_is_found_and_named() {
    let farm = Farm::new().await;
    let position = farm.withheld().find(|position| *position > 256).expect("some");
    let index = position - 1;
    let (file, within) =
        (format!("{:03}", index / 256), usize::try_from(index % 256).expect("few"));
    let width = (farm.records.len() as u64 - index / 256 * 256).min(256);
    let ending = if width < 256 { format!(".p/{width}") } else { String::new() };
    farm.change(&format!("tile/entries/{file}{ending}"), |bytes| bytes[within * 67 + 40] ^= 1);
    farm.verify().is_bad_at(position);
    farm.verify_alone().is(1, "");
    // With the hash in the tree to go with it, the root is another.
    farm.change(&format!("tile/0/{file}{ending}"), |bytes| bytes[within * 32..][..32].fill(7));
    farm.verify().is(1, "they are not the records that were signed");
    // Without digests, nothing stands in for the record.
    fs::remove_file(farm.bundle.join(format!("tile/entries/{file}{ending}"))).expect("removed");
    let first = farm.withheld().find(|it| (it - 1) / 256 == index / 256).expect("one");
    farm.verify().is_bad_at(first);
    farm.verify().is(1, "is withheld, and its digests are not there instead");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Puts eight bytes in the place of a record, as if it were withheld.
fn disguise(bundle: &Path, position: u64) {
    let of = |folder: &Path| {
        files(folder).into_iter().nth(usize::try_from(position - 1).expect("few") / 256)
    };
    let path = of(&bundle.join("records")).expect("a file");
    let bytes = fs::read(&path).expect("records");
    let after = |at: usize| {
        let length = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four"));
        at + 8 + length(at) as usize + length(at + 4) as usize
    };
    let start = (0..(position - 1) % 256).fold(0, |at, _| after(at));
    let changed = [&bytes[..start], &WITHHELD, &bytes[after(start)..]].concat();
    fs::write(&path, changed).expect("written");
}

#[test]
fn a_record_that_is_made_out_to_be_withheld_is_told() {
    let ledger = Stopped::ledger();
    let bundle = ledger.bundle();
    let verify = || ledger.verify([OsStr::new("--bundle"), bundle.as_os_str()]);
    assert!(!verify().said.contains("withheld"), "{}", verify().said);
    // Nothing follows the last one, so it may be withheld for all that the others say.
    let size = ledger.checkpoint().head().size.get();
    disguise(&bundle, size);
    let found = verify();
    found.is(0, "RESULT: sound");
    let result = &found.said[found.said.find("RESULT").expect("a result")..];
    assert!(result.contains(&format!("1 is withheld, at position {size}")), "{result}");
    // Nothing is folded that is not all there.
    let replayed = run(["replay".as_ref(), "--from-bundle".as_ref(), bundle.as_os_str()]);
    assert_eq!(replayed.status.code(), Some(1));
    let said = String::from_utf8_lossy(&replayed.stderr);
    assert!(
        said.contains(&format!("withholds records (the first is at position {size})")),
        "{said}"
    );
    let refold = ["--refold".as_ref(), "--bundle".as_ref(), bundle.as_os_str()];
    ledger.verify(refold).is(2, "Nothing can be folded");
    // A receipt of the record is still held against its digests.
    let receipt = ledger.path("receipt");
    fs::write(&receipt, crate::forgery::receipt(&bundle, size)).expect("written");
    let words =
        ["--receipt".as_ref(), receipt.as_os_str(), "--bundle".as_ref(), bundle.as_os_str()];
    ledger.verify(words).is(0, &format!("The record at position {size} is the one that"));
    // One in the middle of what else is shown is missed.
    disguise(&bundle, 259);
    let found = verify();
    found.is(2, "2 are withheld, between positions 259 and");
    found.is(2, "one is withheld that should be here");
}

#[tokio::test]
async fn who_reads_everything_gets_everything_and_who_may_have_no_digests_gets_nothing() {
    let node = Node::shared_demo();
    let (inspector, yss) = (node.agency_id(INSPECTOR), node.agency_id(YSS));
    let ledger = Stopped::ledger();
    let bundle = ledger.path("all");
    // The demo's agencies are the same in every ledger of hers.
    export(&ledger.data(), &bundle, &inspector, "auditor").is(0, "\n0 of them are not for");
    let words = ["--refold".as_ref(), "--bundle".as_ref(), bundle.as_os_str()];
    ledger.verify(words).is(0, "RESULT: sound");
    for (agency, role, told) in [
        (yss.as_str(), "mentor", "may not have digests"),
        (&yss, "board", "may not have digests"),
        ("agy_00000000000000000000000000000000", "auditor", "is in this ledger"),
    ] {
        let nothing = ledger.path("nothing");
        export(&ledger.data(), &nothing, agency, role).is(1, told);
        assert!(!nothing.exists(), "{role}");
    }
    export(&ledger.data(), &ledger.path("x"), &yss, "lead").is(2, "roles are offender_manager");
}
