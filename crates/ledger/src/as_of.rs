//! The past: the ledger as it was at a position. It is made case by case: a case whose last record
//! is not after the position is today's, shared; one with records on both sides is folded from
//! those up to it; one that begins later is not in it. An agency's past has the cases that it ever
//! held. One thread of low priority folds, and the latest results are kept.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use hashbrown::HashMap;
use parking_lot::Mutex;
use tallystick_domain::{
    Case, CaseKey, Cases as _, Position, Record, id::AgencyId, overlay::Batch,
};
use tallystick_log::CommitNumber;
use tallystick_views::{Scope, Snapshot};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::archive::{Archive, ReadError};
use crate::published::Published;

/// Records read in one go. As many as some blocks hold, so that cases which lie in the same blocks
/// are read together.
const SLICE: usize = 16_384;
/// How much lower the thread's priority is: the lowest there is.
const NICE: i32 = 19;

/// A point in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AsOf {
    /// A position. Inside the events of a command it is rounded down to before the command.
    Position(Position),
    /// The last position recorded at or before that time, in milliseconds since
    /// 1970-01-01T00:00Z.
    RecordedAt(i64),
}

/// The ledger as it was.
#[derive(Clone, Debug)]
pub struct Past {
    /// What the scope that asked may read of it: the cases that it ever held only, unless it reads
    /// everything. Who might see what is as it was then; show it restricted by the audience of
    /// today.
    pub snapshot: Arc<Snapshot>,
    /// The position, rounded down.
    pub position: Position,
    /// When the record there was recorded, in milliseconds since 1970-01-01T00:00Z; 0 before
    /// everything.
    pub recorded_at: i64,
}

