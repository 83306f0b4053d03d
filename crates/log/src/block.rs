//! One commit as bytes. `schema/log-format.md` is the definition; this is its only reader and
//! writer.

mod builder;
mod records;

use std::{
    fmt,
    io::{self, Read},
    sync::OnceLock,
};

use bytes::Bytes;

pub use self::{
    builder::{BlockBuilder, PushError},
    records::{Record, Records, RecordsIter},
};
use crate::{CommitNumber, Damage, Digest};

/// Most records in one block. A thousand of them share one flush; more would only make the others
/// in the queue wait longer.
pub const MAX_BLOCK_RECORDS: usize = 1_000;

/// Largest block in bytes, and most bytes of records before compression: 768 KiB, three quarters
/// of the 1 MiB that a message broker takes by default.
pub const MAX_BLOCK_BYTES: usize = 768 * 1024;

/// Largest record in bytes, header and body together: 64 KiB.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;

/// Bytes of a block before its records.
pub const BLOCK_HEADER_BYTES: usize = 68;

const MAGIC: [u8; 4] = *b"TLYB";
const FORMAT_VERSION: u8 = 1;
/// Where the checksum lies; it covers everything before and after itself.
const CHECKSUM_AT: usize = 64;

/// How the records of a block are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// As they are.
    Raw,
    /// As one LZ4 block (no frame).
    Lz4,
}

/// One commit: its bytes, checked, and what its header says. Cheap to clone; the bytes are
/// shared.
#[derive(Clone)]
pub struct Block {
    bytes: Bytes,
    codec: Codec,
    count: u16,
    number: CommitNumber,
    first_position: u64,
    raw_length: u32,
    digest: OnceLock<Digest>,
}

impl Block {
    /// Checks the bytes of a block: header, limits, lengths, checksum. Inflates nothing and
    /// copies nothing.
    ///
    /// # Errors
    /// [`Damage`] says what is wrong; such bytes are of no use.
    pub fn parse(bytes: Bytes) -> Result<Self, Damage> {
        let found = bytes.len();
        let Some(header) = bytes.first_chunk::<BLOCK_HEADER_BYTES>() else {
            return Err(Damage::Truncated { needed: BLOCK_HEADER_BYTES, found });
        };
        if header[..4] != MAGIC {
            return Err(Damage::Magic);
        }
        if header[4] != FORMAT_VERSION {
            return Err(Damage::Version(header[4]));
        }
        let codec = match header[5] {
            0 => Codec::Raw,
            1 => Codec::Lz4,
            other => return Err(Damage::Codec(other)),
        };
        let count = u16::from_be_bytes(field(header, 6));
        let number = u64::from_be_bytes(field(header, 8));
        let first_position = u64::from_be_bytes(field(header, 16));
        let raw_length = u32::from_be_bytes(field(header, 56));
        let stored_length = u32::from_be_bytes(field(header, 60));
        let stored = u32::from_be_bytes(field(header, CHECKSUM_AT));

        let within = |field, value: u64, low: u64, high: u64| {
            if (low..=high).contains(&value) { Ok(()) } else { Err(Damage::Field { field, value }) }
        };
        within("count", count.into(), 1, MAX_BLOCK_RECORDS as u64)?;
        within("commit number", number, 1, u64::MAX)?;
        // The last position must exist too.
        within("first position", first_position, 1, u64::MAX - u64::from(count) + 1)?;
        within("raw length", raw_length.into(), 0, MAX_RECORDS_BYTES as u64)?;
        let longest = match codec {
            Codec::Raw => {
                within("stored length", stored_length.into(), raw_length.into(), raw_length.into())
            }
            Codec::Lz4 => {
                within("stored length", stored_length.into(), 0, MAX_RECORDS_BYTES as u64)
            }
        };
        longest?;
        let end = BLOCK_HEADER_BYTES + stored_length as usize;
        if found < end {
            return Err(Damage::Truncated { needed: end, found });
        }
        if found > end {
            return Err(Damage::TrailingBytes { end, found });
        }
        let computed = checksum(&header[..CHECKSUM_AT], &bytes[BLOCK_HEADER_BYTES..]);
        if stored != computed {
            return Err(Damage::Checksum { stored, computed });
        }
        Ok(Self {
            codec,
            count,
            number: CommitNumber::new(number),
            first_position,
            raw_length,
            digest: OnceLock::new(),
            bytes,
        })
    }

