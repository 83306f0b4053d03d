//! Trust policies: their file, and what is enough.

use proptest::prelude::*;
use tallystick_tally::{
    Checkpoint, Cosigner, Distrust, Fault, InvalidKey, NoteError, Policy, Signer,
};

use crate::sample::{Log, cosigned, cosigner, policy, signer};

fn log_key() -> String {
    signer().verifier_key().to_string()
}

fn key(number: u8) -> String {
    let name = format!("w{number}.example").parse().expect("a name");
    Cosigner::from_seed(name, &[number; 32]).verifier_key().to_string()
}

/// The fault of a policy, and the line that it is in.
fn fault(file: &str) -> (usize, Fault) {
    let invalid = Policy::parse(file.as_bytes()).expect_err(file);
    (invalid.line, invalid.fault)
}

#[test]
fn a_policy_of_groups_of_groups_is_evaluated() {
    let key = |who| cosigner(who).verifier_key().to_string();
    let file = format!(
        "# Whom we trust.\n\n  log {} https://ledger.example/log/\nwitness A {}\n\twitness\tB {} \n\
         # not a line of the policy: witness Z\nwitness C {} https://c.example\n\
         group providers any A B\ngroup both all providers C\nquorum both\n",
        log_key(),
        key("provider-a"),
        key("commissioner"),
        key("auditor"),
    );
    let policy = Policy::parse(file.as_bytes()).expect("a policy");
    assert_eq!(policy.logs()[0].url.as_deref(), Some(&b"https://ledger.example/log/"[..]));
    let names: Vec<_> = policy.witnesses().iter().map(|witness| &witness.name[..]).collect();
    assert_eq!(names, [b"A", b"B", b"C"]);
    assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy.clone()));

    let log = Log::of_size(4);
    for (witnesses, enough) in [
        (&[][..], false),
        (&["provider-a"], false),
        (&["provider-a", "commissioner"], false),
        (&["auditor"], false),
        (&["auditor", "commissioner"], true),
        (&["auditor", "provider-a"], true),
        (&["auditor", "provider-a", "commissioner"], true),
    ] {
        let judged = policy.judge(&cosigned(&log, 4, witnesses));
        assert_eq!(judged.is_ok(), enough, "{witnesses:?}");
        match judged {
            Ok(trusted) => assert_eq!(trusted.cosigned.len(), witnesses.len()),
            Err(distrust) => {
                let cosigned = witnesses.len();
                assert_eq!(distrust, Distrust::NoQuorum { cosigned, known: 3 });
            }
        }
    }
}

#[test]
fn a_log_that_needs_no_witness_still_signs() {
    let policy = format!("log {}\nquorum none\n", log_key());
    let policy = Policy::parse(policy.as_bytes()).expect("a policy");
    let head = Log::of_size(4).edge.head();
    let trusted = policy.judge(&signer().sign(head)).map(|trusted| trusted.cosigned.len());
    assert_eq!(trusted, Ok(0));
    let other = Signer::from_seed("other.example".parse().expect("a name"), &[8; 32]).sign(head);
    assert_eq!(policy.judge(&other), Err(Distrust::UnknownLog("other.example".to_owned())));
    let name = signer().verifier_key().name().clone();
    let impostor = Signer::from_seed(name, &[8; 32]).sign(head);
    assert_eq!(policy.judge(&impostor), Err(Distrust::Note(NoteError::Untrusted)));
}

#[test]
fn witnesses_alone_are_no_log() {
    let policy = Policy::parse(policy().as_bytes()).expect("a policy");
    let checkpoint = cosigned(&Log::of_size(4), 4, &["auditor", "commissioner"]);
    policy.judge(&checkpoint).expect("2 of 3");
    let text = checkpoint.to_string();
    let unsigned: String = text
        .split_inclusive('\n')
        .enumerate()
        .filter(|(line, _)| *line != 4)
        .map(|(_, line)| line)
        .collect();
    assert_eq!(unsigned.lines().count() + 1, text.lines().count());
    let unsigned = Checkpoint::parse(unsigned.as_bytes()).expect("the form is right");
    assert_eq!(policy.judge(&unsigned), Err(Distrust::Note(NoteError::Untrusted)));
}

