//! One line on stderr that says how far something is, for whoever waits for it.

use std::io::{self, IsTerminal, Write};

/// A line that is written over, and wiped away in the end: it stands where the next one does.
pub(crate) struct Status {
    /// Where it is seen, if it is seen at all.
    out: Option<Box<dyn Write + Send>>,
    shown: bool,
}

impl Status {
    /// On stderr, if that is a terminal; elsewhere a line cannot be written over.
    pub(crate) fn new() -> Self {
        let terminal = io::stderr().is_terminal();
        Self::to(terminal.then(|| Box::new(io::stderr()) as _))
    }

    pub(crate) fn to(out: Option<Box<dyn Write + Send>>) -> Self {
        Self { out, shown: false }
    }

    /// Whether anybody sees it.
    pub(crate) fn is_seen(&self) -> bool {
        self.out.is_some()
    }

    /// This is how far it is now.
    pub(crate) fn show(&mut self, text: &str) {
        self.shown = true;
        self.write(text);
    }

    fn write(&mut self, text: &str) {
        if let Some(out) = &mut self.out {
            // Whether anybody reads it changes nothing.
            out.write_all(format!("\r\x1b[K{text}").as_bytes()).ok();
        }
    }
}

impl Drop for Status {
    /// The line is for what comes next.
    fn drop(&mut self) {
        if self.shown {
            self.write("");
        }
    }
}
