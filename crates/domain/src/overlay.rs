//! The cases as a batch sees them: the published ones, and over them what the batch has touched.
//! A refused command leaves no trace; an accepted one is visible to the next.

use crate::audience::audience;
use crate::case::{Case, CaseKey, Cases, home_of};
use crate::command::{Command, Step};
use crate::date::Moment;
use crate::envelope::{Envelope, Record, SALT};
use crate::event::{Event, FreeText};
use crate::history::Meta;
use crate::id::{EventId, Position, StreamId};
use crate::refusal::{Refusal, Refused, Rule};
use crate::sealed::Sealed;
use alloc::{sync::Arc, vec::Vec};
use core::ops::Range;
use hashbrown::HashMap;

/// What only the shell can know about a command, gathered at the head that it is decided at.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Where the events that the command names are: durable ones and those of the same batch.
    pub places: Vec<(EventId, Position)>,
    /// Steps that give an identifier which is already another registered person's.
    pub identifiers_taken: Vec<usize>,
    /// Streams of those events that are durable.
    pub streams: Vec<(EventId, StreamId)>,
    /// Durable records of every case that the command corrects, in order.
    pub histories: Vec<(CaseKey, Vec<Record>)>,
}

/// Published cases plus what a batch has touched.
#[derive(Debug)]
pub struct Overlay<C> {
    published: C,
    touched: HashMap<CaseKey, Arc<Case>>,
    homes: HashMap<StreamId, CaseKey>,
    /// Cases touched by the command that is being decided.
    draft: Vec<(CaseKey, Arc<Case>)>,
    draft_homes: Vec<(StreamId, CaseKey)>,
    records: Vec<Record>,
    base: Position,
    commit: u64,
}

impl<C: Cases> Cases for Overlay<C> {
    fn case(&self, key: CaseKey) -> Option<&Arc<Case>> {
        let drafted = self.draft.iter().find(|(of, _)| *of == key).map(|(_, case)| case);
        drafted.or_else(|| self.touched.get(&key)).or_else(|| self.published.case(key))
    }

    fn home(&self, stream: StreamId) -> Option<CaseKey> {
        let drafted = self.draft_homes.iter().find(|(of, _)| *of == stream).map(|(_, key)| *key);
        drafted.or_else(|| self.homes.get(&stream).copied()).or_else(|| self.published.home(stream))
    }
}

impl<C: Cases> Overlay<C> {
    /// An overlay on the cases published at `head`, for the batch that is to become `commit`.
    pub fn new(published: C, head: Position, commit: u64) -> Self {
        Self {
            published,
            touched: HashMap::new(),
            homes: HashMap::new(),
            draft: Vec::new(),
            draft_homes: Vec::new(),
            records: Vec::new(),
            base: head,
            commit,
        }
    }

    /// Records of all accepted commands so far, in order. Their salts are still zero: whoever
    /// encodes them draws those.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Position of the last record so far.
    pub fn head(&self) -> Position {
        Position(self.base.0 + self.records.len() as u64)
    }

    /// The batch's result: its records, the cases that it changed, and where new streams live.
    pub fn into_parts(self) -> Batch {
        Batch { records: self.records, cases: self.touched, homes: self.homes }
    }

    /// Decides a command at this head. Accepted, its records stand at the returned range of
    /// [`Self::records`]; refused, nothing has changed.
    ///
    /// # Errors
    /// The first step that is refused, and why.
    pub fn decide(
        &mut self,
        command: &Command,
        facts: &Facts,
        now: Moment,
    ) -> Result<Range<usize>, Refused> {
        let first = self.records.len();
        match self.decide_steps(command, facts, now, first) {
            Ok(()) => {
                let of = u16::try_from(self.records.len() - first).unwrap_or(u16::MAX);
                for record in &mut self.records[first..] {
                    record.envelope.of = of;
                }
                self.touched.extend(self.draft.drain(..));
                self.homes.extend(self.draft_homes.drain(..));
                Ok(first..self.records.len())
            }
            Err(refused) => {
                self.records.truncate(first);
                self.draft.clear();
                self.draft_homes.clear();
                Err(refused)
            }
        }
    }

    fn decide_steps(
        &mut self,
        command: &Command,
        facts: &Facts,
        now: Moment,
        first: usize,
    ) -> Result<(), Refused> {
        let mut pen = Pen { command, now, first };
        crate::decide::command(command).map_err(|refusal| Refused { step: 0, refusal })?;
        for (index, step) in command.steps.iter().enumerate() {
            crate::decide::step(self, &mut pen, index, step, facts)
                .map_err(|refusal| Refused { step: index, refusal })?;
        }
        Ok(())
    }

