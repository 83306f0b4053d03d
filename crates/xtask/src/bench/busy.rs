//! How busy the machine was, so that a reader knows what a figure is worth.

use std::fmt;
use std::fs;

use anyhow::{Context, Result};

/// Processor time since the machine and this process began, in the kernel's ticks.
pub(super) struct Busy {
    /// Of all cores together.
    all: u64,
    /// Of which doing something.
    in_use: u64,
    /// Of which by this process and its children that have ended.
    own: u64,
}

/// Parts of the processors' time, 0 to 1.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Share {
    pub(super) machine: f64,
    /// By anyone but the measurement. A child of it that still runs is counted here.
    pub(super) others: f64,
}

impl Busy {
    /// # Errors
    /// When the kernel does not tell, as only Linux does.
    pub(super) fn now() -> Result<Self> {
        let machine = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
        let own = fs::read_to_string("/proc/self/stat").context("cannot read /proc/self/stat")?;
        Self::parse(&machine, &own).context("/proc/stat has another form than proc(5) says")
    }

    fn parse(machine: &str, own: &str) -> Option<Self> {
        let total = machine.lines().next()?.strip_prefix("cpu ")?;
        let ticks = numbers(total.split_whitespace().take(8))?;
        // user nice system idle iowait irq softirq steal; time given to guests is in user already.
        let all: u64 = ticks.iter().sum();
        let idle = ticks.get(3)? + ticks.get(4)?;
        // The name, in parentheses, may hold anything; utime is the 12th word after it, followed
        // by stime and those of children that were waited for.
        let (_, after_name) = own.rsplit_once(')')?;
        let own = numbers(after_name.split_whitespace().skip(11).take(4))?;
        Some(Self { all, in_use: all - idle, own: own.iter().sum() })
    }

    /// Processor time of this process between the two, in microseconds: the kernel counts in
    /// hundredths of a second.
    pub(super) fn own_us_since(&self, before: &Self) -> f64 {
        let ticks = self.own.saturating_sub(before.own);
        f64::from(u32::try_from(ticks).unwrap_or(u32::MAX)) * 10_000.0
    }

    pub(super) fn since(&self, before: &Self) -> Share {
        let all = self.all.saturating_sub(before.all).max(1);
        let in_use = self.in_use.saturating_sub(before.in_use);
        let own = self.own.saturating_sub(before.own);
        let part = |ticks: u64| {
            // Ticks of some minutes are far below 2^32.
            f64::from(u32::try_from(ticks).unwrap_or(u32::MAX))
        };
        let share = |ticks| ((part(ticks) / part(all)) * 1000.0).round() / 1000.0;
        Share { machine: share(in_use), others: share(in_use.saturating_sub(own)) }
    }
}

fn numbers<'a>(words: impl Iterator<Item = &'a str>) -> Option<Vec<u64>> {
    words.map(|word| word.parse().ok()).collect()
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} %, others {:.0} %", self.machine * 100.0, self.others * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(user: u64, idle: u64, own: u64) -> Busy {
        let machine = format!("cpu  {user} 0 0 {idle} 0 0 0 0 99 99\ncpu0 1 2 3\n");
        let own = format!("17 (a) b)) S 1 2 3 4 5 6 7 8 9 10 {own} 0 0 0 20 0\n");
        Busy::parse(&machine, &own).unwrap()
    }

    #[test]
    fn the_share_of_others_is_what_this_process_did_not_use() {
        let share = busy(1300, 1100, 250).since(&busy(1000, 1000, 50));
        assert_eq!(share, Share { machine: 0.75, others: 0.25 });
        assert_eq!(share.to_string(), "75 %, others 25 %");
        let own = busy(1300, 1100, 250).own_us_since(&busy(1000, 1000, 50));
        assert_eq!(own.to_string(), "2000000");
    }

    #[test]
    fn this_machine_tells_how_busy_it_is() {
        let now = Busy::now().unwrap();
        assert!(now.all > 0 && now.in_use <= now.all);
    }
}
