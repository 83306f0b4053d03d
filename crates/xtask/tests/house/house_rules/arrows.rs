//! Which crate may use which.

use toml::Table;

use super::manifest::{dependencies, is_ours, members, workspace};
use super::none;

/// What the design draws. "Arrows point one way; a test reads the `Cargo.toml`s
/// (dev-dependencies count, except on `log-sled`) and fails on any other arrow." A new crate or a
/// new arrow is a change of the design: it is made here and in ARCHITECTURE.md together.
const DRAWN: [(&str, MayUse); 12] = [
    ("domain", MayUse::Only(&[])),
    ("tally", MayUse::Only(&[])),
    ("vault", MayUse::Only(&[])),
    ("log", MayUse::Only(&[])),
    ("log-sled", MayUse::Only(&["log"])),
    ("log-jetstream", MayUse::Only(&["log"])),
    ("views", MayUse::Only(&["domain"])),
    ("ledger", MayUse::Only(&["domain", "log", "tally", "vault", "views"])),
    ("api", MayUse::Only(&["ledger", "views", "domain"])),
    ("dashboard", MayUse::Only(&["ledger", "views", "api"])),
    ("tallystick", MayUse::AllBut("xtask")),
    ("xtask", MayUse::AllBut("xtask")),
];

enum MayUse {
    Only(&'static [&'static str]),
    AllBut(&'static str),
}

impl MayUse {
    fn allows(&self, name: &str) -> bool {
        match self {
            Self::Only(drawn) => drawn.contains(&name),
            Self::AllBut(other) => name != *other,
        }
    }
}

/// The arrows of one manifest that are not drawn, and its name where that is not on the map.
fn wrong_arrows(name: &str, manifest: &Table, workspace: &Table) -> Vec<String> {
    let Some((_, may_use)) = DRAWN.iter().find(|(drawn, _)| *drawn == name) else {
        return vec![format!("crates/{name} is not on the map")];
    };
    let mut wrong = Vec::new();
    for arrow in dependencies(manifest, workspace) {
        let used = arrow.package.strip_prefix("tallystick-").unwrap_or(&arrow.package);
        // Tests of any crate may run on the real log, and on features of the crate's own that are
        // only there for tests.
        let for_tests = arrow.kind == "dev-dependencies" && (used == "log-sled" || used == name);
        if is_ours(&arrow.package) && !for_tests && !may_use.allows(used) {
            wrong.push(format!("{name} may not use {used} ({})", arrow.kind));
        }
    }
    wrong
}

#[test]
fn every_arrow_between_crates_is_drawn() {
    let workspace = workspace();
    let wrong: Vec<_> = members()
        .iter()
        .flat_map(|(name, manifest)| wrong_arrows(name, manifest, &workspace))
        .collect();
    none(&wrong);
}

#[test]
fn a_package_is_called_after_its_folder() {
    for (folder, manifest) in members() {
        let package = manifest["package"]["name"].as_str().expect("a name is a string");
        let expected = match folder.as_str() {
            "tallystick" | "xtask" => folder.clone(),
            _ => format!("tallystick-{folder}"),
        };
        assert_eq!(package, expected, "in crates/{folder}");
    }
}

#[test]
fn an_arrow_that_is_not_drawn_is_found_in_every_kind_of_table() {
    let workspace = "[workspace.dependencies]
        tallystick-ledger = { path = \"crates/ledger\" }
        books = { path = \"crates/ledger\", package = \"tallystick-ledger\" }"
        .parse()
        .expect("it is TOML");
    let found = |name: &str, manifest: &str| {
        wrong_arrows(name, &manifest.parse().expect("it is TOML"), &workspace)
    };

    for (manifest, kind) in [
        ("[dependencies]\ntallystick-ledger.workspace = true", "dependencies"),
        ("[dev-dependencies]\ntallystick-ledger.workspace = true", "dev-dependencies"),
        (
            "[build-dependencies]\ntallystick-ledger = { path = \"../ledger\" }",
            "build-dependencies",
        ),
        ("[target.'cfg(unix)'.dependencies]\ntallystick-ledger.workspace = true", "dependencies"),
        ("[dependencies]\nbooks.workspace = true", "dependencies"),
        (
            "[dependencies]\nx = { path = \"../ledger\", package = \"tallystick-ledger\" }",
            "dependencies",
        ),
    ] {
        assert_eq!(found("domain", manifest), [format!("domain may not use ledger ({kind})")]);
        assert!(found("api", manifest).is_empty(), "api may use ledger: {manifest}");
    }

    let sled =
        |table: &str| format!("[{table}]\ntallystick-log-sled = {{ path = \"../log-sled\" }}");
    assert!(found("ledger", &sled("dev-dependencies")).is_empty());
    assert!(found("log-sled", &sled("dev-dependencies")).is_empty());
    assert_eq!(
        found("ledger", &sled("dependencies")),
        ["ledger may not use log-sled (dependencies)"]
    );
    assert_eq!(
        found("tallystick", "[dependencies]\nxtask = { path = \"../xtask\" }"),
        ["tallystick may not use xtask (dependencies)"]
    );
    assert_eq!(found("helpers", ""), ["crates/helpers is not on the map"]);
}
