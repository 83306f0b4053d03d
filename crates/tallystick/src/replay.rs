//! `tallystick replay`: folds a ledger from nothing and says what came out, so that anybody with a
//! copy can check what a node shows.

use crate::cli::Replay;
use crate::init::hex;
use crate::node::options_if_new;
use crate::observe::{self, Meter};
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
    let mut meter = Meter::new("folding");
    let upto = flags.as_of.map(Position);
    let snapshot = match (&flags.data, &flags.export) {
        (Some(data), _) => {
            let log = open(data)?;
            replay(&log, upto, |progress| meter.at(progress.position.0, progress.head.0))?
        }
        (None, Some(export)) => fold_export(export, upto, &mut meter)?,
        (None, None) => bail!("neither --data nor --export is given"),
    };
    drop(meter);
    print(&snapshot);
    if let (Some(url), Some(token_file)) = (&flags.url, &flags.token_file) {
        compare(&snapshot, url, token_file)?;
    }
    Ok(())
}

/// Opens the log of a folder that must exist: a tool must not make what it was to look at.
pub(crate) fn open(data: &Path) -> anyhow::Result<Arc<dyn Log>> {
    ensure!(data.join("log").is_dir(), "{} holds no ledger", data.display());
    let mut options = options_if_new()?;
    options.scrub = None;
    Ok(Arc::new(SledLog::open(data, &options)?))
}

/// Packs the records of an export into a log in memory, block by block as they were, and folds it.
fn fold_export(path: &Path, upto: Option<Position>, meter: &mut Meter) -> anyhow::Result<Snapshot> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let log = MemoryLog::new(LogIdentity::new([0; 32]));
    let mut block = Packing { builder: BlockBuilder::new(), commit: 1, next: 1, log: &log };
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let place = || format!("{} line {}", path.display(), number + 1);
        let (header, body) = tallystick_api::record_of(&line?).with_context(place)?;
        let envelope = Envelope::decode(&header).with_context(place)?;
        ensure!(
            envelope.position.0 == block.next,
            "{}: position {} where {} should be: an export has to begin at the beginning and leave nothing out",
            place(),
            envelope.position,
            block.next
        );
        block.take(envelope.commit, &header, &body).with_context(place)?;
    }
    block.finish()?;
    let log: Arc<dyn Log> = Arc::new(log);
    Ok(replay(&log, upto, |progress| meter.at(progress.position.0, progress.head.0))?)
}

/// A block that is being filled with the records of one commit.
struct Packing<'a> {
    builder: BlockBuilder,
    commit: u64,
    /// Position of the next record.
    next: u64,
    log: &'a MemoryLog,
}

impl Packing<'_> {
    fn take(&mut self, commit: u64, header: &[u8], body: &[u8]) -> anyhow::Result<()> {
        if commit != self.commit {
            self.finish()?;
            self.commit = commit;
        }
        self.builder.push(header, body)?;
        self.next += 1;
        Ok(())
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        let count = self.builder.count() as u64;
        if count > 0 {
            let head = *self.log.head().borrow();
            let number = CommitNumber::new(self.commit);
            let block = self.builder.finish(number, self.next - count, head.digest);
            wait(self.log.append(head.commit, block))?;
        }
        Ok(())
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
        let scope = Scope::new(agency.id, Role::ProviderLead);
        let name = agency.latest().map_or("", |facts| facts.name.as_str());
        println!("{}  {}  {name}", hex(&snapshot.digest(scope)), agency.id);
    }
}

/// Asks a running node for its digest at the same position.
fn compare(snapshot: &Snapshot, url: &str, token_file: &Path) -> anyhow::Result<()> {
    let token = std::fs::read_to_string(token_file)
        .with_context(|| format!("cannot read {}", token_file.display()))?;
    let query = format!(
        "{{ viewer {{ agency {{ id }} role }} ledger(asOf: {{ position: \"{}\" }}) {{ digest }} }}",
        snapshot.position()
    );
    let url = format!("{}/graphql", url.trim_end_matches('/').trim_end_matches("/graphql"));
    let mut answer = ureq::post(&url)
        .header("authorization", format!("Bearer {}", token.trim()))
        .send_json(serde_json::json!({ "query": query }))
        .with_context(|| format!("cannot ask {url}"))?;
    let answer: serde_json::Value = answer.body_mut().read_json()?;
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
