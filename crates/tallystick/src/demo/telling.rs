//! What offender managers record beside sentences and services: assessments with the sentence plan,
//! how people live at the beginning and at the end, offences proven, registers. It has dice of its
//! own, so that it changes nothing else of a life.

use super::calendar::{self, day_of};
use super::deed::{Deed, Telling};
use super::dice::Dice;
use super::draft::Draft;
use super::plan::Ending;
use tallystick_domain::codes::{AccommodationType, EmploymentStatus, OffenceClass, RegisterKind};

/// Sets these dice apart from those of the life.
const APART: u64 = 0x7465_6c6c_696e_6721;

impl Draft<'_> {
    /// What is recorded from the sentence on until its end and after.
    pub(super) fn tell(&mut self, ending: Ending) {
        let mut dice = Dice::of(self.life.seed ^ APART, self.life.number);
        let imposed = self.life.sentence.imposed;
        let ended = self.life.deeds.iter().find(|it| matches!(it.deed, Deed::End(_)));
        let end = ended.map_or(ending.day, |it| it.day);
        let high = dice.permille(70);
        let assessed = imposed + dice.in_range(15..=30);
        self.told(assessed, &mut dice, Telling::Assessed { high });
        self.housed(assessed, end, &mut dice);
        if dice.permille(350) {
            self.told(assessed, &mut dice, Telling::Owes);
        }
        if dice.permille(300) {
            let works = |dice: &mut Dice| {
                dice.weighted(&[
                    (4, EmploymentStatus::FullTime),
                    (3, EmploymentStatus::PartTime),
                    (1, EmploymentStatus::SelfEmployed),
                    (7, EmploymentStatus::Unemployed),
                ])
            };
            let (day, status) = (end - dice.in_range(5..=60), works(&mut dice));
            self.told(day.max(assessed), &mut dice, Telling::Works(status));
        }
        self.offended(end, &mut dice);
        self.registered(high, assessed, end, &mut dice);
    }

    fn told(&mut self, day: i32, dice: &mut Dice, telling: Telling) {
        let at = calendar::desk(day, dice);
        self.push(at, day_of(at), Deed::Tell(telling));
    }

    /// Where the person lives when assessed, and shortly before the end.
    fn housed(&mut self, from: i32, end: i32, dice: &mut Dice) {
        use AccommodationType as A;
        let first = dice.weighted(&[
            (14, A::A01a),
            (16, A::A01c),
            (24, A::A01d),
            (5, A::A03),
            (6, A::A04),
            (12, A::A07a),
            (15, A::A07b),
            (7, A::A08a),
            (3, A::A16),
        ]);
        self.told(from, dice, Telling::Housed(first));
        if end - from > 40 && dice.permille(450) {
            let last = dice.weighted(&[(45, A::A01d), (15, A::A04), (25, A::A07b), (15, A::A07a)]);
            let day = end - dice.in_range(3..=30);
            self.told(day, dice, Telling::Housed(last));
        }
    }

    /// One in five is convicted or cautioned again within the years of the scenario.
    fn offended(&mut self, end: i32, dice: &mut Dice) {
        let often = if self.life.person.unsteady { 380 } else { 140 };
        if !dice.permille(often) {
            return;
        }
        let imposed = self.life.sentence.imposed;
        let offence = imposed + dice.in_range(40..=(end - imposed).max(40) + 90);
        let class = dice.weighted(&[
            (30, OffenceClass::Theft),
            (20, OffenceClass::Violence),
            (15, OffenceClass::PublicOrder),
            (12, OffenceClass::Drugs),
            (9, OffenceClass::CriminalDamage),
            (6, OffenceClass::Burglary),
            (8, OffenceClass::Motoring),
        ]);
        let proven = offence + dice.in_range(10..=75);
        let at = calendar::desk(proven, dice);
        let before = day_of(at) - offence;
        self.push(at, day_of(at), Deed::Tell(Telling::Offended { class, before }));
    }

    /// Those of high risk are managed under MAPPA, some others under the PPO scheme; both until
    /// shortly before the end.
    fn registered(&mut self, high: bool, from: i32, end: i32, dice: &mut Dice) {
        let register = match (high, dice.permille(25)) {
            (true, _) => RegisterKind::Mappa,
            (false, true) => RegisterKind::Ppo,
            (false, false) => return,
        };
        let entered = from + dice.in_range(3..=20);
        self.told(entered, dice, Telling::Registered { register, active: true });
        if end - entered > 60 && dice.permille(600) {
            let day = end - dice.in_range(5..=30);
            self.told(day, dice, Telling::Registered { register, active: false });
        }
    }
}
