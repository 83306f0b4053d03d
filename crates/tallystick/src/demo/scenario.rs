//! The scenario as a stream of commands, in the order in which they are recorded. In memory are
//! only the people under supervision at the time.

use super::calendar;
use super::clerk::Clerk;
use super::deed::Fate;
use super::life::Life;
use super::pace::Pace;
use super::partnership::{self, Partnership};
use super::plan;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use tallystick_domain::Moment;
use tallystick_domain::command::{Command, Given};

/// A command, when it is given, and what is to become of it.
pub(crate) struct Turn {
    /// The ledger's clock at that time; never earlier than that of the turn before.
    pub(crate) now: Moment,
    /// The command.
    pub(crate) command: Command<Given>,
    /// What is to become of it.
    pub(crate) fate: Fate,
}

/// Three years of the West Mercia partnership, from 1 April 2008 to 31 March 2011.
pub(crate) struct Scenario {
    seed: u64,
    partnership: Partnership,
    /// Commands of the partnership itself that are still to come.
    founding: std::iter::Peekable<std::vec::IntoIter<(i64, Command<Given>)>>,
    pace: Pace,
    people: u64,
    under_supervision: BinaryHeap<Reverse<Due>>,
}

impl Scenario {
    /// The scenario of that seed, with about so many events. The partnership itself has some 330,
    /// however few are wanted.
    pub(crate) fn new(seed: u64, events_wanted: u64) -> Self {
        let partnership = Partnership::new(events_wanted);
        let founding = partnership::commands(events_wanted);
        let of_people = events_wanted.saturating_sub(founding.len() as u64);
        let pace = Pace::new(&partnership, seed, of_people);
        Self {
            seed,
            partnership,
            founding: founding.into_iter().peekable(),
            pace,
            people: 0,
            under_supervision: BinaryHeap::new(),
        }
    }

    /// How many people have come before the courts so far.
    #[cfg(test)]
    pub(crate) fn people(&self) -> u64 {
        self.people
    }

    /// How many of them have something still to come.
    #[cfg(test)]
    pub(crate) fn under_supervision(&self) -> usize {
        self.under_supervision.len()
    }

    /// Takes in everybody who comes before the courts before anything else happens.
    fn admit(&mut self) {
        while let Some(arrival) = self.pace.next() {
            if self.under_supervision.peek().is_some_and(|Reverse(due)| due.at < arrival) {
                return;
            }
            self.people += 1;
            let life = plan::life(&self.partnership, self.seed, self.people, arrival);
            self.pace.arrived(life.events());
            if let Some(at) = life.deeds.last().map(|planned| planned.at) {
                let number = life.number;
                self.under_supervision.push(Reverse(Due { at, number, life: Box::new(life) }));
            }
        }
    }

    /// The next command about a person.
    fn next_of_people(&mut self) -> Option<Turn> {
        let mut due = self.under_supervision.peek_mut()?;
        let life = &due.0.life;
        let next = life.deeds.last()?;
        let (at, fate, serial) = (next.at, next.fate, next.serial);
        let same = life.deeds.iter().rev().take_while(|it| it.at == at && it.serial == serial);
        let length = same.count();
        let run: Vec<_> = life.deeds.iter().rev().take(length).copied().collect();
        let command = Clerk { life, partnership: &self.partnership }.command(&run);
        let life = &mut due.0.life;
        life.deeds.truncate(life.deeds.len() - length);
        match life.deeds.last().map(|planned| planned.at) {
            Some(at) => due.0.at = at,
            None => {
                std::collections::binary_heap::PeekMut::pop(due);
            }
        }
        Some(Turn { now: calendar::moment(at), command, fate })
    }
}

impl Iterator for Scenario {
    type Item = Turn;

    fn next(&mut self) -> Option<Turn> {
        self.admit();
        let person = self.under_supervision.peek().map(|Reverse(due)| due.at);
        let founds = self.founding.peek().map(|(at, _)| *at);
        match (founds, person) {
            (Some(founds), person) if person.is_none_or(|at| founds <= at) => {
                let (at, command) = self.founding.next()?;
                Some(Turn { now: calendar::moment(at), command, fate: Fate::Accepted })
            }
            _ => self.next_of_people(),
        }
    }
}

/// A life, and when something happens in it next.
struct Due {
    at: i64,
    number: u64,
    life: Box<Life>,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}
