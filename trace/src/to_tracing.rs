use std::iter;
use std::sync::OnceLock;

use tracing_core::callsite::{Callsite as _, DefaultCallsite};
use tracing_core::field::{self, FieldSet};
use tracing_core::metadata::{Kind, LevelFilter};
use tracing_core::subscriber::Interest;
use tracing_core::{Level, Metadata, callsite, dispatcher, identify_callsite};

use crate::event::{Field, Site};
use crate::line::Line;
use crate::{Event, Tracer, Value};

/// The name of every callsite made here, by which [`from_tracing`](crate::from_tracing) knows it.
pub(crate) const NAME: &str = "trace::event";

/// Fields, the message and the context included, for which an event needs no heap.
const FEW: usize = 32;

/// A tracer that hands every event to the subscriber of the `tracing` ecosystem that is current
/// where it is traced. With the feature `tracing`.
///
/// - The level is `TRACE`, the target the module. File, line, field names and the types of values
///   are those of the [`trace!`](crate::trace!); filters see all of them.
/// - Fields of [`with`](crate::with) are one field of text: `context="room=lobby client=7"`.
/// - It is [enabled](Tracer::enabled) while some subscriber takes the level `TRACE` at all. The
///   current one is asked about each event, so a thread without subscriber that was here first
///   cannot silence the others.
/// - Each `trace!` registers once, when its first event gets here, and keeps the few bytes that
///   describe it for good.
/// - An event that came out of [`from_tracing`](crate::from_tracing) is not handed back.
///
/// ```
/// use trace::{to_tracing, trace};
///
/// let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).finish();
/// tracing::subscriber::with_default(subscriber, || {
///     trace!(to_tracing(), "joined"; client = 7); // prints: TRACE room: joined client=7
/// });
/// ```
pub fn to_tracing() -> impl Tracer {
    ToTracing
}

struct ToTracing;

impl Tracer for ToTracing {
    fn trace(&self, event: &Event<'_>) {
        let mut own = event;
        while let Some(inner) = own.inner {
            own = inner;
        }
        let Some(metadata) = own.site.metadata(own.fields) else { return };
        dispatcher::get_default(|dispatch| {
            if !dispatch.enabled(metadata) {
                return;
            }
            let mut context = Line::new();
            let around = event.fields().count() - own.fields.len();
            context.fields(event.fields().take(around));
            let context = context.text();
            // Every field of a line comes after a space.
            let context = context.get(1..);
            let message = event.message();
            let (mut few, mut many) = ([None; FEW], Vec::new());
            let len = metadata.fields().len();
            let all: &mut [Option<&dyn field::Value>] = if len <= FEW {
                &mut few[..len]
            } else {
                many.resize(len, None);
                &mut many
            };
            all[0] = Some(&message);
            for (place, (_, value)) in all[1..].iter_mut().zip(own.fields) {
                *place = Some(typed(value));
            }
            all[len - 1] = context.as_ref().map(|text| text as _);
            let all = metadata.fields().value_set_all(all);
            dispatch.event(&tracing_core::Event::new(metadata, &all));
        });
    }

    fn enabled(&self) -> bool {
        LevelFilter::current() >= LevelFilter::TRACE
    }
}

fn typed<'a>(value: &'a Value<'_>) -> &'a dyn field::Value {
    match value {
        Value::Bool(value) => value,
        Value::I64(value) => value,
        Value::U64(value) => value,
        Value::F64(value) => value,
        Value::Str(value) => value,
        Value::Args(value) => value,
    }
}

/// What a `trace!` is to `tracing`, once its first event got there.
pub(crate) type Callsite = OnceLock<&'static DefaultCallsite>;

impl Site {
    /// What `tracing` knows of the site, from now on at the latest. All its events have the same
    /// names.
    fn metadata(&self, fields: &[Field<'_>]) -> Option<&'static Metadata<'static>> {
        let callsite = *self.callsite.as_ref()?.get_or_init(|| {
            let names = iter::once("message").chain(fields.iter().map(|(name, _)| *name));
            let names = names.chain(iter::once("context")).collect::<Vec<_>>().leak();
            let identity: &Identity = Box::leak(Box::default());
            let (file, line, module) = (Some(self.file), Some(self.line), Some(self.module));
            let fields = FieldSet::new(names, identify_callsite!(identity));
            let metadata = identity.0.get_or_init(|| {
                Metadata::new(
                    NAME,
                    self.module,
                    Level::TRACE,
                    file,
                    line,
                    module,
                    fields,
                    Kind::EVENT,
                )
            });
            Box::leak(Box::new(DefaultCallsite::new(metadata)))
        });
        // Registers it, once and without a lock. What it learns there is not asked for: one thread
        // would decide for all.
        callsite.interest();
        Some(callsite.metadata())
    }
}

/// Tells the callsites apart: what is listed cannot be part of what describes it.
#[derive(Default)]
struct Identity(OnceLock<Metadata<'static>>);

impl callsite::Callsite for Identity {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        self.0.get().expect("only its description names it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_what_its_fields_belong_to() {
        // At run time too.
        let site = Site::new("module", "file", 7);
        let metadata = site.metadata(&[("client", Value::U64(1))]).unwrap();
        assert!(std::ptr::eq(site.metadata(&[]).unwrap(), metadata));
        let identity = metadata.callsite().0;
        identity.set_interest(Interest::never());
        assert!(std::ptr::eq(identity.metadata(), metadata));
    }
}
