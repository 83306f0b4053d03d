//! Bytes of every format, kept for ever: never to be written anew.

use tallystick_tally::{
    AddCheckpoint, Bundle, Checkpoint, ConsistencyProof, Entry, InclusionProof, Policy, Signer,
    Tile, TlogProof, VerifierKey,
};

use crate::sample::{Log, cosigned, entry, index, policy, signer, size};

fn hex(bytes: &[u8], a_line: usize) -> String {
    let line = |line: &[u8]| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    bytes.chunks(a_line).map(|bytes| line(bytes) + "\n").collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).expect("text"), 16);
    digits.chunks(2).map(|pair| byte(pair).expect("hexadecimal")).collect()
}

#[test]
fn entry_and_leaf() {
    let golden = include_str!("../golden/entry.hex");
    let (stored, leaf) = golden.trim_end().rsplit_once('\n').expect("two values");
    let read = Entry::parse(&bytes(stored)).expect("an entry");
    assert_eq!(read, entry(299));
    assert!(read.has_header(b"header 299") && read.has_body(b"body 299"));
    assert_eq!(hex(read.leaf().as_bytes(), 32).trim_end(), leaf);
}

#[test]
fn tile() {
    let golden = include_str!("../golden/tile-0-001.p-44.hex");
    let tile: Tile = "tile/0/001.p/44".parse().expect("an address");
    assert_eq!(hex(Log::of_size(300).tile(tile).expect("at the edge"), 32), golden);
}

#[test]
fn bundle() {
    let golden = bytes(include_str!("../golden/entries-001.p-4.hex"));
    let bundle: Bundle = "tile/entries/001.p/4".parse().expect("an address");
    let entries: Vec<_> = bundle.leaves().map(entry).collect();
    assert_eq!(bundle.decode(&golden).as_ref(), Ok(&entries));
    assert_eq!(Bundle::encode(entries), golden);
}

#[test]
fn keys() {
    let golden = include_str!("../golden/keys.txt");
    let (public, secret) = golden.trim_end().split_once('\n').expect("two keys");
    let key: VerifierKey = public.parse().expect("a key");
    let signer = Signer::parse(secret).expect("a secret key");
    assert_eq!((signer.verifier_key(), key.to_string()), (&key, public.to_owned()));
    assert_eq!(*signer.to_secret_text(), secret);
    assert_eq!(key, *self::signer().verifier_key());
}

/// Ed25519 is deterministic, so the same key signs the same bytes for ever.
#[test]
fn checkpoint_and_cosignatures() {
    let log = Log::of_size(300);
    let golden = include_str!("../golden/checkpoint.txt");
    assert_eq!(signer().sign(log.edge.head()).to_string(), golden);
    let golden = include_str!("../golden/checkpoint-cosigned.txt");
    let ours = cosigned(&log, 300, &["auditor", "commissioner"]);
    assert_eq!(Checkpoint::parse(golden.as_bytes()).as_ref(), Ok(&ours));
    assert_eq!(ours.to_string(), golden);
}

#[test]
fn receipt() {
    let golden = include_str!("../golden/receipt.tlog-proof");
    let read = TlogProof::parse(golden.as_bytes()).expect("a receipt");
    let policy = Policy::parse(policy().as_bytes()).expect("a policy");
    read.verify(entry(70).leaf(), &policy).expect("in the log");
    assert_eq!(read.to_string(), golden);
    let log = Log::of_size(300);
    let proof = InclusionProof::build(index(70), size(300), |tile| log.tile(tile));
    let checkpoint = cosigned(&log, 300, &["auditor", "commissioner"]);
    let ours = TlogProof::new(&entry(70), index(70), proof.expect("all tiles"), checkpoint);
    assert_eq!(ours, read);
}

#[test]
fn request_to_a_witness() {
    let golden = include_str!("../golden/add-checkpoint.txt");
    let log = Log::of_size(300);
    let proof = ConsistencyProof::build(size(201), size(300), |tile| log.tile(tile));
    let checkpoint = signer().sign(log.edge.head());
    let proof = proof.expect("all tiles");
    let ours = AddCheckpoint { old: size(201), proof, checkpoint };
    assert_eq!(AddCheckpoint::parse(golden.as_bytes()).as_ref(), Ok(&ours));
    assert_eq!(ours.to_string(), golden);
}

#[test]
fn trust_policy() {
    let golden = include_str!("../golden/policy.txt");
    let read = Policy::parse(golden.as_bytes()).expect("a policy");
    assert_eq!(golden, policy());
    assert_eq!(read.to_bytes(), golden.as_bytes());
}
