//! `tallystick serve`: a node on a ledger that exists.

use crate::cli::Serve;
use crate::incarnation;
use crate::key_file;
use crate::node::{Node, Opening, options_if_new};
use crate::observe;
use crate::settings::{self, LogFormat, Settings, Verify};
use anyhow::{Context as _, bail};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use tallystick_api::{Principal, TokenFile};
use tallystick_ledger::{Signing, SystemClock};
use tallystick_tally::{Checkpoint, Signer};
use tallystick_vault::EpochKey;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Serves until told to stop.
pub(crate) async fn run(flags: Serve) -> anyhow::Result<()> {
    // First of all, so that a stop is heeded at any time after the start.
    let stop = stop_signal()?;
    let figment = settings::figment(flags.config.as_deref(), &flags);
    let format: LogFormat = figment.extract_inner("log_format").unwrap_or(LogFormat::Text);
    let level: String = figment.extract_inner("log_level").unwrap_or_else(|_| "info".to_owned());
    observe::start(format, &level)?;
    let settings = Settings::extract(&figment)?;
    if !settings.data.join("log").exists() {
        bail!("{} holds no ledger: `tallystick init` opens one", settings.data.display());
    }
    let epoch_key = EpochKey::read(&settings.epoch_key)?;
    let signer = settings.signing_key.as_deref().map(signer).transpose()?;
    let mut known: Vec<_> =
        settings.known_checkpoints.iter().map(|it| known(it)).collect::<Result<_, _>>()?;
    let tokens = TokenFile::follow(&settings.tokens, Principal::of)?;
    // Bound before the fold, so that a taken port is told at once.
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let mut options = options_if_new()?;
    options.cache_bytes = u64::from(settings.cache_mib) << 20;
    options.min_free_bytes = u64::from(settings.min_free_mib) << 20;
    options.accept_lost_head_file = settings.accept_lost_head_file;
    let opening = |signing| Opening {
        data: &settings.data,
        epoch_key: &epoch_key,
        signing,
        clock: Arc::new(SystemClock),
        options: options.clone(),
        verify_everything: settings.verify == Verify::Full,
    };
    if settings.new_incarnation {
        incarnation::open(opening(None), &std::mem::take(&mut known)).await?;
    }
    let folder = settings.data.clone();
    let node = Node::open(opening(Some(Signing { signer, folder, known })))?;
    tracing::info!(
        address = %listener.local_addr()?,
        position = node.ledger.snapshot().position().0,
        "serving"
    );
    let Settings { origins, witnesses, .. } = settings;
    let front = tallystick_api::Settings { origins, witnesses, ..Default::default() };
    node.serve(listener, Box::new(tokens), front, stop).await;
    Ok(())
}

/// The key that signs checkpoints.
fn signer(path: &Path) -> anyhow::Result<Signer> {
    Signer::parse(&key_file::read(path)?)
        .with_context(|| format!("{} holds no signing key", path.display()))
}

/// A checkpoint that somebody kept.
fn known(path: &Path) -> anyhow::Result<Checkpoint> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Checkpoint::parse(&bytes).with_context(|| format!("{} holds no checkpoint", path.display()))
}

/// Ends with SIGINT or SIGTERM.
pub(crate) fn stop_signal() -> anyhow::Result<Pin<Box<dyn Future<Output = ()> + Send>>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(Box::pin(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }))
}
