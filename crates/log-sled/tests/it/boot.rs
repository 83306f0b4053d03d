//! What is noticed at the start, while reading, and in the background.

use std::{fs, path::PathBuf, time::Duration};

use tallystick_log::{
    AppendError, Corrupt, Damage, Head, Log, LogIdentity, ReadBudget, ReadError,
    conformance::block_after, wait,
};
use tallystick_log_sled::{OpenError, Options, ScrubPace, SledLog};

use crate::store::{Data, IDENTITY, commit, flip, grow, head, key, options};

const ALL: ReadBudget = ReadBudget { bytes: usize::MAX, blocks: usize::MAX };

macro_rules! assert_refused {
    ($answer:expr, $pattern:pat $(if $guard:expr)?) => {
        match $answer.map(|_| "opened") {
            Err($pattern) $(if $guard)? => {}
            other => panic!("answered {other:?}"),
        }
    };
}

#[test]
fn a_folder_in_use_is_named() {
    let data = Data::with_commits(1);
    let _open = data.open().expect("free");
    let refused = data.open().map(|_| ()).expect_err("in use").to_string();
    assert!(refused.contains(&*data.path().to_string_lossy()), "{refused}");
    assert!(refused.contains(&format!("pid {}", std::process::id())), "{refused}");
}

#[test]
fn a_folder_is_free_again_once_the_log_is_closed() {
    let data = Data::with_commits(1);
    drop(data.open().expect("free"));
    data.open().expect("free again");
}

#[test]
fn a_store_that_lost_its_end_is_refused_with_both_ends_named() {
    let data = Data::with_commits(10);
    data.tamper(|db| {
        for lost in 8..=10 {
            db.remove(key(lost)).expect("there");
        }
    });
    let refused = data.open().map(|_| ()).expect_err("commits are missing").to_string();
    assert!(refused.contains("the head file says commit 10 (position 30)"), "{refused}");
    let missing = "ends at 7 (position 21): positions 22 to 30 are missing";
    assert!(refused.contains(missing), "{refused}");
}

#[test]
fn a_first_commit_that_another_stands_for_is_named() {
    // Not taken for the first of another log.
    let data = Data::with_commits(100);
    data.tamper(|db| {
        let [first, other] =
            [1, 7].map(|number| db.get(key(number)).expect("read").expect("there"));
        db.insert(key(1), other).expect("writable");
        db.insert(key(7), first).expect("writable");
    });
    assert_refused!(
        data.open(),
        OpenError::Damaged { source: ReadError::Corrupt(Corrupt { commit: at, position: 1, .. }), .. }
            if at == commit(1)
    );
}

#[test]
fn a_store_that_lost_everything_is_refused() {
    let data = Data::with_commits(3);
    data.tamper(|db| db.clear().expect("writable"));
    assert_refused!(data.open(), OpenError::Behind { found, .. } if found == commit(0));
    fs::remove_dir_all(data.store()).expect("there");
    assert_refused!(data.open(), OpenError::Behind { stated, .. } if stated == commit(3));
    assert!(!data.store().exists(), "a refused start creates nothing");
}

#[test]
fn a_store_with_another_block_at_the_head_is_refused() {
    let data = Data::with_commits(3);
    data.tamper(|db| {
        let other = block_after(Head { last_position: 6, ..head_at(2) }, 3, "another");
        db.insert(key(3), other.bytes().as_ref()).expect("writable");
    });
    assert_refused!(data.open(), OpenError::OtherHistory { commit: at, .. } if at == commit(3));
}

#[test]
fn an_opening_that_was_cut_short_does_not_keep_the_next_from_succeeding() {
    let data = Data::with_commits(5);
    drop(data.open().expect("sound"));
    let files = fs::read_dir(data.store()).expect("there").map(|it| it.expect("readable").path());
    let is_snapshot = |path: &PathBuf| path.to_string_lossy().contains("/snap.");
    let snapshot = files.into_iter().find(is_snapshot).expect("sled has written one");
    let whole = fs::read(&snapshot).expect("readable");
    // What a process leaves that dies while sled writes the next one.
    for written in [0, 1, 13, whole.len() / 2, whole.len()] {
        let next = data.store().join(format!("snap.{:016X}.generating", 7 << 20));
        fs::write(&next, &whole[..written]).expect("writable");
        let log = data.open().unwrap_or_else(|error| panic!("after {written} bytes: {error:?}"));
        assert_eq!(head(&log).commit, commit(5));
        assert!(!next.exists());
    }
}

