//! Each dependency is wanted, and ARCHITECTURE.md says what for and why this one.

use std::collections::BTreeSet;

use super::manifest::{dependencies, is_ours, members, offered, workspace};
use super::{none, tree};

/// The first column of the table below a heading with "Dependencies", each with the length of
/// what the line says besides.
fn explained(markdown: &str) -> Vec<(String, usize)> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in markdown.lines() {
        if line.starts_with('#') {
            inside = line.to_lowercase().contains("dependencies");
        } else if inside && line.starts_with('|') {
            let mut cells = line.trim_matches('|').split('|');
            let names = cells.next().unwrap_or_default();
            let words: usize = cells.map(|cell| cell.trim().len()).sum();
            // `a`, `b` in one cell are two dependencies explained together.
            let quoted = names.split('`').skip(1).step_by(2);
            found.extend(quoted.map(|name| (name.to_owned(), words)));
        }
    }
    found
}

fn offences(used: &BTreeSet<String>, markdown: &str) -> Vec<String> {
    let explained = explained(markdown);
    let mut offences = Vec::new();
    for name in used {
        match explained.iter().find(|(known, _)| known == name) {
            None => offences.push(format!("ARCHITECTURE.md does not say what {name} is for")),
            Some((_, 0)) => offences.push(format!("ARCHITECTURE.md names {name} without a reason")),
            Some(_) => {}
        }
    }
    for (name, _) in &explained {
        if !used.contains(name) {
            offences.push(format!("ARCHITECTURE.md explains {name}, which nothing uses"));
        }
    }
    offences
}

fn used() -> BTreeSet<String> {
    let workspace = workspace();
    let all = members().into_iter().flat_map(|(_, manifest)| dependencies(&manifest, &workspace));
    all.map(|dependency| dependency.package).filter(|package| !is_ours(package)).collect()
}

/// Both begin to hold with ARCHITECTURE.md, which marks the end of laying out.
fn architecture() -> Option<String> {
    tree::root()
        .join("ARCHITECTURE.md")
        .exists()
        .then(|| tree::text("ARCHITECTURE.md").expect("ARCHITECTURE.md is UTF-8"))
}

#[test]
fn every_dependency_is_explained_in_architecture() {
    if let Some(markdown) = architecture() {
        none(&offences(&used(), &markdown));
    }
}

#[test]
fn the_workspace_offers_no_dependency_that_nothing_uses() {
    if architecture().is_some() {
        let used = used();
        let offered = offered(&workspace());
        let idle = offered.iter().filter(|name| !is_ours(name) && !used.contains(*name));
        none(&idle.map(|name| format!("nothing uses {name}")).collect::<Vec<_>>());
    }
}

#[test]
fn a_dependency_without_a_line_and_a_line_without_a_dependency_are_found() {
    let used = ["axum", "bytes", "sled", "tokio"].map(str::to_owned).into();
    let markdown = "
# Map
| `tokio` | this is another table |
## Dependencies
| crate | for | why this one |
|---|---|---|
| `axum`, `bytes` | HTTP | the team of tokio |
| `sled` | | |
| `rocksdb` | nothing | gone |
## Decisions
| `tokio` | and so is this |";
    assert_eq!(
        offences(&used, markdown),
        [
            "ARCHITECTURE.md names sled without a reason",
            "ARCHITECTURE.md does not say what tokio is for",
            "ARCHITECTURE.md explains rocksdb, which nothing uses",
        ]
    );
}
