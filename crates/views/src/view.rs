//! The ledger as one agency may read it. Nothing here takes an agency as an argument: the scope
//! was fixed when the view was made.

use crate::{FreePlaces, List, Scope, Snapshot};
use std::ops::RangeBounds;
use std::sync::Arc;
use tallystick_domain::{
    Case, CaseKey, Cases, Date, Position, StreamId, StreamKind,
    agency::Agency,
    agreement::{Agreement, Service},
    anomaly::{Anomaly, AnomalyKind, anomalies},
    audience::{knows_person, sees},
    event::{Assessed, CircumstanceRecorded, OffenceProven, RegisterSet},
    id::{AgencyId, AgreementId, PersonId, PlacementId, PlanId, ReferralId, SentenceId, ServiceId},
    person::{Person, Recorded, Registration},
    placement::Placement,
    plan::Plan,
    referral::Referral,
    sentence::Sentence,
};

/// What a caller of one scope may read of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct AgencyView<'a> {
    snapshot: &'a Snapshot,
    scope: Scope,
}

/// A thing on a list: where it came into being, and the case it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Position of its first record.
    pub at: Position,
    /// Its case.
    pub case: CaseKey,
}

/// A person, as far as the scope reaches.
#[derive(Clone, Copy, Debug)]
pub struct PersonView<'a> {
    view: AgencyView<'a>,
    case: &'a Arc<Case>,
    person: &'a Person,
}

/// A sentence that the scope holds.
#[derive(Clone, Copy, Debug)]
pub struct SentenceView<'a> {
    /// Whose.
    pub person: PersonView<'a>,
    /// The sentence.
    pub sentence: &'a Sentence,
}

/// A referral that the scope holds.
#[derive(Clone, Copy, Debug)]
pub struct ReferralView<'a> {
    /// Whose.
    pub person: PersonView<'a>,
    /// The referral.
    pub referral: &'a Referral,
}

/// A placement that the scope holds.
#[derive(Clone, Copy, Debug)]
pub struct PlacementView<'a> {
    /// Whose.
    pub person: PersonView<'a>,
    /// The placement.
    pub placement: &'a Placement,
}

/// A service of the directory.
#[derive(Clone, Copy, Debug)]
pub struct ServiceView<'a> {
    /// The agreement that it is given under, whose terms not everybody may see.
    pub agreement: &'a Agreement,
    /// The service.
    pub service: &'a Service,
}

