//! Deciding one step: shape, authority, what other cases say, and then what its own case says
//! ([`crate::case::About::permits`]). The first "no" is the answer.

mod authority;
mod correction;
mod payment;
mod service;
mod shape;
mod validity;

use self::authority::{authority, may_act};
use self::correction::correct;
use self::payment::evidence;
use self::service::offered_on;
use self::shape::{not_in_future, shape, within};
use self::validity::elsewhere;
use crate::case::Cases;
use crate::command::{Action, Command, Step};
use crate::date::Date;
use crate::event::Event;
use crate::id::StreamId;
use crate::overlay::{Facts, Overlay, Pen};
use crate::refusal::{Refusal, Rule};
use alloc::vec::Vec;

/// What must hold for a command as a whole.
pub(crate) fn command(command: &Command) -> Result<(), Refusal> {
    let asked: usize = command
        .steps
        .iter()
        .map(|step| match &step.action {
            Action::Correct { corrections } => corrections.len(),
            _ => 1,
        })
        .sum();
    within("steps", asked, 1, Command::<crate::command::AsSealed>::STEPS_LIMIT)
}

/// Decides one step and appends what it records.
pub(crate) fn step<C: Cases>(
    overlay: &mut Overlay<C>,
    pen: &mut Pen<'_>,
    index: usize,
    step: &Step,
    facts: &Facts,
) -> Result<(), Refusal> {
    let origin = &pen.command.origin;
    if !origin.role.may(&step.action) {
        return Err(Refusal::RoleMayNot { role: origin.role, action: step.action.name() });
    }
    may_act(overlay, origin, &step.action)?;
    not_in_future("occurredOn", step.occurred, pen.now.today)?;
    if let Action::Correct { corrections } = &step.action {
        return correct(overlay, pen, index, step, corrections, facts);
    }
    let Some(stream) = step.action.stream() else { return Ok(()) };
    authority(overlay, origin, &step.action)?;
    expect_version(overlay, stream, step.expected_version)?;
    if facts.identifiers_taken.contains(&index) {
        return Err(Rule::IdentifierTaken.into());
    }
    let event = intended(overlay, &step.action, step.occurred.date)?;
    if step.note.is_some() && !stream.kind.is_personal() {
        return Err(Rule::NoteOutsidePerson.into());
    }
    shape(&event, step.occurred)?;
    elsewhere(overlay, stream, &event, step.occurred.date)?;
    if let Event::PaymentRecorded(paid) = &event {
        evidence(overlay, stream, paid, facts)?;
    }
    let places: Vec<_> = match &event {
        Event::BreachRecorded(recorded) => recorded
            .grounds
            .iter()
            .filter_map(|ground| Some((*ground, overlay.locate(facts, *ground)?)))
            .collect(),
        _ => Vec::new(),
    };
    let locate = |event| places.iter().find(|(id, _)| *id == event).map(|(_, at)| *at);
    overlay.append(pen, step, stream, event, &locate)
}

/// The event that an action would record.
fn intended<C: Cases>(cases: &C, action: &Action, day: Date) -> Result<Event, Refusal> {
    Ok(match action.clone() {
        Action::OpenLedger(opened) => opened.into(),
        Action::DescribeAgency { described, .. } => described.into(),
        Action::SetAgreement { set, .. } => set.into(),
        Action::RecordPayment { paid, .. } => paid.into(),
        Action::DescribeService { described, .. } => described.into(),
        Action::SetCapacity { set, .. } => set.into(),
        Action::DefineMeasure { defined, .. } => defined.into(),
        Action::SetTarget { set, .. } => set.into(),
        Action::SetPlanItem { set, .. } => set.into(),
        Action::RegisterPerson { identity, .. } => identity.into(),
        Action::RecordCircumstance { recorded, .. } => recorded.into(),
        Action::RecordOffence { proven, .. } => proven.into(),
        Action::SetRegister { set, .. } => set.into(),
        Action::Assess { assessed, .. } => assessed.into(),
        Action::ImposeSentence { imposed, .. } => imposed.into(),
        Action::VarySentence { varied, .. } => varied.into(),
        Action::ChangeSetting { changed, .. } => changed.into(),
        Action::AllocateWorker { allocated, .. } => allocated.into(),
        Action::RecordBreach { recorded, .. } => recorded.into(),
        Action::EndSentence { ended, .. } => ended.into(),
        Action::MakeReferral { mut made, .. } => {
            // Whom it goes to is what the service says on the day, not what the caller says.
            let (described, lead) = offered_on(cases, made.service, day)?;
            made.provider = described.provider;
            made.lead = lead;
            made.into()
        }
        Action::DecideReferral { decided, .. } => decided.into(),
        Action::WithdrawReferral { withdrawn, .. } => withdrawn.into(),
        Action::BookPlacement { booked, .. } => booked.into(),
        Action::StartPlacement { .. } => crate::event::PlacementStarted {}.into(),
        Action::RecordAttendance { recorded, .. } => recorded.into(),
        Action::AwardQualification { awarded, .. } => awarded.into(),
        Action::CompletePlacement { completed, .. } => completed.into(),
        Action::EndPlacementEarly { ended, .. } => ended.into(),
        Action::Correct { .. } => return Err(Rule::CorrectionNotReplaced.into()),
    })
}

fn expect_version<C: Cases>(
    cases: &C,
    stream: StreamId,
    expected: Option<u32>,
) -> Result<(), Refusal> {
    let Some(expected) = expected else { return Ok(()) };
    let home = cases.home(stream).and_then(|home| cases.case(home));
    let current = home.map_or(0, |case| case.trail.version(stream));
    if current == expected {
        Ok(())
    } else {
        Err(Refusal::VersionConflict { stream, expected, current })
    }
}
