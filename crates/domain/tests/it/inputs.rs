//! What no state of the ledger would make right, versions, and what must be found.

use crate::scene::{day, event_of, given, replace, sealed, void};
use crate::world::*;
use tallystick_domain::codes::{AgencyKind, BreachStep, Criterion, Decision, Need};
use tallystick_domain::event::{
    AgencyDescribed, AgreementSet, CapacitySet, Identifier, LedgerOpened, PlacementBooked, Price,
    ReferralMade, SentenceImposed, SentenceVaried, ServiceDescribed, Term, YearValue,
};
use tallystick_domain::refusal::Problem;
use tallystick_domain::{Action, EventType, Refusal, Role, StreamId};

fn out_of(found: i64, least: i64, most: i64) -> Problem {
    Problem::OutOfRange { found, least, most }
}

#[test]
fn a_command_has_between_1_and_500_steps() {
    let mut scene = given(directory());
    let (mut command, now) = scene.command(&[describe(YSS, description(AgencyKind::Charity))]);
    let step = command.steps[0].clone();
    for (steps, accepted) in [(0, false), (1, true), (500, true), (501, false)] {
        command.steps = vec![step.clone(); steps];
        let mut overlay = tallystick_domain::Overlay::new(&scene.published, scene.head(), 1);
        let answer = overlay.decide(&command, &scene.facts(&command), now);
        assert_eq!(answer.is_ok(), accepted, "{steps} steps");
        if let Err(refused) = answer {
            let found = i64::try_from(steps).unwrap();
            let problem = out_of(found, 1, 500);
            assert_eq!(refused.refusal, Refusal::InvalidInput { field: "steps", problem });
        }
    }
}

#[test]
fn corrections_count_like_steps() {
    let target = event_of(TRUST, "imposed");
    let many = correct((0..501).map(|_| void(target)));
    given(sentenced()).when(many).then_invalid("steps", out_of(501, 1, 500));
}

#[test]
fn nothing_happens_further_than_a_day_in_the_future() {
    let at = |on: &str| register(PERSON).on(on).recorded("2008-05-01");
    given(directory()).when(at("2008-05-02")).then([EventType::PersonRegistered]);
    given(directory()).when(at("2008-05-03")).then_invalid("occurredOn", Problem::InFuture);
    let target = event_of(TRUST, "imposed");
    let replaced = replace(target, "2009-01-07", sentence_of(PERSON));
    given(sentenced()).when(correct([replaced])).then_invalid("occurredOn", Problem::InFuture);
}

#[test]
fn dates_are_in_order() {
    let problem = Problem::DatesOutOfOrder;
    let term = Term { from: day("2009-04-01"), to: day("2009-03-31") };
    let set = AgreementSet { term, ..terms(YSS) };
    given(directory()).when(agree(AGREEMENT, set)).then_invalid("term", problem);
    let set = CapacitySet { to: Some(day("2008-03-31")), ..capacity(1) };
    given(directory()).when(set_capacity(set)).then_invalid("to", problem);
    let imposed = SentenceImposed { expires_on: day("2008-04-11"), ..sentence_of(PERSON) };
    given(registered()).when(impose(SENTENCE, imposed)).then_invalid("expiresOn", problem);
    let varied = SentenceVaried { expires_on: Some(day("2008-05-31")), ..variation() };
    given(sentenced()).when(vary(varied)).then_invalid("expiresOn", problem);
    let made = ReferralMade { complete_by: Some(day("2008-04-30")), ..asking(PERSON, SERVICE) };
    given(sentenced()).when(refer(REFERRAL, made)).then_invalid("completeBy", problem);
    let booked = PlacementBooked { to: day("2008-05-11"), ..booking() };
    given(accepted()).when(book(PLACEMENT, booked)).then_invalid("to", problem);
}

