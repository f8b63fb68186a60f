//! One case, measured in this process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::sink;

/// How often and how long, and what came out.
pub struct Run {
    pub chunks: usize,
    pub events: u64,
    /// The time of each chunk.
    pub times: Vec<Duration>,
    /// Whether the lines are expected at the sink.
    pub writes: bool,
}

impl Run {
    /// Measures a way to trace the event of number `i`.
    ///
    /// Nothing waits for a thread that writes while the clock runs: that is what such threads are
    /// for, and latency has its own measurement.
    pub fn events(&mut self, mut event: impl FnMut(u64)) {
        let mut bytes = 0;
        // The first chunk warms up.
        for chunk in 0..=self.chunks {
            let begun = Instant::now();
            let took = if chunk == 0 {
                (0..self.events).for_each(&mut event);
                None
            } else {
                every_event(self.events, &mut event);
                Some(begun.elapsed())
            };
            self.times.extend(took);
            if self.writes {
                bytes += self.bytes();
                sink::await_bytes(bytes);
            }
        }
    }

    /// How long the lines of a chunk are at least.
    fn bytes(&self) -> u64 {
        (0..self.events).map(|i| format!("message {i} from ann\n").len() as u64).sum()
    }
}

/// What is counted under callgrind, which knows it by this name.
#[inline(never)]
fn every_event(events: u64, event: &mut impl FnMut(u64)) {
    for i in 0..events {
        event(black_box(i));
    }
}
