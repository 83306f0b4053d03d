//! Whether the variables of a request fit the types that its operation declares
//! (GraphQL specification §6.1.2).
//!
//! The document is validated once, its variables on every request, so this reads a table of the
//! schema's input types made at start.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use async_graphql::{
    Name, Pos, ServerError, Value, Variables,
    parser::types::{BaseType, OperationDefinition, Type},
    registry::{MetaType, Registry, ScalarValidatorFn},
};

/// The input types of a schema, by name.
#[derive(Default)]
pub(crate) struct InputTypes(BTreeMap<String, Arc<Shape>>);

enum Shape {
    Scalar(Option<ScalarValidatorFn>),
    Enum(BTreeSet<String>),
    Object { fields: BTreeMap<String, Field>, one_of: bool },
}

struct Field {
    ty: Type,
    required: bool,
}

impl InputTypes {
    pub(crate) fn of(registry: &Registry) -> Self {
        let shapes = registry.types.iter().filter_map(|(name, meta)| {
            let shape = match meta {
                MetaType::Scalar { is_valid, .. } => Shape::Scalar(is_valid.clone()),
                MetaType::Enum { enum_values, .. } => {
                    Shape::Enum(enum_values.keys().cloned().collect())
                }
                MetaType::InputObject { input_fields, oneof, .. } => Shape::Object {
                    one_of: *oneof,
                    fields: input_fields
                        .values()
                        .filter_map(|field| {
                            let ty = Type::new(&field.ty)?;
                            let required = !ty.nullable && field.default_value.is_none();
                            Some((field.name.clone(), Field { ty, required }))
                        })
                        .collect(),
                },
                MetaType::Object { .. } | MetaType::Interface { .. } | MetaType::Union { .. } => {
                    return None;
                }
            };
            Some((name.clone(), Arc::new(shape)))
        });
        Self(shapes.collect())
    }

    /// Checks every declared variable; what is given beside them is ignored, as the
    /// specification has it.
    ///
    /// # Errors
    /// One error for each variable that does not fit, naming it and the place inside it. The
    /// value is not repeated: it may be personal.
    pub(crate) fn check(
        &self,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Result<(), Vec<ServerError>> {
        let mut errors = Vec::new();
        for definition in &operation.variable_definitions {
            let name = &definition.node.name.node;
            let ty = &definition.node.var_type.node;
            let verdict = match variables.get(name) {
                None if ty.nullable || definition.node.default_value.is_some() => Ok(()),
                None => Err(Misfit::new(format!("a value of type {ty} is required"))),
                Some(value) => self.fits(ty, value),
            };
            if let Err(misfit) = verdict {
                errors.push(misfit.about(name, definition.pos));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn fits(&self, ty: &Type, value: &Value) -> Result<(), Misfit> {
        if matches!(value, Value::Null) {
            return if ty.nullable {
                Ok(())
            } else {
                Err(Misfit::new(format!("expected {ty}, found null")))
            };
        }
        match &ty.base {
            BaseType::List(inner) => match value {
                Value::List(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                    self.fits(inner, item).map_err(|misfit| misfit.inside(index))
                }),
                // A single value stands for a list of one (§3.11).
                single => self.fits(inner, single),
            },
            BaseType::Named(name) => self.fits_named(name, value),
        }
    }

    fn fits_named(&self, name: &Name, value: &Value) -> Result<(), Misfit> {
        let mismatch = || Misfit::new(format!("expected {name}"));
        match &**self.0.get(name.as_str()).ok_or_else(mismatch)? {
            Shape::Scalar(None) => Ok(()),
            Shape::Scalar(Some(is_valid)) => is_valid(value).then_some(()).ok_or_else(mismatch),
            Shape::Enum(values) => match value {
                Value::String(given) if values.contains(given) => Ok(()),
                _ => Err(mismatch()),
            },
            Shape::Object { fields, one_of } => {
                let Value::Object(given) = value else { return Err(mismatch()) };
                if *one_of && (given.len() != 1 || given.values().any(|v| *v == Value::Null)) {
                    return Err(Misfit::new(format!("{name} takes exactly one field, not null")));
                }
                if let Some(unknown) = given.keys().find(|key| !fields.contains_key(key.as_str())) {
                    return Err(Misfit::new(format!("{name} has no such field")).inside(unknown));
                }
                fields.iter().try_for_each(|(field, Field { ty, required })| {
                    match given.get(field.as_str()) {
                        Some(value) => self.fits(ty, value),
                        None if *required => {
                            Err(Misfit::new(format!("a value of type {ty} is required")))
                        }
                        None => Ok(()),
                    }
                    .map_err(|misfit| misfit.inside(field))
                })
            }
        }
    }
}

/// Why a value does not fit, and where inside it.
struct Misfit {
    path: String,
    reason: String,
}

impl Misfit {
    fn new(reason: String) -> Self {
        Self { path: String::new(), reason }
    }

    fn inside(mut self, step: impl fmt::Display) -> Self {
        self.path = format!(".{step}{}", self.path);
        self
    }

    fn about(self, variable: &Name, pos: Pos) -> ServerError {
        ServerError::new(format!("variable ${variable}{}: {}", self.path, self.reason), Some(pos))
    }
}
