//! The services, their sites and their capacities over time.

use super::agencies::{AREAS, START, Ymd, provider_key};
use super::agreements::{DAY_WORK_NOVATED, RATIONALISED, agreement};
use super::calendar;
use super::kind::Kind;
use super::names::label;
use super::partnership::{Act, code};
use super::qualification;
use super::reference::{agency, founded};
use tallystick_domain::Action;
use tallystick_domain::codes::{Sex, Unit};
use tallystick_domain::event::{CapacitySet, Eligibility, ServiceDescribed, Site};
use tallystick_domain::id::{ServiceId, StreamKind};

/// One service.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) key: &'static str,
    title: &'static str,
    pub(super) agreement: &'static str,
    pub(super) provider: &'static str,
    /// What people are sent there for; `None` where the scenario sends nobody.
    pub(super) kind: Option<Kind>,
    /// Code where there is no kind.
    other: &'static str,
    pub(super) areas: &'static [&'static str],
    /// Places at each site, before scaling.
    count: u32,
    /// Later counts.
    changes: &'static [(Ymd, u32, &'static str)],
    /// Described on this day; otherwise when its agreement is live.
    on: Option<Ymd>,
    eligibility: Eligible,
    /// How often it is chosen among its like.
    pub(super) weight: u32,
    /// The service that its people went on to, and when.
    pub(super) succeeded: Option<(&'static str, Ymd)>,
}

/// For whom.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Eligible {
    Everybody,
    Adults,
    Prisoners,
    WomenInsteadOfCustody,
}

const fn row(key: &'static str, title: &'static str, agreement: &'static str) -> Row {
    Row {
        key,
        title,
        agreement,
        provider: "",
        kind: None,
        other: "",
        areas: &AREAS,
        count: 0,
        changes: &[],
        on: None,
        eligibility: Eligible::Everybody,
        weight: 10,
        succeeded: None,
    }
}

impl Row {
    const fn of(mut self, provider: &'static str, kind: Kind) -> Self {
        self.provider = provider;
        self.kind = Some(kind);
        self
    }

    const fn other(mut self, provider: &'static str, kind: &'static str) -> Self {
        self.provider = provider;
        self.other = kind;
        self
    }

    const fn areas(mut self, areas: &'static [&'static str]) -> Self {
        self.areas = areas;
        self
    }

    const fn count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    const fn changes(mut self, changes: &'static [(Ymd, u32, &'static str)]) -> Self {
        self.changes = changes;
        self
    }

    const fn on(mut self, on: Ymd) -> Self {
        self.on = Some(on);
        self
    }

    const fn for_only(mut self, eligibility: Eligible) -> Self {
        self.eligibility = eligibility;
        self
    }

    const fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    const fn succeeded(mut self, by: &'static str, on: Ymd) -> Self {
        self.succeeded = Some((by, on));
        self
    }

    fn code(&self) -> &'static str {
        self.kind.map_or(self.other, Kind::code)
    }
}

const FARM: &[&str] = &["shropshire"];
const DATS: &[&str] = &["worcestershire", "shropshire", "telford_and_wrekin"];

/// What the Trust provides itself.
const IN_HOUSE: &[Row] = &[
    row("community_payback", "Community payback", "unpaid_work")
        .of("wmpt", Kind::UnpaidWork)
        .count(900)
        .changes(&[((2010, 4, 1), 980, "community_supervisors")]),
    row("idap", "Integrated Domestic Abuse Programme", "programmes")
        .of("wmpt", Kind::Idap)
        .count(20),
    // Up by a fifth between the plan's start and its end (seeds/003: "by 20 %").
    row("atr", "Alcohol treatment, one to one", "alcohol_treatment")
        .of("wmpt", Kind::AlcoholTreatment)
        .count(25)
        .changes(&[((2009, 10, 1), 27, "new_funding"), ((2010, 10, 1), 30, "new_funding")]),
    row("court_reports", "Reports for courts", "court_reports").other("wmpt", "court_report"),
    row("link_workers", "Community link workers", "link_workers").other("wmpt", "assessment"),
    row("employment_unit", "Employment unit", "internal_unit")
        .of("wmpt", Kind::Advice)
        .count(20)
        .changes(&[((2009, 3, 31), 0, "commissioned_out")])
        .succeeded("pathways_employment", RATIONALISED),
];

