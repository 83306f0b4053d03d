//! Everything up to a position, as a value.

use crate::lists::{Book, List, Place, moves_audience, moves_lists, places};
use crate::places::Occupancy;
use crate::view::AgencyView;
use crate::{HashMap, Scope};
use hashbrown::HashMap as Table;
use imbl::{OrdMap, Vector};
use std::sync::Arc;
use tallystick_domain::{
    Case, CaseKey, Cases, Event, EventType, Position, Record, StreamId, StreamKind,
    audience::{Audience, audience, sees},
    case::{About, home_of},
    id::{AgencyId, MeasureId, PersonId, PlanId, ServiceId},
    overlay::Batch,
};

/// Reads records by position: what a fold asks for when a case is corrected.
pub type History<'a, E> = dyn FnMut(&[Position]) -> Result<Vec<Record>, E> + 'a;

/// Every case as folded up to a position, who may see it, and the lists of every agency. Cloning
/// is cheap: the maps are persistent and shared.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(crate) position: Position,
    pub(crate) commit: u64,
    pub(crate) recorded_at: i64,
    pub(crate) cases: HashMap<CaseKey, Arc<Case>>,
    /// Where streams live that do not bear their case's name.
    pub(crate) homes: HashMap<StreamId, CaseKey>,
    /// Last position that mattered to an agency.
    pub(crate) changed: HashMap<AgencyId, Position>,
    /// Last position that mattered to every partner.
    pub(crate) directory_changed: Position,
    /// When what an agency may see of streams already opened changed, and in which case.
    pub(crate) scope_changes: HashMap<AgencyId, Vector<(Position, CaseKey)>>,
    /// People about whom there is free text, notes and confidential circumstances.
    pub(crate) noted: HashMap<PersonId, ()>,
    pub(crate) books: HashMap<AgencyId, Book>,
    pub(crate) everything: Book,
    pub(crate) agencies: OrdMap<Position, AgencyId>,
    pub(crate) services: OrdMap<Position, ServiceId>,
    /// Measures by the first record of each.
    pub(crate) measures: OrdMap<Position, MeasureId>,
    /// Cases by their last record: what has changed since a position.
    pub(crate) latest: OrdMap<Position, CaseKey>,
    pub(crate) occupancy: Occupancy,
}

impl Cases for Snapshot {
    fn case(&self, key: CaseKey) -> Option<&Arc<Case>> {
        self.cases.get(&key)
    }

    fn home(&self, stream: StreamId) -> Option<CaseKey> {
        let named = match stream.kind {
            StreamKind::Ledger => CaseKey::Ledger,
            StreamKind::Agency => CaseKey::Agency(AgencyId(stream.id)),
            StreamKind::Agreement => {
                CaseKey::Agreement(tallystick_domain::id::AgreementId(stream.id))
            }
            StreamKind::Person
            | StreamKind::Circumstance
            | StreamKind::Offence
            | StreamKind::Register
            | StreamKind::Assessment => CaseKey::Person(PersonId(stream.id)),
            StreamKind::Measure => CaseKey::Measure(MeasureId(stream.id)),
            StreamKind::Plan => CaseKey::Plan(PlanId(stream.id)),
            StreamKind::Service
            | StreamKind::Sentence
            | StreamKind::Referral
            | StreamKind::Placement => return self.homes.get(&stream).copied(),
        };
        // A case that only other streams have opened is not the home of its own name yet.
        self.cases.get(&named).filter(|case| case.trail.version(stream) > 0).map(|_| named)
    }
}

impl Snapshot {
    /// Before everything.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Position of the last record in it.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Commit of the last record in it.
    pub fn commit(&self) -> u64 {
        self.commit
    }

    /// When the last record in it was recorded, in milliseconds since 1970-01-01T00:00Z.
    pub fn recorded_at(&self) -> i64 {
        self.recorded_at
    }

    /// Number of cases.
    pub fn case_count(&self) -> usize {
        self.cases.len()
    }

    /// Everybody of whom something sealed is recorded, and whether free text is among it: their
    /// keys must be in the vault.
    pub fn sealed_people(&self) -> impl Iterator<Item = (PersonId, bool)> {
        self.cases.keys().filter_map(|key| match key {
            CaseKey::Person(person) => Some((*person, self.noted.contains_key(person))),
            CaseKey::Ledger
            | CaseKey::Agency(_)
            | CaseKey::Agreement(_)
            | CaseKey::Measure(_)
            | CaseKey::Plan(_) => None,
        })
    }

