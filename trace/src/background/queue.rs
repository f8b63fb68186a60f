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
mod tests {
    use super::*;

    /// A queue of ten bytes whose worker does what `phase` says.
    fn queue(phase: Phase) -> Queue {
        let mut queue = Queue::new(Batch::default(), 10);
        queue.phase = phase;
        queue
    }

    fn take(queue: &mut Queue) -> (String, u64, Orders) {
        let mut batch = Batch::default();
        let orders = queue.take(&mut batch);
        (String::from_utf8(batch.bytes).unwrap(), batch.lost, orders)
    }

    const NOTHING: Orders = Orders { flushes: 0, flush: false, close: false };

    #[test]
    fn lines_come_out_as_they_went_in() {
        let mut queue = queue(Phase::Busy);
        queue.push(b"one\n");
        queue.push(b"two\n");
        assert_eq!(take(&mut queue), ("one\ntwo\n".to_owned(), 0, NOTHING));
        assert_eq!(take(&mut queue), (String::new(), 0, NOTHING));
        assert_eq!(queue.lost(), 0);
    }

    #[test]
    fn a_batch_knows_its_lines() {
        let mut queue = queue(Phase::Busy);
        let mut batch = Batch::default();
        assert!(batch.is_empty());
        queue.push(b"one\n");
        queue.push(b"no end");
        queue.push(b"full");
        queue.take(&mut batch);
        assert_eq!((batch.ends.as_slice(), batch.lines(), batch.lost), (&[4, 10][..], 2, 1));
        assert!(!batch.is_empty());
        queue.take(&mut batch);
        assert!(batch.is_empty() && batch.bytes.is_empty() && batch.ends.is_empty());
        batch.lost = 1;
        assert!(!batch.is_empty());
    }

    #[test]
    fn it_holds_its_capacity_and_no_more() {
        let mut queue = queue(Phase::Busy);
        queue.push(b"123456789\n");
        queue.push(b"\n");
        assert_eq!(take(&mut queue), ("123456789\n".to_owned(), 1, NOTHING));
        queue.push(b"1234567890\n");
        assert_eq!(take(&mut queue), (String::new(), 1, NOTHING));
        assert_eq!(queue.lost(), 2);
    }

    #[test]
    fn a_gap_is_in_one_piece() {
        let mut queue = queue(Phase::Busy);
        queue.push(b"1234\n");
        queue.push(b"too long\n");
        queue.push(b"fits\n");
        assert_eq!(take(&mut queue), ("1234\n".to_owned(), 2, NOTHING));
        queue.push(b"fits\n");
        assert_eq!(take(&mut queue), ("fits\n".to_owned(), 0, NOTHING));
    }

    #[test]
    fn nothing_is_not_a_line() {
        let mut queue = queue(Phase::Sleeps);
        assert!(!queue.push(b""));
        queue.push(b"much too long");
        queue.push(b"");
        assert_eq!(take(&mut queue), (String::new(), 1, NOTHING));
    }

    #[test]
    fn a_busy_worker_is_not_woken() {
        let mut queue = queue(Phase::Busy);
        let woken =
            [queue.push(b"12345678\n"), queue.push(b"lost\n"), queue.flush().1, queue.close()];
        assert_eq!(woken, [false; 4]);
    }

    #[test]
    fn a_sleeping_worker_is_woken_once_for_anything() {
        let mut sleeping = queue(Phase::Sleeps);
        assert_eq!(
            [sleeping.push(b"a\n"), sleeping.push(b"b\n"), sleeping.flush().1],
            [true, false, false]
        );
        assert!(queue(Phase::Sleeps).flush().1);
        assert!(queue(Phase::Sleeps).close());
    }

    #[test]
    fn a_lingering_worker_is_woken_for_what_cannot_wait() {
        let mut lingering = queue(Phase::Lingers);
        let woken = [&b"1234\n"[..], b"6", b"7"].map(|line| lingering.push(line));
        assert_eq!(woken, [false, true, false], "more than half full");
        let mut lingering = queue(Phase::Lingers);
        assert!(lingering.push(b"much too long"));
        assert!(queue(Phase::Lingers).flush().1);
        assert!(queue(Phase::Lingers).close());
    }

    #[test]
    fn the_worker_rests_when_nothing_is_urgent() {
        let mut queue = queue(Phase::Busy);
        assert_eq!(queue.rest(), Phase::Lingers);
        queue.push(b"1234\n");
        assert_eq!(queue.rest(), Phase::Lingers);
        queue.push(b"6");
        assert_eq!(queue.rest(), Phase::Busy);
        take(&mut queue);
        assert_eq!(queue.rest(), Phase::Lingers);
        queue.flush();
        assert_eq!(queue.rest(), Phase::Busy);
        let (_, _, orders) = take(&mut queue);
        queue.wrote(&Batch::default(), orders, 0, Ok(()));
        assert_eq!(queue.rest(), Phase::Lingers);
        queue.close();
        assert_eq!(queue.rest(), Phase::Busy);
    }

