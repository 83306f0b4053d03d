//! The tree's static files, read by a client that knows nothing but the specifications (C2SP
//! signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature) and has its tools from others.

use std::{
    collections::HashMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use signed_note::{Note, StandardVerifier, VerifierList};
use tallystick_domain::Role;
use tallystick_ledger::VerifierKey;
use tlog_tiles::{
    HashReader as _, Tile, TileHashReader, TileReader, check_record, prove_record, record_hash,
    stored_hash_index, tree_hash,
};

use crate::command::partnership::{NOMS, Partnership, Who, token};

pub(crate) const AUDITOR: Who = (NOMS, Role::Auditor);
const WITNESS: Who = (NOMS, Role::Witness);

/// An HTTP client that waits.
#[derive(Clone)]
struct Client {
    address: String,
    token: String,
}

struct Reply {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Reply {
    fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl Client {
    fn of(open: &Partnership, who: Who) -> Self {
        Self { address: open.address.clone(), token: token(who) }
    }

    fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Reply {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: t\r\nAuthorization: Bearer {}\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        connection.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut reply = Vec::new();
        connection.read_to_end(&mut reply).unwrap();
        let end = reply.windows(4).position(|it| it == b"\r\n\r\n").expect("a head");
        let body = reply.split_off(end + 4);
        let mut lines = str::from_utf8(&reply).unwrap().lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Reply { status, headers: headers.collect(), body }
    }

    fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "text/plain", b"")
    }

    fn status(&self, path: &str) -> u16 {
        self.get(path).status
    }

    fn cosign(&self, lines: &str) -> Reply {
        self.send("POST", "/log/cosignatures", "text/plain; charset=utf-8", lines.as_bytes())
    }

    /// Size and root that the log's key signed.
    fn checkpoint(&self, key: &str) -> tlog_tiles::Checkpoint {
        let reply = self.get("/log/checkpoint");
        assert_eq!(reply.status, 200, "{}", reply.text());
        let note = Note::from_bytes(&reply.body).unwrap();
        let keys = VerifierList::new(vec![Box::new(StandardVerifier::new(key).unwrap())]);
        note.verify(&keys).expect("signed by the log");
        tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap()
    }

    /// The entries of a bundle (tlog-tiles, "Log entries").
    fn entries(&self, path: &str) -> Vec<Vec<u8>> {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}");
        let mut rest = reply.body.as_slice();
        let mut entries = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (entry, after) = after.split_at(u16::from_be_bytes(*length).into());
            entries.push(entry.to_vec());
            rest = after;
        }
        assert!(rest.is_empty());
        entries
    }
}

