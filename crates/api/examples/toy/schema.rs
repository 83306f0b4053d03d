//! A small ledger in memory behind the real front door: what the tests and benches ask.
#![allow(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    reason = "resolvers have the shape that the GraphQL library calls"
)]

use std::sync::Arc;

use async_graphql::{
    Context, Data, ID, InputObject, Object, OneofObject, Result, Schema, SchemaBuilder,
    SimpleObject, Subscription, parser::types::OperationType,
};
use futures_util::{Stream, stream};
use parking_lot::RwLock;
use tallystick_api::{
    Caller, Code, Engine, Exposition, Host, Limits, Live, LiveSlot, Notes, Refused, ScopeKey,
    Service, Tick, TickKey, TokenEntry, Tokens,
};
use tokio::sync::watch;

/// The token of the toy's one agency with all rights.
pub(crate) const TOKEN: &str = "tally";
/// The token of someone who may only query.
pub(crate) const READER: &str = "reader";

/// Events and the position of the last.
#[derive(Clone)]
pub(crate) struct Ledger(Arc<Inner>);

struct Inner {
    events: RwLock<Vec<Event>>,
    head: watch::Sender<u64>,
}

/// One event; its text is as long as the caller makes it.
#[derive(Clone, SimpleObject)]
pub(crate) struct Event {
    position: u64,
    text: Arc<str>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { events: RwLock::default(), head: watch::Sender::new(0) }))
    }

    pub(crate) fn append(&self, text: &str) -> u64 {
        let mut events = self.0.events.write();
        let position = events.len() as u64 + 1;
        events.push(Event { position, text: text.into() });
        drop(events);
        self.0.head.send_replace(position);
        position
    }

    fn head(&self) -> u64 {
        *self.0.head.borrow()
    }

    fn follow(&self, after: u64) -> impl Stream<Item = Result<Tick, Refused>> + Send + 'static {
        let follower = (self.clone(), self.0.head.subscribe(), after);
        stream::unfold(follower, async |(ledger, mut head, after)| {
            head.wait_for(|head| *head > after).await.ok()?;
            let event = ledger.0.events.read()[usize::try_from(after).ok()?].clone();
            Some((Ok(Tick::new(TickKey(after + 1, 0), event)), (ledger, head, after + 1)))
        })
    }

    fn changes(&self) -> impl Stream<Item = Result<Tick, Refused>> + Send + 'static {
        let mut head = self.0.head.subscribe();
        head.mark_changed();
        stream::unfold(head, async |mut head| {
            head.changed().await.ok()?;
            let position = *head.borrow_and_update();
            Some((Ok(Tick::new(TickKey(position, 0), LedgerNow { position })), head))
        })
    }
}

pub(crate) struct Person {
    role: String,
    agency: String,
}

impl Caller for Person {
    fn scope_key(&self) -> ScopeKey {
        ScopeKey::new(format!("{}/{}", self.agency, self.role))
    }

    fn may(&self, operation: OperationType, _: &str) -> bool {
        self.role == "ALL" || operation != OperationType::Mutation
    }
}

pub(crate) struct Query;

#[derive(InputObject)]
pub(crate) struct Range {
    from: i32,
    #[graphql(default = 10)]
    to: i32,
}

#[derive(OneofObject)]
pub(crate) enum AsOf {
    Position(String),
    Day(String),
}

#[derive(async_graphql::Enum, Copy, Clone, PartialEq, Eq)]
pub(crate) enum Colour {
    Red,
    Green,
}

#[Object]
impl Query {
    /// Who asks.
    fn viewer(&self, ctx: &Context<'_>) -> Result<String> {
        let caller = ctx.data::<Arc<Person>>()?;
        Ok(format!("{} of {}", caller.role, caller.agency))
    }
    fn node(&self, id: ID) -> Option<ID> {
        Some(id)
    }
    fn sum(&self, range: Range) -> i32 {
        range.to - range.from
    }
    fn at(&self, at: AsOf) -> String {
        match at {
            AsOf::Position(at) | AsOf::Day(at) => at,
        }
    }
    fn colours(&self, of: Vec<Colour>) -> Vec<Colour> {
        of
    }
    fn ledger(&self, ctx: &Context<'_>) -> Result<LedgerNow> {
        let position = ctx.data::<Ledger>()?.head();
        ctx.data::<Notes>()?
            .set("ledger", async_graphql::value!({"position": position.to_string()}));
        Ok(LedgerNow { position })
    }
    fn deep(&self) -> Deep {
        Deep
    }
    fn breaks(&self) -> Option<Result<i32>> {
        Some(Err("/var/lib/ledger is on fire".into()))
    }
    fn behind(&self) -> Option<Result<i32>> {
        Some(Err(Code::Behind.error("position 9 is not here yet")))
    }
    fn panics(&self) -> i32 {
        std::hint::black_box(None).expect("the canary sang")
    }
    async fn waits(&self, ms: u64) -> u64 {
        tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
        ms
    }
    /// An agency's home: four counts and the latest referrals.
    fn home(&self) -> Home {
        Home
    }
}

pub(crate) struct Deep;

#[Object]
impl Deep {
    fn deep(&self) -> Self {
        Self
    }
    fn end(&self) -> i32 {
        1
    }
}

