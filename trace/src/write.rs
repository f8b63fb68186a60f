use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ledger::{self, Ledger};
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
    Lines(Mutex::new(Ledger::new(w, ledger::report)))
}

struct Lines<W>(Mutex<Ledger<W>>);

impl<W> Lines<W> {
    fn ledger(&self) -> MutexGuard<'_, Ledger<W>> {
        // Only a writer that panicked can have poisoned it, and that writer is asked again.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: io::Write + Send> Tracer for Lines<W> {
    fn trace(&self, event: &Event<'_>) {
        let mut line = Line::new();
        line.event(event);
        let line = line.end();
        let _ = self.ledger().write(line, &[line.len()], |_| ());
    }

    fn flush(&self) {
        let _ = self.ledger().w.flush();
    }
}
