//! The usual way: a list of everybody's queues, and for each client a task that writes what is in
//! its queue.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::{Sink, Stream, StreamExt, TryStreamExt, future};

/// Everybody's queues.
#[derive(Debug)]
pub struct Queues<M>(Arc<All<M>>);

#[derive(Debug)]
struct All<M> {
    next: AtomicU64,
    queues: Mutex<HashMap<u64, UnboundedSender<M>>>,
}

impl<M> Default for Queues<M> {
    fn default() -> Self {
        Self(Arc::new(All { next: AtomicU64::new(0), queues: Mutex::default() }))
    }
}

impl<M> Clone for Queues<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: Clone> Queues<M> {
    /// Serves one client until it goes.
    pub async fn serve<S, E>(&self, socket: S, is_text: fn(&M) -> bool)
    where
        S: Stream<Item = Result<M, E>> + Sink<M, Error = E>,
    {
        let (queue, queued) = unbounded();
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let queues = || self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues().insert(id, queue);
        let (write, read) = socket.split();
        let told = read.try_for_each(|message| {
            if is_text(&message) {
                for queue in queues().values() {
                    // One that has just gone is taken out by its own task.
                    queue.unbounded_send(message.clone()).ok();
                }
            }
            future::ok(())
        });
        let written = queued.map(Ok).forward(write);
        future::select(told, written).await;
        queues().remove(&id);
    }
}