impl<'a> AgencyView<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, scope: Scope) -> Self {
        Self { snapshot, scope }
    }

    /// A delivery plan, for a scope that reads everything.
    pub fn plan(self, id: PlanId) -> Option<&'a Plan> {
        if !self.holds(id.into()) {
            return None;
        }
        self.snapshot.case(CaseKey::Plan(id))?.plan()
    }

    pub(crate) fn snapshot(self) -> &'a Snapshot {
        self.snapshot
    }

    /// The scope.
    pub fn scope(self) -> Scope {
        self.scope
    }

    /// Position of the view.
    pub fn position(self) -> Position {
        self.snapshot.position()
    }

    /// The ledger's commissioner, if it has been opened.
    pub fn commissioner(self) -> Option<AgencyId> {
        self.snapshot.case(CaseKey::Ledger)?.ledger()?.commissioner()
    }

    /// An agency of the directory.
    pub fn agency(self, id: AgencyId) -> Option<&'a Agency> {
        self.snapshot.case(CaseKey::Agency(id))?.agency().filter(|it| !it.descriptions.is_empty())
    }

    /// Agencies of the directory, in the order in which they were described.
    pub fn agencies(
        self,
        range: impl RangeBounds<Position>,
    ) -> impl DoubleEndedIterator<Item = (Position, &'a Agency)> {
        let found = self.snapshot.agencies.range(range);
        found.filter_map(move |(at, id)| Some((*at, self.agency(*id)?)))
    }

    /// A service of the directory.
    pub fn service(self, id: ServiceId) -> Option<ServiceView<'a>> {
        let home = self.snapshot.home(id.into())?;
        let agreement = self.snapshot.case(home)?.agreement()?;
        Some(ServiceView { agreement, service: agreement.service(id)? })
    }

    /// Services of the directory, in the order in which they were described.
    pub fn services(
        self,
        range: impl RangeBounds<Position>,
    ) -> impl DoubleEndedIterator<Item = (Position, ServiceView<'a>)> {
        let found = self.snapshot.services.range(range);
        found.filter_map(move |(at, id)| Some((*at, self.service(*id)?)))
    }

    /// Capacity against bookings of a service on a day.
    pub fn free_places(self, service: &Service, day: Date) -> Vec<FreePlaces> {
        self.snapshot.free_places(service, day)
    }

    /// An agreement that the scope is or was a partner of.
    pub fn agreement(self, id: AgreementId) -> Option<&'a Agreement> {
        self.held(id.into())?.agreement().filter(|agreement| !agreement.versions.is_empty())
    }

    /// A person of whom the scope sees anything at all.
    pub fn person(self, id: PersonId) -> Option<PersonView<'a>> {
        self.person_of(CaseKey::Person(id))
            .filter(|person| person.is_known() && person.person.registration.is_some())
    }

    /// A sentence that the scope holds.
    pub fn sentence(self, id: SentenceId) -> Option<SentenceView<'a>> {
        let person = self.person_holding(id.into())?;
        Some(SentenceView { person, sentence: person.person.sentence(id)? })
    }

    /// A referral that the scope holds.
    pub fn referral(self, id: ReferralId) -> Option<ReferralView<'a>> {
        let person = self.person_holding(id.into())?;
        Some(ReferralView { person, referral: person.person.referral(id)? })
    }

    /// A placement that the scope holds.
    pub fn placement(self, id: PlacementId) -> Option<PlacementView<'a>> {
        let person = self.person_holding(id.into())?;
        Some(PlacementView { person, placement: person.person.placement(id)? })
    }

    /// How many things are on a list.
    pub fn count(self, list: List) -> usize {
        self.book().map_or(0, |book| book.list(list).len())
    }

    /// Things on a list, in the order in which they came into being.
    pub fn list(
        self,
        list: List,
        range: impl RangeBounds<Position>,
    ) -> impl DoubleEndedIterator<Item = Entry> {
        let found = self.book().map(|book| book.list(list).range(range));
        found.into_iter().flatten().map(|(at, case)| Entry { at: *at, case: *case })
    }

    /// The agreement of an entry of [`List::Agreements`].
    pub fn agreement_at(self, entry: Entry) -> Option<&'a Agreement> {
        self.snapshot.case(entry.case)?.agreement()
    }

    /// The person of an entry of a list of people, sentences, referrals or placements.
    pub fn person_at(self, entry: Entry) -> Option<PersonView<'a>> {
        self.person_of(entry.case)
    }

    /// The sentence of an entry of a list of sentences.
    pub fn sentence_at(self, entry: Entry) -> Option<SentenceView<'a>> {
        let person = self.person_of(entry.case)?;
        let sentence = person.person.sentences.iter().find(|it| it.at == entry.at)?;
        Some(SentenceView { person, sentence })
    }

    /// The referral of an entry of a list of referrals.
    pub fn referral_at(self, entry: Entry) -> Option<ReferralView<'a>> {
        let person = self.person_of(entry.case)?;
        let referral = person.person.referrals.iter().find(|it| it.at == entry.at)?;
        Some(ReferralView { person, referral })
    }

    /// The placement of an entry of a list of placements.
    pub fn placement_at(self, entry: Entry) -> Option<PlacementView<'a>> {
        let person = self.person_of(entry.case)?;
        let placement = person.person.placements.iter().find(|it| it.at == entry.at)?;
        Some(PlacementView { person, placement })
    }

    /// Whether the scope may see a stream.
    pub fn holds(self, stream: StreamId) -> bool {
        self.snapshot.sees(self.scope, stream)
    }

    /// The version of a stream that the scope holds.
    pub fn version(self, stream: StreamId) -> Option<u32> {
        Some(self.held(stream)?.trail.version(stream))
    }

    /// Positions of all records of the case that a stream belongs to, if the scope sees the
    /// stream. Of these the scope sees those whose streams it holds.
    pub fn positions(self, stream: StreamId) -> Option<&'a [Position]> {
        Some(&self.held(stream)?.trail.positions)
    }

    /// What is odd on a day, case by case: contradictions and delays of what the scope holds, and
    /// overbooked services that it provides, leads or pays for.
    pub fn anomalies(self, on: Date) -> impl Iterator<Item = Anomaly> + 'a {
        let people = self.snapshot.held(self.scope).into_iter();
        people.filter_map(move |key| self.snapshot.case(key)).flat_map(move |case| {
            let mut found = anomalies(case, on);
            found.retain(|anomaly| self.sees(case, anomaly.stream));
            if let Some(agreement) = case.agreement() {
                let ours = self.scope.reads_everything()
                    || agreement.partners().any(|partner| partner == self.scope.agency());
                let overbooked = |service: &&Service| {
                    self.free_places(service, on).iter().any(|it| it.taken > it.capacity)
                };
                let services = agreement.services.iter().filter(|_| ours).filter(overbooked);
                found.extend(services.map(|service| Anomaly {
                    kind: AnomalyKind::Overbooked,
                    stream: service.id.into(),
                    at: service.opened(),
                }));
            }
            found
        })
    }

    fn book(self) -> Option<&'a crate::Book> {
        if self.scope.reads_everything() {
            return Some(&self.snapshot.everything);
        }
        self.snapshot.books.get(&self.scope.agency())
    }

    fn held(self, stream: StreamId) -> Option<&'a Arc<Case>> {
        let case = self.snapshot.case(self.snapshot.home(stream)?)?;
        self.sees(case, stream).then_some(case)
    }

    fn sees(self, case: &Case, stream: StreamId) -> bool {
        sees(case, stream, self.scope.agency(), self.scope.role())
    }

    fn person_of(self, key: CaseKey) -> Option<PersonView<'a>> {
        let case = self.snapshot.case(key)?;
        Some(PersonView { view: self, case, person: case.person()? })
    }

    fn person_holding(self, stream: StreamId) -> Option<PersonView<'a>> {
        let case = self.held(stream)?;
        Some(PersonView { view: self, case, person: case.person()? })
    }
}

