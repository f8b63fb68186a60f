//! How long one call takes when another thread does the writing.

use std::error::Error;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use trace::trace;

use crate::report::{ask, median, percentile, ratio, time};
use crate::sink::Sink;
use crate::transport::{self, NAMES};

const ROUNDS: usize = 5;

/// Every transport has room for about so many lines, so that a blocked writer fills all of them.
const ROOM: usize = 512;

const WRITERS: [&str; 3] = ["instant", "1 ms a write", "blocked"];

/// What the calling thread does between two events.
#[derive(PartialEq)]
struct Pace {
    name: &'static str,
    micros: u64,
    /// How many events there are of them in a round.
    events: usize,
    works: bool,
}

/// A thread that works keeps its core and its caches, unless somebody takes them away. One that
/// sleeps finds both gone, and an empty call shows what that alone costs.
const PACES: [Pace; 3] = [
    Pace { name: "3 ms, works in between", micros: 3_000, events: 600, works: true },
    Pace { name: "100 µs, works in between", micros: 100, events: 5_000, works: true },
    Pace { name: "3 ms, sleeps in between", micros: 3_000, events: 600, works: false },
];

const WARM_UP: u64 = 20;

const NOTHING: &str = "an empty call";

/// The nanoseconds of each call, round by round, for one pace, writer and transport.
struct Row {
    pace: &'static Pace,
    writer: &'static str,
    transport: &'static str,
    rounds: Vec<Vec<f64>>,
}

pub struct Latencies(Vec<Row>);

pub fn measure(quick: bool) -> Result<Latencies, Box<dyn Error>> {
    let mut rows = Vec::new();
    for pace in &PACES {
        let row = |writer, transport| Row { pace, writer, transport, rounds: Vec::new() };
        rows.push(row("none", NOTHING));
        rows.extend(WRITERS.iter().flat_map(|writer| NAMES.map(|name| row(writer, name))));
    }
    for _ in 0..if quick { 1 } else { ROUNDS } {
        for row in &mut rows {
            row.round(quick)?;
        }
    }
    Ok(Latencies(rows))
}

/// Measures one row: `[pace, events, writer, transport]`.
pub fn child(args: &[&str]) -> Result<String, Box<dyn Error>> {
    let [pace, events, writer, transport] = args else { return Err("four arguments".into()) };
    let pace = PACES.iter().find(|known| known.name == *pace).ok_or("no such pace")?;
    let events = events.parse()?;
    let (blocks, blocked) = sync_channel(0);
    let calls = match *writer {
        "instant" => calls(transport, Sink, pace, events),
        "blocked" => calls(transport, Blocked(Mutex::new(blocked)), pace, events),
        _ => calls(transport, Slow, pace, events),
    }?;
    let calls: String = calls.iter().map(|call| format!("{}\n", call.as_nanos())).collect();
    drop::<SyncSender<()>>(blocks);
    Ok(calls)
}

/// The time of every call. Whatever ends the writing is left alive: its end is no call.
fn calls(
    transport: &str,
    w: impl io::Write + Send + 'static,
    pace: &Pace,
    events: u64,
) -> Result<Vec<Duration>, Box<dyn Error>> {
    let who = "ann";
    match transport {
        "trace::Background" => {
            let tracer: &_ = Box::leak(Box::new(transport::background(w, ROOM)));
            Ok(paced(pace, events, |i| trace!(tracer, "message {i} from {who}")))
        }
        "tracing-appender" => {
            Box::leak(Box::new(transport::appender(w, ROOM)));
            Ok(paced(pace, events, |i| tracing::info!("message {i} from {who}")))
        }
        "slog-async" => {
            let full = slog_async::OverflowStrategy::DropAndReport;
            let logger: &_ = Box::leak(Box::new(transport::slog_async(w, ROOM, full)));
            Ok(paced(pace, events, |i| slog::info!(logger, "message {i} from {who}")))
        }
        "std::sync_channel" => {
            let send = transport::channel(w, ROOM);
            Ok(paced(pace, events, |i| _ = send(format!("message {i} from {who}\n"))))
        }
        NOTHING => Ok(paced(pace, events, |_| {})),
        _ => Err("no such transport".into()),
    }
}

