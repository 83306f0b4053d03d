//! The figures that the ledger is judged by, measured a few rounds each and printed with their
//! targets, what stood on either side of a ratio, and how busy the machine was.
//!
//! To add a figure: write a function `fn(&Bench) -> Result<Vec<Sample>>` in a file named after
//! what it measures, beside `limits.rs`; set up once, then return [`Bench::rounds`] of one sample
//! each; and put its [`Figure`] into [`FIGURES`]. A ratio measures both its sides in each round
//! and names them with [`Sample::ratio`], so that a busy machine slows both. Requests over HTTP
//! come from [`load`], which costs the server's cores little. Files go into [`Bench::folder`],
//! which is on the disk of the target folder, not in memory as temporary folders may be.

mod busy;
mod durable;
mod figure;
mod folds;
mod footprint;
mod limits;
mod live;
mod load;
mod node;
mod partnership;
mod past;
mod proof;
mod queries;
mod report;
mod request;
mod socket;
mod stock;

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::busy::Busy;
pub(crate) use self::figure::{Figure, Sample};
use self::node::Node;
use self::report::Report;
use self::stock::Stock;
use crate::world::World;
use crate::{BenchArgs, release};

/// All figures, in the order in which they are measured: the limits of the machine first.
static FIGURES: &[Figure] = &[
    limits::FDATASYNC,
    limits::RAW_APPEND_256,
    limits::AXUM_4K,
    durable::SINGLE_RATIO,
    durable::HTTP_SINGLE_RATIO,
    durable::IN_PROCESS_256,
    durable::TALLY_COST,
    durable::HTTP_64,
    durable::FLAT_RATIO,
    queries::AGENCY_HOME_RATIO,
    queries::REFERRAL_RATIO,
    folds::SCAN,
    folds::DECODE,
    folds::REPLAY,
    queries::EXPORT,
    folds::START,
    past::AS_OF_AGENCY,
    live::LATENCY,
    live::DELIVERIES,
    live::FANOUT_1000,
    past::WRITER_DURING_REPLAY,
    proof::VERIFY,
    proof::INCLUSION,
    footprint::DISK,
    footprint::RSS,
];

/// How long one round of a rate is measured: long enough for a thousand flushes of a slow disk.
pub(crate) const ROUND: Duration = Duration::from_secs(1);

/// Events of the ledger that most figures are measured on.
const EVENTS: u64 = 1_000_000;
/// The same for a quick look.
const EVENTS_QUICK: u64 = 50_000;

/// What a figure's function may use.
pub(crate) struct Bench<'a> {
    world: &'a World,
    rounds: u16,
    folder: PathBuf,
    /// Events of the stock.
    events: u64,
    /// Number of the next life: no two figures tell the same.
    next_life: Cell<u64>,
    stock: OnceCell<Stock>,
    node: RefCell<Option<Node>>,
}

impl Bench<'_> {
    /// One sample a round. The first round is measured once more before it and forgotten: caches,
    /// connections and lazily made things are warm when it counts.
    pub(crate) fn rounds(&self, mut round: impl FnMut() -> Result<Sample>) -> Result<Vec<Sample>> {
        round()?;
        (0..self.rounds).map(|_| round()).collect()
    }

    /// Numbers of lives that nobody has told yet.
    pub(crate) fn lives(&self, count: u64) -> Range<u64> {
        let first = self.next_life.get();
        self.next_life.set(first + count);
        first..first + count
    }

    /// The ledger of a million events, closed: loaded when it is first asked for, and left as it
    /// is by everyone.
    pub(crate) fn stock(&self) -> Result<&Stock> {
        if let Some(stock) = self.stock.get() {
            return Ok(stock);
        }
        let stock = Stock::load(self).context("cannot load the ledger to be measured")?;
        Ok(self.stock.get_or_init(|| stock))
    }

    /// A copy of it, open and served, for whoever asks and adds to it: one for all figures.
    fn node(&self) -> Result<RefMut<'_, Node>> {
        let mut node = self.node.borrow_mut();
        if node.is_none() {
            let folder = self.folder("copy")?;
            self.stock()?.copy_to(&folder)?;
            *node = Some(Node::open(&folder, true)?);
        }
        Ok(RefMut::map(node, |node| node.as_mut().expect("it was just opened")))
    }

    /// The release build of the one binary, of what stands in the sources now.
    fn binary(&self) -> Result<PathBuf> {
        release::build(self.world).context("cannot build the binary")?;
        Ok(self.world.binary())
    }

    /// A folder of this figure's own on the disk of the target folder, empty at first.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        std::fs::remove_dir_all(&folder).ok();
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(folder)
    }
}

/// Measures the figures, or those that are named. Missing a target is said, not failed: figures
/// are judged by people who know how busy the machine was.
pub(crate) fn run(world: &World, args: &BenchArgs) -> Result<ExitCode> {
    if let Some(unknown) = args.only.iter().find(|n| FIGURES.iter().all(|f| f.name != **n)) {
        let names: Vec<_> = FIGURES.iter().map(|figure| figure.name).collect();
        bail!("no figure is called {unknown}; there are {}", names.join(", "));
    }
    let folder = world.target.join("bench");
    std::fs::create_dir_all(&folder).context("cannot make the folder to measure on")?;
    let _alone = alone(&folder)?;
    // A thousand sockets with both their ends.
    raise_open_files()?;
    let bench = Bench {
        world,
        rounds: args.rounds,
        folder,
        events: if args.quick { EVENTS_QUICK } else { EVENTS },
        next_life: Cell::new(0),
        stock: OnceCell::new(),
        node: RefCell::default(),
    };
    if !args.json {
        let cores = std::thread::available_parallelism()?;
        println!(
            "{cores} cores, which servers and their clients share; medians of {} rounds; a ledger \
             of {} events",
            bench.rounds, bench.events
        );
    }
    let mut broken = false;
    for figure in FIGURES {
        if !args.only.is_empty() && !args.only.iter().any(|name| name == figure.name) {
            continue;
        }
        let before = Busy::now()?;
        let measured = (figure.measure)(&bench);
        let busy = Busy::now()?.since(&before);
        match measured.and_then(|samples| Report::new(figure, &samples, busy)) {
            Ok(report) if args.json => println!("{}", report.json()),
            Ok(report) => println!("{report}"),
            Err(error) => {
                eprintln!("{}: {error:#}", figure.name);
                broken = true;
            }
        }
    }
    if let Some(node) = bench.node.take() {
        node.close()?;
    }
    std::fs::remove_dir_all(&bench.folder).context("cannot remove what was measured on")?;
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The folder is this process's for as long as the file is open: two that measured at once would
/// measure each other, and on each other's ledgers.
fn alone(folder: &Path) -> Result<File> {
    let lock = File::create(folder.with_extension("lock")).context("cannot create the lock")?;
    lock.try_lock().context("another bench is running")?;
    Ok(lock)
}

/// As many open files as this process may have.
fn raise_open_files() -> Result<()> {
    let mut limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current = limit.maximum;
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit)
        .context("cannot raise the limit of open files")
}
