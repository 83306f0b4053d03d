//! Threats of which the answer is this crate's: a forged note, a rewritten log, two stories.

use tallystick_tally::{
    AddCheckpoint, Checkpoint, ConsistencyProof, Distrust, MAX_NOTE_BYTES, MAX_SIGNATURES, Note,
    NoteError, Policy, Refusal, TreeHead, VerifierKey,
};

use crate::sample::{Log, cosigned, cosigner, entry, policy, signer, size};

fn key() -> VerifierKey {
    signer().verifier_key().clone()
}

/// Text and signature line of a sound checkpoint.
fn parts() -> (String, String) {
    let note = signer().sign(Log::of_size(6).edge.head()).to_string();
    let (text, line) = note.split_once("\n\n").expect("two parts");
    (format!("{text}\n"), line.to_owned())
}

fn verify(note: &str) -> Result<usize, NoteError> {
    Note::parse(note.as_bytes())?.verify([&key()]).map(|verified| verified.len())
}

#[test]
fn threat_07_forged_notes_unknown_keys_are_ignored() {
    let (text, line) = parts();
    let encoded = line.split(' ').nth(2).expect("three items");
    let other_name = format!("— somebody.example {encoded}");
    let other_id = line.replacen(&encoded[..6], "AAAAAA", 1);
    assert_ne!(other_id, line);
    for unknown in [&other_name, &other_id, &"— x AAAAAAA=\n".to_owned()] {
        assert_eq!(verify(&format!("{text}\n{unknown}{line}")), Ok(1));
        assert_eq!(verify(&format!("{text}\n{line}{unknown}")), Ok(1));
        assert_eq!(verify(&format!("{text}\n{unknown}")), Err(NoteError::Untrusted));
    }
}

#[test]
fn threat_07_forged_notes_a_wrong_signature_of_a_known_key_spoils_the_note() {
    let (text, line) = parts();
    let encoded = line.trim_end().split(' ').nth(2).expect("three items");
    let wrong = format!("— {} {}{}\n", key().name(), &encoded[..8], encoded[8..].replace('A', "B"));
    assert_ne!(wrong, line);
    let short = format!("— {} {}\n", key().name(), &encoded[..8]);
    for wrong in [&wrong, &short] {
        for note in [format!("{text}\n{wrong}"), format!("{text}\n{line}{wrong}")] {
            assert!(matches!(verify(&note), Err(NoteError::Wrong { .. })), "{note}");
        }
    }
}

#[test]
fn threat_07_forged_notes_the_same_signature_twice_counts_once() {
    let (text, line) = parts();
    assert_eq!(verify(&format!("{text}\n{line}{line}{line}")), Ok(1));
    // Nor does one witness make a quorum of two.
    let policy = Policy::parse(policy().as_bytes()).expect("a policy");
    let once = cosigned(&Log::of_size(6), 6, &["auditor"]);
    let later = crate::sample::cosignature("auditor", &once, 1_900_000_000);
    let twice = Checkpoint::parse(format!("{once}{later}").as_bytes()).expect("a checkpoint");
    assert_eq!(twice.note().signatures().len(), 3);
    assert_eq!(policy.judge(&twice), Err(Distrust::NoQuorum { cosigned: 1, known: 3 }));
}

