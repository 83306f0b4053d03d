//! Enforcement: what follows from absences, up the ladder to the court or back to prison, and what
//! becomes of courses when the sentence ends.

use super::calendar::{self, MINUTE, day_of};
use super::deed::{Amendment, CourseIndex, Deed, Planned, Session, Sitting};
use super::draft::Draft;
use super::plan::Ending;
use tallystick_domain::codes::{
    AttendanceOutcome, BreachStep, Decision, EarlyEnd, Fault, SentenceEnd, WithdrawalReason,
};

/// Something that may be enforced.
#[derive(Clone, Copy)]
struct Absence {
    /// Instant of its record.
    at: i64,
    /// The session and how it was recorded; none for a missed appointment with the officer, which
    /// is not in the ledger.
    session: Option<(Session, Sitting)>,
}

/// How far up the ladder a breach has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rung {
    Ground,
    Warned,
    FinallyWarned,
}

/// Enforcement of one sentence, as it goes on.
struct Ladder {
    rung: Rung,
    /// Number of the breach that is going on or comes next.
    number: u8,
    /// Until then nothing new is begun.
    busy: i64,
    /// Day on which it would end without enforcement.
    until: i32,
}

impl Draft<'_> {
    /// Walks through the absences, then ends the sentence and all that hangs on it.
    pub(super) fn enforce(&mut self, natural: Ending) {
        let released = self.life.deeds.iter().find(|it| matches!(it.deed, Deed::Release));
        let from = match (self.life.sentence.prison, released) {
            (None, _) => 0,
            (Some(_), Some(release)) => release.at,
            (Some(_), None) => i64::MAX,
        };
        let mut ladder = Ladder { rung: Rung::Ground, number: 1, busy: from, until: natural.day };
        let mut ending = natural;
        let mut stopped = None;
        for absence in self.absences(natural) {
            if absence.at <= ladder.busy || self.dice.permille(70) {
                continue;
            }
            let wait = self.dice.in_range(1..=4);
            let at = self.desk(day_of(absence.at) + wait, absence.at);
            if day_of(at) >= ladder.until {
                break;
            }
            if self.climb(&mut ladder, absence, at) {
                continue;
            }
            if self.life.sentence.prison.is_some() {
                if let Some(recalled) = self.recall(&mut ladder, absence, at) {
                    stopped = Some(recalled);
                    break;
                }
            } else if let Some(revoked) = self.prosecute(&mut ladder, absence, at) {
                ending = revoked;
                break;
            }
        }
        self.end(ending, stopped);
    }

    /// Enforceable sessions and missed appointments, in order of their records.
    fn absences(&mut self, natural: Ending) -> Vec<Absence> {
        let deeds = &self.life.deeds;
        let mut absences: Vec<_> = deeds
            .iter()
            .filter_map(|planned| match planned.deed {
                Deed::Attend(course, sitting) if sitting.outcome.enforceable() => {
                    let session = Session { course, serial: planned.serial };
                    Some(Absence { at: planned.at, session: Some((session, sitting)) })
                }
                _ => None,
            })
            .collect();
        let missed = if self.life.person.unsteady { self.dice.in_range(0..=4) } else { 0 };
        let begins = self.life.sentence.imposed + 20;
        for _ in 0..missed {
            let day = i64::from(begins)..=i64::from(natural.day.max(begins + 1));
            let day = self.dice.between(*day.start(), *day.end());
            let at = calendar::desk(i32::try_from(day).unwrap_or(begins), &mut self.dice);
            absences.push(Absence { at, session: None });
        }
        absences.sort_by_key(|absence| absence.at);
        absences
    }

    /// A warning or a final warning; false if there were both already.
    fn climb(&mut self, ladder: &mut Ladder, absence: Absence, at: i64) -> bool {
        let (step, rung) = match ladder.rung {
            Rung::Ground => (BreachStep::Warning, Rung::Warned),
            Rung::Warned => (BreachStep::FinalWarning, Rung::FinallyWarned),
            Rung::FinallyWarned => return false,
        };
        let serial = self.step(ladder.number, step, Some(absence), at);
        ladder.rung = rung;
        ladder.busy = at;
        if let (BreachStep::Warning, Some((session, sitting))) = (step, absence.session)
            && self.dice.permille(60)
        {
            let wait = self.dice.in_range(3..=15);
            let at = self.desk(day_of(at) + wait, at);
            let excused =
                Sitting { outcome: AttendanceOutcome::AcceptableMedical, credited: 0, ..sitting };
            let pardon = Amendment::Pardon { absence: session, excused, warning: serial };
            self.push(at, day_of(at), Deed::Amend(pardon));
            ladder.rung = Rung::Ground;
            ladder.busy = at;
        }
        true
    }

    /// Breach in court; the end of the order, if it is revoked.
    fn prosecute(&mut self, ladder: &mut Ladder, absence: Absence, at: i64) -> Option<Ending> {
        let hearing = day_of(at) + self.dice.in_range(12..=40);
        let court = self.desk(hearing, at);
        if day_of(court) >= ladder.until {
            // Too late to matter; a word from the manager has to do.
            ladder.busy = i64::MAX;
            return None;
        }
        self.step(ladder.number, BreachStep::Initiated, Some(absence), at);
        let number = ladder.number;
        let result = self.dice.weighted(&[
            (78, BreachStep::Proven),
            (10, BreachStep::NotProven),
            (12, BreachStep::Withdrawn),
        ]);
        let serial = self.step(number, result, None, court);
        ladder.rung = Rung::Ground;
        ladder.number += 1;
        ladder.busy = court;
        if result != BreachStep::Proven {
            return None;
        }
        if self.dice.permille(660) {
            return Some(Ending { day: day_of(court), how: SentenceEnd::RevokedBreach });
        }
        if self.dice.permille(700) {
            self.also(serial, court, day_of(court), Deed::Vary { breach: number });
        }
        None
    }

    /// Recall to prison; when it was recorded, if it came to that.
    fn recall(&mut self, ladder: &mut Ladder, absence: Absence, at: i64) -> Option<i64> {
        let decided = day_of(at) + self.dice.in_range(1..=3);
        let back = self.desk(decided, at);
        if day_of(back) >= ladder.until {
            ladder.busy = i64::MAX;
            return None;
        }
        // The warnings stay open as they are; a recall is a matter of its own.
        ladder.number += 1;
        let number = ladder.number;
        self.step(number, BreachStep::RecallRequested, Some(absence), at);
        ladder.rung = Rung::Ground;
        ladder.number += 1;
        ladder.busy = back;
        if self.dice.permille(150) {
            self.step(number, BreachStep::RecallRefused, None, back);
            return None;
        }
        let serial = self.step(number, BreachStep::Recalled, None, back);
        self.also(serial, back, day_of(back), Deed::Recall);
        let again = day_of(back) + 28;
        if again < ladder.until && self.dice.permille(450) {
            let at = self.desk(again, back);
            self.push(at, day_of(at), Deed::Release);
        }
        Some(back)
    }

    fn step(&mut self, number: u8, step: BreachStep, absence: Option<Absence>, at: i64) -> u16 {
        let ground = absence.and_then(|absence| absence.session).map(|(session, _)| session);
        self.push(at, day_of(at), Deed::Breach { number, step, ground })
    }

    /// Ends the sentence: nothing that needs it comes after, and courses end with it. A recall
    /// ends the courses only.
    fn end(&mut self, ending: Ending, recalled: Option<i64>) {
        let late = self.dice.weighted(&[(700, 0), (200, 2), (100, 6)]);
        let late = if ending.how == SentenceEnd::RevokedBreach { 0 } else { late };
        let last = self.last_enforcement();
        let at = self.desk(ending.day + late, last);
        let (stop, why) = match recalled {
            Some(back) => (back, Stop::Recall),
            None => (at, Stop::of(ending.how)),
        };
        self.cut(stop, at, ending.day);
        self.close(stop, why);
        self.push(at, ending.day, Deed::End(ending.how));
    }

    fn last_enforcement(&self) -> i64 {
        let needs_sentence = |planned: &&Planned| {
            matches!(planned.deed, Deed::Breach { .. } | Deed::Vary { .. } | Deed::Recall)
        };
        self.life.deeds.iter().filter(needs_sentence).map(|it| it.at).max().unwrap_or(0)
    }

    /// Takes out what was planned for after the end.
    fn cut(&mut self, stop: i64, end: i64, last_day: i32) {
        let mut never = [false; 32];
        let stop_day = day_of(stop).min(last_day);
        for planned in &self.life.deeds {
            if let Deed::Refer(course) = planned.deed
                && planned.at >= stop
            {
                never[usize::from(course) % 32] = true;
            }
        }
        self.life.deeds.retain(|planned| match planned.deed {
            Deed::Release | Deed::AllocateOfficer { .. } | Deed::AllocateLinkWorker => {
                planned.at < end
            }
            deed => deed
                .course()
                .is_none_or(|course| !never[usize::from(course) % 32] && planned.day <= stop_day),
        });
    }

    /// Ends the courses that are still going on.
    fn close(&mut self, stop: i64, why: Stop) {
        for course in 0..self.life.courses.len() {
            let Ok(course) = CourseIndex::try_from(course) else { return };
            let Some((standing, last)) = self.standing(course) else { continue };
            let wait = self.dice.in_range(0..=4);
            let at = self.desk(day_of(stop) + wait, stop.max(last) + MINUTE);
            let deed = match standing {
                Standing::Over => continue,
                Standing::Referred => Deed::Withdraw(course, why.withdrawal()),
                Standing::Booked => Deed::EndEarly(course, EarlyEnd::Cancelled, Fault::None),
                Standing::Started => Deed::EndEarly(course, why.early_end(), Fault::None),
            };
            self.push(at, day_of(stop), deed);
        }
    }

    /// How a course stands after its last record, and when that was; none if it was never begun.
    fn standing(&self, course: CourseIndex) -> Option<(Standing, i64)> {
        let mut standing = None;
        for planned in self.life.deeds.iter().filter(|it| it.deed.course() == Some(course)) {
            let now = match planned.deed {
                Deed::Refer(_) => Standing::Referred,
                Deed::Decide(_, Decision::Declined, _)
                | Deed::Withdraw(..)
                | Deed::Complete(..)
                | Deed::EndEarly(..) => Standing::Over,
                Deed::Book(_) => Standing::Booked,
                Deed::Start(_) => Standing::Started,
                _ => standing.map_or(Standing::Referred, |(now, _)| now),
            };
            standing = Some((now, planned.at));
        }
        standing
    }
}

/// How a course stands.
#[derive(Clone, Copy)]
enum Standing {
    Referred,
    Booked,
    Started,
    Over,
}

/// Why courses end.
#[derive(Clone, Copy)]
enum Stop {
    Breach,
    Recall,
    SentenceEnd,
}

impl Stop {
    fn of(how: SentenceEnd) -> Self {
        if how == SentenceEnd::RevokedBreach { Self::Breach } else { Self::SentenceEnd }
    }

    fn withdrawal(self) -> WithdrawalReason {
        match self {
            Self::Recall => WithdrawalReason::SentenceRecalled,
            Self::Breach | Self::SentenceEnd => WithdrawalReason::SentenceEnded,
        }
    }

    fn early_end(self) -> EarlyEnd {
        match self {
            Self::Breach | Self::Recall => EarlyEnd::Breach,
            Self::SentenceEnd => EarlyEnd::SentenceEnded,
        }
    }
}