/// A head whose digest is that of the second commit that [`grow`] makes.
fn head_at(count: usize) -> Head {
    let data = Data::with_commits(count);
    head(&data.open().expect("sound"))
}

#[test]
fn a_store_of_another_log_is_refused() {
    let data = Data::with_commits(2);
    let other = Data::new();
    let identity = LogIdentity::new([1; 32]);
    let options = Options { identity_if_new: identity, ..options() };
    grow(&SledLog::open(other.path(), &options).expect("new"), 2);
    fs::copy(other.head_file(), data.head_file()).expect("writable");
    assert_refused!(data.open(), OpenError::OtherLog { stated, .. } if stated == identity);
}

#[test]
fn a_store_that_went_on_after_the_head_file_is_taken_as_it_is() {
    let data = Data::with_commits(4);
    let head_file = fs::read(data.head_file()).expect("there");
    let blocks = grow(&data.open().expect("sound"), 3);
    fs::write(data.head_file(), head_file).expect("writable");
    let log = data.open().expect("ahead is not behind");
    assert_eq!(head(&log), Head::of(&blocks[2]));
}

#[test]
fn what_follows_the_head_file_must_be_chained_to_it() {
    let data = Data::with_commits(4);
    data.tamper(|db| {
        let stray =
            block_after(Head { last_position: 12, commit: commit(4), ..head_at(2) }, 1, "x");
        db.insert(key(5), stray.bytes().as_ref()).expect("writable");
    });
    assert_refused!(data.open(), OpenError::Damaged { .. });
}

#[test]
fn a_missing_head_file_is_refused_unless_it_is_accepted() {
    let data = Data::with_commits(5);
    fs::remove_file(data.head_file()).expect("there");
    assert_refused!(data.open(), OpenError::HeadFileMissing { .. });
    assert_refused!(data.open(), OpenError::HeadFileMissing { .. });

    let other = LogIdentity::new([3; 32]);
    let accept = Options { accept_lost_head_file: true, identity_if_new: other, ..options() };
    let log = SledLog::open(data.path(), &accept).expect("accepted");
    assert_eq!((log.identity(), head(&log).commit), (IDENTITY, commit(5)));
    drop(log);
    data.open().expect("there is a head file again");
}

#[test]
fn a_damaged_head_file_is_refused() {
    let data = Data::with_commits(5);
    let text = fs::read_to_string(data.head_file()).expect("text");
    fs::write(data.head_file(), text.replace("commit=", "commit=1")).expect("writable");
    assert_refused!(data.open(), OpenError::HeadFileDamaged { .. });
}

#[test]
fn a_torn_entry_of_the_head_file_leaves_an_older_one() {
    let data = Data::new();
    let log = data.open().expect("new");
    grow(&log, 5);
    let while_open = fs::read(data.head_file()).expect("there");
    drop(log);
    let torn: Vec<u8> = while_open
        .iter()
        .enumerate()
        .map(|(at, &byte)| if at == 512 + 99 { b'~' } else { byte })
        .collect();
    assert_ne!(torn, while_open);
    fs::write(data.head_file(), torn).expect("writable");
    assert_eq!(head(&data.open().expect("the first entry is sound")).commit, commit(5));
}

#[test]
fn a_damaged_block_of_the_tail_is_found_at_the_start() {
    let data = Data::with_commits(70);
    data.tamper(|db| flip(db, 60));
    let Err(OpenError::Damaged { source: ReadError::Corrupt(corrupt), .. }) = data.open() else {
        panic!("opened");
    };
    assert_eq!((corrupt.commit, corrupt.position), (commit(60), 178));
    assert!(matches!(corrupt.damage, Damage::Checksum { .. }));
}

