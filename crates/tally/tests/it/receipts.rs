//! Receipts: shown without log and server.

use proptest::prelude::*;
use tallystick_tally::{
    Checkpoint, Distrust, InclusionProof, InvalidTlogProof, Policy, TlogProof, Unproven,
};

use crate::sample::{Log, cosigned, entry, index, policy, size, with_one_bit_changed};

fn receipt(log: &Log, leaf: u64, checkpoint: Checkpoint) -> TlogProof {
    let proof = InclusionProof::build(index(leaf), checkpoint.head().size, |tile| log.tile(tile));
    TlogProof::new(&entry(leaf), index(leaf), proof.expect("all tiles"), checkpoint)
}

#[test]
fn a_receipt_convinces_with_nothing_but_a_policy() {
    let log = Log::of_size(700);
    let policy = Policy::parse(policy().as_bytes()).expect("a policy");
    for (leaf, leaves) in [(0, 1), (0, 700), (255, 700), (699, 700), (3, 300)] {
        let checkpoint = cosigned(&log, leaves, &["auditor", "provider-a"]);
        let text = receipt(&log, leaf, checkpoint).to_string();
        let read = TlogProof::parse(text.as_bytes()).expect("as written");
        assert_eq!(read.to_string(), text);
        assert_eq!((read.index(), read.checkpoint().head().size), (index(leaf), size(leaves)));
        let found = read.entry().expect("ours carry it");
        assert!(found == entry(leaf) && found.has_header(format!("header {leaf}").as_bytes()));
        let trusted = read.verify(found.leaf(), &policy).expect("in the log");
        assert_eq!(trusted.cosigned.len(), 2);
        let other = read.verify(entry(leaf + 1).leaf(), &policy);
        assert!(matches!(other, Err(Unproven::Mismatch(_))), "{other:?}");
    }
    let few = receipt(&log, 3, cosigned(&log, 10, &["auditor"]));
    let few = few.verify(entry(3).leaf(), &policy);
    let expected = Distrust::NoQuorum { cosigned: 1, known: 3 };
    assert_eq!(few, Err(Unproven::Distrust(expected)));
}

#[test]
fn no_receipt_with_one_bit_changed_convinces() {
    let log = Log::of_size(11);
    let policy = Policy::parse(policy().as_bytes()).expect("a policy");
    let text = receipt(&log, 4, cosigned(&log, 11, &["auditor", "provider-a"])).to_string();
    let convinces = |bytes: &[u8]| {
        let Ok(receipt) = TlogProof::parse(bytes) else { return false };
        receipt.entry().is_some_and(|entry| receipt.verify(entry.leaf(), &policy).is_ok())
    };
    assert!(convinces(text.as_bytes()));
    for bytes in with_one_bit_changed(&text) {
        assert!(!convinces(&bytes), "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn only_the_lines_of_the_specification_are_a_receipt() {
    let log = Log::of_size(3);
    let text = receipt(&log, 1, cosigned(&log, 3, &[])).to_string();
    let refused = |from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        let refused = TlogProof::parse(changed.as_bytes());
        assert_eq!(refused, Err(InvalidTlogProof::Form), "{changed}");
    };
    refused("@v1", "@v2");
    refused("c2sp", " c2sp");
    refused("index 1", "index 01");
    refused("index 1", "index -1");
    refused("index 1\n", "");
    refused("index 1\n", "index 1\nindex 1\n");
    refused("extra ", "extra  ");
    refused("extra ", "Extra ");
    refused("index 1\n", "index 1\nextra AA==\n");
    refused("\nextra ", "\nextra \nextra ");
    let without = text.lines().filter(|line| !line.starts_with("extra "));
    let without = without.map(|line| format!("{line}\n")).collect::<String>();
    let read = TlogProof::parse(without.as_bytes()).expect("extra data are optional");
    assert_eq!((read.entry(), read.extra(), read.to_string()), (None, &[][..], without));
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_of_receipts_panic(bytes: Vec<u8>, text: String) {
        let _ = TlogProof::parse(&bytes);
        let _ = TlogProof::parse(format!("c2sp.org/tlog-proof@v1\n{text}\n\n{text}").as_bytes());
        let _ = TlogProof::parse(format!("c2sp.org/tlog-proof@v1\nindex 1\n{text}").as_bytes());
    }
}
