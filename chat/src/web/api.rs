//! What programs do without a session: look at rooms and post, with curl for instance. The JSON is
//! that of `chat.v1`.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde::Deserialize;

use super::events::events;
use super::posting::{Sayer, say};
use super::problem::{At, Problem};
use crate::command::{Range, Reply};
use crate::entry::Seq;
use crate::limits::{HISTORY_ENTRIES, SEARCH_HITS};
use crate::name::RoomName;
use crate::refused::Refused;
use crate::room::Room;
use crate::search::Search;
use crate::sessions::{Place, Sessions};
use crate::wire::Wire;

pub(super) fn routes(sessions: Arc<Sessions>) -> Router {
    Router::new()
        .route("/rooms", get(rooms))
        .route("/rooms/{room}", post(posted))
        .route("/rooms/{room}/messages", get(messages))
        .route("/rooms/{room}/messages/{seq}/delivery", get(delivery))
        .route("/rooms/{room}/search", get(search))
        .route("/rooms/{room}/members", get(members))
        .route("/rooms/{room}/events", get(events))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&sessions), in_time))
        .with_state(sessions)
}

/// Lets those through who do not ask too often. Whoever comes through the app of a host has no
/// place, and is bounded by it.
async fn in_time(State(sessions): State<Arc<Sessions>>, request: Request, next: Next) -> Response {
    match request.extensions().get().map_or(Ok(()), |place: &Place| sessions.asked(place)) {
        Ok(()) => next.run(request).await,
        Err(refused) => told(&sessions, Err(refused.into())),
    }
}

async fn rooms(State(sessions): State<Arc<Sessions>>) -> Response {
    reply(&Reply::Rooms { id: None, rooms: sessions.rooms().list() })
}

async fn members(State(sessions): State<Arc<Sessions>>, At(room): At<String>) -> Response {
    told(&sessions, find(&sessions, &room).map(|room| reply(&room.who(None))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    after: Option<u64>,
    before: Option<u64>,
    limit: Option<usize>,
}

async fn messages(
    State(sessions): State<Arc<Sessions>>,
    At(room): At<String>,
    which: Result<Query<Which>, QueryRejection>,
) -> Response {
    told(&sessions, page(&sessions, &room, which).await)
}

async fn page(
    sessions: &Sessions,
    room: &str,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Which { after, before, limit }) = which?;
    let range = match (before, after) {
        (None, None) => Range::Newest,
        (Some(seq), None) => Range::Before(Seq(seq)),
        (None, Some(seq)) => Range::After(Seq(seq)),
        (Some(_), Some(_)) => {
            let text = "ask for messages after one or before one, not both";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_query", text));
        }
    };
    let room = find(sessions, room)?;
    let page = room.page(range, limit.unwrap_or(HISTORY_ENTRIES)).await?;
    Ok(reply(&Reply::History { id: None, room: room.name().clone(), page }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    q: String,
    before: Option<u64>,
    limit: Option<usize>,
}

async fn search(
    State(sessions): State<Arc<Sessions>>,
    At(room): At<String>,
    words: Result<Query<Words>, QueryRejection>,
) -> Response {
    told(&sessions, found(&sessions, &room, words).await)
}

async fn found(
    sessions: &Sessions,
    room: &str,
    words: Result<Query<Words>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Words { q, before, limit }) = words?;
    let search = Search::new(&q).ok_or(Refused::BadSearch)?;
    let room = find(sessions, room)?;
    let found = room.search(search, before.map(Seq), limit.unwrap_or(SEARCH_HITS)).await;
    let (epoch, hits) = found?;
    Ok(reply(&hits.reply(None, room.name().clone(), epoch)))
}

async fn delivery(
    State(sessions): State<Arc<Sessions>>,
    At((room, seq)): At<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let is_text = accept.is_some_and(|accept| accept.trim().starts_with("text/plain"));
    told(&sessions, report(&sessions, &room, &seq, is_text).await)
}

async fn report(
    sessions: &Sessions,
    room: &str,
    seq: &str,
    is_text: bool,
) -> Result<Response, Problem> {
    // Rust reads a plus as well.
    let Some(seq) = seq.parse().ok().filter(|_| !seq.starts_with('+')) else {
        let text = "a message is asked about by its number: /rooms/ROOM/messages/SEQ/delivery";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_query", text));
    };
    let room = find(sessions, room)?;
    let entry = room.entry(Seq(seq)).await?.ok_or(Refused::NoMessage(Seq(seq)))?;
    let delivery = Reply::Delivery { id: None, report: room.report(&entry).await };
    Ok(if is_text { text(Wire::TextLines.reply(&delivery)) } else { reply(&delivery) })
}

async fn posted(
    State(sessions): State<Arc<Sessions>>,
    At(room): At<String>,
    sayer: Result<Query<Sayer>, QueryRejection>,
    request: Request,
) -> Response {
    let said = match sayer {
        Ok(Query(sayer)) => say(&sessions, &room, sayer, request).await,
        Err(rejection) => Err(rejection.into()),
    };
    told(&sessions, said)
}

/// A room that there is: looking makes none.
pub(super) fn find(sessions: &Sessions, room: &str) -> Result<Arc<Room>, Problem> {
    let name = RoomName::new(room).map_err(Refused::BadRoom)?;
    Ok(sessions.rooms().find(&name).ok_or(Refused::NoRoom)?)
}

/// The answer, or why there is none, which is traced and counted.
pub(super) fn told(sessions: &Sessions, answer: Result<Response, Problem>) -> Response {
    answer.unwrap_or_else(|problem| {
        sessions.tracers().request_refused(problem.room(), problem.client(), problem.code());
        problem.into_response()
    })
}

fn reply(reply: &Reply) -> Response {
    json(Wire::JsonLines.reply(reply))
}

/// Lines for people.
fn text(lines: Bytes) -> Response {
    let kind = "text/plain; charset=utf-8";
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    (headers, lines).into_response()
}

/// One object and a newline.
pub(super) fn json(object: Bytes) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, object).into_response()
}