    #[test]
    fn the_worker_sleeps_only_after_silence() {
        let mut queue = queue(Phase::Busy);
        for _ in 0..SILENT {
            assert_eq!(queue.rest(), Phase::Lingers);
            take(&mut queue);
        }
        assert_eq!(queue.rest(), Phase::Sleeps);
        queue.push(b"a\n");
        assert_eq!(queue.rest(), Phase::Lingers, "something came before it slept");
        take(&mut queue);
        take(&mut queue);
        assert_eq!(queue.rest(), Phase::Lingers, "it was silent again only once");
    }

    #[test]
    fn taking_makes_the_worker_busy() {
        let mut queue = queue(Phase::Lingers);
        take(&mut queue);
        assert_eq!(queue.phase, Phase::Busy);
    }

    #[test]
    fn a_flush_is_answered_after_its_batch() {
        let mut queue = queue(Phase::Busy);
        let (one, _) = queue.flush();
        assert!(queue.flushed(one).is_none());
        let (_, _, orders) = take(&mut queue);
        assert_eq!(orders, Orders { flushes: 1, flush: true, close: false });
        let (two, _) = queue.flush();
        assert!(queue.wrote(&Batch::default(), orders, 0, Ok(())));
        assert!(queue.flushed(one).is_some_and(|end| end.is_ok()));
        assert!(queue.flushed(two).is_none(), "asked after the batch was taken");
        let (_, _, orders) = take(&mut queue);
        queue.wrote(&Batch::default(), orders, 0, Err(io::ErrorKind::StorageFull));
        let error = queue.flushed(two).unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(take(&mut queue).2, Orders { flushes: 2, flush: false, close: false });
    }

    #[test]
    fn a_worker_told_to_close_ends() {
        let mut queue = queue(Phase::Busy);
        queue.close();
        let (_, _, orders) = take(&mut queue);
        assert!(orders.close);
        assert!(!queue.wrote(&Batch::default(), orders, 0, Ok(())));
    }

    #[test]
    fn a_closed_pipe_ends_the_worker() {
        let mut queue = queue(Phase::Busy);
        assert!(!queue.wrote(&Batch::default(), NOTHING, 0, Err(io::ErrorKind::BrokenPipe)));
    }

    /// Writes a batch of one line, of which `out` got out.
    fn wrote_one(queue: &mut Queue, out: u64, result: Result<(), io::ErrorKind>) -> bool {
        queue.push(b"a\n");
        let mut batch = Batch::default();
        let orders = queue.take(&mut batch);
        queue.wrote(&batch, orders, out, result)
    }

    #[test]
    fn only_failures_in_a_row_end_the_worker() {
        let full = Err(io::ErrorKind::StorageFull);
        let mut queue = queue(Phase::Busy);
        for end in [(1, full), (0, Ok(()))] {
            for _ in 1..FAILURES {
                assert!(wrote_one(&mut queue, 0, full));
            }
            assert!(wrote_one(&mut queue, end.0, end.1));
        }
        for _ in 1..FAILURES {
            assert!(wrote_one(&mut queue, 0, full));
        }
        assert!(!wrote_one(&mut queue, 0, full));
    }

    #[test]
    fn lines_that_were_not_written_are_lost() {
        let mut queue = queue(Phase::Busy);
        queue.push(b"a\n");
        queue.push(b"b\n");
        let mut batch = Batch::default();
        let orders = queue.take(&mut batch);
        assert!(queue.wrote(&batch, orders, 1, Err(io::ErrorKind::Other)));
        assert_eq!(queue.lost(), 1);
        assert!(wrote_one(&mut queue, 0, Err(io::ErrorKind::Other)));
        assert_eq!(queue.lost(), 2);
    }

    #[test]
    fn after_the_end_everything_is_lost() {
        let mut queue = queue(Phase::Lingers);
        assert!(wrote_one(&mut queue, 0, Err(io::ErrorKind::Other)));
        for _ in 0..5 {
            queue.push(b"ab\n");
        }
        assert_eq!(queue.lost(), 1 + 2, "failed, and no room for two");
        assert!(!queue.is_gone());
        queue.end(1);
        assert!(queue.is_gone());
        assert_eq!(queue.lost(), 6 - 1, "all but the one that was out");
        assert!(!queue.push(b"c\n") && !queue.close());
        assert_eq!(queue.lost(), 6);
        let (flush, wake) = queue.flush();
        assert!(!wake);
        let error = queue.flushed(flush).unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(queue.batch.bytes.capacity(), 0, "the memory is given back");
    }
}
