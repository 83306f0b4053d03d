//! Names of things: typed, `Copy`, parsed once at the edge. In JSON an identifier is its prefix
//! and 32 hexadecimal digits (`ref_0192…`); in savepoints its 16 bytes.

use crate::text::Code;
use alloc::string::ToString;
use core::{fmt, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Place of an event in the ledger: 1, 2, 3 … without a gap. 0 is "before everything".
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// Before everything.
    pub const ZERO: Self = Self(0);

    /// The position after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Text that is not an identifier of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of the form {expected}")]
pub struct InvalidId {
    /// The form that was expected, for example `ref_<32 hexadecimal digits>`.
    pub expected: &'static str,
}

/// What a stream is about. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum StreamKind {
    /// The ledger itself.
    Ledger = 1,
    /// A partner agency.
    Agency = 2,
    /// An agreement between agencies.
    Agreement = 4,
    /// A service under an agreement.
    Service = 5,
    /// A person on probation.
    Person = 6,
    /// A sentence: an order or a licence.
    Sentence = 7,
    /// A referral of a person to a service.
    Referral = 8,
    /// A person's place on a service.
    Placement = 9,
    /// A measure: its definitions, version by version.
    Measure = 10,
    /// A delivery plan.
    Plan = 11,
    /// How a person lives: one stream for each person, of the person's identifier.
    Circumstance = 12,
    /// What a person was proven to have done; likewise.
    Offence = 13,
    /// Which registers a person is on; likewise.
    Register = 14,
    /// How a person was assessed; likewise.
    Assessment = 15,
}

impl StreamKind {
    /// Every kind there is.
    pub const ALL: [Self; 14] = [
        Self::Ledger,
        Self::Agency,
        Self::Agreement,
        Self::Service,
        Self::Person,
        Self::Sentence,
        Self::Referral,
        Self::Placement,
        Self::Measure,
        Self::Plan,
        Self::Circumstance,
        Self::Offence,
        Self::Register,
        Self::Assessment,
    ];

    /// The kind of a stored number; `None` for a number this version does not know.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// Prefix of identifiers of this kind, underscore included.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Ledger => LedgerId::PREFIX,
            Self::Agency => AgencyId::PREFIX,
            Self::Agreement => AgreementId::PREFIX,
            Self::Service => ServiceId::PREFIX,
            Self::Person => PersonId::PREFIX,
            Self::Sentence => SentenceId::PREFIX,
            Self::Referral => ReferralId::PREFIX,
            Self::Placement => PlacementId::PREFIX,
            Self::Measure => MeasureId::PREFIX,
            Self::Plan => PlanId::PREFIX,
            Self::Circumstance => "cir_",
            Self::Offence => "off_",
            Self::Register => "reg_",
            Self::Assessment => "asm_",
        }
    }

    /// Whether its streams are about a person or something in a person's case.
    pub fn is_personal(self) -> bool {
        match self {
            Self::Person
            | Self::Sentence
            | Self::Referral
            | Self::Placement
            | Self::Circumstance
            | Self::Offence
            | Self::Register
            | Self::Assessment => true,
            Self::Ledger
            | Self::Agency
            | Self::Agreement
            | Self::Service
            | Self::Measure
            | Self::Plan => false,
        }
    }

    /// Whether a stream of that kind bears the identifier of the person whose case it is part of:
    /// there is one of each such kind for a person, and it is found without an index.
    pub fn bears_person(self) -> bool {
        match self {
            Self::Person
            | Self::Circumstance
            | Self::Offence
            | Self::Register
            | Self::Assessment => true,
            Self::Ledger
            | Self::Agency
            | Self::Agreement
            | Self::Service
            | Self::Sentence
            | Self::Referral
            | Self::Placement
            | Self::Measure
            | Self::Plan => false,
        }
    }
}

/// Parses exactly `prefix` and 32 lower-case hexadecimal digits: one spelling for one thing.
fn parse_prefixed(text: &str, prefix: &str) -> Option<[u8; 16]> {
    let digits = text.strip_prefix(prefix)?;
    let plain =
        digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !plain {
        return None;
    }
    Uuid::try_parse_ascii(digits.as_bytes()).ok().map(Uuid::into_bytes)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal $($kind:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// What its text starts with.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, Uuid::from_bytes(self.0).simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_prefixed(text, $prefix).map(Self).ok_or(InvalidId {
                    expected: concat!($prefix, "<32 hexadecimal digits>"),
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    let mut text = [0_u8; $prefix.len() + 32];
                    text[..$prefix.len()].copy_from_slice($prefix.as_bytes());
                    Uuid::from_bytes(self.0).simple().encode_lower(&mut text[$prefix.len()..]);
                    serializer.serialize_str(core::str::from_utf8(&text).unwrap_or_default())
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(TextVisitor::<Self>::default())
                } else {
                    <[u8; 16]>::deserialize(deserializer).map(Self)
                }
            }
        }

        $(impl From<$name> for StreamId {
            fn from(id: $name) -> Self {
                Self { kind: StreamKind::$kind, id: id.0 }
            }
        })?
    )*};
}

/// Parses any `FromStr` out of a borrowed string, so that decoding allocates nothing for an id.
struct TextVisitor<T>(core::marker::PhantomData<T>);

impl<T> Default for TextVisitor<T> {
    fn default() -> Self {
        Self(core::marker::PhantomData)
    }
}

impl<T: FromStr<Err = InvalidId>> serde::de::Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an identifier")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