/// The farm (seeds/000).
const ON_THE_FARM: &[Row] = &[
    row("pilot_one_residential", "Residential pilot, first", "pilot_one")
        .of("willowdene", Kind::Residential)
        .areas(FARM)
        .count(12)
        .for_only(Eligible::Adults),
    row("pilot_two_residential", "Residential pilot, second", "pilot_two")
        .of("willowdene", Kind::Residential)
        .areas(FARM)
        .count(12)
        .for_only(Eligible::Adults),
    row("pilot_three_residential", "Residential pilot, third", "pilot_three")
        .of("willowdene", Kind::Residential)
        .areas(FARM)
        .count(14)
        .for_only(Eligible::Adults),
    row("residential", "Residential rehabilitation", "residential_contract")
        .of("willowdene", Kind::Residential)
        .areas(FARM)
        .count(18)
        .for_only(Eligible::Adults),
    row("farm_day", "Day work on the farm", "day_contract")
        .of("willowdene", Kind::FarmDay)
        .areas(FARM)
        .count(20)
        .succeeded("rite_farm", DAY_WORK_NOVATED),
    row("rite_farm", "Animal husbandry and agriculture", "rite_day_contract")
        .of("rite", Kind::FarmDay)
        .areas(FARM)
        .count(20)
        .weight(16),
    row("rite_forestry", "Forestry operations", "rite_day_contract")
        .of("rite", Kind::FarmDay)
        .areas(FARM)
        .count(10),
    row("rite_woodwork", "Woodwork", "rite_day_contract")
        .of("rite", Kind::FarmDay)
        .areas(FARM)
        .count(10),
    row("rite_mechanics", "Vehicle mechanics", "rite_day_contract")
        .of("rite", Kind::FarmDay)
        .areas(FARM)
        .count(8),
    row("rite_welding", "Welding", "rite_day_contract")
        .of("rite", Kind::FarmDay)
        .areas(FARM)
        .count(6)
        .weight(5),
    row("rite_it", "Information technology", "rite_day_contract")
        .of("rite", Kind::FarmDay)
        .areas(FARM)
        .count(8)
        .weight(6),
    row("respite", "Respite beds", "respite_beds")
        .of("willowdene", Kind::Respite)
        .areas(DATS)
        .count(4)
        .changes(&[((2010, 4, 1), 6, "dat_funding")]),
    row("women_residential", "Residential programme for women", "women_residential")
        .other("willowdene", "residential_alternative")
        .areas(FARM)
        .on((2010, 3, 1))
        .for_only(Eligible::WomenInsteadOfCustody),
];

/// YSS, the small contracts and the social enterprises (seeds/001, seeds/002, seeds/004).
const WITH_PARTNERS: &[Row] = &[
    row("employment_support", "Employment support", "employment_contract")
        .of("signpost", Kind::Mentoring)
        .count(25)
        .succeeded("pathways_employment", RATIONALISED),
    row("tenancy_support", "Tenancy support", "accommodation_contract")
        .of("keystone", Kind::Advice)
        .count(20)
        .succeeded("pathways_accommodation", RATIONALISED),
    row("debt_advice", "Debt advice", "debt_contract")
        .of("moneywise", Kind::Advice)
        .count(15)
        .succeeded("pathways_finance", RATIONALISED),
    row("pathways_employment", "Pathways: employment", "preferred_partner")
        .of("yss", Kind::Mentoring)
        .count(45)
        .weight(25),
    row("pathways_accommodation", "Pathways: accommodation", "preferred_partner")
        .of("keystone", Kind::Advice)
        .count(30),
    row("pathways_finance", "Pathways: finance and debt", "preferred_partner")
        .of("moneywise", Kind::Advice)
        .count(25),
    row("pathways_volunteering", "Pathways: voluntary sector mentors", "preferred_partner")
        .of("signpost", Kind::Mentoring)
        .count(12)
        .weight(6),
    row("compliance_support", "Supporting compliance", "compliance_project")
        .of("yss", Kind::Mentoring)
        .count(30)
        .weight(16),
    row("pack_it_work", "Packing and warehouse work", "pack_it_partnership")
        .of("pack_it", Kind::WorkPlacement)
        .areas(&["herefordshire"])
        .count(12)
        .weight(14),
    row("seven_y_training", "Training for work", "seven_y_partnership")
        .of("seven_y", Kind::WorkPlacement)
        .count(10),
    row(
        "second_avenue_agency",
        "Employment agency and self-employment",
        "second_avenue_partnership",
    )
    .of("second_avenue", Kind::WorkPlacement)
    .areas(FARM)
    .count(8)
    .weight(7),
    row("connect_mentors", "Mentors through the gate", "connect_grant")
        .of("connect", Kind::Resettlement)
        .count(40)
        .for_only(Eligible::Prisoners),
    row("pathfinder", "Employment key workers", "east_pathfinder")
        .other("key_workers", "employment_key_worker")
        .areas(&["luton", "southend", "bury_st_edmunds"])
        .count(460),
];

/// Every service of the lists.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    IN_HOUSE.iter().chain(ON_THE_FARM).chain(WITH_PARTNERS)
}

