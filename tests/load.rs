//! Agencies at work: writers that go on with what they were doing when a node went away and came
//! back, and followers that do likewise. Each remembers what it was told.

use crate::client::{Client, Told};
use crate::command::{self, Command};
use crate::node::Node;
use crate::partnership::{FARM_WORK, YOUTH_WORK, allocate, caller};
use crate::socket::Socket;
use serde_json::{Value, json};
use std::io;

/// Commands that take somebody from registration to completion.
const STEPS: usize = 10;

/// One of several agencies' clerks, who takes one person after the other through a provider.
pub(crate) struct Writer {
    number: u64,
    awaits_checkpoints: bool,
    /// The person being taken through, and what the steps until now have opened.
    person: u64,
    opened: Vec<String>,
    /// Everything that was acknowledged, with its receipt.
    pub(crate) journal: Vec<Entry>,
}

/// A command that was acknowledged.
pub(crate) struct Entry {
    who: Who,
    command: Command,
    pub(crate) receipt: Value,
}

type Who = (&'static str, &'static str);

/// Whoever acts, each with a connection of this writer's.
pub(crate) struct Desk {
    manager: Client,
    farm: Client,
    youth: Client,
}

impl Desk {
    pub(crate) fn at(node: &Node) -> Self {
        Self {
            manager: caller(node, "trust", "offender_manager"),
            farm: caller(node, "farm", "provider_lead"),
            youth: caller(node, "youth", "provider_lead"),
        }
    }

    fn client(&self, (agency, _): Who) -> &Client {
        match agency {
            "farm" => &self.farm,
            "youth" => &self.youth,
            _ => &self.manager,
        }
    }
}

impl Writer {
    pub(crate) fn new(number: u64) -> Self {
        Self {
            number,
            awaits_checkpoints: false,
            person: 0,
            opened: Vec::new(),
            journal: Vec::new(),
        }
    }

    /// One who has the ledger sign at once, so that it also dies while it signs.
    pub(crate) fn awaiting_checkpoints(self) -> Self {
        Self { awaits_checkpoints: true, ..self }
    }

    /// Gives commands until the node does not answer any more.
    pub(crate) async fn write_on(&mut self, desk: &Desk) {
        while self.write(desk).await.is_ok() {}
    }

    /// Gives the next command, which is the last one again if nobody said what became of it.
    ///
    /// # Errors
    /// The node has gone, or is going: what became of the command is not known.
    pub(crate) async fn write(&mut self, desk: &Desk) -> io::Result<()> {
        let (who, mut command) = self.next();
        if self.awaits_checkpoints {
            command = command.with("awaitCheckpoint", true);
        }
        let told = desk.client(who).try_tell(&command).await?;
        let told = told.map_err(|reply| {
            assert_eq!(reply.code(), "SHUTTING_DOWN", "{}", reply.text());
            io::Error::other("going")
        })?;
        match told.outcome() {
            "ACCEPTED" | "REPLAYED" => self.note(who, command, &told),
            "OUTCOME_UNKNOWN" => return Err(io::Error::other("unknown")),
            _ => panic!("{command:?}: {told:?}"),
        }
        Ok(())
    }

    fn note(&mut self, who: Who, command: Command, told: &Told) {
        let receipt = told.receipt().clone();
        self.opened.push(receipt["stream"].as_str().expect("an identifier").to_owned());
        if self.opened.len() == STEPS {
            self.opened.clear();
            self.person += 1;
        }
        self.journal.push(Entry { who, command, receipt });
    }

