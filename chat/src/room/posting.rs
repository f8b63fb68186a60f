//! How a message gets its place.

use std::sync::{Arc, MutexGuard};

use trace::trace;

use super::copies::Copy;
use super::state::State;
use super::{Room, Sequencer};
use crate::clock;
use crate::command::{Posted, Stored};
use crate::entry::{ClientId, Content, Direct, Entry, MemberId, Mid, Sender, Seq, Slot};
use crate::history::{Posting, Proposal};
use crate::members::Author;
use crate::name::Name;
use crate::refused::Refused;

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) mid: Option<Mid>,
    pub(crate) content: Content,
    /// Whom it is for, if it is a direct message.
    pub(crate) to: Option<Arc<[Name]>>,
    /// Whoever posts it cannot be told that it has to be posted again, and waits.
    pub(crate) patient: bool,
}

/// A room that a message is for.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) room: Arc<Room>,
    /// It is the inbox of the sender, who was not addressed.
    pub(crate) copy: bool,
    /// It is the inbox of somebody who was.
    pub(crate) of: Option<(MemberId, Name)>,
}

impl Place {
    /// The message is there now.
    fn copy_at(&self, seq: Seq) -> Option<Copy> {
        let (member, name) = self.of.clone()?;
        let (epoch, inbox) = (self.room.state().log.epoch().clone(), Arc::downgrade(&self.room));
        Some(Copy { member, name, inbox, epoch, seq })
    }
}

impl Room {
    /// Puts a message into the room; once it is done, it is stored and every reader can see it.
    ///
    /// It is refused with [`Refused::MidReused`] if the sender used the `mid` for another message,
    /// with [`Refused::NoMessage`] or [`Refused::NotYours`] if it changes one that it cannot, and
    /// as the history does.
    pub(crate) fn post(
        self: &Arc<Self>,
        client: ClientId,
        author: Author,
        draft: Draft,
    ) -> Posting {
        let place = Place { room: Arc::clone(self), copy: false, of: None };
        post(vec![place], client, author, draft)
    }

    /// Numbers a message and shows it, unless the log has it already.
    fn post_here(
        &self,
        client: ClientId,
        proposal: &Proposal,
        copy: bool,
    ) -> Result<Posted, Refused> {
        let Proposal { sender, mid, content, .. } = proposal;
        let mut state = self.state();
        if let Some(seq) = state.mids.find(sender, mid.as_ref(), content)? {
            self.repeated(client, seq);
            return Ok(Posted { seq, stored: Stored::Memory, dup: true });
        }
        if let Some(of) = content.of() {
            may_change(state.log.find(of), of, sender)?;
        }
        if let Some(mid) = mid {
            let seq = state.log.head().next();
            state.mids.add(sender, mid, seq, content);
        }
        let seq = self.show_next(state, client, proposal, copy);
        Ok(Posted { seq, stored: Stored::Memory, dup: false })
    }

    /// Numbers a message that is new and shows it.
    fn show_next(
        &self,
        state: MutexGuard<'_, State>,
        client: ClientId,
        proposal: &Proposal,
        copy: bool,
    ) -> Seq {
        let seq = state.log.head().next();
        self.show(state, client, proposal, copy, seq, Stored::Memory);
        seq
    }

    /// The message is there already, under the same `mid`.
    fn repeated(&self, client: ClientId, seq: Seq) {
        let room = self.name.as_str();
        trace!(self.common.tracers.tracer, "Message is stored already"; event = "repeated", room = room, client = client.0, seq = seq.0);
    }

    /// Appends a message that has its place, for every reader to see.
    fn show(
        &self,
        mut state: MutexGuard<'_, State>,
        client: ClientId,
        proposal: &Proposal,
        copy: bool,
        seq: Seq,
        stored: Stored,
    ) {
        let Proposal { at, sender, from, mid, content, to, .. } = proposal;
        let entry = Entry {
            room: self.name.clone(),
            direct: to.clone().map(|to| Direct { to, copy }),
            seq,
            prev: state.log.head(),
            at: *at,
            shown: Some(clock::now()),
            sender: sender.clone(),
            from: from.clone(),
            mid: mid.clone(),
            content: content.clone(),
            encoded: state.log.encoded(),
        };
        if let Content::Delete { of } = content {
            state.log.blank(*of);
        }
        let room = self.name.as_str();
        trace!(self.common.tracers.tracer, "Message stored"; event = "stored", room = room, client = client.0, seq = seq.0, stored = stored.as_str());
        let empty = state.renew(clock::now());
        self.append(state, Slot::Entry(Arc::new(entry)));
        if empty {
            self.changed.notify_one();
        }
    }
}

/// Posts a message into all places or none; the first tells whether it is new.
pub(crate) fn post(places: Vec<Place>, client: ClientId, author: Author, draft: Draft) -> Posting {
    let Author { sender, name: from } = author;
    let Draft { mid, content, to, patient } = draft;
    let targets = places.iter().map(|place| place.room.target(place.copy)).collect();
    let proposal = Proposal { targets, at: clock::wall(), sender, from, mid, content, to };
    match &places[0].room.common.sequencer {
        Sequencer::Memory => {
            // The first tells whether it is new.
            let first = places[0].room.post_here(client, &proposal, places[0].copy);
            if let Ok(Posted { seq, dup: false, .. }) = first {
                let mut seqs = vec![seq];
                for Place { room, copy, .. } in &places[1..] {
                    seqs.push(room.show_next(room.state(), client, &proposal, *copy));
                }
                note_copies(&places, &proposal.sender, &seqs);
            }
            Posting::Done(first)
        }
        Sequencer::History(history) => {
            let (history, stored) = (Arc::clone(history), history.stored());
            let first = Arc::clone(&places[0].room);
            let apply = move |proposal: Proposal, seqs: &[Seq]| {
                for (Place { room, copy, .. }, seq) in places.iter().zip(seqs) {
                    room.show(room.state(), client, &proposal, *copy, *seq, stored);
                }
                note_copies(&places, &proposal.sender, seqs);
            };
            match history.post(proposal, Box::new(apply), patient) {
                Posting::Done(done) => Posting::Done(done),
                Posting::Waiting(waiting) => Posting::Waiting(Box::pin(async move {
                    let posted = waiting.await;
                    if let Ok(Posted { seq, dup: true, .. }) = posted {
                        first.repeated(client, seq);
                    }
                    posted
                })),
            }
        }
    }
}

/// Remembers where a direct message is, for reports.
fn note_copies(places: &[Place], sender: &Sender, seqs: &[Seq]) {
    let (Sender::Member(sender), [seq, ..]) = (sender, seqs) else { return };
    let copies: Vec<_> =
        places.iter().zip(seqs).filter_map(|(place, seq)| place.copy_at(*seq)).collect();
    if !copies.is_empty() {
        places[0].room.common.copies.push(*sender, *seq, copies);
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
