//! The measures that the source documents ask for, one journey a row of `schema/coverage.md`: what
//! happened is told by commands, the figure is asked by GraphQL, and worked out by hand here.

use crate::command::{
    Command, attend, award, book, complete, decide, end_early, impose, refer, register, start,
};
use crate::partnership::{FARM, FARM_WORK, Partnership, agency, allocate, thing};
use serde_json::{Value, json};

/// A partnership whose commissioner has defined measures as they are shipped.
async fn measuring(codes: &[&str]) -> Partnership {
    let partnership = Partnership::found().await;
    for code in codes {
        partnership.commissioner().done(&define(code)).await;
    }
    partnership
}

fn define(code: &str) -> Command {
    let file = format!("{}/../../schema/measures/{code}.json", env!("CARGO_MANIFEST_DIR"));
    let definition = std::fs::read_to_string(file).expect("a definition");
    let said = json!({ "version": 1, "definition": definition });
    Command::new("defineMeasure", 0, &format!("define {code}"), "2024-01-02", said)
}

const FIGURES: &str = "query ($codes: [Code!], $scope: MeasureScopeInput, $period: PeriodInput,
        $under: [MeasureReadingInput!]! = []) {
    ledger(on: \"2026-04-01\") { measures(codes: $codes, scope: $scope, period: $period,
        under: $under) { code numerator denominator value } } }";

/// Numerator, denominator and value of a measure in a financial year, and under other readings.
async fn in_year(of: &Partnership, code: &str, year: i32, under: &[Value]) -> Vec<[Value; 3]> {
    let period = json!({ "financialYear": year });
    figures(of, json!({ "codes": [code], "period": period, "under": under })).await
}

async fn figures(of: &Partnership, asked: Value) -> Vec<[Value; 3]> {
    let answer = of.commissioner().ask(FIGURES, asked).await;
    let measures = answer["ledger"]["measures"].as_array().expect("a list");
    let figure =
        |it: &Value| [it["numerator"].clone(), it["denominator"].clone(), it["value"].clone()];
    measures.iter().map(figure).collect()
}

fn figure(numerator: u64, denominator: u64, value: i64) -> [Value; 3] {
    [numerator.to_string().into(), denominator.to_string().into(), value.to_string().into()]
}

/// A reading of a measure with other values in the place of some parameters.
fn reading(code: &str, parameters: &[(&str, &str)]) -> Value {
    let parameters: Vec<_> =
        parameters.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "code": code, "parameters": parameters })
}

fn end(number: u64, sentence: &str, how: &str) -> Command {
    let said = json!({ "sentence": sentence, "how": how });
    Command::new("endSentence", number, "end", "2024-09-02", said)
}

/// Somebody whose order has one requirement of a type; the sentence.
async fn ordered(of: &Partnership, number: u64, kind: &str) -> (String, String) {
    let requirement = json!([{ "id": "activity", "type": kind, "quantity": 20, "unit": "HOUR" }]);
    let person = of.manager().opened(&register(number)).await;
    let imposed = impose(number, &person).with("requirements", requirement);
    let sentence = of.manager().opened(&imposed).await;
    of.manager().done(&allocate(number, &sentence)).await;
    (person, sentence)
}

/// A started placement of somebody on a service of the farm, for the requirement of the order.
async fn placed(of: &Partnership, number: u64, person: &str, order: &str, on: &str) -> String {
    let referral = of.manager().opened(&refer(number, "refer", person, order, on)).await;
    let farm = of.farm();
    farm.done(&decide(number, "accept", &referral, "ACCEPTED")).await;
    let placement = farm.opened(&book(number, "book", &referral)).await;
    farm.done(&start(number, "start", &placement)).await;
    placement
}

/// Somebody on the farm's service.
async fn on_the_farm(of: &Partnership, number: u64) -> String {
    let (person, sentence) = ordered(of, number, "ACTIVITY").await;
    placed(of, number, &person, &sentence, &FARM_WORK).await
}

