//! The direct messages of every member. An inbox belongs to the member, not to the name: nobody
//! who takes the name later reads it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use trace::Tracer;

use crate::command::{Post, Posted};
use crate::entry::{ClientId, Direct, Epoch, MemberId, Mid};
use crate::limits::{Limits, RECIPIENTS};
use crate::members::{Login, Members, random_text};
use crate::name::{Name, RoomName};
use crate::refused::Refused;
use crate::room::{Draft, Room};

/// One log for each member who can read it.
#[derive(Debug)]
pub(crate) struct Inboxes {
    limits: Limits,
    tracer: Arc<dyn Tracer>,
    // Held for map operations only, never across an await.
    logs: Mutex<HashMap<MemberId, Arc<Room>>>,
}

impl Inboxes {
    pub(crate) fn new(limits: &Limits, tracer: Arc<dyn Tracer>) -> Self {
        Self { limits: limits.clone(), tracer, logs: Mutex::default() }
    }

    /// The inbox of a member, made if there is none.
    pub(crate) fn open(&self, member: MemberId) -> Arc<Room> {
        let make = || {
            let epoch = Epoch::new(&random_text(8));
            let (tracer, changed) = (Arc::clone(&self.tracer), Arc::new(Notify::new()));
            Arc::new(Room::new(RoomName::inbox(), epoch, &self.limits, tracer, changed))
        };
        Arc::clone(self.logs().entry(member).or_insert_with(make))
    }

    /// Closes the inboxes of members who are no more.
    pub(crate) fn forget(&self, gone: &[MemberId]) {
        let mut logs = self.logs();
        for member in gone {
            logs.remove(member);
        }
    }

    /// Puts a message into the inbox of each recipient who is known, and of the sender; tells its
    /// place in the latter, and the recipients who are not known.
    pub(crate) async fn post(
        &self,
        members: &Members,
        client: ClientId,
        login: &Login,
        post: Post,
    ) -> Result<(Posted, Vec<Name>), Refused> {
        if post.room.is_some() || post.content.of().is_some() {
            return Err(Refused::RoomOrTo);
        }
        if post.to.is_empty() || post.to.len() > RECIPIENTS {
            return Err(Refused::Recipients(RECIPIENTS));
        }
        let (mut to, mut unknown) = (HashMap::new(), Vec::new());
        for name in &post.to {
            let member = members.find(name);
            match member.and_then(|member| Some((member, self.logs().get(&member).cloned()?))) {
                Some((member, inbox)) => _ = to.insert(member, inbox),
                None => unknown.push(name.clone()),
            }
        }
        if to.is_empty() {
            return Err(Refused::NobodyThere(post.to[0].clone()));
        }
        let direct = |copy| Some(Direct { to: post.to.as_slice().into(), copy });
        // One name for all copies, by which each is found again.
        let mid = post.mid.or_else(|| Mid::new(&random_text(16)));
        let own = to.remove(&login.id);
        let draft = Draft { mid, content: post.content, direct: direct(own.is_none()) };
        let posted = self.open(login.id).post(client, login.author(), draft.clone()).await?;
        if !posted.dup {
            for inbox in to.into_values() {
                let draft = Draft { direct: direct(false), ..draft.clone() };
                inbox.post(client, login.author(), draft).await?;
            }
        }
        Ok((posted, unknown))
    }

    fn logs(&self) -> MutexGuard<'_, HashMap<MemberId, Arc<Room>>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
