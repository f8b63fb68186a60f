use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::queue::{Batch, Orders};
use super::shared::Shared;
use crate::write::Out;

/// About how much is written at once. A batch goes out in several steps, so that a slow writer
/// can be told from one that hangs.
const PIECE: usize = 4096;

/// Writes what the queue holds, batch by batch, on its own thread.
pub(super) struct Worker<W, R> {
    shared: Arc<Shared>,
    out: Out<W>,
    report: R,
    /// Losses that the output does not tell of yet.
    untold: u64,
}

impl<W: io::Write, R: Fn(u64) -> String> Worker<W, R> {
    pub(super) fn new(shared: Arc<Shared>, w: W, report: R) -> Worker<W, R> {
        Worker { shared, out: Out::new(w), report, untold: 0 }
    }

    pub(super) fn run(mut self, mut batch: Batch) {
        loop {
            let orders = self.shared.take(&mut batch);
            if !self.turn(&batch, orders) {
                return;
            }
        }
    }

    /// Writes one batch. Whether to go on.
    pub(super) fn turn(&mut self, batch: &Batch, orders: Orders) -> bool {
        if batch.is_empty() && !orders.flush && !orders.close {
            return true;
        }
        let before = self.shared.out.load(Relaxed);
        let told = self.tell();
        let written = told.and_then(|()| self.lines(batch));
        let out = self.shared.out.load(Relaxed) - before;
        self.untold += batch.lines() - out + batch.lost;
        let result = written.and_then(|()| self.tell()).and_then(|()| self.out.w.flush());
        let result = result.map_err(|error| error.kind());
        let go_on = self.shared.queue().wrote(batch, orders, out, result);
        self.shared.done.notify_all();
        go_on
    }

    fn lines(&mut self, batch: &Batch) -> io::Result<()> {
        let before = self.shared.out.load(Relaxed);
        let mut start = 0;
        for piece in batch.ends.chunk_by(|a, b| a / PIECE == b / PIECE) {
            let end = piece[piece.len() - 1];
            self.out.send(&batch.bytes[start..end], |bytes| {
                let out = batch.ends.partition_point(|end| *end <= start + bytes);
                self.shared.out.store(before + out as u64, Relaxed);
                self.shared.steps.fetch_add(1, Relaxed);
            })?;
            start = end;
        }
        Ok(())
    }

