//! A partnership behind the real front door: a commissioner, two trusts, two providers with a
//! service each. Whoever acts has a token of their own.

use std::{
    fmt::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Map, Value, json};
use tallystick_api::{Principal, Settings, TokenEntry, Tokens, serve};
use tallystick_domain::{
    Action, Command, Date, Label, Role, Step,
    codes::{AgencyKind, AgencyStatus},
    command::{Given, Origin},
    event::{AgencyDescribed, LedgerOpened},
    id::{ActorId, AgencyId, CommandId, LedgerId},
};
use tallystick_ledger::{Ledger, MemoryLog, Outcome, VerifierKey, VirtualClock};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// 1 October 2009, noon in London: the latest day on which anything happens here.
const NOON: i64 = 1_254_394_800_000;
/// No wait of a test lasts longer; one that does has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const NOMS: AgencyId = AgencyId([1; 16]);
pub(crate) const WMPT: AgencyId = AgencyId([2; 16]);
pub(crate) const OTHER_TRUST: AgencyId = AgencyId([3; 16]);
pub(crate) const YSS: AgencyId = AgencyId([4; 16]);
pub(crate) const WILLOWDENE: AgencyId = AgencyId([5; 16]);
const AGENCIES: [(AgencyId, &str, &str); 5] = [
    (NOMS, "NOMS", "COMMISSIONER"),
    (WMPT, "West Mercia Probation Trust", "TRUST"),
    (OTHER_TRUST, "Warwickshire Probation Trust", "TRUST"),
    (YSS, "YSS", "CHARITY"),
    (WILLOWDENE, "Willowdene Farm", "SOCIAL_ENTERPRISE"),
];

/// Who acts: an agency, and what they are there.
pub(crate) type Who = (AgencyId, Role);

pub(crate) const COMMISSIONER: Who = (NOMS, Role::Commissioner);
pub(crate) const MANAGER: Who = (WMPT, Role::OffenderManager);
pub(crate) const STRANGER: Who = (OTHER_TRUST, Role::OffenderManager);
pub(crate) const LEAD: Who = (YSS, Role::ProviderLead);
pub(crate) const CASEWORKER: Who = (YSS, Role::Caseworker);
pub(crate) const OTHER_LEAD: Who = (WILLOWDENE, Role::ProviderLead);

/// What every payload is asked for, besides what changed.
const PAYLOAD: &str = "outcome
    receipt { position first commit stream version recordedAt events }
    events { id type version }
    errors {
      __typename code message field step
      ... on RuleViolation { rule }
      ... on VersionConflict { stream expected current }
      ... on InvalidInput { problem least limit found }
      ... on NotPermitted { role }
      ... on CorrectionBreaksHistory {
        dependants { event type stream rule voidable } hiddenDependants proposal { target }
      }
    }";

/// The mutations, and what each says has changed.
pub(crate) const MUTATIONS: [(&str, &str); 26] = [
    ("describeAgency", "agency { id name }"),
    ("setAgreement", "agreement { id status }"),
    ("recordPayment", "agreement { id payments { amount basis evidence } }"),
    ("describeService", "service { id title }"),
    ("setCapacity", "service { id capacities { count } }"),
    ("registerPerson", "person { id }"),
    ("recordCircumstance", "person { id circumstances { kind } }"),
    ("recordOffence", "person { id offences { provenOn } }"),
    ("setRegister", "person { id registers { since } }"),
    ("assessPerson", "person { id assessments { assessedOn } }"),
    ("imposeSentence", "sentence { id version }"),
    ("varySentence", "sentence { id version requirements { id } }"),
    ("changeSetting", "sentence { id version }"),
    ("allocateWorker", "sentence { id version } referral { id } placement { id }"),
    ("recordBreach", "sentence { id version }"),
    ("endSentence", "sentence { id version state }"),
    ("makeReferral", "referral { id version state }"),
    ("decideReferral", "referral { id version state }"),
    ("withdrawReferral", "referral { id version state }"),
    ("bookPlacement", "placement { id version state }"),
    ("startPlacement", "placement { id version state }"),
    ("recordAttendance", "placements { id version creditedMinutes }"),
    ("awardQualification", "placement { id version awards { title } }"),
    ("completePlacement", "placement { id version state }"),
    ("endPlacementEarly", "placement { id version state }"),
    ("correctEvent", "changed { id __typename }"),
];

