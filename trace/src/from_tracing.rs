use std::fmt::{self, Write as _};

use tracing_core::field::{Field, Visit};
use tracing_core::subscriber::{Interest, NoSubscriber, Subscriber};
use tracing_core::{Dispatch, Event, Metadata, span};

use crate::event::Site;
use crate::to_tracing::NAME;
use crate::{Tracer, Value};

/// A subscriber that hands the events that other crates give to `tracing` to a tracer. With the
/// feature `tracing`.
///
/// - The fields `level` and `target` come first, then the event's own with their names and types;
///   what has no type of [`Value`] is text. [`module`](crate::Event::module) is the target,
///   [`file`](crate::Event::file) is empty and [`line`](crate::Event::line) 0 if unknown.
/// - Whether the tracer is [enabled](Tracer::enabled) is asked for each event, so nobody who was
///   there first, on a thread without subscriber say, can silence it for the others.
/// - Spans are not taken: events inside them are, without the fields of the span.
/// - Events of [`to_tracing`](crate::to_tracing) are refused. So both can be plugged into each
///   other, and everything is told once.
///
/// A `Layer` for `tracing-subscriber` is written around it in a few lines; here it would be a
/// dependency.
///
/// ```
/// use trace::{Recorder, from_tracing};
///
/// let seen = Recorder::new();
/// tracing::subscriber::with_default(from_tracing(seen.clone()), || {
///     tracing::info!(target: "lib", bytes = 5, "got it");
/// });
/// assert_eq!(seen.to_string(), "got it level=INFO target=lib bytes=5\n");
/// ```
pub fn from_tracing(t: impl Tracer + 'static) -> impl Subscriber {
    FromTracing { tracer: t, _anchor: Dispatch::new(NoSubscriber::new()) }
}

struct FromTracing<T> {
    tracer: T,
    /// Takes nothing. As long as two dispatchers live, `tracing` asks all of them about a new
    /// callsite; with one it asks only that of the thread which is there first, which may have
    /// none, and takes its no for everybody's.
    _anchor: Dispatch,
}

impl<T: Tracer + 'static> Subscriber for FromTracing<T> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_foreign(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_foreign(metadata) && self.tracer.enabled()
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut seen = Seen { message: String::new(), fields: Vec::new() };
        event.record(&mut seen);
        let standing = [("level", metadata.level().as_str()), ("target", metadata.target())];
        let standing = standing.map(|(key, value)| (key, Value::Str(value)));
        let own = seen.fields.iter().map(|(key, value)| (*key, value.value()));
        let fields: Vec<_> = standing.into_iter().chain(own).collect();
        let site = Site {
            module: metadata.target(),
            file: metadata.file().unwrap_or_default(),
            line: metadata.line().unwrap_or_default(),
            callsite: None,
        };
        self.tracer.trace(&crate::Event::new(&site, format_args!("{}", seen.message), &fields));
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn is_foreign(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && metadata.name() != NAME
}

/// The fields of one event, which can be looked at only while they are recorded.
struct Seen {
    message: String,
    fields: Vec<(&'static str, Held)>,
}

enum Held {
    /// Holds no text.
    Plain(Value<'static>),
    Text(String),
}

impl Held {
    fn value(&self) -> Value<'_> {
        match self {
            Held::Plain(value) => *value,
            Held::Text(text) => Value::Str(text),
        }
    }
}

impl Seen {
    fn plain(&mut self, field: &Field, value: impl Into<Value<'static>>) {
        self.fields.push((field.name(), Held::Plain(value.into())));
    }

    fn text(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.push((field.name(), Held::Text(text)));
        }
    }
}

impl Visit for Seen {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.plain(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // A `Debug` that fails cuts its own text short and nothing else.
        let _ = write!(text, "{value:?}");
        self.text(field, text);
    }
}
