//! Two writers on a log that goes wrong, clients that try again, and a clock that jumps: whatever
//! the seed, what must always hold holds. A failing seed prints one line that replays it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use tallystick_domain::{
    Command, Overlay, Position, Record, Role,
    command::Given,
    id::{AgencyId, CommandId},
};
use tallystick_log::{CommitNumber, Faults, FaultyLog, Head, Log, LogIdentity, ReadBudget, wait};
use tallystick_tally::TreeSize;
use tallystick_vault::Vault;
use tallystick_views::{List, Scope, Snapshot};

use crate::archive::{Archive, decode};
use crate::as_of;
use crate::clock::moment;
use crate::desk::{Desk, Tools};
use crate::flusher::Flusher;
use crate::folding::{self, Fold};
use crate::health::Status;
use crate::intake;
use crate::metrics::Metrics;
use crate::published::Published;
use crate::receipt::{Outcome, Receipt, SubmitError};
use crate::savepoint;
use crate::saver::Saver;
use crate::tree::Tree;
use crate::world::{NOON, World, command_id};
use crate::writer::{Answer, Job, Ticket, Writer, gather};

const IDENTITY: LogIdentity = LogIdentity::new([5; 32]);
const WORLD: World = World { trusts: 2, providers: 2 };

/// Seeds tried; `TALLYSTICK_SEEDS` says otherwise, `TALLYSTICK_SEED` tries one.
const SEEDS: u64 = 200;

fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    if let Some(seed) = number("TALLYSTICK_SEED") {
        return seed..seed + 1;
    }
    0..number("TALLYSTICK_SEEDS").unwrap_or(SEEDS)
}

