//! Qualifications that can be gained on the farm and at work (seeds/000: two at least that are
//! nationally recognised, up to six more, and five that the centre approves).

use super::names::label;
use tallystick_domain::codes::{Level, QualificationKind};
use tallystick_domain::event::{AwardOffered, QualificationAwarded};

/// Nationally recognised ones.
pub(super) const NATIONAL: [&str; 8] = [
    "Work-based horticulture",
    "Health and safety at work",
    "Literacy",
    "Numeracy",
    "Tractor driving",
    "Chainsaw maintenance",
    "Information technology users",
    "Welding practice",
];

/// Those that the centre approves.
pub(super) const CENTRE: [&str; 5] =
    ["Animal care", "Hedge laying", "Dry stone walling", "Bench joinery", "Vehicle valeting"];

/// The qualification of that number: first the national ones, then the centre's.
pub(super) fn award(number: u8) -> QualificationAwarded {
    let number = usize::from(number) % (NATIONAL.len() + CENTRE.len());
    let (title, level, kind) = entry(number);
    let body = match kind {
        QualificationKind::National => "Invented Awarding Body",
        QualificationKind::CentreApproved => "Willowdene Farm",
    };
    QualificationAwarded { title: label(title), body: label(body), level, kind }
}

/// All of them, as a service offers them.
pub(super) fn offered() -> Vec<AwardOffered> {
    let offer = |number| {
        let (title, level, kind) = entry(number);
        AwardOffered { title: label(title), level, kind }
    };
    (0..NATIONAL.len() + CENTRE.len()).map(offer).collect()
}

fn entry(number: usize) -> (&'static str, Level, QualificationKind) {
    match number.checked_sub(NATIONAL.len()) {
        None => {
            let level = [Level::Entry, Level::One, Level::Two][number % 3];
            (NATIONAL[number], level, QualificationKind::National)
        }
        Some(own) => (CENTRE[own], Level::Entry, QualificationKind::CentreApproved),
    }
}
