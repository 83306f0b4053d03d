//! Whether the numbers in the headers run without a gap: positions, the versions of each stream,
//! the events of each command; and whether an event is there twice.
//!
//! Uses the same memory for any number of records: what has to be put in order goes to buckets, and
//! these to files as they grow.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::thread;

use tallystick_domain::{Envelope, EventId, StreamId};

/// Parts that are ordered each by itself: of ten million records, 5 MB each.
const BUCKETS: usize = 128;

/// Bytes of a bucket that are in memory: 4 MiB of all of them.
const BUFFER: usize = 32 << 10;

/// Bytes of an entry in a bucket: kind, identifier, position, number.
const ENTRY: usize = 1 + 16 + 8 + 4;

/// Kind of an entry that is a command's; those of streams are from 1.
const COMMAND: u8 = 0;

/// A number that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Odd {
    pub(crate) position: u64,
    pub(crate) what: String,
    /// It is only that something before it is not there, where records are withheld.
    pub(crate) only_withheld: bool,
}

/// The count under way.
pub(crate) struct Census {
    /// Position and commit of the last record; of those withheld after it, the position alone.
    last: (u64, u64),
    /// How many were withheld since.
    withheld: u64,
    /// Whether any was withheld.
    partial: bool,
    /// The command whose events go on.
    open: Option<(EventId, u16)>,
    buckets: Vec<Bucket>,
}

#[derive(Default)]
struct Bucket {
    buffer: Vec<u8>,
    file: Option<File>,
}

/// What must be numbered 1, 2, 3 …: a stream's versions, and the one event that begins a command.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Numbered {
    kind: u8,
    id: [u8; 16],
    position: u64,
    number: u32,
}

impl Census {
    pub(crate) fn new() -> Self {
        let buckets = (0..BUCKETS).map(|_| Bucket::default()).collect();
        Self { last: (0, 0), withheld: 0, partial: false, open: None, buckets }
    }

    /// Takes the next record's header, which is at this position. The answer names what does not
    /// follow from the one before.
    pub(crate) fn take(
        &mut self,
        position: u64,
        envelope: &Envelope,
    ) -> io::Result<Result<(), Odd>> {
        let odd = |what: String| Ok(Err(Odd { position, what, only_withheld: false }));
        let (before, commit) = self.last;
        if position != before + 1 || envelope.position.0 != position {
            let says = envelope.position;
            return odd(format!("position {} is expected, its header says {says}", before + 1));
        }
        // Each that is withheld may have been a commit of its own.
        if !(commit..=commit + self.withheld + 1).contains(&envelope.commit) {
            let found = envelope.commit;
            return odd(format!("commit {commit} goes on or ends before it, it says {found}"));
        }
        self.last = (position, envelope.commit);
        let id = envelope.event_id();
        let expected = self.open.map_or(0, |(of, _)| of.index + 1);
        let goes_on = self
            .open
            .is_none_or(|(of, count)| of.of_command == id.of_command && count == envelope.of);
        // Which command goes on after one that is withheld, nobody can tell.
        if self.withheld == 0 && (id.index != expected || !goes_on) {
            return odd(format!("event {expected} of a command is expected, it is {id}"));
        }
        self.withheld = 0;
        self.open = (!envelope.ends_command()).then_some((id, envelope.of));
        if id.index == 0 {
            self.put(Numbered { kind: COMMAND, id: id.of_command, position, number: 1 })?;
        }
        let StreamId { kind, id } = envelope.stream;
        let number = envelope.version;
        self.put(Numbered { kind: kind as u8, id, position, number })?;
        Ok(Ok(()))
    }

    /// Passes over the next record, which is withheld.
    pub(crate) fn pass_over(&mut self) {
        self.last.0 += 1;
        self.withheld += 1;
        self.partial = true;
        self.open = None;
    }

    fn put(&mut self, entry: Numbered) -> io::Result<()> {
        // Identifiers are random, or derived by a hash.
        let bucket = &mut self.buckets[usize::from(entry.id[15]) % BUCKETS];
        bucket.buffer.extend_from_slice(&entry.to_bytes());
        if bucket.buffer.len() + ENTRY > BUFFER {
            let file = match &mut bucket.file {
                Some(file) => file,
                file => file.insert(tempfile::tempfile()?),
            };
            file.write_all(&bucket.buffer)?;
            bucket.buffer.clear();
        }
        Ok(())
    }

