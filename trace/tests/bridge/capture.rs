use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Event, Metadata, span};

/// A subscriber that writes down what it is told, with the type of every field.
#[derive(Clone)]
pub(crate) struct Capture(Arc<Inner>);

struct Inner {
    text: Mutex<String>,
    last: Mutex<Option<&'static Metadata<'static>>>,
    registered: AtomicUsize,
    shut: AtomicBool,
    level: LevelFilter,
    on_register: fn(),
}

impl Capture {
    pub(crate) fn new() -> Capture {
        Capture::up_to(LevelFilter::TRACE, || {})
    }

    pub(crate) fn up_to(level: LevelFilter, on_register: fn()) -> Capture {
        Capture(Arc::new(Inner {
            text: Mutex::default(),
            last: Mutex::default(),
            registered: AtomicUsize::new(0),
            shut: AtomicBool::new(false),
            level,
            on_register,
        }))
    }

    /// Refuses everything, without telling anyone that it changed its mind.
    pub(crate) fn shut(&self, shut: bool) {
        self.0.shut.store(shut, Relaxed);
    }

    /// How many callsites registered since the last time this was asked.
    pub(crate) fn registered(&self) -> usize {
        self.0.registered.swap(0, Relaxed)
    }

    /// Where the last event came from.
    pub(crate) fn last(&self) -> &'static Metadata<'static> {
        self.0.last.lock().unwrap().unwrap()
    }

    pub(crate) fn text(&self) -> String {
        std::mem::take(&mut self.0.text.lock().unwrap())
    }
}

impl Subscriber for Capture {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // Not for ever, so that a mistake fails instead of hanging.
        if self.0.registered.fetch_add(1, Relaxed) < 100 {
            (self.0.on_register)();
        }
        Interest::always()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.level)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !self.0.shut.load(Relaxed) && metadata.fields().field("refused").is_none()
    }

    fn event(&self, event: &Event<'_>) {
        *self.0.last.lock().unwrap() = Some(event.metadata());
        let mut seen = Typed(String::new());
        event.record(&mut seen);
        *self.0.text.lock().unwrap() += &(seen.0 + "\n");
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// `name:type=value` for every field.
struct Typed(String);

impl Typed {
    fn put(&mut self, field: &Field, typed: &str, value: &dyn fmt::Debug) {
        let gap = if self.0.is_empty() { "" } else { " " };
        write!(self.0, "{gap}{field}:{typed}={value:?}").unwrap();
    }
}

impl Visit for Typed {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, "bool", &value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, "i64", &value);
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, "u64", &value);
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, "f64", &value);
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, "str", &value);
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, "debug", value);
    }
}
