//! The power fails while agencies are at work, and comes back: whatever the node acknowledged is
//! there, and can be read by whom it is for. Keys of people lie in a file of their own; a record
//! whose key was not durable before it would be there and lost.

use crate::dice::{Dice, times};
use crate::disk::Disk;
use crate::folder::Home;
use crate::load::{Desk, Entry, Writer, stand};
use crate::node::Node;
use crate::partnership::{Partnership, caller};
use crate::replay::Replay;
use std::ffi::OsStr;
use std::fs::File;
use std::time::Duration;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_is_there_when_the_power_comes_back() {
    let Some(drive) = Disk::new(512) else { return };
    let cuts = times("TALLYSTICK_POWER_CUTS", 3);
    let mut dice = Dice::new();
    let partnership = Partnership::found_in(Home::init_in(drive.folder())).await;
    let Partnership { home, mut node, .. } = partnership;
    let founded = stand(&node).await.0;
    // The files of tokens are this journey's own and not a node's to make durable.
    let folder = File::open(drive.folder()).expect("there");
    rustix::fs::syncfs(folder).expect("synced");
    let mut writers: Vec<Writer> = (0..6).map(Writer::new).collect();
    for cut in 0..cuts {
        let mut writing = JoinSet::new();
        for mut writer in writers.drain(..) {
            let desk = Desk::at(&node);
            writing.spawn(async move {
                writer.write_on(&desk).await;
                writer
            });
        }
        tokio::time::sleep(Duration::from_millis(200 + dice.below(500))).await;
        // Whatever an agency hears, the node has said before it stands still.
        node.freeze();
        drive.cut_power();
        node.kill();
        writers = writing.join_all().await;
        drive.start_again();

        node = Node::serve(&home);
        let desk = Desk::at(&node);
        for entry in writers.iter().flat_map(|writer| &writer.journal) {
            Entry::still_stands(entry, &desk).await;
        }
        for writer in &mut writers {
            // What nobody had heard of is settled too.
            writer.write(&desk).await.expect("a node that is there");
        }
        everybody_can_be_read(&node).await;
        let (position, digest) = stand(&node).await;
        let copy = home.copy();
        let replay = Replay::run([OsStr::new("--data"), copy.data().as_os_str()]);
        assert_eq!((replay.position, &replay.digest), (position, &digest), "after cut {cut}");
        let entries = writers.iter().flat_map(|writer| &writer.journal);
        let told: usize = entries.map(|entry| entry.positions().count()).sum();
        assert_eq!(position, founded + told as u64, "after cut {cut}");
        println!("cut {cut}: {position} events");
    }
    node.kill();
}

/// The offender manager reads every name and every note.
async fn everybody_can_be_read(node: &Node) {
    let manager = caller(node, "trust", "offender_manager");
    let people = manager.walk("ledger.people", "name { __typename }").await;
    assert!(people.iter().all(|it| it["name"]["__typename"] == "PersonName"), "{people:?}");
    let events = manager.walk("events", "note { __typename }").await;
    let mut notes = events.iter().map(|event| &event["note"]).filter(|note| !note.is_null());
    assert!(notes.all(|note| note["__typename"] == "ClearText"));
}