    /// What a caller of that scope may read.
    pub fn view(&self, scope: Scope) -> AgencyView<'_> {
        AgencyView::new(self, scope)
    }

    /// Whether a scope may see a stream now.
    pub fn sees(&self, scope: Scope, stream: StreamId) -> bool {
        let Some(case) = self.home(stream).and_then(|home| self.case(home)) else { return false };
        sees(case, stream, scope.agency(), scope.role())
    }

    /// Last position that matters to a scope: the change counter of its live queries.
    pub fn changed(&self, scope: Scope) -> Position {
        if scope.reads_everything() {
            return self.position;
        }
        let own = self.changed.get(&scope.agency()).copied().unwrap_or_default();
        own.max(self.directory_changed)
    }

    /// Changes of what a scope may see of streams that were opened before, later than a position.
    pub fn scope_changes(&self, scope: Scope, after: Position) -> Vec<(Position, CaseKey)> {
        if scope.reads_everything() {
            return Vec::new();
        }
        let Some(changes) = self.scope_changes.get(&scope.agency()) else { return Vec::new() };
        let from = changes.binary_search_by_key(&after.next(), |(at, _)| *at);
        // A commit may have changed several cases: start with the first of equal positions.
        let mut from = from.unwrap_or_else(|place| place);
        while from > 0 && changes[from - 1].0 > after {
            from -= 1;
        }
        changes.skip(from).iter().copied().collect()
    }

    /// Every case of which some past may matter to a scope: what it holds, what it held at the end
    /// of some commit, and the directory. What it held between two commands of one commit only is
    /// not in it: nobody was ever shown that.
    pub fn ever_held(&self, scope: Scope) -> Vec<CaseKey> {
        let mut keys = self.held(scope);
        if let Some(changes) = self.scope_changes.get(&scope.agency()) {
            keys.extend(changes.iter().map(|(_, key)| *key));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Cases of which a scope sees something now, in order.
    pub(crate) fn held(&self, scope: Scope) -> Vec<CaseKey> {
        if scope.reads_everything() {
            let mut all: Vec<_> = self.cases.keys().copied().collect();
            all.sort_unstable();
            return all;
        }
        let directory = self.cases.keys().filter(|key| !matches!(key, CaseKey::Person(_)));
        let mut keys: Vec<_> = directory.copied().collect();
        if let Some(book) = self.books.get(&scope.agency()) {
            for list in List::ALL {
                keys.extend(book.list(list).values().copied());
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Takes in what a batch came to, once it is durable.
    pub fn absorb(&mut self, batch: &Batch) {
        self.homes.extend(
            batch
                .homes
                .iter()
                .filter(|(stream, _)| !is_named(stream.kind))
                .map(|(stream, home)| (*stream, *home)),
        );
        let mut moves = Moves::default();
        for record in &batch.records {
            if let Some(key) = self.home_after(batch, record) {
                moves.note(key, record);
            }
        }
        let mut before = Vec::new();
        for (key, case) in &batch.cases {
            let old = self.cases.insert(*key, Arc::clone(case));
            if let Some(before) = old.as_ref().and_then(|old| old.trail.positions.last()) {
                self.latest.remove(before);
            }
            self.latest.extend(case.trail.positions.last().map(|at| (*at, *key)));
            self.measures.extend(measure_of(case));
            let Some(of_case) = moves.of.get(key) else { continue };
            self.move_lists(old.as_deref(), case);
            self.occupancy.move_places(old.as_deref(), case);
            if let Some(at) = of_case.audience {
                before.push((at, *key, old));
            }
        }
        for record in &batch.records {
            self.note_record(record);
        }
        self.note_scopes(before);
        if let Some(last) = batch.records.last() {
            self.advance(last);
        }
    }

    fn home_after(&self, batch: &Batch, record: &Record) -> Option<CaseKey> {
        let stream = record.envelope.stream;
        batch.homes.get(&stream).copied().or_else(|| self.home(stream))
    }

    /// Takes in the records of one block, in place: all of them, its front part, or those of some
    /// cases (as-of reads of one agency). `history` reads records by
    /// position; it is asked for those of a case when the case is corrected. Lists are not kept
    /// meanwhile: [`Self::index`] makes them at the end.
    ///
    /// # Errors
    /// What `history` reports; the snapshot is then of no use.
    pub fn fold<E>(&mut self, records: &[Record], history: &mut History<'_, E>) -> Result<(), E> {
        // Cases as they were before the first record of this block that may change who sees them.
        let mut before: Table<CaseKey, (Option<Arc<Case>>, Position)> = Table::new();
        for (index, record) in records.iter().enumerate() {
            let envelope = &record.envelope;
            let Some(key) = home_of(self, envelope.stream, &record.event) else { continue };
            if moves_audience(envelope.event_type) {
                let old = self.cases.get(&key).cloned();
                before.entry(key).or_insert((old, envelope.position)).1 = envelope.position;
            }
            if envelope.version == 1 && !is_named(envelope.stream.kind) {
                self.homes.insert(envelope.stream, key);
            }
            let history = if let Event::Corrected(_) = record.event {
                let case = self.cases.get(&key);
                let positions =
                    case.map(|case| case.trail.positions.as_slice()).unwrap_or_default();
                // Records of this block are at hand; only earlier ones are read.
                let first = records[0].envelope.position;
                let earlier = positions.partition_point(|at| *at < first);
                let mut all = history(&positions[..earlier])?;
                all.extend(positions[earlier..].iter().filter_map(|at| {
                    let place = records.binary_search_by_key(at, |it| it.envelope.position).ok()?;
                    Some(records[place].clone())
                }));
                all.push(records[index].clone());
                Some(all)
            } else {
                None
            };
            let case = self.cases.entry(key).or_insert_with(|| Arc::new(Case::empty(key)));
            let case = Arc::make_mut(case);
            match history {
                Some(history) => case.correct(record, &history),
                None => case.apply(envelope, &record.event),
            }
            self.note_record(record);
        }
        self.note_scopes(before.into_iter().map(|(key, (old, at))| (at, key, old)).collect());
        if let Some(last) = records.last() {
            self.advance(last);
        }
        Ok(())
    }

    /// Makes the lists of all agencies anew from the cases.
    pub fn index(&mut self) {
        let mut lists: Table<_, Vec<(Position, CaseKey)>> = Table::new();
        let mut agencies = Vec::new();
        let mut services = Vec::new();
        let (mut measures, mut latest) = (Vec::new(), Vec::new());
        let mut found: Vec<Place> = Vec::new();
        for case in self.cases.values() {
            places(case, &mut found);
            for place in &found {
                lists.entry((place.agency, place.list)).or_default().push((place.at, case.key));
            }
            directory_of(case, &mut agencies, &mut services);
            measures.extend(measure_of(case));
            latest.extend(case.trail.positions.last().map(|at| (*at, case.key)));
        }
        self.measures = measures.into_iter().collect();
        self.latest = latest.into_iter().collect();
        self.books = HashMap::default();
        self.everything = Book::default();
        for ((agency, list), mut things) in lists {
            things.sort_unstable();
            *self.book(agency).list_mut(list) = things.into_iter().collect();
        }
        self.agencies = agencies.into_iter().collect();
        self.services = services.into_iter().collect();
        self.occupancy = Occupancy::of(self.cases.values().map(Arc::as_ref));
    }

    fn book(&mut self, agency: Option<AgencyId>) -> &mut Book {
        match agency {
            None => &mut self.everything,
            Some(agency) => self.books.entry(agency).or_default(),
        }
    }

    fn move_lists(&mut self, old: Option<&Case>, new: &Case) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        if let Some(old) = old {
            places(old, &mut before);
        }
        places(new, &mut after);
        for place in only_in(&before, &after) {
            self.book(place.agency).list_mut(place.list).remove(&place.at);
        }
        for place in only_in(&after, &before) {
            self.book(place.agency).list_mut(place.list).insert(place.at, new.key);
        }
        if !matches!(new.about, About::Person(_)) {
            let (mut agencies, mut services) = (Vec::new(), Vec::new());
            directory_of(new, &mut agencies, &mut services);
            self.agencies.extend(agencies);
            self.services.extend(services);
        }
    }

    /// Notes for whom streams that were open before a commit have appeared or disappeared with it:
    /// for each case, the position that may have done it last, and the case as it was before. In
    /// order of position, so that every fold notes the same. The snapshot stands where it stood
    /// before the commit.
    fn note_scopes(&mut self, mut before: Vec<(Position, CaseKey, Option<Arc<Case>>)>) {
        before.sort_unstable_by_key(|(at, key, _)| (*at, *key));
        for (at, key, old) in before {
            let (Some(old), Some(new)) = (old, self.cases.get(&key)) else { continue };
            for agency in audience_changes(&old, new, self.position) {
                self.scope_changes.entry(agency).or_default().push_back((at, key));
                let changed = self.changed.entry(agency).or_default();
                *changed = at.max(*changed);
            }
        }
    }

    fn note_record(&mut self, record: &Record) {
        let envelope = &record.envelope;
        if (record.note.is_some() || record.event.is_confidential())
            && let Some(CaseKey::Person(person)) = self.home(envelope.stream)
        {
            self.noted.insert(person, ());
        }
        match envelope.stream.kind {
            StreamKind::Ledger | StreamKind::Agency | StreamKind::Service | StreamKind::Measure => {
                self.directory_changed = envelope.position;
            }
            _ => {
                for party in &envelope.parties {
                    self.changed.insert(*party, envelope.position);
                }
            }
        }
    }

    fn advance(&mut self, last: &Record) {
        self.position = last.envelope.position;
        self.commit = last.envelope.commit;
        self.recorded_at = last.envelope.recorded_at;
    }
}

/// Agencies for which a stream that was opened up to a position has appeared or disappeared in the
/// new version of a case. The old one may have streams beyond it, if the commit opened them before
/// it moved the audience: nobody was shown those under another audience.
fn audience_changes(old: &Case, new: &Case, opened_by: Position) -> Vec<AgencyId> {
    let mut agencies = Vec::new();
    for head in old.trail.streams.iter().take_while(|head| head.opened <= opened_by) {
        let (before, after) = (audience(old, head.stream), audience(new, head.stream));
        if let (Audience::Agencies(before), Audience::Agencies(after)) = (before, after) {
            agencies.extend(only_in(&before, &after));
            agencies.extend(only_in(&after, &before));
        }
    }
    agencies.sort_unstable();
    agencies.dedup();
    agencies
}

/// Whether streams of that kind bear the name of their case.
pub(crate) fn is_named(kind: StreamKind) -> bool {
    kind.bears_person()
        || matches!(
            kind,
            StreamKind::Ledger
                | StreamKind::Agency
                | StreamKind::Agreement
                | StreamKind::Measure
                | StreamKind::Plan
        )
}

fn measure_of(case: &Case) -> Option<(Position, MeasureId)> {
    let measure = case.measure()?;
    case.trail.streams.first().map(|head| (head.opened, measure.id))
}

fn directory_of(
    case: &Case,
    agencies: &mut Vec<(Position, AgencyId)>,
    services: &mut Vec<(Position, ServiceId)>,
) {
    match &case.about {
        About::Agency(agency) => {
            agencies.extend(case.trail.streams.first().map(|head| (head.opened, agency.id)));
        }
        About::Agreement(agreement) => {
            services.extend(agreement.services.iter().map(|it| (it.opened(), it.id)));
        }
        About::Ledger(_) | About::Person(_) | About::Measure(_) | About::Plan(_) => {}
    }
}

/// Elements of a sorted slice that another sorted slice does not have.
fn only_in<'a, T: Ord + Copy>(these: &'a [T], others: &'a [T]) -> impl Iterator<Item = T> + 'a {
    let mut rest = others;
    these.iter().copied().filter(move |this| {
        while rest.first().is_some_and(|other| other < this) {
            rest = &rest[1..];
        }
        rest.first() != Some(this)
    })
}

/// What a batch may have moved, case by case.
#[derive(Default)]
struct Moves {
    of: Table<CaseKey, Moved>,
}

#[derive(Default)]
struct Moved {
    /// Last position that may have changed who sees the case.
    audience: Option<Position>,
}

impl Moves {
    fn note(&mut self, key: CaseKey, record: &Record) {
        let event_type: EventType = record.envelope.event_type;
        let directory = matches!(event_type, EventType::AgencyDescribed);
        if moves_lists(event_type) || directory {
            let moved = self.of.entry(key).or_default();
            if moves_audience(event_type) {
                moved.audience = Some(record.envelope.position);
            }
        }
    }
}
