//! Planning a life: who it is, what the court imposed, where the person is sent, how the sentence
//! is enforced and how it ends.

use super::calendar::{self, day_of};
use super::course::Errand;
use super::deed::Deed;
use super::dice::Dice;
use super::draft::Draft;
use super::kind::Kind;
use super::life::{Life, Person, Requirement, Sentence};
use super::names::Name;
use super::partnership::Partnership;
use super::reference::WMPT;
use tallystick_domain::codes::{RequirementType, SentenceEnd, SentenceKind, Unit};
use tallystick_domain::id::{PersonId, SentenceId, StreamKind};

/// Officers of each area.
const OFFICERS: u32 = 9;

/// The day on which a sentence is to end if nothing comes between, and how.
#[derive(Clone, Copy)]
pub(super) struct Ending {
    pub(super) day: i32,
    pub(super) how: SentenceEnd,
}

/// Plans the life of person `number`, who comes before the court at `arrival`.
pub(super) fn life(partnership: &Partnership, seed: u64, number: u64, arrival: i64) -> Life {
    let mut draft = draft(partnership, seed, number, arrival);
    let imposed_at = draft.sentenced(arrival);
    let ending = draft.ending();
    let begins = draft.setting(ending);
    draft.officers(ending);
    draft.courses(day_of(imposed_at) + 1, begins);
    draft.life.deeds.sort_by_key(|planned| (planned.at, planned.serial));
    draft.enforce(ending);
    draft.slips();
    draft.tell(ending);
    let mut life = draft.life;
    life.deeds.retain(|planned| planned.at < calendar::end());
    life.deeds.sort_by_key(|planned| (planned.at, planned.serial));
    life.deeds.reverse();
    life.deeds.shrink_to_fit();
    life.courses.shrink_to_fit();
    life
}

fn draft(partnership: &Partnership, seed: u64, number: u64, arrival: i64) -> Draft<'_> {
    let mut dice = Dice::of(seed, number);
    let imposed = day_of(arrival);
    let woman = dice.permille(130);
    let age = 18 + dice.below(14) + dice.below(12) + dice.below(20);
    let (kind, months) = dice.weighted(&[
        (190, (SentenceKind::Community, 6)),
        (400, (SentenceKind::Community, 12)),
        (60, (SentenceKind::Community, 18)),
        (50, (SentenceKind::Community, 24)),
        (110, (SentenceKind::Suspended, 12)),
        (60, (SentenceKind::Suspended, 18)),
        (80, (SentenceKind::Custody, 10)),
        (50, (SentenceKind::Custody, 18)),
    ]);
    let area = dice.weighted(&[(45_u32, 0_u8), (16, 1), (22, 2), (17, 3)]);
    let prison = (kind == SentenceKind::Custody).then(|| dice.weighted(&[(5, 0), (3, 1), (4, 2)]));
    let person = Person {
        id: PersonId([0; 16]),
        name: Name::draw(&mut dice),
        misheard: dice.permille(9),
        born: imposed - i32::try_from(age * 365 + dice.below(365)).unwrap_or(0),
        age: u8::try_from(age).unwrap_or(18),
        woman,
        area,
        officer: u8::try_from(dice.below(OFFICERS)).unwrap_or(0),
        unsteady: dice.permille(240),
    };
    let sentence = Sentence {
        id: SentenceId([0; 16]),
        kind,
        imposed,
        expires: imposed + months * 61 / 2,
        requirements: Vec::new(),
        prison,
    };
    let life = Life { seed, number, person, sentence, courses: Vec::new(), deeds: Vec::new() };
    Draft { life, dice, partnership, next_serial: 0, awards: 0 }
}

