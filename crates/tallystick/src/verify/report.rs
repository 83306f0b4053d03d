//! What was looked at and what came out, in sentences for people who are no engineers.

use std::fmt;
use std::ops::RangeInclusive;
use std::process::ExitCode;
use tallystick_tally::TreeSize;

/// What a verification comes to; the later outweighs the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Sound,
    /// Something that would be needed to tell is missing.
    CannotTell,
    Tampered,
}

impl Verdict {
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Sound => 0,
            Self::Tampered => 1,
            Self::CannotTell => 2,
        })
    }
}

/// Sections of sentences, and the worst of what they say.
#[derive(Debug)]
pub(crate) struct Report {
    lines: Vec<String>,
    verdict: Verdict,
    /// Where the first position is that is not as it was signed, as far as that is known.
    first_bad: Option<RangeInclusive<u64>>,
    reasons: Vec<String>,
    /// What the result does not cover.
    limits: Vec<String>,
}

impl Report {
    pub(crate) fn new(title: impl fmt::Display) -> Self {
        Self {
            lines: vec![title.to_string()],
            verdict: Verdict::Sound,
            first_bad: None,
            reasons: Vec::new(),
            limits: Vec::new(),
        }
    }

    pub(crate) fn section(&mut self, heading: &str) {
        self.lines.extend([String::new(), heading.to_owned()]);
    }

    /// Something that is as it should be, or that is worth knowing.
    pub(crate) fn note(&mut self, sentence: impl fmt::Display) {
        self.lines.push(format!("  {sentence}"));
    }

    /// Something that could not be looked at and need not be: said again beside the result.
    pub(crate) fn limit(&mut self, sentence: impl fmt::Display) {
        self.note(&sentence);
        self.limits.push(sentence.to_string());
    }

    /// Something without which it cannot be told.
    pub(crate) fn cannot_tell(&mut self, sentence: impl fmt::Display) {
        self.reason(Verdict::CannotTell, sentence);
    }

    /// Something that is not as it was signed.
    pub(crate) fn tampered(&mut self, sentence: impl fmt::Display) {
        self.reason(Verdict::Tampered, sentence);
    }

    /// The same of a position.
    pub(crate) fn tampered_at(&mut self, position: u64, sentence: impl fmt::Display) {
        self.tampered_within(position..=position, sentence);
    }

    /// The same where it is known only that one of these positions is the first.
    pub(crate) fn tampered_within(
        &mut self,
        positions: RangeInclusive<u64>,
        sentence: impl fmt::Display,
    ) {
        self.tampered(sentence);
        let known = self.first_bad.take().into_iter();
        // What is sure to be bad bounds what is not known as well.
        self.first_bad = known.chain([positions]).reduce(|one, other| {
            let start = *one.start().min(other.start());
            start..=*one.end().min(other.end())
        });
    }

    fn reason(&mut self, verdict: Verdict, sentence: impl fmt::Display) {
        self.lines.push(format!("  !! {sentence}"));
        if verdict > self.verdict {
            self.reasons.clear();
            self.verdict = verdict;
        }
        if verdict == self.verdict {
            self.reasons.push(sentence.to_string());
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict
    }
}

/// The sections, and the result at the end.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        writeln!(f)?;
        match (self.verdict, &self.first_bad) {
            (Verdict::Sound, _) => {
                writeln!(f, "RESULT: sound. Everything that was checked is as it was signed.")?;
            }
            (Verdict::CannotTell, _) => writeln!(f, "RESULT: cannot tell, because:")?,
            (Verdict::Tampered, Some(first)) if first.start() == first.end() => {
                writeln!(f, "RESULT: tampered. The first bad position is {}.", first.start())?;
            }
            (Verdict::Tampered, Some(first)) => {
                let (from, to) = (first.start(), first.end());
                writeln!(
                    f,
                    "RESULT: tampered. The first bad position is between {from} and {to}."
                )?;
            }
            (Verdict::Tampered, None) => writeln!(f, "RESULT: tampered.")?,
        }
        self.reasons.iter().chain(&self.limits).try_for_each(|said| writeln!(f, "  - {said}"))
    }
}

/// `1 record`, `2 records`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

pub(crate) fn records(size: TreeSize) -> String {
    count(size.get(), "record")
}
