//! A figure kept up to date equals one looked at afresh, and one of a replay.

use crate::folding::fresh;
use crate::world::{FARM, TRUST, World, code, day};
use std::collections::BTreeMap;
use std::sync::Arc;
use tallystick_domain::measure::{Definition, Field, Period, Scope, Written};
use tallystick_domain::{Cases as _, Role};
use tallystick_views::{Question, Tallies};

fn shipped() -> Vec<Written> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/measures");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| Written::parse(&std::fs::read_to_string(file).unwrap()).unwrap()).collect()
}

/// Every definition that is shipped, and every other reading that it offers.
fn readings() -> Vec<Arc<Definition>> {
    let mut readings = Vec::new();
    for written in shipped() {
        readings.push(written.standard().unwrap());
        for (name, parameter) in written.parameters().unwrap() {
            for other in parameter.others {
                let values = BTreeMap::from([(name.clone(), other)]);
                readings.push(written.reading(&values).unwrap());
            }
        }
    }
    readings.into_iter().map(Arc::new).collect()
}

fn questions() -> Vec<Question> {
    let scopes = [
        Scope::default(),
        Scope { agency: Some(FARM), ..Scope::default() },
        Scope { area: Some(code("worcestershire")), ..Scope::default() },
    ];
    let mut questions = Vec::new();
    for (number, definition) in readings().into_iter().enumerate() {
        // Not every scope for every reading: together they meet all the same.
        questions.push(Question {
            definition,
            scope: scopes[number % scopes.len()].clone(),
            period: Period { from: day(-60), to: day(200) },
            on: day(if number % 2 == 0 { 400 } else { 60 }),
        });
    }
    questions
}

fn commissioner() -> tallystick_views::Scope {
    tallystick_views::Scope::new(TRUST, Role::Commissioner)
}

#[test]
fn a_figure_that_is_kept_equals_a_fresh_one_and_that_of_a_replay() {
    let questions = questions();
    assert!(questions.len() <= Tallies::LIMIT, "{} figures are not all kept", questions.len());
    let mut counted = 0;
    for seed in 0..100 {
        let mut world = World::new(seed);
        let mut tallies = Tallies::default();
        for _ in 0..6 {
            world.live_on(10);
            let replayed = fresh(&world, world.live.position());
            for asked in &questions {
                let what = format!("seed {seed}: {}", asked.definition.code.as_str());
                let kept = tallies.figure(&world.live, asked);
                let figure = world.live.view(commissioner()).figure(asked).unwrap();
                assert_eq!(kept, figure, "{what}");
                assert_eq!(replayed.view(commissioner()).figure(asked), Some(figure), "{what}");
                counted += kept.numerator;
            }
        }
    }
    assert!(counted > 10_000, "{counted} is little to compare");
}

#[test]
fn rows_and_groups_add_up_to_the_figure_and_their_events_are_of_the_case() {
    let questions = questions();
    for seed in 200..220 {
        let mut world = World::new(seed);
        world.live_on(60);
        let view = world.live.view(commissioner());
        for asked in &questions {
            let figure = view.figure(asked).unwrap();
            let rows = view.evidence(asked);
            let total = |count: fn(&tallystick_views::EvidenceRow) -> u64| {
                rows.iter().map(|row| i128::from(count(row))).sum::<i128>()
            };
            assert_eq!(total(|row| row.numerator), figure.numerator, "{asked:?}");
            assert_eq!(total(|row| row.denominator), figure.denominator, "{asked:?}");
            for row in &rows {
                let positions = &world.live.case(row.case).unwrap().trail.positions;
                assert!(row.events.iter().all(|at| positions.contains(at)), "{row:?}");
            }
            let groups = view.breakdown(asked, Field::Area);
            let shown: i128 =
                groups.iter().filter_map(|group| group.cells).map(|cells| cells.numerator).sum();
            let whole = groups.iter().all(|group| group.cells.is_some());
            assert!(shown == figure.numerator || (!whole && shown < figure.numerator), "{asked:?}");
        }
    }
}

#[test]
fn figures_are_for_whom_every_case_is() {
    let mut world = World::new(3);
    world.live_on(40);
    let asked = &questions()[0];
    for role in Role::ALL {
        let view = world.live.view(tallystick_views::Scope::new(TRUST, *role));
        let may = matches!(role, Role::Commissioner | Role::Auditor);
        assert_eq!(view.figure(asked).is_some(), may, "{role:?}");
        assert!(may || view.evidence(asked).is_empty(), "{role:?}");
        assert!(may || view.breakdown(asked, Field::Area).is_empty(), "{role:?}");
    }
}
