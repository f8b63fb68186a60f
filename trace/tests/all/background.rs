//! Writing on another thread: prompt, bounded, exact, and nobody hangs.

use std::fmt;
use std::io::{self, Write as _};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use trace::{Background, Tracer, from_fn, new, trace};

/// Far longer than anything here takes, so that a mistake fails instead of hanging.
const LONG: Duration = Duration::from_secs(20);

/// Shows each write to the test, and then does as the test says.
struct Gated {
    writes: SyncSender<String>,
    verdicts: Receiver<io::Result<()>>,
}

struct Gate {
    writes: Receiver<String>,
    verdicts: SyncSender<io::Result<()>>,
}

fn gated() -> (Gated, Gate) {
    let (writes, shown) = sync_channel(100);
    let (say, verdicts) = sync_channel(100);
    (Gated { writes, verdicts }, Gate { writes: shown, verdicts: say })
}

impl Gate {
    /// What is being written right now.
    #[track_caller]
    fn shows(&self, text: &str) {
        assert_eq!(self.writes.recv_timeout(LONG).as_deref(), Ok(text));
    }

    fn say(&self, verdict: Result<(), io::ErrorKind>) {
        self.verdicts.send(verdict.map_err(io::Error::from)).unwrap();
    }

    /// Lets through whatever comes from now on.
    fn open(self) -> Rest {
        Rest(self.writes)
    }
}

struct Rest(Receiver<String>);

impl Rest {
    /// Everything that was written until the writer was let go of.
    #[track_caller]
    fn is(&self, expected: &str) {
        let mut text = String::new();
        let end = loop {
            match self.0.recv_timeout(LONG) {
                Ok(more) => text += &more,
                Err(end) => break end,
            }
        };
        assert_eq!((text.as_str(), end), (expected, RecvTimeoutError::Disconnected));
    }
}

impl io::Write for Gated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.writes.send(String::from_utf8_lossy(bytes).into_owned());
        self.verdicts.recv().unwrap_or(Ok(()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was written, for many threads to look at.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_is_written_without_being_asked_for() {
    let (w, gate) = gated();
    let tracer = new(Background::new(w, 1 << 10).unwrap());
    trace!(tracer, "one"; n = 1);
    gate.shows("one n=1\n");
    gate.say(Ok(()));
    trace!(tracer, "two");
    gate.shows("two\n");
    gate.say(Ok(()));
}

#[test]
fn flush_waits_for_what_was_traced_before() {
    let page = Page::default();
    let tracer = new(Background::new(page.clone(), 1 << 10).unwrap());
    for n in 0..10 {
        trace!(tracer, "{n}");
        tracer.flush();
        assert_eq!(page.text().lines().count(), n + 1);
    }
}

#[test]
fn drop_writes_what_is_left_and_lets_go_of_the_writer() {
    let page = Page::default();
    let tracer = new(Background::new(page.clone(), 1 << 10).unwrap());
    trace!(tracer, "one");
    trace!(tracer, "two");
    drop(tracer);
    assert_eq!(page.text(), "one\ntwo\n");
    assert_eq!(Arc::strong_count(&page.0), 1);
}

#[test]
fn a_loss_is_told_where_it_happened() {
    let (w, gate) = gated();
    let mut lines = Background::new(w, 10).unwrap();
    writeln!(lines, "held").unwrap();
    gate.shows("held\n");
    for word in ["one", "two", "three", "4"] {
        writeln!(lines, "{word}").unwrap();
    }
    assert_eq!(lines.lost(), 2);
    gate.say(Ok(()));
    gate.shows("one\ntwo\n");
    writeln!(lines, "five").unwrap();
    let written = gate.open();
    lines.flush().unwrap();
    assert_eq!(lines.lost(), 2);
    drop(lines);
    written.is("... 2 lost ...\nfive\n");
}

#[test]
fn the_report_can_be_in_the_format_of_the_output() {
    let page = Page::default();
    let report = |lost| format!("{{\"lost\":{lost}}}");
    let lines = Background::with_report(page.clone(), 5, report).unwrap();
    writeln!(&lines, "far too long").unwrap();
    drop(lines);
    assert_eq!(page.text(), "{\"lost\":1}\n");
}

#[test]
fn however_it_is_written_a_line_is_one_line() {
    let (w, gate) = gated();
    let mut lines = Background::new(w, 1 << 10).unwrap();
    writeln!(&lines, "{}-{}", 1, 2).unwrap();
    gate.shows("1-2\n");
    (&lines).write_all(b"three\n").unwrap();
    writeln!(lines, "{}", 4).unwrap();
    lines.write_all(b"five\n").unwrap();
    gate.say(Ok(()));
    gate.shows("three\n4\nfive\n");
    gate.say(Ok(()));
    assert_eq!(lines.lost(), 0);
}

#[test]
fn a_value_that_cannot_be_displayed_is_not_half_written() {
    struct Broken;
    impl fmt::Display for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half").and(Err(fmt::Error))
        }
    }
    let page = Page::default();
    let lines = Background::new(page.clone(), 1 << 10).unwrap();
    assert_eq!(writeln!(&lines, "{Broken}").unwrap_err().kind(), io::ErrorKind::Other);
    drop(lines);
    assert_eq!(page.text(), "");
}