#[test]
fn threat_07_forged_notes_lines_of_another_form_are_refused() {
    let (text, line) = parts();
    let body = line.trim_end();
    for (line, expected) in [
        (String::new(), NoteError::Form),
        ("\n".to_owned(), NoteError::Form),
        (body.to_owned(), NoteError::Form),
        (body.replace('—', "-") + "\n", NoteError::Line(1)),
        (body.replace("— ", "—") + "\n", NoteError::Line(1)),
        (body.replace("— ", "—  ") + "\n", NoteError::Line(1)),
        (body.replace("#1 ", "#1  ") + "\n", NoteError::Line(1)),
        (body.replace("#1 ", "#1\u{a0} ") + "\n", NoteError::Line(1)),
        (body.replace("#1 ", "#+1 ") + "\n", NoteError::Line(1)),
        (format!("{body} \n"), NoteError::Line(1)),
        (format!("{body}x\n"), NoteError::Line(1)),
        (format!("{}\n", body.trim_end_matches('=')), NoteError::Line(1)),
        (format!("{body}=\n"), NoteError::Line(1)),
        (format!("{line}— x !!!!\n"), NoteError::Line(2)),
        (format!("{line}— x\n"), NoteError::Line(2)),
        (format!("{line}— x AAAAAA==\n"), NoteError::Line(2)),
        (format!("{line}no signature\n"), NoteError::Line(2)),
        (body.to_owned() + "\r\n", NoteError::Characters),
        (format!("{line}\u{0}\n"), NoteError::Characters),
    ] {
        let note = format!("{text}\n{line}");
        assert_eq!(Note::parse(note.as_bytes()), Err(expected), "{note:?}");
    }
    for text in ["a\tb\n", "a\u{1b}[31m\n", "a\r\n", "\u{0}\n", "a\u{1f}\n"] {
        let refused = Note::parse(format!("{text}\n{line}").as_bytes());
        assert_eq!(refused, Err(NoteError::Characters), "{text:?}");
    }
    assert_eq!(Note::parse(b"\xff\n\n\xe2\x80\x94 x AAAAAAA=\n"), Err(NoteError::Characters));
    assert_eq!(Note::parse(text.as_bytes()), Err(NoteError::Form), "nobody signed");
}

/// Spare bits after the last byte would let one signature be written in several ways.
#[test]
fn threat_07_forged_notes_base64_with_loose_ends_is_refused() {
    let (text, _) = parts();
    let note = |encoded: &str| Note::parse(format!("{text}\n— x {encoded}\n").as_bytes());
    note("AAAAAAA=").expect("five bytes");
    for encoded in ["AAAAAAB=", "AAAAAAA", "AAAA AAA=", "AAAAAAA=\u{2028}", "AAAA_AA=", "AAAA-AA="]
    {
        assert_eq!(note(encoded), Err(NoteError::Line(1)), "{encoded}");
    }
}

#[test]
fn threat_07_forged_notes_signatures_are_limited() {
    let (text, line) = parts();
    let unknown = |count: usize| -> String {
        (0..count).map(|number| format!("— unknown-{number} AAAAAAA=\n")).collect()
    };
    assert_eq!(verify(&format!("{text}\n{}{line}", unknown(MAX_SIGNATURES - 1))), Ok(1));
    let one_more = format!("{text}\n{}{line}", unknown(MAX_SIGNATURES));
    assert_eq!(verify(&one_more), Err(NoteError::TooManySignatures));
    // Sixteen as long as those safe from quantum computers, and then a megabyte.
    let long = format!("— x {}\n", "A".repeat(6_668)).repeat(MAX_SIGNATURES - 1);
    assert_eq!(verify(&format!("{text}\n{long}{line}")), Ok(1));
    let megabyte = format!("{text}\n{}{line}", long.repeat(10));
    assert!(megabyte.len() > MAX_NOTE_BYTES);
    assert_eq!(verify(&megabyte), Err(NoteError::TooLong(megabyte.len())));
    // Nor do cosignatures go beyond it.
    let mut full =
        Checkpoint::parse(format!("{text}\n{line}{}", unknown(MAX_SIGNATURES - 1)).as_bytes())
            .expect("a checkpoint");
    let cosignature = crate::sample::cosignature("auditor", &full, 5);
    let keys = [cosigner("auditor").verifier_key().clone()];
    let refused = full.add_cosignatures(&cosignature, &keys);
    assert_eq!(refused, Err(NoteError::TooManySignatures));
}

/// The operator changes one record of long ago and signs the new tree with the real key.
fn rewritten(leaves: u64, changed: u64) -> Log {
    let mut log = Log::default();
    for index in 0..leaves {
        let leaf = if index == changed { entry(1_000_000 + index) } else { entry(index) };
        log.append(leaf.leaf());
    }
    log
}

