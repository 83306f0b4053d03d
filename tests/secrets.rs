//! What the folder says of people to somebody who has only the folder: nothing.

use crate::folder::files;
use crate::node::{Node, printed};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Words that stand in the notes of the demo and nowhere else.
const CANARIES: [&str; 8] = [
    "quillowack",
    "zarfbindle",
    "mogglethwick",
    "prundlefrost",
    "wimberquot",
    "snarklegarth",
    "obblestane",
    "vexumbrell",
];

/// Texts that are looked for all at once.
struct Search {
    /// By their first four bytes.
    by_start: BTreeMap<[u8; 4], Vec<String>>,
}

impl Search {
    fn new(texts: &BTreeSet<String>) -> Self {
        let mut by_start: BTreeMap<[u8; 4], Vec<String>> = BTreeMap::new();
        for text in texts {
            let start = text.as_bytes()[..4].try_into().expect("at least four bytes");
            by_start.entry(start).or_default().push(text.clone());
        }
        Self { by_start }
    }

    /// Which of them stand in some bytes.
    fn found(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for (at, start) in bytes.windows(4).enumerate() {
            let Some(texts) = self.by_start.get(start) else { continue };
            let rest = &bytes[at..];
            let here = texts.iter().filter(|text| rest.starts_with(text.as_bytes()));
            found.extend(here.map(String::as_str));
        }
        found
    }
}

/// Everything personal that the offender manager reads of the people of the demo.
async fn personal(node: &Node) -> BTreeSet<String> {
    let manager = node.caller("West Mercia Probation Trust", "offender_manager");
    let fields = "name { ... on PersonName { given family } } born { ... on ClearDate { date } }
        identifiers { value { ... on ClearText { text } } }";
    let people = manager.walk("ledger.people", fields).await;
    assert!(people.len() > 20, "only {} people", people.len());
    let mut texts = BTreeSet::new();
    for person in &people {
        let name = &person["name"];
        let identifiers = person["identifiers"].as_array().expect("a list").iter();
        let values = identifiers.map(|it| &it["value"]["text"]);
        for value in
            [&name["given"], &name["family"], &person["born"]["date"]].into_iter().chain(values)
        {
            texts.insert(value.as_str().expect("a clear value").to_owned());
        }
    }
    let notes = manager.walk("events", "note { ... on ClearText { text } }").await;
    let notes: BTreeSet<_> =
        notes.iter().filter_map(|event| event["note"]["text"].as_str()).collect();
    let canaries: Vec<_> =
        CANARIES.iter().filter(|it| notes.iter().any(|note| note.contains(**it))).collect();
    assert!(!canaries.is_empty(), "no note is read");
    texts.extend(CANARIES.iter().map(|it| (*it).to_owned()));
    texts
}

fn assert_silent(data: &Path, search: &Search) {
    let found: Vec<_> = files(data)
        .iter()
        .filter_map(|file| {
            // A node that runs writes some files under another name first.
            let bytes = match fs::read(file) {
                Err(error) if error.kind() == ErrorKind::NotFound => return None,
                read => read.expect("read"),
            };
            let found: Vec<String> = search.found(&bytes).into_iter().map(str::to_owned).collect();
            (!found.is_empty()).then(|| format!("{}: {found:?}", file.display()))
        })
        .collect();
    assert!(found.is_empty(), "personal values stand in the clear: {found:#?}");
}

#[tokio::test]
async fn no_personal_value_stands_in_the_folder_in_the_clear() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let node = Node::demo(Some(&data), 31, 3_000);
    let texts = personal(&node).await;
    let search = Search::new(&texts);
    // While it runs, after a kill, and after a stop, when a savepoint has been written too.
    assert_silent(&data, &search);
    node.kill();
    assert_silent(&data, &search);
    let node = Node::demo(Some(&data), 31, 3_000);
    assert_eq!(personal(&node).await, texts, "all of it can still be read by whom it is for");
    let ended = node.stop();
    assert!(ended.status.success(), "{}", ended.said);
    assert_silent(&data, &search);
    assert_eq!(search.found(ended.said.as_bytes()), BTreeSet::new(), "in the logs");

    // Blocks are compressed, which could hide what stands in them: the export has them opened.
    let export = printed([OsStr::new("export"), OsStr::new("--data"), data.as_os_str()]);
    assert_eq!(search.found(export.as_bytes()), BTreeSet::new(), "in the records");
    let clear = Search::new(&["Willowdene Farm".to_owned()].into());
    assert_eq!(clear.found(export.as_bytes()).len(), 1, "what is clear is found");
    let line: Value = serde_json::from_str(export.lines().last().expect("lines")).expect("JSON");
    assert!(line.is_object());
}
