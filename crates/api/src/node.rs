//! The running node as the front door asks it: the ledger, and what is worth keeping of what was
//! worked out for one answer.

use std::{any::TypeId, collections::VecDeque, sync::Arc};

use async_graphql::{Data, Error};
use parking_lot::Mutex;
use tallystick_domain::{
    CaseKey, Cases as _, Date, Position,
    anomaly::Anomaly,
    measure::{Field, Figure},
};
use tallystick_ledger::{Ledger, TreeHash};
use tallystick_views::{EvidenceRow, Group, Question, Scope, Tallies};
use tokio::sync::OnceCell;

use crate::{
    answer::Notes,
    errors::Code,
    host::Host,
    metrics::Exposition,
    principal::Principal,
    schema::{context::At, quality},
    witnesses::Witnesses,
};

/// Answers of each kind kept.
const KEPT: usize = 64;

/// The running node. Cloning it gives another handle to the same one.
#[derive(Clone)]
pub(crate) struct Node(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    digests: Memo<(Position, Scope), [u8; 32]>,
    anomalies: Memo<(Position, Scope, Date), Arc<[Anomaly]>>,
    roots: Memo<Position, Option<TreeHash>>,
    tallies: Mutex<Tallies>,
    witnesses: Witnesses,
}

impl Node {
    pub(crate) fn new(ledger: Ledger, witnesses: Witnesses) -> Self {
        let (digests, anomalies, roots) = (Memo::default(), Memo::default(), Memo::default());
        let tallies = Mutex::default();
        Self(Arc::new(Inner { ledger, digests, anomalies, roots, tallies, witnesses }))
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    pub(crate) fn witnesses(&self) -> &Witnesses {
        &self.0.witnesses
    }

    /// Digest of what a scope held at a position. It covers every case of the scope, so it is
    /// worked out on a thread that may take its time, once for all who ask.
    ///
    /// # Errors
    /// `INTERNAL`, when the work was cut short.
    pub(crate) async fn digest(&self, at: &At) -> Result<[u8; 32], Error> {
        let scope = at.scope;
        let snapshot = Arc::clone(&at.snapshot);
        self.0.digests.get((at.position, scope), move || snapshot.digest(scope)).await
    }

    /// What is odd on a day in what a scope holds, in order.
    ///
    /// # Errors
    /// `INTERNAL`, when the work was cut short.
    pub(crate) async fn anomalies(&self, at: &At) -> Result<Arc<[Anomaly]>, Error> {
        let (scope, on) = (at.scope, at.on);
        let snapshot = Arc::clone(&at.snapshot);
        let work = move || {
            let found = snapshot.view(scope).anomalies(on).collect();
            quality::in_order(found).into()
        };
        self.0.anomalies.get((at.position, scope, on), work).await
    }

    /// What a measure comes to. Of now it is kept up to date with the cases that change; of the
    /// past it is worked out afresh. The scope has been asked.
    ///
    /// # Errors
    /// `INTERNAL`, when the work was cut short.
    pub(crate) async fn figure(&self, at: &At, asked: Arc<Question>) -> Result<Figure, Error> {
        let (now, scope) = (at.is_now(), at.scope);
        let (node, snapshot) = (self.clone(), Arc::clone(&at.snapshot));
        let work = move || {
            if now {
                return Some(node.0.tallies.lock().figure(&snapshot, &asked));
            }
            snapshot.view(scope).figure(&asked)
        };
        let figure = tokio::task::spawn_blocking(work).await.ok().flatten();
        figure.ok_or_else(cut_short)
    }

    /// A figure group by group.
    ///
    /// # Errors
    /// `INTERNAL`, when the work was cut short.
    pub(crate) async fn breakdown(
        &self,
        at: &At,
        asked: &Arc<Question>,
        by: Field,
    ) -> Result<Vec<Group>, Error> {
        let (asked, snapshot, scope) = (Arc::clone(asked), Arc::clone(&at.snapshot), at.scope);
        let work = move || snapshot.view(scope).breakdown(&asked, by);
        tokio::task::spawn_blocking(work).await.map_err(|_| cut_short())
    }

    /// What each case adds to a figure.
    ///
    /// # Errors
    /// `INTERNAL`, when the work was cut short.
    pub(crate) async fn evidence(
        &self,
        at: &At,
        asked: &Arc<Question>,
    ) -> Result<Vec<EvidenceRow>, Error> {
        let (asked, snapshot, scope) = (Arc::clone(asked), Arc::clone(&at.snapshot), at.scope);
        let work = move || snapshot.view(scope).evidence(&asked);
        tokio::task::spawn_blocking(work).await.map_err(|_| cut_short())
    }

    /// Root of the tree at a position of now, which is at hand. An answer is worth giving without
    /// one too, so that stored tiles that cannot be read are only told of in the log.
    pub(crate) fn root(&self, position: Position) -> Option<TreeHash> {
        self.ledger().root(position).map_or_else(
            |error| {
                tracing::error!(position = position.0, %error, "an answer goes without its root");
                None
            },
            Some,
        )
    }

    /// Root of the tree at a position of the past, which may have to be read.
    ///
    /// # Errors
    /// `INTERNAL`, when the work was cut short.
    pub(crate) async fn past_root(&self, position: Position) -> Result<Option<TreeHash>, Error> {
        let node = self.clone();
        self.0.roots.get(position, move || node.root(position)).await
    }
}

impl Host for Node {
    fn ready(&self) -> Result<(), String> {
        // A ledger is open only when it has folded its log.
        let health = self.ledger().health();
        match health.read_only {
            Some(reason @ tallystick_ledger::ReadOnly::Halted { .. }) => Err(reason.to_string()),
            _ => Ok(()),
        }
    }

