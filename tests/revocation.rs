//! A token that expires or is taken out of the file, while its holder follows the ledger: the
//! socket is closed, nothing comes after that, and whoever gets a new token goes on where the old
//! one ended.

use crate::client::Client;
use crate::command;
use crate::load::position;
use crate::partnership::{Partnership, agency};
use crate::socket::Socket;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{sleep, timeout};

const OLD: &str = "tsk_test_old_of_the_manager";
const NEW: &str = "tsk_test_new_of_the_manager";

/// No socket stays open longer whose token is not good any more; one that does has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// What graphql-transport-ws closes a socket with whose holder may not be there.
const FORBIDDEN: u16 = 4403;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threat_26_a_socket_whose_token_is_revoked_is_closed_and_resumed_with_another() {
    let partnership = Partnership::found().await;
    admit(&partnership, OLD, None);
    let old = partnership.node.client(OLD);
    known(&old).await;
    let mut socket = Socket::open(&old).await;
    socket.follow(None).await.expect("subscribed");
    let mut seen = socket.positions_until_caught_up().await;

    partnership.home.expel(OLD);
    admit(&partnership, NEW, None);
    let (more, cursor, code) = until_closed(&mut socket, &partnership).await;
    assert_eq!(code, Some(FORBIDDEN));
    seen.extend(more);
    assert_eq!(asked(&old).await, "UNAUTHENTICATED");

    let new = partnership.node.client(NEW);
    let mut resumed = Socket::open(&new).await;
    resumed.follow(cursor.as_deref()).await.expect("subscribed");
    seen.extend(resumed.positions_until_caught_up().await);
    let there: Vec<u64> = new.walk("events", "position").await.iter().map(position).collect();
    assert_eq!(seen, there, "every event once and in order, over both tokens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threat_26_nothing_recorded_after_a_token_expired_comes_over_its_socket() {
    let partnership = Partnership::found().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let expires = now + Duration::from_secs(3);
    admit(&partnership, OLD, Some(expires));
    let old = partnership.node.client(OLD);
    known(&old).await;
    let mut socket = Socket::open(&old).await;
    socket.follow(None).await.expect("subscribed");
    let (seen, _, code) = until_closed(&mut socket, &partnership).await;
    assert_eq!(code, Some(FORBIDDEN));
    assert_eq!(asked(&old).await, "UNAUTHENTICATED");
    // There is more that came too late for it.
    partnership.manager().done(&command::register(1)).await;
    let last = *seen.last().expect("there was something to see");
    let events = partnership.manager().walk("events", "position recordedAt").await;
    let too_late = events.iter().filter(|it| recorded_at(it) >= expires).map(position);
    assert!(too_late.min().is_some_and(|first| last < first), "{last} was seen");
}

/// Gives the trust's offender manager a token.
fn admit(partnership: &Partnership, token: &str, expires: Option<Duration>) {
    let manager = agency("trust");
    let expires = expires.map(|at| {
        let at = i64::try_from(at.as_millis()).expect("not that far away");
        jiff::Timestamp::from_millisecond(at).expect("a time").to_string()
    });
    partnership.home.admit_until(
        "offender_manager",
        &manager,
        "offender_manager",
        token,
        expires.as_deref(),
    );
}

/// Waits until the node has read the file anew.
async fn known(client: &Client) {
    while asked(client).await == "UNAUTHENTICATED" {
        sleep(Duration::from_millis(20)).await;
    }
}

/// The code with which somebody is refused who asks.
async fn asked(client: &Client) -> String {
    client.post("{ viewer { role } }", json!({})).await.expect("an answer").code()
}

/// What comes over a socket while people are registered, until it is closed.
async fn until_closed(
    socket: &mut Socket,
    partnership: &Partnership,
) -> (Vec<u64>, Option<String>, Option<u16>) {
    let closed = AtomicBool::new(false);
    let follow = async {
        let ended = socket.positions_until_closed().await;
        closed.store(true, Relaxed);
        ended
    };
    let write = async {
        let manager = partnership.manager();
        for number in 100.. {
            manager.done(&command::register(number)).await;
            if closed.load(Relaxed) {
                return;
            }
        }
    };
    let both = async { tokio::join!(follow, write).0 };
    timeout(PATIENCE, both).await.expect("the socket is closed")
}

fn recorded_at(event: &Value) -> Duration {
    let text = event["recordedAt"].as_str().expect("a time");
    let at: jiff::Timestamp = text.parse().expect("a time");
    Duration::from_millis(u64::try_from(at.as_millisecond()).expect("after 1970"))
}
