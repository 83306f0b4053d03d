//! What the vault costs: one line per figure, `name value`. Prints the median of several runs.
//!
//! ```text
//! cargo run --release -p tallystick-vault --example vault_bench
//! ```

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use tallystick_vault::{EpochKey, KeyPurpose, SubjectId, Vault};

/// A name and address, and the additional data of a field.
const CLEAR: [u8; 100] = [b'c'; 100];
const AAD: [u8; 120] = [b'a'; 120];
const KEYS: u32 = 100_000;
const RUNS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let seal = |vault: &Vault, n| vault.seal(subject(n), KeyPurpose::Identity, &AAD, &CLEAR);

    let memory = resident_bytes()?;
    let vault = Vault::in_memory()?;
    let make = per_call(1_000_000, 1, |n| drop(black_box(seal(&vault, n))));
    println!("make_key_and_seal_us {make:.3}");
    println!("bytes_per_key {:.1}", f64::from(resident_bytes()? - memory) / 1e6);

    println!("seal_us {:.3}", per_call(KEYS, RUNS, |n| drop(black_box(seal(&vault, n % 1000)))));
    println!("seal_cold_us {:.3}", per_call(KEYS, RUNS, |n| drop(black_box(seal(&vault, n * 7)))));
    let blobs = (0..1000).map(|n| seal(&vault, n)).collect::<Result<Vec<_>, _>>()?;
    let open = |n: u32| vault.open_blob(&blobs[n as usize % 1000], &AAD);
    println!("open_us {:.3}", per_call(KEYS, RUNS, |n| drop(black_box(open(n)))));
    let two = Instant::now();
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (vault, seal) = (&vault, &seal);
            scope.spawn(move || {
                (0..KEYS).for_each(|n| drop(black_box(seal(vault, half * 500 + n % 500))));
            });
        }
    });
    println!("seal_2_threads_us {:.3}", micros(two.elapsed()) / f64::from(2 * KEYS));
    println!("mac_us {:.3}", per_call(KEYS, RUNS, |_| _ = black_box(vault.command_mac(&AAD))));
    println!("sync_clean_us {:.4}", per_call(KEYS, RUNS, |_| drop(black_box(vault.sync()))));
    drop(vault);

    on_disk()
}

fn on_disk() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let epoch_key = EpochKey::create(folder.path().join("epoch"))?;
    let path = folder.path().join("vault");
    let vault = Vault::create(&path, &epoch_key)?;
    // As many frames as if commands came one by one in groups of 100.
    for n in 0..KEYS {
        vault.seal(subject(n), KeyPurpose::Identity, &AAD, &CLEAR)?;
        if n % 100 == 99 {
            vault.sync()?;
        }
    }
    drop(vault);
    let len = u32::try_from(std::fs::metadata(&path)?.len())?;
    println!("file_bytes_per_key {:.1}", f64::from(len) / f64::from(KEYS));
    let mut loads = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let vault = Vault::open(&path, &epoch_key)?;
        loads.push(micros(start.elapsed()) / 1000.0);
        assert!(vault.holds(subject(KEYS - 1), KeyPurpose::Identity));
    }
    println!("load_100k_ms {:.1}", median(loads));

    let mut vault = Vault::open(&path, &epoch_key)?;
    let start = Instant::now();
    vault.retain(|subject| subject.0[15] != 0)?;
    println!("rewrite_100k_ms {:.1}", micros(start.elapsed()) / 1000.0);
    Ok(())
}

/// Microseconds that one of `calls` calls takes, the median of `runs`.
fn per_call(calls: u32, runs: usize, mut call: impl FnMut(u32)) -> f64 {
    let run = |_| {
        let start = Instant::now();
        (0..calls).for_each(&mut call);
        micros(start.elapsed()) / f64::from(calls)
    };
    median((0..runs).map(run).collect())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn subject(n: u32) -> SubjectId {
    let mut id = [0x5a; 16];
    id[12..].copy_from_slice(&n.to_be_bytes());
    SubjectId(id)
}

/// Memory of this process that is in RAM.
fn resident_bytes() -> Result<u32, Box<dyn Error>> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    let resident = pages.split(' ').nth(1).ok_or("no resident pages")?;
    Ok(resident.parse::<u32>()? * 4096)
}
