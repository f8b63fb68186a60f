use std::fmt;
use std::sync::Arc;

use crate::Event;

/// Something that is told what a component does.
///
/// A component is handed its tracer; nothing is global, so two tests in one process never see
/// each other's events. Hold an `Arc<dyn Tracer>` (by default `Arc::new(off())`), an
/// `Option<Arc<dyn Tracer>>`, or a type parameter, and call [`trace!`](crate::trace!).
///
/// ```
/// use std::sync::Arc;
/// use trace::{Tracer, off, trace};
///
/// #[derive(Debug)]
/// struct Room {
///     tracer: Arc<dyn Tracer>,
/// }
/// let room = Room { tracer: Arc::new(off()) };
/// trace!(room.tracer, "opened");
/// ```
///
/// Tracers cross threads, so one that cannot is refused:
///
/// ```compile_fail
/// struct Local(std::rc::Rc<()>);
/// impl trace::Tracer for Local {
///     fn trace(&self, _: &trace::Event<'_>) {}
/// }
/// ```
pub trait Tracer: Send + Sync {
    /// Takes one event. [`trace!`](crate::trace!) asks [`enabled`](Tracer::enabled) first; other
    /// callers need not.
    fn trace(&self, event: &Event<'_>);

    /// Whether events are wanted at all. When false, [`trace!`](crate::trace!) evaluates none of
    /// its arguments.
    fn enabled(&self) -> bool {
        true
    }

    /// Returns once every event before it has reached the place it goes to, as far as the tracer
    /// can tell.
    fn flush(&self) {}
}

impl fmt::Debug for dyn Tracer + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tracer")
    }
}

/// A tracer that is never told anything: the silent default.
///
/// ```
/// use trace::{off, trace};
///
/// let mut evaluated = false;
/// trace!(off(), "{:?}", evaluated = true);
/// assert!(!evaluated);
/// ```
pub const fn off() -> impl Tracer + Copy {
    Off
}

#[derive(Clone, Copy)]
struct Off;

impl Tracer for Off {
    fn trace(&self, _: &Event<'_>) {}

    fn enabled(&self) -> bool {
        false
    }
}

/// A tracer that calls a function with every event, for filters and other formats.
///
/// ```
/// use trace::{Recorder, Tracer, from_fn, trace};
///
/// let seen = Recorder::new();
/// let in_lobby = from_fn(|event| {
///     if event.get("room").is_some_and(|room| room.to_string() == "lobby") {
///         seen.trace(event);
///     }
/// });
/// trace!(in_lobby, "joined"; room = "lobby");
/// trace!(in_lobby, "joined"; room = "attic");
/// assert_eq!(seen.to_string(), "joined room=lobby\n");
/// ```
pub fn from_fn(f: impl Fn(&Event<'_>) + Send + Sync) -> impl Tracer {
    FromFn(f)
}

struct FromFn<F>(F);

impl<F: Fn(&Event<'_>) + Send + Sync> Tracer for FromFn<F> {
    fn trace(&self, event: &Event<'_>) {
        (self.0)(event);
    }
}

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        /// What is behind the pointer, and nothing else.
        impl<T: Tracer + ?Sized> Tracer for $pointer {
            fn trace(&self, event: &Event<'_>) {
                (**self).trace(event);
            }

            fn enabled(&self) -> bool {
                (**self).enabled()
            }

            fn flush(&self) {
                (**self).flush();
            }
        }
    )+};
}

forward!(&T, Box<T>, Arc<T>);

/// `None` is off.
impl<T: Tracer> Tracer for Option<T> {
    fn trace(&self, event: &Event<'_>) {
        if let Some(tracer) = self {
            tracer.trace(event);
        }
    }

    fn enabled(&self) -> bool {
        self.as_ref().is_some_and(T::enabled)
    }

    fn flush(&self) {
        if let Some(tracer) = self {
            tracer.flush();
        }
    }
}

/// A tee: whichever of the two is enabled gets the event.
impl<A: Tracer, B: Tracer> Tracer for (A, B) {
    fn trace(&self, event: &Event<'_>) {
        if self.0.enabled() {
            self.0.trace(event);
        }
        if self.1.enabled() {
            self.1.trace(event);
        }
    }

    fn enabled(&self) -> bool {
        self.0.enabled() || self.1.enabled()
    }

    fn flush(&self) {
        self.0.flush();
        self.1.flush();
    }
}
