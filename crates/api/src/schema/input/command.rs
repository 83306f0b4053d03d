//! What every command has, whatever it asks for.

use async_graphql::{ID, InputObject};
use tallystick_domain::{
    Action, Command, EventId, Note, Occurred, Origin, Step, StreamId, StreamKind,
    command::Given,
    id::{CommandId, InvalidId},
};

use super::reader::{Read, Reader, Wrong};
use crate::schema::scalar::OccurredOn;

/// What every command has.
#[derive(InputObject)]
pub(crate) struct CommandFields {
    /// Chosen by you, a new one for each command: a UUID, with or without hyphens, or `cmd_` and
    /// its 32 hexadecimal digits. It is the idempotency key for ever: whoever does not know what
    /// became of a command sends it again under the same id and gets the first answer. Only an
    /// accepted command uses it up.
    command_id: ID,
    /// When it happened. There is no default: it is part of what the command says, and a default
    /// would make the same request another command after midnight.
    occurred_on: OccurredOn,
    /// The event that led to it.
    cause: Option<ID>,
    /// Only ask what the answer would be: nothing is recorded, and the id stays free.
    #[graphql(default)]
    dry_run: bool,
    /// Wait, up to five seconds, until a checkpoint is signed that covers the command, so that the
    /// receipt has its proof.
    #[graphql(default)]
    await_checkpoint: bool,
}

/// What a command about one thing has.
#[derive(InputObject)]
pub(crate) struct ThingFields {
    #[graphql(flatten)]
    command: CommandFields,
    /// Version of the thing that you saw, 0 for one that is new: if it has moved on, the command is
    /// refused and the answer names its version. Leave it out to take the thing as it is.
    expected_version: Option<i32>,
}

/// What a command about a person has.
#[derive(InputObject)]
pub(crate) struct CaseFields {
    #[graphql(flatten)]
    thing: ThingFields,
    /// Free text about the person, at most 4,000 bytes; sealed under the person's key.
    #[graphql(secret)]
    note: Option<String>,
}

/// An input that is a command.
pub(crate) trait Ask {
    /// Reads all of it.
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked>;
}

/// A command, read.
pub(crate) struct Asked {
    pub(crate) command: Command<Given>,
    pub(crate) dry_run: bool,
    pub(crate) await_checkpoint: bool,
    /// The field whose entries are the steps, if several were asked for.
    pub(crate) steps_field: Option<&'static str>,
}

/// Names the things that a command opens. Derived from agency, command and step, so that the same
/// command, sent again, opens the same thing.
#[derive(Clone, Copy)]
pub(crate) struct Naming {
    origin: Origin,
    command: Option<CommandId>,
}

impl Naming {
    /// The identifier of a thing that the command's one step opens.
    pub(crate) fn new_id(self, kind: StreamKind) -> Read<[u8; 16]> {
        let command = self.command.ok_or(Wrong)?;
        Ok(StreamId::derive(kind, self.origin.agency, command, 0).id)
    }
}

/// [`CommandFields`], read as far as they are right.
pub(crate) struct Head {
    origin: Origin,
    id: Read<CommandId>,
    occurred: Occurred,
    cause: Read<Option<EventId>>,
    dry_run: bool,
    await_checkpoint: bool,
}

/// What a step adds to the command's own fields.
pub(crate) struct StepAsked {
    pub(crate) expected_version: Option<u32>,
    pub(crate) note: Option<Note>,
    pub(crate) action: Action<Given>,
}

impl CommandFields {
    pub(crate) fn head(&self, origin: Origin, reader: &mut Reader) -> Head {
        Head {
            origin,
            id: reader.id("commandId", &self.command_id).map(|ClientId(id)| id),
            occurred: self.occurred_on.0,
            cause: reader.optional("cause", self.cause.as_ref(), Reader::id),
            dry_run: self.dry_run,
            await_checkpoint: self.await_checkpoint,
        }
    }
}

impl Head {
    /// The command of these steps.
    pub(crate) fn asks(self, steps: Vec<StepAsked>) -> Read<Asked> {
        let (id, cause) = (self.id?, self.cause?);
        let steps = steps
            .into_iter()
            .map(|step| Step {
                occurred: self.occurred,
                expected_version: step.expected_version,
                cause,
                note: step.note,
                action: step.action,
            })
            .collect();
        // The ledger computes the MAC: it alone has the key.
        let command = Command { id, mac: [0; 16], origin: self.origin, steps };
        let Self { dry_run, await_checkpoint, .. } = self;
        Ok(Asked { command, dry_run, await_checkpoint, steps_field: None })
    }
}

impl ThingFields {
    /// The command of one step.
    pub(crate) fn asks(
        &self,
        origin: Origin,
        reader: &mut Reader,
        action: impl FnOnce(Naming, &mut Reader) -> Read<Action<Given>>,
    ) -> Read<Asked> {
        self.asks_with(None, origin, reader, action)
    }

    fn asks_with(
        &self,
        note: Option<&str>,
        origin: Origin,
        reader: &mut Reader,
        action: impl FnOnce(Naming, &mut Reader) -> Read<Action<Given>>,
    ) -> Read<Asked> {
        let head = self.command.head(origin, reader);
        let expected_version =
            reader.optional("expectedVersion", self.expected_version, Reader::number);
        let note = reader.optional("note", note, Reader::note);
        let command = head.id.as_ref().ok().copied();
        let action = action(Naming { origin, command }, reader);
        let (expected_version, note, action) = (expected_version?, note?, action?);
        head.asks(vec![StepAsked { expected_version, note, action }])
    }
}

impl CaseFields {
    /// The command of one step.
    pub(crate) fn asks(
        &self,
        origin: Origin,
        reader: &mut Reader,
        action: impl FnOnce(Naming, &mut Reader) -> Read<Action<Given>>,
    ) -> Read<Asked> {
        self.thing.asks_with(self.note.as_deref(), origin, reader, action)
    }
}

/// A command's identifier as clients may spell it.
struct ClientId(CommandId);

impl std::str::FromStr for ClientId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text.strip_prefix(CommandId::PREFIX).unwrap_or(text);
        let groups: Vec<&str> = digits.split('-').collect();
        let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        let whole = matches!(*lengths, [32] | [8, 4, 4, 4, 12]);
        let spelled = format!("{}{}", CommandId::PREFIX, groups.concat().to_ascii_lowercase());
        let read = if whole { spelled.parse().ok() } else { None };
        read.map(Self).ok_or(InvalidId { expected: "<UUID> or cmd_<32 hexadecimal digits>" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_id_is_a_uuid_in_any_usual_spelling() {
        let id = CommandId(std::array::from_fn(|at| u8::try_from(at * 17).unwrap_or(0)));
        for text in [
            "00112233445566778899aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeeff",
            "00112233-4455-6677-8899-AABBCCDDEEFF",
            "cmd_00112233445566778899aabbccddeeff",
        ] {
            assert_eq!(text.parse().map(|ClientId(id)| id), Ok(id), "{text}");
        }
        for text in ["", "cmd_", "0011", "0-0112233445566778899aabbccddeeff", "per_00", "{0011}"] {
            assert!(text.parse::<ClientId>().is_err(), "{text}");
        }
    }
}
