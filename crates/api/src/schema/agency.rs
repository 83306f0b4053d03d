//! Partner agencies: the directory that every partner sees.

use async_graphql::{ID, Object, Result};
use tallystick_domain::{agency, event};

use super::{
    code, connection::listed, context::At, event::EventConnection, history, id, scalar::Code,
    scalar::Date,
};

/// A partner agency, as described on the day asked for.
pub(crate) struct Agency<'a> {
    at: &'a At,
    it: &'a agency::Agency,
}

listed! { Agency<'_>: "AgencyConnection", "AgencyEdge"; }

impl<'a> Agency<'a> {
    pub(crate) fn new(at: &'a At, it: &'a agency::Agency) -> Self {
        Self { at, it }
    }

    /// The agency of that identifier, if it is in the directory.
    pub(crate) fn find(at: &'a At, id: tallystick_domain::id::AgencyId) -> Option<Self> {
        at.view().agency(id).map(|it| Self::new(at, it))
    }

    /// What holds on the day; before the first description, the first.
    fn facts(&self) -> &'a event::AgencyDescribed {
        let held = self.it.on(self.at.on);
        // The directory shows only agencies that were described.
        held.unwrap_or_else(|| &self.it.descriptions[0].facts)
    }
}

/// A partner agency, as described on the day asked for.
#[Object]
impl<'a> Agency<'a> {
    /// Its identifier.
    pub(crate) async fn id(&self) -> ID {
        id::show(self.it.id)
    }

    /// Its name.
    fn name(&self) -> &str {
        self.facts().name.as_str()
    }

    /// What sort of body it is.
    fn kind(&self) -> code::AgencyKind {
        self.facts().kind.into()
    }

    /// How far it has come as a partner.
    fn status(&self) -> code::AgencyStatus {
        self.facts().status.into()
    }

    /// Whether it is a public body: only those may hold an offender manager.
    fn public(&self) -> bool {
        self.facts().kind.is_public()
    }

    /// The agency it belongs to.
    fn parent(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.facts().parent?)
    }

    /// Areas it works in.
    fn areas(&self) -> Vec<Code> {
        self.facts().areas.iter().cloned().map(Code).collect()
    }

    /// Free tags.
    fn tags(&self) -> Vec<Code> {
        self.facts().tags.iter().cloned().map(Code).collect()
    }

    /// Staff, in hundredths of a full-time post.
    fn staff_fte_hundredths(&self) -> Option<u32> {
        self.facts().staff_fte
    }

    /// All its descriptions, by the day from which each holds.
    fn descriptions(&self) -> Vec<AgencyDescription<'a>> {
        self.it.descriptions.iter().map(AgencyDescription).collect()
    }

    /// Version of its stream: the number of its events. Give it as `expectedVersion`.
    fn version(&self) -> u32 {
        self.at.view().version(self.it.id.into()).unwrap_or_default()
    }

    /// Its events, in the order in which they were recorded.
    async fn history(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only events after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only events before this place.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let page = self.at.page(first, after, last, before)?;
        history::of_stream(self.at, self.it.id.into(), page).await
    }
}

/// A description of an agency and the day from which it holds.
pub(crate) struct AgencyDescription<'a>(&'a agency::Description);

/// A description of an agency and the day from which it holds.
#[Object]
impl AgencyDescription<'_> {
    /// The day from which it holds.
    fn from(&self) -> Date {
        Date(self.0.from)
    }

    /// The name.
    fn name(&self) -> &str {
        self.0.facts.name.as_str()
    }

    /// The sort of body.
    fn kind(&self) -> code::AgencyKind {
        self.0.facts.kind.into()
    }

    /// How far it had come as a partner.
    fn status(&self) -> code::AgencyStatus {
        self.0.facts.status.into()
    }

    /// Why its kind went back from trust to board.
    fn reason(&self) -> Option<Code> {
        self.0.facts.reason.clone().map(Code)
    }
}
