//! What a crash, a fault or a hand leaves of the file.

use std::fs;

use super::*;
use crate::VaultError;
use crate::frame::{CLAIM_LEN, Header, KEY_LEN, OWN_LEN, frame_len};

/// A closed vault of a few frames.
struct Kept {
    place: Place,
    bytes: Vec<u8>,
    /// For each frame after the first: where it ends, and a blob sealed with a key in it.
    frames: Vec<(usize, Vec<u8>)>,
}

const FOUNDED: usize = Header::LEN + frame_len(OWN_LEN);

/// Frames of the given numbers of keys.
fn kept(frames: &[u32]) -> Kept {
    let place = Place::new();
    let vault = place.create();
    assert_eq!(place.bytes().len(), FOUNDED);
    let mut next = 0;
    let frames = frames.iter().map(|&keys| {
        let blob = seal(&vault, next);
        (next..next + keys).for_each(|n| drop(seal(&vault, n)));
        next += keys;
        vault.sync().unwrap();
        (place.bytes().len(), blob)
    });
    let frames = frames.collect();
    drop(vault);
    Kept { bytes: place.bytes(), place, frames }
}

impl Kept {
    /// Where frame `n` begins, counted from 0 after the first.
    fn start(&self, n: usize) -> usize {
        n.checked_sub(1).map_or(FOUNDED, |before| self.frames[before].0)
    }

    fn open_with(&self, bytes: &[u8]) -> Result<Vault, VaultError> {
        fs::write(self.place.path(), bytes).unwrap();
        open(&self.place.path())
    }

    /// Opens without the frames from `n` on.
    fn opens_up_to(&self, n: usize, bytes: &[u8]) {
        let vault = self.open_with(bytes).unwrap();
        for (at, (_, blob)) in self.frames.iter().enumerate() {
            assert_eq!(opens(&vault, blob), at < n, "frame {at} of {} bytes", bytes.len());
        }
        assert_eq!(self.place.bytes(), bytes[..self.start(n)], "the rest is cut off");
    }

    fn is_damaged_at(&self, offset: usize, bytes: &[u8]) {
        match self.open_with(bytes) {
            Err(VaultError::Damaged { offset: found, .. }) => assert_eq!(found, offset as u64),
            other => panic!("{other:?} instead of damage at {offset}"),
        }
        assert_eq!(self.place.bytes(), bytes, "a damaged file is left as it is");
    }
}

#[test]
fn a_cut_at_any_byte_loses_no_synced_key_or_is_refused() {
    let kept = kept(&[1, 3, 2]);
    for len in 0..kept.bytes.len() {
        let bytes = &kept.bytes[..len];
        if len < FOUNDED {
            // Creation gave the file its name when it was whole.
            assert!(kept.open_with(bytes).is_err(), "length {len}");
        } else {
            let whole = kept.frames.iter().filter(|(end, _)| *end <= len).count();
            kept.opens_up_to(whole, bytes);
        }
    }
    kept.opens_up_to(3, &kept.bytes);
}

#[test]
fn a_rewritten_file_cut_below_its_founded_length_is_refused() {
    let place = Place::new();
    let mut vault = place.create();
    (0..3).for_each(|n| drop(seal(&vault, n)));
    vault.retain(|subject| subject != super::subject(0)).unwrap();
    drop(vault);
    let bytes = place.bytes();
    for len in 0..bytes.len() {
        std::fs::write(place.path(), &bytes[..len]).unwrap();
        assert!(open(&place.path()).is_err(), "length {len}");
    }
}

#[test]
fn after_a_cut_the_vault_goes_on() {
    let kept = kept(&[1, 3]);
    let vault = kept.open_with(&kept.bytes[..kept.bytes.len() - 1]).unwrap();
    let blob = seal(&vault, 9);
    vault.sync().unwrap();
    drop(vault);
    let vault = kept.place.open();
    assert!(opens(&vault, &blob) && opens(&vault, &kept.frames[0].1));
}

#[test]
fn a_last_frame_with_an_unwritten_sector_is_cut_off() {
    let kept = kept(&[1, 40]);
    let mut bytes = kept.bytes.clone();
    bytes[512..1024].fill(0);
    kept.opens_up_to(1, &bytes);
    // Its head was not written, its end was.
    let mut bytes = kept.bytes.clone();
    bytes[kept.start(1)..512].fill(0);
    kept.opens_up_to(1, &bytes);
    // The file had grown, and nothing of the frame was written.
    let mut bytes = kept.bytes.clone();
    bytes[kept.start(1)..].fill(0);
    kept.opens_up_to(1, &bytes);
}

#[test]
fn an_unwritten_sector_before_a_whole_frame_is_damage() {
    let kept = kept(&[1, 40, 1]);
    let mut bytes = kept.bytes.clone();
    bytes[512..1024].fill(0);
    kept.is_damaged_at(kept.start(1), &bytes);
}

#[test]
fn every_flipped_bit_is_refused_and_its_frame_named() {
    let kept = kept(&[1, 3]);
    for bit in 0..kept.bytes.len() * 8 {
        let mut bytes = kept.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        match bit / 8 {
            0..8 => {
                let error = kept.open_with(&bytes).unwrap_err();
                assert!(matches!(error, VaultError::NotAVault { .. }), "{error}");
            }
            8..12 => {
                let error = kept.open_with(&bytes).unwrap_err();
                assert!(matches!(error, VaultError::UnknownVersion { .. }), "{error}");
            }
            12..Header::LEN => kept.is_damaged_at(0, &bytes),
            Header::LEN..FOUNDED => kept.is_damaged_at(Header::LEN, &bytes),
            at => kept.is_damaged_at(kept.start(usize::from(at >= kept.start(1))), &bytes),
        }
    }
}

#[test]
fn frames_cannot_change_places() {
    let kept = kept(&[1, 1, 1]);
    let [first, second, third] = [0, 1, 2].map(|n| kept.start(n));
    let mut bytes = kept.bytes[..first].to_vec();
    bytes.extend_from_slice(&kept.bytes[second..third]);
    bytes.extend_from_slice(&kept.bytes[first..second]);
    bytes.extend_from_slice(&kept.bytes[third..]);
    kept.is_damaged_at(first, &bytes);
    // Nor can one be left out.
    let mut bytes = kept.bytes.clone();
    bytes.drain(first..second);
    kept.is_damaged_at(first, &bytes);
}

#[test]
fn a_frame_of_another_file_does_not_fit() {
    let [kept, other] = [kept(&[1, 1]), kept(&[1, 1])];
    let mut bytes = kept.bytes.clone();
    bytes[kept.start(1)..].copy_from_slice(&other.bytes[kept.start(1)..]);
    kept.is_damaged_at(kept.start(1), &bytes);
    // Nor under that file's header.
    let mut bytes = kept.bytes.clone();
    bytes[..Header::LEN].copy_from_slice(&other.bytes[..Header::LEN]);
    kept.is_damaged_at(Header::LEN, &bytes);
}

#[test]
fn a_crash_while_rewriting_leaves_the_old_file() {
    let kept = kept(&[1, 3]);
    let new = kept.place.path().with_extension("new");
    fs::write(&new, &kept.bytes[..100]).unwrap();
    kept.opens_up_to(2, &kept.bytes);
    assert!(!new.exists(), "what is left of the attempt is removed");
}

#[test]
fn entries_have_the_lengths_that_the_format_gives() {
    assert_eq!((Header::LEN, OWN_LEN, KEY_LEN, CLAIM_LEN, frame_len(0)), (56, 65, 50, 33, 36));
}
