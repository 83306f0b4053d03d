//! A ledger without a log: cases in memory, commands decided in batches as the writer would.

use super::super::{Fate, Scenario, Turn};
use std::collections::HashMap;
use std::sync::Arc;
use tallystick_domain::case::CaseKey;
use tallystick_domain::command::{AsSealed, Command, Given, Identity, Place, Sealer};
use tallystick_domain::event::{
    CircumstanceKind, CircumstanceText, FreeText, Identifier, PersonRegistered,
};
use tallystick_domain::id::{AgencyId, CommandId, EventId, StreamId};
use tallystick_domain::person::Person;
use tallystick_domain::{
    Action, Case, Cases, Event, EventType, Facts, Moment, Note, Overlay, Position, Record, Refusal,
    Sealed,
};

/// Commands of a batch.
const BATCH: usize = 256;

/// The published cases.
#[derive(Default)]
struct Published {
    cases: HashMap<CaseKey, Arc<Case>>,
    homes: HashMap<StreamId, CaseKey>,
}

impl Cases for &Published {
    fn case(&self, key: CaseKey) -> Option<&Arc<Case>> {
        self.cases.get(&key)
    }

    fn home(&self, stream: StreamId) -> Option<CaseKey> {
        self.homes.get(&stream).copied()
    }
}

/// A ledger without a log.
#[derive(Default)]
pub(super) struct Rehearsal {
    published: Published,
    histories: HashMap<CaseKey, Vec<Record>>,
    places: HashMap<EventId, (Position, CaseKey)>,
    /// The first words of each accepted command.
    accepted: HashMap<CommandId, Vec<u8>>,
    head: u64,
    commit: u64,
    last: i64,
    replayed: u64,
    refused: u64,
}

impl Rehearsal {
    /// Takes a whole scenario in and finds every fate as foretold.
    pub(super) fn run(&mut self, scenario: Scenario) {
        let mut batch = Vec::with_capacity(BATCH);
        for turn in scenario {
            assert!(turn.now.recorded_at >= self.last, "time goes back at {}", turn.now.today);
            self.last = turn.now.recorded_at;
            batch.push(turn);
            if batch.len() == BATCH {
                self.decide(std::mem::take(&mut batch));
            }
        }
        self.decide(batch);
    }

    fn decide(&mut self, batch: Vec<Turn>) {
        self.commit += 1;
        let published = std::mem::take(&mut self.published);
        let mut overlay = Overlay::new(&published, Position(self.head), self.commit);
        for turn in batch {
            self.turn(&mut overlay, turn);
        }
        let batch = overlay.into_parts();
        self.published = published;
        self.published.cases.extend(batch.cases);
        self.published.homes.extend(batch.homes);
        for record in batch.records {
            let home = self.published.homes[&record.envelope.stream];
            self.head = record.envelope.position.0;
            self.places.insert(record.envelope.event_id(), (record.envelope.position, home));
            self.histories.entry(home).or_default().push(record);
        }
    }

    fn turn(&mut self, overlay: &mut Overlay<&Published>, turn: Turn) {
        let Turn { now, command, fate } = turn;
        let words = command.canonical_input();
        if fate == Fate::Replayed {
            assert_eq!(self.accepted.get(&command.id), Some(&words), "replayed as it was");
            self.replayed += 1;
            return;
        }
        let id = command.id;
        let sealed = seal(command);
        let facts = self.facts(&sealed, overlay);
        let what = sealed.steps[0].action.name();
        match (overlay.decide(&sealed, &facts, now), fate) {
            (Ok(_), Fate::Accepted) => {
                assert!(self.accepted.insert(id, words).is_none(), "{id} is used twice");
            }
            (Err(refused), Fate::Refused(rule)) => {
                assert_eq!(refused.refusal, Refusal::Rule { rule }, "{what}");
                self.refused += 1;
            }
            (found, _) => {
                panic!("{what} by {:?} on {}: {found:?}", sealed.origin.role, today(now));
            }
        }
    }

    /// What the ledger would gather: where named events are, and the durable records of every case
    /// that is corrected, also where only this batch has the target.
    fn facts(&self, command: &Command<AsSealed>, overlay: &Overlay<&Published>) -> Facts {
        let mut facts = Facts::default();
        for event in command.named_events() {
            if let Some((position, _)) = self.places.get(&event) {
                facts.places.push((event, *position));
            }
        }
        for step in &command.steps {
            let Action::Correct { corrections } = &step.action else { continue };
            for asked in corrections {
                let known = self.places.get(&asked.target).map(|(_, key)| *key);
                let Some(key) = known.or_else(|| pending(overlay, asked.target)) else { continue };
                if facts.histories.iter().all(|(known, _)| *known != key) {
                    let records = self.histories.get(&key).cloned().unwrap_or_default();
                    facts.histories.push((key, records));
                }
            }
        }
        facts
    }

