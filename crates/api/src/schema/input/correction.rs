//! Correcting events: voiding them, or replacing what they say.

use async_graphql::{ID, InputObject, OneofObject};
use tallystick_domain::{
    Action, Event, Origin,
    command::{Amendment, CorrectionAsked, Given},
    event::PlacementStarted,
};

use super::{
    agency::AgencyDescribedInput,
    agreement::AgreementSetInput,
    assessment::AssessedInput,
    circumstance::CircumstanceRecordedInput,
    command::{Ask, Asked, CaseFields},
    offence::OffenceProvenInput,
    payment::PaymentRecordedInput,
    person::PersonRegisteredInput,
    placement::{
        AttendanceRecordedInput, PlacementBookedInput, PlacementCompletedInput,
        PlacementEndedEarlyInput, QualificationAwardedInput,
    },
    plan::{PlanItemSetInput, TargetSetInput},
    reader::{Facts, Read, Reader, Wrong},
    referral::{ReferralDecidedInput, ReferralMadeInput, ReferralWithdrawnInput},
    register::RegisterSetInput,
    sentence::{
        BreachRecordedInput, SentenceEndedInput, SentenceImposedInput, SentenceVariedInput,
        SettingChangedInput, WorkerAllocatedInput,
    },
    service::{CapacitySetInput, ServiceDescribedInput},
};
use crate::schema::{
    code,
    command_error::{InputProblem, InvalidInput},
    scalar::OccurredOn,
};

/// Events of one case to be corrected together: the history is judged after the last of them.
/// `expectedVersion` is that of what the first target is about.
#[derive(InputObject)]
pub(crate) struct CorrectEventInput {
    #[graphql(flatten)]
    command: CaseFields,
    /// The corrections, in order: 1 to 500.
    corrections: Vec<CorrectionInput>,
}

impl Ask for CorrectEventInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |_, reader| {
            let corrections = reader.each("corrections", &self.corrections, Reader::facts);
            Ok(Action::Correct { corrections: corrections? })
        })
    }
}

/// A correction of one event.
#[derive(InputObject)]
pub(crate) struct CorrectionInput {
    /// The event; a correction may itself be voided.
    target: ID,
    /// What becomes of it.
    op: CorrectionOpInput,
    /// Why.
    reason: code::CorrectionReason,
}

impl Facts for CorrectionInput {
    type Facts = CorrectionAsked<Given>;

    fn read(&self, reader: &mut Reader) -> Read<CorrectionAsked<Given>> {
        let target = reader.id("target", &self.target);
        let op = reader.facts("op", &self.op);
        Ok(CorrectionAsked { target: target?, op: op?, reason: self.reason.into() })
    }
}

/// What becomes of an event.
#[derive(OneofObject)]
pub(crate) enum CorrectionOpInput {
    /// `true`: it counts as if it had not been.
    Void(bool),
    /// It counts as if it had been this.
    Replace(Box<ReplaceInput>),
}

impl Facts for CorrectionOpInput {
    type Facts = Amendment<Given>;

    fn read(&self, reader: &mut Reader) -> Read<Amendment<Given>> {
        match self {
            Self::Void(chosen) => only_true(reader, "void", *chosen).map(|()| Amendment::Void),
            Self::Replace(replace) => reader.facts("replace", &**replace),
        }
    }
}

/// What an event should have been.
#[derive(InputObject)]
pub(crate) struct ReplaceInput {
    /// When it happened after all.
    occurred_on: OccurredOn,
    /// All that it says, of the same type as the event.
    with: ReplacementInput,
}

impl Facts for ReplaceInput {
    type Facts = Amendment<Given>;

    fn read(&self, reader: &mut Reader) -> Read<Amendment<Given>> {
        let occurred_on = self.occurred_on.0;
        match &self.with {
            ReplacementInput::PersonRegistered(registered) => {
                let person = reader.id("with.personRegistered.person", &registered.person);
                let identity = reader.facts("with.personRegistered", &registered.identity);
                let (person, identity) = (person?, identity?);
                Ok(Amendment::ReplaceIdentity { person, occurred_on, identity })
            }
            ReplacementInput::CircumstanceRecorded(recorded) => {
                let (person, recorded) = reader.facts("with.circumstanceRecorded", recorded)?;
                Ok(Amendment::ReplaceCircumstance { person, occurred_on, recorded })
            }
            with => {
                let event = Box::new(event(reader, with)?);
                Ok(Amendment::Replace { occurred_on, event })
            }
        }
    }
}

