//! Where the trace goes: from the configuration to the tracers that a server is handed.

#[cfg(feature = "tracing")]
mod tracing;

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use trace::{Background, Event, Tracer};

use crate::clock;
use crate::config::{Config, TraceFormat, TraceTo};
use crate::error::Error;
use crate::flight::Flight;
use crate::limits::TRACE_BUFFER_BYTES;
use crate::metrics::Metrics;
use crate::ndjson;
use crate::tracers::Tracers;

/// An open trace. Nobody who traces ever waits for it: lines that do not fit into 256 KiB while
/// the output is slow, or that cannot be written, are lost, counted, and told where they are
/// missing.
#[derive(Debug, Default)]
pub struct Sink {
    tracers: Tracers,
    flight: Option<Flight>,
    lines: Option<Arc<Background>>,
    /// Sets what only a whole process can have.
    install: Option<fn(Arc<Background>)>,
}

impl Sink {
    /// Opens what `--trace` names, a file to append to it, and a flight recorder beside it.
    ///
    /// # Errors
    /// [`Error::Trace`] if the file cannot be opened, [`Error::Serve`] if there is no thread to
    /// write with.
    pub fn open(config: &Config) -> Result<Sink, Error> {
        let mut sink = Sink::of_trace(config)?;
        if config.flight {
            let flight = Flight::new(config.flight_bodies);
            sink.tracers = flight.tee(sink.tracers);
            sink.tracers.bodies |= config.flight_bodies;
            sink.flight = Some(flight);
        }
        Ok(sink)
    }

    fn of_trace(config: &Config) -> Result<Sink, Error> {
        let out: Box<dyn Write + Send> = match &config.trace {
            TraceTo::Off => return Ok(Sink::default()),
            TraceTo::Stdout => Box::new(io::stdout()),
            TraceTo::Stderr => Box::new(io::stderr()),
            TraceTo::File(path) => Box::new(append(path)?),
            #[cfg(feature = "tracing")]
            TraceTo::Tracing => return tracing::sink(config.trace_bodies).map_err(Error::Serve),
        };
        // On stdout a person watches, and the lines are the tutorial's; elsewhere they are read
        // later.
        let timed = config.trace != TraceTo::Stdout;
        Sink::to(out, config.trace_format, timed, config.trace_bodies).map_err(Error::Serve)
    }

    fn to(
        out: Box<dyn Write + Send>,
        format: TraceFormat,
        timed: bool,
        bodies: bool,
    ) -> io::Result<Sink> {
        let (lines, tracer): (_, Arc<dyn Tracer>) = match format {
            TraceFormat::Text => {
                let lines = Arc::new(Background::new(out, TRACE_BUFFER_BYTES)?);
                let text = trace::new(Lines(Arc::clone(&lines)));
                match timed {
                    true => (lines, Arc::new(trace::with(text, "at", Now))),
                    false => (lines, Arc::new(text)),
                }
            }
            TraceFormat::Json => {
                let lines = Background::with_report(out, TRACE_BUFFER_BYTES, ndjson::lost)?;
                let lines = Arc::new(lines);
                (Arc::clone(&lines), Arc::new(Json(lines)))
            }
        };
        Ok(Sink::of(tracer, lines, bodies))
    }

    fn of(tracer: Arc<dyn Tracer>, lines: Arc<Background>, bodies: bool) -> Sink {
        let metrics = Arc::new(Metrics::with_trace(Arc::clone(&lines)));
        let tracers = Tracers { deliveries: Arc::clone(&tracer), tracer, bodies, metrics };
        Sink { tracers, flight: None, lines: Some(lines), install: None }
    }

    /// With `--trace tracing`, sets a subscriber for the whole process, unless it has one: without
    /// a subscriber nothing is written. It is global, so only a `main` calls this.
    #[must_use]
    pub fn installed(self) -> Sink {
        if let (Some(install), Some(lines)) = (self.install, &self.lines) {
            install(Arc::clone(lines));
        }
        self
    }

    /// What remembers the newest events, if that is configured.
    #[must_use]
    pub fn flight(&self) -> Option<Flight> {
        self.flight.clone()
    }

    /// The tracers of a server: both tell the trace and the flight recorder, if there are such.
    #[must_use]
    pub fn tracers(&self) -> Tracers {
        self.tracers.clone()
    }

    /// Writes what waits, and says on `stderr` how many lines were lost, if any were. An output
    /// that takes nothing for a second is given up, and so is a `stderr` that fails.
    pub fn close(&self, mut stderr: impl Write) {
        let Some(lines) = &self.lines else { return };
        let whole = (&**lines).flush().is_ok();
        let lost = lines.lost();
        let _ = match (lost, whole) {
            (0, true) => Ok(()),
            (0, false) => writeln!(stderr, "trace: the last lines were not written"),
            (1, _) => writeln!(stderr, "trace: 1 line was lost"),
            (lost, _) => writeln!(stderr, "trace: {lost} lines were lost"),
        };
    }
}

fn append(path: &Path) -> Result<std::fs::File, Error> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.map_err(|source| Error::Trace { path: path.into(), source })
}

/// A handle for `trace::new`, which wants the writer itself.
struct Lines(Arc<Background>);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        (&*self.0).write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.0).flush()
    }
}

struct Json(Arc<Background>);

impl Tracer for Json {
    fn trace(&self, event: &Event<'_>) {
        let mut line = Vec::with_capacity(256);
        ndjson::line(&mut line, clock::micros(), event.message(), event.fields());
        // It never fails: what is lost is counted.
        let _ = (&*self.0).write_all(&line);
    }

    fn flush(&self) {
        // An output that hangs is given up; whoever closes the sink says so.
        let _ = (&*self.0).flush();
    }
}

/// The time at which it is shown.
struct Now;

impl fmt::Display for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        clock::wall().fmt(f)
    }
}

#[cfg(test)]
mod tests;
