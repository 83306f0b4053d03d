//! Requests over HTTP/1.1 at as little cost as possible, because the client shares the cores with
//! the server it measures: kept connections, requests that are ready bytes, and of an answer only
//! the status and the length are read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::busy::Busy;

/// Room for an answer; one that is larger grows it once.
const ROOM_BYTES: usize = 64 * 1024;

/// What a number of connections ask, each one request at a time.
pub(crate) struct Load {
    pub(crate) server: SocketAddr,
    /// One for each connection.
    pub(crate) scripts: Vec<Script>,
    pub(crate) duration: Duration,
    /// What every answer must hold: a refusal is answered with `200` too.
    pub(crate) expected: &'static [u8],
}

/// Whole requests as bytes.
pub(crate) enum Script {
    /// Asked in turn, for as long as the time lasts, from this one on.
    Again(Arc<[Vec<u8>]>, usize),
    /// Each asked once; there must be enough of them for the time.
    Once(Vec<Vec<u8>>),
}

/// What came of it.
pub(crate) struct Answers {
    /// How long each answer took, shortest first.
    latencies: Vec<Duration>,
    elapsed: Duration,
    /// Processor time of this process meanwhile, clients included, in microseconds.
    cpu_us: f64,
}

impl Load {
    /// Connections that ask the same requests in turn and begin at different ones.
    pub(crate) fn again(server: SocketAddr, connections: usize, requests: Vec<Vec<u8>>) -> Self {
        let requests: Arc<[_]> = requests.into();
        let script = |first| Script::Again(Arc::clone(&requests), first);
        let scripts = (0..connections).map(script).collect();
        Self { server, scripts, duration: super::ROUND, expected: b"" }
    }

    /// Asks until the time is over, from a thread of its own.
    ///
    /// # Errors
    /// When a connection breaks, an answer is not `200` or does not hold what is expected, or a
    /// script ends before the time.
    pub(crate) fn run(self) -> Result<Answers> {
        let thread = std::thread::spawn(move || {
            // One thread: more would take from the server what they measure.
            tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build()
                .context("cannot start the client's runtime")?
                .block_on(self.ask())
        });
        thread.join().expect("the client does not panic")
    }

    async fn ask(self) -> Result<Answers> {
        let Self { server, scripts, duration, expected } = self;
        let (started, busy) = (Instant::now(), Busy::now()?);
        let mut connections = JoinSet::new();
        for script in scripts {
            let connection = Connection { server, expected, started, duration };
            connections.spawn(async move { connection.follow(&script).await });
        }
        let mut latencies = Vec::new();
        while let Some(connection) = connections.join_next().await {
            latencies.extend(connection.expect("a connection does not panic")?);
        }
        ensure!(!latencies.is_empty(), "there is nothing to ask");
        latencies.sort_unstable();
        let cpu_us = Busy::now()?.own_us_since(&busy);
        Ok(Answers { latencies, elapsed: started.elapsed(), cpu_us })
    }
}

struct Connection {
    server: SocketAddr,
    expected: &'static [u8],
    started: Instant,
    duration: Duration,
}

impl Connection {
    async fn follow(&self, script: &Script) -> Result<Vec<Duration>> {
        match script {
            Script::Again(requests, first) => {
                ensure!(!requests.is_empty(), "there is nothing to ask");
                self.ask(requests.iter().cycle().skip(first % requests.len())).await
            }
            Script::Once(requests) => {
                let latencies = self.ask(requests.iter()).await?;
                ensure!(latencies.len() < requests.len(), "too few requests for the time");
                Ok(latencies)
            }
        }
    }

    async fn ask(&self, requests: impl Iterator<Item = &Vec<u8>>) -> Result<Vec<Duration>> {
        let mut stream = TcpStream::connect(self.server).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let mut room = Vec::with_capacity(ROOM_BYTES);
        let mut latencies = Vec::new();
        for request in requests {
            let asked = Instant::now();
            exchange(&mut stream, request, &mut room).await?;
            latencies.push(asked.elapsed());
            ensure!(holds(&room, self.expected), "an answer is {}", String::from_utf8_lossy(&room));
            if self.started.elapsed() >= self.duration {
                break;
            }
        }
        Ok(latencies)
    }
}

/// Asks one request and reads its answer, head and body, into the room.
///
/// # Errors
/// As [`Load::run`].
pub(super) async fn exchange(
    stream: &mut TcpStream,
    request: &[u8],
    room: &mut Vec<u8>,
) -> Result<()> {
    stream.write_all(request).await.context("the server does not listen")?;
    answer(stream, room).await
}

/// Whether some bytes hold others.
pub(super) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

impl Answers {
    #[cfg(test)]
    pub(super) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.count() / self.elapsed.as_secs_f64()
    }

    /// Processor time of this process for one answer, client and server together, in
    /// microseconds: what a figure would be worth on a machine that others leave alone.
    pub(crate) fn cpu_us_each(&self) -> f64 {
        self.cpu_us / self.count()
    }

    fn count(&self) -> f64 {
        f64::from(u32::try_from(self.latencies.len()).unwrap_or(u32::MAX))
    }

    /// The latency that this many in a hundred answers did not exceed, in milliseconds.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent).div_ceil(100).max(1) - 1;
        self.latencies.get(at).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    }
}

/// Reads one answer and forgets it.
async fn answer(stream: &mut TcpStream, room: &mut Vec<u8>) -> Result<()> {
    room.clear();
    loop {
        if let Some(length) = length(room)? {
            // Nothing was asked after this answer, so nothing may follow it.
            ensure!(room.len() <= length, "the answer is longer than it says");
            if room.len() == length {
                return Ok(());
            }
        }
        let read = stream.read_buf(room).await.context("the connection broke")?;
        ensure!(read > 0, "the server closed the connection");
    }
}

/// The length of an answer with its head; `None` while the head is not whole.
fn length(answer: &[u8]) -> Result<Option<usize>> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = answer.windows(END.len()).position(|window| window == END) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..end]).context("the head is not text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    if !status.starts_with("HTTP/1.1 200") {
        bail!("the answer is {status}");
    }
    let body = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("the answer does not say its length")?;
    let body: usize = body.1.trim().parse().context("the length is not a number")?;
    Ok(Some(end + END.len() + body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_an_answer_is_that_of_head_and_body() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-Length: 3\r\nx: y\r\n\r\nabc";
        assert_eq!(length(whole).unwrap(), Some(whole.len()));
        assert_eq!(length(&whole[..30]).unwrap(), None);
    }

    #[test]
    fn an_answer_that_is_not_200_or_has_no_length_is_refused() {
        let refused = length(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").unwrap_err();
        assert_eq!(refused.to_string(), "the answer is HTTP/1.1 503 Busy");
        assert!(length(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }

    #[test]
    fn a_percentile_is_a_latency_that_was_seen() {
        let latencies = (1..=100).map(Duration::from_millis).collect();
        let answers = Answers { latencies, elapsed: Duration::from_secs(2), cpu_us: 500.0 };
        assert_eq!(answers.cpu_us_each().to_string(), "5");
        assert_eq!(answers.percentile_ms(50).to_string(), "50");
        assert_eq!(answers.percentile_ms(99).to_string(), "99");
        assert_eq!(answers.per_second().to_string(), "50");
    }
}
