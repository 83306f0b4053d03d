//! An agreement with its services and their capacity.

use crate::case::as_json;
use crate::codes::{AgreementKind, AgreementStatus, Unit};
use crate::date::Date;
use crate::event::{AgreementSet, CapacitySet, Event, PaymentRecorded, ServiceDescribed};
use crate::history::Meta;
use crate::id::{AgencyId, AgreementId, Position, ServiceId};
use crate::refusal::Rule;
use crate::text::Code;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Which.
    pub id: AgreementId,
    /// Its versions, by day and then by position.
    pub versions: Vec<Version>,
    /// Services under it, in the order in which they were described.
    pub services: Vec<Service>,
    /// The state it reached last in recorded order, which rules go by.
    pub reached: Option<AgreementStatus>,
    /// Payments under it, by day and then by position.
    pub payments: Vec<Payment>,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its record.
    pub at: Position,
    /// When.
    pub on: Date,
    /// What was paid.
    #[serde(with = "as_json")]
    pub facts: PaymentRecorded,
}

/// A version of an agreement and the day from which it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// From this day.
    pub from: Date,
    /// Its record.
    pub at: Position,
    /// The terms.
    #[serde(with = "as_json")]
    pub terms: AgreementSet,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Which.
    pub id: ServiceId,
    /// Its descriptions, by day and then by position; never empty.
    pub descriptions: Vec<ServiceDescription>,
    /// Its capacities, by first day and then by position.
    pub capacities: Vec<Capacity>,
}

/// A description of a service and the day from which it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDescription {
    /// From this day.
    pub from: Date,
    /// Its record.
    pub at: Position,
    /// The description.
    #[serde(with = "as_json")]
    pub facts: ServiceDescribed,
}

/// How much of a service there is at a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// Its record.
    pub at: Position,
    /// Site.
    pub site: Code,
    /// Counted in.
    pub unit: Unit,
    /// How many.
    pub count: u32,
    /// First day.
    pub from: Date,
    /// Last day, if there is one.
    pub to: Option<Date>,
}

impl Agreement {
    pub(crate) fn empty(id: AgreementId) -> Self {
        Self { id, versions: Vec::new(), services: Vec::new(), reached: None, payments: Vec::new() }
    }

    /// The terms that hold on a day.
    pub fn on(&self, day: Date) -> Option<&AgreementSet> {
        self.version_on(day).map(|held| &held.terms)
    }

