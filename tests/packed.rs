//! A bundle in one file is the bundle, and what claims to be one does no harm.

use crate::folder::files;
use crate::forgery::{Found, Stopped};
use crate::node::run;
use crate::replay::Replay;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use tar::{Archive, Builder, EntryType, Header};

/// `tallystick export --bundle`.
fn export(ledger: &Stopped, to: &Path) -> Found {
    let data = ledger.data();
    let words = ["export".as_ref(), "--data".as_ref(), data.as_os_str(), "--bundle".as_ref()];
    let output = run(words.into_iter().chain([to.as_os_str()]));
    let mut found = Found::of(&output);
    found.said.push_str(&String::from_utf8_lossy(&output.stderr));
    found
}

fn verify(ledger: &Stopped, bundle: &Path) -> Found {
    ledger.verify([OsStr::new("--bundle"), bundle.as_os_str()])
}

/// An archive as somebody else would make it: names that begin with a dot, one frame.
fn pack(ledger: &Stopped, add: impl FnOnce(&mut Builder<Vec<u8>>)) -> PathBuf {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder);
    let packed = builder.into_inner().expect("packed");
    let path = ledger.path("theirs.tar.zst");
    fs::write(&path, compress_to_vec(&packed[..], CompressionLevel::Fastest)).expect("written");
    path
}

fn add_all(builder: &mut Builder<Vec<u8>>, folder: &Path) {
    builder.append_dir_all(".", folder).expect("packed");
}

/// Adds a file under a name that the crate would not write.
fn add(builder: &mut Builder<Vec<u8>>, name: &str, kind: EntryType, size: u64) {
    let mut header = Header::new_ustar();
    header.as_ustar_mut().expect("ustar").name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    if kind == EntryType::Symlink {
        header.set_link_name("/etc").expect("a name");
    }
    header.set_cksum();
    builder.append(&header, std::io::repeat(b'x').take(size)).expect("packed");
}

/// The files below a folder, by their names in it.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let named = |path: &Path| path.strip_prefix(folder).expect("in it").to_owned();
    files(folder).iter().map(|path| (named(path), fs::read(path).expect("read"))).collect()
}

#[test]
fn a_bundle_in_one_file_is_the_bundle() {
    let ledger = Stopped::ledger();
    let (folder, file) = (ledger.bundle(), ledger.path("bundle.tar.zst"));
    export(&ledger, &file).is(0, "has the");
    verify(&ledger, &file).is(0, "RESULT: sound");
    verify(&ledger, &file).is(0, &format!("{}/checkpoint speaks of", file.display()));
    let replayed = |bundle: &Path| Replay::run([OsStr::new("--from-bundle"), bundle.as_os_str()]);
    assert_eq!(replayed(&file), replayed(&folder));
    // Every time the same bytes, and never over another.
    let again = ledger.path("again.tar.zst");
    export(&ledger, &again).is(0, "has the");
    let bytes = fs::read(&file).expect("read");
    assert!(fs::read(&again).expect("read") == bytes);
    export(&ledger, &again).is(1, "is there already");
    // It has what the folder has.
    let (mut archive, mut rest) = (Vec::new(), &bytes[..]);
    while !rest.is_empty() {
        let mut frame = StreamingDecoder::new(&mut rest).expect("a frame");
        frame.read_to_end(&mut archive).expect("sound");
    }
    let unpacked = ledger.path("unpacked");
    Archive::new(&archive[..]).unpack(&unpacked).expect("an archive");
    assert!(contents(&unpacked) == contents(&folder));
    // Others' archives of the folder will do as well, and are looked at like ours.
    let theirs = || pack(&ledger, |builder| add_all(builder, &folder));
    verify(&ledger, &theirs()).is(0, "RESULT: sound");
    let records = folder.join("records/001");
    let mut changed = fs::read(&records).expect("read");
    changed[200] ^= 1;
    fs::write(&records, changed).expect("written");
    verify(&ledger, &theirs()).is_bad_at(257);
}

#[test]
fn an_archive_that_was_cut_is_no_bundle() {
    let ledger = Stopped::ledger();
    let file = ledger.path("bundle.tar.zst");
    export(&ledger, &file).is(0, "has the");
    let whole = fs::read(&file).expect("read");
    // Also between two frames, where what is left is a sound stream.
    let magic = [0x28, 0xb5, 0x2f, 0xfd];
    let starts = whole.windows(4).enumerate().filter(|(_, four)| *four == magic);
    let starts: Vec<_> = starts.map(|(at, _)| at).skip(1).collect();
    assert!(!starts.is_empty(), "one frame is all there is");
    for end in starts.into_iter().chain([0, 1, 100, whole.len() / 2, whole.len() - 1]) {
        fs::write(&file, &whole[..end]).expect("written");
        verify(&ledger, &file).is(2, "RESULT: cannot tell");
    }
}

#[test]
fn an_archive_with_what_no_bundle_has_is_refused_before_it_is_written() {
    let ledger = Stopped::ledger();
    let folder = ledger.bundle();
    let outside = ledger.path("outside");
    let (absolute, up) = (outside.display().to_string(), format!("../../..{}", outside.display()));
    for (name, kind, size, told) in [
        (up.as_str(), EntryType::Regular, 3, "leads out of the bundle"),
        (&absolute, EntryType::Regular, 3, "leads out of the bundle"),
        ("schema/../../outside", EntryType::Regular, 3, "leads out of the bundle"),
        ("schema/link", EntryType::Symlink, 0, "a bundle has files alone"),
        ("schema/pipe", EntryType::Fifo, 0, "a bundle has files alone"),
        ("checkpoint", EntryType::Regular, 3, "is there twice"),
        ("records/999", EntryType::Regular, 24 << 20, "no file of a bundle has more than"),
    ] {
        let packed = pack(&ledger, |builder| {
            add_all(builder, &folder);
            add(builder, name, kind, size);
        });
        let found = verify(&ledger, &packed);
        found.is(2, "cannot be unpacked");
        found.is(2, told);
        assert!(!outside.exists(), "{name}");
    }
    // Small, and full of nothing.
    let bomb = pack(&ledger, |builder| {
        for index in 0..16 {
            add(builder, &format!("records/{index:03}"), EntryType::Regular, 16 << 20);
        }
    });
    assert!(fs::metadata(&bomb).expect("there").len() < 1 << 20);
    verify(&ledger, &bomb).is(2, "a hundred times its size");
}
