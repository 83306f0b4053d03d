//! Identifiers: opaque to clients, typed by their prefix.

use std::str::FromStr;

use async_graphql::ID;
use tallystick_domain::{EventId, StreamId};

/// What an identifier names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeId {
    /// A thing with a stream of its own.
    Stream(StreamId),
    /// An event.
    Event(EventId),
}

/// The domain's identifier of this text. What is none names nothing, so it is not found, as what
/// is hidden is not.
pub(crate) fn parse<T: FromStr>(id: &ID) -> Option<T> {
    id.as_str().parse().ok()
}

/// What an identifier of any kind names.
pub(crate) fn parse_node(id: &ID) -> Option<NodeId> {
    parse(id).map(NodeId::Stream).or_else(|| parse(id).map(NodeId::Event))
}

/// The identifier as clients read it.
pub(crate) fn show(id: impl std::fmt::Display) -> ID {
    ID(id.to_string())
}

#[cfg(test)]
mod tests {
    use tallystick_domain::id::{AgencyId, CommandId, ReferralId};

    use super::*;

    #[test]
    fn an_identifier_says_what_it_names() {
        let referral = ReferralId([7; 16]);
        assert_eq!(parse_node(&show(referral)), Some(NodeId::Stream(referral.into())));
        let event = EventId::derive(AgencyId([1; 16]), CommandId([2; 16]), 3);
        assert_eq!(parse_node(&show(event)), Some(NodeId::Event(event)));
        for text in ["", "ref_", "act_07070707070707070707070707070707", "7"] {
            assert_eq!(parse_node(&ID::from(text)), None, "{text}");
        }
    }
}
