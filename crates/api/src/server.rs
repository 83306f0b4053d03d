//! The routes of the front door, and serving them until told to stop.

use std::{convert::Infallible, fmt::Write as _, io::Write as _, pin::pin, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{any, get},
    serve::Listener,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};

use crate::{caller::Caller, http, metrics::Exposition, service::Service};

/// What `GET /` lists: path and what is there.
const ENDPOINTS: [(&str, &str); 11] = [
    ("/graphql", "GraphQL: POST application/json, GET for queries; bearer token"),
    (
        "/graphql (WebSocket)",
        "GraphQL live: subprotocol graphql-transport-ws, token in connection_init",
    ),
    (
        "/export/events.ndjson",
        "the events that you see as CloudEvents, ?after and ?asOf; bearer token",
    ),
    ("/log/checkpoint", "the last signed tree head, C2SP tlog-tiles; bearer token"),
    ("/log/tile/L/N", "hashes of the tree, C2SP tlog-tiles; bearer token"),
    ("/log/tile/entries/N", "digests of the records, C2SP tlog-tiles; bearer token"),
    ("/log/cosignatures", "POST text/plain: witnesses' signature lines; bearer token"),
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

/// What a connection too many is told. It is not waited for: the bytes fit an empty buffer.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Serves `router` until `shutdown` resolves, then stops accepting, finishes open requests, closes
/// the sockets with `SHUTTING_DOWN` and returns, at the latest after
/// [`Limits::shutdown_grace`](crate::Limits::shutdown_grace).
///
/// Not `axum::serve`, which lets a client take for ever over the head of a request, and any number
/// of clients do so.
pub async fn serve<C: Caller>(
    listener: TcpListener,
    router: Router,
    service: Arc<Service<C>>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    // One permit for each connection that speaks HTTP; all of them together mean that none is open.
    let connections = Arc::new(Semaphore::new(service.limits().connections));
    let ended = async {
        tokio::select! {
            never = accept(listener, router, &service, &connections) => match never {},
            () = shutdown => service.close(),
        }
        let all = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let _ = connections.acquire_many(all(service.limits().connections)).await;
        // Sockets have left HTTP behind; each gives its permit back when its task is over.
        let _ = service.sockets.acquire_many(all(service.limits().sockets)).await;
    };
    let overdue = async {
        let mut closing = service.closing();
        if closing.wait_for(|closing| *closing).await.is_ok() {
            tokio::time::sleep(service.limits().shutdown_grace).await;
        }
    };
    tokio::select! {
        () = ended => {}
        () = overdue => {
            tracing::warn!("connections still open after the grace period are dropped");
        }
    }
}

/// Gives each connection a task of its own, as many as the limit allows.
async fn accept<C: Caller>(
    mut listener: TcpListener,
    router: Router,
    service: &Service<C>,
    connections: &Arc<Semaphore>,
) -> Infallible {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(service.limits().head_within);
    let answering = TowerToHyperService::new(router);
    loop {
        let (connection, _) = Listener::accept(&mut listener).await;
        let Ok(permit) = Arc::clone(connections).try_acquire_owned() else {
            service.metrics.connections_refused.add(1);
            let _ = connection.into_std().and_then(|mut full| full.write_all(FULL));
            continue;
        };
        // Small answers must not wait for the acknowledgement of the last ones.
        let _ = connection.set_nodelay(true);
        let serving = http.serve_connection(TokioIo::new(connection), answering.clone());
        let mut closing = service.closing();
        tokio::spawn(async move {
            let closed = async {
                let _ = closing.wait_for(|closing| *closing).await;
            };
            let mut serving = pin!(serving.with_upgrades());
            // A client that breaks off or takes too long is no news to anybody.
            tokio::select! {
                _ = serving.as_mut() => {}
                () = closed => {
                    serving.as_mut().graceful_shutdown();
                    let _ = serving.await;
                }
            }
            drop(permit);
        });
    }
}