#[test]
fn the_first_of_two_damaged_blocks_is_named_though_the_start_looks_at_the_tail() {
    let data = Data::with_commits(100);
    data.tamper(|db| {
        let block = |commit| db.get(key(commit)).expect("readable").expect("there");
        let (old, new) = (block(20), block(90));
        db.insert(key(20), new).expect("writable");
        db.insert(key(90), old).expect("writable");
    });
    let Err(OpenError::Damaged { source: ReadError::Corrupt(corrupt), .. }) = data.open() else {
        panic!("opened");
    };
    assert_eq!((corrupt.commit, corrupt.position), (commit(20), 58));
}

#[test]
fn an_old_damaged_block_is_found_by_full_verification_and_then_refused_to_readers() {
    let data = Data::with_commits(100);
    let expected = (commit(20), 58);
    data.tamper(|db| {
        db.remove(key(20)).expect("there");
    });
    let log = data.open().expect("the tail is sound");
    let mut steps = Vec::new();
    let Err(ReadError::Corrupt(found)) = log.verify_full(|progress| steps.push(progress)) else {
        panic!("verified");
    };
    assert_eq!(
        (found.commit, found.position, &found.damage),
        (expected.0, expected.1, &Damage::Missing)
    );
    assert_eq!(log.health().borrow().damage, [found]);
    let read = wait(log.read(commit(19), ALL));
    assert!(
        matches!(read, Err(ReadError::Corrupt(Corrupt { commit, .. })) if commit == expected.0)
    );
}

#[test]
fn a_sound_log_is_verified_to_its_head() {
    let data = Data::with_commits(100);
    let log = data.open().expect("sound");
    let mut last = None;
    let verified = log.verify_full(|progress| last = Some(progress)).expect("sound");
    assert_eq!(verified, head(&log));
    assert_eq!(
        last.map(|progress| (progress.commit, progress.of, progress.position)),
        Some((commit(100), commit(100), 300))
    );
}

/// A forger recomputes the checksum, so the block alone is sound; only the chain tells.
fn forge(data: &Data, at: u64) {
    let log = data.open().expect("sound");
    let before = wait(log.read(commit(at - 2), ReadBudget::ONE)).expect("sound");
    let forged = block_after(Head::of(&before[0]), 3, "forged");
    drop(log);
    data.tamper(|db| {
        db.insert(key(at), forged.bytes().as_ref()).expect("writable");
    });
}

#[test]
fn the_scrub_finds_a_forged_block_and_takes_it_from_readers() {
    let data = Data::with_commits(100);
    forge(&data, 20);
    let pace = ScrubPace { slice_bytes: 512, pause: Duration::ZERO, rest: Duration::from_hours(1) };
    let log = SledLog::open(data.path(), &Options { scrub: Some(pace), ..options() })
        .expect("the tail is sound");
    let health = log.health();
    while health.borrow().scrub_rounds == 0 {
        std::thread::yield_now();
    }
    let found = health.borrow().damage.clone();
    assert_eq!(found, [Corrupt { commit: commit(20), position: 58, damage: Damage::Chain }]);
    assert!(matches!(wait(log.read(commit(19), ALL)), Err(ReadError::Corrupt(_))));
    assert_eq!(wait(log.read(commit(20), ALL)).expect("sound").len(), 80);
    // Closing must not wait for the scrub's rest.
    drop(log);
}

#[test]
fn without_enough_room_appends_are_refused_and_reads_go_on() {
    let data = Data::with_commits(2);
    let options = Options { min_free_bytes: u64::MAX, ..options() };
    let log = SledLog::open(data.path(), &options).expect("reading needs no room");
    let now = head(&log);
    let refused = wait(log.append(now.commit, block_after(now, 1, "more")));
    assert!(matches!(refused, Err(AppendError::Full { threshold: u64::MAX, .. })), "{refused:?}");
    assert_eq!(wait(log.read(commit(0), ALL)).expect("sound").len(), 2);
}

#[test]
fn a_failed_flush_is_told_to_whoever_watches_the_health() {
    let data = Data::with_commits(2);
    let log = data.open().expect("sound");
    let health = log.health();
    assert!(health.borrow().is_sound());
    log.fail_next_flush();
    let now = head(&log);
    wait(log.append(now.commit, block_after(now, 1, "failed"))).expect_err("made to fail");
    assert!(health.borrow().poison.is_some());
}
