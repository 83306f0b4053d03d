//! How soon and how often subscribers hear of events.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tallystick_domain::Role;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::ROUND;
use super::figure::{Figure, Sample, Target};
use super::load::exchange;
use super::node::{Lives, accepted, as_f64};
use super::partnership::{Life, commissioner};
use super::request::{HEAD, ask, tell, token};
use super::socket::Socket;

/// From a command sent over HTTP to its event at a subscriber, on a machine that does nothing else.
pub(super) const LATENCY: Figure = Figure::new("live_latency_us", "us", |bench| {
    let server = bench.node()?.serve()?;
    let client = client()?;
    bench.rounds(|| {
        let commands = Life::new(bench.lives(1).start).commands()?;
        let mut latencies = client.block_on(async {
            let mut subscriber = follow(server).await?;
            let mut caller = TcpStream::connect(server).await?;
            caller.set_nodelay(true)?;
            let mut room = Vec::new();
            let mut latencies = Vec::new();
            for command in &commands {
                let request = tell(command)?;
                let asked = Instant::now();
                let heard = async {
                    subscriber.event().await?;
                    anyhow::Ok(asked.elapsed())
                };
                let answered = exchange(&mut caller, &request, &mut room);
                let (heard, answered) = tokio::join!(heard, answered);
                answered?;
                latencies.push(heard?);
                // Alone: the next one does not meet what the last one left to do.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            anyhow::Ok(latencies)
        })?;
        latencies.sort_unstable();
        let at =
            |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1e6;
        Ok(Sample::new(at(50)).beside("p90_us", at(90)))
    })
})
.target(Target::Below(1_500.0));

/// Events that reach 50 subscribers while 16 callers in process write as fast as they can: from
/// the first command until every subscriber has every event.
pub(super) const DELIVERIES: Figure = Figure::new("deliveries_per_s", "1/s", |bench| {
    const SUBSCRIBERS: u64 = 50;
    const WRITERS: usize = 16;
    let mut node = bench.node()?;
    let server = node.serve()?;
    bench.rounds(|| {
        let lives = Lives::prepared(bench.lives(5_000))?;
        let crowd = Crowd::gather(server, SUBSCRIBERS)?;
        let before = node.ledger.snapshot().position().0;
        let started = Instant::now();
        let written = node.write(lives, WRITERS, ROUND)?;
        // Those that were cut short may still be recorded, a moment later.
        std::thread::sleep(Duration::from_millis(50));
        let events = node.ledger.snapshot().position().0 - before;
        let last = crowd.wait_for(SUBSCRIBERS * events)?;
        let deliveries = as_f64(SUBSCRIBERS * events) / (last - started).as_secs_f64();
        Ok(Sample::new(deliveries)
            .beside("written_per_s", written)
            .beside("last_after_s", (last - started).as_secs_f64()))
    })
})
.target(Target::AtLeast(100_000.0));

/// From one command in process until the last of 1,000 subscribers has its event.
pub(super) const FANOUT_1000: Figure = Figure::new("fanout_1000_ms", "ms", |bench| {
    const SUBSCRIBERS: u64 = 1_000;
    let mut node = bench.node()?;
    let server = node.serve()?;
    let crowd = Crowd::gather(server, SUBSCRIBERS)?;
    let mut heard = 0;
    let mut commands = Vec::new();
    bench.rounds(|| {
        if commands.is_empty() {
            commands = Life::new(bench.lives(1).start).commands()?;
        }
        let command = commands.remove(0);
        heard += SUBSCRIBERS;
        std::thread::sleep(Duration::from_millis(100));
        let started = Instant::now();
        node.block_on(accepted(&node.ledger, command))?;
        let durable = started.elapsed();
        let last = crowd.wait_for(heard)?;
        Ok(Sample::new((last - started).as_secs_f64() * 1e3)
            .beside("durable_ms", durable.as_secs_f64() * 1e3))
    })
})
.target(Target::Below(50.0));

/// Subscribers on one thread, so that reading costs the server as little as it can.
struct Crowd {
    heard: Arc<AtomicU64>,
    thread: Option<std::thread::JoinHandle<Result<()>>>,
    leave: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Crowd {
    /// Subscribes so many to what is recorded from now on.
    fn gather(server: SocketAddr, subscribers: u64) -> Result<Self> {
        let heard = Arc::new(AtomicU64::new(0));
        let (leave, left) = tokio::sync::oneshot::channel::<()>();
        let (ready, gathered) = mpsc::channel();
        let counter = Arc::clone(&heard);
        let thread = std::thread::spawn(move || {
            client()?.block_on(async {
                let mut sockets = Vec::new();
                for _ in 0..subscribers {
                    sockets.push(follow(server).await?);
                }
                let mut listening = JoinSet::new();
                for mut socket in sockets {
                    let counter = Arc::clone(&counter);
                    listening.spawn(async move {
                        loop {
                            if let Err(error) = socket.event().await {
                                return error;
                            }
                            counter.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
                ready.send(()).ok();
                tokio::select! {
                    Some(ended) = listening.join_next() => Err(ended?),
                    _ = left => Ok(()),
                }
            })
        });
        let mut crowd = Self { heard, thread: Some(thread), leave: Some(leave) };
        if gathered.recv().is_err() {
            crowd.end()?;
        }
        Ok(crowd)
    }

    /// When so many events have been heard, all subscribers together.
    fn wait_for(&self, events: u64) -> Result<Instant> {
        let deadline = Instant::now() + Duration::from_mins(1);
        // Asked rather than told: a wake-up for each event would be measured along.
        while self.heard.load(Ordering::Relaxed) < events {
            ensure!(
                Instant::now() < deadline,
                "{} of {events} events were heard in a minute",
                self.heard.load(Ordering::Relaxed)
            );
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(Instant::now())
    }

    fn end(&mut self) -> Result<()> {
        self.leave.take();
        self.thread.take().map_or(Ok(()), |thread| thread.join().expect("no subscriber panics"))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // Whatever ended it was told by those who waited in vain.
        let _ = self.end();
    }
}

/// One thread of the client.
fn client() -> Result<Runtime> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().context("cannot start the client's runtime")
}

/// An auditor who hears of everything from now on.
async fn follow(server: SocketAddr) -> Result<Socket> {
    let token = token(commissioner(), Role::Auditor);
    let mut caller = TcpStream::connect(server).await.context("cannot connect")?;
    let mut room = Vec::new();
    exchange(&mut caller, &ask(&token, HEAD, &json!({})), &mut room).await?;
    let body = room.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
    let answer: Value = serde_json::from_slice(&room[body..])?;
    let cursor = answer.pointer("/data/events/pageInfo/endCursor").and_then(Value::as_str);
    let cursor = cursor.with_context(|| format!("no cursor in {answer}"))?;
    Socket::follow(server, &token, cursor).await
}
