//! Small numbers are not shown: whoever knows one of four people would learn about the others.

use alloc::vec::Vec;

/// Counts of 1 to 4 are not shown.
const SMALLEST_SHOWN: i128 = 5;

/// The counts of one group of a breakdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Counted.
    pub numerator: i128,
    /// Out of; 0 where nothing is.
    pub denominator: i128,
}

impl Cells {
    /// Whether one of its counts is too small to be shown: those counted, those not counted (which
    /// follow from the other two), or all of them.
    fn is_small(self) -> bool {
        let small = |count| 0 < count && count < SMALLEST_SHOWN;
        let rest = self.denominator - self.numerator;
        small(self.numerator) || small(self.denominator) || (self.denominator > 0 && small(rest))
    }

    fn size(self) -> i128 {
        self.numerator.max(self.denominator)
    }
}

/// Which groups of a breakdown are not shown. A total is known, so one hidden group could be
/// reckoned from the rest: groups are hidden, the smallest first, until what is hidden is at least
/// two groups and together not small.
pub fn suppress(groups: &[Cells]) -> Vec<bool> {
    let mut hidden: Vec<bool> = groups.iter().map(|cells| cells.is_small()).collect();
    if !hidden.contains(&true) {
        return hidden;
    }
    let mut rest: Vec<usize> = (0..groups.len()).filter(|place| !hidden[*place]).collect();
    rest.sort_by_key(|place| core::cmp::Reverse((groups[*place].size(), *place)));
    loop {
        let gone =
            groups.iter().zip(&hidden).filter(|(_, hidden)| **hidden).map(|(cells, _)| cells);
        let count = gone.clone().count();
        let together = gone.fold(Cells { numerator: 0, denominator: 0 }, |sum, cells| Cells {
            numerator: sum.numerator + cells.numerator,
            denominator: sum.denominator + cells.denominator,
        });
        if count >= 2 && !together.is_small() {
            return hidden;
        }
        let Some(next) = rest.pop() else { return hidden };
        hidden[next] = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(groups: &[(i128, i128)]) -> Vec<bool> {
        let cells = |(numerator, denominator): &(i128, i128)| Cells {
            numerator: *numerator,
            denominator: *denominator,
        };
        suppress(&groups.iter().map(cells).collect::<Vec<_>>())
    }

    #[test]
    fn nothing_small_hides_nothing() {
        assert_eq!(hidden(&[(5, 10), (0, 7), (9, 9)]), [false, false, false]);
        assert_eq!(hidden(&[]), [false; 0]);
    }

    #[test]
    fn one_small_group_takes_the_next_smallest_with_it() {
        // The second is hidden for itself; the first, the smaller of the others, so that the
        // second cannot be reckoned from the total.
        assert_eq!(hidden(&[(10, 20), (3, 20), (30, 60)]), [true, true, false]);
    }

    #[test]
    fn the_uncounted_can_be_the_small_ones() {
        assert_eq!(hidden(&[(18, 20), (30, 60), (40, 80)]), [true, true, false]);
    }

    #[test]
    fn what_is_hidden_is_together_not_small() {
        // 1 + 2 of 2 + 2 would still tell; the third goes too.
        assert_eq!(hidden(&[(1, 2), (2, 2), (30, 60), (40, 80)]), [true, true, true, false]);
    }

    #[test]
    fn a_single_group_is_hidden_alone() {
        assert_eq!(hidden(&[(1, 9)]), [true]);
    }
}
