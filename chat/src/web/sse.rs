//! What server-sent events look like: pure text.

use std::fmt::{Arguments, Write};

use axum::http::HeaderMap;
use bytes::Bytes;

use crate::command::{Reply, Start};
use crate::entry::{Epoch, Seq, Slot};
use crate::wire::Wire;

/// `EPOCH.SEQ`, as it was the `id` of an event; what is not is the position of no log.
pub(super) fn position(headers: &HeaderMap) -> Option<Start> {
    let id = headers.get("last-event-id")?.to_str().unwrap_or_default();
    let known = id.rsplit_once('.').and_then(|(epoch, seq)| Some((epoch, seq.parse().ok()?)));
    let (epoch, seq) = known.unwrap_or_default();
    Some(Start::After(Epoch::new(epoch), Seq(seq)))
}

/// Where a client is who has no event yet.
pub(super) fn id(out: &mut String, epoch: &Epoch, seq: Seq) {
    push(out, format_args!("id: {}.{seq}\n\n", epoch.as_str()));
}

pub(super) fn entry(out: &mut String, epoch: &Epoch, seq: Seq, slot: &Slot) {
    let line = Wire::JsonLines.slot(slot);
    push(out, format_args!("id: {}.{seq}\ndata: {}\n", epoch.as_str(), text(&line)));
}

pub(super) fn reply(out: &mut String, event: &str, reply: &Reply) {
    let line = Wire::JsonLines.reply(reply);
    push(out, format_args!("event: {event}\ndata: {}\n", text(&line)));
}

/// When a client that is cut off comes back, in milliseconds.
pub(super) fn retry(out: &mut String, ms: u64) {
    push(out, format_args!("retry: {ms}\n"));
}

fn push(out: &mut String, text: Arguments<'_>) {
    out.write_fmt(text).expect("a String takes any text");
}

/// A line of JSON, which has no other line end than its own.
fn text(line: &Bytes) -> &str {
    str::from_utf8(line).expect("JSON is text")
}
