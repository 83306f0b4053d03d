//! Counts of the front door, and the Prometheus text format (version 0.0.4).

use std::{
    fmt::{Display, Write},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::errors::Code;

/// What the front door counts.
#[derive(Default)]
pub(crate) struct Metrics {
    pub(crate) queries: Histogram,
    pub(crate) mutations: Histogram,
    pub(crate) connections_refused: Counter,
    pub(crate) sockets_opened: Counter,
    pub(crate) sockets_closed: Counter,
    pub(crate) live_opened: Counter,
    pub(crate) live_closed: Counter,
    pub(crate) live_executions: Counter,
    pub(crate) deliveries: Counter,
    refusals: [Counter; Code::ALL.len()],
}

impl Metrics {
    pub(crate) fn refused(&self, code: Code) {
        if let Some(index) = Code::ALL.iter().position(|known| *known == code) {
            self.refusals[index].add(1);
        }
    }

    pub(crate) fn write(&self, out: &mut Exposition) {
        out.family(
            "tallystick_request_duration_seconds",
            "histogram",
            "From the request read to the answer serialised.",
        );
        self.queries.write(out, "tallystick_request_duration_seconds", "operation=\"query\"");
        self.mutations.write(out, "tallystick_request_duration_seconds", "operation=\"mutation\"");
        out.counter(
            "tallystick_connections_refused_total",
            "Connections closed because as many as may be were open.",
            self.connections_refused.get(),
        );
        let (opened, closed) = (self.sockets_opened.get(), self.sockets_closed.get());
        out.counter("tallystick_sockets_opened_total", "WebSockets accepted.", opened);
        out.gauge("tallystick_sockets", "WebSockets open.", opened.saturating_sub(closed));
        let (opened, closed) = (self.live_opened.get(), self.live_closed.get());
        out.counter("tallystick_subscriptions_opened_total", "Live operations opened.", opened);
        out.gauge(
            "tallystick_subscriptions",
            "Live operations open.",
            opened.saturating_sub(closed),
        );
        out.counter(
            "tallystick_live_executions_total",
            "Executions of live operations; deliveries share them.",
            self.live_executions.get(),
        );
        out.counter(
            "tallystick_deliveries_total",
            "Payloads put on sockets.",
            self.deliveries.get(),
        );
        out.family("tallystick_refusals_total", "counter", "Errors answered, by code.");
        for (code, count) in Code::ALL.iter().zip(&self.refusals) {
            out.sample("tallystick_refusals_total", &format!("code=\"{code}\""), count.get());
        }
    }
}

/// Counts up.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Durations in buckets from 50 µs, where a small query lies, to 10 s, where clients give up.
#[derive(Default)]
pub(crate) struct Histogram {
    buckets: [Counter; BOUNDS_US.len()],
    count: Counter,
    sum_us: Counter,
}

const BOUNDS_US: [u64; 11] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000, 1_000_000, 10_000_000];

impl Histogram {
    pub(crate) fn record(&self, elapsed: Duration) {
        let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        if let Some(index) = BOUNDS_US.iter().position(|bound| elapsed_us <= *bound) {
            self.buckets[index].add(1);
        }
        self.count.add(1);
        self.sum_us.add(elapsed_us);
    }

    fn write(&self, out: &mut Exposition, name: &str, labels: &str) {
        let mut below = 0;
        for (bound, bucket) in BOUNDS_US.iter().zip(&self.buckets) {
            below += bucket.get();
            let bound = Seconds(*bound);
            out.sample(&format!("{name}_bucket"), &format!("{labels},le=\"{bound}\""), below);
        }
        let count = self.count.get();
        out.sample(&format!("{name}_bucket"), &format!("{labels},le=\"+Inf\""), count);
        out.sample(&format!("{name}_sum"), labels, Seconds(self.sum_us.get()));
        out.sample(&format!("{name}_count"), labels, count);
    }
}

/// Microseconds, printed as seconds.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// A page of metrics in the making. Names carry their unit (`_seconds`, `_bytes`), counters end in
/// `_total`.
#[derive(Default)]
pub struct Exposition(String);

impl Exposition {
    /// A figure that only grows.
    pub fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "counter", help);
        self.sample(name, "", value);
    }

    /// A figure that comes and goes.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, "", value);
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_end_with_all() {
        let histogram = Histogram::default();
        for elapsed_us in [10, 60, 70_000_000] {
            histogram.record(Duration::from_micros(elapsed_us));
        }
        let mut out = Exposition::default();
        histogram.write(&mut out, "x_seconds", "a=\"b\"");
        let text = out.into_text();
        assert!(text.contains("x_seconds_bucket{a=\"b\",le=\"0.000050\"} 1\n"), "{text}");
        assert!(text.contains("x_seconds_bucket{a=\"b\",le=\"0.000100\"} 2\n"), "{text}");
        assert!(text.contains("x_seconds_bucket{a=\"b\",le=\"10.000000\"} 2\n"), "{text}");
        assert!(text.contains("x_seconds_bucket{a=\"b\",le=\"+Inf\"} 3\n"), "{text}");
        assert!(text.contains("x_seconds_sum{a=\"b\"} 70.000070\n"), "{text}");
    }
}