ids! {
    /// The ledger.
    LedgerId "ldg_" Ledger;
    /// A partner agency.
    AgencyId "agy_" Agency;
    /// An agreement.
    AgreementId "agr_" Agreement;
    /// A service.
    ServiceId "svc_" Service;
    /// A person on probation; a random reference, never a CRN.
    PersonId "per_" Person;
    /// A sentence.
    SentenceId "sen_" Sentence;
    /// A referral.
    ReferralId "ref_" Referral;
    /// A placement.
    PlacementId "plc_" Placement;
    /// A measure; follows from its code.
    MeasureId "msr_" Measure;
    /// A delivery plan.
    PlanId "pln_" Plan;
    /// A worker of an agency; names come with staff records, sealed.
    WorkerId "wrk_";
    /// Who acted: an opaque reference to a principal.
    ActorId "act_";
    /// A command: chosen by the client, its idempotency key for ever.
    CommandId "cmd_";
}

impl MeasureId {
    /// The measure of a code: a `UUIDv8` from SHA-256 over it, so that a code names one measure and
    /// is all that an agreement or a target has to say.
    pub fn of(code: &Code) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tallystick measure v1");
        hash.update(code.as_str());
        Self(version_8(&hash.finalize()))
    }
}

/// A stream: one thing's own sequence of events, versions 1, 2, 3 …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId {
    /// What it is about.
    pub kind: StreamKind,
    /// Which one.
    pub id: [u8; 16],
}

impl StreamId {
    /// The person's own stream of that kind, which is one that [`StreamKind::bears_person`].
    pub fn of_person(kind: StreamKind, person: PersonId) -> Self {
        Self { kind, id: person.0 }
    }

    /// Identifier of a stream that a command opens: a `UUIDv8` from SHA-256 over kind, agency, command
    /// and step, so that a retry names the same thing without anybody remembering it.
    pub fn derive(kind: StreamKind, agency: AgencyId, command: CommandId, step: u16) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tallystick stream v1");
        hash.update([kind as u8]);
        hash.update(agency.0);
        hash.update(command.0);
        hash.update(step.to_be_bytes());
        Self { kind, id: version_8(&hash.finalize()) }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.prefix(), Uuid::from_bytes(self.id).simple())
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for StreamId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        StreamKind::ALL
            .into_iter()
            .find_map(|kind| Some(Self { kind, id: parse_prefixed(text, kind.prefix())? }))
            .ok_or(InvalidId { expected: "<kind>_<32 hexadecimal digits>" })
    }
}

fn version_8(digest: &[u8]) -> [u8; 16] {
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

/// Identity of an event: `evt_<u>_<n>`, derived and never stored (DESIGN.md §4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// `UUIDv8` from SHA-256(agency ‖ command): shared by all events of one command.
    pub of_command: [u8; 16],
    /// Index of the event within its command, from 0.
    pub index: u16,
}

impl EventId {
    /// Identity of the `index`-th event of a command.
    pub fn derive(agency: AgencyId, command: CommandId, index: u16) -> Self {
        let mut hash = Sha256::new();
        hash.update(agency.0);
        hash.update(command.0);
        Self { of_command: version_8(&hash.finalize()), index }
    }

    /// First eight bytes of the command's share: the key under which the ledger remembers a
    /// command and finds an event again. Not unique by itself; confirmed by reading the record.
    pub fn command_key(self) -> u64 {
        let mut first = [0_u8; 8];
        first.copy_from_slice(&self.of_command[..8]);
        u64::from_be_bytes(first)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evt_{}_{}", Uuid::from_bytes(self.of_command).simple(), self.index)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EventId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let parse = || {
            let (front, number) = text.rsplit_once('_')?;
            let index: u16 = number.parse().ok()?;
            // One spelling for one event: no leading zeros, no sign.
            (index.to_string() == number)
                .then_some(Self { of_command: parse_prefixed(front, "evt_")?, index })
        };
        parse().ok_or(InvalidId { expected: "evt_<32 hexadecimal digits>_<index>" })
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.of_command, self.index).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(TextVisitor::<Self>::default()).map_err(D::Error::custom)
        } else {
            let (of_command, index) = Deserialize::deserialize(deserializer)?;
            Ok(Self { of_command, index })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString};

    #[test]
    fn an_identifier_has_one_spelling() {
        let id = PersonId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        let upper = format!("per_{}", "AB".repeat(16));
        assert!(upper.parse::<PersonId>().is_err());
        assert!(id.to_string().parse::<ReferralId>().is_err());
        assert!("per_abababababab-abababababababab-ab".parse::<PersonId>().is_err());
    }

    #[test]
    fn an_event_id_has_one_spelling() {
        let id = EventId::derive(AgencyId([1; 16]), CommandId([2; 16]), 7);
        assert_eq!(id.to_string().parse(), Ok(id));
        for other in ["_07", "_+7", "_", "_65536", ""] {
            assert!(id.to_string().replace("_7", other).parse::<EventId>().is_err(), "{other}");
        }
    }

    #[test]
    fn events_of_one_command_share_its_key_and_other_agencies_do_not() {
        let of = |agency, index| EventId::derive(AgencyId([agency; 16]), CommandId([2; 16]), index);
        assert_eq!(of(1, 0).command_key(), of(1, 9).command_key());
        assert_ne!(of(1, 0).command_key(), of(2, 0).command_key());
    }
}
