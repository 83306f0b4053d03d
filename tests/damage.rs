//! A stopped folder of which a file was cut, flipped or lost, whose commits were exchanged or taken
//! out, or which is an older copy: a node that starts on it shows what it would have shown, or it
//! does not start and says why. Never something else.

use crate::client::Client;
use crate::command::register;
use crate::dice::{Dice, times};
use crate::folder::{Home, files};
use crate::forgery;
use crate::load::{Desk, Writer};
use crate::node::Node;
use crate::partnership::{Partnership, caller};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tallystick_tally::{Checkpoint, Signer};

/// The name under which the ledger signs.
static ORIGIN: OnceLock<String> = OnceLock::new();

/// What is done to a file.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// One bit is another.
    Flip { at: usize, bit: u8 },
    /// Everything from there on is gone.
    Cut { at: usize },
    /// A stretch was never written.
    Blank { at: usize, bytes: usize },
    /// The file is gone.
    Lose,
    /// The file is as it was when half of the events were recorded.
    Older,
}

impl Blow {
    fn any(dice: &mut Dice, bytes: &[u8]) -> Self {
        let below = |dice: &mut Dice, bound: usize| {
            usize::try_from(dice.below(bound.max(1) as u64)).expect("below a length")
        };
        // Files are longer than what has been written to them; a blow there says little.
        let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        match dice.below(20) {
            0..12 => {
                let mut at = below(dice, written);
                // Most of what lies between blocks is blank too.
                if dice.below(2) == 0 {
                    let on = bytes[at.min(bytes.len())..].iter().position(|byte| *byte != 0);
                    at += on.unwrap_or_default();
                }
                Self::Flip { at, bit: 1 << dice.below(8) }
            }
            12..17 => Self::Cut { at: below(dice, written) },
            17 => Self::Blank { at: below(dice, written), bytes: 1 + below(dice, 512) },
            18 => Self::Older,
            _ => Self::Lose,
        }
    }

    /// Strikes a file, of which there is an older copy if it was there then.
    fn strike(self, file: &Path, older: &Path) {
        let mut bytes = fs::read(file).expect("read");
        match self {
            Self::Flip { at, bit } => match bytes.get_mut(at) {
                Some(byte) => *byte ^= bit,
                None => return,
            },
            Self::Cut { at } => bytes.truncate(at),
            Self::Blank { at, bytes: count } => {
                let end = bytes.len().min(at + count);
                bytes[at..end].fill(0);
            }
            Self::Older if older.exists() => bytes = fs::read(older).expect("read"),
            Self::Lose | Self::Older => return fs::remove_file(file).expect("removed"),
        }
        fs::write(file, bytes).expect("written");
    }
}

/// What is done to the commits in the store, through sled itself, which then finds nothing wrong.
#[derive(Clone, Copy, Debug)]
enum Tamper {
    /// Two have changed places.
    Swap(u64, u64),
    /// One is gone with its key.
    Drop(u64),
    /// Its key waits for it, as it did before it came.
    Blank(u64),
}

impl Tamper {
    fn any(dice: &mut Dice, commits: u64) -> Self {
        let one = 1 + dice.below(commits);
        match dice.below(4) {
            0 => Self::Drop(one),
            1 => Self::Blank(one),
            _ => Self::Swap(one, 1 + (one + dice.below(commits - 1)) % commits),
        }
    }

    /// The first commit that is not in its place any more.
    fn first(self) -> u64 {
        match self {
            Self::Swap(one, other) => one.min(other),
            Self::Drop(one) | Self::Blank(one) => one,
        }
    }

    fn strike(self, data: &Path) {
        // As large as our segments: sled refuses others.
        let config = sled::Config::new().path(data.join("log")).segment_size(2 << 20);
        let store = config.open().expect("a stopped store");
        let key = u64::to_be_bytes;
        match self {
            Self::Swap(one, other) => {
                let block = |commit| store.get(key(commit)).expect("readable").expect("there");
                let (first, second) = (block(one), block(other));
                store.insert(key(one), second).expect("writable");
                store.insert(key(other), first).expect("writable");
            }
            Self::Drop(one) => drop(store.remove(key(one)).expect("writable")),
            Self::Blank(one) => drop(store.insert(key(one), &[]).expect("writable")),
        }
        store.flush().expect("writable");
    }
}

