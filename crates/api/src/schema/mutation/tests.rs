//! The table role × command, behind the door: what each mutation asks for goes by [`Role::may`].

use std::{collections::BTreeSet, convert::Infallible};

use async_graphql::{
    EmptySubscription, InputType, Name, Request, Schema, Value, Variables,
    parser::types::OperationType, value,
};
use tallystick_domain::{
    Action, Note, Role, Sealed,
    command::{Given, Identity, Place, Sealer},
    event::{CircumstanceKind, CircumstanceText, FreeText, PersonRegistered},
    id::{ActorId, AgencyId, PersonId},
};
use tallystick_ledger::{Ledger, Parts, VirtualClock};

use super::*;
use crate::{authority, node::Node, schema::query::Query, witnesses::Witnesses};

/// 1 October 2009, noon in London.
const NOON: i64 = 1_254_394_800_000;

/// An input that is right in itself, and the command that it is.
struct Sample {
    mutation: &'static str,
    input_type: String,
    input: Value,
    action: Action,
}

fn sample<I: Ask + InputType>(mutation: &'static str, fields: Value) -> Sample {
    let Value::Object(mut input) = fields else { panic!("an object") };
    let own =
        value!({"commandId": "00000000-0000-4000-8000-000000000001", "occurredOn": "2009-06-01"});
    let Value::Object(own) = own else { panic!("an object") };
    input.extend(own);
    let input = Value::Object(input);
    let read = I::parse(Some(input.clone())).map_err(|_| mutation).expect("of the type");
    let origin = Origin { agency: AgencyId([1; 16]), actor: ActorId([1; 16]), role: Role::Mentor };
    let asked = read.ask(origin, &mut Reader::default()).expect("right in itself");
    let Ok(command) = asked.command.seal(&mut Blanks);
    let action = command.steps.into_iter().next().expect("a step").action;
    Sample { mutation, input_type: I::type_name().into_owned(), input, action }
}

/// Seals nothing; no sample is recorded.
struct Blanks;

impl Sealer<Infallible> for Blanks {
    fn identity(
        &mut self,
        _: Place,
        _: PersonId,
        _: &Identity,
    ) -> Result<PersonRegistered, Infallible> {
        let name = Sealed::from_blob([]);
        Ok(PersonRegistered { identifiers: Vec::new(), name, born: Sealed::from_blob([]) })
    }

    fn circumstance(
        &mut self,
        _: Place,
        _: PersonId,
        _: CircumstanceKind,
        _: &Note,
    ) -> Result<Sealed<CircumstanceText>, Infallible> {
        Ok(Sealed::from_blob([]))
    }

    fn note(
        &mut self,
        _: Place,
        _: &Action<Given>,
        _: &Note,
    ) -> Result<Sealed<FreeText>, Infallible> {
        Ok(Sealed::from_blob([]))
    }
}

/// What is paid, and what is recorded of a person beside sentences and services.
fn samples_of_facts() -> [Sample; 5] {
    let id = |prefix: &str| format!("{prefix}_{}", "0".repeat(32));
    let person = || id("per");
    [
        sample::<RecordPaymentInput>(
            "recordPayment",
            value!({"agreement": id("agr"), "payer": id("agy"), "payee": id("agy"),
                "amount": "1", "basis": "BLOCK", "from": "2009-04-01", "to": "2009-04-30"}),
        ),
        sample::<RecordCircumstanceInput>(
            "recordCircumstance",
            value!({"person": person(), "circumstance": {"accommodation": "A04"}}),
        ),
        sample::<RecordOffenceInput>(
            "recordOffence",
            value!({"person": person(), "offenceOn": "2009-05-01", "how": "CAUTION",
                "class": "THEFT", "source": "a"}),
        ),
        sample::<SetRegisterInput>(
            "setRegister",
            value!({"person": person(), "register": "MAPPA", "active": true, "level": 2}),
        ),
        sample::<AssessPersonInput>("assessPerson", value!({"person": person(), "tool": "CLW"})),
    ]
}

/// Of measures, targets and plans.
fn of_plans(agency: &str) -> Vec<Sample> {
    vec![
        sample::<DefineMeasureInput>(
            "defineMeasure",
            value!({"version": 1,
                "definition": include_str!("../../../../../schema/measures/m02.json")}),
        ),
        sample::<SetTargetInput>(
            "setTarget",
            value!({"line": "a", "measure": "m02", "version": 1, "relation": "ABSOLUTE",
                "value": "720000", "due": "2011-03-31", "owner": agency,
                "status": "LOCAL"}),
        ),
        sample::<SetPlanItemInput>(
            "setPlanItem",
            value!({"item": "a", "kind": "RISK", "text": "a", "state": "OPEN"}),
        ),
    ]
}

