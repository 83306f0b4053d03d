//! The bytes of a block: what was written once must be read for ever, and nothing else is.

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use tallystick_log::{
    BLOCK_HEADER_BYTES, Block, BlockBuilder, Codec, CommitNumber, Damage, Digest, MAX_BLOCK_BYTES,
    MAX_BLOCK_RECORDS, MAX_RECORD_BYTES, PushError,
};

/// Kept for ever: never to be written anew.
const GOLDEN_RAW: &str = include_str!("../golden/block-v1-raw.hex");
const GOLDEN_LZ4: &str = include_str!("../golden/block-v1-lz4.hex");

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

fn golden(hex: &str) -> Bytes {
    let digits: String = hex.split_whitespace().collect();
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16);
    pairs.map(|pair| byte(pair).expect("hexadecimal")).collect::<Vec<_>>().into()
}

fn build(records: &Pairs) -> Block {
    let mut builder = BlockBuilder::new();
    for (header, body) in records {
        builder.push(header, body).expect("within the limits");
    }
    builder.finish(CommitNumber::new(7), 100, Digest::of(b"before"))
}

fn pairs(block: &Block) -> Pairs {
    let records = block.records().expect("sound");
    records.iter().map(|record| (record.header.to_vec(), record.body.to_vec())).collect()
}

fn short() -> Pairs {
    vec![(b"header".to_vec(), b"body".to_vec()), (Vec::new(), vec![0xff; 3])]
}

fn long() -> Pairs {
    (0..3).map(|n| (vec![n; 130], b"the same words ".repeat(20))).collect()
}

#[test]
fn the_golden_blocks_are_read_as_they_were_written() {
    for (hex, codec, records) in
        [(GOLDEN_RAW, Codec::Raw, short()), (GOLDEN_LZ4, Codec::Lz4, long())]
    {
        let block = Block::parse(golden(hex)).expect("sound");
        assert_eq!(block.codec(), codec);
        assert_eq!(block.number(), CommitNumber::new(7));
        assert_eq!((block.first_position(), block.count()), (100, records.len()));
        assert_eq!(block.last_position(), 99 + records.len() as u64);
        assert_eq!(block.previous(), Digest::of(b"before"));
        assert_eq!(pairs(&block), records);
    }
}

/// The compressor may change, so only the uncompressed block is written again byte for byte.
#[test]
fn the_same_records_give_the_golden_bytes() {
    assert_eq!(build(&short()).bytes(), &golden(GOLDEN_RAW));
}

#[test]
fn the_digest_of_the_golden_block_is_known() {
    let digest = Block::parse(golden(GOLDEN_RAW)).expect("sound").digest();
    assert_eq!(
        digest.to_string(),
        "dd47dbb58bd6ef1893c5de4567d8cecf2ef3b9d8188248dd473fba476d32a41c"
    );
}

#[test]
fn any_changed_byte_is_found() {
    for hex in [GOLDEN_RAW, GOLDEN_LZ4] {
        let sound = golden(hex);
        for at in 0..sound.len() {
            for bit in 0..8 {
                let mut bytes = sound.to_vec();
                bytes[at] ^= 1 << bit;
                Block::parse(bytes.into()).expect_err("one bit is another");
            }
        }
    }
}

#[test]
fn a_block_cut_short_or_with_bytes_after_it_is_refused() {
    let sound = golden(GOLDEN_RAW);
    for length in 0..sound.len() {
        let damage = Block::parse(sound.slice(..length)).expect_err("cut short");
        assert!(matches!(damage, Damage::Truncated { found, .. } if found == length), "{damage}");
    }
    let mut longer = sound.to_vec();
    longer.push(0);
    let damage = Block::parse(longer.into()).expect_err("a byte too many");
    assert_eq!(damage, Damage::TrailingBytes { end: sound.len(), found: sound.len() + 1 });
}

/// A sound block with one field of its header replaced and the checksum made to fit.
fn with_field(at: usize, bytes: &[u8]) -> Bytes {
    let mut block = golden(GOLDEN_RAW).to_vec();
    block[at..at + bytes.len()].copy_from_slice(bytes);
    seal(&mut block);
    block.into()
}

fn seal(block: &mut [u8]) {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&block[..64]);
    checksum.update(&block[BLOCK_HEADER_BYTES..]);
    block[64..68].copy_from_slice(&checksum.finalize().to_be_bytes());
}

#[test]
fn fields_outside_what_a_block_may_hold_are_refused_although_the_checksum_holds() {
    let too_many = u16::try_from(MAX_BLOCK_RECORDS + 1).expect("small").to_be_bytes();
    let too_long = u32::try_from(MAX_BLOCK_BYTES).expect("small").to_be_bytes();
    let field = |field, value| Damage::Field { field, value };
    for (at, bytes, damage) in [
        (0, &b"NOPE"[..], Damage::Magic),
        (4, &[2], Damage::Version(2)),
        (5, &[2], Damage::Codec(2)),
        (6, &[0, 0], field("count", 0)),
        (6, &too_many, field("count", 1_001)),
        (8, &[0; 8], field("commit number", 0)),
        (16, &[0; 8], field("first position", 0)),
        (16, &[0xff; 8], field("first position", u64::MAX)),
        (56, &too_long, field("raw length", MAX_BLOCK_BYTES as u64)),
        (60, &[0, 0, 0, 1], field("stored length", 1)),
    ] {
        assert_eq!(Block::parse(with_field(at, bytes)).expect_err("refused"), damage);
    }
}

