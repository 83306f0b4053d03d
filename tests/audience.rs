//! Who may see what of the demo, worked out once more: from what an auditor reads, and from the
//! rules as they are written for people.

use crate::node::Node;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const WILLOWDENE: &str = "Willowdene Farm";
pub(crate) const YSS: &str = "YSS";
pub(crate) const TRUST: &str = "West Mercia Probation Trust";
pub(crate) const INSPECTOR: &str = "Inspectorate of Partnerships (invented)";

/// The whole partnership, as an auditor reads it.
pub(crate) struct Everything {
    pub(crate) referrals: Vec<Value>,
    pub(crate) people: BTreeMap<String, Value>,
    pub(crate) events: Vec<Value>,
}

/// What one agency may see: identifiers of things with a history.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Allowed {
    pub(crate) referrals: BTreeSet<String>,
    pub(crate) placements: BTreeSet<String>,
    /// People and their sentences.
    pub(crate) held: BTreeSet<String>,
    pub(crate) agreements: BTreeSet<String>,
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

fn agencies(workers: &Value) -> impl Iterator<Item = &Value> {
    list(workers).iter().map(|worker| &worker["agency"]["id"])
}

impl Everything {
    pub(crate) async fn read(node: &Node) -> Self {
        let auditor = node.caller(INSPECTOR, "auditor");
        let workers = "workers { role agency { id } }";
        let referrals = format!(
            "id referrer {{ id }} provider {{ id }} lead {{ id }} continues {{ id }} {workers}
             person {{ id }} placements(first: 100) {{ nodes {{ id {workers} }} }}"
        );
        let people = format!("id registeredBy {{ id }} sentences {{ id {workers} }}");
        let events = "id position stream streamKind data {
            ... on AgreementSet { funder { id } lead { id } subcontractors { id } } }";
        let people = auditor.walk("ledger.people", &people).await;
        Self {
            referrals: auditor.walk("ledger.referrals", &referrals).await,
            people: people.into_iter().map(|person| (text(&person["id"]), person)).collect(),
            events: auditor.walk("events", events).await,
        }
    }

    /// Whoever holds a person: those who work on a sentence, or without any whoever registered.
    fn holds(person: &Value, agency: &str) -> bool {
        let sentences = list(&person["sentences"]);
        sentences.iter().any(|sentence| agencies(&sentence["workers"]).any(|it| it == agency))
            || (sentences.is_empty() && person["registeredBy"]["id"] == agency)
    }

    pub(crate) fn allowed(&self, agency: &str) -> Allowed {
        let mut allowed = Allowed::default();
        for referral in &self.referrals {
            let parts = ["referrer", "provider", "lead"];
            let own = parts.iter().any(|part| referral[part]["id"] == agency);
            let placements = list(&referral["placements"]["nodes"]);
            let works = agencies(&referral["workers"])
                .chain(placements.iter().flat_map(|placement| agencies(&placement["workers"])))
                .any(|it| it == agency);
            let goes_on = self.referrals.iter().any(|next| {
                next["continues"]["id"] == referral["id"]
                    && ["provider", "lead"].iter().any(|part| next[part]["id"] == agency)
            });
            let person = &self.people[&text(&referral["person"]["id"])];
            if own || works || goes_on || Self::holds(person, agency) {
                allowed.referrals.insert(text(&referral["id"]));
                allowed.placements.extend(placements.iter().map(|it| text(&it["id"])));
            }
        }
        for (id, person) in &self.people {
            if Self::holds(person, agency) {
                allowed.held.insert(id.clone());
                allowed.held.extend(list(&person["sentences"]).iter().map(|it| text(&it["id"])));
            }
        }
        for event in self.events.iter().filter(|event| event["streamKind"] == "AGREEMENT") {
            let terms = &event["data"];
            let partner = terms["funder"]["id"] == agency
                || terms["lead"]["id"] == agency
                || terms["subcontractors"]
                    .as_array()
                    .is_some_and(|subs| subs.iter().any(|sub| sub["id"] == agency));
            if partner {
                allowed.agreements.insert(text(&event["stream"]));
            }
        }
        allowed
    }

    /// Positions of the events that a provider may see.
    pub(crate) fn events(&self, allowed: &Allowed) -> Vec<String> {
        let sees = |event: &&Value| {
            let stream = text(&event["stream"]);
            match event["streamKind"].as_str().expect("a kind") {
                "LEDGER" | "AGENCY" | "SERVICE" | "MEASURE" => true,
                "PLAN" | "CIRCUMSTANCE" | "OFFENCE" | "REGISTER" | "ASSESSMENT" => false,
                "AGREEMENT" => allowed.agreements.contains(&stream),
                "PERSON" | "SENTENCE" => allowed.held.contains(&stream),
                "REFERRAL" => allowed.referrals.contains(&stream),
                "PLACEMENT" => allowed.placements.contains(&stream),
                other => panic!("{other}?"),
            }
        };
        self.events.iter().filter(sees).map(|event| text(&event["position"])).collect()
    }
}
