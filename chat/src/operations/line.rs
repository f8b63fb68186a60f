//! A line of an export: a JSON object. docs/operations.md is its contract.

mod read;

use serde::{Deserialize, Serialize};

pub(super) use self::read::Said;
use crate::entry::{Content, Entry, MemberId, Sender};
use crate::history::{Kept, Key};
use crate::name::Name;

/// Of what the lines say.
const VERSION: u64 = 1;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Vec<String>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    copy: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<u64>,
}

impl Line {
    fn new(kind: &str) -> Self {
        Self { r#type: kind.into(), ..Self::default() }
    }

    pub(super) fn begin() -> Self {
        Self { version: Some(VERSION), ..Self::new("export") }
    }

    pub(super) fn end(messages: u64) -> Self {
        Self { messages: Some(messages), ..Self::new("end") }
    }

    pub(super) fn member(kept: &Kept) -> Self {
        Self {
            member: Some(id(kept.id)),
            name: Some(kept.name.as_str().into()),
            token: Some(kept.token.0.iter().map(|byte| format!("{byte:02x}")).collect()),
            left: kept.left.map(|left| left.to_string()),
            ..Self::new("member")
        }
    }

    pub(super) fn entry(key: &Key, entry: &Entry) -> Self {
        let (kind, body, reply) = match &entry.content {
            Content::Post { body, reply } => ("message", Some(body), *reply),
            Content::Edit { body, .. } => ("edit", Some(body), None),
            Content::Delete { .. } => ("delete", None, None),
        };
        let (room, inbox) = match key {
            Key::Room(name) => (Some(name.as_str().into()), None),
            Key::Inbox(member) => (None, Some(id(*member))),
        };
        let names = |names: &[Name]| names.iter().map(|name| name.as_str().into()).collect();
        Self {
            room,
            inbox,
            seq: Some(entry.seq.0),
            at: Some(entry.at.to_string()),
            from: Some(entry.from.as_str().into()),
            member: match entry.sender {
                Sender::Member(member) => Some(id(member)),
                Sender::Name(_) => None,
            },
            to: entry.direct.as_ref().map(|direct| names(&direct.to)),
            copy: entry.direct.as_ref().is_some_and(|direct| direct.copy),
            mid: entry.mid.as_ref().map(|mid| mid.as_str().into()),
            of: entry.content.of().map(|seq| seq.0),
            body: body.map(|body| body.to_string()),
            reply: reply.map(|seq| seq.0),
            deleted: body.is_some_and(|body| body.is_empty()),
            ..Self::new(kind)
        }
    }

    /// As it is written, with its end.
    pub(super) fn text(&self) -> Vec<u8> {
        // Texts and numbers: nothing in it can fail.
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.push(b'\n');
        text
    }
}

fn id(member: MemberId) -> String {
    format!("{:016x}", member.0)
}

#[cfg(test)]
mod tests;
