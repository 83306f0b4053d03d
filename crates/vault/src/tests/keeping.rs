//! Creating, keeping and dropping keys.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::*;
use crate::KeyPurpose::{Equality, FreeText, Identity};
use crate::{BlindId, OpenError, SealError, VaultError};

#[test]
fn a_synced_key_is_there_after_opening_and_another_is_not() {
    let place = Place::new();
    let vault = place.create();
    assert!(!vault.is_dirty());
    let synced = seal(&vault, 1);
    assert!(vault.is_dirty());
    vault.sync().unwrap();
    assert!(!vault.is_dirty());
    let again = seal(&vault, 1);
    assert!(!vault.is_dirty(), "the key was there");
    let lost = seal(&vault, 2);
    drop(vault);

    let vault = place.open();
    assert!(opens(&vault, &synced) && opens(&vault, &again));
    assert_eq!(vault.open_blob(&lost, AAD).unwrap_err(), OpenError::NoSuchKey);
    assert!(vault.holds(subject(1), Identity));
    assert!(!vault.holds(subject(1), Equality) && !vault.holds(subject(2), Identity));
}

#[test]
fn a_sync_with_nothing_to_do_writes_nothing() {
    let place = Place::new();
    let vault = place.create();
    seal(&vault, 1);
    vault.sync().unwrap();
    let bytes = place.bytes();
    vault.sync().unwrap();
    assert_eq!(place.bytes(), bytes);
}