/// What people see of the ledger and what it answers them. Nothing is recorded by asking.
async fn shown(node: &Node) -> Vec<Value> {
    let ask = async |who: Client, query: &str| {
        let reply = who.post(query, Value::Null).await.expect("an answer").json();
        // With the root of the tree over the records.
        serde_json::json!({ "data": reply["data"], "root": reply["extensions"]["ledger"]["root"] })
    };
    let events = "events(first: 500) { nodes { id position type stream occurredOn recordedAt
        note { __typename ... on ClearText { text } ... on Redacted { reason } } } }";
    let whole = format!(
        "{{ ledger {{ position recordedAt digest dataQuality {{
        anomalies(first: 500) {{ nodes {{ kind position }} }} }} }} {events} }}"
    );
    let people = format!("{{ ledger {{ digest people(first: 500) {{ nodes {{ id
        name {{ __typename ... on PersonName {{ given family }} ... on Redacted {{ reason }} }}
        born {{ ... on ClearDate {{ date }} }} identifiers {{ value {{ ... on ClearText {{ text }} }} }}
        sentences {{ state breaches {{ step }} }} }} }} }} {events} }}");
    let work = "{ ledger { digest referrals(first: 500) { nodes { id state } }
        placements(first: 500) { nodes { id state creditedMinutes } } } }";
    let manager = caller(node, "trust", "offender_manager");
    // Another person's identifier, as the vault's blind index knows it.
    let mut taken = register(1).dry();
    taken.input["commandId"] = crate::command::identifier("somebody else").into();
    let taken = manager.tell(&taken).await.0;
    vec![
        ask(caller(node, "inspector", "auditor"), &whole).await,
        ask(manager, &people).await,
        ask(caller(node, "farm", "provider_lead"), work).await,
        ask(caller(node, "youth", "provider_lead"), work).await,
        taken,
    ]
}

/// A stopped ledger of some hundred events, a copy of it from when there were half as many, the
/// writers who know what they were told, and what a node shows of it.
async fn whole() -> (Home, Home, Vec<Writer>, Vec<Value>) {
    let partnership = Partnership::found().await;
    partnership.person(1).await;
    let desk = Desk::at(&partnership.node);
    let mut writers: Vec<Writer> = (0..3).map(Writer::new).collect();
    let mut older = None;
    for step in 0..46 {
        if step == 23 {
            older = Some(partnership.home.copy());
        }
        for writer in &mut writers {
            writer.write(&desk).await.expect("a node that is there");
        }
    }
    drop(desk);
    let partnership = partnership.restarted();
    let shown = shown(&partnership.node).await;
    assert_eq!(shown[4]["errors"][0]["rule"], "IDENTIFIER_TAKEN", "{}", shown[4]);
    assert!(shown.iter().all(|answer| !answer.is_null()));
    let home = partnership.stopped();
    (home, older.expect("a copy"), writers, shown)
}

/// What came of a damaged folder.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Same,
    /// It did not start, and said this.
    Refused(String),
}

async fn fate(
    home: &Home,
    known: Option<&Path>,
    writers: &[Writer],
    expected: &[Value],
) -> Result<Fate, String> {
    let known = known.map(|path| path.to_str().expect("text"));
    let known = known.into_iter().flat_map(|path| ["--known-checkpoint", path]);
    let arguments: Vec<_> = ["--verify", "full"].into_iter().chain(known).collect();
    let node = match Node::try_serve(home, &arguments) {
        Ok(node) => node,
        Err(ended) if ended.status.code() == Some(1) && ended.said.len() > 20 => {
            return Ok(Fate::Refused(ended.said));
        }
        Err(ended) => return Err(format!("did not end well: {ended:?}")),
    };
    for (expected, shown) in expected.iter().zip(shown(&node).await) {
        if let Some(difference) = difference("", expected, &shown) {
            return Err(format!("{difference}, and said {}", node.said()));
        }
    }
    let desk = Desk::at(&node);
    for writer in writers {
        writer.journal[0].still_stands(&desk).await;
        writer.journal[writer.journal.len() - 1].still_stands(&desk).await;
    }
    Ok(Fate::Same)
}

/// Where two answers first differ, and how.
fn difference(path: &str, expected: &Value, shown: &Value) -> Option<String> {
    if expected == shown {
        return None;
    }
    let within = match (expected, shown) {
        (Value::Object(expected), Value::Object(shown)) => expected
            .iter()
            .find_map(|(key, value)| difference(&format!("{path}.{key}"), value, shown.get(key)?)),
        (Value::Array(expected), Value::Array(shown)) => (0..expected.len())
            .find_map(|at| difference(&format!("{path}.{at}"), &expected[at], shown.get(at)?)),
        _ => None,
    };
    Some(within.unwrap_or_else(|| format!("{path} is {shown} instead of {expected}")))
}

/// What `tallystick verify` says of a copy of the folder.
fn verified(home: &Home, known: Option<&Path>) -> forgery::Found {
    let copy = home.copy();
    let key = fs::read_to_string(home.signing_key()).expect("a key");
    let signer = Signer::parse(key.trim()).expect("a key");
    let origin = ORIGIN.get().expect("the origin is known").parse().expect("a name");
    let key = signer.with_origin(origin).verifier_key().to_string();
    let data = copy.data();
    let mut arguments = vec![OsStr::new("--data"), data.as_os_str()];
    if let Some(known) = known {
        arguments.extend([OsStr::new("--checkpoint"), known.as_os_str()]);
    }
    forgery::verify(&key, arguments)
}

