//! The request as it travels: `query`, `operationName`, `variables`, `extensions`.
//!
//! Strict, because `serde_json` alone is not: a duplicate key is refused at every level (it would
//! silently keep the last), and so is a number that it would turn into another one.

use std::{borrow::Cow, cell::Cell, fmt};

use async_graphql::{Name, Value, Variables, indexmap::IndexMap};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};

use crate::{
    errors::{Code, Refused},
    limits::Limits,
};

/// One request, read but not yet looked at.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) query: Cow<'a, str>,
    pub(crate) operation: Option<Cow<'a, str>>,
    pub(crate) variables: Variables,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters<'a> {
    #[serde(borrow)]
    query: Option<Cow<'a, str>>,
    #[serde(borrow)]
    operation_name: Option<Cow<'a, str>>,
    variables: Option<Strict>,
    // Read so that a malformed one is refused; nothing in it is used.
    extensions: Option<Strict>,
}

impl<'a> Envelope<'a> {
    /// Reads a JSON body.
    ///
    /// # Errors
    /// `BAD_REQUEST`: not JSON, an array, an unknown or duplicate key, a value of the wrong type,
    /// nesting past the limit, no `query`.
    pub(crate) fn from_json(body: &'a [u8], limits: &Limits) -> Result<Self, Refused> {
        let start = body.iter().find(|byte| !byte.is_ascii_whitespace());
        if start == Some(&b'[') {
            return Err(Refused::new(Code::BadRequest, "send one request, not a batch of them"));
        }
        let parameters = strictly(limits, || serde_json::from_slice::<Parameters<'a>>(body))?;
        Self::from_parameters(parameters)
    }

    /// Reads the query string of a GET.
    ///
    /// # Errors
    /// As [`Envelope::from_json`].
    pub(crate) fn from_query(query: &str, limits: &Limits) -> Result<Envelope<'static>, Refused> {
        let mut parameters =
            Parameters { query: None, operation_name: None, variables: None, extensions: None };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let repeated = match &*key {
                "query" => parameters.query.replace(Cow::Owned(value.into_owned())).is_some(),
                "operationName" => {
                    parameters.operation_name.replace(Cow::Owned(value.into_owned())).is_some()
                }
                "variables" => {
                    let map = strictly(limits, || serde_json::from_str(&value))?;
                    std::mem::replace(&mut parameters.variables, map).is_some()
                }
                "extensions" => {
                    let map = strictly(limits, || serde_json::from_str(&value))?;
                    std::mem::replace(&mut parameters.extensions, map).is_some()
                }
                _ => return Err(Refused::new(Code::BadRequest, "unknown parameter in the URL")),
            };
            if repeated {
                return Err(Refused::new(Code::BadRequest, format!("duplicate parameter {key}")));
            }
        }
        Envelope::from_parameters(parameters)
    }

    fn from_parameters(parameters: Parameters<'a>) -> Result<Self, Refused> {
        let Some(query) = parameters.query else {
            return Err(Refused::new(Code::BadRequest, "the request has no query"));
        };
        drop(parameters.extensions);
        Ok(Self {
            query,
            operation: parameters.operation_name.filter(|name| !name.is_empty()),
            variables: parameters
                .variables
                .map(|map| Variables::from_value(map.0))
                .unwrap_or_default(),
        })
    }
}

fn strictly<T>(
    limits: &Limits,
    read: impl FnOnce() -> Result<T, serde_json::Error>,
) -> Result<T, Refused> {
    DEPTH_LEFT.set(limits.json_depth);
    read().map_err(|error| {
        if DEPTH_LEFT.get() == 0 {
            Refused::over(Code::BadRequest, "JSON nesting", limits.json_depth)
        } else {
            Refused::new(Code::BadRequest, format!("malformed request: {error}"))
        }
    })
}

thread_local! {
    // Derived `Deserialize` passes no seed, and a limit of ours shall not be a constant in a type:
    // set by `strictly` before it reads, on the same thread.
    static DEPTH_LEFT: Cell<usize> = const { Cell::new(0) };
}

/// A JSON object without duplicate keys.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = StrictValue { left: DEPTH_LEFT.get() }.deserialize(deserializer)?;
        if matches!(value, Value::Object(_)) {
            Ok(Self(value))
        } else {
            Err(D::Error::custom("variables and extensions must be objects"))
        }
    }
}

#[derive(Clone, Copy)]
struct StrictValue {
    left: usize,
}

impl StrictValue {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let left = self.left.checked_sub(1).ok_or_else(|| {
            DEPTH_LEFT.set(0);
            E::custom("nested too deep")
        })?;
        Ok(Self { left })
    }
}

impl<'de> DeserializeSeed<'de> for StrictValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // serde_json reads 2^64 as the float 18446744073709552000 and says nothing.
        const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
        if value.is_finite() && value.abs() <= EXACT {
            Ok(Value::from(value))
        } else {
            Err(E::custom("number out of range"))
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut fields = IndexMap::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let value = map.next_value_seed(inner)?;
            if fields.insert(Name::new(&key), value).is_some() {
                return Err(A::Error::custom(format_args!("duplicate key {key:?}")));
            }
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Variables, String> {
        Envelope::from_json(body.as_bytes(), &Limits::default())
            .map(|envelope| envelope.variables)
            .map_err(|refused| refused.to_string())
    }

    #[test]
    fn duplicate_keys_are_refused_at_every_level() {
        for body in [
            r#"{"query":"{a}","query":"{b}"}"#,
            r#"{"query":"{a}","variables":{"x":1,"x":2}}"#,
            r#"{"query":"{a}","variables":{"x":[{"y":1,"y":1}]}}"#,
            r#"{"query":"{a}","extensions":{"x":1,"x":2}}"#,
        ] {
            assert!(read(body).unwrap_err().contains("duplicate"), "{body}");
        }
        assert!(
            Envelope::from_query("query=%7Ba%7D&query=%7Bb%7D", &Limits::default())
                .unwrap_err()
                .to_string()
                .contains("duplicate")
        );
    }

    #[test]
    fn a_number_that_json_cannot_hold_is_refused() {
        for number in ["18446744073709551616", "1e999", "1e300", "-9223372036854775809"] {
            let body = format!(r#"{{"query":"{{a}}","variables":{{"x":{number}}}}}"#);
            assert!(read(&body).is_err(), "{number}");
        }
        assert!(read(r#"{"query":"{a}","variables":{"x":9223372036854775807}}"#).is_ok());
        assert!(read(r#"{"query":"{a}","variables":{"x":0.5}}"#).is_ok());
    }

    #[test]
    fn nesting_stops_at_the_limit() {
        let nested = |depth: usize| {
            let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
            format!(r#"{{"query":"{{a}}","variables":{{"x":{open}{close}}}}}"#)
        };
        assert!(read(&nested(32)).is_ok());
        let refusal = read(&nested(33)).unwrap_err();
        assert!(refusal.contains("at most 32"), "{refusal}");
    }

    #[test]
    fn variables_and_extensions_are_objects_or_null() {
        assert!(read(r#"{"query":"{a}","variables":null,"extensions":null}"#).is_ok());
        assert!(read(r#"{"query":"{a}","variables":[]}"#).is_err());
        assert!(read(r#"{"query":"{a}","extensions":"x"}"#).is_err());
    }

    #[test]
    fn a_batch_is_refused() {
        assert!(read(r#" [{"query":"{a}"}]"#).unwrap_err().contains("batch"));
    }
}
