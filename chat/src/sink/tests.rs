//! Traces through the whole sink, into memory, a file and outputs that misbehave.

use std::fs;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use trace::trace;

use super::*;

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Memory {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn sink(out: impl Write + Send + 'static, format: TraceFormat, timed: bool) -> Sink {
    Sink::to(Box::new(out), format, timed, true).unwrap()
}

/// What closing it says on stderr.
fn closed(sink: &Sink) -> String {
    let mut stderr = Vec::new();
    sink.close(&mut stderr);
    String::from_utf8(stderr).unwrap()
}

/// The text with every time of now replaced.
#[track_caller]
fn untimed(text: &str) -> String {
    let (before, after) = text.split_once("20").unwrap();
    let (time, after) = after.split_once('Z').unwrap();
    let shapes = ["26-11-20T23:18:54.000", "26-11-20T23:18:54.000000"];
    assert!(shapes.iter().any(|shape| shape.len() == time.len()), "{text}");
    format!("{before}NOW{after}")
}

#[test]
fn text_on_stdout_is_the_line_alone() {
    let out = Memory::default();
    let sink = sink(out.clone(), TraceFormat::Text, false);
    trace!(sink.tracers().tracer, "New client joined"; event = "joined", client = 1);
    trace!(sink.tracers().deliveries, " -- sent to client"; event = "sent", client = 1);
    assert_eq!(closed(&sink), "");
    assert_eq!(
        out.text(),
        "New client joined event=joined client=1\n -- sent to client event=sent client=1\n"
    );
}

#[test]
fn text_elsewhere_has_the_time() {
    let out = Memory::default();
    let sink = sink(out.clone(), TraceFormat::Text, true);
    trace!(sink.tracers().tracer, "Client left"; client = 1);
    closed(&sink);
    assert_eq!(untimed(&out.text()), "Client left at=NOW client=1\n");
}

#[test]
fn json_is_an_object_a_line() {
    let out = Memory::default();
    let sink = sink(out.clone(), TraceFormat::Json, false);
    trace!(sink.tracers().tracer, "Client left"; client = 1);
    closed(&sink);
    assert_eq!(untimed(&out.text()), "{\"at\":\"NOW\",\"message\":\"Client left\",\"client\":1}\n");
}

#[test]
fn a_tracer_can_be_flushed() {
    for format in [TraceFormat::Text, TraceFormat::Json] {
        let out = Memory::default();
        let sink = sink(out.clone(), format, false);
        trace!(sink.tracers().tracer, "line");
        sink.tracers().tracer.flush();
        assert_eq!(out.text().lines().count(), 1, "{format:?}");
    }
}

fn open(trace: &str) -> Result<Sink, Error> {
    open_with(trace, "off")
}

fn open_with(trace: &str, flight: &str) -> Result<Sink, Error> {
    Sink::open(&crate::config::tests::config(&["--trace", trace, "--flight", flight], &[], None))
}

#[test]
fn off_is_off() {
    let sink = open("off").unwrap();
    let tracers = sink.tracers();
    assert!(!tracers.tracer.enabled() && !tracers.deliveries.enabled() && !tracers.bodies);
    assert_eq!(closed(&sink), "");
}

#[test]
fn the_flight_recorder_is_told_what_the_trace_is() {
    let sink = open_with("off", "on").unwrap();
    let tracers = sink.tracers();
    assert!(tracers.tracer.enabled() && !tracers.deliveries.enabled() && !tracers.bodies);
    trace!(tracers.tracer, "Client left"; event = "left");
    let mut lines = Vec::new();
    sink.flight().unwrap().write_to(&mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert!(lines.ends_with("\"message\":\"Client left\",\"event\":\"left\"}\n"), "{lines}");
    assert_eq!(closed(&sink), "");
}

#[test]
fn a_file_is_appended_to() {
    let path = std::env::temp_dir().join(format!("chat-sink-{}.txt", std::process::id()));
    fs::write(&path, "before\n").unwrap();
    let sink = open(path.to_str().unwrap()).unwrap();
    assert!(!sink.tracers().bodies);
    trace!(sink.tracers().tracer, "now");
    closed(&sink);
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(untimed(&text), "before\nnow at=NOW\n");
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error() {
    let error = open("/nonexistent/t.txt").unwrap_err();
    assert_eq!(error.to_string(), "cannot open the trace file /nonexistent/t.txt");
    assert_eq!(error.exit_code(), 2);
}

/// An output whose every write waits for a word, then fails or succeeds as the word says.
struct Gate(Receiver<bool>, Memory);

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.recv() {
            Ok(true) => self.1.write(bytes),
            Ok(false) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Ok(bytes.len()),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gate() -> (Gate, SyncSender<bool>, Memory) {
    let (open, wait) = sync_channel(1000);
    let out = Memory::default();
    (Gate(wait, out.clone()), open, out)
}

#[test]
fn a_blocked_output_costs_bounded_memory_and_tells_what_was_lost() {
    let (out, open, memory) = gate();
    let sink = sink(out, TraceFormat::Json, false);
    let events = 20_000;
    for n in 0..events {
        trace!(sink.tracers().tracer, "a line of some length to fill the buffer with"; n = n);
    }
    let lost = sink.lines.as_ref().unwrap().lost();
    assert!(lost > events / 2, "{lost} of {events} lost: more than 256 KiB waited");
    for _ in 0..1000 {
        let _ = open.try_send(true);
    }
    drop(open);
    closed(&sink);
    let text = memory.text();
    let told: u64 = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|object| object["lost"].as_u64())
        .sum();
    let written = text.lines().filter(|line| line.contains("\"n\":")).count() as u64;
    assert_eq!(written + told, events);
}

#[test]
fn a_reader_that_has_gone_ends_the_trace_and_nothing_else() {
    let (out, open, _) = gate();
    let sink = sink(out, TraceFormat::Text, false);
    open.send(false).unwrap();
    for n in 0..10 {
        trace!(sink.tracers().tracer, "line"; n = n);
    }
    assert_eq!(closed(&sink), "trace: 10 lines were lost\n");
}
