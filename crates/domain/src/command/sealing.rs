//! From a command as it is given to the same with its personal values sealed; and the spelling of
//! its clear input that the command's MAC covers.

use super::{
    Action, Amendment, CircumstanceGiven, Command, CorrectionAsked, Given, Identity, Step,
};
use crate::event::{
    Circumstance, CircumstanceKind, CircumstanceRecorded, CircumstanceText, EventType, FreeText,
    PersonRegistered,
};
use crate::id::PersonId;
use crate::sealed::Sealed;
use crate::text::Note;
use alloc::vec::Vec;
use core::convert::Infallible;
use serde::Serialize;

/// Which event of its command a personal value will stand in: part of what it is sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the event within the command.
    pub index: u16,
    /// Type of the event.
    pub event_type: EventType,
}

/// Turns personal values into sealed ones; `E` is whatever can go wrong in the vault.
pub trait Sealer<E> {
    /// Seals a person's identity.
    ///
    /// # Errors
    /// Whatever can go wrong in the vault.
    fn identity(
        &mut self,
        place: Place,
        person: PersonId,
        clear: &Identity,
    ) -> Result<PersonRegistered, E>;

    /// Seals the confidential value of a circumstance.
    ///
    /// # Errors
    /// Whatever can go wrong in the vault.
    fn circumstance(
        &mut self,
        place: Place,
        person: PersonId,
        kind: CircumstanceKind,
        clear: &Note,
    ) -> Result<Sealed<CircumstanceText>, E>;

    /// Seals free text; the person is found by what the step is about.
    ///
    /// # Errors
    /// Whatever can go wrong in the vault.
    fn note(
        &mut self,
        place: Place,
        action: &Action<Given>,
        clear: &Note,
    ) -> Result<Sealed<FreeText>, E>;
}

impl Command<Given> {
    /// The command with every personal value sealed.
    ///
    /// # Errors
    /// The first error of the sealer.
    pub fn seal<E>(self, sealer: &mut impl Sealer<E>) -> Result<Command, E> {
        let mut steps = Vec::with_capacity(self.steps.len());
        let mut index = 0_u16;
        for step in self.steps {
            let place = Place { index, event_type: step.action.event_type() };
            let note = match &step.note {
                Some(note) => Some(sealer.note(place, &step.action, note)?),
                None => None,
            };
            // A step records one event, a step of corrections one for each of them.
            index = index.saturating_add(match &step.action {
                Action::Correct { corrections } => {
                    u16::try_from(corrections.len()).unwrap_or(u16::MAX)
                }
                _ => 1,
            });
            steps.push(Step {
                occurred: step.occurred,
                expected_version: step.expected_version,
                cause: step.cause,
                note,
                action: step.action.seal(place, sealer)?,
            });
        }
        Ok(Command { id: self.id, mac: self.mac, origin: self.origin, steps })
    }
}

