//! Why a command was refused: an answer that clients are made to expect, so it is data and not a
//! GraphQL error.

mod rule;

use async_graphql::{Enum, ID, Interface, SimpleObject};
use tallystick_domain::{EventType, Refusal, Refused, history::Dependant, refusal::Problem};

pub(crate) use self::rule::Rule;
use super::{code, context::At, id};

/// Why a command was refused. New kinds may come: select the fields here as well.
#[derive(Interface)]
#[expect(clippy::duplicated_attributes, reason = "two fields of an interface may have one type")]
#[graphql(
    field(name = "code", ty = "&String", desc = "Stable name of the kind of refusal."),
    field(name = "message", ty = "&String", desc = "What is wrong, for people."),
    field(
        name = "field",
        ty = "&Option<String>",
        desc = "The field of the input that it is about, with dots and list indexes: `sites.0.area`."
    ),
    field(
        name = "step",
        ty = "&Option<u32>",
        desc = "Index of the entry that it is about, where a command has several."
    )
)]
pub(crate) enum CommandError {
    /// Moved on.
    VersionConflict(VersionConflict),
    /// Against a rule.
    RuleViolation(RuleViolation),
    /// Not a value that can be right.
    InvalidInput(InvalidInput),
    /// Not there, or not yours to see.
    NotFound(NotFound),
    /// Not for this role.
    NotPermitted(NotPermitted),
    /// Identifier used up.
    CommandIdReused(CommandIdReused),
    /// Would make the history illegal.
    CorrectionBreaksHistory(CorrectionBreaksHistory),
    /// Too much at once.
    Busy(Busy),
    /// No commands now.
    ReadOnly(ReadOnly),
}

/// Refusals: what all of them say, and what each says besides.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, SimpleObject)]
        pub(crate) struct $name {
            /// Stable name of the kind of refusal.
            code: String,
            /// What is wrong, for people.
            message: String,
            /// The field of the input that it is about, with dots and list indexes: `sites.0.area`.
            field: Option<String>,
            /// Index of the entry that it is about, where a command has several.
            step: Option<u32>,
            $($(#[$field_doc])* $field: $type,)*
        }

        impl $name {
            const CODE: &'static str = $code;
        }
    )+};
}

refusals! {
    /// The thing has moved on since you looked.
    VersionConflict = "VERSION_CONFLICT" {
        /// The thing.
        stream: ID,
        /// The version that you expected.
        expected: u32,
        /// The version that it has.
        current: u32,
    }

    /// A rule of the partnership stands against it.
    RuleViolation = "RULE_VIOLATION" {
        /// The rule.
        rule: Rule,
    }

    /// A value that no state of the ledger would make right.
    InvalidInput = "INVALID_INPUT" {
        /// What is wrong with it.
        problem: InputProblem,
        /// The least that is allowed.
        least: Option<i32>,
        /// The most that is allowed: bytes of a text, entries of a list, or a number. Absent where
        /// there is no limit that is an `Int`.
        limit: Option<i32>,
        /// What was found, measured alike.
        found: Option<i32>,
    }

    /// Something named by the command does not exist, or is not for you to see: one answer.
    NotFound = "NOT_FOUND" {}

    /// Your role may not give this command.
    NotPermitted = "NOT_PERMITTED" {
        /// The role.
        role: code::Role,
    }

    /// The command's identifier was used for another input. Nothing is recorded.
    CommandIdReused = "COMMAND_ID_REUSED" {}

    /// The corrections would make later events of the case illegal.
    CorrectionBreaksHistory = "CORRECTION_BREAKS_HISTORY" {
        /// Those that you may see, in recorded order.
        dependants: Vec<DependantEvent>,
        /// Whether there are others, which you may not see: only the agencies that recorded them
        /// can correct them, or the commissioner.
        hidden_dependants: bool,
        /// Corrections that make yours possible when you send them in one command with it: voids of
        /// the dependants that can be voided, the latest first.
        proposal: Vec<ProposedVoid>,
    }

    /// Too much is waiting. Nothing is recorded: send the same command again in a while.
    Busy = "BUSY" {}

    /// The ledger takes no commands for now, or cannot read what this one needs. Nothing is recorded;
    /// queries go on.
    ReadOnly = "READ_ONLY" {}
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum InputProblem {
    /// Text of more bytes than its field takes.
    TooLong,
    /// A control character, or one that changes the direction of writing.
    Character,
    /// A code with something other than `a-z`, `0-9`, `_`, `-`, `.` and `/`.
    NotACode,
    /// Not an identifier of the kind that is asked for.
    NotAnId,
    /// A number, or a count of entries, outside its limits.
    OutOfRange,
    /// A last day before the first.
    DatesOutOfOrder,
    /// More than 24 hours in the future.
    InFuture,
    /// The same thing twice in a list.
    Repeated,
    /// Nothing, where something is needed.
    Missing,
    /// Something, where it may not be.
    NotAllowed,
    /// Not a definition in the language of measures; the message says why.
    NotADefinition,
}

/// An event that would no longer have been legal.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DependantEvent {
    /// The event.
    event: ID,
    /// Its type.
    r#type: code::EventType,
    /// The thing that it is about.
    stream: ID,
    /// The rule that it would break.
    rule: Rule,
    /// Whether it can be voided. The first record of an agency, an agreement or a service cannot:
    /// replace it, or correct otherwise.
    voidable: bool,
}

