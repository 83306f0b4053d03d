//! Chance, with a seed that is printed, so that a failure can be had again.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::hash::{BuildHasher as _, RandomState};

/// Random numbers of a journey: those of `TALLYSTICK_SEED`, or other ones each time.
pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn new() -> Self {
        let given = std::env::var("TALLYSTICK_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
        println!("TALLYSTICK_SEED={seed}");
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number from 0, below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.random_range(0..bound)
    }

    /// One of several things.
    pub(crate) fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let at = self.0.random_range(0..things.len());
        &things[at]
    }
}

/// How often a long journey goes round: the number of that variable, or `usual`.
pub(crate) fn times(variable: &str, usual: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is {text}")))
}
