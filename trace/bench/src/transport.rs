//! The four ways to a writer on another thread, each called as its users call it.

use std::fmt::{self, Write as _};
use std::io;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;
use std::thread;

use slog::{Drain, KV};
use trace::Background;
use tracing_appender::non_blocking::NonBlockingBuilder;

pub const NAMES: [&str; 4] =
    ["trace::Background", "tracing-appender", "slog-async", "std::sync_channel"];

/// A tracer that ends in [`Background`].
pub fn background(w: impl io::Write + Send + 'static, lines: usize) -> impl trace::Tracer {
    let bytes = lines * "message 100 from ann\n".len();
    trace::new(Background::new(w, bytes).expect("a thread"))
}

/// Makes the barest `tracing` with an appender the default of this process.
pub fn appender(
    w: impl io::Write + Send + 'static,
    lines: usize,
) -> tracing_appender::non_blocking::WorkerGuard {
    let (w, guard) = NonBlockingBuilder::default().buffered_lines_limit(lines).finish(w);
    bare_tracing().with_writer(w).init();
    guard
}

/// `tracing` with nothing but the message in its lines.
pub fn bare_tracing() -> tracing_subscriber::fmt::SubscriberBuilder<
    tracing_subscriber::fmt::format::DefaultFields,
    tracing_subscriber::fmt::format::Format<tracing_subscriber::fmt::format::Full, ()>,
> {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_level(false)
}

/// A logger whose lines go through `slog-async`.
pub fn slog_async(
    w: impl io::Write + Send + 'static,
    lines: usize,
    full: slog_async::OverflowStrategy,
) -> slog::Logger {
    let drain = slog_async::Async::new(BareSlog::new(w).fuse());
    let drain = drain.chan_size(lines).overflow_strategy(full).build().fuse();
    slog::Logger::root(drain, slog::o!())
}

/// The least that prints what `slog` is told: the message and the fields.
pub struct BareSlog<W>(Mutex<(W, String)>);

impl<W: io::Write> BareSlog<W> {
    pub fn new(w: W) -> BareSlog<W> {
        BareSlog(Mutex::new((w, String::new())))
    }
}

impl<W: io::Write> Drain for BareSlog<W> {
    type Ok = ();
    type Err = io::Error;

    fn log(&self, record: &slog::Record<'_>, values: &slog::OwnedKVList) -> io::Result<()> {
        let (w, line) = &mut *self.0.lock().expect("nothing panics under it");
        line.clear();
        write!(line, "{}", record.msg()).map_err(io::Error::other)?;
        values.serialize(record, &mut Fields(line))?;
        record.kv().serialize(record, &mut Fields(line))?;
        line.push('\n');
        w.write_all(line.as_bytes())
    }
}

struct Fields<'a>(&'a mut String);

impl slog::Serializer for Fields<'_> {
    fn emit_arguments(&mut self, key: slog::Key, value: &fmt::Arguments<'_>) -> slog::Result {
        write!(self.0, " {key}={value}").map_err(slog::Error::Fmt)
    }
}

/// A thread behind a bounded channel of the standard library. Whether the line was taken.
pub fn channel(mut w: impl io::Write + Send + 'static, lines: usize) -> impl Fn(String) -> bool {
    let (send, lines) = sync_channel::<String>(lines);
    thread::spawn(move || {
        for line in lines {
            let _ = w.write_all(line.as_bytes());
        }
    });
    move |line| send.try_send(line).is_ok()
}
