//! Lock files name packages and digests, not the machine that a package was fetched from: any
//! builder's own registry or mirror serves.

use super::{none, tree};

/// Cargo writes this for every package of the public registry, wherever it is fetched from.
const PUBLIC_INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn foreign_sources(cargo_lock: &str) -> Vec<String> {
    let sources = cargo_lock.lines().filter_map(|line| line.strip_prefix("source = "));
    let foreign = sources.filter(|source| source.trim_matches('"') != PUBLIC_INDEX);
    foreign.map(|source| format!("Cargo.lock: {source} is not the public index")).collect()
}

fn addresses(path: &str, package_lock: &str) -> Vec<String> {
    let resolved = package_lock
        .lines()
        .map(str::trim)
        .filter(|line| line.strip_prefix("\"resolved\":").is_some_and(|rest| rest.contains("://")));
    resolved.map(|line| format!("{path}: {line}: set omit-lockfile-registry-resolved")).collect()
}

#[test]
fn lock_files_name_no_download_address() {
    let mut found = foreign_sources(&tree::text("Cargo.lock").expect("it is UTF-8"));
    for path in tree::files().iter().filter(|path| path.ends_with("package-lock.json")) {
        found.extend(addresses(path, &tree::text(path).expect("it is UTF-8")));
    }
    none(&found);
}

#[test]
fn a_download_address_is_found() {
    let lock = format!("source = \"{PUBLIC_INDEX}\"\nsource = \"registry+https://mirror.test/\"");
    assert_eq!(foreign_sources(&lock).len(), 1);
    let lock = "  \"resolved\": \"https://mirror.test/a.tgz\",\n  \"resolved\": \"../local\",";
    assert_eq!(addresses("package-lock.json", lock).len(), 1);
}
