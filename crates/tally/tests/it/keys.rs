//! Texts of keys: public and secret.

use proptest::prelude::*;
use signed_note::{Signer as _, StandardSigner, StandardVerifier, Verifier as _};
use tallystick_tally::{Cosigner, InvalidKey, KeyName, SignatureType, Signer, VerifierKey};

use crate::sample::{ORIGIN, cosigner, signer};

/// Published with the specification.
const EXAMPLE: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

#[test]
fn a_public_key_has_the_text_of_the_specification() {
    let key: VerifierKey = EXAMPLE.parse().expect("a key");
    assert_eq!(key.name().as_str(), "example.com/foo");
    assert_eq!(key.id().as_bytes(), &[0x53, 0x0d, 0x90, 0x3a]);
    assert_eq!(key.kind(), SignatureType::Note);
    assert_eq!(key.to_string(), EXAMPLE);
}

#[test]
fn another_implementation_reads_our_keys() {
    let signer = signer();
    let theirs = StandardSigner::new(&signer.to_secret_text()).expect("a secret key");
    let public = StandardVerifier::new(&signer.verifier_key().to_string()).expect("a key");
    let id = u32::from_be_bytes(*signer.verifier_key().id().as_bytes());
    assert_eq!((theirs.name(), theirs.key_id()), (ORIGIN, id));
    assert_eq!((public.name(), public.key_id()), (ORIGIN, id));
    let signature = theirs.sign(b"text\n").expect("it can");
    assert!(public.verify(b"text\n", &signature));
}

#[test]
fn a_secret_key_comes_back_and_is_never_shown() {
    let (signer, cosigner) = (signer(), cosigner("auditor"));
    let again = Signer::parse(&signer.to_secret_text()).expect("as written");
    assert_eq!(again.verifier_key(), signer.verifier_key());
    let again = Cosigner::parse(&cosigner.to_secret_text()).expect("as written");
    assert_eq!(again.verifier_key(), cosigner.verifier_key());
    // A log's key does not cosign, and a witness's does not sign.
    let wrong = Signer::parse(&cosigner.to_secret_text()).expect_err("of a witness");
    assert_eq!(wrong, InvalidKey::Type(4));
    let wrong = Cosigner::parse(&signer.to_secret_text()).expect_err("of a log");
    assert_eq!(wrong, InvalidKey::Type(1));

    for (text, shown) in [
        (signer.to_secret_text(), format!("{signer:?}")),
        (cosigner.to_secret_text(), format!("{cosigner:?}")),
    ] {
        let secret = text.rsplit('+').next().expect("some");
        assert!(text.starts_with("PRIVATE+KEY+") && !shown.contains(secret), "{shown}");
        assert!(shown.contains("not shown"), "{shown}");
    }
}

#[test]
fn the_same_key_under_another_name_has_another_id() {
    let name: KeyName = "ledger.example/county#2".parse().expect("a name");
    let (first, second) = (signer(), signer().with_origin(name.clone()));
    assert_eq!(second.verifier_key().public_bytes(), first.verifier_key().public_bytes());
    assert_ne!(second.verifier_key().id(), first.verifier_key().id());
    assert_eq!(second.verifier_key().name(), &name);
}

#[test]
fn any_other_spelling_of_a_key_is_refused() {
    let refused = |text: &str, why| assert_eq!(text.parse::<VerifierKey>(), Err(why), "{text}");
    refused("", InvalidKey::Name);
    refused("example.com/foo", InvalidKey::Form);
    refused("example.com/foo+530d903a", InvalidKey::Form);
    refused(&EXAMPLE.replace("530d903a", "530D903A"), InvalidKey::Form);
    refused(&EXAMPLE.replace("530d903a", "530d903"), InvalidKey::Form);
    refused(&EXAMPLE.replace("530d903a", "+530d903"), InvalidKey::Form);
    refused(&EXAMPLE.replace("530d903a", "530d903b"), InvalidKey::Id);
    refused(&EXAMPLE.replace("foo", "fop"), InvalidKey::Id);
    refused(&EXAMPLE.replace("foo", "f o"), InvalidKey::Name);
    refused(&EXAMPLE.replace("foo", "f\u{a0}o"), InvalidKey::Name);
    refused(&EXAMPLE.replace("foo", "f\no"), InvalidKey::Name);
    refused(&EXAMPLE.replace("foo", "f\u{1}o"), InvalidKey::Name);
    refused(&EXAMPLE[1..].replace("xample.com/foo", ""), InvalidKey::Name);
    refused(&format!("{EXAMPLE}="), InvalidKey::Form);
    refused(&format!("{EXAMPLE}\n"), InvalidKey::Form);
    refused(&format!("{EXAMPLE}AA"), InvalidKey::Form);
    // Base64 may have pluses, and a type that nobody here supports.
    let pluses = format!("example.com/foo+00000000+{}", "+".repeat(44));
    refused(&pluses, InvalidKey::Type(0xfb));
    // The neutral point, for which a signature of anything can be made.
    let weak = [&[1, 1][..], &[0; 31]].concat();
    let weak = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, weak);
    refused(&format!("weak+00000000+{weak}"), InvalidKey::Point);
}

proptest! {
    #[test]
    fn a_key_comes_back(name in "[^\\s+\\x00-\\x1f]{1,20}", seed: [u8; 32]) {
        let name: KeyName = name.parse().expect("a name");
        let key = Signer::from_seed(name.clone(), &seed);
        prop_assert_eq!(&key.verifier_key().to_string().parse(), &Ok(key.verifier_key().clone()));
        let key = Cosigner::from_seed(name, &seed);
        prop_assert_eq!(&key.verifier_key().to_string().parse(), &Ok(key.verifier_key().clone()));
    }

    #[test]
    fn no_text_makes_the_parsers_of_keys_panic(text: String) {
        let _ = text.parse::<VerifierKey>();
        let _ = text.parse::<KeyName>();
        let _ = Signer::parse(&text);
        let _ = Signer::parse(&format!("PRIVATE+KEY+{text}"));
        let _ = format!("name+00000000+{text}").parse::<VerifierKey>();
    }
}
