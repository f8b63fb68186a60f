use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::queue::{Batch, Phase, Queue};
use crate::ledger::Ledger;

/// How long a line may wait for others to be written together with.
const LINGER: Duration = Duration::from_millis(10);

/// What the worker and those who write to it share.
#[derive(Default)]
pub(super) struct Shared {
    /// Held to copy a line, never while anything is written.
    queue: Mutex<Queue>,
    /// The worker waits here for something to do.
    pub(super) work: Condvar,
    /// Those who flush or drop wait here for the worker.
    done: Condvar,
}

impl Shared {
    pub(super) fn new(queue: Queue) -> Shared {
        Shared { queue: Mutex::new(queue), ..Shared::default() }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        // No foreign code runs under the lock, so a panic cannot leave the queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that the worker does, on its own thread.
    pub(super) fn run<W: io::Write>(&self, mut ledger: Ledger<W>, mut batch: Batch) {
        let work = move || {
            loop {
                self.take(&mut batch);
                if !self.write(&mut ledger, &batch) {
                    return;
                }
            }
        };
        // A writer may panic when it writes and when it is dropped. Either is its end.
        let _ = catch_unwind(AssertUnwindSafe(work));
        self.queue().end();
        self.done.notify_all();
    }

    /// Waits for the next batch.
    fn take(&self, batch: &mut Batch) {
        let mut queue = self.queue();
        let phase = queue.rest();
        if phase == Phase::Lingers {
            let waited = self.work.wait_timeout(queue, LINGER);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        } else if phase == Phase::Sleeps {
            queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.take(batch);
    }

    /// Writes one batch. Whether to go on.
    fn write<W: io::Write>(&self, ledger: &mut Ledger<W>, batch: &Batch) -> bool {
        if batch.is_empty() {
            return true;
        }
        let step = |lines| self.queue().step(lines);
        let written = ledger.write(&batch.bytes, &batch.ends, step);
        ledger.untold += batch.lost;
        let told = written.and_then(|()| ledger.write(b"", &[], step));
        let flushed = told.and_then(|()| ledger.w.flush());
        let go_on = self.queue().wrote(flushed.map_err(|error| error.kind()));
        self.done.notify_all();
        go_on
    }

    /// Waits until the worker has done something, as long as it gets anywhere.
    pub(super) fn wait<T>(
        &self,
        mut queue: MutexGuard<'_, Queue>,
        done: impl Fn(&mut Queue) -> Option<T>,
    ) -> Option<T> {
        loop {
            let (steps, patience) = (queue.steps, queue.patience);
            let waited =
                self.done.wait_timeout_while(queue, patience, |queue| done(queue).is_none());
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
            let found = done(&mut queue);
            if found.is_some() || queue.steps == steps {
                return found;
            }
        }
    }
}

#[cfg(test)]
mod tests;