    /// Looks at all numbers, on two threads; names the first that is out of its place.
    pub(crate) fn finish(mut self) -> io::Result<Option<Odd>> {
        if let Some((id, of)) = self.open {
            let what = format!("the log ends after event {} of {of} of a command", id.index + 1);
            return Ok(Some(Odd { position: self.last.0, what, only_withheld: false }));
        }
        let partial = self.partial;
        let (front, back) = self.buckets.split_at_mut(BUCKETS / 2);
        let (front, back) = thread::scope(|scope| {
            let beside = scope.spawn(|| first_odd(front, partial));
            let here = first_odd(back, partial);
            (beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), here)
        });
        Ok(earlier(front?, back?))
    }
}

fn earlier(one: Option<Odd>, other: Option<Odd>) -> Option<Odd> {
    one.into_iter().chain(other).min_by_key(|odd| (odd.only_withheld, odd.position))
}

fn first_odd(buckets: &mut [Bucket], partial: bool) -> io::Result<Option<Odd>> {
    let (mut first, mut bytes) = (None, Vec::new());
    for bucket in buckets {
        bytes.clear();
        if let Some(file) = &mut bucket.file {
            file.seek(SeekFrom::Start(0))?;
            file.read_to_end(&mut bytes)?;
        }
        bytes.append(&mut bucket.buffer);
        let mut entries: Vec<_> =
            bytes.as_chunks::<ENTRY>().0.iter().map(Numbered::of_bytes).collect();
        entries.sort_unstable();
        let runs = entries.chunk_by(|one, other| (one.kind, one.id) == (other.kind, other.id));
        for run in runs {
            first = earlier(first, odd_in(run, partial));
        }
    }
    Ok(first)
}

/// What is out of its place among entries of one thing; in a partial census some may be missing.
fn odd_in(run: &[Numbered], partial: bool) -> Option<Odd> {
    let (mut expected, mut gap) = (1, None);
    for entry in run {
        if partial && entry.number > expected {
            gap.get_or_insert(entry.missing(expected));
        } else if entry.number != expected {
            return Some(entry.odd(expected));
        }
        expected = entry.number + 1;
    }
    gap
}

