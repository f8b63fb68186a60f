//! How far a run is, for whoever waits for it.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::clock;
use crate::limits::PROGRESS;
use crate::status::Status;

/// How often a line is added where lines cannot be written over.
const LINES: Duration = Duration::from_secs(10);

/// On stderr: a line that is written over, if that is a terminal; otherwise one now and then.
pub(super) struct Progress {
    status: Status,
    every: Duration,
    due: Instant,
}

impl Progress {
    pub(super) fn new() -> Self {
        let status = Status::new();
        let every = if status.is_seen() { PROGRESS / 4 } else { LINES };
        Self { status, every, due: clock::now() + every }
    }

    /// This is how far it is now.
    pub(super) fn show(&mut self, now: Instant, text: impl FnOnce() -> String) {
        if now < self.due {
            return;
        }
        self.due = now + self.every;
        match self.status.is_seen() {
            true => self.status.show(&text()),
            // Whether anybody reads it changes nothing.
            false => drop(writeln!(io::stderr(), "{}", text())),
        }
    }
}
