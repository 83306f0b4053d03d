//! People on probation, end to end: custody and community, referrals and placements.

use std::sync::OnceLock;

use async_graphql::{ID, Object, Result, SimpleObject};
use tallystick_domain::{
    StreamId, StreamKind, command::Identity, id::PersonId, person::Registration,
};
use tallystick_views::PersonView;

use super::{
    agency::Agency,
    assessment::Assessment,
    circumstance::Circumstance,
    code,
    connection::{Connection, listed},
    context::At,
    event::EventConnection,
    history, id,
    offence::Offence,
    placement::Placement,
    referral::Referral,
    register::RegisterEntry,
    scalar::Date,
    sensitive::{
        ClearDate, PersonName, Redacted, RedactionReason, SensitiveDate, SensitiveName,
        SensitiveText,
    },
    sentence::Sentence,
};

/// A person, as far as the caller's scope reaches.
pub(crate) struct Person<'a> {
    at: &'a At,
    it: PersonView<'a>,
    /// Opened once for all the fields that show a part of it.
    identity: OnceLock<Result<Identity, RedactionReason>>,
}

listed! { Person<'_>: "PersonConnection", "PersonEdge"; }

impl<'a> Person<'a> {
    pub(crate) fn new(at: &'a At, it: PersonView<'a>) -> Self {
        Self { at, it, identity: OnceLock::new() }
    }

    /// The person of that identifier, if the caller sees anything of them.
    pub(crate) fn find(at: &'a At, id: PersonId) -> Option<Self> {
        at.view().person(id).filter(|_| at.shows_person(id)).map(|it| Self::new(at, it))
    }

    /// Whether the person's own stream of a kind is shown today too.
    fn shows(&self, kind: StreamKind) -> bool {
        self.at.shows(StreamId::of_person(kind, self.it.id()))
    }

    fn registration(&self) -> Option<&'a Registration> {
        self.it.registration()
    }

    fn identity(&self) -> Result<&Identity, RedactionReason> {
        let opened = self.identity.get_or_init(|| match self.registration() {
            Some(registration) => self.at.open_identity(registration),
            // What the scope does not reach stays closed.
            None => Err(RedactionReason::Sealed),
        });
        opened.as_ref().map_err(|reason| *reason)
    }
}

/// A person on probation, as far as the caller's scope reaches: whoever holds a sentence sees it
/// all, whoever holds a referral sees who the person is and that referral.
#[Object]
impl<'a> Person<'a> {
    /// A random reference that may be quoted between partners.
    pub(crate) async fn id(&self) -> ID {
        id::show(self.it.id())
    }

    /// The name.
    fn name(&self) -> SensitiveName {
        match self.identity() {
            Ok(identity) => SensitiveName::Clear(PersonName {
                given: identity.given_name.as_str().to_owned(),
                family: identity.family_name.as_str().to_owned(),
            }),
            Err(reason) => SensitiveName::Redacted(Redacted { reason }),
        }
    }

    /// The birth date.
    fn born(&self) -> SensitiveDate {
        match self.identity() {
            Ok(identity) => SensitiveDate::Clear(ClearDate { date: Date(identity.born) }),
            Err(reason) => SensitiveDate::Redacted(Redacted { reason }),
        }
    }

    /// Identifiers in the schemes of the criminal justice agencies.
    fn identifiers(&self) -> Vec<PersonIdentifier> {
        match self.identity() {
            Ok(identity) => identity
                .identifiers
                .iter()
                .map(|(scheme, value)| PersonIdentifier {
                    scheme: (*scheme).into(),
                    value: Ok(value.as_str().to_owned()).into(),
                })
                .collect(),
            Err(reason) => self
                .registration()
                .map(|registration| registration.facts.identifiers.as_slice())
                .unwrap_or_default()
                .iter()
                .map(|it| PersonIdentifier { scheme: it.scheme.into(), value: Err(reason).into() })
                .collect(),
        }
    }

    /// The day of registration.
    fn registered_on(&self) -> Option<Date> {
        self.registration().map(|registration| Date(registration.on))
    }

    /// Who registered the person.
    fn registered_by(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.registration()?.by)
    }

    /// Whether the caller's agency holds the person, and not only a referral of theirs.
    fn held(&self) -> bool {
        self.it.is_held() && self.at.shows(self.it.id())
    }

    /// How the person lives, by day: everything recorded, for those who are responsible for the
    /// person.
    fn circumstances(&self) -> Vec<Circumstance<'a>> {
        let all = self.it.circumstances().iter().filter(|_| self.shows(StreamKind::Circumstance));
        all.map(|it| Circumstance::new(self.at, it)).collect()
    }

    /// Offences proven, by day of proof: likewise.
    fn offences(&self) -> Vec<Offence<'a>> {
        let all = self.it.offences().iter().filter(|_| self.shows(StreamKind::Offence));
        all.map(|it| Offence { at: self.at, it }).collect()
    }

    /// Entries on registers, changes of them and removals, by day: likewise.
    fn registers(&self) -> Vec<RegisterEntry<'a>> {
        let all = self.it.registers().iter().filter(|_| self.shows(StreamKind::Register));
        all.map(|it| RegisterEntry { at: self.at, it }).collect()
    }

    /// Assessments, by day: likewise.
    fn assessments(&self) -> Vec<Assessment<'a>> {
        let all = self.it.assessments().iter().filter(|_| self.shows(StreamKind::Assessment));
        all.map(|it| Assessment { at: self.at, it }).collect()
    }

    /// Sentences that the caller holds, in recorded order.
    fn sentences(&self) -> Vec<Sentence<'a>> {
        let shown = self.it.sentences().filter(|it| self.at.shows(it.sentence.id));
        shown.map(|it| Sentence::new(self.at, it)).collect()
    }

    /// Referrals that the caller holds, in recorded order.
    fn referrals(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Referral<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(page.take(self.it.referrals(), |it| {
            let shown = self.at.shows(it.referral.id).then(|| Referral::new(self.at, it));
            (it.referral.at.into(), shown)
        }))
    }

    /// Placements that the caller holds, in recorded order.
    fn placements(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Placement<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(page.take(self.it.placements(), |it| {
            let shown = self.at.shows(it.placement.id).then(|| Placement::new(self.at, it));
            (it.placement.at.into(), shown)
        }))
    }

    /// Everything recorded about the person that the caller holds, end to end.
    async fn timeline(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only events after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only events before this place.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let page = self.at.page(first, after, last, before)?;
        let streams: Vec<_> = self.it.streams().collect();
        history::of_streams(self.at, &streams, self.it.positions(), page).await
    }

    /// Version of the person's own stream, if the caller holds the person.
    fn version(&self) -> Option<u32> {
        self.at.view().version(self.it.id().into()).filter(|_| self.at.shows(self.it.id()))
    }
}

/// An identifier of a person in a scheme.
#[derive(SimpleObject)]
pub(crate) struct PersonIdentifier {
    /// The scheme.
    scheme: code::IdentifierScheme,
    /// The identifier.
    value: SensitiveText,
}
