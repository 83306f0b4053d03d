//! Corrections: every view becomes what a ledger would show on which only what counts was ever
//! recorded. Two ledgers stand side by side, with the same identifiers.

use crate::client::Client;
use crate::command::{
    self, Command, attend, award, book, breach, complete, correct, decide, refer, register,
    replace, start, void,
};
use crate::partnership::{self, FARM, FARM_WORK, Partnership, YOUTH_WORK};
use serde_json::{Value, json};

/// Whether mistakes are made, and corrected afterwards, or whether what counts is recorded at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    InTheEnd,
    AtOnce,
}

/// Everything that a caller is shown but positions, versions, and when and by which events it came
/// about: those differ where a correction was needed.
const EVERYTHING: &str = "
    fragment Who on Person {
        id registeredOn held registeredBy { id }
        name { __typename ... on PersonName { given family } ... on Redacted { reason } }
        born { __typename ... on ClearDate { date } ... on Redacted { reason } }
        identifiers { scheme value {
            __typename ... on ClearText { text } ... on Redacted { reason } } }
    }
    fragment What on Service {
        id title kind live needs sites { id area } places { site unit capacity taken free }
        capacities { site unit count from to }
    }
    fragment Stay on Placement {
        id site unit quantity bookedOn plannedFrom plannedTo state startedOn endedOn endReason
        endFault outcomes { code result } moveOn creditedMinutes
        sessions(first: 100) { nodes {
            session on plannedMinutes creditedMinutes outcome attended enforceable fault } }
        awards { on title body level kind }
        workers { role worker agency { id } since }
        referral { id } person { id } service { id }
    }
    fragment Order on Sentence {
        id kind state imposedOn expiresOn endedOn endReason area age court
        requirements { id type quantity unit creditedMinutes completed }
        settings { from inCustody licence }
        workers { role worker agency { id } since }
        breaches { number step open steps { step on grounds otherGround } }
        person { id }
    }
    fragment Ask on Referral {
        id madeOn state stateSince declineReason withdrawalReason requirement needs outcomesWanted
        completeBy shares shareBasis
        person { id } service { id } referrer { id } provider { id } lead { id } sentence { id }
        continues { id } workers { role worker agency { id } since }
        placements(first: 100) { nodes { id } }
    }
    query ($on: Date!) { ledger(on: $on) {
        on
        agency { role counts { people caseload breachesUnderWay referrals openReferrals placements
                livePlacements agreements }
            inbox(first: 100) { nodes { id } } caseload(first: 100) { nodes { ...Order } }
            enforcementQueue(first: 100) { nodes { id } }
            livePlacements(first: 100) { nodes { id } } completions(first: 100) { nodes { id } } }
        agencies(first: 100) { nodes { id name kind status areas descriptions { from name } } }
        services(first: 100) { nodes { ...What } }
        referrals(first: 100) { nodes { ...Ask } }
        placements(first: 100) { nodes { ...Stay } }
        people(first: 100) { nodes { ...Who sentences { ...Order } } }
        agreements(first: 100) { nodes { id status live startsOn endsOn services { id } } }
        dataQuality { anomalies(first: 100) { nodes { kind subject { id } } } }
    } }";

async fn everything(who: &Client) -> Value {
    let mut seen = who.ask(EVERYTHING, json!({ "on": "2024-07-02" })).await;
    // The agency for which the ledger was opened has an identifier of its own on each.
    let agencies = seen["ledger"]["agencies"]["nodes"].as_array_mut().expect("a list");
    for agency in agencies.iter_mut().filter(|it| it["name"] == "Commissioners (invented)") {
        agency["id"] = Value::Null;
        agency["descriptions"] = Value::Null;
    }
    seen
}

/// The ledger while something is being recorded on it, once so and once so.
struct Recording {
    partnership: Partnership,
    told: Told,
}

impl Recording {
    /// Records what is right: at once, or what is wrong instead of it, to be replaced later. Gives
    /// the event and what it opened.
    async fn record(&self, who: &Client, right: &Command, wrong: &Command) -> (String, String) {
        assert_eq!(right.input["commandId"], wrong.input["commandId"]);
        let told = who.tell(if self.told == Told::AtOnce { right } else { wrong }).await;
        let opened = told.receipt()["stream"].as_str().expect("accepted").to_owned();
        (told.events().remove(0), opened)
    }

    /// Records what should never have been; on the other ledger it never is.
    async fn slip(&self, who: &Client, slip: &Command) -> Option<String> {
        match self.told {
            Told::AtOnce => None,
            Told::InTheEnd => Some(who.tell(slip).await.events().remove(0)),
        }
    }

    /// Corrects what was wrong.
    async fn correct(&self, who: &Client, label: &str, corrections: &[Value]) -> Option<String> {
        match self.told {
            Told::AtOnce => None,
            Told::InTheEnd => {
                Some(who.tell(&correct(1, label, corrections)).await.events().remove(0))
            }
        }
    }
}

