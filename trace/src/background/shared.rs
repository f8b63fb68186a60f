use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::queue::{Batch, Orders, Phase, Queue};

/// How long a line may wait for others to be written together with.
const LINGER: Duration = Duration::from_millis(10);

/// What the worker and those who write to it share.
pub(super) struct Shared {
    /// Held to copy a line, never while anything is written.
    queue: Mutex<Queue>,
    /// The worker waits here for something to do.
    pub(super) work: Condvar,
    /// Those who flush or drop wait here for the worker.
    pub(super) done: Condvar,
    /// Lines that are out.
    pub(super) out: AtomicU64,
    /// Grows whenever the writer takes something, be it a part of a line.
    pub(super) steps: AtomicU64,
    /// How long the writer may take nothing before nobody waits for it any more.
    patience: Duration,
}

impl Shared {
    pub(super) fn new(queue: Queue, patience: Duration) -> Shared {
        Shared {
            queue: Mutex::new(queue),
            work: Condvar::new(),
            done: Condvar::new(),
            out: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            patience,
        }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        // No foreign code runs under the lock, so a panic cannot leave the queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The worker's wait for its next batch.
    pub(super) fn take(&self, batch: &mut Batch) -> Orders {
        let mut queue = self.queue();
        let phase = queue.rest();
        if phase == Phase::Lingers {
            let waited = self.work.wait_timeout(queue, LINGER);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        } else if phase == Phase::Sleeps {
            queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.take(batch)
    }

    /// Waits for the worker, as long as it gets somewhere.
    pub(super) fn wait<'a>(
        &self,
        mut queue: MutexGuard<'a, Queue>,
        done: impl Fn(&Queue) -> bool,
    ) -> MutexGuard<'a, Queue> {
        loop {
            let steps = self.steps.load(Relaxed);
            let waited = self.done.wait_timeout_while(queue, self.patience, |queue| !done(queue));
            let (back, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = back;
            if !timeout.timed_out() || self.steps.load(Relaxed) == steps {
                return queue;
            }
        }
    }
}

/// Says that the worker has ended, however it did.
pub(super) struct Gone(pub(super) Arc<Shared>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.queue().end(self.0.out.load(Relaxed));
        self.0.done.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::time::Instant;
    use std::{iter, thread};

    use super::*;

    #[test]
    fn waiting_goes_on_while_the_writer_takes_something() {
        let shared = Shared::new(Queue::default(), Duration::from_millis(1));
        let looks = AtomicU64::new(0);
        let slow = |_: &Queue| {
            shared.steps.fetch_add(1, Relaxed);
            looks.fetch_add(1, Relaxed) == 10
        };
        drop(shared.wait(shared.queue(), slow));
        assert_eq!(looks.load(Relaxed), 11);
    }

    #[test]
    fn waiting_ends_when_the_writer_takes_nothing() {
        let shared = Shared::new(Queue::default(), Duration::from_millis(1));
        let waited = AtomicBool::new(false);
        drop(shared.wait(shared.queue(), |_| {
            waited.store(true, Relaxed);
            false
        }));
        assert!(waited.load(Relaxed));
    }

    #[test]
    fn a_worker_with_nothing_urgent_waits_before_it_looks_again() {
        let queue = Queue::new(Batch::default(), 100);
        let shared = Arc::new(Shared::new(queue, Duration::ZERO));
        let worker = Arc::clone(&shared);
        let work = thread::spawn(move || {
            let mut close = false;
            while !close {
                // Never silent, so that it never sleeps.
                worker.queue().push(b"a");
                close = worker.take(&mut Batch::default()).close;
            }
        });
        // Nobody could see this if the worker did not let go of the queue.
        let begun = Instant::now();
        let phases = iter::repeat_with(|| {
            thread::yield_now();
            shared.queue().phase()
        });
        let seen = phases
            .take_while(|_| begun.elapsed() < Duration::from_secs(20))
            .any(|phase| phase == Phase::Lingers);
        shared.queue().close();
        work.join().unwrap();
        assert!(seen);
    }
}