    /// Events recorded.
    pub(super) fn events(&self) -> u64 {
        self.head
    }

    /// Events outside persons' cases.
    pub(super) fn founding(&self) -> usize {
        let founds = |key: &CaseKey| !matches!(key, CaseKey::Person(_));
        self.histories.iter().filter(|(key, _)| founds(key)).map(|(_, all)| all.len()).sum()
    }

    /// Persons.
    pub(super) fn people(&self) -> usize {
        self.persons().count()
    }

    /// Cases.
    pub(super) fn cases(&self) -> impl Iterator<Item = &Arc<Case>> {
        self.published.cases.values()
    }

    /// The persons, as folded.
    pub(super) fn persons(&self) -> impl Iterator<Item = &Person> {
        self.cases().filter_map(|case| case.person())
    }

    /// Every record.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.histories.values().flatten()
    }

    /// Commands refused, and commands sent again.
    pub(super) fn refused_and_replayed(&self) -> (u64, u64) {
        (self.refused, self.replayed)
    }

    /// The name by which an agency is described last.
    pub(super) fn agency_name(&self, agency: AgencyId) -> Option<String> {
        let case = self.published.cases.get(&CaseKey::Agency(agency))?;
        Some(case.agency()?.latest()?.name.as_str().to_owned())
    }

    /// Names of all agencies.
    pub(super) fn agency_names(&self) -> Vec<String> {
        let keys = self.published.cases.keys();
        let ids = keys.filter_map(|key| match key {
            CaseKey::Agency(id) => Some(*id),
            _ => None,
        });
        ids.filter_map(|id| self.agency_name(id)).collect()
    }

    /// Most agreements that a live one continues.
    pub(super) fn rationalised(&self) -> usize {
        let agreements = self.cases().filter_map(|case| case.agreement()?.latest());
        agreements.map(|terms| terms.continues.len()).max().unwrap_or(0)
    }

    /// Every type of event is there, and notes, late and replayed records and refusals.
    pub(super) fn assert_everything_occurs(&self) {
        for wanted in EventType::ALL {
            let found = self.records().any(|record| record.event.event_type() == *wanted);
            assert!(found, "no {} is recorded", wanted.name());
        }
        assert!(self.records().any(|record| record.note.is_some()));
        assert!(self.refused > 0 && self.replayed > 0);
        let continued = |record: &&Record| match &record.event {
            Event::ReferralMade(made) => made.continues.is_some(),
            _ => false,
        };
        assert!(self.records().filter(continued).count() > 20);
    }
}

/// The case of an event that only the batch has.
fn pending(overlay: &Overlay<&Published>, event: EventId) -> Option<CaseKey> {
    let record = overlay.records().iter().find(|record| record.envelope.event_id() == event)?;
    overlay.home(record.envelope.stream)
}

fn today(now: Moment) -> String {
    now.today.to_string()
}

fn seal(command: Command<Given>) -> Command {
    let Ok(sealed) = command.seal::<std::convert::Infallible>(&mut Blobs);
    sealed
}

/// Seals nothing: the rules cannot look inside anyway.
struct Blobs;

impl<E> Sealer<E> for Blobs {
    fn identity(
        &mut self,
        _: Place,
        _: tallystick_domain::id::PersonId,
        clear: &Identity,
    ) -> Result<PersonRegistered, E> {
        let identifiers = clear.identifiers.iter().map(|(scheme, _)| Identifier {
            scheme: *scheme,
            value: Sealed::from_blob(*b"identifier"),
        });
        Ok(PersonRegistered {
            identifiers: identifiers.collect(),
            name: Sealed::from_blob(*b"name"),
            born: Sealed::from_blob(*b"born"),
        })
    }

    fn circumstance(
        &mut self,
        _: Place,
        _: tallystick_domain::id::PersonId,
        _: CircumstanceKind,
        _: &Note,
    ) -> Result<Sealed<CircumstanceText>, E> {
        Ok(Sealed::from_blob(*b"circumstance"))
    }

    fn note(&mut self, _: Place, _: &Action<Given>, _: &Note) -> Result<Sealed<FreeText>, E> {
        Ok(Sealed::from_blob(*b"note"))
    }
}