impl<'a> PersonView<'a> {
    /// Which person.
    pub fn id(self) -> PersonId {
        self.person.id
    }

    /// Who the person is: for whoever holds the person or a referral of theirs. Sealed.
    pub fn registration(self) -> Option<&'a Registration> {
        self.person.registration.as_deref().filter(|_| self.is_known())
    }

    /// Whether the scope holds the person, and not only a referral.
    pub fn is_held(self) -> bool {
        self.view.sees(self.case, self.person.id.into())
    }

    /// How the person lives, by day: for whoever holds the stream of it.
    pub fn circumstances(self) -> &'a [Arc<Recorded<CircumstanceRecorded>>] {
        if self.shows(StreamKind::Circumstance) { &self.person.circumstances } else { &[] }
    }

    /// Offences proven, by day of proof: likewise.
    pub fn offences(self) -> &'a [Arc<Recorded<OffenceProven>>] {
        if self.shows(StreamKind::Offence) { &self.person.offences } else { &[] }
    }

    /// Entries on registers, changes and removals, by day: likewise.
    pub fn registers(self) -> &'a [Arc<Recorded<RegisterSet>>] {
        if self.shows(StreamKind::Register) { &self.person.registers } else { &[] }
    }

    /// Assessments, by day: likewise.
    pub fn assessments(self) -> &'a [Arc<Recorded<Assessed>>] {
        if self.shows(StreamKind::Assessment) { &self.person.assessments } else { &[] }
    }

    /// Whether the scope holds the person's own stream of a kind.
    pub fn shows(self, kind: StreamKind) -> bool {
        self.view.sees(self.case, StreamId::of_person(kind, self.person.id))
    }

    /// Sentences that the scope holds, in recorded order.
    pub fn sentences(self) -> impl DoubleEndedIterator<Item = SentenceView<'a>> {
        self.person
            .sentences
            .iter()
            .filter(move |sentence| self.view.sees(self.case, sentence.id.into()))
            .map(move |sentence| SentenceView { person: self, sentence })
    }

    /// Referrals that the scope holds, in recorded order.
    pub fn referrals(self) -> impl DoubleEndedIterator<Item = ReferralView<'a>> {
        self.person
            .referrals
            .iter()
            .filter(move |referral| self.view.sees(self.case, referral.id.into()))
            .map(move |referral| ReferralView { person: self, referral })
    }

    /// Placements that the scope holds, in recorded order.
    pub fn placements(self) -> impl DoubleEndedIterator<Item = PlacementView<'a>> {
        self.person
            .placements
            .iter()
            .filter(move |placement| self.view.sees(self.case, placement.id.into()))
            .map(move |placement| PlacementView { person: self, placement })
    }

    /// The view that it is part of.
    pub fn view(self) -> AgencyView<'a> {
        self.view
    }

    /// Streams of the case that the scope holds.
    pub fn streams(self) -> impl Iterator<Item = StreamId> {
        let heads = self.case.trail.streams.iter().map(|head| head.stream);
        heads.filter(move |stream| self.view.sees(self.case, *stream))
    }

    /// Positions of all records of the case, of which the scope sees those of [`Self::streams`].
    pub fn positions(self) -> &'a [Position] {
        &self.case.trail.positions
    }

    fn is_known(self) -> bool {
        self.view.scope.reads_everything() || knows_person(self.case, self.view.scope.agency())
    }
}

impl<'a> ReferralView<'a> {
    /// Its placements, in recorded order: whoever holds a referral holds them.
    pub fn placements(self) -> impl DoubleEndedIterator<Item = PlacementView<'a>> {
        let person = self.person;
        let id = self.referral.id;
        let all = person.person.placements.iter().filter(move |it| it.referral == id);
        all.map(move |placement| PlacementView { person, placement })
    }

    /// Whether it was accepted and every placement has ended.
    pub fn is_concluded(self) -> bool {
        self.person.person.is_concluded(self.referral)
    }
}

impl<'a> PlacementView<'a> {
    /// The referral that it is under.
    pub fn referral(self) -> Option<ReferralView<'a>> {
        let person = self.person;
        let referral = person.person.referral(self.placement.referral)?;
        Some(ReferralView { person, referral })
    }
}

impl<'a> SentenceView<'a> {
    /// Minutes of unpaid work credited under it: those of placements whose referral names a
    /// requirement of it.
    pub fn credited_minutes(self, requirement: &tallystick_domain::Code) -> u32 {
        let person: &'a Person = self.person.person;
        let serving = person.referrals.iter().filter(|referral| {
            referral.sentence == Some(self.sentence.id)
                && referral.requirement.as_ref() == Some(requirement)
        });
        serving
            .flat_map(|referral| person.placements_of(referral.id))
            .map(|placement| placement.credited_minutes())
            .sum()
    }
}
