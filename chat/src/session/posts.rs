//! What a client says, and to whom.

use trace::trace;

use super::Session;
use super::answers::{Asking, Done};
use super::pending::Pending;
use crate::command::{Post, Reply};
use crate::history::Posting;
use crate::name::{Name, RoomName};
use crate::refused::Refused;
use crate::room::Draft;

impl Session {
    pub(super) fn post(&self, id: Option<u64>, post: Post, pending: &mut Pending) -> Done {
        let login = self.login.as_ref().ok_or(Refused::HelloFirst)?;
        let mut writing = self.side.lock();
        let membership = self.membership(&mut writing, post.room.as_ref())?;
        if *membership.room() == RoomName::inbox() {
            return Err(Refused::RoomOrTo);
        }
        self.tracers.received(membership.room(), self.client, post.content.body());
        let room = Some(membership.room().clone());
        let asking = Asking { id, mid: post.mid.clone(), room };
        let patient = !self.wire.answers();
        let draft = Draft { mid: post.mid, content: post.content, to: None, patient };
        answer(asking, membership.post(login, draft), vec![], pending)
    }

    pub(super) fn post_direct(&self, id: Option<u64>, post: Post, pending: &mut Pending) -> Done {
        let login = self.login.as_ref().ok_or(Refused::HelloFirst)?;
        let (client, recipients, bytes) = (self.client.0, post.to.len(), post.content.body().len());
        self.tracers.metrics.received();
        // What is said to somebody in private is not shown to who watches.
        trace!(self.tracers.tracer, "Direct message received"; event = "received", room = RoomName::inbox().as_str(), client = client, recipients = recipients, bytes = bytes);
        let asking = Asking { id, mid: post.mid.clone(), room: Some(RoomName::inbox()) };
        let (posting, unknown) = self.rooms.post_direct(self.client, login, post)?;
        answer(asking, posting, unknown, pending)
    }
}

/// Tells that a message is stored, once it is.
fn answer(asking: Asking, posting: Posting, unknown: Vec<Name>, pending: &mut Pending) -> Done {
    let id = asking.id;
    let told = move |posted| vec![Reply::Ok { id, posted, unknown }];
    match posting {
        Posting::Done(done) => done.map(told),
        Posting::Waiting(waiting) => {
            pending.push(async move { (asking, waiting.await.map(told)) });
            Ok(vec![])
        }
    }
}