/// A correction that voids an event: give it as `{target, op: {void: true}, reason}`.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ProposedVoid {
    /// The event to be voided.
    target: ID,
}

impl InvalidInput {
    pub(crate) fn new(problem: InputProblem, message: impl Into<String>) -> Self {
        Self {
            code: Self::CODE.to_owned(),
            message: message.into(),
            field: None,
            step: None,
            problem,
            least: None,
            limit: None,
            found: None,
        }
    }

    pub(crate) fn with_limits(
        self,
        least: Option<i64>,
        limit: Option<i64>,
        found: Option<i64>,
    ) -> Self {
        let int = |number: Option<i64>| number.and_then(|number| i32::try_from(number).ok());
        Self { least: int(least), limit: int(limit), found: int(found), ..self }
    }

    pub(crate) fn at(self, field: String, step: Option<usize>) -> Self {
        Self { field: Some(field), step: step.map(index), ..self }
    }

    fn of(problem: Problem) -> Self {
        let kind = match problem {
            Problem::OutOfRange { .. } => InputProblem::OutOfRange,
            Problem::DatesOutOfOrder => InputProblem::DatesOutOfOrder,
            Problem::InFuture => InputProblem::InFuture,
            Problem::Repeated => InputProblem::Repeated,
            Problem::Missing => InputProblem::Missing,
            Problem::NotAllowed => InputProblem::NotAllowed,
        };
        let wrong = Self::new(kind, problem.to_string());
        match problem {
            Problem::OutOfRange { found, least, most } => {
                wrong.with_limits(Some(least), Some(most), Some(found))
            }
            _ => wrong,
        }
    }
}

