mod queue;
mod worker;

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::{fmt, io};

use crate::ledger::{self, Ledger};
use queue::{Batch, Phase, Queue};
use worker::Shared;

/// A writer that never makes its caller wait: another thread does the writing.
///
/// Made for [`new`](crate::new), but it serves everything that writes whole lines. It keeps these
/// promises:
///
/// - **Bounded.** At most `capacity_bytes` of lines wait, and as many are being written. Each
///   `write` is one line, kept or lost as a whole.
/// - **Exact.** A line that finds no room is lost, and so is every one after it until the worker
///   has taken what waits. Where they are missing, the output says `... 3 lost ...`: lines written
///   and losses told add up to the lines given. Lines that the writer fails to take are counted
///   and told in the same way.
/// - **Prompt.** A line is written within about 10 ms, sooner when half the capacity is used.
/// - **Nobody hangs.** A drop writes what is left and waits for it as long as the writer gets
///   anywhere; after about a second in which it took nothing, it is left to itself. `flush` waits
///   in the same way, and then is an error. A writer that panics, or that fails with
///   [`BrokenPipe`](io::ErrorKind::BrokenPipe) (standard output under `| head`), is not used
///   again: from then on everything is lost, and counted.
///
/// ```
/// use std::io::Write;
/// use trace::{Background, from_fn, new, trace};
///
/// # fn main() -> std::io::Result<()> {
/// let tracer = new(Background::new(std::io::sink(), 64 << 10)?);
/// trace!(tracer, "joined"; client = 7);
///
/// let lines = Background::new(std::io::sink(), 64 << 10)?;
/// let shout = from_fn(|event| {
///     let _ = writeln!(&lines, "{}", event.to_string().to_uppercase());
/// });
/// trace!(shout, "joined"; client = 7);
/// (&lines).flush()?;
/// assert_eq!(lines.lost(), 0);
/// # Ok(())
/// # }
/// ```
pub struct Background {
    shared: Arc<Shared>,
    worker: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts the thread that writes. Fails if there is no thread or no memory to be had.
    pub fn new(w: impl io::Write + Send + 'static, capacity_bytes: usize) -> io::Result<Self> {
        Self::with_report(w, capacity_bytes, ledger::report)
    }

    /// The same, for an output that is not plain lines: `report` makes the line, without its
    /// newline, that tells of so many lost ones.
    ///
    /// ```
    /// use trace::Background;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let report = |lost| format!("{{\"lost\":{lost}}}");
    /// let json = Background::with_report(std::io::sink(), 64 << 10, report)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_report(
        w: impl io::Write + Send + 'static,
        capacity_bytes: usize,
        report: impl Fn(u64) -> String + Send + 'static,
    ) -> io::Result<Self> {
        let mut batches = [Batch::default(), Batch::default()];
        for batch in &mut batches {
            batch.bytes.try_reserve_exact(capacity_bytes)?;
        }
        let [waiting, writing] = batches;
        let shared = Arc::new(Shared::new(Queue::new(waiting, capacity_bytes)));
        let worker = Arc::clone(&shared);
        let run = move || worker.run(Ledger::new(w, report), writing);
        let worker = thread::Builder::new().name("trace".to_owned()).spawn(run);
        worker.map(|worker| Background { shared, worker: Some(worker) })
    }

    /// How many lines were lost so far, told or not.
    pub fn lost(&self) -> u64 {
        self.shared.queue().lost
    }
}

