//! What can be told the ledger: one mutation per command.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, Error, Object, Result};
use tallystick_domain::{Origin, Position};
use tallystick_ledger::{Outcome, SubmitError};

use super::{
    command_error::CommandError,
    context::{At, at},
    input::{
        AllocateWorkerInput, Ask, Asked, AssessPersonInput, AwardQualificationInput,
        BookPlacementInput, ChangeSettingInput, CompletePlacementInput, CorrectEventInput,
        DecideReferralInput, DefineMeasureInput, DescribeAgencyInput, DescribeServiceInput,
        EndPlacementEarlyInput, EndSentenceInput, ImposeSentenceInput, MakeReferralInput, Reader,
        RecordAttendanceInput, RecordBreachInput, RecordCircumstanceInput, RecordOffenceInput,
        RecordPaymentInput, RegisterPersonInput, SetAgreementInput, SetCapacityInput,
        SetPlanItemInput, SetRegisterInput, SetTargetInput, StartPlacementInput, VarySentenceInput,
        WithdrawReferralInput,
    },
    payload::{
        AllocateWorkerPayload, AssessPersonPayload, AwardQualificationPayload,
        BookPlacementPayload, ChangeSettingPayload, CommandOutcome, CompletePlacementPayload,
        CorrectEventPayload, DecideReferralPayload, DefineMeasurePayload, DescribeAgencyPayload,
        DescribeServicePayload, Done, EndPlacementEarlyPayload, EndSentencePayload,
        ImposeSentencePayload, MakeReferralPayload, RecordAttendancePayload, RecordBreachPayload,
        RecordCircumstancePayload, RecordOffencePayload, RecordPaymentPayload,
        RegisterPersonPayload, SetAgreementPayload, SetCapacityPayload, SetPlanItemPayload,
        SetRegisterPayload, SetTargetPayload, StartPlacementPayload, VarySentencePayload,
        WithdrawReferralPayload,
    },
};
use crate::{answer::Notes, errors::Code, principal::Principal};

/// How long an accepted command waits for this node to show it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What can be told the ledger. Several commands of one request are carried out one after the
/// other.
pub(crate) struct Mutation;