    fn next(&self) -> (Who, Command) {
        // Numbers of no other writer, nor of those whom a journey registers by itself.
        let number = 1_000 + self.number * 1_000_000 + self.person;
        let manager = ("trust", "offender_manager");
        let (provider, service) = if number.is_multiple_of(2) {
            (("farm", "provider_lead"), &FARM_WORK)
        } else {
            (("youth", "provider_lead"), &YOUTH_WORK)
        };
        let opened = |step: usize| self.opened[step].as_str();
        match self.opened.len() {
            0 => (manager, command::register(number)),
            1 => (manager, command::impose(number, opened(0))),
            2 => (manager, allocate(number, opened(1))),
            3 => {
                let refer = command::refer(number, "refer", opened(0), opened(1), service);
                (manager, refer.with("note", "Asked for mornings."))
            }
            4 => (provider, command::decide(number, "accept", opened(3), "ACCEPTED")),
            5 => (provider, command::book(number, "book", opened(3))),
            6 => (provider, command::start(number, "start", opened(5))),
            7 => (provider, command::attend(number, opened(5), "2024-01-29", "COMPLIED")),
            8 => {
                let absent = "UNACCEPTABLE_ABSENCE";
                (provider, command::attend(number, opened(5), "2024-01-30", absent))
            }
            _ => (provider, command::complete(number, "complete", opened(5))),
        }
    }
}

impl Entry {
    /// Gives the command once more: what it is told must be what it was told.
    pub(crate) async fn still_stands(&self, desk: &Desk) {
        let told = desk.client(self.who).tell(&self.command).await;
        assert_eq!((told.outcome(), told.receipt()), ("REPLAYED", &self.receipt));
    }

    /// Positions of its events.
    pub(crate) fn positions(&self) -> std::ops::RangeInclusive<u64> {
        let number = |field: &str| {
            let text = self.receipt[field].as_str().expect("a position");
            text.parse::<u64>().expect("a number")
        };
        number("first")..=number("position")
    }
}

/// Somebody who follows everything that is recorded and that they see.
pub(crate) struct Follower {
    who: Who,
    cursor: Option<String>,
    /// Positions of the events seen, in the order in which they came.
    pub(crate) seen: Vec<u64>,
}

impl Follower {
    pub(crate) fn new(who: Who) -> Self {
        Self { who, cursor: None, seen: Vec::new() }
    }

    /// Follows from where it had come to, until it has seen so many more events or the node has
    /// gone. Then the socket is dropped, in the middle of what was on its way.
    pub(crate) async fn follow(&mut self, node: &Node, events: u64) {
        let client = caller(node, self.who.0, self.who.1);
        let Some(mut socket) = Socket::try_open(&client).await else { return };
        if socket.follow(self.cursor.as_deref()).await.is_none() {
            return;
        }
        let enough = self.seen.len() + usize::try_from(events).expect("a small number");
        while self.seen.len() < enough {
            let Some(item) = socket.item().await else { return };
            self.take(&item);
        }
    }

    /// Follows to the end of what there is: the node must show all that it holds.
    pub(crate) async fn catch_up(&mut self, node: &Node) {
        let client = caller(node, self.who.0, self.who.1);
        let mut socket = Socket::open(&client).await;
        socket.follow(self.cursor.as_deref()).await.expect("subscribed");
        loop {
            let item = socket.item().await.expect("an item");
            self.take(&item);
            if item["__typename"] == "CaughtUp" {
                return;
            }
        }
    }

    /// What it has seen is what there is to be seen: every event once and in order.
    pub(crate) async fn has_seen_everything(&self, node: &Node) {
        let client = caller(node, self.who.0, self.who.1);
        let events = client.walk("events", "position").await;
        let there: Vec<u64> = events.iter().map(position).collect();
        assert_eq!(self.seen, there, "as {:?} followed", self.who);
    }

    fn take(&mut self, item: &Value) {
        if let Some(cursor) = item["cursor"].as_str() {
            self.cursor = Some(cursor.to_owned());
        }
        if !item["event"].is_null() {
            self.seen.push(position(&item["event"]));
        }
    }
}

/// The position of an event, or of the ledger.
pub(crate) fn position(of: &Value) -> u64 {
    of["position"].as_str().expect("a position").parse().expect("a number")
}

/// Where the ledger stands, and its digest there, as an auditor is shown them.
pub(crate) async fn stand(node: &Node) -> (u64, String) {
    let auditor = caller(node, "inspector", "auditor");
    let asked = auditor.ask("{ ledger { position digest } }", json!({})).await;
    let digest = asked["ledger"]["digest"].as_str().expect("a digest").to_owned();
    (position(&asked["ledger"]), digest)
}
