//! What can be asked.
#![allow(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    reason = "resolvers have the shape that the GraphQL library calls"
)]

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, Error, ID, Object, OneofObject, Result};
use tallystick_ledger::AsOfError;

use super::{
    audit::Audit,
    context::{At, at},
    event::{Event, EventConnection, EventFilter, Sieve},
    history,
    id::{NodeId, parse_node},
    ledger::Ledger,
    node::Node,
    scalar::{Date, DateTime, Position},
    viewer::Viewer,
};
use crate::{answer::Notes, errors::Code, principal::Principal};

/// How long a read waits for a position that this node has not reached.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What can be asked.
pub(crate) struct Query;

/// A point in the ledger's past.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum AsOf {
    /// The ledger up to and with this position. Inside a command's events it is rounded down to
    /// the last complete command.
    Position(Position),
    /// The ledger as it was recorded up to this instant.
    RecordedAt(DateTime),
}

/// What can be asked.
#[Object]
impl Query {
    /// The ledger at one position, as the caller sees it: now, or in the past.
    async fn ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A point in the past; without it, now. Who may see what is decided by \
            today's audience.")]
        as_of: Option<AsOf>,
        #[graphql(desc = "The day for everything that depends on one; without it, the ledger's \
            today in Europe/London.")]
        on: Option<Date>,
        #[graphql(desc = "Wait until this position is there, up to five seconds; then BEHIND.")]
        at_least: Option<Position>,
    ) -> Result<Ledger> {
        let head = reached(ctx, at_least.map(|it| it.0)).await?;
        let mut at = match as_of {
            None => head,
            Some(as_of) => past(&head, as_of).await?,
        };
        if let Some(on) = on {
            at = at.on(on.0);
        }
        at.cite(ctx.data::<Notes>()?);
        Ok(Ledger::new(Arc::new(at)))
    }

    /// Whatever has an identifier. What the caller may not see is not found.
    fn node<'a>(
        &self,
        ctx: &Context<'a>,
        #[graphql(desc = "Which.")] id: ID,
    ) -> Result<Option<Node<'a>>> {
        let at = at(ctx)?;
        Ok(match parse_node(&id) {
            None => None,
            Some(NodeId::Stream(stream)) => Node::of_stream(at, stream),
            Some(NodeId::Event(event)) => {
                let record = at.node.ledger().event(event)?;
                // The snapshot may be older than the log.
                let shown = record.filter(|record| {
                    record.envelope.position <= at.snapshot.position()
                        && at.holds(record.envelope.stream)
                });
                shown.map(|record| Node::Event(Event::new(Arc::clone(at), record)))
            }
        })
    }

    /// Events that the caller sees, in the order in which they were recorded.
    #[allow(clippy::too_many_arguments, reason = "a connection has four arguments")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<EventFilter>,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only events after this place. One that this node has not reached is \
            waited for, up to five seconds; then BEHIND.")]
        after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only events before this place.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let page = at(ctx)?.page(first, after, last, before)?;
        let at = Arc::new(reached(ctx, page.after.map(|after| after.position)).await?);
        at.cite(ctx.data::<Notes>()?);
        let sieve = Sieve::from(filter.unwrap_or_default());
        history::of_all(&at, sieve, page).await
    }

    /// What shows that nothing recorded was changed.
    fn audit(&self) -> Audit {
        Audit
    }

    /// Who is asking.
    fn viewer<'a>(&self, ctx: &Context<'a>) -> Result<Viewer<'a>> {
        Ok(Viewer { at: at(ctx)?, principal: ctx.data::<Arc<Principal>>()? })
    }
}

/// The head, once it has a position.
///
/// # Errors
/// `BEHIND`, when this node does not come that far in time.
async fn reached(ctx: &Context<'_>, position: Option<tallystick_domain::Position>) -> Result<At> {
    let at = at(ctx)?;
    match position {
        Some(position) if position > at.snapshot.position() => {
            let arrived = at.node.ledger().wait_for(position, PATIENCE).await;
            let snapshot = arrived.map_err(|behind| Code::Behind.error(behind.to_string()))?;
            let principal = ctx.data::<Arc<Principal>>()?;
            Ok(At::head(&at.node, principal, snapshot, at.on))
        }
        _ => Ok(At::clone(at)),
    }
}

/// The past as a caller at the head may read it.
///
/// # Errors
/// `BEHIND`, when this node has not come that far; `SHUTTING_DOWN`; `INTERNAL`.
async fn past(head: &At, as_of: AsOf) -> Result<At> {
    let as_of = match as_of {
        AsOf::Position(position) => tallystick_ledger::AsOf::Position(position.0),
        AsOf::RecordedAt(instant) => tallystick_ledger::AsOf::RecordedAt(instant.0),
    };
    match head.node.ledger().as_of(head.scope, as_of).await {
        Ok(past) => head.past(past).await,
        Err(error @ AsOfError::Beyond { .. }) => Err(Code::Behind.error(error.to_string())),
        Err(error @ AsOfError::ShuttingDown) => Err(Code::ShuttingDown.error(error.to_string())),
        Err(error @ AsOfError::Reading(_)) => Err(Error::new_with_source(error)),
    }
}
