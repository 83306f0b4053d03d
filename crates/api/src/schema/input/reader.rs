//! Reads what GraphQL's types cannot check, and collects everything that is wrong with it: whoever
//! sent five bad fields hears of five.

use std::{fmt::Write, str::FromStr};

use async_graphql::ID;
use tallystick_domain::{
    Code, Label, Note, id::InvalidId, measure::InvalidDefinition, text::InvalidText,
};

use crate::schema::command_error::{InputProblem, InvalidInput};

/// That something was wrong: the [`Reader`] knows what.
#[derive(Debug)]
pub(crate) struct Wrong;

/// What was read, if it was right.
pub(crate) type Read<T> = Result<T, Wrong>;

/// Reads one input. A conversion reads every field before it asks, by `?`, whether they were
/// right: so all that is wrong is remembered.
#[derive(Default)]
pub(crate) struct Reader {
    /// Where it is: `sites.0.`
    path: String,
    /// Which entry of a list of steps it is in.
    step: Option<usize>,
    wrong: Vec<InvalidInput>,
}

/// Input that stands for a payload of the domain.
pub(crate) trait Facts {
    /// The payload.
    type Facts;

    /// Reads all of it.
    fn read(&self, reader: &mut Reader) -> Read<Self::Facts>;
}

/// A whole number with fewer bits than GraphQL's.
pub(crate) trait Small: TryFrom<i32> {
    /// The largest.
    const MOST: i32;
}

impl Small for u8 {
    const MOST: i32 = 0xff;
}

impl Small for u16 {
    const MOST: i32 = 0xffff;
}

impl Small for u32 {
    const MOST: i32 = i32::MAX;
}

impl Reader {
    /// Everything that was wrong, in the order of reading.
    pub(crate) fn wrong(self) -> Vec<InvalidInput> {
        self.wrong
    }

    /// An identifier of one kind.
    pub(crate) fn id<T>(&mut self, field: &str, id: &ID) -> Read<T>
    where
        T: FromStr<Err = InvalidId>,
    {
        let read: Result<T, InvalidId> = id.parse();
        read.map_err(|error| self.refuse(field, InvalidInput::not_an_id(error.expected)))
    }

    /// A code of a list that partners keep.
    pub(crate) fn code(&mut self, field: &str, text: impl AsRef<str>) -> Read<Code> {
        self.text(field, Code::new(text.as_ref()))
    }

    /// A line of clear text.
    pub(crate) fn label(&mut self, field: &str, text: impl AsRef<str>) -> Read<Label> {
        self.text(field, Label::new(text.as_ref()))
    }

    /// Free text about a person.
    pub(crate) fn note(&mut self, field: &str, text: impl AsRef<str>) -> Read<Note> {
        self.text(field, Note::new(text.as_ref()))
    }

    /// A whole number from 0.
    pub(crate) fn number<T: Small>(&mut self, field: &str, number: i32) -> Read<T> {
        let range = (0, i64::from(T::MOST));
        let out_of_range = |_| InvalidInput::out_of_range(i64::from(number), range);
        T::try_from(number).map_err(out_of_range).map_err(|wrong| self.refuse(field, wrong))
    }

    /// A definition of a measure.
    pub(crate) fn definition<T>(
        &mut self,
        field: &str,
        read: Result<T, InvalidDefinition>,
    ) -> Read<T> {
        let wrong = |error: InvalidDefinition| {
            InvalidInput::new(InputProblem::NotADefinition, error.to_string())
        };
        read.map_err(|error| self.refuse(field, wrong(error)))
    }

    /// An amount of money in pence, not below nothing.
    pub(crate) fn pence(&mut self, field: &str, pence: i64) -> Read<i64> {
        if pence < 0 {
            return Err(self.refuse(field, InvalidInput::out_of_range(pence, (0, i64::MAX))));
        }
        Ok(pence)
    }

    /// Something nested.
    pub(crate) fn facts<F: Facts>(&mut self, field: &str, facts: &F) -> Read<F::Facts> {
        self.inside(field, |reader| facts.read(reader))
    }

    /// Something that may be left out.
    pub(crate) fn optional<V, T>(
        &mut self,
        field: &str,
        value: Option<V>,
        read: impl FnOnce(&mut Self, &str, V) -> Read<T>,
    ) -> Read<Option<T>> {
        value.map(|value| read(self, field, value)).transpose()
    }

    /// Every value of a list.
    pub(crate) fn each<'v, V, T>(
        &mut self,
        field: &str,
        values: &'v [V],
        mut read: impl FnMut(&mut Self, &str, &'v V) -> Read<T>,
    ) -> Read<Vec<T>> {
        self.inside(field, |reader| {
            let read = |(index, value): (usize, _)| read(reader, &index.to_string(), value);
            let found: Vec<_> = values.iter().enumerate().map(read).collect();
            found.into_iter().collect()
        })
    }

    /// Every entry of a list whose entries are steps of the command.
    pub(crate) fn each_step<F: Facts>(
        &mut self,
        field: &str,
        entries: &[F],
    ) -> Read<Vec<F::Facts>> {
        let mut step = 0..;
        let read = self.each(field, entries, |reader, field, entry| {
            reader.step = step.next();
            reader.facts(field, entry)
        });
        self.step = None;
        read
    }

    /// Remembers that a field is wrong.
    pub(crate) fn refuse(&mut self, field: &str, wrong: InvalidInput) -> Wrong {
        self.wrong.push(wrong.at(format!("{}{field}", self.path), self.step));
        Wrong
    }

    fn text<T>(&mut self, field: &str, read: Result<T, InvalidText>) -> Read<T> {
        read.map_err(|error| self.refuse(field, InvalidInput::of_text(&error)))
    }

    fn inside<T>(&mut self, field: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.path.len();
        // Writing to a string cannot fail.
        let _ = write!(self.path, "{field}.");
        let read = read(self);
        self.path.truncate(outside);
        read
    }
}

impl InvalidInput {
    fn of_text(error: &InvalidText) -> Self {
        let number = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        let problem = match error {
            InvalidText::TooLong { .. } => InputProblem::TooLong,
            InvalidText::Empty => InputProblem::Missing,
            InvalidText::Character { .. } => InputProblem::Character,
            InvalidText::NotACode => InputProblem::NotACode,
        };
        let wrong = Self::new(problem, error.to_string());
        match error {
            InvalidText::TooLong { limit, found } => {
                wrong.with_limits(None, Some(number(*limit)), Some(number(*found)))
            }
            InvalidText::Empty | InvalidText::Character { .. } | InvalidText::NotACode => wrong,
        }
    }

    fn not_an_id(expected: &str) -> Self {
        Self::new(InputProblem::NotAnId, format!("not an identifier of the form {expected}"))
    }

    fn out_of_range(found: i64, (least, most): (i64, i64)) -> Self {
        let message = format!("{found} is outside the limit of {least} to {most}");
        Self::new(InputProblem::OutOfRange, message).with_limits(
            Some(least),
            Some(most),
            Some(found),
        )
    }
}
