use std::{io, mem};

/// A worker that found nothing to do this many times sleeps until it is woken.
const SILENT: u32 = 50;

/// A writer that took nothing this many times in a row is given up.
const FAILURES: u32 = 100;

/// Lines that are written together, and how many were lost after the last of them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    /// Where each line ends.
    pub(super) ends: Vec<usize>,
    pub(super) lost: u64,
}

impl Batch {
    pub(super) fn lines(&self) -> u64 {
        self.ends.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.lost == 0
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.lost = 0;
    }
}

/// What the worker is doing, as far as those who might wake it need to know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Phase {
    /// It looks at the queue again before it waits.
    #[default]
    Busy,
    /// It looks again in a moment by itself.
    Lingers,
    /// It waits to be woken.
    Sleeps,
    /// It has ended, and nothing is written any more.
    Gone,
}

/// What the worker has to do besides writing the batch it took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Orders {
    /// Flushes asked for so far; those up to here can be answered after this batch.
    pub(super) flushes: u64,
    pub(super) flush: bool,
    pub(super) close: bool,
}

/// The lines that wait to be written: all the rules, no thread.
///
/// After the first line that does not fit, everything is lost until the worker takes the batch.
/// So a gap is in one piece and lies at the end of a batch, which is where it is reported.
#[derive(Debug, Default)]
pub(super) struct Queue {
    batch: Batch,
    capacity: usize,
    phase: Phase,
    /// How often in a row the worker found nothing.
    silent: u32,
    /// How often in a row the writer took nothing.
    failures: u32,
    asked: u64,
    flushed: u64,
    /// How the last attempt to write ended.
    error: Option<io::ErrorKind>,
    closed: bool,
    accepted: u64,
    refused: u64,
    /// Accepted, and then not written.
    failed: u64,
}

impl Queue {
    pub(super) fn new(batch: Batch, capacity: usize) -> Queue {
        Queue { batch, capacity, ..Queue::default() }
    }

    /// Takes the line or loses it. Whether the worker has to be woken.
    pub(super) fn push(&mut self, line: &[u8]) -> bool {
        if line.is_empty() {
            return false;
        }
        if self.phase == Phase::Gone {
            self.refused += 1;
        } else if self.batch.lost > 0 || line.len() > self.capacity - self.batch.bytes.len() {
            self.batch.lost += 1;
            self.refused += 1;
        } else {
            self.batch.bytes.extend_from_slice(line);
            self.batch.ends.push(self.batch.bytes.len());
            self.accepted += 1;
        }
        self.wake()
    }

    /// Asks that everything up to here is written. The number that `flushed` wants to know, and
    /// whether the worker has to be woken.
    pub(super) fn flush(&mut self) -> (u64, bool) {
        self.asked += 1;
        (self.asked, self.wake())
    }

    /// How the flush of that number ended, if it has.
    pub(super) fn flushed(&self, flush: u64) -> Option<io::Result<()>> {
        if self.flushed >= flush {
            return Some(self.error.map_or(Ok(()), |kind| Err(kind.into())));
        }
        self.is_gone().then(|| Err(io::ErrorKind::BrokenPipe.into()))
    }

    /// Asks the worker to write what there is and to end. Whether it has to be woken.
    pub(super) fn close(&mut self) -> bool {
        self.closed = true;
        self.wake()
    }

    pub(super) fn is_gone(&self) -> bool {
        self.phase == Phase::Gone
    }

    #[cfg(test)]
    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Lines lost so far, told or not.
    pub(super) fn lost(&self) -> u64 {
        self.refused + self.failed
    }

    /// A lingering worker is woken for what cannot wait, a sleeping one for anything, and neither
    /// is woken twice: waking costs the caller more than all the rest.
    fn wake(&mut self) -> bool {
        let wake = match self.phase {
            Phase::Busy | Phase::Gone => false,
            Phase::Lingers => self.is_urgent(),
            Phase::Sleeps => true,
        };
        if wake {
            self.phase = Phase::Busy;
        }
        wake
    }

    fn is_urgent(&self) -> bool {
        let half_full = self.batch.bytes.len() > self.capacity / 2;
        half_full || self.batch.lost > 0 || self.asked > self.flushed || self.closed
    }

    /// What the worker does now. It says so before it does it.
    pub(super) fn rest(&mut self) -> Phase {
        self.phase = if self.is_urgent() {
            Phase::Busy
        } else if self.silent >= SILENT && self.batch.is_empty() {
            Phase::Sleeps
        } else {
            Phase::Lingers
        };
        self.phase
    }

    /// Gives the worker all that waits, in exchange for a batch it is done with.
    pub(super) fn take(&mut self, batch: &mut Batch) -> Orders {
        self.phase = Phase::Busy;
        batch.clear();
        mem::swap(&mut self.batch, batch);
        self.silent = if batch.is_empty() { self.silent.saturating_add(1) } else { 0 };
        let flush = self.asked > self.flushed;
        Orders { flushes: self.asked, flush, close: self.closed }
    }

    /// Learns how writing a batch ended and how many of its lines are out. Whether to go on.
    pub(super) fn wrote(
        &mut self,
        batch: &Batch,
        orders: Orders,
        out: u64,
        result: Result<(), io::ErrorKind>,
    ) -> bool {
        self.failed += batch.lines() - out;
        self.flushed = orders.flushes;
        self.error = result.err();
        self.failures = if result.is_ok() || out > 0 { 0 } else { self.failures + 1 };
        let dead = self.error == Some(io::ErrorKind::BrokenPipe) || self.failures == FAILURES;
        !dead && !orders.close
    }

    /// Learns that nothing is written any more, and how many lines were in all.
    pub(super) fn end(&mut self, out: u64) {
        self.phase = Phase::Gone;
        self.failed = self.accepted - out;
        self.batch = Batch::default();
    }
}

#[cfg(test)]
mod tests;
