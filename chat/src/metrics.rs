//! Counts of what a server does. Whoever traces a step counts it; whoever is asked reads them.

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;
use trace::Background;

use crate::end::End;

/// Counts since the start, of the servers that are handed it. A count is one atomic addition; the
/// steps of every message have no label to look up.
#[derive(Debug, Default)]
pub struct Metrics {
    connections: Labelled<Gauge>,
    ended: Labelled<Counter>,
    refused: Labelled<Counter>,
    received: Counter,
    delivered: Counter,
    gaps: Counter,
    trace: Option<Arc<Background>>,
}

type Labelled<M> = Family<[(&'static str, &'static str); 1], M>;

/// What is not counted but looked at when somebody asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) rooms: usize,
    pub(crate) members: usize,
}

impl Metrics {
    /// Counts that also tell how many lines of the trace were lost.
    #[must_use]
    pub fn with_trace(lines: Arc<Background>) -> Self {
        Self { trace: Some(lines), ..Self::default() }
    }

    /// Counts a connection for as long as what is returned is kept.
    pub(crate) fn connected(self: &Arc<Self>, wire: &'static str) -> Connected {
        self.connections.get_or_create(&[("wire", wire)]).inc();
        Connected { metrics: Arc::clone(self), wire, end: End::Gone }
    }

    /// Something was refused; `reason` is the code that is traced.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&[("reason", reason)]).inc();
    }

    /// A message came from a client.
    pub(crate) fn received(&self) {
        self.received.inc();
    }

    /// So many messages were handed to the kernel for one client.
    pub(crate) fn delivered(&self, messages: usize) {
        self.delivered.inc_by(messages as u64);
    }

    /// Messages went by before a reader took them.
    pub(crate) fn gap(&self) {
        self.gaps.inc();
    }

    /// Everything as OpenMetrics text.
    pub(crate) fn text(&self, now: Now) -> String {
        let mut all = Registry::with_prefix("chat");
        let gauge = |n: usize| ConstGauge::new(n as u64);
        all.register("connections", "Connections now, by wire", self.connections.clone());
        all.register("rooms", "Rooms in memory now", gauge(now.rooms));
        all.register("members", "Members with a session now", gauge(now.members));
        all.register("messages_received", "Messages from clients", self.received.clone());
        all.register(
            "messages_delivered",
            "Messages handed to the kernel, once for each client",
            self.delivered.clone(),
        );
        all.register("refused", "Requests and connections refused, by code", self.refused.clone());
        all.register(
            "gaps",
            "Times that messages went by before a slow reader took them",
            self.gaps.clone(),
        );
        all.register("ended", "Connections that ended, by reason", self.ended.clone());
        let lost = self.trace.as_ref().map_or(0, |lines| lines.lost());
        all.register("trace_lost", "Lines of the trace that were lost", ConstCounter::new(lost));
        let mut text = String::new();
        encode(&mut text, &all).expect("a String takes any text");
        text
    }
}

/// A connection that is counted; dropping it counts its end.
pub(crate) struct Connected {
    metrics: Arc<Metrics>,
    wire: &'static str,
    end: End,
}

impl Connected {
    /// Says why it ends, which is otherwise that the client has gone.
    pub(crate) fn end(&mut self, end: End) {
        self.end = end;
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").field("wire", &self.wire).finish_non_exhaustive()
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.metrics.connections.get_or_create(&[("wire", self.wire)]).dec();
        self.metrics.ended.get_or_create(&[("reason", self.end.as_str())]).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../docs/metrics.md");

    /// Metrics in which every count was stepped.
    fn stepped() -> String {
        let metrics = Arc::new(Metrics::default());
        let _now = metrics.connected("chat.v1");
        let mut before = metrics.connected("body");
        before.end(End::Closed);
        drop(before);
        metrics.refused("wrong_host");
        metrics.received();
        metrics.delivered(3);
        metrics.gap();
        metrics.text(Now { rooms: 2, members: 1 })
    }

    #[test]
    fn every_step_is_in_the_text() {
        let text = stepped();
        for line in [
            "chat_connections{wire=\"chat.v1\"} 1",
            "chat_connections{wire=\"body\"} 0",
            "chat_rooms 2",
            "chat_members 1",
            "chat_messages_received_total 1",
            "chat_messages_delivered_total 3",
            "chat_refused_total{reason=\"wrong_host\"} 1",
            "chat_gaps_total 1",
            "chat_ended_total{reason=\"closed\"} 1",
            "chat_trace_lost_total 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in {text}");
        }
    }

    #[test]
    fn what_is_lost_of_the_trace_is_told() {
        let lines = Arc::new(Background::new(std::io::sink(), 4).unwrap());
        std::io::Write::write_all(&mut &*lines, b"longer than four\n").unwrap();
        let text = Metrics::with_trace(lines).text(Now { rooms: 0, members: 0 });
        assert!(text.contains("chat_trace_lost_total 1\n"), "{text}");
    }

    /// The rows of the table that these metrics call for.
    fn rows(text: &str) -> Vec<String> {
        let mut rows = Vec::new();
        let lines: Vec<_> = text.lines().collect();
        for pair in lines.windows(2) {
            let Some((name, help)) =
                pair[0].strip_prefix("# HELP ").and_then(|l| l.split_once(' '))
            else {
                continue;
            };
            let kind = pair[1].rsplit(' ').next().unwrap();
            let total = if kind == "counter" { "_total" } else { "" };
            let sample = text.lines().find(|line| line.starts_with(&format!("{name}{total}")));
            let label = sample.unwrap().split(['{', '=']).nth(1);
            let label = label.map_or(String::new(), |label| format!("`{label}`"));
            rows.push(format!("| `{name}{total}` | {kind} | {label} | {help} |"));
        }
        rows
    }

    #[test]
    fn the_page_has_every_metric_and_no_other() {
        let told: Vec<_> = PAGE.lines().filter(|line| line.starts_with("| `chat_")).collect();
        assert_eq!(told, rows(&stepped()));
    }
}