#[test]
fn records_that_do_not_fill_the_block_are_refused() {
    // One record more than there are, and one fewer.
    for (count, index) in [(3, 2), (1, 1)] {
        let block = Block::parse(with_field(6, &[0, count])).expect("the header is in order");
        assert_eq!(block.records().expect_err("refused"), Damage::Framing { index });
        let mut buffer = Vec::new();
        assert_eq!(block.scan(&mut buffer).expect_err("refused"), Damage::Framing { index });
    }
}

#[test]
fn a_length_has_one_encoding() {
    // The first record's header length, 6, written in two bytes: 0x86 0x00.
    let mut bytes = golden(GOLDEN_RAW).to_vec();
    bytes.splice(BLOCK_HEADER_BYTES..=BLOCK_HEADER_BYTES, [0x86, 0x00]);
    for at in [56, 60] {
        bytes[at + 3] += 1;
    }
    seal(&mut bytes);
    let block = Block::parse(bytes.into()).expect("the header is in order");
    assert_eq!(block.records().expect_err("refused"), Damage::Framing { index: 0 });
}

#[test]
fn compressed_records_that_inflate_to_another_length_are_refused() {
    for longer_by in [1_u8, 255] {
        let mut bytes = golden(GOLDEN_LZ4).to_vec();
        bytes[59] = bytes[59].wrapping_add(longer_by);
        seal(&mut bytes);
        let block = Block::parse(bytes.into()).expect("the header is in order");
        assert!(matches!(block.records(), Err(Damage::Inflate { .. })));
    }
}

#[test]
fn a_record_over_the_limit_is_refused_and_one_at_the_limit_is_taken() {
    let mut builder = BlockBuilder::new();
    let limit = MAX_RECORD_BYTES;
    let refused = builder.push(&[0], &vec![0; limit]).expect_err("one byte too many");
    assert_eq!(refused, PushError::RecordTooLarge { bytes: limit + 1, limit });
    assert!(builder.is_empty());
    builder.push(&[], &vec![0; limit]).expect("exactly the limit");
}

#[test]
fn a_block_takes_as_many_records_as_it_says_and_no_more() {
    let mut builder = BlockBuilder::new();
    assert!(builder.fits(MAX_BLOCK_RECORDS, 0));
    assert!(!builder.fits(MAX_BLOCK_RECORDS + 1, 0));
    for _ in 0..MAX_BLOCK_RECORDS {
        builder.push(b"h", b"b").expect("up to the limit");
    }
    assert!(!builder.fits(1, 0));
    assert_eq!(builder.push(b"h", b"b"), Err(PushError::BlockFull));
    let block = builder.finish(CommitNumber::new(1), 1, Digest::default());
    assert_eq!(block.count(), MAX_BLOCK_RECORDS);
    assert!(builder.is_empty(), "ready for the next block");
}

#[test]
fn a_block_is_never_larger_than_its_limit() {
    let mut builder = BlockBuilder::new();
    let mut noise = 1_u64;
    while builder.fits(1, 50_000) {
        let body: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            noise.to_be_bytes()[0]
        })
        .take(50_000)
        .collect();
        builder.push(b"", &body).expect("it fits");
    }
    assert_eq!(builder.push(b"", &vec![0; 50_000]), Err(PushError::BlockFull));
    let block = builder.finish(CommitNumber::new(1), 1, Digest::default());
    assert_eq!(block.codec(), Codec::Raw, "noise is not compressed");
    assert!(block.bytes().len() <= MAX_BLOCK_BYTES);
    Block::parse(block.bytes().clone()).expect("its own reader takes it");
}

#[test]
fn a_part_of_a_record_can_outlive_the_block_without_a_copy() {
    let records = build(&long()).records().expect("sound");
    let body = records.share(records.iter().nth(1).expect("three").body);
    drop(records);
    assert_eq!(body, long()[1].1);
}

proptest! {
    #[test]
    fn what_is_built_is_parsed_and_inflated_to_the_same(
        records in vec((vec(any::<u8>(), 0..300), vec(0..4_u8, 0..2000)), 1..20),
    ) {
        let built = build(&records);
        let parsed = Block::parse(built.bytes().clone()).expect("sound");
        prop_assert_eq!(&parsed, &built);
        prop_assert_eq!(parsed.digest(), Digest::of(built.bytes()));
        prop_assert_eq!(&pairs(&parsed), &records);
        // A buffer that is used again, dirty and of another length.
        let mut buffer = vec![0xaa; 5000];
        let scanned = parsed.scan(&mut buffer).expect("sound");
        for ((position, (header, body)), record) in (100..).zip(&records).zip(scanned) {
            prop_assert_eq!(record.position, position);
            prop_assert_eq!(record.header, &header[..]);
            prop_assert_eq!(record.body, &body[..]);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        header in vec(any::<u8>(), 0..BLOCK_HEADER_BYTES),
        codec in 0..2_u8,
        count in 1..40_u8,
        raw_length in 0..2000_u16,
        payload in vec(any::<u8>(), 0..400),
    ) {
        prop_assert!(Block::parse(header.into()).is_err());
        // As far as the checksum anything may be made to fit; what is behind it must hold too.
        let mut bytes = golden(GOLDEN_RAW)[..BLOCK_HEADER_BYTES].to_vec();
        let stored = u32::try_from(payload.len()).expect("small");
        let raw_length = if codec == 0 { stored } else { raw_length.into() };
        bytes[5] = codec;
        bytes[7] = count;
        bytes[56..60].copy_from_slice(&raw_length.to_be_bytes());
        bytes[60..64].copy_from_slice(&stored.to_be_bytes());
        bytes.extend_from_slice(&payload);
        seal(&mut bytes);
        let block = Block::parse(bytes.into()).expect("the header is in order");
        if let Ok(records) = block.records() {
            prop_assert_eq!(records.iter().count(), usize::from(count));
        }
    }
}
