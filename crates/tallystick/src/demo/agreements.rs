//! The agreements: who funds whom for what, from proposal to end. In-house provision is made, then
//! bought; several small contracts become one (seeds/001, "Rationalise contracts").

use super::agencies::{FAITH_PROJECTS, START, Ymd, faith_key, provider_key};
use super::calendar;
use super::partnership::{Act, code};
use super::reference::{agency, founded};
use tallystick_domain::Action;
use tallystick_domain::codes::{AgreementKind, AgreementStatus, PaymentBasis, Unit};
use tallystick_domain::event::{AgreementSet, PaymentRecorded, Price, Term, YearValue};
use tallystick_domain::id::{AgreementId, StreamKind};

use AgreementKind::{Contract, Grant, InHouse, Partnership, Sla};
use AgreementStatus::{Ended, Live, Proposed};

/// The day on which the small contracts became one with YSS.
pub(super) const RATIONALISED: Ymd = (2009, 4, 1);
/// The day on which day work went from Willowdene's contract to RITE's.
pub(super) const DAY_WORK_NOVATED: Ymd = (2009, 4, 1);

/// One agreement and the days on which it changed its status.
#[derive(Clone, Copy)]
struct Row {
    key: &'static str,
    kind: AgreementKind,
    funder: &'static str,
    lead: &'static str,
    subs: &'static [&'static str],
    programme: Option<&'static str>,
    route: Option<&'static str>,
    term: (Ymd, Ymd),
    steps: &'static [(Ymd, AgreementStatus)],
    /// Financial year and whole pounds.
    value: &'static [(u16, i64)],
    /// Unit and whole pounds.
    prices: &'static [(Unit, i64)],
    continues: &'static [&'static str],
    end_reason: Option<&'static str>,
}

/// Last day of the plan of seeds/003.
const END: Ymd = (2011, 3, 31);
const LIVE: &[(Ymd, AgreementStatus)] = &[(START, Live)];

const fn row(
    key: &'static str,
    kind: AgreementKind,
    funder: &'static str,
    lead: &'static str,
) -> Row {
    Row {
        key,
        kind,
        funder,
        lead,
        subs: &[],
        programme: None,
        route: None,
        term: (START, (2012, 3, 31)),
        steps: LIVE,
        value: &[],
        prices: &[],
        continues: &[],
        end_reason: None,
    }
}

impl Row {
    const fn subs(mut self, subs: &'static [&'static str]) -> Self {
        self.subs = subs;
        self
    }

    const fn programme(mut self, programme: &'static str) -> Self {
        self.programme = Some(programme);
        self
    }

    const fn route(mut self, route: &'static str) -> Self {
        self.route = Some(route);
        self
    }

    const fn term(mut self, from: Ymd, to: Ymd) -> Self {
        self.term = (from, to);
        self
    }

    const fn steps(mut self, steps: &'static [(Ymd, AgreementStatus)]) -> Self {
        self.steps = steps;
        self
    }

    const fn value(mut self, value: &'static [(u16, i64)]) -> Self {
        self.value = value;
        self
    }

    const fn prices(mut self, prices: &'static [(Unit, i64)]) -> Self {
        self.prices = prices;
        self
    }

    const fn continues(mut self, continues: &'static [&'static str]) -> Self {
        self.continues = continues;
        self
    }

    const fn ends_as(mut self, reason: &'static str) -> Self {
        self.end_reason = Some(reason);
        self
    }
}

/// Funding of the Trust and of prisons: flat, then cut (seeds/001 and seeds/003).
const REGIONAL: &[Row] = &[
    row("trust_sla", Sla, "noms", "wmpt").programme("national_standards").value(&[
        (2008, 21_400_000),
        (2009, 21_400_000),
        (2010, 18_200_000),
    ]),
    row("prison_nowhere_sla", Sla, "noms", "prison_nowhere").value(&[(2008, 14_000_000)]),
    row("prison_fogbound_sla", Sla, "noms", "prison_fogbound").value(&[(2008, 9_500_000)]),
    row("prison_contract_contract", Contract, "noms", "prison_contract")
        .route("competed")
        .value(&[(2008, 17_250_000)]),
    // The pathfinder runs until 2009 and aims to place 460 a year (seeds/004).
    row("east_pathfinder", Contract, "rom_east", "key_workers")
        .programme("pathfinder")
        .term(START, (2009, 12, 31))
        .steps(&[(START, Live), ((2009, 12, 31), Ended)])
        .ends_as("project_complete")
        .value(&[(2008, 1_150_000), (2009, 860_000)])
        .prices(&[(Unit::Place, 2_500)]),
    row("laa_partnership", Partnership, "wcc", "safer_communities")
        .programme("laa_2008_11")
        .subs(&["wmpt", "constabulary", "smat", "supporting_people", "housing_departments"])
        .term(START, END),
];

