//! `chat doctor`: what on this computer bounds how many clients a server can have, and how that is
//! raised.

use std::fmt::Write;
use std::fs;
use std::thread;

use crate::bench::page;
use crate::limits::{LISTEN_BACKLOG, Limits};

/// What the system says of itself. What it does not say is `None`.
#[derive(Clone, Debug, Default)]
struct Machine {
    /// Files that a process may have open.
    descriptors: Option<u64>,
    /// Connections that may wait to be accepted.
    backlog: Option<u64>,
    /// The first and the last port of those who connect.
    ports: Option<(u64, u64)>,
    /// Pages of TCP buffers beyond which the kernel makes them smaller, and at most, and the bytes
    /// of a page.
    tcp: Option<(u64, u64, u64)>,
    cores: Option<u64>,
    /// Bytes of memory that are free.
    memory: Option<u64>,
}

/// What it found, for people: a paragraph for each limit. `descriptors` as in
/// [`asked`](crate::asked).
pub(crate) fn doctor(descriptors: Option<u64>) -> String {
    Machine::this(descriptors).text()
}

impl Machine {
    /// Linux tells all of it.
    fn this(descriptors: Option<u64>) -> Self {
        let pages = numbers("/proc/sys/net/ipv4/tcp_mem");
        Self {
            descriptors,
            backlog: numbers("/proc/sys/net/core/somaxconn").first().copied(),
            ports: match numbers("/proc/sys/net/ipv4/ip_local_port_range")[..] {
                [first, last] => Some((first, last)),
                _ => None,
            },
            tcp: match pages[..] {
                [_, pressure, most] => page().map(|page| (pressure, most, page)),
                _ => None,
            },
            cores: thread::available_parallelism().ok().map(|cores| cores.get() as u64),
            memory: available(),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut say = |what: &str, found: String, advice: Option<String>| {
            let _ = writeln!(text, "{what:<12} {found}");
            for line in advice.iter().flat_map(|advice| advice.lines()) {
                let _ = writeln!(text, "{:<12} {line}", "");
            }
        };
        match self.descriptors {
            Some(most) => {
                let connections = Limits::connections_for(most);
                let raise = "to raise it: LimitNOFILE=100000 in a unit of systemd, --ulimit nofile=100000 of\n\
                     docker, or as root: ulimit -Hn 100000; chat itself goes as far as it may";
                let few = ((connections as u64) < MANY).then(|| raise.to_owned());
                let more = "for more: --max-connections, as far as files and memory go".to_owned();
                say(
                    "open files",
                    format!("{most}: room for {connections} connections"),
                    few.or(Some(more)),
                );
            }
            None => say("open files", "unknown here".into(), None),
        }
        let ours = u64::from(LISTEN_BACKLOG);
        if let Some(backlog) = self.backlog {
            let raise = format!(
                "a crowd that comes at once waits a second and more; as root:\n\
                 sysctl -w net.core.somaxconn={ours}"
            );
            let found = format!("{} of the {ours} that chat asks for", backlog.min(ours));
            say("backlog", found, (backlog < ours).then_some(raise));
        }
        if let Some((first, last)) = self.ports {
            let ports = (last + 1).saturating_sub(first);
            let advice = "for those who connect, from each of their addresses: it bounds a proxy in front and\n\
                 not a server; chat bench has as many addresses as it needs; as root:\n\
                 sysctl -w net.ipv4.ip_local_port_range=\"10000 65000\"";
            let found = format!("{ports}, {first} to {last}");
            say("ports", found, (ports < 50_000).then(|| advice.into()));
        }
        if let Some((pressure, most, page)) = self.tcp {
            let pages = MANY * STALLED / page;
            let (pressure, most) = (pressure * page, most * page);
            let stalled = pressure / STALLED;
            let advice = format!(
                "short when {stalled} clients stop reading; as root, for {MANY} of them:\n\
                 sysctl -w net.ipv4.tcp_mem=\"{} {pages} {}\"",
                pages / 2,
                pages * 2
            );
            let found = format!("{} before it is short, {} at most", size(pressure), size(most));
            say("TCP memory", found, (stalled < MANY).then_some(advice));
        }
        if let Some(memory) = self.memory {
            let clients = memory / STALLED;
            let found = format!("{} free: {clients} clients who stop reading", size(memory));
            say("memory", found, None);
        }
        if let Some(cores) = self.cores {
            say("cores", format!("{cores}; chat bench takes one of them for its clients"), None);
        }
        text + "\nWhat it comes to: chat bench, chat bench --clients 10000 --rate 10\n"
    }
}

/// As many clients as a computer should be ready for, before it is said how.
const MANY: u64 = 10_000;

/// Bytes that a client who stops reading costs at most, in the kernel too.
const STALLED: u64 = 300 << 10;

/// The numbers in a file of the kernel; none if there is none.
fn numbers(path: &str) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

fn available() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let (_, rest) = text.split_once("MemAvailable:")?;
    let kib: u64 = rest.split_whitespace().next()?.parse().ok()?;
    Some(kib << 10)
}

fn size(bytes: u64) -> String {
    match bytes >> 20 {
        mib @ 0..1024 => format!("{mib} MiB"),
        mib => format!("{:.1} GiB", mib as f64 / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_computer_is_told_how_to_be_larger() {
        let machine = Machine {
            descriptors: Some(1024),
            backlog: Some(128),
            ports: Some((32_768, 60_999)),
            tcp: Some((131_072, 262_144, 4 << 10)),
            cores: Some(1),
            memory: Some(300 << 20),
        };
        insta::assert_snapshot!(machine.text());
    }

    #[test]
    fn a_large_computer_is_told_what_it_has() {
        let machine = Machine {
            descriptors: Some(1 << 20),
            backlog: Some(4096),
            ports: Some((10_000, 65_000)),
            tcp: Some((491_520, 983_040, 64 << 10)),
            cores: Some(64),
            memory: Some(250 << 30),
        };
        insta::assert_snapshot!(machine.text());
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        insta::assert_snapshot!(Machine::default().text());
    }
}