/// The farm's or the charity's agreement, set anew.
fn agreement(number: u64, key: &str, with: &Value) -> Command {
    let mut said = json!({
        "agreement": thing("agr", key), "kind": "CONTRACT", "status": "LIVE",
        "funder": agency("trust"), "lead": agency(key), "startsOn": "2024-01-02",
        "endsOn": "2034-01-01",
    });
    let fields = with.as_object().expect("fields").clone();
    said.as_object_mut().expect("fields").extend(fields);
    Command::new("setAgreement", number, &format!("terms {number}"), "2024-01-03", said)
}

#[tokio::test]
async fn m02_orders_and_licences_completed() {
    // Ended in 2024/25: one order ran its term, one was revoked, and one person died, who is left
    // out: 1 / 2. Counted with the dead: 1 / 3.
    let open = measuring(&["m02"]).await;
    for (number, how) in [(1, "EXPIRED"), (2, "REVOKED_OTHER"), (3, "DIED")] {
        let person = open.person(number).await;
        open.manager().done(&end(number, &person.sentence, how)).await;
    }
    open.person(4).await;
    let literal = reading("m02", &[("left_out", "[]")]);
    let found = in_year(&open, "m02", 2024, &[literal]).await;
    assert_eq!(found, [figure(1, 2, 500_000), figure(1, 3, 333_333)]);
}

#[tokio::test]
async fn m02_explains_itself_down_to_the_events() {
    let open = measuring(&["m02"]).await;
    let (kept, lost) = (open.person(1).await, open.person(2).await);
    let expired = open.manager().done(&end(1, &kept.sentence, "EXPIRED")).await;
    let revoked = open.manager().done(&end(2, &lost.sentence, "REVOKED_OTHER")).await;
    let query = "{ ledger(on: \"2025-04-01\") { measures(codes: [\"m02\"],
        period: { financialYear: 2024 }) { rows(first: 10) { nodes {
            numerator denominator events subject { __typename ... on Person { id } } } } } } }";
    let answer = open.auditor().ask(query, json!({})).await;
    let rows = answer["ledger"]["measures"][0]["rows"]["nodes"].as_array().expect("rows").clone();
    assert_eq!(rows.len(), 2);
    for (row, person, counted, end) in
        [(&rows[0], &kept, "1", &expired), (&rows[1], &lost, "0", &revoked)]
    {
        assert_eq!(row["subject"]["id"], person.id);
        assert_eq!([&row["numerator"], &row["denominator"]], [counted, "1"]);
        let events = row["events"].as_array().expect("events");
        assert!(events.contains(&end["events"][0]), "{row}");
    }
    // Others are shown no figures.
    let figures = "{ ledger { measures { code } } }";
    for other in [open.manager(), open.farm()] {
        assert_eq!(other.ask(figures, json!({})).await["ledger"]["measures"], json!([]));
    }
}

