//! Given, when, then: a small ledger in memory, to which deeds are done one command at a time.
//!
//! Whatever a scene accepts it also checks: every case equals the fold of its records and comes
//! back from a savepoint, and every record comes back from its bytes. Whatever it refuses must have left no trace.

use hashbrown::HashMap;
use std::sync::Arc;
use tallystick_domain::codes::CorrectionReason;
use tallystick_domain::command::{Amendment, CorrectionAsked};
use tallystick_domain::envelope::SALT;
use tallystick_domain::event::FreeText;
use tallystick_domain::id::{ActorId, AgencyId, CommandId};
use tallystick_domain::refusal::Problem;
use tallystick_domain::{
    Action, Case, CaseKey, Cases, Command, Date, Event, EventId, EventType, Facts, Moment,
    Occurred, Origin, Overlay, Position, Record, Refusal, Refused, Role, Rule, Sealed, Step,
    StreamId,
};

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn noon(day: Date) -> Moment {
    Moment { recorded_at: (i64::from(day.days()) * 24 + 12) * 3_600_000, today: day }
}

/// One step that somebody takes.
#[derive(Clone)]
pub(crate) struct Deed {
    name: Option<&'static str>,
    pub(crate) origin: Origin,
    pub(crate) step: Step,
    recorded: Option<Date>,
    identifier_taken: bool,
}

impl Deed {
    pub(crate) fn new(agency: AgencyId, role: Role, on: &str, action: Action) -> Self {
        let origin = Origin { agency, actor: ActorId([0xac; 16]), role };
        let occurred: Occurred = on.parse().unwrap();
        let step = Step::new(occurred, action);
        Self { name: None, origin, step, recorded: None, identifier_taken: false }
    }

    /// Names its event, so that others can speak of it: see [`event_of`].
    pub(crate) fn called(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    pub(crate) fn by(mut self, agency: AgencyId, role: Role) -> Self {
        self.origin = Origin { agency, role, ..self.origin };
        self
    }

    pub(crate) fn on(mut self, on: &str) -> Self {
        self.step.occurred = on.parse().unwrap();
        self
    }

    /// Recorded on that day; otherwise on the day that is claimed, if the clock is not further.
    pub(crate) fn recorded(mut self, on: &str) -> Self {
        self.recorded = Some(day(on));
        self
    }

    pub(crate) fn noted(mut self, blob: &[u8]) -> Self {
        self.step.note = Some(sealed::<FreeText>(blob));
        self
    }

    pub(crate) fn expecting(mut self, version: u32) -> Self {
        self.step.expected_version = Some(version);
        self
    }

    pub(crate) fn with_an_identifier_that_is_taken(mut self) -> Self {
        self.identifier_taken = true;
        self
    }
}

pub(crate) fn sealed<T>(blob: &[u8]) -> Sealed<T> {
    Sealed::from_blob(blob)
}

pub(crate) fn command_called(name: &str) -> CommandId {
    let mut id = [0_u8; 16];
    id[..name.len()].copy_from_slice(name.as_bytes());
    CommandId(id)
}

/// The event of a deed that was [`Deed::called`] something.
pub(crate) fn event_of(agency: AgencyId, name: &str) -> EventId {
    EventId::derive(agency, command_called(name), 0)
}

pub(crate) fn void(target: EventId) -> CorrectionAsked {
    CorrectionAsked { target, op: Amendment::Void, reason: CorrectionReason::EnteredWrongly }
}

pub(crate) fn replace(target: EventId, on: &str, event: impl Into<Event>) -> CorrectionAsked {
    let op = Amendment::Replace { occurred_on: on.parse().unwrap(), event: Box::new(event.into()) };
    CorrectionAsked { target, op, reason: CorrectionReason::NewEvidence }
}

/// A correction of one event by whoever recorded it.
pub(crate) fn correct_event(agency: AgencyId, asked: CorrectionAsked) -> Deed {
    let action = Action::Correct { corrections: vec![asked] };
    Deed::new(agency, Role::OffenderManager, "2009-12-01", action)
}

/// Cases in memory.
#[derive(Default)]
pub(crate) struct Published {
    pub(crate) cases: HashMap<CaseKey, Arc<Case>>,
    pub(crate) homes: HashMap<StreamId, CaseKey>,
}

impl Cases for &Published {
    fn case(&self, key: CaseKey) -> Option<&Arc<Case>> {
        self.cases.get(&key)
    }