/// The first position of each commit, in order.
fn commits(home: &Home) -> Vec<u64> {
    let records = forgery::read(&home.copy().data()).1;
    let commits = records.chunk_by(|one, other| one.commit == other.commit);
    let first = |next: &mut u64, commit: &[forgery::Kept]| {
        let first = *next;
        *next += commit.len() as u64;
        Some(first)
    };
    commits.scan(1, first).collect()
}

/// Whether a node does not start and names the first position that is missing or changed, and
/// `verify` names the same.
fn are_told(first: u64, fate: &Result<Fate, String>, found: &forgery::Found) -> bool {
    let Ok(Fate::Refused(said)) = fate else { return false };
    let mut words = said.split(|letter: char| !letter.is_ascii_alphanumeric());
    let mut named = false;
    while let Some(word) = words.next() {
        named |= word.starts_with("position") && words.next() == Some(&first.to_string());
    }
    let told = format!("The first bad position is {first}.\n");
    named && found.code == 1 && found.said.contains(&told)
}

/// Whether a node makes a file anew from the log, or does not need it.
fn is_made_anew(within: &Path) -> bool {
    let name = within.strip_prefix("data").unwrap_or(within);
    name.starts_with("tiles") || name.starts_with("savepoint")
}

/// Keys of persons, of which the log says nothing.
fn is_not_verified(within: &Path) -> bool {
    ["vault", "epoch-key"].iter().any(|name| within.ends_with(name))
}

/// The files of a ledger that are there to be damaged, and its epoch key's.
fn targets(home: &Home) -> Vec<PathBuf> {
    let mut targets = files(&home.data());
    targets.push(home.epoch_key());
    targets
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_folder_is_served_as_it_was_or_not_at_all() {
    let cases = times("TALLYSTICK_SWEEP_CASES", 200);
    let mut dice = Dice::new();
    let (pristine, older, writers, expected) = whole().await;
    let fate =
        async |home: &Home, known: Option<&Path>| fate(home, known, &writers, &expected).await;
    assert_eq!(fate(&pristine.copy(), None).await, Ok(Fate::Same), "undamaged");
    let last = pristine.data().join("checkpoint");
    let signed = Checkpoint::parse(&fs::read(&last).expect("a checkpoint")).expect("a checkpoint");
    ORIGIN.set(signed.origin().to_owned()).expect("once");
    assert_eq!(verified(&pristine, None).code, 0, "undamaged");
    let (mut same, mut refused, mut different) = (0, 0, Vec::new());

    let commits = commits(&pristine);
    for _ in 0..cases / 8 {
        let tamper = Tamper::any(&mut dice, commits.len() as u64);
        let damaged = pristine.copy();
        tamper.strike(&damaged.data());
        let first = commits[usize::try_from(tamper.first() - 1).expect("small")];
        let (found, fate) = (verified(&damaged, None), fate(&damaged, None).await);
        if are_told(first, &fate, &found) {
            refused += 1;
        } else {
            different.push(format!("{tamper:?} from position {first}: {fate:?}, {found:?}"));
        }
    }
    // All of it as it was, where somebody has kept the last checkpoint.
    let missing = commits[self::commits(&older).len()];
    let (found, fate_of_older) = (verified(&older, Some(&last)), fate(&older, Some(&last)).await);
    assert!(are_told(missing, &fate_of_older, &found), "{missing}: {fate_of_older:?}, {found:?}");

    let files = targets(&pristine);
    for case in 0..cases - cases / 8 {
        let damaged = pristine.copy();
        let file = dice.one_of(&files);
        let within = file.strip_prefix(pristine.folder()).expect("below it");
        let target = damaged.folder().join(within);
        let blow = Blow::any(&mut dice, &fs::read(file).expect("read"));
        blow.strike(&target, &older.folder().join(within));
        let found = verified(&damaged, None).code;
        match fate(&damaged, None).await {
            // What is made anew, `verify` may find damaged; without the last checkpoint it cannot
            // tell; and at some files it does not look.
            Ok(Fate::Same) if found == 0 || is_made_anew(within) => same += 1,
            Ok(Fate::Same) if found == 2 && within.ends_with("checkpoint") => same += 1,
            Ok(Fate::Refused(_)) if found != 0 || is_not_verified(within) => refused += 1,
            Ok(fate) => different.push(format!(
                "{case}: {blow:?} of {}: {fate:?}, and verify ended with {found}",
                within.display()
            )),
            Err(what) => {
                different.push(format!("{case}: {blow:?} of {}: {what}", within.display()));
            }
        }
    }
    println!("{cases} damaged folders: {same} served as they were, {refused} refused");
    assert!(different.is_empty(), "{} quietly different: {different:#?}", different.len());
    assert!(same > 0 && refused > 0);
}
