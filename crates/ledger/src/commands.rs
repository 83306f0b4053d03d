//! Where the events of a command are: the first eight bytes of its share of an event's id → the
//! position of its first event. The key is not unique by itself; whoever asks reads the record.

use tallystick_domain::Position;

/// Shards, by the first byte of a key: growing moves one of them, so that no single insertion
/// waits for a table of millions to be copied.
const SHARDS: usize = 256;
/// Bytes of an entry: the key, and the position in 40 bits (a trillion events).
const ENTRY: usize = 8 + 5;
/// A shard is grown by a quarter when 17 of 20 slots are taken: 13 bytes an entry at a load
/// between 0.68 and 0.85 are 15 to 19 bytes a command.
const FULL: (usize, usize) = (17, 20);

/// Every accepted command.
#[derive(Debug)]
pub(crate) struct Commands {
    shards: Box<[Shard]>,
}

impl Default for Commands {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Shard::default()).collect() }
    }
}

impl Commands {
    /// Takes note of a command. Two commands may have the same key; the same one is never noted
    /// twice.
    pub(crate) fn insert(&mut self, key: u64, first: Position) {
        self.shards[shard_of(key)].insert(key, first);
    }

    /// First events of the commands with that key: one almost always, or none.
    pub(crate) fn candidates(&self, key: u64) -> Vec<Position> {
        self.shards[shard_of(key)].with_key(key).collect()
    }

    /// Entries up to a position, in order: key and position, big-endian, 13 bytes each.
    pub(crate) fn save_shard(&self, shard: usize, upto: Position, out: &mut Vec<u8>) {
        let entries = self.shards[shard].slots.iter().filter(|slot| slot.is_taken());
        let mut entries: Vec<_> = entries.filter(|slot| slot.position() <= upto).collect();
        entries.sort_unstable();
        for entry in entries {
            out.extend_from_slice(&entry.0);
        }
    }

    /// Shards to save one after the other.
    pub(crate) const fn shards() -> usize {
        SHARDS
    }

    /// Reads back what [`Self::save_shard`] wrote for all shards; `None` if it is something else.
    pub(crate) fn load(bytes: &[u8]) -> Option<Self> {
        let (entries, rest) = bytes.as_chunks::<ENTRY>();
        if !rest.is_empty() {
            return None;
        }
        let mut commands = Self::default();
        let mut counts = [0; SHARDS];
        for entry in entries {
            counts[usize::from(entry[0])] += 1;
        }
        for (shard, count) in commands.shards.iter_mut().zip(counts) {
            shard.reserve(count);
        }
        for entry in entries {
            let slot = Slot(*entry);
            if !slot.is_taken() {
                return None;
            }
            commands.insert(slot.key(), slot.position());
        }
        Some(commands)
    }
}

fn shard_of(key: u64) -> usize {
    usize::from(key.to_be_bytes()[0])
}

/// Key and position, big-endian; position 0 is a free slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot([u8; ENTRY]);

impl Slot {
    const FREE: Self = Self([0; ENTRY]);

    fn new(key: u64, position: Position) -> Self {
        let mut bytes = [0; ENTRY];
        bytes[..8].copy_from_slice(&key.to_be_bytes());
        bytes[8..].copy_from_slice(&position.0.to_be_bytes()[3..]);
        Self(bytes)
    }

    fn is_taken(&self) -> bool {
        self.0[8..] != [0; 5]
    }

    fn key(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(bytes)
    }

    fn position(&self) -> Position {
        let mut bytes = [0; 8];
        bytes[3..].copy_from_slice(&self.0[8..]);
        Position(u64::from_be_bytes(bytes))
    }
}

/// An open-addressing table with linear probing. Keys are digests, so they need no hashing: their
/// bits after the first byte, as a fraction, are the slot.
#[derive(Debug, Default)]
struct Shard {
    slots: Vec<Slot>,
    taken: usize,
}

