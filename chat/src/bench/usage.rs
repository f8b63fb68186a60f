//! What a process and the kernel use, as `/proc` tells it on Linux. Elsewhere nothing is known.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// A process that is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process(pub(super) u32);

/// What a process has used so far.
#[derive(Clone, Debug)]
pub(super) struct Cpu {
    /// Nanoseconds of each thread, by its number.
    threads: BTreeMap<u32, u64>,
    /// Of all of them together, in ticks.
    ticks: u64,
}

/// A tick of `/proc`, which is the same on every Linux that anybody runs.
const TICK: Duration = Duration::from_millis(10);

impl Process {
    pub(super) fn cpu(self) -> Option<Cpu> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name may hold anything, spaces and parentheses too.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace().skip(11);
        let (user, system): (u64, u64) =
            (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let mut threads = BTreeMap::new();
        for thread in fs::read_dir(format!("/proc/{}/task", self.0)).ok()?.flatten() {
            let number = thread.file_name().to_str().and_then(|name| name.parse().ok());
            let used = fs::read_to_string(thread.path().join("schedstat")).ok();
            let used = used.and_then(|text| text.split(' ').next()?.parse().ok());
            if let (Some(number), Some(used)) = (number, used) {
                threads.insert(number, used);
            }
        }
        Some(Cpu { threads, ticks: user + system })
    }

    /// Memory that is resident, in KiB.
    pub(super) fn resident(self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        number_behind(&status, "VmRSS:")
    }
}

impl Cpu {
    /// What was used since then: to the nanosecond, unless a thread has ended meanwhile and took
    /// its count along.
    pub(super) fn since(&self, before: &Cpu) -> Duration {
        let exact = !before.threads.is_empty()
            && before.threads.keys().all(|thread| self.threads.contains_key(thread));
        if !exact {
            let ticks = self.ticks.saturating_sub(before.ticks);
            return TICK * u32::try_from(ticks).unwrap_or(u32::MAX);
        }
        let before = |thread| before.threads.get(thread).copied().unwrap_or(0);
        let used = self.threads.iter().map(|(thread, used)| used.saturating_sub(before(thread)));
        Duration::from_nanos(used.sum())
    }
}

/// Memory of the kernel for all TCP sockets of this computer, in KiB.
pub(super) fn sockets() -> Option<u64> {
    let sockstat = fs::read_to_string("/proc/net/sockstat").ok()?;
    let tcp = sockstat.lines().find(|line| line.starts_with("TCP:"))?;
    Some(number_behind(tcp, " mem ")? * (page()? >> 10))
}

/// Bytes of a page of memory, in which the kernel counts.
pub(crate) fn page() -> Option<u64> {
    let kib = number_behind(&fs::read_to_string("/proc/self/smaps").ok()?, "KernelPageSize:")?;
    Some(kib << 10)
}

/// The load of this computer over the last minute.
pub(super) fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

fn number_behind(text: &str, name: &str) -> Option<u64> {
    let (_, rest) = text.split_once(name)?;
    rest.split_whitespace().next()?.parse().ok()
}
