//! A node that is killed while agencies are at work, again and again: whatever it acknowledged is
//! there, nothing is there twice, no follower misses anything, and its views are those of a fresh
//! fold.

use crate::dice::{Dice, times};
use crate::folder::Home;
use crate::load::{Desk, Entry, Follower, Writer, stand};
use crate::node::Node;
use crate::partnership::Partnership;
use crate::replay::Replay;
use std::ffi::OsStr;
use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const WRITERS: u64 = 6;
/// Acknowledged commands that are given once more after each kill: the latest, which were under
/// way when the node died.
const LATEST: usize = 12;

/// Keeps the checkpoint that a dead node has left, as a witness would.
fn keep_checkpoint(home: &Home, kill: u64) -> Option<String> {
    let kept = home.folder().join(format!("kept-{kill}"));
    fs::copy(home.data().join("checkpoint"), &kept).ok()?;
    Some(kept.to_str().expect("text").to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_is_there_after_every_kill() {
    let kills = times("TALLYSTICK_KILLS", 20);
    let mut dice = Dice::new();
    let Partnership { home, node, .. } = Partnership::found().await;
    let founded = stand(&node).await.0;
    let mut node = Arc::new(node);
    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::new).collect();
    writers.push(Writer::new(WRITERS).awaiting_checkpoints());
    let mut followers: Vec<Follower> =
        [("inspector", "auditor"), ("farm", "provider_lead"), ("trust", "offender_manager")]
            .map(Follower::new)
            .into();
    let mut earlier: Option<String> = None;
    for kill in 0..kills {
        let mut writing = JoinSet::new();
        for mut writer in writers.drain(..) {
            let desk = Desk::at(&node);
            writing.spawn(async move {
                writer.write_on(&desk).await;
                writer
            });
        }
        let mut following = JoinSet::new();
        for mut follower in followers.drain(..) {
            let node = Arc::clone(&node);
            let lost = 1 + dice.below(200);
            following.spawn(async move {
                follower.follow(&node, lost).await;
                follower.follow(&node, u64::from(u32::MAX)).await;
                follower
            });
        }
        tokio::time::sleep(Duration::from_millis(dice.below(350))).await;
        node.strike();
        writers = writing.join_all().await;
        followers = following.join_all().await;
        // Its ports and its lock are free only when it has been waited for.
        Arc::into_inner(node).expect("nobody else has it").kill();
        let signed = keep_checkpoint(&home, kill);
        // Now and then it dies a second time, while it is finding its feet.
        if dice.below(3) == 0 {
            let mut starting = home.serving();
            let starting = starting.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            let mut starting = starting.expect("the binary starts");
            tokio::time::sleep(Duration::from_millis(dice.below(120))).await;
            starting.kill().expect("still ours");
            starting.wait().expect("ended");
        }
        // It does not start if the log lacks or contradicts what was signed, now or then.
        let known = signed.iter().chain(&earlier).flat_map(|path| ["--known-checkpoint", path]);
        node = Arc::new(Node::try_serve(&home, &known.collect::<Vec<_>>()).expect("it starts"));
        earlier = signed.or(earlier);
        let desk = Desk::at(&node);
        for writer in &mut writers {
            for entry in writer.journal.iter().rev().take(LATEST) {
                entry.still_stands(&desk).await;
            }
            // What nobody had heard of is settled too.
            writer.write(&desk).await.expect("a node that is there");
        }
        let (position, digest) = stand(&node).await;
        let copy = home.copy();
        let replay = Replay::run([OsStr::new("--data"), copy.data().as_os_str()]);
        assert_eq!((replay.position, &replay.digest), (position, &digest), "after kill {kill}");
        assert_eq!(position, founded + recorded(&writers), "after kill {kill}");
    }
    let desk = Desk::at(&node);
    for entry in writers.iter().flat_map(|writer| &writer.journal) {
        entry.still_stands(&desk).await;
    }
    let mut positions: Vec<u64> = (1..=founded).collect();
    let entries = writers.iter().flat_map(|writer| &writer.journal);
    positions.extend(entries.flat_map(Entry::positions));
    positions.sort_unstable();
    let (head, digest) = stand(&node).await;
    assert_eq!(positions, (1..=head).collect::<Vec<_>>(), "every position once, and no hole");
    for follower in &mut followers {
        follower.catch_up(&node).await;
        follower.has_seen_everything(&node).await;
    }
    assert!(earlier.is_some(), "nothing was ever signed");
    println!("{kills} kills, {head} events");

    let node = Arc::into_inner(node).expect("nobody else has it");
    assert!(node.stop().status.success());
    let replay = Replay::run([OsStr::new("--data"), home.data().as_os_str()]);
    assert_eq!((replay.position, replay.digest), (head, digest));
}

/// Events that writers were told of.
fn recorded(writers: &[Writer]) -> u64 {
    let entries = writers.iter().flat_map(|writer| &writer.journal);
    entries.map(|entry| entry.positions().count() as u64).sum()
}
