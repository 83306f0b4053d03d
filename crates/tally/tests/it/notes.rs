//! Notes against another implementation and the example of the specification.

use proptest::prelude::*;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tallystick_tally::{MAX_NOTE_BYTES, Note, NoteError, Signature, VerifierKey};

use crate::sample::{Log, cosigned, signer, with_one_bit_changed};

/// Published with the specification.
const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE_NOTE: &str = "This is an example message.\n\n\
    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn theirs(key: &VerifierKey) -> VerifierList {
    let verifier = StandardVerifier::new(&key.to_string()).expect("a key");
    VerifierList::new(vec![Box::new(verifier)])
}

fn they_accept(note: &[u8], keys: &VerifierList) -> bool {
    signed_note::Note::from_bytes(note).is_ok_and(|note| note.verify(keys).is_ok())
}

fn we_accept(note: &[u8], key: &VerifierKey) -> bool {
    Note::parse(note).is_ok_and(|note| note.verify([key]).is_ok())
}

#[test]
fn the_example_of_the_specification_is_accepted_and_none_of_its_neighbours() {
    let key: VerifierKey = EXAMPLE_KEY.parse().expect("a key");
    let note = Note::parse(EXAMPLE_NOTE.as_bytes()).expect("a note");
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.to_string(), EXAMPLE_NOTE);
    let verified = note.verify([&key]).expect("signed");
    assert_eq!(verified.iter().map(|s| (s.key, s.at)).collect::<Vec<_>>(), [(&key, None)]);
    for bytes in with_one_bit_changed(EXAMPLE_NOTE) {
        assert!(!we_accept(&bytes, &key), "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn another_implementation_accepts_our_checkpoints_and_nobody_accepts_a_changed_one() {
    let log = Log::of_size(20);
    let signer = signer();
    let key = signer.verifier_key();
    let keys = theirs(key);
    for leaves in [0, 1, 20] {
        let text = signer.sign(log.head(leaves)).to_string();
        assert!(they_accept(text.as_bytes(), &keys) && we_accept(text.as_bytes(), key), "{text}");
        let parsed = tlog_tiles::Checkpoint::from_bytes(
            signed_note::Note::from_bytes(text.as_bytes()).expect("a note").text(),
        );
        let parsed = parsed.expect("a checkpoint");
        assert_eq!((parsed.size(), &parsed.hash().0), (leaves, log.head(leaves).root.as_bytes()));
        for bytes in with_one_bit_changed(&text) {
            assert!(!we_accept(&bytes, key), "{}", String::from_utf8_lossy(&bytes));
            assert!(!they_accept(&bytes, &keys), "{}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn we_accept_the_notes_of_another_implementation() {
    let signer = signer();
    let theirs = StandardSigner::new(&signer.to_secret_text()).expect("a secret key");
    let mut note =
        signed_note::Note::new("a text\n\nof two parts\n".as_bytes(), &[]).expect("text");
    note.add_sigs(&[&theirs]).expect("it can sign");
    let note = Note::parse(&note.to_bytes()).expect("a note");
    assert_eq!(note.text(), "a text\n\nof two parts\n");
    note.verify([signer.verifier_key()]).expect("signed");
}

#[test]
fn every_signature_of_a_checkpoint_with_several_is_checked() {
    let checkpoint = cosigned(&Log::of_size(3), 3, &["commissioner", "auditor"]).to_string();
    let keys = [
        signer().verifier_key().clone(),
        crate::sample::cosigner("commissioner").verifier_key().clone(),
        crate::sample::cosigner("auditor").verifier_key().clone(),
    ];
    let count = |bytes: &[u8]| {
        Note::parse(bytes).ok().and_then(|note| note.verify(&keys).ok()).map_or(0, |v| v.len())
    };
    assert_eq!(count(checkpoint.as_bytes()), 3);
    for bytes in with_one_bit_changed(&checkpoint) {
        // A line whose name or id was changed is one of an unknown key; all else is refused.
        assert!(count(&bytes) < 3, "{}", String::from_utf8_lossy(&bytes));
    }
}

proptest! {
    #[test]
    fn a_note_comes_back(lines in prop::collection::vec("[^\\x00-\\x1f]{0,30}", 1..5), names in prop::collection::vec("[^\\s+\\x00-\\x1f]{1,9}", 1..16), bytes in prop::collection::vec(any::<u8>(), 5..90)) {
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
        let signatures: String = names.iter().map(|name| format!("— {name} {base64}\n")).collect();
        let text = format!("{}\n\n{signatures}", lines.join("\n"));
        let note = Note::parse(text.as_bytes()).expect("a note");
        prop_assert_eq!(note.signatures().len(), names.len());
        prop_assert_eq!(note.to_string(), text);
        let again = Signature::parse_lines(&signatures);
        prop_assert_eq!(again.as_deref(), Ok(note.signatures()));
    }

    #[test]
    fn what_we_read_as_a_note_another_implementation_reads_too(bytes in "(.|\n){0,20}\n\n(— [a-z]{0,2} [A-Z]{0,9}={0,2}\n){0,3}") {
        if let Ok(note) = Note::parse(bytes.as_bytes()) {
            prop_assert_eq!(note.to_string(), bytes.clone());
            let theirs = signed_note::Note::from_bytes(bytes.as_bytes()).expect("a note");
            prop_assert_eq!(theirs.text(), note.text().as_bytes());
        }
    }

    #[test]
    fn no_bytes_make_the_parser_of_notes_panic(bytes: Vec<u8>, text: String) {
        let _ = Note::parse(&bytes);
        let _ = Note::parse(format!("{text}\n\n— {text}\n").as_bytes());
        let _ = Signature::parse_lines(&text);
    }
}

#[test]
fn a_note_may_be_as_long_as_the_limit_and_no_longer() {
    let line = EXAMPLE_NOTE.rsplit_once("\n\n").expect("two parts").1;
    let text = |bytes: usize| format!("{}\n\n{line}", "x".repeat(bytes - line.len() - 2));
    Note::parse(text(MAX_NOTE_BYTES).as_bytes()).expect("a note");
    let refused = Note::parse(text(MAX_NOTE_BYTES + 1).as_bytes());
    assert_eq!(refused, Err(NoteError::TooLong(MAX_NOTE_BYTES + 1)));
}
