//! How a session ends: its rooms are left first, then the client is told.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWrite;
use tokio::time::timeout;
use trace::trace;

use super::outgoing::Outgoing;
use super::{Inbound, Session};
use crate::command::Reply;
use crate::end::End;

/// How long a session that has said goodbye waits for the client to close.
const LINGER: Duration = Duration::from_secs(1);
/// Shortest time before a client is to come back after a drain.
const RETURN_MS: u64 = 500;
/// The time over which returning clients are spread.
const RETURN_SPREAD_MS: u64 = 4_000;

impl Session {
    pub(super) async fn goodbye(
        mut self,
        end: End,
        inbound: &mut (impl Stream<Item = Inbound> + Unpin),
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
    ) {
        // Others see it gone before the goodbye, which may take as long as the client likes.
        for membership in self.memberships.drain(..) {
            membership.leave(end);
        }
        drop(self.login.take());
        let farewell = self.farewell(end, inbound, outgoing);
        let told = timeout(LINGER, farewell).await.is_ok();
        let (why, client) = (end.as_str(), self.client.0);
        trace!(self.tracer, "Connection closed"; event = "closed", client = client, why = why, told = told);
    }

    /// Says goodbye and waits for the client to close, so that the goodbye is not cut off.
    async fn farewell(
        &self,
        end: End,
        inbound: &mut (impl Stream<Item = Inbound> + Unpin),
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
    ) {
        if end == End::Gone {
            return;
        }
        if end != End::Closed {
            let spread = self.client.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) % RETURN_SPREAD_MS;
            let after_ms = end.reconnect().then_some(RETURN_MS + spread);
            outgoing.push(self.wire.reply(&Reply::Bye { end, after_ms }));
        }
        outgoing.push(self.wire.close(end));
        if outgoing.finish().await.is_ok() && end != End::Closed {
            while inbound.next().await.is_some() {}
        }
    }
}