pub(crate) struct Partnership {
    pub(crate) ledger: Ledger,
    pub(crate) log: Arc<MemoryLog>,
    /// Stands at noon on 1 October 2009 until it is told otherwise.
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) address: String,
    commands: AtomicU64,
    pub(crate) yss_service: String,
    pub(crate) willowdene_service: String,
    pub(crate) yss_agreement: String,
}

impl Partnership {
    pub(crate) async fn open() -> Self {
        let clock = Arc::new(VirtualClock::new(NOON));
        let (ledger, log) = super::ledger::in_memory(Arc::clone(&clock) as _);
        Self::on(ledger, log, clock, Settings::default()).await
    }

    /// One that signs checkpoints, kept in a folder, and takes these witnesses' cosignatures.
    pub(crate) async fn signing(folder: &Path, witnesses: Vec<VerifierKey>) -> Self {
        let clock = Arc::new(VirtualClock::new(NOON));
        let (ledger, log) = super::ledger::signing(Arc::clone(&clock) as _, folder);
        Self::on(ledger, log, clock, Settings { witnesses, ..Settings::default() }).await
    }

    async fn on(
        ledger: Ledger,
        log: Arc<MemoryLog>,
        clock: Arc<VirtualClock>,
        settings: Settings,
    ) -> Self {
        let everybody = AGENCIES.iter().flat_map(|(agency, ..)| {
            Role::ALL.iter().map(move |role| {
                let token = token((*agency, *role));
                TokenEntry::for_token(&token, "somebody", agency.to_string(), role.as_str())
            })
        });
        let tokens = Tokens::new(everybody, Principal::of).unwrap();
        let (service, routes) = tallystick_api::open(ledger.clone(), Box::new(tokens), settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(serve(listener, routes, service, std::future::pending()));
        let mut open = Self {
            ledger,
            log,
            clock,
            address,
            commands: AtomicU64::new(0),
            yss_service: String::new(),
            willowdene_service: String::new(),
            yss_agreement: String::new(),
        };
        open.begin().await;
        open
    }

    async fn begin(&mut self) {
        let opened = LedgerOpened {
            ledger: LedgerId([9; 16]),
            incarnation: 1,
            commissioner: NOMS,
            predecessor: None,
        };
        let on: Date = "2008-04-01".parse().unwrap();
        let command: Command<Given> = Command {
            id: CommandId([0xff; 16]),
            mac: [0; 16],
            origin: Origin { agency: NOMS, actor: ActorId([1; 16]), role: Role::Commissioner },
            steps: vec![Step::new(on, Action::OpenLedger(opened))],
        };
        let answer = self.ledger.submit(command).await.unwrap();
        assert!(matches!(answer, Outcome::Accepted(_)), "{answer:?}");
        for (agency, name, kind) in AGENCIES {
            let described = json!({"agency": agency.to_string(), "name": name, "kind": kind,
                "status": "PARTNER", "occurredOn": "2008-04-01"});
            self.accepted(COMMISSIONER, "describeAgency", described).await;
        }
        (self.yss_agreement, self.yss_service) = self.service_of(YSS).await;
        (_, self.willowdene_service) = self.service_of(WILLOWDENE).await;
    }

    async fn service_of(&self, provider: AgencyId) -> (String, String) {
        let set = json!({"kind": "CONTRACT", "status": "LIVE", "funder": NOMS.to_string(),
            "lead": provider.to_string(), "startsOn": "2008-04-01", "endsOn": "2011-03-31",
            "values": [{"year": 2008, "value": "12000000"}],
            "prices": [{"unit": "PLACE", "price": "4500"}], "occurredOn": "2008-04-01"});
        let set = self.accepted(COMMISSIONER, "setAgreement", set).await;
        let agreement = text(&set["agreement"]["id"]);
        let described = json!({"agreement": agreement, "title": "Day service",
            "provider": provider.to_string(), "kind": "day_service", "needs": ["ETE"],
            "sites": [{"id": "main", "area": "shropshire"}], "occurredOn": "2008-04-01"});
        let described = self.accepted(COMMISSIONER, "describeService", described).await;
        (agreement, text(&described["service"]["id"]))
    }

    /// Describes an agency so many times, which is as many events.
    pub(crate) async fn grow(&self, events: u64) {
        let described = |_| {
            let number = self.commands.fetch_add(1, Ordering::Relaxed);
            let mut id = [0xee; 16];
            id[8..].copy_from_slice(&number.to_be_bytes());
            let described = AgencyDescribed {
                name: Label::new("YSS").unwrap(),
                kind: AgencyKind::Charity,
                parent: None,
                areas: Vec::new(),
                tags: Vec::new(),
                staff_fte: None,
                status: AgencyStatus::Partner,
                reason: None,
            };
            let on: Date = "2008-04-01".parse().unwrap();
            Command {
                id: CommandId(id),
                mac: [0; 16],
                origin: Origin { agency: NOMS, actor: ActorId([1; 16]), role: Role::Commissioner },
                steps: vec![Step::new(on, Action::DescribeAgency { agency: YSS, described })],
            }
        };
        let outcomes = self.ledger.submit_in_order((0..events).map(described).collect()).await;
        for outcome in outcomes.unwrap() {
            assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
        }
    }

    /// A new command id.
    pub(crate) fn command_id(&self) -> String {
        let number = self.commands.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-8000-{number:012}")
    }

    /// What a mutation answers. Command id and day are given to an input that has none.
    pub(crate) async fn give(&self, who: Who, mutation: &str, mut input: Value) -> Value {
        let fields = input.as_object_mut().unwrap();
        fields.entry("commandId").or_insert_with(|| self.command_id().into());
        fields.entry("occurredOn").or_insert_with(|| "2009-06-01".into());
        let answer = self.ask(who, &document(mutation), &json!({ "input": input })).await;
        let payload = &answer["data"][mutation];
        assert!(payload.is_object(), "{mutation} gave no payload: {answer}");
        payload.clone()
    }

    /// The payload of a mutation that is accepted.
    pub(crate) async fn accepted(&self, who: Who, mutation: &str, input: Value) -> Value {
        let payload = self.give(who, mutation, input).await;
        assert_eq!(payload["outcome"], "ACCEPTED", "{mutation}: {payload}");
        assert_eq!(payload["errors"], json!([]));
        payload
    }

    /// The one reason why a mutation is refused; nothing was recorded.
    pub(crate) async fn refused(&self, who: Who, mutation: &str, input: Value) -> Value {
        let before = self.ledger.snapshot().position();
        let payload = self.give(who, mutation, input).await;
        assert_eq!(payload["outcome"], "REFUSED", "{mutation}: {payload}");
        assert_eq!(payload["receipt"], Value::Null);
        assert_eq!(payload["events"], json!([]));
        assert_eq!(self.ledger.snapshot().position(), before);
        let [error] = payload["errors"].as_array().unwrap().as_slice() else {
            panic!("{mutation} is refused for several reasons: {payload}")
        };
        error.clone()
    }

    /// The rule that a mutation is refused for.
    pub(crate) async fn breaks(&self, who: Who, mutation: &str, input: Value, rule: &str) {
        let error = self.refused(who, mutation, input).await;
        assert_eq!(error["__typename"], "RuleViolation", "{mutation}: {error}");
        assert_eq!(error["code"], "RULE_VIOLATION");
        assert_eq!(error["rule"], rule, "{mutation}: {error}");
    }

    /// The whole answer to a document.
    pub(crate) async fn ask(&self, who: Who, document: &str, variables: &Value) -> Value {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let mut request = "POST /graphql HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\
            Content-Type: application/json\r\nAccept: application/graphql-response+json\r\n"
            .to_owned();
        let _ = write!(
            request,
            "Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
            token(who),
            body.len()
        );
        let mut connection = TcpStream::connect(&self.address).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        timeout(PATIENCE, connection.read_to_string(&mut reply)).await.expect("an answer").unwrap();
        let (_, body) = reply.split_once("\r\n\r\n").expect("a head");
        serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {reply}"))
    }

    /// A person on probation with a community order, registered by the trust.
    pub(crate) async fn person(&self) -> Person {
        self.person_of(MANAGER).await
    }

    pub(crate) async fn person_of(&self, manager: Who) -> Person {
        let number = self.commands.load(Ordering::Relaxed);
        let registered = json!({"identifiers": [{"scheme": "CRN", "value": format!("X{number:06}")}],
            "givenName": "Sam", "familyName": "Example", "born": "1985-02-03",
            "occurredOn": "2009-03-01"});
        let registered = self.accepted(manager, "registerPerson", registered).await;
        let person = text(&registered["person"]["id"]);
        let imposed = self.accepted(manager, "imposeSentence", sentence_of(&person)).await;
        Person { person, sentence: text(&imposed["sentence"]["id"]) }
    }

    /// A referral to the day service of YSS, made and accepted.
    pub(crate) async fn accepted_referral(&self, person: &Person) -> String {
        let made = self.accepted(MANAGER, "makeReferral", self.referral_of(person)).await;
        let referral = text(&made["referral"]["id"]);
        self.accepted(
            LEAD,
            "decideReferral",
            json!({"referral": referral, "decision": "ACCEPTED"}),
        )
        .await;
        referral
    }

    /// A placement under an accepted referral, booked and started.
    pub(crate) async fn started_placement(&self, person: &Person) -> String {
        let referral = self.accepted_referral(person).await;
        let booked = self.accepted(LEAD, "bookPlacement", booking_of(&referral)).await;
        let placement = text(&booked["placement"]["id"]);
        self.accepted(CASEWORKER, "startPlacement", json!({"placement": placement})).await;
        placement
    }

    pub(crate) fn referral_of(&self, person: &Person) -> Value {
        json!({"person": person.person, "sentence": person.sentence, "service": self.yss_service,
            "needs": ["ETE"], "outcomesWanted": ["employment"], "share": {"basis": "CONSENT"}})
    }
}

/// A person and their order.
pub(crate) struct Person {
    pub(crate) person: String,
    pub(crate) sentence: String,
}

pub(crate) fn sentence_of(person: &str) -> Value {
    json!({"person": person, "kind": "COMMUNITY", "expiresOn": "2010-03-31", "area": "shropshire",
        "age": 24, "court": "telford_mc", "setting": {"community": {"licence": false}},
        "requirements": [{"id": "upw", "type": "UNPAID_WORK", "quantity": 120, "unit": "HOUR"}],
        "occurredOn": "2009-04-01"})
}

pub(crate) fn booking_of(referral: &str) -> Value {
    json!({"referral": referral, "site": "main", "unit": "PLACE", "from": "2009-06-01",
        "to": "2009-09-01", "quantity": 1})
}

/// A sheet's entry for a session that the person came to.
pub(crate) fn came(placement: &str, session: &str) -> Value {
    json!({"placement": placement, "session": session, "plannedMinutes": 420,
        "creditedMinutes": 420, "outcome": "COMPLIED", "fault": "NONE"})
}

/// A sheet's entry for a session that the person did not come to.
pub(crate) fn stayed_away(placement: &str, session: &str) -> Value {
    json!({"placement": placement, "session": session, "plannedMinutes": 420,
        "creditedMinutes": 0, "outcome": "UNACCEPTABLE_ABSENCE", "fault": "PERSON"})
}

/// The same input with these fields besides, or instead.
pub(crate) fn with(mut input: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    let all: &mut Map<String, Value> = input.as_object_mut().unwrap();
    all.extend(fields);
    input
}

/// The document of a mutation of one command.
pub(crate) fn document(mutation: &str) -> String {
    let (_, changed) = MUTATIONS.iter().find(|(name, _)| *name == mutation).expect("a mutation");
    let (first, rest) = mutation.split_at(1);
    let input = format!("{}{rest}Input", first.to_uppercase());
    format!("mutation($input: {input}!) {{ {mutation}(input: $input) {{ {PAYLOAD} {changed} }} }}")
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text but {value}")).to_owned()
}

pub(crate) fn token((agency, role): Who) -> String {
    format!("{agency}-{}", role.as_str())
}
