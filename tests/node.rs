//! A node: the real binary as a process of its own.

use crate::client::Client;
use crate::folder::Home;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// No process takes longer to start or to stop; one that does has failed.
const PATIENCE: Duration = Duration::from_mins(3);

/// The binary: the one that is shipped where the caller says which, else the one just built.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("JOURNEYS_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_tallystick")), PathBuf::from)
}

/// The binary with these arguments and nothing of the surroundings that it would take for settings.
pub(crate) fn tallystick<A: AsRef<std::ffi::OsStr>>(
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TALLYSTICK_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command of the binary to its end.
pub(crate) fn run<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Output {
    tallystick(arguments).output().expect("the binary starts")
}

/// Runs a command of the binary that succeeds, and gives what it wrote to standard output.
pub(crate) fn printed<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// A running node. Dropping it kills it.
pub(crate) struct Node {
    child: Child,
    address: String,
    /// What the demo's ready line said; `null` for `serve`.
    ready: Value,
    said: Arc<Mutex<String>>,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// All that it wrote to standard error.
    pub(crate) said: String,
}

impl Node {
    /// `tallystick demo` with a fresh partnership, in a folder that is kept if one is given.
    pub(crate) fn demo(data: Option<&Path>, seed: u64, events: u64) -> Self {
        let (seed, events) = (seed.to_string(), events.to_string());
        let mut command = tallystick([
            "demo",
            "--ready-json",
            "--listen",
            "127.0.0.1:0",
            "--seed",
            &seed,
            "--events",
            &events,
        ]);
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        Self::start(command).unwrap_or_else(|ended| panic!("the demo did not start: {ended:?}"))
    }

    /// A demo that nobody changes, for all journeys that only read. Started by the first that asks
    /// and killed when the last has let go of it.
    pub(crate) fn shared_demo() -> Arc<Self> {
        static SHARED: Mutex<Weak<Node>> = Mutex::new(Weak::new());
        // A journey that failed to start it must not make the others fail for another reason.
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let node = Arc::new(Self::demo(None, 7, 3_000));
            *shared = Arc::downgrade(&node);
            node
        })
    }

    /// `tallystick serve` on a ledger.
    pub(crate) fn serve(home: &Home) -> Self {
        Self::try_serve(home, &[])
            .unwrap_or_else(|ended| panic!("the node did not start: {ended:?}"))
    }

    /// `tallystick serve` with more arguments, on a ledger that it may refuse.
    pub(crate) fn try_serve(home: &Home, more: &[&str]) -> Result<Self, Ended> {
        let mut command = home.serving();
        command.args(more);
        Self::start(command)
    }

    /// Another server of the binary's.
    pub(crate) fn of(command: Command) -> Self {
        Self::start(command).unwrap_or_else(|ended| panic!("it did not start: {ended:?}"))
    }

    /// Waits until the process says that it is ready.
    fn start(mut command: Command) -> Result<Self, Ended> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let said = Arc::new(Mutex::new(String::new()));
        let (sender, lines) = channel();
        follow(child.stdout.take().expect("piped"), sender.clone(), None);
        follow(child.stderr.take().expect("piped"), sender, Some(Arc::clone(&said)));
        let mut node = Self { child, address: String::new(), ready: Value::Null, said };
        match node.wait_until_ready(&lines) {
            Some(ready) => node.ready = ready,
            None => return Err(node.ended()),
        }
        let url = node.ready["url"].as_str().expect("the address");
        node.address = url.trim_start_matches("http://").to_owned();
        Ok(node)
    }

    /// What the line said with which it became ready; `None` if it ended before.
    fn wait_until_ready(&self, lines: &Receiver<Value>) -> Option<Value> {
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) if line["url"].is_string() => return Some(line),
                // `serve` says it in its log.
                Ok(line) if line["fields"]["message"] == "serving" => {
                    let address = line["fields"]["address"].as_str().expect("an address");
                    return Some(serde_json::json!({ "url": format!("http://{address}") }));
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("not ready, and said: {}", self.said()),
            }
        }
    }

    /// Where it listens: `127.0.0.1:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// All that it has written to standard error.
    pub(crate) fn said(&self) -> String {
        self.said.lock().expect("not poisoned").clone()
    }

    /// A caller of the demo: somebody of that role in the agency of that name.
    pub(crate) fn caller(&self, agency: &str, role: &str) -> Client {
        self.client(self.shown(agency, role)["token"].as_str().expect("a token"))
    }

    /// The identifier of an agency of the demo that somebody may log in for.
    pub(crate) fn agency_id(&self, agency: &str) -> String {
        let shown = self.tokens().iter().find(|it| it["agency"] == agency);
        shown.expect("an agency of the demo")["agency_id"].as_str().expect("an id").to_owned()
    }

    /// Everybody for whom the demo printed a token.
    pub(crate) fn tokens(&self) -> &[Value] {
        self.ready["tokens"].as_array().map_or(&[], Vec::as_slice)
    }

    fn shown(&self, agency: &str, role: &str) -> &Value {
        let mut tokens = self.tokens().iter();
        let found = tokens.find(|it| it["agency"] == agency && it["role"] == role);
        found.unwrap_or_else(|| panic!("no {role} of {agency} in {}", self.ready))
    }

    /// Whoever holds this token.
    pub(crate) fn client(&self, token: &str) -> Client {
        Client::new(&self.address, token)
    }

    /// Ends it without a word (SIGKILL): dead when this returns.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Ends it without a word, while others still hold it.
    pub(crate) fn strike(&self) {
        self.signal(Signal::KILL);
    }

    /// Lets it stand still where it is.
    pub(crate) fn freeze(&self) {
        crate::disk::freeze(&self.child);
    }

    /// Asks it to end (SIGTERM).
    pub(crate) fn tell_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("still ours");
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(self) -> Ended {
        self.tell_to_stop();
        self.ended()
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Ended {
        let slice = Duration::from_millis(10);
        for _ in 0..PATIENCE.as_millis() / slice.as_millis() {
            if let Some(status) = self.child.try_wait().expect("still ours") {
                return Ended { status, said: self.said() };
            }
            std::thread::sleep(slice);
        }
        panic!("still running, and said: {}", self.said())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Nothing to be done where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the node at {} said:\n{}", self.address, self.said());
        }
    }
}

/// Reads a stream of the process to its end: a process whose output nobody reads would stop.
/// Passes on what is JSON; the rest is for people.
fn follow(
    stream: impl Read + Send + 'static,
    lines: Sender<Value>,
    kept: Option<Arc<Mutex<String>>>,
) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Some(kept) = &kept {
                // Writing to a string cannot fail.
                let _ = writeln!(kept.lock().expect("not poisoned"), "{line}");
            }
            if let Ok(value) = serde_json::from_str(&line) {
                // Nobody waits any more once it is ready.
                let _ = lines.send(value);
            }
        }
    });
}
