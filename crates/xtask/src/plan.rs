//! What `test` and `soak` run, in order.

use std::time::Duration;

use crate::step::Step;
use crate::{readme, release, suite, web};

/// Everything that must pass. The quick steps come first, so that a slip is told early.
pub(crate) static TEST: &[Step] = &[
    Step {
        name: "fmt",
        what: "formatting",
        budget: Duration::from_secs(15),
        needs: &[],
        run: suite::fmt,
    },
    Step {
        name: "tidy",
        what: "house rules",
        budget: Duration::from_secs(75),
        needs: &[],
        run: suite::tidy,
    },
    Step {
        name: "no-std",
        what: "domain links without std",
        budget: Duration::from_mins(1),
        needs: &[],
        run: suite::no_std,
    },
    Step {
        name: "clippy",
        what: "lints",
        budget: Duration::from_mins(5),
        needs: &[],
        run: suite::clippy,
    },
    RELEASE,
    Step {
        name: "readme",
        what: "the commands of README.md exist",
        budget: Duration::from_secs(5),
        needs: &["release"],
        run: readme::check,
    },
    Step {
        name: "tests",
        what: "rules, conformance and properties of each crate",
        budget: Duration::from_mins(9),
        needs: &[],
        run: suite::tests,
    },
    Step {
        name: "doc",
        what: "examples in the documentation",
        budget: Duration::from_mins(2),
        needs: &[],
        run: suite::doc,
    },
    Step {
        name: "journeys",
        what: "journeys through the release binary",
        budget: Duration::from_mins(4),
        needs: &["release"],
        run: suite::journeys,
    },
    CRASHES,
    Step {
        name: "web",
        what: "GraphQL over HTTP and over WebSocket as the official clients speak them",
        budget: Duration::from_mins(2),
        needs: &["release"],
        run: web::suites,
    },
];

/// The long tests with the numbers of [`crate::world::Amount::Soak`]. Budgets here are hours.
pub(crate) static SOAK: &[Step] = &[
    RELEASE,
    Step {
        name: "tests",
        what: "properties with many seeds",
        budget: Duration::from_hours(1),
        needs: &[],
        run: suite::tests,
    },
    Step { budget: Duration::from_hours(2), ..CRASHES },
];

const RELEASE: Step = Step {
    name: "release",
    what: "the binary as it is shipped",
    budget: Duration::from_mins(8),
    needs: &[],
    run: release::build,
};

const CRASHES: Step = Step {
    name: "crashes",
    what: "kills, power cuts and damaged stores",
    budget: Duration::from_mins(7),
    needs: &["release"],
    run: suite::crashes,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budgets_of_test_add_up_to_forty_minutes_at_most() {
        let sum: Duration = TEST.iter().map(|step| step.budget).sum();
        assert!(sum <= Duration::from_mins(40), "{sum:?}");
    }

    #[test]
    fn a_step_needs_only_steps_before_it() {
        for steps in [TEST, SOAK] {
            for (at, step) in steps.iter().enumerate() {
                for need in step.needs {
                    let before = steps[..at].iter().any(|before| before.name == *need);
                    assert!(before, "{} needs {need}, which does not come before it", step.name);
                }
            }
        }
    }
}
