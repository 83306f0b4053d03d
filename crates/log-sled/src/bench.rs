//! What measures the log: `examples/log_bench.rs` prints it, and the benchmark of the whole calls
//! it for the limits that its own figures are held against.
//!
//! Each function measures once, on a folder of the caller's; take medians of several rounds, and
//! both sides of a ratio in turns, because other work on the machine moves every figure.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    time::{Duration, Instant},
};

use tallystick_log::{BlockBuilder, CommitNumber, Head, Log, ReadBudget, wait};

/// Syncs a second of a file that grows by 4 KiB each time: the limit of one caller who waits.
///
/// # Errors
/// What the system says of the file.
pub fn fdatasync_per_s(folder: &Path, times: u32) -> io::Result<f64> {
    let path = folder.join("fdatasync");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
    file.sync_all()?;
    let begin = Instant::now();
    for _ in 0..times {
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
    }
    let rate = per_s(times.into(), begin.elapsed());
    std::fs::remove_file(path)?;
    Ok(rate)
}

/// Records made beforehand, of about 400 bytes, so that only the log is measured.
pub struct ReadyRecords {
    records: Vec<([u8; HEADER_BYTES], Vec<u8>)>,
}

/// Typical of an event's header.
const HEADER_BYTES: usize = 96;

impl ReadyRecords {
    /// As many as asked for, always the same.
    pub fn new(count: usize) -> Self {
        let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move || {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            noise
        };
        let records = (0..count)
            .map(|_| {
                let mut header = [0; HEADER_BYTES];
                // A third of a header (salt, code, identifiers) does not compress.
                for word in header.chunks_exact_mut(8).take(HEADER_BYTES / 24) {
                    word.copy_from_slice(&next().to_be_bytes());
                }
                let body = format!(
                    r#"{{"referral":"ref_{:016x}","person":"per_{:016x}","service":"svc_{:04x}","referred_on":"2009-{:02}-{:02}","need":"accommodation","priority":"standard","reason":{{"key":"key_{:016x}","sealed":"{:016x}{:016x}"}},"source":"probation","pathway":"reducing_reoffending"}}"#,
                    next(), next(), next() % 64, next() % 12 + 1, next() % 28 + 1, next(), next(), next(),
                );
                (header, body.into_bytes())
            })
            .collect();
        Self { records }
    }

    /// Bytes of headers and bodies, per record.
    pub fn mean_bytes(&self) -> usize {
        let bytes: usize =
            self.records.iter().map(|(header, body)| header.len() + body.len()).sum();
        bytes / self.records.len().max(1)
    }
}

/// Records a second of one caller who appends `per_block` records at a time: blocks are built,
/// compressed, chained, appended and made durable, `blocks` times.
///
/// # Panics
/// If the log refuses an append.
pub fn append_per_s(log: &dyn Log, ready: &ReadyRecords, per_block: usize, blocks: usize) -> f64 {
    let mut builder = BlockBuilder::new();
    let mut records = ready.records.iter().cycle();
    let mut head = *log.head().borrow();
    let begin = Instant::now();
    for _ in 0..blocks {
        for (header, body) in records.by_ref().take(per_block) {
            builder.push(header, body).expect("within the limits");
        }
        let block = builder.finish(head.commit.next(), head.last_position + 1, head.digest);
        head = wait(log.append(head.commit, block)).expect("the log takes it");
    }
    per_s((per_block * blocks) as u64, begin.elapsed())
}

/// Events a second of one thread that reads the whole log, checks every block's checksum,
/// inflates it and looks at every record.
///
/// # Panics
/// If the log is damaged.
pub fn scan_per_s(log: &dyn Log) -> f64 {
    let mut buffer = Vec::new();
    let (mut events, mut bytes) = (0, 0);
    let mut after = CommitNumber::ZERO;
    let begin = Instant::now();
    loop {
        let blocks = wait(log.read(after, ReadBudget::default())).expect("sound");
        let Some(last) = blocks.last() else { break };
        after = last.number();
        for block in &blocks {
            for record in block.scan(&mut buffer).expect("sound") {
                events += 1;
                bytes += record.header.len() + record.body.len();
            }
        }
    }
    std::hint::black_box(bytes);
    per_s(events, begin.elapsed())
}

/// The same with records that own their memory, and the chain of digests checked too.
///
/// # Panics
/// If the log is damaged.
pub fn decode_per_s(log: &dyn Log) -> f64 {
    let (mut events, mut bytes) = (0, 0);
    let mut head = Head::empty(log.identity());
    let begin = Instant::now();
    loop {
        let blocks = wait(log.read(head.commit, ReadBudget::default())).expect("sound");
        if blocks.is_empty() {
            break;
        }
        for block in &blocks {
            head.admits(block).expect("chained");
            head = Head::of(block);
            let records = block.records().expect("sound");
            for record in &records {
                events += 1;
                bytes += record.header.len() + records.share(record.body).len();
            }
        }
    }
    std::hint::black_box(bytes);
    per_s(events, begin.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "a rate is not exact")]
fn per_s(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}
