//! Saying something in a room without being in it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::Deserialize;
use tokio::time::timeout;
use trace::trace;

use super::api::json;
use super::problem::Problem;
use crate::clock;
use crate::command::{Reply, Token};
use crate::entry::{Mid, Slot};
use crate::limits::{Limits, TOO_MUCH_BYTES};
use crate::name::{Name, RoomName};
use crate::refused::Refused;
use crate::room::Draft;
use crate::sessions::{Place, Sessions};
use crate::wire::{Wire, decode_post};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sayer {
    /// The name to post under.
    r#as: Option<String>,
}

/// Stores a message and answers with it: 201, or 200 if the room had it already.
pub(super) async fn say(
    sessions: &Sessions,
    room: &str,
    sayer: Sayer,
    request: Request,
) -> Result<Response, Problem> {
    let room = RoomName::new(room).map_err(Refused::BadRoom)?;
    let name = sayer.r#as.as_deref().map(Name::new).transpose().map_err(Refused::BadName)?;
    let (head, body) = request.into_parts();
    let (is_object, token) = (is_object(&head.headers)?, token(&head.headers)?);
    let key = key(&head.headers)?;
    let members = sessions.rooms().members();
    members.author(name.clone(), token.as_ref(), clock::now())?;
    let body = read(body, sessions.limits()).await?;
    let post = decode_post(&body, is_object, sessions.limits())?;
    if !post.to.is_empty() || post.room.is_some_and(|other| other != room) {
        let text = "the message is for the room of the address; leave out \"room\" and \"to\"";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "wrong_room", text));
    }
    let mid = match (key, post.mid) {
        (Some(key), Some(mid)) if key != mid => {
            let text = "Idempotency-Key and \"mid\" differ; send one of them";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "two_mids", text));
        }
        (key, mid) => key.or(mid),
    };
    if sessions.stopping().is_cancelled() {
        return Err(Problem::stopping());
    }
    // Asked again: the body may have taken its time, and the name may be somebody's by now.
    let author = members.author(name, token.as_ref(), clock::now())?;
    let (client, tracers) = (sessions.number(), sessions.tracers());
    let peer = head.extensions.get::<Place>().map(Place::peer);
    let peer = peer.map_or_else(|| "unknown".into(), |peer| peer.to_string());
    trace!(tracers.tracer, "Request accepted"; event = "accepted", room = room.as_str(), client = client.0, wire = "http", peer = peer.as_str(), name = author.name.as_str());
    let (rooms, sender, asked) = (sessions.rooms(), author.sender.clone(), mid.clone());
    let refused = |refused: Refused| {
        if let Some(mid) = &asked {
            rooms.refused(sender.clone(), mid.clone(), refused.clone());
        }
        Problem::from(refused).of(client, &room)
    };
    tracers.received(&room, client, post.content.body());
    let room = rooms.enter_one(&room).map_err(refused)?;
    let draft = Draft { mid, content: post.content, to: None, patient: false };
    let posted = room.post(client, author, draft).wait().await.map_err(refused)?;
    if let Some(mid) = &asked {
        rooms.stored(&sender, mid);
    }
    let status = if posted.dup { StatusCode::OK } else { StatusCode::CREATED };
    let stored = match room.entry(posted.seq).await {
        Ok(Some(entry)) => Wire::JsonLines.slot(&Slot::Entry(entry)),
        // So many others followed at once that it has left the log again.
        Ok(None) | Err(_) => {
            Wire::JsonLines.reply(&Reply::Ok { id: None, posted, unknown: vec![] })
        }
    };
    Ok((status, json(stored)).into_response())
}

/// Whether the body is an object; if not, it is the text.
fn is_object(headers: &HeaderMap) -> Result<bool, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind.to_ascii_lowercase().starts_with("multipart/") {
        let text = "send the text itself: curl -d TEXT, or --data-binary @FILE, instead of -F";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "multipart", text));
    }
    Ok(kind.eq_ignore_ascii_case("application/json"))
}

fn token(headers: &HeaderMap) -> Result<Option<Token>, Refused> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Refused::BadToken)?;
    match scheme.eq_ignore_ascii_case("bearer") {
        true => Ok(Some(Token::new(token.trim()))),
        false => Err(Refused::BadToken),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<Mid>, Refused> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Refused::BadMid)?;
    Mid::new(text).map(Some).ok_or(Refused::BadMid)
}

/// The whole body, in time and within bounds.
async fn read(mut body: Body, limits: &Limits) -> Result<Bytes, Problem> {
    let (most, mut size, mut taken) = (limits.frame_bytes, 0, BytesMut::new());
    let reading = async {
        while let Some(frame) = body.frame().await {
            let broken =
                || Problem::new(StatusCode::BAD_REQUEST, "broken_body", "the body broke off");
            let Ok(data) = frame.map_err(|_| broken())?.into_data() else { continue };
            size += data.len();
            match size {
                size if size <= most => taken.extend_from_slice(&data),
                size if size <= most + TOO_MUCH_BYTES => {}
                _ => break,
            }
        }
        Ok::<_, Problem>(())
    };
    let late = |_| {
        let text = format!("the body did not come within {} s", limits.request_body.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, "slow_body", text)
    };
    timeout(limits.request_body, reading).await.map_err(late)??;
    match size > most {
        true => Err(Refused::TooLong(limits.body_bytes).into()),
        false => Ok(taken.freeze()),
    }
}
