//! What this machine can do at best: the figures that others are divided by.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::get;
use tallystick_log_sled::SledLog;
use tallystick_log_sled::bench::{ReadyRecords, append_per_s};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::ROUND;
use super::figure::{Figure, Sample};
use super::load::Load;
use super::node::open_log;

/// The answer of the bare server.
static BODY: [u8; 4096] = [b'x'; 4096];

/// Appends of 4 KiB, each followed by `fdatasync`, to a file that grows.
pub(super) const FDATASYNC: Figure = Figure::new("fdatasync_per_s", "1/s", |bench| {
    let folder = bench.folder("fdatasync")?;
    bench.rounds(|| Ok(Sample::new(fdatasync_per_s(&folder)?)))
});

/// Blocks of 256 records that are ready, made durable by one caller: what the log can do.
pub(super) const RAW_APPEND_256: Figure = Figure::new("raw_append_256_per_s", "1/s", |bench| {
    let log = open_log(&bench.folder("raw_append")?)?;
    let ready = ReadyRecords::new(4096);
    bench.rounds(|| Ok(Sample::new(raw_append_256_per_s(&log, &ready))))
});

/// A bare axum handler answering 4 KiB to 16 connections.
pub(super) const AXUM_4K: Figure = Figure::new("axum_4k_per_s", "1/s", |bench| {
    let server = BareServer::start()?;
    bench.rounds(|| {
        let answers = server.load(16).run()?;
        Ok(Sample::new(answers.per_second())
            .beside("cpu_us_each", answers.cpu_us_each())
            .beside("p50_ms", answers.percentile_ms(50))
            .beside("p99_ms", answers.percentile_ms(99)))
    })
});

/// One round of appends to a log that goes on growing.
pub(super) fn raw_append_256_per_s(log: &SledLog, ready: &ReadyRecords) -> f64 {
    const BLOCKS: usize = 400;
    append_per_s(log, ready, 256, BLOCKS)
}

/// One round; also the lower side of ratios, taken in their rounds.
pub(super) fn fdatasync_per_s(folder: &Path) -> Result<f64> {
    let path = folder.join("appended");
    let mut file = File::create(&path).context("cannot create the file to append to")?;
    // Without this the first flushes would also pay for the new name.
    File::open(folder)?.sync_all().context("cannot flush the folder")?;
    let block = [0x5a; 4096];
    let started = Instant::now();
    let mut appended = 0_u32;
    while started.elapsed() < ROUND {
        file.write_all(&block).context("cannot append")?;
        file.sync_data().context("cannot flush")?;
        appended += 1;
    }
    let per_second = f64::from(appended) / started.elapsed().as_secs_f64();
    std::fs::remove_file(path).context("cannot remove the file appended to")?;
    Ok(per_second)
}

/// The bare axum server, running until dropped; also the lower side of ratios.
pub(super) struct BareServer {
    address: SocketAddr,
    _runtime: Runtime,
}

impl BareServer {
    pub(super) fn start() -> Result<Self> {
        let runtime = Runtime::new().context("cannot start the server's runtime")?;
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .context("cannot listen on the loopback address")?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/", get(async || BODY.as_slice()));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, _runtime: runtime })
    }

    /// One round of requests.
    pub(super) fn load(&self, connections: usize) -> Load {
        let request = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec();
        Load::again(self.address, connections, vec![request])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_bare_server_answers_every_connection() {
        let server = BareServer::start().unwrap();
        let answers = Load { duration: Duration::ZERO, ..server.load(16) }.run().unwrap();
        assert!(answers.percentile_ms(50) > 0.0);
        // With no time at all, each connection still asks once.
        let asked = answers.per_second() * answers.elapsed().as_secs_f64();
        assert_eq!(asked.round().to_string(), "16");
    }
}
