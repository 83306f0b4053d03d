//! Delivery plans: what stands on a day, and what cannot be set.

use crate::scene::{Scene, correct_event, day, event_of, given, void};
use crate::world::*;
use tallystick_domain::codes::{PlanItemKind, PlanItemState, Relation};
use tallystick_domain::event::{PlanItemSet, TargetScope, TargetSet};
use tallystick_domain::plan::Plan;
use tallystick_domain::refusal::Problem;
use tallystick_domain::{CaseKey, Refusal, Role};

fn plan(scene: &Scene) -> &Plan {
    scene.case(CaseKey::Plan(PLAN)).plan().unwrap()
}

fn values(scene: &Scene, on: &str) -> Vec<i64> {
    plan(scene).targets_on(day(on)).iter().map(|target| target.set.value).collect()
}

#[test]
fn a_line_stands_as_it_was_set_last_by_that_day() {
    let other = TargetSet { line: code("accommodation"), value: 850_000, ..target() };
    let scene = given(directory()).and([
        define(definition(1)),
        set_target(target()),
        set_target(TargetSet { value: 750_000, ..target() }).on("2010-04-01").called("raised"),
        // Recorded later, and claimed for a day before: it never stands after April 2010.
        set_target(TargetSet { value: 700_000, ..target() }).on("2009-04-01"),
        set_target(other).on("2010-04-01"),
    ]);
    assert!(values(&scene, "2008-03-31").is_empty());
    assert_eq!(values(&scene, "2009-03-31"), [720_000]);
    assert_eq!(values(&scene, "2010-03-31"), [700_000]);
    assert_eq!(values(&scene, "2010-04-01"), [850_000, 750_000]);
    let target = event_of(TRUST, "raised");
    let voided = scene
        .and([correct_event(TRUST, void(target)).by(TRUST, Role::Commissioner).on("2010-05-01")]);
    assert_eq!(values(&voided, "2010-04-01"), [850_000, 700_000]);
}

#[test]
fn an_item_stands_as_it_was_set_last_by_that_day() {
    let done = PlanItemSet { state: PlanItemState::Done, ..plan_item(PlanItemKind::Action) };
    let scene = given(directory())
        .and([set_item(plan_item(PlanItemKind::Action)), set_item(done).on("2009-04-01")]);
    let states = |on: &str| -> Vec<PlanItemState> {
        plan(&scene).items_on(day(on)).iter().map(|item| item.set.state).collect()
    };
    assert_eq!(states("2008-04-01"), [PlanItemState::Open]);
    assert_eq!(states("2009-04-01"), [PlanItemState::Done]);
}

#[test]
fn a_target_relative_to_a_baseline_has_one() {
    let scene = || given(directory()).and([define(definition(1))]);
    let relative = TargetSet { relation: Relation::RelativeToBaseline, ..target() };
    scene().when(set_target(relative.clone())).then_invalid("baseline", Problem::Missing);
    scene().and([set_target(TargetSet { baseline: Some(97_600), ..relative })]);
}

#[test]
fn who_answers_for_a_target_is_known() {
    let scene = || given(directory()).and([define(definition(1))]);
    let nobodys = TargetSet { owner: STRANGER, ..target() };
    let refused = scene().when(set_target(nobodys)).refusal();
    assert_eq!(refused, Refusal::NotFound { field: "owner" });
    for scope in [
        TargetScope { agency: Some(STRANGER), ..TargetScope::default() },
        TargetScope {
            agreement: Some(tallystick_domain::id::AgreementId([0x2f; 16])),
            ..TargetScope::default()
        },
    ] {
        let refused = scene().when(set_target(TargetSet { scope, ..target() })).refusal();
        assert_eq!(refused, Refusal::NotFound { field: "scope" });
    }
    let item = PlanItemSet { owners: vec![STRANGER], ..plan_item(PlanItemKind::Action) };
    let refused = scene().when(set_item(item)).refusal();
    assert_eq!(refused, Refusal::NotFound { field: "owners" });
}

#[test]
fn impact_and_likelihood_are_of_risks_and_go_to_5() {
    let item = |kind, score| PlanItemSet { impact: Some(score), ..plan_item(kind) };
    given(directory()).and([set_item(item(PlanItemKind::Risk, 5))]);
    let over = Problem::OutOfRange { found: 6, least: 0, most: 5 };
    given(directory()).when(set_item(item(PlanItemKind::Risk, 6))).then_invalid("impact", over);
    given(directory())
        .when(set_item(item(PlanItemKind::Action, 1)))
        .then_invalid("impact", Problem::NotAllowed);
    let likely = PlanItemSet { likelihood: Some(6), ..plan_item(PlanItemKind::Risk) };
    given(directory()).when(set_item(likely)).then_invalid("likelihood", over);
}
