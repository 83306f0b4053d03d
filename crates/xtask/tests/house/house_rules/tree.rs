//! The files of the project: those that git tracks or would track.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
pub(super) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).expect("xtask is in crates/xtask").to_owned()
}

/// Paths from the root, of files that are there. One that was not added yet is included, so that
/// a slip is told before it is committed.
pub(super) fn files() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is installed");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8(listed.stdout).expect("paths are UTF-8");
    let mut files: Vec<_> = listed.split_terminator('\0').map(str::to_owned).collect();
    files.retain(|path| root().join(path).is_file());
    files.sort();
    files.dedup();
    assert!(files.iter().any(|path| path == "Cargo.toml"), "git listed no files of the project");
    files
}

/// The text of a file; `None` if it is not UTF-8, as pictures and golden bytes are not.
pub(super) fn text(path: &str) -> Option<String> {
    let bytes = fs::read(root().join(path)).expect("a listed file can be read");
    String::from_utf8(bytes).ok()
}

/// Whether a path ends in one of these extensions.
pub(super) fn is(path: &str, extensions: &[&str]) -> bool {
    Path::new(path).extension().is_some_and(|end| extensions.iter().any(|known| end == *known))
}
