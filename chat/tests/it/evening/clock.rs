//! A clock that goes on with every step, and the trace by it.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Map, Value as Json};
use tokio::time::{Instant, advance};
use trace::{Event, Recorder, Tracer, Value};

/// The trace of an evening as `chat --trace FILE --trace-format json` writes it, by a clock that
/// stands still but for what each step takes.
///
/// Nothing else goes on while a step is told, so all that the server measures moves as far as the
/// trace does, the same in every run.
#[derive(Clone)]
pub struct Clock {
    pub seen: Recorder,
    lines: Arc<Mutex<String>>,
    start: Instant,
}

impl Clock {
    pub fn new() -> Self {
        Self { seen: Recorder::new(), lines: Arc::default(), start: Instant::now() }
    }

    /// The trace so far.
    pub fn trace(&self) -> String {
        self.lines.lock().unwrap().clone()
    }

    /// The time of an evening in November.
    fn at(&self) -> String {
        let us = self.start.elapsed().as_micros();
        let (minutes, seconds, us) = (us / 60_000_000, us / 1_000_000 % 60, us % 1_000_000);
        format!("2026-11-21T18:{minutes:02}:{seconds:02}.{us:06}Z")
    }
}

impl Tracer for Clock {
    fn trace(&self, event: &Event<'_>) {
        let mut object = Map::new();
        object.insert("at".into(), self.at().into());
        object.insert("message".into(), event.message().to_string().into());
        for (key, value) in event.fields() {
            object.insert(key.into(), json(value));
        }
        let took = takes(object["event"].as_str().unwrap());
        writeln!(self.lines.lock().unwrap(), "{}", Json::from(object)).unwrap();
        self.seen.trace(event);
        // Done at its first poll; what it would wait for is that others have their turn.
        advance(took).now_or_never();
    }
}

/// How long it is from a step to the next one, about as on a desk.
fn takes(event: &str) -> Duration {
    Duration::from_micros(match event {
        "received" => 63,
        "stored" => 240,
        "sent" => 31,
        "acked" => 12,
        _ => 180,
    })
}

fn json(value: Value<'_>) -> Json {
    match value {
        Value::Bool(value) => value.into(),
        Value::I64(value) => value.into(),
        Value::U64(value) => value.into(),
        Value::F64(value) => value.into(),
        value => value.to_string().into(),
    }
}
