//! A placement: a person's place on a service, its sessions, awards and end.

use crate::codes::{
    Achievement, AttendanceOutcome, EarlyEnd, Fault, Level, QualificationKind, Unit,
};
use crate::date::Date;
use crate::event::{AttendanceRecorded, OutcomeAchieved, PlacementBooked, QualificationAwarded};
use crate::history::Meta;
use crate::id::{PlacementId, Position, ReferralId};
use crate::refusal::Rule;
use crate::sentence::Worker;
use crate::text::{Code, Label};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Minutes that may be credited beyond the plan (constants, version 1).
const CREDIT_ALLOWANCE_MINUTES: u16 = 0;

/// One placement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Which.
    pub id: PlacementId,
    /// Its first record.
    pub at: Position,
    /// Under which referral.
    pub referral: ReferralId,
    /// Site.
    pub site: Code,
    /// What is booked.
    pub unit: Unit,
    /// When it was booked.
    pub booked_on: Date,
    /// First day planned.
    pub from: Date,
    /// Last day planned.
    pub to: Date,
    /// How much is planned.
    pub quantity: u32,
    /// How it stands.
    pub state: PlacementState,
    /// Sessions, in recorded order.
    pub sessions: Vec<Session>,
    /// Qualifications gained.
    pub awards: Vec<Award>,
    /// Who works on it, one a role.
    pub workers: Vec<Worker>,
}

/// How a placement stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlacementState {
    /// Waiting to start.
    Booked,
    /// Going on.
    Started(Start),
    /// Completed.
    Completed {
        /// How it had started.
        start: Start,
        /// When.
        on: Date,
        /// Its record.
        at: Position,
        /// Outcomes.
        outcomes: Vec<OutcomeAchieved>,
        /// Where the person moved on to.
        move_on: Option<Code>,
    },
    /// Ended early.
    EndedEarly {
        /// How it had started, if it had.
        start: Option<Start>,
        /// When.
        on: Date,
        /// Its record.
        at: Position,
        /// Why.
        reason: EarlyEnd,
        /// Whose doing.
        fault: Fault,
        /// Outcomes all the same.
        outcomes: Vec<OutcomeAchieved>,
    },
}

/// How a placement started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// When, as claimed.
    pub on: Date,
    /// Record of the start.
    pub at: Position,
    /// Days between that and the record of it.
    pub recorded_after_days: i32,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its record.
    pub at: Position,
    /// Which session.
    pub session: Code,
    /// When.
    pub on: Date,
    /// Minutes planned.
    pub planned: u16,
    /// Minutes credited.
    pub credited: u16,
    /// How it went.
    pub outcome: AttendanceOutcome,
    /// Whose doing.
    pub fault: Fault,
}

/// A qualification gained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    /// Its record.
    pub at: Position,
    /// When.
    pub on: Date,
    /// Title.
    pub title: Label,
    /// Awarding body.
    pub body: Label,
    /// Level.
    pub level: Level,
    /// Who recognises it.
    pub kind: QualificationKind,
}

impl Placement {
    /// Whether the record at a position says what was done here: the start, a session, an award
    /// or the end.
    pub(crate) fn is_fact(&self, at: Position) -> bool {
        let ended = match &self.state {
            PlacementState::Completed { at, .. } | PlacementState::EndedEarly { at, .. } => {
                Some(*at)
            }
            PlacementState::Booked | PlacementState::Started(_) => None,
        };
        self.start().is_some_and(|start| start.at == at)
            || ended == Some(at)
            || self.sessions.iter().any(|session| session.at == at)
            || self.awards.iter().any(|award| award.at == at)
    }

    pub(crate) fn booked(id: PlacementId, meta: &Meta<'_>, booked: &PlacementBooked) -> Self {
        Self {
            id,
            at: meta.record.position,
            referral: booked.referral,
            site: booked.site.clone(),
            unit: booked.unit,
            booked_on: meta.occurred.date,
            from: booked.from,
            to: booked.to,
            quantity: booked.quantity,
            state: PlacementState::Booked,
            sessions: Vec::new(),
            awards: Vec::new(),
            workers: Vec::new(),
        }
    }

