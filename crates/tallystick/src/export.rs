//! `tallystick export`, `schema` and `config`: what is printed and not served.

use crate::bundle;
use crate::cli::{Export, Serve};
use crate::observe::{self, Meter};
use crate::replay;
use crate::settings::{self, LogFormat};
use anyhow::{Context as _, ensure};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use tallystick_api::EventWriter;
use tallystick_domain::agency::Agency;
use tallystick_domain::envelope::Stored;
use tallystick_domain::id::{AgencyId, LedgerId};
use tallystick_domain::{Envelope, EventType, Position, Role};
use tallystick_log::{CommitNumber, Log, ReadBudget, Record, wait};
use tallystick_tally::Checkpoint;
use tallystick_views::{Scope, Snapshot};

/// Writes every event after a position, one `CloudEvent` a line.
pub(crate) fn run(flags: &Export) -> anyhow::Result<()> {
    observe::start(LogFormat::Text, "warn")?;
    let log = replay::open(&flags.data)?;
    if let Some(folder) = &flags.bundle {
        return write_bundle(&log, flags, folder);
    }
    let out: Box<dyn Write> = match &flags.out {
        Some(path) => Box::new(
            File::create(path).with_context(|| format!("cannot create {}", path.display()))?,
        ),
        None => Box::new(std::io::stdout().lock()),
    };
    write_events(&*log, Position(flags.after), &mut BufWriter::with_capacity(1 << 20, out))
}

/// Everything that a checkpoint covers, with what it takes to verify it.
fn write_bundle(log: &Arc<dyn Log>, flags: &Export, folder: &Path) -> anyhow::Result<()> {
    let checkpoint = flags.data.join("checkpoint");
    let signed = fs::read(&checkpoint).with_context(|| {
        format!(
            "{} cannot be read, and a bundle is what a signed checkpoint covers: serve the ledger \
             with --signing-key first",
            checkpoint.display()
        )
    })?;
    let signed = Checkpoint::parse(&signed)
        .with_context(|| format!("{} is damaged", checkpoint.display()))?;
    let size = signed.head().size;
    let reader = match (flags.agency, flags.role) {
        (Some(agency), Some(role)) => Some(Reader::of(log, Scope::new(agency, role))?),
        _ => None,
    };
    let mut writer = bundle::Writer::create(folder, signed)?;
    let mut meter = Meter::new("exporting");
    let head = *log.head().borrow();
    let (mut at, mut buffer, mut withheld) = (CommitNumber::ZERO, Vec::new(), 0);
    while at < head.commit && !writer.is_full() {
        for block in wait(log.read(at, ReadBudget::default()))? {
            for record in block.scan(&mut buffer)? {
                if writer.is_full() {
                    break;
                }
                match &reader {
                    Some(reader) if !reader.sees(&record)? => {
                        writer.withhold(&record)?;
                        withheld += 1;
                    }
                    _ => writer.take(&record)?,
                }
            }
            at = block.number();
            meter.at(block.last_position(), head.last_position);
        }
    }
    writer.finish()?;
    drop(meter);
    println!("The bundle in {} has the {size} records that were signed.", folder.display());
    if let Some(reader) = reader {
        println!(
            "{withheld} of them are not for {} to see: their digests stand in for them.",
            reader.name
        );
    }
    let later = head.last_position - size.get();
    if later > 0 {
        println!("{later} later records are not in it: no checkpoint covers them yet.");
    }
    Ok(())
}

/// Whom a bundle is for, and what that is allowed to see: today, also of what is long past, as
/// everywhere else.
struct Reader {
    snapshot: Snapshot,
    scope: Scope,
    name: String,
}

impl Reader {
    fn of(log: &Arc<dyn Log>, scope: Scope) -> anyhow::Result<Self> {
        let (agency, role) = (scope.agency(), scope.role().as_str());
        ensure!(
            tallystick_api::may_have_digests(scope.role()),
            "the role {role} may not have digests, of which every bundle has all"
        );
        let mut meter = Meter::new("folding");
        let snapshot =
            tallystick_ledger::replay(log, None, |at| meter.at(at.position.0, at.head.0))?;
        let described = snapshot.view(scope).agency(agency).and_then(Agency::latest);
        let name = described.map(|facts| format!("{} ({agency}) as {role}", facts.name.as_str()));
        let name = name.with_context(|| format!("no agency {agency} is in this ledger"))?;
        Ok(Self { snapshot, scope, name })
    }

    fn sees(&self, record: &Record<'_>) -> anyhow::Result<bool> {
        let stream = Envelope::decode(record.header)?.stream;
        Ok(self.snapshot.view(self.scope).holds(stream))
    }
}

/// Every event after a position, block by block.
fn write_events(log: &dyn Log, after: Position, out: &mut impl Write) -> anyhow::Result<()> {
    let mut meter = Meter::new("exporting");
    let head = *log.head().borrow();
    let everything = Scope::new(AgencyId([0; 16]), Role::Auditor);
    let mut writer = None;
    let mut lines = Vec::new();
    let mut at = CommitNumber::ZERO;
    while at < head.commit {
        for block in wait(log.read(at, ReadBudget::default()))? {
            for record in &block.records()? {
                let stored = Stored::read(record.header, record.body)?;
                if stored.envelope.event_type == EventType::LedgerOpened {
                    let ledger = LedgerId(stored.envelope.stream.id);
                    writer = Some(EventWriter::new(ledger, everything));
                }
                let writer = writer.as_mut().context("the log does not begin with its opening")?;
                if stored.envelope.position > after {
                    writer.write(&stored, &mut lines);
                }
            }
            out.write_all(&lines)?;
            lines.clear();
            at = block.number();
            meter.at(block.last_position(), head.last_position);
        }
    }
    Ok(out.flush()?)
}

/// Prints the GraphQL schema.
pub(crate) fn schema() -> anyhow::Result<()> {
    std::io::stdout().write_all(tallystick_api::sdl().as_bytes())?;
    Ok(())
}

/// Prints every setting, its value and where it came from.
pub(crate) fn config(flags: &Serve) -> anyhow::Result<()> {
    let table = settings::table(&settings::figment(flags.config.as_deref(), flags));
    Ok(std::io::stdout().write_all(table.as_bytes())?)
}