/// The fields of a command that are the facts of its event.
fn facts(command: &Command, but: &[&str]) -> Value {
    let mut facts = command.input.clone();
    let fields = facts.as_object_mut().expect("an object");
    fields.retain(|field, _| !["commandId", "occurredOn"].contains(&field.as_str()));
    fields.retain(|field, _| !but.contains(&field.as_str()));
    facts
}

/// Records one person's way through the farm, rightly at once or rightly in the end.
async fn recorded(told: Told) -> Partnership {
    let recording = Recording { partnership: Partnership::found().await, told };
    let Recording { partnership, .. } = &recording;
    let (farm, manager) = (partnership.farm(), partnership.manager());
    let commissioner = partnership.commissioner();

    let heard = register(1);
    let misheard = heard.with("familyName", "Gallinulham");
    let (registered, person) = recording.record(&manager, &heard, &misheard).await;
    let order = command::impose(1, &person);
    let (imposed, sentence) =
        recording.record(&manager, &order, &order.with("expiresOn", "2026-12-31")).await;
    manager.done(&partnership::allocate(1, &sentence)).await;
    let renamed = partnership::describe("farm", "SOCIAL_ENTERPRISE", "Frm (misspelt)");
    let renamed = renamed.with("commandId", command::identifier("misspelt"));
    let misspelt = recording.slip(&commissioner, &renamed.with("occurredOn", "2024-02-01")).await;
    let closed = recording.slip(&commissioner, &partnership::capacity(1, "farm", 0)).await;

    let astray = refer(1, "astray", &person, &sentence, &YOUTH_WORK);
    let astray = recording.slip(&manager, &astray).await;
    let asked = refer(1, "refer", &person, &sentence, &FARM_WORK);
    let (made, referral) =
        recording.record(&manager, &asked, &asked.with("needs", json!(["DRUGS"]))).await;
    let accept = decide(1, "accept", &referral, "ACCEPTED");
    let (accepted, _) =
        recording.record(&farm, &accept, &accept.with("occurredOn", "2024-01-19")).await;
    let place = book(1, "book", &referral);
    let (booked, placement) = recording.record(&farm, &place, &place.with("quantity", 30)).await;
    let begin = start(1, "start", &placement);
    let (started, _) =
        recording.record(&farm, &begin, &begin.with("occurredOn", "2024-01-21")).await;
    let there = attend(1, &placement, "2024-01-29", "COMPLIED");
    let away = attend(1, &placement, "2024-01-29", "UNACCEPTABLE_ABSENCE");
    let (absent, _) = recording.record(&farm, &there, &away).await;
    let kept = farm.tell(&attend(1, &placement, "2024-02-05", "COMPLIED")).await.events();
    let twice = attend(1, &placement, "2024-02-06", "COMPLIED");
    let twice = recording.slip(&farm, &twice).await;
    let warned = recording
        .slip(&manager, &breach(1, &sentence, "WARNING", std::slice::from_ref(&absent)))
        .await;
    let awarded = recording.slip(&farm, &award(1, "award", &placement)).await;
    let end = complete(1, "complete", &placement);
    let not_achieved = json!([{ "code": "work_experience", "result": "NOT" }]);
    let (completed, _) = recording.record(&farm, &end, &end.with("outcomes", not_achieved)).await;

    let mut identity = facts(&heard, &[]);
    identity["person"] = person.into();
    let on = |command: &Command| command.input["occurredOn"].as_str().expect("a day").to_owned();
    let instead = |event: &str, kind: &str, right: &Command, but: &[&str]| {
        replace(event, kind, &on(right), facts(right, but))
    };
    let slips = [&misspelt, &closed, &astray, &twice, &warned, &awarded];
    let [misspelt, closed, astray, twice, warned, awarded] =
        slips.map(|slip| void(slip.as_deref().unwrap_or_default()));
    recording.correct(&commissioner, "name", &[misspelt]).await;
    recording.correct(&commissioner, "capacity", &[closed]).await;
    let by_manager = [
        warned,
        astray,
        replace(&registered, "personRegistered", &on(&heard), identity),
        instead(&imposed, "sentenceImposed", &order, &[]),
        instead(&made, "referralMade", &asked, &[]),
    ];
    recording.correct(&manager, "the trust's", &by_manager).await;
    let session = there.input["entries"][0].clone();
    let session = Command { name: there.name, input: session };
    let by_farm = [
        instead(&accepted, "referralDecided", &accept, &["referral"]),
        instead(&booked, "placementBooked", &place, &[]),
        replace(&started, "placementStarted", &on(&begin), true.into()),
        replace(&absent, "attendanceRecorded", &on(&there), facts(&session, &["placement"])),
        twice,
        awarded,
        instead(&completed, "placementCompleted", &end, &["placement"]),
    ];
    recording.correct(&farm, "the farm's", &by_farm).await;
    // What was voided by mistake counts again once that void is voided.
    if let Some(mistake) = recording.correct(&farm, "mistake", &[void(&kept[0])]).await {
        recording.correct(&farm, "mistake mended", &[void(&mistake)]).await;
    }
    recording.partnership
}

