//! Capacity against bookings: how many places of a service are free on a day.

use crate::{HashMap, Snapshot};
use imbl::OrdMap;
use tallystick_domain::{
    Case, CaseKey, Cases, Code, Date, Position, agreement::Service, codes::Unit, id::ServiceId,
};

/// Capacity and bookings of one unit at one site of a service on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreePlaces {
    /// Site.
    pub site: Code,
    /// Counted in.
    pub unit: Unit,
    /// How many there are.
    pub capacity: u32,
    /// How many are taken; more than there are where it is overbooked.
    pub taken: u32,
}

impl FreePlaces {
    /// How many are free.
    pub fn free(&self) -> u32 {
        self.capacity.saturating_sub(self.taken)
    }
}

/// Placements of each service, by the position at which they were booked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Occupancy {
    of: HashMap<ServiceId, OrdMap<Position, CaseKey>>,
}

impl Occupancy {
    pub(crate) fn of<'a>(cases: impl Iterator<Item = &'a Case>) -> Self {
        let mut all: hashbrown::HashMap<ServiceId, Vec<(Position, CaseKey)>> =
            hashbrown::HashMap::new();
        for case in cases {
            for (service, at) in booked(case) {
                all.entry(service).or_default().push((at, case.key));
            }
        }
        let sorted = |mut things: Vec<_>| {
            things.sort_unstable();
            things.into_iter().collect()
        };
        Self { of: all.into_iter().map(|(service, things)| (service, sorted(things))).collect() }
    }

    pub(crate) fn move_places(&mut self, old: Option<&Case>, new: &Case) {
        for (service, at) in old.into_iter().flat_map(booked) {
            let stays = booked(new).any(|known| known == (service, at));
            if !stays && let Some(things) = self.of.get_mut(&service) {
                things.remove(&at);
            }
        }
        for (service, at) in booked(new) {
            let things = self.of.entry(service).or_default();
            if !things.contains_key(&at) {
                things.insert(at, new.key);
            }
        }
    }
}

fn booked(case: &Case) -> impl Iterator<Item = (ServiceId, Position)> {
    case.person().into_iter().flat_map(|person| {
        person.placements.iter().filter_map(|placement| {
            let referral = person.referral(placement.referral)?;
            Some((referral.service, placement.at))
        })
    })
}

impl Snapshot {
    /// Capacity against bookings of every site and unit of a service on a day.
    pub(crate) fn free_places(&self, service: &Service, day: Date) -> Vec<FreePlaces> {
        let mut found: Vec<FreePlaces> = Vec::new();
        for set in &service.capacities {
            if !found.iter().any(|known| known.site == set.site && known.unit == set.unit) {
                found.push(FreePlaces {
                    site: set.site.clone(),
                    unit: set.unit,
                    capacity: service.capacity(&set.site, set.unit, day),
                    taken: 0,
                });
            }
        }
        let Some(placements) = self.occupancy.of.get(&service.id) else { return found };
        for (at, key) in placements {
            let person = self.case(*key).and_then(|case| case.person());
            let mut placements = person.into_iter().flat_map(|person| &person.placements);
            let Some(placement) = placements.find(|placement| placement.at == *at) else {
                continue;
            };
            if !placement.occupies(day) {
                continue;
            }
            let same = |known: &&mut FreePlaces| {
                known.site == placement.site && known.unit == placement.unit
            };
            match found.iter_mut().find(same) {
                Some(known) => known.taken += 1,
                None => found.push(FreePlaces {
                    site: placement.site.clone(),
                    unit: placement.unit,
                    capacity: 0,
                    taken: 1,
                }),
            }
        }
        found
    }
}
