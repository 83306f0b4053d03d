//! `tallystick verify`: whether a ledger is what was signed, told offline to whoever brings the keys
//! and what they kept: older checkpoints, receipts.
//!
//! In this order: signatures and quorum → digests → root → what is stored beside the records →
//! every other checkpoint and receipt → numbers. Exit code 0: sound; 1: tampered, with the first
//! bad position; 2: it cannot be told, and why.

mod census;
mod pass;
mod report;
mod source;
mod trust;

use crate::cli::Verify;
use crate::init::hex;
use crate::observe::{self, Meter};
use crate::settings::LogFormat;
use anyhow::{Context as _, bail};
use pass::{Asked, Numbers, Passed};
use report::{Report, Verdict, count};
use source::{Source, Stop};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tallystick_domain::Role;
use tallystick_domain::id::AgencyId;
use tallystick_ledger::{replay, saved};
use tallystick_log::ReadError;
use tallystick_log_sled::OpenError;
use tallystick_tally::{Checkpoint, Entry, TlogProof, TreeSize, Unproven};
use tallystick_views::Scope;
use trust::{Standing, Trust};

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
    let title = match folder {
        Some(folder) => format!("Verification of the ledger in {}", folder.display()),
        None => "Verification of receipts, without a ledger".to_owned(),
    };
    let mut report = Report::new(title);
    trust.said().iter().for_each(|sentence| report.note(sentence));
    let mut evidence = Evidence::default();
    report.section("Signatures");
    evidence.read_given(flags, &trust, &mut report)?;
    let Some(folder) = folder else {
        if flags.receipt.is_empty() {
            bail!("there is nothing to verify: give --data, --bundle or --receipt");
        }
        return Ok(report);
    };
    let opened = match flags.data {
        Some(_) => Source::data(folder),
        None => Source::bundle(folder),
    };
    let source = match opened {
        Ok(source) => source,
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
    if !evidence.receipts.is_empty() {
        report.section("Receipts");
        evidence.compare_receipts(&passed, &mut report);
    }
    report.section("Numbers");
    say_numbers(&passed, &mut report);
    if flags.refold && report.verdict() != Verdict::Tampered {
        report.section("Folds");
        refold(&source, &mut report)?;
    }
    Ok(report)
}

/// A folder that cannot be opened: some reasons are findings.
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

/// A checkpoint that is compared with the records.
struct Statement {
    /// Where it came from, for people.
    from: String,
    checkpoint: Checkpoint,
    standing: Standing,
}

/// What the auditor brought, and what the ledger says of itself.
#[derive(Default)]
struct Evidence {
    statements: Vec<Statement>,
    receipts: Vec<(PathBuf, TlogProof)>,
}

impl Evidence {
    /// Reads and judges what was given on the command line.
    fn read_given(
        &mut self,
        flags: &Verify,
        trust: &Trust,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        for path in &flags.checkpoint {
            self.take(&path.display().to_string(), &read(path)?, trust, report);
        }
        for path in &flags.receipt {
            match TlogProof::parse(&read(path)?) {
                Ok(proof) => {
                    let from = format!("the receipt {}", path.display());
                    verify_receipt(&from, &proof, trust, report);
                    let checkpoint = proof.checkpoint().clone();
                    let standing = trust.judge(&checkpoint);
                    self.statements.push(Statement { from, checkpoint, standing });
                    self.receipts.push((path.clone(), proof));
                }
                Err(error) => report.cannot_tell(format!("{}: {error}", path.display())),
            }
        }
        Ok(())
    }

    /// Reads and judges the checkpoint beside the records.
    fn read_own(&mut self, source: &Source, trust: &Trust, report: &mut Report) {
        let path = source.checkpoint();
        match fs::read(&path) {
            Ok(bytes) => self.take(&path.display().to_string(), &bytes, trust, report),
            Err(error) => report.cannot_tell(format!(
                "The ledger's own checkpoint {} cannot be read: {error}.",
                path.display()
            )),
        }
    }

