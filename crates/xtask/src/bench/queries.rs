//! What partners ask most, over HTTP on a ledger of a million events, by 16 connections. No answer
//! is kept: each is worked out anew.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tallystick_domain::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::figure::{Figure, Sample, Target};
use super::limits::BareServer;
use super::load::Load;
use super::node::{Node, accepted, as_f64};
use super::partnership::{Life, commissioner, trusts};
use super::request::{AGENCY_HOME, REFERRAL, ask, token};
use super::{Bench, ROUND};

const CONNECTIONS: usize = 16;

/// An agency's home while a hundred commands a second are recorded ÷ a bare answer of 4 KiB.
pub(super) const AGENCY_HOME_RATIO: Figure =
    Figure::new("http_agency_home_ratio", "ratio", |bench: &Bench<'_>| {
        let mut node = bench.node()?;
        let server = node.serve()?;
        let bare = BareServer::start()?;
        let requests: Vec<_> = trusts()
            .map(|trust| ask(&token(trust, Role::OffenderManager), AGENCY_HOME, &json!({})))
            .collect();
        bench.rounds(|| {
            let load = Load::again(server, CONNECTIONS, requests.clone());
            let writer = node.spawn(hundred_a_second(bench, &node)?);
            let home = Load { expected: br#""breaches":[{"number":1"#, ..load }.run();
            writer.abort();
            // Unless it was sent away in time, it was refused something or had nothing left to say.
            match node.block_on(writer) {
                Err(error) if error.is_cancelled() => {}
                ended => ended.context("the writer panicked")??,
            }
            let home = home?;
            let bare = bare.load(CONNECTIONS).run()?.per_second();
            Ok(Sample::ratio(("home_per_s", home.per_second()), ("axum_4k_per_s", bare))
                .beside("cpu_us_each", home.cpu_us_each())
                .beside("p50_ms", home.percentile_ms(50))
                .beside("p99_ms", home.percentile_ms(99)))
        })
    })
    .target(Target::AtLeast(0.07))
    .limited_by(
        "what async-graphql does for each field (futures, maps, allocations): four fifths of the \
         time in user space; most of the rest finds cases and asks for their audience twice",
    );

/// One referral, its placements and ten events of its history ÷ a bare answer of 4 KiB.
pub(super) const REFERRAL_RATIO: Figure = Figure::new("http_referral_ratio", "ratio", |bench| {
    /// Referrals asked for in turn.
    const REFERRALS: u64 = 4_096;
    let server = bench.node()?.serve()?;
    let bare = BareServer::start()?;
    let lives = bench.stock()?.lives.clone();
    let step = ((lives.end - lives.start) / REFERRALS).max(1);
    let requests: Vec<_> = (lives.start..lives.end)
        .step_by(usize::try_from(step)?)
        .map(|number| {
            let life = Life::new(number);
            let token = token(life.trust(), Role::OffenderManager);
            ask(&token, REFERRAL, &json!({ "id": life.referral().to_string() }))
        })
        .collect();
    bench.rounds(|| {
        let load = Load::again(server, CONNECTIONS, requests.clone());
        let one = Load { expected: br#""type":"PLACEMENT_COMPLETED""#, ..load }.run()?;
        let bare = bare.load(CONNECTIONS).run()?.per_second();
        Ok(Sample::ratio(("referral_per_s", one.per_second()), ("axum_4k_per_s", bare))
            .beside("cpu_us_each", one.cpu_us_each())
            .beside("p50_ms", one.percentile_ms(50))
            .beside("p99_ms", one.percentile_ms(99)))
    })
})
.target(Target::AtLeast(0.2))
.limited_by(
    "what async-graphql does for each field (futures, maps, allocations); reading ten events of \
     the history is a twentieth of it",
);

/// Everything as CloudEvents, to an auditor.
pub(super) const EXPORT: Figure = Figure::new("export_events_per_s", "1/s", |bench| {
    let mut node = bench.node()?;
    let server = node.serve()?;
    let position = node.ledger.snapshot().position().0;
    bench.rounds(|| {
        let started = Instant::now();
        let (lines, bytes) = node.block_on(export(server))?;
        ensure!(lines == position, "{lines} lines for {position} events");
        Ok(Sample::new(as_f64(lines) / started.elapsed().as_secs_f64())
            .beside("bytes_an_event", as_f64(bytes) / as_f64(lines)))
    })
})
.target(Target::AtLeast(300_000.0));

/// One command every ten milliseconds, each a commit.
fn hundred_a_second(
    bench: &Bench<'_>,
    node: &Node,
) -> Result<impl Future<Output = Result<()>> + Send + 'static> {
    const A_SECOND: u64 = 100;
    let seconds = ROUND.as_secs() + 2;
    let lives = bench.lives(A_SECOND * seconds / super::partnership::LIFE);
    let lives = lives.map(|number| Life::new(number).commands());
    let commands = lives.collect::<Result<Vec<_>>>()?.concat();
    let ledger = node.ledger.clone();
    Ok(async move {
        let mut turn = tokio::time::interval(Duration::from_secs(1) / 100);
        for command in commands {
            turn.tick().await;
            accepted(&ledger, command).await?;
        }
        anyhow::bail!("the writer has nothing left to say")
    })
}

/// Lines and bytes of the whole export. Asked in HTTP/1.0, so that the lines come as they are and
/// not in chunks with lines of their own.
async fn export(server: std::net::SocketAddr) -> Result<(u64, u64)> {
    let mut stream = TcpStream::connect(server).await.context("cannot connect")?;
    let token = token(commissioner(), Role::Auditor);
    let request = format!(
        "GET /export/events.ndjson HTTP/1.0\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut room = Vec::with_capacity(1 << 18);
    while !room.windows(4).any(|four| four == b"\r\n\r\n") {
        ensure!(stream.read_buf(&mut room).await? > 0, "the server closed the connection");
    }
    ensure!(room.starts_with(b"HTTP/1.0 200"), "{}", String::from_utf8_lossy(&room));
    let head = room.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
    room.drain(..head);
    let (mut lines, mut bytes) = (0, 0);
    loop {
        lines += room.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        bytes += room.len() as u64;
        room.clear();
        if stream.read_buf(&mut room).await? == 0 {
            return Ok((lines, bytes));
        }
    }
}
