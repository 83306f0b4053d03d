//! Damage to any file of a closed log: it opens exactly as it was, or refuses loudly, and never
//! shows anything else. `TALLYSTICK_SWEEP_CASES` sets how many places are damaged.
//!
//! Each case runs in a process of its own, because sled may bring its process down.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tallystick_log::{BlockBuilder, Digest, Head, Log, ReadBudget, wait};
use tallystick_log_sled::SledLog;

use crate::store::{Data, head, options};

const DATA: &str = "TALLYSTICK_TEST_DAMAGED_DATA";
const ANSWER: &str = "answer: ";

#[test]
fn a_damaged_log_is_identical_or_refused() {
    let cases = env::var("TALLYSTICK_SWEEP_CASES")
        .map_or(200, |cases| cases.parse().expect("a number of cases"));
    let original = Data::new();
    let whole = describe(fill(&original));
    assert_eq!(open_apart(original.path()), whole, "undamaged, it is what it was");
    let files = files(original.path());
    assert!(files.iter().any(|file| file.starts_with("log/blobs")), "sled has no blob to damage");

    let (mut identical, mut refused) = (0, 0);
    for case in 0..cases {
        let damaged = Data::new();
        copy(original.path(), damaged.path());
        let what = damage(damaged.path(), &files, case);
        let answer = open_apart(damaged.path());
        if answer == whole {
            identical += 1;
        } else {
            assert!(answer.starts_with("refused"), "case {case}, {what}: {answer}, not {whole}");
            refused += 1;
        }
    }
    println!("{cases} damaged logs: {identical} identical, {refused} refused");
    assert!(identical > 0 && refused > 0, "the sweep has hit only one kind of place");
}

/// Not a test, but this binary called by the test above.
#[test]
#[ignore = "called by the damage sweep"]
fn open_and_verify() {
    let Ok(data) = env::var(DATA) else { return };
    println!("{ANSWER}{}", open_and_describe(Path::new(&data)));
}

fn open_and_describe(data: &Path) -> String {
    let log = match SledLog::open(data, &options()) {
        Ok(log) => log,
        Err(error) => return format!("refused at the start: {error}"),
    };
    if let Err(error) = log.verify_full(|_| {}) {
        return format!("refused by full verification: {error}");
    }
    // What is verified must also be what is read.
    let mut seen = Head::empty(log.identity());
    while seen != head(&log) {
        match wait(log.read(seen.commit, ReadBudget::default())) {
            Ok(blocks) => {
                for block in blocks {
                    seen.admits(&block).expect("verified");
                    seen = Head::of(&block);
                }
            }
            Err(error) => return format!("read fails after verification: {error}"),
        }
    }
    describe(seen)
}

fn describe(head: Head) -> String {
    format!("commit {}, position {}, digest {}", head.commit, head.last_position, head.digest)
}

/// A log with blocks of every size: small ones, large ones, and one so large that sled puts it into
/// `blobs/`.
fn fill(data: &Data) -> Head {
    let log = data.open().expect("new");
    let mut builder = BlockBuilder::new();
    for index in 0..240 {
        let now = head(&log);
        let records = match index {
            110 => 1_000,
            100..124 => 150,
            _ => 1 + index % 5,
        };
        for record in 0..records {
            // Seventeen digests in a row do not compress.
            let mut body = Vec::new();
            for part in 0..17 {
                let seed = format!("{index} {record} {part}");
                body.extend_from_slice(Digest::of(seed.as_bytes()).as_bytes());
            }
            builder.push(b"header", &body).expect("within the limits");
        }
        let block = builder.finish(now.commit.next(), now.last_position + 1, now.digest);
        wait(log.append(now.commit, block)).expect("sound");
    }
    head(&log)
}

/// The files of a data folder, relative to it.
fn files(data: &Path) -> Vec<PathBuf> {
    fn walk(folder: &Path, root: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                walk(&path, root, files);
            } else if !path.ends_with("lock") {
                files.push(path.strip_prefix(root).expect("below it").to_owned());
            }
        }
    }
    let mut files = Vec::new();
    walk(data, data, &mut files);
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().expect("in a folder")).expect("room");
        fs::copy(from.join(&file), target).expect("room");
    }
    fs::create_dir_all(to.join("log/blobs")).expect("room");
}

/// Damages one file and says how.
fn damage(data: &Path, files: &[PathBuf], case: u64) -> String {
    let mut chance = case.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut out_of = |bound: usize| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        usize::try_from(chance % bound.max(1) as u64).expect("below the bound")
    };
    // Two cases in three for the file that nearly everything is in, the others for all files.
    let file = match out_of(3) {
        0 => &files[out_of(files.len())],
        _ => files.iter().find(|file| file.ends_with("log/db")).expect("sled's file"),
    };
    let path = data.join(file);
    let mut bytes = fs::read(&path).expect("readable");
    let at = out_of(bytes.len());
    let what = match out_of(8) {
        0..=3 => {
            let bit = out_of(8);
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at} flipped")
        }
        4 => {
            let length = [1, 512, 4096, 65_536][out_of(4)].min(bytes.len());
            bytes.truncate(bytes.len() - length);
            format!("{length} bytes cut off")
        }
        5 => {
            bytes.truncate(at);
            format!("cut at byte {at}")
        }
        6 => {
            let end = (at + 4096).min(bytes.len());
            bytes[at..end].fill(0);
            format!("4 KiB zeroed from byte {at}")
        }
        _ => {
            fs::remove_file(&path).expect("removable");
            return format!("{} removed", file.display());
        }
    };
    fs::write(&path, bytes).expect("writable");
    format!("{}: {what}", file.display())
}

/// What a process of its own says of this folder.
fn open_apart(data: &Path) -> String {
    let mut child = Command::new(env::current_exe().expect("this binary"))
        .args(["--exact", "damage::open_and_verify", "--ignored", "--nocapture"])
        .env(DATA, data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this binary runs");
    let patience = Instant::now() + Duration::from_secs(30);
    while child.try_wait().expect("a child of ours").is_none() {
        if Instant::now() > patience {
            child.kill().expect("still there");
            child.wait().expect("a child of ours");
            return "hangs".to_owned();
        }
        thread::sleep(Duration::from_millis(3));
    }
    let output = child.wait_with_output().expect("a child of ours");
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.lines().find_map(|line| line.split_once(ANSWER));
    answer.map_or_else(|| format!("ended: {}", output.status), |(_, answer)| answer.to_owned())
}
