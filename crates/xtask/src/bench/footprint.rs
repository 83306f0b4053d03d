//! What a ledger of a million events takes: on disk, and in the memory of a process that serves it.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sha2::{Digest, Sha256};
use tallystick_api::EventWriter;
use tallystick_domain::Role;
use tallystick_domain::envelope::Stored;
use tallystick_domain::id::LedgerId;
use tallystick_log::{CommitNumber, Log, ReadBudget, wait};
use tallystick_views::Scope;

use super::figure::{Figure, Sample, Target};
use super::load::Load;
use super::node::{EPOCH_KEY, SAVEPOINT, TILES, VAULT, as_f64, open_log};
use super::partnership::trusts;
use super::request::{AGENCY_HOME, ask, token};
use super::stock::bytes;

/// All files of the folder, which 64 callers have loaded. An event may take 250 bytes, or 0.7 of its
/// JSON if that is more. Its JSON is its line in a partner's export: the attributes of the envelope
/// and the data, each once, without the stored record (and its salts) that only an auditor's has.
pub(super) const DISK: Figure = Figure::new("bytes_per_event_disk", "bytes", |bench| {
    let stock = bench.stock()?;
    let events = as_f64(stock.position);
    let log = open_log(&stock.folder)?;
    let Contents { blocks, block_bytes, json_bytes } = contents(&log)?;
    let (taken, json) = (as_f64(bytes(&stock.folder)?) / events, as_f64(json_bytes) / events);
    let allowed = (0.7 * json).max(250.0);
    Ok(vec![
        Sample::new(taken)
            .beside("json", json)
            .beside("allowed", allowed)
            .beside("of_allowed", taken / allowed)
            .beside("log", as_f64(bytes(&stock.folder.join("log"))?) / events)
            .beside("blocks", as_f64(block_bytes) / events)
            .beside("vault", as_f64(bytes(&stock.folder.join(VAULT))?) / events)
            .beside("savepoint", as_f64(bytes(&stock.folder.join(SAVEPOINT))?) / events)
            .beside("tiles", as_f64(bytes(&stock.folder.join(TILES))?) / events)
            .beside("events_a_block", events / as_f64(blocks))
            .beside("loaded_per_s", stock.loaded_per_s),
    ])
})
.beside(&[("of_allowed", Target::AtMost(1.0))]);

/// The binary, serving a copy of the folder: after a start from the savepoint and a look at every
/// trust's home.
pub(super) const RSS: Figure = Figure::new("rss_mib", "MiB", |bench| {
    let binary = bench.binary()?;
    let folder = bench.folder("served")?;
    bench.stock()?.copy_to(&folder)?;
    let from_savepoint = Served::start(&binary, &folder)?;
    let at_once = from_savepoint.mib("VmRSS:")?;
    from_savepoint.ask_homes()?;
    let asked = from_savepoint.mib("VmRSS:")?;
    let peak = from_savepoint.mib("VmHWM:")?;
    drop(from_savepoint);
    fs::remove_file(folder.join(SAVEPOINT)).context("there is no savepoint")?;
    let from_log = Served::start(&binary, &folder)?;
    from_log.ask_homes()?;
    Ok(vec![
        Sample::new(asked)
            .beside("before_any_request_mib", at_once)
            .beside("peak_mib", peak)
            .beside("without_savepoint_mib", from_log.mib("VmRSS:")?)
            .beside("without_savepoint_peak_mib", from_log.mib("VmHWM:")?),
    ])
})
.target(Target::AtMost(350.0));

/// What is in a log.
#[derive(Default)]
struct Contents {
    blocks: u64,
    block_bytes: u64,
    /// Lines of a partner's export, with their line feeds.
    json_bytes: u64,
}

fn contents(log: &impl Log) -> Result<Contents> {
    let (mut after, mut contents) = (CommitNumber::ZERO, Contents::default());
    // Every ledger's identifier is as long, and a line is the same for all who do not read records.
    let partner = trusts().next().context("there are no trusts")?;
    let mut writer =
        EventWriter::new(LedgerId([0; 16]), Scope::new(partner, Role::OffenderManager));
    let (mut buffer, mut line) = (Vec::new(), Vec::new());
    loop {
        let blocks = wait(log.read(after, ReadBudget::default()))?;
        let Some(last) = blocks.last() else { return Ok(contents) };
        after = last.number();
        for block in &blocks {
            contents.blocks += 1;
            contents.block_bytes += block.bytes().len() as u64;
            for stored in block.scan(&mut buffer)? {
                line.clear();
                writer.write(&Stored::read(stored.header, stored.body)?, &mut line);
                contents.json_bytes += line.len() as u64;
            }
        }
    }
}

/// The binary in a process of its own.
struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let tokens = folder.join("tokens");
        if !tokens.exists() {
            write_tokens(&tokens)?;
        }
        // Free a moment ago; nobody else takes ports here.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let child = Command::new(binary)
            .arg("serve")
            .args(["--listen", &address.to_string(), "--log-level", "warn"])
            .arg("--data")
            .arg(folder)
            .arg("--tokens")
            .arg(&tokens)
            .arg("--epoch-key")
            .arg(folder.join(EPOCH_KEY))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut served = Self { child, address };
        let deadline = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(address).is_err() || served.ask_homes().is_err() {
            if let Some(status) = served.child.try_wait()? {
                anyhow::bail!("{} ended: {status}", binary.display());
            }
            ensure!(Instant::now() < deadline, "the binary does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(served)
    }

    fn ask_homes(&self) -> Result<()> {
        let requests = trusts()
            .map(|trust| ask(&token(trust, Role::OffenderManager), AGENCY_HOME, &json!({})))
            .collect();
        let load = Load::again(self.address, 1, requests);
        Load { expected: br#""counts""#, duration: Duration::from_millis(300), ..load }.run()?;
        Ok(())
    }

    /// A line of the process's status, which counts in KiB.
    fn mib(&self, line: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib = status.lines().find_map(|it| it.strip_prefix(line)).context("no such line")?;
        let kib: u32 = kib.trim().trim_end_matches(" kB").parse()?;
        Ok(f64::from(kib) / 1024.0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Nothing was written, so there is nothing to finish.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A token file for the binary.
fn write_tokens(path: &Path) -> Result<()> {
    let entries: Vec<_> = trusts()
        .map(|trust| {
            let token = token(trust, Role::OffenderManager);
            let digest = Sha256::digest(token.as_bytes());
            let digest = digest.iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            json!({
                "token_sha256": digest, "principal": "bench", "agency": trust.to_string(),
                "role": Role::OffenderManager.as_str(),
            })
        })
        .collect();
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(serde_json::to_string(&entries)?.as_bytes())?;
    Ok(())
}
