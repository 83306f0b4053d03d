//! The front door of a real ledger: the schema, the callers and the routes in one place.

use std::{pin::Pin, sync::Arc};

use axum::Router;
use tallystick_ledger::{Ledger, VerifierKey};
use tokio::net::TcpListener;

use crate::{
    caller::Authenticate,
    documents::Engine,
    export,
    limits::Limits,
    node::Node,
    principal::Principal,
    schema,
    server::{self, router},
    service::Service,
    tlog,
    witnesses::Witnesses,
};

/// What the front door may be told.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Web origins (`https://dashboard.example`) whose pages may open a WebSocket.
    pub origins: Vec<String>,
    /// Witnesses whose cosignatures are taken.
    pub witnesses: Vec<VerifierKey>,
    /// What one request, document or socket may cost.
    pub limits: Limits,
}

/// The front door of a ledger, not yet listening, and its routes: those of the transport, of the
/// export and of the tree.
///
/// # Panics
/// When the schema is not one: a fault of this crate that its tests find.
pub fn open(
    ledger: Ledger,
    callers: Box<dyn Authenticate<Caller = Principal>>,
    settings: Settings,
) -> (Arc<Service<Principal>>, Router) {
    // No type parameters here and in `run`: otherwise every binary would compile the whole schema
    // again.
    let engine = Engine::new(schema::builder, settings.limits);
    let node = Node::new(ledger.clone(), Witnesses::new(settings.witnesses));
    let service = Service::new(engine, callers, node.clone(), settings.origins);
    let routes = router(Arc::clone(&service))
        .merge(export::router(Arc::clone(&service), ledger))
        .merge(tlog::router(Arc::clone(&service), node));
    (service, routes)
}

/// Serves a ledger until `shutdown` resolves; then finishes what was begun and returns. The ledger
/// is left open: close it afterwards.
pub async fn run(
    ledger: Ledger,
    callers: Box<dyn Authenticate<Caller = Principal>>,
    listener: TcpListener,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
    settings: Settings,
) {
    let (service, routes) = open(ledger, callers, settings);
    server::serve(listener, routes, service, shutdown).await;
}