/// What the Trust does itself.
const IN_HOUSE: &[Row] = &[
    row("unpaid_work", InHouse, "wmpt", "wmpt")
        .value(&[(2008, 1_900_000), (2009, 1_900_000), (2010, 1_750_000)])
        .prices(&[(Unit::Hour, 9)]),
    row("programmes", InHouse, "wmpt", "wmpt").value(&[
        (2008, 780_000),
        (2009, 780_000),
        (2010, 740_000),
    ]),
    row("alcohol_treatment", InHouse, "wmpt", "wmpt")
        .value(&[(2008, 310_000), (2009, 340_000), (2010, 372_000)])
        .prices(&[(Unit::OneToOneHoursWeek, 38)]),
    row("court_reports", InHouse, "wmpt", "wmpt").value(&[(2008, 1_050_000)]),
    row("link_workers", InHouse, "wmpt", "wmpt").value(&[(2008, 260_000)]),
    // Closed when the work was let to partners (seeds/001, "Close internal unit").
    row("internal_unit", InHouse, "wmpt", "wmpt")
        .steps(&[(START, Live), ((2009, 3, 31), Ended)])
        .value(&[(2008, 640_000)])
        .ends_as("commissioned_out"),
];

/// Willowdene, RITE and the beds of the Drugs Action Teams (seeds/000).
const FARM: &[Row] = &[
    row("pilot_one", Contract, "wmpt", "willowdene")
        .programme("pilot")
        .term(START, (2008, 12, 31))
        .steps(&[(START, Live), ((2008, 12, 31), Ended)])
        .ends_as("pilot_complete")
        .value(&[(2008, 96_000)]),
    row("pilot_two", Contract, "wmpt", "willowdene")
        .programme("pilot")
        .term((2008, 10, 1), (2009, 6, 30))
        .steps(&[((2008, 9, 15), Proposed), ((2008, 10, 1), Live), ((2009, 6, 30), Ended)])
        .ends_as("pilot_complete")
        .value(&[(2008, 60_000), (2009, 36_000)]),
    row("pilot_three", Contract, "wmpt", "willowdene")
        .programme("pilot")
        .term((2009, 4, 1), (2009, 12, 31))
        .steps(&[((2009, 3, 16), Proposed), ((2009, 4, 1), Live), ((2009, 12, 31), Ended)])
        .ends_as("pilot_complete")
        .value(&[(2009, 96_000)]),
    row("residential_contract", Contract, "wmpt", "willowdene")
        .route("part_b_voluntary")
        .term((2010, 1, 1), (2012, 12, 31))
        .steps(&[((2009, 11, 2), Proposed), ((2010, 1, 1), Live)])
        .value(&[(2009, 48_000), (2010, 190_000)])
        .prices(&[(Unit::Bed, 410)])
        .continues(&["pilot_one", "pilot_two", "pilot_three"]),
    row("day_contract", Contract, "wmpt", "willowdene")
        .steps(&[(START, Live), (DAY_WORK_NOVATED, Ended)])
        .ends_as("novated")
        .value(&[(2008, 72_000)])
        .prices(&[(Unit::Place, 62)]),
    row("rite_day_contract", Contract, "wmpt", "rite")
        .subs(&["willowdene"])
        .term(DAY_WORK_NOVATED, (2012, 3, 31))
        .steps(&[((2009, 3, 9), Proposed), (DAY_WORK_NOVATED, Live)])
        .value(&[(2009, 74_000), (2010, 71_000)])
        .prices(&[(Unit::Place, 58)])
        .continues(&["day_contract"]),
    row("respite_beds", Partnership, "wmpt", "willowdene")
        .subs(&["dat_worcestershire", "dat_shropshire", "dat_telford"])
        .programme("respite_beds")
        .term((2008, 7, 1), (2012, 3, 31))
        .steps(&[((2008, 6, 2), Proposed), ((2008, 7, 1), Live)])
        .prices(&[(Unit::Bed, 95)]),
    row("dat_worcestershire_partnership", Partnership, "wmpt", "dat_worcestershire"),
    row("dat_shropshire_partnership", Partnership, "wmpt", "dat_shropshire"),
    row("dat_telford_partnership", Partnership, "wmpt", "dat_telford"),
    // "Also looking to establish a residential programme for women": proposed, never live here.
    row("women_residential", Contract, "wmpt", "willowdene")
        .programme("alternative_to_custody")
        .term((2010, 10, 1), (2013, 9, 30))
        .steps(&[((2010, 3, 1), Proposed)]),
];

