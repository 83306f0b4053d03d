//! Shows that `domain` and everything it links needs no standard library, so that the compiler
//! refuses it clocks, files, threads and random order.
//!
//! A target without std would show it by failing to find std, but none is installed with the
//! pinned toolchain. Here a library for the machine's own target brings its own panic handler and
//! allocator, as every program without std must. Std has a panic handler too, and the compiler
//! refuses two in one program: whoever links std, at whatever distance, is named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program without std around the crate under proof. Generated, so that the workspace itself
/// needs no `unsafe`.
const PROGRAM: &str = r"#![no_std]
extern crate alloc;
extern crate subject;

use core::alloc::{GlobalAlloc, Layout};

struct Nothing;

// SAFETY: a null pointer says that there is no memory, which is allowed at any time.
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static NOTHING: Nothing = Nothing;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("xtask is in crates/xtask")
}

/// Builds the program around a package, in a folder. `Err` is what the compiler said.
fn links_without_std(folder: &Path, package: &str, at: &Path) -> Result<(), String> {
    let manifest = format!(
        "[package]
name = \"no-std-proof\"
version = \"0.0.0\"
edition = \"2024\"

# A static library is compiled whole, as a program is, but needs no linker.
[lib]
crate-type = [\"staticlib\"]

[dependencies]
subject = {{ package = \"{package}\", path = '{}', default-features = false }}

[profile.dev]
panic = \"abort\"
debug = false

[workspace]
",
        at.display()
    );
    fs::create_dir_all(folder.join("src")).expect("the folder is writable");
    fs::write(folder.join("Cargo.toml"), manifest).expect("the folder is writable");
    fs::write(folder.join("src/lib.rs"), PROGRAM).expect("the folder is writable");
    // The same versions of the dependencies as in the workspace; cargo drops the others.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("there is a Cargo.lock");

    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--target-dir", "target"])
        .current_dir(folder)
        .output()
        .expect("cargo can be started");
    let said = String::from_utf8_lossy(&built.stderr).into_owned();
    if built.status.success() { Ok(()) } else { Err(said) }
}

/// A made-up package.
fn package(folder: &Path, name: &str, uses: Option<&str>, source: &str) -> PathBuf {
    let at = folder.join(name);
    let uses = uses.map(|used| format!("{used} = {{ path = \"../{used}\" }}")).unwrap_or_default();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n{uses}\n"
    );
    fs::create_dir_all(at.join("src")).expect("the folder is writable");
    fs::write(at.join("Cargo.toml"), manifest).expect("the folder is writable");
    fs::write(at.join("src/lib.rs"), source).expect("the folder is writable");
    at
}

#[test]
fn domain_links_without_std() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-std-proof");
    let domain = root().join("crates/domain");
    if let Err(said) = links_without_std(&folder, "tallystick-domain", &domain) {
        panic!("domain or something it links needs std:\n{said}");
    }
}

#[test]
fn a_package_that_uses_only_core_and_alloc_passes() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let source = "#![no_std]\nextern crate alloc;\n\
        pub fn f() -> alloc::string::String { alloc::format!(\"{}\", 1) }";
    let at = package(folder.path(), "honest", None, source);
    links_without_std(&folder.path().join("proof"), "honest", &at).expect("it needs no std");
}

#[test]
fn a_user_of_std_is_named_however_far_away_it_is() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let clock = "pub fn now() -> std::time::SystemTime { std::time::SystemTime::now() }";
    package(folder.path(), "clock", None, clock);
    let source = "#![no_std]\npub fn f() -> bool { clock::now().elapsed().is_ok() }";
    let at = package(folder.path(), "pretender", Some("clock"), source);

    let said = links_without_std(&folder.path().join("proof"), "pretender", &at)
        .expect_err("clock uses std");
    assert!(said.contains("E0152") && said.contains("panic_impl"), "{said}");
    assert!(said.contains("crate `std` (which `clock` depends on)"), "{said}");
}