    /// How it started, if it has.
    pub fn start(&self) -> Option<Start> {
        match &self.state {
            PlacementState::Booked => None,
            PlacementState::Started(start) | PlacementState::Completed { start, .. } => {
                Some(*start)
            }
            PlacementState::EndedEarly { start, .. } => *start,
        }
    }

    /// When it ended, if it has.
    pub fn ended_on(&self) -> Option<Date> {
        match &self.state {
            PlacementState::Booked | PlacementState::Started(_) => None,
            PlacementState::Completed { on, .. } | PlacementState::EndedEarly { on, .. } => {
                Some(*on)
            }
        }
    }

    /// Whether it takes up its place on a day: from its start (its first planned day, if it has
    /// not started) to its end (its last planned day, if it has not ended).
    pub fn occupies(&self, day: Date) -> bool {
        let from = self.start().map_or(self.from, |start| start.on);
        match self.ended_on() {
            Some(on) => from <= day && day < on,
            None => from <= day && (self.start().is_some() || day <= self.to),
        }
    }

    /// Outcomes achieved in full.
    pub fn achieved(&self) -> impl Iterator<Item = &Code> {
        let outcomes: &[OutcomeAchieved] = match &self.state {
            PlacementState::Booked | PlacementState::Started(_) => &[],
            PlacementState::Completed { outcomes, .. }
            | PlacementState::EndedEarly { outcomes, .. } => outcomes,
        };
        outcomes
            .iter()
            .filter(|outcome| outcome.result == Achievement::Achieved)
            .map(|outcome| &outcome.code)
    }

    /// Minutes credited over all sessions.
    pub fn credited_minutes(&self) -> u32 {
        self.sessions.iter().map(|session| u32::from(session.credited)).sum()
    }

    /// Whether a session may be recorded on it, which has started.
    pub(crate) fn permits_session(&self, recorded: &AttendanceRecorded) -> Result<(), Rule> {
        if self.sessions.iter().any(|known| known.session == recorded.session) {
            return Err(Rule::SessionRecorded);
        }
        if recorded.credited > recorded.planned.saturating_add(CREDIT_ALLOWANCE_MINUTES) {
            return Err(Rule::CreditOverPlan);
        }
        Ok(())
    }

    /// Whether it may end early for that reason: what never began ends for other reasons than what
    /// did.
    pub(crate) fn permits_early_end(&self, reason: EarlyEnd) -> Result<(), Rule> {
        let never_began = matches!(reason, EarlyEnd::DidNotArrive | EarlyEnd::Cancelled);
        match (&self.state, never_began) {
            (PlacementState::Booked, true) | (PlacementState::Started(_), false) => Ok(()),
            (PlacementState::Booked, false) => Err(Rule::EndReasonNeedsStart),
            (PlacementState::Started(_), true) => Err(Rule::EndReasonBeforeStart),
            (PlacementState::Completed { .. } | PlacementState::EndedEarly { .. }, _) => {
                Err(Rule::PlacementEnded)
            }
        }
    }

    pub(crate) fn record_session(&mut self, meta: &Meta<'_>, recorded: &AttendanceRecorded) {
        self.sessions.push(Session {
            at: meta.record.position,
            session: recorded.session.clone(),
            on: meta.occurred.date,
            planned: recorded.planned,
            credited: recorded.credited,
            outcome: recorded.outcome,
            fault: recorded.fault,
        });
    }

    pub(crate) fn award(&mut self, meta: &Meta<'_>, awarded: &QualificationAwarded) {
        self.awards.push(Award {
            at: meta.record.position,
            on: meta.occurred.date,
            title: awarded.title.clone(),
            body: awarded.body.clone(),
            level: awarded.level,
            kind: awarded.kind,
        });
    }
}
