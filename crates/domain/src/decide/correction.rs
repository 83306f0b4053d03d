//! Corrections of one step are decided together: each must be allowed, and the history that results
//! must be legal.

use super::authority::{is_commissioner, visible};
use super::expect_version;
use super::shape::{not_in_future, shape};
use super::validity::elsewhere;
use crate::case::{CaseKey, Cases};
use crate::command::{Amendment, CorrectionAsked, Step};
use crate::envelope::Record;
use crate::event::{Corrected, Correction, Event};
use crate::history::{self, Standing};
use crate::id::{StreamId, StreamKind};
use crate::overlay::{Facts, Overlay, Pen};
use crate::refusal::{Refusal, Rule};
use crate::role::Role;
use alloc::vec::Vec;

/// Decides the corrections of a step together: each must be allowed, and the history that results
/// must be legal.
pub(super) fn correct<C: Cases>(
    overlay: &mut Overlay<C>,
    pen: &Pen<'_>,
    index: usize,
    step: &Step,
    corrections: &[CorrectionAsked],
    facts: &Facts,
) -> Result<(), Refusal> {
    let origin = pen.command.origin;
    let absent = Refusal::NotFound { field: "target" };
    let (key, mut history) = history_of(overlay, corrections, facts).ok_or(absent.clone())?;
    if facts.identifiers_taken.contains(&index) {
        return Err(Rule::IdentifierTaken.into());
    }
    for (number, asked) in corrections.iter().enumerate() {
        let find = |record: &&Record| record.envelope.event_id() == asked.target;
        let Some(place) = history.iter().position(|record| find(&record)) else {
            // In another case, or nowhere: only the former is the caller's to know.
            let elsewhere = overlay
                .locate(facts, asked.target)
                .and_then(|_| {
                    facts.histories.iter().find(|(_, all)| all.iter().any(|it| find(&it)))
                })
                .and_then(|(_, all)| all.iter().find(find))
                .is_some_and(|it| visible(overlay, &origin, it.envelope.stream, "target").is_ok());
            return Err(if elsewhere { Rule::CorrectionsSpanCases.into() } else { absent });
        };
        let target = &history[place];
        let stream = target.envelope.stream;
        visible(overlay, &origin, stream, "target")?;
        if number == 0 {
            expect_version(overlay, stream, step.expected_version)?;
        }
        let by_commissioner =
            origin.role == Role::Commissioner && is_commissioner(overlay, origin.agency);
        if target.envelope.agency != origin.agency && !by_commissioner {
            return Err(Rule::NotRecorder.into());
        }
        if matches!(history::standings(&history)[place], Standing::Voided { .. }) {
            return Err(Rule::TargetNotEffective.into());
        }
        let op = amendment(overlay, pen, asked, target)?;
        let event = Corrected { target: asked.target, op, reason: asked.reason }.into();
        // The note was sealed for the first event of the step, and stands there only.
        let note = step.note.clone().filter(|_| number == 0);
        overlay.append_correction(pen, step, (key, stream), event, &mut history, note);
    }
    if step.note.is_some() && !matches!(key, CaseKey::Person(_)) {
        return Err(Rule::NoteOutsidePerson.into());
    }
    let dependants = history::dependants(key, &history);
    // What is corrected, or brought back, must itself be legal: voiding it would be no remedy.
    let subjects: Vec<_> =
        corrections.iter().map(|asked| history::subject(&history, asked.target)).collect();
    if let Some(own) = dependants.iter().find(|it| subjects.contains(&it.event)) {
        return Err(own.rule.into());
    }
    if dependants.is_empty() { Ok(()) } else { Err(Refusal::BreaksHistory { dependants }) }
}

/// The case of the first target, and all its records: the durable ones and those of this batch.
/// `None` if there is no such target, or if it was not there when the facts were gathered.
fn history_of<C: Cases>(
    overlay: &Overlay<C>,
    corrections: &[CorrectionAsked],
    facts: &Facts,
) -> Option<(CaseKey, Vec<Record>)> {
    let target = corrections.first()?.target;
    let is_target = |record: &Record| record.envelope.event_id() == target;
    let durable = facts.histories.iter().find(|(_, records)| records.iter().any(is_target));
    let key = if let Some((key, _)) = durable {
        *key
    } else {
        let record = overlay.records().iter().find(|record| is_target(record))?;
        overlay.home(record.envelope.stream)?
    };
    let known = facts.histories.iter().find(|(of, _)| *of == key);
    let mut history = known.map(|(_, records)| records.clone()).unwrap_or_default();
    history.extend(overlay.pending(key).cloned());
    // A case folded again from a part of its records would be wrong for ever. The shell hands over
    // the case of every target that it finds; where it has not, the target is not found.
    let whole = overlay.case(key)?.trail.positions.iter().copied();
    whole.eq(history.iter().map(|it| it.envelope.position)).then_some((key, history))
}