#[tokio::test]
async fn m02_is_what_was_known_then_and_history_and_groups_add_up() {
    let open = measuring(&["m02"]).await;
    let person = open.person(1).await;
    let told = open.manager().done(&end(1, &person.sentence, "EXPIRED")).await;
    let before: u64 = told["position"].as_str().expect("a position").parse().expect("a number");
    let query = "query ($at: Position!) { then: ledger(asOf: { position: $at }, on: \"2025-04-01\")
        { measures(codes: [\"m02\"], period: { financialYear: 2024 }) { denominator } }
        now: ledger(on: \"2025-04-01\") { measures(codes: [\"m02\"],
            period: { financialYear: 2024 }) { denominator
            history(by: QUARTER) { from denominator }
            breakdown(by: AREA) { group numerator denominator value suppressed } } } }";
    let at = (before - 1).to_string();
    let answer = open.commissioner().ask(query, json!({ "at": at })).await;
    assert_eq!(answer["then"]["measures"][0]["denominator"], "0");
    let now = &answer["now"]["measures"][0];
    assert_eq!(now["denominator"], "1");
    // The order ended in September: second quarter of the financial year.
    let quarters: Vec<_> =
        now["history"].as_array().expect("parts").iter().map(|it| &it["denominator"]).collect();
    assert_eq!(quarters, ["0", "1", "0", "0"]);
    // One person is too few to be shown as a group.
    let group = json!([{ "group": "shropshire", "numerator": null, "denominator": null,
        "value": null, "suppressed": true }]);
    assert_eq!(now["breakdown"], group);
}

#[tokio::test]
async fn m03_completions_of_the_domestic_abuse_programme() {
    // Two start on a service of kind idap in January 2024, one completes it in June: in the
    // calendar year 1 completion, shown against 2 starts.
    let open = measuring(&["m03"]).await;
    let idap = json!({
        "service": FARM_WORK.as_str(), "agreement": thing("agr", "farm"),
        "provider": FARM.as_str(), "title": "Programme (invented)", "kind": "idap",
        "sites": [{ "id": "barn", "area": "shropshire" }],
    });
    let described = Command::new("describeService", 9, "idap", "2024-01-02", idap);
    open.commissioner().done(&described).await;
    let done = on_the_farm(&open, 1).await;
    let left = on_the_farm(&open, 2).await;
    open.farm().done(&complete(1, "complete", &done)).await;
    open.farm().done(&end_early(2, "leave", &left, "LEFT")).await;
    let period = json!({ "days": { "from": "2024-01-01", "to": "2024-12-31" } });
    let found = figures(&open, json!({ "codes": ["m03"], "period": period })).await;
    assert_eq!(found, [figure(1, 2, 1_000_000)]);
}

#[tokio::test]
async fn m04_growth_of_one_to_one_provision() {
    // 40 hours a week from January, 48 from June: 48 / 40 - 1 = 20 %, since 1 April 2024.
    let open = measuring(&["m04"]).await;
    let service = json!({
        "service": FARM_WORK.as_str(), "agreement": thing("agr", "farm"),
        "provider": FARM.as_str(), "title": "Alcohol work (invented)", "kind": "one_to_one",
        "requirementTypes": ["ALCOHOL_TREATMENT"],
        "sites": [{ "id": "barn", "area": "shropshire" }],
    });
    let described = Command::new("describeService", 9, "alcohol", "2024-01-02", service);
    open.commissioner().done(&described).await;
    for (hours, from) in [(40, "2024-01-02"), (48, "2024-06-03")] {
        let set = json!({ "service": FARM_WORK.as_str(), "site": "barn",
            "unit": "ONE_TO_ONE_HOURS_WEEK", "count": hours, "from": from });
        let set = Command::new("setCapacity", hours, "hours", from, set);
        open.commissioner().done(&set).await;
    }
    let under = [reading("m04", &[("baseline", "\"2024-04-01\"")])];
    let period = json!({ "financialYear": 2024 });
    let found = figures(&open, json!({ "codes": [], "period": period, "under": under })).await;
    assert_eq!(found, [figure(48, 40, 200_000)]);
}

#[tokio::test]
async fn m05_failure_to_attend_unpaid_work() {
    // Two of three instructed were absent, one of them twice: 2 / 3. By sessions 3 / 5.
    let open = measuring(&["m05"]).await;
    for number in 1..=3 {
        let (person, sentence) = ordered(&open, number, "UNPAID_WORK").await;
        let placement = placed(&open, number, &person, &sentence, &FARM_WORK).await;
        let outcome = if number == 3 { "COMPLIED" } else { "UNACCEPTABLE_ABSENCE" };
        open.farm().done(&attend(number, &placement, "2024-04-15", outcome)).await;
        if number < 3 {
            let next = if number == 1 { outcome } else { "COMPLIED" };
            open.farm().done(&attend(number, &placement, "2024-04-16", next)).await;
        }
    }
    let sessions = reading("m05", &[("counting", "\"rows\"")]);
    let found = in_year(&open, "m05", 2024, &[sessions]).await;
    assert_eq!(found, [figure(2, 3, 666_667), figure(3, 5, 600_000)]);
}

#[tokio::test]
async fn m07_programme_requirements_completed() {
    // Two orders with a programme ended; one of the programmes had been completed: 1 / 2. A third
    // goes on: of those imposed, 1 / 3, all in 2023/24.
    let open = measuring(&["m07"]).await;
    for number in 1..=3 {
        let (person, sentence) = ordered(&open, number, "PROGRAMME").await;
        if number == 1 {
            let placement = placed(&open, number, &person, &sentence, &FARM_WORK).await;
            open.farm().done(&complete(number, "complete", &placement)).await;
        }
        if number < 3 {
            open.manager().done(&end(number, &sentence, "EARLY_GOOD_PROGRESS")).await;
        }
    }
    assert_eq!(in_year(&open, "m07", 2024, &[]).await, [figure(1, 2, 500_000)]);
    let imposed = reading("m07", &[("cohort", "\"imposed_on\"")]);
    // In the year before none had ended, and the completion was still to come.
    let found = in_year(&open, "m07", 2023, &[imposed]).await;
    assert_eq!(found[0][1], "0");
    assert_eq!(found[1], figure(0, 3, 0));
}

#[tokio::test]
async fn m10_pilots_completed() {
    // Three started on the pilot in January 2024; one completed, one left for work, one left:
    // 1 / 3, or 2 / 3 if leaving for work is a success.
    let open = measuring(&["m10"]).await;
    let pilot = agreement(1, "farm", &json!({ "programme": "pilot" }));
    open.commissioner().done(&pilot).await;
    for number in 1..=3 {
        let placement = on_the_farm(&open, number).await;
        let end = match number {
            1 => complete(number, "complete", &placement),
            2 => end_early(number, "leave", &placement, "GAINED_EMPLOYMENT"),
            _ => end_early(number, "leave", &placement, "LEFT"),
        };
        open.farm().done(&end).await;
    }
    let success = reading("m10", &[("success", "[\"completed\", \"gained_employment\"]")]);
    let period = json!({ "days": { "from": "2024-01-01", "to": "2024-12-31" } });
    let asked = json!({ "codes": ["m10"], "period": period, "under": [success] });
    assert_eq!(figures(&open, asked).await, [figure(1, 3, 333_333), figure(2, 3, 666_667)]);
}

#[tokio::test]
async fn m12_qualifications_of_those_who_completed() {
    // Two completed; one has two national awards: 1 / 2.
    let open = measuring(&["m12"]).await;
    for number in 1..=2 {
        let placement = on_the_farm(&open, number).await;
        open.farm().done(&award(number, "award", &placement)).await;
        if number == 1 {
            let second = award(number, "second", &placement).with("title", "Forestry");
            open.farm().done(&second).await;
        }
        open.farm().done(&complete(number, "complete", &placement)).await;
    }
    assert_eq!(in_year(&open, "m12", 2024, &[]).await, [figure(1, 2, 500_000)]);
}

#[tokio::test]
async fn m13_provision_for_the_budget() {
    // Two services of 12 places for 365 days: 8,760 place-days, for 10,000 pounds a year.
    let open = measuring(&["m13"]).await;
    let worth = json!({ "values": [{ "year": 2024, "value": "1000000" }] });
    open.commissioner().done(&agreement(1, "farm", &worth)).await;
    assert_eq!(in_year(&open, "m13", 2024, &[]).await, [figure(8_760, 1_000_000, 8_760)]);
}

#[tokio::test]
async fn m16_grants_to_faith_groups() {
    // Two grants of the programme, one of them led by a Muslim organisation: 2 projects, 1 / 2.
    let open = measuring(&["m16", "m16_share"]).await;
    let said = json!({ "agency": agency("youth"), "name": "Youth charity (invented)",
        "kind": "FAITH", "status": "PARTNER", "tags": ["muslim"] });
    let tagged = Command::new("describeAgency", 1, "tags", "2024-01-03", said);
    open.commissioner().done(&tagged).await;
    for (number, key) in [(1, "farm"), (2, "youth")] {
        let grant = json!({ "kind": "GRANT", "programme": "faith_capacity" });
        open.commissioner().done(&agreement(number, key, &grant)).await;
    }
    assert_eq!(in_year(&open, "m16", 2024, &[]).await, [figure(2, 0, 2_000_000)]);
    assert_eq!(in_year(&open, "m16_share", 2024, &[]).await, [figure(1, 2, 500_000)]);
}

#[tokio::test]
async fn m17_a_named_offender_manager() {
    // One order has its offender manager the day after it was imposed, one never. On the last day
    // 1 / 2. On the worst day 0 / 2: the first, 8 January.
    let open = measuring(&["m17"]).await;
    open.person(1).await;
    let person = open.manager().opened(&register(2)).await;
    open.manager().opened(&impose(2, &person)).await;
    let worst = reading("m17", &[("judged", "\"worst_day\"")]);
    let found = in_year(&open, "m17", 2023, &[worst]).await;
    assert_eq!(found, [figure(1, 2, 500_000), figure(0, 2, 0)]);
}

#[tokio::test]
async fn m18_full_time_jobs_created() {
    // 12.50 posts when the year began, 15.50 at its end: 3.
    let open = measuring(&["m18"]).await;
    for (label, on, posts) in [("before", "2024-01-03", 1_250), ("after", "2024-06-03", 1_550)] {
        let said = json!({ "agency": FARM.as_str(), "name": "Farm (invented)",
            "kind": "SOCIAL_ENTERPRISE", "status": "PARTNER", "staffFteHundredths": posts });
        let described = Command::new("describeAgency", 1, label, on, said);
        open.commissioner().done(&described).await;
    }
    let under = [reading("m18", &[("baseline", "\"2024-04-01\"")])];
    let asked = json!({ "codes": [], "scope": { "agency": FARM.as_str() }, "under": under,
        "period": { "financialYear": 2024 } });
    assert_eq!(figures(&open, asked).await, [figure(1_550, 1_250, 3_000_000)]);
}

#[tokio::test]
async fn m20_change_of_the_budget() {
    // 10,000 pounds in 2024/25 and 8,300 three years later: 83 / 100 - 1 = -17 %.
    let open = measuring(&["m20"]).await;
    let worth = json!({ "values": [{ "year": 2024, "value": "1000000" },
        { "year": 2027, "value": "830000" }] });
    open.commissioner().done(&agreement(1, "farm", &worth)).await;
    assert_eq!(in_year(&open, "m20", 2024, &[]).await, [figure(830_000, 1_000_000, -170_000)]);
}

/// A target of 72 % for m02, with a baseline of 60 %.
fn target(number: u64, line: &str, value: &str) -> Command {
    let said = json!({
        "line": line, "measure": "m02", "version": 1, "baseline": "600000",
        "relation": "ABSOLUTE", "value": value, "due": "2025-03-31", "owner": agency("trust"),
        "status": "LOCAL",
    });
    Command::new("setTarget", number, &format!("target {line}"), "2024-02-01", said)
}

#[tokio::test]
async fn a_plan_shows_each_line_with_its_target_its_actual_and_its_state() {
    // Two of three orders were completed: 2 / 3. Against 60 % that is green, against 72 % amber
    // (better than the baseline of 60 %). A deferred line is not judged, and a line relative to its
    // baseline asks 60 % x 1.12 = 67.2 %, which 2 / 3 does not reach.
    let open = measuring(&["m02"]).await;
    for (number, how) in [(1, "EXPIRED"), (2, "EXPIRED"), (3, "REVOKED_OTHER")] {
        let person = open.person(number).await;
        open.manager().done(&end(number, &person.sentence, how)).await;
    }
    let commissioner = open.commissioner();
    let plan = commissioner.opened(&target(1, "amber", "720000")).await;
    let put_off = target(4, "deferred", "720000").with("status", "DEFERRED");
    let relative = target(3, "by_an_eighth", "120000").with("relation", "RELATIVE_TO_BASELINE");
    for line in [target(2, "green", "600000"), put_off, relative] {
        commissioner.done(&line.with("plan", plan.as_str())).await;
    }
    let risk = json!({
        "plan": plan, "item": "resources", "kind": "RISK", "text": "Resources shortfall",
        "owners": [agency("trust")], "impact": 4, "likelihood": 5, "line": "amber",
        "mitigation": "Extensive resource generation", "state": "OPEN",
    });
    let risk = Command::new("setPlanItem", 1, "risk", "2024-02-01", risk);
    commissioner.done(&risk).await;
    let query = "query ($plan: ID!, $on: Date!) { ledger(on: $on) { plan(id: $plan) {
        lines { line state owner { id } actual { numerator denominator value }
            items { text likelihood } } } } }";
    let asked = |on: &str| json!({ "plan": plan, "on": on });
    let answer = commissioner.ask(query, asked("2025-04-01")).await;
    let lines = answer["ledger"]["plan"]["lines"].as_array().expect("lines");
    let states: Vec<_> = lines.iter().map(|it| (&it["line"], &it["state"])).collect();
    let expected = json!([
        ["amber", "AMBER"],
        ["by_an_eighth", "AMBER"],
        ["deferred", null],
        ["green", "GREEN"]
    ]);
    assert_eq!(json!(states), expected);
    for line in lines {
        let actual = json!({ "numerator": "2", "denominator": "3", "value": "666667" });
        assert_eq!(line["actual"], actual);
        assert_eq!(line["owner"]["id"], agency("trust"));
    }
    let risks = json!([{ "text": "Resources shortfall", "likelihood": 5 }]);
    assert_eq!(lines[0]["items"], risks);
    // Before its first day the plan had no line; and it is not for everybody.
    let early = commissioner.ask(query, asked("2024-01-31")).await;
    assert_eq!(early["ledger"]["plan"]["lines"], json!([]));
    for other in [open.manager(), open.farm()] {
        let answer = other.ask(query, asked("2025-04-01")).await;
        assert_eq!(answer["ledger"]["plan"], Value::Null);
    }
}

