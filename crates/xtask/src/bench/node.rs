//! A ledger in a folder, opened in this process as the binary opens it, and its front door.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tallystick_api::{Principal, Settings as Door, TokenEntry, Tokens};
use tallystick_domain::command::Given;
use tallystick_domain::id::AgencyId;
use tallystick_domain::{Command, Role};
use tallystick_ledger::{Ledger, Outcome, Parts, Settings, Signing, VirtualClock};
use tallystick_log::{Log, LogIdentity};
use tallystick_log_sled::{Options, SledLog};
use tallystick_tally::Signer;
use tallystick_vault::{EpochKey, Vault};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::partnership::{self, Life, NOON};
use super::request::token;

/// Names in the folder, as the binary has them; it is told where the key is.
pub(super) const EPOCH_KEY: &str = "epoch-key";
pub(super) const VAULT: &str = "vault";
pub(super) const SAVEPOINT: &str = "savepoint";
pub(super) const TILES: &str = "tiles";

/// Roles that the measurements act in.
const ROLES: [Role; 5] = [
    Role::OffenderManager,
    Role::ProviderLead,
    Role::Caseworker,
    Role::Commissioner,
    Role::Auditor,
];

/// An open ledger.
pub(super) struct Node {
    pub(super) ledger: Ledger,
    log: Arc<SledLog>,
    runtime: Runtime,
    door: Option<OpenDoor>,
}

struct OpenDoor {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
}

/// The log alone, without the scrub, which would be measured along.
pub(super) fn open_log(folder: &Path) -> Result<SledLog> {
    let options = Options { scrub: None, ..Options::new(LogIdentity::new([9; 32])) };
    SledLog::open(folder, &options).context("cannot open the log")
}

impl Node {
    /// Opens the ledger in a folder, a new one if there is none: with the folds that are kept there,
    /// or as if there were none.
    pub(super) fn open(folder: &Path, from_folds: bool) -> Result<Self> {
        let log = Arc::new(open_log(folder)?);
        let (vault, key) = (folder.join(VAULT), folder.join(EPOCH_KEY));
        let vault = if vault.exists() {
            Vault::open(&vault, &EpochKey::read(&key)?)?
        } else {
            Vault::create(&vault, &EpochKey::create(&key)?)?
        };
        let parts = Parts {
            log: Arc::clone(&log) as Arc<dyn Log>,
            vault,
            clock: Arc::new(VirtualClock::new(NOON)),
            folds: from_folds.then(|| folder.to_owned()),
            from_the_log: false,
            signing: Some(Signing {
                signer: Some(Signer::from_seed("bench.invalid".parse()?, &[1; 32])),
                folder: folder.to_owned(),
                known: Vec::new(),
            }),
            settings: Settings::default(),
        };
        let ledger = Ledger::open(parts, |_| {}).context("cannot open the ledger")?;
        let runtime = Runtime::new().context("cannot start a runtime")?;
        Ok(Self { ledger, log, runtime, door: None })
    }

    /// A new ledger with agencies and services and nobody else.
    pub(super) fn founded(folder: &Path) -> Result<Self> {
        let node = Self::open(folder, true)?;
        let outcomes = node.block_on(node.ledger.submit_in_order(partnership::setup()?))?;
        for outcome in outcomes {
            ensure!(matches!(outcome, Outcome::Accepted(_)), "setting up: {outcome:?}");
        }
        Ok(node)
    }

    /// The public key of its checkpoints.
    pub(super) fn verifier_key(&self) -> Option<String> {
        self.ledger.verifier_key().map(|key| key.to_string())
    }

    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(super) fn spawn(
        &self,
        future: impl Future<Output = Result<()>> + Send + 'static,
    ) -> tokio::task::JoinHandle<Result<()>> {
        self.runtime.spawn(future)
    }

