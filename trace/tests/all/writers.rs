//! A writer may fail in any way: what is missing is told where it is missing.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use trace::{Tracer, new, trace};

/// What a writer does when it is called for the next time.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    Take(usize),
    Interrupt,
    Fail,
    Panic,
}

/// Follows its script, and then takes everything.
pub(crate) struct Scripted<'a> {
    script: VecDeque<Step>,
    calls: &'a mut Vec<String>,
}

impl io::Write for Scripted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match self.script.pop_front() {
            None => bytes.len(),
            Some(Step::Take(most)) => most.min(bytes.len()),
            Some(Step::Interrupt) => return Err(io::ErrorKind::Interrupted.into()),
            Some(Step::Fail) => return Err(io::Error::other("no room")),
            Some(Step::Panic) => resume_unwind(Box::new("broken")),
        };
        self.calls.push(String::from_utf8_lossy(&bytes[..taken]).into_owned());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

use Step::{Fail, Interrupt, Panic, Take};

#[track_caller]
fn check(script: &[Step], messages: &[&str], calls: &[&str]) {
    let mut seen = Vec::new();
    let tracer = new(Scripted { script: script.iter().copied().collect(), calls: &mut seen });
    for message in messages {
        let _ = catch_unwind(AssertUnwindSafe(|| trace!(tracer, "{message}")));
    }
    tracer.flush();
    drop(tracer);
    assert_eq!(seen, calls);
}

#[test]
fn a_line_is_one_write() {
    check(&[], &["one", "two three"], &["one\n", "two three\n"]);
    let long = "x".repeat(10_000);
    check(&[], &[&long], &[&format!("{long}\n")]);
}

#[test]
fn a_line_taken_in_steps_is_whole() {
    check(&[Take(1), Take(2)], &["word", "next"], &["w", "or", "d\n", "next\n"]);
}

#[test]
fn an_interrupted_write_is_repeated() {
    check(&[Interrupt, Take(2), Interrupt], &["word", "next"], &["wo", "rd\n", "next\n"]);
}

#[test]
fn an_empty_line_can_be_lost_too() {
    check(&[Fail], &["", "b"], &["... 1 lost ...\n", "b\n"]);
}

#[test]
fn what_was_lost_is_told_before_the_next_line() {
    check(&[Fail], &["a", "b", "c"], &["... 1 lost ...\n", "b\n", "c\n"]);
    check(&[Fail, Fail, Fail], &["a", "b", "c", "d"], &["... 3 lost ...\n", "d\n"]);
}

#[test]
fn a_writer_that_takes_nothing_has_failed() {
    check(&[Take(0)], &["a", "b"], &["", "... 1 lost ...\n", "b\n"]);
}

#[test]
fn a_line_lost_after_the_report_is_a_new_loss() {
    let calls = ["... 1 lost ...\n", "... 1 lost ...\n", "c\n"];
    check(&[Fail, Take(99), Fail], &["a", "b", "c"], &calls);
}

#[test]
fn a_line_cut_short_is_ended_first() {
    check(&[Take(3), Fail], &["first", "b"], &["fir", "\n", "... 1 lost ...\n", "b\n"]);
}

#[test]
fn a_line_that_lacks_only_its_newline_is_not_lost() {
    check(&[Take(5), Fail], &["first", "b"], &["first", "\n", "b\n"]);
    check(&[Take(4), Fail], &["first", "b"], &["firs", "\n", "... 1 lost ...\n", "b\n"]);
}

#[test]
fn a_newline_is_tried_again_until_it_is_out() {
    let calls = ["fir", "\n", "... 2 lost ...\n", "c\n"];
    check(&[Take(3), Fail, Fail], &["first", "b", "c"], &calls);
    check(&[Take(3), Fail, Take(1), Fail], &["first", "b", "c"], &calls);
    let calls = ["first", "\n", "... 1 lost ...\n", "c\n"];
    check(&[Take(5), Fail, Fail], &["first", "b", "c"], &calls);
}

#[test]
fn a_report_cut_short_is_told_again() {
    let calls = ["... 1", "\n", "... 2 lost ...\n", "c\n"];
    check(&[Fail, Take(5), Fail], &["a", "b", "c"], &calls);
}

#[test]
fn a_writer_that_panicked_is_asked_again() {
    check(&[Panic], &["a", "b"], &["... 1 lost ...\n", "b\n"]);
    let calls = ["fir", "\n", "... 1 lost ...\n", "b\n"];
    check(&[Take(3), Panic], &["first", "b"], &calls);
}
