//! What happens inside, for those who may look: the X-ray page, its events, and the flight
//! recorder as lines.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use trace::Value;

use super::looking::Looking;
use super::page::Page;
use super::problem::Problem;
use super::sse;
use crate::clock;
use crate::flight::{Flight, Recorded, Told, Watch};
use crate::limits::{FLIGHT_READ_BYTES, WATCH_PAUSE};
use crate::select::select;
use crate::sessions::{Place, Sessions};

/// Reads of the recorder until others have their turn, if nothing of it is wanted.
const READS: usize = 16;

/// What may be looked at, and by whom.
pub(super) struct Inside {
    pub(super) sessions: Arc<Sessions>,
    pub(super) flight: Option<Flight>,
    pub(super) looking: Looking,
    pub(super) page: Arc<Page>,
}

pub(super) fn routes(inside: Arc<Inside>) -> Router {
    Router::new()
        .route("/xray", get(page_of))
        .route("/xray/events", get(events))
        .route("/debug/flight", get(flight_of))
        .with_state(inside)
}

async fn page_of(State(inside): State<Arc<Inside>>, request: Request) -> Response {
    let answer = inside.recorder(&request).map(|_| inside.page.xray(request.headers()));
    inside.told(&request, answer)
}

async fn flight_of(State(inside): State<Arc<Inside>>, request: Request) -> Response {
    let answer = inside.recorder(&request).and_then(|flight| {
        inside.looking.of_ours(request.headers())?;
        let mut watch = flight.past();
        let lines = stream::iter(std::iter::from_fn(move || {
            let mut lines = Vec::new();
            watch.read(|told| told.line(&mut lines)).then_some(Ok::<_, Infallible>(lines))
        }));
        let headers =
            [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
        Ok((headers, Body::from_stream(lines)).into_response())
    });
    inside.told(&request, answer)
}

async fn events(
    State(inside): State<Arc<Inside>>,
    only: Result<Query<Only>, QueryRejection>,
    request: Request,
) -> Response {
    let answer = inside.recorder(&request).and_then(|flight| {
        inside.looking.of_ours(request.headers())?;
        let Query(only) = only?;
        if inside.sessions.stopping().is_cancelled() {
            return Err(Problem::stopping());
        }
        let watch = flight.watch().ok_or_else(Problem::watched)?;
        let place = request.extensions().get().cloned();
        let stopping = inside.sessions.stopping().clone();
        let ping = inside.sessions.limits().ping;
        let watching = Watching { watch, only, stopping, ping, told: clock::now(), _place: place };
        Ok(sse::response(stream::unfold(watching, async |mut watching| {
            let chunk = watching.next().await?;
            Some((Ok::<_, Infallible>(chunk), watching))
        })))
    });
    inside.told(&request, answer)
}

impl Inside {
    /// Whether who asks would be shown the X-ray.
    pub(super) fn is_shown(&self, request: &Request) -> bool {
        self.recorder(request).is_ok()
    }

    /// The recorder, for who may look.
    fn recorder(&self, request: &Request) -> Result<&Flight, Problem> {
        let place = request.extensions().get::<Place>();
        self.looking.admits(place.map(Place::peer), request)?;
        self.flight.as_ref().ok_or_else(Problem::no_flight)
    }

    /// The answer, or why there is none, which is traced and counted.
    fn told(&self, request: &Request, answer: Result<Response, Problem>) -> Response {
        answer.unwrap_or_else(|problem| {
            self.sessions.tracers().request_refused(None, None, problem.code());
            problem.told_to(request.headers())
        })
    }
}

/// One room or one client, or everything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    room: Option<String>,
    client: Option<u64>,
}

impl Only {
    fn wants(&self, event: &Recorded<'_>) -> bool {
        let is_there = match &self.room {
            Some(room) => matches!(event.get("room"), Some(Value::Str(its)) if its == room),
            None => true,
        };
        let is_its = match self.client {
            Some(client) => matches!(event.get("client"), Some(Value::U64(its)) if its == client),
            None => true,
        };
        is_there && is_its
    }
}

/// Somebody who watches. What is not taken is not read, and so overwritten at last.
struct Watching {
    watch: Watch,
    only: Only,
    stopping: CancellationToken,
    ping: Duration,
    /// When something was told.
    told: Instant,
    _place: Option<Place>,
}

impl Watching {
    /// What is told next, as soon as there is something; nothing when the server stops.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let chunk = self.read();
            if !chunk.is_empty() {
                self.told = clock::now();
                return Some(chunk.into());
            }
            if clock::now().duration_since(self.told) >= self.ping {
                self.told = clock::now();
                return Some(Bytes::from_static(b":\n\n"));
            }
            select! {
                () = self.stopping.cancelled() => return None,
                () = sleep(WATCH_PAUSE) => {}
            }
        }
    }

    fn read(&mut self) -> Vec<u8> {
        let (mut chunk, only) = (Vec::new(), &self.only);
        for _ in 0..READS {
            let more = self.watch.read(|told| match told {
                Told::Event(event) if only.wants(&event) => {
                    chunk.extend_from_slice(b"data: ");
                    event.line(&mut chunk);
                    chunk.push(b'\n');
                }
                Told::Event(_) => {}
                Told::Lost(lost) => {
                    let gap = format!("event: gap\ndata: {{\"lost\":{lost}}}\n\n");
                    chunk.extend_from_slice(gap.as_bytes());
                }
            });
            if !more || chunk.len() >= FLIGHT_READ_BYTES {
                break;
            }
        }
        chunk
    }
}
