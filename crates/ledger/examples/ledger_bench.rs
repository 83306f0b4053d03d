//! What the ledger costs, on the sled log, with lives of twenty events each.
//!
//! `cargo run --release -p tallystick-ledger --example ledger_bench -- [EVENTS] [FOLDER]`

#![expect(clippy::cast_precision_loss, reason = "figures are rounded anyway")]

#[path = "../tests/it/world.rs"]
mod world;

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tallystick_domain::{Position, Role};
use tallystick_ledger::{
    AsOf, Ledger, MetricValues, Outcome, Parts, Settings, VirtualClock, replay,
};
use tallystick_log::{Log, LogIdentity};
use tallystick_log_sled::{Options, SledLog};
use tallystick_vault::{EpochKey, Vault};
use tallystick_views::Scope;

use crate::world::{NOON, World};

const WORLD: World = World { trusts: 60, providers: 139 };
const CALLERS: u64 = 256;
/// Lives that a caller follows at the same time: with all callers a tenth of a million events.
const TOGETHER: u64 = 20;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn now() -> Instant {
    Instant::now()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let events: u64 = arguments.next().map_or(1_000_000, |it| it.parse().expect("a number"));
    let folder =
        arguments.next().map_or_else(|| PathBuf::from("target/ledger-bench"), PathBuf::from);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run(events, &folder));
    drop(runtime);
    let _ = fs::remove_dir_all(&folder);
}

fn open(folder: &Path, savepoint: bool) -> (Ledger, Arc<SledLog>) {
    let log = Arc::new(SledLog::open(folder, &options()).expect("a log"));
    let (vault, key) = (folder.join("vault"), folder.join("key"));
    let vault = if vault.exists() {
        Vault::open(&vault, &EpochKey::read(&key).expect("a key")).expect("a vault")
    } else {
        Vault::create(&vault, &EpochKey::create(&key).expect("a key")).expect("a vault")
    };
    let parts = Parts {
        log: Arc::clone(&log) as Arc<dyn Log>,
        vault,
        clock: Arc::new(VirtualClock::new(NOON)),
        savepoint: savepoint.then(|| folder.join("savepoint")),
        settings: Settings::default(),
    };
    (Ledger::open(parts, |_| {}).expect("a ledger"), log)
}

fn options() -> Options {
    Options { scrub: None, ..Options::new(LogIdentity::new([9; 32])) }
}

async fn run(events: u64, folder: &Path) {
    let sync = fdatasync(folder);
    figure("fdatasync_per_s", sync);
    let (ledger, log) = open(folder, true);
    for command in WORLD.setup() {
        let outcome = ledger.submit(command).await.expect("an answer");
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    }
    single(&ledger, sync, "durable_single_ratio").await;
    many(&ledger, 1_000, events, "durable_256_per_s").await;
    figure("rss_mib", rss());
    let sync = fdatasync(folder);
    figure("fdatasync_per_s", sync);
    single(&ledger, sync, "durable_single_ratio_full").await;
    as_of(&ledger).await;
    let head = ledger.snapshot().position();
    let bytes = size(folder);
    figure("bytes_per_event_disk", bytes as f64 / head.0 as f64);
    let watch = now();
    ledger.close().await;
    figure("close_s", watch.elapsed().as_secs_f64());
    drop(ledger);
    wait_for_last(log).await;

    let log: Arc<dyn Log> = Arc::new(SledLog::open(folder, &options()).expect("a log"));
    let (watch, busy) = (now(), cpu());
    let snapshot = replay(&log, None, |_| {}).expect("sound");
    figure("replay_events_per_s", snapshot.position().0 as f64 / watch.elapsed().as_secs_f64());
    figure("replay_events_per_cpu_s", snapshot.position().0 as f64 / (cpu() - busy));
    drop(snapshot);
    wait_for_last(log).await;

    let (watch, busy) = (now(), cpu());
    let (ledger, log) = open(folder, true);
    figure("start_savepoint_s", watch.elapsed().as_secs_f64());
    figure("start_savepoint_cpu_s", cpu() - busy);
    figure("rss_savepoint_mib", rss());
    assert_eq!(ledger.snapshot().position(), head);
    drop(ledger);
    wait_for_last(log).await;

    let watch = now();
    let (ledger, log) = open(folder, false);
    figure("start_s", watch.elapsed().as_secs_f64());
    drop(ledger);
    wait_for_last(log).await;
}