    fn info(&self) -> serde_json::Map<String, serde_json::Value> {
        let health = self.ledger().health();
        let snapshot = self.ledger().snapshot();
        let mut info = serde_json::Map::new();
        info.insert("version".into(), env!("CARGO_PKG_VERSION").into());
        let ledger = snapshot.case(CaseKey::Ledger).and_then(|case| case.ledger());
        if let Some(opened) = ledger.and_then(|ledger| ledger.openings.last()) {
            info.insert("ledger".into(), opened.ledger.to_string().into());
            info.insert("incarnation".into(), opened.incarnation.into());
        }
        info.insert("position".into(), health.position.to_string().into());
        if let Some(checkpoint) = self.ledger().checkpoint() {
            let size = checkpoint.head().size.to_string();
            info.insert("checkpointPosition".into(), size.into());
        }
        info.insert("today".into(), self.ledger().today().to_string().into());
        info
    }

    fn measure(&self, exposition: &mut Exposition) {
        let health = self.ledger().health();
        let gauges = [
            ("tallystick_position", "Position of the snapshot that is read.", health.position.0),
            ("tallystick_commit", "Commit of that snapshot.", health.commit),
            ("tallystick_fold_lag_events", "Durable events not yet folded.", health.fold_lag),
            (
                "tallystick_read_only",
                "1 while no commands are taken.",
                u64::from(health.read_only.is_some()),
            ),
            (
                "tallystick_in_doubt",
                "1 while it is not known whether the last block was stored.",
                u64::from(health.in_doubt),
            ),
            (
                "tallystick_commands_waiting",
                "Commands in the writer's queue.",
                health.queued as u64,
            ),
            (
                "tallystick_savepoint_position",
                "Position of the last savepoint.",
                health.savepoint.0,
            ),
            (
                "tallystick_checkpoint_position",
                "Position of the last record that is signed for, 0 if none is.",
                self.ledger().checkpoint().map_or(0, |it| it.head().size.get()),
            ),
            (
                "tallystick_scrubbed_position",
                "How far the present round of the tree's scrub has come.",
                health.scrubbed.position.0,
            ),
            (
                "tallystick_damaged_position",
                "First record found damaged or other than was signed, 0 if none is.",
                health.scrubbed.damage.map_or(0, |it| it.0),
            ),
        ];
        for (name, help, value) in gauges {
            exposition.gauge(name, help, value);
        }
        exposition.counter(
            "tallystick_scrub_rounds_total",
            "Times that the tree was made of the log again and held against what was signed.",
            health.scrubbed.rounds,
        );
        exposition.counter(
            "tallystick_tiles_mended_total",
            "Stored tiles that were damaged, and were made anew.",
            health.scrubbed.mended,
        );
    }

    fn equip(&self, data: &mut Data) {
        let found = data.get(&TypeId::of::<Arc<Principal>>());
        let Some(principal) = found.and_then(|it| it.downcast_ref::<Arc<Principal>>()) else {
            return;
        };
        let at = At::head(self, principal, self.ledger().snapshot(), self.ledger().today());
        let notes = data.get(&TypeId::of::<Notes>());
        if let Some(notes) = notes.and_then(|it| it.downcast_ref::<Notes>()) {
            at.cite(notes);
        }
        data.insert(Arc::new(at));
    }
}

fn cut_short() -> Error {
    Code::Internal.error("the work was cut short")
}

/// What was worked out lately, by what it was worked out from. Whoever asks while it is being
/// worked out waits for the same result.
struct Memo<K, V> {
    lately: Mutex<VecDeque<(K, Arc<OnceCell<V>>)>>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self { lately: Mutex::new(VecDeque::with_capacity(KEPT)) }
    }
}

impl<K: PartialEq, V: Clone + Send + 'static> Memo<K, V> {
    async fn get(&self, key: K, work: impl FnOnce() -> V + Send + 'static) -> Result<V, Error> {
        let cell = self.cell(key);
        let made = cell.get_or_try_init(async || {
            let made = tokio::task::spawn_blocking(work).await;
            made.map_err(|_| cut_short())
        });
        made.await.cloned()
    }

    fn cell(&self, key: K) -> Arc<OnceCell<V>> {
        let mut lately = self.lately.lock();
        if let Some((_, cell)) = lately.iter().find(|(known, _)| *known == key) {
            return Arc::clone(cell);
        }
        if lately.len() == KEPT {
            lately.pop_front();
        }
        let cell = Arc::new(OnceCell::new());
        lately.push_back((key, Arc::clone(&cell)));
        cell
    }
}
