//! Planning a course: referral, decision, booking, start, sessions, awards, end. Each record comes
//! after the one that it rests on, however late either is.

use super::calendar::{self, MINUTE};
use super::deed::{CourseIndex, Deed, Finish, Sitting, Slot};
use super::draft::Draft;
use super::kind::{Kind, Shape};
use super::life::Course;
use super::partnership;
use super::reference::WMPT;
use tallystick_domain::codes::{
    AttendanceOutcome, Decision, DeclineReason, EarlyEnd, Fault, WithdrawalReason,
};
use tallystick_domain::id::{PlacementId, ReferralId, StreamKind};

/// What a person is sent to, and why.
#[derive(Clone, Copy)]
pub(super) struct Errand {
    /// Place of the service in the partnership's list.
    pub(super) service: usize,
    /// Day of the referral.
    pub(super) day: i32,
    /// Place of the requirement in the sentence's list.
    pub(super) requirement: Option<u8>,
    pub(super) continues: Option<CourseIndex>,
    /// Sessions, where something else than the kind says how many.
    pub(super) sessions: Option<i32>,
    /// Day before which it cannot start: that of a release from prison.
    pub(super) not_before: i32,
    /// Whether acceptance is a matter of form.
    pub(super) agreed: bool,
}

impl Errand {
    pub(super) fn to(service: usize, day: i32) -> Self {
        Self {
            service,
            day,
            requirement: None,
            continues: None,
            sessions: None,
            not_before: 0,
            agreed: false,
        }
    }
}

/// A course on its way.
#[derive(Clone, Copy)]
struct Under {
    course: CourseIndex,
    kind: Kind,
    sessions: i32,
    /// When the last of its records was made.
    at: i64,
}

/// How the sessions of a course came to their end.
#[derive(Clone, Copy)]
enum Way {
    Through,
    Early(EarlyEnd, Fault),
    /// Goes on with another service.
    Onwards {
        service: usize,
        left: i32,
    },
}

