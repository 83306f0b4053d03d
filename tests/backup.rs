//! Copies of a ledger: made while it is at work, restored elsewhere, and refused where they lack
//! what was signed.

use crate::folder::Home;
use crate::load::{Desk, Writer, stand};
use crate::node::{Node, printed, run};
use crate::partnership::Partnership;
use crate::replay::Replay;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use tallystick_tally::Checkpoint;
use tokio::task::JoinSet;

/// `tallystick backup` of a ledger into a folder of its home.
fn backup(home: &Home, name: &str) -> (PathBuf, Output) {
    let out = home.folder().join(name);
    let output = run([
        "backup".as_ref(),
        "--data".as_ref(),
        home.data().as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
        "--epoch-key-expires".as_ref(),
        "2031-05-01".as_ref(),
    ]);
    (out, output)
}

/// `tallystick restore` in place of a ledger's folder, which is set aside.
fn restore(home: &Home, from: &Path, more: &[&OsStr]) -> String {
    if home.data().exists() {
        let aside = home.folder().join("aside");
        fs::remove_dir_all(&aside).ok();
        fs::rename(home.data(), aside).expect("set aside");
    }
    let data = home.data();
    let mut arguments: Vec<&OsStr> =
        vec!["restore".as_ref(), "--from".as_ref(), from.as_os_str(), "--data".as_ref()];
    arguments.push(data.as_os_str());
    arguments.extend(more);
    printed(arguments)
}

fn manifest(backup: &Path) -> serde_json::Value {
    let text = fs::read(backup.join("backup.json")).expect("a backup");
    serde_json::from_slice(&text).expect("JSON")
}

fn replay(data: &Path, as_of: u64) -> Replay {
    let as_of = as_of.to_string();
    Replay::run(["--data".as_ref(), data.as_os_str(), "--as-of".as_ref(), OsStr::new(&as_of)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_the_ledger_at_a_position_and_serves_elsewhere() {
    let Partnership { home, node, .. } = Partnership::found().await;
    let mut writing = JoinSet::new();
    for number in 0..4 {
        let (mut writer, desk) = (Writer::new(number), Desk::at(&node));
        writing.spawn(async move { writer.write_on(&desk).await });
    }
    // At most one checkpoint a second: the first is not there at once.
    while !home.data().join("checkpoint").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let folder = home.folder().to_owned();
    let (made, output) = tokio::task::spawn_blocking(move || {
        let home = Home::at(&folder);
        backup(&home, "backup")
    })
    .await
    .expect("it ran");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.contains("destroyed after 2031-05-01"), "{said}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(node.stop().status.success());
    while writing.join_next().await.is_some() {}

    let at = manifest(&made)["position"].as_u64().expect("a number");
    let original = replay(&home.data(), at);
    assert!(replay(&home.data(), u64::MAX).position > at, "nothing was written meanwhile");
    assert!(made.join("checkpoint").exists(), "it was signed before");

    let elsewhere = home.copy();
    restore(&elsewhere, &made, &[]);
    assert_eq!(replay(&elsewhere.data(), u64::MAX), original);
    let node = Node::serve(&elsewhere);
    assert_eq!(stand(&node).await, (original.position, original.digest));
    assert!(node.stop().status.success());
    // A copy of the copy, of a ledger that nobody serves, comes to the same.
    let (again, output) = backup(&elsewhere, "again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(manifest(&again), manifest(&made));
}

#[tokio::test]
async fn threat_05_an_older_copy_needs_a_new_incarnation_where_more_was_signed() {
    let Partnership { home, node, .. } = Partnership::found().await;
    let (older, output) = backup(&home, "older");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut writer = Writer::new(1);
    let desk = Desk::at(&node);
    for _ in 0..12 {
        writer.write(&desk).await.expect("an answer");
    }
    drop(desk);
    assert!(node.stop().status.success());
    let newest = home.folder().join("kept-by-a-witness");
    fs::copy(home.data().join("checkpoint"), &newest).expect("signed when it was closed");
    let signed = Checkpoint::parse(&fs::read(&newest).expect("read")).expect("a checkpoint");
    let (held, size) =
        (manifest(&older)["position"].as_u64().expect("a number"), signed.head().size);

    let known: [&OsStr; 2] = ["--known-checkpoint".as_ref(), newest.as_os_str()];
    let said = restore(&home, &older, &known);
    let missing = format!("positions {} to {size} are missing", held + 1);
    assert!(said.contains(&missing), "{said}");
    let refused = Node::try_serve(&home, &[]).err().expect("it is refused");
    assert!(refused.said.contains(&missing), "{}", refused.said);
    // Also where only the witness knows.
    restore(&home, &older, &[]);
    let known = ["--known-checkpoint", newest.to_str().expect("text")];
    let refused = Node::try_serve(&home, &known).err().expect("it is refused");
    assert!(refused.said.contains(&missing), "{}", refused.said);

    let flags = [known[0], known[1], "--new-incarnation"];
    let node = Node::try_serve(&home, &flags).expect("it starts, openly");
    let desk = Desk::at(&node);
    // Somebody of whom nothing was lost.
    let mut writer = Writer::new(2);
    for _ in 0..12 {
        writer.write(&desk).await.expect("an answer");
    }
    drop(desk);
    assert!(node.stop().status.success());
    let present = fs::read(home.data().join("checkpoint")).expect("signed when it was closed");
    let present = Checkpoint::parse(&present).expect("a checkpoint");
    let origin = signed.origin().strip_suffix("#1").expect("the first incarnation");
    assert_eq!(present.origin(), format!("{origin}#2"));
    let replayed = Replay::run(["--data".as_ref(), home.data().as_os_str()]);
    assert!(replayed.position > held);
    // From then on it starts as any other, and needs no other incarnation.
    assert!(Node::try_serve(&home, &known).expect("it starts").stop().status.success());
    let refused = Node::try_serve(&home, &["--new-incarnation"]).err().expect("no need");
    assert!(refused.said.contains("no new incarnation is needed"), "{}", refused.said);
}

#[tokio::test]
async fn a_backup_that_was_changed_is_not_restored() {
    let Partnership { home, node, .. } = Partnership::found().await;
    let (made, output) = backup(&home, "backup");
    assert!(output.status.success());
    let (_, again) = backup(&home, "backup");
    assert!(String::from_utf8_lossy(&again.stderr).contains("exists already"));
    assert!(node.stop().status.success());
    let whole = fs::read(made.join("blocks")).expect("blocks");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for changed in [&flipped[..], &whole[..whole.len() - 1], &whole[..whole.len() / 2]] {
        fs::write(made.join("blocks"), changed).expect("room");
        let to = tempfile::tempdir().expect("a folder");
        let data = to.path().join("data");
        let output = run([
            "restore".as_ref(),
            "--from".as_ref(),
            made.as_os_str(),
            "--data".as_ref(),
            data.as_os_str(),
        ]);
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("position") || said.contains("events"), "{said}");
        assert!(!data.exists(), "half a ledger looks like one");
    }
}
