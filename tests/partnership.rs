//! A small partnership on a ledger of its own: a trust, a farm and a youth charity, an inspector,
//! and the commissioners for whom it was opened.

use crate::client::Client;
use crate::command::{self, Command, identifier};
use crate::folder::Home;
use crate::node::{Ended, Node};
use serde_json::json;
use std::sync::LazyLock;

const OPENED: &str = "2024-01-02";

/// Whoever has a token: agency and role.
const CALLERS: [(&str, &str); 6] = [
    ("trust", "offender_manager"),
    ("farm", "provider_lead"),
    ("farm", "caseworker"),
    ("youth", "provider_lead"),
    ("youth", "mentor"),
    ("inspector", "auditor"),
];

/// Identifiers of the agencies and their services. They are chosen here, so that two ledgers have
/// the same.
pub(crate) static FARM: LazyLock<String> = LazyLock::new(|| agency("farm"));
pub(crate) static FARM_WORK: LazyLock<String> = LazyLock::new(|| thing("svc", "farm"));
pub(crate) static YOUTH_WORK: LazyLock<String> = LazyLock::new(|| thing("svc", "youth"));

/// The partnership and the node that serves it.
pub(crate) struct Partnership {
    pub(crate) home: Home,
    pub(crate) node: Node,
    token: String,
}

/// Somebody registered and sentenced.
pub(crate) struct Person {
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) sentence: String,
}

impl Partnership {
    /// Opens the ledger and has everybody described.
    pub(crate) async fn found() -> Self {
        Self::found_in(Home::init()).await
    }

    /// The same on a ledger that has just been opened, with its commissioner's token.
    pub(crate) async fn found_in((home, token): (Home, String)) -> Self {
        for (key, role) in CALLERS {
            home.admit(role, &agency(key), role, &token_of(key, role));
        }
        let node = Node::serve(&home);
        let partnership = Self { home, node, token };
        let commissioner = partnership.commissioner();
        for command in founding() {
            commissioner.done(&command).await;
        }
        partnership
    }

    /// The same after a stop and a start.
    pub(crate) fn restarted(self) -> Self {
        let Self { home, node, token } = self;
        let Ended { status, said } = node.stop();
        assert!(status.success(), "{status}: {said}");
        let node = Node::serve(&home);
        Self { home, node, token }
    }

    /// The same after its node was killed.
    pub(crate) fn killed(self) -> Self {
        let Self { home, node, token } = self;
        node.kill();
        let node = Node::serve(&home);
        Self { home, node, token }
    }

    /// What is left once its node has stopped.
    pub(crate) fn stopped(self) -> Home {
        let Self { home, node, .. } = self;
        let Ended { status, said } = node.stop();
        assert!(status.success(), "{status}: {said}");
        home
    }

    pub(crate) fn commissioner(&self) -> Client {
        self.node.client(&self.token)
    }

    /// The trust's offender manager.
    pub(crate) fn manager(&self) -> Client {
        self.caller("trust", "offender_manager")
    }

    /// The farm's lead.
    pub(crate) fn farm(&self) -> Client {
        self.caller("farm", "provider_lead")
    }

    /// The charity's lead.
    pub(crate) fn youth(&self) -> Client {
        self.caller("youth", "provider_lead")
    }

    pub(crate) fn auditor(&self) -> Client {
        self.caller("inspector", "auditor")
    }

    pub(crate) fn caller(&self, key: &str, role: &str) -> Client {
        caller(&self.node, key, role)
    }

    /// Somebody new, registered, sentenced and with an offender manager.
    pub(crate) async fn person(&self, number: u64) -> Person {
        let manager = self.manager();
        let id = manager.opened(&command::register(number)).await;
        let sentence = manager.opened(&command::impose(number, &id)).await;
        manager.done(&allocate(number, &sentence)).await;
        Person { number, id, sentence }
    }

    /// A referral of somebody to a service.
    pub(crate) async fn refer(&self, person: &Person, label: &str, service: &str) -> String {
        let Person { number, id, sentence } = person;
        self.manager().opened(&command::refer(*number, label, id, sentence, service)).await
    }
}

/// Somebody of the partnership, at any node that serves it.
pub(crate) fn caller(node: &Node, key: &str, role: &str) -> Client {
    node.client(&token_of(key, role))
}

fn token_of(key: &str, role: &str) -> String {
    format!("token of the {role} of {key}").replace(' ', "-")
}

pub(crate) fn agency(key: &str) -> String {
    thing("agy", key)
}

pub(crate) fn thing(prefix: &str, key: &str) -> String {
    format!("{prefix}_{}", identifier(&format!("{prefix} {key}")))
}

/// The trust's offender manager of somebody.
pub(crate) fn allocate(number: u64, sentence: &str) -> Command {
    let said = json!({
        "to": sentence, "role": "OFFENDER_MANAGER", "worker": thing("wrk", "manager"),
        "agency": agency("trust"),
    });
    Command::new("allocateWorker", number, "allocate", "2024-01-09", said)
}

/// A mentor of an agency's, on a referral.
pub(crate) fn mentor(number: u64, key: &str, referral: &str) -> Command {
    let said = json!({
        "to": referral, "role": "MENTOR", "worker": thing("wrk", key), "agency": agency(key),
        "volunteer": true,
    });
    Command::new("allocateWorker", number, &format!("mentor of {key}"), "2024-01-20", said)
}

fn founding() -> Vec<Command> {
    let agencies = [
        ("trust", "TRUST", "Trust of the Shire (invented)"),
        ("farm", "SOCIAL_ENTERPRISE", "Farm (invented)"),
        ("youth", "CHARITY", "Youth charity (invented)"),
        ("inspector", "INSPECTOR", "Inspectors (invented)"),
    ];
    let mut commands: Vec<_> =
        agencies.iter().map(|(key, kind, name)| describe(key, kind, name)).collect();
    // The farm may borrow the charity's mentors.
    for (number, key, subs) in [(1, "farm", &[agency("youth")][..]), (2, "youth", &[])] {
        commands.push(agree(number, key).with("subcontractors", subs));
        commands.push(offer(number, key));
        commands.push(capacity(number, key, 12));
    }
    commands
}

/// An agency's description.
pub(crate) fn describe(key: &str, kind: &str, name: &str) -> Command {
    let said = json!({
        "agency": agency(key), "name": name, "kind": kind, "areas": ["shropshire"],
        "status": "PARTNER",
    });
    Command::new("describeAgency", 0, &format!("describe {key}"), OPENED, said)
}

fn agree(number: u64, key: &str) -> Command {
    let said = json!({
        "agreement": thing("agr", key), "kind": "CONTRACT", "status": "LIVE",
        "funder": agency("trust"), "lead": agency(key), "startsOn": OPENED,
        "endsOn": "2034-01-01",
    });
    Command::new("setAgreement", number, "agree", OPENED, said)
}

fn offer(number: u64, key: &str) -> Command {
    let said = json!({
        "service": thing("svc", key), "agreement": thing("agr", key), "provider": agency(key),
        "title": format!("Work with the {key}"), "kind": "day_placement",
        "needs": ["ETE"], "requirementTypes": ["ACTIVITY"],
        "sites": [{ "id": "barn", "area": "shropshire" }],
    });
    Command::new("describeService", number, "offer", OPENED, said)
}

/// A capacity of a provider's service.
pub(crate) fn capacity(number: u64, key: &str, count: u32) -> Command {
    let said = json!({
        "service": thing("svc", key), "site": "barn", "unit": "PLACE", "count": count,
        "from": OPENED,
    });
    Command::new("setCapacity", number, &format!("capacity {count}"), OPENED, said)
}
