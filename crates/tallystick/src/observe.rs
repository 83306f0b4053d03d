//! What the process says about itself on standard error. Standard output is for answers.

use crate::settings::LogFormat;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};
use tracing_subscriber::EnvFilter;

/// Starts logging. A level may be refined per module: `info,tallystick_ledger=debug`.
pub(crate) fn start(format: LogFormat, level: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(level)
        .map_err(|error| anyhow::anyhow!("log_level {level:?} cannot be read: {error}"))?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logs.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}

/// Tells how far long work has come: on a terminal by rewriting one line, elsewhere by a line
/// every few seconds, and not at all if it is over at once.
pub(crate) struct Meter {
    what: &'static str,
    began: Instant,
    told: Option<Instant>,
    on_terminal: bool,
}

impl Meter {
    pub(crate) fn new(what: &'static str) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        Self { what, began: Instant::now(), told: None, on_terminal }
    }

    /// `done` of `all`, in events.
    pub(crate) fn at(&mut self, done: u64, all: u64) {
        let every = Duration::from_millis(if self.on_terminal { 200 } else { 5_000 });
        if self.told.map_or(self.began, |told| told).elapsed() < every || all == 0 {
            return;
        }
        let passed = self.began.elapsed();
        let percent = done.saturating_mul(100) / all;
        let millis = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = done.saturating_mul(1000) / millis;
        let line = format!("{} {percent} % ({done} of {all} events, {rate}/s)", self.what);
        let _ = if self.on_terminal {
            write!(std::io::stderr(), "\r\x1b[K{line}")
        } else {
            writeln!(std::io::stderr(), "{line}")
        };
        self.told = Some(self.began + passed);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.on_terminal && self.told.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
