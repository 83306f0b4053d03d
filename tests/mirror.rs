//! A bundle on a file server: what is laid out as tlog-tiles has it is a log for whoever asks.

use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tallystick_tally::{Checkpoint, VerifierKey};

/// Whoever asks has to bring it.
pub(crate) const TOKEN: &str = "the token of the mirror";

/// A file server for a bundle, which takes cosignatures of its checkpoint: as a ledger is to its
/// witnesses.
pub(crate) struct Mirror {
    pub(crate) address: String,
    served: Arc<Mutex<PathBuf>>,
    /// What it shows from the next cosignature on.
    then: Arc<Mutex<Option<PathBuf>>>,
    /// The lines of its export, if it has one.
    exported: Arc<Mutex<Option<String>>>,
}

impl Mirror {
    pub(crate) fn of(bundle: &Path, witnesses: &[VerifierKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let served = Arc::new(Mutex::new(bundle.to_owned()));
        let then = Arc::new(Mutex::new(None::<PathBuf>));
        let (folder, witnesses) = (Arc::clone(&served), witnesses.to_vec());
        let next = Arc::clone(&then);
        let exported = Arc::new(Mutex::new(None::<String>));
        let export = Arc::clone(&exported);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut folder = folder.lock().expect("not poisoned");
                let mut stream = stream.expect("a connection");
                // A caller who went away is no failure of the server's.
                let Ok((request, body)) = asked(&stream) else { continue };
                if request.starts_with("post")
                    && let Some(next) = next.lock().expect("not poisoned").take()
                {
                    *folder = next;
                }
                let (status, answer) = match &*export.lock().expect("not poisoned") {
                    Some(lines) if request.contains("/export/events.ndjson") => {
                        (200, page(&request, lines).into_bytes())
                    }
                    _ => answer(&request, body, &folder, &witnesses),
                };
                let length = answer.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
                );
                let _ = stream.write_all(&answer);
            }
        });
        Self { address, served, then, exported }
    }

    /// The log signs again while a cosignature is on its way.
    pub(crate) fn grow_meanwhile(&self, bundle: &Path) {
        *self.then.lock().expect("not poisoned") = Some(bundle.to_owned());
    }

    /// From now on with this export, or without any.
    pub(crate) fn export(&self, lines: Option<&str>) {
        *self.exported.lock().expect("not poisoned") = lines.map(ToOwned::to_owned);
    }

    /// From now on another story.
    pub(crate) fn show(&self, bundle: &Path) {
        bundle.clone_into(&mut self.served.lock().expect("not poisoned"));
    }
}

/// The first line of a request, and its body.
fn asked(stream: &TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut lines = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_ascii_lowercase());
    }
    assert!(head.contains(&format!("authorization: bearer {TOKEN}")), "{head:?}");
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
    lines.read_exact(&mut body)?;
    Ok((head.swap_remove(0), body))
}

/// The lines of an export between the positions that are asked for.
fn page(request: &str, lines: &str) -> String {
    let number = |name: &str| {
        let (_, rest) = request.split_once(name).expect("asked for");
        let digits = rest.split(|it: char| !it.is_ascii_digit()).next().expect("a number");
        digits.parse::<u64>().expect("a number")
    };
    let asked = number("after=") + 1..=number("asof=");
    let position = |line: &str| {
        let event: Value = serde_json::from_str(line).expect("JSON");
        event["sequence"].as_str().expect("a position").parse::<u64>().expect("a number")
    };
    lines.split_inclusive('\n').filter(|line| asked.contains(&position(line))).collect()
}

fn answer(
    request: &str,
    body: Vec<u8>,
    folder: &Path,
    witnesses: &[VerifierKey],
) -> (u16, Vec<u8>) {
    let words: Vec<&str> = request.split(' ').collect();
    match (words[0], words[1].strip_prefix("/log/")) {
        ("post", Some("cosignatures")) => {
            let path = folder.join("checkpoint");
            let bytes = fs::read(&path).expect("a checkpoint");
            let mut checkpoint = Checkpoint::parse(&bytes).expect("a checkpoint");
            let lines = String::from_utf8(body).expect("text");
            match checkpoint.add_cosignatures(&lines, witnesses) {
                Ok(1) => {
                    fs::write(&path, checkpoint.to_string()).expect("written");
                    (200, b"1\n".to_vec())
                }
                other => (400, format!("{other:?}").into_bytes()),
            }
        }
        ("get", path) => match path.map(|path| fs::read(folder.join(path))) {
            Some(Ok(bytes)) => (200, bytes),
            _ => (404, Vec::new()),
        },
        _ => (405, Vec::new()),
    }
}