impl Draft<'_> {
    /// Plans a course to its end, and those that continue it.
    pub(super) fn course(&mut self, errand: Errand) {
        let service = &self.partnership.services[errand.service];
        let (kind, shape) = (service.kind, service.kind.shape());
        let Ok(course) = CourseIndex::try_from(self.life.courses.len()) else { return };
        let sessions =
            errand.sessions.unwrap_or_else(|| self.dice.in_range(shape.sessions.clone()));
        let at = self.refer(course, kind, sessions, &errand);
        let mut under = Under { course, kind, sessions, at };
        let Some(accepted) = self.decide(&mut under, &shape, &errand) else { return };
        let wait = self.dice.in_range(shape.wait.clone());
        let start = (accepted + wait).max(errand.not_before);
        if self.is_late_provider(kind, sessions) {
            self.post_at_once(&mut under, &shape, start);
        } else if let Some(start) = self.begin(&mut under, &shape, start) {
            self.go_on(&mut under, &shape, start, errand.requirement);
        }
    }

    fn refer(&mut self, course: CourseIndex, kind: Kind, sessions: i32, errand: &Errand) -> i64 {
        // A referral is made by recording it, so it is never late.
        let at = calendar::desk(errand.day, &mut self.dice);
        let serial = self.push(at, calendar::day_of(at), Deed::Refer(course));
        let service = &self.partnership.services[errand.service];
        let area = &self.partnership.areas[usize::from(self.life.person.area)];
        let quantity = match kind {
            Kind::UnpaidWork => sessions * 7,
            _ => sessions,
        };
        let referral = ReferralId(self.life.opened(StreamKind::Referral, WMPT, serial, 0));
        self.life.courses.push(Course {
            service: u16::try_from(errand.service).unwrap_or(0),
            site: partnership::site(service, area),
            referral,
            placement: PlacementId(referral.0),
            requirement: errand.requirement,
            continues: errand.continues,
            by_link_worker: matches!(kind, Kind::Advice | Kind::WorkPlacement | Kind::Resettlement)
                && self.dice.permille(550),
            from: 0,
            to: 0,
            quantity: u16::try_from(quantity).unwrap_or(1),
            caseworker: u8::try_from(self.dice.below(4)).unwrap_or(0),
        });
        at
    }

    /// What the provider says, and on which day it says yes.
    fn decide(&mut self, under: &mut Under, shape: &Shape, errand: &Errand) -> Option<i32> {
        let course = under.course;
        let mut day = calendar::day_of(under.at) + self.dice.in_range(0..=5);
        if shape.selective && !errand.agreed {
            if self.dice.permille(35) {
                let at = self.next(&mut under.at, day);
                let reasons = [
                    WithdrawalReason::PersonRefused,
                    WithdrawalReason::ProblemMistake,
                    WithdrawalReason::EarlyNeedMet,
                    WithdrawalReason::PersonMoved,
                ];
                let reason = self.dice.one_of(&reasons);
                self.push(at, day, Deed::Withdraw(course, reason));
                return None;
            }
            let pause = self.dice.weighted(&[
                (830, None),
                (75, Some((Decision::InfoRequested, 8))),
                (95, Some((Decision::Waitlisted, 40))),
            ]);
            if let Some((decision, days)) = pause {
                let at = self.next(&mut under.at, day);
                self.push(at, day, Deed::Decide(course, decision, None));
                day = calendar::day_of(at) + self.dice.in_range(2..=days);
            }
            if self.dice.permille(90) {
                let at = self.next(&mut under.at, day);
                let reason = self.dice.one_of(DeclineReason::ALL);
                self.push(at, day, Deed::Decide(course, Decision::Declined, Some(reason)));
                return None;
            }
        }
        let at = self.next(&mut under.at, day);
        self.push(at, day, Deed::Decide(course, Decision::Accepted, None));
        Some(calendar::day_of(at))
    }

    /// Booking and start; the day of the start, unless it did not come to that.
    fn begin(&mut self, under: &mut Under, shape: &Shape, start: i32) -> Option<i32> {
        let course = under.course;
        self.book(under, shape, start);
        let stays_away = if self.life.person.unsteady { 90 } else { 35 };
        if !matches!(under.kind, Kind::Respite) && self.dice.permille(stays_away) {
            let at = self.next(&mut under.at, start + 3);
            let deed = if self.dice.permille(800) {
                Deed::EndEarly(course, EarlyEnd::DidNotArrive, Fault::Person)
            } else {
                Deed::EndEarly(course, EarlyEnd::Cancelled, Fault::Provider)
            };
            self.push(at, start, deed);
            return None;
        }
        let late = if self.dice.permille(40) { self.dice.in_range(8..=16) } else { 0 };
        let at = self.next(&mut under.at, start + late);
        self.push(at, start, Deed::Start(course));
        Some(start)
    }

    /// Books the place, now and then with the worker in the same command.
    fn book(&mut self, under: &mut Under, shape: &Shape, start: i32) {
        let booked = calendar::day_of(under.at);
        let at = self.next(&mut under.at, booked);
        let serial = self.push(at, booked, Deed::Book(under.course));
        let provider = self.life.service(self.partnership, under.course).provider;
        let placement = self.life.opened(StreamKind::Placement, provider, serial, 0);
        let plan = &mut self.life.courses[usize::from(under.course)];
        plan.placement = PlacementId(placement);
        plan.from = start;
        plan.to = start + under.sessions * shape.every;
        if self.dice.permille(350) {
            self.also(serial, at, booked, Deed::AllocateCaseworker(under.course));
        }
    }

    /// Sessions, awards and the end.
    fn go_on(&mut self, under: &mut Under, shape: &Shape, start: i32, requirement: Option<u8>) {
        let stop = self
            .dice
            .permille(shape.drop_out)
            .then(|| 1 + self.dice.in_range(0..=under.sessions - 1));
        let moves = matches!(under.kind, Kind::Mentoring | Kind::FarmDay) && self.dice.permille(30);
        let tired = under.kind == Kind::FarmDay && self.dice.permille(110);
        let turn = 1 + self.dice.in_range(0..=under.sessions - 1);
        let succession = self.life.service(self.partnership, under.course).succession;
        let (mut day, mut way, mut away) = (start, Way::Through, 0);
        for number in 0..under.sessions {
            if stop == Some(number) {
                way = self.early_end(under.kind);
                break;
            }
            let left = under.sessions - number;
            if let Some((on, service)) = succession.filter(|(on, _)| day >= *on) {
                day = on.max(start);
                way = Way::Onwards { service, left };
                break;
            }
            if moves && number == turn {
                let area = usize::from(self.life.person.area);
                let other = self.partnership.choose(under.kind, area, day, &mut self.dice);
                let own = usize::from(self.life.courses[usize::from(under.course)].service);
                if let Some(service) = other.filter(|service| *service != own) {
                    way = Way::Onwards { service, left };
                    break;
                }
            }
            if tired && number == turn {
                self.respite(under.course, day);
                away = 2;
            }
            self.attend(under, shape, day, away > 0);
            away -= 1;
            if number + 1 < under.sessions {
                day += shape.every;
            }
        }
        self.finish(under, day, way, requirement);
    }

    fn early_end(&mut self, kind: Kind) -> Way {
        let employed = if kind.qualifies() { 250 } else { 80 };
        let (reason, fault) = self.dice.weighted(&[
            (450, (EarlyEnd::Left, Fault::Person)),
            (220, (EarlyEnd::Removed, Fault::Person)),
            (150, (EarlyEnd::Medical, Fault::None)),
            (employed, (EarlyEnd::GainedEmployment, Fault::None)),
        ]);
        Way::Early(reason, fault)
    }

    /// A bed for a while; the day work goes on afterwards.
    fn respite(&mut self, from: CourseIndex, day: i32) {
        let area = usize::from(self.life.person.area);
        let bed = self.partnership.choose(Kind::Respite, area, day, &mut self.dice);
        if let Some(service) = bed {
            let continues = Some(from);
            self.course(Errand { continues, agreed: true, ..Errand::to(service, day) });
        }
    }

    fn attend(&mut self, under: &mut Under, shape: &Shape, day: i32, away: bool) {
        let sitting = self.sitting(shape, day, away);
        let delay = self.dice.weighted(&[(600, 0), (280, 1), (95, 4), (25, 20)]);
        let delay = if delay > 1 { self.dice.in_range(2..=delay) } else { delay };
        let at = self.next(&mut under.at, day + delay);
        self.push(at, day, Deed::Attend(under.course, sitting));
    }

    /// How a session went.
    fn sitting(&mut self, shape: &Shape, day: i32, away: bool) -> Sitting {
        use AttendanceOutcome as O;
        let outcome = if away {
            O::AcceptableMedical
        } else if self.life.person.unsteady && self.dice.permille(shape.absence) {
            O::UnacceptableAbsence
        } else {
            self.dice.weighted(&[
                (885, O::Complied),
                (3, O::UnacceptableAbsence),
                (4, O::FailedToComply),
                (3, O::SentHomeBehaviour),
                (8, O::SentHomeService),
                (28, O::AcceptableMedical),
                (16, O::AcceptableEmployment),
                (14, O::AcceptableFamily),
                (3, O::AcceptableReligious),
                (7, O::AcceptableCourt),
                (9, O::AcceptableOther),
                (10, O::RescheduledService),
                (10, O::RescheduledPerson),
            ])
        };
        let credited = match outcome {
            O::Complied => shape.minutes,
            O::SentHomeService => shape.minutes / 2,
            O::SentHomeBehaviour | O::FailedToComply => shape.minutes / 4,
            _ => 0,
        };
        let slot = match shape.minutes {
            minutes if minutes > 60 && self.dice.permille(80) => Slot::Morning,
            _ => Slot::Whole,
        };
        Sitting { day, slot, planned: shape.minutes, credited, outcome }
    }

    fn finish(&mut self, under: &mut Under, day: i32, way: Way, requirement: Option<u8>) {
        match way {
            Way::Through => {
                self.award(under, day, 1_000);
                let at = self.next(&mut under.at, day);
                let finish = if self.dice.permille(800) { Finish::Well } else { Finish::Partly };
                self.push(at, day, Deed::Complete(under.course, finish));
            }
            Way::Early(reason, fault) => {
                self.award(under, day, 250);
                let at = self.next(&mut under.at, day);
                self.push(at, day, Deed::EndEarly(under.course, reason, fault));
            }
            Way::Onwards { service, left } => {
                let at = self.next(&mut under.at, day);
                let deed = Deed::EndEarly(under.course, EarlyEnd::Transferred, Fault::None);
                self.push(at, day, deed);
                self.course(Errand {
                    requirement,
                    continues: Some(under.course),
                    sessions: Some(left),
                    agreed: true,
                    ..Errand::to(service, calendar::day_of(at) + 1)
                });
            }
        }
    }

    /// Qualifications: on the farm at least two that are nationally recognised, now and then up to
    /// six more and five of the centre's.
    fn award(&mut self, under: &mut Under, day: i32, chance: u32) {
        if !under.kind.qualifies() || !self.dice.permille(chance) {
            return;
        }
        let on_farm = under.kind != Kind::WorkPlacement;
        let least = if on_farm && self.dice.permille(920) { 2 } else { 1 };
        let more = self.dice.weighted(&[(600, 0), (220, 1), (110, 3), (50, 6), (20, 11)]);
        for _ in 0..least + more {
            if usize::from(self.awards) >= 13 {
                return;
            }
            let at = self.next(&mut under.at, day);
            let deed = Deed::Award(under.course, self.awards);
            self.push(at, day, deed);
            self.awards += 1;
        }
    }

    /// Some providers post a whole short course when it is over.
    fn is_late_provider(&mut self, kind: Kind, sessions: i32) -> bool {
        sessions <= 8 && matches!(kind, Kind::Mentoring | Kind::Advice) && self.dice.permille(70)
    }

    /// Start, sessions and completion in one command, days after the last session.
    fn post_at_once(&mut self, under: &mut Under, shape: &Shape, start: i32) {
        self.book(under, shape, start);
        let last = start + (under.sessions - 1) * shape.every;
        let delay = self.dice.in_range(3..=30);
        let at = self.next(&mut under.at, last + delay) + MINUTE;
        let serial = self.push(at, start, Deed::Start(under.course));
        for number in 0..under.sessions {
            let day = start + number * shape.every;
            let mut sitting = self.sitting(shape, day, false);
            if sitting.outcome.enforceable() {
                sitting.outcome = AttendanceOutcome::AcceptableOther;
            }
            self.also(serial, at, day, Deed::Attend(under.course, sitting));
        }
        self.also(serial, at, last, Deed::Complete(under.course, Finish::Well));
    }
}
