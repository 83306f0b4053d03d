//! The tree over the records, checkpoints and receipts; and that nothing is served that contradicts
//! what was signed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tallystick_domain::Position;
use tallystick_ledger::{CheckpointFault, Ledger, OpenError, Parts, Settings, Signing};
use tallystick_log::{CommitNumber, Log, MemoryLog, ReadBudget, wait};
use tallystick_tally::{
    AddCheckpoint, Bundle, Checkpoint, ConsistencyProof, Cosigner, Entry, Hash, LeafIndex, Policy,
    Signer, Tile, Timestamp, TlogProof, TreeHead, TreeSize, VerifierKey, leaf, node,
};

use crate::house::{IDENTITY, accepted, live, parts, set_up};
use crate::world::World;

const WORLD: World = World::SMALL;

fn signer() -> Signer {
    Signer::from_seed("ledger.example".parse().expect("a name"), &[7; 32])
}

fn try_open(log: &Arc<MemoryLog>, folder: &Path) -> Result<Ledger, OpenError> {
    open_knowing(log, folder, Some(signer()), Vec::new())
}

fn open_knowing(
    log: &Arc<MemoryLog>,
    folder: &Path,
    signer: Option<Signer>,
    known: Vec<Checkpoint>,
) -> Result<Ledger, OpenError> {
    let settings = Settings { savepoint_every: 10_000, ..Settings::default() };
    let parts = Parts {
        folds: Some(folder.to_owned()),
        signing: Some(Signing { signer, folder: folder.to_owned(), known }),
        ..parts(Arc::clone(log) as Arc<dyn Log>, settings)
    };
    Ledger::open(parts, |_| {})
}

fn fault(log: &Arc<MemoryLog>, folder: &Path) -> CheckpointFault {
    match try_open(log, folder) {
        Err(OpenError::Checkpoint(fault)) => fault,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it opened"),
    }
}

/// The entries of a log, and the root over the first so many by the definition (RFC 6962 §2.1).
fn entries(log: &MemoryLog) -> Vec<Entry> {
    let all = ReadBudget { bytes: usize::MAX, blocks: usize::MAX };
    let blocks = wait(log.read(CommitNumber::ZERO, all)).expect("sound");
    let records = blocks.iter().map(|block| block.records().expect("sound"));
    let entries = records.map(|it| it.iter().map(|it| Entry::of(it.header, it.body)).collect());
    entries.collect::<Vec<Vec<_>>>().concat()
}

fn root(entries: &[Entry]) -> Hash {
    match entries {
        [] => Hash::of_nothing(),
        [entry] => leaf(entry.as_bytes()),
        _ => {
            let left = entries.len().next_power_of_two() / 2;
            node(root(&entries[..left]), root(&entries[left..]))
        }
    }
}

/// A ledger with some lives in it that was closed in order, without the vault's keys: nobody's name
/// is in it, so that it can be opened with any vault.
async fn closed(folder: &Path) -> Arc<MemoryLog> {
    let log = Arc::new(MemoryLog::new(IDENTITY));
    let ledger = try_open(&log, folder).expect("a new ledger");
    set_up(&ledger, WORLD).await;
    for agency in 0..700 {
        accepted(&ledger, WORLD.described(agency)).await;
    }
    ledger.close().await;
    log
}

/// The same log with other bytes, or fewer.
fn log_of(log: &MemoryLog, commits: u64) -> Arc<MemoryLog> {
    let all = ReadBudget { bytes: usize::MAX, blocks: usize::MAX };
    let blocks = wait(log.read(CommitNumber::ZERO, all)).expect("sound");
    let copy = MemoryLog::new(IDENTITY);
    for block in blocks.into_iter().filter(|it| it.number().get() <= commits) {
        let expected = CommitNumber::new(block.number().get() - 1);
        wait(copy.append(expected, block)).expect("it follows");
    }
    Arc::new(copy)
}

#[tokio::test]
async fn the_root_is_that_of_all_records_at_every_commit_and_after_every_kind_of_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = closed(folder.path()).await;
    let entries = entries(&log);
    assert!(entries.len() > 700, "more than two full tiles");
    let check = |ledger: &Ledger| {
        for size in (0..=entries.len()).step_by(13).chain([255, 256, 257, 512, entries.len()]) {
            let found = ledger.root(Position(size as u64)).expect("a root");
            assert_eq!(found, root(&entries[..size]), "at {size}");
        }
        assert!(ledger.root(Position(entries.len() as u64 + 1)).is_err());
    };
    let tiles = folder.path().join("tiles");
    check(&try_open(&log, folder.path()).expect("from the savepoint"));
    fs::remove_dir_all(&tiles).expect("tiles");
    check(&try_open(&log, folder.path()).expect("without its tiles"));
    fs::remove_file(folder.path().join("savepoint")).expect("a savepoint");
    check(&try_open(&log, folder.path()).expect("without a savepoint"));
}

