//! The routes of the front door, and serving them until told to stop.

use std::{fmt::Write, future::IntoFuture, io, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{any, get},
    serve::ListenerExt,
};
use tokio::net::TcpListener;

use crate::{caller::Caller, http, metrics::Exposition, service::Service};

/// What `GET /` lists: path and what is there.
const ENDPOINTS: [(&str, &str); 7] = [
    ("/graphql", "GraphQL: POST application/json, GET for queries; bearer token"),
    (
        "/graphql (WebSocket)",
        "GraphQL live: subprotocol graphql-transport-ws, token in connection_init",
    ),
    (
        "/export/events.ndjson",
        "the events that you see as CloudEvents, ?after and ?asOf; bearer token",
    ),
    ("/health/liveness", "200 while the process runs"),
    ("/health/readiness", "200 once requests can be answered"),
    ("/info", "what this node is"),
    ("/metrics", "Prometheus figures"),
];

/// All routes. One path for both transports: a client needs to know one address.
pub fn router<C: Caller>(service: Arc<Service<C>>) -> Router {
    Router::new()
        .route("/", get(endpoints))
        .route("/graphql", any(http::graphql::<C>))
        .route("/health/liveness", get(async || "alive\n"))
        .route("/health/readiness", get(readiness::<C>))
        .route("/info", get(info::<C>))
        .route("/metrics", get(metrics::<C>))
        .with_state(service)
}

async fn endpoints(headers: HeaderMap) -> Response {
    let wants_html = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let mut page = String::new();
    if wants_html {
        page.push_str(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Tallystick</title>\
             <h1>Tallystick</h1><dl>",
        );
        for (path, what) in ENDPOINTS {
            let _ = write!(page, "<dt><code>{path}</code></dt><dd>{what}</dd>");
        }
        page.push_str("</dl></html>\n");
        Html(page).into_response()
    } else {
        page.push_str("Tallystick\n\n");
        for (path, what) in ENDPOINTS {
            let _ = writeln!(page, "{path:<22} {what}");
        }
        page.into_response()
    }
}

async fn readiness<C: Caller>(State(service): State<Arc<Service<C>>>) -> Response {
    let state =
        if *service.closing().borrow() { Err("stopping".to_owned()) } else { service.host.ready() };
    match state {
        Ok(()) => (StatusCode::OK, "ready\n").into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason + "\n").into_response(),
    }
}

async fn info<C: Caller>(State(service): State<Arc<Service<C>>>) -> Response {
    let info = serde_json::Value::Object(service.host.info());
    ([(header::CONTENT_TYPE, "application/json")], info.to_string()).into_response()
}

async fn metrics<C: Caller>(State(service): State<Arc<Service<C>>>) -> Response {
    let mut exposition = Exposition::default();
    service.metrics.write(&mut exposition);
    service.host.measure(&mut exposition);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], exposition.into_text()).into_response()
}

/// Serves `router` until `shutdown` resolves, then stops accepting, finishes open requests, closes
/// the sockets with `SHUTTING_DOWN` and returns, at the latest after
/// [`Limits::shutdown_grace`](crate::Limits::shutdown_grace).
///
/// # Errors
/// What the listener answers.
pub async fn serve<C: Caller>(
    listener: TcpListener,
    router: Router,
    service: Arc<Service<C>>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // Small answers must not wait for the acknowledgement of the last ones.
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let (stopping, stopped) = (Arc::clone(&service), Arc::clone(&service));
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        stopping.close();
    });
    let ended = async {
        serving.into_future().await?;
        let all = u32::try_from(stopped.limits().sockets).unwrap_or(u32::MAX);
        // Sockets have left HTTP behind; each gives its permit back when its task is over.
        let _ = stopped.sockets.acquire_many(all).await;
        Ok(())
    };
    let overdue = async {
        let mut closing = service.closing();
        if closing.wait_for(|closing| *closing).await.is_ok() {
            tokio::time::sleep(service.limits().shutdown_grace).await;
        }
    };
    tokio::select! {
        result = ended => result,
        () = overdue => {
            tracing::warn!("connections still open after the grace period are dropped");
            Ok(())
        }
    }
}