#[test]
fn each_fault_of_a_policy_is_named_with_its_line() {
    let log = format!("log {}\n", log_key());
    let (a, b) = (format!("witness A {}\n", key(1)), format!("witness B {}\n", key(2)));
    let two = format!("{a}{b}");
    for (file, line, expected) in [
        (String::new(), 1, Fault::OneQuorum),
        (format!("{log}{a}"), 3, Fault::OneQuorum),
        ("quorum none\nquorum none\n".to_owned(), 2, Fault::OneQuorum),
        ("quorum none".to_owned(), 1, Fault::Unended),
        ("quorum none\r\n".to_owned(), 1, Fault::Control),
        ("quorum\u{b}none\n".to_owned(), 1, Fault::Control),
        ("# \u{7f}\nquorum none\n".to_owned(), 1, Fault::Control),
        ("quorum\u{a0}none\n".to_owned(), 1, Fault::Form),
        ("quorum none none\n".to_owned(), 1, Fault::Form),
        ("Quorum none\n".to_owned(), 1, Fault::Form),
        ("group G all\nquorum none\n".to_owned(), 1, Fault::Threshold),
        (format!("{two}group G 0 A B\n"), 3, Fault::Threshold),
        (format!("{two}group G 3 A B\n"), 3, Fault::Threshold),
        (format!("{two}group G 02 A B\n"), 3, Fault::Threshold),
        (format!("{two}group G most A B\n"), 3, Fault::Threshold),
        (format!("{two}group G 2 A A\n"), 3, Fault::SecondTime),
        (format!("{two}group G any A\ngroup H any A B\n"), 4, Fault::SecondTime),
        (format!("{a}group G any A B\n{b}"), 2, Fault::Undefined),
        (format!("{a}group G any G\n"), 2, Fault::Undefined),
        (format!("{a}group G any none\n"), 2, Fault::Undefined),
        (format!("quorum A\n{a}"), 1, Fault::Undefined),
        (format!("{two}group A any B\n"), 3, Fault::Taken),
        (format!("witness none {}\n", key(1)), 1, Fault::Taken),
        (format!("{a}witness A {}\n", key(2)), 2, Fault::Taken),
        (format!("{a}witness B {}\n", key(1)), 2, Fault::SameKey),
        (format!("{log}{log}"), 2, Fault::SameKey),
        (format!("log {}\n", key(1)), 1, Fault::Key(InvalidKey::Type(4))),
        (format!("witness A {}\n", log_key()), 1, Fault::Key(InvalidKey::Type(1))),
        ("log nobody\n".to_owned(), 1, Fault::Key(InvalidKey::Form)),
        ("log\nquorum none\n".to_owned(), 1, Fault::Form),
    ] {
        assert_eq!(fault(&file), (line, expected), "{file}");
    }
}

#[test]
fn the_same_public_key_under_another_name_is_the_same_witness() {
    let named = |name: &str| Cosigner::from_seed(name.parse().expect("a name"), &[7; 32]);
    let (one, two) = (named("one.example"), named("two.example"));
    let file = format!("witness A {}\nwitness B {}\n", one.verifier_key(), two.verifier_key());
    assert_eq!(fault(&file), (2, Fault::SameKey));
}

#[test]
fn a_policy_has_as_many_lines_as_the_specification_asks_for() {
    let witnesses = |count: u8| -> String {
        (1..=count).map(|number| format!("witness W{number} {}\n", key(number))).collect()
    };
    let groups = |count: u8| -> String {
        (1..=count).map(|number| format!("group G{number} any W{number}\n")).collect()
    };
    let log = |number: u8| {
        let name = format!("log{number}.example").parse().expect("a name");
        format!("log {}\n", Signer::from_seed(name, &[number; 32]).verifier_key())
    };
    let logs: String = (1..=32).map(log).collect();
    let most = format!("{logs}{}{}quorum none\n", witnesses(32), groups(32));
    Policy::parse(most.as_bytes()).expect("a policy");
    assert_eq!(fault(&witnesses(33)), (33, Fault::TooMany));
    assert_eq!(fault(&format!("{logs}{}", log(33))), (33, Fault::TooMany));
    let groups = format!("{}{}group G33 any G1\n", witnesses(32), groups(32));
    assert_eq!(fault(&groups), (65, Fault::TooMany));
}

#[test]
fn names_are_bytes_of_any_kind() {
    let file =
        [b"# caf\xe9\nwitness \xff\xfe ", key(1).as_bytes(), b" \xe9\nquorum \xff\xfe\n"].concat();
    let policy = Policy::parse(&file).expect("a policy");
    assert_eq!(policy.witnesses()[0].name, [0xff, 0xfe]);
    assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy));
}

proptest! {
    #[test]
    fn a_policy_comes_back_and_counts_rightly(
        count in 1_u8..8, threshold in 1_usize..8, cosigned in prop::collection::vec(any::<bool>(), 8),
    ) {
        let threshold = threshold.min(count.into());
        let witnesses: String =
            (1..=count).map(|number| format!("witness W{number} {}\n", key(number))).collect();
        let members: String = (1..=count).map(|number| format!(" W{number}")).collect();
        let file = format!("log {}\n{witnesses}group G {threshold}{members}\nquorum G\n", log_key());
        let policy = Policy::parse(file.as_bytes()).expect("a policy");
        prop_assert_eq!(String::from_utf8(policy.to_bytes()), Ok(file));

        let mut checkpoint = signer().sign(Log::of_size(1).edge.head());
        let have = (1..=count).filter(|number| cosigned[usize::from(*number)]);
        for number in have.clone() {
            let name = format!("w{number}.example").parse().expect("a name");
            let witness = Cosigner::from_seed(name, &[number; 32]);
            let line = crate::sample::cosignature_of(&witness, &checkpoint, 5);
            checkpoint.add_cosignatures(&line, &[witness.verifier_key().clone()]).expect("right");
        }
        prop_assert_eq!(policy.judge(&checkpoint).is_ok(), have.count() >= threshold);
    }

    #[test]
    fn no_bytes_make_the_parser_of_policies_panic(bytes: Vec<u8>, lines in prop::collection::vec("(log|witness|group|quorum)( (all|any|[0-9]{1,20}|none|[A-C]|[^\\s]{0,9})){0,4}\n", 0..6)) {
        let _ = Policy::parse(&bytes);
        let _ = Policy::parse(lines.concat().as_bytes());
    }
}
