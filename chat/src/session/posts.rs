//! What a client says, and to whom.

use trace::trace;

use super::Session;
use super::requests::Done;
use crate::command::{Post, Reply};
use crate::name::RoomName;
use crate::refused::Refused;
use crate::room::Draft;

impl Session {
    pub(super) async fn post(&mut self, id: Option<u64>, post: Post) -> Done {
        let login = self.login.as_ref().ok_or(Refused::HelloFirst)?;
        let membership = self.membership(post.room.as_ref())?;
        if *membership.room() == RoomName::inbox() {
            return Err(Refused::RoomOrTo);
        }
        self.tracers.received(membership.room(), self.client, post.content.body());
        let draft = Draft { mid: post.mid, content: post.content, direct: None };
        let posted = membership.post(login, draft).await?;
        Ok(vec![Reply::Ok { id, posted, unknown: vec![] }])
    }

    pub(super) async fn post_direct(&mut self, id: Option<u64>, post: Post) -> Done {
        let login = self.login.as_ref().ok_or(Refused::HelloFirst)?;
        let (client, to, bytes) = (self.client.0, post.to.len(), post.content.body().len());
        self.tracers.metrics.received();
        // What is said to somebody in private is not shown to who watches.
        trace!(self.tracers.tracer, "Direct message received"; event = "received", room = RoomName::inbox().as_str(), client = client, to = to, bytes = bytes);
        let (posted, unknown) = self.rooms.post_direct(self.client, login, post).await?;
        Ok(vec![Reply::Ok { id, posted, unknown }])
    }
}
