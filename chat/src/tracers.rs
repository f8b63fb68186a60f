//! The two tracers a session is handed.

use std::sync::Arc;

use trace::Tracer;

/// Where a room and its sessions tell what they do. Injected by whoever makes them; the default
/// is off.
///
/// Some steps are told while a room is locked, so that their order is the room's: a tracer that
/// waits for its output makes the room wait. `trace::Background` never does.
#[derive(Clone, Debug)]
pub struct Tracers {
    /// Joins, posts, refusals, ends, gaps, and one event for each batch sent.
    pub tracer: Arc<dyn Tracer>,
    /// One event for each message sent to each client.
    pub deliveries: Arc<dyn Tracer>,
    /// Whether events may show the text of messages.
    pub bodies: bool,
}

impl Default for Tracers {
    fn default() -> Self {
        let off: Arc<dyn Tracer> = Arc::new(trace::off());
        Self { tracer: Arc::clone(&off), deliveries: off, bodies: false }
    }
}

impl Tracers {
    /// One tracer for everything, message texts included: for tests and for watching.
    pub fn all(tracer: Arc<dyn Tracer>) -> Self {
        Self { deliveries: Arc::clone(&tracer), tracer, bodies: true }
    }
}