/// What a correction may make of its target.
fn amendment<C: Cases>(
    cases: &C,
    pen: &Pen<'_>,
    asked: &CorrectionAsked,
    target: &Record,
) -> Result<Correction, Refusal> {
    if matches!(target.event, Event::LedgerOpened(_)) {
        return Err(Rule::OpeningNotCorrected.into());
    }
    if matches!(target.event, Event::MeasureDefined(_)) {
        return Err(Rule::DefinitionNotCorrected.into());
    }
    let (occurred_on, event) = match &asked.op {
        Amendment::Void => {
            let founds = matches!(
                target.event,
                Event::AgencyDescribed(_) | Event::AgreementSet(_) | Event::ServiceDescribed(_)
            );
            return if founds && target.envelope.version == 1 {
                Err(Rule::FoundationNotVoided.into())
            } else {
                Ok(Correction::Void)
            };
        }
        Amendment::Replace { event, .. }
            if matches!(**event, Event::PersonRegistered(_) | Event::CircumstanceRecorded(_)) =>
        {
            return Err(Rule::ReplacementDiffers.into());
        }
        Amendment::Replace { occurred_on, event } => (*occurred_on, (**event).clone()),
        Amendment::ReplaceIdentity { person, occurred_on, identity } => {
            if target.envelope.stream != StreamId::from(*person) {
                return Err(Rule::ReplacementDiffers.into());
            }
            (*occurred_on, Event::from(identity.clone()))
        }
        Amendment::ReplaceCircumstance { person, occurred_on, recorded } => {
            let own = StreamId::of_person(StreamKind::Circumstance, *person);
            if target.envelope.stream != own {
                return Err(Rule::ReplacementDiffers.into());
            }
            (*occurred_on, Event::from(recorded.clone()))
        }
    };
    not_in_future("occurredOn", occurred_on, pen.now.today)?;
    let event = like(&target.event, event)?;
    shape(&event, occurred_on)?;
    elsewhere(cases, target.envelope.stream, &event, occurred_on.date)?;
    Ok(Correction::Replace { occurred_on, event: alloc::boxed::Box::new(event) })
}

/// A replacement is of the same type and about the same things; what the ledger had set stays.
fn like(target: &Event, replacement: Event) -> Result<Event, Rule> {
    match (target, replacement) {
        (Event::Corrected(_), _) => Err(Rule::CorrectionNotReplaced),
        (Event::SentenceImposed(old), Event::SentenceImposed(new)) if old.person != new.person => {
            Err(Rule::ReplacementDiffers)
        }
        // What counted when it was cited is not asked for again.
        (Event::PaymentRecorded(old), Event::PaymentRecorded(new))
            if old.evidence != new.evidence =>
        {
            Err(Rule::ReplacementDiffers)
        }
        // Who may use a tool was asked when it was used.
        (Event::Assessed(old), Event::Assessed(new)) if old.tool != new.tool => {
            Err(Rule::ReplacementDiffers)
        }
        (Event::ServiceDescribed(old), Event::ServiceDescribed(new))
            if old.agreement != new.agreement =>
        {
            Err(Rule::ReplacementDiffers)
        }
        (Event::PlacementBooked(old), Event::PlacementBooked(new))
            if old.referral != new.referral =>
        {
            Err(Rule::ReplacementDiffers)
        }
        (Event::ReferralMade(old), Event::ReferralMade(mut new)) => {
            if (old.person, old.service) != (new.person, new.service) {
                return Err(Rule::ReplacementDiffers);
            }
            new.provider = old.provider;
            new.lead = old.lead;
            Ok(new.into())
        }
        (old, new) if old.event_type() == new.event_type() => Ok(new),
        _ => Err(Rule::ReplacementDiffers),
    }
}
