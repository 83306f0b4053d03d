//! The front door of a real ledger: the schema, the callers and the routes in one place.

use std::{pin::Pin, sync::Arc};

use axum::Router;
use tallystick_ledger::Ledger;
use tokio::net::TcpListener;

use crate::{
    documents::Engine,
    export,
    limits::Limits,
    node::Node,
    principal::Principal,
    schema,
    server::{self, router},
    service::Service,
    tokens::Tokens,
};

/// What the front door may be told.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Web origins (`https://dashboard.example`) whose pages may open a WebSocket.
    pub origins: Vec<String>,
    /// What one request, document or socket may cost.
    pub limits: Limits,
}

/// The front door of a ledger, not yet listening.
///
/// # Panics
/// When the schema is not one: a fault of this crate that its tests find.
pub fn open(
    ledger: Ledger,
    callers: Tokens<Principal>,
    origins: Vec<String>,
    limits: Limits,
) -> Arc<Service<Principal>> {
    // No type parameters here and in `run`: otherwise every binary would compile the whole schema
    // again.
    let engine = Engine::new(schema::builder, limits);
    Service::new(engine, callers, Node::new(ledger), origins)
}

/// All routes of a ledger's front door: those of the transport, and the export.
pub fn routes(service: &Arc<Service<Principal>>, ledger: Ledger) -> Router {
    router(Arc::clone(service)).merge(export::router(Arc::clone(service), ledger))
}

/// Serves a ledger until `shutdown` resolves; then finishes what was begun and returns. The ledger
/// is left open: close it afterwards.
pub async fn run(
    ledger: Ledger,
    callers: Tokens<Principal>,
    listener: TcpListener,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
    settings: Settings,
) {
    let service = open(ledger.clone(), callers, settings.origins, settings.limits);
    let routes = routes(&service, ledger);
    server::serve(listener, routes, service, shutdown).await;
}