    fn home(&self, stream: StreamId) -> Option<CaseKey> {
        self.homes.get(&stream).copied()
    }
}

/// A ledger in memory.
#[derive(Default)]
pub(crate) struct Scene {
    pub(crate) published: Published,
    pub(crate) records: Vec<Record>,
    today: Option<Date>,
    commands: u64,
}

/// A scene in which these deeds were done, each by a command of its own.
pub(crate) fn given(deeds: impl IntoIterator<Item = Deed>) -> Scene {
    Scene::default().and(deeds)
}

impl Scene {
    pub(crate) fn and(mut self, deeds: impl IntoIterator<Item = Deed>) -> Self {
        for deed in deeds {
            let action = deed.step.action.name();
            if let Err(refused) = self.attempt(std::slice::from_ref(&deed)) {
                panic!("given a deed that is refused: {action}: {refused:?}");
            }
        }
        self
    }

    pub(crate) fn when(self, deed: Deed) -> Verdict {
        self.when_together([deed])
    }

    /// Several steps of one command, by whoever does the first.
    pub(crate) fn when_together(mut self, deeds: impl IntoIterator<Item = Deed>) -> Verdict {
        let deeds: Vec<_> = deeds.into_iter().collect();
        let answer = self.attempt(&deeds);
        Verdict { scene: self, answer }
    }

    pub(crate) fn head(&self) -> Position {
        Position(self.records.len() as u64)
    }

    /// Records of a case, in order.
    pub(crate) fn history(&self, key: CaseKey) -> Vec<Record> {
        let of_case = |it: &&Record| self.published.homes.get(&it.envelope.stream) == Some(&key);
        self.records.iter().filter(of_case).cloned().collect()
    }

    pub(crate) fn case(&self, key: CaseKey) -> &Case {
        &self.published.cases[&key]
    }

    pub(crate) fn record(&self, event: EventId) -> &Record {
        self.records.iter().find(|record| record.envelope.event_id() == event).unwrap()
    }

    /// What the shell would gather for a command at this head.
    pub(crate) fn facts(&self, command: &Command) -> Facts {
        let mut facts = Facts::default();
        for event in command.named_events() {
            let found = self.records.iter().find(|it| it.envelope.event_id() == event);
            let Some(record) = found else { continue };
            facts.places.push((event, record.envelope.position));
            facts.streams.push((event, record.envelope.stream));
            let key = self.published.homes[&record.envelope.stream];
            let targets =
                command.steps.iter().any(|it| matches!(it.action, Action::Correct { .. }));
            if targets && facts.histories.iter().all(|(of, _)| *of != key) {
                facts.histories.push((key, self.history(key)));
            }
        }
        facts
    }

    /// The command of these deeds and the moment at which it comes.
    pub(crate) fn command(&mut self, deeds: &[Deed]) -> (Command, Moment) {
        self.commands += 1;
        let mut id = CommandId([0; 16]);
        id.0[8..].copy_from_slice(&self.commands.to_be_bytes());
        if let Some(name) = deeds[0].name {
            id = command_called(name);
        }
        let latest = deeds.iter().map(|deed| deed.step.occurred.date).max();
        let recorded = deeds[0].recorded.or(latest).unwrap();
        let today = self.today.map_or(recorded, |today| today.max(recorded));
        self.today = Some(today);
        let steps = deeds.iter().map(|deed| deed.step.clone()).collect();
        (Command { id, mac: [0x5a; 16], origin: deeds[0].origin, steps }, noon(today))
    }

