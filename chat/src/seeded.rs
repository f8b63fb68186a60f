//! What a simulated run has instead of chance, of the time of day and of the start of the computer:
//! on its own thread they follow from a seed. In no other build.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use crate::entry::Timestamp;

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
    static BOOT: Cell<Option<u64>> = const { Cell::new(None) };
}

struct Run {
    lot: Lot,
    elapsed: Duration,
}

/// From here on this thread draws its lots from `seed`.
pub(crate) fn begin(seed: u64) {
    RUN.set(Some(Run { lot: Lot::new(seed), elapsed: Duration::ZERO }));
    boot(1);
}

/// So much of the run has passed.
pub(crate) fn elapsed(elapsed: Duration) {
    RUN.with_borrow_mut(|run| run.as_mut().expect("it has begun").elapsed = elapsed);
}

/// The computer has been started so often.
pub(crate) fn boot(count: u64) {
    BOOT.set(Some(count));
}

/// Fills with what looks like chance, if this thread is a run.
pub(crate) fn fill(random: &mut [u8]) -> bool {
    RUN.with_borrow_mut(|run| {
        let Some(run) = run else { return false };
        random.fill_with(|| run.lot.draw() as u8);
        true
    })
}

/// The time of day of a run: it begins in the morning of 2026-01-01.
pub(crate) fn wall() -> Option<Timestamp> {
    let begin = 1_767_258_000_000;
    RUN.with_borrow(|run| Some(Timestamp(begin + run.as_ref()?.elapsed.as_millis() as u64)))
}

/// Which start of the computer this is.
pub(crate) fn boot_id() -> Option<String> {
    BOOT.get().map(|count| format!("boot-{count}"))
}

/// Numbers that follow from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Lot(u64);

impl Lot {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of the numbers below.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }

    /// True once in so many.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A time in milliseconds from the first to below the second.
    pub(crate) fn ms(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}
