//! A sentence: where it is served, who works with the person, how it is enforced, how it ended.

use crate::codes::{BreachStep, SentenceEnd, SentenceKind, SettingReason, WorkerRole};
use crate::date::Date;
use crate::event::{
    BreachRecorded, Requirement, SentenceImposed, SentenceVaried, Setting, SettingChanged,
    WorkerAllocated,
};
use crate::history::Meta;
use crate::id::{AgencyId, EventId, Position, SentenceId, WorkerId};
use crate::refusal::Rule;
use crate::text::Code;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Which.
    pub id: SentenceId,
    /// Its first record.
    pub at: Position,
    /// Who recorded it.
    pub recorded_by: AgencyId,
    /// Kind.
    pub kind: SentenceKind,
    /// Day on which it was imposed.
    pub imposed_on: Date,
    /// Last day.
    pub expires_on: Date,
    /// Area.
    pub area: Code,
    /// Age in years when imposed.
    pub age: u8,
    /// Court.
    pub court: Code,
    /// Requirements in force.
    pub requirements: Vec<Requirement>,
    /// Requirements that a variation added or dropped, and when.
    pub variations: Vec<Variation>,
    /// The sentence that it goes on from.
    pub continues: Option<SentenceId>,
    /// Where it has been served, in recorded order; the first from the beginning.
    pub settings: Vec<SettingPeriod>,
    /// Who works with the person now, one a role.
    pub workers: Vec<Worker>,
    /// The first day, by what was claimed, from which there has been an offender manager, and the
    /// record of it. Nothing takes an offender manager away but another, so this is also since when
    /// there has always been one.
    pub managed_from: Option<Managed>,
    /// Breaches, by number.
    pub breaches: Vec<Breach>,
    /// How it stands.
    pub state: SentenceState,
}

/// How a sentence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SentenceState {
    /// Being served.
    Active,
    /// Over.
    Ended {
        /// Last day served.
        on: Date,
        /// How.
        how: SentenceEnd,
        /// Its record.
        at: Position,
    },
}

/// Where a sentence was served from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingPeriod {
    /// Since when.
    pub from: Date,
    /// Its record.
    pub at: Position,
    /// Where.
    pub setting: Setting,
    /// Why it changed; `None` for the setting that the sentence began with.
    pub why: Option<SettingReason>,
}

/// Since when a sentence has had an offender manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Managed {
    /// The day.
    pub from: Date,
    /// Record of the allocation.
    pub at: Position,
}

/// A requirement that a variation added to a sentence or dropped from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variation {
    /// The requirement.
    pub requirement: Requirement,
    /// Whether it was added; otherwise it was dropped.
    pub added: bool,
    /// When.
    pub on: Date,
    /// Its record.
    pub at: Position,
}

/// Somebody who works with a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// As what.
    pub role: WorkerRole,
    /// Who.
    pub worker: WorkerId,
    /// From which agency.
    pub agency: AgencyId,
    /// Whether unpaid.
    pub volunteer: bool,
    /// Since when.
    pub since: Date,
}

/// One breach and how far its enforcement has gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// Number within the sentence, from 1.
    pub number: u16,
    /// Steps taken; never empty.
    pub steps: Vec<BreachTaken>,
}

/// A step of enforcement taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreachTaken {
    /// The step.
    pub step: BreachStep,
    /// When.
    pub on: Date,
    /// Its record.
    pub at: Position,
    /// Absences given as grounds.
    pub grounds: Vec<EventId>,
    /// Another ground.
    pub other_ground: Option<Code>,
}

impl Breach {
    /// The step it is at.
    pub fn step(&self) -> Option<BreachStep> {
        self.steps.last().map(|taken| taken.step)
    }

    /// Whether enforcement is still going on.
    pub fn is_open(&self) -> bool {
        !matches!(
            self.step(),
            Some(
                BreachStep::Proven
                    | BreachStep::NotProven
                    | BreachStep::Withdrawn
                    | BreachStep::RecallRefused
                    | BreachStep::Recalled
            )
        )
    }
}

/// The ladder of DOMAIN.md §2.1: whether `next` may follow `current`.
fn ladder(current: Option<BreachStep>, next: BreachStep) -> bool {
    use BreachStep::{
        FinalWarning, Initiated, NotProven, Proven, RecallRefused, RecallRequested, Recalled,
        Warning, Withdrawn,
    };
    match next {
        Warning | RecallRequested => current.is_none(),
        FinalWarning => current == Some(Warning),
        Initiated => matches!(current, None | Some(FinalWarning)),
        Proven | NotProven | Withdrawn => current == Some(Initiated),
        RecallRefused | Recalled => current == Some(RecallRequested),
    }
}

impl Sentence {
    pub(crate) fn imposed(id: SentenceId, meta: &Meta<'_>, imposed: &SentenceImposed) -> Self {
        let on = meta.occurred.date;
        Self {
            id,
            at: meta.record.position,
            recorded_by: meta.record.agency,
            kind: imposed.kind,
            imposed_on: on,
            expires_on: imposed.expires_on,
            area: imposed.area.clone(),
            age: imposed.age,
            court: imposed.court.clone(),
            requirements: imposed.requirements.clone(),
            variations: Vec::new(),
            continues: imposed.continues,
            settings: alloc::vec![SettingPeriod {
                from: on,
                at: meta.record.position,
                setting: imposed.setting.clone(),
                why: None,
            }],
            workers: Vec::new(),
            managed_from: None,
            breaches: Vec::new(),
            state: SentenceState::Active,
        }
    }

    /// Whether it is being served.
    pub fn is_active(&self) -> bool {
        self.state == SentenceState::Active
    }

