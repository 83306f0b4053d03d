//! `POST /add-checkpoint` (C2SP tlog-witness): a log asks to be cosigned.

use super::memory::Declined;
use super::{Desk, now};
use crate::cli::WitnessServe;
use crate::observe;
use crate::serve::stop_signal;
use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use std::sync::{Arc, Mutex, PoisonError};
use tallystick_tally::{AddCheckpoint, MAX_REQUEST_BYTES, Refusal};
use tokio::net::TcpListener;

/// Serves until told to stop.
pub(super) async fn run(flags: WitnessServe) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    observe::start(flags.log_format, "info")?;
    ensure!(
        flags.listen.ip().is_loopback() || flags.behind_proxy,
        "{} is plain HTTP off loopback; put a TLS proxy in front and say --behind-proxy",
        flags.listen
    );
    let desk = Desk::open(&flags.witnessing)?;
    let listener = TcpListener::bind(flags.listen)
        .await
        .with_context(|| format!("cannot listen on {}", flags.listen))?;
    tracing::info!(
        address = %listener.local_addr()?,
        witness = %desk.cosigner.verifier_key().name(),
        log = %desk.memory.log().name(),
        records = desk.memory.head().size.get(),
        "serving"
    );
    // The lock is what makes check and write one step for all requests.
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(Arc::new(Mutex::new(desk)));
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;
    Ok(())
}

async fn add_checkpoint(State(desk): State<Arc<Mutex<Desk>>>, body: Bytes) -> Response {
    let judged = tokio::task::spawn_blocking(move || judge(&desk, &body)).await;
    judged.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn judge(desk: &Mutex<Desk>, body: &[u8]) -> Response {
    let request = match AddCheckpoint::parse(body) {
        Ok(request) => request,
        Err(refusal) => return refuse(&refusal),
    };
    let Ok(at) = now() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    // A panic leaves the memory as it was: it is changed last.
    let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
    let Desk { cosigner, memory } = &mut *desk;
    let shown = *request.checkpoint.head();
    match memory.consider(&request, cosigner, at) {
        Ok(signature) => {
            tracing::info!(records = shown.size.get(), root = %shown.root, "cosigned");
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], signature.to_string())
                .into_response()
        }
        Err(Declined::Refused(refusal)) => {
            if matches!(refusal, Refusal::OtherRoot | Refusal::Inconsistent) {
                let seen = memory.head();
                tracing::error!(
                    seen_records = seen.size.get(), seen_root = %seen.root,
                    shown_records = shown.size.get(), shown_root = %shown.root,
                    "REFUSED: the log signed what does not continue what this witness cosigned"
                );
            }
            refuse(&refusal)
        }
        Err(Declined::Io(error)) => {
            tracing::error!(%error, "what was seen cannot be written down, so nothing is cosigned");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The status, type and body that the specification has for a refusal.
fn refuse(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind: (HeaderName, _) = (header::CONTENT_TYPE, refusal.content_type());
    (status, [kind], refusal.body()).into_response()
}
