//! What only the shell can know about a command, gathered at the head that it is decided at.

use std::sync::Arc;

use tallystick_domain::{
    CaseKey, Cases, EventId, Facts, Overlay, Record, command::Action, id::PersonId,
};
use tallystick_vault::{SubjectId, Vault};
use tallystick_views::Snapshot;

use crate::archive::{Archive, ReadError};
use crate::intake::Submission;
use crate::sealing::{holds_identifier, ledger_of};

/// Gathers the facts of a command that is to be decided on `overlay`, which lies over `published`.
///
/// # Errors
/// [`ReadError`] if a record cannot be read.
pub(crate) fn gather(
    submission: &Submission,
    overlay: &Overlay<Arc<Snapshot>>,
    published: &Snapshot,
    archive: &Archive,
    vault: &Vault,
) -> Result<Facts, ReadError> {
    let mut facts = Facts::default();
    let mut durable: Vec<Arc<Record>> = Vec::new();
    for event in submission.command.named_events() {
        if let Some(record) = archive.event(event, published.position())? {
            facts.places.push((event, record.envelope.position));
            facts.streams.push((event, record.envelope.stream));
            durable.push(record);
        }
    }
    facts.identifiers_taken = identifiers_taken(submission, overlay, vault);
    for key in corrected_cases(submission, overlay, &durable) {
        let positions = published.case(key).map(|case| case.trail.positions.as_slice());
        let records = archive.records(positions.unwrap_or_default())?;
        let records = records.iter().map(|record| Record::clone(record)).collect();
        facts.histories.push((key, records));
    }
    Ok(facts)
}

/// Every case that the command may correct: those of its targets, and, where it corrects what it
/// records itself, those of all its steps.
fn corrected_cases(
    submission: &Submission,
    overlay: &Overlay<Arc<Snapshot>>,
    durable: &[Arc<Record>],
) -> Vec<CaseKey> {
    let command = &submission.command;
    let mut keys = Vec::new();
    for step in &command.steps {
        let Action::Correct { corrections } = &step.action else { continue };
        for asked in corrections {
            let is_target = |event: EventId| event == asked.target;
            let known = durable.iter().map(Arc::as_ref).chain(overlay.records());
            let mut known = known.filter(|record| is_target(record.envelope.event_id()));
            if let Some(record) = known.next() {
                keys.extend(overlay.home(record.envelope.stream));
            } else if asked.target.of_command == submission.id.of_command {
                let steps = command.steps.iter();
                keys.extend(steps.filter_map(|step| case_of(&step.action, overlay)));
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn case_of(action: &Action, cases: &impl Cases) -> Option<CaseKey> {
    match action {
        Action::ImposeSentence { imposed, .. } => Some(CaseKey::Person(imposed.person)),
        Action::MakeReferral { made, .. } => Some(CaseKey::Person(made.person)),
        Action::BookPlacement { booked, .. } => cases.home(booked.referral.into()),
        Action::DescribeService { described, .. } => Some(CaseKey::Agreement(described.agreement)),
        // A person's own streams open with the first record in them.
        action => match action.stream()? {
            stream if stream.kind.bears_person() => Some(CaseKey::Person(PersonId(stream.id))),
            stream => cases.home(stream),
        },
    }
}

/// Steps that give an identifier which another person holds: one whose effective registration has
/// it, or one that an earlier step of the command gives it to.
fn identifiers_taken(
    submission: &Submission,
    overlay: &Overlay<Arc<Snapshot>>,
    vault: &Vault,
) -> Vec<usize> {
    let Some(ledger) = ledger_of(overlay) else { return Vec::new() };
    let mut taken = Vec::new();
    for (index, claim) in submission.identifiers.iter().enumerate() {
        let same_command = submission.identifiers[..index]
            .iter()
            .any(|earlier| earlier.blind == claim.blind && earlier.person != claim.person);
        let holds = |subject: &SubjectId| {
            let person = PersonId(subject.0);
            person != claim.person
                && overlay
                    .case(CaseKey::Person(person))
                    .and_then(|case| case.person()?.registration.as_ref())
                    .is_some_and(|it| holds_identifier(vault, ledger, it, claim.blind))
        };
        if same_command || vault.claimants(claim.blind).iter().any(holds) {
            taken.push(claim.step);
        }
    }
    taken
}