/// Acts that describe the services and their capacities; `scale` times the places of the lists.
pub(super) fn acts(scale: u32) -> Vec<Act> {
    rows().flat_map(|row| of_row(row, scale)).collect()
}

/// Reference of a service, by its key.
pub(super) fn service(key: &str) -> ServiceId {
    ServiceId(founded(StreamKind::Service, key).id)
}

/// Key of the service of the extra provider of that number, from 1.
pub(super) fn extra_key(number: usize) -> String {
    format!("{}_service", provider_key(number))
}

/// Kind of the service of the extra provider of that number.
pub(super) fn extra_kind(number: usize) -> Kind {
    [Kind::Mentoring, Kind::WorkPlacement, Kind::Advice][number % 3]
}

/// Acts that describe the service of the extra provider of that number.
pub(super) fn extra_acts(number: usize, scale: u32) -> Vec<Act> {
    let (key, kind) = (extra_key(number), extra_kind(number));
    let provider = provider_key(number);
    let area = AREAS[number % AREAS.len()];
    let described = ServiceDescribed {
        agreement: agreement(&format!("{provider}_contract")),
        title: label(&format!("Local {} {number:03}", kind.code().replace('_', " "))),
        provider: agency(&provider),
        kind: code(kind.code()),
        needs: kind.needs().to_vec(),
        requirement_types: kind.requirements().to_vec(),
        sites: vec![Site { id: code(area), area: code(area) }],
        eligibility: Eligibility::default(),
        awards_offered: Vec::new(),
    };
    let service = service(&key);
    let count = 400 * scale / u32::try_from(number + 4).unwrap_or(u32::MAX) + 2;
    vec![
        Act::new(&key, START, Action::DescribeService { service, described }),
        Act::new(&key, START, capacity(service, area, kind.unit(), count, (START, "opened"))),
    ]
}

fn of_row(row: &'static Row, scale: u32) -> Vec<Act> {
    let live = super::agreements::live(row.agreement).map(|(from, _)| from);
    let Some(from) = row.on.map(calendar::day).or(live) else { return Vec::new() };
    let id = service(row.key);
    let described = ServiceDescribed {
        agreement: agreement(row.agreement),
        title: label(row.title),
        provider: agency(row.provider),
        kind: code(row.code()),
        needs: row.kind.map(|kind| kind.needs().to_vec()).unwrap_or_default(),
        requirement_types: row.kind.map(|kind| kind.requirements().to_vec()).unwrap_or_default(),
        sites: row.areas.iter().map(|area| Site { id: code(area), area: code(area) }).collect(),
        eligibility: row.eligibility.rule(),
        awards_offered: match row.kind {
            Some(kind) if kind.qualifies() => qualification::offered(),
            _ => Vec::new(),
        },
    };
    let mut acts =
        vec![Act::on_day(row.key, from, Action::DescribeService { service: id, described })];
    let unit = row.kind.map_or(Unit::Place, Kind::unit);
    let first = (row.count > 0).then_some((from, row.count, "opened"));
    let later = row.changes.iter().map(|(on, count, why)| (calendar::day(*on), *count, *why));
    for (on, count, why) in first.into_iter().chain(later) {
        for area in row.areas {
            let set = set_capacity(id, area, unit, (on, count * scale, why));
            acts.push(Act::on_day(row.key, on, set));
        }
    }
    acts
}

fn capacity(
    id: ServiceId,
    area: &str,
    unit: Unit,
    count: u32,
    (on, why): (Ymd, &str),
) -> Action<tallystick_domain::command::Given> {
    set_capacity(id, area, unit, (calendar::day(on), count, why))
}

fn set_capacity(
    service: ServiceId,
    area: &str,
    unit: Unit,
    (on, count, why): (i32, u32, &str),
) -> Action<tallystick_domain::command::Given> {
    let set = CapacitySet {
        site: code(area),
        unit,
        count,
        from: calendar::date(on),
        to: None,
        reason: Some(code(why)),
    };
    Action::SetCapacity { service, set }
}

impl Eligible {
    fn rule(self) -> Eligibility {
        let everybody = Eligibility::default();
        match self {
            Self::Everybody => everybody,
            Self::Adults => Eligibility { age_from: Some(18), ..everybody },
            Self::Prisoners => Eligibility { in_custody: Some(true), ..everybody },
            Self::WomenInsteadOfCustody => Eligibility {
                sex: Some(Sex::Female),
                age_from: Some(18),
                alternative_to_custody: true,
                ..everybody
            },
        }
    }
}

impl Row {
    /// Whether a referral has to attest the person's age.
    pub(super) fn asks_age(&self) -> bool {
        self.eligibility == Eligible::Adults
    }
}