fn request(log: &Log, old: u64, new: u64) -> AddCheckpoint {
    let proof = ConsistencyProof::build(size(old), size(new), |tile| log.tile(tile));
    let checkpoint = signer().sign(log.head(new));
    AddCheckpoint { old: size(old), proof: proof.expect("all tiles"), checkpoint }
}

#[test]
fn threat_04_a_rewritten_log_signed_with_the_real_key_is_refused_by_a_witness() {
    let honest = Log::of_size(40);
    for changed in 0..40 {
        let rewritten = rewritten(50, changed);
        for seen in changed + 1..=40 {
            let last = honest.head(seen);
            let refused = |new| request(&rewritten, seen, new).judge(&last, &[key()]).err();
            assert_eq!(refused(50), Some(Refusal::Inconsistent), "{changed} {seen}");
            assert_eq!(refused(seen), Some(Refusal::OtherRoot), "{changed} {seen}");
        }
        // Who has seen less than what was changed cannot know.
        let last = honest.head(changed);
        let request = request(&rewritten, changed, 50);
        let accepted = request.judge(&last, &[key()]).expect("nothing to compare with");
        assert_eq!(accepted.head(), &rewritten.head(50));
    }
}

#[test]
fn threat_05_a_log_that_went_back_is_refused_by_a_witness() {
    let log = Log::of_size(40);
    let back = request(&log, 10, 20).judge(&log.head(40), &[key()]).err();
    assert_eq!(back, Some(Refusal::OtherSize(size(40))));
    let mut back = request(&log, 0, 20);
    back.old = size(40);
    assert_eq!(back.judge(&log.head(40), &[key()]).err(), Some(Refusal::OldSizeTooLarge));
}

/// Two stories for two partners: each witness cosigns what it was shown, and neither story gets
/// both of them.
#[test]
fn threat_06_two_forks_cannot_both_have_a_quorum() {
    let file = policy().replace(" auditor\nquorum", "\nquorum");
    let policy = Policy::parse(file.as_bytes()).expect("2 of 2");
    let (one, other) = (Log::of_size(30), rewritten(30, 20));
    let mut seen = [TreeHead::empty(); 2];
    let mut stories = [signer().sign(one.head(30)), signer().sign(other.head(30))];
    let witnesses = [cosigner("commissioner"), cosigner("provider-a")];
    // Each story is offered to both witnesses, the first to see it being another each time.
    for (witness, story) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
        let (log, checkpoint) = ([&one, &other][story], stories[story].clone());
        let old = seen[witness].size;
        let proof = ConsistencyProof::build(old, checkpoint.head().size, |tile| log.tile(tile));
        let request = AddCheckpoint { old, proof: proof.expect("all tiles"), checkpoint };
        match request.judge(&seen[witness], &[key()]) {
            Ok(accepted) => {
                seen[witness] = *accepted.head();
                let at = tallystick_tally::Timestamp::new(5).expect("a time");
                let line = accepted.cosign(&witnesses[witness], at).to_string();
                let keys = [witnesses[witness].verifier_key().clone()];
                stories[story].add_cosignatures(&line, &keys).expect("right");
            }
            Err(refusal) => assert_eq!(refusal, Refusal::OtherRoot),
        }
    }
    for story in &stories {
        let judged = policy.judge(story);
        assert_eq!(judged, Err(Distrust::NoQuorum { cosigned: 1, known: 3 }));
    }
    policy.judge(&cosigned(&one, 30, &["commissioner", "provider-a"])).expect("an honest log");
}

#[test]
fn threat_03_swapped_or_inserted_records_give_another_root() {
    let honest = Log::of_size(20);
    let root = |order: &[u64]| {
        let mut log = Log::default();
        for index in order {
            log.append(entry(*index).leaf());
        }
        log.edge.head().root
    };
    let order: Vec<u64> = (0..20).collect();
    assert_eq!(root(&order), honest.edge.head().root);
    for at in 0..19 {
        let mut swapped = order.clone();
        swapped.swap(at, at + 1);
        assert_ne!(root(&swapped), honest.edge.head().root);
        let mut inserted = order.clone();
        inserted.insert(at, 7);
        assert_ne!(root(&inserted[..20]), honest.edge.head().root);
    }
}
