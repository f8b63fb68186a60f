//! How far a run is, for whoever waits for it.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::clock;
use crate::limits::PROGRESS;

/// How often a line is added where lines cannot be written over.
const LINES: Duration = Duration::from_secs(10);

/// On stderr: a line that is written over, if that is a terminal; otherwise one now and then.
#[derive(Debug)]
pub(super) struct Progress {
    terminal: bool,
    due: Instant,
    shown: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        let terminal = io::stderr().is_terminal();
        let every = if terminal { PROGRESS / 4 } else { LINES };
        Self { terminal, due: clock::now() + every, shown: false }
    }

    /// This is how far it is now.
    pub(super) fn show(&mut self, now: Instant, text: impl FnOnce() -> String) {
        if now < self.due {
            return;
        }
        let every = if self.terminal { PROGRESS / 4 } else { LINES };
        (self.due, self.shown) = (now + every, self.terminal);
        match self.terminal {
            true => write(&format!("\r\x1b[K{}", text())),
            false => write(&format!("{}\n", text())),
        }
    }
}

impl Drop for Progress {
    /// The line is for what comes next.
    fn drop(&mut self) {
        if self.shown {
            write("\r\x1b[K");
        }
    }
}

/// Whether anybody sees it changes nothing.
fn write(text: &str) {
    io::stderr().write_all(text.as_bytes()).ok();
}
