//! How a session ends: its rooms are left first, then the client is told.

use std::io;

use futures_util::{Stream, StreamExt};
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
        mut pending: Pending,
    ) {
        self.side.part();
        timeout(LINGER, self.hear(&mut pending)).await.ok();
        if end == End::Closed && self.wire.is_lines() {
            timeout(LINGER, self.catch_up(&mut pending)).await.ok();
        }
        // A page that nobody takes any more would keep others waiting for theirs.
        drop(pending);
        // Others see it gone before the goodbye, which may take as long as the client likes.
        let mut writing = self.side.close(end);
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
    async fn hear(&self, pending: &mut Pending) {
        while let Some((asking, done)) = pending.answer().await {
            self.side.say(self.told(asking, done).unwrap_or_else(|refusal| vec![refusal]));
        }
    }

    /// Writes all that the rooms have: what was said with the last breath is acknowledged by being
    /// heard.
    async fn catch_up(&self, pending: &mut Pending) {
        self.side.lock().memberships.iter_mut().for_each(Membership::reads_alone);
        while pending.is_fetching() || self.side.lock().has_more() {
            if pending.is_fetching() {
                let Next::Page(room, found) = pending.next(false).await else { continue };
                if self.side.took(&mut self.side.lock(), &room, found).is_err() {
                    return;
                }
            }
            let Ok(turn) = self.side.begin(pending) else { return };
            match turn.writes {
                true if self.side.write().await.is_err() => return,
                true => {}
                // What is not told at all is done with.
                false => self.side.sent(&mut self.side.lock(), false),
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