impl Draft<'_> {
    /// Registration and sentence; when they were recorded.
    fn sentenced(&mut self, arrival: i64) -> i64 {
        let imposed = self.life.sentence.imposed;
        let late = self.dice.weighted(&[(700, 0), (200, 1), (70, 3), (30, 9)]);
        let at = self.desk(imposed + late, arrival);
        let serial = self.push(at, imposed, Deed::Register);
        self.life.person.id = PersonId(self.life.opened(StreamKind::Person, WMPT, serial, 0));
        self.require();
        let at = self.desk(day_of(at), at);
        let serial = self.push(at, imposed, Deed::Impose);
        self.life.sentence.id = SentenceId(self.life.opened(StreamKind::Sentence, WMPT, serial, 0));
        let officer = self.life.person.officer;
        // Mostly in the same command; now and then a week later, which the anomalies show.
        if self.dice.permille(965) {
            self.also(serial, at, day_of(at), Deed::AllocateOfficer { officer });
            return at;
        }
        let wait = self.dice.in_range(4..=9);
        let later = self.desk(day_of(at) + wait, at);
        self.push(later, day_of(later), Deed::AllocateOfficer { officer });
        at
    }

    /// Draws the requirements.
    fn require(&mut self) {
        use RequirementType as R;
        let mut add = |kind, quantity, unit| {
            self.life.sentence.requirements.push(Requirement { kind, quantity, unit });
        };
        let months = (self.life.sentence.expires - self.life.sentence.imposed) / 31;
        if self.dice.permille(620) {
            add(R::Supervision, u16::try_from(months).unwrap_or(12), Unit::Month);
        }
        if self.life.sentence.kind == SentenceKind::Custody {
            return;
        }
        if self.dice.permille(430) {
            let sessions = self.dice.weighted(&[(50, 6), (30, 9), (14, 12), (6, 18)]);
            add(R::UnpaidWork, sessions * 7, Unit::Hour);
        }
        let (one_more, quantity, unit) = self.dice.weighted(&[
            (400, (None, 0, Unit::Day)),
            (150, (Some(R::Activity), 20, Unit::Day)),
            (110, (Some(R::Programme), 26, Unit::Day)),
            (80, (Some(R::AlcoholTreatment), 6, Unit::Month)),
            (115, (Some(R::DrugRehabilitation), 6, Unit::Month)),
        ]);
        match one_more {
            Some(R::Programme) if self.life.person.woman => {}
            Some(kind) => add(kind, quantity, unit),
            None => {}
        }
    }

    /// How and when the sentence would end, breaches apart.
    fn ending(&mut self) -> Ending {
        let Sentence { imposed, expires, .. } = self.life.sentence;
        let expired = Ending { day: expires, how: SentenceEnd::Expired };
        let worse = if self.life.person.unsteady { 230 } else { 160 };
        let how = self.dice.weighted(&[
            (worse, SentenceEnd::RevokedOffence),
            (22, SentenceEnd::RevokedOther),
            (14, SentenceEnd::TransferredOut),
            (3, SentenceEnd::Died),
            (60, SentenceEnd::EarlyGoodProgress),
            (800, SentenceEnd::Expired),
        ]);
        let served = match how {
            SentenceEnd::Expired => return expired,
            SentenceEnd::EarlyGoodProgress if self.life.person.unsteady => return expired,
            SentenceEnd::EarlyGoodProgress => self.dice.in_range(68..=92),
            _ => self.dice.in_range(20..=95),
        };
        Ending { day: imposed + (expires - imposed) * served / 100, how }
    }

    /// Release from prison, if it begins there; the first day in the community.
    fn setting(&mut self, ending: Ending) -> i32 {
        let Sentence { imposed, expires, prison, .. } = self.life.sentence;
        if prison.is_none() {
            return imposed;
        }
        let release = imposed + (expires - imposed) / 2;
        if release < ending.day {
            let at = calendar::desk(release, &mut self.dice);
            self.push(at, day_of(at), Deed::Release);
        }
        release
    }

    /// A change of officer, and a link worker.
    fn officers(&mut self, ending: Ending) {
        let Sentence { imposed, .. } = self.life.sentence;
        let middle = imposed + (ending.day - imposed) / 2;
        if middle - imposed > 30 && self.dice.permille(110) {
            let at = calendar::desk(middle, &mut self.dice);
            let officer = (self.life.person.officer + 1) % 9;
            self.push(at, day_of(at), Deed::AllocateOfficer { officer });
        }
        if ending.day - imposed > 60 && self.dice.permille(160) {
            let day = imposed + self.dice.in_range(20..=50);
            let at = calendar::desk(day, &mut self.dice);
            self.push(at, day_of(at), Deed::AllocateLinkWorker);
        }
    }

    /// Where the person is sent: for each requirement that a service serves, and for needs.
    fn courses(&mut self, from: i32, begins: i32) {
        if self.life.sentence.prison.is_some() {
            return self.through_the_gate(from, begins);
        }
        for place in 0..self.life.sentence.requirements.len() {
            let day = from + self.dice.in_range(1..=16);
            let requirement = self.life.sentence.requirements[place];
            let Some(kind) = self.kind_for(requirement.kind, day) else { continue };
            let sessions = (requirement.kind == RequirementType::UnpaidWork)
                .then(|| i32::from(requirement.quantity / 7));
            self.send(
                kind,
                Errand { requirement: u8::try_from(place).ok(), sessions, ..Errand::to(0, day) },
            );
        }
        if self.dice.permille(330) {
            let kind = self.dice.weighted(&[
                (5, Kind::Advice),
                (4, Kind::Mentoring),
                (2, Kind::WorkPlacement),
            ]);
            let day = from + self.dice.in_range(10..=120);
            self.send(kind, Errand::to(0, day));
        }
    }

    /// Prisoners meet a mentor before the gate opens, and are helped after it.
    fn through_the_gate(&mut self, from: i32, release: i32) {
        let meet = release - self.dice.in_range(21..=50);
        if meet > from && self.dice.permille(520) {
            let errand = Errand { not_before: release + 1, ..Errand::to(0, meet) };
            self.send(Kind::Resettlement, errand);
        }
        let soon = release + self.dice.in_range(7..=30);
        let kind = self.dice.weighted(&[
            (3, Some(Kind::Advice)),
            (2, Some(Kind::WorkPlacement)),
            (3, Some(Kind::Mentoring)),
            (3, None),
        ]);
        if let Some(kind) = kind {
            self.send(kind, Errand::to(0, soon));
        }
    }

    fn send(&mut self, kind: Kind, errand: Errand) {
        let area = usize::from(self.life.person.area);
        let service = self.partnership.choose(kind, area, errand.day, &mut self.dice);
        if let Some(service) = service {
            self.course(Errand { service, ..errand });
        }
    }

    fn kind_for(&mut self, requirement: RequirementType, day: i32) -> Option<Kind> {
        match requirement {
            RequirementType::UnpaidWork => Some(Kind::UnpaidWork),
            RequirementType::Programme => Some(Kind::Idap),
            RequirementType::AlcoholTreatment => Some(Kind::AlcoholTreatment),
            RequirementType::DrugRehabilitation => {
                Some(if self.dice.permille(520) { Kind::Residential } else { Kind::FarmDay })
            }
            RequirementType::Activity => {
                let area = usize::from(self.life.person.area);
                let kind = self.dice.weighted(&[
                    (4, Kind::WorkPlacement),
                    (3, Kind::FarmDay),
                    (4, Kind::Mentoring),
                ]);
                let there = self.partnership.choose(kind, area, day, &mut self.dice);
                Some(if there.is_some() { kind } else { Kind::Mentoring })
            }
            RequirementType::Supervision | RequirementType::Residence => None,
        }
    }
}