    /// Appends an event that its own case permits.
    pub(crate) fn append(
        &mut self,
        pen: &Pen<'_>,
        step: &Step,
        stream: StreamId,
        event: Event,
        locate: &dyn Fn(EventId) -> Option<Position>,
    ) -> Result<(), Refusal> {
        let key = home_of(self, stream, &event).ok_or(Rule::LedgerNotOpen)?;
        let mut envelope = self.envelope(pen, step, stream, &event);
        let case = self.touch(key);
        case.about.permits(&Meta::of(&envelope), &event, locate)?;
        envelope.version = case.trail.version(stream) + 1;
        case.apply(&envelope, &event);
        envelope.parties = audience(case, stream).agencies().to_vec();
        if envelope.version == 1 {
            self.draft_homes.push((stream, key));
        }
        self.records.push(Record { envelope, event, note: step.note.clone() });
        Ok(())
    }

    /// Appends a correction to the stream of its target. Whether the history stays legal is asked
    /// once, after the last correction of the step.
    pub(crate) fn append_correction(
        &mut self,
        pen: &Pen<'_>,
        step: &Step,
        (key, stream): (CaseKey, StreamId),
        event: Event,
        history: &mut Vec<Record>,
        note: Option<Sealed<FreeText>>,
    ) {
        let mut envelope = self.envelope(pen, step, stream, &event);
        let case = self.touch(key);
        envelope.version = case.trail.version(stream) + 1;
        let mut record = Record { envelope, event, note };
        history.push(record.clone());
        case.correct(&record, history);
        record.envelope.parties = audience(case, stream).agencies().to_vec();
        self.records.push(record);
    }

    /// Records of this batch that belong to a case, in order.
    pub(crate) fn pending(&self, key: CaseKey) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| self.home(record.envelope.stream) == Some(key))
    }

    /// Where an event is: what the shell found, or a record of this batch.
    pub(crate) fn locate(&self, facts: &Facts, event: EventId) -> Option<Position> {
        let known = facts.places.iter().find(|(id, _)| *id == event).map(|(_, at)| *at);
        known.or_else(|| {
            self.records
                .iter()
                .find(|record| record.envelope.event_id() == event)
                .map(|record| record.envelope.position)
        })
    }

    /// Stream and position of an event: what the shell found, or a record of this batch.
    pub(crate) fn find(&self, facts: &Facts, event: EventId) -> Option<(StreamId, Position)> {
        let at = self.locate(facts, event)?;
        let known = facts.streams.iter().find(|(id, _)| *id == event).map(|(_, stream)| *stream);
        let here = || {
            let mut records = self.records.iter();
            records.find(|it| it.envelope.position == at).map(|it| it.envelope.stream)
        };
        Some((known.or_else(here)?, at))
    }

    fn touch(&mut self, key: CaseKey) -> &mut Case {
        let drafted = self.draft.iter().position(|(of, _)| *of == key);
        let place = drafted.unwrap_or_else(|| {
            let known = self.touched.get(&key).or_else(|| self.published.case(key));
            let case = known.map_or_else(|| Arc::new(Case::empty(key)), Arc::clone);
            self.draft.push((key, case));
            self.draft.len() - 1
        });
        Arc::make_mut(&mut self.draft[place].1)
    }

    fn envelope(&self, pen: &Pen<'_>, step: &Step, stream: StreamId, event: &Event) -> Envelope {
        let index = self.records.len() - pen.first;
        Envelope {
            position: self.head().next(),
            commit: self.commit,
            stream,
            version: 0,
            command: pen.command.id,
            index: u16::try_from(index).unwrap_or(u16::MAX),
            of: 0,
            command_mac: pen.command.mac,
            event_type: event.event_type(),
            schema: Event::SCHEMA,
            occurred: step.occurred,
            recorded_at: pen.now.recorded_at,
            actor: pen.command.origin.actor,
            agency: pen.command.origin.agency,
            parties: Vec::new(),
            cause: step.cause,
            salt: [0; SALT],
        }
    }
}

/// What a batch came to.
#[derive(Debug)]
pub struct Batch {
    /// Its records, in order.
    pub records: Vec<Record>,
    /// Cases that it changed, as they are after it.
    pub cases: HashMap<CaseKey, Arc<Case>>,
    /// Streams that it opened, and the cases they belong to.
    pub homes: HashMap<StreamId, CaseKey>,
}

/// What all events of a command have in common.
pub(crate) struct Pen<'a> {
    pub(crate) command: &'a Command,
    pub(crate) now: Moment,
    first: usize,
}