impl Shard {
    fn insert(&mut self, key: u64, position: Position) {
        if (self.taken + 1) * FULL.1 > self.slots.len() * FULL.0 {
            let room = (self.slots.len() + self.slots.len() / 4).max(8);
            self.resize(room);
        }
        self.put(Slot::new(key, position));
        self.taken += 1;
    }

    fn reserve(&mut self, entries: usize) {
        let needed = entries * FULL.1 / FULL.0 + 8;
        if needed > self.slots.len() {
            self.resize(needed);
        }
    }

    fn resize(&mut self, room: usize) {
        let old = std::mem::replace(&mut self.slots, vec![Slot::FREE; room]);
        for slot in old.into_iter().filter(Slot::is_taken) {
            self.put(slot);
        }
    }

    fn put(&mut self, new: Slot) {
        let mut at = self.home(new.key());
        while self.slots[at].is_taken() {
            at = self.after(at);
        }
        self.slots[at] = new;
    }

    fn with_key(&self, key: u64) -> impl Iterator<Item = Position> {
        let start = if self.slots.is_empty() { 0 } else { self.home(key) };
        // Never quite full, so a free slot ends every probe.
        let probe = self.slots[start..].iter().chain(&self.slots[..start]);
        probe
            .take_while(|slot| slot.is_taken())
            .filter(move |slot| slot.key() == key)
            .map(Slot::position)
    }

    fn home(&self, key: u64) -> usize {
        let fraction = u128::from(key << 8);
        usize::try_from((fraction * self.slots.len() as u128) >> 64).expect("below the length")
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// As good as random, as keys are.
    fn key(number: u64) -> u64 {
        number
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(17)
            .wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    fn save(commands: &Commands, upto: Position) -> Vec<u8> {
        let mut bytes = Vec::new();
        for shard in 0..Commands::shards() {
            commands.save_shard(shard, upto, &mut bytes);
        }
        bytes
    }

    proptest! {
        #[test]
        fn every_command_is_found_and_no_other(keys in prop::collection::vec(0_u64..400, 0..600)) {
            // Few keys, so that several commands share one.
            let mut commands = Commands::default();
            let mut model: BTreeMap<u64, Vec<Position>> = BTreeMap::new();
            for (position, number) in (1..).zip(&keys) {
                commands.insert(key(*number), Position(position));
                model.entry(*number).or_default().push(Position(position));
            }
            let loaded = Commands::load(&save(&commands, Position(u64::MAX))).expect("as written");
            for number in 0..400 {
                let expected = model.get(&number).cloned().unwrap_or_default();
                for commands in [&commands, &loaded] {
                    let mut found = commands.candidates(key(number));
                    found.sort_unstable();
                    prop_assert_eq!(&found, &expected);
                }
            }
        }
    }

    #[test]
    fn a_command_takes_at_most_20_bytes() {
        let mut commands = Commands::default();
        for number in 1..=200_000 {
            commands.insert(key(number), Position(number));
        }
        let slots: usize = commands.shards.iter().map(|shard| shard.slots.capacity()).sum();
        assert!(slots * ENTRY <= 200_000 * 20, "{} bytes a command", slots * ENTRY / 200_000);
    }

    #[test]
    fn what_is_saved_ends_at_a_position_and_does_not_depend_on_the_order() {
        let (mut forwards, mut backwards) = (Commands::default(), Commands::default());
        for number in 1..=1_000 {
            forwards.insert(key(number), Position(number));
            backwards.insert(key(1_001 - number), Position(1_001 - number));
        }
        assert_eq!(save(&forwards, Position(700)), save(&backwards, Position(700)));
        assert_eq!(save(&forwards, Position(700)).len(), 700 * ENTRY);
        assert!(Commands::load(&[0; ENTRY]).is_none());
        assert!(Commands::load(&[1; ENTRY + 1]).is_none());
    }
}
