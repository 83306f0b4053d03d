//! Everything that is left to chance. The generator is one whose output is fixed for a seed
//! across releases, so that a scenario can be named by its seed alone.

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use std::ops::RangeInclusive;

/// A seeded source of chance.
pub(super) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// The dice of one person (or other thing) of a scenario. Each has its own, so that a life
    /// does not depend on whose was planned before it.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(mix(seed ^ mix(number))))
    }

    /// Whether something of that many in a thousand happens.
    pub(super) fn permille(&mut self, chance: u32) -> bool {
        self.below(1_000) < chance
    }

    /// A whole number from `from` to `to`, both included; `from` if there is none between.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        if from >= to { from } else { self.0.random_range(from..=to) }
    }

    /// A number of days (or sessions) in a range.
    pub(super) fn in_range(&mut self, range: RangeInclusive<i32>) -> i32 {
        self.0.random_range(range)
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        // Multiply and shift: even enough for a scenario, and without a division.
        let high = (u64::from(self.0.next_u32()) * u64::from(end)) >> 32;
        u32::try_from(high).unwrap_or(0)
    }

    /// An index into something of that length, which is not 0.
    pub(super) fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    /// One of these.
    pub(super) fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.index(values.len())]
    }

    /// One of these, by weights whose sum is not 0.
    pub(super) fn weighted<T: Copy>(&mut self, values: &[(u32, T)]) -> T {
        let total = values.iter().map(|(weight, _)| weight).sum();
        let mut rest = self.below(total);
        for (weight, value) in values {
            if rest < *weight {
                return *value;
            }
            rest -= weight;
        }
        values[values.len() - 1].1
    }
}

/// Scatters the bits of a number (the finaliser of `SplitMix64`).
pub(super) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_falls_the_same_way() {
        let throws = |seed, number| {
            let mut dice = Dice::of(seed, number);
            [dice.below(1_000_000), dice.below(1_000_000), dice.below(1_000_000)]
        };
        assert_eq!(throws(1, 2), throws(1, 2));
        assert_ne!(throws(1, 2), throws(2, 2));
        assert_ne!(throws(1, 2), throws(1, 3));
    }

    #[test]
    fn weights_are_respected() {
        let mut dice = Dice::of(7, 7);
        let hits = (0..10_000).filter(|_| dice.weighted(&[(3, true), (1, false)])).count();
        assert!((7_200..7_800).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| dice.weighted(&[(0, false), (5, true)])));
    }
}