/// Why there is no past.
#[derive(Clone, Debug, Error)]
pub enum AsOfError {
    /// The position has not been reached.
    #[error("position {position} is beyond the head {head}")]
    Beyond {
        /// The position asked for.
        position: Position,
        /// The last one there is.
        head: Position,
    },
    /// A record could not be read.
    #[error("the past cannot be read")]
    Reading(#[from] ReadError),
    /// The ledger is being closed.
    #[error("the ledger is shutting down")]
    ShuttingDown,
}

/// Whose past, and when: what results are kept by. `None` is everybody's.
type Key = (Option<AgencyId>, Position);
type Asked = (Scope, AsOf, oneshot::Sender<Result<Past, AsOfError>>);

/// The thread that folds the past.
pub(crate) struct Historian {
    asked: Mutex<Option<mpsc::Sender<Asked>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Historian {
    /// Starts the thread, which keeps that many results.
    ///
    /// # Errors
    /// What the system said.
    pub(crate) fn start(
        archive: Arc<Archive>,
        published: Arc<Published>,
        kept: usize,
    ) -> io::Result<Self> {
        let (sender, asked) = mpsc::channel::<Asked>();
        let work = move || {
            lower_priority();
            let mut shelf = Kept { results: VecDeque::new(), most: kept };
            for (scope, as_of, answer) in asked {
                // Whoever asked may have gone meanwhile.
                if !answer.is_closed() {
                    let past = past(&archive, &published.get(), scope, as_of, &mut shelf);
                    let _ = answer.send(past);
                }
            }
        };
        let thread = thread::Builder::new().name("ledger-as-of".to_owned()).spawn(work)?;
        Ok(Self { asked: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    pub(crate) async fn ask(&self, scope: Scope, as_of: AsOf) -> Result<Past, AsOfError> {
        let (sender, answer) = oneshot::channel();
        let sent = self.asked.lock().as_ref().map(|asked| asked.send((scope, as_of, sender)));
        if !matches!(sent, Some(Ok(()))) {
            return Err(AsOfError::ShuttingDown);
        }
        answer.await.unwrap_or(Err(AsOfError::ShuttingDown))
    }

    /// Takes no more questions and waits for the thread.
    pub(crate) fn close(&self) {
        self.asked.lock().take();
        if let Some(thread) = self.thread.lock().take() {
            // A fold that panicked has said so; those who asked hear that it is over.
            let _ = thread.join();
        }
    }
}

impl Drop for Historian {
    fn drop(&mut self) {
        self.close();
    }
}

/// Makes the calling thread wait for all others. Where the system does not allow it, it competes.
pub(crate) fn lower_priority() {
    let this = rustix::thread::gettid();
    if let Err(error) = rustix::process::setpriority_process(Some(this), NICE) {
        tracing::debug!(%error, "the priority of a thread stays as it is");
    }
}

/// Results, the latest used last.
struct Kept {
    results: VecDeque<(Key, Past)>,
    most: usize,
}

impl Kept {
    fn get(&mut self, key: Key) -> Option<Past> {
        let place = self.results.iter().position(|(of, _)| *of == key)?;
        let found = self.results.remove(place)?;
        let past = found.1.clone();
        self.results.push_back(found);
        Some(past)
    }

    fn put(&mut self, key: Key, past: Past) {
        self.results.push_back((key, past));
        if self.results.len() > self.most {
            self.results.pop_front();
        }
    }
}

fn past(
    archive: &Archive,
    now: &Arc<Snapshot>,
    scope: Scope,
    as_of: AsOf,
    kept: &mut Kept,
) -> Result<Past, AsOfError> {
    let (position, recorded_at) = resolve(archive, now, as_of)?;
    if position == now.position() {
        return Ok(Past { snapshot: Arc::clone(now), position, recorded_at });
    }
    let key = ((!scope.reads_everything()).then(|| scope.agency()), position);
    if let Some(past) = kept.get(key) {
        return Ok(past);
    }
    let snapshot = fold(archive, now, scope, position)?;
    let past = Past { snapshot: Arc::new(snapshot), position, recorded_at };
    kept.put(key, past.clone());
    Ok(past)
}

/// A past that nobody keeps.
#[cfg(test)]
pub(crate) fn once(
    archive: &Archive,
    now: &Arc<Snapshot>,
    scope: Scope,
    position: Position,
) -> Result<Past, AsOfError> {
    let mut kept = Kept { results: VecDeque::new(), most: 0 };
    past(archive, now, scope, AsOf::Position(position), &mut kept)
}

/// The position that is meant, at the end of a command, and when it was recorded.
fn resolve(archive: &Archive, now: &Snapshot, as_of: AsOf) -> Result<(Position, i64), AsOfError> {
    let head = now.position();
    let position = match as_of {
        AsOf::Position(position) if position > head => {
            return Err(AsOfError::Beyond { position, head });
        }
        AsOf::Position(position) => position,
        AsOf::RecordedAt(time) => last_recorded_by(archive, now, time)?,
    };
    if position == Position::ZERO {
        return Ok((position, 0));
    }
    let record = archive.record(position)?;
    let envelope = &record.envelope;
    if envelope.ends_command() {
        return Ok((position, envelope.recorded_at));
    }
    let before = Position(position.0 - u64::from(envelope.index) - 1);
    if before == Position::ZERO {
        return Ok((before, 0));
    }
    Ok((before, archive.record(before)?.envelope.recorded_at))
}

/// Time never goes back from record to record, and a commit has one: search commits by halves.
fn last_recorded_by(archive: &Archive, now: &Snapshot, time: i64) -> Result<Position, ReadError> {
    if now.recorded_at() <= time {
        return Ok(now.position());
    }
    let first_of = |commit| archive.offsets().read().first_of(CommitNumber::new(commit));
    let (mut by, mut later) = (0, now.commit());
    while later - by > 1 {
        let middle = by + (later - by) / 2;
        if archive.record(first_of(middle))?.envelope.recorded_at <= time {
            by = middle;
        } else {
            later = middle;
        }
    }
    // Everything before the first commit that is later.
    Ok(Position(first_of(later).0 - 1))
}

/// Cases that a scope may have held at a position inside a commit and at the end of none: it was
/// party to a record of theirs between the commit's begin and there.
fn held_within_commit(
    archive: &Archive,
    now: &Snapshot,
    scope: Scope,
    position: Position,
) -> Result<Vec<CaseKey>, ReadError> {
    let (first, next) = {
        let offsets = archive.offsets().read();
        let Some(commit) = offsets.commit_of(position) else { return Ok(Vec::new()) };
        (offsets.first_of(commit), offsets.first_of(commit.next()))
    };
    if position.next() == next || scope.reads_everything() {
        return Ok(Vec::new());
    }
    let positions: Vec<_> = (first.0..=position.0).map(Position).collect();
    let records = archive.passing(&positions)?;
    let held = records.iter().filter(|it| it.envelope.parties.contains(&scope.agency()));
    Ok(held.filter_map(|record| now.home(record.envelope.stream)).collect())
}

/// The cases of a scope as they were.
fn fold(
    archive: &Archive,
    now: &Snapshot,
    scope: Scope,
    position: Position,
) -> Result<Snapshot, ReadError> {
    let mut batch =
        Batch { records: Vec::new(), cases: HashMap::default(), homes: HashMap::default() };
    let mut spanning = Vec::new();
    let mut keys = now.ever_held(scope);
    keys.extend(held_within_commit(archive, now, scope, position)?);
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let Some(case) = now.case(key) else { continue };
        let positions = &case.trail.positions;
        let upto = positions.partition_point(|at| *at <= position);
        if upto == positions.len() {
            batch.cases.insert(key, Arc::clone(case));
        } else if upto > 0 {
            spanning.push((key, &positions[..upto]));
        }
    }
    // In the order of the log, so that each block is inflated once or twice and not once a case.
    spanning.sort_unstable_by_key(|(_, positions)| positions[0]);
    let mut rest = spanning.as_slice();
    while !rest.is_empty() {
        let mut records = 0;
        let slice = rest.iter().position(|(_, positions)| {
            records += positions.len();
            records >= SLICE
        });
        let (slice, after) = rest.split_at(slice.map_or(rest.len(), |last| last + 1));
        let positions: Vec<_> = slice.iter().flat_map(|(_, it)| it.iter().copied()).collect();
        let found = archive.passing(&positions)?;
        let mut found = found.iter().map(|record| Record::clone(record));
        for (key, positions) in slice {
            let records: Vec<_> = found.by_ref().take(positions.len()).collect();
            batch.cases.insert(*key, Arc::new(Case::fold(*key, &records)));
        }
        rest = after;
        thread::yield_now();
    }
    for case in batch.cases.values() {
        batch.homes.extend(case.trail.streams.iter().map(|head| (head.stream, case.key)));
    }
    if position > Position::ZERO {
        // Tells the snapshot where it stands.
        batch.records.push(Record::clone(&*archive.record(position)?));
    }
    let mut snapshot = Snapshot::empty();
    snapshot.absorb(&batch);
    snapshot.index();
    Ok(snapshot)
}

#[cfg(test)]
mod tests {
    use tallystick_domain::{Action, Role};

    use super::*;
    use crate::folding::replay;
    use crate::solo::Solo;
    use crate::world::{World, person};

    #[test]
    fn i7_an_agency_has_the_past_of_a_case_that_it_held_inside_one_commit_only() {
        let world = World::SMALL;
        let mut solo = Solo::new();
        solo.set_up(world);
        let before = solo.shown.position();
        // The first trust registers a person, and hands the sentence to the second at once.
        let [registered, imposed, mut handed] =
            [0, 1, 2].map(|command: usize| world.life(0)[command].clone());
        let Action::AllocateWorker { allocated, .. } = &mut handed.steps[0].action else {
            panic!("an allocation")
        };
        allocated.agency = world.trust(1);
        solo.block([registered, imposed, handed]);
        let then = |after| Position(before.0 + after);
        assert_eq!(solo.shown.position(), then(3), "one block, all accepted");
        for (after, holder) in [(1, world.trust(0)), (2, world.trust(0)), (3, world.trust(1))] {
            let whole = replay(solo.archive.log(), Some(then(after)), |_| {}).expect("sound");
            for agency in [world.trust(0), world.trust(1), world.provider(0)] {
                let scope = Scope::new(agency, Role::OffenderManager);
                let past = once(&solo.archive, &solo.shown, scope, then(after)).expect("a past");
                assert_eq!(past.snapshot.digest(scope), whole.digest(scope), "{after} {agency}");
                let sees = past.snapshot.view(scope).person(person(0)).is_some();
                assert_eq!(sees, agency == holder, "{after} {agency}");
            }
        }
    }
}