#[derive(Clone)]
pub(crate) struct LedgerNow {
    position: u64,
}

#[Object]
impl LedgerNow {
    fn position(&self) -> String {
        self.position.to_string()
    }
    /// Changes with every tenth event only.
    fn tens(&self) -> u64 {
        self.position / 10
    }
}

pub(crate) struct Home;

#[Object]
impl Home {
    fn referred(&self) -> i32 {
        412
    }
    fn accepted(&self) -> i32 {
        301
    }
    fn placed(&self) -> i32 {
        188
    }
    fn breached(&self) -> i32 {
        17
    }
    fn referrals(&self, first: i32) -> Vec<Referral> {
        (0..first).map(Referral).collect()
    }
}

pub(crate) struct Referral(i32);

#[Object]
impl Referral {
    fn id(&self) -> ID {
        format!("ref_0192a1b2-c3d4-7e5f-8a9b-{:012}", self.0).into()
    }
    fn state(&self) -> &'static str {
        "ACCEPTED"
    }
    fn need(&self) -> &'static str {
        "ACCOMMODATION"
    }
    fn made_on(&self) -> &'static str {
        "2009-04-01"
    }
    fn provider(&self) -> &'static str {
        "Willowdene"
    }
    fn placements(&self) -> Vec<Placement> {
        vec![Placement(self.0)]
    }
}

pub(crate) struct Placement(i32);

#[Object]
impl Placement {
    fn id(&self) -> ID {
        format!("plc_0192a1b2-c3d4-7e5f-8a9b-{:012}", self.0).into()
    }
    fn state(&self) -> &'static str {
        "STARTED"
    }
}

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    fn post(&self, ctx: &Context<'_>, text: String) -> Result<String> {
        Ok(ctx.data::<Ledger>()?.append(&text).to_string())
    }
}

pub(crate) struct Subscriptions;

#[Subscription]
impl Subscriptions {
    /// Every event after `after`, in order.
    async fn event_stream(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
    ) -> Result<impl Stream<Item = Shown> + use<>> {
        let ledger = ctx.data::<Ledger>()?;
        let slot = ctx.data::<Arc<LiveSlot>>()?;
        let events = slot
            .stream::<Event, async_graphql::Error>(async {
                let after = match after.as_deref() {
                    None => 0,
                    Some(cursor) => cursor
                        .strip_prefix("c:")
                        .and_then(|position| position.parse().ok())
                        .ok_or_else(|| Code::CursorUnknown.error("no cursor of this ledger"))?,
                };
                Ok(Live::every(ledger.follow(after)).resumable(|key| format!("c:{}", key.0)))
            })
            .await?;
        Ok(futures_util::StreamExt::map(events, Shown))
    }

    /// The ledger as it is.
    async fn ledger(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = LedgerNow> + use<>> {
        let changes = ctx.data::<Ledger>()?.changes();
        let slot = ctx.data::<Arc<LiveSlot>>()?;
        slot.stream::<_, async_graphql::Error>(async { Ok(Live::latest(changes)) }).await
    }

    /// Ends after two events.
    async fn two(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = LedgerNow> + use<>> {
        let ticks = [1, 2].map(|n| Ok(Tick::new(TickKey(n, 0), LedgerNow { position: n })));
        let slot = ctx.data::<Arc<LiveSlot>>()?;
        slot.stream::<_, async_graphql::Error>(async { Ok(Live::every(stream::iter(ticks))) }).await
    }

    /// Breaks the rule that a resolver opens its slot.
    async fn wild(&self) -> impl Stream<Item = i32> + use<> {
        stream::iter([1, 2, 3])
    }
}

pub(crate) struct Shown(Event);

#[Object]
impl Shown {
    fn cursor(&self) -> String {
        format!("c:{}", self.0.position)
    }
    fn text(&self) -> &str {
        &self.0.text
    }
}

pub(crate) struct Node;

impl Host for Node {
    fn ready(&self) -> std::result::Result<(), String> {
        Ok(())
    }
    fn info(&self) -> serde_json::Map<String, serde_json::Value> {
        serde_json::Map::from_iter([("version".into(), "toy".into())])
    }
    fn measure(&self, exposition: &mut Exposition) {
        exposition.gauge("toy_fold_lag_events", "Events not yet folded.", 0);
    }
    fn equip(&self, _: &mut Data) {}
}

pub(crate) type ToySchema = SchemaBuilder<Query, Mutation, Subscriptions>;

pub(crate) fn schema(ledger: &Ledger) -> ToySchema {
    Schema::build(Query, Mutation, Subscriptions).data(ledger.clone())
}

/// The front door of a toy ledger.
pub(crate) fn service(ledger: &Ledger, limits: Limits) -> Arc<Service<Person>> {
    let entries = [
        TokenEntry::for_token(TOKEN, "t", "toys", "ALL"),
        TokenEntry::for_token(READER, "r", "toys", "READER"),
    ];
    let tokens = Tokens::new(entries, |entry| {
        Ok::<_, String>(Person { role: entry.role.clone(), agency: entry.agency.clone() })
    })
    .expect("two different tokens");
    let engine = Engine::new(|| schema(ledger), limits);
    Service::new(engine, Box::new(tokens), Node, vec!["https://dashboard.example".into()])
}
