//! A stopped ledger, and a forger who knows how one is made: whoever runs the machine can rewrite
//! the log so that checksums, the chain of digests and the head file are right again.

use crate::folder::copy;
use crate::node::{printed, run};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;
use tallystick_log::{BlockBuilder, CommitNumber, Log as _, LogIdentity, ReadBudget, wait};
use tallystick_log_sled::{Options, SledLog};
use tallystick_tally::{
    Bundle, Checkpoint, Entry, Frontier, InclusionProof, LeafIndex, Signer, TlogProof, TreeHead,
};
use tempfile::TempDir;

/// Some events of an invented partnership, enough for several tiles, signed.
static STOPPED: LazyLock<TempDir> = LazyLock::new(|| {
    let own = tempfile::tempdir().expect("a folder");
    load(&own.path().join("data"), 700);
    own
});

/// The demo on a folder: loads it if it is new, signs what is there, and stops.
fn load(data: &Path, events: u64) {
    let events = events.to_string();
    printed([
        "demo".as_ref(),
        "--load-only".as_ref(),
        "--listen".as_ref(),
        "127.0.0.1:0".as_ref(),
        "--seed".as_ref(),
        "11".as_ref(),
        "--events".as_ref(),
        events.as_ref(),
        "--data".as_ref(),
        data.as_os_str(),
    ]);
}

/// A copy of a stopped ledger, to do with as one likes.
pub(crate) struct Stopped {
    own: TempDir,
}

/// A record of the log, and the commit that it is in.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) commit: CommitNumber,
    pub(crate) header: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

impl Kept {
    /// Moves it to a commit of its own, behind another record.
    pub(crate) fn in_a_commit_after(&mut self, last: &Self) {
        self.commit = last.commit.next();
        self.header[18..26].copy_from_slice(&self.commit.get().to_be_bytes());
    }
}

impl Stopped {
    pub(crate) fn ledger() -> Self {
        let own = tempfile::tempdir().expect("a folder");
        copy(STOPPED.path(), own.path());
        Self { own }
    }

    /// One that somebody else loaded and stopped, in `data`.
    pub(crate) fn at(own: TempDir) -> Self {
        Self { own }
    }

    /// Where a file of the test is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.own.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn checkpoint_path(&self) -> PathBuf {
        self.data().join("checkpoint")
    }

    /// What it signed last.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let bytes = fs::read(self.checkpoint_path()).expect("a checkpoint");
        Checkpoint::parse(&bytes).expect("a checkpoint")
    }

    /// The public key that its checkpoints verify with.
    pub(crate) fn key(&self) -> String {
        let origin = self.checkpoint().origin().to_owned();
        let (ledger, incarnation) = origin
            .split_once('/')
            .and_then(|(_, rest)| rest.split_once('#'))
            .expect("host/ledger#incarnation");
        let file = self.data().join("demo-signing-key");
        let shown = printed([
            "key".as_ref(),
            "show".as_ref(),
            file.as_os_str(),
            "--ledger".as_ref(),
            ledger.as_ref(),
            "--incarnation".as_ref(),
            incarnation.as_ref(),
        ]);
        shown.trim().to_owned()
    }

    /// Changes the records. The log is then sound again for whoever has only the folder.
    pub(crate) fn rewrite(&self, change: impl FnOnce(&mut Vec<Kept>)) {
        let data = self.data();
        let (identity, mut records) = read(&data);
        change(&mut records);
        fs::remove_dir_all(data.join("log")).expect("removed");
        fs::remove_file(data.join("head")).expect("removed");
        let log = SledLog::open(&data, &options(identity)).expect("a new log");
        let mut builder = BlockBuilder::new();
        for commit in records.chunk_by(|one, other| one.commit == other.commit) {
            for record in commit {
                builder.push(&record.header, &record.body).expect("taken");
            }
            let head = *log.head().borrow();
            let block = builder.finish(head.commit.next(), head.last_position + 1, head.digest);
            wait(log.append(head.commit, block)).expect("appended");
        }
    }

    /// Has everything that was made of the records made anew, and signed with the real key.
    pub(crate) fn sign_again(&self) {
        let data = self.data();
        for file in ["checkpoint", "checkpoint.next", "savepoint"] {
            // Not all of them are there at any time.
            let _ = fs::remove_file(data.join(file));
        }
        let _ = fs::remove_dir_all(data.join("tiles"));
        load(&data, 0);
    }

    /// Signs what the records come to, whatever they are, with the real key.
    pub(crate) fn forge_checkpoint(&self) {
        let data = self.data();
        let mut frontier = Frontier::new();
        for record in read(&data).1 {
            frontier.append(Entry::of(&record.header, &record.body).leaf());
        }
        let secret = fs::read_to_string(data.join("demo-signing-key")).expect("a key");
        let origin = self.checkpoint().origin().parse().expect("an origin");
        let signer = Signer::parse(secret.trim()).expect("a key").with_origin(origin);
        let forged = signer.sign(frontier.head()).to_string();
        fs::write(self.checkpoint_path(), forged).expect("written");
        fs::remove_dir_all(data.join("tiles")).expect("removed");
    }

    /// `tallystick export --bundle`.
    pub(crate) fn bundle(&self) -> PathBuf {
        let folder = self.path("bundle");
        printed([
            "export".as_ref(),
            "--data".as_ref(),
            self.data().as_os_str(),
            "--bundle".as_ref(),
            folder.as_os_str(),
        ]);
        folder
    }

    /// `tallystick verify` with these arguments and the real key.
    pub(crate) fn verify<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Found {
        verify(&self.key(), arguments)
    }
}

