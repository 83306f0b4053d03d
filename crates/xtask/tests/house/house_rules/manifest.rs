//! What the `Cargo.toml`s say.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::tree;

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// One line of a dependency table.
pub(super) struct Dependency {
    /// The package's own name, also where it is renamed.
    pub(super) package: String,
    /// The table without a `target.…` before it.
    pub(super) kind: &'static str,
    /// Whether the version is the workspace's.
    pub(super) inherited: bool,
}

/// The `Cargo.toml` of the workspace.
pub(super) fn workspace() -> Table {
    parse("Cargo.toml")
}

/// The folder below `crates/` and the manifest of each package.
pub(super) fn members() -> Vec<(String, Table)> {
    let member = |path: &String| {
        let folder = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
        (!folder.contains('/')).then(|| (folder.to_owned(), parse(path)))
    };
    let members: Vec<_> = tree::files().iter().filter_map(member).collect();
    assert!(!members.is_empty(), "crates/ has no packages");
    members
}

fn parse(path: &str) -> Table {
    let text = tree::text(path).expect("a manifest is UTF-8");
    text.parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every dependency of a manifest, those of single targets included.
pub(super) fn dependencies(manifest: &Table, workspace: &Table) -> Vec<Dependency> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let of_targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let mut found = Vec::new();
    for table in std::iter::once(manifest).chain(of_targets) {
        for kind in KINDS {
            let lines = table.get(kind).and_then(Value::as_table);
            for (key, line) in lines.into_iter().flatten() {
                let inherited = line.get("workspace").is_some();
                let package = if inherited {
                    package(key, &workspace["workspace"]["dependencies"][key])
                } else {
                    package(key, line)
                };
                found.push(Dependency { package, kind, inherited });
            }
        }
    }
    found
}

/// The packages of `[workspace.dependencies]`.
pub(super) fn offered(workspace: &Table) -> BTreeSet<String> {
    let table = workspace["workspace"]["dependencies"].as_table().expect("it is a table");
    table.iter().map(|(key, line)| package(key, line)).collect()
}

fn package(key: &str, line: &Value) -> String {
    line.get("package").and_then(Value::as_str).unwrap_or(key).to_owned()
}

/// Whether a package is one of this workspace.
pub(super) fn is_ours(package: &str) -> bool {
    package == "xtask" || package == "tallystick" || package.starts_with("tallystick-")
}