    fn take(&mut self, from: &str, bytes: &[u8], trust: &Trust, report: &mut Report) {
        let checkpoint = match Checkpoint::parse(bytes) {
            Ok(checkpoint) => checkpoint,
            Err(error) => return report.cannot_tell(format!("{from} is no checkpoint: {error}.")),
        };
        let standing = trust.judge(&checkpoint);
        let about = format!("{from} speaks of {}", count(checkpoint.head().size.get(), "record"));
        say_standing(&about, &standing, report);
        self.statements.push(Statement { from: from.to_owned(), checkpoint, standing });
    }

    /// What is needed of the records.
    fn asked(&self) -> Asked {
        let mut sizes: Vec<_> =
            self.statements.iter().map(|it| it.checkpoint.head().size).collect();
        let mut leaves: Vec<_> = self.receipts.iter().map(|(_, it)| it.index()).collect();
        sizes.sort_unstable();
        sizes.dedup();
        leaves.sort_unstable();
        leaves.dedup();
        Asked { sizes, leaves }
    }

    /// Holds every statement against the tree of the records.
    fn compare(&self, source: &Source, passed: &Passed, report: &mut Report) -> anyhow::Result<()> {
        let found = passed.head;
        report.note(format!("The {} lead to the root {}.", records(found.size), found.root));
        let mut covered = TreeSize::default();
        let mut agreed = vec![TreeSize::default()];
        let mut other: Option<&Statement> = None;
        let mut statements: Vec<_> = self.statements.iter().collect();
        statements.sort_by_key(|statement| statement.checkpoint.head().size);
        for statement in statements {
            let Statement { from, checkpoint, standing } = statement;
            let signed = checkpoint.head();
            if !standing.binds_log() {
                report.note(format!("{from} is not compared: nobody who is known signed it."));
                continue;
            }
            match passed.roots.get(&signed.size) {
                Some(root) if *root == signed.root => {
                    let what = records(signed.size);
                    report.note(format!("The first {what} have the root that {from} states."));
                    agreed.push(signed.size);
                    if matches!(standing, Standing::Trusted(_)) {
                        covered = covered.max(signed.size);
                    }
                }
                Some(root) => {
                    report.tampered(format!(
                        "The first {} have the root {root}, but {from} was signed over the \
                             root {}: they are not the records that were signed.",
                        records(signed.size),
                        signed.root
                    ));
                    other = other.or(Some(statement));
                }
                None => report.tampered_at(
                    found.size.get() + 1,
                    format!(
                        "{from} was signed over {}, but only {} can be read: positions {} to {} \
                         are missing.",
                        records(signed.size),
                        found.size,
                        found.size.get() + 1,
                        signed.size
                    ),
                ),
            }
        }
        if let Some(statement) = other {
            let smaller = agreed.into_iter().filter(|it| *it < statement.checkpoint.head().size);
            locate(statement, smaller.max().unwrap_or_default(), source, passed, report)?;
        } else if covered < found.size {
            report.cannot_tell(format!(
                "No trusted checkpoint covers positions {} to {}: nothing can be said about them.",
                covered.get() + 1,
                found.size
            ));
        }
        Ok(())
    }