#[tokio::test]
async fn stored_tiles_that_are_cut_are_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = closed(folder.path()).await;
    let file = folder.path().join("tiles").join("0");
    let whole = fs::read(&file).expect("tiles");
    assert_eq!(whole.len(), entries(&log).len() / 256 * 8_192);
    fs::write(&file, &whole[..whole.len() - 1]).expect("room");
    let ledger = try_open(&log, folder.path()).expect("it opens");
    assert_eq!(fs::read(&file).expect("tiles"), whole);
    let entries = entries(&log);
    let at_end = Position(entries.len() as u64);
    assert_eq!(ledger.root(at_end).expect("a root"), root(&entries));
}

#[tokio::test]
async fn no_proof_or_root_is_given_out_that_does_not_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = closed(folder.path()).await;
    let entries = entries(&log);
    let ledger = try_open(&log, folder.path()).expect("it opens");
    let size = TreeSize::new(entries.len() as u64);
    let head = TreeHead { size, root: root(&entries) };
    for position in [1, 2, 256, 257, 300, entries.len()] {
        let audited = ledger.inclusion(Position(position as u64), size).expect("a proof");
        assert_eq!(audited.entry, entries[position - 1]);
        audited.proof.verify(audited.entry.leaf(), audited.index, &head).expect("it holds");
    }
    let older = TreeSize::new(300);
    let proof = ledger.consistency(older, size).expect("a proof");
    let older = TreeHead { size: older, root: root(&entries[..300]) };
    proof.verify(&older, &head).expect("it holds");
    let beyond = Position(entries.len() as u64 + 1);
    assert!(ledger.inclusion(beyond, size).is_err());
    assert!(ledger.inclusion(Position(0), size).is_err());

    // One bit of a stored tile.
    let file = folder.path().join("tiles").join("0");
    let mut bytes = fs::read(&file).expect("tiles");
    bytes[8_192 + 40] ^= 1;
    fs::write(&file, bytes).expect("room");
    let broken = ledger.inclusion(Position(300), size).expect_err("a proof that does not hold");
    assert!(broken.to_string().contains("damaged"), "{broken}");
    let broken = ledger.root(Position(300)).expect_err("a root that is none");
    assert!(broken.to_string().contains("damaged"), "{broken}");
}

#[tokio::test]
async fn entries_and_tiles_are_those_of_the_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = closed(folder.path()).await;
    let entries = entries(&log);
    let ledger = try_open(&log, folder.path()).expect("it opens");
    let size = TreeSize::new(entries.len() as u64);
    for index in 0..=entries.len() as u64 / 256 {
        let bundle = Bundle::in_tree(index, size).expect("a bundle");
        let range = usize::try_from(bundle.leaves().start).expect("small")
            ..usize::try_from(bundle.leaves().end).expect("small");
        assert_eq!(ledger.entries(bundle).expect("entries"), entries[range.clone()]);
        let tile = Tile::in_tree(0, index, size).expect("a tile");
        let hashes: Vec<u8> =
            entries[range].iter().flat_map(|entry| *entry.leaf().as_bytes()).collect();
        assert_eq!(ledger.tile(tile).expect("a tile"), hashes);
    }
}

#[tokio::test]
async fn a_receipt_verifies_with_no_server_and_no_ledger_at_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = closed(folder.path()).await;
    let ledger = try_open(&log, folder.path()).expect("it opens");
    let key = ledger.verifier_key().expect("a key");
    let receipt = accepted(&ledger, WORLD.described(1_000)).await;
    let patience = Duration::from_secs(30);
    ledger.checkpoint_covering(receipt.position, patience).await.expect("a checkpoint");
    let text = ledger.receipt(receipt.position).expect("a receipt").to_string();
    drop(ledger);

    let policy = format!("log {key}\nquorum none\n");
    let policy = Policy::parse(policy.as_bytes()).expect("a policy");
    let proof = TlogProof::parse(text.as_bytes()).expect("a proof");
    let entry = proof.entry().expect("an entry");
    proof.verify(entry.leaf(), &policy).expect("it holds");
    assert_eq!(LeafIndex::of_position(receipt.position.0), Some(proof.index()));
    assert_eq!(entry, entries(&log)[usize::try_from(receipt.position.0).expect("small") - 1]);
    let other = Entry::of(b"another header", b"another body");
    assert!(proof.verify(other.leaf(), &policy).is_err());
}

