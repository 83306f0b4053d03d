//! Requests as whole bytes, made before they are needed: the documents of `schema/operations/`,
//! and commands of the partnership told as mutations.

use std::fmt::Debug;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tallystick_domain::command::{Action, Given, Identity};
use tallystick_domain::event::{
    BreachRecorded, PlacementBooked, ReferralMade, SentenceImposed, Setting, WorkerAllocated,
};
use tallystick_domain::id::AgencyId;
use tallystick_domain::{Code, Command, Role};

/// A document of `schema/operations/`.
macro_rules! operation {
    ($name:literal) => {
        include_str!(concat!("../../../../schema/operations/", $name, ".graphql"))
    };
}

pub(super) const AGENCY_HOME: &str = operation!("agency_home");
pub(super) const REFERRAL: &str = operation!("referral");
pub(super) const EVENT_STREAM: &str = operation!("event_stream");
pub(super) const HEAD: &str = operation!("head");

/// What the answer to a command that was recorded holds.
pub(super) const ACCEPTED: &[u8] = br#""outcome":"ACCEPTED""#;

/// The token of a role in an agency, in the measurements only.
pub(super) fn token(agency: AgencyId, role: Role) -> String {
    format!("{agency}-{}", role.as_str())
}

/// A POST to `/graphql`.
pub(super) fn ask(token: &str, document: &str, variables: &Value) -> Vec<u8> {
    let body = json!({ "query": document, "variables": variables }).to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\naccept: application/graphql-response+json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A command as a mutation, by whom it is from.
///
/// # Errors
/// For what no life has.
pub(super) fn tell(command: &Command<Given>) -> Result<Vec<u8>> {
    let [step] = command.steps.as_slice() else { bail!("a life's command has one step") };
    let (document, mut input) = mutation(&step.action)?;
    input["commandId"] = command.id.to_string().into();
    input["occurredOn"] = step.occurred.to_string().into();
    if let Some(note) = &step.note {
        input["note"] = note.as_str().into();
    }
    let token = token(command.origin.agency, command.origin.role);
    Ok(ask(&token, document, &json!({ "input": input })))
}

fn mutation(action: &Action<Given>) -> Result<(&'static str, Value)> {
    Ok(match action {
        Action::RegisterPerson { identity, .. } => {
            (operation!("register_person"), of_identity(identity))
        }
        Action::ImposeSentence { imposed, .. } => {
            (operation!("impose_sentence"), of_sentence(imposed)?)
        }
        Action::AllocateWorker { to, allocated } => {
            let WorkerAllocated { role, worker, agency, volunteer } = allocated;
            let input = json!({
                "to": to.to_string(), "role": code(role), "worker": worker.to_string(),
                "agency": agency.to_string(), "volunteer": volunteer,
            });
            (operation!("allocate_worker"), input)
        }
        Action::MakeReferral { made, .. } => (operation!("make_referral"), of_referral(made)),
        Action::DecideReferral { referral, decided } => {
            let input =
                json!({ "referral": referral.to_string(), "decision": code(&decided.decision) });
            (operation!("decide_referral"), input)
        }
        Action::BookPlacement { booked, .. } => (operation!("book_placement"), of_booking(booked)),
        Action::StartPlacement { placement } => {
            (operation!("start_placement"), json!({ "placement": placement.to_string() }))
        }
        Action::RecordAttendance { placement, recorded } => {
            let entry = json!({
                "placement": placement.to_string(), "session": recorded.session.as_str(),
                "plannedMinutes": recorded.planned, "creditedMinutes": recorded.credited,
                "outcome": code(&recorded.outcome), "fault": code(&recorded.fault),
            });
            (operation!("record_attendance"), json!({ "entries": [entry] }))
        }
        Action::RecordBreach { sentence, recorded } => {
            let BreachRecorded { breach, step, grounds, .. } = recorded;
            let grounds: Vec<_> = grounds.iter().map(ToString::to_string).collect();
            let input = json!({
                "sentence": sentence.to_string(), "breach": breach, "step": code(step),
                "grounds": grounds,
            });
            (operation!("record_breach"), input)
        }
        Action::AwardQualification { placement, awarded } => {
            let input = json!({
                "placement": placement.to_string(), "title": awarded.title.as_str(),
                "body": awarded.body.as_str(), "level": code(&awarded.level),
                "kind": code(&awarded.kind),
            });
            (operation!("award_qualification"), input)
        }
        Action::CompletePlacement { placement, .. } => {
            (operation!("complete_placement"), json!({ "placement": placement.to_string() }))
        }
        _ => bail!("no life has such a command"),
    })
}

fn of_identity(identity: &Identity) -> Value {
    let identifiers = identity.identifiers.iter();
    let identifiers: Vec<_> = identifiers
        .map(|(scheme, value)| json!({ "scheme": code(scheme), "value": value.as_str() }))
        .collect();
    json!({
        "identifiers": identifiers, "givenName": identity.given_name.as_str(),
        "familyName": identity.family_name.as_str(), "born": identity.born.to_string(),
    })
}

fn of_sentence(imposed: &SentenceImposed) -> Result<Value> {
    let Setting::Community { licence } = imposed.setting else { bail!("no life has custody") };
    let requirement = imposed.requirements.first().context("each life has a requirement")?;
    Ok(json!({
        "person": imposed.person.to_string(), "kind": code(&imposed.kind),
        "expiresOn": imposed.expires_on.to_string(), "area": imposed.area.as_str(),
        "age": imposed.age, "court": imposed.court.as_str(),
        "setting": { "community": { "licence": licence } },
        "requirements": [{
            "id": requirement.id.as_str(), "type": code(&requirement.r#type),
            "quantity": requirement.quantity, "unit": code(&requirement.unit),
        }],
    }))
}

fn of_referral(made: &ReferralMade) -> Value {
    let needs: Vec<_> = made.needs.iter().map(code).collect();
    let wanted: Vec<_> = made.outcomes_wanted.iter().map(Code::as_str).collect();
    json!({
        "person": made.person.to_string(), "service": made.service.to_string(),
        "sentence": made.sentence.map(|it| it.to_string()),
        "requirement": made.requirement.as_ref().map(Code::as_str), "needs": needs,
        "outcomesWanted": wanted, "share": { "basis": code(&made.share.basis) },
    })
}

fn of_booking(booked: &PlacementBooked) -> Value {
    json!({
        "referral": booked.referral.to_string(), "site": booked.site.as_str(),
        "unit": code(&booked.unit), "from": booked.from.to_string(),
        "to": booked.to.to_string(), "quantity": booked.quantity,
    })
}

/// A value of a code list as GraphQL spells it: `UnpaidWork` is `UNPAID_WORK`.
fn code(value: &impl Debug) -> String {
    let name = format!("{value:?}");
    let mut spelled = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            spelled.push('_');
        }
        spelled.push(letter.to_ascii_uppercase());
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::super::partnership::Life;
    use super::*;
    use tallystick_domain::codes::RequirementType;

    #[test]
    fn every_command_of_a_life_can_be_told() {
        for command in Life::new(3).commands().unwrap() {
            let request = String::from_utf8(tell(&command).unwrap()).unwrap();
            let (_, body) = request.split_once("\r\n\r\n").unwrap();
            let body: Value = serde_json::from_str(body).unwrap();
            let input = &body["variables"]["input"];
            assert_eq!(input["commandId"], command.id.to_string());
            assert_eq!(input["occurredOn"], command.steps[0].occurred.to_string());
        }
    }

    #[test]
    fn codes_are_spelled_as_graphql_spells_enums() {
        assert_eq!(code(&RequirementType::UnpaidWork), "UNPAID_WORK");
    }
}
