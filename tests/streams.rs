//! Following the ledger: every event once and in order, whoever writes meanwhile and however often
//! the line is lost; and live answers that come when they have changed.

use crate::command::{decide, register};
use crate::dice::Dice;
use crate::load::{Desk, Follower, Writer, position};
use crate::partnership::{FARM_WORK, Partnership, YOUTH_WORK};
use crate::socket::Socket;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::task::JoinSet;

const WRITERS: u64 = 4;
const COMMANDS: u64 = 120;
const FOLLOWERS: [(&str, &str); 4] = [
    ("inspector", "auditor"),
    ("trust", "offender_manager"),
    ("farm", "provider_lead"),
    ("youth", "mentor"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_comes_once_and_in_order_while_four_writers_write() {
    let partnership = Arc::new(Partnership::found().await);
    let mut dice = Dice::new();
    let mut writing = JoinSet::new();
    for number in 0..WRITERS {
        let partnership = Arc::clone(&partnership);
        writing.spawn(async move {
            let (mut writer, desk) = (Writer::new(number), Desk::at(&partnership.node));
            while (writer.journal.len() as u64) < COMMANDS {
                writer.write(&desk).await.expect("a node that is there");
            }
        });
    }
    let mut following = JoinSet::new();
    for who in FOLLOWERS {
        let partnership = Arc::clone(&partnership);
        // Far enough to come into what is being written, near enough that all is there to be seen.
        let cuts: Vec<u64> = (0..8).map(|_| 1 + dice.below(7)).collect();
        following.spawn(async move {
            let mut follower = Follower::new(who);
            for events in cuts {
                follower.follow(&partnership.node, events).await;
            }
            follower
        });
    }
    let mut followers = following.join_all().await;
    writing.join_all().await;
    for follower in &mut followers {
        follower.catch_up(&partnership.node).await;
        follower.has_seen_everything(&partnership.node).await;
    }
    let all: HashSet<u64> = followers.iter().flat_map(|it| &it.seen).copied().collect();
    assert!(all.len() as u64 > WRITERS * COMMANDS, "the whole ledger");
}

#[tokio::test]
async fn a_stream_goes_on_from_history_into_what_is_recorded_next() {
    let partnership = Partnership::found().await;
    let farm = partnership.farm();
    let person = partnership.person(1).await;
    let mut socket = Socket::open(&farm).await;
    socket.follow(None).await.expect("subscribed");
    let mut seen = Vec::new();
    let next = loop {
        let item = socket.item().await.expect("an item");
        match item["__typename"].as_str().expect("a type") {
            "CaughtUp" => {
                assert_eq!(item["live"], true);
                break partnership.refer(&person, "refer", &FARM_WORK).await;
            }
            "ScopeChanged" => {}
            _ => seen.push(position(&item["event"])),
        }
    };
    let event = loop {
        let item = socket.item().await.expect("an item");
        if !item["event"].is_null() {
            break item["event"].clone();
        }
    };
    assert_eq!(event["stream"].as_str(), Some(next.as_str()));
    assert_eq!(event["type"], "REFERRAL_MADE");
    assert!(seen.is_sorted() && seen.last() < Some(&position(&event)));
}

#[tokio::test]
async fn a_cursor_of_another_ledger_is_unknown() {
    let (one, other) = (Partnership::found().await, Partnership::found().await);
    let query = "{ events(first: 1) { pageInfo { endCursor } } }";
    let cursor = one.farm().ask(query, json!({})).await["events"]["pageInfo"]["endCursor"].clone();
    let query = "query ($after: String) { events(first: 1, after: $after) { nodes { id } } }";
    one.farm().ask(query, json!({ "after": cursor })).await;
    let reply = other.farm().post(query, json!({ "after": cursor })).await.expect("an answer");
    assert_eq!(reply.code(), "CURSOR_UNKNOWN");
    for (whose, known) in [(&one, true), (&other, false)] {
        let mut socket = Socket::open(&whose.farm()).await;
        socket.follow(cursor.as_str()).await.expect("subscribed");
        let refusal = socket.refusal().await;
        assert_eq!(refusal.is_none(), known, "{refusal:?}");
        assert!(refusal.is_none_or(|code| code == "CURSOR_UNKNOWN"));
    }
}

/// The next answer of a live query: the ledger's position, and how many referrals wait.
async fn answer(socket: &mut Socket) -> (u64, Value) {
    let data = socket.next().await.expect("an answer");
    (position(&data["ledger"]), data["ledger"]["agency"]["counts"]["openReferrals"].clone())
}

#[tokio::test]
async fn a_live_answer_comes_after_what_matters_and_after_nothing_else() {
    let partnership = Partnership::found().await;
    let (farm, youth, manager) = (partnership.farm(), partnership.youth(), partnership.manager());
    let person = partnership.person(1).await;
    let mut socket = Socket::open(&farm).await;
    // The position is shown too: were the query executed again for somebody else's events, its
    // answer would be another and would be sent.
    let query = "subscription { ledger { position agency { counts { openReferrals } } } }";
    socket.subscribe(query, json!({})).await.expect("subscribed");
    let (begun, open) = answer(&mut socket).await;
    assert_eq!(open, 0);

    let first = partnership.refer(&person, "first", &FARM_WORK).await;
    let (with_one, open) = answer(&mut socket).await;
    assert!(with_one > begun && open == 1, "{open}");

    // All of it somebody else's.
    manager.done(&register(2)).await;
    for number in 0..10 {
        let label = format!("elsewhere {number}");
        let referral = partnership.refer(&person, &label, &YOUTH_WORK).await;
        let decline = decide(1, &format!("decline {number}"), &referral, "DECLINED");
        youth.done(&decline.with("reason", "NO_CAPACITY")).await;
    }
    let accepted = farm.done(&decide(1, "accept", &first, "ACCEPTED")).await;
    let (then, open) = answer(&mut socket).await;
    assert_eq!(open, 0, "the answer after the one before is about the farm's next event");
    assert!(then >= position(&accepted));

    // Many at once: answers may be left out, the last state never.
    let mut referring = JoinSet::new();
    for number in 0_u64..20 {
        let (manager, id, sentence) = (manager.clone(), person.id.clone(), person.sentence.clone());
        referring.spawn(async move {
            let label = format!("many {number}");
            let refer = crate::command::refer(1, &label, &id, &sentence, &FARM_WORK);
            position(&manager.done(&refer).await)
        });
    }
    let last = referring.join_all().await.into_iter().max().expect("twenty");
    let (mut answers, mut before) = (0, then);
    loop {
        let (now, open) = answer(&mut socket).await;
        answers += 1;
        assert!(now > before, "never back, and never twice the same");
        before = now;
        if open == 20 {
            assert!(now >= last);
            break;
        }
    }
    assert!(answers <= 20, "{answers}");
}
