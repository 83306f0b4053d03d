//! What each crate looks like from outside.

use toml::Table;

use super::manifest::{dependencies, members, workspace};
use super::{none, tree};

/// What each package takes from the workspace instead of saying it again.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

fn odd_manifest(name: &str, manifest: &Table, workspace: &Table) -> Vec<String> {
    let inherits =
        |value: Option<&toml::Value>| value.is_some_and(|v| v.get("workspace").is_some());
    let mut odd = Vec::new();
    for key in INHERITED {
        if !inherits(manifest["package"].get(key)) {
            odd.push(format!("crates/{name}: package.{key} is not the workspace's"));
        }
    }
    if !inherits(manifest.get("lints")) {
        odd.push(format!("crates/{name}: the lints are not the workspace's"));
    }
    for dependency in dependencies(manifest, workspace) {
        let package = dependency.package;
        // A package that its own tests use with other features is named by its folder.
        let itself = manifest["package"]["name"].as_str() == Some(&package);
        if !dependency.inherited && !itself {
            odd.push(format!("crates/{name}: the version of {package} is not the workspace's"));
        }
    }
    odd
}

/// Test binaries that cargo would build for a package, which all link its dependencies once more.
fn test_binaries(name: &str, files: &[String]) -> usize {
    let folder = format!("crates/{name}/tests/");
    let found = files.iter().filter_map(|path| path.strip_prefix(folder.as_str())).filter(|path| {
        let below = path.strip_suffix(".rs").unwrap_or("/");
        !below.contains('/') || below.strip_suffix("/main").is_some_and(|f| !f.contains('/'))
    });
    found.count()
}

#[test]
fn what_the_workspace_says_is_not_said_again() {
    let workspace = workspace();
    let odd: Vec<_> = members()
        .iter()
        .flat_map(|(name, manifest)| odd_manifest(name, manifest, &workspace))
        .collect();
    none(&odd);

    let made_up = "[package]\nname = \"x\"\nversion = \"2\"\n[dependencies]\nserde = \"1\"";
    let odd = odd_manifest("x", &made_up.parse().expect("it is TOML"), &workspace);
    assert_eq!(odd.len(), INHERITED.len() + 2, "{odd:?}");
}

#[test]
fn a_crate_has_one_integration_test_binary_at_most() {
    let files = tree::files();
    for (name, _) in members() {
        assert!(test_binaries(&name, &files) <= 1, "crates/{name}/tests has several binaries");
    }

    let made_up =
        ["crates/x/tests/one.rs", "crates/x/tests/two/main.rs", "crates/x/tests/two/a.rs"];
    assert_eq!(test_binaries("x", &made_up.map(str::to_owned)), 2);
}

#[test]
fn main_of_the_binary_is_short() {
    let main = tree::text("crates/tallystick/src/main.rs").expect("it is UTF-8");
    assert!(main.lines().count() < 50, "main.rs only names the concrete log and starts the rest");
}

#[test]
fn the_forbidding_of_unsafe_code_stands() {
    let lints = &workspace()["workspace"]["lints"]["rust"];
    assert_eq!(lints["unsafe_code"].as_str(), Some("forbid"));
}
