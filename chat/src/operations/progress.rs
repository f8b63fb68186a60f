//! How far something is that takes long, for whoever waits for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use trace::{Event, Tracer};

use crate::clock;
use crate::limits::PROGRESS;
use crate::status::Status;

/// A line on stderr that is written over, if stderr is a terminal; nothing if it is not.
pub(super) struct Progress {
    doing: &'static str,
    total: Option<u64>,
    status: Status,
    done: u64,
    due: Instant,
}

impl Progress {
    pub(super) fn new(doing: &'static str, total: Option<u64>) -> Self {
        Self::on(Status::new(), doing, total)
    }

    fn on(status: Status, doing: &'static str, total: Option<u64>) -> Self {
        Self { doing, total, status, done: 0, due: clock::now() + PROGRESS }
    }

    /// One more message is done.
    pub(super) fn step(&mut self) {
        self.done += 1;
        // Asking for the time costs more than most steps do.
        if !self.status.is_seen() || !self.done.is_multiple_of(64) {
            return;
        }
        let now = clock::now();
        if now >= self.due {
            self.due = now + PROGRESS;
            self.tell();
        }
    }

    fn tell(&mut self) {
        let (doing, done) = (self.doing, self.done);
        let of = self.total.map(|total| format!(" of {}", total.max(done))).unwrap_or_default();
        self.status.show(&format!("{doing}: {done}{of} messages"));
    }
}

/// Hands on what a history traces, and shows whoever waits for it how many messages are indexed.
pub(crate) struct Indexing {
    tracer: Arc<dyn Tracer>,
    // Held for as long as a line is written.
    progress: Mutex<Option<Progress>>,
}

impl Indexing {
    pub(crate) fn new(tracer: Arc<dyn Tracer>) -> Self {
        Self::on(Progress::new("indexing", None), tracer)
    }

    fn on(progress: Progress, tracer: Arc<dyn Tracer>) -> Self {
        Self { tracer, progress: Mutex::new(Some(progress)) }
    }

    /// Nobody waits any more.
    pub(crate) fn over(&self) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Tracer for Indexing {
    fn trace(&self, event: &Event<'_>) {
        let is = |key, is: &str| event.get(key).is_some_and(|value| value.to_string() == is);
        let number = |key| event.get(key).and_then(|value| value.to_string().parse().ok());
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(progress) = progress.as_mut().filter(|_| is("event", "indexing")) {
            (progress.done, progress.total) = (number("done").unwrap_or(0), number("total"));
            progress.tell();
        }
        drop(progress);
        self.tracer.trace(event);
    }

    fn flush(&self) {
        self.tracer.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use trace::{Recorder, trace};

    use super::*;

    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<u8>>>);

    impl Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn how_much_is_indexed_is_written_over_and_wiped_away() {
        let (seen, traced) = (Seen::default(), Recorder::new());
        let status = Status::to(Some(Box::new(seen.clone())));
        let progress = Progress::on(status, "indexing", None);
        let indexing = Indexing::on(progress, Arc::new(traced.clone()));
        trace!(indexing, "The index is damaged"; event = "index_damaged");
        trace!(indexing, "Indexing"; event = "indexing", done = 3_i64, total = 9_i64);
        trace!(indexing, "Indexing"; event = "indexing", done = 7_i64, total = 9_i64);
        indexing.over();
        trace!(indexing, "Indexing"; event = "indexing", done = 8_i64, total = 9_i64);
        assert_eq!(
            String::from_utf8(seen.0.lock().unwrap().clone()).unwrap(),
            "\r\x1b[Kindexing: 3 of 9 messages\r\x1b[Kindexing: 7 of 9 messages\r\x1b[K"
        );
        assert_eq!(traced.to_string().lines().count(), 4);
    }
}
