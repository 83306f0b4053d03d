//! Defining measures.

use async_graphql::InputObject;
use tallystick_domain::{Action, Origin, event::MeasureDefined, id::MeasureId, measure::Written};

use super::{
    command::{Ask, Asked, ThingFields},
    reader::{Read, Reader},
};

/// A measure to be defined.
#[derive(InputObject)]
pub(crate) struct DefineMeasureInput {
    #[graphql(flatten)]
    command: ThingFields,
    /// Number of the version: 1 for a new measure, otherwise one more than the last.
    version: i32,
    /// The definition, as JSON: see schema/measures.md. Its code says which measure it is.
    definition: String,
}

impl Ask for DefineMeasureInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |_, reader| {
            let version = reader.number("version", self.version);
            let written =
                Written::parse(&self.definition).and_then(|written| Ok((written.code()?, written)));
            let written = reader.definition("definition", written);
            let (version, (code, definition)) = (version?, written?);
            let measure = MeasureId::of(&code);
            Ok(Action::DefineMeasure { measure, defined: MeasureDefined { version, definition } })
        })
    }
}
