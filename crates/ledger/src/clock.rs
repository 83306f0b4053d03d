//! Time, passed in. One clock for the whole ledger: what is recorded, what day it is, and what
//! "today" means to a rule all come from it.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use jiff::{Timestamp, tz::TimeZone};
use parking_lot::Mutex;
use tallystick_domain::{Date, Moment};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now: milliseconds since 1970-01-01T00:00Z and the day in Europe/London. May go back; the
    /// ledger never does (`recorded_at` is at least that of the record before).
    fn now(&self) -> Moment;
}

static LONDON: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZone::get("Europe/London").expect("the time zone database is part of the program")
});

/// The moment of an instant in milliseconds since 1970-01-01T00:00Z: its day in Europe/London by
/// the rules that the program brings along. Instants beyond years 1 to 9999 count as 1970.
pub fn moment(recorded_at: i64) -> Moment {
    let instant = Timestamp::from_millisecond(recorded_at).unwrap_or(Timestamp::UNIX_EPOCH);
    let day = LONDON.to_datetime(instant).date();
    let today = Date::new(day.year(), day.month(), day.day()).unwrap_or(Date::from_days(0));
    Moment { recorded_at, today }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in")]
    fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that shows what it is told. It stands still, for tests and while history is loaded,
/// until it is told to run on from there.
#[derive(Debug)]
pub struct VirtualClock(Mutex<Hand>);

#[derive(Clone, Copy, Debug)]
struct Hand {
    shown: i64,
    running: Option<Stopwatch>,
}

impl VirtualClock {
    /// Stands at an instant, in milliseconds since 1970-01-01T00:00Z.
    pub fn new(milliseconds: i64) -> Self {
        Self(Mutex::new(Hand { shown: milliseconds, running: None }))
    }

    /// Puts the clock to an instant, in milliseconds since 1970-01-01T00:00Z; it goes on standing
    /// or running as it was.
    pub fn set(&self, milliseconds: i64) {
        let mut hand = self.0.lock();
        let running = hand.running.map(|_| Stopwatch::start());
        *hand = Hand { shown: milliseconds, running };
    }

    /// Lets time pass from what the clock shows now, as fast as it does for the machine.
    pub fn run(&self) {
        let mut hand = self.0.lock();
        hand.running.get_or_insert_with(Stopwatch::start);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Moment {
        let hand = *self.0.lock();
        let passed = hand.running.map_or(Duration::ZERO, Stopwatch::elapsed);
        moment(hand.shown.saturating_add(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// Measures how long something takes. No decision and no fold depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measures, and decides nothing about records")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_londons() {
        // 23:30 UTC on 30 June 2008 is half past midnight on 1 July in London, and in winter the
        // two agree.
        assert_eq!(moment(1_214_868_600_000).today.to_string(), "2008-07-01");
        assert_eq!(moment(1_230_766_200_000).today.to_string(), "2008-12-31");
    }

    #[test]
    fn a_virtual_clock_stands_until_it_runs() {
        let clock = VirtualClock::new(1_000);
        assert_eq!(clock.now().recorded_at, 1_000);
        clock.set(5_000);
        assert_eq!(clock.now().recorded_at, 5_000);
        clock.run();
        assert!(clock.now().recorded_at >= 5_000);
        clock.set(1_230_766_200_000);
        assert_eq!(clock.now().today.to_string(), "2008-12-31");
    }
}
