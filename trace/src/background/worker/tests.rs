use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;
use std::{iter, thread};

use proptest::prelude::*;

use super::*;
use crate::ledger;

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
    shared: Shared,
    ledger: Ledger<Scripted>,
    w: Scripted,
    batch: Batch,
    given: u64,
}

impl Bench {
    fn new(capacity: usize, script: &[Step]) -> Bench {
        let shared = Shared::new(Queue::new(Batch::default(), capacity));
        let w = Scripted::default();
        w.lock().0 = script.iter().copied().collect();
        let ledger = Ledger::new(w.clone(), ledger::report);
        Bench { shared, ledger, w, batch: Batch::default(), given: 0 }
    }

    fn push(&mut self, lines: &[&str]) {
        lines.iter().for_each(|line| _ = self.shared.queue().push(line.as_bytes()));
        self.given += lines.len() as u64;
    }

    fn turn(&mut self) -> bool {
        self.shared.queue().take(&mut self.batch);
        self.shared.write(&mut self.ledger, &self.batch)
    }

    fn lost(&self) -> u64 {
        self.shared.queue().lost
    }

    /// Lines that are out, if none waits.
    fn out(&self) -> u64 {
        self.given - self.lost()
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
    assert_eq!(bench.out(), 2);
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
    assert_eq!((bench.calls().len(), bench.lost()), (0, 3));
    bench.push(&["four\n"]);
    assert!(bench.turn());
    assert_eq!(bench.calls(), ["... 3 lost ...\n", "four\n", "flush"]);
    assert_eq!((bench.lost(), bench.out()), (3, 1));
}

#[test]
fn what_got_out_of_a_failed_batch_is_not_lost() {
    let mut bench = Bench::new(100, &[Take(6), Fail]);
    bench.push(&["one\n", "two\n", "three\n"]);
    assert!(bench.turn());
    assert_eq!(bench.lost(), 2);
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
    assert_eq!(bench.out(), 2);
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
    assert_eq!((bench.lost(), bench.out()), (2, 2));
}

#[test]
fn a_big_batch_goes_out_in_pieces_of_whole_lines() {
    let mut bench = Bench::new(1 << 10, &[Take(32 * 4), Take(6)]);
    bench.push(&["one\n"; 70]);
    assert!(bench.turn());
    let lengths: Vec<_> = bench.calls().iter().map(String::len).collect();
    // The second piece was cut off, and went on to its end with as many lines as usual.
    assert_eq!(lengths, [128, 6, 126, 20, "flush".len()]);
    assert_eq!((bench.out(), bench.shared.queue().steps), (70, 4));
}

#[test]
fn a_report_is_a_step_too() {
    let mut bench = Bench::new(0, &[]);
    bench.push(&["one\n"]);
    assert!(bench.turn());
    assert_eq!(bench.shared.queue().steps, 1);
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
        bench.shared.queue().end();

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
        prop_assert_eq!(lines + bench.lost(), events, "in {}", output);
        if alive {
            prop_assert_eq!(next, events, "in {}", output);
        }
    }
}

/// Waits with little patience.
#[track_caller]
fn wait(done: impl Fn(&mut Queue, u32) -> Option<()>) -> Option<()> {
    let shared = Shared::default();
    shared.queue().patience = Duration::from_millis(1);
    let looks = Cell::new(0);
    shared.wait(shared.queue(), |queue| {
        looks.set(looks.get() + 1);
        assert!(looks.get() < 1_000, "it never ends");
        done(queue, looks.get())
    })
}

#[test]
fn waiting_goes_on_while_the_writer_takes_something() {
    let slow = |queue: &mut Queue, looks| {
        queue.step(0);
        (looks >= 20).then_some(())
    };
    assert_eq!(wait(slow), Some(()));
}

#[test]
fn waiting_ends_when_the_writer_takes_nothing() {
    assert_eq!(wait(|_, _| None), None);
    assert_eq!(wait(|_, _| Some(())), Some(()));
}

#[test]
fn a_worker_with_nothing_urgent_waits_before_it_looks_again() {
    let shared = Shared::new(Queue::new(Batch::default(), 100));
    let end = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        scope.spawn(|| {
            while !end.load(Relaxed) {
                // Never silent, so that it never sleeps.
                shared.queue().push(b"a");
                shared.take(&mut Batch::default());
            }
        });
        // Nobody could see this if the worker did not let go of the queue.
        let begun = Instant::now();
        let phases = iter::repeat_with(|| {
            thread::yield_now();
            shared.queue().phase
        });
        let seen = phases
            .take_while(|_| begun.elapsed() < Duration::from_secs(20))
            .any(|phase| phase == Phase::Lingers);
        end.store(true, Relaxed);
        seen
    });
    assert!(seen);
}