macro_rules! mutations {
    ($($(#[$doc:meta])* $name:ident($input:ty) -> $payload:ident;)+) => {
        /// What can be told the ledger. Several commands of one request are carried out one after
        /// the other.
        #[Object]
        impl Mutation {$(
            $(#[$doc])*
            async fn $name(
                &self,
                ctx: &Context<'_>,
                #[graphql(desc = "The command.")] input: $input,
            ) -> Result<$payload> {
                carry_out(ctx, input).await.map($payload)
            }
        )+}
    };
}

mutations! {
    /// Describes an agency, new or known, from a day on.
    describe_agency(DescribeAgencyInput) -> DescribeAgencyPayload;

    /// Proposes, begins, changes or ends an agreement.
    set_agreement(SetAgreementInput) -> SetAgreementPayload;

    /// Records a payment under an agreement, with what it cites.
    record_payment(RecordPaymentInput) -> RecordPaymentPayload;

    /// Describes a service, new or known, from a day on.
    describe_service(DescribeServiceInput) -> DescribeServicePayload;

    /// Sets the capacity of a service at a site.
    set_capacity(SetCapacityInput) -> SetCapacityPayload;

    /// Defines a measure, or its next version.
    define_measure(DefineMeasureInput) -> DefineMeasurePayload;

    /// Sets a target, a line of a plan, from a day on.
    set_target(SetTargetInput) -> SetTargetPayload;

    /// Sets an action, a risk or another item of a plan, from a day on.
    set_plan_item(SetPlanItemInput) -> SetPlanItemPayload;

    /// Registers a person on probation.
    register_person(RegisterPersonInput) -> RegisterPersonPayload;

    /// Records how a person lives in one respect: accommodation, employment, education, debt,
    /// substances, health.
    record_circumstance(RecordCircumstanceInput) -> RecordCircumstancePayload;

    /// Records an offence proven.
    record_offence(RecordOffenceInput) -> RecordOffencePayload;

    /// Enters a person on a register, changes the entry, or removes the person.
    set_register(SetRegisterInput) -> SetRegisterPayload;

    /// Records an assessment: needs, motivation, risks, and the sentence plan.
    assess_person(AssessPersonInput) -> AssessPersonPayload;

    /// Records a sentence.
    impose_sentence(ImposeSentenceInput) -> ImposeSentencePayload;

    /// Varies the requirements or the last day of a sentence.
    vary_sentence(VarySentenceInput) -> VarySentencePayload;

    /// Records that a sentence goes on elsewhere: in custody or in the community.
    change_setting(ChangeSettingInput) -> ChangeSettingPayload;

    /// Allocates a worker to a sentence, a referral or a placement.
    allocate_worker(AllocateWorkerInput) -> AllocateWorkerPayload;

    /// Takes a step of enforcement: from warning to proven, or on licence to recall.
    record_breach(RecordBreachInput) -> RecordBreachPayload;

    /// Ends a sentence.
    end_sentence(EndSentenceInput) -> EndSentencePayload;

    /// Refers a person to a service.
    make_referral(MakeReferralInput) -> MakeReferralPayload;

    /// Accepts, declines or waitlists a referral, or asks for more information.
    decide_referral(DecideReferralInput) -> DecideReferralPayload;

    /// Withdraws a referral that has no placement.
    withdraw_referral(WithdrawReferralInput) -> WithdrawReferralPayload;

    /// Books a place under an accepted referral.
    book_placement(BookPlacementInput) -> BookPlacementPayload;

    /// Records that a placement started.
    start_placement(StartPlacementInput) -> StartPlacementPayload;

    /// Records a whole session sheet: every entry, or none.
    record_attendance(RecordAttendanceInput) -> RecordAttendancePayload;

    /// Records a qualification gained on a placement.
    award_qualification(AwardQualificationInput) -> AwardQualificationPayload;

    /// Records that a placement is complete, and with what outcomes.
    complete_placement(CompletePlacementInput) -> CompletePlacementPayload;

    /// Records that a placement ended before it was complete.
    end_placement_early(EndPlacementEarlyInput) -> EndPlacementEarlyPayload;

    /// Corrects events of one case together: voids them or replaces what they say. The records
    /// stay; what counts changes.
    correct_event(CorrectEventInput) -> CorrectEventPayload;
}

/// Reads a command, hands it to the ledger, and looks at what it has changed.
///
/// # Errors
/// `SHUTTING_DOWN`; `BEHIND`, when it is recorded and this node does not show it in time;
/// `INTERNAL`.
async fn carry_out(ctx: &Context<'_>, input: impl Ask) -> Result<Done> {
    let at = at(ctx)?;
    let principal = ctx.data::<Arc<Principal>>()?;
    let origin =
        Origin { agency: principal.agency(), actor: principal.actor(), role: principal.role() };
    let mut reader = Reader::default();
    let asked = input.ask(origin, &mut reader);
    let wrong = reader.wrong();
    let asked = match asked {
        Ok(asked) if wrong.is_empty() => asked,
        _ => {
            let errors = wrong.into_iter().map(CommandError::from).collect();
            return Ok(refused(at, errors));
        }
    };
    let Asked { command, dry_run, await_checkpoint, steps_field } = asked;
    let mut streams: Vec<_> =
        command.steps.iter().filter_map(|step| step.action.stream()).collect();
    streams.sort_unstable();
    streams.dedup();
    let ledger = at.node.ledger();
    let answer = if dry_run {
        ledger.dry_run(command).map(|dry_run| dry_run.outcome)
    } else {
        ledger.submit(command).await
    };
    let (outcome, receipt) = match answer {
        // There is nothing yet that a receipt could name.
        Ok(Outcome::Accepted(_)) if dry_run => (CommandOutcome::Accepted, None),
        Ok(Outcome::Accepted(receipt)) => (CommandOutcome::Accepted, Some(receipt)),
        Ok(Outcome::Replayed(receipt)) => (CommandOutcome::Replayed, Some(receipt)),
        Ok(Outcome::Refused(reason)) => {
            let now = seen(ctx, ledger.snapshot().position()).await?;
            let error = CommandError::of(reason, steps_field, &now);
            return Ok(refused(&now, vec![error]));
        }
        Ok(Outcome::CommandIdReused) => {
            return Ok(refused(at, vec![CommandError::command_id_reused()]));
        }
        Err(SubmitError::OutcomeUnknown) => (CommandOutcome::OutcomeUnknown, None),
        Err(SubmitError::Busy { limit }) => {
            return Ok(refused(at, vec![CommandError::busy(limit.to_string())]));
        }
        Err(SubmitError::ReadOnly(_)) => {
            return Ok(refused(at, vec![CommandError::read_only("the ledger is read-only")]));
        }
        // A ledger that cannot read what it decides on cannot decide, and so not write.
        Err(SubmitError::Reading(error)) => {
            tracing::error!(%error, "a command was refused: a record that it needs cannot be read");
            let message = "a record that the decision needs cannot be read";
            return Ok(refused(at, vec![CommandError::read_only(message)]));
        }
        Err(error @ SubmitError::ShuttingDown) => {
            return Err(Code::ShuttingDown.error(error.to_string()));
        }
        Err(error @ SubmitError::Sealing(_)) => return Err(Error::new_with_source(error)),
    };
    let at = match &receipt {
        Some(receipt) => {
            if await_checkpoint {
                // It is recorded, whatever becomes of this: then the receipt has no proof yet.
                let _ = ledger.checkpoint_covering(receipt.position, PATIENCE).await;
            }
            seen(ctx, receipt.position).await?
        }
        None => Arc::clone(at),
    };
    Ok(Done { at, outcome, receipt, errors: Vec::new(), streams })
}

/// A command that is not recorded.
fn refused(at: &Arc<At>, errors: Vec<CommandError>) -> Done {
    let (at, outcome) = (Arc::clone(at), CommandOutcome::Refused);
    Done { at, outcome, receipt: None, errors, streams: Vec::new() }
}

/// The ledger as the caller sees it once this node has a position; the answer says so.
///
/// # Errors
/// `BEHIND`.
async fn seen(ctx: &Context<'_>, position: Position) -> Result<Arc<At>> {
    let before = at(ctx)?;
    let ledger = before.node.ledger();
    let mut snapshot = ledger.snapshot();
    if snapshot.position() < position {
        let arrived = ledger.wait_for(position, PATIENCE).await;
        snapshot = arrived.map_err(|behind| Code::Behind.error(behind.to_string()))?;
    }
    let principal = ctx.data::<Arc<Principal>>()?;
    let after = At::head(&before.node, principal, snapshot, before.on);
    after.cite(ctx.data::<Notes>()?);
    Ok(Arc::new(after))
}

#[cfg(test)]
mod tests;