/// YSS, the contracts that became one with it, and the social enterprises (seeds/001, seeds/002).
const ENTERPRISES: &[Row] = &[
    row("employment_contract", Contract, "wmpt", "signpost")
        .term(START, (2009, 6, 30))
        .steps(&[(START, Live), (RATIONALISED, Ended)])
        .ends_as("rationalised")
        .value(&[(2008, 118_000)])
        .prices(&[(Unit::Place, 45)]),
    row("accommodation_contract", Contract, "wmpt", "keystone")
        .term(START, (2009, 6, 30))
        .steps(&[(START, Live), (RATIONALISED, Ended)])
        .ends_as("rationalised")
        .value(&[(2008, 94_000)]),
    row("debt_contract", Contract, "wmpt", "moneywise")
        .term(START, (2009, 6, 30))
        .steps(&[(START, Live), (RATIONALISED, Ended)])
        .ends_as("rationalised")
        .value(&[(2008, 41_000)]),
    row("preferred_partner", Contract, "wmpt", "yss")
        .subs(&["signpost", "keystone", "moneywise"])
        .route("part_b_voluntary")
        .programme("pathways")
        .term(RATIONALISED, (2012, 3, 31))
        .steps(&[((2008, 11, 17), Proposed), (RATIONALISED, Live)])
        .value(&[(2009, 412_000), (2010, 405_000)])
        .prices(&[(Unit::Place, 39)])
        .continues(&[
            "internal_unit",
            "employment_contract",
            "accommodation_contract",
            "debt_contract",
        ]),
    row("compliance_project", Grant, "wmpt", "yss")
        .programme("supporting_compliance")
        .term(START, END)
        .value(&[(2008, 85_000), (2009, 85_000), (2010, 85_000)]),
    row("pack_it_partnership", Partnership, "wmpt", "pack_it")
        .term((2008, 9, 1), (2012, 3, 31))
        .steps(&[((2008, 9, 1), Live)]),
    row("seven_y_partnership", Partnership, "wmpt", "seven_y")
        .term((2008, 11, 3), (2012, 3, 31))
        .steps(&[((2008, 11, 3), Proposed), ((2009, 1, 5), Live)]),
    row("second_avenue_partnership", Partnership, "wmpt", "second_avenue")
        .term((2009, 9, 1), (2012, 3, 31))
        .steps(&[((2009, 2, 2), Proposed), ((2009, 9, 1), Live)]),
    row("adullam_partnership", Partnership, "wmpt", "adullam")
        .term((2010, 4, 1), (2012, 3, 31))
        .steps(&[((2009, 5, 1), Proposed)]),
    row("connect_grant", Grant, "rom_west_midlands", "connect")
        .programme("connect")
        .steps(&[(START, Proposed), ((2008, 4, 2), Live)])
        .value(&[(2008, 150_000), (2009, 150_000), (2010, 120_000)]),
    row("connect_esf_bid", Grant, "noms", "connect")
        .programme("esf_bid")
        .term((2010, 4, 1), (2013, 3, 31))
        .steps(&[((2009, 6, 1), Proposed)]),
];

/// Acts that set the agreements.
pub(super) fn acts() -> Vec<Act> {
    let rows = REGIONAL.iter().chain(IN_HOUSE).chain(FARM).chain(ENTERPRISES);
    let mut acts: Vec<Act> = rows.clone().flat_map(set).collect();
    acts.extend(rows.flat_map(paid));
    acts.extend((1..=FAITH_PROJECTS).map(faith_grant));
    acts
}

/// Reference of an agreement, by its key.
pub(super) fn agreement(key: &str) -> AgreementId {
    AgreementId(founded(StreamKind::Agreement, key).id)
}