/// Until nobody else holds a log, and it can be closed.
async fn wait_for_last<L: ?Sized>(log: Arc<L>) {
    while Arc::strong_count(&log) > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One caller, one command after the other.
async fn single(ledger: &Ledger, sync: f64, name: &str) {
    let base = 1 << 20 | ledger.snapshot().position().0;
    let commands: Vec<_> = (0..100).flat_map(|number| WORLD.life(base + number)).collect();
    let count = commands.len() as f64;
    let watch = now();
    for command in commands {
        let outcome = ledger.submit(command).await.expect("an answer");
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    }
    let per_second = count / watch.elapsed().as_secs_f64();
    figure(&format!("{name}_per_s"), per_second);
    figure(name, per_second / sync);
}

/// Many callers, each following some lives at a time.
async fn many(ledger: &Ledger, first: u64, events: u64, name: &str) {
    let next = Arc::new(AtomicU64::new(first));
    let end = first + events / 20;
    let before = ledger.metrics();
    let (watch, busy) = (now(), cpu());
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (ledger, next) = (ledger.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let mut done = 0_u64;
                loop {
                    let group = next.fetch_add(TOGETHER, Relaxed);
                    if group >= end {
                        return done;
                    }
                    // People live at the same time: their events lie far apart in the log.
                    let lives: Vec<_> =
                        (group..group + TOGETHER).map(|life| WORLD.life(life)).collect();
                    for step in 0..lives[0].len() {
                        for life in &lives {
                            let command = life[step].clone();
                            let outcome = ledger.submit(command).await.expect("an answer");
                            assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
                            done += 1;
                        }
                    }
                }
            })
        })
        .collect();
    let mut done = 0;
    for caller in callers {
        done += caller.await.expect("no panic");
    }
    figure(name, done as f64 / watch.elapsed().as_secs_f64());
    figure("cpu_us_per_event", (cpu() - busy) * 1e6 / done as f64);
    let after = ledger.metrics();
    let commits = (after.commits - before.commits) as f64;
    figure("events_per_commit", (after.events - before.events) as f64 / commits);
    let mean = |of: fn(&MetricValues) -> u64| (of(&after) - of(&before)) as f64 / commits;
    figure("decide_us_per_commit", mean(|it| it.decide_us.sum));
    figure("flush_us_per_commit", mean(|it| it.flush_us.sum));
    figure("publish_us_per_commit", mean(|it| it.publish_us.sum));
}

/// Every agency's past in the middle of the history.
async fn as_of(ledger: &Ledger) {
    let middle = AsOf::Position(Position(ledger.snapshot().position().0 / 2));
    let mut times = Vec::new();
    for agency in WORLD.agencies() {
        let scope = Scope::new(agency, Role::Caseworker);
        let watch = now();
        ledger.as_of(scope, middle).await.expect("a past");
        times.push(watch.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_unstable_by(f64::total_cmp);
    figure("as_of_agency_ms_smallest", times[0]);
    figure("as_of_agency_ms_median", times[times.len() / 2]);
    figure("as_of_agency_ms_largest", times[times.len() - 1]);
}

fn fdatasync(folder: &Path) -> f64 {
    let path = folder.join("sync");
    let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path);
    let mut file: File = file.expect("a file");
    let page = [7; 4_096];
    let watch = now();
    let mut count = 0_u32;
    while watch.elapsed() < Duration::from_secs(1) {
        file.write_all(&page).expect("room");
        file.sync_data().expect("a disk");
        count += 1;
    }
    let _ = fs::remove_file(path);
    f64::from(count) / watch.elapsed().as_secs_f64()
}

/// Seconds of processor time that this process has used.
fn cpu() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn rss() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|it| it.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1_024.0
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(it) if it.is_dir() => size(&entry.path()),
            Ok(it) => it.len(),
            Err(_) => 0,
        })
        .sum()
}

fn figure(name: &str, value: f64) {
    println!("{name:<32} {value:>14.2}");
}
