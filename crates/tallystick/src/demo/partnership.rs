//! The partnership: the acts that found it and change it over three years, and what those who send
//! people to its services need to know.

use super::agreements::{self};
use super::calendar::{self, MINUTE};
use super::dice::Dice;
use super::kind::Kind;
use super::reference::{self, WMPT, agency, founding};
use super::{agencies, cast, delivery, measures, services};
use tallystick_domain::command::{Command, Given, Origin, Step};
use tallystick_domain::event::LedgerOpened;
use tallystick_domain::id::{AgencyId, LedgerId, ServiceId, StreamKind};
use tallystick_domain::{Action, Code, Role};

/// Something that the commissioner records.
#[derive(Clone)]
pub(super) struct Act {
    key: String,
    day: i32,
    action: Action<Given>,
}

impl Act {
    pub(super) fn new(key: &str, on: agencies::Ymd, action: Action<Given>) -> Self {
        Self::on_day(key, calendar::day(on), action)
    }

    pub(super) fn on_day(key: &str, day: i32, action: Action<Given>) -> Self {
        Self { key: key.to_owned(), day, action }
    }

    /// What has to be there first: the ledger, then agencies and measures, agreements, services, capacities.
    fn rank(&self) -> u8 {
        match self.action.stream().map(|stream| stream.kind) {
            Some(StreamKind::Ledger) => 0,
            Some(StreamKind::Agency | StreamKind::Measure) => 1,
            Some(StreamKind::Agreement | StreamKind::Plan) => 2,
            _ if matches!(self.action, Action::SetCapacity { .. }) => 4,
            _ => 3,
        }
    }
}

/// A service that people are sent to.
pub(super) struct Service {
    pub(super) id: ServiceId,
    pub(super) kind: Kind,
    pub(super) provider: AgencyId,
    /// Its sites; each has the code of its area.
    pub(super) sites: Vec<Code>,
    pub(super) asks_age: bool,
    /// First and last day on which people are referred to it.
    live: (i32, i32),
    weight: u32,
    /// Where its people go on from some day.
    pub(super) succession: Option<(i32, usize)>,
    areas: u8,
}

/// The partnership of a scenario.
pub(super) struct Partnership {
    pub(super) services: Vec<Service>,
    pub(super) areas: [Code; 4],
    pub(super) prisons: [AgencyId; 3],
    /// A service under an agreement that was never agreed.
    pub(super) women_residential: ServiceId,
    /// Services of each kind, with their weights.
    by_kind: [Vec<(u32, usize)>; 10],
}

/// Events from which on there are more providers than the seeds name.
const LARGE: u64 = 300_000;
/// Events for each provider that is added: 129 of them make 200 agencies of a million events.
const EVENTS_PER_PROVIDER: u64 = 7_700;
/// Events for which the capacities of the lists are meant.
const EVENTS_PER_SCALE: u64 = 60_000;

/// How many invented providers a scenario of that size has besides the named.
pub(super) fn extra_providers(events: u64) -> usize {
    let wanted = if events < LARGE { 0 } else { (events / EVENTS_PER_PROVIDER).min(400) };
    usize::try_from(wanted).unwrap_or(0)
}

impl Partnership {
    pub(super) fn new(events: u64) -> Self {
        let rows: Vec<_> = services::rows().filter(|row| row.kind.is_some()).collect();
        let place = |key: &str| rows.iter().position(|row| row.key == key);
        let mut all: Vec<Service> = rows
            .iter()
            .filter_map(|row| {
                Some(Service {
                    id: services::service(row.key),
                    kind: row.kind?,
                    provider: agency(row.provider),
                    sites: row.areas.iter().map(|area| code(area)).collect(),
                    asks_age: row.asks_age(),
                    live: agreements::live(row.agreement)?,
                    weight: row.weight * 100,
                    succession: row
                        .succeeded
                        .and_then(|(key, on)| Some((calendar::day(on), place(key)?))),
                    areas: row.areas.iter().map(|area| area_bit(area)).sum(),
                })
            })
            .collect();
        all.extend((1..=extra_providers(events)).map(extra_service));
        let by_kind = Kind::ALL.map(|kind| {
            let of_kind = all.iter().enumerate().filter(|(_, service)| service.kind == kind);
            of_kind.map(|(index, service)| (service.weight, index)).collect()
        });
        Self {
            services: all,
            areas: agencies::AREAS.map(code),
            prisons: ["prison_nowhere", "prison_fogbound", "prison_contract"].map(agency),
            women_residential: services::service("women_residential"),
            by_kind,
        }
    }

