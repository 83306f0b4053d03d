//! The agencies: those that the seeds name, and where they name only a kind, invented ones. The
//! invented say so in their names.

use super::calendar;
use super::names::label;
use super::partnership::{Act, code};
use super::reference::agency;
use tallystick_domain::Action;
use tallystick_domain::codes::{AgencyKind, AgencyStatus};
use tallystick_domain::event::AgencyDescribed;

/// Areas of the Trust, as seeds/002 names them.
pub(super) const AREAS: [&str; 4] =
    ["worcestershire", "herefordshire", "shropshire", "telford_and_wrekin"];

/// A calendar date: year, month, day.
pub(super) type Ymd = (i16, i8, i8);

/// The morning on which the ledger was opened.
pub(super) const START: Ymd = (2008, 4, 1);

/// One description of an agency.
#[derive(Clone, Copy)]
struct Row {
    key: &'static str,
    name: &'static str,
    kind: AgencyKind,
    parent: Option<&'static str>,
    areas: &'static [&'static str],
    tags: &'static [&'static str],
    staff_fte: Option<u32>,
    status: AgencyStatus,
    on: Ymd,
}

const fn row(key: &'static str, name: &'static str, kind: AgencyKind) -> Row {
    Row {
        key,
        name,
        kind,
        parent: None,
        areas: &[],
        tags: &[],
        staff_fte: None,
        status: AgencyStatus::Partner,
        on: START,
    }
}

impl Row {
    const fn under(mut self, parent: &'static str) -> Self {
        self.parent = Some(parent);
        self
    }

    const fn areas(mut self, areas: &'static [&'static str]) -> Self {
        self.areas = areas;
        self
    }

    const fn tags(mut self, tags: &'static [&'static str]) -> Self {
        self.tags = tags;
        self
    }

    const fn staff(mut self, hundredths: u32) -> Self {
        self.staff_fte = Some(hundredths);
        self
    }

    const fn prospect(mut self) -> Self {
        self.status = AgencyStatus::Prospect;
        self
    }

    const fn on(mut self, on: Ymd) -> Self {
        self.on = on;
        self
    }
}

use AgencyKind::{
    Board, BoardOfPartners, Charity, CoOperative, Commissioner, Court, DeliveryUnit, Employer,
    HousingAssociation, Inspector, LocalAuthority, Nhs, Police, Prison, PrivatePrison,
    SocialEnterprise, Trust,
};

const WORCESTERSHIRE: &[&str] = &["worcestershire"];
const HEREFORDSHIRE: &[&str] = &["herefordshire"];
const SHROPSHIRE: &[&str] = &["shropshire"];
const TELFORD: &[&str] = &["telford_and_wrekin"];

/// The public side.
const PUBLIC: &[Row] = &[
    // A board until the day before; a description may be claimed for a day before the ledger.
    row("wmpt", "West Mercia Probation Board", Board).areas(&AREAS).on((2007, 4, 1)),
    row("wmpt", "West Mercia Probation Trust", Trust).areas(&AREAS).staff(52_000),
    row("noms", "National Offender Management Service", Commissioner),
    row("rom_west_midlands", "Regional Offender Manager West Midlands", Commissioner).under("noms"),
    row("rom_london", "Regional Offender Manager London", Commissioner).under("noms"),
    row("rom_east", "Regional Offender Manager East of England", Commissioner).under("noms"),
    row("dom_west_midlands", "Director of Offender Management West Midlands", Commissioner)
        .under("noms")
        .on((2009, 4, 1)),
    row("inspector", "Inspectorate of Partnerships (invented)", Inspector),
    row("constabulary", "West Mercia Constabulary", Police).areas(&AREAS),
    row("ldu_worcestershire", "Worcestershire Local Delivery Unit", DeliveryUnit)
        .under("wmpt")
        .areas(WORCESTERSHIRE)
        .on((2009, 10, 1)),
    row("ldu_herefordshire", "Herefordshire Local Delivery Unit", DeliveryUnit)
        .under("wmpt")
        .areas(HEREFORDSHIRE)
        .on((2009, 10, 1)),
    row("ldu_shropshire", "Shropshire Local Delivery Unit", DeliveryUnit)
        .under("wmpt")
        .areas(SHROPSHIRE)
        .on((2009, 10, 1)),
    row("ldu_telford", "Telford and Wrekin Local Delivery Unit", DeliveryUnit)
        .under("wmpt")
        .areas(TELFORD)
        .on((2009, 10, 1)),
    row("prison_nowhere", "HMP Nowhere Green (invented)", Prison),
    row("prison_fogbound", "HMP Fogbound Heath (invented)", Prison),
    row("prison_contract", "HMP Contract Hill (invented, privately run)", PrivatePrison),
    row("wcc", "Worcestershire County Council", LocalAuthority).areas(WORCESTERSHIRE),
    row("shropshire_council", "Shropshire Council", LocalAuthority).areas(SHROPSHIRE),
    row("herefordshire_council", "Herefordshire Council", LocalAuthority).areas(HEREFORDSHIRE),
    row("telford_council", "Telford & Wrekin Council", LocalAuthority).areas(TELFORD),
    row("housing_departments", "Housing departments of Worcestershire", LocalAuthority)
        .areas(WORCESTERSHIRE),
    row("supporting_people", "Supporting People, Worcestershire", LocalAuthority)
        .areas(WORCESTERSHIRE),
    row("pct", "Primary Care Trust (invented)", Nhs).areas(&AREAS),
    row("sha", "Strategic Health Authority (invented)", Nhs),
    row("lsc", "Learning and Skills Council (invented branch)", LocalAuthority),
    row("magistrates", "West Mercia Magistrates' Courts (invented bench)", Court).areas(&AREAS),
    row("crown_court", "Crown Court (invented centre)", Court).areas(&AREAS),
];

