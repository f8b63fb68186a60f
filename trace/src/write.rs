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
        let mut line = Line::new();
        line.event(event);
        let line = line.end();
        // Only a writer that panicked can have poisoned it, and that writer is asked again.
        let ledger = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let untold = ledger.lost;
        // It is lost until it is out: a writer that panics never comes back here.
        ledger.lost += 1;
        if untold > 0 {
            if !ledger.out.line(format!("{}\n", report(untold)).as_bytes()) {
                return;
            }
            ledger.lost = 1;
        }
        if ledger.out.line(line) {
            ledger.lost = 0;
        }
    }

    fn flush(&self) {
        let mut ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = ledger.out.w.flush();
    }
}

/// What stands where lines are missing.
pub(crate) fn report(lost: u64) -> String {
    format!("... {lost} lost ...")
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
        let _ = self.send(line, |bytes| out = bytes);
        out == line.len()
    }

    /// Writes lines, and says after each step how many of their bytes are out.
    ///
    /// A newline that is all that is missing of a line counts as out: it is written before
    /// anything else is.
    pub(crate) fn send(&mut self, lines: &[u8], mut out: impl FnMut(usize)) -> io::Result<()> {
        if self.cut {
            self.w.write_all(b"\n")?;
            self.cut = false;
        }
        let mut taken = 0;
        while taken < lines.len() {
            match self.w.write(&lines[taken..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => {
                    taken += more;
                    self.cut = taken < lines.len() && lines[taken - 1] != b'\n';
                    out(taken + usize::from(self.cut && lines[taken] == b'\n'));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
