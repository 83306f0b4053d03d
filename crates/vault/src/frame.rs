//! The bytes of a vault file: header, frames, entries (schema/vault-format.md). Pure: no file here.

use zeroize::Zeroizing;

use crate::blind::{BlindId, Claim};
use crate::cipher::{Gcm, NONCE, TAG};
use crate::holdings::{Extent, Holdings, Row};
use crate::key::{KeyId, KeyPurpose, Secret, SubjectId};

const MAGIC: &[u8; 8] = b"TLYVAULT";
const VERSION: u32 = 1;

/// The first bytes of the file. As additional data of every frame they cannot be changed, and no
/// frame of another file fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Which epoch key wraps the frames.
    pub(crate) epoch: KeyId,
    /// Random, new whenever the file is written anew.
    pub(crate) file: [u8; 16],
    /// How long the file was when it got its name, in bytes; that part can never be torn.
    pub(crate) founded: u64,
}

/// Why the first bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoHeader {
    NotAVault,
    UnknownVersion(u32),
    Damaged(&'static str),
}

impl Header {
    pub(crate) const LEN: usize = 56;

    pub(crate) fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_be_bytes());
        bytes[12..28].copy_from_slice(&self.epoch.0);
        bytes[28..44].copy_from_slice(&self.file);
        bytes[44..52].copy_from_slice(&self.founded.to_be_bytes());
        let sum = crc32fast::hash(&bytes[..52]);
        bytes[52..].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NoHeader> {
        let (magic, rest) = bytes.split_first_chunk().ok_or(NoHeader::NotAVault)?;
        if magic != MAGIC {
            return Err(NoHeader::NotAVault);
        }
        let short = NoHeader::Damaged("the header is cut off");
        let Some((version, _)) = rest.split_first_chunk() else { return Err(short) };
        // The version comes before the checksum: another version may well have another header.
        let version = u32::from_be_bytes(*version);
        if version != VERSION {
            return Err(NoHeader::UnknownVersion(version));
        }
        let Some((header, _)) = bytes.split_first_chunk::<{ Self::LEN }>() else {
            return Err(short);
        };
        let found = Self {
            epoch: KeyId(chunk(header, 12)),
            file: chunk(header, 28),
            founded: u64::from_be_bytes(chunk(header, 44)),
        };
        if found.encode() != *header {
            return Err(NoHeader::Damaged("the header does not have its checksum"));
        }
        Ok(found)
    }
}

/// Length, nonce and checksum of a frame.
const HEAD: usize = 4 + NONCE + 4;

/// Length of a frame around `entries` bytes.
pub(crate) const fn frame_len(entries: usize) -> usize {
    HEAD + entries + TAG
}

/// Seals a frame that begins `offset` bytes into the file. `write` must write `len` bytes of
/// entries.
///
/// The bytes are encrypted where they were written, so no clear copy remains.
pub(crate) fn seal(
    gcm: &Gcm,
    header: &Header,
    offset: u64,
    nonce: &[u8; NONCE],
    len: usize,
    write: impl FnOnce(&mut Vec<u8>),
) -> Zeroizing<Vec<u8>> {
    let mut frame = Zeroizing::new(Vec::with_capacity(frame_len(len)));
    let length = u32::try_from(len).expect("a frame has some megabytes");
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(nonce);
    let sum = crc32fast::hash(&frame);
    frame.extend_from_slice(&sum.to_be_bytes());
    write(&mut frame);
    assert_eq!(frame.len(), HEAD + len, "the room for the entries is counted beforehand");
    let tag = gcm.encrypt(nonce, &frame_aad(header, offset), &mut frame[HEAD..]);
    frame.extend_from_slice(&tag);
    frame
}

/// Seals the holdings from `from` to `end`.
pub(crate) fn seal_holdings(
    gcm: &Gcm,
    header: &Header,
    offset: u64,
    nonce: &[u8; NONCE],
    holdings: &Holdings,
    from: Extent,
    end: Extent,
) -> Zeroizing<Vec<u8>> {
    seal(gcm, header, offset, nonce, from.bytes_to(end), |to| {
        write_holdings(holdings, from, end, to);
    })
}

/// Why there is no frame at a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoFrame {
    /// The file ends before the frame does.
    Short,
    /// The bytes are not those of a frame written here.
    Damaged(&'static str),
}

/// The entries of the frame at `offset` in `file`, and where the next frame begins.
pub(crate) fn open(
    gcm: &Gcm,
    header: &Header,
    file: &[u8],
    offset: usize,
) -> Result<(Zeroizing<Vec<u8>>, usize), NoFrame> {
    let len = entries_len(&file[offset..])?;
    let end = offset.checked_add(frame_len(len)).ok_or(NoFrame::Short)?;
    let frame = file.get(offset..end).ok_or(NoFrame::Short)?;
    let nonce = chunk(frame, 4);
    let tag = chunk(frame, HEAD + len);
    let mut entries = Zeroizing::new(frame[HEAD..HEAD + len].to_vec());
    gcm.decrypt(&nonce, &frame_aad(header, offset as u64), &mut entries, &tag)
        .map_err(|_| NoFrame::Damaged("a frame is not as it was written"))?;
    Ok((entries, end))
}

