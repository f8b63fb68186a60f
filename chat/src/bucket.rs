//! So much a second, and so much at once. Pure: whoever uses it tells it the time.

mod many;

use std::time::{Duration, Instant};

pub(crate) use self::many::Buckets;

/// A token bucket: it holds `burst` tokens, begins full, and is given `rate` a second.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// let mut bucket = chat::Bucket::new(2, 1);
/// let now = Instant::now();
/// assert_eq!(bucket.take(now, 1), Ok(()));
/// assert_eq!(bucket.take(now, 1), Err(Duration::from_millis(500)));
/// ```
#[derive(Clone, Debug)]
pub struct Bucket {
    rate: u64,
    burst: u64,
    /// When it is full again. That alone says how many tokens there are now.
    full: Option<Instant>,
}

impl Bucket {
    /// A full bucket. No rate is less than one a second, and no burst less than one.
    pub fn new(rate: u64, burst: u64) -> Self {
        Self { rate: rate.max(1), burst: burst.max(1), full: None }
    }

    /// Takes `n` tokens.
    ///
    /// More than the burst can be had as well: from a full bucket, which is then in debt.
    ///
    /// # Errors
    /// There are too few, and none is taken: how long it takes until there are enough.
    pub fn take(&mut self, now: Instant, n: u64) -> Result<(), Duration> {
        let room = self.time_for(self.burst - n.min(self.burst));
        let wait = self.missing(now).saturating_sub(room);
        if wait > Duration::ZERO {
            return Err(wait);
        }
        self.spend(now, n);
        Ok(())
    }

    /// Takes `n` tokens whether they are there or not, and says how long it takes until none is
    /// owed: for what has already come, such as bytes.
    pub fn spend(&mut self, now: Instant, n: u64) -> Duration {
        let missing = self.missing(now).saturating_add(self.time_for(n));
        self.full = now.checked_add(missing);
        missing.saturating_sub(self.time_for(self.burst))
    }

    /// Whether nothing was taken that has not come again.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.missing(now).is_zero()
    }

    /// The time until it is full.
    fn missing(&self, now: Instant) -> Duration {
        self.full.map_or(Duration::ZERO, |full| full.saturating_duration_since(now))
    }

    /// The time in which `n` tokens come, rounded up so that the rate is never exceeded.
    fn time_for(&self, n: u64) -> Duration {
        let nanos = (u128::from(n) * 1_000_000_000).div_ceil(u128::from(self.rate));
        Duration::from_nanos(nanos.try_into().unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_begins_full_and_fills_at_its_rate() {
        let (mut bucket, t) = (Bucket::new(10, 3), Instant::now());
        for _ in 0..3 {
            assert_eq!(bucket.take(t, 1), Ok(()));
        }
        assert_eq!(bucket.take(t, 1), Err(SECOND / 10));
        assert_eq!(bucket.take(t, 2), Err(SECOND / 5));
        assert_eq!(bucket.take(t + SECOND / 20, 1), Err(SECOND / 20));
        assert_eq!(bucket.take(t + SECOND / 10, 1), Ok(()));
        assert_eq!(bucket.take(t + SECOND / 10, 1), Err(SECOND / 10));
    }

    #[test]
    fn it_never_holds_more_than_its_burst() {
        let (mut bucket, t) = (Bucket::new(10, 3), Instant::now());
        assert_eq!(bucket.take(t, 3), Ok(()));
        let later = t + 100 * SECOND;
        assert_eq!(bucket.take(later, 3), Ok(()));
        assert_eq!(bucket.take(later, 1), Err(SECOND / 10));
    }

    #[test]
    fn a_refusal_costs_nothing() {
        let (mut bucket, t) = (Bucket::new(1, 1), Instant::now());
        assert_eq!(bucket.take(t, 1), Ok(()));
        for _ in 0..1_000 {
            assert_eq!(bucket.take(t, 1), Err(SECOND));
        }
        assert_eq!(bucket.take(t + SECOND, 1), Ok(()));
    }

    #[test]
    fn more_than_the_burst_is_had_from_a_full_one_and_owed() {
        let (mut bucket, t) = (Bucket::new(10, 5), Instant::now());
        assert_eq!(bucket.take(t, 1), Ok(()));
        assert_eq!(bucket.take(t, 20), Err(SECOND / 10));
        let full = t + SECOND / 10;
        assert_eq!(bucket.take(full, 20), Ok(()));
        assert_eq!(bucket.take(full, 1), Err(SECOND / 10 * 16));
    }

    #[test]
    fn what_has_come_is_spent_and_rested_for() {
        let (mut bucket, t) = (Bucket::new(1_000, 100), Instant::now());
        assert_eq!(bucket.spend(t, 100), Duration::ZERO);
        assert_eq!(bucket.spend(t, 250), SECOND / 4);
        assert_eq!(bucket.spend(t + SECOND / 4, 0), Duration::ZERO);
        assert_eq!(bucket.spend(t + SECOND / 4, 1), SECOND / 1_000);
    }

    #[test]
    fn the_rate_holds_over_a_long_time_whatever_is_taken_at_once() {
        for (rate, n) in [(3, 1), (7, 2), (1 << 20, 4_093)] {
            let (mut bucket, start) = (Bucket::new(rate, n), Instant::now());
            let (mut now, mut taken) = (start, 0);
            while now < start + 10 * SECOND {
                match bucket.take(now, n) {
                    Ok(()) => taken += n,
                    Err(wait) => now += wait,
                }
            }
            let most = rate * 10 + n;
            assert!(taken <= most && taken + 2 * n >= most, "{taken} of {most} at {rate} by {n}");
        }
    }

    #[test]
    fn extremes_do_not_panic() {
        let (mut bucket, t) = (Bucket::new(0, 0), Instant::now());
        assert_eq!(bucket.take(t, 0), Ok(()));
        assert_eq!(bucket.take(t, u64::MAX), Ok(()));
        assert!(bucket.take(t, 1).is_err());
        let mut bucket = Bucket::new(u64::MAX, u64::MAX);
        assert_eq!(bucket.spend(t, u64::MAX), Duration::ZERO);
        assert_eq!(bucket.spend(t, u64::MAX), SECOND);
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_gives_nothing() {
        let (mut bucket, t) = (Bucket::new(1, 1), Instant::now() + SECOND);
        assert_eq!(bucket.take(t, 1), Ok(()));
        assert_eq!(bucket.take(t - SECOND, 1), Err(2 * SECOND));
    }
}
