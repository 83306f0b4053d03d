use bytes::Bytes;

use crate::{Damage, MAX_RECORD_BYTES};

/// The records of one block, inflated.
#[derive(Clone, Debug)]
pub struct Records {
    raw: Bytes,
    first_position: u64,
    count: usize,
}

impl Records {
    pub(super) fn parse(raw: Bytes, first_position: u64, count: usize) -> Result<Self, Damage> {
        check(&raw, count)?;
        Ok(Self { raw, first_position, count })
    }

    /// The records in order of their positions.
    pub fn iter(&self) -> RecordsIter<'_> {
        RecordsIter::new(&self.raw, self.first_position, self.count)
    }

    /// A part of a record of this block as `Bytes` of its own, without copying: it keeps the
    /// whole inflated block in memory for as long as it lives.
    ///
    /// # Panics
    /// If `part` is not a slice of these records.
    pub fn share(&self, part: &[u8]) -> Bytes {
        self.raw.slice_ref(part)
    }
}

impl<'r> IntoIterator for &'r Records {
    type Item = Record<'r>;
    type IntoIter = RecordsIter<'r>;

    fn into_iter(self) -> RecordsIter<'r> {
        self.iter()
    }
}

/// One record: exact bytes, never to be written in another form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'r> {
    /// Its position in the log, from 1.
    pub position: u64,
    /// The clear part.
    pub header: &'r [u8],
    /// The event.
    pub body: &'r [u8],
}

/// Iterator over the records of a block.
#[derive(Clone, Debug)]
pub struct RecordsIter<'r> {
    rest: &'r [u8],
    position: u64,
    left: usize,
}

impl<'r> RecordsIter<'r> {
    /// Over records that have been checked.
    pub(super) fn new(raw: &'r [u8], first_position: u64, count: usize) -> Self {
        Self { rest: raw, position: first_position, left: count }
    }
}

impl<'r> Iterator for RecordsIter<'r> {
    type Item = Record<'r>;

    fn next(&mut self) -> Option<Record<'r>> {
        if self.left == 0 {
            return None;
        }
        let (header, body, rest) = split(self.rest).expect("records are checked before iteration");
        let record = Record { position: self.position, header, body };
        self.rest = rest;
        self.position += 1;
        self.left -= 1;
        Some(record)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for RecordsIter<'_> {}

/// Whether `raw` is exactly `count` records.
pub(super) fn check(raw: &[u8], count: usize) -> Result<(), Damage> {
    let mut rest = raw;
    for index in 0..count {
        let (header, body, after) = split(rest).ok_or(Damage::Framing { index })?;
        if header.len() + body.len() > MAX_RECORD_BYTES {
            return Err(Damage::Framing { index });
        }
        rest = after;
    }
    if rest.is_empty() { Ok(()) } else { Err(Damage::Framing { index: count }) }
}

/// Most bytes that the two lengths before a record take.
pub(super) const MAX_LENGTHS_BYTES: usize = 2 * 3;

/// Writes a record: two lengths, header, body.
pub(super) fn write(raw: &mut Vec<u8>, header: &[u8], body: &[u8]) {
    write_length(raw, header.len());
    write_length(raw, body.len());
    raw.extend_from_slice(header);
    raw.extend_from_slice(body);
}

/// Header, body and what follows the first record of `bytes`.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (header, rest) = read_length(bytes)?;
    let (body, rest) = read_length(rest)?;
    let (header, rest) = rest.split_at_checked(header)?;
    let (body, rest) = rest.split_at_checked(body)?;
    Some((header, body, rest))
}

/// LEB128, at most 3 bytes (17 bits are needed for 64 KiB), in the shortest form only, so that
/// one record has one encoding.
fn write_length(raw: &mut Vec<u8>, mut length: usize) {
    debug_assert!(length <= MAX_RECORD_BYTES, "a record is limited before it is written");
    while length >= 0x80 {
        raw.push(0x80 | length.to_le_bytes()[0]);
        length >>= 7;
    }
    raw.push(length.to_le_bytes()[0]);
}

#[inline]
fn read_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((first.into(), rest));
    }
    let (&second, rest) = rest.split_first()?;
    let low = usize::from(first & 0x7f) | usize::from(second & 0x7f) << 7;
    if second < 0x80 {
        return (second != 0).then_some((low, rest));
    }
    let (&third, rest) = rest.split_first()?;
    (third != 0 && third < 0x80).then_some((low | usize::from(third) << 14, rest))
}
