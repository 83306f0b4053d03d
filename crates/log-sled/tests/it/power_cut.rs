//! Power cuts: the store on a file system of its own, whose image is put back to what it held at
//! one instant while a process appends. What the system had only in memory is then gone.
//!
//! `TALLYSTICK_POWER_CUTS` sets how many. Needs root and loop devices; without them it says so.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    disk::{Disk, freeze},
    store::{head, options},
};
use tallystick_log::{BlockBuilder, Log, MAX_BLOCK_RECORDS, wait};
use tallystick_log_sled::{Options, SledLog, Sync};

const DATA: &str = "TALLYSTICK_TEST_POWER_CUT_DATA";
const LOAD: &str = "TALLYSTICK_TEST_POWER_CUT_LOAD";
const LEFT_OUT: &str = "TALLYSTICK_TEST_POWER_CUT_LEFT_OUT";
/// Before each number that the child has had acknowledged.
const ACKNOWLEDGED: &str = "acknowledged ";

#[test]
fn nothing_acknowledged_is_lost_in_a_power_cut() {
    keeps_what_it_acknowledged(Load::Mixed);
}

#[test]
fn nothing_acknowledged_is_lost_in_a_power_cut_during_a_bulk_import() {
    keeps_what_it_acknowledged(Load::Bulk);
}

#[test]
fn without_the_fdatasync_acknowledged_commits_are_lost() {
    assert!(loses_commits(Load::Mixed, Sync::Fdatasync), "the test would not notice a loss");
}

#[test]
fn without_the_syncs_of_blobs_acknowledged_commits_are_lost() {
    assert!(loses_commits(Load::Bulk, Sync::Blobs), "the test would not notice a loss");
}

fn keeps_what_it_acknowledged(load: Load) {
    let Some(disk) = Disk::new(1_024) else { return };
    for cut in 0..cuts() {
        // Each cut hits the store that the one before has left.
        let acknowledged = run_and_cut(&disk, cut, load, None);
        let log = SledLog::open(&data(&disk), &options())
            .unwrap_or_else(|error| panic!("cut {cut}: {}", with_sources(&error)));
        let verified = log.verify_full(|_| {}).expect("sound");
        println!("cut {cut}: {acknowledged} acknowledged, the log ends at {}", verified.commit);
        assert!(
            verified.commit.get() >= acknowledged,
            "cut {cut}: commit {acknowledged} was acknowledged, the log ends at {}",
            verified.commit
        );
    }
}

/// Whether at least one of the cuts loses something. Each hits a new store.
fn loses_commits(load: Load, left_out: Sync) -> bool {
    let mut lost = false;
    for cut in 0..cuts() {
        let Some(disk) = Disk::new(1_024) else { return true };
        let acknowledged = run_and_cut(&disk, cut, load, Some(left_out));
        let opened = SledLog::open(&data(&disk), &options());
        let end = opened.map_err(|error| with_sources(&error)).map(|log| head(&log).commit.get());
        println!("cut {cut}: {acknowledged} acknowledged, the log ends at {end:?}");
        lost |= end.is_err() || end.is_ok_and(|end| end < acknowledged);
    }
    lost
}

fn data(disk: &Disk) -> PathBuf {
    disk.folder().join("data")
}

fn cuts() -> u64 {
    env::var("TALLYSTICK_POWER_CUTS").map_or(3, |cuts| cuts.parse().expect("a number of cuts"))
}

/// Lets a process append, cuts the power, and tells the last commit that it said was acknowledged.
fn run_and_cut(disk: &Disk, cut: u64, load: Load, left_out: Option<Sync>) -> u64 {
    let mut child = Writer::start(&data(disk), load, left_out);
    let at_first = child.wait_for(1);
    // By then sled has split a leaf or two, and put the largest blocks into `blobs/`.
    child.wait_for(at_first + 20);
    thread::sleep(Duration::from_millis(150 + cut * 137 % 500));
    freeze(&child.child);
    disk.cut_power();
    let acknowledged = child.last_words();
    disk.start_again();
    acknowledged
}

/// What the process that is cut off appends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    /// Mostly a record or two, now and then a full block.
    Mixed,
    /// Blocks above 512 KiB: sled puts them into files of their own.
    Bulk,
}

/// The process that is cut off: not a test, but this binary called by the tests above.
#[test]
#[ignore = "called by the power cut tests"]
fn writer() {
    let Ok(data) = env::var(DATA) else { return };
    let left_out = match env::var(LEFT_OUT).as_deref() {
        Ok("Fdatasync") => Some(Sync::Fdatasync),
        Ok("Blobs") => Some(Sync::Blobs),
        _ => None,
    };
    let bulk = env::var(LOAD).as_deref() == Ok("Bulk");
    let log = SledLog::open(Path::new(&data), &Options { left_out, ..options() })
        .unwrap_or_else(|error| panic!("{}", with_sources(&error)));
    let mut builder = BlockBuilder::new();
    let mut chance = head(&log).commit.get() + 1;
    let mut out = std::io::stdout().lock();
    loop {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let records = match chance % 64 {
            _ if bulk => MAX_BLOCK_RECORDS as u64,
            0..4 => MAX_BLOCK_RECORDS as u64,
            4..8 => 200,
            _ => 1 + chance % 2,
        };
        for record in 0..records {
            let word = |at: u64| {
                let number = chance ^ (record << 8 | at);
                number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()
            };
            let words = if bulk { 70 } else { 40 };
            let body: Vec<u8> = (0..words).flat_map(word).collect();
            builder.push(&chance.to_le_bytes(), &body).expect("1,000 of them fit");
        }
        let now = head(&log);
        let block = builder.finish(now.commit.next(), now.last_position + 1, now.digest);
        let Ok(head) = wait(log.append(now.commit, block)) else { return };
        let told = writeln!(out, "{ACKNOWLEDGED}{}", head.commit).and_then(|()| out.flush());
        if told.is_err() {
            return;
        }
    }
}

struct Writer {
    child: Child,
    acknowledged: Arc<AtomicU64>,
    listener: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(data: &Path, load: Load, left_out: Option<Sync>) -> Self {
        let mut command = Command::new(env::current_exe().expect("this binary"));
        command.args(["--exact", "power_cut::writer", "--ignored", "--nocapture"]);
        command.env(DATA, data).env(LOAD, format!("{load:?}")).stdout(Stdio::piped());
        if let Some(left_out) = left_out {
            command.env(LEFT_OUT, format!("{left_out:?}"));
        }
        let mut child = command.spawn().expect("this binary runs");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let acknowledged = Arc::new(AtomicU64::new(0));
        let told = acknowledged.clone();
        let listener = thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if let Some((_, number)) = line.split_once(ACKNOWLEDGED) {
                    told.store(number.parse().expect("a number"), Ordering::SeqCst);
                }
            }
        });
        Self { child, acknowledged, listener: Some(listener) }
    }

    /// Ends it, and tells the last commit that it ever said was acknowledged.
    fn last_words(mut self) -> u64 {
        self.end();
        self.listener.take().expect("listens").join().expect("lines of ours");
        self.acknowledged.load(Ordering::SeqCst)
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn wait_for(&mut self, commit: u64) -> u64 {
        loop {
            let acknowledged = self.acknowledged.load(Ordering::SeqCst);
            if acknowledged >= commit {
                return acknowledged;
            }
            let ended = self.child.try_wait().expect("a child of ours");
            assert!(ended.is_none(), "the writer ended by itself: {ended:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
