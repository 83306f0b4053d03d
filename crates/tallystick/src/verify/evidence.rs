//! What speaks for or against the records: checkpoints and receipts, and who signed them.

use super::pass::{Asked, Passed};
use super::report::{Report, count, records};
use super::source::Source;
use super::trust::{Standing, Trust};
use crate::cli::Verify;
use crate::init::hex;
use anyhow::Context as _;
use std::fs;
use std::path::{Path, PathBuf};
use tallystick_tally::{Checkpoint, Entry, TlogProof, TreeSize, Unproven};

/// A checkpoint that is compared with the records.
struct Statement {
    /// Where it came from, for people.
    from: String,
    checkpoint: Checkpoint,
    standing: Standing,
}

/// What the auditor brought, and what the ledger says of itself.
#[derive(Default)]
pub(super) struct Evidence {
    statements: Vec<Statement>,
    receipts: Vec<(PathBuf, TlogProof)>,
}

impl Evidence {
    /// Reads and judges what was given on the command line.
    pub(super) fn read_given(
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

    /// Reads and judges the checkpoints beside the records.
    pub(super) fn read_own(&mut self, source: &Source, trust: &Trust, report: &mut Report) {
        // The one that witnesses cosigned is older than the last one, as a rule.
        if let Some((path, bytes)) = source.cosigned() {
            self.take(&path.display().to_string(), &bytes, trust, report);
        }
        let (from, bytes) = source.checkpoint();
        match bytes {
            Ok(bytes) => self.take(&from, &bytes, trust, report),
            Err(error) => report.cannot_tell(format!(
                "The ledger's own checkpoint {from} cannot be read: {error}."
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

    pub(super) fn has_receipts(&self) -> bool {
        !self.receipts.is_empty()
    }

    /// What is needed of the records.
    pub(super) fn asked(&self) -> Asked {
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
    pub(super) fn compare(
        &self,
        source: &Source,
        passed: &Passed,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let found = passed.head;
        report.note(format!("The {} lead to the root {}.", records(found.size), found.root));
        let mut covered = TreeSize::default();
        let mut agreed = vec![TreeSize::default()];
        let (mut same, mut other): (Option<&Statement>, Option<&Statement>) = (None, None);
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
                    same = Some(statement);
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
                None if passed.is_cut_short() => report.note(format!(
                    "{from} was signed over {}, of which {} could be read: it is not compared.",
                    records(signed.size),
                    found.size
                )),
                None => report.tampered_at(
                    found.size.get() + 1,
                    format!(
                        "{from} was signed over {}, but only {} can be read: {} missing.",
                        records(signed.size),
                        found.size,
                        positions_are(found.size.get() + 1, signed.size.get())
                    ),
                ),
            }
        }
        if let Some(statement) = other {
            // Sorted by size, so the last that agrees is the largest.
            if let Some(same) = same.filter(|it| statement.is_contradicted_by(it)) {
                report.tampered(format!(
                    "The log's own key signed both {} and {}, which exclude each other: records \
                     were changed, or others were shown to others. Keep both: they prove it to \
                     anybody who has the key, whatever becomes of the ledger.",
                    statement.from, same.from
                ));
            }
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
    pub(super) fn compare_receipts(&self, passed: &Passed, report: &mut Report) {
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
                (None, _) if passed.is_cut_short() => report
                    .note(format!("{from} is about position {position}, which could not be read.")),
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

/// `position 7 is`, `positions 7 to 9 are`.
fn positions_are(first: u64, last: u64) -> String {
    if first == last {
        format!("position {first} is")
    } else {
        format!("positions {first} to {last} are")
    }
}

impl Statement {
    /// Whether another of the same log, which agrees with the records that this one does not agree
    /// with, reaches as far: no log can grow from one into the other.
    fn is_contradicted_by(&self, other: &Self) -> bool {
        let (this, other) = (&self.checkpoint, &other.checkpoint);
        other.origin() == this.origin() && other.head().size >= this.head().size
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
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
                "The stored hashes still lead to the root that was signed, and what is there for \
                 position {} is not what they were made of.",
                leaf + 1
            ),
        ),
        None => report.tampered_within(
            agreed.get() + 1..=signed.size.get(),
            "Which record was the first to be changed cannot be told from this: an older \
             checkpoint or a receipt would narrow it down.",
        ),
    }
    Ok(())
}
