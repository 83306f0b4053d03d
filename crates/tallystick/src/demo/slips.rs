//! What goes wrong at the desk: wrong records put right later, sessions recorded twice, commands
//! sent again, and a few that the rules refuse.

use super::calendar::{self, day_of};
use super::deed::{Amendment, Deed, Fate, Planned, Session, Sitting, Slot};
use super::draft::{Draft, GAP};
use tallystick_domain::Rule;
use tallystick_domain::codes::{BreachStep, Decision};
use tallystick_domain::id::{PlacementId, StreamKind};

/// What may go wrong with a session, in a thousand sessions.
const WRONG_MINUTES: u32 = 14;
const RECORDED_TWICE: u32 = 7;
const SENT_AGAIN: u32 = 3;
const REFUSED_TWICE: u32 = 1;
/// Starts with a wrong day, in a thousand.
const WRONG_START: u32 = 8;
/// Starts that somebody records again.
const STARTED_TWICE: u32 = 2;
/// Declined referrals that somebody books all the same.
const BOOKED_ANYWAY: u32 = 25;
/// People about whom the officer makes one of the mistakes that the rules know.
const OUT_OF_ORDER: u32 = 3;

impl Draft<'_> {
    /// Adds the slips to a life that is planned otherwise.
    pub(super) fn slips(&mut self) {
        for place in 0..self.life.deeds.len() {
            let planned = self.life.deeds[place];
            match planned.deed {
                Deed::Attend(course, sitting) if self.stands_alone(place) => {
                    let of = Session { course, serial: planned.serial };
                    self.slip_of_session(place, of, sitting);
                }
                Deed::Start(course) if self.stands_alone(place) => {
                    let of = Session { course, serial: planned.serial };
                    self.slip_of_start(place, of);
                }
                Deed::Decide(course, Decision::Declined, _)
                    if self.dice.permille(BOOKED_ANYWAY) =>
                {
                    self.book_declined(&planned, course);
                }
                Deed::Register if self.life.person.misheard => {
                    let amended = Amendment::Identity { registered: planned.serial };
                    let (at, day) = self.later(&planned, 20);
                    self.push(at, day, Deed::Amend(amended));
                }
                _ => {}
            }
        }
        self.officers_slips();
    }

    /// Whether a deed is a command of its own.
    fn stands_alone(&self, place: usize) -> bool {
        let serial = self.life.deeds[place].serial;
        let near = |other: Option<&Planned>| other.is_some_and(|other| other.serial == serial);
        let before = place.checked_sub(1).and_then(|before| self.life.deeds.get(before));
        !near(before) && !near(self.life.deeds.get(place + 1))
    }

    fn slip_of_session(&mut self, place: usize, of: Session, really: Sitting) {
        let planned = self.life.deeds[place];
        if really.outcome.enforceable() {
            // Grounds of a breach stay as they are; the enforcement has its own corrections.
            return;
        }
        let throw = self.dice.below(1_000);
        let twice = WRONG_MINUTES + RECORDED_TWICE;
        if throw < WRONG_MINUTES {
            if really.credited < 60 {
                return;
            }
            let credited = really.credited - self.dice.one_of(&[15, 30, 45]);
            let really = Sitting { credited, ..really };
            let (at, day) = self.later(&planned, 25);
            self.push(at, day, Deed::Amend(Amendment::Session { of, really }));
        } else if throw < twice {
            let again = Sitting { slot: Slot::Afternoon, ..really };
            let at = planned.at + self.dice.between(GAP / 5, GAP / 2);
            let serial = self.push(at, planned.day, Deed::Attend(of.course, again));
            let of = Session { serial, ..of };
            let (at, day) = self.later(&planned, 15);
            self.push(at, day, Deed::Amend(Amendment::NoSession { of }));
        } else if throw < twice + SENT_AGAIN {
            let (at, _) = self.later(&planned, 3);
            self.push_again(&planned, at);
        } else if throw < twice + SENT_AGAIN + REFUSED_TWICE {
            let at = planned.at + self.dice.between(GAP / 5, GAP / 2);
            self.mistake(Rule::SessionRecorded, at, planned.day, planned.deed);
        }
    }

    fn slip_of_start(&mut self, place: usize, of: Session) {
        let planned = self.life.deeds[place];
        let throw = self.dice.below(1_000);
        if throw < WRONG_START {
            let started = planned.day - self.dice.in_range(1..=2);
            let (at, day) = self.later(&planned, 20);
            let amended = Amendment::StartedOn { of, day: started };
            self.push(at, day, Deed::Amend(amended));
        } else if throw < WRONG_START + STARTED_TWICE {
            let at = planned.at + self.dice.between(GAP / 5, GAP / 2);
            self.mistake(Rule::PlacementNotBooked, at, planned.day, planned.deed);
        }
    }

    fn book_declined(&mut self, declined: &Planned, course: u8) {
        let (at, day) = self.later(declined, 5);
        let serial = self.mistake(Rule::ReferralNotAccepted, at, day, Deed::Book(course));
        let provider = self.life.service(self.partnership, course).provider;
        let placement = self.life.opened(StreamKind::Placement, provider, serial, 0);
        let plan = &mut self.life.courses[usize::from(course)];
        plan.placement = PlacementId(placement);
        plan.from = day;
        plan.to = day + 30;
    }

    /// A final warning without a warning, or a referral to a service that is not yet agreed.
    fn officers_slips(&mut self) {
        let middle = i32::midpoint(self.life.sentence.imposed, self.life.sentence.expires);
        let at = calendar::desk(middle, &mut self.dice);
        let ends = |planned: &Planned| matches!(planned.deed, Deed::End(_)) && planned.at <= at;
        let steps = |planned: &Planned| matches!(planned.deed, Deed::Breach { .. });
        let over = self.life.deeds.iter().any(ends);
        if over || !self.dice.permille(2 * OUT_OF_ORDER) {
            return;
        }
        let proposed = calendar::day((2010, 3, 1));
        if self.life.person.woman && day_of(at) > proposed {
            self.mistake(Rule::AgreementNotLive, at, day_of(at), Deed::ReferTooSoon);
        } else if !self.life.deeds.iter().any(steps) {
            let step = BreachStep::FinalWarning;
            let deed = Deed::Breach { number: 1, step, ground: None };
            self.mistake(Rule::BreachStepOutOfOrder, at, day_of(at), deed);
        }
    }

    /// The same command once more: same number, same words.
    fn push_again(&mut self, planned: &Planned, at: i64) {
        self.life.deeds.push(Planned { at, fate: Fate::Replayed, ..*planned });
    }

    /// Some working day up to so many days after a record.
    fn later(&mut self, planned: &Planned, days: i32) -> (i64, i32) {
        let wait = self.dice.in_range(1..=days);
        let at = self.desk(day_of(planned.at) + wait, planned.at);
        (at, day_of(at))
    }
}
