//! Where a sealed value belongs, and opening it there. Whoever moves a blob to another record, or
//! to another field of the same one, finds that it does not open.
//!
//! A value is sealed with the key of its person (purpose *identity* for who the person is, *free
//! text* for notes and confidential circumstances) and this additional data, to whose end the vault adds the key's id:
//!
//! | bytes | what |
//! |---|---|
//! | 20 | `tallystick/sealed/1\0` |
//! | 16 | id of the ledger, as its first opening gives it |
//! | 16 | agency of the record |
//! | 16 | command of the record |
//! | 2 | index of the record within its command, big-endian |
//! | 2 | type of the record, big-endian |
//! | 2 | schema of the record, big-endian |
//! | the rest | path of the field: `identifiers/0/value`, `name`, `born`, `circumstance/debt`, `circumstance/substance`, `circumstance/health` or `note` |
//!
//! A corrected registration or circumstance is sealed under the name of its correction. The clear bytes are UTF-8:
//! an identifier as given; a name as `{"given":"…","family":"…"}`; a birth date as `YYYY-MM-DD`; a
//! circumstance and a note as given.

use serde::{Deserialize, Serialize};
use tallystick_domain::{
    CaseKey, Cases, Date, Event, EventType, Label, Note, Record,
    codes::IdentifierScheme,
    command::Identity,
    event::CircumstanceRecorded,
    id::{AgencyId, CommandId, LedgerId},
    person::{Recorded, Registration, SealedUnder},
};
use tallystick_vault::{BlindId, OpenError, Vault};
use thiserror::Error;

/// The record that a value is sealed under.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Under {
    pub(crate) ledger: LedgerId,
    pub(crate) agency: AgencyId,
    pub(crate) command: CommandId,
    pub(crate) index: u16,
    pub(crate) event_type: EventType,
    pub(crate) schema: u16,
}

impl Under {
    const TAG: &'static [u8; 20] = b"tallystick/sealed/1\0";

    /// Additional data of a field.
    pub(crate) fn field(&self, path: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(96);
        bytes.extend_from_slice(Self::TAG);
        bytes.extend_from_slice(&self.ledger.0);
        bytes.extend_from_slice(&self.agency.0);
        bytes.extend_from_slice(&self.command.0);
        bytes.extend_from_slice(&self.index.to_be_bytes());
        bytes.extend_from_slice(&(self.event_type as u16).to_be_bytes());
        bytes.extend_from_slice(&self.schema.to_be_bytes());
        bytes.extend_from_slice(path.as_bytes());
        bytes
    }
}

pub(crate) const NAME: &str = "name";
pub(crate) const BORN: &str = "born";
pub(crate) const NOTE: &str = "note";

pub(crate) fn identifier_path(index: usize) -> String {
    format!("identifiers/{index}/value")
}

/// A name as it is sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameText<'a> {
    pub(crate) given: std::borrow::Cow<'a, str>,
    pub(crate) family: std::borrow::Cow<'a, str>,
}

/// Why a sealed value stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Closed {
    /// Its key was destroyed.
    #[error("the key was destroyed")]
    Erased,
    /// It is not what was sealed there: altered, or moved from another place.
    #[error("the sealed value is not what was sealed there")]
    Tampered,
    /// It was sealed by a later version.
    #[error("the sealed value is of a later version")]
    Unknown,
}

impl From<OpenError> for Closed {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NoSuchKey => Self::Erased,
            OpenError::Tampered => Self::Tampered,
            OpenError::UnknownFormat { .. } => Self::Unknown,
        }
    }
}

/// A sealed value, opened, or why not.
pub type Opened<T> = Result<T, Closed>;

/// The ledger's id, as its first opening gives it: later incarnations do not change what values
/// were sealed with.
pub(crate) fn ledger_of(cases: &impl Cases) -> Option<LedgerId> {
    let ledger = cases.case(CaseKey::Ledger)?.ledger()?;
    ledger.openings.first().map(|opened| opened.ledger)
}