/// First day on which an agreement of the lists is live, and the last one.
pub(super) fn live(key: &str) -> Option<(i32, i32)> {
    let mut rows = REGIONAL.iter().chain(IN_HOUSE).chain(FARM).chain(ENTERPRISES);
    let row = rows.find(|row| row.key == key)?;
    let on = |status| row.steps.iter().find(|step| step.1 == status).map(|step| step.0);
    let last = on(Ended).map_or(calendar::day(row.term.1), |end| calendar::day(end) - 1);
    Some((calendar::day(on(Live)?), last))
}

fn set(row: &Row) -> impl Iterator<Item = Act> {
    row.steps.iter().map(|(on, status)| {
        let set = AgreementSet {
            kind: row.kind,
            status: *status,
            funder: agency(row.funder),
            lead: agency(row.lead),
            subs: row.subs.iter().map(|sub| agency(sub)).collect(),
            programme: row.programme.map(code),
            route: row.route.map(code),
            term: term(row.term.0, row.term.1),
            value: row.value.iter().map(|(fy, pounds)| value(*fy, *pounds)).collect(),
            prices: row
                .prices
                .iter()
                .map(|(unit, pounds)| Price { unit: *unit, pence: pounds * 100 })
                .collect(),
            measures: Vec::new(),
            continues: row.continues.iter().map(|earlier| agreement(earlier)).collect(),
            end_reason: row.end_reason.filter(|_| *status == Ended).map(code),
        };
        Act::new(row.key, *on, Action::SetAgreement { agreement: agreement(row.key), set })
    })
}

/// What is paid at the end of each financial year: the value, and to whoever sells what people on
/// the farm have grown and made, what that came to.
fn paid(row: &Row) -> impl Iterator<Item = Act> {
    let bought = row.kind != InHouse;
    row.value.iter().filter(move |_| bought).flat_map(move |(fy, pounds)| {
        let year = i16::try_from(*fy).unwrap_or(i16::MAX);
        let (first, last) = live(row.key).unwrap_or_default();
        let from = calendar::day((year, 4, 1)).max(first).max(calendar::day(row.term.0));
        let end = last.min(calendar::day(row.term.1)).min(calendar::LAST_DAY);
        let to = calendar::day((year + 1, 3, 31)).min(end);
        let basis = if row.kind == Grant { PaymentBasis::Grant } else { PaymentBasis::Block };
        let sells = matches!(row.lead, "willowdene" | "rite");
        let income = sells.then_some((PaymentBasis::TradingIncome, pounds / 20));
        let payments = [(basis, *pounds)].into_iter().chain(income);
        payments.filter(move |_| first > 0 && from <= to).map(move |(basis, pounds)| {
            let outside = basis == PaymentBasis::TradingIncome;
            let paid = PaymentRecorded {
                payer: (!outside).then(|| agency(row.funder)),
                payee: agency(row.lead),
                pence: pounds * 100,
                basis,
                period: Term { from: calendar::date(from), to: calendar::date(to) },
                evidence: Vec::new(),
            };
            let action = Action::RecordPayment { agreement: agreement(row.key), paid };
            Act::on_day(&format!("paid/{}", row.key), to, action)
        })
    })
}

fn faith_grant(number: usize) -> Act {
    let lead = faith_key(number);
    let pounds = 8_000 + 500 * i64::try_from(number).unwrap_or(0);
    small(&format!("{lead}_grant"), Grant, "rom_london", &lead, "faith_capacity", pounds)
}

/// Contract of the extra provider of that number.
pub(super) fn extra_contract(number: usize) -> Act {
    let lead = provider_key(number);
    small(&format!("{lead}_contract"), Contract, "wmpt", &lead, "local_provision", 20_000)
}

fn small(
    key: &str,
    kind: AgreementKind,
    funder: &str,
    lead: &str,
    programme: &str,
    pounds: i64,
) -> Act {
    let set = AgreementSet {
        kind,
        status: Live,
        funder: agency(funder),
        lead: agency(lead),
        subs: Vec::new(),
        programme: Some(code(programme)),
        route: None,
        term: term(START, END),
        value: vec![value(2008, pounds)],
        prices: Vec::new(),
        measures: Vec::new(),
        continues: Vec::new(),
        end_reason: None,
    };
    Act::new(key, START, Action::SetAgreement { agreement: agreement(key), set })
}

fn term(from: Ymd, to: Ymd) -> Term {
    Term { from: calendar::date(calendar::day(from)), to: calendar::date(calendar::day(to)) }
}

fn value(fy: u16, pounds: i64) -> YearValue {
    YearValue { fy, pence: pounds * 100 }
}
