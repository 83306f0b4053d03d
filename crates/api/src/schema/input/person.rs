//! Registering people. Names and identifiers pass through here in the clear and nowhere else: no
//! type of this file can be printed.

use async_graphql::{ID, InputObject};
use tallystick_domain::{
    Action, Label, Origin, StreamKind, codes::IdentifierScheme, command::Identity, id::PersonId,
};

use super::{
    command::{Ask, Asked, CaseFields},
    reader::{Facts, Read, Reader},
};
use crate::schema::{code, scalar::Date};

/// A person to be registered.
#[derive(InputObject)]
pub(crate) struct RegisterPersonInput {
    #[graphql(flatten)]
    command: CaseFields,
    #[graphql(flatten)]
    identity: IdentityInput,
}

impl Ask for RegisterPersonInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |naming, reader| {
            let identity = self.identity.read(reader);
            let person = PersonId(naming.new_id(StreamKind::Person)?);
            Ok(Action::RegisterPerson { person, identity: identity? })
        })
    }
}

/// Who a person is. All of it is sealed under the person's key.
#[derive(InputObject)]
pub(crate) struct IdentityInput {
    /// Identifiers: 1 to 10. None may be another person's already.
    #[graphql(secret)]
    identifiers: Vec<IdentifierInput>,
    /// Given name, at most 200 bytes.
    #[graphql(secret)]
    given_name: String,
    /// Family name, at most 200 bytes.
    #[graphql(secret)]
    family_name: String,
    /// Birth date.
    #[graphql(secret)]
    born: Date,
}

impl Facts for IdentityInput {
    type Facts = Identity;

    fn read(&self, reader: &mut Reader) -> Read<Identity> {
        let identifiers = reader.each("identifiers", &self.identifiers, Reader::facts);
        let given_name = reader.label("givenName", &self.given_name);
        let family_name = reader.label("familyName", &self.family_name);
        Ok(Identity {
            identifiers: identifiers?,
            given_name: given_name?,
            family_name: family_name?,
            born: self.born.0,
        })
    }
}

/// A person's identifier in some scheme.
#[derive(InputObject)]
pub(crate) struct IdentifierInput {
    /// The scheme.
    scheme: code::IdentifierScheme,
    /// The identifier, at most 200 bytes; upper and lower case and spaces make no difference.
    #[graphql(secret)]
    value: String,
}

impl Facts for IdentifierInput {
    type Facts = (IdentifierScheme, Label);

    fn read(&self, reader: &mut Reader) -> Read<Self::Facts> {
        let value = reader.label("value", &self.value);
        Ok((self.scheme.into(), value?))
    }
}

/// Gives an input type its mutation about a person: the person, and the facts beside it.
macro_rules! about_person {
    ($($(#[$doc:meta])* $name:ident = $action:ident { $field:ident: $facts:ty };)+) => {$(
        $(#[$doc])*
        #[derive(async_graphql::InputObject)]
        pub(crate) struct $name {
            #[graphql(flatten)]
            command: CaseFields,
            /// Which person.
            person: async_graphql::ID,
            #[graphql(flatten)]
            $field: $facts,
        }

        impl Ask for $name {
            fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
                self.command.asks(origin, reader, |_, reader| {
                    let person = reader.id("person", &self.person);
                    let $field = self.$field.read(reader);
                    Ok(Action::$action { person: person?, $field: $field? })
                })
            }
        }
    )+};
}
pub(super) use about_person;

/// Who a registered person is after all.
#[derive(InputObject)]
pub(crate) struct PersonRegisteredInput {
    /// Which person.
    pub(super) person: ID,
    #[graphql(flatten)]
    pub(super) identity: IdentityInput,
}
