//! `tallystick export`, `schema` and `config`: what is printed and not served.

use crate::cli::{Export, Serve};
use crate::observe::{self, Meter};
use crate::replay;
use crate::settings::{self, LogFormat};
use anyhow::Context as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use tallystick_api::EventWriter;
use tallystick_domain::envelope::Stored;
use tallystick_domain::id::{AgencyId, LedgerId};
use tallystick_domain::{EventType, Position, Role};
use tallystick_log::{CommitNumber, Log, ReadBudget, wait};
use tallystick_views::Scope;

/// Writes every event after a position, one `CloudEvent` a line.
pub(crate) fn run(flags: &Export) -> anyhow::Result<()> {
    observe::start(LogFormat::Text, "warn")?;
    let log = replay::open(&flags.data)?;
    let out: Box<dyn Write> = match &flags.out {
        Some(path) => Box::new(
            File::create(path).with_context(|| format!("cannot create {}", path.display()))?,
        ),
        None => Box::new(std::io::stdout().lock()),
    };
    write_events(&*log, Position(flags.after), &mut BufWriter::with_capacity(1 << 20, out))
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
pub(crate) fn config(flags: &Serve) {
    print!("{}", settings::table(&settings::figment(flags.config.as_deref(), flags)));
}
