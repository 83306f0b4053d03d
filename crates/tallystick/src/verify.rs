//! `tallystick verify`: whether a ledger is what was signed, told offline to whoever brings the keys
//! and what they kept: older checkpoints, receipts.
//!
//! In this order: signatures and quorum → digests → root → what is stored beside the records →
//! every other checkpoint and receipt → numbers. Exit code 0: sound; 1: tampered, with the first
//! bad position; 2: it cannot be told, and why.

mod census;
mod evidence;
mod pass;
mod report;
mod source;
mod trust;

use crate::bundle::Bundle;
use crate::cli::Verify;
use crate::init::hex;
use crate::observe::{self, Meter};
use crate::remote::Remote;
use crate::settings::LogFormat;
use anyhow::bail;
use evidence::Evidence;
use pass::{Numbers, Passed, Withheld};
use report::{Report, Verdict, count, records};
use source::{Source, Stop};
use std::io::{self, Write as _};
use std::process::ExitCode;
use tallystick_domain::Role;
use tallystick_domain::id::AgencyId;
use tallystick_ledger::{replay, saved};
use tallystick_log::ReadError;
use tallystick_log_sled::OpenError;
use tallystick_tally::TreeSize;
use tallystick_views::Scope;
use trust::Trust;

/// Verifies and says what was found. What keeps it from being done is no finding: exit code 2.
pub(crate) fn run(flags: &Verify) -> ExitCode {
    match observe::start(LogFormat::Text, "error").and_then(|()| verify(flags)) {
        Ok(report) => {
            // Whoever does not read on still gets the exit code.
            let _ = write!(io::stdout(), "{report}");
            report.verdict().exit_code()
        }
        Err(error) => {
            let _ = writeln!(io::stdout(), "RESULT: cannot tell, because:\n  - {error:#}");
            Verdict::CannotTell.exit_code()
        }
    }
}

fn verify(flags: &Verify) -> anyhow::Result<Report> {
    let trust = Trust::read(&flags.trust)?;
    let folder = flags.data.as_ref().or(flags.bundle.as_ref());
    let title = match (folder, &flags.url) {
        (Some(folder), _) => format!("Verification of the ledger in {}", folder.display()),
        (None, Some(url)) => format!("Verification of the ledger at {url}, from outside"),
        (None, None) => "Verification of receipts, without a ledger".to_owned(),
    };
    let mut report = Report::new(title);
    trust.said().iter().for_each(|sentence| report.note(sentence));
    let mut evidence = Evidence::default();
    report.section("Signatures");
    evidence.read_given(flags, &trust, &mut report)?;
    let source = match open(flags) {
        Ok(Some(source)) => source,
        Ok(None) if flags.receipt.is_empty() => {
            bail!("there is nothing to verify: give --data, --bundle, --url or --receipt");
        }
        Ok(None) => return Ok(report),
        Err(error) => {
            not_opened(&error, &mut report);
            return Ok(report);
        }
    };
    evidence.read_own(&source, &trust, &mut report);
    let passed = pass::run(&source, &evidence.asked())?;
    report.section("Records");
    say_records(&source, &passed, &mut report);
    report.section("Root");
    evidence.compare(&source, &passed, &mut report)?;
    report.section("Stored beside the records");
    say_beside(&source, &passed, &mut report);
    if evidence.has_receipts() {
        report.section("Receipts");
        evidence.compare_receipts(&passed, &mut report);
    }
    report.section("Numbers");
    say_numbers(&passed, &mut report);
    if flags.refold && report.verdict() != Verdict::Tampered {
        report.section("Folds");
        refold(&source, &passed, &mut report)?;
    }
    Ok(report)
}

/// Opens what is to be verified, if it is more than receipts.
fn open(flags: &Verify) -> anyhow::Result<Option<Source>> {
    Ok(match (&flags.data, &flags.bundle, &flags.url, &flags.token_file) {
        (Some(data), ..) => Some(Source::data(data)?),
        (_, Some(bundle), ..) => Some(Source::bundle(Bundle::open(bundle)?)?),
        (_, _, Some(url), Some(token_file)) => {
            let remote = Remote::new(url, token_file, flags.ca.as_deref())?;
            Some(Source::bundle(Bundle::of_node(remote)?)?)
        }
        _ => None,
    })
}

/// What cannot be opened: some reasons are findings.
fn not_opened(error: &anyhow::Error, report: &mut Report) {
    let said = format!("{error:#}");
    match error.downcast_ref::<OpenError>() {
        Some(OpenError::Behind { found_position, .. }) => {
            report.tampered_at(found_position + 1, said);
        }
        Some(OpenError::Damaged { source: ReadError::Corrupt(corrupt), .. }) => {
            report.tampered_at(corrupt.position, said);
        }
        Some(OpenError::OtherHistory { .. } | OpenError::OtherLog { .. }) => {
            report.tampered(said);
        }
        _ => report.cannot_tell(said),
    }
}

