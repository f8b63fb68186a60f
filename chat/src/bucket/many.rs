//! A bucket for each of many.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use super::Bucket;

/// Buckets that are all alike, one for each key. One that is full again is as good as none, so
/// there are never more than `most`; if that many are not full they are all forgotten, which costs
/// the rates of a moment and not the server.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    new: Bucket,
    most: usize,
    used: HashMap<K, Bucket>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// Full ones, at most `most` of which are known at once.
    pub(crate) fn new(each: Bucket, most: usize) -> Self {
        Self { new: each, most, used: HashMap::new() }
    }

    /// Takes `n` tokens of the bucket of `key`.
    ///
    /// # Errors
    /// There are too few, and none is taken: how long it takes until there are enough.
    pub(crate) fn take(&mut self, now: Instant, key: K, n: u64) -> Result<(), Duration> {
        if self.used.len() >= self.most && !self.used.contains_key(&key) {
            self.forget(now);
        }
        self.used.entry(key).or_insert_with(|| self.new.clone()).take(now, n)
    }

    /// Makes room for half of what there may be, so that it is not asked for at every key.
    fn forget(&mut self, now: Instant) {
        self.used.retain(|_, bucket| !bucket.is_full(now));
        if self.used.len() > self.most / 2 {
            self.used.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn buckets(most: usize) -> (Buckets<u32>, Instant) {
        (Buckets::new(Bucket::new(1, 2), most), Instant::now())
    }

    #[test]
    fn each_key_has_its_own() {
        let (mut buckets, t) = buckets(9);
        assert_eq!(buckets.take(t, 1, 2), Ok(()));
        assert_eq!(buckets.take(t, 1, 1), Err(SECOND));
        assert_eq!(buckets.take(t, 2, 2), Ok(()));
        assert_eq!(buckets.take(t + SECOND, 1, 1), Ok(()));
        assert_eq!(buckets.take(t + SECOND, 1, 1), Err(SECOND));
    }

    #[test]
    fn those_that_are_full_again_are_forgotten_first() {
        let (mut buckets, t) = buckets(4);
        for key in 0..3 {
            assert_eq!(buckets.take(t, key, 1), Ok(()));
        }
        let later = t + SECOND;
        assert_eq!(buckets.take(later, 3, 2), Ok(()));
        assert_eq!(buckets.take(later, 4, 2), Ok(()));
        assert_eq!(buckets.used.len(), 2);
        assert!(buckets.take(later, 3, 1).is_err() && buckets.take(later, 4, 1).is_err());
    }

    #[test]
    fn there_are_never_more_than_there_may_be() {
        for most in [0, 1, 2, 7] {
            let (mut buckets, t) = buckets(most);
            for key in 0..100 {
                assert_eq!(buckets.take(t, key, 2), Ok(()));
                assert!(buckets.used.len() <= most.max(1), "{most}");
            }
        }
    }

    #[test]
    fn one_that_is_known_makes_nobody_forgotten() {
        let (mut buckets, t) = buckets(2);
        assert_eq!((buckets.take(t, 1, 2), buckets.take(t, 2, 2)), (Ok(()), Ok(())));
        assert!(buckets.take(t, 1, 1).is_err() && buckets.take(t, 2, 1).is_err());
    }
}
