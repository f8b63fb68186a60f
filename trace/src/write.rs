use std::io;
use std::sync::{Mutex, PoisonError};

use crate::line::Line;
use crate::{Event, Tracer};

/// A tracer that writes one line per event.
///
/// A line goes to the writer as a whole, in one `write` as long as the writer takes it in one.
/// It is formatted before the lock, in 256 bytes of stack or, if longer, on the heap: a value
/// whose `Display` traces or panics harms nobody else.
///
/// Tracing cannot fail. A line that cannot be written is counted, and the next one that gets
/// through comes after a line `... 1 lost ...`.
///
/// ```
/// use trace::{new, trace};
///
/// let mut buf = Vec::new();
/// let tracer = new(&mut buf);
/// trace!(tracer, "joined"; client = 7, name = "ann lee");
/// drop(tracer);
/// assert_eq!(buf, b"joined client=7 name=\"ann lee\"\n");
/// ```
pub fn new(w: impl io::Write + Send) -> impl Tracer {
    Lines(Mutex::new(Ledger { out: Out::new(w), lost: 0 }))
}

struct Lines<W>(Mutex<Ledger<W>>);

struct Ledger<W> {
    out: Out<W>,
    /// Lines that were not written and that nobody was told of yet.
    lost: u64,
}

impl<W: io::Write + Send> Tracer for Lines<W> {
    fn trace(&self, event: &Event<'_>) {
        let mut line = Line::of(event);
        let line = line.end();
        // Only a writer that panicked can have poisoned it, and that writer is asked again.
        let ledger = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ledger.lost > 0 && ledger.out.line(report(ledger.lost).as_bytes()) {
            ledger.lost = 0;
        }
        if ledger.lost > 0 || !ledger.out.line(line) {
            ledger.lost += 1;
        }
    }

    fn flush(&self) {
        let mut ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = ledger.out.w.flush();
    }
}

/// The line that stands where others are missing.
pub(crate) fn report(lost: u64) -> String {
    format!("... {lost} lost ...\n")
}

/// A writer that starts no line in the middle of another one.
pub(crate) struct Out<W> {
    pub(crate) w: W,
    /// A failure cut the last line off.
    cut: bool,
}

impl<W: io::Write> Out<W> {
    pub(crate) fn new(w: W) -> Out<W> {
        Out { w, cut: false }
    }

    /// Whether one line got out.
    pub(crate) fn line(&mut self, line: &[u8]) -> bool {
        let mut out = 0;
        let _ = self.send(line, |taken| out = taken);
        is_out(line, out)
    }

    /// Writes lines, and says after each step how many of their bytes the writer has taken.
    pub(crate) fn send(&mut self, lines: &[u8], progress: impl FnMut(usize)) -> io::Result<()> {
        if self.cut {
            self.w.write_all(b"\n")?;
            self.cut = false;
        }
        let mut steps = Steps { w: &mut self.w, taken: 0, progress };
        let result = io::Write::write_all(&mut steps, lines);
        let taken = steps.taken;
        self.cut = taken < lines.len() && !matches!(lines[..taken].last(), None | Some(b'\n'));
        result
    }
}

/// Whether the first `taken` bytes hold the whole line. Only its newline may be missing: the
/// next line begins with it.
pub(crate) fn is_out(line: &[u8], taken: usize) -> bool {
    taken >= line.strip_suffix(b"\n").unwrap_or(line).len()
}

struct Steps<'a, W, F> {
    w: &'a mut W,
    taken: usize,
    progress: F,
}

impl<W: io::Write, F: FnMut(usize)> io::Write for Steps<'_, W, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.w.write(bytes)?;
        self.taken += taken;
        (self.progress)(self.taken);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.w.flush()
    }
}
