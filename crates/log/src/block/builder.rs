use bytes::Bytes;
use lz4_flex::block::{CompressTable, compress_into_with_table, get_maximum_output_size};
use thiserror::Error;

use super::{
    BLOCK_HEADER_BYTES, Block, CHECKSUM_AT, Codec, FORMAT_VERSION, MAGIC, MAX_BLOCK_RECORDS,
    MAX_RECORD_BYTES, MAX_RECORDS_BYTES, checksum,
    records::{self, MAX_LENGTHS_BYTES},
};
use crate::{CommitNumber, Digest};

/// Collects records and makes a block of them. Keeps its buffers from block to block: one builder
/// serves a writer for its life.
#[derive(Debug)]
pub struct BlockBuilder {
    raw: Vec<u8>,
    count: u16,
    compressed: Vec<u8>,
    table: Table,
}

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PushError {
    /// No block takes such a record. Refuse what made it.
    #[error("record of {bytes} bytes is over the limit of {limit}")]
    RecordTooLarge {
        /// Size of header and body together, in bytes.
        bytes: usize,
        /// [`MAX_RECORD_BYTES`].
        limit: usize,
    },
    /// This block takes no more. Finish it and begin another.
    #[error("the block is full")]
    BlockFull,
}

impl BlockBuilder {
    /// An empty builder.
    pub fn new() -> Self {
        Self { raw: Vec::new(), count: 0, compressed: Vec::new(), table: Table::default() }
    }

    /// Whether `records` more, of `bytes` bytes of headers and bodies in all, surely fit into
    /// this block. Ask before the first record of what must not be split over two blocks.
    pub fn fits(&self, records: usize, bytes: usize) -> bool {
        self.count() + records <= MAX_BLOCK_RECORDS
            && self.raw.len() + bytes + records * MAX_LENGTHS_BYTES <= MAX_RECORDS_BYTES
    }

    /// Adds a record at the end.
    ///
    /// # Errors
    /// [`PushError`]; the block is as it was.
    pub fn push(&mut self, header: &[u8], body: &[u8]) -> Result<(), PushError> {
        let bytes = header.len() + body.len();
        if bytes > MAX_RECORD_BYTES {
            return Err(PushError::RecordTooLarge { bytes, limit: MAX_RECORD_BYTES });
        }
        if !self.fits(1, bytes) {
            return Err(PushError::BlockFull);
        }
        records::write(&mut self.raw, header, body);
        self.count += 1;
        Ok(())
    }

    /// Records so far.
    pub fn count(&self) -> usize {
        self.count.into()
    }

    /// Whether there is no record yet.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Drops the records, for a batch that must be decided again.
    pub fn clear(&mut self) {
        self.raw.clear();
        self.count = 0;
    }

    /// Makes the block and leaves the builder empty. Compressed if that makes it smaller.
    ///
    /// # Panics
    /// If there is no record, or the number or position is 0: such a block does not exist.
    pub fn finish(&mut self, number: CommitNumber, first_position: u64, previous: Digest) -> Block {
        assert!(!self.is_empty(), "a commit has at least one record");
        assert!(number > CommitNumber::ZERO, "commits are numbered from 1");
        assert!(first_position > 0, "positions are numbered from 1");

        self.compressed.resize(get_maximum_output_size(self.raw.len()), 0);
        let (codec, payload) =
            match compress_into_with_table(&self.raw, &mut self.compressed, &mut self.table.0) {
                Ok(length) if length < self.raw.len() => (Codec::Lz4, &self.compressed[..length]),
                _ => (Codec::Raw, &self.raw[..]),
            };
        let raw_length = length(&self.raw);

        let mut bytes = Vec::with_capacity(BLOCK_HEADER_BYTES + payload.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.push(FORMAT_VERSION);
        bytes.push(codec as u8);
        bytes.extend_from_slice(&self.count.to_be_bytes());
        bytes.extend_from_slice(&number.get().to_be_bytes());
        bytes.extend_from_slice(&first_position.to_be_bytes());
        bytes.extend_from_slice(previous.as_bytes());
        bytes.extend_from_slice(&raw_length.to_be_bytes());
        bytes.extend_from_slice(&length(payload).to_be_bytes());
        debug_assert_eq!(bytes.len(), CHECKSUM_AT);
        let checksum = checksum(&bytes, payload);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        bytes.extend_from_slice(payload);

        let block = Block {
            bytes: Bytes::from(bytes),
            codec,
            count: self.count,
            number,
            first_position,
            raw_length,
            digest: std::sync::OnceLock::new(),
        };
        self.clear();
        block
    }
}

impl Default for BlockBuilder {
    fn default() -> Self {
        Self::new()
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a block is far below 4 GiB")
}

/// The compressor's table: 8 KiB while blocks stay below 64 KiB, 16 KiB from the first larger one.
#[derive(Default)]
struct Table(CompressTable);

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Table")
    }
}
