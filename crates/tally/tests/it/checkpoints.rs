//! Checkpoints: their text, who may sign them, cosignatures on them.

use proptest::prelude::*;
use tallystick_tally::{
    Checkpoint, CheckpointError, Cosigner, NoteError, Signer, Timestamp, VerifierKey,
};

use crate::sample::{Log, ORIGIN, cosignature, cosigner, signer};

/// A checkpoint of a public test log, as it was published with the cosignatures of five witnesses,
/// and the keys of the log and of one of them.
const PUBLIC: &str = "arche2025h1.staging.ct.transparency.dev\n\
    1432088532\n\
    U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\
    \n\
    — arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n\
    — arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n\
    — transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n\
    — witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n\
    — remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n\
    — witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n";
const PUBLIC_KEYS: [&str; 2] = [
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
];

#[test]
fn a_published_checkpoint_and_the_cosignature_on_it_are_right() {
    let checkpoint = Checkpoint::parse(PUBLIC.as_bytes()).expect("a checkpoint");
    assert_eq!(checkpoint.to_string(), PUBLIC);
    assert_eq!(checkpoint.head().size.get(), 1_432_088_532);
    let keys = PUBLIC_KEYS.map(|key| key.parse::<VerifierKey>().expect("a key"));
    let verified = checkpoint.note().verify(&keys).expect("signed by both");
    let times: Vec<_> = verified.iter().map(|v| v.at.map(Timestamp::seconds)).collect();
    assert_eq!(times, [None, Some(0x6a12_2120)]);

    for (from, to) in [("1432088532\n", "1432088533\n"), ("AABqEiEgPl", "AABqEiEhPl")] {
        let changed = PUBLIC.replace(from, to);
        assert_ne!(changed, PUBLIC);
        let changed = Checkpoint::parse(changed.as_bytes()).expect("the form is right");
        let refused = changed.note().verify(&keys[1..]);
        assert!(matches!(refused, Err(NoteError::Wrong { .. })), "{refused:?}");
    }
}

#[test]
fn a_checkpoint_is_origin_size_and_root_and_nothing_else() {
    let checkpoint = signer().sign(Log::of_size(12).edge.head());
    let lines: Vec<_> = checkpoint.note().text().lines().collect();
    assert_eq!(lines, [ORIGIN, "12", &checkpoint.head().root.to_string()]);
    assert_eq!(Checkpoint::parse(checkpoint.to_string().as_bytes()), Ok(checkpoint));
}

/// What a text becomes as a checkpoint, with a signature line of nobody.
fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::parse(format!("{text}\n\n— nobody AAAAAAA=\n").as_bytes())
}

#[test]
fn any_other_text_is_no_checkpoint() {
    const ROOT: &str = "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=";
    parse(&format!("o\n1\n{ROOT}")).expect("a checkpoint");
    parse(&format!("origin with spaces + plus\n1\n{ROOT}")).expect("of somebody else");
    for text in [
        String::new(),
        "o".to_owned(),
        "o\n1".to_owned(),
        format!("\n1\n{ROOT}"),
        format!("o\n01\n{ROOT}"),
        format!("o\n+1\n{ROOT}"),
        format!("o\n-1\n{ROOT}"),
        format!("o\n\n{ROOT}"),
        format!("o\n 1\n{ROOT}"),
        format!("o\n18446744073709551616\n{ROOT}"),
        format!("o\n1\n{}", ROOT.trim_end_matches('=')),
        format!("o\n1\n{}", ROOT.replace("Ro=", "Rp=")),
        format!("o\n1\n{ROOT} "),
        format!("o\n1\n{}", &ROOT[4..]),
        format!("o\n1\n{ROOT}\n\nextension"),
    ] {
        assert_eq!(parse(&text), Err(CheckpointError::Body), "{text:?}");
    }
    assert_eq!(parse(&format!("o\n0\n{ROOT}")), Err(CheckpointError::NotEmpty));
    let empty = tallystick_tally::TreeHead::empty();
    parse(&format!("o\n0\n{}", empty.root)).expect("the empty tree");
}

