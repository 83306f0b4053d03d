//! How many tests passed, failed and were skipped, read from what the runners report.

/// The tests of a step, or of all steps.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Count {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    /// What was left out and why, as `what: why`.
    pub(crate) skipped: Vec<String>,
}

/// A test that cannot run here prints a line to standard error that begins with this, then
/// `what: why`, and passes.
const SKIPPED: &str = "SKIPPED: ";

/// The one test that may be skipped in CI: it needs loop devices, and not every kernel that runs
/// a build has them.
const MAY_BE_SKIPPED: &str = "power cut";

/// What is ignored for this reason is no test, but a process that tests start.
const CALLED_BY: &str = ", called by ";

impl Count {
    /// A step without tests of its own counts as one.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u32::from(passed), failed: u32::from(!passed), skipped: Vec::new() }
    }

    /// A step that cannot run here.
    pub(crate) fn skip(what_and_why: impl Into<String>) -> Self {
        Self { passed: 0, failed: 0, skipped: vec![what_and_why.into()] }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped.extend(other.skipped);
    }

    /// The same count where a skip is a failure, but for the one that is allowed.
    pub(crate) fn without_skips(mut self) -> Self {
        let before = self.skipped.len();
        self.skipped.retain(|skip| skip.starts_with(MAY_BE_SKIPPED));
        self.failed += saturating(before - self.skipped.len());
        self
    }

    /// Reads the report in the form of `JUnit` of cargo-nextest. `None` if it has no totals.
    pub(crate) fn from_junit(report: &str) -> Option<Self> {
        let totals = report.lines().find(|line| line.trim_start().starts_with("<testsuites "))?;
        let tests = attribute(totals, "tests")?;
        let failed = attribute(totals, "failures")? + attribute(totals, "errors")?;
        let mut count = Self { passed: tests - failed.min(tests), failed, skipped: Vec::new() };
        count.note_skips(report);
        Some(count)
    }

    /// Reads what `cargo test` printed, one closing line for each test binary. `None` if it never
    /// came to one.
    pub(crate) fn from_libtest(output: &str) -> Option<Self> {
        let mut count = None::<Self>;
        for line in output.lines() {
            if let Some(closing) = line.strip_prefix("test result: ") {
                let number = |word| number_before(closing, word).unwrap_or(0);
                count.get_or_insert_default().add(Self {
                    passed: number("passed"),
                    failed: number("failed"),
                    skipped: Vec::new(),
                });
            }
        }
        let mut count = count?;
        for line in output.lines().filter_map(|line| line.strip_prefix("test ")) {
            if let Some((name, reason)) = line.split_once(" ... ignored")
                && !reason.starts_with(CALLED_BY)
            {
                count.skipped.push(format!("ignored: {name}"));
            }
        }
        count.note_skips(output);
        Some(count)
    }

    /// Reads the closing line of a script: `N of M passed`, or `N passed, N failed` with
    /// `, N skipped` or without. `None` if it never came to one.
    pub(crate) fn from_script(output: &str) -> Option<Self> {
        output.lines().rev().find_map(|line| {
            let number = |word| number_before(line, word);
            let (passed, failed) = match (number("of"), number("passed"), number("failed")) {
                (Some(passed), Some(all), None) => (passed, all.checked_sub(passed)?),
                (None, Some(passed), Some(failed)) => (passed, failed),
                _ => return None,
            };
            let skipped = number("skipped").unwrap_or(0) as usize;
            let skipped = vec!["script: a test of its own".to_owned(); skipped];
            Some(Self { passed, failed, skipped })
        })
    }

    /// Moves the tests that said so from the passed to the skipped ones.
    fn note_skips(&mut self, output: &str) {
        for line in output.lines() {
            // In a report, the first line stands behind the opening tag.
            let line = line.trim_start();
            let line = line.strip_prefix("<system-err>").unwrap_or(line);
            if let Some(skip) = line.strip_prefix(SKIPPED) {
                let skip = skip.split("</").next().unwrap_or(skip);
                self.skipped.push(skip.trim().to_owned());
                self.passed = self.passed.saturating_sub(1);
            }
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped.len())
    }
}

/// The value of `name="17"` in an opening tag.
fn attribute(tag: &str, name: &str) -> Option<u32> {
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    after.split('"').next()?.parse().ok()
}

/// The number in `17 passed`.
fn number_before(line: &str, word: &str) -> Option<u32> {
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let mut before = words.next()?;
    for here in words {
        if here == word {
            return before.parse().ok();
        }
        before = here;
    }
    None
}

fn saturating(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u32, failed: u32, skipped: &[&str]) -> Count {
        let skipped = skipped.iter().map(|&skip| skip.to_owned()).collect();
        Count { passed, failed, skipped }
    }

    #[test]
    fn a_junit_report_gives_its_totals_and_the_skips_that_passing_tests_printed() {
        let report = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="4" failures="1" errors="0" uuid="0" time="0.124">
    <testsuite name="nx" tests="4" disabled="0" errors="0" failures="1">
        <testcase name="tests::skips" classname="nx">
            <system-err>SKIPPED: power cut: no loop devices</system-err>
        </testcase>"#;
        assert_eq!(Count::from_junit(report), Some(count(2, 1, &["power cut: no loop devices"])));
        assert_eq!(Count::from_junit(""), None);
    }

    #[test]
    fn closing_lines_of_all_test_binaries_are_added_up() {
        let output = "
SKIPPED: web: node is not installed
test a::slow ... ignored
test a::writer ... ignored, called by the tests above
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.00s
test result: FAILED. 1 passed; 2 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1s";
        let skips = ["ignored: a::slow", "web: node is not installed"];
        assert_eq!(Count::from_libtest(output), Some(count(3, 2, &skips)));
        assert_eq!(Count::from_libtest("error: could not compile"), None);
    }

    #[test]
    fn the_last_closing_line_of_a_script_counts() {
        let output = "audit: 9 passed, 0 failed\n61 passed, 2 failed, 1 skipped\nbye\n";
        let skip = ["script: a test of its own"];
        assert_eq!(Count::from_script(output), Some(count(61, 2, &skip)));
        assert_eq!(Count::from_script("audits: 60 of 61 passed"), Some(count(60, 1, &[])));
        assert_eq!(Count::from_script("all of them passed"), None);
    }

    #[test]
    fn where_a_skip_is_a_failure_only_the_power_cut_may_be_skipped() {
        let some = count(5, 0, &["power cut: no loop devices", "web: no node"]);
        assert_eq!(some.without_skips(), count(5, 1, &["power cut: no loop devices"]));
    }

    #[test]
    fn the_closing_line_has_the_form_that_readers_of_builds_know() {
        let some = count(5, 1, &["power cut: no loop devices"]);
        assert_eq!(some.to_string(), "5 passed, 1 failed, 1 skipped");
    }
}