    /// The version that holds on a day.
    pub fn version_on(&self, day: Date) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.from <= day)
    }

    /// The latest terms, whatever the day.
    pub fn latest(&self) -> Option<&AgreementSet> {
        self.versions.last().map(|version| &version.terms)
    }

    /// Whether it is live on a day: its terms of that day say so, and the day is in their term.
    pub fn is_live_on(&self, day: Date) -> bool {
        self.on(day).is_some_and(|terms| {
            terms.status == AgreementStatus::Live && terms.term.from <= day && day <= terms.term.to
        })
    }

    /// Everybody who has ever been funder, lead or subcontractor of it.
    pub fn partners(&self) -> impl Iterator<Item = AgencyId> {
        self.versions.iter().flat_map(|version| {
            let terms = &version.terms;
            [terms.funder, terms.lead].into_iter().chain(terms.subs.iter().copied())
        })
    }

    /// The service of that identifier, if it is under this agreement.
    pub fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }

    pub(crate) fn permits(&self, meta: &Meta<'_>, event: &Event) -> Result<(), Rule> {
        match event {
            Event::PaymentRecorded(paid) => {
                let same = self.payments.iter().filter(|it| it.facts.basis == paid.basis);
                let mut cited = same.flat_map(|it| &it.facts.evidence);
                if cited.any(|event| paid.evidence.contains(event)) {
                    return Err(Rule::EvidencePaid);
                }
                Ok(())
            }
            Event::AgreementSet(terms) => {
                if self.reached.is_some_and(|reached| terms.status < reached) {
                    return Err(Rule::AgreementCannotGoBack);
                }
                if self.reached == Some(AgreementStatus::Ended) {
                    return Err(Rule::AgreementEnded);
                }
                if terms.lead == terms.funder && terms.kind != AgreementKind::InHouse {
                    return Err(Rule::LeadIsFunder);
                }
                Ok(())
            }
            Event::ServiceDescribed(described) => {
                if self.reached == Some(AgreementStatus::Ended) {
                    return Err(Rule::AgreementEnded);
                }
                let Some(terms) = self.latest() else { return Err(Rule::AgreementNotLive) };
                if described.provider != terms.lead && !terms.subs.contains(&described.provider) {
                    return Err(Rule::ProviderNotInAgreement);
                }
                Ok(())
            }
            Event::CapacitySet(set) => {
                let id = ServiceId(meta.record.stream.id);
                let service = self.service(id).ok_or(Rule::SiteUnknown)?;
                if service.latest().sites.iter().any(|site| site.id == set.site) {
                    Ok(())
                } else {
                    Err(Rule::SiteUnknown)
                }
            }
            Event::LedgerOpened(_)
            | Event::MeasureDefined(_)
            | Event::TargetSet(_)
            | Event::PlanItemSet(_)
            | Event::AgencyDescribed(_)
            | Event::PersonRegistered(_)
            | Event::CircumstanceRecorded(_)
            | Event::OffenceProven(_)
            | Event::RegisterSet(_)
            | Event::Assessed(_)
            | Event::SentenceImposed(_)
            | Event::SentenceVaried(_)
            | Event::SettingChanged(_)
            | Event::WorkerAllocated(_)
            | Event::BreachRecorded(_)
            | Event::SentenceEnded(_)
            | Event::ReferralMade(_)
            | Event::ReferralDecided(_)
            | Event::ReferralWithdrawn(_)
            | Event::PlacementBooked(_)
            | Event::PlacementStarted(_)
            | Event::AttendanceRecorded(_)
            | Event::QualificationAwarded(_)
            | Event::PlacementCompleted(_)
            | Event::PlacementEndedEarly(_)
            | Event::Corrected(_) => Ok(()),
        }
    }

    pub(crate) fn evolve(&mut self, meta: &Meta<'_>, event: &Event) {
        let (from, at) = (meta.occurred.date, meta.record.position);
        match event {
            Event::AgreementSet(terms) => {
                self.reached = Some(terms.status);
                let place = self.versions.partition_point(|version| version.from <= from);
                self.versions.insert(place, Version { from, at, terms: terms.clone() });
            }
            Event::PaymentRecorded(facts) => {
                let place = self.payments.partition_point(|known| known.on <= from);
                self.payments.insert(place, Payment { at, on: from, facts: facts.clone() });
            }
            Event::ServiceDescribed(facts) => {
                let id = ServiceId(meta.record.stream.id);
                let held = ServiceDescription { from, at, facts: facts.clone() };
                match self.services.iter_mut().find(|service| service.id == id) {
                    Some(service) => {
                        let place =
                            service.descriptions.partition_point(|known| known.from <= from);
                        service.descriptions.insert(place, held);
                    }
                    None => self.services.push(Service {
                        id,
                        descriptions: alloc::vec![held],
                        capacities: Vec::new(),
                    }),
                }
            }
            Event::CapacitySet(set) => {
                let id = ServiceId(meta.record.stream.id);
                if let Some(service) = self.services.iter_mut().find(|service| service.id == id) {
                    service.set_capacity(at, set);
                }
            }
            Event::LedgerOpened(_)
            | Event::MeasureDefined(_)
            | Event::TargetSet(_)
            | Event::PlanItemSet(_)
            | Event::AgencyDescribed(_)
            | Event::PersonRegistered(_)
            | Event::CircumstanceRecorded(_)
            | Event::OffenceProven(_)
            | Event::RegisterSet(_)
            | Event::Assessed(_)
            | Event::SentenceImposed(_)
            | Event::SentenceVaried(_)
            | Event::SettingChanged(_)
            | Event::WorkerAllocated(_)
            | Event::BreachRecorded(_)
            | Event::SentenceEnded(_)
            | Event::ReferralMade(_)
            | Event::ReferralDecided(_)
            | Event::ReferralWithdrawn(_)
            | Event::PlacementBooked(_)
            | Event::PlacementStarted(_)
            | Event::AttendanceRecorded(_)
            | Event::QualificationAwarded(_)
            | Event::PlacementCompleted(_)
            | Event::PlacementEndedEarly(_)
            | Event::Corrected(_) => {}
        }
    }
}

impl Service {
    /// The description that holds on a day: that of the day, or the first if the day is earlier.
    pub fn on(&self, day: Date) -> &ServiceDescribed {
        let held = self.descriptions.iter().rev().find(|held| held.from <= day);
        held.map_or_else(|| self.first(), |held| &held.facts)
    }

    /// The latest description, whatever the day.
    pub fn latest(&self) -> &ServiceDescribed {
        self.descriptions.last().map_or_else(|| self.first(), |held| &held.facts)
    }

    fn first(&self) -> &ServiceDescribed {
        // A service comes into being with its first description.
        &self.descriptions[0].facts
    }

    /// Where its first record is.
    pub fn opened(&self) -> Position {
        self.descriptions.iter().map(|held| held.at).min().unwrap_or_default()
    }

    /// How many of a unit there are at a site on a day: what was set last among the capacities
    /// whose window holds the day. 0 where nothing was set.
    pub fn capacity(&self, site: &Code, unit: Unit, day: Date) -> u32 {
        self.capacities
            .iter()
            .rev()
            .find(|set| {
                set.site == *site
                    && set.unit == unit
                    && set.from <= day
                    && set.to.is_none_or(|to| day <= to)
            })
            .map_or(0, |set| set.count)
    }

    fn set_capacity(&mut self, at: Position, set: &CapacitySet) {
        let place = self.capacities.partition_point(|known| known.from <= set.from);
        let capacity = Capacity {
            at,
            site: set.site.clone(),
            unit: set.unit,
            count: set.count,
            from: set.from,
            to: set.to,
        };
        self.capacities.insert(place, capacity);
    }
}
