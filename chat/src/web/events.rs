//! A room as server-sent events: the same cursor as everybody's, over HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use trace::trace;

use super::api::{find, told};
use super::problem::{At, Problem};
use super::sse;
use crate::clock;
use crate::command::{Reply, Start};
use crate::end::End;
use crate::entry::{ClientId, Epoch, Seq, Slot};
use crate::limits::{LINGER, Limits};
use crate::reader::Reader;
use crate::room::{Besides, Told};
use crate::select::select;
use crate::session::Batch;
use crate::sessions::{Place, Sessions};
use crate::tracers::Tracers;
use crate::wire;

/// Its name in the trace and in metrics.
const WIRE: &str = "sse";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    last: Option<usize>,
}

pub(super) async fn events(
    State(sessions): State<Arc<Sessions>>,
    At(room): At<String>,
    from: Result<Query<From>, QueryRejection>,
    request: Request,
) -> Response {
    told(&sessions, open(&sessions, &room, from, &request))
}

fn open(
    sessions: &Sessions,
    room: &str,
    from: Result<Query<From>, QueryRejection>,
    request: &Request,
) -> Result<Response, Problem> {
    let Query(From { last }) = from?;
    let room = find(sessions, room)?;
    if sessions.stopping().is_cancelled() {
        return Err(Problem::stopping());
    }
    let start = sse::position(request.headers()).unwrap_or(last.map_or(Start::Head, Start::Last));
    let (client, tracers) = (sessions.number(), sessions.tracers().clone());
    let place = request.extensions().get::<Place>().cloned();
    let peer = place.as_ref().map(Place::peer);
    let peer = peer.map_or_else(|| "unknown".into(), |peer| peer.to_string());
    trace!(tracers.tracer, "Connection accepted"; event = "accepted", room = room.name().as_str(), client = client.0, wire = WIRE, peer = peer.as_str());
    let (reader, joined, lost) = Reader::new(room, client, &start);
    let before = Seq(joined.head.0 - joined.replay as u64);
    let mut first = Vec::new();
    if let Some(why) = lost {
        let (room, oldest) = (joined.room, before.next());
        tracers.reset(&room, client, oldest, why);
        sse::reply(&mut first, "reset", &Reply::Reset { room, why, oldest });
    }
    // A client that is cut off before the first message comes back to where it began.
    sse::id(&mut first, &joined.epoch, before);
    // One chunk waits for the connection while the next is made.
    let (out, mut chunks) = mpsc::channel::<Chunk>(1);
    let taken = Arc::new(AtomicBool::new(true));
    let takes = Arc::clone(&taken);
    let chunks = stream::poll_fn(move |cx| {
        let next = chunks.poll_recv(cx);
        takes.fetch_or(next.is_ready(), Ordering::Relaxed);
        // An empty chunk is the end.
        next.map(|next| next.filter(|chunk| !chunk.is_empty()))
    });
    let body = chunks.flat_map(|chunk| stream::iter(chunk.into_iter().map(Ok::<_, Infallible>)));
    let (epoch, limits) = (joined.epoch, Arc::clone(sessions.limits()));
    let handed = clock::now();
    let events = Events { reader, epoch, client, tracers, limits, out, taken, handed };
    let stopping = sessions.stopping().clone();
    sessions.spawn(async move {
        events.run(first, stopping.cancelled()).await;
        drop(place);
    });
    Ok(sse::response(body))
}

/// What is handed to the connection at once: whole events, those of entries shared
/// with everybody.
type Chunk = Vec<Bytes>;

/// One reader, until one side ends it.
struct Events {
    reader: Reader,
    epoch: Epoch,
    client: ClientId,
    tracers: Tracers,
    limits: Arc<Limits>,
    out: mpsc::Sender<Chunk>,
    /// The connection has taken what was handed to it last.
    taken: Arc<AtomicBool>,
    handed: Instant,
}

impl Events {
    async fn run(mut self, first: Chunk, stopped: impl Future<Output = ()>) {
        let mut counted = self.tracers.metrics.connected(WIRE);
        let end = match self.send(first).await {
            Ok(()) => self.serve(stopped).await.unwrap_or_else(|end| end),
            Err(end) => end,
        };
        // Both wait for the connection, and not for long.
        let told = end == End::Drain
            && timeout(LINGER, self.goodbye(end)).await.is_ok_and(|told| told.is_ok());
        counted.end(end);
        self.reader.ends(end);
        let (client, why) = (self.client.0, end.as_str());
        trace!(self.tracers.tracer, "Connection closed"; event = "closed", client = client, why = why, told = told);
    }