impl CommandError {
    /// A refusal, as the caller may read it. `steps_field` names the list whose entries are the
    /// steps, if the command has one.
    pub(crate) fn of(refused: Refused, steps_field: Option<&str>, at: &At) -> Self {
        let Refused { step, refusal } = refused;
        let message = refusal.to_string();
        let field = |name: &'static str| match (name, steps_field) {
            ("steps", Some(list)) => Some(list.to_owned()),
            (name, Some(list)) => input_field(name).map(|name| format!("{list}.{step}.{name}")),
            (name, None) => input_field(name).map(str::to_owned),
        };
        // Of a list as a whole no entry is to be named.
        let step = steps_field.map(|_| index(step));
        match refusal {
            Refusal::RoleMayNot { role, action: _ } => Self::NotPermitted(NotPermitted {
                code: NotPermitted::CODE.to_owned(),
                message,
                field: None,
                step: None,
                role: role.into(),
            }),
            Refusal::NotFound { field: name } => Self::NotFound(NotFound {
                code: NotFound::CODE.to_owned(),
                message,
                field: field(name),
                step,
            }),
            Refusal::VersionConflict { stream, expected, current } => {
                Self::VersionConflict(VersionConflict {
                    code: VersionConflict::CODE.to_owned(),
                    message,
                    field: field("expectedVersion"),
                    step,
                    stream: id::show(stream),
                    expected,
                    current,
                })
            }
            Refusal::InvalidInput { field: name, problem } => {
                let step = step.filter(|_| name != "steps");
                Self::InvalidInput(InvalidInput {
                    field: field(name),
                    step,
                    ..InvalidInput::of(problem)
                })
            }
            Refusal::Rule { rule } => Self::RuleViolation(RuleViolation {
                code: RuleViolation::CODE.to_owned(),
                message,
                field: None,
                step,
                rule: rule.into(),
            }),
            Refusal::BreaksHistory { dependants } => {
                Self::CorrectionBreaksHistory(CorrectionBreaksHistory::of(&dependants, at))
            }
        }
    }

    /// That the command's identifier was used for another input.
    pub(crate) fn command_id_reused() -> Self {
        Self::CommandIdReused(CommandIdReused {
            code: CommandIdReused::CODE.to_owned(),
            message: "the command's identifier was used for another input".to_owned(),
            field: Some("commandId".to_owned()),
            step: None,
        })
    }

    /// That too much is waiting.
    pub(crate) fn busy(message: String) -> Self {
        Self::Busy(Busy { code: Busy::CODE.to_owned(), message, field: None, step: None })
    }

    /// That nothing is written for now. More than this is the operator's to know.
    pub(crate) fn read_only(message: &str) -> Self {
        Self::ReadOnly(ReadOnly {
            code: ReadOnly::CODE.to_owned(),
            message: message.to_owned(),
            field: None,
            step: None,
        })
    }
}

impl CorrectionBreaksHistory {
    /// An event of the case that the caller does not hold is not named: a provider is not to learn
    /// from a correction what was enforced upon its sessions.
    fn of(dependants: &[Dependant], at: &At) -> Self {
        let seen: Vec<_> = dependants.iter().filter(|it| at.holds(it.envelope.stream)).collect();
        let hidden_dependants = seen.len() < dependants.len();
        let voids = seen.iter().rev().filter(|it| is_voidable(it));
        Self {
            code: Self::CODE.to_owned(),
            message: "the correction would make later events illegal".to_owned(),
            field: Some("corrections".to_owned()),
            step: None,
            proposal: voids.map(|it| ProposedVoid { target: id::show(it.event) }).collect(),
            dependants: seen
                .iter()
                .map(|it| DependantEvent {
                    event: id::show(it.event),
                    r#type: it.envelope.event_type.into(),
                    stream: id::show(it.envelope.stream),
                    rule: it.rule.into(),
                    voidable: is_voidable(it),
                })
                .collect(),
            hidden_dependants,
        }
    }
}

fn is_voidable(dependant: &Dependant) -> bool {
    let founds = matches!(
        dependant.envelope.event_type,
        EventType::AgencyDescribed | EventType::AgreementSet | EventType::ServiceDescribed
    );
    !(founds && dependant.envelope.version == 1)
}

/// The input's name of a field that the domain calls otherwise; `None` for what is no field.
fn input_field(name: &'static str) -> Option<&'static str> {
    match name {
        "subs" => Some("subcontractors"),
        "value" => Some("values"),
        "term" => Some("endsOn"),
        "planned" => Some("plannedMinutes"),
        "steps" => Some("corrections"),
        "bytes" => None,
        same => Some(same),
    }
}

fn index(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
