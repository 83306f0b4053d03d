//! What the store takes on disk.

use std::{fs, path::Path};

use tallystick_log::{BlockBuilder, Digest, Log, wait};

use crate::store::{Data, head};

/// Blocks of a node that is busy: some six kilobytes that do not compress.
const RECORDS: u64 = 24;
const COMMITS: u64 = 600;

#[test]
fn a_store_is_little_larger_than_its_blocks_also_across_restarts() {
    let data = Data::new();
    let mut blocks = 0;
    for part in 0..3 {
        let log = data.open().expect("sound");
        for commit in 0..COMMITS / 3 {
            blocks += append(&log, &format!("{part} {commit}"));
        }
    }
    let store = bytes(&data.store());
    assert!(store * 100 < blocks * 115, "{store} bytes for blocks of {blocks}");
}

/// Appends a block and says how long it is.
fn append(log: &dyn Log, seed: &str) -> u64 {
    let mut builder = BlockBuilder::new();
    for record in 0..RECORDS {
        let digest = |part| Digest::of(format!("{seed} {record} {part}").as_bytes());
        let body: Vec<u8> = (0..8).flat_map(|part| *digest(part).as_bytes()).collect();
        builder.push(b"header", &body).expect("within the limits");
    }
    let now = head(log);
    let block = builder.finish(now.commit.next(), now.last_position + 1, now.digest);
    let length = block.bytes().len() as u64;
    wait(log.append(now.commit, block)).expect("nothing is wrong with it");
    length
}

fn bytes(path: &Path) -> u64 {
    let metadata = fs::metadata(path).expect("there");
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = fs::read_dir(path).expect("readable");
    entries.map(|entry| bytes(&entry.expect("readable").path())).sum()
}
