//! What a run came to: for people, and for programs.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::plan::Plan;
use super::times::Times;

/// What was measured. What the system does not tell is `None`.
#[derive(Debug)]
pub(super) struct Report {
    /// Messages that were published, and those that came to clients.
    pub(super) messages: u64,
    pub(super) deliveries: u64,
    /// From the first write until the last client had the last message.
    pub(super) took: Duration,
    /// How far behind its rate the publishing was at most.
    pub(super) late: Duration,
    /// From the write of each message until the last client had it.
    pub(super) times: Times,
    /// What the server used meanwhile.
    pub(super) cpu: Option<Duration>,
    /// Memory of the server for each idle connection, in KiB.
    pub(super) resident: Option<f64>,
    /// Memory of the kernel for each, both ends of it, in KiB.
    pub(super) sockets: Option<f64>,
    /// From the first connect until all were in.
    pub(super) connecting: Duration,
    /// Bytes that each client was told until all were in and it was quiet.
    pub(super) joining: f64,
    /// What the clients used themselves.
    pub(super) readers: Option<Duration>,
    /// The load of the computer before.
    pub(super) load: Option<f64>,
}

impl Report {
    fn per_second(&self) -> f64 {
        self.deliveries as f64 / self.took.as_secs_f64()
    }

    /// Microseconds for each delivery.
    fn per_delivery(&self, cpu: Option<Duration>) -> Option<f64> {
        Some(cpu?.as_secs_f64() * 1e6 / self.deliveries as f64)
    }

    /// Milliseconds to the last client: p50, p99, and the longest.
    fn latencies(&self) -> [f64; 3] {
        let of = |per_mille| self.times.per_mille(per_mille).unwrap_or_default();
        [of(500), of(990), self.times.longest()].map(|time| time.as_secs_f64() * 1e3)
    }

    fn connects(&self, plan: &Plan) -> f64 {
        (plan.clients + plan.stalled) as f64 / self.connecting.as_secs_f64()
    }

    /// Several lines, each ended.
    pub(super) fn text(&self, plan: &Plan) -> String {
        let Plan { clients, publishers, bytes, format, .. } = plan;
        let rate = match plan.rate {
            Some(rate) => format!("{rate} messages/s"),
            None => format!("flat out, {} on the way", plan.window),
        };
        let stalled = match plan.stalled {
            0 => String::new(),
            stalled => format!(", {stalled} more who read nothing"),
        };
        let mut text = format!(
            "{clients} clients ({}), {publishers} publishing, {rate}, {bytes} bytes{stalled}\n",
            format.as_str()
        );
        let mut line = |what: &str, value: String| {
            let _ = writeln!(text, "  {what:<22}{value}");
        };
        let [p50, p99, longest] = self.latencies();
        let unknown = || "unknown (needs /proc, and --pid with --to)".to_owned();
        let took = self.took.as_secs_f64();
        line(
            "delivered",
            format!(
                "{} of {} messages in {took:.2} s, each once and in order",
                self.deliveries, self.messages
            ),
        );
        line("deliveries/s", format!("{:.0}", self.per_second()));
        line(
            "to the last client",
            format!("p50 {p50:.2} ms, p99 {p99:.2} ms, longest {longest:.2} ms"),
        );
        if self.late >= Duration::from_millis(1) {
            line("behind its rate", format!("at most {:.1} ms", self.late.as_secs_f64() * 1e3));
        }
        line(
            "CPU per delivery",
            self.per_delivery(self.cpu)
                .map_or_else(unknown, |us| format!("{us:.3} us, of the server")),
        );
        line(
            "memory/connection",
            self.resident
                .map_or_else(unknown, |kib| format!("{kib:.1} KiB resident in the server")),
        );
        if let Some(kib) = self.sockets {
            line("", format!("{kib:.1} KiB in the kernel, both ends"));
        }
        line("told while joining", format!("{:.1} KiB each", self.joining / 1024.0));
        line("connects/s", format!("{:.0}", self.connects(plan)));
        if let Some(load) = self.load {
            line("load before", format!("{load:.2}"));
        }
        text
    }

    /// One object.
    pub(super) fn json(&self, plan: &Plan) -> Value {
        let [p50, p99, longest] = self.latencies();
        json!({
            "clients": plan.clients,
            "stalled": plan.stalled,
            "publishers": plan.publishers,
            "format": plan.format.as_str(),
            "rate": plan.rate,
            "bytes": plan.bytes,
            "window": plan.window,
            "messages": self.messages,
            "deliveries": self.deliveries,
            "seconds": self.took.as_secs_f64(),
            "deliveries_per_second": self.per_second(),
            "latency_ms": { "p50": p50, "p99": p99, "max": longest },
            "late_ms": self.late.as_secs_f64() * 1e3,
            "cpu_us_per_delivery": self.per_delivery(self.cpu),
            "clients_cpu_us_per_delivery": self.per_delivery(self.readers),
            "resident_kib_per_connection": self.resident,
            "kernel_kib_per_connection": self.sockets,
            "joining_bytes_per_client": self.joining,
            "connects_per_second": self.connects(plan),
            "load": self.load,
        })
    }
}
