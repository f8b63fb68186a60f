//! The flight recorder: what happened last, remembered for when somebody wants to know.

mod dump;
mod frame;
mod ring;
mod watch;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trace::{Event, Tracer};

use self::frame::Frame;
pub(crate) use self::frame::Recorded;
use self::ring::Ring;
pub(crate) use self::watch::{Told, Watch};
use crate::clock;
use crate::limits::{FLIGHT_BYTES, FLIGHT_WATCHED_BYTES};
use crate::ndjson::{self, At};
use crate::tracers::Tracers;

/// The flight recorder: remembers the newest events that it is told, in 1 MiB, some 9,000 of them.
///
/// It is a [`Tracer`] that costs little: an event is copied as it is, without a line being made of
/// it and without memory being asked for. Nobody who traces waits for anybody who reads. Clones are
/// handles of one recorder.
///
/// ```
/// use chat::{Flight, Server, Tracers};
///
/// let flight = Flight::new(false);
/// let tracers = flight.tee(Tracers::default());
/// let server = Server::new(Default::default(), Default::default(), tracers);
/// // `GET /debug/flight` and the X-ray show it, to this computer.
/// let server = server.with_flight(flight.clone());
/// let mut lines = Vec::new();
/// flight.write_to(&mut lines)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Flight(Arc<Recorder>);

struct Recorder {
    /// Whether what people say is kept.
    bodies: bool,
    /// Somebody watches.
    watched: AtomicBool,
    /// Held to copy one event in, or some out; no foreign code runs under it.
    rings: Mutex<Rings>,
}

struct Rings {
    /// The steps of the first tracer.
    steps: Ring,
    /// The same and the deliveries in one order, since somebody watches.
    watched: Option<Ring>,
    watchers: usize,
}

impl Flight {
    /// A recorder that remembers nothing yet. With `bodies` it keeps the texts of messages where
    /// events have them; without, an event `received` is cut off where the text begins.
    pub fn new(bodies: bool) -> Self {
        let rings = Rings { steps: Ring::new(FLIGHT_BYTES), watched: None, watchers: 0 };
        let (watched, rings) = (AtomicBool::new(false), Mutex::new(rings));
        Self(Arc::new(Recorder { bodies, watched, rings }))
    }

    /// The same tracers, which tell this recorder as well. It wants the deliveries only while
    /// somebody watches.
    #[must_use]
    pub fn tee(&self, tracers: Tracers) -> Tracers {
        let tracer = Arc::new((tracers.tracer, self.clone()));
        let deliveries = Arc::new((tracers.deliveries, Deliveries(self.clone())));
        Tracers { tracer, deliveries, ..tracers }
    }

    /// Writes what is remembered, the oldest first, a JSON object a line as `--trace-format json`
    /// does. Deliveries are not in it. What is overwritten while it is written is told as
    /// `{"event":"lost","lost":3}`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, mut out: impl Write) -> io::Result<()> {
        let (mut watch, mut lines) = (self.past(), Vec::new());
        while watch.read(|told| told.line(&mut lines)) {
            out.write_all(&lines)?;
            lines.clear();
        }
        Ok(())
    }

    /// Who reads what is remembered now, without deliveries.
    pub(crate) fn past(&self) -> Watch {
        Watch::of_steps(self.clone())
    }

    /// Somebody watches from now on: what is remembered, and then all that happens. Nobody if as
    /// many do as may.
    pub(crate) fn watch(&self) -> Option<Watch> {
        Watch::begin(self.clone())
    }

    fn rings(&self) -> MutexGuard<'_, Rings> {
        self.0.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tracer for Flight {
    fn trace(&self, event: &Event<'_>) {
        let frame = Frame::new(event, self.0.bodies);
        let mut rings = self.rings();
        // Under the lock, so that times differ as the events do.
        let at = clock::micros();
        rings.steps.push(at, frame.bytes());
        if let Some(watched) = &mut rings.watched {
            watched.push(at, frame.bytes());
        }
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("bodies", &self.0.bodies).finish_non_exhaustive()
    }
}

/// What is told for each client, which would push out all else.
struct Deliveries(Flight);

impl Tracer for Deliveries {
    fn trace(&self, event: &Event<'_>) {
        let Self(flight) = self;
        let frame = Frame::new(event, flight.0.bodies);
        if let Some(watched) = &mut flight.rings().watched {
            watched.push(clock::micros(), frame.bytes());
        }
    }

    fn enabled(&self) -> bool {
        self.0.0.watched.load(Ordering::Relaxed)
    }
}

impl Rings {
    /// One more watches, whose first event is the next.
    fn begin(&mut self) -> &Ring {
        self.watchers += 1;
        self.watched.get_or_insert_with(|| Ring::new(FLIGHT_WATCHED_BYTES))
    }

    /// One of them has gone. Whether nobody watches any more.
    fn end(&mut self) -> bool {
        self.watchers -= 1;
        if self.watchers == 0 {
            self.watched = None;
        }
        self.watchers == 0
    }
}

impl Recorded<'_> {
    /// Appends it as a line.
    pub(crate) fn line(&self, out: &mut Vec<u8>) {
        ndjson::line(out, self.at, self.message(), self.fields());
    }
}
