//! Addresses of tiles and bundles, and the bytes of a bundle.

use proptest::prelude::*;
use tallystick_tally::{Bundle, BundleError, Entry, Tile};

use crate::sample::{entry, size};

#[test]
fn addresses_are_those_of_the_specification() {
    for (level, index, leaves, address) in [
        (0, 0, 1, "tile/0/000.p/1"),
        (0, 0, 256, "tile/0/000"),
        (0, 999, 256_000, "tile/0/999"),
        (0, 1_000, 256_255, "tile/0/x001/000.p/255"),
        (0, 1_234_067, u64::MAX, "tile/0/x001/x234/067"),
        (1, 1, 70_000, "tile/1/001.p/17"),
        (7, 0, u64::MAX, "tile/7/000.p/255"),
    ] {
        let tile = Tile::in_tree(level, index, size(leaves)).expect("in that tree");
        assert_eq!(tile.to_string(), address);
        assert_eq!(address.parse(), Ok(tile));
    }
    let bundle = Bundle::in_tree(273, size(70_000)).expect("in that tree");
    assert_eq!(bundle.to_string(), "tile/entries/273.p/112");
    assert_eq!("tile/entries/273.p/112".parse(), Ok(bundle));
    assert_eq!(bundle.leaves(), 69_888..70_000);
}

#[test]
fn a_tree_has_no_empty_tile_and_none_beyond_its_end() {
    for (level, index, leaves) in [(0, 0, 0), (0, 1, 256), (1, 0, 255), (8, 0, u64::MAX)] {
        assert_eq!(Tile::in_tree(level, index, size(leaves)), None);
    }
    assert_eq!(Tile::in_tree(0, u64::MAX, size(u64::MAX)), None);
    assert_eq!(Bundle::in_tree(1, size(256)), None);
    let wide: Tile = "tile/0/000.p/9".parse().expect("an address");
    assert!(wide.is_in(size(9)) && !wide.is_in(size(8)));
    let wide: Bundle = "tile/entries/000.p/9".parse().expect("an address");
    assert!(wide.is_in(size(9)) && !wide.is_in(size(8)));
}

#[test]
fn any_other_spelling_of_an_address_is_refused() {
    for place in [
        "",
        "0",
        "00",
        "0000",
        "x000",
        "x000/000",
        "x001",
        "001/000",
        "x001/x000",
        "x01/000",
        "x001//000",
        "/000",
        "000/",
        "x001/000/",
        "X001/000",
        "-01",
        "+01",
        "0a0",
        "٠٠١",
        " 000",
        "000.p",
        "000.p/",
        "000.p/0",
        "000.p/01",
        "000.p/256",
        "000.p/257",
        "000.p/-1",
        "000.p/+1",
        "000.p/1/",
        "000.p/1.p/1",
        "000.P/1",
        "x001.p/000",
        "000?",
        "000%00",
        "../000",
        "x072/x057/x594/x037/x927/935", // 2^64 / 256 - 1: its last hash would be of leaf 2^64
        "x018/x446/x744/x073/x709/x551/616",
    ] {
        format!("tile/0/{place}").parse::<Tile>().expect_err(place);
        format!("tile/entries/{place}").parse::<Bundle>().expect_err(place);
    }
    for address in [
        "tile/8/000",
        "tile/00/000",
        "tile/-1/000",
        "tile//000",
        "tile/0",
        "tile/000",
        "tile/a/000",
        "/tile/0/000",
        "tile/256/000",
        "tiles/0/000",
        "tile/entries/000",
        "tile/data/000",
    ] {
        address.parse::<Tile>().expect_err(address);
    }
    "tile/0/000".parse::<Bundle>().expect_err("a tile of hashes");
}

#[test]
fn a_bundle_holds_its_entries_with_their_lengths() {
    let bundle = Bundle::in_tree(0, size(3)).expect("in that tree");
    let entries: Vec<Entry> = (0..3).map(entry).collect();
    let bytes = Bundle::encode(entries.iter().copied());
    assert_eq!(bytes.len(), 3 * 67);
    assert_eq!(bytes[..3], [0, 65, 1]);
    assert_eq!(bundle.decode(&bytes), Ok(entries));

    for end in 0..bytes.len() {
        bundle.decode(&bytes[..end]).expect_err("cut short");
    }
    assert_eq!(bundle.decode(&bytes[..134]), Err(BundleError::Width { expected: 3, found: 2 }));
    let longer = Bundle::encode((0..4).map(entry));
    assert_eq!(bundle.decode(&longer), Err(BundleError::Width { expected: 3, found: 4 }));
    for at in [1, 2] {
        let mut bytes = bytes.clone();
        bytes[at] ^= 2;
        assert!(matches!(bundle.decode(&bytes), Err(BundleError::Entry(_))), "byte {at}");
    }
}

#[test]
fn an_entry_says_which_header_and_body_are_its_own() {
    let entry = Entry::of(b"header", b"body");
    assert!(entry.has_header(b"header") && entry.has_body(b"body"));
    assert!(!entry.has_header(b"body") && !entry.has_body(b"header"));
    assert_eq!(Entry::parse(entry.as_bytes()), Ok(entry));
    Entry::parse(&entry.as_bytes()[..64]).expect_err("cut short");
    Entry::parse(&[entry.as_bytes(), &[0][..]].concat()).expect_err("too long");
    Entry::parse(&[0; 65]).expect_err("another version");
}

proptest! {
    #[test]
    fn an_address_comes_back(level in 0_u8..8, index: u64, leaves: u64) {
        let tile = Tile::in_tree(level, index % ((leaves >> 8) + 1), size(leaves));
        if let Some(tile) = tile {
            prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        }
        if let Some(bundle) = Bundle::in_tree(index % ((leaves >> 8) + 1), size(leaves)) {
            prop_assert_eq!(bundle.to_string().parse(), Ok(bundle));
        }
    }

    #[test]
    fn what_is_read_as_an_address_is_written_the_same(text in "tile/([0-9]|entries)/(x?[0-9]{2,4}/){0,3}[0-9]{2,4}(\\.p/[0-9]{1,3})?") {
        if let Ok(tile) = text.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), text.clone());
        }
        if let Ok(bundle) = text.parse::<Bundle>() {
            prop_assert_eq!(bundle.to_string(), text);
        }
    }

    #[test]
    fn no_bytes_make_the_parsers_of_addresses_and_bundles_panic(
        text: String, bytes: Vec<u8>, leaves in 1_u64..300,
    ) {
        let _ = text.parse::<Tile>();
        let _ = format!("tile/0/{text}").parse::<Tile>();
        let _ = text.parse::<Bundle>();
        let bundle = Bundle::in_tree(0, size(leaves)).expect("in that tree");
        let _ = bundle.decode(&bytes);
    }
}
