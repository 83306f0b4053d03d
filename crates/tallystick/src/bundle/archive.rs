//! A bundle in one file: a tar archive in zstd (RFC 8878), written and read as a stream.
//!
//! It is unpacked before it is looked at, and nobody knows whom it came from: names that lead
//! elsewhere, links, and files or sums that no bundle comes to are refused before they are written.

use super::RECORDS_LIMIT;
use anyhow::{Context as _, bail, ensure};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Builder, EntryType, Header};
use tempfile::{NamedTempFile, TempDir};

/// What the name of such a file ends in.
const ENDING: &str = ".tar.zst";

/// Bytes that become one frame. Matches are not looked for further away in any case.
const CHUNK: usize = 128 << 10;

/// How many times larger than its file a bundle may be, and some bytes more. Half of one is digests
/// and sealed values, which do not compress; nothing of ours comes to ten.
const MOST_TIMES: u64 = 100;
const MORE: u64 = 1 << 20;

/// Whether a bundle of that name is one file.
pub(super) fn is_named(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(ENDING.as_bytes())
}

/// An archive that is being written beside where it will be.
pub(super) struct Packing {
    builder: Builder<Frames>,
    path: PathBuf,
}

impl Packing {
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        ensure!(!path.exists(), "{} is there already", path.display());
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let part = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
        let file = part.with_context(|| format!("cannot write beside {}", path.display()))?;
        let frames = Frames { chunk: Vec::with_capacity(CHUNK), file };
        Ok(Self { builder: Builder::new(frames), path: path.to_owned() })
    }

    /// Adds a file. Of the same bundle, always the same archive.
    pub(super) fn add(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut header = Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        self.builder.append_data(&mut header, path, bytes)
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        let Self { builder, path } = self;
        let done = || {
            let mut frames = builder.into_inner()?;
            frames.end_chunk()?;
            frames.file.persist_noclobber(&path)?;
            Ok::<_, io::Error>(())
        };
        done().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Compresses what is written to it, chunk by chunk: frames that follow one another are one stream.
struct Frames {
    chunk: Vec<u8>,
    file: NamedTempFile,
}

impl Frames {
    fn end_chunk(&mut self) -> io::Result<()> {
        let frame = compress_to_vec(&self.chunk[..], CompressionLevel::Fastest);
        self.chunk.clear();
        self.file.write_all(&frame)
    }
}

impl Write for Frames {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        if self.chunk.len() == CHUNK {
            self.end_chunk()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Unpacks an archive into a folder that is thrown away with what is returned.
///
/// # Errors
/// It is damaged, or holds what no bundle does.
pub(super) fn unpack(path: &Path) -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir().context("cannot make a folder to unpack into")?;
    unpack_into(path, folder.path())
        .with_context(|| format!("{} cannot be unpacked", path.display()))?;
    Ok(folder)
}

fn unpack_into(path: &Path, folder: &Path) -> anyhow::Result<()> {
    let file = File::open(path)?;
    let most = file.metadata()?.len().saturating_mul(MOST_TIMES).saturating_add(MORE);
    let unpacked = Unpacked::new(BufReader::new(file), most)?;
    for entry in Archive::new(unpacked).entries()? {
        let mut entry = entry?;
        let named = entry.path()?.into_owned();
        if entry.header().entry_type() == EntryType::Directory {
            continue;
        }
        ensure!(
            entry.header().entry_type() == EntryType::Regular,
            "{} is no file: a bundle has files alone",
            named.display()
        );
        // A folder that was packed by hand has names that begin with a dot.
        let inside = named.strip_prefix(".").unwrap_or(&named);
        ensure!(
            inside.components().all(|part| matches!(part, Component::Normal(_))),
            "{} leads out of the bundle",
            named.display()
        );
        let size = entry.size();
        ensure!(
            size <= RECORDS_LIMIT,
            "{} has {size} bytes; no file of a bundle has more than {RECORDS_LIMIT}",
            named.display()
        );
        let to = folder.join(inside);
        fs::create_dir_all(to.parent().unwrap_or(folder))?;
        let mut file = File::create_new(&to)
            .with_context(|| format!("{} is there twice, or as a folder too", named.display()))?;
        if io::copy(&mut entry, &mut file)? != size {
            bail!("it ends inside {}", named.display());
        }
    }
    Ok(())
}

/// What the frames of a file come to, up to a limit.
struct Unpacked<R> {
    source: R,
    frame: FrameDecoder,
    /// Bytes that may still come.
    left: u64,
}

impl<R> Unpacked<R> {
    fn new(source: R, left: u64) -> io::Result<Self> {
        // The decoder limits the window, which it keeps in memory, from its second frame on: so the
        // first is ours, with nothing in it.
        let empty = compress_to_vec(io::empty(), CompressionLevel::Fastest);
        let (mut frame, mut rest) = (FrameDecoder::new(), &empty[..]);
        frame.reset(&mut rest).map_err(io::Error::other)?;
        frame.decode_blocks(&mut rest, BlockDecodingStrategy::All).map_err(io::Error::other)?;
        Ok(Self { source, frame, left })
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let Self { source, frame, left } = self;
        while frame.can_collect() == 0 {
            if !frame.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                frame.decode_blocks(&mut *source, one).map_err(io::Error::other)?;
            } else if source.fill_buf()?.is_empty() {
                return Ok(0);
            } else {
                frame.reset(&mut *source).map_err(io::Error::other)?;
            }
        }
        let read = frame.read(bytes)?;
        *left = left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other("it comes to a hundred times its size: no bundle does")
        })?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(packed: &[u8], most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Unpacked::new(packed, most)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn what_was_written_in_chunks_is_read_as_one() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            let file = NamedTempFile::new().expect("a file");
            let mut frames = Frames { chunk: Vec::with_capacity(CHUNK), file };
            frames.write_all(&bytes).expect("written");
            frames.end_chunk().expect("written");
            let packed = fs::read(frames.file.path()).expect("read");
            assert!(unpacked(&packed, length as u64).expect("sound") == bytes, "{length}");
            // Nothing is read beyond what there may be.
            if length > 0 {
                assert!(unpacked(&packed, length as u64 - 1).is_err(), "{length}");
            }
            let cut = &packed[..packed.len() - 1];
            assert!(unpacked(cut, length as u64).is_err(), "{length}, cut");
        }
    }

    #[test]
    fn a_frame_that_asks_for_much_memory_is_refused_before_it_gets_it() {
        // A window of 2 TiB (RFC 8878 section 3.1.1.1.2), and a last block of one byte repeated.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x03 | 0x08, 0, 0, 7];
        let refused = unpacked(&frame, u64::MAX).expect_err("refused");
        assert!(refused.to_string().contains("window"), "{refused}");
    }
}
