//! `tallystick replay`: folds a ledger from nothing and says what came out, so that anybody with a
//! copy can check what a node shows.

use crate::bundle::{Bundle, Held};
use crate::cli::Replay;
use crate::init::hex;
use crate::node::options_if_new;
use crate::observe::{self, Meter};
use crate::remote::Remote;
use crate::settings::LogFormat;
use anyhow::{Context as _, bail, ensure};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;
use tallystick_domain::id::AgencyId;
use tallystick_domain::{Envelope, Position, Role};
use tallystick_ledger::replay;
use tallystick_log::{BlockBuilder, CommitNumber, Log, LogIdentity, MemoryLog, wait};
use tallystick_log_sled::SledLog;
use tallystick_views::{List, Scope, Snapshot};

/// Folds and prints.
pub(crate) fn run(flags: &Replay) -> anyhow::Result<()> {
    observe::start(LogFormat::Text, "warn")?;
    let node = match (&flags.url, &flags.token_file) {
        (Some(url), Some(token)) => {
            let url = url.trim_end_matches('/').trim_end_matches("/graphql");
            Some(Remote::new(url, token, flags.ca.as_deref())?)
        }
        _ => None,
    };
    let mut meter = Meter::new("folding");
    let upto = flags.as_of.map(Position);
    let log = match (&flags.data, &flags.export, &flags.from_bundle) {
        (Some(data), _, _) => open(data)?,
        (_, Some(export), _) => pack_export(export)?,
        (_, _, Some(bundle)) => pack_bundle(&Bundle::open(bundle)?)?,
        (None, None, None) => bail!("neither --data nor --export nor --from-bundle is given"),
    };
    let snapshot = replay(&log, upto, |progress| meter.at(progress.position.0, progress.head.0))?;
    drop(meter);
    print(&snapshot);
    node.map_or(Ok(()), |node| compare(&snapshot, &node))
}

/// Opens the log of a folder that must exist: a tool must not make what it was to look at.
pub(crate) fn open(data: &Path) -> anyhow::Result<Arc<dyn Log>> {
    ensure!(data.join("log").is_dir(), "{} holds no ledger", data.display());
    let mut options = options_if_new()?;
    options.scrub = None;
    Ok(Arc::new(SledLog::open(data, &options)?))
}

/// Packs the records of an export into a log in memory, block by block as they were.
fn pack_export(path: &Path) -> anyhow::Result<Arc<dyn Log>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut packing = Packing::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let place = || format!("{} line {}", path.display(), number + 1);
        let (header, body) = tallystick_api::record_of(&line?).with_context(place)?;
        packing.take(&header, &body).with_context(place)?;
    }
    packing.into_log()
}

/// The same of a bundle.
pub(crate) fn pack_bundle(bundle: &Bundle) -> anyhow::Result<Arc<dyn Log>> {
    let size = bundle.checkpoint()?.head().size;
    let mut packing = Packing::new();
    for index in 0.. {
        let place = || format!("file {index} of the bundle's records");
        let Some(file) = bundle.records(index, size).with_context(place)? else { break };
        for held in file.iter() {
            let record = match held.with_context(place)? {
                Held::Whole(record) => record,
                Held::Digests { position, .. } => bail!(
                    "the bundle withholds records (the first is at position {position}), and what \
                     a case came to can only be folded from all of its records: ask for a bundle \
                     that holds everything"
                ),
            };
            packing.take(record.header, record.body).with_context(place)?;
        }
    }
    packing.into_log()
}

/// A log in memory that is being filled, and the block of its next commit.
struct Packing {
    log: MemoryLog,
    builder: BlockBuilder,
    commit: u64,
    /// Position of the next record.
    next: u64,
}

impl Packing {
    fn new() -> Self {
        let log = MemoryLog::new(LogIdentity::new([0; 32]));
        Self { log, builder: BlockBuilder::new(), commit: 1, next: 1 }
    }

    fn take(&mut self, header: &[u8], body: &[u8]) -> anyhow::Result<()> {
        let Envelope { position, commit, .. } = Envelope::decode(header)?;
        ensure!(
            position.0 == self.next,
            "position {position} where {} should be: an export has to begin at the beginning and leave nothing out",
            self.next
        );
        if commit != self.commit {
            self.end_block()?;
            self.commit = commit;
        }
        self.builder.push(header, body)?;
        self.next += 1;
        Ok(())
    }

    fn end_block(&mut self) -> anyhow::Result<()> {
        let count = self.builder.count() as u64;
        if count > 0 {
            let head = *self.log.head().borrow();
            let number = CommitNumber::new(self.commit);
            let block = self.builder.finish(number, self.next - count, head.digest);
            wait(self.log.append(head.commit, block))?;
        }
        Ok(())
    }

    fn into_log(mut self) -> anyhow::Result<Arc<dyn Log>> {
        self.end_block()?;
        Ok(Arc::new(self.log))
    }
}

/// Counts, then the digest of every view, agency by agency.
fn print(snapshot: &Snapshot) {
    let everything = Scope::new(AgencyId([0; 16]), Role::Auditor);
    let view = snapshot.view(everything);
    println!("position    {}", snapshot.position());
    println!("commit      {}", snapshot.commit());
    println!("cases       {}", snapshot.case_count());
    println!("people      {}", view.count(List::People));
    println!(
        "referrals   {} ({} waiting for a decision)",
        view.count(List::Referrals),
        view.count(List::Inbox)
    );
    println!(
        "placements  {} ({} booked or going on)",
        view.count(List::Placements),
        view.count(List::LivePlacements)
    );
    println!(
        "sentences   {} active, {} with a breach under way",
        view.count(List::Caseload),
        view.count(List::Enforcement)
    );
    println!("agreements  {}", view.count(List::Agreements));
    println!();
    println!("{}  the whole ledger (auditor, commissioner)", hex(&snapshot.digest(everything)));
    for (_, agency) in view.agencies(..) {
        // Of an agency's roles the one that reads most; others hold less of the people whom the
        // agency is responsible for.
        let scope = Scope::new(agency.id, Role::OffenderManager);
        let name = agency.latest().map_or("", |facts| facts.name.as_str());
        println!("{}  {}  {name}", hex(&snapshot.digest(scope)), agency.id);
    }
}

/// Asks a running node for its digest at the same position.
fn compare(snapshot: &Snapshot, node: &Remote) -> anyhow::Result<()> {
    let query = format!(
        "{{ viewer {{ agency {{ id }} role }} ledger(asOf: {{ position: \"{}\" }}) {{ digest }} }}",
        snapshot.position()
    );
    let (url, answer) = (node.url(), node.query(&query)?);
    let text = |path: &str| answer.pointer(path).and_then(serde_json::Value::as_str);
    let (Some(agency), Some(role), Some(theirs)) =
        (text("/data/viewer/agency/id"), text("/data/viewer/role"), text("/data/ledger/digest"))
    else {
        bail!("{url} gave no digest: {answer}");
    };
    let role = Role::ALL.iter().copied().find(|known| known.as_str().eq_ignore_ascii_case(role));
    let role = role.with_context(|| format!("{url} answered with a role that is not known"))?;
    let ours = hex(&snapshot.digest(Scope::new(agency.parse()?, role)));
    println!();
    ensure!(ours == theirs, "the node's digest is {theirs}, this replay's is {ours}: they differ");
    println!("the node at {url} shows the same digest for {agency}: {ours}");
    Ok(())
}
