//! Cursors: one currency for connections, `events` and `eventStream`. A cursor is a place in the
//! log of one ledger, so it never goes stale and never means another place.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tallystick_domain::{CaseKey, Cases, Position, id::LedgerId};
use tallystick_views::Snapshot;

use crate::errors::{Code, Refused};

/// Version of the layout: this byte, ledger, incarnation, position, and the part if there is one.
const LAYOUT: u8 = 1;
const WHOLE: usize = 1 + 16 + 4 + 8;
const WITH_PART: usize = WHOLE + 2;

/// The log that cursors are places in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    ledger: LedgerId,
    incarnation: u32,
}

/// A place: a position, and a part of what stands there where several things share it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    pub(crate) position: Position,
    pub(crate) part: u16,
}

/// Text that is no cursor of this ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownCursor;

impl UnknownCursor {
    const MESSAGE: &str = "the cursor is not of this ledger";

    /// `CURSOR_UNKNOWN`, for a resolver to return.
    pub(crate) fn error() -> async_graphql::Error {
        Code::CursorUnknown.error(Self::MESSAGE)
    }
}

impl From<UnknownCursor> for Refused {
    fn from(_: UnknownCursor) -> Self {
        Self::new(Code::CursorUnknown, UnknownCursor::MESSAGE)
    }
}

impl From<Position> for Cursor {
    fn from(position: Position) -> Self {
        Self { position, part: 0 }
    }
}

impl Origin {
    /// The log that a snapshot is folded from, as of its latest opening.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let ledger = snapshot.case(CaseKey::Ledger).and_then(|case| case.ledger());
        let opened = ledger.and_then(|ledger| ledger.openings.last());
        opened.map_or(Self { ledger: LedgerId([0; 16]), incarnation: 0 }, |opened| Self {
            ledger: opened.ledger,
            incarnation: opened.incarnation,
        })
    }

    /// The ledger.
    pub(crate) fn ledger(self) -> LedgerId {
        self.ledger
    }

    /// A place as clients carry it.
    pub(crate) fn write(self, cursor: Cursor) -> String {
        let mut bytes = [0; WITH_PART];
        bytes[0] = LAYOUT;
        bytes[1..17].copy_from_slice(&self.ledger.0);
        bytes[17..21].copy_from_slice(&self.incarnation.to_be_bytes());
        bytes[21..29].copy_from_slice(&cursor.position.0.to_be_bytes());
        bytes[29..31].copy_from_slice(&cursor.part.to_be_bytes());
        let length = if cursor.part == 0 { WHOLE } else { WITH_PART };
        URL_SAFE_NO_PAD.encode(&bytes[..length])
    }

    /// # Errors
    /// [`UnknownCursor`] for what is no cursor, or one of another ledger or incarnation.
    pub(crate) fn read(self, text: &str) -> Result<Cursor, UnknownCursor> {
        self.place(text).ok_or(UnknownCursor)
    }

    fn place(self, text: &str) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let part = match bytes.len() {
            WHOLE => 0,
            WITH_PART => u16::from_be_bytes(bytes[29..].try_into().ok()?),
            _ => return None,
        };
        let position = u64::from_be_bytes(bytes[21..29].try_into().ok()?);
        let here = bytes[0] == LAYOUT
            && bytes[1..17] == self.ledger.0
            && bytes[17..21] == self.incarnation.to_be_bytes();
        here.then_some(Cursor { position: Position(position), part })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin = Origin { ledger: LedgerId([9; 16]), incarnation: 2 };

    #[test]
    fn a_cursor_reads_back_as_written() {
        for (position, part) in [(0, 0), (1, 0), (u64::MAX, 0), (77, 3)] {
            let cursor = Cursor { position: Position(position), part };
            assert_eq!(ORIGIN.read(&ORIGIN.write(cursor)), Ok(cursor));
        }
    }

    #[test]
    fn a_cursor_of_another_ledger_or_incarnation_is_unknown() {
        let other_ledger = Origin { ledger: LedgerId([8; 16]), ..ORIGIN };
        let other_incarnation = Origin { incarnation: 1, ..ORIGIN };
        for origin in [other_ledger, other_incarnation] {
            let cursor = origin.write(Position(5).into());
            assert_eq!(ORIGIN.read(&cursor), Err(UnknownCursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_unknown() {
        let good = ORIGIN.write(Position(5).into());
        let longer = format!("{good}AA");
        for text in ["", "5", "====", &good[1..], &good[..20], &longer] {
            assert_eq!(ORIGIN.read(text), Err(UnknownCursor), "{text}");
        }
    }
}
