use proptest::prelude::*;

use super::*;
use crate::KeyPurpose::{Equality, FreeText, Identity};
use crate::OpenError;

fn memory() -> Vault {
    Vault::in_memory().unwrap()
}

proptest! {
    #[test]
    fn what_is_sealed_opens_to_the_same(
        aad in prop::collection::vec(any::<u8>(), 0..64),
        clear in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let vault = memory();
        let blob = vault.seal(subject(1), Identity, &aad, &clear).unwrap();
        prop_assert_eq!(blob.len(), clear.len() + 45);
        prop_assert_eq!(&*vault.open_blob(&blob, &aad).unwrap(), &clear);
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let vault = memory();
    let blob = vault.seal(subject(1), Identity, b"place", NAME).unwrap();
    for bit in 0..blob.len() * 8 {
        let mut changed = blob.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let expected = match bit / 8 {
            0 => OpenError::UnknownFormat { version: changed[0] },
            1..=16 => OpenError::NoSuchKey,
            _ => OpenError::Tampered,
        };
        assert_eq!(vault.open_blob(&changed, b"place").unwrap_err(), expected, "bit {bit}");
    }
}

#[test]
fn a_blob_cut_anywhere_does_not_open() {
    let vault = memory();
    let blob = vault.seal(subject(1), Identity, b"place", NAME).unwrap();
    for len in 0..blob.len() {
        let error = vault.open_blob(&blob[..len], b"place").unwrap_err();
        assert_eq!(error, OpenError::Tampered, "length {len}");
    }
}

#[test]
fn a_blob_opens_only_in_its_place() {
    let vault = memory();
    let blob = vault.seal(subject(1), Identity, b"place", NAME).unwrap();
    for other in [&b"plac"[..], b"place ", b"", b"another"] {
        assert_eq!(vault.open_blob(&blob, other).unwrap_err(), OpenError::Tampered);
    }
    // The key id follows the caller's data; data that ends in it is still other data.
    let longer = [b"place", &blob[1..17]].concat();
    assert_eq!(vault.open_blob(&blob, &longer).unwrap_err(), OpenError::Tampered);
}

#[test]
fn each_subject_and_purpose_has_a_key_of_its_own() {
    let vault = memory();
    let mut ids = Vec::new();
    for n in 1..=3 {
        for purpose in [Identity, Equality, FreeText] {
            let blobs = [(); 2].map(|()| vault.seal(subject(n), purpose, b"", NAME).unwrap());
            let [first, second] = blobs.each_ref().map(|blob| blob[1..17].to_vec());
            assert_eq!(first, second, "one key for {n} {purpose:?}");
            assert_ne!(blobs[0], blobs[1], "a nonce serves once");
            ids.push(first);
        }
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 9);
}

#[test]
fn a_blob_under_another_key_does_not_open() {
    let vault = memory();
    let one = vault.seal(subject(1), Identity, b"", NAME).unwrap();
    let mut other = vault.seal(subject(1), Equality, b"", NAME).unwrap();
    other[1..17].copy_from_slice(&one[1..17]);
    assert_eq!(vault.open_blob(&other, b"").unwrap_err(), OpenError::Tampered);
}

#[test]
fn another_vault_has_no_such_key() {
    let blob = memory().seal(subject(1), Identity, b"", NAME).unwrap();
    assert_eq!(memory().open_blob(&blob, b"").unwrap_err(), OpenError::NoSuchKey);
}