/// The length that the head of a frame gives.
fn entries_len(frame: &[u8]) -> Result<usize, NoFrame> {
    let head = frame.first_chunk::<HEAD>().ok_or(NoFrame::Short)?;
    if crc32fast::hash(&head[..HEAD - 4]).to_be_bytes() != chunk::<4>(head, HEAD - 4) {
        return Err(NoFrame::Damaged("the head of a frame does not have its checksum"));
    }
    usize::try_from(u32::from_be_bytes(chunk(head, 0))).map_err(|_| NoFrame::Short)
}

/// Whether a crash while the last frame was appended explains that there is `no_frame` at
/// `offset`: then that frame was never acknowledged.
///
/// Nothing may follow, since a frame is appended only when the one before is durable; and either
/// the end is missing or some sector was never written, which reads as zeros.
pub(crate) fn is_torn(
    gcm: &Gcm,
    header: &Header,
    file: &[u8],
    offset: usize,
    no_frame: &NoFrame,
) -> bool {
    let follows = (offset + 1..file.len()).any(|later| open(gcm, header, file, later).is_ok());
    !follows && (*no_frame == NoFrame::Short || has_unwritten_sector(file, offset))
}

fn has_unwritten_sector(file: &[u8], offset: usize) -> bool {
    const SECTOR: usize = 512;
    let mut from = offset;
    while from < file.len() {
        let end = file.len().min((from / SECTOR + 1) * SECTOR);
        if file[from..end].iter().all(|&byte| byte == 0) {
            return true;
        }
        from = end;
    }
    false
}

/// Header and place of a frame: no frame can be moved within the file or to another.
fn frame_aad(header: &Header, offset: u64) -> [u8; Header::LEN + 8] {
    let mut aad = [0; Header::LEN + 8];
    aad[..Header::LEN].copy_from_slice(&header.encode());
    aad[Header::LEN..].copy_from_slice(&offset.to_be_bytes());
    aad
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    *bytes[at..].first_chunk().expect("lengths are checked before")
}

const OWN: u8 = 1;
const KEY: u8 = 2;
const CLAIM: u8 = 3;

pub(crate) const OWN_LEN: usize = 1 + 2 * Secret::LEN;
pub(crate) const KEY_LEN: usize = 1 + 1 + 16 + Secret::LEN;
pub(crate) const CLAIM_LEN: usize = 1 + 16 + 16;

/// The vault's own keys, which belong to no subject.
pub(crate) struct OwnKeys {
    /// For `command_mac`.
    pub(crate) mac: Secret,
    /// For blind ids.
    pub(crate) blind: Secret,
}

pub(crate) fn write_own(own: &OwnKeys, to: &mut Vec<u8>) {
    to.push(OWN);
    to.extend_from_slice(own.mac.bytes());
    to.extend_from_slice(own.blind.bytes());
}

fn write_holdings(holdings: &Holdings, from: Extent, end: Extent, to: &mut Vec<u8>) {
    for row in holdings.keys.rows(from.keys..end.keys) {
        to.extend_from_slice(&[KEY, row.purpose.code()]);
        to.extend_from_slice(&row.subject.0);
        to.extend_from_slice(row.secret.bytes());
    }
    for claim in &holdings.claims.made()[from.claims..end.claims] {
        to.push(CLAIM);
        to.extend_from_slice(&claim.blind.0);
        to.extend_from_slice(&claim.subject.0);
    }
}

/// The vault's own keys from the entries of the first frame, which holds nothing else.
pub(crate) fn read_own(entries: &[u8]) -> Option<OwnKeys> {
    let (&[OWN], keys) = entries.split_first_chunk()? else { return None };
    let (mac, blind) = keys.split_at_checked(Secret::LEN)?;
    Some(OwnKeys { mac: Secret::from_slice(mac)?, blind: Secret::from_slice(blind)? })
}

/// Adds the entries of a later frame to `holdings`.
///
/// # Errors
/// What is wrong with an entry. Its bytes are authentic, so it was written by other rules.
pub(crate) fn read_holdings(
    mut entries: &[u8],
    holdings: &mut Holdings,
) -> Result<(), &'static str> {
    while let Some(&kind) = entries.first() {
        let len = match kind {
            KEY => KEY_LEN,
            CLAIM => CLAIM_LEN,
            _ => return Err("a frame holds an entry of unknown kind"),
        };
        let (entry, rest) = entries.split_at_checked(len).ok_or("an entry is cut off")?;
        entries = rest;
        if kind == KEY {
            let purpose = KeyPurpose::from_code(entry[1]).ok_or("a key has an unknown purpose")?;
            let secret = Secret::from_slice(&entry[18..]).ok_or("a key has not 32 bytes")?;
            let row = Row::new(SubjectId(chunk(entry, 2)), purpose, secret);
            holdings.keys.insert(row).map_err(|_| "a key is there twice")?;
        } else {
            let claim =
                Claim { blind: BlindId(chunk(entry, 1)), subject: SubjectId(chunk(entry, 17)) };
            if !holdings.claims.insert(claim) {
                return Err("a claim is there twice");
            }
        }
    }
    Ok(())
}
