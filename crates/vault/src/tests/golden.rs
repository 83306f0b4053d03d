//! Bytes of version 1, made by another program from schema/vault-format.md. They are never changed:
//! a vault written once opens for ever.

use super::*;
use crate::blob;
use crate::cipher::SubjectCipher;
use crate::frame::{self, Header, OWN_LEN, OwnKeys};
use crate::holdings::{Extent, Holdings, Row};
use crate::key::Secret;
use crate::{BlindId, KeyPurpose::FreeText, KeyPurpose::Identity};

/// Epoch key 32 × 7; own keys 32 × 1 and 32 × 2; subject 1 with an identity key 32 × 3, a free-text
/// key 32 × 4 and a claim to PNC number 08/1234567K. File id 16 × 9; nonces 12 × 10 and 12 × 11.
const FILE: &str = "\
    544c595641554c54000000011038804f9de5cbbc4a26e025d70ebccc09090909090909090909090909090909\
    000000000000009db033cf10000000410a0a0a0a0a0a0a0a0a0a0a0aa0bfb5ae349f3626dea5d4ba78e4bb7a\
    be74aa8a377c3288b4ca8c4e7ae7bacdc9eefe622ce1378d8d9a6d775cbf12f8ae2c4d5afa28be96952aa5e2\
    e4da5b1034046007cf61ca689e6aaf2f458d0841782e73218b000000850b0b0b0b0b0b0b0b0b0b0b0b94f07a\
    ec2fa9c24bde51574e1943575731c1a1472d5d65d6307d586065e44f49962ddb95bf40da483dad9c290a9cc3\
    bd2bc2bc65a78aaf84d2ac9ae69a287ad3327be09f8cf492cd8ec6a821c5aff43168f745aa73b9fe87c164a6\
    736b48b2d0295d1f471776c292eaac411e2a34d5d418e354dc33dd91db914eb8ff2f1dd56e177214ba4c99d5\
    d3557974105c13a8b78a10ad6785c92b2687\
    ";

/// The name sealed with the identity key; nonce 12 × 12.
const BLOB: &str = "\
    0118742a878f4b6bd5da919f22339adaf90c0c0c0c0c0c0c0c0c0c0c0cd9aefd7389480da220bd3ab2526fc3\
    2f07af631936f1e0c448020e0613626403ebf0c0aa\
    ";

const BLIND_ID: &str = "407aa03660fa5fa908dab48746bfc20b";
const COMMAND_MAC: &str = "8e713ff7d06651122645a003fd0ddb7f";

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.as_bytes().as_chunks().0.iter().map(digits).collect()
}

fn secret(n: u8) -> Secret {
    Secret::from_slice(&[n; 32]).unwrap()
}

#[test]
fn version_1_opens() {
    let place = Place::new();
    std::fs::write(place.path(), bytes(FILE)).unwrap();
    let vault = place.open();
    assert!(opens(&vault, &bytes(BLOB)));
    assert_eq!(vault.key_bytes(subject(1), Identity), [3; 32]);
    assert_eq!(vault.key_bytes(subject(1), FreeText), [4; 32]);
    let blind = vault.blind("pnc", b"08/1234567K");
    assert_eq!(blind.0.as_slice(), bytes(BLIND_ID));
    assert_eq!(vault.claimants(blind), [subject(1)]);
    assert_eq!(vault.command_mac(b"input").as_slice(), bytes(COMMAND_MAC));
}

#[test]
fn version_1_is_what_we_write() {
    let mut holdings = Holdings::default();
    for (purpose, n) in [(Identity, 3), (FreeText, 4)] {
        holdings.keys.insert(Row::new(subject(1), purpose, secret(n))).unwrap();
    }
    let blind = BlindId(bytes(BLIND_ID).try_into().unwrap());
    holdings.claims.insert(crate::blind::Claim { blind, subject: subject(1) });
    let own = OwnKeys { mac: secret(1), blind: secret(2) };

    let (header, gcm) =
        (Header { epoch: epoch_key().id(), file: [9; 16], founded: 157 }, epoch_key().gcm());
    let mut file = header.encode().to_vec();
    let frame = frame::seal(&gcm, &header, 56, &[10; 12], OWN_LEN, |to| {
        frame::write_own(&own, to);
    });
    file.extend_from_slice(&frame);
    let (from, end) = (Extent::default(), holdings.extent());
    let frame = frame::seal_holdings(&gcm, &header, 157, &[11; 12], &holdings, from, end);
    file.extend_from_slice(&frame);
    assert_eq!(file, bytes(FILE));

    let blob = blob::seal(&SubjectCipher::new(&secret(3)), &[12; 12], AAD, NAME);
    assert_eq!(blob, bytes(BLOB));
}
