//! Each partner holds its half: a witness remembers what it saw and cosigns only what continues it.
//! A bundle is laid out as a log is served, so that any file server makes a log of it.

use crate::command::register;
use crate::forgery::{Found, Stopped};
use crate::mirror::{Mirror, TOKEN};
use crate::node::{Node, printed, run, tallystick};
use crate::partnership::{Partnership, agency, caller};
use crate::tls::Front;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use tallystick_tally::{
    AddCheckpoint, Checkpoint, ConsistencyProof, Signer, Tile, TreeSize, VerifierKey,
};

/// A ledger whose story is told at several sizes, as the real key signed it.
struct Story {
    ledger: Stopped,
    key: String,
}

impl Story {
    fn new() -> Self {
        let ledger = Stopped::ledger();
        let key = ledger.key();
        fs::write(ledger.path("token"), format!("{TOKEN}\n")).expect("written");
        Self { ledger, key }
    }

    /// The first records of it, `size` of them, with one of them changed or none.
    fn bundle(&self, name: &str, size: usize, changed: Option<usize>) -> PathBuf {
        let told = Stopped::ledger();
        told.rewrite(|records| {
            if let Some(position) = changed {
                records[position - 1].body[3] ^= 0x10;
            }
            records.truncate(size);
        });
        told.forge_checkpoint();
        let bundle = self.ledger.path(name);
        fs::rename(told.bundle(), &bundle).expect("moved");
        bundle
    }

    fn witness(&self, name: &str) -> Witness {
        Witness::new(name, &self.ledger.path(""), &self.key)
    }
}

/// A witness with a key of its own.
struct Witness {
    /// The public key of the log that it watches.
    log: String,
    token: PathBuf,
    key: PathBuf,
    public: VerifierKey,
    state: PathBuf,
}

impl Witness {
    fn new(name: &str, folder: &Path, log: &str) -> Self {
        let key = folder.join(format!("{name}.key"));
        let words = ["key", "new", "--witness", name, "--out"].map(OsString::from);
        let made = printed(words.into_iter().chain([key.clone().into_os_string()]));
        let public = made.lines().last().expect("its public key").parse().expect("a key");
        let state = folder.join(format!("{name}.state"));
        Self { log: log.to_owned(), token: folder.join("token"), key, public, state }
    }

    fn witnessing(&self) -> Vec<OsString> {
        ["--key".into(), self.key.clone().into(), "--log".into(), (&self.log).into()]
            .into_iter()
            .chain(["--state".into(), self.state.clone().into()])
            .collect()
    }

    /// `tallystick witness once`; what it said on both streams.
    fn once(&self, log: &Mirror) -> Found {
        self.once_at(&log.address)
    }

    fn once_at(&self, address: &str) -> Found {
        self.once_with(&format!("http://{address}"), &[])
    }

    fn once_with(&self, url: &str, more: &[&OsStr]) -> Found {
        let token = self.token.clone();
        let words: Vec<OsString> = vec![
            "witness".into(),
            "once".into(),
            "--url".into(),
            url.into(),
            "--token-file".into(),
            token.into(),
        ];
        let more = more.iter().map(|&word| word.to_owned());
        let output = run(words.into_iter().chain(more).chain(self.witnessing()));
        let mut found = Found::of(&output);
        found.said.push_str(&String::from_utf8_lossy(&output.stderr));
        found
    }

    fn seen(&self) -> String {
        fs::read_to_string(&self.state).unwrap_or_default()
    }

