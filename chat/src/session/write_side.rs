//! The write side of a session: what is on its way to the client, and where it reads on.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use tokio::io::AsyncWrite;

use super::outgoing::Outgoing;
use super::pending::Pending;
use super::writing::Writing;
use crate::clock;
use crate::command::Row;
use crate::end::End;
use crate::entry::ClientId;
use crate::limits::Limits;
use crate::membership::Membership;
use crate::room::{Burst, Listener, Question};
use crate::tracers::Tracers;
use crate::wire::Wire;

/// One session's write side. Its task owns it, and for the time of one write that does not wait
/// the pump of one of its rooms does: whoever holds the lock.
pub(super) struct WriteSide {
    pub(super) client: ClientId,
    pub(super) wire: Wire,
    pub(super) tracers: Tracers,
    pub(super) limits: Arc<Limits>,
    wake: AtomicWaker,
    // Never held across an await.
    writing: Mutex<Writing>,
}

/// What the session's task is to do next.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    /// To read on in its rooms when they have something.
    reads: bool,
    /// To write what waits.
    pub(super) writes: bool,
    /// To listen to the client, because it takes its replies.
    pub(super) listens: bool,
}

impl WriteSide {
    pub(super) fn new(client: ClientId, wire: Wire, limits: Arc<Limits>, tracers: Tracers) -> Self {
        let (wake, writing) = (AtomicWaker::new(), Mutex::default());
        Self { client, wire, tracers, limits, wake, writing }
    }

    pub(super) fn open(&self, write: impl AsyncWrite + Send + Unpin + 'static) {
        self.lock().outgoing = Outgoing::new(write);
    }

    /// No pump writes from now on. Reports still find it where it is.
    pub(super) fn part(&self) {
        self.lock().parts = true;
    }

    /// Leaves its rooms and takes everything back. One moment a report finds it there, the next
    /// among those who left.
    pub(super) fn close(&self, end: End) -> Writing {
        let writing = &mut *self.lock();
        writing.memberships.drain(..).for_each(|membership| membership.leave(end));
        std::mem::take(writing)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a batch if the one before is written, and says what the task is to do next.
    pub(super) fn begin(&self, pending: &mut Pending) -> Result<Turn, End> {
        let writing = &mut *self.lock();
        if writing.outgoing.batch_bytes() == 0 && !pending.is_fetching() {
            self.fill(writing, pending)?;
        }
        let Writing { outgoing, .. } = writing;
        Ok(Turn {
            reads: outgoing.batch_bytes() == 0 && !pending.is_fetching(),
            writes: !outgoing.is_empty(),
            listens: outgoing.replies() < self.limits.reply_bytes,
        })
    }

    /// Puts what is said to the client alone behind what waits.
    pub(super) fn say(&self, replies: Vec<Bytes>) {
        let outgoing = &mut self.lock().outgoing;
        replies.into_iter().for_each(|reply| outgoing.push_reply(reply));
    }

    /// Writes what the client takes now, at least a byte, and says whether there is more.
    /// Cancelling it loses nothing.
    pub(super) async fn write(&self) -> io::Result<bool> {
        poll_fn(|cx| {
            let writing = &mut *self.lock();
            let Poll::Ready(written) = writing.outgoing.poll_write(cx) else {
                writing.blocked.get_or_insert_with(clock::now);
                return Poll::Pending;
            };
            writing.blocked = None;
            written?;
            if writing.outgoing.batch_bytes() == 0 {
                self.sent(writing, false);
            }
            Poll::Ready(Ok(!writing.outgoing.is_empty()))
        })
        .await
    }

    /// Ends when there is something to read for who may, or something to write for who had
    /// nothing: a pump began it.
    pub(super) async fn stirred(&self, turn: Turn) {
        poll_fn(|cx| {
            self.wake.register(cx.waker());
            let writing = self.lock();
            let begun = !turn.writes && !writing.outgoing.is_empty();
            match begun || (turn.reads && writing.is_behind()) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// The batch has all been handed to the kernel; whether a pump did so, which tells it.
    pub(super) fn sent(&self, writing: &mut Writing, pumped: bool) {
        let batch = std::mem::take(&mut writing.batch);
        if !batch.is_empty() {
            let now = clock::now();
            writing.memberships.iter_mut().for_each(|membership| membership.sent(now));
            batch.sent(&self.tracers, self.client, pumped);
        }
    }

    /// Asks the client for a sign of life.
    pub(super) fn ask(&self) {
        let writing = &mut *self.lock();
        writing.pings = writing.pings.wrapping_add(1);
        let number = writing.pings;
        writing.memberships.iter_mut().for_each(|membership| membership.asked(number));
        writing.outgoing.push_reply(self.wire.ping(number));
    }

    /// The client answers a ping, if it is ours: what was written before it has arrived.
    pub(super) fn answered(&self, payload: &[u8]) {
        let Ok(number) = payload.try_into().map(u32::from_be_bytes) else { return };
        let (writing, now) = (&mut *self.lock(), clock::now());
        for membership in &mut writing.memberships {
            if let Some(seq) = membership.answered(number, now) {
                self.tracers.acked(membership.room(), self.client, seq);
            }
        }
    }

    /// Writes a burst if the client waits for just that; otherwise its task has to look.
    fn take(&self, writing: &mut Writing, burst: &Burst<'_>) -> Taken {
        if writing.parts {
            return Taken::Nothing;
        }
        let Some(at) = writing.memberships.iter().position(|m| m.is_told(burst)) else {
            return Taken::Nothing;
        };
        if !writing.outgoing.is_empty() || !writing.memberships[at].passes(burst) {
            // Whoever has a batch on its way looks when that is written.
            let looks = writing.outgoing.batch_bytes() > 0 || !writing.memberships[at].is_behind();
            return if looks { Taken::Nothing } else { Taken::Left };
        }
        writing.batch.push_all(burst, self.wire, self.tracers.deliveries.enabled());
        burst.bytes(self.wire).for_each(|bytes| writing.outgoing.push_batch(bytes));
        if !writing.outgoing.is_empty() {
            // Why it fails, the task finds out.
            let _ = writing.outgoing.poll_write(&mut Context::from_waker(Waker::noop()));
        }
        if !writing.outgoing.is_empty() {
            writing.blocked.get_or_insert_with(clock::now);
            return Taken::Left;
        }
        self.sent(writing, true);
        Taken::Written
    }
}

impl Listener for WriteSide {
    fn hear(&self, burst: Option<&Burst<'_>>) -> bool {
        let taken = match (burst, self.writing.try_lock()) {
            (Some(burst), Ok(mut writing)) => self.take(&mut writing, burst),
            (Some(burst), Err(TryLockError::Poisoned(error))) => {
                self.take(&mut error.into_inner(), burst)
            }
            (None, _) | (_, Err(TryLockError::WouldBlock)) => Taken::Left,
        };
        if let Taken::Left = taken {
            self.wake.wake();
        }
        matches!(taken, Taken::Written)
    }

    fn row(&self, question: &Question<'_>) -> Option<Row> {
        let writing = self.lock();
        let rows = |membership: &Membership| membership.row(question, writing.blocked);
        writing.memberships.iter().find_map(rows)
    }
}

/// What a pump did for a client.
enum Taken {
    /// It wrote the burst.
    Written,
    /// The client's task has to look.
    Left,
    /// There is nothing to do.
    Nothing,
}
