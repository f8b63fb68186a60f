//! The two tracers a session is handed, and the counts of what it traces.

use std::fmt;
use std::sync::Arc;

use trace::{Tracer, trace};

use crate::command::{Lost, Missed};
use crate::entry::{ClientId, Seq};
use crate::limits::TRACED_CHARS;
use crate::metrics::Metrics;
use crate::name::RoomName;

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
    /// Counts of the same steps; servers that share it are counted together.
    pub metrics: Arc<Metrics>,
}

impl Default for Tracers {
    fn default() -> Self {
        let off: Arc<dyn Tracer> = Arc::new(trace::off());
        Self { tracer: Arc::clone(&off), deliveries: off, bodies: false, metrics: Arc::default() }
    }
}

impl Tracers {
    /// One tracer for everything, message texts included: for tests and for watching.
    pub fn all(tracer: Arc<dyn Tracer>) -> Self {
        let deliveries = Arc::clone(&tracer);
        Self { tracer, deliveries, bodies: true, metrics: Arc::default() }
    }

    /// A message came for a room.
    pub(crate) fn received(&self, room: &RoomName, client: ClientId, body: &str) {
        self.metrics.received();
        let (room, client, bytes) = (room.as_str(), client.0, body.len());
        if self.bodies {
            let cut = body.char_indices().nth(TRACED_CHARS).map_or(body.len(), |(at, _)| at);
            let (shown, rest) = (&body[..cut], if cut < body.len() { "..." } else { "" });
            trace!(self.tracer, "Message received: {shown}{rest}"; event = "received", room = room, client = client, bytes = bytes);
        } else {
            trace!(self.tracer, "Message received"; event = "received", room = room, client = client, bytes = bytes);
        }
    }

    /// The entries between two went by before a reader took them.
    pub(crate) fn gap(
        &self,
        room: &RoomName,
        client: ClientId,
        after: Seq,
        next: Seq,
        why: Missed,
    ) {
        self.metrics.gap();
        let (room, missed) = (room.as_str(), next.0 - after.0 - 1);
        trace!(self.tracer, "Client missed {missed} messages"; event = "gap", room = room, client = client.0, after = after.0, next = next.0, why = why.as_str());
    }

    /// A reader starts elsewhere than where it was.
    pub(crate) fn reset(&self, room: &RoomName, client: ClientId, oldest: Seq, why: Lost) {
        let (room, why) = (room.as_str(), why.as_str());
        trace!(self.tracer, "Client cannot resume"; event = "reset", room = room, client = client.0, oldest = oldest.0, why = why);
    }

    /// What a reader reads next has left memory, and history is asked for a page of it.
    pub(crate) fn lagging(&self, room: &RoomName, client: ClientId) {
        trace!(self.tracer, "Client reads what is stored"; event = "lagging", room = room.as_str(), client = client.0);
    }

    /// A client has everything up to an entry, it says.
    pub(crate) fn acked(&self, room: &RoomName, client: ClientId, seq: Seq) {
        trace!(self.tracer, "Client has it"; event = "acked", room = room.as_str(), client = client.0, seq = seq.0);
    }

    /// Bytes wait for a client that takes none.
    pub(crate) fn stalled(&self, client: ClientId) {
        trace!(self.tracer, "Client takes nothing"; event = "stalled", client = client.0);
    }

    /// A request that was refused, perhaps before whoever asked had a number; and for which room,
    /// if it was for one that the client is in.
    pub(crate) fn request_refused(
        &self,
        room: Option<&RoomName>,
        client: Option<ClientId>,
        code: &'static str,
    ) {
        self.metrics.refused(code);
        match (room.map(RoomName::as_str), client) {
            (Some(room), Some(client)) => {
                trace!(self.tracer, "Request refused"; event = "refused", room = room, client = client.0, code = code);
            }
            (None, Some(client)) => {
                trace!(self.tracer, "Request refused"; event = "refused", client = client.0, code = code);
            }
            (_, None) => trace!(self.tracer, "Request refused"; event = "refused", code = code),
        }
    }

    /// A connection that got no place, or lost it before it asked for anything.
    pub(crate) fn connection_refused(&self, code: &'static str, peer: impl fmt::Display) {
        self.metrics.refused(code);
        trace!(self.tracer, "Connection refused"; event = "refused", code = code, peer = format_args!("{peer}"));
    }
}