#[tokio::test]
async fn an_agreement_is_held_to_a_measure_that_is_defined() {
    let open = measuring(&["m02"]).await;
    let held = |version: u32| {
        let measures = json!([{ "code": "m02", "version": version, "threshold": 720_000 }]);
        agreement(u64::from(version), "farm", &json!({ "measures": measures }))
    };
    open.commissioner().done(&held(1)).await;
    let told = open.commissioner().tell(&held(2)).await;
    assert_eq!(told.refusal(), "MEASURE_UNKNOWN");
}

#[tokio::test]
async fn another_reading_that_does_not_fit_is_refused_and_says_why() {
    let open = measuring(&["m02"]).await;
    for (code, name, value, says) in [
        ("m02", "left_out", "7", "invalid type"),
        ("m02", "left_in", "[]", "no parameter is called left_in"),
        ("m99", "left_out", "[]", "no such version of m99 is defined"),
    ] {
        let asked = json!({ "codes": [], "under": [reading(code, &[(name, value)])] });
        let reply = open.commissioner().post(FIGURES, asked).await.expect("an answer").json();
        let error = &reply["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_REQUEST", "{reply}");
        assert!(error["message"].as_str().expect("a message").contains(says), "{reply}");
    }
}

#[test]
fn every_row_that_is_covered_has_its_definition_and_its_journey() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let read = |file: &str| std::fs::read_to_string(format!("{root}/{file}")).expect(file);
    let (table, journeys) = (read("schema/coverage.md"), read("tests/measures.rs"));
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| row"))
        .map(|line| line.trim_matches(['|', ' ']).split(" | ").collect())
        .collect();
    let numbers: Vec<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    let all: Vec<_> = (1..=21).map(|number| format!("{number:02}")).collect();
    assert_eq!(numbers, all);
    let mut defined = Vec::new();
    for row in &rows {
        let &[number, _, definitions, journey] = &row[..] else { panic!("{row:?}") };
        assert_eq!(definitions == "\u{2013}", journey == "\u{2013}", "row {number}");
        if journey == "\u{2013}" {
            continue;
        }
        let name = journey.trim_matches('`');
        assert!(name.starts_with(&format!("m{number}_")), "row {number}: {name}");
        assert!(journeys.contains(&format!("async fn {name}() {{")), "row {number}: {name}");
        for definition in definitions.split(", ") {
            let (_, file) = definition.split_once('(').expect("a link");
            let file = file.trim_end_matches(')');
            assert!(read(&format!("schema/{file}")).contains("\"source\""), "{file}");
            defined.push(file.to_owned());
        }
    }
    let folder = std::fs::read_dir(format!("{root}/schema/measures")).expect("the folder");
    assert_eq!(defined.len(), folder.count(), "a definition that no row names");
}
