//! An auditor verifies a ledger offline. Whatever was changed since it was signed is found, and
//! named by its position; what cannot be told is not called sound.

use crate::forgery::{Found, Stopped, receipt, verify};
use crate::node::{printed, run};
use crate::replay::Replay;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

/// Where in a header the position stands (`schema/log-format.md` §3).
const POSITION: std::ops::Range<usize> = 10..18;

fn of(flag: &str, path: &Path) -> [OsString; 2] {
    [flag.into(), path.as_os_str().to_owned()]
}

#[test]
fn a_ledger_as_it_was_signed_is_sound() {
    let ledger = Stopped::ledger();
    let size = ledger.checkpoint().head().size.get();
    let refold = [OsString::from("--refold")];
    let found = ledger.verify(of("--data", &ledger.data()).into_iter().chain(refold.clone()));
    found.is(0, "RESULT: sound");
    found.is(0, &format!("The first {size} records have the root"));
    found.is(0, "holds the same as the fold");
    let bundle = ledger.bundle();
    let found = ledger.verify(of("--bundle", &bundle).into_iter().chain(refold));
    found.is(0, "RESULT: sound");
    let of_bundle = Replay::run(of("--from-bundle", &bundle));
    assert_eq!(of_bundle, Replay::run(of("--data", &ledger.data())));
}

#[test]
fn threat_01_one_changed_byte_is_found_and_named() {
    for position in [1, 256, 257, 300] {
        let ledger = Stopped::ledger();
        // The salt: nobody who reads the record would notice.
        ledger.rewrite(|records| records[position - 1].body[3] ^= 0x10);
        let found = ledger.verify(of("--data", &ledger.data()));
        found.is_bad_at(position as u64);
        found.is(1, "they are not the records that were signed");
    }
}

#[test]
fn a_change_that_the_stored_tiles_follow_is_bracketed_by_what_is_known() {
    let ledger = Stopped::ledger();
    let (older, size) = (ledger.path("older"), ledger.checkpoint().head().size);
    let receipts = ledger.bundle();
    fs::copy(ledger.checkpoint_path(), &older).expect("copied");
    ledger.rewrite(|records| records[400].body[3] ^= 0x10);
    // Tiles, savepoint and checkpoint are made anew, and signed with the real key.
    ledger.sign_again();
    ledger.verify(of("--data", &ledger.data())).is(0, "RESULT: sound");
    let with_older = of("--data", &ledger.data()).into_iter().chain(of("--checkpoint", &older));
    let found = ledger.verify(with_older);
    found.is(1, &format!("The first bad position is between 1 and {size}."));
    found.is(1, "The log's own key signed both");
    // A receipt of the record itself says exactly which.
    let kept = ledger.path("receipt");
    fs::write(&kept, receipt(&receipts, 401)).expect("written");
    let with_receipt = of("--data", &ledger.data()).into_iter().chain(of("--receipt", &kept));
    let found = ledger.verify(with_receipt);
    found.is(1, "The record at position 401 is not the one that");
    found.is(1, "The first bad position is between 1 and 401.");
}

#[test]
fn threat_03_records_that_changed_places_are_found() {
    let ledger = Stopped::ledger();
    ledger.rewrite(|records| {
        let (one, other) = (records[99].clone(), records[101].clone());
        (records[99].header, records[99].body) = (other.header, other.body);
        (records[101].header, records[101].body) = (one.header, one.body);
        // Each says the position that it has now.
        let there = records[101].header[POSITION].to_vec();
        let here = records[99].header[POSITION].to_vec();
        records[99].header[POSITION].copy_from_slice(&there);
        records[101].header[POSITION].copy_from_slice(&here);
    });
    ledger.verify(of("--data", &ledger.data())).is_bad_at(100);
}

#[test]
fn threat_02_a_log_that_lost_its_end_is_behind_what_was_signed() {
    let ledger = Stopped::ledger();
    let size = ledger.checkpoint().head().size.get();
    ledger.rewrite(|records| records.truncate(records.len() - 5));
    let found = ledger.verify(of("--data", &ledger.data()));
    found.is_bad_at(size - 4);
    found.is(1, &format!("positions {} to {size} are missing", size - 4));
}

