//! The delivery plan of Worcestershire's Local Area Agreement (seeds/003): what is to be reached, by
//! when and by whom, what is done for it, and what stands in its way. The lines are those whose
//! measures are defined.

use super::agencies::{START, Ymd};
use super::calendar;
use super::partnership::{Act, code};
use super::reference::{agency, founded};
use tallystick_domain::Action;
use tallystick_domain::codes::{PlanItemKind, PlanItemState, Relation, TargetStatus};
use tallystick_domain::event::{PlanItemSet, TargetScope, TargetSet};
use tallystick_domain::id::{PlanId, StreamKind};
use tallystick_domain::{Date, Label};

const PLAN: &str = "worcestershire_laa";

/// The plan's revision.
const REVISED: Ymd = (2010, 4, 1);

/// A line: its measure, what is to be reached in millionths, when, who answers for it, and what is
/// done for it.
struct Line {
    measure: &'static str,
    value: i64,
    due: Ymd,
    owners: &'static [&'static str],
    action: &'static str,
    resources: &'static str,
}

const LINES: [Line; 4] = [
    Line {
        measure: "m02",
        value: 720_000,
        due: (2011, 3, 31),
        owners: &["yss"],
        action: "Supporting compliance project, to promote attendance and engagement",
        resources: "Project funding for current year in budget",
    },
    Line {
        measure: "m04",
        value: 200_000,
        due: (2011, 3, 31),
        owners: &["wmpt", "smat", "cdrp_worcester"],
        action: "Develop alcohol related interventions and identify funding sources",
        resources: "Need increased funding to purchase provision",
    },
    Line {
        measure: "m05",
        value: 200_000,
        due: (2011, 3, 31),
        owners: &["wmpt", "ldc_north", "ldc_south"],
        action: "Develop meaningful community payback projects with community based supervisors",
        resources: "Further community projects to be identified",
    },
    Line {
        measure: "m07",
        value: 600_000,
        due: (2010, 12, 31),
        owners: &["wmpt"],
        action: "Identify relevant cases for referral to programmes",
        resources: "In place",
    },
];

pub(super) fn acts() -> impl Iterator<Item = Act> {
    LINES.iter().flat_map(|line| [target(line), action(line)]).chain([risk(), dependency()])
}

fn plan() -> PlanId {
    PlanId(founded(StreamKind::Plan, PLAN).id)
}

fn target(line: &Line) -> Act {
    let set = TargetSet {
        line: code(line.measure),
        measure: code(line.measure),
        version: 1,
        scope: TargetScope::default(),
        baseline: None,
        relation: Relation::Absolute,
        value: line.value,
        due: date(line.due),
        owner: agency(line.owners[0]),
        status: TargetStatus::Local,
    };
    Act::new(PLAN, START, Action::SetTarget { plan: plan(), set })
}

fn action(line: &Line) -> Act {
    let item = item(PlanItemKind::Action, &format!("{}_action", line.measure), line.action);
    set(PlanItemSet {
        owners: line.owners.iter().map(|key| agency(key)).collect(),
        due: Some(date(line.due)),
        resource_note: Some(label(line.resources)),
        line: Some(code(line.measure)),
        state: PlanItemState::UnderWay,
        ..item
    })
}

fn risk() -> Act {
    let item = item(PlanItemKind::Risk, "resources", "Resources shortfall");
    set(PlanItemSet {
        owners: vec![agency("wmpt")],
        impact: Some(4),
        likelihood: Some(5),
        mitigation: Some(label(
            "Resource generation; LCJB buy-in; co-ordination of LCJB and LAA priorities",
        )),
        ..item
    })
}

fn dependency() -> Act {
    let text = "Probation units are reorganised into Local Delivery Units";
    let item = item(PlanItemKind::Dependency, "local_delivery_units", text);
    set(PlanItemSet { owners: vec![agency("wmpt"), agency("noms")], ..item })
}

fn item(kind: PlanItemKind, item: &str, text: &str) -> PlanItemSet {
    PlanItemSet {
        item: code(item),
        kind,
        text: label(text),
        owners: Vec::new(),
        due: None,
        impact: None,
        likelihood: None,
        mitigation: None,
        resource_note: None,
        line: None,
        state: PlanItemState::Open,
    }
}

fn set(set: PlanItemSet) -> Act {
    Act::new(PLAN, REVISED, Action::SetPlanItem { plan: plan(), set })
}

fn date(on: Ymd) -> Date {
    calendar::date(calendar::day(on))
}

fn label(text: &str) -> Label {
    Label::new(text).expect("short enough")
}