#[test]
fn nothing_stands_twice_in_a_list() {
    let problem = Problem::Repeated;
    let areas = vec![code("shropshire"), code("hereford"), code("shropshire")];
    let described = AgencyDescribed { areas, ..description(AgencyKind::Charity) };
    given(directory()).when(describe(YSS, described)).then_invalid("areas", problem);
    let subs = AgreementSet { subs: vec![CONNECT, CONNECT], ..terms(YSS) };
    given(directory()).when(agree(AGREEMENT, subs)).then_invalid("subs", problem);
    let year = YearValue { fy: 2008, pence: 1 };
    let value = AgreementSet { value: vec![year.clone(), year], ..terms(YSS) };
    given(directory()).when(agree(AGREEMENT, value)).then_invalid("value", problem);
    let site = offer(AGREEMENT, YSS).sites[0].clone();
    let sites = ServiceDescribed { sites: vec![site.clone(), site], ..offer(AGREEMENT, YSS) };
    given(directory()).when(describe_service(SERVICE, sites)).then_invalid("sites", problem);
    let requirements = vec![requirement("activity"), requirement("activity")];
    let imposed = SentenceImposed { requirements, ..sentence_of(PERSON) };
    given(registered()).when(impose(SENTENCE, imposed)).then_invalid("requirements", problem);
    let needs = vec![Need::Ete, Need::Ete];
    let made = ReferralMade { needs, ..asking(PERSON, SERVICE) };
    given(sentenced()).when(refer(REFERRAL, made)).then_invalid("needs", problem);
    let meets = vec![Criterion::Age, Criterion::Age];
    let made = ReferralMade { meets, ..asking(PERSON, SERVICE) };
    given(sentenced()).when(refer(REFERRAL, made)).then_invalid("meets", problem);
    let twice = [event_of(YSS, "missed"); 2];
    let warned = enforce(grounded(1, BreachStep::Warning, &twice));
    given(missed()).when(warned).then_invalid("grounds", problem);
}

#[test]
fn nothing_stands_twice_in_any_other_list_either() {
    use tallystick_domain::codes::{Achievement, EarlyEnd, FieldGroup, RequirementType};
    use tallystick_domain::event::{AwardOffered, PlacementCompleted, PlacementEndedEarly};
    let problem = Problem::Repeated;
    let price = Price { unit: capacity(0).unit, pence: 1 };
    let prices = AgreementSet { prices: vec![price.clone(), price], ..terms(YSS) };
    given(directory()).when(agree(AGREEMENT, prices)).then_invalid("prices", problem);
    let continues = AgreementSet { continues: vec![FARM_AGREEMENT; 2], ..terms(YSS) };
    given(directory()).when(agree(AGREEMENT, continues)).then_invalid("continues", problem);

    let title = qualification("Forestry");
    let award = AwardOffered { title: title.title, level: title.level, kind: title.kind };
    let offered = offer(AGREEMENT, YSS);
    let types = vec![RequirementType::Activity; 2];
    for (field, described) in [
        ("needs", ServiceDescribed { needs: vec![Need::Ete; 2], ..offered.clone() }),
        ("requirementTypes", ServiceDescribed { requirement_types: types, ..offered.clone() }),
        ("awardsOffered", ServiceDescribed { awards_offered: vec![award; 2], ..offered }),
    ] {
        given(directory()).when(describe_service(SERVICE, described)).then_invalid(field, problem);
    }

    let added = SentenceVaried { add: vec![requirement("residence"); 2], ..variation() };
    given(sentenced()).when(vary(added)).then_invalid("add", problem);
    let dropped = SentenceVaried { drop: vec![code("activity"); 2], ..variation() };
    given(sentenced()).when(vary(dropped)).then_invalid("drop", problem);
    let wanted =
        ReferralMade { outcomes_wanted: vec![code("settled"); 2], ..asking(PERSON, SERVICE) };
    given(sentenced()).when(refer(REFERRAL, wanted)).then_invalid("outcomesWanted", problem);
    let mut shared = asking(PERSON, SERVICE);
    shared.share.groups = vec![FieldGroup::Risk; 2];
    given(sentenced()).when(refer(REFERRAL, shared)).then_invalid("share.groups", problem);

    let outcomes = vec![outcome("settled", Achievement::Not); 2];
    let completed = PlacementCompleted { outcomes: outcomes.clone(), ..completion() };
    given(started()).when(complete(completed)).then_invalid("outcomes", problem);
    let ended = PlacementEndedEarly { outcomes, ..early_end(EarlyEnd::Left) };
    let mut deed = end_early(EarlyEnd::Left);
    deed.step.action = Action::EndPlacementEarly { placement: PLACEMENT, ended };
    given(started()).when(deed).then_invalid("outcomes", problem);
}