impl io::Write for &Background {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.shared.queue().push(line) {
            self.shared.work.notify_one();
        }
        Ok(line.len())
    }

    /// One line, however many pieces it is formatted from.
    fn write_fmt(&mut self, line: fmt::Arguments<'_>) -> io::Result<()> {
        let mut text = String::new();
        fmt::write(&mut text, line).map_err(io::Error::other)?;
        self.write_all(text.as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut queue = self.shared.queue();
        let flush = queue.flush();
        self.shared.work.notify_one();
        let flushed = self.shared.wait(queue, |queue| queue.flushed(flush));
        flushed.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl io::Write for Background {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        (&*self).write(line)
    }

    fn write_fmt(&mut self, line: fmt::Arguments<'_>) -> io::Result<()> {
        (&*self).write_fmt(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.close();
        self.shared.work.notify_one();
        let gone = self.shared.wait(queue, |queue| (queue.phase == Phase::Gone).then_some(()));
        // A worker that hangs in its writer is left there.
        if let (Some(()), Some(worker)) = (gone, self.worker.take()) {
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background").field("lost", &self.lost()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::iter;
    use std::panic::resume_unwind;
    use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
    use std::time::{Duration, Instant};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Shows that it was called, and then hangs until the test lets go.
    struct Hanging {
        called: SyncSender<()>,
        let_go: Receiver<()>,
    }

    impl io::Write for Hanging {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.called.send(());
            let _ = self.let_go.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_writer_that_hangs_is_left_to_itself() {
        let ((called, calls), (let_go, hanging)) = (sync_channel(10), sync_channel(10));
        let w = Hanging { called, let_go: hanging };
        let mut lines = Background::new(w, 100).unwrap();
        lines.shared.queue().patience = Duration::from_millis(1);
        writeln!(lines, "one").unwrap();
        calls.recv_timeout(LONG).unwrap();
        assert_eq!(lines.flush().unwrap_err().kind(), io::ErrorKind::TimedOut);
        writeln!(lines, "two").unwrap();
        let shared = Arc::clone(&lines.shared);
        drop(lines);
        assert!(shared.queue().phase != Phase::Gone);
        drop(let_go);
        // It ends as soon as it can.
        calls.recv_timeout(LONG).unwrap();
        assert_eq!(calls.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
    }

    /// Takes everything, and panics when it is flushed or dropped.
    struct Brittle {
        flush: bool,
        drop: bool,
    }

    impl io::Write for Brittle {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            if self.flush { resume_unwind(Box::new("broken")) } else { Ok(()) }
        }
    }

    impl Drop for Brittle {
        fn drop(&mut self) {
            if self.drop {
                resume_unwind(Box::new("broken"));
            }
        }
    }

    #[test]
    fn a_worker_that_panics_says_so_to_those_who_wait() {
        for (w, end) in [
            (Brittle { flush: true, drop: false }, Err(io::ErrorKind::BrokenPipe)),
            (Brittle { flush: false, drop: true }, Ok(())),
        ] {
            let mut lines = Background::new(w, 100).unwrap();
            // Nobody gives up by himself.
            lines.shared.queue().patience = Duration::from_secs(3_600);
            let (answer, answers) = sync_channel(1);
            thread::spawn(move || {
                writeln!(lines, "one").unwrap();
                let answered = answer.send(lines.flush().map_err(|error| error.kind()));
                drop(lines);
                answered
            });
            assert_eq!(answers.recv_timeout(LONG), Ok(end));
            assert_eq!(answers.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
        }
    }

    #[test]
    fn a_worker_that_fell_asleep_wakes_for_a_line_a_flush_and_a_drop() {
        let (called, calls) = sync_channel(10);
        let let_go = sync_channel(1).1;
        let mut lines = Background::new(Hanging { called, let_go }, 100).unwrap();
        asleep(&lines);
        writeln!(lines, "one").unwrap();
        calls.recv_timeout(LONG).unwrap();
        asleep(&lines);
        lines.flush().unwrap();
        asleep(&lines);
        drop(lines);
        assert_eq!(calls.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
    }

    #[track_caller]
    fn asleep(lines: &Background) {
        let begun = Instant::now();
        let phases = iter::repeat_with(|| {
            thread::yield_now();
            lines.shared.queue().phase
        });
        let asleep = |phase| phase == Phase::Sleeps;
        assert!(phases.take_while(|_| begun.elapsed() < LONG).any(asleep));
    }
}