    /// Reads the next of blocks that stand one after the other; `None` at their end.
    ///
    /// # Errors
    /// What the source says, and [`io::ErrorKind::InvalidData`] with the [`Damage`] of a block.
    pub fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let mut header = [0; BLOCK_HEADER_BYTES];
        if from.read(&mut header[..1])? == 0 {
            return Ok(None);
        }
        from.read_exact(&mut header[1..])?;
        let stored_length = u32::from_be_bytes(field(&header, 60));
        let mut bytes = header.to_vec();
        // A length that cannot be is found by `parse`, of what is there.
        let rest = u64::from(stored_length).min(MAX_BLOCK_BYTES as u64);
        from.take(rest).read_to_end(&mut bytes)?;
        let damaged = |damage| io::Error::new(io::ErrorKind::InvalidData, damage);
        Self::parse(bytes.into()).map(Some).map_err(damaged)
    }

    /// The commit's number, from 1.
    pub fn number(&self) -> CommitNumber {
        self.number
    }

    /// Position of the first record, from 1.
    pub fn first_position(&self) -> u64 {
        self.first_position
    }

    /// Number of records, 1 to [`MAX_BLOCK_RECORDS`].
    pub fn count(&self) -> usize {
        self.count.into()
    }

    /// Position of the last record.
    pub fn last_position(&self) -> u64 {
        self.first_position + u64::from(self.count) - 1
    }

    /// Digest of the block before; the log's identity in the first.
    pub fn previous(&self) -> Digest {
        let mut digest = [0; Digest::BYTES];
        digest.copy_from_slice(&self.bytes[24..56]);
        Digest::new(digest)
    }

    /// How the records are stored.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// SHA-256 of all bytes of the block. Computed when first asked for and kept; a clone made
    /// before that computes it anew.
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| Digest::of(&self.bytes))
    }

    /// The whole block, as stored and sent.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The records, inflated into a buffer of their own that they share.
    ///
    /// # Errors
    /// [`Damage::Inflate`] or [`Damage::Framing`]: written by a faulty writer, since the checksum
    /// held.
    pub fn records(&self) -> Result<Records, Damage> {
        let raw = match self.codec {
            Codec::Raw => self.bytes.slice(BLOCK_HEADER_BYTES..),
            Codec::Lz4 => {
                let mut buffer = Vec::new();
                self.inflate(&mut buffer)?;
                Bytes::from(buffer)
            }
        };
        Records::parse(raw, self.first_position, self.count())
    }

    /// The records, inflated into `buffer`, for scans that look at each record once: the buffer
    /// is used again from block to block.
    ///
    /// # Errors
    /// As [`records`](Self::records).
    pub fn scan<'b>(&'b self, buffer: &'b mut Vec<u8>) -> Result<RecordsIter<'b>, Damage> {
        let raw: &[u8] = match self.codec {
            Codec::Raw => &self.bytes[BLOCK_HEADER_BYTES..],
            Codec::Lz4 => {
                self.inflate(buffer)?;
                buffer
            }
        };
        records::check(raw, self.count())?;
        Ok(RecordsIter::new(raw, self.first_position, self.count()))
    }

    fn inflate(&self, buffer: &mut Vec<u8>) -> Result<(), Damage> {
        let raw_length = self.raw_length as usize;
        // Every byte is overwritten below, so what an earlier block left need not be cleared.
        buffer.resize(raw_length, 0);
        match lz4_flex::block::decompress_into(&self.bytes[BLOCK_HEADER_BYTES..], buffer) {
            Ok(written) if written == raw_length => Ok(()),
            _ => Err(Damage::Inflate { raw_length }),
        }
    }
}

/// Most bytes of records in a block, before and after compression.
const MAX_RECORDS_BYTES: usize = MAX_BLOCK_BYTES - BLOCK_HEADER_BYTES;

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("number", &self.number.get())
            .field("first_position", &self.first_position)
            .field("count", &self.count)
            .field("bytes", &self.bytes.len())
            .field("digest", &self.digest())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Block {
    /// Two blocks are equal if their bytes are.
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Block {}

fn field<const N: usize>(header: &[u8; BLOCK_HEADER_BYTES], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}

/// CRC-32 (ISO-HDLC, as in IEEE 802.3) over what comes before the checksum and what comes after.
fn checksum(before: &[u8], after: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(before);
    hasher.update(after);
    hasher.finalize()
}
