//! Text with a limit. Every piece of text that enters the ledger has one of these types, so that
//! no caller can forget the check: length in bytes, no control characters, nothing that changes
//! the direction of writing.

use alloc::string::String;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use smol_str::SmolStr;

/// Why a piece of text was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Longer than its type allows.
    #[error("text of {found} bytes is over the limit of {limit}")]
    TooLong {
        /// Bytes allowed.
        limit: usize,
        /// Bytes found.
        found: usize,
    },
    /// Nothing, or only spaces.
    #[error("text is empty")]
    Empty,
    /// A control character or one that changes the direction of writing.
    #[error("text has a control or direction character at byte {at}")]
    Character {
        /// Offset of the character in bytes.
        at: usize,
    },
    /// Something other than `a-z`, `0-9`, `_`, `-`, `.` and `/` in a code.
    #[error("a code has only a-z, 0-9, '_', '-', '.' and '/'")]
    NotACode,
}

fn checked(text: &str, limit: usize, lines: bool) -> Result<(), InvalidText> {
    if text.len() > limit {
        return Err(InvalidText::TooLong { limit, found: text.len() });
    }
    if text.trim().is_empty() {
        return Err(InvalidText::Empty);
    }
    let forbidden = |c: char| {
        (c.is_control() && !(lines && c == '\n'))
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    match text.char_indices().find(|(_, c)| forbidden(*c)) {
        Some((at, _)) => Err(InvalidText::Character { at }),
        None => Ok(()),
    }
}

/// A value of a code list: `a-z 0-9 _ - . /`, at most 40 bytes. Lists that rules depend on are
/// enums in [`crate::codes`]; this is for lists that partners keep (areas, courts, programmes).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Code(SmolStr);

impl Code {
    /// Bytes a code may have.
    pub const LIMIT: usize = 40;

    /// # Errors
    /// [`InvalidText`] if it is empty, too long, or has another character.
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        checked(text, Self::LIMIT, false)?;
        let plain =
            |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'/');
        if text.bytes().all(plain) {
            Ok(Self(SmolStr::new(text)))
        } else {
            Err(InvalidText::NotACode)
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&SmolStr::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A line of clear text (a name of an agency, a title): at most 200 bytes. Never a person's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Label(SmolStr);

impl Label {
    /// Bytes a label may have.
    pub const LIMIT: usize = 200;

    /// # Errors
    /// [`InvalidText`] if it is empty, too long, or has a control or direction character.
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        checked(text, Self::LIMIT, false)?;
        Ok(Self(SmolStr::new(text)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&SmolStr::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Free text about a person, before it is sealed: at most 4,000 bytes, line breaks allowed. It has
/// no `Debug` and no `Serialize`: it cannot end up in a log or in an event by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct Note(String);

impl Note {
    /// Bytes a note may have.
    pub const LIMIT: usize = 4_000;

    /// # Errors
    /// [`InvalidText`] if it is empty, too long, or has a control or direction character.
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        checked(text, Self::LIMIT, true)?;
        Ok(Self(String::from(text)))
    }

    /// The text, for whoever seals it or may read it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_at_its_limit_is_taken_and_one_byte_more_is_not() {
        assert!(Label::new(&"x".repeat(Label::LIMIT)).is_ok());
        assert_eq!(
            Label::new(&"x".repeat(Label::LIMIT + 1)),
            Err(InvalidText::TooLong { limit: 200, found: 201 })
        );
    }

    #[test]
    fn text_cannot_hide_or_turn() {
        for text in ["a\u{0}b", "a\u{202e}b", "a\u{200b}b", "a\nb", "a\u{1b}[31mb"] {
            assert!(matches!(Label::new(text), Err(InvalidText::Character { .. })), "{text:?}");
        }
        assert!(Note::new("a\nb").is_ok());
        assert!(Note::new("a\u{0}b").is_err());
    }

    #[test]
    fn a_code_is_plain() {
        assert!(Code::new("telford_and_wrekin").is_ok());
        assert!(Code::new("Telford").is_err());
        assert_eq!(Code::new("  "), Err(InvalidText::Empty));
    }
}