#[test]
fn numbers_that_do_not_run_on_are_found_although_they_were_signed() {
    // A version, in the last bytes of its field; the index of an event; the position.
    for (at, told) in [
        (46, "of its stream is expected"),
        (7, "of a command is expected"),
        (17, "its header says"),
    ] {
        let ledger = Stopped::ledger();
        ledger.rewrite(|records| {
            let header = &mut records[499].header;
            header[at] = header[at].wrapping_add(7);
            // More events in the command than there are, where the index is to be another.
            if at == 7 {
                header[9] = 200;
            }
        });
        // The ledger itself would not fold it: what it says is signed by the forger's own hand.
        ledger.forge_checkpoint();
        let found = ledger.verify(of("--data", &ledger.data()));
        found.is(1, told);
        assert!(found.said.contains("At position 500"), "{}", found.said);
    }
}

#[test]
fn an_event_that_is_there_twice_is_found_although_it_was_signed() {
    let ledger = Stopped::ledger();
    ledger.rewrite(|records| {
        let last = records.len() - 1;
        let position = (last as u64 + 2).to_be_bytes();
        let mut again = records.iter().find(|it| it.header[8..10] == [0, 1]).expect("one").clone();
        again.header[POSITION].copy_from_slice(&position);
        // On a stream of its own, so that no version says it.
        again.header[27..43].copy_from_slice(&[9; 16]);
        again.header[43..47].copy_from_slice(&[0, 0, 0, 1]);
        again.in_a_commit_after(&records[last]);
        records.push(again);
    });
    ledger.forge_checkpoint();
    let found = ledger.verify(of("--data", &ledger.data()));
    found.is(1, "its event is there already, at an earlier position");
}

#[test]
fn a_stored_tile_that_was_changed_is_found() {
    let ledger = Stopped::ledger();
    let tiles = ledger.data().join("tiles").join("0");
    let mut bytes = fs::read(&tiles).expect("tiles");
    bytes[32 * 300] ^= 1;
    fs::write(&tiles, bytes).expect("written");
    ledger.verify(of("--data", &ledger.data())).is_bad_at(301);
}

#[test]
fn a_savepoint_that_says_something_else_is_found_by_folding_again() {
    let ledger = Stopped::ledger();
    let (saved, refold) = (ledger.data().join("savepoint"), ["--refold".into()]);
    let honest = fs::read(&saved).expect("a savepoint");
    // A ledger of which the fold is another lends its snapshot.
    let forged = Stopped::ledger();
    forged.rewrite(|records| {
        let place = |body: &[u8]| body.windows(10).position(|it| it == b"(invented)");
        let named = records.iter_mut().find(|it| place(&it.body).is_some());
        let body = &mut named.expect("an agency").body;
        let at = place(body).expect("its name");
        body[at + 1..at + 9].copy_from_slice(b"INVENTED");
    });
    forged.sign_again();
    let forged = fs::read(forged.data().join("savepoint")).expect("a savepoint");
    // All before the sections says which log it is of; the checksum is the last.
    let mut bytes = [&honest[..121], &forged[121..forged.len() - 4]].concat();
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    fs::write(&saved, bytes).expect("written");
    ledger.verify(of("--data", &ledger.data())).is(0, "RESULT: sound");
    let found = ledger.verify(of("--data", &ledger.data()).into_iter().chain(refold));
    found.is(1, "holds something else than the records come to");
}