/// Boards on which several partners sit.
const BOARDS: &[Row] = &[
    row("safer_communities", "Safer Communities Board", BoardOfPartners).areas(WORCESTERSHIRE),
    row("dat_worcestershire", "Worcestershire Drugs Action Team", BoardOfPartners)
        .areas(WORCESTERSHIRE)
        .tags(&["police", "probation", "health", "local_authority"]),
    row("dat_shropshire", "Shropshire Drugs Action Team", BoardOfPartners)
        .areas(SHROPSHIRE)
        .tags(&["police", "probation", "health", "local_authority"]),
    row("dat_telford", "Telford and Wrekin Drugs Action Team", BoardOfPartners)
        .areas(TELFORD)
        .tags(&["police", "probation", "health", "local_authority"]),
    row("cdrp_worcester", "Worcester Crime and Disorder Reduction Partnership", BoardOfPartners)
        .areas(WORCESTERSHIRE),
    row("cdrp_hereford", "Herefordshire Crime and Disorder Reduction Partnership", BoardOfPartners)
        .areas(HEREFORDSHIRE),
    row("cdrp_shropshire", "Shropshire Crime and Disorder Reduction Partnership", BoardOfPartners)
        .areas(SHROPSHIRE),
    row("cdrp_telford", "Telford Crime and Disorder Reduction Partnership", BoardOfPartners)
        .areas(TELFORD),
    row("smat", "Substance Misuse Action Team", BoardOfPartners).areas(WORCESTERSHIRE),
    row("ldc_north", "LDC North Worcestershire", BoardOfPartners).areas(WORCESTERSHIRE),
    row("ldc_south", "LDC South Worcestershire", BoardOfPartners).areas(WORCESTERSHIRE),
    row("lcjb", "West Mercia Local Criminal Justice Board", BoardOfPartners).areas(&AREAS),
];