#[test]
fn lists_and_amounts_have_limits() {
    let tags = (0..51).map(|number| code(&format!("tag_{number}"))).collect();
    let described = AgencyDescribed { tags, ..description(AgencyKind::Charity) };
    given(directory()).when(describe(YSS, described)).then_invalid("tags", out_of(51, 0, 50));
    let sites = ServiceDescribed { sites: vec![], ..offer(AGREEMENT, YSS) };
    given(directory())
        .when(describe_service(SERVICE, sites))
        .then_invalid("sites", out_of(0, 1, 50));
    let price = Price { unit: capacity(0).unit, pence: -1 };
    let set = AgreementSet { prices: vec![price], ..terms(YSS) };
    given(directory()).when(agree(AGREEMENT, set)).then_invalid("pence", out_of(-1, 0, i64::MAX));
    for age in [9, 121] {
        let imposed = SentenceImposed { age, ..sentence_of(PERSON) };
        let problem = out_of(i64::from(age), 10, 120);
        given(registered()).when(impose(SENTENCE, imposed)).then_invalid("age", problem);
    }
    let long = tallystick_domain::event::AttendanceRecorded {
        planned: 1_441,
        ..session("s1", tallystick_domain::codes::AttendanceOutcome::Complied)
    };
    given(started()).when(attend(long)).then_invalid("planned", out_of(1_441, 0, 1_440));
    let predecessor = Some("x".repeat(16_385));
    let opened = LedgerOpened { predecessor, ..opening() };
    given([]).when(open(opened)).then_invalid("predecessor", out_of(16_385, 0, 16_384));
}

#[test]
fn a_person_has_between_1_and_10_identifiers() {
    for (count, accepted) in [(0, false), (1, true), (10, true), (11, false)] {
        let mut facts = identity(b"who");
        let one = Identifier { value: sealed(b"X1"), ..facts.identifiers[0].clone() };
        facts.identifiers = vec![one; count];
        let mut deed = register(PERSON);
        deed.step.action = Action::RegisterPerson { person: PERSON, identity: facts };
        let verdict = given(directory()).when(deed);
        if accepted {
            verdict.then([EventType::PersonRegistered]);
        } else {
            let found = i64::try_from(count).unwrap();
            verdict.then_invalid("identifiers", out_of(found, 1, 10));
        }
    }
}

#[test]
fn a_requirement_is_of_a_sentence() {
    let made = ReferralMade {
        sentence: None,
        requirement: Some(code("activity")),
        ..asking(PERSON, SERVICE)
    };
    given(sentenced()).when(refer(REFERRAL, made)).then_invalid("sentence", Problem::Missing);
}

#[test]
fn who_saw_an_older_version_is_told_the_present_one() {
    let stream = StreamId::from(REFERRAL);
    let conflict = |expected, current| Refusal::VersionConflict { stream, expected, current };
    let verdict = given(accepted()).when(withdraw().expecting(1));
    assert_eq!(verdict.refusal(), conflict(1, 2));
    given(accepted()).when(withdraw().expecting(2)).then([EventType::ReferralWithdrawn]);
    let fresh = refer(REFERRAL, asking(PERSON, SERVICE));
    let verdict = given(sentenced()).when(fresh.clone().expecting(1));
    assert_eq!(verdict.refusal(), conflict(1, 0));
    given(sentenced()).when(fresh.expecting(0)).then([EventType::ReferralMade]);
    let voided = correct([void(event_of(YSS, "accepted"))]).by(YSS, Role::ProviderLead);
    let verdict = given(accepted()).when(voided.clone().expecting(1));
    assert_eq!(verdict.refusal(), conflict(1, 2));
    given(accepted()).when(voided.expecting(2)).then([EventType::Corrected]);
}

#[test]
fn a_version_is_told_to_nobody_who_may_not_see_the_stream() {
    given(accepted())
        .when(decide(Decision::Accepted).by(WILLOWDENE, Role::ProviderLead).expecting(1))
        .then_not_found("referral");
}