    fn serve(&self) -> Node {
        let mut command =
            tallystick(["witness", "serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        command.args(self.witnessing());
        Node::of(command)
    }
}

/// What a log sends to a witness that saw `old` records, to have a bundle's checkpoint cosigned.
fn request(bundle: &Path, old: u64) -> AddCheckpoint {
    let bytes = fs::read(bundle.join("checkpoint")).expect("a checkpoint");
    let checkpoint = Checkpoint::parse(&bytes).expect("a checkpoint");
    let old = TreeSize::new(old);
    let read = |tile: Tile| fs::read(bundle.join(tile.to_string()));
    let proof = ConsistencyProof::build(old, checkpoint.head().size, read).expect("all tiles");
    AddCheckpoint { old, proof, checkpoint }
}

fn add_checkpoint(address: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("a witness");
    let length = body.len();
    let head = format!(
        "POST /add-checkpoint HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("sent");
    // A body that is too long is refused before all of it is read.
    let _ = stream.write_all(body.as_bytes());
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    (status, body.unwrap_or_default())
}

#[test]
fn a_witness_cosigns_what_continues_what_it_saw() {
    let story = Story::new();
    let auditor = story.witness("auditor.example");
    let log = Mirror::of(&story.bundle("young", 300, None), std::slice::from_ref(&auditor.public));
    auditor.once(&log).is(0, "records  300");
    assert!(auditor.seen().contains("\n300\n"), "{}", auditor.seen());
    // Once more the same, and then what came after.
    auditor.once(&log).is(0, "records  300");
    let grown = story.bundle("grown", 600, None);
    log.show(&grown);
    auditor.once(&log).is(0, "records  600");
    let status = printed([
        "witness".into(),
        "status".into(),
        "--state".into(),
        auditor.state.clone().into_os_string(),
    ]);
    assert!(status.contains("records  600"), "{status}");
    // The log holds the cosignature, and who trusts the witness can tell.
    let policy = story.ledger.path("policy");
    let text = format!("log {}\nwitness A {}\nquorum A\n", story.key, auditor.public);
    fs::write(&policy, text).expect("written");
    let words: Vec<OsString> =
        vec!["verify".into(), "--bundle".into(), grown.into(), "--policy".into(), policy.into()];
    Found::of(&run(words)).is(0, "cosigned by auditor.example at 20");
}

#[test]
fn a_log_that_signs_again_meanwhile_is_looked_at_again() {
    let story = Story::new();
    let auditor = story.witness("auditor.example");
    let log = Mirror::of(&story.bundle("young", 300, None), std::slice::from_ref(&auditor.public));
    log.grow_meanwhile(&story.bundle("grown", 600, None));
    auditor.once(&log).is(0, "records  600");
    // A log that does not take any is told apart from one that is quick.
    let stranger = story.witness("stranger.example");
    stranger.once(&log).is(1, "did not take the cosignature");
}

#[test]
fn threat_04_a_rewritten_log_is_refused_and_the_alarm_names_both_roots() {
    let story = Story::new();
    let auditor = story.witness("auditor.example");
    let log = Mirror::of(&story.bundle("young", 300, None), std::slice::from_ref(&auditor.public));
    auditor.once(&log).is(0, "Cosigned");
    let seen = auditor.seen();
    let root = |text: &str| text.lines().nth(2).expect("a root").to_owned();
    for (name, size, changed) in
        [("longer", 600, Some(100)), ("as long", 300, Some(100)), ("shorter", 200, None)]
    {
        let other = story.bundle(name, size, changed);
        log.show(&other);
        let refused = auditor.once(&log);
        refused.is(1, "REFUSED, not cosigned");
        refused.is(1, &format!("300 records with the root {}", root(&seen)));
        let shown = fs::read_to_string(other.join("checkpoint")).expect("a checkpoint");
        refused.is(1, &format!("{size} records with the root {}", root(&shown)));
        assert_eq!(auditor.seen(), seen, "{name}: what was seen is not forgotten");
        assert_eq!(shown.lines().filter(|line| line.starts_with('—')).count(), 1, "{name}");
        let evidence = auditor.state.with_extension("state.refused");
        assert_eq!(fs::read_to_string(evidence).expect("kept"), shown);
    }
    // What another key signed is not even looked at.
    let other = story.ledger.path("as long").join("checkpoint");
    let forged = fs::read_to_string(&other).expect("a checkpoint").replace("\n300\n", "\n301\n");
    fs::write(&other, forged).expect("written");
    log.show(other.parent().expect("the bundle"));
    auditor.once(&log).is(1, "not signed by the log");
}

#[test]
fn threat_04_a_pushed_checkpoint_is_judged_as_the_specification_says() {
    let story = Story::new();
    let auditor = story.witness("auditor.example");
    let (young, grown) = (story.bundle("young", 300, None), story.bundle("grown", 600, None));
    let witness = auditor.serve();
    let ask = |request: &AddCheckpoint| add_checkpoint(witness.address(), &request.to_string());
    let (status, line) = ask(&request(&young, 0));
    assert_eq!(status, 200, "{line}");
    let mut checkpoint = request(&young, 0).checkpoint;
    assert_eq!(checkpoint.add_cosignatures(&line, std::slice::from_ref(&auditor.public)), Ok(1));
    assert_eq!(ask(&request(&grown, 0)), (409, "300\n".to_owned()));
    assert_eq!(ask(&request(&grown, 300)).0, 200);
    // Rewritten: longer with another past, and another of the same size.
    let forked = request(&story.bundle("forked", 680, Some(100)), 600);
    assert_eq!(ask(&forked).0, 422);
    let same = request(&story.bundle("same", 600, Some(100)), 600);
    assert_eq!(ask(&same).0, 409);
    let mut older = request(&young, 0);
    older.old = TreeSize::new(600);
    assert_eq!(ask(&older).0, 400);
    assert_eq!(add_checkpoint(witness.address(), "old 1\nx\n\ny\n").0, 400);
    assert_eq!(add_checkpoint(witness.address(), &"x".repeat(200_000)).0, 413);
    let stranger = request(&young, 0).to_string().replace("demo.invalid", "other.invalid");
    assert_eq!(add_checkpoint(witness.address(), &stranger).0, 404);
    assert!(witness.said().contains("REFUSED"), "{}", witness.said());
    // Nobody else may use the memory meanwhile.
    let log = Mirror::of(&grown, std::slice::from_ref(&auditor.public));
    auditor.once(&log).is(1, "another process witnesses");
    // After a kill it goes on from what it saw.
    witness.kill();
    let witness = auditor.serve();
    let again = add_checkpoint(witness.address(), &request(&grown, 300).to_string());
    assert_eq!(again, (409, "600\n".to_owned()));
}

#[test]
fn requests_at_the_same_time_are_judged_one_after_the_other() {
    let story = Story::new();
    let auditor = story.witness("auditor.example");
    let witness = auditor.serve();
    let one = request(&story.bundle("one", 600, None), 0).to_string();
    let other = request(&story.bundle("other", 600, Some(100)), 0).to_string();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = |body: &'_ String| add_checkpoint(witness.address(), body).0;
        let asked: Vec<_> = (0..16)
            .map(|turn| if turn % 2 == 0 { &one } else { &other })
            .map(|body| scope.spawn(move || ask(body)))
            .collect();
        asked.into_iter().map(|it| it.join().expect("an answer")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
}

#[test]
fn threat_06_two_stories_cannot_both_have_a_quorum() {
    let story = Story::new();
    let (one, other) = (story.witness("one.example"), story.witness("other.example"));
    let keys = [one.public.clone(), other.public.clone()];
    let stories = [story.bundle("story", 600, None), story.bundle("fork", 600, Some(100))];
    let policy = story.ledger.path("policy");
    let text = format!(
        "log {}\nwitness A {}\nwitness B {}\ngroup both all A B\nquorum both\n",
        story.key, one.public, other.public
    );
    fs::write(&policy, text).expect("written");
    let verify = |bundle: &Path| {
        let words: Vec<OsString> = vec![
            "verify".into(),
            "--bundle".into(),
            bundle.into(),
            "--policy".into(),
            policy.clone().into(),
        ];
        Found::of(&run(words))
    };
    // To each its own story, and then each the other's.
    let log = Mirror::of(&stories[0], &keys);
    one.once(&log).is(0, "Cosigned");
    log.show(&stories[1]);
    other.once(&log).is(0, "Cosigned");
    one.once(&log).is(1, "REFUSED");
    log.show(&stories[0]);
    other.once(&log).is(1, "REFUSED");
    for bundle in &stories {
        verify(bundle).is(2, "1 of 2 witnesses cosigned, which is not the quorum");
    }
    // Where both see the same story, there is one.
    let third = story.witness("third.example");
    let text = fs::read_to_string(&policy).expect("read");
    let text = text.replace(&other.public.to_string(), &third.public.to_string());
    fs::write(&policy, text).expect("written");
    let log = Mirror::of(&stories[0], &[one.public.clone(), third.public.clone()]);
    third.once(&log).is(0, "Cosigned");
    verify(&stories[0]).is(0, "RESULT: sound");
}

#[tokio::test]
async fn a_ledger_that_is_served_is_witnessed_and_its_folder_bears_the_cosignature() {
    let partnership = Partnership::found().await;
    let home = partnership.stopped();
    let token = TOKEN;
    fs::write(home.folder().join("token"), token).expect("written");
    home.admit("witness", &agency("inspector"), "witness", token);
    let own = fs::read(home.data().join("checkpoint")).expect("a checkpoint");
    let origin = Checkpoint::parse(&own).expect("a checkpoint").origin().parse().expect("a name");
    let secret = fs::read_to_string(home.signing_key()).expect("a key");
    let signer = Signer::parse(secret.trim()).expect("a key").with_origin(origin);
    let log = signer.verifier_key().to_string();
    let auditor = Witness::new("auditor.example", home.folder(), &log);
    let stranger = Witness::new("stranger.example", home.folder(), &log);
    let node = Node::try_serve(&home, &["--witness", &auditor.public.to_string()]).expect("served");
    stranger.once_at(node.address()).is(1, "403");
    auditor.once_at(node.address()).is(0, "Cosigned as auditor.example");
    // It goes on, and so does the witness.
    let before = auditor.seen();
    caller(&node, "trust", "offender_manager").opened(&register(1)).await;
    let size = |note: &str| note.lines().nth(1).expect("a size").parse::<u64>().expect("a number");
    for _ in 0..100 {
        auditor.once_at(node.address()).is(0, "Cosigned");
        if size(&auditor.seen()) > size(&before) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(size(&auditor.seen()) > size(&before), "no checkpoint of what came later");
    assert!(node.stop().status.success());
    let policy = home.folder().join("policy");
    let text = format!("log {log}\nwitness A {}\nquorum A\n", auditor.public);
    fs::write(&policy, text).expect("written");
    let words: Vec<OsString> = vec![
        "verify".into(),
        "--data".into(),
        home.data().into(),
        "--policy".into(),
        policy.into(),
    ];
    Found::of(&run(words)).is(0, "cosigned by auditor.example");
}

#[test]
fn a_log_behind_tls_is_witnessed_if_its_certificate_is_the_one() {
    let story = Story::new();
    let auditor = story.witness("auditor.example");
    let log = Mirror::of(&story.bundle("young", 300, None), std::slice::from_ref(&auditor.public));
    let folder = story.ledger.path("");
    let front = Front::of(&log.address, "localhost", &folder);
    let with = |ca: &Path, url: &str| auditor.once_with(url, &["--ca".as_ref(), ca.as_os_str()]);
    // No browser knows it, another has another name, and a third is not what was asked for.
    auditor.once_with(&front.url, &[]).is(1, "UnknownIssuer");
    let other = Front::of(&log.address, "other.example", &folder);
    with(&other.ca, &other.url).is(1, "not valid for name");
    with(&other.ca, &front.url).is(1, "invalid peer certificate");
    with(&auditor.key, &front.url).is(1, "holds no certificate");
    assert_eq!(auditor.seen(), "");
    with(&front.ca, &front.url).is(0, "records  300");
}

#[test]
fn threat_43_a_token_goes_to_the_address_that_was_given_and_nowhere_in_the_clear() {
    let story = Story::new();
    let auditor = story.witness("auditor.example");
    auditor.once_with("http://ledger.example", &[]).is(1, "plain HTTP off this machine");
    auditor.once_with("ftp://127.0.0.1", &[]).is(1, "is no https address");
    // A log that sends its callers to another, which is one.
    let bundle = story.bundle("young", 300, None);
    let log = Mirror::of(&bundle, std::slice::from_ref(&auditor.public));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let location = format!("http://{}/log/checkpoint", log.address);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut head = [0; 4_096];
            let _ = stream.read(&mut head);
            let answer =
                format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    auditor.once_at(&address).is(1, "sends its callers elsewhere");
    auditor.once(&log).is(0, "Cosigned");
}

#[test]
fn a_witness_is_not_served_on_plain_http_to_everybody() {
    let story = Story::new();
    let auditor = story.witness("auditor.example");
    let words = ["witness", "serve", "--listen", "0.0.0.0:0"].map(OsString::from);
    let output = run(words.into_iter().chain(auditor.witnessing()));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("plain HTTP off loopback"), "{said}");
}

#[test]
fn a_damaged_memory_is_not_taken_for_none() {
    let story = Story::new();
    let auditor = story.witness("auditor.example");
    let log = Mirror::of(&story.bundle("young", 300, None), std::slice::from_ref(&auditor.public));
    auditor.once(&log).is(0, "Cosigned");
    let seen = auditor.seen();
    fs::write(&auditor.state, &seen[..40]).expect("written");
    auditor.once(&log).is(1, "is damaged");
    fs::write(&auditor.state, seen.replace("\n300\n", "\n200\n")).expect("written");
    auditor.once(&log).is(1, "not of --log");
}
