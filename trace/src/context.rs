use std::fmt::Display;

use crate::{Event, Tracer, Value};

/// A tracer that puts one more field before those of every event: context without spans.
///
/// Nothing is ambient: whoever holds this tracer says so in everything it traces. The value is
/// displayed anew for each event, and the field of the tracer further out comes first.
///
/// ```
/// use trace::{Recorder, trace, with};
///
/// let seen = Recorder::new();
/// let room = with(&seen, "room", "lobby");
/// let session = with(&room, "client", 7);
/// trace!(session, "received"; bytes = 5);
/// assert_eq!(seen.to_string(), "received room=lobby client=7 bytes=5\n");
/// ```
pub fn with(t: impl Tracer, key: &'static str, value: impl Display + Send + Sync) -> impl Tracer {
    With { tracer: t, key, value }
}

struct With<T, V> {
    tracer: T,
    key: &'static str,
    value: V,
}

impl<T: Tracer, V: Display + Send + Sync> Tracer for With<T, V> {
    fn trace(&self, event: &Event<'_>) {
        self.tracer.trace(&event.after(&[(self.key, Value::Args(format_args!("{}", self.value)))]));
    }

    fn enabled(&self) -> bool {
        self.tracer.enabled()
    }

    fn flush(&self) {
        self.tracer.flush();
    }
}