#[test]
fn extension_lines_of_others_are_tolerated_and_signed() {
    let text = "o\n1\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\nan extension\nand one more";
    let checkpoint = parse(text).expect("a checkpoint");
    assert_eq!(checkpoint.note().text(), format!("{text}\n"));
}

#[test]
fn a_key_signs_for_the_log_that_it_is_named_after_and_no_other() {
    let head = Log::of_size(2).edge.head();
    let other = Signer::from_seed("ledger.example/other#1".parse().expect("a name"), &[9; 32]);
    let checkpoint = signer().sign(head);
    checkpoint.verify([signer().verifier_key()]).expect("its own");
    assert_eq!(checkpoint.verify([other.verifier_key()]), Err(NoteError::Untrusted));

    // The other log signs a note in our name: its key is known, and still it is not our log's.
    let forged = signed_note::StandardSigner::new(&other.to_secret_text()).expect("a secret key");
    let text = checkpoint.note().text().as_bytes();
    let mut note = signed_note::Note::new(text, &[]).expect("a text");
    note.add_sigs(&[&forged]).expect("it can sign");
    let forged = Checkpoint::parse(&note.to_bytes()).expect("the form is right");
    let keys = [signer().verifier_key().clone(), other.verifier_key().clone()];
    assert_eq!(forged.verify(&keys), Err(NoteError::Untrusted));
    // Nor does a witness whose name is the origin sign for the log.
    let witness = Cosigner::from_seed(ORIGIN.parse().expect("a name"), &[3; 32]);
    assert_eq!(checkpoint.verify([witness.verifier_key()]), Err(NoteError::Untrusted));
}

#[test]
fn cosignatures_are_added_once_and_only_when_they_are_right() {
    let log = Log::of_size(5);
    let mut checkpoint = signer().sign(log.edge.head());
    let known = [cosigner("auditor").verifier_key().clone()];
    let line = cosignature("auditor", &checkpoint, 1_800_000_000);
    assert_eq!(checkpoint.add_cosignatures(&line, &known), Ok(1));
    let later = cosignature("auditor", &checkpoint, 1_900_000_000);
    assert_eq!(checkpoint.add_cosignatures(&later, &known), Ok(1), "in the place of the first");
    let verified = checkpoint.note().verify(&known).expect("cosigned");
    assert_eq!(verified[0].at.map(Timestamp::seconds), Some(1_900_000_000));
    let unknown = cosignature("provider-a", &checkpoint, 1_800_000_000);
    assert_eq!(checkpoint.add_cosignatures(&unknown, &known), Ok(0), "of an unknown key");

    let before = checkpoint.clone();
    let other = cosignature("auditor", &signer().sign(log.head(4)), 1_800_000_000);
    let wrong = checkpoint.add_cosignatures(&other, &known);
    assert!(matches!(wrong, Err(NoteError::Wrong { .. })), "{wrong:?}");
    for answer in ["", "\n", "no line\n", line.trim_end()] {
        checkpoint.add_cosignatures(answer, &known).expect_err(answer);
    }
    assert_eq!(checkpoint, before);
    assert_eq!(before.note().signatures().len(), 2);
}

#[test]
fn a_time_is_neither_nothing_nor_beyond_what_is_allowed() {
    assert_eq!(Timestamp::new(0), None);
    assert_eq!(Timestamp::new(1 << 63), None);
    assert_eq!(Timestamp::new((1 << 63) - 1).map(Timestamp::seconds), Some((1 << 63) - 1));
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_of_checkpoints_panic(bytes: Vec<u8>, text: String) {
        let _ = Checkpoint::parse(&bytes);
        let _ = parse(&text);
        let _ = parse(&format!("o\n1\n{text}"));
    }
}
