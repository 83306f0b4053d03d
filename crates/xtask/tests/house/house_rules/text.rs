//! What no file of the project says.

use super::{none, tree};

/// A room that anything fits in tells nobody what is in it.
const ROOMS_FOR_ANYTHING: [&str; 5] = ["utils", "util", "common", "helpers", "shared"];

/// Said in pieces, because this file is searched too.
const UNFINISHED: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("unimplement", "ed!"),
];

/// A test that cargo leaves out by itself would be counted by nobody. A process that tests start
/// may live in their binary as one, and says by whom it is called.
const IGNORED_TEST: &str = concat!("#[igno", "re");
const NO_TEST: &str = " = \"called by ";

/// Folders of single machines, and hosts that packages come from: builders have their own.
const PLACES: [&str; 10] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("registry.np", "mjs.org"),
    concat!("index.crat", "es.io"),
    concat!("static.crat", "es.io"),
    concat!("py", "pi.org"),
    concat!("pythonho", "sted.org"),
    concat!("deb.deb", "ian.org"),
];

/// Source text, where a word of [`UNFINISHED`] can only be a note to oneself.
const SOURCES: [&str; 13] = [
    "rs", "toml", "md", "graphql", "sh", "mjs", "js", "ts", "html", "css", "yaml", "yml", "service",
];

/// Past this a file is surely more than one noun; past 400 the question is worth asking.
const CEILING_LINES: usize = 800;

fn room_for_anything(path: &str) -> Option<String> {
    let rooms = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    let room = rooms.into_iter().find(|room| ROOMS_FOR_ANYTHING.contains(room))?;
    Some(format!("{path}: a file is one noun, and {room} is none"))
}

fn unwanted(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut say = |what: &str| found.push(format!("{path}:{number}: {what}"));
        if tree::is(path, &SOURCES) {
            for word in UNFINISHED {
                if has_word(line, word) {
                    say(word);
                }
            }
        }
        if tree::is(path, &["rs"]) {
            let ignored = line.trim_start().strip_prefix(IGNORED_TEST);
            if ignored.is_some_and(|reason| !reason.starts_with(NO_TEST)) {
                say("an ignored test is counted by nobody: skip it loudly or delete it");
            }
            for room in ROOMS_FOR_ANYTHING {
                if has_word(line, &format!("mod {room}")) {
                    say("a module is one noun");
                }
            }
        }
        for place in PLACES {
            if line.contains(place) {
                say(place);
            }
        }
    }
    found
}

/// Whether a line has these characters with no letter, digit or underscore beside them.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let after = &line[at + word.len()..];
        !line[..at].ends_with(joins) && (word.ends_with('!') || !after.starts_with(joins))
    })
}

#[test]
fn no_file_is_a_room_for_anything() {
    let found: Vec<_> = tree::files().iter().filter_map(|path| room_for_anything(path)).collect();
    none(&found);

    for path in ["crates/log/src/utils.rs", "crates/common/src/lib.rs", "tests/helpers/mod.rs"] {
        assert!(room_for_anything(path).is_some(), "{path}");
    }
    assert!(room_for_anything("crates/log/src/commonwealth.rs").is_none());
}

#[test]
fn no_file_names_a_place_or_is_unfinished() {
    let mut found = Vec::new();
    for path in tree::files() {
        if let Some(text) = tree::text(&path) {
            found.extend(unwanted(&path, &text));
        }
    }
    none(&found);
}

#[test]
fn each_unwanted_thing_is_found() {
    for word in UNFINISHED.iter().chain(&PLACES) {
        assert_eq!(unwanted("a.rs", &format!("// see {word} (x)")).len(), 1, "{word}");
    }
    assert_eq!(unwanted("a.rs", &format!("    {IGNORED_TEST} = \"slow\"]")).len(), 1);
    let process = format!("    {IGNORED_TEST}{NO_TEST}the tests above\"]");
    assert_eq!(unwanted("a.rs", &process), Vec::<String>::new());
    assert_eq!(unwanted("a.rs", concat!("pub mo", "d helpers {")).len(), 1);
    let fine = "mod commonwealth; let mastodons = shared(utils);";
    assert_eq!(unwanted("a.rs", fine), Vec::<String>::new());
}

#[test]
fn no_file_grows_without_a_ceiling() {
    let mut found = Vec::new();
    for path in tree::files().iter().filter(|path| tree::is(path, &["rs"])) {
        let lines = tree::text(path).map_or(0, |text| text.lines().count());
        if lines > CEILING_LINES {
            found.push(format!("{path} has {lines} lines: which nouns are in it?"));
        }
    }
    none(&found);
}