/// Charities, social enterprises, housing associations and employers.
const PARTNERS: &[Row] = &[
    row("willowdene", "Willowdene Farm", SocialEnterprise).areas(SHROPSHIRE).tags(&["care_farm"]),
    row("rite", "RITE: Relational, Inspiring, Trusting, Engaging", SocialEnterprise)
        .under("willowdene")
        .areas(SHROPSHIRE)
        .tags(&["care_farm", "trading"])
        .staff(0)
        .on((2009, 3, 2)),
    // Three full-time jobs created (seeds/000).
    row("rite", "RITE: Relational, Inspiring, Trusting, Engaging", SocialEnterprise)
        .under("willowdene")
        .areas(SHROPSHIRE)
        .tags(&["care_farm", "trading"])
        .staff(300)
        .on((2010, 4, 1)),
    row("yss", "YSS", Charity).areas(&AREAS).tags(&["preferred_partner"]),
    row("signpost", "Signpost Employment (invented)", Charity).areas(&AREAS),
    row("keystone", "Keystone Tenancies (invented)", HousingAssociation).areas(&AREAS),
    row("moneywise", "Pennywise Money Advice (invented)", CoOperative).areas(&AREAS),
    row("connect", "Connect project", Charity).areas(&AREAS).tags(&["mentoring", "volunteers"]),
    row("housing_associations", "Housing associations of Worcestershire", HousingAssociation)
        .areas(WORCESTERSHIRE),
    row("pack_it", "Pack-IT", SocialEnterprise).areas(HEREFORDSHIRE).on((2008, 9, 1)),
    row("seven_y", "7Y People", SocialEnterprise).areas(&AREAS).on((2008, 11, 3)),
    row("adullam", "Adullam Homes Housing Association", HousingAssociation)
        .prospect()
        .on((2009, 5, 1)),
    row("second_avenue", "2nd Avenue", SocialEnterprise)
        .areas(SHROPSHIRE)
        .tags(&["run_by_former_offenders", "premises_pending"])
        .prospect()
        .on((2009, 2, 2)),
    row("second_avenue", "2nd Avenue", SocialEnterprise)
        .areas(SHROPSHIRE)
        .tags(&["run_by_former_offenders"])
        .staff(400)
        .on((2009, 9, 1)),
    row("key_workers", "Pathfinder Key Workers (invented)", Charity).areas(&[
        "luton",
        "southend",
        "bury_st_edmunds",
    ]),
    row("waterhouse", "Waterhouse Consulting", Employer).tags(&["equality_impact"]),
];

/// Acts that describe the agencies, in the order of the lists.
pub(super) fn acts() -> Vec<Act> {
    let rows = PUBLIC.iter().chain(BOARDS).chain(PARTNERS);
    let mut acts: Vec<Act> = rows.map(described).collect();
    acts.extend((1..=FAITH_PROJECTS).map(faith_project));
    acts
}

/// Capacity building grants of seeds/004: nineteen projects were funded.
pub(super) const FAITH_PROJECTS: usize = 19;

/// Key of the faith project of that number, from 1.
pub(super) fn faith_key(number: usize) -> String {
    format!("faith_{number:02}")
}

/// Key of the extra provider of that number, from 1.
pub(super) fn provider_key(number: usize) -> String {
    format!("provider_{number:03}")
}

fn described(row: &Row) -> Act {
    let described = AgencyDescribed {
        name: label(row.name),
        kind: row.kind,
        parent: row.parent.map(agency),
        areas: row.areas.iter().map(|area| code(area)).collect(),
        tags: row.tags.iter().map(|tag| code(tag)).collect(),
        staff_fte: row.staff_fte,
        status: row.status,
        reason: None,
    };
    Act::new(row.key, row.on, Action::DescribeAgency { agency: agency(row.key), described })
}

fn faith_project(number: usize) -> Act {
    // Black majority Christian and Muslim organisations were reached (seeds/004).
    let tags: &[&str] = match number % 5 {
        0 | 3 => &["black_majority_christian"],
        1 | 4 => &["muslim"],
        _ => &[],
    };
    small(
        &faith_key(number),
        &format!("Community chaplaincy {number:02} (invented)"),
        AgencyKind::Faith,
        "london",
        tags,
    )
}

/// The extra provider of that number, for large scenarios.
pub(super) fn extra_provider(number: usize) -> Act {
    small(
        &provider_key(number),
        &format!("Provider {number:03} (invented)"),
        if number.is_multiple_of(4) { SocialEnterprise } else { Charity },
        AREAS[number % AREAS.len()],
        &[],
    )
}

fn small(key: &str, name: &str, kind: AgencyKind, area: &str, tags: &[&str]) -> Act {
    let described = AgencyDescribed {
        name: label(name),
        kind,
        parent: None,
        areas: vec![code(area)],
        tags: tags.iter().map(|tag| code(tag)).collect(),
        staff_fte: None,
        status: AgencyStatus::Partner,
        reason: None,
    };
    Act::new(key, START, Action::DescribeAgency { agency: agency(key), described })
}

/// Day number of the start.
pub(super) fn start_day() -> i32 {
    calendar::day(START)
}
