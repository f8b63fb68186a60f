//! The direct messages of every member. An inbox belongs to the member, not to the name: nobody
//! who takes the name later reads it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::command::{Post, Report, Row};
use crate::entry::{ClientId, Entry, MemberId, Mid, Sender};
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
                Some(member) => _ = to.insert(member, self.open(member)),
                None => unknown.push(name.clone()),
            }
        }
        if to.is_empty() {
            return Err(Refused::NobodyThere(post.to[0].clone()));
        }
        // One name for all copies, by which each is found again.
        let mid = post.mid.or_else(|| Mid::new(&random_text(16)));
        let own = to.remove(&login.id);
        let mut places = vec![Place { copy: own.is_none(), room: self.open(login.id) }];
        places.extend(to.into_values().map(|room| Place { room, copy: false }));
        let to = Some(post.to.as_slice().into());
        let draft = Draft { mid, content: post.content, to, patient: false };
        let posted = room::post(places, client, login.author(), draft);
        Ok((posted, unknown))
    }

    /// What became of a direct message in `room`. Whoever said it is told of everybody it is for,
    /// and whoever got it of himself.
    pub(crate) fn report(
        &self,
        members: &Members,
        room: &Room,
        entry: &Entry,
        to: &[Name],
        asker: &Sender,
    ) -> Report {
        let mut report = room.begin_report(entry);
        let rows = match entry.sender == *asker {
            true => to.iter().flat_map(|name| self.rows(members, name, entry)).collect(),
            false => room.rows(entry),
        };
        report.count(rows.iter());
        report.take(rows);
        report
    }

    /// How somebody's sessions stand with their copy of a direct message.
    fn rows(&self, members: &Members, name: &Name, entry: &Entry) -> Vec<Row> {
        let inbox = members.find(name).and_then(|member| self.find(member));
        let rows = inbox.and_then(|inbox| {
            let copy = inbox.copy_of(entry)?;
            Some(inbox.rows(&copy))
        });
        rows.filter(|rows| !rows.is_empty()).unwrap_or_else(|| vec![Row::away(name)])
    }

    fn logs(&self) -> MutexGuard<'_, HashMap<MemberId, Arc<Room>>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
