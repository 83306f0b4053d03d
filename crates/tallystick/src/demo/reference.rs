//! Identifiers. What a command opens is named as the API names it, by [`StreamId::derive`];
//! commands, actors and workers are numbered and scattered, so that the same seed always gives the
//! same ones. Those of the partnership do not depend on the seed.

use super::dice::mix;
use tallystick_domain::StreamId;
use tallystick_domain::id::{ActorId, AgencyId, CommandId, StreamKind, WorkerId};

/// West Mercia Probation Trust, the commissioner. It is named before the ledger is opened: a
/// `UUIDv7` of 08:00 on the morning of 1 April 2008.
pub(crate) const WMPT: AgencyId =
    AgencyId([0x01, 0x19, 0x08, 0xc8, 0xfd, 0x80, 0x70, 0x08, 0x84, 0x01, 0, 0, 0, 0, 0, 1]);

const COMMAND: u64 = 0x636f_6d6d_616e_6421;
const ACTOR: u64 = 0x6163_746f_7273_2121;
const WORKER: u64 = 0x776f_726b_6572_7321;

/// Command `serial` of person `number`, who counts from 1.
pub(super) fn command(seed: u64, number: u64, serial: u16) -> CommandId {
    CommandId(scattered(COMMAND ^ seed, number, u64::from(serial)))
}

/// The command that describes a thing of the partnership for the `turn`-th time, from 0.
pub(super) fn founding(kind: StreamKind, key: &str, turn: u64) -> CommandId {
    CommandId(scattered(COMMAND ^ kind as u64, hash(key), turn))
}

/// What the first founding command of a thing opens.
pub(super) fn founded(kind: StreamKind, key: &str) -> StreamId {
    if key == "wmpt" {
        return WMPT.into();
    }
    StreamId::derive(kind, WMPT, founding(kind, key, 0), 0)
}

/// An agency of the partnership, by its key.
pub(super) fn agency(key: &str) -> AgencyId {
    AgencyId(founded(StreamKind::Agency, key).id)
}

/// Principal `number` of an agency.
pub(super) fn actor(agency: AgencyId, number: u64) -> ActorId {
    ActorId(scattered(ACTOR, seed_of(agency), number))
}

/// Worker `number` of an agency.
pub(super) fn worker(agency: AgencyId, number: u64) -> WorkerId {
    WorkerId(scattered(WORKER, seed_of(agency), number))
}

/// Sixteen bytes in the form of a random UUID.
fn scattered(realm: u64, thing: u64, number: u64) -> [u8; 16] {
    let high = mix(realm ^ mix(thing ^ mix(number)));
    let low = mix(high ^ thing.rotate_left(32) ^ number);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..].copy_from_slice(&low.to_be_bytes());
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

fn seed_of(agency: AgencyId) -> u64 {
    agency.0.iter().fold(0, |seed, byte| mix(seed ^ u64::from(*byte)))
}

fn hash(key: &str) -> u64 {
    key.bytes().fold(0, |seed, byte| mix(seed ^ u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_differ_by_seed_person_and_number() {
        let one = command(1, 1, 1);
        assert_eq!(one, command(1, 1, 1));
        for other in [command(2, 1, 1), command(1, 2, 1), command(1, 1, 2)] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn agencies_are_the_same_for_every_scenario() {
        assert_eq!(agency("wmpt"), WMPT);
        assert_ne!(agency("yss"), agency("rite"));
        assert_eq!(WMPT.to_string(), "agy_011908c8fd8070088401000000000001");
    }
}
