#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod background;
mod context;
mod event;
#[cfg(feature = "tracing")]
mod from_tracing;
mod ledger;
mod line;
mod recorder;
#[cfg(feature = "tracing")]
mod to_tracing;
mod tracer;
mod write;

pub use background::Background;
pub use context::with;
#[doc(hidden)]
pub use event::Site;
pub use event::{Event, Value};
#[cfg(feature = "tracing")]
pub use from_tracing::from_tracing;
pub use recorder::Recorder;
#[cfg(feature = "tracing")]
pub use to_tracing::to_tracing;
pub use tracer::{Tracer, from_fn, off};
pub use write::new;

/// Hands one event to a tracer: `trace!(tracer, "format {x}", args; key = value)`.
///
/// The message is a format string literal, with captured names and further arguments as in
/// [`format!`]. The fields, after a `;`, are names with values of any type that [`Value`] can be
/// made from; any other type is written `name = format_args!("{name}")`.
///
/// While the tracer is not [`enabled`](Tracer::enabled), neither arguments nor values are
/// evaluated. The tracer itself is evaluated once.
///
/// ```
/// # use trace::{off, trace, Recorder};
/// let seen = Recorder::new();
/// let who = "ann";
/// trace!(seen, "{who} said {} words", 2; room = "lobby", bytes = 11_usize);
/// assert_eq!(seen.to_string(), "ann said 2 words room=lobby bytes=11\n");
///
/// trace!(off(), "{}", unreachable!("nobody listens"));
/// ```
///
/// A field needs a name and a value, and the message is a literal:
///
/// ```compile_fail
/// trace::trace!(trace::off(), "joined"; 7);
/// ```
/// ```compile_fail
/// trace::trace!(trace::off(), String::from("joined"));
/// ```
/// ```compile_fail
/// trace::trace!(trace::off(), "joined", client = 7);
/// ```
/// ```compile_fail
/// trace::trace!(trace::off(), "joined"; client = Some(7));
/// ```
#[macro_export]
macro_rules! trace {
    ($tracer:expr, $format:literal $(, $arg:expr)* $(,)? $(; $($key:ident = $value:expr),+ $(,)?)?) => {
        match &$tracer {
            tracer => {
                if $crate::Tracer::enabled(tracer) {
                    static SITE: $crate::Site = $crate::Site::new(
                        ::core::module_path!(),
                        ::core::file!(),
                        ::core::line!(),
                    );
                    $crate::Tracer::trace(
                        tracer,
                        &$crate::Event::new(
                            &SITE,
                            ::core::format_args!($format $(, $arg)*),
                            &[$($((::core::stringify!($key), $crate::Value::from($value))),+)?],
                        ),
                    );
                }
            }
        }
    };
}