    /// One of the services of a kind that takes people from an area on a day. Where the area has
    /// none, another's will do: people travel to the farm.
    pub(super) fn choose(
        &self,
        kind: Kind,
        area: usize,
        day: i32,
        dice: &mut Dice,
    ) -> Option<usize> {
        let place = Kind::ALL.iter().position(|it| *it == kind)?;
        let live = |service: &Service| service.live.0 <= day && day <= service.live.1;
        let of_kind = &self.by_kind[place];
        if of_kind.is_empty() {
            return None;
        }
        // A few throws find one quickly among hundreds; the rare miss looks at all of them.
        for _ in 0..8 {
            let index = dice.weighted(of_kind);
            let service = &self.services[index];
            if live(service) && service.areas & (1 << area) != 0 {
                return Some(index);
            }
        }
        of_kind.iter().map(|(_, index)| *index).find(|index| live(&self.services[*index]))
    }
}

/// A service's site for somebody from an area: that area's, or the first.
pub(super) fn site(service: &Service, area: &Code) -> u8 {
    let place = service.sites.iter().position(|site| site == area).unwrap_or(0);
    u8::try_from(place).unwrap_or(0)
}

fn extra_service(number: usize) -> Service {
    let area = number % agencies::AREAS.len();
    Service {
        id: services::service(&services::extra_key(number)),
        kind: services::extra_kind(number),
        provider: agency(&agencies::provider_key(number)),
        sites: vec![code(agencies::AREAS[area])],
        asks_age: false,
        live: (agencies::start_day() + 1, calendar::LAST_DAY),
        // A few large providers and many small ones: weights fall with the rank.
        weight: 12_000 / u32::try_from(number + 2).unwrap_or(u32::MAX) + 6,
        succession: None,
        areas: 1 << area,
    }
}

fn area_bit(area: &str) -> u8 {
    agencies::AREAS.iter().position(|it| *it == area).map_or(0, |place| 1 << place)
}

/// The commands that found and change the partnership, each with the instant of its record, in
/// order of time.
pub(super) fn commands(events: u64) -> Vec<(i64, Command<Given>)> {
    let scale =
        u32::try_from(events.div_ceil(EVENTS_PER_SCALE)).unwrap_or(u32::MAX).clamp(1, 1_000);
    let mut acts = vec![opened()];
    acts.extend(agencies::acts());
    acts.extend(measures::acts());
    acts.extend(delivery::acts());
    acts.extend(agreements::acts());
    acts.extend(services::acts(scale));
    for number in 1..=extra_providers(events) {
        acts.push(agencies::extra_provider(number));
        acts.push(agreements::extra_contract(number));
        acts.extend(services::extra_acts(number, scale));
    }
    acts.sort_by_key(|act| (act.day.max(agencies::start_day()), act.rank()));
    let mut turns = std::collections::HashMap::new();
    let mut last = 0;
    let mut commands = Vec::with_capacity(acts.len());
    for act in acts {
        // The desk opens at eight; what was so before the ledger is recorded on its first morning.
        let day = act.day.max(agencies::start_day());
        last = calendar::instant(day, 8 * 60).max(last + MINUTE / 8);
        commands.push((last, command(act, &mut turns)));
    }
    commands
}

fn opened() -> Act {
    let mut id = WMPT.0;
    id[15] = 0;
    let opened = LedgerOpened {
        ledger: LedgerId(id),
        incarnation: 1,
        commissioner: WMPT,
        predecessor: None,
    };
    Act::new("ledger", agencies::START, Action::OpenLedger(opened))
}

type Turns = std::collections::HashMap<(StreamKind, String), u64>;

fn command(act: Act, turns: &mut Turns) -> Command<Given> {
    let kind = act.action.stream().map_or(StreamKind::Ledger, |stream| stream.kind);
    let turn = turns.entry((kind, act.key.clone())).or_default();
    let id = founding(kind, &act.key, *turn);
    *turn += 1;
    Command {
        id,
        mac: [0; 16],
        origin: Origin {
            agency: WMPT,
            actor: reference::actor(WMPT, cast::COMMISSIONER),
            role: Role::Commissioner,
        },
        steps: vec![Step::new(calendar::date(act.day), act.action)],
    }
}

/// A code of the scenario's own.
///
/// # Panics
/// If it is no code. All of them are constants or numbered, and the tests make every one.
pub(super) fn code(text: &str) -> Code {
    Code::new(text).unwrap_or_else(|refused| panic!("{text:?}: {refused}"))
}
