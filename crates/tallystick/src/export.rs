//! `tallystick export`, `schema` and `config`: what is printed and not served.

use crate::bundle;
use crate::cli::{Export, Serve};
use crate::observe::{self, Meter};
use crate::replay;
use crate::settings::{self, LogFormat};
use anyhow::Context as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use tallystick_api::EventWriter;
use tallystick_domain::envelope::Stored;
use tallystick_domain::id::{AgencyId, LedgerId};
use tallystick_domain::{EventType, Position, Role};
use tallystick_log::{CommitNumber, Log, ReadBudget, wait};
use tallystick_tally::Checkpoint;
use tallystick_views::Scope;

/// Writes every event after a position, one `CloudEvent` a line.
pub(crate) fn run(flags: &Export) -> anyhow::Result<()> {
    observe::start(LogFormat::Text, "warn")?;
    let log = replay::open(&flags.data)?;
    if let Some(folder) = &flags.bundle {
        return write_bundle(&*log, &flags.data.join("checkpoint"), folder);
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
fn write_bundle(log: &dyn Log, checkpoint: &Path, folder: &Path) -> anyhow::Result<()> {
    let signed = fs::read(checkpoint).with_context(|| {
        format!(
            "{} cannot be read, and a bundle is what a signed checkpoint covers: serve the ledger \
             with --signing-key first",
            checkpoint.display()
        )
    })?;
    let signed = Checkpoint::parse(&signed)
        .with_context(|| format!("{} is damaged", checkpoint.display()))?;
    let size = signed.head().size;
    let mut writer = bundle::Writer::create(folder, signed)?;
    let mut meter = Meter::new("exporting");
    let head = *log.head().borrow();
    let (mut at, mut buffer) = (CommitNumber::ZERO, Vec::new());
    while at < head.commit && !writer.is_full() {
        for block in wait(log.read(at, ReadBudget::default()))? {
            for record in block.scan(&mut buffer)? {
                if !writer.is_full() {
                    writer.take(&record)?;
                }
            }
            at = block.number();
            meter.at(block.last_position(), head.last_position);
        }
    }
    writer.finish()?;
    drop(meter);
    println!("The bundle in {} has the {size} records that were signed.", folder.display());
    let later = head.last_position - size.get();
    if later > 0 {
        println!("{later} later records are not in it: no checkpoint covers them yet.");
    }
    Ok(())
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
