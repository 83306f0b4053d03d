//! Scalars. Each is parsed once, here, and carries the domain's value from then on.

use std::fmt::{self, Write};

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use tallystick_domain as domain;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn text<T>(value: Value, read: impl FnOnce(&str) -> Result<T, String>) -> InputValueResult<T>
where
    T: async_graphql::InputType,
{
    match &value {
        Value::String(text) => read(text).map_err(InputValueError::custom),
        _ => Err(InputValueError::expected_type(value)),
    }
}

/// Exactly the decimal digits of a number: no sign, no leading zero, no space.
fn decimal<N: std::str::FromStr + ToString>(text: &str) -> Option<N> {
    let number: N = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

macro_rules! scalars {
    ($(
        $(#[$doc:meta])*
        $name:ident($inner:ty), $read:expr, $write:expr;
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) $inner);

        $(#[$doc])*
        #[Scalar]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                let read: fn(&str) -> Result<$inner, String> = $read;
                text(value, |text| read(text).map(Self))
            }

            fn to_value(&self) -> Value {
                let write: fn(&$inner) -> String = $write;
                Value::String(write(&self.0))
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }
    )+};
}

scalars! {
    /// Place of an event in the ledger: 1, 2, 3 … without a gap, as a decimal string. `"0"` is
    /// before everything.
    Position(domain::Position),
        |text| decimal(text).map(domain::Position).ok_or_else(|| "not a position".to_owned()),
        |position| position.to_string();

    /// A day in Europe/London, `YYYY-MM-DD`.
    Date(domain::Date),
        |text| text.parse().map_err(|_| "not a date of the form YYYY-MM-DD".to_owned()),
        |date| date.to_string();

    /// When something happened, as whoever reported it claims: `YYYY-MM-DD` or
    /// `YYYY-MM-DDTHH:MM`, on the clocks of Europe/London.
    OccurredOn(domain::Occurred),
        |text| text.parse().map_err(|error: domain::date::InvalidDate| error.to_string()),
        |occurred| occurred.to_string();

    /// An instant by the ledger's clock, RFC 3339 in UTC with milliseconds:
    /// `2008-04-01T09:30:00.000Z`.
    DateTime(i64),
        |text| read_instant(text).ok_or_else(|| "not an instant in UTC, such as 2008-04-01T09:30:00Z".to_owned()),
        |instant| Instant(*instant).to_string();

    /// A SHA-256 digest, 64 hexadecimal digits.
    Hash([u8; 32]),
        read_digest,
        |digest| hexadecimal(digest);

    /// Hash of the Merkle tree, in base64 (44 characters), as in checkpoints.
    TreeHash(tallystick_ledger::TreeHash),
        |text| text.parse().map_err(|_| "not the base64 of a hash".to_owned()),
        |hash| hash.to_string();

    /// Whole pence, as a decimal string.
    Pence(i64),
        |text| decimal(text).ok_or_else(|| "not whole pence as a decimal string".to_owned()),
        |pence| pence.to_string();

    /// A whole number, as a decimal string.
    Count(i128),
        |text| decimal(text).ok_or_else(|| "not a whole number as a decimal string".to_owned()),
        |count| count.to_string();

    /// Millionths of a measure's unit, as a decimal string: of a share, parts per million, so that
    /// 72 % is `"720000"`; 19 projects are `"19000000"`.
    Ppm(i64),
        |text| decimal(text).ok_or_else(|| "not whole millionths as a decimal string".to_owned()),
        |ppm| ppm.to_string();

    /// A value of a list that partners keep (areas, courts, sites, programmes): `a-z`, `0-9`, `_`,
    /// `-`, `.` and `/`, at most 40 bytes.
    Code(domain::Code),
        |text| domain::Code::new(text).map_err(|error| error.to_string()),
        |code| code.as_str().to_owned();
}

/// An instant, in milliseconds since 1970-01-01T00:00Z, as RFC 3339 writes it.
pub(crate) struct Instant(pub(crate) i64);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = i32::try_from(self.0.div_euclid(DAY_MS)).unwrap_or(i32::MAX);
        let ms = self.0.rem_euclid(DAY_MS);
        let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
        let (seconds, ms) = (ms / 1_000 % 60, ms % 1_000);
        let day = domain::Date::from_days(days);
        write!(f, "{day}T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z")
    }
}

/// `YYYY-MM-DDTHH:MM:SS` with up to three decimals, and `Z`.
pub(crate) fn read_instant(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let date: domain::Date = date.parse().ok()?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    if fraction.is_empty() || fraction.len() > 3 || time.len() != 8 {
        return None;
    }
    let mut parts = time.split(':').map(two_digits);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let plain = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let ms: i64 = plain.then(|| format!("{fraction:0<3}").parse().ok())??;
    Some(i64::from(date.days()) * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms)
}

fn two_digits(text: &str) -> Option<i64> {
    let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

/// Lower-case hexadecimal digits of some bytes.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

fn read_digest(text: &str) -> Result<[u8; 32], String> {
    let wrong = || "not 64 lower-case hexadecimal digits".to_owned();
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if text.len() != 64 || !plain {
        return Err(wrong());
    }
    let mut digest = [0; 32];
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong())?;
    }
    Ok(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_back_as_written() {
        for ms in [0, 1, 1_207_042_200_123, 951_782_400_000, -1] {
            assert_eq!(read_instant(&Instant(ms).to_string()), Some(ms));
        }
        assert_eq!(Instant(1_207_042_200_123).to_string(), "2008-04-01T09:30:00.123Z");
        assert_eq!(read_instant("2008-04-01T09:30:00Z"), Some(1_207_042_200_000));
        assert_eq!(read_instant("2008-04-01T09:30:00.5Z"), Some(1_207_042_200_500));
    }

    #[test]
    fn what_is_no_instant_in_utc_is_refused() {
        for text in [
            "2008-04-01",
            "2008-04-01T09:30:00",
            "2008-04-01T09:30:00+01:00",
            "2008-04-01T24:00:00Z",
            "2008-04-01T09:30Z",
            "2008-04-01T09:30:60Z",
            "2008-04-01T+9:30:00Z",
            "2008-04-01T09:30:00.Z",
            "2008-04-01T09:30:00.+1Z",
            "2008-04-01T09:30:00:00Z",
        ] {
            assert_eq!(read_instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_position_is_plain_digits_in_a_string() {
        let read = |value| Position::parse(value).map(|position| position.0.0).ok();
        assert_eq!(read(Value::from("18446744073709551615")), Some(u64::MAX));
        for text in ["", "-1", "+1", "01", " 1", "1.0", "18446744073709551616"] {
            assert_eq!(read(Value::from(text)), None, "{text:?}");
        }
        assert_eq!(read(Value::from(7)), None, "an Int would lose digits");
    }

    #[test]
    fn a_digest_has_one_spelling() {
        let digest: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7).unwrap_or(0));
        assert_eq!(read_digest(&hexadecimal(&digest)), Ok(digest));
        assert!(read_digest(&"AB".repeat(32)).is_err());
        assert!(read_digest(&"é".repeat(32)).is_err());
    }
}