    /// Where it is served by the latest record.
    pub fn setting(&self) -> &Setting {
        // A sentence begins with a setting.
        &self.settings[self.settings.len() - 1].setting
    }

    pub(crate) fn change_setting(&mut self, meta: &Meta<'_>, changed: &SettingChanged) {
        self.settings.push(SettingPeriod {
            from: meta.occurred.date,
            at: meta.record.position,
            setting: changed.to.clone(),
            why: Some(changed.why),
        });
    }

    pub(crate) fn allocate(&mut self, meta: &Meta<'_>, allocated: &WorkerAllocated) {
        let on = meta.occurred.date;
        allocate(&mut self.workers, on, allocated);
        if allocated.role == WorkerRole::OffenderManager
            && self.managed_from.is_none_or(|first| on < first.from)
        {
            self.managed_from = Some(Managed { from: on, at: meta.record.position });
        }
    }

    /// Who does `role` now.
    pub fn worker(&self, role: WorkerRole) -> Option<&Worker> {
        self.workers.iter().find(|worker| worker.role == role)
    }

    /// Whether it has a requirement of that identifier.
    pub fn has_requirement(&self, id: &Code) -> bool {
        self.requirements.iter().any(|requirement| requirement.id == *id)
    }

    pub(crate) fn permits_varying(&self, varied: &SentenceVaried) -> Result<(), Rule> {
        if varied.drop.iter().any(|id| !self.has_requirement(id)) {
            return Err(Rule::RequirementUnknown);
        }
        let kept = |id: &Code| self.has_requirement(id) && !varied.drop.contains(id);
        if varied.add.iter().any(|requirement| kept(&requirement.id)) {
            return Err(Rule::RequirementExists);
        }
        Ok(())
    }

    pub(crate) fn vary(&mut self, meta: &Meta<'_>, varied: &SentenceVaried) {
        let (on, at) = (meta.occurred.date, meta.record.position);
        let dropped = self.requirements.extract_if(.., |it| varied.drop.contains(&it.id));
        let of = |added| move |requirement| Variation { requirement, added, on, at };
        self.variations.extend(dropped.map(of(false)));
        self.variations.extend(varied.add.iter().cloned().map(of(true)));
        self.requirements.extend(varied.add.iter().cloned());
        if let Some(expires_on) = varied.expires_on {
            self.expires_on = expires_on;
        }
    }

    /// Everything about a step of enforcement but its grounds, which are sessions of the person.
    pub(crate) fn permits_breach(&self, recorded: &BreachRecorded) -> Result<(), Rule> {
        let known = self.breaches.iter().find(|breach| breach.number == recorded.breach);
        if known.is_none() && usize::from(recorded.breach) != self.breaches.len() + 1 {
            return Err(Rule::BreachNumberSkipped);
        }
        if !ladder(known.and_then(Breach::step), recorded.step) {
            return Err(Rule::BreachStepOutOfOrder);
        }
        let on_licence = matches!(self.setting(), Setting::Community { licence: true });
        if recorded.step == BreachStep::RecallRequested && !on_licence {
            return Err(Rule::RecallNeedsLicence);
        }
        let needs_ground = matches!(
            recorded.step,
            BreachStep::Warning
                | BreachStep::FinalWarning
                | BreachStep::Initiated
                | BreachStep::RecallRequested
        );
        if needs_ground && recorded.grounds.is_empty() && recorded.other_ground.is_none() {
            return Err(Rule::BreachNeedsGround);
        }
        if recorded.requirement.as_ref().is_some_and(|id| !self.has_requirement(id)) {
            return Err(Rule::RequirementUnknown);
        }
        Ok(())
    }

    pub(crate) fn record_breach(&mut self, meta: &Meta<'_>, recorded: &BreachRecorded) {
        let taken = BreachTaken {
            step: recorded.step,
            on: meta.occurred.date,
            at: meta.record.position,
            grounds: recorded.grounds.clone(),
            other_ground: recorded.other_ground.clone(),
        };
        match self.breaches.iter_mut().find(|breach| breach.number == recorded.breach) {
            Some(breach) => breach.steps.push(taken),
            None => {
                self.breaches.push(Breach { number: recorded.breach, steps: alloc::vec![taken] });
            }
        }
    }

    /// Whether a breach of it was proven.
    pub fn has_proven_breach(&self) -> bool {
        self.breaches.iter().any(|breach| breach.step() == Some(BreachStep::Proven))
    }
}

/// Puts a worker in the place of whoever had the role before.
pub(crate) fn allocate(workers: &mut Vec<Worker>, since: Date, allocated: &WorkerAllocated) {
    workers.retain(|worker| worker.role != allocated.role);
    workers.push(Worker {
        role: allocated.role,
        worker: allocated.worker,
        agency: allocated.agency,
        volunteer: allocated.volunteer,
        since,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use BreachStep as S;

    #[test]
    fn the_ladder_has_these_rungs_and_no_others() {
        let rungs = [
            (None, S::Warning),
            (None, S::Initiated),
            (None, S::RecallRequested),
            (Some(S::Warning), S::FinalWarning),
            (Some(S::FinalWarning), S::Initiated),
            (Some(S::Initiated), S::Proven),
            (Some(S::Initiated), S::NotProven),
            (Some(S::Initiated), S::Withdrawn),
            (Some(S::RecallRequested), S::RecallRefused),
            (Some(S::RecallRequested), S::Recalled),
        ];
        let from = S::ALL.iter().copied().map(Some).chain([None]);
        for current in from {
            for next in S::ALL.iter().copied() {
                let expected = rungs.contains(&(current, next));
                assert_eq!(ladder(current, next), expected, "{current:?} -> {next:?}");
            }
        }
    }
}
