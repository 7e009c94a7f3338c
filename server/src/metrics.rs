//! Counters for Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper edges of the tile histogram in seconds.
const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0];

/// What was counted since the start.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(String, u16), u64>>,
    buckets: [AtomicU64; BUCKETS.len() + 1],
    microseconds: AtomicU64,
}

impl Metrics {
    /// Counts an answer.
    pub(crate) fn answered(&self, route: &str, status: u16) {
        let mut requests = self.requests.lock().unwrap_or_else(|e| e.into_inner());
        match requests.get_mut(&(route.to_owned(), status)) {
            Some(n) => *n += 1,
            None => drop(requests.insert((route.to_owned(), status), 1)),
        }
    }

    /// Counts a tile's time.
    pub(crate) fn tile(&self, took: Duration) {
        let s = took.as_secs_f64();
        let i = BUCKETS.iter().position(|b| s <= *b).unwrap_or(BUCKETS.len());
        self.buckets[i].fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    /// The text format of Prometheus; `more` are gauges: name, labels, value.
    pub(crate) fn text(&self, more: &[(&str, String, u64)]) -> String {
        let mut out = String::from("# TYPE ditu_requests_total counter\n");
        for ((route, status), n) in self.requests.lock().unwrap_or_else(|e| e.into_inner()).iter() {
            let _ = writeln!(out, "ditu_requests_total{{route=\"{route}\",status=\"{status}\"}} {n}");
        }
        out += "# TYPE ditu_tile_seconds histogram\n";
        let mut sum = 0;
        for (i, n) in self.buckets.iter().enumerate() {
            sum += n.load(Ordering::Relaxed);
            let edge = BUCKETS.get(i).map_or_else(|| "+Inf".to_owned(), f64::to_string);
            let _ = writeln!(out, "ditu_tile_seconds_bucket{{le=\"{edge}\"}} {sum}");
        }
        let seconds = self.microseconds.load(Ordering::Relaxed) as f64 / 1e6;
        let _ = writeln!(out, "ditu_tile_seconds_sum {seconds}\nditu_tile_seconds_count {sum}");
        let mut last = "";
        for (name, labels, value) in more {
            if *name != last {
                let _ = writeln!(out, "# TYPE {name} gauge");
                last = name;
            }
            let _ = writeln!(out, "{name}{labels} {value}");
        }
        out
    }
}
