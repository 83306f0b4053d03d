//! Stopping a node that is at work: what it has acknowledged stays, and it ends well.

use crate::load::{Desk, Entry, Writer, stand};
use crate::node::Node;
use crate::partnership::{Partnership, caller};
use crate::replay::Replay;
use crate::socket::Socket;
use serde_json::json;
use std::ffi::OsStr;
use std::time::Duration;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_nothing_acknowledged_and_ends_well() {
    let Partnership { home, mut node, .. } = Partnership::found().await;
    let mut writers: Vec<Writer> = (0..6).map(Writer::new).collect();
    for round in 0..3 {
        let mut writing = JoinSet::new();
        for mut writer in writers.drain(..) {
            let desk = Desk::at(&node);
            writing.spawn(async move {
                writer.write_on(&desk).await;
                writer
            });
        }
        let mut socket = Socket::open(&caller(&node, "inspector", "auditor")).await;
        socket.follow(None).await.expect("subscribed");
        // Some at work, some at the door.
        tokio::time::sleep(Duration::from_millis(150 + 200 * round)).await;
        node.tell_to_stop();
        writers = writing.join_all().await;
        while socket.next().await.is_some() {}
        let ended = node.ended();
        assert_eq!(ended.status.code(), Some(0), "{}", ended.said);

        node = Node::serve(&home);
        let desk = Desk::at(&node);
        for entry in writers.iter().flat_map(|writer| &writer.journal) {
            Entry::still_stands(entry, &desk).await;
        }
    }
    let written: usize = writers.iter().map(|writer| writer.journal.len()).sum();
    assert!(written > 50, "only {written} commands");
    let (position, digest) = stand(&node).await;
    assert!(node.stop().status.success());
    let replay = Replay::run([OsStr::new("--data"), home.data().as_os_str()]);
    assert_eq!((replay.position, &replay.digest), (position, &digest));
}

#[tokio::test]
async fn a_stop_right_after_the_start_is_heeded() {
    let mut partnership = Partnership::found().await;
    for _ in 0..10 {
        partnership = partnership.restarted();
    }
}

#[tokio::test]
async fn a_node_says_when_it_is_alive_and_when_it_is_ready() {
    let partnership = Partnership::found().await;
    let auditor = partnership.auditor();
    for (path, says) in [
        ("/health/liveness", "alive"),
        ("/health/readiness", "ready"),
        ("/info", "\"position\""),
        ("/metrics", "tallystick_fold_lag_events 0"),
        ("/", "/graphql"),
    ] {
        let got = auditor.get(path).await;
        assert_eq!(got.status, 200, "{path}");
        assert!(got.text().contains(says), "{path}: {}", got.text());
    }
    let stranger = partnership.node.client("nobody's token");
    let reply = stranger.post("{ viewer { role } }", json!({})).await.expect("an answer");
    assert_eq!((reply.status, reply.code().as_str()), (401, "UNAUTHENTICATED"));
}
