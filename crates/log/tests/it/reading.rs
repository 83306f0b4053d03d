//! Blocks that stand one after the other in a file.

use std::io;

use tallystick_log::{Block, BlockBuilder, CommitNumber, Head, LogIdentity};

fn two_blocks() -> (Vec<u8>, [Block; 2]) {
    let mut head = Head::empty(LogIdentity::new([4; 32]));
    let blocks = [1, 2].map(|number| {
        let mut builder = BlockBuilder::new();
        builder.push(b"header", b"a body, a body, a body, a body").expect("it fits");
        let block = builder.finish(CommitNumber::new(number), head.last_position + 1, head.digest);
        head = Head::of(&block);
        block
    });
    (blocks.iter().flat_map(|block| block.bytes().to_vec()).collect(), blocks)
}

#[test]
fn blocks_are_read_one_after_the_other_up_to_the_end() {
    let (bytes, blocks) = two_blocks();
    let mut from = &bytes[..];
    for block in &blocks {
        let read = Block::read(&mut from).expect("sound").expect("there");
        assert_eq!(read.bytes(), block.bytes());
    }
    assert!(Block::read(&mut from).expect("the end").is_none());
}

#[test]
fn a_file_that_was_cut_or_changed_is_no_end() {
    let (bytes, blocks) = two_blocks();
    for cut in 1..blocks[0].bytes().len() {
        let error = Block::read(&mut &bytes[..cut]).expect_err("it was cut");
        let kind = error.kind();
        assert!(
            matches!(kind, io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData),
            "{kind}"
        );
    }
    for at in 0..blocks[0].bytes().len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Block::read(&mut &changed[..]).is_err(), "byte {at}");
    }
}