    /// Holds every receipt against the record at its position.
    fn compare_receipts(&self, passed: &Passed, report: &mut Report) {
        for (path, proof) in &self.receipts {
            let position = proof.index().get() + 1;
            let from = path.display();
            match (passed.entries.get(&proof.index()), proof.entry()) {
                (Some(found), Some(promised)) if *found == promised => report.note(format!(
                    "The record at position {position} is the one that {from} is about."
                )),
                (Some(_), Some(_)) => report.tampered_at(
                    position,
                    format!(
                        "The record at position {position} is not the one that {from} is about."
                    ),
                ),
                (None, _) => report.tampered_at(
                    passed.head.size.get() + 1,
                    format!("{from} is about position {position}, which is missing."),
                ),
                (_, None) => report
                    .cannot_tell(format!("{from} does not carry the digests of a record of ours.")),
            }
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn records(size: TreeSize) -> String {
    count(size.get(), "record")
}

fn say_standing(about: &str, standing: &Standing, report: &mut Report) {
    match standing {
        Standing::Trusted(who) => report.note(format!("{about}: {who}.")),
        Standing::SignedOnly(why) => {
            report.cannot_tell(format!("{about}, signed by the log, but {why}."));
        }
        Standing::Forged(why) => {
            report.tampered(format!("{about}: it was changed or forged, for {why}."));
        }
        Standing::Unknown(why) => report.cannot_tell(format!("{about}: {why}.")),
    }
}

/// Holds a receipt against nothing but the keys.
fn verify_receipt(from: &str, proof: &TlogProof, trust: &Trust, report: &mut Report) {
    let position = proof.index().get() + 1;
    let Some(entry) = proof.entry() else {
        return report
            .cannot_tell(format!("{from} does not carry the digests of a record of ours."));
    };
    let proven = |policy| proof.verify(entry.leaf(), policy);
    let answers: Vec<_> = trust.policies().iter().map(proven).collect();
    let size = proof.checkpoint().head().size;
    if answers.iter().any(Result::is_ok) {
        let (header, body) = digests(&entry);
        report.note(format!(
            "{from}: the record at position {position} is among the {} signed as {}. \
             SHA-256 of its header {header}, of its body {body}.",
            records(size),
            proof.checkpoint().origin(),
        ));
        return;
    }
    let mismatch = answers.iter().any(|answer| matches!(answer, Err(Unproven::Mismatch(_))));
    match trust.judge(proof.checkpoint()) {
        _ if mismatch => report.tampered_at(position,
            format!("{from} does not hold: its record is not at position {position} of the tree that was signed."),
        ),
        standing => say_standing(from, &standing, report),
    }
}

/// Both digests of an entry, in hexadecimal.
fn digests(entry: &Entry) -> (String, String) {
    let (header, body) = entry.as_bytes()[1..].split_at(32);
    (hex(header), hex(body))
}

fn say_records(source: &Source, passed: &Passed, report: &mut Report) {
    let read = records(passed.head.size);
    report.note(match source {
        Source::Data { .. } => format!(
            "{read} were read, in {}; every block has its checksum and carries the digest of the \
             one before it.",
            count(passed.commits, "commit")
        ),
        Source::Bundle { .. } => format!("{read} were read and hashed."),
    });
    match &passed.stop {
        None => {}
        Some(Stop::Bad { position, what }) => {
            report.tampered_at(*position, format!("At position {position} {what}."));
        }
        Some(Stop::Unreadable(what)) => report.cannot_tell(format!("Reading ended early: {what}.")),
    }
}

/// Names the first record that is not what a statement was signed over, as well as it can be told.
fn locate(
    statement: &Statement,
    agreed: TreeSize,
    source: &Source,
    passed: &Passed,
    report: &mut Report,
) -> anyhow::Result<()> {
    let signed = statement.checkpoint.head();
    let other_leaf = passed.beside.other_leaf.filter(|leaf| *leaf < signed.size.get());
    let told = match other_leaf {
        Some(leaf) if passed.root_of_tiles(source, signed.size)? == Some(signed.root) => Some(leaf),
        _ => None,
    };
    match told {
        Some(leaf) => report.tampered_at(
            leaf + 1,
            format!(
                "The stored hashes still lead to the root that was signed, and the record at \
                 position {} is not the one that they were made of.",
                leaf + 1
            ),
        ),
        None => report.tampered_within(
            agreed.get() + 1..=signed.size.get(),
            "Which of them was changed, an older checkpoint or a receipt would tell.",
        ),
    }
    Ok(())
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
            format!("What is stored for the record at position {} is not its digest.", leaf + 1),
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
        Numbers::Sound => report.note(
            "Positions, versions of streams and events of commands run without a gap, and no event \
             is there twice.",
        ),
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
fn refold(source: &Source, report: &mut Report) -> anyhow::Result<()> {
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
