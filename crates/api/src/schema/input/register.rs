//! Registers that agencies keep together.

use async_graphql::{ID, InputObject};
use tallystick_domain::{Action, Origin, event::RegisterSet};

use super::{
    command::{Ask, Asked, CaseFields},
    person::about_person,
    reader::{Facts, Read, Reader},
};
use crate::schema::code;

about_person! {
    /// An entry on a register, a change of it, or a removal.
    SetRegisterInput = SetRegister { set: RegisterSetInput };
}

/// An entry on a register, a change of it, or a removal.
#[derive(InputObject)]
pub(crate) struct RegisterSetInput {
    /// Which register.
    register: code::RegisterKind,
    /// Whether the person is on it from now on.
    active: bool,
    /// Level of management, 1 to 3: of an active entry of MAPPA.
    level: Option<i32>,
    /// Category, 1 to 3: of MAPPA.
    category: Option<i32>,
    /// Scheme: a code.
    scheme: Option<String>,
    /// Agencies that agreed. A person is removed from a PPO scheme only by all of them.
    #[graphql(default)]
    agreed_by: Vec<ID>,
}

impl Facts for RegisterSetInput {
    type Facts = RegisterSet;

    fn read(&self, reader: &mut Reader) -> Read<RegisterSet> {
        let level = reader.optional("level", self.level, Reader::number);
        let category = reader.optional("category", self.category, Reader::number);
        let scheme = reader.optional("scheme", self.scheme.as_deref(), Reader::code);
        let agreed_by = reader.each("agreedBy", &self.agreed_by, Reader::id);
        Ok(RegisterSet {
            register: self.register.into(),
            level: level?,
            category: category?,
            scheme: scheme?,
            active: self.active,
            agreed_by: agreed_by?,
        })
    }
}