fn paced(pace: &Pace, events: u64, mut event: impl FnMut(u64)) -> Vec<Duration> {
    let timed = |i| {
        pace.wait();
        let begun = Instant::now();
        event(i);
        begun.elapsed()
    };
    // The first calls touch memory for the first time.
    (0..events + WARM_UP).map(timed).skip(WARM_UP as usize).collect()
}

impl Pace {
    #[expect(clippy::disallowed_methods, reason = "the pace is what is measured")]
    fn wait(&self) {
        let (begun, pause) = (Instant::now(), Duration::from_micros(self.micros));
        if self.works {
            while begun.elapsed() < pause {}
        } else {
            thread::sleep(pause);
        }
    }
}

struct Slow;

impl io::Write for Slow {
    #[expect(clippy::disallowed_methods, reason = "a slow disk is what is measured")]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(1));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns when the other end of the channel is gone.
struct Blocked(Mutex<Receiver<()>>);

impl io::Write for Blocked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Row {
    fn round(&mut self, quick: bool) -> Result<(), Box<dyn Error>> {
        let events = if quick { 100 } else { self.pace.events };
        let args = ["latency", self.pace.name, &events.to_string(), self.writer, self.transport];
        let calls: Result<_, _> = ask(&args)?.lines().map(str::parse).collect();
        self.rounds.push(calls?);
        Ok(())
    }

    /// What each round has at that percentile.
    fn by_round(&self, percent: f64) -> Vec<f64> {
        self.rounds.iter().map(|calls| percentile(calls, percent)).collect()
    }

    fn at(&self, percent: f64) -> f64 {
        median(&self.by_round(percent))
    }
}

impl Latencies {
    /// At one event per 3 ms of a thread that works.
    fn row(&self, writer: &str, transport: &str) -> &Row {
        let found = |row: &&Row| {
            *row.pace == PACES[0] && (row.writer, row.transport) == (writer, transport)
        };
        self.0.iter().find(found).expect("one of those measured")
    }

    pub fn table(&self) -> String {
        let mut text = String::from(
            "| one event per | writer | transport | p50 | p99 (least – most of a round) | p99.9 |\n\
             |---|---|---|---|---|---|\n",
        );
        for row in &self.0 {
            let (pace, writer, transport) = (row.pace.name, row.writer, row.transport);
            let (p50, p99) = (time(row.at(50.0)), row.by_round(99.0));
            let [least, most] = [0.0, 100.0].map(|percent| time(percentile(&p99, percent)));
            let p99 = format!("{} ({least} – {most})", time(median(&p99)));
            // One round has too few calls for it.
            let p999 = time(percentile(&row.rounds.concat(), 99.9));
            text += &format!("| {pace} | {writer} | {transport} | {p50} | {p99} | {p999} |\n");
        }
        text
    }

    /// Rows of the README's table.
    pub fn summary(&self) -> String {
        let row = |writer| {
            let p99 = NAMES.map(|transport| time(self.row(writer, transport).at(99.0)));
            let [trace, tracing, slog, _] = p99;
            format!("| {trace} | {tracing} | – | {slog} | – |\n")
        };
        format!(
            "| one call with a thread that writes, p99 {}| the same, the writer takes 1 ms {}",
            row(WRITERS[0]),
            row(WRITERS[1])
        )
    }

    /// Target, what was measured, and whether that meets it.
    pub fn targets(&self) -> Vec<(String, String, bool)> {
        let target = |writer: &str| {
            let p99 = |name| self.row(writer, name).at(99.0);
            let (ours, theirs) = (p99(NAMES[0]), p99(NAMES[1]));
            let what = "p99 of `Background` is a third of tracing-appender's at one event per 3 ms";
            let times = ratio(theirs / ours);
            let measured = format!("{} and {}: {times} times better", time(ours), time(theirs));
            (format!("{what}, writer: {writer}"), measured, theirs / ours >= 3.0)
        };
        WRITERS.map(target).into()
    }
}
