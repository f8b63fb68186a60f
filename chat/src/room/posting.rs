//! How a message gets its place.

use std::sync::Arc;

use trace::trace;

use super::{Room, Sequencer};
use crate::clock;
use crate::command::{Posted, Stored};
use crate::entry::{ClientId, Content, Direct, Entry, Mid, Sender, Seq, Slot};
use crate::members::Author;
use crate::refused::Refused;

/// A message on its way into one log.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) mid: Option<Mid>,
    pub(crate) content: Content,
    pub(crate) direct: Option<Direct>,
}

impl Room {
    /// Puts a message into the room; when this returns, it is stored and every reader can see it.
    ///
    /// # Errors
    /// [`Refused::MidReused`] if the sender used the `mid` for another message;
    /// [`Refused::NoMessage`] or [`Refused::NotYours`] if it changes one that it cannot.
    pub(crate) async fn post(
        &self,
        client: ClientId,
        author: Author,
        draft: Draft,
    ) -> Result<Posted, Refused> {
        match self.sequencer {
            Sequencer::Memory => self.post_in_memory(client, author, draft),
        }
    }

    fn post_in_memory(
        &self,
        client: ClientId,
        author: Author,
        draft: Draft,
    ) -> Result<Posted, Refused> {
        let stored = Stored::Memory;
        let Author { sender, name } = author;
        let Draft { mid, content, direct } = draft;
        let mut state = self.state();
        if let Some(seq) = state.mids.find(&sender, mid.as_ref(), &content)? {
            return Ok(Posted { seq, stored, dup: true });
        }
        if let Some(of) = content.of() {
            may_change(state.log.find(of), of, &sender)?;
        }
        let prev = state.log.head();
        let entry = Arc::new(Entry {
            room: self.name.clone(),
            direct,
            seq: prev.next(),
            prev,
            at: clock::wall(),
            sender,
            from: name,
            mid,
            content,
            encoded: state.log.encoded(),
        });
        state.mids.add(&entry);
        if let Content::Delete { of } = entry.content {
            state.log.blank(of);
        }
        let (room, seq) = (self.name.as_str(), entry.seq);
        trace!(self.tracer, "Message stored"; event = "stored", room = room, client = client.0, seq = seq.0, stored = stored.as_str());
        let empty = state.renew(clock::now());
        self.append(state, Slot::Entry(entry));
        if empty {
            self.changed.notify_one();
        }
        Ok(Posted { seq, stored, dup: false })
    }
}

/// Only what somebody said can be changed, and only by them.
fn may_change(entry: Option<&Arc<Entry>>, of: Seq, sender: &Sender) -> Result<(), Refused> {
    let entry = entry.filter(|entry| matches!(entry.content, Content::Post { .. }));
    match entry.ok_or(Refused::NoMessage(of))? {
        entry if entry.sender != *sender => Err(Refused::NotYours),
        entry if entry.content.body().is_empty() => Err(Refused::NoMessage(of)),
        _ => Ok(()),
    }
}