    /// Opens the front door, the first time, and says where it is.
    pub(super) fn serve(&mut self) -> Result<SocketAddr> {
        if let Some(door) = &self.door {
            return Ok(door.address);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = self.runtime.block_on(listener).context("cannot listen")?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let shutdown = Box::pin(async move {
            let _ = stopped.await;
        });
        let ledger = self.ledger.clone();
        let serving =
            tallystick_api::run(ledger, Box::new(tokens()?), listener, shutdown, Door::default());
        let serving = self.runtime.spawn(serving);
        self.door = Some(OpenDoor { address, stop, serving });
        Ok(address)
    }

    /// Writes lives with so many callers at once, each one command after the other, until the
    /// time is over or all are told. Returns accepted commands a second.
    pub(super) fn write(&self, lives: Lives, callers: usize, time: Duration) -> Result<f64> {
        let lives = Arc::new(lives);
        let told = Arc::new(AtomicU64::new(0));
        let mut writing = JoinSet::new();
        let started = Instant::now();
        for _ in 0..callers {
            let (ledger, lives) = (self.ledger.clone(), Arc::clone(&lives));
            let told = Arc::clone(&told);
            let writer = async move {
                while let Some(life) = lives.next()? {
                    for command in life {
                        accepted(&ledger, command).await?;
                        told.fetch_add(1, Ordering::Relaxed);
                    }
                }
                anyhow::Ok(())
            };
            writing.spawn_on(writer, self.runtime.handle());
        }
        self.block_on(async {
            let all = async {
                while let Some(writer) = writing.join_next().await {
                    writer.context("a writer panicked")??;
                }
                anyhow::Ok(())
            };
            // Whoever is cut short is in the middle of a life that nobody tells again.
            tokio::time::timeout(time, all).await.unwrap_or(Ok(()))
        })?;
        let elapsed = started.elapsed().as_secs_f64();
        Ok(as_f64(told.load(Ordering::Relaxed)) / elapsed)
    }

    /// Closes the ledger as a node does, and waits until the folder is free.
    pub(super) fn close(mut self) -> Result<()> {
        if let Some(OpenDoor { stop, serving, .. }) = self.door.take() {
            let _ = stop.send(());
            self.runtime.block_on(serving).context("the server panicked")?;
        }
        self.runtime.block_on(self.ledger.close());
        self.leave()
    }

    /// Lets the folder go without writing anything to it.
    pub(super) fn leave(self) -> Result<()> {
        let Self { ledger, log, runtime, .. } = self;
        drop(runtime);
        drop(ledger);
        // The ledger's threads end by themselves.
        let deadline = Instant::now() + Duration::from_secs(30);
        while Arc::strong_count(&log) > 1 {
            ensure!(Instant::now() < deadline, "somebody still holds the log");
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

/// Lives to be told, by whoever takes the next one.
pub(super) struct Lives {
    next: AtomicU64,
    end: u64,
    /// Those made before they are needed, the next one last.
    ready: Option<Mutex<Vec<Vec<Command<Given>>>>>,
}

impl Lives {
    /// Makes the commands of these lives now, so that making them is not measured.
    pub(super) fn prepared(numbers: Range<u64>) -> Result<Self> {
        let lives = numbers.clone().rev().map(|number| Life::new(number).commands());
        let ready = Some(Mutex::new(lives.collect::<Result<_>>()?));
        Ok(Self { next: AtomicU64::new(numbers.start), end: numbers.end, ready })
    }

    /// Makes each life when it is told: for more than should be in memory at once.
    pub(super) fn unprepared(numbers: Range<u64>) -> Self {
        Self { next: AtomicU64::new(numbers.start), end: numbers.end, ready: None }
    }

    fn next(&self) -> Result<Option<Vec<Command<Given>>>> {
        if let Some(ready) = &self.ready {
            return Ok(ready.lock().expect("nobody panics holding it").pop());
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.end).then(|| Life::new(number).commands()).transpose()
    }
}

/// Tells one command.
pub(super) async fn accepted(ledger: &Ledger, command: Command<Given>) -> Result<()> {
    match ledger.submit(command).await? {
        Outcome::Accepted(_) => Ok(()),
        other => bail!("a life's command is not accepted: {other:?}"),
    }
}

/// Everybody's tokens.
fn tokens() -> Result<Tokens<Principal>> {
    let agencies = std::iter::once(partnership::commissioner())
        .chain(partnership::trusts())
        .chain(partnership::providers());
    let entry = |agency: AgencyId, role: Role| {
        TokenEntry::for_token(&token(agency, role), "bench", agency.to_string(), role.as_str())
    };
    let entries = agencies.flat_map(|agency| ROLES.map(|role| entry(agency, role)));
    Ok(Tokens::new(entries, Principal::of)?)
}

/// Counts in figures are far below 2^52.
#[expect(clippy::cast_precision_loss, reason = "a figure is not exact")]
pub(super) fn as_f64(count: u64) -> f64 {
    count as f64
}
