//! What server-sent events look like.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;

use crate::command::{Reply, Start};
use crate::entry::{Epoch, Seq};
use crate::wire::Wire;

/// `EPOCH.SEQ`, as it was the `id` of an event; what is not is the position of no log.
pub(super) fn position(headers: &HeaderMap) -> Option<Start> {
    let id = headers.get("last-event-id")?.to_str().unwrap_or_default();
    let known = id.rsplit_once('.').and_then(|(epoch, seq)| Some((epoch, seq.parse().ok()?)));
    let (epoch, seq) = known.unwrap_or_default();
    Some(Start::After(Epoch::new(epoch), Seq(seq)))
}

/// Where a client is who has no event yet.
pub(super) fn id(out: &mut Vec<Bytes>, epoch: &Epoch, seq: Seq) {
    out.push(format!("id: {}.{seq}\n\n", epoch.as_str()).into());
}

pub(super) fn reply(out: &mut Vec<Bytes>, event: &str, reply: &Reply) {
    let line = Wire::JsonLines.reply(reply);
    out.push([format!("event: {event}\ndata: ").as_bytes(), &line, b"\n"].concat().into());
}

/// When a client that is cut off comes back, in milliseconds.
pub(super) fn retry(out: &mut Vec<Bytes>, ms: u64) {
    out.push(format!("retry: {ms}\n").into());
}

/// An answer that goes on for as long as there are events.
pub(super) fn response(
    events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(events)).into_response()
}