#[test]
fn a_function_can_write_to_it() {
    let page = Page::default();
    let lines = Background::new(page.clone(), 1 << 10).unwrap();
    let tracer = from_fn(move |event| writeln!(&lines, "[{event}]").unwrap());
    trace!(tracer, "one"; n = 1);
    drop(tracer);
    assert_eq!(page.text(), "[one n=1]\n");
}

#[test]
fn a_closed_pipe_ends_tracing_and_not_the_program() {
    let (w, gate) = gated();
    let lines = Background::new(w, 1 << 10).unwrap();
    let tracer = from_fn(|event| writeln!(&lines, "{event}").unwrap());
    trace!(tracer, "one");
    gate.shows("one\n");
    gate.say(Err(io::ErrorKind::BrokenPipe));
    assert_eq!((&lines).flush().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    trace!(tracer, "two");
    assert_eq!((&lines).flush().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(lines.lost(), 2);
    gate.open().is("");
    assert_eq!(format!("{lines:?}"), "Background { lost: 2, .. }");
}

/// A page with no room on it for as long as the test says so.
#[derive(Clone, Default)]
struct Full(Arc<AtomicBool>, Page);

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.load(Relaxed) {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            self.1.write(bytes)
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_flush_that_failed_says_so() {
    let w = Full::default();
    let mut lines = Background::new(w.clone(), 1 << 10).unwrap();
    w.0.store(true, Relaxed);
    writeln!(lines, "one").unwrap();
    assert_eq!(lines.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(lines.lost(), 1);
    w.0.store(false, Relaxed);
    lines.flush().unwrap();
    assert_eq!((w.1.text().as_str(), lines.lost()), ("... 1 lost ...\n", 1));
}

#[test]
fn a_writer_that_fails_for_long_is_asked_again() {
    let w = Full::default();
    w.0.store(true, Relaxed);
    let mut lines = Background::new(w.clone(), 1 << 10).unwrap();
    for _ in 0..1_000 {
        writeln!(lines, "lost").unwrap();
        assert_eq!(lines.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
    w.0.store(false, Relaxed);
    writeln!(lines, "written").unwrap();
    lines.flush().unwrap();
    assert_eq!((w.1.text().as_str(), lines.lost()), ("... 1000 lost ...\nwritten\n", 1_000));
}

#[test]
fn a_writer_that_panics_hangs_nobody() {
    struct Broken(u32);
    impl io::Write for Broken {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 == 1 { Ok(bytes.len().min(6)) } else { resume_unwind(Box::new("broken")) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut lines = Background::new(Broken(0), 1 << 10).unwrap();
    lines.write_all(b"one\n").unwrap();
    lines.write_all(b"two\n").unwrap();
    lines.write_all(b"three\n").unwrap();
    // Unless the worker was so quick that it took the first line alone.
    let first = lines.flush().unwrap_err().kind();
    assert_eq!(first, io::ErrorKind::BrokenPipe);
    assert_eq!(lines.flush().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(lines.lost(), 2, "the first was out");
    writeln!(lines, "four").unwrap();
    assert_eq!(lines.lost(), 3);
}

#[test]
fn more_memory_than_there_is_is_an_error() {
    assert!(Background::new(io::sink(), 1 << 10).is_ok());
    let error = Background::new(io::sink(), usize::MAX).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
}

#[test]
fn many_threads_lose_nothing_untold() {
    const THREADS: u64 = 4;
    const LINES: u64 = 2_000;
    let page = Page::default();
    let lines = Background::new(page.clone(), 1 << 10).unwrap();
    let tracer = from_fn(|event| writeln!(&lines, "{event}").unwrap());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let tracer = &tracer;
            scope.spawn(move || {
                (0..LINES).for_each(|n| trace!(tracer, "line"; thread = thread, n = n))
            });
        }
    });
    (&lines).flush().unwrap();
    let text = page.text();
    let mut told = 0;
    let mut written = 0;
    for line in text.lines() {
        match line.strip_prefix("... ").and_then(|rest| rest.strip_suffix(" lost ...")) {
            Some(lost) => told += lost.parse::<u64>().unwrap(),
            None => written += u64::from(line.starts_with("line thread=")),
        }
    }
    assert_eq!(told, lines.lost());
    assert_eq!(written + told, THREADS * LINES);
}
