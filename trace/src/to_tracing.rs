use std::sync::OnceLock;

use tracing_core::callsite::{self, DefaultCallsite};
use tracing_core::field::{FieldSet, Value as Field};
use tracing_core::metadata::{Kind, LevelFilter};
use tracing_core::subscriber::Interest;
use tracing_core::{Level, Metadata, dispatcher, identify_callsite};

use crate::event::Site;
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
        let Some((site, values)) = event.home() else { return };
        let metadata = site.metadata();
        dispatcher::get_default(|dispatch| {
            if !dispatch.enabled(metadata) {
                return;
            }
            let mut context = Line::new();
            context.fields(event.around());
            let context = context.to_text();
            // Every field of a line comes after a space.
            let context = context.get(1..);
            let message = event.message();
            let (mut few, mut many) = ([None; FEW], Vec::new());
            let len = metadata.fields().len();
            let all: &mut [Option<&dyn Field>] = if len <= FEW {
                &mut few[..len]
            } else {
                many.resize(len, None);
                &mut many
            };
            all[0] = Some(&message);
            all[1..].iter_mut().zip(values).for_each(|(place, value)| *place = Some(field(value)));
            all[len - 1] = context.as_ref().map(|text| text as _);
            let all = metadata.fields().value_set_all(all);
            dispatch.event(&tracing_core::Event::new(metadata, &all));
        });
    }

    fn enabled(&self) -> bool {
        LevelFilter::current() >= LevelFilter::TRACE
    }
}

fn field<'a>(value: &'a Value<'_>) -> &'a dyn Field {
    match value {
        Value::Bool(value) => value,
        Value::I64(value) => value,
        Value::U64(value) => value,
        Value::F64(value) => value,
        Value::Str(value) => value,
        Value::Args(value) => value,
    }
}

/// What a site needs to be a callsite of `tracing`.
#[derive(Debug)]
pub(crate) struct Callsite {
    metadata: OnceLock<Metadata<'static>>,
    /// In the list of `tracing`, which registers it once and without a lock. What it learns there
    /// is not asked for: one thread would decide for all.
    listed: OnceLock<DefaultCallsite>,
}

impl Callsite {
    pub(crate) const fn new() -> Callsite {
        Callsite { metadata: OnceLock::new(), listed: OnceLock::new() }
    }
}

impl Site<'static> {
    /// What `tracing` knows of the site, from now on at the latest.
    fn metadata(&'static self) -> &'static Metadata<'static> {
        let metadata = self.callsite.metadata.get_or_init(|| {
            let names = [&["message"], self.keys, &["context"]].concat();
            let fields = FieldSet::new(names.leak(), identify_callsite!(self));
            let (file, line, module) = (Some(self.file), Some(self.line), Some(self.module));
            Metadata::new(NAME, self.module, Level::TRACE, file, line, module, fields, Kind::EVENT)
        });
        self.callsite.listed.get_or_init(|| DefaultCallsite::new(metadata)).interest();
        metadata
    }
}

/// The identity of the site: what is listed cannot be part of what describes it.
impl callsite::Callsite for Site<'static> {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        self.callsite.metadata.get().expect("only its description names it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_what_its_fields_belong_to() {
        static SITE: Site<'static> = Site::new("module", "file", 7, &["client"]);
        let metadata = SITE.metadata();
        callsite::Callsite::set_interest(&SITE, Interest::never());
        assert!(std::ptr::eq(callsite::Callsite::metadata(&SITE), metadata));
        assert_eq!(metadata.callsite(), identify_callsite!(&SITE));
        // At run time too.
        assert_eq!(Site::new("module", "file", 7, &[]).line, SITE.line);
    }
}
