//! The scrub of the tree: what it finds in the background, and what is served after that.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tallystick_domain::Position;
use tallystick_ledger::{
    Health, Ledger, Parts, ReadError, ReadOnly, Settings, Signing, SubmitError,
};
use tallystick_log::{
    AppendError, Block, BlockBuilder, BoxFuture, CommitNumber, Head, Log, LogIdentity, MemoryLog,
    ReadBudget, wait,
};
use tallystick_tally::Signer;
use tokio::sync::watch;

use crate::house::{IDENTITY, accepted, parts, set_up};
use crate::world::World;

const WORLD: World = World::SMALL;

/// A log in which a block can be exchanged for another that is sound in itself.
struct Tampered {
    inner: MemoryLog,
    other: Mutex<Option<Block>>,
}

impl Tampered {
    fn new() -> Arc<Self> {
        Arc::new(Self { inner: MemoryLog::new(IDENTITY), other: Mutex::new(None) })
    }

    /// Changes the body of the first record of a commit. Gives its position.
    fn change(&self, commit: u64) -> Position {
        let before = CommitNumber::new(commit - 1);
        let block = wait(self.inner.read(before, ReadBudget::ONE)).expect("sound").remove(0);
        let mut builder = BlockBuilder::new();
        for record in &block.records().expect("sound") {
            let mut body = record.body.to_vec();
            if record.position == block.first_position() {
                *body.last_mut().expect("a body") ^= 1;
            }
            builder.push(record.header, &body).expect("as large as before");
        }
        let other = builder.finish(block.number(), block.first_position(), block.previous());
        *self.other.lock().expect("not poisoned") = Some(other);
        Position(block.first_position())
    }
}

impl Log for Tampered {
    fn append(
        &self,
        expected: CommitNumber,
        block: Block,
    ) -> BoxFuture<'_, Result<Head, AppendError>> {
        self.inner.append(expected, block)
    }

    fn read(
        &self,
        after: CommitNumber,
        budget: ReadBudget,
    ) -> BoxFuture<'_, Result<Vec<Block>, tallystick_log::ReadError>> {
        let mut read = wait(self.inner.read(after, budget));
        if let (Ok(blocks), Some(other)) = (&mut read, &*self.other.lock().expect("not poisoned"))
            && let Some(same) = blocks.iter_mut().find(|block| block.number() == other.number())
        {
            *same = other.clone();
        }
        Box::pin(std::future::ready(read))
    }

    fn head(&self) -> watch::Receiver<Head> {
        self.inner.head()
    }

    fn identity(&self) -> LogIdentity {
        self.inner.identity()
    }
}

/// A ledger whose scrub goes round without a rest.
fn open(log: &Arc<Tampered>, folder: &Path) -> Ledger {
    let signer = Signer::from_seed("ledger.example".parse().expect("a name"), &[7; 32]);
    let folder = folder.to_owned();
    // Little at hand, so that what is read comes from the log.
    let settings = Settings { scrub_every: Duration::ZERO, at_hand: 16, ..Settings::default() };
    let parts = Parts {
        folds: Some(folder.clone()),
        signing: Some(Signing { signer: Some(signer), folder, known: Vec::new() }),
        ..parts(Arc::clone(log) as Arc<dyn Log>, settings)
    };
    Ledger::open(parts, |_| {}).expect("it opens")
}

/// With so many events after its setting up, one a commit.
async fn grown(log: &Arc<Tampered>, folder: &Path, events: u64) -> Ledger {
    let ledger = open(log, folder);
    set_up(&ledger, WORLD).await;
    for agency in 0..events {
        accepted(&ledger, WORLD.described(agency)).await;
    }
    ledger
}

async fn until(ledger: &Ledger, seen: impl Fn(&Health) -> bool) -> Health {
    for _ in 0..3_000 {
        let health = ledger.health();
        if seen(&health) {
            return health;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not in half a minute: {:?}", ledger.health());
}

/// Two more rounds: one may be under way.
async fn scrubbed(ledger: &Ledger) -> Health {
    let rounds = ledger.health().scrubbed.rounds;
    until(ledger, |health| health.scrubbed.rounds >= rounds + 2).await
}

#[tokio::test]
async fn a_record_that_is_not_the_one_signed_is_named_and_nothing_from_it_on_is_served() {
    // Before the first full tile and after it: then the place is found in the tree's edge.
    for (events, commit) in [(400, 60), (400, 390), (90, 60)] {
        let folder = tempfile::tempdir().expect("a folder");
        let log = Tampered::new();
        let ledger = grown(&log, folder.path(), events).await;
        let health = scrubbed(&ledger).await;
        assert_eq!((health.scrubbed.damage, health.scrubbed.mended), (None, 0), "sound");
        assert!(health.read_only.is_none());

        let changed = log.change(commit);
        let health = until(&ledger, |health| health.read_only.is_some()).await;
        assert_eq!(health.scrubbed.damage, Some(changed));
        let Some(ReadOnly::Halted { position, what }) = health.read_only else {
            panic!("{health:?}");
        };
        assert_eq!(position, changed);
        assert!(what.contains("not those that were signed"), "{what}");
        let before = Position(changed.0 - 1);
        assert!(ledger.records(&[before]).is_ok());
        for position in [changed, changed.next()] {
            let read = ledger.records(&[position]);
            assert!(matches!(read, Err(ReadError::Changed(at)) if at == changed), "{read:?}");
        }
        let refused = ledger.submit(WORLD.described(9_000)).await;
        assert!(matches!(refused, Err(SubmitError::ReadOnly(_))), "{refused:?}");
        ledger.close().await;
    }
}

#[tokio::test]
async fn nothing_more_is_signed_once_the_log_is_not_what_was_signed() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Tampered::new();
    let ledger = grown(&log, folder.path(), 20).await;
    scrubbed(&ledger).await;
    log.change(5);
    until(&ledger, |health| health.read_only.is_some()).await;
    let signed = fs::read(folder.path().join("checkpoint")).ok();
    ledger.close().await;
    assert_eq!(fs::read(folder.path().join("checkpoint")).ok(), signed);
}

#[tokio::test]
async fn a_damaged_tile_over_a_sound_log_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Tampered::new();
    let ledger = grown(&log, folder.path(), 700).await;
    scrubbed(&ledger).await;
    let path = folder.path().join("tiles").join("0");
    let whole = fs::read(&path).expect("tiles");
    let file = OpenOptions::new().write(true).open(&path).expect("tiles");
    let flip = || file.write_all_at(&[whole[8_192 + 40] ^ 1], 8_192 + 40);
    let cut = |length: u64| file.set_len(length);
    let blows: [(&dyn Fn() -> io::Result<()>, u64); 3] =
        [(&flip, 1), (&|| cut(whole.len() as u64 - 1), 1), (&|| cut(0), 2)];
    let mut damaged = 0;
    for (strike, tiles) in blows {
        strike().expect("room");
        damaged += tiles;
        let health = until(&ledger, |health| health.scrubbed.mended >= damaged).await;
        assert_eq!(health.scrubbed.mended, damaged);
        assert!(fs::read(&path).expect("tiles") == whole, "made anew");
        assert_eq!((health.read_only.is_none(), health.scrubbed.damage), (true, None));
    }
    accepted(&ledger, WORLD.described(9_000)).await;
    ledger.close().await;
}