/// What a witness answers who has seen nothing of the log before.
fn cosigned(checkpoint: &Checkpoint, log: &VerifierKey, witness: &Cosigner) -> String {
    let proof = ConsistencyProof::new(Vec::new());
    let asked = AddCheckpoint { old: TreeSize::new(0), proof, checkpoint: checkpoint.clone() };
    let keys = [log.clone()];
    let accepted = asked.judge(&TreeHead::empty(), &keys).expect("it is the first");
    accepted.cosign(witness, Timestamp::new(1_270_119_600).expect("a time")).to_string()
}

#[tokio::test]
async fn a_receipt_carries_what_witnesses_cosigned_also_when_others_were_signed_since() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = closed(folder.path()).await;
    let ledger = try_open(&log, folder.path()).expect("it opens");
    let key = ledger.verifier_key().expect("a key");
    let witness = Cosigner::from_seed("witness.example".parse().expect("a name"), &[9; 32]);
    let witnesses = [witness.verifier_key().clone()];
    let seen = ledger.checkpoint().expect("a checkpoint");
    // The witness takes its time, and the ledger goes on.
    let later = accepted(&ledger, WORLD.described(2_000)).await.position;
    let patience = Duration::from_secs(30);
    ledger.checkpoint_covering(later, patience).await.expect("a checkpoint");
    let line = cosigned(&seen, &key, &witness);
    let taken = ledger.add_cosignatures(&line, &witnesses).expect("of one of the last");
    assert_eq!(taken.expect("one is known").head(), seen.head());
    let nobody = ledger.add_cosignatures(&line, &[]).expect("it is a signature line");
    assert!(nobody.is_none(), "nobody asked this witness");

    let policy = format!("log {key}\nwitness one {}\nquorum one\n", witness.verifier_key());
    let policy = Policy::parse(policy.as_bytes()).expect("a policy");
    let trusted = |ledger: &Ledger, position: Position| {
        let receipt = ledger.receipt(position).expect("a receipt");
        let leaf = receipt.entry().expect("an entry").leaf();
        receipt.verify(leaf, &policy).is_ok()
    };
    assert!(trusted(&ledger, Position(3)));
    assert!(!trusted(&ledger, later), "no witness has seen that one");
    ledger.close().await;
    drop(ledger);
    let ledger = try_open(&log, folder.path()).expect("it opens");
    assert!(trusted(&ledger, Position(3)), "also after a restart");
    assert_eq!(ledger.cosigned().expect("cosigned").head(), seen.head());
}

#[tokio::test]
async fn a_log_that_ends_before_what_was_signed_is_not_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = closed(folder.path()).await;
    let last = log.head().borrow().commit.get();
    let cut = log_of(&log, last - 1);
    let found = fault(&cut, folder.path()).to_string();
    let end = entries(&log).len();
    let said = format!("positions {end} to {end} are missing");
    assert!(found.contains(&said), "{found}");
    fs::remove_file(folder.path().join("checkpoint")).expect("a checkpoint");
    try_open(&cut, folder.path()).expect("nothing is known to be missing");
}

/// A ledger that stopped between its intent to sign and the checkpoint, and the intent.
async fn stopped_while_signing(folder: &Path) -> (Arc<MemoryLog>, PathBuf) {
    let log = Arc::new(MemoryLog::new(IDENTITY));
    // In the way of the file that the checkpoint is written to first.
    fs::create_dir(folder.join("checkpoint.part")).expect("room");
    let ledger = try_open(&log, folder).expect("a new ledger");
    set_up(&ledger, WORLD).await;
    ledger.close().await;
    fs::remove_dir(folder.join("checkpoint.part")).expect("still empty");
    assert!(!folder.join("checkpoint").exists());
    (log, folder.join("checkpoint.next"))
}

#[tokio::test]
async fn what_was_being_signed_when_the_node_stopped_binds_the_log_until_it_is_signed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, intent) = stopped_while_signing(folder.path()).await;
    let cut = log_of(&log, log.head().borrow().commit.get() - 1);
    assert!(matches!(fault(&cut, folder.path()), CheckpointFault::Behind { .. }));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let (other, _) = stopped_while_signing(elsewhere.path()).await;
    assert!(matches!(fault(&other, folder.path()), CheckpointFault::OtherRoot { .. }));

    let ledger = try_open(&log, folder.path()).expect("it is the log that was being signed");
    ledger.close().await;
    let signed = ledger.checkpoint().expect("signed after all");
    assert_eq!(signed.head().size.get(), log.head().borrow().last_position);
    assert!(!intent.exists(), "there is nothing left that is not in the checkpoint");
}