#[test]
fn whatever_is_changed_in_a_bundle_is_found() {
    let ledger = Stopped::ledger();
    let bundle = ledger.bundle();
    let key = ledger.key();
    let node = || {
        let verify = bundle.join("verify.mjs");
        let arguments = [verify.as_os_str(), bundle.as_os_str(), OsStr::new(&key)];
        let output = std::process::Command::new("node").args(arguments).output();
        Found::of(&output.expect("Node.js, which these tests need"))
    };
    node().is(0, "SOUND");
    let last = format!(".p/{}", ledger.checkpoint().head().size.get() % 256);
    for (file, at, position) in [
        ("records/001", 200, 257),
        ("tile/entries/001", 67 * 3 + 9, 260),
        ("tile/0/001", 32 * 5, 262),
        (&format!("records/002{last}"), 200, 513),
        (&format!("tile/entries/002{last}"), 67 * 3 + 9, 516),
        (&format!("tile/0/002{last}"), 32 * 5, 518),
        ("tile/1/000.p/2", 33, 257),
    ] {
        let path = bundle.join(file);
        let whole = fs::read(&path).expect("a file");
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, changed).expect("written");
        ledger.verify(of("--bundle", &bundle)).is_bad_at(position);
        // The program in the bundle does without the hashes above the leaves.
        assert_eq!(node().code, i32::from(!file.starts_with("tile/1")), "{file}");
        fs::remove_file(&path).expect("removed");
        let code = if file.starts_with("records") { 1 } else { 2 };
        ledger.verify(of("--bundle", &bundle)).is(code, "missing");
        fs::write(&path, whole).expect("written");
    }
    // Nor does a file with more than belongs into it pass, or take the memory that it asks for.
    let path = bundle.join("records/001");
    let whole = fs::read(&path).expect("a file");
    let endless = fs::OpenOptions::new().write(true).open(&path).expect("a file");
    endless.set_len(1 << 40).expect("a sparse file");
    let found = ledger.verify(of("--bundle", &bundle));
    found.is(1, "At position 513 the file of records goes on after its last record");
    fs::write(&path, whole).expect("written");
    ledger.verify(of("--bundle", &bundle)).is(0, "RESULT: sound");
}

#[test]
fn a_receipt_verifies_alone() {
    let ledger = Stopped::ledger();
    let (file, key) = (ledger.path("receipt"), ledger.key());
    let kept = receipt(&ledger.bundle(), 300);
    fs::write(&file, &kept).expect("written");
    fs::remove_dir_all(ledger.data()).expect("removed");
    let found = verify(&key, of("--receipt", &file));
    found.is(0, "the record at position 300 is among the");
    // Another position is not proven by it.
    fs::write(&file, kept.replace("index 299", "index 298")).expect("written");
    verify(&key, of("--receipt", &file)).is_bad_at(299);
    // Nor is anything by a checkpoint that was changed.
    let line = kept.lines().nth_back(2).expect("the root");
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    fs::write(&file, kept.replace(line, other)).expect("written");
    verify(&key, of("--receipt", &file)).is(1, "changed or forged");
}

#[test]
fn what_cannot_be_told_is_not_called_sound() {
    let ledger = Stopped::ledger();
    let key = ledger.key();
    let data = || of("--data", &ledger.data());
    // Another ledger's key.
    let other = ledger.path("other-key");
    printed(
        ["key".as_ref(), "new".as_ref(), "--host".as_ref(), "demo.invalid".as_ref()]
            .into_iter()
            .chain([OsStr::new("--out"), other.as_os_str()]),
    );
    let origin = ledger.checkpoint().origin().to_owned();
    let (ledger_id, _) = origin["demo.invalid/".len()..].split_once('#').expect("an origin");
    let shown = printed(
        ["key".as_ref(), "show".as_ref(), other.as_os_str()]
            .into_iter()
            .chain(["--ledger", ledger_id, "--incarnation", "1"].map(OsStr::new)),
    );
    verify(shown.trim(), data()).is(2, "RESULT: cannot tell");
    // Keys in a file will do, and one of them is enough.
    let file = ledger.path("keys");
    fs::write(&file, format!("{shown}{key}\n")).expect("written");
    verify(&file.display().to_string(), data()).is(0, "RESULT: sound");
    // Nowhere, and nothing to verify.
    let nowhere = ledger.path("nowhere");
    verify(&key, of("--data", &nowhere)).is(2, "holds no ledger");
    verify(&key, [""; 0]).is(2, "nothing to verify");
    assert!(!nowhere.exists());
    // A checkpoint that covers only a part.
    let output = run(["verify", "--data", "somewhere"]);
    assert_eq!(output.status.code(), Some(2), "without any key");
    fs::remove_file(ledger.checkpoint_path()).expect("removed");
    verify(&key, data()).is(2, "No trusted checkpoint covers positions 1 to");
}