/// What `tallystick verify` said.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) code: i32,
    pub(crate) said: String,
}

pub(crate) fn verify<A: AsRef<OsStr>>(key: &str, more: impl IntoIterator<Item = A>) -> Found {
    let more: Vec<_> = more.into_iter().map(|it| it.as_ref().to_owned()).collect();
    let words = ["verify", "--key", key].map(|it| OsStr::new(it).to_owned());
    Found::of(&run(words.into_iter().chain(more)))
}

impl Found {
    pub(crate) fn of(output: &Output) -> Self {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let code = output.status.code().unwrap_or_else(|| panic!("{}", output.status));
        Self { code, said }
    }

    /// That it was found tampered with from a position on.
    pub(crate) fn is_bad_at(&self, position: u64) {
        assert_eq!(self.code, 1, "{}", self.said);
        let told = format!("The first bad position is {position}.\n");
        assert!(self.said.contains(&told), "not {position}: {}", self.said);
    }

    pub(crate) fn is(&self, code: i32, part: &str) {
        assert_eq!(self.code, code, "{}", self.said);
        assert!(self.said.contains(part), "{part:?} is missing: {}", self.said);
    }
}

/// The receipt of a record, made of what a bundle holds.
pub(crate) fn receipt(bundle: &Path, position: u64) -> String {
    let bytes = fs::read(bundle.join("checkpoint")).expect("a checkpoint");
    let checkpoint = Checkpoint::parse(&bytes).expect("a checkpoint");
    let TreeHead { size, .. } = *checkpoint.head();
    let index = LeafIndex::of_position(position).expect("from 1");
    let place = Bundle::in_tree(index.get() / 256, size).expect("in the tree");
    let entries = fs::read(bundle.join(place.to_string())).expect("entries");
    let within = usize::try_from(index.get() % 256).expect("below 256");
    let entry = place.decode(&entries).expect("entries")[within];
    let read = |tile: tallystick_tally::Tile| fs::read(bundle.join(tile.to_string()));
    let proof = InclusionProof::build(index, size, read).expect("all tiles");
    TlogProof::new(&entry, index, proof, checkpoint).to_string()
}

/// A log's records, and who it is.
pub(crate) fn read(data: &Path) -> (LogIdentity, Vec<Kept>) {
    let log = SledLog::open(data, &options(LogIdentity::new([0; 32]))).expect("a log");
    let end = log.head().borrow().commit;
    let (mut at, mut records) = (CommitNumber::ZERO, Vec::new());
    while at < end {
        for block in wait(log.read(at, ReadBudget::default())).expect("sound") {
            at = block.number();
            records.extend(block.records().expect("sound").iter().map(|record| Kept {
                commit: at,
                header: record.header.to_vec(),
                body: record.body.to_vec(),
            }));
        }
    }
    (log.identity(), records)
}

fn options(identity: LogIdentity) -> Options {
    let mut options = Options::new(identity);
    options.scrub = None;
    options
}