    fn attempt(&mut self, deeds: &[Deed]) -> Result<Vec<Record>, Refused> {
        let (command, now) = self.command(deeds);
        let mut facts = self.facts(&command);
        let taken = deeds.iter().enumerate().filter(|(_, deed)| deed.identifier_taken);
        facts.identifiers_taken = taken.map(|(index, _)| index).collect();
        let mut overlay = Overlay::new(&self.published, self.head(), self.commands);
        let answer = overlay.decide(&command, &facts, now);
        let batch = overlay.into_parts();
        let answer = match answer {
            Ok(range) => Ok(batch.records[range].to_vec()),
            Err(refused) => {
                assert!(batch.records.is_empty(), "a refused command left a record");
                assert!(batch.cases.is_empty(), "a refused command left a case");
                assert!(batch.homes.is_empty(), "a refused command left a stream");
                return Err(refused);
            }
        };
        let touched: Vec<_> = batch.cases.keys().copied().collect();
        self.published.cases.extend(batch.cases);
        self.published.homes.extend(batch.homes);
        self.records.extend(batch.records);
        for key in touched {
            let history = self.history(key);
            let case = self.case(key);
            assert_eq!(Case::fold(key, &history), *case, "the fold of {key:?} differs");
            let saved = postcard::to_allocvec(case).unwrap();
            assert_eq!(postcard::from_bytes::<Case>(&saved).as_ref(), Ok(case));
        }
        answer.iter().flatten().for_each(comes_back);
        answer
    }
}

/// A record is what its bytes say.
pub(crate) fn comes_back(record: &Record) {
    let (mut header, mut body) = (Vec::new(), Vec::new());
    record.envelope.encode(&mut header);
    record.encode_body([7; SALT], &mut body);
    assert_eq!(Record::decode(&header, &body).as_ref(), Ok(record));
}

/// What came of it.
pub(crate) struct Verdict {
    pub(crate) scene: Scene,
    pub(crate) answer: Result<Vec<Record>, Refused>,
}

impl Verdict {
    /// Accepted, and these events were recorded.
    pub(crate) fn then<const N: usize>(self, events: [EventType; N]) -> Scene {
        let records = match self.answer {
            Ok(records) => records,
            Err(refused) => panic!("refused: {refused:?}"),
        };
        let found: Vec<_> = records.iter().map(|record| record.envelope.event_type).collect();
        assert_eq!(found, events);
        self.scene
    }

    pub(crate) fn refusal(self) -> Refusal {
        match self.answer {
            Ok(records) => panic!("accepted: {:?}", records.last()),
            Err(refused) => refused.refusal,
        }
    }

    pub(crate) fn then_refused(self, rule: Rule) {
        assert_eq!(self.refusal(), Refusal::Rule { rule });
    }

    pub(crate) fn then_not_found(self, field: &'static str) {
        assert_eq!(self.refusal(), Refusal::NotFound { field });
    }

    pub(crate) fn then_invalid(self, field: &'static str, problem: Problem) {
        assert_eq!(self.refusal(), Refusal::InvalidInput { field, problem });
    }

    /// Refused, because exactly these events would break exactly these rules, in that order.
    pub(crate) fn then_breaks(self, expected: &[(EventId, Rule)]) {
        let Refusal::BreaksHistory { dependants } = self.refusal() else {
            panic!("refused for another reason")
        };
        let found: Vec<_> = dependants.iter().map(|it| (it.event, it.rule)).collect();
        assert_eq!(found, expected);
        assert!(dependants.iter().all(|it| it.envelope.event_id() == it.event));
    }

    /// Refused, because the history would break that rule first.
    pub(crate) fn then_first_breaks(self, rule: Rule) {
        match self.refusal() {
            Refusal::BreaksHistory { dependants } => assert_eq!(dependants[0].rule, rule),
            other => panic!("refused otherwise: {other:?}"),
        }
    }
}

/// Named tests of refusals, and the list of the rules that they provoke. `in history` is for rules
/// that only a correction can break, since what they are about was there when it was recorded.
macro_rules! refusals {
    ($($rule:ident $(in $history:ident)?: $name:ident = $attempt:expr;)+) => {
        $(#[test]
        fn $name() {
            crate::scene::refusals!(@check $rule $(in $history)?, $attempt);
        })+

        /// Rules that the tests of this file provoke.
        pub(crate) const PROVOKED: &[tallystick_domain::Rule] =
            &[$(tallystick_domain::Rule::$rule,)+];
    };
    (@check $rule:ident, $attempt:expr) => {
        $attempt.then_refused(tallystick_domain::Rule::$rule)
    };
    (@check $rule:ident in history, $attempt:expr) => {
        $attempt.then_first_breaks(tallystick_domain::Rule::$rule)
    };
}
pub(crate) use refusals;