impl Action<Given> {
    fn seal<E>(self, place: Place, sealer: &mut impl Sealer<E>) -> Result<Action, E> {
        Ok(match self {
            Self::RegisterPerson { person, identity } => Action::RegisterPerson {
                person,
                identity: sealer.identity(place, person, &identity)?,
            },
            Self::RecordCircumstance { person, recorded } => Action::RecordCircumstance {
                person,
                recorded: recorded.seal(place, person, sealer)?,
            },
            Self::RecordOffence { person, proven } => Action::RecordOffence { person, proven },
            Self::SetRegister { person, set } => Action::SetRegister { person, set },
            Self::Assess { person, assessed } => Action::Assess { person, assessed },
            Self::OpenLedger(opened) => Action::OpenLedger(opened),
            Self::DescribeAgency { agency, described } => {
                Action::DescribeAgency { agency, described }
            }
            Self::SetAgreement { agreement, set } => Action::SetAgreement { agreement, set },
            Self::RecordPayment { agreement, paid } => Action::RecordPayment { agreement, paid },
            Self::DescribeService { service, described } => {
                Action::DescribeService { service, described }
            }
            Self::SetTarget { plan, set } => Action::SetTarget { plan, set },
            Self::SetPlanItem { plan, set } => Action::SetPlanItem { plan, set },
            Self::DefineMeasure { measure, defined } => Action::DefineMeasure { measure, defined },
            Self::SetCapacity { service, set } => Action::SetCapacity { service, set },
            Self::ImposeSentence { sentence, imposed } => {
                Action::ImposeSentence { sentence, imposed }
            }
            Self::VarySentence { sentence, varied } => Action::VarySentence { sentence, varied },
            Self::ChangeSetting { sentence, changed } => {
                Action::ChangeSetting { sentence, changed }
            }
            Self::AllocateWorker { to, allocated } => Action::AllocateWorker { to, allocated },
            Self::RecordBreach { sentence, recorded } => {
                Action::RecordBreach { sentence, recorded }
            }
            Self::EndSentence { sentence, ended } => Action::EndSentence { sentence, ended },
            Self::MakeReferral { referral, made } => Action::MakeReferral { referral, made },
            Self::DecideReferral { referral, decided } => {
                Action::DecideReferral { referral, decided }
            }
            Self::WithdrawReferral { referral, withdrawn } => {
                Action::WithdrawReferral { referral, withdrawn }
            }
            Self::BookPlacement { placement, booked } => {
                Action::BookPlacement { placement, booked }
            }
            Self::StartPlacement { placement } => Action::StartPlacement { placement },
            Self::RecordAttendance { placement, recorded } => {
                Action::RecordAttendance { placement, recorded }
            }
            Self::AwardQualification { placement, awarded } => {
                Action::AwardQualification { placement, awarded }
            }
            Self::CompletePlacement { placement, completed } => {
                Action::CompletePlacement { placement, completed }
            }
            Self::EndPlacementEarly { placement, ended } => {
                Action::EndPlacementEarly { placement, ended }
            }
            Self::Correct { corrections } => Action::Correct {
                corrections: (place.index..)
                    .zip(corrections)
                    .map(|(index, asked)| asked.seal(Place { index, ..place }, sealer))
                    .collect::<Result<_, E>>()?,
            },
        })
    }
}

impl CorrectionAsked<Given> {
    fn seal<E>(self, place: Place, sealer: &mut impl Sealer<E>) -> Result<CorrectionAsked, E> {
        let op = match self.op {
            Amendment::Void => Amendment::Void,
            Amendment::Replace { occurred_on, event } => Amendment::Replace { occurred_on, event },
            Amendment::ReplaceIdentity { person, occurred_on, identity } => {
                Amendment::ReplaceIdentity {
                    person,
                    occurred_on,
                    identity: sealer.identity(place, person, &identity)?,
                }
            }
            Amendment::ReplaceCircumstance { person, occurred_on, recorded } => {
                Amendment::ReplaceCircumstance {
                    person,
                    occurred_on,
                    recorded: recorded.seal(place, person, sealer)?,
                }
            }
        };
        Ok(CorrectionAsked { target: self.target, op, reason: self.reason })
    }
}

impl Command<Given> {
    /// The clear input in one canonical spelling, for the command's MAC: the same command sent
    /// again has the same bytes. What the caller saw (`expected_version`) is not part of what was
    /// asked.
    pub fn canonical_input(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        for step in &self.steps {
            json(&mut out, &step.occurred);
            json(&mut out, &step.cause);
            json(&mut out, &step.note.as_ref().map(Note::as_str));
            out.extend_from_slice(step.action.name().as_bytes());
            json(&mut out, &step.action.stream());
            step.action.canonical_payload(&mut out);
            out.push(b'\n');
        }
        out
    }
}