impl Numbered {
    fn to_bytes(self) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        bytes[0] = self.kind;
        bytes[1..17].copy_from_slice(&self.id);
        bytes[17..25].copy_from_slice(&self.position.to_be_bytes());
        bytes[25..].copy_from_slice(&self.number.to_be_bytes());
        bytes
    }

    fn of_bytes(bytes: &[u8; ENTRY]) -> Self {
        let (mut id, mut position, mut number) = ([0; 16], [0; 8], [0; 4]);
        id.copy_from_slice(&bytes[1..17]);
        position.copy_from_slice(&bytes[17..25]);
        number.copy_from_slice(&bytes[25..]);
        let (position, number) = (u64::from_be_bytes(position), u32::from_be_bytes(number));
        Self { kind: bytes[0], id, position, number }
    }

    fn odd(&self, expected: u32) -> Odd {
        let Self { kind, number, position, .. } = *self;
        let what = if kind == COMMAND {
            "its event is there already, at an earlier position".to_owned()
        } else {
            format!("version {expected} of its stream is expected, it says {number}")
        };
        Odd { position, what, only_withheld: false }
    }

    fn missing(&self, expected: u32) -> Odd {
        let Self { number, position, .. } = *self;
        let what =
            format!("it says version {number} of its stream, and version {expected} is not here");
        Odd { position, what, only_withheld: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallystick_domain::id::{ActorId, AgencyId, CommandId};
    use tallystick_domain::{Date, EventType, Position, StreamKind, date::Occurred};

    /// The only event of a command of its own, on a stream of its own.
    fn header(position: u64) -> Envelope {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&position.to_be_bytes());
        Envelope {
            position: Position(position),
            commit: position,
            stream: StreamId { kind: StreamKind::Person, id },
            version: 1,
            command: CommandId(id),
            index: 0,
            of: 1,
            command_mac: [0; 16],
            event_type: EventType::PersonRegistered,
            schema: 1,
            occurred: Occurred { date: Date::from_days(0), minute: None },
            recorded_at: 0,
            actor: ActorId([0; 16]),
            agency: AgencyId([0; 16]),
            parties: Vec::new(),
            cause: None,
            salt: [0; 16],
        }
    }

    /// What a census of so many records finds, one of them changed.
    fn found(count: u64, at: u64, change: impl Fn(&mut Envelope)) -> Option<Odd> {
        found_without(&[], count, at, change)
    }

    /// The same where some are withheld.
    fn found_without(
        withheld: &[u64],
        count: u64,
        at: u64,
        change: impl Fn(&mut Envelope),
    ) -> Option<Odd> {
        let mut census = Census::new();
        for position in 1..=count {
            if withheld.contains(&position) {
                census.pass_over();
                continue;
            }
            let mut header = header(position);
            if position == at {
                change(&mut header);
            }
            if let Err(odd) = census.take(position, &header).expect("a folder for buckets") {
                return Some(odd);
            }
        }
        census.finish().expect("a folder for buckets")
    }

    #[test]
    fn numbers_that_run_on_are_sound() {
        assert_eq!(found(10, 0, |_| {}), None);
    }

    #[test]
    fn whatever_does_not_run_on_is_named_by_its_position() {
        let cases: [fn(&mut Envelope); 7] = [
            |it| it.position = Position(9),
            |it| it.commit = 8,
            |it| it.commit = 3,
            |it| it.index = 1,
            |it| it.version = 2,
            // Of another command the same id, and the same version of the same stream.
            |it| it.command = header(2).command,
            |it| it.stream = header(2).stream,
        ];
        for change in cases {
            assert_eq!(found(10, 6, change).map(|odd| odd.position), Some(6));
        }
    }

    #[test]
    fn the_events_of_a_command_are_together_and_all_there() {
        let begun = |it: &mut Envelope| it.of = 2;
        assert_eq!(found(10, 6, begun).map(|odd| odd.position), Some(7));
        assert_eq!(found(10, 10, begun).map(|odd| odd.position), Some(10));
    }

    #[test]
    fn what_is_withheld_is_not_counted_and_hides_no_more_than_itself() {
        let begins = |it: &mut Envelope| it.of = 2;
        let goes_on = |it: &mut Envelope| (it.index, it.of) = (1, 2);
        // The end of a command, or its begin.
        assert_eq!(found_without(&[7, 8], 10, 6, begins), None);
        assert_eq!(found_without(&[4, 5], 10, 6, goes_on), None);
        assert_eq!(found_without(&[10], 10, 9, begins), None);
        // What follows has to fit in with the place, and no more commits than there is room for.
        let cases: [fn(&mut Envelope); 4] = [
            |it| it.position = Position(5),
            |it| it.commit = 2,
            |it| it.commit = 7,
            |it| it.version = 0,
        ];
        let found = |change| {
            let odd = found_without(&[4, 5], 10, 6, change);
            odd.map(|odd| (odd.position, odd.only_withheld))
        };
        for change in cases {
            assert_eq!(found(change), Some((6, false)));
        }
        // An earlier version that is not there may be withheld, and is told apart.
        assert_eq!(found(|it| it.version = 3), Some((6, true)));
        // Where nothing is withheld any more, commands begin at their begin again.
        assert_eq!(found_without(&[4, 5], 10, 7, goes_on).map(|odd| odd.position), Some(7));
    }

    #[test]
    fn what_went_to_a_file_is_counted_with_what_did_not() {
        // All in one bucket: the last byte of every stream is 0. Some 1,100 fill its buffer.
        let again = |it: &mut Envelope| it.stream = header(5).stream;
        assert_eq!(found(3_000, 0, |_| {}), None);
        assert_eq!(found(3_000, 2_990, again).map(|odd| odd.position), Some(2_990));
        assert_eq!(found(3_000, 700, again).map(|odd| odd.position), Some(700));
    }
}