#[tokio::test]
async fn corrected_views_are_those_of_a_ledger_on_which_only_what_counts_was_recorded() {
    let mut corrected = recorded(Told::InTheEnd).await;
    let right = recorded(Told::AtOnce).await;
    // As folded while it happened, and as folded again at a start.
    for _ in 0..2 {
        for (who, key, role) in [
            ("the trust", "trust", "offender_manager"),
            ("the farm", "farm", "provider_lead"),
            ("the charity", "youth", "provider_lead"),
            ("the inspector", "inspector", "auditor"),
        ] {
            let seen = everything(&corrected.caller(key, role)).await;
            let expected = everything(&right.caller(key, role)).await;
            assert_eq!(seen, expected, "as {who} sees it");
        }
        let seen = everything(&corrected.commissioner()).await;
        assert_eq!(seen, everything(&right.commissioner()).await, "as the commissioners see it");
        corrected = corrected.killed();
    }
    // The comparison sees what was corrected: it is not blind.
    let seen = everything(&right.manager()).await.to_string();
    for shown in ["Merganserby", "2025-12-31", "ETE", "ACHIEVED", FARM.as_str()] {
        assert!(seen.contains(shown), "{shown} is missing in {seen}");
    }
    assert!(!seen.contains("Gallinulham"));
}

#[tokio::test]
async fn a_correction_that_breaks_the_history_is_refused_with_its_dependants() {
    let partnership = recorded(Told::AtOnce).await;
    let farm = partnership.farm();
    let query = "{ events(first: 500) { nodes { id type stream } } }";
    let seen = farm.ask(query, json!({})).await;
    let events = seen["events"]["nodes"].as_array().expect("a list");
    let of = |kind: &str| {
        let found = events.iter().find(|event| event["type"] == kind).expect("such an event");
        found["id"].as_str().expect("an identifier").to_owned()
    };
    let placed = events.iter().filter(|it| it["stream"].as_str().unwrap().starts_with("plc_"));
    let placed: Vec<&Value> = placed.map(|event| &event["id"]).collect();
    assert_eq!(placed.len(), 5, "booked, started, two sessions, completed");

    let acceptance = void(&of("REFERRAL_DECIDED"));
    let command = correct(1, "break", std::slice::from_ref(&acceptance));
    let told = farm.tell(&command).await;
    assert_eq!(told.refusal(), "CORRECTION_BREAKS_HISTORY");
    let error = &told.0["errors"][0];
    let dependants = error["dependants"].as_array().expect("a list");
    let named: Vec<&Value> = dependants.iter().map(|it| &it["event"]).collect();
    assert_eq!(named, placed);
    assert_eq!(dependants[0]["rule"], "REFERRAL_NOT_ACCEPTED");
    assert_eq!(error["hiddenDependants"], false);
    assert_eq!(everything(&farm).await, everything(&recorded(Told::AtOnce).await.farm()).await);

    // The proposal, sent with it, makes it possible.
    let proposal = error["proposal"].as_array().expect("a list").iter();
    let mut all: Vec<_> =
        proposal.map(|it| void(it["target"].as_str().expect("an identifier"))).collect();
    all.push(acceptance);
    farm.done(&correct(1, "break", &all)).await;
    let state = "{ ledger { referrals(first: 1) { nodes { state } } placements(first: 1) {
        nodes { id } } } }";
    let seen = farm.ask(state, json!({})).await;
    assert_eq!(seen["ledger"]["referrals"]["nodes"][0]["state"], "OPEN");
    assert_eq!(seen["ledger"]["placements"]["nodes"], json!([]));
}

#[tokio::test]
async fn who_may_not_see_a_dependant_is_told_only_that_there_is_one() {
    let partnership = Partnership::found().await;
    let (farm, manager) = (partnership.farm(), partnership.manager());
    let person = partnership.person(1).await;
    let referral = partnership.refer(&person, "refer", &FARM_WORK).await;
    farm.done(&decide(1, "accept", &referral, "ACCEPTED")).await;
    let placement = farm.opened(&book(1, "book", &referral)).await;
    farm.done(&start(1, "start", &placement)).await;
    let absent = attend(1, &placement, "2024-01-29", "UNACCEPTABLE_ABSENCE");
    let absent = farm.tell(&absent).await.events().remove(0);
    let warned =
        manager.tell(&breach(1, &person.sentence, "WARNING", std::slice::from_ref(&absent))).await;
    let warned = warned.events().remove(0);

    let told = farm.tell(&correct(1, "void", &[void(&absent)])).await;
    assert_eq!(told.refusal(), "CORRECTION_BREAKS_HISTORY");
    let error = &told.0["errors"][0];
    assert_eq!(error["dependants"], json!([]));
    assert_eq!(error["hiddenDependants"], true);
    assert!(!told.0.to_string().contains(&warned));

    // The trust did not record the absence, so it cannot void it; its own warning it can.
    let not_ours = manager.tell(&correct(1, "void", &[void(&absent)])).await;
    assert_eq!(not_ours.refusal(), "NOT_RECORDER");
    manager.done(&correct(1, "unwarned", &[void(&warned)])).await;
    farm.done(&correct(1, "void", &[void(&absent)])).await;
}