impl TileReader for Client {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &Tile| {
            // The other implementation puts the height into the path, as Go's sumdb does.
            let path = tile.path().replacen("tile/8/", "/log/tile/", 1);
            let reply = self.get(&path);
            assert_eq!(reply.status, 200, "{path}");
            reply.body
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// A partnership with a checkpoint over at least so many events.
pub(crate) async fn signed(
    folder: &tempfile::TempDir,
    events: u64,
    witnesses: Vec<VerifierKey>,
) -> Partnership {
    let open = Partnership::signing(folder.path(), witnesses).await;
    open.grow(events).await;
    covered(&open).await;
    open
}

pub(crate) async fn covered(open: &Partnership) {
    let head = open.ledger.snapshot().position();
    open.ledger.checkpoint_covering(head, Duration::from_secs(20)).await.expect("a checkpoint");
}

/// Runs a client that waits where it keeps nobody else from working.
async fn wait<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn tools_that_know_only_the_specification_find_the_log_sound() {
    let folder = tempfile::tempdir().unwrap();
    let open = signed(&folder, 300, Vec::new()).await;
    let key = open.ledger.verifier_key().unwrap().to_string();
    let client = Client::of(&open, AUDITOR);
    let (first, vkey) = (client.clone(), key.clone());
    let older = wait(move || first.checkpoint(&vkey)).await;
    open.grow(500).await;
    covered(&open).await;
    let head = open.ledger.snapshot().position().0;
    wait(move || {
        let newer = client.checkpoint(&key);
        let (size, root) = (newer.size(), *newer.hash());
        assert_eq!(size, head);
        assert!(older.size() > 256 && size > 768, "a second level, and full and partial tiles");
        // Every hash that this reader gives was proven to be in the tree of that root.
        let tree = TileHashReader::new(size, root, &client);
        assert_eq!(tree_hash(size, &tree).unwrap(), root);
        assert_eq!(tree_hash(older.size(), &tree).unwrap(), *older.hash(), "the old is in the new");
        let mut index = 0;
        for bundle in 0..=(size - 1) / 256 {
            let width = (size - bundle * 256).min(256);
            let partial = if width == 256 { String::new() } else { format!(".p/{width}") };
            let entries = client.entries(&format!("/log/tile/entries/{bundle:03}{partial}"));
            assert_eq!(entries.len() as u64, width);
            let indexes: Vec<_> =
                (index..index + width).map(|leaf| stored_hash_index(0, leaf)).collect();
            let leaves = tree.read_hashes(&indexes).unwrap();
            for (entry, leaf) in entries.iter().zip(leaves) {
                assert_eq!(record_hash(entry), leaf, "at {index}");
                index += 1;
            }
            let last = index - 1;
            let proof = prove_record(size, last, &tree).unwrap();
            let leaf = record_hash(entries.last().unwrap());
            check_record(&proof, size, root, last, leaf).unwrap();
        }
        assert_eq!(index, size);
    })
    .await;
}

#[tokio::test]
async fn a_place_has_one_path_and_the_headers_of_the_specification() {
    let folder = tempfile::tempdir().unwrap();
    let open = signed(&folder, 520, Vec::new()).await;
    let head = open.ledger.snapshot().position().0;
    let client = Client::of(&open, AUDITOR);
    wait(move || {
        let checkpoint = client.get("/log/checkpoint");
        assert_eq!(checkpoint.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(checkpoint.header("cache-control"), "no-store");
        let rest = head % 256;
        let narrow = rest - 1;
        for (path, bytes) in [
            ("/log/tile/0/000".to_owned(), 8_192),
            ("/log/tile/entries/001".to_owned(), 256 * (2 + 65)),
            (format!("/log/tile/0/002.p/{rest}"), rest * 32),
            (format!("/log/tile/0/002.p/{narrow}"), narrow * 32),
            (format!("/log/tile/entries/002.p/{rest}"), rest * (2 + 65)),
            (format!("/log/tile/entries/002.p/{narrow}"), narrow * (2 + 65)),
            ("/log/tile/1/000.p/2".to_owned(), 64),
            ("/log/tile/1/000.p/1".to_owned(), 32),
            // As it was before it was full.
            ("/log/tile/0/000.p/255".to_owned(), 255 * 32),
            ("/log/tile/entries/000.p/1".to_owned(), 2 + 65),
        ] {
            let reply = client.get(&path);
            assert_eq!(reply.status, 200, "{path}");
            assert_eq!(reply.header("content-type"), "application/octet-stream", "{path}");
            assert_eq!(
                reply.header("cache-control"),
                "private, max-age=31536000, immutable",
                "{path}"
            );
            assert_eq!(reply.body.len() as u64, bytes, "{path}");
            if let Some((full, _)) = path.split_once("000.p/")
                && full.ends_with("/0/")
            {
                assert!(client.get("/log/tile/0/000").body.starts_with(&reply.body));
            }
        }
        let wide = rest + 1;
        for path in [
            &format!("/log/tile/0/002.p/{wide}"),
            &format!("/log/tile/entries/002.p/{wide}"),
            "/log/tile/0/002",
            "/log/tile/entries/002",
            "/log/tile/1/000",
            "/log/tile/1/000.p/3",
            "/log/tile/0/003.p/1",
            "/log/tile/2/000.p/1",
            "/log/tile/0/000.p/0",
            "/log/tile/0/000.p/256",
            "/log/tile/0/000.p/01",
            "/log/tile/0/0",
            "/log/tile/00/000",
            "/log/tile/0/x000/000",
            "/log/tile/0/%30%30%30",
            "/log/tile/entries/1",
            "/log/tile/64/000",
            "/log/tile/data/000",
            "/log/tile/0",
            "/log/",
        ] {
            assert_eq!(client.status(path), 404, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_read_and_write_below_log_goes_by_the_role() {
    let folder = tempfile::tempdir().unwrap();
    let open = signed(&folder, 1, Vec::new()).await;
    let clients: Vec<_> =
        Role::ALL.iter().map(|role| (*role, Client::of(&open, (NOMS, *role)))).collect();
    let stranger = Client { token: "nobody's".to_owned(), ..clients[0].1.clone() };
    wait(move || {
        let paths = ["/log/checkpoint", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"];
        for (role, client) in clients {
            let found = paths.map(|path| client.status(path));
            let cosigning = client.cosign("no signature").status;
            let (checkpoint, digests, cosigns) = match role {
                Role::OffenderManager | Role::LinkWorker | Role::Caseworker | Role::Mentor => {
                    (403, 403, 403)
                }
                Role::Board => (200, 403, 403),
                Role::ProviderLead
                | Role::Police
                | Role::Housing
                | Role::Commissioner
                | Role::DataProtectionOfficer => (200, 200, 403),
                Role::Auditor | Role::Witness => (200, 200, 400),
            };
            assert_eq!(found, [checkpoint, digests, digests], "{role:?}");
            assert_eq!(cosigning, cosigns, "{role:?}");
        }
        assert_eq!(paths.map(|path| stranger.status(path)), [401; 3]);
        assert_eq!(stranger.cosign("").status, 401);
    })
    .await;
}

#[tokio::test]
async fn without_a_key_there_is_a_tree_and_no_checkpoint() {
    let open = Partnership::open().await;
    let client = Client::of(&open, AUDITOR);
    wait(move || {
        assert_eq!(client.status("/log/checkpoint"), 404);
        assert_eq!(client.cosign("— a AAAAAAA=\n").status, 404);
        assert_eq!(client.status("/log/tile/0/000.p/1"), 200);
        let info: serde_json::Value = serde_json::from_slice(&client.get("/info").body).unwrap();
        assert!(info["checkpointPosition"].is_null(), "{info}");
    })
    .await;
}

#[tokio::test]
async fn the_node_says_how_far_it_has_signed() {
    let folder = tempfile::tempdir().unwrap();
    let open = signed(&folder, 20, Vec::new()).await;
    let head = open.ledger.snapshot().position().to_string();
    let client = Client::of(&open, AUDITOR);
    wait(move || {
        let info: serde_json::Value = serde_json::from_slice(&client.get("/info").body).unwrap();
        assert_eq!(info["checkpointPosition"], head.as_str());
        let metrics = client.get("/metrics");
        let line = format!("\ntallystick_checkpoint_position {head}\n");
        assert!(metrics.text().contains(&line), "{}", metrics.text());
        let page = client.get("/");
        for path in ["/log/checkpoint", "/log/tile/", "/log/tile/entries/", "/log/cosignatures"] {
            assert!(page.text().contains(path), "{path}");
        }
    })
    .await;
}

/// A witness (tlog-cosignature, "Format"), by the letter.
pub(crate) struct Cosigner {
    name: &'static str,
    key: SigningKey,
}

impl Cosigner {
    pub(crate) fn new(name: &'static str) -> Self {
        let seed: [u8; 32] = Sha256::digest(name).into();
        Self { name, key: SigningKey::from_bytes(&seed) }
    }

    fn id(&self) -> [u8; 4] {
        let typed = [&[4], self.key.verifying_key().as_bytes()[..].as_ref()].concat();
        let hash = Sha256::digest([self.name.as_bytes(), b"\n", &typed].concat());
        [hash[0], hash[1], hash[2], hash[3]]
    }

    pub(crate) fn vkey(&self) -> VerifierKey {
        let typed = [&[4], self.key.verifying_key().as_bytes()[..].as_ref()].concat();
        let id = u32::from_be_bytes(self.id());
        format!("{}+{id:08x}+{}", self.name, STANDARD.encode(typed)).parse().unwrap()
    }

    /// The signature line for a note.
    pub(crate) fn cosign(&self, note: &str, seconds: u64) -> String {
        let (text, _) = note.split_once("\n\n").unwrap();
        let message = format!("cosignature/v1\ntime {seconds}\n{text}\n");
        let signature = self.key.sign(message.as_bytes()).to_bytes();
        let bytes = [&self.id()[..], &seconds.to_be_bytes(), &signature].concat();
        format!("— {} {}\n", self.name, STANDARD.encode(bytes))
    }
}

#[tokio::test]
async fn a_cosignature_of_a_known_witness_is_taken_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let (known, unknown) = (Cosigner::new("yss.example/w1"), Cosigner::new("other.example"));
    let open = signed(&folder, 3, vec![known.vkey()]).await;
    let client = Client::of(&open, WITNESS);
    wait(move || {
        let note = client.get("/log/checkpoint").text().to_owned();
        let line = known.cosign(&note, 1_254_394_800);
        let refused = |lines: &str, status: u16, why: &str| {
            let reply = client.cosign(lines);
            assert_eq!(reply.status, status, "{}", reply.text());
            assert!(reply.text().contains(why), "{}", reply.text());
            assert_eq!(client.get("/log/checkpoint").text(), note, "nothing was added");
        };
        refused(&unknown.cosign(&note, 1), 403, "told of");
        refused("no signature\n", 400, "not a signature line");
        refused(line.trim_end(), 400, "signature lines");
        refused(&known.cosign(&note.replacen("log.", "lag.", 1), 1), 400, "cosign it");
        let json = client.send("POST", "/log/cosignatures", "application/json", line.as_bytes());
        assert_eq!(json.status, 415);
        let huge = "x".repeat(300 * 1024);
        assert_eq!(client.cosign(&huge).status, 413);
        let taken = client.cosign(&format!("{}{line}", unknown.cosign(&note, 1)));
        let size = note.lines().nth(1).unwrap();
        assert_eq!((taken.status, taken.text()), (200, format!("{size}\n").as_str()));
        assert_eq!(taken.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(client.get("/log/checkpoint").text(), format!("{note}{line}"));
    })
    .await;
}
