//! How far something is that takes long, for whoever waits for it.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use crate::clock;
use crate::limits::PROGRESS;

/// A line on stderr that is written over, if stderr is a terminal; nothing if it is not.
pub(super) struct Progress {
    doing: &'static str,
    total: Option<u64>,
    terminal: bool,
    done: u64,
    due: Instant,
    shown: bool,
}

impl Progress {
    pub(super) fn new(doing: &'static str, total: Option<u64>) -> Self {
        let terminal = io::stderr().is_terminal();
        Self { doing, total, terminal, done: 0, due: clock::now() + PROGRESS, shown: false }
    }

    /// One more message is done.
    pub(super) fn step(&mut self) {
        self.done += 1;
        // Asking for the time costs more than most steps do.
        if !self.terminal || !self.done.is_multiple_of(64) {
            return;
        }
        let (now, done) = (clock::now(), self.done);
        if now < self.due {
            return;
        }
        (self.due, self.shown) = (now + PROGRESS, true);
        let of = self.total.map(|total| format!(" of {}", total.max(done))).unwrap_or_default();
        show(&format!("\r\x1b[K{}: {done}{of} messages", self.doing));
    }
}

impl Drop for Progress {
    /// The line is for what comes next.
    fn drop(&mut self) {
        if self.shown {
            show("\r\x1b[K");
        }
    }
}

/// Whether anybody sees it changes nothing.
fn show(text: &str) {
    io::stderr().write_all(text.as_bytes()).ok();
}