#[test]
fn threads_that_seal_and_sync_at_once_lose_nothing() {
    let place = Place::new();
    let vault = place.create();
    let blobs: Vec<_> = std::thread::scope(|scope| {
        let sealer = |first: u32| {
            let vault = &vault;
            // Neighbours share half of their subjects, so they race for the same keys.
            move || {
                (first..first + 40)
                    .map(|n| {
                        let blob = seal(vault, n);
                        vault.claim(vault.blind("pnc", &n.to_be_bytes()), subject(n)).unwrap();
                        vault.sync().unwrap();
                        blob
                    })
                    .collect::<Vec<_>>()
            }
        };
        let threads: Vec<_> = (0..4).map(|t| scope.spawn(sealer(t * 20))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(!vault.is_dirty());
    drop(vault);
    let vault = place.open();
    assert!(blobs.iter().all(|blob| opens(&vault, blob)));
    for n in 0..100_u32 {
        assert_eq!(vault.claimants(vault.blind("pnc", &n.to_be_bytes())), [subject(n)]);
    }
}

#[test]
fn more_than_a_frame_is_synced_and_read_again() {
    let place = Place::new();
    let vault = place.create();
    let blind = |n: u32| BlindId(u128::from(n).to_be_bytes());
    let blobs = (0..500).map(|n| seal(&vault, n)).collect::<Vec<_>>();
    for n in 0..66_000 {
        vault.claim(blind(n), subject(n)).unwrap();
    }
    vault.sync().unwrap();
    assert!(!vault.is_dirty());
    drop(vault);
    let mut vault = place.open();
    let claimed =
        |vault: &Vault| (0..66_000).filter(|&n| vault.claimants(blind(n)) == [subject(n)]).count();
    let kept = |vault: &Vault| blobs.iter().filter(|blob| opens(vault, blob)).count();
    assert_eq!((kept(&vault), claimed(&vault)), (500, 66_000));

    // One of 256 goes: 1 key and 257 claims.
    assert_eq!(vault.retain(|subject| subject.0[15] != 255).unwrap(), 1 + 257);
    drop(vault);
    let vault = place.open();
    assert_eq!((kept(&vault), claimed(&vault)), (499, 66_000 - 257));
}

#[test]
fn what_retain_drops_is_gone_from_file_and_memory() {
    let place = Place::new();
    let mut vault = place.create();
    let blobs = [1, 2, 3].map(|n| seal(&vault, n));
    let note = vault.seal(subject(2), FreeText, AAD, NAME).unwrap();
    let blind = vault.blind("pnc", b"1");
    for n in [3, 2, 1] {
        vault.claim(blind, subject(n)).unwrap();
    }
    vault.sync().unwrap();
    let unsynced = seal(&vault, 4);

    assert_eq!(vault.retain(|subject| subject != super::subject(2)).unwrap(), 3);
    assert!(!vault.is_dirty(), "what was not durable is now");
    let check = |vault: &Vault| {
        assert_eq!(blobs.each_ref().map(|blob| opens(vault, blob)), [true, false, true]);
        assert!(!opens(vault, &note) && opens(vault, &unsynced));
        assert_eq!(vault.claimants(blind), [subject(3), subject(1)]);
    };
    check(&vault);
    let later = seal(&vault, 2);
    vault.sync().unwrap();
    drop(vault);
    let vault = place.open();
    check(&vault);
    assert!(opens(&vault, &later), "the subject has a new key");
}

#[test]
fn retain_leaves_the_file_alone_when_all_is_wanted() {
    let place = Place::new();
    let mut vault = place.create();
    let blob = seal(&vault, 1);
    let inode = fs::metadata(place.path()).unwrap().ino();
    let bytes = place.bytes();
    assert_eq!(vault.retain(|_| true).unwrap(), 0);
    assert!(opens(&vault, &blob) && vault.is_dirty());
    assert_eq!(fs::metadata(place.path()).unwrap().ino(), inode);
    assert_eq!(place.bytes(), bytes);
}

#[test]
fn a_failed_write_poisons_the_vault_for_good() {
    let place = Place::new();
    let vault = place.create();
    let blob = seal(&vault, 1);
    vault.replace_file(File::options().write(true).open("/dev/full").unwrap());
    let error = vault.sync().unwrap_err();
    assert_eq!(error.source.kind(), std::io::ErrorKind::StorageFull);
    assert!(error.to_string().contains("vault"), "{error}");

    assert!(matches!(vault.seal(subject(1), Identity, AAD, NAME), Err(SealError::Poisoned(_))));
    assert!(vault.claim(vault.blind("pnc", b"1"), subject(1)).is_err());
    assert!(vault.sync().is_err() && vault.is_dirty());
    assert!(opens(&vault, &blob), "reading goes on");
}

#[test]
fn a_failed_rewrite_poisons_the_vault() {
    let place = Place::new();
    let mut vault = place.create();
    seal(&vault, 1);
    fs::create_dir(place.path().with_extension("new")).unwrap();
    assert!(matches!(vault.retain(|_| false), Err(VaultError::Io { .. })));
    assert!(vault.sync().is_err());
}

#[test]
fn create_overwrites_nothing() {
    let place = Place::new();
    drop(place.create());
    let bytes = place.bytes();
    let error = Vault::create(place.path(), &epoch_key()).unwrap_err();
    assert!(matches!(error, VaultError::AlreadyExists { .. }), "{error}");
    assert_eq!(place.bytes(), bytes);
    drop(place.open());
}

#[test]
fn a_vault_has_one_owner() {
    let place = Place::new();
    let mut vault = place.create();
    assert!(matches!(open(&place.path()), Err(VaultError::InUse { .. })));
    seal(&vault, 1);
    vault.retain(|_| false).unwrap();
    assert!(matches!(open(&place.path()), Err(VaultError::InUse { .. })), "the new file too");
    drop(vault);
    drop(place.open());
}

#[test]
fn another_epoch_key_is_refused_and_both_are_named() {
    let place = Place::new();
    drop(place.create());
    let other = EpochKey::from_bytes(&[8; 32]);
    let error = Vault::open(place.path(), &other).unwrap_err();
    assert!(matches!(error, VaultError::WrongEpochKey { .. }));
    let text = error.to_string();
    let (wrapped_with, given) = (epoch_key().id().to_string(), other.id().to_string());
    assert!(text.contains(&wrapped_with) && text.contains(&given), "{text}");
}

#[test]
fn only_the_owner_may_read_the_file() {
    let place = Place::new();
    let mut vault = place.create();
    let mode = || fs::metadata(place.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    seal(&vault, 1);
    vault.retain(|_| false).unwrap();
    assert_eq!(mode(), 0o600);
}

#[test]
fn nothing_clear_and_no_key_is_in_the_file_or_in_debug_text() {
    let place = Place::new();
    let vault = place.create();
    let blob = seal(&vault, 1);
    let blind = vault.blind("pnc", b"08/1234567K");
    vault.claim(blind, subject(1)).unwrap();
    vault.sync().unwrap();
    let key = vault.key_bytes(subject(1), Identity);
    let bytes = place.bytes();
    let secret: [&[u8]; 5] = [NAME, b"Prosser", b"1234567K", &key, &[7; 32]];
    for text in [&bytes[..], &blob] {
        for secret in secret {
            assert!(!text.windows(secret.len()).any(|window| window == secret));
        }
    }
    assert_eq!(format!("{vault:?} {:?}", epoch_key()), "Vault { made: 2, .. } EpochKey(..)");
    // Not even who has keys, or who claims what.
    for pseudonym in [&subject(1).0, &blind.0] {
        assert!(!bytes.windows(16).any(|window| window == pseudonym));
    }
}