fn say_records(source: &Source, passed: &Passed, report: &mut Report) {
    let read = records(passed.head.size);
    report.note(match source {
        Source::Data { .. } => format!(
            "{read} were read, in {}; every block has its checksum and carries the digest of the \
             one before it.",
            count(passed.commits, "commit")
        ),
        Source::Bundle { .. } if passed.withheld.count == 0 => {
            format!("{read} were read and hashed.")
        }
        Source::Bundle { .. } => format!(
            "{} were read and hashed; of {} there are digests alone.",
            records(TreeSize::new(passed.head.size.get() - passed.withheld.count)),
            passed.withheld.count
        ),
    });
    say_withheld(source, passed, report);
    match &passed.stop {
        None => {}
        Some(Stop::Bad { position, what }) => {
            report.tampered_at(*position, format!("At position {position} {what}."));
        }
        Some(Stop::Unreadable(what)) => report.cannot_tell(format!("Reading ended early: {what}.")),
    }
}

/// A record that is withheld is one whose digests alone are there.
fn say_withheld(source: &Source, passed: &Passed, report: &mut Report) {
    if source.is_node() {
        report.limit(
            "This was looked at from outside, as it is served now. What else lies in the node's \
             folder was not.",
        );
    }
    let Withheld { count: withheld, ends: Some((first, last)) } = passed.withheld else { return };
    let (them, where_) = match withheld {
        1 => ("1 is withheld".to_owned(), format!("at position {first}")),
        _ => (format!("{withheld} are withheld"), format!("between positions {first} and {last}")),
    };
    report.limit(format!(
        "Of {}, {them}, {where_}: only their digests are here, and what they say was not looked at.",
        records(passed.head.size),
    ));
    let why = if source.is_node() {
        "The node does not give them to this token as they are stored."
    } else {
        "Whoever made the bundle left out what its reader may not see."
    };
    report.note(format!(
        "{why} The digests are part of what was signed, so no such record can be changed, added or \
         taken away unnoticed."
    ));
}

fn say_beside(source: &Source, passed: &Passed, report: &mut Report) {
    let beside = &passed.beside;
    let kinds = if source.is_bundle() { "tiles and files of digests" } else { "full tiles" };
    report.note(format!("{} of the {kinds} are those of the records.", beside.equal));
    if beside.missing > 0 && source.is_bundle() {
        report.cannot_tell(format!("{} of the {kinds} are missing.", beside.missing));
    } else if beside.missing > 0 {
        let missing = beside.missing;
        report.note(format!("{missing} are not stored; they are made of the records when needed."));
    }
    match (beside.other_leaf, beside.other_tile) {
        // The tiles above it are then others, too.
        (Some(leaf), _) => report.tampered_at(
            leaf + 1,
            format!(
                "At position {}, the record, its digests and the hash in the tree do not belong \
                 together.",
                leaf + 1
            ),
        ),
        (None, Some((tile, leaf))) => {
            let what = format!("{tile} is not what the records from position {} on", leaf + 1);
            report.tampered_at(leaf + 1, format!("{what} come to."));
        }
        (None, None) => {}
    }
}

fn say_numbers(passed: &Passed, report: &mut Report) {
    match &passed.numbers {
        Numbers::Sound if passed.withheld.count > 0 => report.note(
            "As far as records are here, positions, versions of streams and events of commands run \
             without a gap, and no event is there twice.",
        ),
        Numbers::Sound => report.note(
            "Positions, versions of streams and events of commands run without a gap, and no event \
             is there twice.",
        ),
        Numbers::Odd(odd) if odd.only_withheld => report.cannot_tell(format!(
            "At position {}: {}. Who may see one record of a stream may see all of them, so one is \
             withheld that should be here, or one is here that should be withheld.",
            odd.position, odd.what
        )),
        Numbers::Odd(odd) => {
            report
                .tampered_at(odd.position, format!("At position {}: {}.", odd.position, odd.what));
        }
        Numbers::Unknown { position, what } => report.cannot_tell(format!(
            "The header at position {position} cannot be read by this version: {what}."
        )),
    }
}

/// Folds everything once more.
fn refold(source: &Source, passed: &Passed, report: &mut Report) -> anyhow::Result<()> {
    if passed.withheld.count > 0 {
        report.cannot_tell(
            "Nothing can be folded: what a case came to follows from all of its records, and some \
             are withheld.",
        );
        return Ok(());
    }
    let log = source.log()?;
    let mut meter = Meter::new("folding");
    let folded = replay(&log, None, |progress| meter.at(progress.position.0, progress.head.0));
    drop(meter);
    let snapshot = match folded {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let error = anyhow::Error::from(error);
            report.cannot_tell(format!("The records cannot be folded: {error:#}."));
            return Ok(());
        }
    };
    let everything = Scope::new(AgencyId([0; 16]), Role::Auditor);
    let digest = hex(&snapshot.digest(everything));
    report.note(format!(
        "Folded from nothing, all {} come to {}, with the digest {digest}.",
        records(TreeSize::new(snapshot.position().0)),
        count(snapshot.case_count() as u64, "case"),
    ));
    let Source::Data { folder, .. } = source else { return Ok(()) };
    let Some(saved) = saved(folder, &log) else {
        report.note("There is no savepoint that a node would start from.");
        return Ok(());
    };
    let position = saved.position();
    let refolded = if position == snapshot.position() {
        snapshot
    } else {
        replay(&log, Some(position), |_| {})?
    };
    if saved.digest(everything) == refolded.digest(everything) {
        report.note(format!("The savepoint at position {position} holds the same as the fold."));
    } else {
        report.tampered(format!(
            "The savepoint at position {position} holds something else than the records come to."
        ));
    }
    Ok(())
}