    fn tell(&mut self) -> io::Result<()> {
        if self.untold == 0 {
            return Ok(());
        }
        let line = (self.report)(self.untold) + "\n";
        self.out.send(line.as_bytes(), |bytes| {
            self.shared.steps.fetch_add(1, Relaxed);
            if bytes == line.len() {
                self.untold = 0;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::queue::Queue;
    use super::*;
    use crate::write;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Take(usize),
        Fail,
        Hangup,
    }

    use Step::{Fail, Hangup, Take};

    /// Follows its script, and then takes everything.
    #[derive(Clone, Default)]
    struct Scripted(Arc<Mutex<(VecDeque<Step>, Vec<String>)>>);

    impl Scripted {
        fn lock(&self) -> std::sync::MutexGuard<'_, (VecDeque<Step>, Vec<String>)> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl io::Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (script, calls) = &mut *self.lock();
            let taken = match script.pop_front() {
                None => bytes.len(),
                Some(Take(most)) => most.min(bytes.len()),
                Some(Fail) => return Err(io::ErrorKind::StorageFull.into()),
                Some(Hangup) => return Err(io::ErrorKind::BrokenPipe.into()),
            };
            calls.push(String::from_utf8_lossy(&bytes[..taken]).into_owned());
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.lock().1.push("flush".to_owned());
            Ok(())
        }
    }

    /// A queue and its worker, run by hand.
    struct Bench {
        shared: Arc<Shared>,
        worker: Worker<Scripted, fn(u64) -> String>,
        w: Scripted,
        batch: Batch,
    }

    impl Bench {
        fn new(capacity: usize, script: &[Step]) -> Bench {
            let shared =
                Arc::new(Shared::new(Queue::new(Batch::default(), capacity), Duration::ZERO));
            let w = Scripted::default();
            w.lock().0 = script.iter().copied().collect();
            let worker = Worker::new(Arc::clone(&shared), w.clone(), write::report as _);
            Bench { shared, worker, w, batch: Batch::default() }
        }

        fn push(&self, lines: &[&str]) {
            lines.iter().for_each(|line| _ = self.shared.queue().push(line.as_bytes()));
        }

        fn turn(&mut self) -> bool {
            let orders = self.shared.queue().take(&mut self.batch);
            self.worker.turn(&self.batch, orders)
        }

        fn calls(&self) -> Vec<String> {
            std::mem::take(&mut self.w.lock().1)
        }
    }

    #[test]
    fn a_batch_is_written_at_once_and_flushed() {
        let mut bench = Bench::new(100, &[]);
        bench.push(&["one\n", "two\n"]);
        assert!(bench.turn());
        assert_eq!(bench.calls(), ["one\ntwo\n", "flush"]);
        assert_eq!(bench.shared.out.load(Relaxed), 2);
    }

    #[test]
    fn nothing_to_do_is_not_a_call() {
        let mut bench = Bench::new(100, &[]);
        assert!(bench.turn());
        assert_eq!(bench.calls(), [""; 0]);
        bench.shared.queue().flush();
        assert!(bench.turn());
        assert_eq!(bench.calls(), ["flush"]);
        bench.shared.queue().close();
        assert!(!bench.turn());
        assert_eq!(bench.calls(), ["flush"]);
    }

    #[test]
    fn a_loss_is_told_where_it_happened() {
        let mut bench = Bench::new(10, &[]);
        bench.push(&["one\n", "two\n", "three\n", "4\n"]);
        assert!(bench.turn());
        bench.push(&["five\n"]);
        assert!(bench.turn());
        let calls = ["one\ntwo\n", "... 2 lost ...\n", "flush", "five\n", "flush"];
        assert_eq!(bench.calls(), calls);
    }

    #[test]
    fn a_failed_batch_is_told_before_the_next() {
        let mut bench = Bench::new(10, &[Fail]);
        bench.push(&["one\n", "two\n", "three\n"]);
        assert!(bench.turn());
        assert_eq!((bench.calls().len(), bench.shared.queue().lost()), (0, 3));
        bench.push(&["four\n"]);
        assert!(bench.turn());
        assert_eq!(bench.calls(), ["... 3 lost ...\n", "four\n", "flush"]);
        assert_eq!((bench.shared.queue().lost(), bench.shared.out.load(Relaxed)), (3, 1));
    }

    #[test]
    fn what_got_out_of_a_failed_batch_is_not_lost() {
        let mut bench = Bench::new(100, &[Take(6), Fail]);
        bench.push(&["one\n", "two\n", "three\n"]);
        assert!(bench.turn());
        assert_eq!(bench.shared.queue().lost(), 2);
        bench.shared.queue().flush();
        assert!(bench.turn());
        assert_eq!(bench.calls(), ["one\ntw", "\n", "... 2 lost ...\n", "flush"]);
    }

    #[test]
    fn a_batch_that_fails_between_two_lines_leaves_no_empty_line() {
        let mut bench = Bench::new(100, &[Take(4), Fail]);
        bench.push(&["one\n", "two\n", "three\n"]);
        assert!(bench.turn());
        bench.shared.queue().flush();
        assert!(bench.turn());
        assert_eq!(bench.calls(), ["one\n", "... 2 lost ...\n", "flush"]);
    }

    #[test]
    fn text_without_a_newline_is_left_as_it_is() {
        let mut bench = Bench::new(100, &[]);
        for text in ["one", "two"] {
            bench.push(&[text]);
            assert!(bench.turn());
        }
        assert_eq!(bench.calls(), ["one", "flush", "two", "flush"]);
        assert_eq!(bench.shared.out.load(Relaxed), 2);
    }

    #[test]
    fn a_report_that_fails_is_told_later() {
        let mut bench = Bench::new(10, &[Take(99), Fail, Fail]);
        bench.push(&["one\n", "too long\n"]);
        assert!(bench.turn());
        bench.push(&["two\n"]);
        assert!(bench.turn());
        bench.push(&["three\n"]);
        assert!(bench.turn());
        assert_eq!(bench.calls(), ["one\n", "... 2 lost ...\n", "three\n", "flush"]);
        assert_eq!((bench.shared.queue().lost(), bench.shared.out.load(Relaxed)), (2, 2));
    }

    #[test]
    fn a_big_batch_goes_out_in_pieces_of_whole_lines() {
        let mut bench = Bench::new(1 << 20, &[]);
        let line = "x".repeat(999) + "\n";
        bench.push(&[line.as_str(); 10]);
        let long = "y".repeat(9_999) + "\n";
        bench.push(&[&long]);
        assert!(bench.turn());
        let lengths: Vec<_> = bench.calls().iter().map(String::len).collect();
        assert_eq!(lengths, [4_000, 4_000, 2_000, 10_000, "flush".len()]);
        assert_eq!(bench.shared.out.load(Relaxed), 11);
        assert_eq!(bench.shared.steps.load(Relaxed), 4);
    }

    #[test]
    fn a_report_is_a_step_too() {
        let mut bench = Bench::new(0, &[]);
        bench.push(&["one\n"]);
        assert!(bench.turn());
        assert_eq!(bench.shared.steps.load(Relaxed), 1);
    }

    #[derive(Clone, Copy, Debug)]
    enum Act {
        Lines(usize),
        Turn,
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![(1..12_usize).prop_map(Act::Lines), Just(Act::Turn)];
        prop::collection::vec(act, 0..24)
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => (0..60_usize).prop_map(Take),
            3 => Just(Fail),
            1 => Just(Hangup)
        ];
        prop::collection::vec(step, 0..16)
    }

    /// What one whole line of the output tells: the line of that number, or so many lost ones.
    enum Told {
        Line(u64),
        Lost(u64),
    }

    fn told(line: &str) -> Option<Told> {
        let lost = line.strip_prefix("... ").and_then(|rest| rest.strip_suffix(" lost ..."));
        if let Some(lost) = lost {
            return Some(Told::Lost(lost.parse().unwrap()));
        }
        let number = line.strip_prefix('<')?.strip_suffix('>')?;
        Some(Told::Line(number.trim_end_matches('.').parse().unwrap()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever the writer does, reading the output from the top one always knows which lines
        /// are missing, and the counts agree with it.
        #[test]
        fn lines_and_losses_add_up(acts in acts(), script in steps()) {
            let mut bench = Bench::new(100, &script);
            let mut events = 0;
            let mut alive = true;
            for act in acts.into_iter().chain([Act::Lines(1), Act::Turn, Act::Turn]) {
                match act {
                    Act::Lines(lines) => for _ in 0..lines {
                        let filler = ".".repeat(events as usize % 7);
                        bench.push(&[&format!("<{events}{filler}>\n")]);
                        events += 1;
                    },
                    Act::Turn if alive => {
                        alive = bench.turn();
                        let known = bench.shared.queue().lost() + bench.shared.out.load(Relaxed);
                        prop_assert_eq!(known, events);
                    }
                    Act::Turn => {}
                }
            }
            if alive {
                // The writer recovers.
                bench.w.lock().0.clear();
                bench.shared.queue().flush();
                prop_assert!(bench.turn());
            }
            bench.shared.queue().end(bench.shared.out.load(Relaxed));
            prop_assert_eq!(bench.shared.queue().lost() + bench.shared.out.load(Relaxed), events);

            let output = bench.calls().concat().replace("flush", "");
            let mut next = 0;
            let mut lines = 0;
            for told in output.lines().filter_map(told) {
                match told {
                    Told::Line(number) => {
                        prop_assert_eq!(number, next, "in {}", output);
                        next += 1;
                        lines += 1;
                    }
                    Told::Lost(lost) => next += lost,
                }
            }
            prop_assert_eq!(lines, bench.shared.out.load(Relaxed), "in {}", output);
            if alive {
                prop_assert_eq!(next, events, "in {}", output);
            }
        }
    }
}