    async fn serve(&mut self, stopped: impl Future<Output = ()>) -> Result<End, End> {
        tokio::pin!(stopped);
        loop {
            let (chunk, batch) = self.next().await?;
            if !chunk.is_empty() {
                self.send(chunk).await?;
                self.reader.sent(clock::now());
                batch.sent(&self.tracers, self.client, false);
                continue;
            }
            select! {
                () = &mut stopped => return Ok(End::Drain),
                () = self.out.closed() => return Ok(self.gone()),
                () = self.reader.behind() => {}
                () = sleep(self.limits.ping) => self.send(vec![Bytes::from_static(b":\n\n")]).await?,
            }
        }
    }

    /// What there is to read, up to the bounds of a batch; nothing at the head.
    async fn next(&mut self) -> Result<(Chunk, Batch), End> {
        let (mut slots, mut chunk, mut batch) = (Vec::new(), Chunk::new(), Batch::default());
        // Notices make slots and no text, and others may follow them.
        while chunk.is_empty() {
            let besides = self.reader.read(&mut slots);
            if slots.is_empty() && matches!(besides, Besides::Nothing) {
                break;
            }
            for slot in slots.drain(..) {
                self.push(&slot, &mut chunk, &mut batch);
            }
            match besides {
                Besides::Nothing => {}
                Besides::Reply(reply) => self.tell(&reply, &mut chunk),
                Besides::Stored(page) => {
                    self.tracers.lagging(self.reader.room(), self.client);
                    let page = page.await.ok().filter(|page| !page.is_empty());
                    for told in self.reader.took(page.ok_or(End::Failed)?) {
                        match told {
                            Told::Entry(entry) => {
                                self.push(&Slot::Entry(entry), &mut chunk, &mut batch);
                            }
                            Told::Gap(gap) => self.tell(&gap, &mut chunk),
                        }
                    }
                }
            }
        }
        Ok((chunk, batch))
    }

    fn push(&self, slot: &Slot, chunk: &mut Chunk, batch: &mut Batch) {
        let Slot::Entry(entry) = slot else { return };
        batch.push(entry, self.tracers.deliveries.enabled());
        chunk.push(wire::event(&self.epoch, entry));
    }

    fn tell(&self, reply: &Reply, chunk: &mut Chunk) {
        if let Reply::Gap { room, after, next, why } = reply {
            self.tracers.gap(room, self.client, *after, *next, *why);
            sse::reply(chunk, "gap", reply);
        }
    }

    /// Hands a chunk to the connection, which may be busy with the one before.
    async fn send(&mut self, chunk: Chunk) -> Result<(), End> {
        if self.out.capacity() == 0 {
            self.reader.blocked(Some(self.handed));
        }
        let permit = timeout(self.limits.blocked_write, self.out.reserve()).await;
        self.reader.blocked(None);
        match permit {
            Ok(Ok(permit)) => {
                self.taken.store(false, Ordering::Relaxed);
                permit.send(chunk);
                self.handed = clock::now();
                Ok(())
            }
            Ok(Err(_)) => Err(self.gone()),
            Err(_) => Err(End::Stalled),
        }
    }

    /// Why the connection has ended: it gives up itself a client that takes nothing for as long.
    fn gone(&self) -> End {
        let waited = clock::now().saturating_duration_since(self.handed);
        match !self.taken.load(Ordering::Relaxed) && waited >= self.limits.blocked_write / 2 {
            true => End::Stalled,
            false => End::Gone,
        }
    }

    /// Says when to come back, ends the body, and waits until the connection has taken it.
    async fn goodbye(&mut self, end: End) -> Result<(), End> {
        let (mut last, bye) = (Chunk::new(), Reply::bye(end, self.client));
        if let Reply::Bye { after_ms: Some(ms), .. } = &bye {
            sse::retry(&mut last, *ms);
        }
        sse::reply(&mut last, "bye", &bye);
        self.send(last).await?;
        self.send(Chunk::new()).await?;
        self.out.closed().await;
        Ok(())
    }
}
