//! What is lost while a writer hangs, and what is said about it afterwards.

use std::error::Error;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use slog_async::OverflowStrategy;
use trace::{Background, trace};
use tracing_appender::non_blocking::NonBlockingBuilder;

use crate::report::ask;
use crate::transport::{bare_tracing, slog_async};

const EVENTS: usize = 21;
const ROOM: usize = 4;

/// One row for each transport. One run is enough, because nothing here depends on time.
pub fn table() -> Result<String, Box<dyn Error>> {
    let mut text = String::from(
        "| | traced | written | lost | the output says | its counter says |\n|---|---|---|---|---|---|\n",
    );
    for name in ["trace::Background", "tracing-appender", "slog-async"] {
        text += &ask(&["loss", name])?;
    }
    Ok(text)
}

/// Measures one row: `[transport]`.
pub fn child(args: &[&str]) -> Result<String, Box<dyn Error>> {
    let [name] = args else { return Err("a transport".into()) };
    let (w, gate) = gated();
    let output = Arc::clone(&w.output);
    let who = "ann";
    let counter = match *name {
        "trace::Background" => {
            let lines = Background::new(w, ROOM * "message 10 from ann\n".len())?;
            gate.hold(|i| trace!(trace::new(&lines), "message {i} from {who}"));
            Some(lines.lost())
        }
        "tracing-appender" => {
            let (w, guard) = NonBlockingBuilder::default().buffered_lines_limit(ROOM).finish(w);
            let counter = w.error_counter();
            bare_tracing().with_writer(w).init();
            gate.hold(|i| tracing::info!("message {i} from {who}"));
            drop(guard);
            Some(counter.dropped_lines() as u64)
        }
        _ => {
            let logger = slog_async(w, ROOM, OverflowStrategy::DropAndReport);
            gate.hold(|i| slog::info!(logger, "message {i} from {who}"));
            None
        }
    };
    let output = lock(&output);
    let (lines, reports): (Vec<_>, Vec<_>) =
        output.lines().partition(|line| line.starts_with("message "));
    let (written, lost) = (lines.len(), EVENTS - lines.len());
    let told = if reports.is_empty() { "nothing" } else { &reports.join(", ") };
    let counter = counter.map_or("–".to_owned(), |counter| counter.to_string());
    Ok(format!("| {name} | {EVENTS} | {written} | {lost} | {told} | {counter} |\n"))
}

/// A writer that hangs in its first line until the gate opens.
struct Gated {
    called: SyncSender<()>,
    open: Receiver<()>,
    output: Arc<Mutex<String>>,
}

struct Gate {
    calls: Receiver<()>,
    opens: SyncSender<()>,
    output: Arc<Mutex<String>>,
}

fn gated() -> (Gated, Gate) {
    let ((called, calls), (opens, open)) = (sync_channel(1), sync_channel(0));
    let output = Arc::<Mutex<String>>::default();
    (Gated { called, open, output: Arc::clone(&output) }, Gate { calls, opens, output })
}

impl Gate {
    /// Has the writer hang in the first event while all others are traced.
    fn hold(self, mut event: impl FnMut(usize)) {
        event(0);
        let _ = self.calls.recv();
        (1..EVENTS).for_each(event);
        drop(self.opens);
        // Whatever reports losses at its end finds room for that again.
        let begun = Instant::now();
        while lock(&self.output).lines().count() <= ROOM {
            assert!(begun.elapsed() < Duration::from_secs(20), "the queue was not written");
            thread::yield_now();
        }
    }
}

impl io::Write for Gated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.called.try_send(());
        let _ = self.open.recv();
        lock(&self.output).push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock(output: &Mutex<String>) -> MutexGuard<'_, String> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}
