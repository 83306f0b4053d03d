//! The blind index and the command MAC.

use super::*;
use crate::macs_equal;

#[test]
fn equal_identifiers_have_equal_blind_ids_and_others_do_not() {
    let place = Place::new();
    let vault = place.create();
    let id = vault.blind("pnc", b"08/1234567K");
    assert_eq!(vault.blind("pnc", b"08/1234567K"), id);
    assert_ne!(vault.blind("pnc", b"08/1234567L"), id);
    assert_ne!(vault.blind("cro", b"08/1234567K"), id);
    assert_ne!(vault.blind("pnc0", b"8/1234567K"), id, "scheme and value do not run together");
    assert_ne!(Vault::in_memory().unwrap().blind("pnc", b"08/1234567K"), id);
    drop(vault);
    assert_eq!(place.open().blind("pnc", b"08/1234567K"), id);
}

#[test]
fn claimants_come_in_the_order_of_their_claims_each_once() {
    let place = Place::new();
    let vault = place.create();
    let [one, other] = [&b"1"[..], b"2"].map(|value| vault.blind("pnc", value));
    for n in [5, 1, 5, 3, 1] {
        vault.claim(one, subject(n)).unwrap();
    }
    vault.claim(other, subject(1)).unwrap();
    let expected = [5, 1, 3].map(subject).to_vec();
    assert_eq!(vault.claimants(one), expected);
    assert_eq!(vault.claimants(vault.blind("pnc", b"3")), []);

    vault.sync().unwrap();
    drop(vault);
    let vault = place.open();
    assert_eq!(vault.claimants(one), expected);
    vault.claim(one, subject(3)).unwrap();
    assert!(!vault.is_dirty(), "that claim is on disk");
}

#[test]
fn a_command_mac_is_known_again_and_tells_inputs_apart() {
    let place = Place::new();
    let vault = place.create();
    let mac = vault.command_mac(b"input");
    drop(vault);
    let vault = place.open();
    assert!(macs_equal(&vault.command_mac(b"input"), &mac));
    assert!(!macs_equal(&vault.command_mac(b"inpux"), &mac));
    assert_ne!(vault.blind("", b"input").0, mac, "two keys for two uses");
}

#[test]
fn macs_that_differ_in_one_bit_are_not_equal() {
    for bit in 0..128 {
        let mut other = [0x5a; 16];
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(!macs_equal(&[0x5a; 16], &other), "bit {bit}");
    }
    assert!(macs_equal(&[0x5a; 16], &[0x5a; 16]));
}
