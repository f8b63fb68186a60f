//! How a session ends: its rooms are left first, then the client is told.

use std::io;

use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWrite;
use tokio::time::timeout;
use trace::trace;

use super::outgoing::Outgoing;
use super::pending::{Next, Pending};
use super::{Inbound, Session};
use crate::command::Reply;
use crate::end::End;
use crate::limits::LINGER;
use crate::membership::Membership;

impl Session {
    pub(super) async fn goodbye(
        mut self,
        end: End,
        inbound: &mut (impl Stream<Item = Inbound> + Unpin),
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
        mut pending: Pending,
    ) {
        timeout(LINGER, self.hear(outgoing, &mut pending)).await.ok();
        if end == End::Closed && self.wire.is_lines() {
            timeout(LINGER, self.catch_up(outgoing, &mut pending)).await.ok();
        }
        // Others see it gone before the goodbye, which may take as long as the client likes.
        for membership in self.memberships.drain(..) {
            membership.leave(end);
        }
        drop(self.login.take());
        let told =
            timeout(LINGER, self.farewell(end, outgoing)).await.is_ok_and(|done| done.is_ok());
        let told = told && end != End::Gone;
        if told && end != End::Closed {
            // So that what was said is not cut off by a reset, the client closes first.
            timeout(LINGER, async { while inbound.next().await.is_some() {} }).await.ok();
        }
        self.counted.end(end);
        let (why, client) = (end.as_str(), self.client.0);
        trace!(self.tracers.tracer, "Connection closed"; event = "closed", client = client, why = why, told = told);
    }

    /// Waits for what was asked before the end: what is stored is acknowledged.
    async fn hear(&self, outgoing: &mut Outgoing<impl AsyncWrite + Unpin>, pending: &mut Pending) {
        while let Some((id, done)) = pending.answer().await {
            let replies = done.unwrap_or_else(|refused| vec![Reply::Error { id, refused }]);
            replies.iter().for_each(|reply| outgoing.push_reply(self.wire.reply(reply)));
        }
    }

    /// Writes all that the rooms have: what was said with the last breath is acknowledged by being
    /// heard.
    async fn catch_up(
        &mut self,
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
        pending: &mut Pending,
    ) {
        while self.memberships.iter().any(Membership::is_behind)
            || outgoing.batch_bytes() > 0
            || pending.is_fetching()
        {
            if pending.is_fetching() {
                let Next::Page(room, found) = pending.next().await else { continue };
                if self.took(&room, found, outgoing).is_err() {
                    return;
                }
            }
            if outgoing.batch_bytes() == 0 && self.fill(outgoing, pending).is_err() {
                return;
            }
            if !outgoing.is_empty() && outgoing.write().await.is_err() {
                return;
            }
            if outgoing.batch_bytes() == 0 {
                self.sent();
            }
        }
    }

    /// Writes what is left, and the goodbye; a client that has gone may still be reading.
    async fn farewell(
        &self,
        end: End,
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
    ) -> io::Result<()> {
        if !matches!(end, End::Gone | End::Closed) {
            outgoing.push_reply(self.wire.reply(&Reply::bye(end, self.client)));
        }
        if end != End::Gone {
            outgoing.push_reply(self.wire.close(end));
        }
        outgoing.finish().await
    }
}