#[tokio::test]
async fn an_intent_to_sign_that_was_cut_or_changed_anywhere_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, intent) = stopped_while_signing(folder.path()).await;
    let whole = fs::read(&intent).expect("an intent");
    // Every bit and every length are tried where it is read.
    let flipped = (0..whole.len()).step_by(11).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        bytes
    });
    let cut = (0..whole.len()).step_by(25).map(|length| whole[..length].to_vec());
    for damaged in flipped.chain(cut) {
        fs::write(&intent, &damaged).expect("room");
        let found = fault(&log, folder.path());
        let text = String::from_utf8_lossy(&damaged);
        assert!(matches!(found, CheckpointFault::IntentDamaged { .. }), "{found} for {text:?}");
    }
    fs::write(&intent, &whole).expect("room");
    try_open(&log, folder.path()).expect("undamaged");
}

#[tokio::test]
async fn threat_05_an_older_log_is_not_served_where_a_newer_checkpoint_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = closed(folder.path()).await;
    let checkpoint = fs::read(folder.path().join("checkpoint")).expect("a checkpoint");
    let checkpoint = Checkpoint::parse(&checkpoint).expect("a checkpoint");
    let cut = log_of(&log, log.head().borrow().commit.get() - 1);
    // Everything in the folder is as old as the log; a witness has kept the newer checkpoint.
    let older = tempfile::tempdir().expect("a folder");
    open_knowing(&cut, older.path(), None, Vec::new()).expect("nothing is known to be missing");
    match open_knowing(&cut, older.path(), None, vec![checkpoint]) {
        Err(OpenError::Checkpoint(CheckpointFault::Behind { .. })) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it opened"),
    }
    // The file counts without a key, too.
    match open_knowing(&cut, folder.path(), None, Vec::new()) {
        Err(OpenError::Checkpoint(CheckpointFault::Behind { .. })) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it opened"),
    }
}

#[tokio::test]
async fn a_log_with_other_records_than_were_signed_is_not_served() {
    let folder = tempfile::tempdir().expect("a folder");
    closed(folder.path()).await;
    // The same commands once more: other salts, so other records.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let other = closed(elsewhere.path()).await;
    let found = fault(&other, folder.path());
    assert!(matches!(found, CheckpointFault::OtherRoot { .. }), "{found}");
}

#[tokio::test]
async fn a_checkpoint_that_was_changed_or_signed_by_another_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = closed(folder.path()).await;
    let file = folder.path().join("checkpoint");
    let text = fs::read_to_string(&file).expect("a checkpoint");
    let checkpoint = Checkpoint::parse(text.as_bytes()).expect("a checkpoint");
    fs::write(&file, &text[..20]).expect("room");
    assert!(matches!(fault(&log, folder.path()), CheckpointFault::Damaged { .. }));
    let name = checkpoint.origin().parse().expect("a name");
    let forged = Signer::from_seed(name, &[8; 32]).sign(*checkpoint.head());
    fs::write(&file, forged.to_string()).expect("room");
    assert!(matches!(fault(&log, folder.path()), CheckpointFault::NotOurs { .. }));
    fs::write(&file, text).expect("room");
    let ledger = try_open(&log, folder.path()).expect("it opens");
    assert_eq!(ledger.checkpoint().expect("a checkpoint").head(), checkpoint.head());
}

#[tokio::test]
async fn threat_08_a_checkpoint_never_leads_and_never_contradicts_an_earlier_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Arc::new(MemoryLog::new(IDENTITY));
    let ledger = try_open(&log, folder.path()).expect("a new ledger");
    set_up(&ledger, WORLD).await;
    let mut before: Option<TreeHead> = None;
    for person in 0..6 {
        live(&ledger, WORLD, person).await;
        let at = ledger.snapshot().position();
        let found = ledger.checkpoint_covering(at, Duration::from_secs(30)).await;
        let head = *found.expect("a checkpoint").head();
        assert!(head.size.get() <= log.head().borrow().last_position, "it leads the log");
        let all = entries(&log);
        let size = usize::try_from(head.size.get()).expect("small");
        assert_eq!(head.root, root(&all[..size]));
        if let Some(before) = before {
            let proof = ledger.consistency(before.size, head.size).expect("a proof");
            proof.verify(&before, &head).expect("it begins with the one before");
        }
        before = Some(head);
    }
}
