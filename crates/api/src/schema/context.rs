//! What all resolvers of a request share: one snapshot, so that every field of an answer is of one
//! position, restricted to what the caller may see.

use std::sync::Arc;

use async_graphql::{Context, Result, Value, value};
use tallystick_domain::{
    Date, Position, Record, StreamId,
    command::Identity,
    event::CircumstanceRecorded,
    id::{AgencyId, PersonId},
    person::{Recorded, Registration},
};
use tallystick_ledger::{Past, TreeHash};
use tallystick_views::{AgencyView, Entry, List, Scope, Snapshot};

use super::{connection::Page, cursor::Origin, sensitive::RedactionReason};
use crate::{answer::Notes, node::Node, principal::Principal};

/// A snapshot as one caller may read it, on a day.
#[derive(Clone)]
pub(crate) struct At {
    pub(crate) snapshot: Arc<Snapshot>,
    /// Position of the answer; the past of an agency is folded from fewer records than there are.
    pub(crate) position: Position,
    /// When the record there was recorded, in milliseconds since 1970-01-01T00:00Z.
    pub(crate) time: i64,
    /// Root of the tree over the records up to the position; `None` if it cannot be read.
    pub(crate) root: Option<TreeHash>,
    /// The head, where `snapshot` is of the past: who may see a thing is decided there too.
    today: Option<Arc<Snapshot>>,
    pub(crate) scope: Scope,
    /// Whom the caller acts for; the scope's own agency, but for roles that see no cases.
    pub(crate) agency: AgencyId,
    /// What depends on a date is of this one.
    pub(crate) on: Date,
    /// The log that cursors point into: of the head, also where `snapshot` is of the past.
    pub(crate) origin: Origin,
    pub(crate) node: Node,
}

impl At {
    /// The head as a caller may read it, on a day.
    pub(crate) fn head(
        node: &Node,
        principal: &Principal,
        snapshot: Arc<Snapshot>,
        on: Date,
    ) -> Self {
        Self {
            origin: Origin::of(&snapshot),
            position: snapshot.position(),
            time: snapshot.recorded_at(),
            root: node.root(snapshot.position()),
            snapshot,
            today: None,
            scope: principal.scope(),
            agency: principal.agency(),
            on,
            node: node.clone(),
        }
    }

    /// The same caller's view of the past, seen from here.
    ///
    /// # Errors
    /// `INTERNAL`, when the work was cut short.
    pub(crate) async fn past(&self, past: Past) -> Result<Self> {
        let today = Some(Arc::clone(&self.snapshot));
        let Past { snapshot, position, recorded_at: time } = past;
        let root = self.node.past_root(position).await?;
        Ok(Self { snapshot, position, time, root, today, ..self.clone() })
    }

    /// Whether it is of the head, and not of the past.
    pub(crate) fn is_now(&self) -> bool {
        self.today.is_none()
    }

    /// The same on another day.
    pub(crate) fn on(self, on: Date) -> Self {
        Self { on, ..self }
    }

    /// What the caller may read; the only way there is to the snapshot's contents.
    pub(crate) fn view(&self) -> AgencyView<'_> {
        self.snapshot.view(self.scope)
    }

    /// Whether today's audience lets the caller see a stream, whatever that of the past did.
    pub(crate) fn shows(&self, stream: impl Into<StreamId>) -> bool {
        self.today.as_ref().is_none_or(|today| today.sees(self.scope, stream.into()))
    }

    /// Whether today's audience lets the caller know of a person at all.
    pub(crate) fn shows_person(&self, id: PersonId) -> bool {
        self.today.as_ref().is_none_or(|today| today.view(self.scope).person(id).is_some())
    }

    /// Whether the caller sees a stream, then and now.
    pub(crate) fn holds(&self, stream: StreamId) -> bool {
        self.view().holds(stream) && self.shows(stream)
    }

    /// How many things on a list the caller may see.
    pub(crate) fn count(&self, list: List) -> usize {
        let view = self.view();
        if self.today.is_none() {
            return view.count(list);
        }
        view.list(list, ..).filter(|entry| self.shows_entry(list, *entry)).count()
    }

    fn shows_entry(&self, list: List, entry: Entry) -> bool {
        let view = self.view();
        let stream: Option<StreamId> = match list {
            List::People => view.person_at(entry).map(|it| it.id().into()),
            List::Caseload | List::Enforcement => {
                view.sentence_at(entry).map(|it| it.sentence.id.into())
            }
            List::Referrals | List::Inbox => {
                view.referral_at(entry).map(|it| it.referral.id.into())
            }
            List::Placements | List::LivePlacements => {
                view.placement_at(entry).map(|it| it.placement.id.into())
            }
            List::Agreements => view.agreement_at(entry).map(|it| it.id.into()),
        };
        stream.is_some_and(|stream| self.shows(stream))
    }

    /// The page that four arguments ask for.
    ///
    /// # Errors
    /// As [`Page::read`].
    pub(crate) fn page(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Page> {
        Page::read(self.origin, first, after, last, before)
    }

    /// Who a person is, if the caller may read that.
    pub(crate) fn open_identity(
        &self,
        registration: &Registration,
    ) -> Result<Identity, RedactionReason> {
        if self.scope.reads_everything() {
            return Err(RedactionReason::Sealed);
        }
        self.node.ledger().open_identity(registration).map_err(Into::into)
    }

    /// The confidential value of a circumstance that the caller sees, if it has one.
    pub(crate) fn open_circumstance(
        &self,
        recorded: &Recorded<CircumstanceRecorded>,
    ) -> Option<Result<String, RedactionReason>> {
        if !self.scope.role().reads_confidential() {
            let sealed = recorded.facts.circumstance.confidential();
            return sealed.map(|_| Err(RedactionReason::Sealed));
        }
        let opened = self.node.ledger().open_circumstance(recorded)?;
        Some(opened.map(|text| text.as_str().to_owned()).map_err(Into::into))
    }

    /// The note of a record, if it has one.
    pub(crate) fn open_note(&self, record: &Record) -> Option<Result<String, RedactionReason>> {
        if self.scope.reads_everything() {
            return record.note.as_ref().map(|_| Err(RedactionReason::Sealed));
        }
        let opened = self.node.ledger().open_note(record)?;
        Some(opened.map(|note| note.as_str().to_owned()).map_err(Into::into))
    }

    /// Says in the answer's extensions what it is of, so that a figure can be cited.
    pub(crate) fn cite(&self, notes: &Notes) {
        notes.set("ledger", citation(self.position, self.root, self.on));
    }
}

fn citation(position: Position, root: Option<TreeHash>, on: Date) -> Value {
    let root = root.map(|root| root.to_string());
    value!({ "position": position.to_string(), "root": root, "on": on.to_string() })
}

/// The request's own.
///
/// # Errors
/// `INTERNAL`, when nobody equipped the request.
pub(crate) fn at<'a>(ctx: &Context<'a>) -> Result<&'a Arc<At>> {
    ctx.data::<Arc<At>>()
}