fn samples() -> Vec<Sample> {
    let id = |prefix: &str| format!("{prefix}_{}", "0".repeat(32));
    let (sentence, referral, placement) = (id("sen"), id("ref"), id("plc"));
    let (agency, service, person, worker) = (id("agy"), id("svc"), id("per"), id("wrk"));
    let event = format!("{}_0", id("evt"));
    let mut samples = vec![
        sample::<DescribeAgencyInput>(
            "describeAgency",
            value!({"name": "a", "kind": "NHS", "status": "PARTNER"}),
        ),
        sample::<SetAgreementInput>(
            "setAgreement",
            value!({"kind": "SLA", "status": "LIVE", "funder": agency.clone(),
                "lead": agency.clone(), "startsOn": "2008-04-01", "endsOn": "2011-03-31"}),
        ),
        sample::<DescribeServiceInput>(
            "describeService",
            value!({"agreement": id("agr"), "title": "a", "provider": agency.clone(), "kind": "a",
                "sites": [{"id": "a", "area": "b"}]}),
        ),
        sample::<SetCapacityInput>(
            "setCapacity",
            value!({"service": service.clone(), "site": "a", "unit": "BED", "count": 1,
                "from": "2009-04-01"}),
        ),
        sample::<RegisterPersonInput>(
            "registerPerson",
            value!({"identifiers": [{"scheme": "CRN", "value": "X1"}], "givenName": "A",
                "familyName": "B", "born": "1985-02-03"}),
        ),
        sample::<ImposeSentenceInput>(
            "imposeSentence",
            value!({"person": person.clone(), "kind": "COMMUNITY", "expiresOn": "2010-03-31",
                "area": "a", "age": 24, "court": "a", "setting": {"community": {"licence": false}}}),
        ),
        sample::<VarySentenceInput>(
            "varySentence",
            value!({"sentence": sentence.clone(), "why": "a"}),
        ),
        sample::<ChangeSettingInput>(
            "changeSetting",
            value!({"sentence": sentence.clone(), "to": {"custody": {"at": agency.clone()}},
                "why": "RECALLED"}),
        ),
        sample::<AllocateWorkerInput>(
            "allocateWorker",
            value!({"to": sentence.clone(), "role": "MENTOR", "worker": worker, "agency": agency}),
        ),
        sample::<RecordBreachInput>(
            "recordBreach",
            value!({"sentence": sentence.clone(), "breach": 1, "step": "WARNING"}),
        ),
        sample::<EndSentenceInput>("endSentence", value!({"sentence": sentence, "how": "DIED"})),
        sample::<MakeReferralInput>(
            "makeReferral",
            value!({"person": person, "service": service, "share": {"basis": "CONSENT"}}),
        ),
        sample::<DecideReferralInput>(
            "decideReferral",
            value!({"referral": referral.clone(), "decision": "ACCEPTED"}),
        ),
        sample::<WithdrawReferralInput>(
            "withdrawReferral",
            value!({"referral": referral.clone(), "reason": "PERSON_MOVED"}),
        ),
        sample::<BookPlacementInput>(
            "bookPlacement",
            value!({"referral": referral, "site": "a", "unit": "BED", "from": "2009-06-01",
                "to": "2009-09-01", "quantity": 1}),
        ),
        sample::<StartPlacementInput>("startPlacement", value!({"placement": placement.clone()})),
        sample::<RecordAttendanceInput>(
            "recordAttendance",
            value!({"entries": [{"placement": placement.clone(), "session": "s1",
                "plannedMinutes": 60, "creditedMinutes": 60, "outcome": "COMPLIED",
                "fault": "NONE"}]}),
        ),
        sample::<AwardQualificationInput>(
            "awardQualification",
            value!({"placement": placement.clone(), "title": "a", "body": "b", "level": "ONE",
                "kind": "NATIONAL"}),
        ),
        sample::<CompletePlacementInput>(
            "completePlacement",
            value!({"placement": placement.clone()}),
        ),
        sample::<EndPlacementEarlyInput>(
            "endPlacementEarly",
            value!({"placement": placement, "reason": "LEFT", "fault": "NONE"}),
        ),
        sample::<CorrectEventInput>(
            "correctEvent",
            value!({"corrections": [
                {"target": event, "op": {"void": true}, "reason": "DUPLICATE"}]}),
        ),
    ];
    samples.extend(of_plans(&id("agy")));
    samples
}

#[tokio::test]
async fn a_role_may_give_a_command_exactly_where_the_domain_says_so() {
    let (parts, _) = Parts::in_memory(Arc::new(VirtualClock::new(NOON))).expect("randomness");
    let ledger = Ledger::open(parts, |_| {}).expect("an empty log");
    let node = Node::new(ledger, Witnesses::new(Vec::new()));
    let schema = Schema::new(Query, Mutation, EmptySubscription);
    let samples: Vec<_> = samples().into_iter().chain(samples_of_facts()).collect();
    let all = schema.execute("{ __schema { mutationType { fields { name } } } }").await;
    let all = all.data.into_json().expect("JSON");
    let all = all["__schema"]["mutationType"]["fields"].as_array().expect("fields");
    let all: BTreeSet<_> = all.iter().filter_map(|field| field["name"].as_str()).collect();
    assert_eq!(all, samples.iter().map(|it| it.mutation).collect(), "each has its sample");
    for Sample { mutation, input_type, input, action } in &samples {
        for role in Role::ALL {
            let may = role.may(action);
            let door = authority::may(*role, OperationType::Mutation, mutation);
            assert_eq!(door, may, "the door: {role:?} {mutation}");
            let principal = Arc::new(Principal::new("somebody", AgencyId([1; 16]), *role));
            let at = At::head(&node, &principal, node.ledger().snapshot(), node.ledger().today());
            let document = format!(
                "mutation($input: {input_type}!) {{ it: {mutation}(input: $input) {{
                   outcome errors {{ __typename code ... on NotPermitted {{ role }} }} }} }}"
            );
            let mut variables = Variables::default();
            variables.insert(Name::new("input"), input.clone());
            let request = Request::new(document)
                .variables(variables)
                .data(Arc::new(at))
                .data(principal)
                .data(Notes::default());
            let answer = schema.execute(request).await.into_result().expect("a payload");
            let answer = answer.data.into_json().expect("JSON");
            let error = &answer["it"]["errors"][0];
            assert_eq!(answer["it"]["outcome"], "REFUSED");
            assert_eq!(error["__typename"] == "NotPermitted", !may, "{role:?} {mutation}: {error}");
            if !may {
                assert_eq!(error["code"], "NOT_PERMITTED");
                assert_eq!(error["role"], role.as_str().to_uppercase());
            }
        }
    }
}