impl Action<Given> {
    fn canonical_payload(&self, out: &mut Vec<u8>) {
        match self {
            Self::OpenLedger(payload) => json(out, payload),
            Self::DescribeAgency { described, .. } => json(out, described),
            Self::SetAgreement { set, .. } => json(out, set),
            Self::RecordPayment { paid, .. } => json(out, paid),
            Self::DescribeService { described, .. } => json(out, described),
            Self::SetCapacity { set, .. } => json(out, set),
            Self::DefineMeasure { defined, .. } => json(out, defined),
            Self::SetTarget { set, .. } => json(out, set),
            Self::SetPlanItem { set, .. } => json(out, set),
            Self::RegisterPerson { identity, .. } => identity.canonical(out),
            Self::RecordCircumstance { recorded, .. } => recorded.canonical(out),
            Self::RecordOffence { proven, .. } => json(out, proven),
            Self::SetRegister { set, .. } => json(out, set),
            Self::Assess { assessed, .. } => json(out, assessed),
            Self::ImposeSentence { imposed, .. } => json(out, imposed),
            Self::VarySentence { varied, .. } => json(out, varied),
            Self::ChangeSetting { changed, .. } => json(out, changed),
            Self::AllocateWorker { allocated, .. } => json(out, allocated),
            Self::RecordBreach { recorded, .. } => json(out, recorded),
            Self::EndSentence { ended, .. } => json(out, ended),
            Self::MakeReferral { made, .. } => json(out, made),
            Self::DecideReferral { decided, .. } => json(out, decided),
            Self::WithdrawReferral { withdrawn, .. } => json(out, withdrawn),
            Self::BookPlacement { booked, .. } => json(out, booked),
            Self::StartPlacement { .. } => {}
            Self::RecordAttendance { recorded, .. } => json(out, recorded),
            Self::AwardQualification { awarded, .. } => json(out, awarded),
            Self::CompletePlacement { completed, .. } => json(out, completed),
            Self::EndPlacementEarly { ended, .. } => json(out, ended),
            Self::Correct { corrections } => {
                for asked in corrections {
                    json(out, &(asked.target, asked.reason));
                    match &asked.op {
                        Amendment::Void => out.extend_from_slice(b"void"),
                        Amendment::Replace { occurred_on, event } => {
                            json(out, &(occurred_on, event));
                        }
                        Amendment::ReplaceIdentity { person, occurred_on, identity } => {
                            json(out, &(person, occurred_on));
                            identity.canonical(out);
                        }
                        Amendment::ReplaceCircumstance { person, occurred_on, recorded } => {
                            json(out, &(person, occurred_on));
                            recorded.canonical(out);
                        }
                    }
                }
            }
        }
    }
}

impl Identity {
    fn canonical(&self, out: &mut Vec<u8>) {
        json(out, &(&self.identifiers, &self.given_name, &self.family_name, self.born));
    }
}

impl CircumstanceGiven {
    fn seal<E>(
        self,
        place: Place,
        person: PersonId,
        sealer: &mut impl Sealer<E>,
    ) -> Result<CircumstanceRecorded, E> {
        let kind = self.circumstance.kind();
        let seal = |clear: &Note| sealer.circumstance(place, person, kind, clear);
        let circumstance = self.circumstance.try_map(seal)?;
        Ok(CircumstanceRecorded { circumstance, verified: self.verified, source: self.source })
    }

    fn canonical(&self, out: &mut Vec<u8>) {
        let clear = |note: &Note| Ok::<_, Infallible>(alloc::string::String::from(note.as_str()));
        let Ok(circumstance): Result<Circumstance<_>, _> = self.circumstance.try_map(clear);
        json(out, &(circumstance, self.verified, &self.source));
    }
}

/// Appends a value as JSON. Every piece of a command is a string, a number or a struct of these,
/// so serialising cannot fail.
fn json(out: &mut Vec<u8>, value: &impl Serialize) {
    out.extend_from_slice(&serde_json::to_vec(value).unwrap_or_default());
}
