//! How a session ends: its rooms are left first, then the client is told.

use std::io;

use futures_util::{Stream, StreamExt};
use tokio::time::timeout;
use trace::trace;

use super::outgoing::Outgoing;
use super::pending::{Next, Pending};
use super::requests::Asking;
use super::writing::Writing;
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
        mut pending: Pending,
    ) {
        let writing = &mut self.side.close();
        timeout(LINGER, self.hear(writing, &mut pending)).await.ok();
        if end == End::Closed && self.wire.is_lines() {
            timeout(LINGER, self.catch_up(writing, &mut pending)).await.ok();
        }
        // A page that nobody takes any more would keep others waiting for theirs.
        drop(pending);
        // Others see it gone before the goodbye, which may take as long as the client likes.
        for membership in writing.memberships.drain(..) {
            membership.leave(end);
        }
        drop(self.login.take());
        let farewell = self.farewell(end, &mut writing.outgoing);
        let told = timeout(LINGER, farewell).await.is_ok_and(|done| done.is_ok());
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
    async fn hear(&self, writing: &mut Writing, pending: &mut Pending) {
        while let Some((Asking { id, .. }, done)) = pending.answer().await {
            let replies = done.unwrap_or_else(|refused| vec![Reply::Error { id, refused }]);
            replies.iter().for_each(|reply| writing.outgoing.push_reply(self.wire.reply(reply)));
        }
    }

    /// Writes all that the rooms have: what was said with the last breath is acknowledged by being
    /// heard.
    async fn catch_up(&self, writing: &mut Writing, pending: &mut Pending) {
        writing.memberships.iter_mut().for_each(Membership::part);
        while writing.is_behind() || writing.outgoing.batch_bytes() > 0 || pending.is_fetching() {
            if pending.is_fetching() {
                let Next::Page(room, found) = pending.next(false).await else { continue };
                if self.side.took(writing, &room, found).is_err() {
                    return;
                }
            }
            if writing.outgoing.batch_bytes() == 0 && self.side.fill(writing, pending).is_err() {
                return;
            }
            if !writing.outgoing.is_empty() && writing.outgoing.write().await.is_err() {
                return;
            }
            if writing.outgoing.batch_bytes() == 0 {
                self.side.sent(writing, false);
            }
        }
    }

    /// Writes what is left, and the goodbye; a client that has gone may still be reading.
    async fn farewell(&self, end: End, outgoing: &mut Outgoing) -> io::Result<()> {
        if !matches!(end, End::Gone | End::Closed) {
            outgoing.push_reply(self.wire.reply(&Reply::bye(end, self.client)));
        }
        if end != End::Gone {
            outgoing.push_reply(self.wire.close(end));
        }
        outgoing.finish().await
    }
}
