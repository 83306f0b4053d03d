//! Prints how fast the log is on this machine, beside what the disk allows:
//! `cargo run --release -p tallystick-log-sled --example log_bench --features bench`.

use std::{error::Error, path::Path};

use tallystick_log::{Log, LogIdentity};
use tallystick_log_sled::{
    Options, SledLog,
    bench::{ReadyRecords, append_per_s, decode_per_s, fdatasync_per_s, scan_per_s},
};

const ROUNDS: usize = 5;
const EVENTS: usize = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let ready = ReadyRecords::new(4096);
    println!("records of {} bytes on average", ready.mean_bytes());

    let mut syncs = Figure::new("fdatasync_per_s");
    let mut singles = Figure::new("durable_single_per_s");
    let mut batches = Figure::new("raw_append_256_per_s");
    let log = open(&folder.path().join("appends"))?;
    for _ in 0..ROUNDS {
        syncs.add(fdatasync_per_s(folder.path(), 1_000)?);
        singles.add(append_per_s(&log, &ready, 1, 1_000));
        batches.add(append_per_s(&log, &ready, 256, 200));
    }
    drop(log);
    syncs.print();
    singles.print();
    println!("durable_single_ratio {:.2}", singles.median() / syncs.median());
    batches.print();

    let data = folder.path().join("reads");
    let log = open(&data)?;
    let mut fill = Figure::new("fill_64_per_s");
    fill.add(append_per_s(&log, &ready, 64, EVENTS / 64));
    fill.print();
    drop(log);
    println!("bytes_per_event_disk {}", disk_bytes(&data)? / EVENTS as u64);
    let begin = std::time::Instant::now();
    let log = open(&data)?;
    println!("open_ms {}", begin.elapsed().as_millis());
    let mut scan = Figure::new("scan_events_per_s");
    let mut decode = Figure::new("decode_events_per_s");
    for _ in 0..ROUNDS {
        scan.add(scan_per_s(&log));
        decode.add(decode_per_s(&log));
    }
    scan.print();
    decode.print();
    let begin = std::time::Instant::now();
    log.verify_full(|_| {})?;
    println!("verify_full_ms {}", begin.elapsed().as_millis());
    println!("commits {}", log.head().borrow().commit);
    Ok(())
}

fn open(data: &Path) -> Result<SledLog, Box<dyn Error>> {
    let options = Options { scrub: None, ..Options::new(LogIdentity::new([1; 32])) };
    Ok(SledLog::open(data, &options)?)
}

/// Bytes that the file system has given to the files of a folder.
fn disk_bytes(folder: &Path) -> std::io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes +=
            if metadata.is_dir() { disk_bytes(&entry.path())? } else { 512 * metadata.blocks() };
    }
    Ok(bytes)
}

struct Figure {
    name: &'static str,
    rounds: Vec<f64>,
}

impl Figure {
    fn new(name: &'static str) -> Self {
        Self { name, rounds: Vec::new() }
    }

    fn add(&mut self, value: f64) {
        self.rounds.push(value);
        self.rounds.sort_by(f64::total_cmp);
    }

    fn median(&self) -> f64 {
        self.rounds[self.rounds.len() / 2]
    }

    fn print(&self) {
        let (least, most) = (self.rounds[0], self.rounds[self.rounds.len() - 1]);
        println!("{} {:.0} ({least:.0} to {most:.0})", self.name, self.median());
    }
}
