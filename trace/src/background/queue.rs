use std::time::Duration;
use std::{io, mem};

/// A worker that found nothing to do this many times sleeps until it is woken.
const SILENT: u32 = 50;

const PATIENCE: Duration = Duration::from_secs(1);

/// Lines that are written together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    /// Where each line ends.
    pub(super) ends: Vec<usize>,
    /// How many were lost after the last of them.
    pub(super) lost: u64,
    /// Whether somebody waits until they are written.
    flush: bool,
}

impl Batch {
    /// Whether there is nothing to do for it.
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.lost == 0 && !self.flush
    }

    fn lines(&self) -> u64 {
        self.ends.len() as u64
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.lost = 0;
        self.flush = false;
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

/// The lines that wait to be written: all the rules, no thread.
///
/// After the first line that does not fit, everything is lost until the worker takes the batch.
/// So a gap is in one piece and lies at the end of a batch, which is where it is reported.
#[derive(Debug, Default)]
pub(super) struct Queue {
    batch: Batch,
    capacity: usize,
    pub(super) phase: Phase,
    /// How often in a row the worker found nothing.
    silent: u32,
    /// Batches that the worker took so far, and those it is done with.
    taken: u64,
    written: u64,
    /// Lines of the batch being written that are not out.
    writing: u64,
    /// Grows whenever the writer takes something, be it a part of a line.
    pub(super) steps: u64,
    /// How the last attempt to write ended.
    error: Option<io::ErrorKind>,
    closed: bool,
    /// How long the writer may take nothing before nobody waits for it any more.
    pub(super) patience: Duration,
    /// Lines lost so far, told or not.
    pub(super) lost: u64,
}

impl Queue {
    pub(super) fn new(batch: Batch, capacity: usize) -> Queue {
        Queue { batch, capacity, patience: PATIENCE, ..Queue::default() }
    }

    /// Takes the line or loses it. Whether the worker has to be woken: a lingering one for what
    /// cannot wait, a sleeping one for anything, and neither twice, because waking costs the
    /// caller more than all the rest.
    pub(super) fn push(&mut self, line: &[u8]) -> bool {
        if line.is_empty() {
            return false;
        }
        let room = self.capacity - self.batch.bytes.len();
        if self.phase == Phase::Gone || self.batch.lost > 0 || line.len() > room {
            self.batch.lost += 1;
            self.lost += 1;
        } else {
            self.batch.bytes.extend_from_slice(line);
            self.batch.ends.push(self.batch.bytes.len());
        }
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

    /// Asks that everything up to here is written. The number that `flushed` wants to know.
    pub(super) fn flush(&mut self) -> u64 {
        self.batch.flush = true;
        self.taken
    }

    /// How the flush of that number ended, if it has.
    pub(super) fn flushed(&self, flush: u64) -> Option<io::Result<()>> {
        if self.written > flush {
            return Some(self.error.map_or(Ok(()), |kind| Err(kind.into())));
        }
        (self.phase == Phase::Gone).then(|| Err(io::ErrorKind::BrokenPipe.into()))
    }

    /// Asks the worker to write what there is and to end.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.flush();
    }

    fn is_urgent(&self) -> bool {
        self.batch.flush || self.batch.lost > 0 || self.batch.bytes.len() > self.capacity / 2
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
    pub(super) fn take(&mut self, batch: &mut Batch) {
        batch.clear();
        mem::swap(&mut self.batch, batch);
        self.phase = Phase::Busy;
        self.silent = if batch.is_empty() { self.silent.saturating_add(1) } else { 0 };
        self.taken += 1;
        self.writing = batch.lines();
    }

    /// Learns that the writer took something, after which so many more lines are out.
    pub(super) fn step(&mut self, lines: u64) {
        self.writing -= lines;
        self.steps += 1;
    }

    /// Learns how writing the batch ended. Whether to go on.
    pub(super) fn wrote(&mut self, result: Result<(), io::ErrorKind>) -> bool {
        self.lost += mem::take(&mut self.writing);
        self.written = self.taken;
        self.error = result.err();
        let over = self.closed && self.batch.is_empty();
        self.error != Some(io::ErrorKind::BrokenPipe) && !over
    }

    /// Learns that nothing is written any more.
    pub(super) fn end(&mut self) {
        self.phase = Phase::Gone;
        self.lost += self.writing + self.batch.lines();
        self.batch = Batch::default();
    }
}

#[cfg(test)]
mod tests;
