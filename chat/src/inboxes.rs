//! The direct messages of every member. An inbox belongs to the member, not to the name: nobody
//! who takes the name later reads it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock;
use crate::command::{Post, Report};
use crate::entry::{ClientId, Entry, MemberId, Mid, Sender, Timestamp};
use crate::history::{Key, Posting};
use crate::limits::RECIPIENTS;
use crate::members::{Login, Members};
use crate::name::Name;
use crate::random::random_text;
use crate::refused::Refused;
use crate::room::{self, Common, Draft, Place, Room, Sequencer};

/// One log for each member who can read it.
#[derive(Debug)]
pub(crate) struct Inboxes {
    common: Arc<Common>,
    // Held for map operations only, never across an await.
    logs: Mutex<HashMap<MemberId, Arc<Room>>>,
}

impl Inboxes {
    pub(crate) fn new(common: &Arc<Common>) -> Self {
        Self { common: Arc::clone(common), logs: Mutex::default() }
    }

    /// The inbox of a member, made if there is none.
    pub(crate) fn open(&self, member: MemberId) -> Arc<Room> {
        let make = || Arc::new(Room::open(Key::Inbox(member), &self.common, Arc::default()));
        Arc::clone(self.logs().entry(member).or_insert_with(make))
    }

    /// The inbox of a member, if it is open.
    pub(crate) fn find(&self, member: MemberId) -> Option<Arc<Room>> {
        self.logs().get(&member).cloned()
    }

    /// Closes the inboxes of members who are no more.
    pub(crate) fn forget(&self, gone: &[MemberId]) {
        let mut logs = self.logs();
        for member in gone {
            logs.remove(member);
            if let Sequencer::History(history) = &self.common.sequencer {
                history.forget(*member);
            }
        }
    }

    /// Puts a message into the inbox of each recipient who is known, and of the sender; tells its
    /// place in the latter, and the recipients who are not known.
    pub(crate) fn post(
        &self,
        members: &Members,
        client: ClientId,
        login: &Login,
        post: Post,
    ) -> Result<(Posting, Vec<Name>), Refused> {
        if post.room.is_some() || post.content.of().is_some() {
            return Err(Refused::RoomOrTo);
        }
        if post.to.is_empty() || post.to.len() > RECIPIENTS {
            return Err(Refused::Recipients(RECIPIENTS));
        }
        let (mut to, mut unknown) = (BTreeMap::new(), Vec::new());
        for name in &post.to {
            let reads =
                |member: &MemberId| members.has_token(*member) || self.logs().contains_key(member);
            match members.find(name).filter(reads) {
                Some(member) => _ = to.insert(member, (name.clone(), self.open(member))),
                None => unknown.push(name.clone()),
            }
        }
        if to.is_empty() {
            return Err(Refused::NobodyThere(post.to[0].clone()));
        }
        // One name for all copies, by which each is found again.
        let mid = post.mid.or_else(|| Mid::new(&random_text(16)));
        let own = to.remove(&login.id);
        let for_own = own.map(|(name, _)| (login.id, name));
        let mut places =
            vec![Place { room: self.open(login.id), copy: for_own.is_none(), of: for_own }];
        places.extend(to.into_iter().map(|(member, (name, room))| Place {
            room,
            copy: false,
            of: Some((member, name)),
        }));
        let to = Some(post.to.as_slice().into());
        let draft = Draft { mid, content: post.content, to, patient: false };
        let posted = room::post(places, client, login.author(), draft);
        Ok((posted, unknown))
    }

    /// What became of a direct message in `room`. Whoever said it is told of everybody it is for;
    /// whoever got it knows that he has it.
    pub(crate) async fn report(
        &self,
        room: &Room,
        entry: &Entry,
        to: &[Name],
        asker: &Sender,
    ) -> Report {
        let Sender::Member(sender) = entry.sender else { return room.report(entry).await };
        if entry.sender != *asker {
            return room.report(entry).await;
        }
        let mut report = room.begin_report(entry);
        let copies = self.common.copies.find(sender, entry.seq);
        let rows = copies.iter().flatten().map(|copy| {
            let (row, since) = room.recipient(copy);
            let is_newer = |known: Timestamp| known.0 < since.0;
            if entry.at.0 <= since.0 && report.since.is_none_or(is_newer) {
                report.since = Some(since);
            }
            row
        });
        let rows: Vec<_> = rows.collect();
        report.count(&rows);
        if copies.is_none() {
            // It was said before this server, or too many were since.
            (report.of, report.since) = (to.len(), Some(clock::wall()));
        }
        report.take(rows);
        report
    }

    fn logs(&self) -> MutexGuard<'_, HashMap<MemberId, Arc<Room>>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