/// What an event says, by its type.
#[derive(OneofObject)]
pub(crate) enum ReplacementInput {
    /// A description of an agency.
    AgencyDescribed(AgencyDescribedInput),
    /// The terms of an agreement.
    AgreementSet(AgreementSetInput),
    /// What was paid, with the same evidence.
    PaymentRecorded(PaymentRecordedInput),
    /// A description of a service.
    ServiceDescribed(ServiceDescribedInput),
    /// A capacity.
    CapacitySet(CapacitySetInput),
    /// A target.
    TargetSet(TargetSetInput),
    /// An item of a plan.
    PlanItemSet(PlanItemSetInput),
    /// Who a person is.
    PersonRegistered(PersonRegisteredInput),
    /// How a person lives.
    CircumstanceRecorded(CircumstanceRecordedInput),
    /// An offence proven.
    OffenceProven(OffenceProvenInput),
    /// An entry on a register.
    RegisterSet(RegisterSetInput),
    /// What an assessment found; with the same tool.
    Assessed(AssessedInput),
    /// A sentence as it was imposed.
    SentenceImposed(SentenceImposedInput),
    /// How a sentence was varied.
    SentenceVaried(SentenceVariedInput),
    /// Where a sentence goes on.
    SettingChanged(SettingChangedInput),
    /// Who works with the person.
    WorkerAllocated(WorkerAllocatedInput),
    /// A step of enforcement.
    BreachRecorded(BreachRecordedInput),
    /// How a sentence ended.
    SentenceEnded(SentenceEndedInput),
    /// Whom was referred to what.
    ReferralMade(ReferralMadeInput),
    /// What was decided about a referral.
    ReferralDecided(ReferralDecidedInput),
    /// Why a referral was withdrawn.
    ReferralWithdrawn(ReferralWithdrawnInput),
    /// What was booked.
    PlacementBooked(PlacementBookedInput),
    /// `true`: that a placement started, which has no more to it than when.
    PlacementStarted(bool),
    /// How a session went.
    AttendanceRecorded(AttendanceRecordedInput),
    /// A qualification that was gained.
    QualificationAwarded(QualificationAwardedInput),
    /// With what a placement was completed.
    PlacementCompleted(PlacementCompletedInput),
    /// Why a placement ended early.
    PlacementEndedEarly(PlacementEndedEarlyInput),
}

/// A replacement that has nothing to be sealed.
fn event(reader: &mut Reader, with: &ReplacementInput) -> Read<Event> {
    fn read<F: Facts<Facts: Into<Event>>>(
        reader: &mut Reader,
        field: &str,
        facts: &F,
    ) -> Read<Event> {
        reader.facts(field, facts).map(Into::into)
    }
    use ReplacementInput as R;
    match with {
        R::AgencyDescribed(it) => read(reader, "with.agencyDescribed", it),
        R::AgreementSet(it) => read(reader, "with.agreementSet", it),
        R::PaymentRecorded(it) => read(reader, "with.paymentRecorded", it),
        R::ServiceDescribed(it) => read(reader, "with.serviceDescribed", it),
        R::CapacitySet(it) => read(reader, "with.capacitySet", it),
        R::TargetSet(it) => read(reader, "with.targetSet", it),
        R::PlanItemSet(it) => read(reader, "with.planItemSet", it),
        R::PersonRegistered(_) | R::CircumstanceRecorded(_) => Err(Wrong),
        R::OffenceProven(it) => read(reader, "with.offenceProven", it),
        R::RegisterSet(it) => read(reader, "with.registerSet", it),
        R::Assessed(it) => read(reader, "with.assessed", it),
        R::SentenceImposed(it) => read(reader, "with.sentenceImposed", it),
        R::SentenceVaried(it) => read(reader, "with.sentenceVaried", it),
        R::SettingChanged(it) => read(reader, "with.settingChanged", it),
        R::WorkerAllocated(it) => read(reader, "with.workerAllocated", it),
        R::BreachRecorded(it) => read(reader, "with.breachRecorded", it),
        R::SentenceEnded(it) => read(reader, "with.sentenceEnded", it),
        R::ReferralMade(it) => read(reader, "with.referralMade", it),
        R::ReferralDecided(it) => read(reader, "with.referralDecided", it),
        R::ReferralWithdrawn(it) => read(reader, "with.referralWithdrawn", it),
        R::PlacementBooked(it) => read(reader, "with.placementBooked", it),
        R::PlacementStarted(chosen) => {
            let chosen = only_true(reader, "with.placementStarted", *chosen);
            chosen.map(|()| PlacementStarted {}.into())
        }
        R::AttendanceRecorded(it) => read(reader, "with.attendanceRecorded", it),
        R::QualificationAwarded(it) => read(reader, "with.qualificationAwarded", it),
        R::PlacementCompleted(it) => read(reader, "with.placementCompleted", it),
        R::PlacementEndedEarly(it) => read(reader, "with.placementEndedEarly", it),
    }
}

/// A choice that has nothing more to say is made by `true`.
fn only_true(reader: &mut Reader, field: &str, chosen: bool) -> Read<()> {
    if chosen {
        return Ok(());
    }
    let wrong = InvalidInput::new(InputProblem::NotAllowed, "only true may stand here");
    Err(reader.refuse(field, wrong))
}
