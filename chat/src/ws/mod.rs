//! WebSocket: the handshake on an HTTP request, and the frames of a client as a stream.
//!
//! Tungstenite only reads here. What it would write (answers to pings and closes) is dropped,
//! because a connection has one write side and the session owns it.

mod frames;
mod handshake;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use trace::trace;

#[cfg(any(test, fuzzing))]
pub(crate) use self::frames::inbound;
pub(crate) use self::handshake::Handshake;
use self::handshake::{Refusal, has_word};
use crate::end::End;
use crate::name::RoomName;
use crate::session::Inbound;
use crate::sessions::{Place, Sessions};
use crate::wire::Wire;

/// The subprotocol of the json format.
const SUBPROTOCOL: &str = "chat.v1";

/// The addresses that speak WebSocket.
pub fn routes(sessions: Arc<Sessions>) -> Router {
    Router::new()
        .route("/room", get(body))
        .route("/ws", get(pool))
        .route("/rooms/{room}/ws", get(room))
        .with_state(sessions)
}

async fn body(State(sessions): State<Arc<Sessions>>, request: Request) -> Response {
    let answer = upgrade(&sessions, Wire::Body, RoomName::lobby(), None, request);
    answer.unwrap_or_else(|refusal| refuse(&sessions, refusal))
}

async fn pool(State(sessions): State<Arc<Sessions>>, request: Request) -> Response {
    let answer = upgrade(&sessions, Wire::Pool, RoomName::lobby(), None, request);
    answer.unwrap_or_else(|refusal| refuse(&sessions, refusal))
}

/// Who a client without a subprotocol is, unless it says so in its first message.
#[derive(Deserialize)]
struct Who {
    name: Option<String>,
}

async fn room(
    State(sessions): State<Arc<Sessions>>,
    room: Result<Path<String>, PathRejection>,
    Query(who): Query<Who>,
    request: Request,
) -> Response {
    let named = |Path(room): Path<String>| RoomName::new(&room).map_err(|why| why.to_string());
    let text = "the name of a room stands in an address as UTF-8, escaped with %";
    let room = room.map_err(|_| text.into()).and_then(named).map_err(Refusal::Room);
    let subprotocols = request.headers().contains_key(header::SEC_WEBSOCKET_PROTOCOL);
    let (wire, name) = if subprotocols { (Wire::Json, None) } else { (Wire::Text, who.name) };
    let answer = room.and_then(|room| upgrade(&sessions, wire, room, name, request));
    answer.unwrap_or_else(|refusal| refuse(&sessions, refusal))
}

fn refuse(sessions: &Sessions, refusal: Refusal) -> Response {
    sessions.tracers().request_refused(None, None, refusal.code());
    refusal.into_response()
}

/// Answers a handshake and starts the session behind it, with `first` for its first message.
fn upgrade(
    sessions: &Arc<Sessions>,
    wire: Wire,
    room: RoomName,
    first: Option<String>,
    mut request: Request,
) -> Result<Response, Refusal> {
    let handshake = Handshake::of(&mut request)?;
    let headers = request.headers();
    if wire == Wire::Json && !has_word(headers, header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Err(Refusal::Subprotocol);
    }
    if sessions.stopping().is_cancelled() {
        return Err(Refusal::Stopping);
    }
    let response = handshake.response((wire == Wire::Json).then_some(SUBPROTOCOL));
    let place = request.extensions_mut().remove::<Place>();
    let session = sessions.open(wire, room);
    let tracers = sessions.tracers().clone();
    let limits = Arc::clone(sessions.limits());
    // Each stage is a box of its own: what one needed is given back before the next, which lasts.
    let socket = Box::pin(async move {
        let (inbound, write) = handshake.socket(&limits).await?;
        let first = first.map(|first| Inbound::Message(first.into()));
        Ok::<_, hyper::Error>((Box::pin(stream::iter(first).chain(inbound)), write))
    });
    sessions.spawn(async move {
        let client = session.client().0;
        {
            let peer = place.as_ref().map(Place::peer);
            let peer = peer.map_or_else(|| "unknown".into(), |peer| peer.to_string());
            trace!(tracers.tracer, "Connection accepted"; event = "accepted", client = client, wire = wire.as_str(), peer = peer.as_str());
        }
        match socket.await {
            Ok((inbound, write)) => {
                Box::pin(session.run(inbound, write)).await;
            }
            Err(error) => {
                trace!(tracers.tracer, "Connection closed"; event = "closed", client = client, why = End::Gone.as_str(), told = false, error = format_args!("{error}"));
            }
        }
        drop(place);
    });
    Ok(response)
}