fn for_each_seed(name: &str, run: impl Fn(u64)) {
    for seed in seeds() {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(seed)));
        if let Err(panic) = result {
            eprintln!("TALLYSTICK_SEED={seed} cargo test -p tallystick-ledger {name}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// Refusals after which a client gives up.
const PATIENCE: u32 = 4;

/// What a simulation has seen; one that never sees a conflict proves nothing about them.
type Seen = BTreeMap<&'static str, u64>;

/// A command as a client keeps it until it knows the answer, and every answer it got.
struct Errand {
    command: Command<Given>,
    receipts: Vec<Receipt>,
    refusals: u32,
    settled: bool,
}

type Errands = Rc<RefCell<Vec<Errand>>>;

/// Writes the answer down beside its command.
struct Slip {
    errand: usize,
    errands: Errands,
    seen: Rc<RefCell<Seen>>,
}

impl Ticket for Slip {
    fn answer(self, answer: Answer) {
        let errand = &mut self.errands.borrow_mut()[self.errand];
        *self.seen.borrow_mut().entry(name(&answer)).or_default() += 1;
        match answer {
            Answer::Done(Ok(Outcome::Accepted(receipt) | Outcome::Replayed(receipt))) => {
                errand.receipts.push(receipt);
                errand.settled = true;
            }
            // What it builds on may be on its way: the client tries a few times.
            Answer::Done(Ok(Outcome::Refused(_))) => {
                errand.refusals += 1;
                errand.settled = errand.settled || errand.refusals == PATIENCE;
            }
            Answer::Done(Ok(Outcome::CommandIdReused)) => errand.settled = true,
            // The client asks again.
            Answer::Done(Err(_)) | Answer::Again => {}
        }
    }
}

fn name(answer: &Answer) -> &'static str {
    match answer {
        Answer::Again => "sealed again",
        Answer::Done(Ok(Outcome::Accepted(_))) => "accepted",
        Answer::Done(Ok(Outcome::Replayed(_))) => "replayed",
        Answer::Done(Ok(Outcome::Refused(_))) => "refused",
        Answer::Done(Ok(Outcome::CommandIdReused)) => "command id reused",
        Answer::Done(Err(SubmitError::OutcomeUnknown)) => "outcome unknown",
        Answer::Done(Err(SubmitError::ReadOnly(_))) => "read-only",
        Answer::Done(Err(SubmitError::Busy { .. })) => "busy",
        Answer::Done(Err(_)) => "other errors",
    }
}

/// One process: everything it remembers is gone when it is dropped.
struct Node {
    desk: Desk<Slip>,
    archive: Arc<Archive>,
    published: Arc<Published>,
    status: Arc<Status>,
    vault: Arc<Vault>,
    metrics: Arc<Metrics>,
    tree: Arc<Tree>,
    /// Jobs that come while a block is on its way.
    waiting: Vec<Job<Slip>>,
}

impl Node {
    fn start(log: &Arc<FaultyLog>, vault: &Arc<Vault>, seed: u64) -> Option<Self> {
        let dyn_log = Arc::clone(log) as Arc<dyn Log>;
        let head = *log.head().borrow();
        let archive = Arc::new(Archive::new(dyn_log, 64));
        // A read may fail; the process is then started once more.
        let mut snapshot = folding::catch_up(Snapshot::empty(), &archive, &mut |_| {}).ok()?;
        snapshot.index();
        if snapshot.position().0 != head.last_position {
            return None;
        }
        let tree = Arc::new(Tree::open(None, &**log, None).ok()?);
        let snapshot = Arc::new(snapshot);
        let published = Arc::new(Published::new(Arc::clone(&snapshot)));
        let status = Arc::new(Status::default());
        let metrics = Arc::new(Metrics::default());
        let salts = StdRng::seed_from_u64(seed);
        let desk = Desk::new(
            Writer::new(snapshot, head, Arc::clone(vault), salts),
            Tools {
                archive: Arc::clone(&archive),
                published: Arc::clone(&published),
                status: Arc::clone(&status),
                metrics: Arc::clone(&metrics),
                saver: Saver::start(
                    None,
                    Arc::clone(&archive),
                    Arc::clone(&tree),
                    u64::MAX,
                    Position::ZERO,
                )
                .expect("no thread"),
                tree: Arc::clone(&tree),
            },
            Flusher::on_the_spot(Arc::clone(log) as Arc<dyn Log>, Arc::clone(vault)),
            Duration::from_millis(60),
        );
        Some(Self {
            desk,
            archive,
            published,
            status,
            vault: Arc::clone(vault),
            metrics,
            tree,
            waiting: Vec::new(),
        })
    }

    fn take(&mut self, errand: usize, errands: &Errands, seen: &Rc<RefCell<Seen>>) {
        let mut command = errands.borrow()[errand].command.clone();
        command.mac = intake::mac(&self.vault, &command);
        let snapshot = self.published.get();
        // Sealing may have to read a record, which may fail: the client asks again.
        let Ok(submission) = intake::seal(command, &snapshot, &self.archive, &self.vault) else {
            return;
        };
        let slip = Slip { errand, errands: Rc::clone(errands), seen: Rc::clone(seen) };
        self.waiting.push(Job::new(submission, slip));
    }

    /// Takes a turn: so many jobs have come before it, the others come while it goes on.
    fn turn(&mut self, time: i64, before: usize) {
        let before = before.min(self.waiting.len());
        let jobs = self.waiting.drain(..before).collect();
        self.desk.offer(jobs);
        let waiting = &mut self.waiting;
        let mut arrives = |room: usize| waiting.drain(..room.min(waiting.len())).collect();
        let (_, settled) = self.desk.turn(moment(time), &mut arrives);
        for (slip, answer) in settled.answers {
            slip.answer(answer);
        }
    }
}

struct Simulation {
    log: Arc<FaultyLog>,
    vault: Arc<Vault>,
    nodes: Vec<Node>,
    chance: StdRng,
    errands: Errands,
    seen: Rc<RefCell<Seen>>,
    time: i64,
}

impl Simulation {
    fn new(seed: u64, faults: Faults) -> Self {
        Self {
            log: Arc::new(FaultyLog::new(seed, IDENTITY, faults)),
            vault: Arc::new(Vault::in_memory().expect("randomness")),
            nodes: Vec::new(),
            chance: StdRng::seed_from_u64(seed),
            errands: Rc::default(),
            seen: Rc::default(),
            time: NOON,
        }
    }

    fn out_of(&mut self, bound: u64) -> u64 {
        self.chance.random_range(0..bound)
    }

    fn errand(&mut self, command: Command<Given>) {
        let errand = Errand { command, receipts: Vec::new(), refusals: 0, settled: false };
        self.errands.borrow_mut().push(errand);
    }

    /// Starts what is not running.
    fn start(&mut self) {
        while self.nodes.len() < 2 {
            if self.log.crashed() {
                self.log.reopen();
            }
            let seed = self.chance.next_u64();
            self.nodes.extend(Node::start(&self.log, &self.vault, seed));
        }
    }

    /// One thing happens.
    fn step(&mut self) {
        self.start();
        let node = usize::from(self.out_of(2) == 1);
        let open: Vec<usize> = {
            let errands = self.errands.borrow();
            (0..errands.len()).filter(|it| !errands[*it].settled).collect()
        };
        match self.out_of(20) {
            // Commands are given in order more often than not, or twice, or to the other node.
            0..8 if !open.is_empty() => {
                let window = open.len().min(4) as u64;
                let pick = usize::try_from(self.out_of(window)).expect("small");
                self.nodes[node].take(open[pick], &self.errands, &self.seen);
            }
            8 => {
                let count = self.errands.borrow().len() as u64;
                let errand = usize::try_from(self.out_of(count.max(1))).expect("small");
                self.nodes[node].take(errand, &self.errands, &self.seen);
            }
            9 => self.time += i64::try_from(self.out_of(7_200_000)).expect("small") - 3_600_000,
            10 if self.out_of(8) == 0 => drop(self.nodes.remove(node)),
            _ => {
                let before = usize::try_from(self.out_of(4)).expect("small");
                self.nodes[node].turn(self.time, before);
            }
        }
        // The process died; or a flush failed, and an operator has looked at the disk.
        let stopped = self.nodes.iter().any(|node| node.status.stopped().is_some());
        if self.log.crashed() || stopped {
            self.see(if stopped { "poisoned" } else { "crashed" });
            self.clear();
            self.log.reopen();
        }
    }

    fn see(&self, what: &'static str) {
        *self.seen.borrow_mut().entry(what).or_default() += 1;
    }

    fn clear(&mut self) {
        for node in self.nodes.drain(..) {
            let conflicts = node.metrics.values().conflicts;
            *self.seen.borrow_mut().entry("conflicts").or_default() += conflicts;
        }
    }

    /// No more faults: every client gets its answer.
    fn settle(&mut self) {
        self.log.set_faults(Faults::NONE);
        for _ in 0..10_000 {
            self.start();
            let errands = Rc::clone(&self.errands);
            let open = errands.borrow().iter().position(|errand| !errand.settled);
            let Some(open) = open else { return };
            self.nodes[0].take(open, &errands, &self.seen);
            for _ in 0..50 {
                for node in &mut self.nodes {
                    node.turn(self.time, usize::MAX);
                }
                let idle = |node: &Node| node.desk.is_idle() && node.waiting.is_empty();
                if self.nodes.iter().all(idle) {
                    break;
                }
            }
        }
        panic!("a command never got an answer");
    }

    fn records(&self) -> Vec<Vec<Record>> {
        let all = ReadBudget { bytes: usize::MAX, blocks: usize::MAX };
        let blocks = wait(self.log.read(CommitNumber::ZERO, all)).expect("no faults");
        let mut head = Head::empty(IDENTITY);
        let mut commits = Vec::new();
        for block in blocks {
            head.admits(&block).expect("I1: no hole in commits or positions");
            head = Head::of(&block);
            let records = block.records().expect("sound");
            commits.push(records.iter().map(|it| decode(&it).expect("readable")).collect());
        }
        commits
    }

    fn check(&mut self, scratch: &std::path::Path) {
        let commits = self.records();
        let log = Arc::clone(&self.log) as Arc<dyn Log>;
        self.check_answers(&commits);
        self.check_decisions(&commits);
        let fresh = folding::replay(&log, None, |_| {}).expect("sound");
        for node in &self.nodes {
            let shown = node.published.get();
            // The other node may not have heard of the last commits.
            let upto = folding::replay(&log, Some(shown.position()), |_| {}).expect("sound");
            same(&shown, &upto, "what is shown");
            let size = TreeSize::new(shown.position().0);
            let root = node.tree.head_at(size).expect("in the tree").root;
            let tree = Tree::open(None, &*log, None).expect("sound");
            assert_eq!(root, tree.head_at(size).expect("in the tree").root, "I7: the root");
        }
        let Some(node) =
            self.nodes.iter().find(|it| it.published.get().position() == fresh.position())
        else {
            panic!("no node has come to the head");
        };
        let (archive, now) = (Arc::clone(&node.archive), node.published.get());
        Self::check_pasts(&commits, &archive, &now);
        if !commits.is_empty() {
            let commit = usize::try_from(self.out_of(commits.len() as u64)).expect("small");
            let end = commits[commit].last().expect("a record").envelope.position;
            check_savepoint(scratch, &log, end, &fresh);
        }
    }

    /// I7: what each agency is shown of the past at every position is the fold of the log up to
    /// the last command before it.
    fn check_pasts(commits: &[Vec<Record>], archive: &Archive, now: &Arc<Snapshot>) {
        let own = WORLD.agencies().map(|agency| Scope::new(agency, Role::OffenderManager));
        let everything = Scope::new(WORLD.commissioner(), Role::Auditor);
        let scopes: Vec<_> = own.chain([everything]).collect();
        let mut then = Snapshot::empty();
        for record in commits.iter().flatten() {
            let position = record.envelope.position;
            if record.envelope.ends_command() {
                then = folding::replay(archive.log(), Some(position), |_| {}).expect("sound");
            }
            for scope in &scopes {
                let past = as_of::once(archive, now, *scope, position).expect("readable");
                let stands = (past.position, past.snapshot.position());
                assert_eq!(stands, (then.position(), then.position()), "asked for {position}");
                assert!(
                    past.snapshot.digest(*scope) == then.digest(*scope),
                    "I7: the past at {position} of {scope:?}"
                );
            }
        }
    }

    fn check_answers(&self, commits: &[Vec<Record>]) {
        let mut first_of: BTreeMap<(AgencyId, CommandId), &Record> = BTreeMap::new();
        let mut time = i64::MIN;
        for (position, record) in (1..).zip(commits.iter().flatten()) {
            assert_eq!(record.envelope.position, Position(position), "I1");
            assert!(record.envelope.recorded_at >= time, "time goes back at {position}");
            time = record.envelope.recorded_at;
            self.see(record.envelope.event_type.name());
            if record.envelope.index == 0 {
                let key = (record.envelope.agency, record.envelope.command);
                assert!(first_of.insert(key, record).is_none(), "I6: recorded twice");
            }
        }
        for errand in &*self.errands.borrow() {
            let key = (errand.command.origin.agency, errand.command.id);
            for receipt in &errand.receipts {
                let first = first_of.get(&key).expect("I2: acknowledged and not there");
                assert_eq!(*receipt, Receipt::of(first), "I6: one answer for ever");
            }
        }
    }

    /// Takes every decision again, at the head at which it was taken.
    fn check_decisions(&self, commits: &[Vec<Record>]) {
        let given: BTreeMap<_, _> = {
            let errands = self.errands.borrow();
            let keyed = errands.iter().map(|errand| {
                let command = errand.command.clone();
                let mac = intake::mac(&self.vault, &command);
                ((command.origin.agency, command.id, mac), command)
            });
            keyed.collect()
        };
        let log = Arc::clone(&self.log) as Arc<dyn Log>;
        let archive = Archive::new(log, 1_000);
        let mut snapshot = Arc::new(Snapshot::empty());
        for (commit, records) in (1..).zip(commits) {
            let mut overlay = Overlay::new(Arc::clone(&snapshot), snapshot.position(), commit);
            for first in records.iter().filter(|record| record.envelope.index == 0) {
                let envelope = &first.envelope;
                let key = (envelope.agency, envelope.command, envelope.command_mac);
                let command = given.get(&key).expect("somebody gave it").clone();
                let submission = intake::blank(command, &self.vault);
                let facts = gather(&submission, &overlay, &snapshot, &archive, &self.vault)
                    .expect("readable");
                let now = moment(envelope.recorded_at);
                let range =
                    overlay.decide(&submission.command, &facts, now).unwrap_or_else(|refused| {
                        panic!("I5: {} at {}", refused.refusal, envelope.position)
                    });
                assert_eq!(range.len(), usize::from(envelope.of));
            }
            for (again, record) in overlay.records().iter().zip(records) {
                let (mut again, stored) = (again.envelope.clone(), &record.envelope);
                (again.salt, again.command_mac) = (stored.salt, stored.command_mac);
                assert_eq!(again, *stored, "I5: the decision again");
            }
            let batch = folding::batch(&snapshot, records.clone(), &archive).expect("readable");
            archive.note(records.iter());
            let mut next = Snapshot::clone(&snapshot);
            next.absorb(&batch);
            snapshot = Arc::new(next);
        }
    }
}

/// I7: a savepoint of the end of a commit goes on to what the whole log comes to.
fn check_savepoint(scratch: &std::path::Path, log: &Arc<dyn Log>, end: Position, whole: &Snapshot) {
    let archive = Archive::new(Arc::clone(log), 64);
    let mut fold = Fold::new(Snapshot::empty(), &archive);
    fold.run(end, &mut |_| {}).expect("sound");
    let folder = scratch.with_extension("tiles");
    let tree = Tree::open(Some(folder.clone()), &**log, None).expect("sound");
    savepoint::write(scratch, &fold.snapshot, &archive, &tree).expect("room");
    let saved = savepoint::load(scratch, log).expect("sound").expect("there");
    let resumed = Tree::open(Some(folder), &**log, Some(saved.tree())).expect("sound");
    assert_eq!(resumed.head(), tree.head(), "I7: the tree from its stored tiles");
    assert_eq!(saved.snapshot.position(), end);
    let archive = Archive::with(Arc::clone(log), 64, saved.offsets, saved.commands);
    let mut resumed = folding::catch_up(saved.snapshot, &archive, &mut |_| {}).expect("sound");
    resumed.index();
    same(&resumed, whole, "a savepoint, and what came after it");
}

/// I7: two snapshots are the same, to the byte where they are saved, and show the same to everybody.
fn same(one: &Snapshot, other: &Snapshot, what: &str) {
    let place = |it: &Snapshot| (it.position(), it.commit(), it.recorded_at(), it.case_count());
    assert_eq!(place(one), place(other), "I7: {what}");
    assert!(one.save() == other.save(), "I7: {what}: saved bytes differ");
    for agency in WORLD.agencies() {
        for role in [Role::OffenderManager, Role::Auditor] {
            let scope = Scope::new(agency, role);
            assert!(one.digest(scope) == other.digest(scope), "I7: {what}, to {agency}");
            for list in List::ALL {
                let things = |it: &Snapshot| it.view(scope).list(list, ..).collect::<Vec<_>>();
                assert_eq!(things(one), things(other), "I7: {what}, {list:?} of {agency}");
            }
        }
    }
}

/// Commands of a few people, mingled, with corrections, breaches and commands whose id is used
/// again.
fn errands(simulation: &mut Simulation) {
    for command in WORLD.setup() {
        simulation.errand(command);
    }
    let mut lives: Vec<_> = (0..3).map(|it| WORLD.life(it).into_iter().peekable()).collect();
    let mut done: Vec<Command<Given>> = Vec::new();
    let mut next = 0;
    while lives.iter_mut().any(|life| life.peek().is_some()) {
        let life = usize::try_from(simulation.out_of(3)).expect("small");
        let Some(command) = lives[life].next() else { continue };
        done.push(command.clone());
        simulation.errand(command);
        next += 1;
        let pick = usize::try_from(simulation.out_of(done.len() as u64)).expect("small");
        let target = done[pick].clone();
        match simulation.out_of(12) {
            0 => simulation.errand(WORLD.voiding(&target, command_id(next))),
            1 if matches!(
                target.steps[0].action,
                tallystick_domain::Action::RecordAttendance { .. }
            ) =>
            {
                simulation.errand(WORLD.recredited(&target, 60, command_id(next)));
            }
            6 | 9 => {
                let told = WORLD.told(pick as u64 % 3, simulation.out_of(100), command_id(next));
                done.push(told.clone());
                simulation.errand(told);
            }
            7 | 8 => {
                let cited = crate::world::event_of(&target, 0);
                simulation.errand(WORLD.payment(life as u64, cited, command_id(next)));
            }
            2 => simulation.errand(WORLD.warning(pick as u64 % 3, command_id(next))),
            3 => {
                let mut other = target;
                other.steps[0].occurred = crate::world::day("2008-07-07").into();
                simulation.errand(other);
            }
            4 => {
                // Several steps in one command, the second of which corrects the first.
                let mut both = target;
                let id = command_id(next);
                let first = tallystick_domain::EventId::derive(both.origin.agency, id, 0);
                both.id = id;
                let mut void = WORLD.voiding(&both, id);
                void.origin = both.origin;
                if let tallystick_domain::Action::Correct { corrections } =
                    &mut void.steps[0].action
                {
                    corrections[0].target = first;
                }
                both.steps.append(&mut void.steps);
                simulation.errand(both);
            }
            5 => {
                let version = u32::try_from(1 + simulation.out_of(3)).expect("small");
                simulation.errand(WORLD.defining(version, command_id(next)));
            }
            10 => simulation.errand(WORLD.targeting(1, command_id(next))),
            11 => simulation.errand(WORLD.planning(command_id(next))),
            _ => {}
        }
    }
}

#[test]
fn i1_to_i7_hold_whatever_goes_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen: RefCell<Seen> = RefCell::default();
    for_each_seed("i1_to_i7_hold_whatever_goes_wrong", |seed| {
        let faults = Faults {
            busy: 50,
            unknown: 80,
            full: 30,
            poison: 10,
            crash: 20,
            unavailable: 20,
            conflict: 0,
            delay: 2,
        };
        let mut simulation = Simulation::new(seed, faults);
        errands(&mut simulation);
        for _ in 0..600 {
            simulation.step();
        }
        simulation.settle();
        simulation.check(&folder.path().join("savepoint"));
        simulation.clear();
        for (what, times) in &*simulation.seen.borrow() {
            *seen.borrow_mut().entry(what).or_default() += times;
        }
    });
    println!("{:?}", seen.borrow());
    if seeds().count() >= 100 {
        for what in [
            "accepted",
            "replayed",
            "refused",
            "command id reused",
            "outcome unknown",
            "read-only",
            "conflicts",
            "crashed",
            "poisoned",
            "Corrected",
            "BreachRecorded",
            "PlacementCompleted",
            "MeasureDefined",
            "CircumstanceRecorded",
            "OffenceProven",
            "RegisterSet",
            "Assessed",
            "PaymentRecorded",
            "TargetSet",
            "PlanItemSet",
        ] {
            assert!(seen.borrow().contains_key(what), "never seen: {what}");
        }
    }
}
