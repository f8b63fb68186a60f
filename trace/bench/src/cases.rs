//! One event in every way there is to trace it: switched off, and written to a sink.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use slog::Drain;
use slog_async::OverflowStrategy;
use trace::{Recorder, Tracer, off, trace, with};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::original::{self, Original};
use crate::run::Run;
use crate::sink::Sink;
use crate::transport::{BareSlog, appender, background, bare_tracing, slog_async};

/// A way to trace, and how to measure it.
pub struct Case(pub &'static str, pub fn(&mut Run));

/// What the other figures are ratios to.
pub const BASE: &str = "tracing + fmt, barest";
pub const LOOP: &str = "the empty loop";

static EVALUATED: AtomicU64 = AtomicU64::new(0);

/// An argument that knows how often it was evaluated.
fn number(i: u64) -> u64 {
    EVALUATED.store(EVALUATED.load(Relaxed) + 1, Relaxed);
    i
}

/// How often arguments were evaluated in this process.
pub fn evaluated() -> u64 {
    EVALUATED.load(Relaxed)
}

/// Room for everything that is traced before anybody waits for it to be written.
const ROOM: usize = 1 << 15;

fn who() -> &'static str {
    black_box("ann")
}

fn traced(run: &mut Run, tracer: &impl Tracer) {
    let who = who();
    run.events(|i| trace!(tracer, "message {} from {who}", number(i)));
}

fn logged(run: &mut Run) {
    let who = who();
    run.events(|i| log::trace!("message {} from {who}", number(i)));
}

fn tokio_traced(run: &mut Run) {
    let who = who();
    run.events(|i| tracing::trace!("message {} from {who}", number(i)));
}

fn slogged(run: &mut Run, logger: &slog::Logger) {
    let who = who();
    // The crate compiles its lower levels out of a release.
    run.events(|i| slog::info!(logger, "message {} from {who}", number(i)));
}

fn originally(run: &mut Run, tracer: &dyn Original) {
    let (tracer, who) = (black_box(tracer), who());
    run.events(|i| {
        tracer.trace(vec![
            Box::new("message "),
            Box::new(number(i)),
            Box::new(" from "),
            Box::new(who),
        ]);
    });
}

/// Hidden from the compiler, as a field of a component is.
fn shared(tracer: impl Tracer + 'static) -> Arc<dyn Tracer> {
    black_box(Arc::new(tracer))
}

fn env_logger(to: Sink) -> env_logger::Builder {
    let mut builder = env_logger::Builder::new();
    builder.filter_level(log::LevelFilter::Trace);
    builder.target(env_logger::Target::Pipe(Box::new(to)));
    builder
}

pub const OFF: &[Case] = &[
    Case(LOOP, |run| run.events(|_| {})),
    Case("**trace**: `off()`", |run| traced(run, &off())),
    Case("**trace**: `off()` as `Arc<dyn Tracer>`", |run| traced(run, &shared(off()))),
    Case("**trace**: `None` of `Option<Arc<dyn Tracer>>`", |run| {
        traced(run, &black_box(None::<Arc<dyn Tracer>>));
    }),
    Case("log, no logger", logged),
    Case("log + env_logger, module filtered out", |run| {
        env_logger(Sink).filter_module("trace_bench", log::LevelFilter::Off).init();
        logged(run);
    }),
    Case("tracing, no subscriber", tokio_traced),
    Case("tracing + fmt, target filtered out", |run| {
        let filter = Targets::new()
            .with_default(LevelFilter::TRACE)
            .with_target("trace_bench", LevelFilter::OFF);
        let layer = tracing_subscriber::fmt::layer().with_writer(|| Sink);
        tracing_subscriber::registry().with(layer.with_filter(filter)).init();
        tokio_traced(run);
    }),
    Case("slog, `Discard`", |run| {
        slogged(run, &black_box(slog::Logger::root(slog::Discard, slog::o!())));
    }),
    Case("the Go original's shape, its `Off()`", |run| originally(run, &original::Off)),
];

pub const ON: &[Case] = &[
    Case(BASE, |run| {
        bare_tracing().with_writer(|| Sink).init();
        tokio_traced(run);
    }),
    Case("**trace**: `new(w)`", |run| traced(run, &trace::new(Sink))),
    Case("**trace**: `new(w)` as `Arc<dyn Tracer>`", |run| {
        traced(run, &shared(trace::new(Sink)));
    }),
    Case("**trace**: the same, two fields", |run| {
        let tracer = shared(trace::new(Sink));
        run.events(|i| trace!(tracer, "message"; number = number(i), from = who()));
    }),
    Case("tracing + fmt, barest, two fields", |run| {
        bare_tracing().with_writer(|| Sink).init();
        run.events(|i| tracing::trace!(number = number(i), from = who(), "message"));
    }),
    Case("**trace**: the same, two fields and one of `with`", |run| {
        let tracer = with(shared(trace::new(Sink)), "room", who());
        run.events(|i| trace!(tracer, "message"; number = number(i), from = who()));
    }),
    Case("**trace**: `Recorder`", |run| {
        // It keeps all lines.
        run.writes = false;
        traced(run, &shared(Recorder::new()));
    }),
    Case("**trace**: `new(Background)`", |run| {
        let tracer = shared(background(Sink, ROOM));
        traced(run, &tracer);
    }),
    Case("tracing + fmt, barest + tracing-appender", |run| {
        let _guard = appender(Sink, ROOM);
        tokio_traced(run);
    }),
    Case("tracing + fmt, default", |run| {
        let fmt = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
        fmt.with_writer(|| Sink).init();
        tokio_traced(run);
    }),
    Case("log + env_logger, barest", |run| {
        use std::io::Write;
        env_logger(Sink).format(|line, record| writeln!(line, "{}", record.args())).init();
        logged(run);
    }),
    Case("log + env_logger, default", |run| {
        env_logger(Sink).init();
        logged(run);
    }),
    Case("slog, a drain of our own", |run| {
        slogged(run, &slog::Logger::root(BareSlog::new(Sink).fuse(), slog::o!()));
    }),
    Case("slog + slog-term", |run| {
        let decorator = slog_term::PlainSyncDecorator::new(Sink);
        let drain = slog_term::FullFormat::new(decorator).build().fuse();
        slogged(run, &slog::Logger::root(drain, slog::o!()));
    }),
    Case("slog, a drain of our own + slog-async", |run| {
        slogged(run, &slog_async(Sink, ROOM, OverflowStrategy::Block));
    }),
    Case("the Go original's shape", |run| {
        originally(run, &original::Lines(RefCell::new(Sink)));
    }),
];
