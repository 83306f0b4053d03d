//! Personal values: opened for those who may read them, and for others a reason why not. Never
//! `null`, so that nobody takes a closed field for an empty one.

use async_graphql::{Enum, SimpleObject, Union};
use tallystick_ledger::Closed;

use super::scalar::Date;

/// Why a value is not shown.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum RedactionReason {
    /// The caller's role reads the case with personal values closed.
    Sealed,
    /// The person's key was destroyed, so nobody can read it again.
    Erased,
    /// The stored value cannot be opened; the operator has been told.
    Unreadable,
}

impl From<Closed> for RedactionReason {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Erased => Self::Erased,
            Closed::Tampered | Closed::Unknown => {
                tracing::error!(reason = %closed, "a sealed value cannot be opened");
                Self::Unreadable
            }
        }
    }
}

/// A value that is not shown.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Redacted {
    /// Why not.
    pub(crate) reason: RedactionReason,
}

/// A person's name.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PersonName {
    /// Given name.
    pub(crate) given: String,
    /// Family name.
    pub(crate) family: String,
}

/// A date that says something about a person.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ClearDate {
    /// The date.
    pub(crate) date: Date,
}

/// Text that says something about a person.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ClearText {
    /// The text.
    pub(crate) text: String,
}

/// A name, or why it is not shown.
#[derive(Clone, Debug, Union)]
pub(crate) enum SensitiveName {
    /// The name.
    Clear(PersonName),
    /// Not shown.
    Redacted(Redacted),
}

/// A date, or why it is not shown.
#[derive(Clone, Debug, Union)]
pub(crate) enum SensitiveDate {
    /// The date.
    Clear(ClearDate),
    /// Not shown.
    Redacted(Redacted),
}

/// Text, or why it is not shown.
#[derive(Clone, Debug, Union)]
pub(crate) enum SensitiveText {
    /// The text.
    Clear(ClearText),
    /// Not shown.
    Redacted(Redacted),
}

impl From<Result<String, RedactionReason>> for SensitiveText {
    fn from(opened: Result<String, RedactionReason>) -> Self {
        match opened {
            Ok(text) => Self::Clear(ClearText { text }),
            Err(reason) => Self::Redacted(Redacted { reason }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_key_that_is_gone_means_erased() {
        assert_eq!(RedactionReason::from(Closed::Erased), RedactionReason::Erased);
        for closed in [Closed::Tampered, Closed::Unknown] {
            assert_eq!(RedactionReason::from(closed), RedactionReason::Unreadable, "{closed}");
        }
    }
}
