//! Many durations in little memory.

use std::time::Duration;

/// How many durations there were of each size, to 1 in 64. 32 KiB, whatever comes.
#[derive(Clone, Debug)]
pub(super) struct Times {
    counts: Vec<u64>,
    total: u64,
    longest: Duration,
}

/// Steps between one power of two and the next.
const STEPS: u64 = 64;

impl Default for Times {
    fn default() -> Self {
        Self { counts: vec![0; 64 * STEPS as usize], total: 0, longest: Duration::ZERO }
    }
}

impl Times {
    pub(super) fn add(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.counts[step(nanos)] += 1;
        self.total += 1;
        self.longest = self.longest.max(time);
    }

    /// How long it took at most for so many per mille of them; `None` if there were none.
    pub(super) fn per_mille(&self, per_mille: u64) -> Option<Duration> {
        let rank = (self.total * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(Duration::from_nanos(most(at)).min(self.longest))
    }

    pub(super) fn longest(&self) -> Duration {
        self.longest
    }
}

/// Below 64 each number is a step of its own; above, the 6 bits behind the first count.
fn step(nanos: u64) -> usize {
    let above = u64::from(nanos.checked_ilog2().unwrap_or(0).saturating_sub(6));
    (above * STEPS + (nanos >> above)) as usize
}

/// The largest number of a step.
fn most(step: usize) -> u64 {
    let step = step as u64;
    let above = (step / STEPS).saturating_sub(1);
    (((step - above * STEPS) + 1) << above).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_has_a_step_and_steps_follow_each_other() {
        let mut before = None;
        for nanos in (0..10_000).chain((14..64).flat_map(|bit| [(1 << bit) - 1, 1 << bit])) {
            let at = step(nanos);
            assert!(most(at) >= nanos && most(at) - nanos <= nanos / 32, "{nanos}: {at}");
            assert!(before.is_none_or(|before| at >= before), "{nanos}");
            before = Some(at);
        }
        assert_eq!(most(step(u64::MAX)), u64::MAX);
    }

    #[test]
    fn so_many_per_mille() {
        let mut times = Times::default();
        assert_eq!(times.per_mille(500), None);
        for nanos in 1..=50 {
            times.add(Duration::from_nanos(nanos));
        }
        for (per_mille, nanos) in [(0, 1), (20, 1), (500, 25), (980, 49), (990, 50), (1000, 50)] {
            assert_eq!(
                times.per_mille(per_mille),
                Some(Duration::from_nanos(nanos)),
                "{per_mille}"
            );
        }
        // No longer than the longest was, though its step goes on.
        times.add(Duration::from_nanos(1000));
        assert_eq!(times.per_mille(1000), Some(Duration::from_nanos(1000)));
        assert_eq!(times.longest(), Duration::from_nanos(1000));
    }
}
