//! A definition as it is written down: JSON in which `"$name"` stands for a parameter. Parameters
//! have defaults; another reading of the same definition gives some of them another value.

use super::definition::{Definition, InvalidDefinition};
use crate::text::{Code, Label};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::{String, ToString},
    vec::Vec,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A definition with its parameters. It exists only if it can be read with their defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Written(Value);

/// A value given to a parameter: whatever JSON may stand in its place.
pub type ParameterValue = Value;

/// An ambiguity of the source, with the value that it has unless a reading says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The default.
    pub default: ParameterValue,
    /// What is left open, and why the default.
    pub why: Label,
    /// Other values that have been thought of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<ParameterValue>,
}

/// Member of a written definition that holds its parameters.
const PARAMETERS: &str = "parameters";

impl Written {
    /// Bytes that a definition may have.
    pub const LIMIT: usize = 16 * 1024;

    /// Reads a definition from its JSON.
    ///
    /// # Errors
    /// [`InvalidDefinition`]: not of the language, a parameter that is missing or not used, or
    /// terms that do not fit.
    pub fn parse(json: &str) -> Result<Self, InvalidDefinition> {
        if json.len() > Self::LIMIT {
            return Err(InvalidDefinition::Terms("a definition has at most 16 KiB"));
        }
        Self::new(serde_json::from_str(json).map_err(|error| syntax(&error))?)
    }

    fn new(json: Value) -> Result<Self, InvalidDefinition> {
        let written = Self(json);
        let used = &mut BTreeSet::new();
        written.substituted(&BTreeMap::new(), used)?;
        for (name, parameter) in written.parameters()? {
            if !used.contains(&name) {
                return Err(InvalidDefinition::UnusedParameter(name));
            }
            for other in parameter.others {
                written.reading(&BTreeMap::from([(name.clone(), other)]))?;
            }
        }
        written.reading(&BTreeMap::new())?;
        Ok(written)
    }

    /// The definition with every parameter at its default.
    ///
    /// # Errors
    /// None for what [`Self::parse`] has taken.
    pub fn standard(&self) -> Result<Definition, InvalidDefinition> {
        self.reading(&BTreeMap::new())
    }

    /// The definition with these values in the place of some defaults.
    ///
    /// # Errors
    /// [`InvalidDefinition`]: no such parameter, or a value that does not fit in its place.
    pub fn reading(
        &self,
        values: &BTreeMap<String, ParameterValue>,
    ) -> Result<Definition, InvalidDefinition> {
        let json = self.substituted(values, &mut BTreeSet::new())?;
        let definition: Definition =
            serde_json::from_value(json).map_err(|error| syntax(&error))?;
        definition.check()?;
        Ok(definition)
    }

    /// Its parameters, by name.
    ///
    /// # Errors
    /// None for what [`Self::parse`] has taken.
    pub fn parameters(&self) -> Result<BTreeMap<String, Parameter>, InvalidDefinition> {
        match self.0.get(PARAMETERS) {
            None => Ok(BTreeMap::new()),
            Some(json) => serde_json::from_value(json.clone()).map_err(|error| syntax(&error)),
        }
    }

    /// Its code: what versions of one measure have in common.
    ///
    /// # Errors
    /// None for what [`Self::parse`] has taken.
    pub fn code(&self) -> Result<Code, InvalidDefinition> {
        Ok(self.standard()?.code)
    }

    /// One spelling for one definition: JSON without spaces, members in the order of their names.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        // The maps of this `Value` are ordered by key; writing to memory cannot fail.
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    /// SHA-256 of the canonical bytes.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.canonical_bytes()).into()
    }

    fn substituted(
        &self,
        values: &BTreeMap<String, ParameterValue>,
        used: &mut BTreeSet<String>,
    ) -> Result<Value, InvalidDefinition> {
        let parameters = self.parameters()?;
        if let Some(unknown) = values.keys().find(|name| !parameters.contains_key(*name)) {
            return Err(InvalidDefinition::NoSuchParameter(unknown.clone()));
        }
        let mut json = self.0.clone();
        if let Value::Object(members) = &mut json {
            members.remove(PARAMETERS);
        }
        substitute(&mut json, &mut |name| {
            used.insert(name.to_string());
            let given = values.get(name).or(parameters.get(name).map(|it| &it.default));
            given.cloned().ok_or_else(|| InvalidDefinition::NoSuchParameter(name.to_string()))
        })?;
        Ok(json)
    }
}

fn substitute(
    json: &mut Value,
    value_of: &mut impl FnMut(&str) -> Result<Value, InvalidDefinition>,
) -> Result<(), InvalidDefinition> {
    match json {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix('$') {
                *json = value_of(name)?;
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| substitute(item, value_of)),
        Value::Object(members) => {
            members.values_mut().try_for_each(|member| substitute(member, value_of))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn syntax(error: &serde_json::Error) -> InvalidDefinition {
    InvalidDefinition::Syntax(error.to_string())
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