/// Opens who a person is.
pub(crate) fn open_identity(
    vault: &Vault,
    ledger: LedgerId,
    registration: &Registration,
) -> Opened<Identity> {
    let under = under_of(ledger, registration.sealed);
    let mut identifiers = Vec::with_capacity(registration.facts.identifiers.len());
    for (index, identifier) in registration.facts.identifiers.iter().enumerate() {
        let text = open_text(vault, &under, &identifier_path(index), identifier.value.blob())?;
        identifiers.push((identifier.scheme, label(&text)?));
    }
    let name = open_text(vault, &under, NAME, registration.facts.name.blob())?;
    let name: NameText<'_> = serde_json::from_str(&name).map_err(|_| Closed::Unknown)?;
    let born = open_text(vault, &under, BORN, registration.facts.born.blob())?;
    Ok(Identity {
        identifiers,
        given_name: label(&name.given)?,
        family_name: label(&name.family)?,
        born: born.parse::<Date>().map_err(|_| Closed::Unknown)?,
    })
}

/// Opens the note of a record; `None` if it has none.
pub(crate) fn open_note(vault: &Vault, ledger: LedgerId, record: &Record) -> Option<Opened<Note>> {
    let sealed = record.note.as_ref()?;
    let under = Under {
        ledger,
        agency: record.envelope.agency,
        command: record.envelope.command,
        index: record.envelope.index,
        event_type: record.envelope.event_type,
        schema: record.envelope.schema,
    };
    let text = open_text(vault, &under, NOTE, sealed.blob());
    Some(text.and_then(|text| Note::new(&text).map_err(|_| Closed::Unknown)))
}

/// Opens the confidential value of a circumstance; `None` if it has none.
pub(crate) fn open_circumstance(
    vault: &Vault,
    ledger: LedgerId,
    recorded: &Recorded<CircumstanceRecorded>,
) -> Option<Opened<Note>> {
    let circumstance = &recorded.facts.circumstance;
    let sealed = circumstance.confidential()?;
    let under = under_of(ledger, recorded.sealed);
    let text = open_text(vault, &under, circumstance.kind().path(), sealed.blob());
    Some(text.and_then(|text| Note::new(&text).map_err(|_| Closed::Unknown)))
}

/// Whether a registration holds the identifier behind a blind id: a claim alone may be left over
/// from a command that was refused, or from a registration that was corrected since.
pub(crate) fn holds_identifier(
    vault: &Vault,
    ledger: LedgerId,
    registration: &Registration,
    blind: BlindId,
) -> bool {
    let under = under_of(ledger, registration.sealed);
    registration.facts.identifiers.iter().enumerate().any(|(index, identifier)| {
        open_text(vault, &under, &identifier_path(index), identifier.value.blob())
            .is_ok_and(|text| blind_id(vault, identifier.scheme, &text) == blind)
    })
}

/// The blind id of an identifier, in its one spelling: upper case, without spaces.
pub(crate) fn blind_id(vault: &Vault, scheme: IdentifierScheme, text: &str) -> BlindId {
    let spelling: String =
        text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    vault.blind(scheme.as_str(), spelling.as_bytes())
}

fn under_of(ledger: LedgerId, sealed: SealedUnder) -> Under {
    Under {
        ledger,
        agency: sealed.agency,
        command: sealed.command,
        index: sealed.index,
        event_type: sealed.event_type,
        schema: Event::SCHEMA,
    }
}

fn open_text(vault: &Vault, under: &Under, path: &str, blob: &[u8]) -> Opened<String> {
    let clear = vault.open_blob(blob, &under.field(path))?;
    str::from_utf8(&clear).map(ToOwned::to_owned).map_err(|_| Closed::Unknown)
}

fn label(text: &str) -> Opened<Label> {
    Label::new(text).map_err(|_| Closed::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_additional_data_is_byte_exact() {
        let under = Under {
            ledger: LedgerId([1; 16]),
            agency: AgencyId([2; 16]),
            command: CommandId([3; 16]),
            index: 4,
            event_type: EventType::Corrected,
            schema: 1,
        };
        let mut expected = b"tallystick/sealed/1\0".to_vec();
        expected.extend([[1; 16], [2; 16], [3; 16]].concat());
        expected.extend([0, 4, 0, 35, 0, 1]);
        expected.extend(b"identifiers/0/value");
        assert_eq!(under.field(&identifier_path(0)), expected);
    }

    #[test]
    fn an_identifier_has_one_spelling() {
        let vault = Vault::in_memory().expect("randomness");
        let blind = |text| blind_id(&vault, IdentifierScheme::Pnc, text);
        assert_eq!(blind("08/123456x"), blind(" 08/12 3456X"));
        assert_ne!(blind("08/123456X"), blind("08/123457X"));
        assert_ne!(blind("A1"), blind_id(&vault, IdentifierScheme::Crn, "A1"));
    }
}
